"""What a file must say, from the books alone: none of the format's code decides here."""

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from typing import Any

from foreign_ubl import Party, Rate, Read
from ubl_books import cents

from robaws_pipeline.formats.base import MonthBooks

CATEGORIES = {
    "reverse_charge": "AE", "intra_community_services": "AE", "intra_community_goods": "K", "export": "G",
    "exempt": "E", "margin_scheme": "E", "outside_scope": "O",
}  # fmt: skip
"""By treatment, once more; a standard rate is S, and Z when it is nothing."""
COUNTRIES = {"Nederland": "NL"}


class Booked:
    """The books of a month by document."""

    def __init__(self, month: MonthBooks) -> None:
        self._company = month.company
        self._documents = {row["id"]: row for row in month.documents.to_pylist()}
        self._states = {row["document_id"]: row for row in month.states.to_pylist()}
        self._parties = {row["id"]: row for row in month.parties.to_pylist()}
        self._vat: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in month.vat.to_pylist():
            self._vat[row["document_id"]].append(row)
        for row in month.lines.to_pylist():
            self._lines[row["document_id"]].append(row)

    def read(self, document_id: str) -> Read:
        """What a reader must make of a sales document's file."""
        document, state, vat = self._documents[document_id], self._states[document_id], self._vat[document_id]
        sign = -1 if document["type"] == "CREDIT_NOTE" else 1
        groups: dict[Rate, tuple[Decimal, Decimal]] = {}
        for row in vat:
            key = _rate(row["treatment"], row["rate"])
            base, tax = groups.get(key, (Decimal(0), Decimal(0)))
            groups[key] = base + sign * row["base"], tax + sign * row["vat"]
        theirs = self._parties[document["party_id"]]
        lines = [self._line(row) for row in self._lines[document_id] if row["net"] is not None]
        # Outside the scope of VAT stands alone, so the first line with an amount says it of all.
        (first, _), *_ = [line for line in lines if line[1]] or lines
        outside = first[0] == "O"
        return Read(
            type="381" if sign < 0 else "380",
            number=document["number"],
            date=document["date"].isoformat(),
            seller=Party(self._company.name, "BE", None if outside else self._company.vat_number),
            buyer=Party(
                theirs["name"],
                COUNTRIES.get(theirs["country"], theirs["country"]),
                None if outside else theirs["vat_number"],
            ),
            lines=lines,
            groups=groups,
            net=sum((sign * row["base"] for row in vat), Decimal(0)),
            vat=sum((sign * row["vat"] for row in vat), Decimal(0)),
            payable=sign * state["gross"],
        )

    def _line(self, row: dict[str, Any]) -> tuple[Rate, Decimal]:
        tariff = self._company.tariff(row["vat_tariff_id"], row["vat_tariff_name"])
        assert tariff is not None
        return _rate(tariff.treatment, tariff.rate), cents(row["net"])


def without_zeros(read: Read) -> Read:
    """What can be compared: of which rate nothing is, the books do not ask."""
    return replace(
        read,
        lines=[(rate if net else ("", net), net) for rate, net in read.lines],
        groups={rate: amounts for rate, amounts in read.groups.items() if any(amounts)},
    )


def _rate(treatment: str, rate: Decimal) -> Rate:
    return CATEGORIES.get(treatment) or ("S" if rate else "Z"), rate
