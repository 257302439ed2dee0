-- What each document puts in each grid of the VAT return. Amounts of schema.VAT are signed by type, so a credit note's
-- are turned for the grids that ask for credit notes as such (48, 49, 84, 85 and the VAT on them: 62, 63, 64).
--
-- Choices where the two public implementations that were compared differ: a credit note on a purchase under domestic
-- reverse charge is in 85, its due side in 62 and its deduction in 63, as for intra-Community ones in 84.
WITH booked AS (
    SELECT
        vat.collection,
        vat.document_id,
        vat.treatment,
        states.type = 'CREDIT_NOTE' AS credited,
        vat.base,
        vat.vat,
        vat.self_assessed_vat,
        coalesce(vat.deductible_vat, 0) AS deductible_vat,
        -- Purchases count with the VAT that is cost.
        vat.base + vat.vat + vat.self_assessed_vat - coalesce(vat.deductible_vat, 0) AS cost,
        CASE vat.treatment
            WHEN 'standard' THEN CASE vat.rate WHEN 21 THEN '03' WHEN 12 THEN '02' WHEN 6 THEN '01' WHEN 0 THEN '00' END
            WHEN 'reverse_charge' THEN '45'
            WHEN 'intra_community_services' THEN '44'
            WHEN 'intra_community_goods' THEN '46'
            WHEN 'export' THEN '47'
            WHEN 'exempt' THEN '47'
            WHEN 'margin_scheme' THEN '00'
        END AS turnover,
        CASE vat.nature WHEN 'goods' THEN '81' WHEN 'services' THEN '82' WHEN 'investment' THEN '83' END AS bought,
        CASE vat.treatment
            WHEN 'intra_community_goods' THEN '86'
            WHEN 'intra_community_services' THEN '88'
            WHEN 'reverse_charge' THEN '87'
            WHEN 'import_reverse_charge' THEN '87'
        END AS owed_on,
        CASE vat.treatment
            WHEN 'intra_community_goods' THEN '55'
            WHEN 'intra_community_services' THEN '55'
            WHEN 'reverse_charge' THEN '56'
            WHEN 'import_reverse_charge' THEN '57'
        END AS owed
    FROM vat
    JOIN states USING (collection, document_id)
), filled AS (
    SELECT collection, document_id, treatment, base, unnest(CASE
        WHEN collection = 'sales' AND NOT credited THEN [
            {grid: turnover, amount: base},
            {grid: '54', amount: vat}
        ]
        WHEN collection = 'sales' THEN [
            {grid: CASE WHEN turnover IN ('44', '46') THEN '48' WHEN turnover IS NOT NULL THEN '49' END, amount: -base},
            {grid: '64', amount: -vat}
        ]
        WHEN treatment = 'outside_scope' THEN []
        WHEN NOT credited THEN [
            {grid: bought, amount: cost},
            {grid: owed_on, amount: base},
            {grid: owed, amount: self_assessed_vat},
            {grid: '59', amount: deductible_vat}
        ]
        ELSE [
            {grid: bought, amount: cost},
            {grid: CASE WHEN owed_on IN ('86', '88') THEN '84' ELSE '85' END, amount: -cost},
            {grid: '62', amount: -self_assessed_vat},
            {grid: '63', amount: -deductible_vat}
        ]
    END, recursive := true)
    FROM booked
), placed AS (
    SELECT grid, collection, document_id, treatment, sum(amount) AS amount
    FROM filled
    WHERE grid IS NOT NULL AND amount <> 0
    GROUP BY ALL
), nowhere AS (
    SELECT '' AS grid, collection, document_id, treatment, sum(base) AS amount
    FROM booked
    WHERE NOT EXISTS (
        FROM placed
        WHERE placed.collection = booked.collection
            AND placed.document_id = booked.document_id
            AND placed.treatment = booked.treatment
    )
    GROUP BY ALL
)
SELECT grid, collection, document_id, treatment, amount::DECIMAL(18, 2) AS amount FROM placed
UNION ALL BY NAME
SELECT grid, collection, document_id, treatment, amount::DECIMAL(18, 2) AS amount FROM nowhere
ORDER BY grid, collection, document_id, treatment
