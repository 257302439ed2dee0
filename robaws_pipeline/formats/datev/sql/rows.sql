-- The rows of the batch in order, those of documents that are held left out.
SELECT
    document.document_no,
    document.collection,
    document.document_id,
    document.number,
    abs(entry.gross)::DECIMAL(18, 2) AS amount,
    CASE WHEN entry.gross > 0 THEN 'S' ELSE 'H' END AS side,
    document.person,
    lpad(entry.account, $account_length, '0') AS account,
    entry.key,
    document.booking_date,
    document.due_date,
    document.reference,
    document.party_name,
    entry.cost_centre,
    CASE WHEN starts_with(entry.treatment, 'intra_community') THEN document.vat_id END AS vat_id
FROM entry
JOIN document USING (document_no)
WHERE NOT EXISTS (
    FROM held WHERE held.collection = document.collection AND held.document_id = document.document_id
)
ORDER BY document.document_no, entry.treatment, entry.rate, entry.account, entry.cost_centre
