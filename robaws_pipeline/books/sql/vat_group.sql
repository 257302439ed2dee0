-- Base and VAT of each document by treatment and rate, unsigned; purchases also by nature and deductible percentage,
-- and where not all may be deducted by the account, project and activity that bear the rest.
--
-- VAT is rounded once for a treatment and rate. A part of it is what it adds to the parts before, so parts always add up.
-- `* 0.01` and not `/ 100`: DuckDB divides decimals as DOUBLE. `round` of a decimal rounds half away from zero.
CREATE OR REPLACE TEMP TABLE vat_group AS
WITH part AS (
    SELECT
        entry_no, treatment, rate, self_assessed_rate, nature, deductible,
        CASE WHEN deductible < 100 THEN account END AS cost_account,
        CASE WHEN deductible < 100 THEN account_name END AS cost_account_name,
        CASE WHEN deductible < 100 THEN project_id END AS project_id,
        CASE WHEN deductible < 100 THEN activity_id END AS activity_id,
        coalesce(sum(net), 0)::DECIMAL(38, 2) AS base
    FROM booked_line
    WHERE treatment IS NOT NULL
    GROUP BY ALL
), summed AS (
    SELECT
        *,
        (sum(base) OVER so_far)::DECIMAL(38, 2) AS until,
        until - base AS before
    FROM part
    WINDOW so_far AS (
        PARTITION BY entry_no, treatment, rate, self_assessed_rate
        ORDER BY nature, deductible, cost_account, cost_account_name, project_id, activity_id
        ROWS UNBOUNDED PRECEDING
    )
), charged AS (
    SELECT
        * EXCLUDE (until, before),
        (round(until * rate * 0.01, 2) - round(before * rate * 0.01, 2))::DECIMAL(38, 2) AS vat,
        (round(until * self_assessed_rate * 0.01, 2) - round(before * self_assessed_rate * 0.01, 2))::DECIMAL(38, 2)
            AS self_assessed_vat
    FROM summed
)
SELECT
    *,
    round(vat * deductible * 0.01, 2)::DECIMAL(38, 2) AS deducted_vat,
    round(self_assessed_vat * deductible * 0.01, 2)::DECIMAL(38, 2) AS deducted_self_assessed_vat
FROM charged
