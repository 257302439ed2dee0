-- The customers and suppliers of the entries; one that Robaws does not list has the name that its document gives.
WITH used AS (
    SELECT party_code, min(collection) AS collection, min(party_name) AS name
    FROM entry
    WHERE party_code IS NOT NULL
    GROUP BY party_code
)
SELECT
    '<customerSupplier>'
    || element('custSupID', used.party_code)
    || element('custSupName', cut(used.name, 50))
    || element('eMail', plain(parties.email))
    || element('taxRegistrationCountry', CASE WHEN plain(parties.vat_number) IS NOT NULL THEN country.code END)
    || element('taxRegIdent', cut(plain(parties.vat_number), 30))
    || element('custSupTp', CASE used.collection WHEN 'sales' THEN 'C' ELSE 'S' END)
    || coalesce('<streetAddress>' || nullif(
        element('streetname', cut(concat_ws(', ', plain(parties.street), plain(parties.street_2)), 100))
        || element('city', cut(plain(parties.city), 50))
        || element('postalCode', cut(plain(parties.postal_code), 10))
        || element('country', country.code), '') || '</streetAddress>', '')
    || '</customerSupplier>' || chr(10)
FROM used
LEFT JOIN parties ON parties.code = used.party_code
LEFT JOIN country ON country.typed = parties.country
ORDER BY used.party_code;
