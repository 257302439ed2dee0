-- Elements of XML; no element for what is not known.
CREATE TEMP MACRO escaped(value) AS replace(replace(replace(value, '&', '&amp;'), '<', '&lt;'), '>', '&gt;');
CREATE TEMP MACRO element(tag, value) AS
    coalesce('<' || tag || '>' || escaped(value) || '</' || tag || '>', '');
-- One whose value is known and needs no escaping: a number, a date, a code of ours.
CREATE TEMP MACRO bare(tag, value) AS '<' || tag || '>' || value || '</' || tag || '>';
CREATE TEMP MACRO cut(value, longest) AS trim(left(value, longest));

-- 21.0000 as 21, 5.5000 as 5.5.
CREATE TEMP MACRO percent(rate) AS rtrim(rtrim(rate::DECIMAL(7, 3)::VARCHAR, '0'), '.');

-- Amounts have no sign: D or C says the side.
CREATE TEMP MACRO sided(tag, amount, side) AS
    bare(tag, abs(amount)) || bare(tag || 'Tp', side);

-- What VAT of a posting is told with: what was charged on a line, or what a posting of self-assessed VAT is about.
CREATE TEMP TABLE vat_code AS
WITH used AS (
    SELECT DISTINCT
        collection,
        treatment,
        rate,
        CASE WHEN kind IN ('self_assessed_due', 'self_assessed_deductible') THEN kind ELSE 'line' END AS kind
    FROM postings
    WHERE kind IN ('line', 'self_assessed_due', 'self_assessed_deductible')
), named AS (
    SELECT
        used.*,
        CASE collection WHEN 'sales' THEN 'V' ELSE 'A' END
            || coalesce('-' || nullif(word.code, ''), '')
            || CASE WHEN treatment = 'standard' OR rate <> 0 THEN '-' || percent(rate) ELSE '' END
            || CASE kind
                WHEN 'self_assessed_due' THEN '-VERSCHULDIGD'
                WHEN 'self_assessed_deductible' THEN '-AFTREKBAAR'
                ELSE ''
            END AS ours,
        CASE collection WHEN 'sales' THEN 'Verkoop' ELSE 'Aankoop' END
            || coalesce(', ' || nullif(word.name, ''), '')
            || CASE WHEN treatment = 'standard' OR rate <> 0 THEN ' ' || percent(rate) || ' %' ELSE '' END
            || CASE kind
                WHEN 'self_assessed_due' THEN ', verschuldigd'
                WHEN 'self_assessed_deductible' THEN ', aftrekbaar'
                ELSE ''
            END AS name
    FROM used
    JOIN word USING (treatment)
)
SELECT
    collection,
    treatment,
    rate,
    kind,
    coalesce(given.theirs, ours) AS id,
    name,
    element('vatID', coalesce(given.theirs, ours)) || bare('vatPerc', percent(rate)) AS told
FROM named
LEFT JOIN given USING (ours);

-- `nr` is the entry's number, unless it is too long, or another entry of the journal has it too, or it looks like what
-- stands in for one.
CREATE TEMP TABLE numbered AS
SELECT
    *,
    CASE
        WHEN number IS NULL OR length(number) > 35 OR starts_with(number, '#')
            OR count(*) OVER (PARTITION BY journal, number) > 1
        THEN '#' || CASE collection WHEN 'sales' THEN 'V' ELSE 'A' END || document_id
        ELSE number
    END AS nr,
    lag(journal) OVER (ORDER BY entry_no) AS journal_before
FROM entry;
