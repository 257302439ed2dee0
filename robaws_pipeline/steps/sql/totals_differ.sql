-- Exported documents for which one of these differs from the total that Robaws shows: VAT bases + VAT + rounding; the
-- party's posting. Signs: states and VAT by type (credit notes negative), postings debit positive, so those of sales
-- have the sign of the states on the party's account and the opposite one elsewhere; purchases the reverse.
WITH recap AS (
    SELECT month, collection, document_id, sum(base + vat) AS total FROM vat GROUP BY ALL
), posted AS (
    SELECT month, collection, document_id,
        coalesce(sum(amount) FILTER (kind = 'party'), 0) AS party,
        coalesce(sum(amount) FILTER (kind = 'rounding'), 0) AS rounding
    FROM postings GROUP BY ALL
), compared AS (
    SELECT states.month, states.collection, coalesce(states.number, states.document_id) AS number, states.gross,
        coalesce(recap.total, 0) AS recap,
        CASE states.collection WHEN 'sales' THEN 1 ELSE -1 END * coalesce(posted.party, 0) AS party,
        CASE states.collection WHEN 'sales' THEN -1 ELSE 1 END * coalesce(posted.rounding, 0) AS rounding
    FROM states
    LEFT JOIN recap USING (month, collection, document_id)
    LEFT JOIN posted USING (month, collection, document_id)
    WHERE states.state = 'exported'
)
SELECT month, collection, number,
    'Robaws ' || gross || ', VAT recap ' || recap || ' and rounding ' || rounding || ', party ' || party AS detail
FROM compared
WHERE recap + rounding IS DISTINCT FROM gross OR party IS DISTINCT FROM gross
ORDER BY ALL
