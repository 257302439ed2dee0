-- The rows of act.txt in order, those of documents that are held left out.
SELECT
    entry.document_no,
    entry.position,
    entry.doctype::VARCHAR AS doctype,
    document.journal,
    document.journal_type::VARCHAR AS journal_type,
    document.docnumber,
    CASE WHEN entry.position < 3 THEN row_number() OVER document_so_far END AS line_no,
    entry.account,
    document.party_code,
    document.date,
    document.booking_date,
    entry.due_date,
    entry.comment,
    entry.reference,
    entry.amount::DECIMAL(18, 2) AS amount,
    entry.vat_base::DECIMAL(18, 2) AS vat_base,
    entry.vat_total::DECIMAL(18, 2) AS vat_total,
    entry.vat_code,
    entry.project_id,
    document.collection,
    document.document_id,
    document.number
FROM entry
JOIN document USING (document_no)
WHERE NOT EXISTS (
    FROM held WHERE held.collection = document.collection AND held.document_id = document.document_id
)
WINDOW document_so_far AS (PARTITION BY entry.document_no ORDER BY entry.position, entry.vat_code, entry.place)
ORDER BY entry.document_no, entry.position, entry.vat_code, entry.place
