-- The party's posting, the lines, VAT, VAT that is cost, self-assessed VAT, rounding; those of 0.00 left out.
--
-- schema.POSTINGS in order, with `entry_no` in place of `posting_no`: counting in a window costs as much as all this.
WITH exported AS (
    SELECT
        entry.*,
        CASE entry.collection
            WHEN 'sales' THEN CASE entry.type WHEN 'INVOICE' THEN $journal_sales ELSE $journal_sales_credit_notes END
            ELSE CASE entry.type WHEN 'INVOICE' THEN $journal_purchases ELSE $journal_purchase_credit_notes END
        END AS journal
    FROM entry
    JOIN state USING (entry_no)
    WHERE state.state = 'exported'
), account_name AS (
    SELECT code, min_by(name, id) AS name FROM gl_accounts WHERE name IS NOT NULL GROUP BY code
), vat_posting AS (
    SELECT
        entry_no,
        treatment,
        nature,
        deductible,
        unnest([
            {position: 3, kind: 'vat', amount: -coalesce(deducted_vat, vat), rate: rate, vat_base: base},
            {position: 5, kind: 'self_assessed_due', amount: self_assessed_vat, rate: self_assessed_rate,
                vat_base: base},
            {position: 6, kind: 'self_assessed_deductible', amount: -deducted_self_assessed_vat,
                rate: self_assessed_rate, vat_base: base}
        ], recursive := true)
    FROM vat_group
    UNION ALL BY NAME
    SELECT
        entry_no,
        treatment,
        nature,
        deductible,
        4 AS position,
        'not_deductible' AS kind,
        deducted_vat - vat + deducted_self_assessed_vat - self_assessed_vat AS amount,
        rate + self_assessed_rate AS rate,
        cost_account AS account,
        cost_account_name AS account_name,
        project_id,
        activity_id
    FROM vat_group
    WHERE deductible < 100
), posting AS (
    SELECT entry_no, 1 AS position, 'party' AS kind, gross::DECIMAL(38, 2) AS amount, due_date, payment_reference
    FROM exported
    UNION ALL BY NAME
    SELECT entry_no, 2 AS position, 'line' AS kind, (-net)::DECIMAL(38, 2) AS amount, account, account_name,
        nullif(description, '') AS description, treatment, rate, project_id, activity_id, line_no
    FROM booked_line
    UNION ALL BY NAME
    FROM vat_posting
    UNION ALL BY NAME
    SELECT entry_no, 7 AS position, 'rounding' AS kind, line_net + line_vat - gross AS amount
    FROM exported
    JOIN total USING (entry_no)
), placed AS (
    SELECT
        posting.* REPLACE (coalesce(posting.account, CASE posting.kind
            WHEN 'party' THEN CASE exported.collection WHEN 'sales' THEN $customers ELSE $suppliers END
            WHEN 'vat' THEN CASE exported.collection WHEN 'sales' THEN $vat_due ELSE $vat_deductible END
            WHEN 'self_assessed_due' THEN $self_assessed_due
            WHEN 'self_assessed_deductible' THEN $vat_deductible
            WHEN 'rounding' THEN $rounding
        END) AS account),
        exported.* EXCLUDE (entry_no, net, vat, gross, due_date, payment_reference)
    FROM posting
    JOIN exported USING (entry_no)
    WHERE posting.amount <> 0
)
SELECT
    placed.entry_no,
    placed.collection,
    placed.document_id,
    placed.month,
    placed.journal,
    placed.type,
    placed.number,
    placed.date,
    placed.booking_date,
    placed.due_date,
    placed.kind,
    placed.account,
    coalesce(placed.account_name, account_name.name) AS account_name,
    placed.party_code,
    coalesce(placed.description, placed.party_name) AS description,
    (placed.party_sign * placed.amount)::DECIMAL(18, 2) AS amount,
    placed.treatment,
    placed.rate,
    (placed.type_sign * placed.vat_base)::DECIMAL(18, 2) AS vat_base,
    placed.project_id,
    placed.activity_id,
    placed.payment_reference,
    placed.line_no
FROM placed
LEFT JOIN account_name ON account_name.code = placed.account
ORDER BY
    placed.entry_no, placed.position, placed.line_no, placed.treatment, placed.rate, placed.nature, placed.deductible,
    placed.account, placed.project_id, placed.activity_id
