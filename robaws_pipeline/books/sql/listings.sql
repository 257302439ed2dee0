-- Where each exported sale belongs in the listings of customers: a row a document and treatment, and one for a document
-- without VAT rows (its lines are all 0.00). `customers` has each client's VAT number, checked: country and number
-- without it, both null when it is none.
SELECT
    states.document_id,
    states.type,
    states.number,
    states.date,
    states.party_name AS party,
    vat.treatment,
    customers.country,
    customers.number AS vat_number,
    CASE
        WHEN vat.treatment = 'intra_community_goods' AND customers.country <> 'BE' THEN 'L'
        WHEN vat.treatment = 'intra_community_services' AND customers.country <> 'BE' THEN 'S'
        -- What article 44 exempts and what is no VAT matter are not in the listing; all other sales to those who are
        -- registered here are, with or without VAT on them.
        WHEN customers.country = 'BE'
            AND vat.treatment NOT IN ('exempt', 'outside_scope', 'intra_community_goods', 'intra_community_services')
            THEN 'customer'
    END AS listing,
    coalesce(sum(vat.base), 0)::DECIMAL(18, 2) AS base,
    coalesce(sum(vat.vat), 0)::DECIMAL(18, 2) AS vat
FROM states
LEFT JOIN vat USING (collection, document_id)
LEFT JOIN customers ON customers.party_id = states.party_id
WHERE states.collection = 'sales' AND states.state = 'exported'
GROUP BY ALL
ORDER BY states.date, states.number, states.document_id, vat.treatment
