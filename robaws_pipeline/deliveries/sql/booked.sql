-- Each exported document with a digest of what it does in the accounts: two versions with the same one need no
-- correction, whatever else of them changed.
--
-- Left out on purpose: texts (descriptions, names of accounts and parties) and the order of the postings. Every value is
-- written out by hand, since the digest must be the same with every version of the database.
WITH written AS (
    SELECT
        collection,
        document_id,
        concat_ws(
            chr(31), 'posting', told(journal), told(date), told(coalesce(booking_date, date)), told(due_date), told(kind),
            told(account), told(party_code), told(amount), told(treatment), told(rate), told(vat_base),
            told(project_id), told(activity_id), told(payment_reference)
        ) AS text
    FROM postings
    UNION ALL
    SELECT
        collection,
        document_id,
        concat_ws(
            chr(31), 'vat', told(treatment), told(rate), told(self_assessed_rate), told(base), told(vat),
            told(self_assessed_vat), told(nature), told(deductible), told(deductible_vat)
        ) AS text
    FROM vat
), content AS (
    SELECT collection, document_id, string_agg(text, chr(10) ORDER BY text) AS text FROM written GROUP BY ALL
)
SELECT
    states.collection,
    states.document_id AS id,
    states.number,
    states.type,
    states.date::VARCHAR AS date,
    states.month,
    states.party_name AS party,
    states.hash,
    left(sha256(concat_ws(
        chr(10),
        concat_ws(
            chr(31), told(states.type), told(states.number), told(states.date), told(states.month),
            told(states.party_id), told(states.net), told(states.vat), told(states.gross),
            told(documents.supplier_number), told(documents.original_id)
        ),
        coalesce(content.text, '')
    )), 32) AS booked,
    coalesce(states.net, 0)::DECIMAL(18, 2)::VARCHAR AS net,
    coalesce(states.vat, 0)::DECIMAL(18, 2)::VARCHAR AS vat,
    coalesce(states.gross, 0)::DECIMAL(18, 2)::VARCHAR AS gross
FROM states
JOIN documents ON documents.collection = states.collection AND documents.id = states.document_id
LEFT JOIN content ON content.collection = states.collection AND content.document_id = states.document_id
WHERE states.state = 'exported'
ORDER BY states.collection DESC, states.date, states.number, states.document_id
