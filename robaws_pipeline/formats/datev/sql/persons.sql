-- The customers and suppliers of the batch, by account; those that Robaws did not give have a name at most.
SELECT DISTINCT
    document.person,
    document.collection,
    document.party_code,
    document.party_name AS name,
    document.vat_id,
    found.* EXCLUDE (kind, id, code, name, vat_number),
    found.id IS NULL AS unknown
FROM document
LEFT JOIN parties AS found
    ON found.kind = CASE document.collection WHEN 'sales' THEN 'client' ELSE 'supplier' END AND found.id = document.party_id
WHERE NOT EXISTS (
    FROM held WHERE held.collection = document.collection AND held.document_id = document.document_id
)
ORDER BY document.person, document.party_code
