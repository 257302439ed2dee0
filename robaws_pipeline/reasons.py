"""Why a document is held: codes, sentences for a bookkeeper, remedies.

The codes are part of the manifests, so one is never renamed or given another meaning. ``docs/reasons.md`` explains
each at length.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Task = Literal["in Robaws", "in the settings", "at the accountant"]
"""Where the remedy lies."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: its code, a sentence with ``{detail}`` for figures or names, what to do, and where."""

    code: str
    sentence: str
    remedy: str
    task: Task


_ALL = (
    Reason(
        "unreadable",
        "Robaws sent something that cannot be read: {detail}.",
        "Correct the field in Robaws; when it looks right there, Robaws spells the field differently: "
        "run `robaws-pipeline doctor`.",
        "in Robaws",
    ),
    Reason(
        "number_unreadable",
        "The document's number cannot be read, so it cannot be said whether it is a draft: {detail}.",
        "Correct the number in Robaws; when it looks right there, Robaws spells the field differently: "
        "run `robaws-pipeline doctor`.",
        "in Robaws",
    ),
    Reason(
        "unknown_type",
        "The document is neither an invoice nor a credit note; Robaws says: {detail}.",
        "Look at the document in Robaws; a type that Robaws added needs a new version of this program.",
        "in Robaws",
    ),
    Reason(
        "date_missing",
        "The document has no usable date ({detail}).",
        "Fill in the document date in Robaws.",
        "in Robaws",
    ),
    Reason(
        "total_missing",
        "Robaws gives no {detail}.",
        "Open the document in Robaws and save it again, so that its totals are calculated.",
        "in Robaws",
    ),
    Reason(
        "amount_too_large",
        "An amount of ten thousand million euro or more cannot be meant: {detail}.",
        "Correct the amount in Robaws.",
        "in Robaws",
    ),
    Reason(
        "negative_total",
        "The total is negative ({detail}); its type says the direction of a document, never its sign.",
        "Replace a negative invoice by a credit note in Robaws, or a negative credit note by an invoice.",
        "in Robaws",
    ),
    Reason(
        "currency_not_eur",
        "The document is in {detail}; the books are in euro.",
        "Have the accountant enter it by hand at the rate of the day.",
        "at the accountant",
    ),
    Reason(
        "party_missing",
        "It is not known whose document this is: {detail}.",
        "Choose the client or supplier on the document in Robaws.",
        "in Robaws",
    ),
    Reason(
        "no_lines",
        "The document has no lines with an amount ({detail}), so there is nothing to book it on.",
        "Add the lines with their account and VAT tariff in Robaws.",
        "in Robaws",
    ),
    Reason(
        "line_amount_missing",
        "A line has no amount: {detail}.",
        "Fill in quantity and price in Robaws, or make it a text line.",
        "in Robaws",
    ),
    Reason(
        "tariff_missing",
        "A line has no VAT tariff: {detail}.",
        "Choose the VAT tariff on the line in Robaws.",
        "in Robaws",
    ),
    Reason(
        "tariff_unmapped",
        "It is not known what a VAT tariff means for the books: {detail}.",
        "Ask the accountant what the tariff stands for and add it to `vat_tariffs` in robaws.toml.",
        "in the settings",
    ),
    Reason(
        "margin_scheme",
        "A line falls under the margin scheme, and it is not settled how that is booked: {detail}.",
        "Ask the accountant; then say in `vat_tariffs` of robaws.toml what the tariff stands for. With treatment "
        "margin_scheme it is booked without VAT, and the accountant works out the VAT on the margin.",
        "in the settings",
    ),
    Reason(
        "self_assessed_rate_missing",
        "It is not known at which rate we owe the VAT of this purchase ourselves: {detail}.",
        "Add self_assessed_rate (21 for most work) to the tariff in `vat_tariffs` of robaws.toml; 0 when none is owed.",
        "in the settings",
    ),
    Reason(
        "tariff_rate_differs",
        "The percentage of a VAT tariff in Robaws is not the one in the settings: {detail}.",
        "Correct the rate of the tariff in `vat_tariffs` of robaws.toml, or its percentage in Robaws.",
        "in the settings",
    ),
    Reason(
        "account_missing",
        "A line has no general ledger account: {detail}.",
        "Choose the account on the line in Robaws, or set `accounts.default_sales` or `accounts.default_purchases` "
        "in robaws.toml.",
        "in Robaws",
    ),
    Reason(
        "account_unknown",
        "A line names a general ledger account that Robaws does not list: {detail}.",
        "Choose an existing account on the line in Robaws; when it exists there, the API key may not see it: "
        "run `robaws-pipeline doctor`.",
        "in Robaws",
    ),
    Reason(
        "reverse_charge_without_vat_number",
        "No VAT is charged, which takes a valid VAT number of the customer: {detail}.",
        "Fill in the client's VAT number in Robaws, or charge VAT.",
        "in Robaws",
    ),
    Reason(
        "net_differs",
        "The lines do not add up to the total excluding VAT: {detail}.",
        "Open the document in Robaws and compare; a discount or a manual total is usually the cause.",
        "in Robaws",
    ),
    Reason(
        "vat_differs",
        "The VAT of the lines is not the VAT of the document: {detail}.",
        "Compare the VAT tariffs of the lines with the document in Robaws.",
        "in Robaws",
    ),
    Reason(
        "gross_differs",
        "The lines and their VAT do not add up to the total including VAT: {detail}.",
        "Compare lines, VAT tariffs and total of the document in Robaws.",
        "in Robaws",
    ),
)

REASONS: Mapping[str, Reason] = {reason.code: reason for reason in _ALL}
"""Every reason of the books by code, in the order in which a document lists them."""


def lookup(code: str) -> Reason:
    """The reason of a code; one of a format's own gets a sentence that says no more than the code and its detail."""
    return REASONS.get(code) or Reason(code, code.replace("_", " ") + ": {detail}.", "", "in Robaws")


def describe(code: str, detail: str | None) -> str:
    """A sentence that tells a bookkeeper what is wrong, with the figures or names of `detail`."""
    return lookup(code).sentence.replace("{detail}", (detail or "").strip().rstrip(".") or "no detail given")
