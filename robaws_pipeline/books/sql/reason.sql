-- Everything that keeps a document out of the books, one row a document and code. Details are in the company's language:
-- $says has its phrases (`robaws_pipeline.reasons`). `format` fills braces of the phrase only, never of what it puts in.
CREATE OR REPLACE TEMP MACRO figure(amount, says) AS replace(amount::VARCHAR, '.', says.decimal_point);

CREATE OR REPLACE TEMP TABLE reason AS
WITH header_fault AS (
    SELECT entry_no, unnest(list_filter([
        CASE WHEN type IS NULL OR type NOT IN ('INVOICE', 'CREDIT_NOTE')
            THEN {code: 'unknown_type', detail: coalesce('''' || type || '''', $says.none)} END,
        CASE WHEN date IS NULL
            THEN {code: 'date_missing', detail: coalesce(format($says.number, number), $says.no_number)} END,
        CASE WHEN late AND $hold_late
            THEN {code: 'period_closed', detail: format($says.dated_and_made, date::VARCHAR, created_on::VARCHAR)} END,
        CASE WHEN net IS NULL OR gross IS NULL
            THEN {code: 'total_missing', detail: CASE
                WHEN net IS NOT NULL THEN $says.gross
                WHEN gross IS NOT NULL THEN $says.net
                ELSE $says.net_and_gross END} END,
        CASE WHEN too_large
            THEN {code: 'amount_too_large', detail: $says.header} END,
        CASE WHEN net < 0 OR gross < 0
            THEN {code: 'negative_total', detail: concat_ws($says."and",
                CASE WHEN net < 0 THEN format($says.net_of, figure(net, $says)) END,
                CASE WHEN gross < 0 THEN format($says.gross_of, figure(gross, $says)) END)} END,
        CASE WHEN upper(trim(currency)) <> 'EUR'
            THEN {code: 'currency_not_eur', detail: currency} END,
        CASE WHEN NOT party_known
            THEN {code: 'party_missing', detail: CASE party_kind
                WHEN 'client' THEN coalesce(format($says.client_unlisted, party_id), $says.no_client)
                ELSE coalesce(format($says.supplier_unlisted, party_id), $says.no_supplier) END} END,
        CASE WHEN total.entry_no IS NULL
            THEN {code: 'no_lines', detail: coalesce(format($says.total_of, figure(net, $says)), $says.no_total)} END,
        CASE WHEN abs(line_net - net) > tolerance
            THEN {code: 'net_differs', detail: format($says.lines_differ, figure(line_net, $says), figure(net, $says))} END,
        CASE WHEN abs(line_vat - vat) > tolerance
            THEN {code: 'vat_differs', detail: format($says.lines_differ, figure(line_vat, $says), figure(vat, $says))} END,
        CASE WHEN abs(line_net + line_vat - gross) > tolerance
            THEN {code: 'gross_differs', detail: format(
                $says.lines_and_vat_differ, figure(line_net + line_vat, $says), figure(gross, $says))} END
    ], lambda fault: fault IS NOT NULL), recursive := true)
    FROM entry
    LEFT JOIN total USING (entry_no)
), labelled AS (
    SELECT
        *,
        format($says.line, line_no) || CASE
            WHEN description IS NULL OR description = '' THEN ''
            WHEN length(description) > 40 THEN ' ''' || left(description, 39) || '…'''
            ELSE ' ''' || description || ''''
        END AS label,
        format($says.tariff, concat_ws(' ',
            '''' || vat_tariff_name || '''', CASE WHEN vat_tariff_id IS NOT NULL THEN '(id ' || vat_tariff_id || ')' END
        )) AS tariff
    FROM booked_line
    WHERE net IS NULL
        OR (net <> 0 AND (treatment IS NULL OR account IS NULL OR vat_percentage <> rate OR self_assessed_rate_missing
            OR margin_unsettled))
), line_fault AS (
    SELECT entry_no, line_no, unnest(list_filter([
        CASE WHEN given_net IS NULL
            THEN {code: 'line_amount_missing', detail: label} END,
        CASE WHEN abs(given_net) >= $limit
            THEN {code: 'amount_too_large', detail: label} END,
        CASE WHEN treatment IS NULL AND NOT tariff_given
            THEN {code: 'tariff_missing', detail: label} END,
        CASE WHEN treatment IS NULL AND tariff_given
            THEN {code: 'tariff_unmapped', detail: format($says.about, label, tariff)} END,
        CASE WHEN margin_unsettled
            THEN {code: 'margin_scheme', detail: format($says.about, label, tariff)} END,
        CASE WHEN self_assessed_rate_missing
            THEN {code: 'self_assessed_rate_missing', detail: format($says.about, label, tariff)} END,
        CASE WHEN vat_percentage <> rate
            THEN {code: 'tariff_rate_differs', detail: format(
                $says.about, label, tariff || ' ' || format($says.rates_differ,
                    figure(rate::DECIMAL(7, 2), $says), figure(round(vat_percentage, 2), $says)))} END,
        CASE WHEN account IS NULL AND gl_account_id IS NULL
            THEN {code: 'account_missing', detail: label} END,
        CASE WHEN account IS NULL AND gl_account_id IS NOT NULL
            THEN {code: 'account_unknown', detail: format(
                $says.about, label, format($says.account_id, gl_account_id))} END
    ], lambda fault: fault IS NOT NULL), recursive := true)
    FROM labelled
), line_reason AS (
    SELECT
        entry_no,
        code,
        array_to_string(list(detail ORDER BY line_no)[:5], ', ')
            || CASE WHEN count(*) > 5 THEN format($says.and_more, count(*) - 5) ELSE '' END AS detail
    FROM line_fault
    GROUP BY ALL
), vat_number_reason AS (
    SELECT
        entry.entry_no,
        'reverse_charge_without_vat_number' AS code,
        min(format(
            $says.about,
            format($says.client, '''' || coalesce(entry.party_name, entry.party_id) || ''''),
            coalesce(verdict.problem, $says.no_vat_number))) AS detail
    FROM entry
    JOIN vat_group USING (entry_no)
    LEFT JOIN vat_number_verdict AS verdict
        ON verdict.number = entry.party_vat_number AND verdict.treatment = vat_group.treatment
    WHERE entry.collection = 'sales'
        AND entry.party_known
        AND vat_group.treatment IN ('reverse_charge', 'intra_community_goods', 'intra_community_services')
        -- "none", "-" and the like are no VAT number.
        AND (verdict.problem IS NOT NULL OR NOT regexp_matches(coalesce(entry.party_vat_number, ''), '[0-9]'))
    GROUP BY ALL
), problem AS (
    SELECT
        entry_no,
        code,
        format(
            $says.unreadable,
            concat_ws(' ', format($says.line, line), coalesce("key", CASE WHEN line IS NULL THEN $says.whole_object END)),
            "found",
            CASE expected
                WHEN 'date' THEN $says.date_expected
                WHEN 'number' THEN $says.number_expected
                WHEN 'text' THEN $says.text_expected
                WHEN 'list' THEN $says.list_expected
                ELSE $says.object_expected
            END
        ) AS detail
    FROM (SELECT entry_no, unnest(problems, recursive := true) FROM entry)
), found AS (
    SELECT entry_no, code, detail FROM header_fault
    UNION ALL BY NAME SELECT entry_no, code, detail FROM line_reason
    UNION ALL BY NAME FROM vat_number_reason
)
SELECT entry_no, code, coalesce(detail, '') AS detail FROM problem
UNION ALL
SELECT entry_no, code, string_agg(detail, ', ' ORDER BY detail) FROM found
WHERE NOT EXISTS (
    FROM problem
    WHERE problem.entry_no = found.entry_no AND problem.code = found.code
)
GROUP BY ALL
