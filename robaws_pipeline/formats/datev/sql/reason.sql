-- Why a document cannot be in DATEV's files: one row a document and reason, as `held.SCHEMA`.
WITH total AS (
    SELECT document_no, sum(gross) AS amount FROM entry GROUP BY ALL
), namesake AS (
    SELECT collection, person FROM document GROUP BY ALL HAVING count(DISTINCT party_id) > 1
), found AS (
    SELECT collection, document_id, 'nothing_to_book' AS code, 'every amount is 0.00, or they cancel out' AS detail
    FROM document
    WHERE NOT EXISTS (FROM entry WHERE entry.document_no = document.document_no)
    UNION ALL
    SELECT DISTINCT collection, document_id, 'datev_vat_code', coalesce(meaning, treatment || ', ' || rate || ' %')
    FROM entry
    JOIN document USING (document_no)
    WHERE key IS NULL
    UNION ALL
    SELECT collection, document_id, 'datev_number', 'it has none'
    FROM document
    WHERE reference IS NULL
    UNION ALL
    SELECT DISTINCT collection, document_id, 'datev_account',
        account || ' is not one to ' || $account_length || ' digits'
    FROM entry
    JOIN document USING (document_no)
    WHERE length(account) > $account_length OR NOT regexp_full_match(account, '\d+')
    UNION ALL
    SELECT
        collection,
        document_id,
        'datev_account',
        CASE
            WHEN party_code IS NULL THEN 'it is not known whose document it is'
            WHEN wanted IS NULL THEN coalesce(party_name, party_code) || ' has no number that is an account'
            ELSE coalesce(party_name, party_code) || ' would be ' || wanted || ', outside ' || lowest || ' to ' || highest
        END
    FROM document
    WHERE person IS NULL AND EXISTS (FROM entry WHERE entry.document_no = document.document_no)
    UNION ALL
    SELECT collection, document_id, 'datev_account', 'several in Robaws have the account ' || person
    FROM document
    JOIN namesake USING (collection, person)
    UNION ALL
    SELECT collection, document_id, 'datev_account', 'cost centre ' || cost_centre || ' is longer than 36 characters'
    FROM entry
    JOIN document USING (document_no)
    WHERE length(cost_centre) > 36
    UNION ALL
    SELECT collection, document_id, 'datev_totals', 'its rows differ by ' || (total.amount - document.amount)
    FROM total
    JOIN document USING (document_no)
    WHERE total.amount <> document.amount
)
SELECT collection, document_id, code, detail FROM found
