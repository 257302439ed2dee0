-- The lines that carry an amount, each with its VAT treatment and account.
--
-- A text line is left out unless it has an amount after all. `net` is rounded to cents here, once, and everything
-- after it adds up rounded lines; it is null when Robaws gives none or one beyond all sense ($limit), and the
-- document is then held. A line of 0.00 gives no posting, so it needs neither tariff nor account.
CREATE OR REPLACE TEMP TABLE booked_line AS
WITH line AS (
    SELECT
        entry.entry_no,
        line.collection,
        line.line_no,
        line.project_id,
        line.activity_id,
        line.vat_tariff_id,
        line.vat_tariff_name,
        line.vat_percentage,
        line.gl_account_id,
        line.net AS given_net,
        CASE WHEN abs(line.net) < $limit THEN round(line.net, 2)::DECIMAL(18, 2) END AS net,
        regexp_extract(line.description, '\S(.*\S)?') AS description,
        nullif(trim(line.gl_account_code), '') AS own_code,
        coalesce(own_code, nullif(trim(account.code), '')) AS found_code,
        coalesce(
            CASE WHEN own_code IS NOT NULL THEN line.gl_account_name END,
            CASE WHEN own_code IS NULL OR own_code = account.code THEN account.name END
        ) AS account_name,
        coalesce(
            CASE WHEN $of_articles THEN nullif(trim(article_account.code), '') END,
            CASE WHEN $of_parties THEN nullif(trim(party_account.code), '') END,
            default_account.account
        ) AS default_code,
        tariff.treatment,
        tariff.rate,
        CASE line.collection WHEN 'sales' THEN 0 ELSE coalesce(tariff.self_assessed_rate, 0) END::DECIMAL(7, 4)
            AS self_assessed_rate,
        line.collection = 'purchases' AND tariff.self_assessed AND tariff.self_assessed_rate IS NULL
            AS self_assessed_rate_missing,
        tariff.vat_group,
        tariff.margin_unsettled,
        tariff.nature AS tariff_nature,
        tariff.deductible AS tariff_deductible,
        coalesce(tariff.given, false) AS tariff_given
    FROM lines AS line
    JOIN entry ON entry.collection = line.collection AND entry.document_id = line.document_id
    LEFT JOIN tariffs AS tariff
        ON line.vat_tariff_id IS NOT DISTINCT FROM tariff.id AND line.vat_tariff_name IS NOT DISTINCT FROM tariff.name
    LEFT JOIN gl_accounts AS account ON line.gl_account_id = account.id
    LEFT JOIN articles AS article ON line.article_id = article.id
    LEFT JOIN gl_accounts AS article_account
        ON article_account.id = CASE line.collection
            WHEN 'sales' THEN article.sales_gl_account_id ELSE article.purchase_gl_account_id END
    LEFT JOIN gl_accounts AS party_account ON entry.party_account_id = party_account.id
    LEFT JOIN default_account
        ON default_account.collection = line.collection AND default_account.treatment = coalesce(tariff.treatment, '')
    WHERE coalesce(upper(line.type), 'LINE') = 'LINE' OR line.net <> 0
), placed AS (
    SELECT
        line.* EXCLUDE (own_code, found_code, default_code, account_name),
        renumbered.account IS NULL AS own_number,
        -- An account that Robaws names and does not list is not the same as no account: the default does not stand in.
        coalesce(renumbered.account, found_code, CASE WHEN gl_account_id IS NULL THEN default_code END) AS account,
        CASE WHEN own_number THEN line.account_name END AS account_name
    FROM line
    LEFT JOIN renumbered ON renumbered.code = line.found_code
), rule AS (
    SELECT
        placed.account,
        arg_max(nature, length(prefix)) FILTER (nature IS NOT NULL) AS nature,
        arg_max(deductible, length(prefix)) FILTER (deductible IS NOT NULL) AS deductible
    FROM (SELECT DISTINCT account FROM placed WHERE collection = 'purchases') AS placed
    JOIN account_rule ON starts_with(placed.account, account_rule.prefix)
    GROUP BY ALL
)
SELECT
    placed.* EXCLUDE (own_number, tariff_nature, tariff_deductible, collection),
    CASE placed.collection WHEN 'purchases' THEN coalesce(tariff_nature, rule.nature, 'services') END AS nature,
    CASE placed.collection WHEN 'purchases' THEN coalesce(tariff_deductible, rule.deductible, 100) END::DECIMAL(7, 4)
        AS deductible
FROM placed
LEFT JOIN rule ON rule.account = placed.account
