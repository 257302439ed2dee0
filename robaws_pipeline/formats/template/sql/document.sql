-- Every exported document of the collections wanted, with its party. `unit` is what is written whole or not at all.
SELECT
    states.collection || '-' || states.document_id AS unit,
    setting.company,
    setting.company_name,
    setting.company_vat_number,
    setting.period,
    states.collection || '-' || states.document_id AS entry,
    states.collection,
    states.document_id,
    entry.journal,
    states.type,
    states.number,
    documents.supplier_number,
    documents.client_reference,
    originals.number AS original_number,
    originals.date AS original_date,
    states.month,
    states.date,
    states.booking_date,
    documents.due_date,
    documents.payment_reference,
    payment_conditions.name AS payment_condition,
    documents.supplier_iban,
    'EUR' AS currency,
    (setting.sign * states.net)::DECIMAL(18, 2) AS net,
    (setting.sign * states.vat)::DECIMAL(18, 2) AS vat,
    (setting.sign * states.gross)::DECIMAL(18, 2) AS gross,
    coalesce(parties.code, entry.party_code) AS party_code,
    parties.number AS party_number,
    coalesce(parties.name, states.party_name) AS party_name,
    parties.vat_number AS party_vat_number,
    parties.street AS party_street,
    parties.street_2 AS party_street_2,
    parties.postal_code AS party_postal_code,
    parties.city AS party_city,
    parties.country AS party_country,
    parties.email AS party_email,
    parties.language AS party_language,
    parties.iban AS party_iban,
    parties.bic AS party_bic,
    parties.kind || '-' || parties.id AS party
FROM states
JOIN setting ON setting.type = states.type
LEFT JOIN documents ON documents.collection = states.collection AND documents.id = states.document_id
LEFT JOIN originals ON originals.collection = states.collection AND originals.id = documents.original_id
LEFT JOIN payment_conditions ON payment_conditions.id = documents.payment_condition_id
LEFT JOIN parties
    ON parties.kind = CASE states.collection WHEN 'sales' THEN 'client' ELSE 'supplier' END
    AND parties.id = states.party_id
LEFT JOIN (SELECT collection, document_id, journal, party_code FROM postings WHERE posting_no = 1) AS entry
    ON entry.collection = states.collection AND entry.document_id = states.document_id
WHERE states.state = 'exported' AND states.collection = ANY (setting.collections)
