-- One row a document, treatment, rate and account (and cost centre): the amount with VAT, debit positive on the person
-- account. VAT is rounded once for a treatment and rate, as in the books; a part of it is what it adds to the parts
-- before. `* 0.01` and not `/ 100`: DuckDB divides decimals as DOUBLE.
CREATE OR REPLACE TEMP TABLE entry AS
WITH line AS (
    SELECT
        document.document_no,
        posting.treatment,
        posting.rate,
        posting.account,
        CASE WHEN $cost_centres THEN posting.project_id END AS cost_centre,
        (-sum(posting.amount))::DECIMAL(38, 2) AS net
    FROM postings AS posting
    JOIN document USING (collection, document_id)
    WHERE posting.kind = 'line'
    GROUP BY ALL
), summed AS (
    SELECT *, (sum(net) OVER so_far)::DECIMAL(38, 2) AS until, until - net AS before
    FROM line
    WINDOW so_far AS (
        PARTITION BY document_no, treatment, rate ORDER BY account, cost_centre ROWS UNBOUNDED PRECEDING
    )
), taxed AS (
    SELECT
        document_no, treatment, rate, account, cost_centre,
        (net + round(until * rate * 0.01, 2) - round(before * rate * 0.01, 2))::DECIMAL(18, 2) AS gross
    FROM summed
    UNION ALL BY NAME
    SELECT document.document_no, posting.account, (-posting.amount)::DECIMAL(18, 2) AS gross
    FROM postings AS posting
    JOIN document USING (collection, document_id)
    WHERE posting.kind = 'rounding'
), key AS (
    -- The treatment and rate of a line do not say what was bought, which a key may depend on: it must be the same then.
    SELECT
        document.document_no,
        vat.treatment,
        CASE vat.self_assessed_rate WHEN 0 THEN vat.rate ELSE 0 END AS rate,
        CASE WHEN count(DISTINCT vat_code.code) = 1 AND bool_and(vat_code.code IS NOT NULL) THEN min(vat_code.code) END
            AS key,
        string_agg(DISTINCT vat_code.name, '; ' ORDER BY vat_code.name) AS meaning
    FROM vat
    JOIN vat_code USING (collection, type, treatment, rate)
    JOIN document USING (collection, document_id)
    WHERE vat.nature IS NOT DISTINCT FROM vat_code.nature AND vat.deductible IS NOT DISTINCT FROM vat_code.deductible
    GROUP BY ALL
)
SELECT
    taxed.*,
    CASE WHEN taxed.treatment IS NULL OR list_contains($automatic_accounts, ltrim(taxed.account, '0')) THEN '' ELSE key.key END
        AS key,
    key.meaning
FROM taxed
LEFT JOIN key USING (document_no, treatment, rate)
WHERE taxed.gross <> 0
