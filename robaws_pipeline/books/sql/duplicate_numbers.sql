-- Documents that share their number with another one of the same collection and type.
SELECT one.month, collection, one.document_id, number,
    format($says.also, string_agg(
        format($says.of_month, other.document_id, other.month), ', ' ORDER BY other.month, other.document_id
    )) AS detail
FROM (SELECT * FROM states WHERE number IS NOT NULL AND state <> 'deleted') AS one
JOIN (SELECT * FROM states WHERE number IS NOT NULL AND state <> 'deleted') AS other
    USING (collection, type, number)
WHERE one.document_id <> other.document_id
GROUP BY one.month, collection, number, one.document_id
ORDER BY ALL
