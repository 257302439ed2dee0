-- One row a document: its header in cents, its party, its signs, and `entry_no`, its place in every result.
CREATE OR REPLACE TEMP TABLE entry AS
SELECT
    row_number() OVER (
        ORDER BY
            document.month NULLS LAST, document.collection, document.date NULLS LAST, document.number NULLS LAST,
            document.id
    )::INTEGER AS entry_no,
    document.collection,
    document.id AS document_id,
    document.month,
    document.number,
    document.type,
    document.date,
    CASE WHEN document.date IS NOT NULL THEN greatest(document.date, closing.first_open) END AS booking_date,
    coalesce(closing.first_open > document.date, false) AS late,
    document.created_on,
    document.due_date,
    document.party_id,
    document.currency,
    document.payment_reference,
    document.hash,
    document.deleted,
    document.problems,
    CASE document.collection WHEN 'sales' THEN 'client' ELSE 'supplier' END AS party_kind,
    party.id IS NOT NULL AS party_known,
    party.code AS party_code,
    party.name AS party_name,
    nullif(trim(party.vat_number), '') AS party_vat_number,
    party.gl_account_id AS party_account_id,
    greatest(abs(document.net), abs(document.vat), abs(document.gross)) >= $limit AS too_large,
    document.net::DECIMAL(28, 2) AS net,
    document.vat::DECIMAL(28, 2) AS vat,
    document.gross::DECIMAL(28, 2) AS gross,
    -- Signs come from the type, never from the number.
    CASE document.type WHEN 'CREDIT_NOTE' THEN -1 ELSE 1 END::DECIMAL(1, 0) AS type_sign,
    CASE WHEN (document.collection = 'sales') = (document.type = 'INVOICE') THEN 1 ELSE -1 END::DECIMAL(1, 0)
        AS party_sign
FROM documents AS document
-- The last closing before the document was made says what was open by then.
ASOF LEFT JOIN closing ON closing.closed_on < document.created_on
LEFT JOIN parties AS party
    ON party.id = document.party_id
    AND party.kind = CASE document.collection WHEN 'sales' THEN 'client' ELSE 'supplier' END
ORDER BY entry_no
