"""The lines of a document: quantities, prices, discounts, units, texts and VAT categories."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from robaws_pipeline.formats.ubl.amounts import discounted, priced
from robaws_pipeline.formats.ubl.categories import Meaning
from robaws_pipeline.formats.ubl.findings import Held
from robaws_pipeline.formats.ubl.model import Line, Reduction, SourceLine
from robaws_pipeline.formats.ubl.month import Month
from robaws_pipeline.formats.ubl.text import clean, one_line
from robaws_pipeline.formats.ubl.units import PIECE

AMOUNT_LINE = "LINE"
"""The type of the lines that carry an amount; all others are for reading only."""

_LONGEST_NAME = 100


class Lines(NamedTuple):
    """The lines with an amount, and the texts around them."""

    lines: tuple[Line, ...]
    note: str | None
    """The texts before the first and after the last line; those between two lines are the note of the second."""


def build_lines(month: Month, source: Sequence[SourceLine], language: str, remarks: list[str]) -> Lines:
    """The lines of one document; `remarks` gains what a person should know. Held when one cannot be written."""
    rows, note = _with_notes(source)
    meanings = _meanings(month, rows)
    show_discounts = month.settings.show_discounts
    lines = []
    for (row, text, above), meant in zip(rows, meanings, strict=True):
        _, _, quantity, unit, price, discount, net, _, _, account, project = row
        if net is None:
            raise Held("ubl_line_amount", one_line(text) or "–")
        reduction = None
        if discount and show_discounts:
            reduction = _reduction(discount, discounted(quantity, price, discount, net), language)
        if reduction is None or quantity is None or price is None:
            quantity, price, replaced = priced(quantity, price, net)
            if replaced:
                remarks.append("quantity that cannot give the line total, written as 1 × the total")
        code = month.unit(unit)
        if code is None:
            remarks.append(f"unit {one_line(unit)!r} is not known, written as {PIECE} (piece)")
            code = PIECE
        if text is None:
            name, description = "-", None
        elif len(text) <= _LONGEST_NAME and "\n" not in text:
            name, description = text, None
        else:
            # The first line as far as it is short, and the whole in the description.
            name, description = text.split("\n", 1)[0][:_LONGEST_NAME].rstrip(), text
        lines.append(Line(quantity, code, net, price, name, description, above, meant, reduction, account, project))
    return Lines(tuple(lines), note)


_DISCOUNT = {"nl": "Korting", "fr": "Remise", "de": "Rabatt", "en": "Discount"}
_SURCHARGE = {"nl": "Toeslag", "fr": "Supplément", "de": "Zuschlag", "en": "Surcharge"}


def _reduction(percent: Decimal, found: tuple[Decimal, Decimal] | None, language: str) -> Reduction | None:
    if found is None:
        return None
    base, off = found
    if off > 0:
        return Reduction(False, "95", _DISCOUNT[language], percent, off, base)
    return Reduction(True, "ZZZ", _SURCHARGE[language], -percent, -off, base)


def _with_notes(source: Sequence[SourceLine]) -> tuple[list[tuple[SourceLine, str | None, str | None]], str | None]:
    """The amount lines, each with its own text and the texts above it; and the document's note."""
    rows: list[tuple[SourceLine, str | None, str | None]] = []
    opening: list[str] = []
    texts: list[str] = []
    for row in source:
        text = clean(row.description)
        # As the books see it: a line of another type counts when it has an amount after all.
        if row.type != AMOUNT_LINE and not row.net and (row.type or AMOUNT_LINE).upper() != AMOUNT_LINE:
            if text is not None:
                texts.append(text)
            continue
        if not rows:
            opening, texts = texts, []
        rows.append((row, text, "\n".join(texts) or None if texts else None))
        texts = []
    if not rows:
        raise Held("ubl_no_lines", "0")
    return rows, "\n".join(opening + texts) or None


def _meanings(month: Month, rows: Sequence[tuple[SourceLine, str | None, str | None]]) -> list[Meaning]:
    """The tariff of each line. The books ask none of a line of 0.00; it then follows the first line that has one, as it
    does when its own would put a line outside the scope of VAT beside lines within it."""
    found = [month.meaning(row.vat_tariff_id, row.vat_tariff_name) for row, _, _ in rows]
    ordinary = [meant for meant in found if meant is not None and meant.code != "O"]
    if len(ordinary) == len(found):
        return ordinary
    nets = [row.net for row, _, _ in rows]
    mapped = [(net, meant) for net, meant in zip(nets, found, strict=True) if meant is not None]
    lead = next((meant for net, meant in mapped if net), mapped[0][1] if mapped else None)
    meanings = []
    for (row, _, _), meant in zip(rows, found, strict=True):
        if lead is None or (meant is None and row.net):
            raise Held("ubl_tariff", f"{row.vat_tariff_name or row.vat_tariff_id or '–'}")
        follows = meant is None or (not row.net and (meant.code == "O") != (lead.code == "O"))
        meanings.append(lead if follows or meant is None else meant)
    return meanings
