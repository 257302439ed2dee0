-- schema.VAT; the accounts and projects that bear VAT which may not be deducted are not told apart here.
WITH vat AS (
    SELECT
        entry_no, treatment, rate, self_assessed_rate, nature, deductible,
        sum(base) AS base,
        sum(vat) AS vat,
        sum(self_assessed_vat) AS self_assessed_vat,
        sum(deducted_vat + deducted_self_assessed_vat) AS deductible_vat
    FROM vat_group
    GROUP BY ALL
)
SELECT
    entry.collection,
    entry.document_id,
    entry.month,
    vat.treatment,
    vat.rate,
    vat.self_assessed_rate,
    (entry.type_sign * vat.base)::DECIMAL(18, 2) AS base,
    (entry.type_sign * vat.vat)::DECIMAL(18, 2) AS vat,
    (entry.type_sign * vat.self_assessed_vat)::DECIMAL(18, 2) AS self_assessed_vat,
    vat.nature,
    vat.deductible,
    (entry.type_sign * vat.deductible_vat)::DECIMAL(18, 2) AS deductible_vat
FROM vat
JOIN entry USING (entry_no)
JOIN state USING (entry_no)
WHERE state.state = 'exported'
ORDER BY entry_no, vat.treatment, vat.rate, vat.self_assessed_rate, vat.nature, vat.deductible
