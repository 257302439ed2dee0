-- Every customer and supplier of the exported documents, once.
SELECT
    parties.kind || '-' || parties.id AS unit,
    setting.company,
    setting.company_name,
    setting.company_vat_number,
    setting.period,
    parties.kind AS party_kind,
    parties.id AS party_id,
    parties.code AS party_code,
    parties.number AS party_number,
    parties.name AS party_name,
    parties.vat_number AS party_vat_number,
    parties.street AS party_street,
    parties.street_2 AS party_street_2,
    parties.postal_code AS party_postal_code,
    parties.city AS party_city,
    parties.country AS party_country,
    parties.email AS party_email,
    parties.language AS party_language,
    parties.iban AS party_iban,
    parties.bic AS party_bic,
    payment_conditions.name AS payment_condition
FROM parties
JOIN setting ON setting.type = 'INVOICE'
LEFT JOIN payment_conditions ON payment_conditions.id = parties.payment_condition_id
WHERE parties.kind || '-' || parties.id IN (SELECT party FROM document)
