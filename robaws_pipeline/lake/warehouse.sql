-- What an analyst asks first. Amounts of documents and VAT are signed by type (credit notes negative); postings are
-- debit positive.

CREATE VIEW sales AS
SELECT states.*, parties.code AS client_code, parties.vat_number AS client_vat_number, documents.due_date,
    documents.client_reference, documents.original_id
FROM states
JOIN documents ON documents.collection = states.collection AND documents.id = states.document_id
    AND documents.month = states.month
LEFT JOIN parties ON parties.kind = 'client' AND parties.id = states.party_id
WHERE states.collection = 'sales';
COMMENT ON VIEW sales IS 'Sales invoices and credit notes with their client and state';

CREATE VIEW purchases AS
SELECT states.*, parties.code AS supplier_code, parties.vat_number AS supplier_vat_number, documents.due_date,
    documents.supplier_number, documents.original_id
FROM states
JOIN documents ON documents.collection = states.collection AND documents.id = states.document_id
    AND documents.month = states.month
LEFT JOIN parties ON parties.kind = 'supplier' AND parties.id = states.party_id
WHERE states.collection = 'purchases';
COMMENT ON VIEW purchases IS 'Purchase invoices and credit notes with their supplier and state';

CREATE VIEW months AS
SELECT month, collection, type, state, count(*) AS documents, sum(net) AS net, sum(vat) AS vat, sum(gross) AS gross
FROM states
GROUP BY ALL
ORDER BY ALL;
COMMENT ON VIEW months IS 'Documents and totals by month, collection, type and state';

CREATE VIEW held AS
SELECT month, collection, number, document_id, party_name, gross, reason.code AS reason, reason.detail AS detail
FROM (SELECT states.*, unnest(reasons) AS reason FROM states WHERE state = 'held')
ORDER BY month, collection, number, document_id, reason;
COMMENT ON VIEW held IS 'Held documents, a row a reason';

CREATE VIEW vat_by_month AS
SELECT month, collection, treatment, rate, self_assessed_rate, sum(base) AS base, sum(vat) AS vat,
    sum(self_assessed_vat) AS self_assessed_vat, count(DISTINCT document_id) AS documents
FROM vat
GROUP BY ALL
ORDER BY ALL;
COMMENT ON VIEW vat_by_month IS 'VAT of the exported documents by month, treatment and rate';

CREATE VIEW trial_balance AS
SELECT month, account, any_value(account_name) AS account_name,
    coalesce(sum(amount) FILTER (amount > 0), 0) AS debit, coalesce(-sum(amount) FILTER (amount < 0), 0) AS credit,
    sum(amount) AS balance
FROM postings
GROUP BY month, account
ORDER BY month, account;
COMMENT ON VIEW trial_balance IS 'Debit, credit and balance of each account by month, exported documents';

CREATE VIEW turnover_by_client AS
SELECT party_id, any_value(party_name) AS client, year(date) AS year, count(*) AS documents, sum(net) AS net, sum(gross) AS gross
FROM states
WHERE collection = 'sales' AND state = 'exported'
GROUP BY party_id, year(date)
ORDER BY net DESC;
COMMENT ON VIEW turnover_by_client IS 'Exported sales by client and year, credit notes taken off';

CREATE VIEW costs_by_project AS
SELECT project_id, month, account, any_value(account_name) AS account_name, sum(amount) AS amount
FROM postings
WHERE collection = 'purchases' AND kind = 'line' AND project_id IS NOT NULL
GROUP BY project_id, month, account
ORDER BY project_id, month, account;
COMMENT ON VIEW costs_by_project IS 'Purchase lines by project, month and account, debit positive';
