-- Every posting of the exported documents, with its document's fields.
SELECT
    document.*,
    postings.posting_no,
    postings.account,
    postings.account_name,
    postings.description,
    (setting.amount_sign * CASE setting.amounts WHEN 'absolute' THEN abs(postings.amount) ELSE postings.amount END)
        ::DECIMAL(18, 2) AS amount,
    greatest(postings.amount, 0)::DECIMAL(18, 2) AS debit,
    greatest(-postings.amount, 0)::DECIMAL(18, 2) AS credit,
    CASE WHEN postings.amount > 0 THEN 'D' ELSE 'C' END AS side,
    postings.kind,
    postings.treatment,
    postings.rate,
    -- Signed by type already: only what the user wants otherwise changes.
    (setting.sign * postings.vat_base)::DECIMAL(18, 2) AS vat_base,
    postings.project_id,
    postings.activity_id,
    postings.line_no
FROM postings
JOIN document USING (collection, document_id)
JOIN setting ON setting.type = document.type
