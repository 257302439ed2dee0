-- schema.STATES
SELECT
    entry.collection,
    entry.document_id,
    entry.month,
    entry.number,
    entry.type,
    entry.date,
    entry.booking_date,
    entry.party_id,
    entry.party_name,
    state.state,
    state.reasons,
    try_cast(entry.type_sign * entry.net AS DECIMAL(18, 2)) AS net,
    try_cast(entry.type_sign * entry.vat AS DECIMAL(18, 2)) AS vat,
    try_cast(entry.type_sign * entry.gross AS DECIMAL(18, 2)) AS gross,
    entry.hash
FROM entry
JOIN state USING (entry_no)
ORDER BY entry_no
