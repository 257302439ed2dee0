-- The columns of the FEC but its constants, a row a posting; `entry` is in the order of journal and date, so the numbers
-- that count it are, too. They begin again each month, so that an entry has one number in the month's file and the year's.
WITH journal AS (
    SELECT journal, string_agg(DISTINCT name, ', ' ORDER BY name) AS name
    FROM entry
    JOIN journal_name USING (collection, type)
    GROUP BY journal
), numbered AS (
    SELECT
        entry.*,
        journal.name AS journal_name,
        month || '-' || format('{:05d}', row_number() OVER (PARTITION BY journal, month ORDER BY entry_no)) AS num,
        coalesce(CASE collection WHEN 'purchases' THEN supplier_number END, number, document_id) AS piece
    FROM entry
    JOIN journal USING (journal)
)
SELECT
    numbered.collection || ' ' || coalesce(numbered.number, 'id ' || numbered.document_id) AS of,
    numbered.collection,
    numbered.document_id,
    plain(numbered.journal) AS journal,
    numbered.journal_name,
    numbered.num,
    numbered.date,
    numbered.booking_date,
    postings.account,
    coalesce(account.name, role.name, 'Compte ' || postings.account) AS account_name,
    CASE WHEN postings.kind = 'party' THEN numbered.party_code END AS party_code,
    CASE WHEN postings.kind = 'party' AND numbered.party_code IS NOT NULL
        THEN coalesce(numbered.party_name, numbered.party_code) END AS party_name,
    numbered.piece,
    coalesce(plain(postings.description), numbered.party_name, numbered.piece) AS description,
    postings.amount
FROM postings
JOIN numbered USING (collection, document_id)
JOIN account USING (account)
LEFT JOIN role USING (role)
ORDER BY numbered.entry_no, postings.posting_no;
