"""VAT treatments as categories of EN 16931, and the VAT breakdown of a document."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Literal, NamedTuple

from robaws_pipeline.formats.ubl.amounts import ZERO, vat_of
from robaws_pipeline.formats.ubl.findings import Held
from robaws_pipeline.formats.ubl.text import one_line
from robaws_pipeline.settings import Tariff, Treatment

Code = Literal["S", "Z", "AE", "K", "G", "E", "O"]
"""UNCL5305, as far as EN 16931 and our treatments need it."""

_CODES: Mapping[Treatment, Code] = {
    "standard": "S",
    "reverse_charge": "AE",
    "intra_community_services": "AE",
    "intra_community_goods": "K",
    "export": "G",
    "exempt": "E",
    "margin_scheme": "E",
    "outside_scope": "O",
}
"""`standard` at 0 % is the zero rate (Z)."""

_ON_PURCHASES: Mapping[Treatment, Code] = {"import_reverse_charge": "O"}
"""A supplier outside the Union charges no VAT of ours: for its invoice it does not exist."""

REASON_CODES: Mapping[Code, str] = {"AE": "VATEX-EU-AE", "K": "VATEX-EU-IC", "G": "VATEX-EU-G", "O": "VATEX-EU-O"}
"""Programs read these. For E only the settings know which exemption it is."""

LANGUAGES = ("nl", "fr", "de", "en")
"""Languages of our own texts; Dutch when the customer's is another or not known."""

REASONS: Mapping[str, Mapping[str, str]] = {
    "AE": {
        "nl": "Btw verlegd",
        "fr": "Autoliquidation",
        "de": "Steuerschuldnerschaft des Leistungsempfängers",
        "en": "Reverse charge",
    },
    "K": {
        "nl": "Vrijgestelde intracommunautaire levering, art. 39bis WBTW",
        "fr": "Livraison intracommunautaire exonérée, art. 39bis CTVA",
        "de": "Steuerfreie innergemeinschaftliche Lieferung, Art. 39bis MwStGB",
        "en": "Exempt intra-Community supply, art. 39bis Belgian VAT Code",
    },
    "G": {
        "nl": "Vrijgestelde uitvoer, art. 39 WBTW",
        "fr": "Exportation exonérée, art. 39 CTVA",
        "de": "Steuerfreie Ausfuhr, Art. 39 MwStGB",
        "en": "Exempt export, art. 39 Belgian VAT Code",
    },
    "E": {
        "nl": "Vrijgesteld van btw",
        "fr": "Exonéré de la TVA",
        "de": "Von der MwSt. befreit",
        "en": "Exempt from VAT",
    },
    "margin_scheme": {
        "nl": "Bijzondere winstmargeregeling",
        "fr": "Régime particulier d'imposition de la marge bénéficiaire",
        "de": "Sonderregelung der Differenzbesteuerung",
        "en": "Margin scheme",
    },
    "O": {
        "nl": "Niet onderworpen aan btw",
        "fr": "Non soumis à la TVA",
        "de": "Nicht der MwSt. unterliegend",
        "en": "Not subject to VAT",
    },
}
"""Default reason texts, by category or treatment; a tariff's `exemption_reason` goes before them."""


class Meaning(NamedTuple):
    """What a tariff means on a document."""

    key: str
    """Treatment and rate: what the books sum by."""
    group: str
    """Category and rate: what the document sums by."""
    code: Code
    rate: Decimal
    """Percentage charged; 0 for all but S."""
    reason: str | None
    """The settings' own reason text."""
    reason_code: str | None
    """The settings' own reason code, for E."""
    words: str
    """Where our reason texts are in `REASONS`."""


def booked_key(treatment: str, rate: Decimal) -> str:
    """Treatment and rate as one text, the rate with the four decimals that the books keep."""
    return f"{treatment} {rate:.4f}"


def meaning(tariff: Tariff, *, purchase: bool = False) -> Meaning:
    """The category of a tariff as the seller sees it: it follows from its treatment and never from its rate alone."""
    code = _CODES.get(tariff.treatment) or (_ON_PURCHASES.get(tariff.treatment) if purchase else None)
    if code is None:
        raise Held("ubl_tariff", tariff.treatment)
    if code == "S" and not tariff.rate:
        code = "Z"
    key, group = booked_key(tariff.treatment, tariff.rate), booked_key(code, tariff.rate)
    words = tariff.treatment if tariff.treatment in REASONS else code
    return Meaning(key, group, code, tariff.rate, one_line(tariff.exemption_reason), tariff.exemption_code, words)


class TaxGroup(NamedTuple):
    """One row of the VAT breakdown: all lines of one category and rate."""

    code: Code
    percent: Decimal
    base: Decimal
    vat: Decimal
    reason_code: str | None = None
    reason: str | None = None


Booked = tuple[Decimal, Decimal]
"""Taxable amount and VAT of one treatment and rate in the books, positive on credit notes too."""

_NOTHING: Booked = (ZERO, ZERO)


def tax_groups(
    amounts: Iterable[tuple[Meaning, Decimal]], booked: Mapping[str, Booked], language: str
) -> tuple[TaxGroup, ...]:
    """The breakdown of lines, given as meaning and net each; held when it is not, to the cent, what the books hold."""
    sums: dict[str, Decimal] = {}
    meanings: dict[str, Meaning] = {}
    reasons: dict[Code, dict[str, None]] = {}
    reason_codes: dict[Code, set[str | None]] = {}
    for meant, net in amounts:
        key = meant.key
        if key in sums:
            sums[key] += net
        else:
            sums[key], meanings[key] = net, meant
        if meant.words in REASONS:
            reasons.setdefault(meant.code, {})[meant.reason or REASONS[meant.words][language]] = None
            reason_codes.setdefault(meant.code, set()).add(REASON_CODES.get(meant.code, meant.reason_code))
    ours = {key: (base, vat_of(base, meanings[key].rate)) for key, base in sums.items()}
    if ours != booked:
        _same_as_books(ours, booked)
    groups: dict[str, TaxGroup] = {}
    for key, (base, vat) in ours.items():
        _, group, code, rate, _, _, _ = meanings[key]
        before = groups.get(group)
        # One row has one code; two exemptions that share it have none.
        told = reason_codes.get(code, set())
        groups[group] = TaxGroup(
            code,
            rate,
            base if before is None else before.base + base,
            vat if before is None else before.vat + vat,
            next(iter(told)) if len(told) == 1 else None,
            " / ".join(reasons[code]) if code in reasons else None,
        )
    if len(groups) > 1 and any(group.code == "O" for group in groups.values()):
        raise Held("ubl_outside_scope_mixed", ", ".join(f"{g.code} {g.percent:f} %" for g in groups.values()))
    return tuple(groups.values())


def _same_as_books(ours: Mapping[str, Booked], booked: Mapping[str, Booked]) -> None:
    """A treatment that adds up to nothing may be missing on one side."""
    for key in dict.fromkeys((*ours, *booked)):
        (base, vat), (booked_base, booked_vat) = ours.get(key, _NOTHING), booked.get(key, _NOTHING)
        if (base, vat) != (booked_base, booked_vat):
            raise Held("ubl_totals", f"{key} %: {base:f} + {vat:f} ≠ {booked_base:f} + {booked_vat:f}")
