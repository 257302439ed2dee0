-- Several of ours may be one code of theirs.
SELECT '<vatCode>' || element('vatID', id) || element('vatDesc', cut(min(name), 100)) || '</vatCode>' || chr(10)
FROM vat_code
GROUP BY id
ORDER BY id;
