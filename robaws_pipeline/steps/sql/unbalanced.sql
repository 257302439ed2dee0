-- Exported documents whose postings do not add up to zero, or that have none though their total is not zero.
SELECT states.month, states.collection, coalesce(states.number, states.document_id) AS number,
    CASE WHEN count(postings.amount) = 0 THEN 'no postings'
         ELSE 'postings add up to ' || sum(postings.amount) END AS detail
FROM states
LEFT JOIN postings USING (month, collection, document_id)
WHERE states.state = 'exported'
GROUP BY states.month, states.collection, states.number, states.document_id, states.gross
HAVING coalesce(sum(postings.amount), 0) <> 0 OR (count(postings.amount) = 0 AND states.gross <> 0)
ORDER BY ALL
