-- Why a document cannot be in WinBooks's files: one row a document and reason, as `held.SCHEMA`.
WITH twice AS (
    SELECT journal, docnumber, count(*) AS documents FROM document GROUP BY ALL HAVING count(*) > 1
), balance AS (
    SELECT document_no, sum(amount) AS difference FROM entry GROUP BY ALL HAVING sum(amount) <> 0
), unmapped AS (
    SELECT DISTINCT vat.collection, vat.document_id, vat_code.name
    FROM vat
    JOIN vat_code USING (collection, type, treatment, rate)
    WHERE vat.nature IS NOT DISTINCT FROM vat_code.nature
        AND vat.deductible IS NOT DISTINCT FROM vat_code.deductible
        AND vat_code.code IS NULL
        AND (vat.base <> 0 OR vat.vat <> 0)
), long_account AS (
    SELECT DISTINCT document_no, account FROM entry WHERE length(account) > 8
), namesake AS (
    SELECT collection, party_code FROM document GROUP BY ALL HAVING count(DISTINCT party_id) > 1
), long_project AS (
    SELECT DISTINCT document_no, project_id FROM entry WHERE $analytical AND length(project_id) > 10
), found AS (
    SELECT collection, document_id, 'winbooks_zero' AS code, coalesce(number, 'it has no number') AS detail
    FROM document
    WHERE without_party
    UNION ALL
    SELECT collection, document_id, 'winbooks_vat_code', name FROM unmapped
    UNION ALL
    SELECT collection, document_id, 'winbooks_journal', book_journal || ' is not one to six letters and digits'
    FROM document
    WHERE journal IS NULL AND NOT without_party
    UNION ALL
    SELECT
        collection,
        document_id,
        'winbooks_number',
        CASE
            WHEN number IS NULL THEN 'it has none'
            WHEN docnumber = '' THEN number || ' has no digits'
            ELSE number || ' has ' || length(docnumber) || ' digits and WinBooks takes 8'
        END
    FROM document
    WHERE coalesce(length(docnumber), 0) NOT BETWEEN 1 AND 8
    UNION ALL
    SELECT collection, document_id, 'winbooks_number',
        number || ' would be ' || docnumber || ' in journal ' || journal || ', as other documents of the month'
    FROM document
    JOIN twice USING (journal, docnumber)
    WHERE docnumber <> ''
    UNION ALL
    SELECT collection, document_id, 'winbooks_account', account || ' is longer than 8 characters'
    FROM long_account
    JOIN document USING (document_no)
    UNION ALL
    SELECT
        collection,
        document_id,
        'winbooks_account',
        CASE
            WHEN party_code IS NOT NULL THEN 'the code ' || party_code || ' is not one to ten letters and digits'
            WHEN book_party_code IS NULL THEN 'it is not known whose document it is'
            ELSE coalesce(party_name, book_party_code) || ' has no number in Robaws'
        END
    FROM document
    WHERE NOT coalesce(regexp_full_match(party_code, '[0-9A-Za-z._/-]{1,10}'), false) AND NOT without_party
    UNION ALL
    SELECT collection, document_id, 'winbooks_account', 'several in Robaws have the number ' || party_code
    FROM document
    JOIN namesake USING (collection, party_code)
    UNION ALL
    SELECT collection, document_id, 'winbooks_account', 'project ' || project_id || ' is longer than 10 characters'
    FROM long_project
    JOIN document USING (document_no)
    UNION ALL
    SELECT collection, document_id, 'winbooks_totals', 'its rows differ by ' || difference
    FROM balance
    JOIN document USING (document_no)
    WHERE NOT without_party
)
SELECT collection, document_id, code, detail FROM found
