SELECT
    '<ledgerAccount>'
    || element('accID', account.account)
    || element('accDesc', cut(coalesce(account.name, role.name, 'Rekening ' || account.account), 255))
    || element('accTp', CASE WHEN list_has_any([left(account.account, n) FOR n IN range(1, 21)], $profit_and_loss)
        THEN 'P' ELSE 'B' END)
    || '</ledgerAccount>' || chr(10)
FROM account
LEFT JOIN role USING (role)
ORDER BY account.account;
