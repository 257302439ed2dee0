-- The rows of act.txt, without what all rows of a document share. Amounts: debit positive. Taxable amounts: positive on
-- invoices and credit notes alike, since the journal tells the direction.
--
-- VAT comes from the VAT of the document and not from the postings, because only there it is known what was bought: a
-- code depends on it. `position`: 1 the party, 2 the lines, 3 VAT.
CREATE OR REPLACE TEMP TABLE entry AS
WITH vat_group AS (
    SELECT
        document.document_no,
        document.collection = 'sales' AS sale,
        vat_code.code,
        sum(document.type_sign * vat.base) AS base,
        sum(CASE WHEN sale THEN -vat.vat WHEN vat.self_assessed_rate = 0 THEN coalesce(vat.deductible_vat, vat.vat)
            ELSE 0 END) AS charged,
        sum(CASE WHEN sale OR vat.self_assessed_rate = 0 THEN 0 ELSE coalesce(vat.deductible_vat, vat.self_assessed_vat)
            END) AS deducted,
        sum(CASE WHEN sale THEN 0 ELSE -vat.self_assessed_vat END) AS due
    FROM vat
    JOIN vat_code USING (collection, type, treatment, rate)
    JOIN document USING (collection, document_id)
    WHERE vat.nature IS NOT DISTINCT FROM vat_code.nature AND vat.deductible IS NOT DISTINCT FROM vat_code.deductible
    GROUP BY ALL
), vat_row AS (
    SELECT
        document_no,
        code,
        base,
        unnest([
            {leg: 1, account: CASE WHEN sale THEN $vat_due ELSE $vat_deductible END, amount: charged},
            {leg: 2, account: $vat_deductible, amount: deducted},
            {leg: 3, account: $self_assessed_due, amount: due},
            -- Without an amount the base is told all the same, or the grid of the return stays empty.
            {leg: 4, account: NULL, amount: CASE WHEN charged = 0 AND deducted = 0 AND due = 0 THEN 0 END}
        ], recursive := true)
    FROM vat_group
)
SELECT
    document.document_no,
    CASE posting.kind WHEN 'party' THEN 1 ELSE 2 END AS position,
    posting.posting_no AS place,
    CASE WHEN posting.kind <> 'party' THEN 3 WHEN document.collection = 'sales' THEN 1 ELSE 2 END AS doctype,
    posting.account,
    posting.amount,
    CASE posting.kind WHEN 'party' THEN document.type_sign * document.net END AS vat_base,
    CASE posting.kind WHEN 'party' THEN document.type_sign * document.vat END AS vat_total,
    NULL AS vat_code,
    posting.due_date,
    CASE posting.kind
        WHEN 'party' THEN coalesce(nullif(document.supplier_number, ''), document.party_name)
        ELSE posting.description
    END AS comment,
    posting.payment_reference AS reference,
    posting.project_id
FROM postings AS posting
JOIN document USING (collection, document_id)
WHERE posting.kind IN ('party', 'line', 'not_deductible', 'rounding')
UNION ALL BY NAME
SELECT
    document_no,
    3 AS position,
    leg AS place,
    CASE WHEN amount = 0 THEN 4 ELSE 3 END AS doctype,
    account,
    amount,
    base AS vat_base,
    coalesce(code, '') AS vat_code
FROM vat_row
WHERE amount <> 0 OR (leg = 4 AND amount = 0 AND base <> 0 AND code <> '')
