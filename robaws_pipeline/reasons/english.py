"""Why a document is held, in English."""

TEXTS = {
    "unreadable": (
        "Robaws sent something that cannot be read: {detail}.",
        "Correct the field in Robaws; when it looks right there, Robaws spells the field differently: run "
        "`robaws-pipeline doctor`.",
    ),
    "number_unreadable": (
        "The document's number cannot be read, so it cannot be said whether it is a draft: {detail}.",
        "Correct the number in Robaws; when it looks right there, Robaws spells the field differently: run "
        "`robaws-pipeline doctor`.",
    ),
    "unknown_type": (
        "The document is neither an invoice nor a credit note; Robaws says: {detail}.",
        "Look at the document in Robaws; a type that Robaws added needs a new version of this program.",
    ),
    "date_missing": (
        "The document has no usable date ({detail}).",
        "Fill in the document date in Robaws.",
    ),
    "period_closed": (
        "The document came after its period was closed: {detail}.",
        "Give it a date in an open period in Robaws, or let it be booked on the first open day: "
        '`late_documents = "book"` in robaws.toml.',
    ),
    "total_missing": (
        "Robaws gives no {detail}.",
        "Open the document in Robaws and save it again, so that its totals are calculated.",
    ),
    "amount_too_large": (
        "An amount of ten thousand million euro or more cannot be meant: {detail}.",
        "Correct the amount in Robaws.",
    ),
    "negative_total": (
        "The total is negative ({detail}); its type says the direction of a document, never its sign.",
        "Replace a negative invoice by a credit note in Robaws, or a negative credit note by an invoice.",
    ),
    "currency_not_eur": (
        "The document is in {detail}; the books are in euro.",
        "Have the accountant enter it by hand at the rate of the day.",
    ),
    "party_missing": (
        "It is not known whose document this is: {detail}.",
        "Choose the client or supplier on the document in Robaws.",
    ),
    "no_lines": (
        "The document has no lines with an amount ({detail}), so there is nothing to book it on.",
        "Add the lines with their account and VAT tariff in Robaws.",
    ),
    "line_amount_missing": (
        "A line has no amount: {detail}.",
        "Fill in quantity and price in Robaws, or make it a text line.",
    ),
    "tariff_missing": (
        "A line has no VAT tariff: {detail}.",
        "Choose the VAT tariff on the line in Robaws.",
    ),
    "tariff_unmapped": (
        "It is not known what a VAT tariff means for the books: {detail}.",
        "Ask the accountant what the tariff stands for and add it to `vat_tariffs` in robaws.toml.",
    ),
    "margin_scheme": (
        "A line falls under the margin scheme, and it is not settled how that is booked: {detail}.",
        "Ask the accountant; then say in `vat_tariffs` of robaws.toml what the tariff stands for. With treatment "
        "margin_scheme it is booked without VAT, and the accountant works out the VAT on the margin.",
    ),
    "self_assessed_rate_missing": (
        "It is not known at which rate we owe the VAT of this purchase ourselves: {detail}.",
        "Add self_assessed_rate (21 for most work) to the tariff in `vat_tariffs` of robaws.toml; 0 when none is owed.",
    ),
    "tariff_rate_differs": (
        "The percentage of a VAT tariff in Robaws is not the one in the settings: {detail}.",
        "Correct the rate of the tariff in `vat_tariffs` of robaws.toml, or its percentage in Robaws.",
    ),
    "account_missing": (
        "A line has no general ledger account: {detail}.",
        "Choose the account on the line in Robaws, or set `accounts.default_sales` or "
        "`accounts.default_purchases` in robaws.toml.",
    ),
    "account_unknown": (
        "A line names a general ledger account that Robaws does not list: {detail}.",
        "Choose an existing account on the line in Robaws; when it exists there, the API key may not see it: run "
        "`robaws-pipeline doctor`.",
    ),
    "reverse_charge_without_vat_number": (
        "No VAT is charged, which takes a valid VAT number of the customer: {detail}.",
        "Fill in the client's VAT number in Robaws, or charge VAT.",
    ),
    "net_differs": (
        "The lines do not add up to the total excluding VAT: {detail}.",
        "Open the document in Robaws and compare; a discount or a manual total is usually the cause.",
    ),
    "vat_differs": (
        "The VAT of the lines is not the VAT of the document: {detail}.",
        "Compare the VAT tariffs of the lines with the document in Robaws.",
    ),
    "gross_differs": (
        "The lines and their VAT do not add up to the total including VAT: {detail}.",
        "Compare lines, VAT tariffs and total of the document in Robaws.",
    ),
}
"""Code → a sentence with ``{detail}`` for figures or names, and what to do."""

PHRASES = {
    "decimal_point": ".",
    "dated_and_made": "dated {}, made in Robaws on {}",
    "about": "{}: {}",
    "and": " and ",
    "and_more": " and {} more",
    "none": "none",
    "unreadable": "{} = {} is not {}",
    "whole_object": "the whole object",
    "date_expected": "a date (YYYY-MM-DD)",
    "number_expected": "a number",
    "text_expected": "a text or a number",
    "list_expected": "a list",
    "object_expected": "an object",
    "number": "number {}",
    "no_number": "no number",
    "net": "total excluding VAT",
    "gross": "total including VAT",
    "net_and_gross": "total excluding VAT and total including VAT",
    "header": "header",
    "net_of": "excluding VAT {}",
    "gross_of": "including VAT {}",
    "total_of": "total excluding VAT {}",
    "no_total": "no total either",
    "no_client": "no client",
    "no_supplier": "no supplier",
    "client_unlisted": "client {} is not in Robaws's list of clients",
    "supplier_unlisted": "supplier {} is not in Robaws's list of suppliers",
    "lines_differ": "lines {}, Robaws {}",
    "lines_and_vat_differ": "lines and VAT {}, Robaws {}",
    "line": "line {}",
    "tariff": "tariff {}",
    "rates_differ": "settings {} %, Robaws {} %",
    "account_id": "account id {}",
    "client": "client {}",
    "supplier": "supplier {}",
    "no_vat_number": "no VAT number",
    "not_foreign": "VAT number '{}' is not a foreign one",
    "not_of_the_eu": "VAT number '{}' is not a valid one of an EU country",
    "northern_ireland": "VAT number '{}' is of Northern Ireland, which counts for goods only",
    "number_missing": "{} is not there, after {}",
    "numbers_missing": "{} to {} ({} numbers) are not there, after {}",
    "numbers_deleted": "; deleted in Robaws: {}",
    "also": "also {}",
    "of_month": "{} of {}",
    "entered_twice": "supplier's number {} for {} is also on {}",
    "entered_before": "{} of {} for {}",
}
"""What details are made of. Braces are filled in order; texts that Robaws's users typed stand between straight quotes,
or between `` = `` and what was expected."""

OUTSIDE = {
    "no_date": (
        "It has no date that can be read, and what there is points to no month from {first} to {last}",
        "In Robaws: give it its date",
    ),
    "before": (
        "It is dated {day}, before the books begin in {first}",
        "Nothing, when it is in the accounts already; when the date is wrong, correct it in Robaws; else set "
        'start = "{month}" in robaws.toml and load that month',
    ),
    "after": (
        "It is dated {day}, after {last}, the last month that the books have yet",
        "In Robaws: correct the date if it is a typing error; else nothing, it is exported when its month comes",
    ),
}
"""Why a document is in no month of the books, and what to do."""
