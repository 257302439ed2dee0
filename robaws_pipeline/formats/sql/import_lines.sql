-- What the import wizards of bookkeeping programs want of each posting, in the order of journal, booking date and number.
SELECT
    entry.entry_no,
    entry.collection,
    entry.document_id,
    strftime(entry.booking_date, '%Y-%m') AS month,
    coalesce(theirs.journal, entry.journal) AS journal,
    entry.type,
    entry.booking_date,
    entry.number,
    entry.supplier_number,
    coalesce(CASE entry.collection WHEN 'purchases' THEN entry.supplier_number END, entry.number, entry.document_id)
        AS reference,
    entry.party_code,
    entry.party_name,
    plain(parties.vat_number) AS party_vat_number,
    postings.posting_no,
    postings.kind,
    postings.account,
    coalesce(plain(postings.description), entry.party_name, entry.number, entry.document_id) AS description,
    postings.amount,
    postings.due_date,
    plain(postings.project_id) AS project,
    plain(postings.activity_id) AS activity,
    plain(postings.payment_reference) AS payment_reference
FROM postings
JOIN entry USING (collection, document_id)
LEFT JOIN parties ON parties.code = entry.party_code
LEFT JOIN theirs ON theirs.ours = entry.journal
ORDER BY entry.entry_no, postings.posting_no;
