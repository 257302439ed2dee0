-- One row an exported document, as WinBooks knows it; `document_no` is its place in act.txt.
--
-- The codes of unmapped journals and unknown parties are null: reason.sql says so of the document.
CREATE OR REPLACE TEMP TABLE document AS
WITH party AS (
    SELECT collection, document_id, journal, party_code, amount FROM postings WHERE kind = 'party'
), known_document AS (
    SELECT
        state.collection,
        state.document_id,
        state.type,
        state.number,
        state.date,
        state.booking_date,
        state.net,
        state.vat,
        document.supplier_number,
        CASE state.collection WHEN 'sales' THEN 2 ELSE 0 END + CASE state.type WHEN 'CREDIT_NOTE' THEN 1 ELSE 0 END
            AS journal_type,
        CASE state.type WHEN 'CREDIT_NOTE' THEN -1 ELSE 1 END AS type_sign,
        party.journal AS book_journal,
        coalesce(journal.code, CASE WHEN regexp_full_match(party.journal, '[0-9A-Za-z]{1,6}') THEN party.journal END)
            AS journal,
        substr(regexp_replace(state.number, '\D', '', 'g'), $number_skip + 1) AS docnumber,
        state.party_id,
        party.party_code AS book_party_code,
        coalesce(known.name, state.party_name) AS party_name,
        CASE $party_codes WHEN 'number' THEN nullif(trim(known.number), '') ELSE party.party_code END AS party_code,
        party.amount IS NULL AS without_party
    FROM states AS state
    LEFT JOIN party USING (collection, document_id)
    LEFT JOIN documents AS document ON document.collection = state.collection AND document.id = state.document_id
    LEFT JOIN journals AS journal ON journal.book = party.journal
    LEFT JOIN parties AS known
        ON known.kind = CASE state.collection WHEN 'sales' THEN 'client' ELSE 'supplier' END AND known.id = state.party_id
    WHERE state.state = 'exported'
)
SELECT *, row_number() OVER (ORDER BY journal, date, docnumber, collection, document_id) AS document_no
FROM known_document
