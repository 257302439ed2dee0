-- Text as one line that every file can carry: no control characters, no white space but single spaces between words, none
-- instead of empty. Most texts have nothing to replace; the pattern passes over their spaces.
CREATE TEMP MACRO plain(value) AS nullif(trim(regexp_replace(
    value,
    ' *[\p{Cc}\p{Zl}\p{Zp}\x{A0}\x{1680}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}\x{FEFF}\x{FFFE}\x{FFFF}]+ *|  +',
    ' ',
    'g'
)), '');

-- The documents that have postings, in the order of their journal. A journal may be shared by several kinds of document.
CREATE TEMP TABLE entry AS
SELECT
    row_number() OVER (
        ORDER BY head.journal, head.booking_date, head.date, head.number, head.collection, head.document_id
    ) AS entry_no,
    head.collection,
    head.document_id,
    head.month,
    head.journal,
    head.type,
    head.date,
    head.booking_date,
    plain(head.number) AS number,
    plain(documents.supplier_number) AS supplier_number,
    head.party_code,
    coalesce(plain(parties.name), plain(states.party_name)) AS party_name
FROM postings AS head
LEFT JOIN documents ON documents.collection = head.collection AND documents.id = head.document_id
LEFT JOIN states ON states.collection = head.collection AND states.document_id = head.document_id
LEFT JOIN parties ON parties.code = head.party_code
WHERE head.posting_no = 1;

-- Every account booked on, with its name when Robaws gives one; `role` says what an account of the settings is for.
-- Accounts that the settings renumber to one may bring several names: the first of the alphabet is it.
CREATE TEMP TABLE account AS
SELECT
    account,
    min(plain(account_name)) AS name,
    min(CASE
        WHEN kind = 'party' THEN CASE collection WHEN 'sales' THEN 'customers' ELSE 'suppliers' END
        WHEN kind = 'self_assessed_due' OR (kind = 'vat' AND collection = 'sales') THEN 'vat_due'
        WHEN kind IN ('vat', 'self_assessed_deductible') THEN 'vat_deductible'
        WHEN kind = 'rounding' THEN 'rounding'
    END) AS role
FROM postings
GROUP BY account;
