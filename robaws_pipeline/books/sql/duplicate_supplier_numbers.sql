-- Purchases that bear the same supplier's number as another one of that supplier and type, told at the later one.
-- Case, spaces and punctuation do not count: "2026/118" and "2026-118" are one number.
WITH numbered AS (
    SELECT documents.month, documents.id, documents.type, documents.party_id, documents.date, documents.supplier_number,
        coalesce(states.number, documents.id) AS number,
        coalesce(replace(states.gross::VARCHAR, '.', $says.decimal_point), '?') AS amount,
        nullif(regexp_replace(upper(documents.supplier_number), '[^A-Z0-9]', '', 'g'), '') AS reference
    FROM documents
    JOIN states ON states.collection = documents.collection AND states.document_id = documents.id
    WHERE documents.collection = 'purchases' AND documents.party_id IS NOT NULL AND states.state <> 'deleted'
)
SELECT later.month, 'purchases' AS collection, later.id AS document_id, later.number,
    format(
        $says.entered_twice,
        trim(any_value(later.supplier_number)),
        any_value(later.amount),
        string_agg(
            format($says.entered_before, earlier.number, coalesce(earlier.date::VARCHAR, '?'), earlier.amount),
            ', ' ORDER BY earlier.number
        )
    ) AS detail
FROM numbered AS later
JOIN numbered AS earlier
    ON earlier.party_id = later.party_id
    AND earlier.type IS NOT DISTINCT FROM later.type
    AND earlier.reference = later.reference
    AND (earlier.date, earlier.id) < (later.date, later.id)
GROUP BY later.month, later.number, later.id
ORDER BY ALL
