-- Journals, transactions and lines: a text a posting. The first of an entry opens its transaction and closes the one
-- before, the same for journals, so that nothing has to look ahead.
WITH journal AS (
    SELECT
        journal,
        string_agg(DISTINCT name, ' en ' ORDER BY name) AS name,
        CASE WHEN count(DISTINCT collection) > 1 THEN 'Z' WHEN min(collection) = 'sales' THEN 'S' ELSE 'P' END AS type
    FROM entry
    JOIN journal_name USING (collection, type)
    GROUP BY journal
), opened AS (
    SELECT
        numbered.entry_no,
        numbered.collection,
        numbered.document_id,
        CASE WHEN journal_before IS NULL THEN '' ELSE '</transaction>' || chr(10) END
            || CASE
                WHEN journal_before IS NOT DISTINCT FROM numbered.journal THEN ''
                ELSE CASE WHEN journal_before IS NULL THEN '' ELSE '</journal>' || chr(10) END
                    || '<journal>' || element('jrnID', cut(plain(numbered.journal), 35))
                    || element('desc', journal.name) || bare('jrnTp', journal.type) || chr(10)
            END
            || '<transaction>' || element('nr', nr) || element('desc', party_name)
            || bare('periodNumber', (month(booking_date) - $book_year_begins + 12) % 12 + 1)
            || bare('trDt', booking_date) || chr(10) AS opening,
        element('docRef', cut(coalesce(number, nr), 255)) || bare('effDate', date) AS document,
        element('custSupID', party_code)
            || element('invRef', cut(CASE collection WHEN 'sales' THEN number ELSE supplier_number END, 255)) AS party
    FROM numbered
    JOIN journal USING (journal)
), line AS (
    SELECT
        opened.entry_no,
        postings.posting_no,
        postings.kind,
        postings.account,
        postings.description,
        postings.amount,
        postings.project_id,
        postings.activity_id,
        postings.collection,
        postings.treatment,
        postings.rate,
        -- The VAT that a line bears, as if it stood alone; what rounding leaves over is in `rest`.
        CASE postings.kind
            WHEN 'line' THEN round(postings.amount * postings.rate * 0.01, 2)::DECIMAL(18, 2)
            WHEN 'self_assessed_due' THEN postings.amount
            WHEN 'self_assessed_deductible' THEN postings.amount
        END AS vat
    FROM postings
    JOIN opened USING (collection, document_id)
), charged AS (
    SELECT
        opened.entry_no,
        vat.treatment,
        vat.rate,
        sum(CASE vat.collection WHEN 'sales' THEN -vat.vat ELSE vat.vat END) AS vat
    FROM vat
    JOIN opened USING (collection, document_id)
    GROUP BY ALL
), rest AS (
    SELECT entry_no, borne.posting_no, (charged.vat - borne.vat)::DECIMAL(18, 2) AS vat
    FROM (
        SELECT
            entry_no,
            treatment,
            rate,
            sum(vat) AS vat,
            -- The largest line feels a cent the least.
            arg_max(posting_no, (abs(amount), -posting_no)) AS posting_no
        FROM line
        WHERE kind = 'line'
        GROUP BY ALL
    ) AS borne
    JOIN charged USING (entry_no, treatment, rate)
    WHERE charged.vat <> borne.vat
), account_told AS (
    SELECT account, element('accID', account) AS told FROM account
), told AS (
    SELECT
        line.*,
        opened.opening,
        opened.document,
        opened.party,
        account_told.told AS account_told,
        vat_code.told AS vat_told,
        line.vat + coalesce(rest.vat, 0) AS whole_vat
    FROM line
    JOIN opened USING (entry_no)
    JOIN account_told USING (account)
    LEFT JOIN rest USING (entry_no, posting_no)
    LEFT JOIN vat_code
        ON vat_code.collection = line.collection AND vat_code.treatment = line.treatment
        AND vat_code.rate = line.rate AND vat_code.kind = line.kind
)
SELECT
    CASE WHEN posting_no = 1 THEN opening ELSE '' END
    || '<trLine><nr>' || posting_no || '</nr>'
    || account_told
    || document
    || element('desc', plain(description))
    || sided('amnt', amount, CASE WHEN amount < 0 THEN 'C' ELSE 'D' END)
    || party
    || element($activity_element, cut(plain(activity_id), 35))
    || element($project_element, cut(plain(project_id), 35))
    || CASE
        WHEN vat_told IS NULL THEN ''
        ELSE '<vat>' || vat_told
            || sided('vatAmnt', whole_vat, CASE WHEN whole_vat < 0 OR (whole_vat = 0 AND amount < 0) THEN 'C' ELSE 'D' END)
            || '</vat>'
    END
    || '</trLine>' || chr(10)
FROM told
ORDER BY entry_no, posting_no;
