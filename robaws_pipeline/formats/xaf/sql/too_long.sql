-- Texts that the SQL beside this cuts: of what, which field, how many characters fit, the text.
WITH party AS (
    SELECT DISTINCT party_code, party_name FROM entry WHERE party_code IS NOT NULL
), texts AS (
    SELECT party_code AS of, 'name' AS field, 50 AS width, party_name AS text FROM party
    UNION ALL
    SELECT
        party_code,
        unnest(['street', 'city', 'postal_code', 'vat_number']),
        unnest([100, 50, 10, 30]),
        unnest([
            concat_ws(', ', plain(street), plain(street_2)), plain(city), plain(postal_code), plain(vat_number)
        ])
    FROM party
    JOIN parties ON parties.code = party_code
    UNION ALL
    SELECT collection || ' ' || nr, unnest(['number', 'supplier_number']), 255, unnest([number, supplier_number])
    FROM numbered
    UNION ALL
    SELECT 'account ' || account, 'name', 255, name FROM account
)
SELECT of, field, width, text
FROM texts
WHERE length(text) > width
ORDER BY field, width, of, text;
