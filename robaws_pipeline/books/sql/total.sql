-- What the lines of each document and their VAT add up to, unsigned.
--
-- Null when it cannot be known: an amount missing, or (VAT) a tariff without meaning.
CREATE OR REPLACE TEMP TABLE total AS
WITH line_total AS (
    SELECT
        entry_no,
        CASE WHEN bool_and(net IS NOT NULL) THEN sum(net) END AS net,
        bool_and(net = 0 OR treatment IS NOT NULL) AS vat_known,
        count(DISTINCT vat_group) FILTER (net <> 0) AS groups
    FROM booked_line
    GROUP BY ALL
), vat_total AS (
    SELECT entry_no, sum(vat) AS vat FROM vat_group GROUP BY ALL
)
SELECT
    line_total.entry_no,
    line_total.net AS line_net,
    CASE WHEN line_total.vat_known AND line_total.net IS NOT NULL THEN coalesce(vat_total.vat, 0) END AS line_vat,
    -- A cent for each VAT rate: rounding by line and rounding by rate differ that much.
    (line_total.groups * 0.01)::DECIMAL(18, 2) AS tolerance
FROM line_total
LEFT JOIN vat_total USING (entry_no)
