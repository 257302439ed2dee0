"""Why a document cannot be said in valid UBL: the sentences and remedies of held.csv."""

from robaws_pipeline.reasons import Reason

_BOTH = (
    Reason(
        "ubl_seller",
        "Our own details cannot stand on a UBL document: {detail}.",
        "Correct them in robaws.toml.",
        "in the settings",
    ),
    Reason(
        "ubl_country",
        "A UBL document must say in which country a party is (BR-09, BR-11): {detail}.",
        "Choose the country in Robaws, or write its ISO code.",
        "in Robaws",
    ),
    Reason(
        "ubl_buyer_vat_missing",
        "Where the customer accounts for the VAT, its VAT number must be there (BR-AE-02, BR-IC-02): {detail}.",
        "Fill in the client's VAT number in Robaws, or choose another VAT tariff.",
        "in Robaws",
    ),
    Reason(
        "ubl_outside_scope_mixed",
        "A line outside the scope of VAT must stand alone on a UBL document (BR-O-11 to BR-O-14): {detail}.",
        "Map its tariff in robaws.toml as `exempt` with an `exemption_reason` of its own, or invoice it apart.",
        "in the settings",
    ),
    Reason(
        "ubl_tariff",
        "A line has no VAT category that a sale can have: {detail}.",
        "Correct `vat_tariffs` in robaws.toml.",
        "in the settings",
    ),
    Reason(
        "ubl_currency",
        "The VAT of a UBL document must be known in euro (BR-53): {detail}.",
        "Have the accountant enter it by hand at the rate of the day.",
        "at the accountant",
    ),
    Reason(
        "ubl_header",
        "A UBL document must have a number, a date and a type (BR-02, BR-03, BR-04): {detail}.",
        "Correct the document in Robaws.",
        "in Robaws",
    ),
    Reason(
        "ubl_no_lines",
        "A UBL document must have a line (BR-16): {detail}.",
        "Add a line with an amount in Robaws.",
        "in Robaws",
    ),
    Reason(
        "ubl_line_amount",
        "Every line of a UBL document must have its net amount (BR-24): {detail}.",
        "Fill in quantity and price in Robaws, or make it a text line.",
        "in Robaws",
    ),
    Reason(
        "ubl_negative",
        "The total of a UBL document must not be negative: {detail}.",
        "Replace a negative invoice by a credit note in Robaws, or a negative credit note by an invoice.",
        "in Robaws",
    ),
    Reason(
        "ubl_totals",
        "The sums of the document are not those of the books, to the cent (BR-CO-10 to BR-CO-17): {detail}.",
        "Report it, with the document: the books should have held it.",
        "at the accountant",
    ),
)

_SALES = (
    Reason(
        "ubl_customer",
        "A UBL document must name its customer: {detail}.",
        "Fill in the client and its name in Robaws.",
        "in Robaws",
    ),
    Reason(
        "ubl_buyer_vat",
        "Peppol refuses a Belgian number with wrong check digits (PEPPOL-COMMON-R043): {detail}.",
        "Correct the VAT number of the client in Robaws.",
        "in Robaws",
    ),
)

_PURCHASES = (
    Reason(
        "ubl_supplier",
        "A UBL document must name its supplier (BR-06): {detail}.",
        "Fill in the supplier and its name in Robaws.",
        "in Robaws",
    ),
    Reason(
        "ubl_supplier_number",
        "The number on the supplier's document is the number of the UBL document (BR-02): {detail}.",
        "Fill in the supplier's invoice number in Robaws.",
        "in Robaws",
    ),
    Reason(
        "ubl_supplier_vat",
        "Peppol refuses a Belgian number with wrong check digits (PEPPOL-COMMON-R043): {detail}.",
        "Correct the VAT number of the supplier in Robaws.",
        "in Robaws",
    ),
    Reason(
        "ubl_supplier_vat_missing",
        "Every VAT category but 'outside scope' needs the supplier's VAT number (BR-S-02 and its like): {detail}.",
        "Fill in the supplier's VAT number in Robaws, or choose a VAT tariff outside the scope of VAT.",
        "in Robaws",
    ),
)

REASONS = (*_SALES, *_BOTH)
"""Of sales."""

PURCHASE_REASONS = (*_PURCHASES, *_BOTH)
"""Of purchases."""
