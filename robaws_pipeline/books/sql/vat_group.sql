-- Base and VAT of each document by treatment and rate, unsigned.
--
-- `* 0.01` and not `/ 100`: DuckDB divides decimals as DOUBLE. `round` of a decimal rounds half away from zero.
CREATE OR REPLACE TEMP TABLE vat_group AS
WITH base AS (
    SELECT entry_no, treatment, rate, self_assessed_rate, coalesce(sum(net), 0)::DECIMAL(38, 2) AS base
    FROM booked_line
    WHERE treatment IS NOT NULL
    GROUP BY ALL
)
SELECT
    *,
    round(base * rate * 0.01, 2)::DECIMAL(38, 2) AS vat,
    round(base * self_assessed_rate * 0.01, 2)::DECIMAL(38, 2) AS self_assessed_vat
FROM base
