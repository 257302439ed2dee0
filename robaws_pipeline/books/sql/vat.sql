-- schema.VAT
SELECT
    entry.collection,
    entry.document_id,
    entry.month,
    vat_group.treatment,
    vat_group.rate,
    vat_group.self_assessed_rate,
    (entry.type_sign * vat_group.base)::DECIMAL(18, 2) AS base,
    (entry.type_sign * vat_group.vat)::DECIMAL(18, 2) AS vat,
    (entry.type_sign * vat_group.self_assessed_vat)::DECIMAL(18, 2) AS self_assessed_vat
FROM vat_group
JOIN entry USING (entry_no)
JOIN state USING (entry_no)
WHERE state.state = 'exported'
ORDER BY entry_no, vat_group.treatment, vat_group.rate, vat_group.self_assessed_rate
