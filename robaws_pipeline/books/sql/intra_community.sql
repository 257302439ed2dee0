-- VAT numbers that intra-Community sales rest on, to be judged outside SQL.
SELECT DISTINCT entry.party_vat_number, vat_group.treatment
FROM entry
JOIN vat_group USING (entry_no)
WHERE entry.collection = 'sales'
    AND entry.party_vat_number IS NOT NULL
    AND vat_group.treatment IN ('intra_community_goods', 'intra_community_services')
