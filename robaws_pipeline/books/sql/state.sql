-- Where each document ends, with its reasons in the order of the registry ($codes).
CREATE OR REPLACE TEMP TABLE state AS
WITH held AS (
    SELECT
        entry_no,
        list({code: code, detail: detail} ORDER BY list_position($codes, code) NULLS FIRST, code, detail) AS reasons
    FROM reason
    GROUP BY ALL
)
SELECT
    entry.entry_no,
    CASE
        WHEN entry.deleted THEN 'deleted'
        -- A number that is there and cannot be read makes no draft.
        WHEN coalesce(trim(entry.number), '') = ''
            AND NOT list_contains([problem.code FOR problem IN entry.problems], 'number_unreadable') THEN 'draft'
        WHEN held.entry_no IS NOT NULL THEN 'held'
        ELSE 'exported'
    END AS state,
    CASE state WHEN 'held' THEN held.reasons ELSE [] END AS reasons
FROM entry
LEFT JOIN held USING (entry_no)
