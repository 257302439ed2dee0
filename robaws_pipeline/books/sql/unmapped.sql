-- What the settings do not say yet, and the documents that wait for it: a row a tariff without meaning, a tariff of another
-- rate than the settings say, and lines without an account by collection and treatment. `gross` is signed by type.
WITH fault AS (
    SELECT
        entry_no,
        line_no,
        unnest(list_filter([
            CASE WHEN treatment IS NULL AND tariff_given THEN 'tariff_unmapped' END,
            CASE WHEN margin_unsettled THEN 'margin_scheme' END,
            CASE WHEN self_assessed_rate_missing THEN 'self_assessed_rate_missing' END,
            CASE WHEN vat_percentage <> rate THEN 'tariff_rate_differs' END,
            CASE WHEN account IS NULL AND gl_account_id IS NULL THEN 'account_missing' END
        ], lambda code: code IS NOT NULL)) AS code,
        vat_tariff_id,
        vat_tariff_name,
        vat_percentage,
        treatment
    FROM booked_line
    WHERE net <> 0
), waiting AS (
    SELECT DISTINCT
        fault.code,
        entry.collection,
        CASE WHEN fault.code <> 'account_missing' THEN fault.vat_tariff_id END AS tariff_id,
        CASE WHEN fault.code <> 'account_missing' THEN fault.vat_tariff_name END AS tariff_name,
        CASE WHEN fault.code <> 'account_missing' THEN fault.vat_percentage END AS percentage,
        CASE WHEN fault.code = 'account_missing' THEN fault.treatment END AS treatment,
        entry.entry_no,
        entry.type_sign * entry.gross AS gross
    FROM fault
    JOIN entry USING (entry_no)
    WHERE NOT entry.deleted AND coalesce(trim(entry.number), '') <> ''
)
SELECT
    code,
    collection,
    tariff_id,
    tariff_name,
    percentage::DECIMAL(28, 10) AS percentage,
    treatment,
    count(*)::BIGINT AS documents,
    coalesce(sum(gross), 0)::DECIMAL(18, 2) AS gross
FROM waiting
GROUP BY ALL
ORDER BY code, collection, tariff_id, tariff_name, percentage, treatment
