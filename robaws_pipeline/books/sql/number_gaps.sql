-- Numbers that are missing in a series of sales numbers, told at the document after the gap.
--
-- A series is what stands before the last digits of a number, with the year in front of them where nearly all numbers of
-- that kind begin with the year of their document (F260147: series F26, number 147).
WITH numbered AS (
    SELECT month, document_id, number, date, state,
        regexp_extract(number, '^(.*?)([0-9]+)$', 1) AS prefix,
        regexp_extract(number, '^(.*?)([0-9]+)$', 2) AS digits
    FROM states
    WHERE collection = 'sales' AND regexp_matches(number, '[0-9]$')
), convention AS (
    SELECT prefix,
        CASE
            WHEN avg((length(digits) > 5 AND starts_with(digits, strftime(date, '%Y')))::INTEGER) >= 0.9 THEN 4
            WHEN avg((length(digits) > 3 AND starts_with(digits, strftime(date, '%y')))::INTEGER) >= 0.9 THEN 2
            ELSE 0
        END AS year_digits
    FROM numbered
    GROUP BY ALL
), placed AS (
    SELECT numbered.*, prefix || left(digits, year_digits) AS series,
        length(digits) - year_digits AS width,
        try_cast(substr(digits, year_digits + 1) AS BIGINT) AS place
    FROM numbered
    JOIN convention USING (prefix)
), followed AS (
    SELECT *, lag(place) OVER in_series AS before, lag(number) OVER in_series AS number_before
    FROM placed
    WHERE state <> 'deleted' AND place IS NOT NULL
    WINDOW in_series AS (PARTITION BY series ORDER BY place, document_id)
), gap AS (
    SELECT *, series || lpad((before + 1)::VARCHAR, greatest(width, length((before + 1)::VARCHAR))::INTEGER, '0') AS first_missing,
        series || lpad((place - 1)::VARCHAR, greatest(width, length((place - 1)::VARCHAR))::INTEGER, '0') AS last_missing,
        place - before - 1 AS missing
    FROM followed
    WHERE place - before > 1
), deleted AS (
    SELECT gap.document_id, string_agg(DISTINCT placed.number, ', ' ORDER BY placed.number) AS numbers
    FROM gap
    JOIN placed ON placed.series = gap.series AND placed.place > gap.before AND placed.place < gap.place
    WHERE placed.state = 'deleted'
    GROUP BY ALL
)
SELECT gap.month, 'sales' AS collection, document_id, gap.number,
    CASE WHEN missing = 1 THEN format($says.number_missing, first_missing, number_before)
        ELSE format($says.numbers_missing, first_missing, last_missing, missing, number_before) END
        || coalesce(format($says.numbers_deleted, deleted.numbers), '') AS detail
FROM gap
LEFT JOIN deleted USING (document_id)
ORDER BY ALL
