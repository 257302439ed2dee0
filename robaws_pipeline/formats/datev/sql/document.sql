-- One row an exported document with its person account, null when there is none for it.
CREATE OR REPLACE TEMP TABLE document AS
WITH party AS (
    SELECT collection, document_id, party_code, sum(amount) FILTER (kind = 'party') AS amount
    FROM postings
    GROUP BY ALL
), known AS (
    SELECT
        state.collection,
        state.document_id,
        state.type,
        state.number,
        state.booking_date,
        state.party_id,
        coalesce(found.name, state.party_name) AS party_name,
        coalesce(nullif(trim(document.supplier_number), ''), state.number) AS reference,
        document.due_date,
        party.party_code,
        coalesce(party.amount, 0) AS amount,
        party.party_code IS NULL AND party.amount IS NULL AS without_postings,
        vat_id.value AS vat_id,
        CASE $person_accounts
            WHEN 'number' THEN try_cast(nullif(regexp_extract(trim(found.number), '^\d{1,9}$'), '') AS HUGEINT)
            ELSE try_cast(nullif(regexp_extract(party.party_code, '^[CS](\d{1,18})$', 1), '') AS HUGEINT)
                + CASE state.collection WHEN 'sales' THEN $customers_from ELSE $suppliers_from END
        END AS wanted,
        CASE state.collection WHEN 'sales' THEN $customers_from ELSE $suppliers_from END AS lowest,
        CASE state.collection WHEN 'sales' THEN $customers_to ELSE $suppliers_to END AS highest,
        CASE WHEN wanted BETWEEN lowest AND highest THEN wanted::VARCHAR END AS person
    FROM states AS state
    LEFT JOIN party USING (collection, document_id)
    LEFT JOIN documents AS document ON document.collection = state.collection AND document.id = state.document_id
    LEFT JOIN parties AS found
        ON found.kind = CASE state.collection WHEN 'sales' THEN 'client' ELSE 'supplier' END AND found.id = state.party_id
    LEFT JOIN vat_id ON vat_id.kind = found.kind AND vat_id.id = found.id
    WHERE state.state = 'exported'
)
SELECT *, row_number() OVER (ORDER BY collection DESC, booking_date, number, document_id) AS document_no
FROM known
