-- One row for each document, VAT treatment and rate; purchases also by what was bought and what may be deducted.
SELECT
    document.*,
    vat.treatment,
    vat.rate,
    vat.self_assessed_rate,
    (setting.sign * vat.base)::DECIMAL(18, 2) AS vat_base,
    (setting.sign * vat.vat)::DECIMAL(18, 2) AS vat_amount,
    (setting.sign * vat.self_assessed_vat)::DECIMAL(18, 2) AS self_assessed_vat,
    vat.nature,
    vat.deductible,
    (setting.sign * vat.deductible_vat)::DECIMAL(18, 2) AS deductible_vat
FROM vat
JOIN document USING (collection, document_id)
JOIN setting ON setting.type = document.type
