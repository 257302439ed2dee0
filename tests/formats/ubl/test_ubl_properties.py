"""What holds for every month: each exported document is in one valid file or held, and files add up to the books."""

from decimal import Decimal
from typing import Any

from foreign_ubl import READERS
from hypothesis import given, settings
from hypothesis import strategies as st
from ubl_booked import Booked, without_zeros
from ubl_books import Doc, books, cents, line, party, text
from ubl_reader import export

TARIFFS = ("21", "12", "6", "verlegd", "ic diensten", "vrijgesteld", "art44", "nul", "buiten btw")
PARTIES = [
    party("1"),
    party("2", vat_number=None, language="fr"),
    party("3", vat_number="NL123456782B12", country="Nederland", language="en"),
    party("4", vat_number="BE0999000128"),
    party("5", country=None, vat_number=None),
]


def _amount(low: str, high: str, places: int) -> Any:
    return st.decimals(min_value=Decimal(low), max_value=Decimal(high), places=places)


@st.composite
def _line(draw: Any) -> dict[str, Any]:
    if draw(st.integers(0, 5)) == 0:
        return text(draw(st.sampled_from(["Werf", None, " ", "a\nb"])))
    quantity = draw(st.none() | _amount("-100", "1000", 3))
    price = draw(st.none() | _amount("-100", "5000", 4))
    net = draw(_amount("-1000", "5000", 2))
    if quantity is not None and price is not None and draw(st.booleans()):
        net = cents(quantity * price)
    return line(
        str(net),
        draw(st.sampled_from(TARIFFS)),
        quantity=quantity,
        price=price,
        unit=draw(st.sampled_from(["st", "uur", None, "?"])),
    )


@st.composite
def _docs(draw: Any) -> list[Doc]:
    count = draw(st.integers(1, 4))
    docs = []
    for position in range(1, count + 1):
        # Lines of one tariff most of the time, so that documents outside the scope of VAT are not all mixed.
        rows = draw(st.lists(_line(), min_size=1, max_size=6))
        if draw(st.booleans()):
            tariff = draw(st.sampled_from(TARIFFS))
            rows = [{**row, "vat_tariff_name": tariff if row["type"] == "LINE" else None} for row in rows]
        doc = Doc(
            rows,
            id=str(position),
            number=draw(st.sampled_from(["F1", "f1", "F2", "F/2"])),
            type=draw(st.sampled_from(["INVOICE", "CREDIT_NOTE"])),
            party_id=draw(st.sampled_from(["1", "1", "2", "3", "4", "5"])),
            state=draw(st.sampled_from(["exported", "exported", "held"])),
        )
        docs.append(doc)
    return docs


@settings(max_examples=150, deadline=None)
@given(_docs())
def test_every_exported_document_is_in_one_file_or_held(docs: list[Doc]) -> None:
    """Nothing disappears and nothing is twice; each file is valid, adds up, and equals the books to the cent."""
    month = books(*docs, parties=PARTIES)
    made, files = export(month)
    held = [(item.collection, item.document_id) for item in made.held]
    expected = {("sales", doc.id) for doc in docs if doc.state == "exported"}
    assert sorted([*held, *made.documents]) == sorted(expected)
    assert len({path.casefold() for path in files}) == len(files)
    booked = Booked(month)
    for (_, document_id), (path, _) in made.documents.items():
        for name, read in READERS.items():
            assert without_zeros(read(files[path].content)) == without_zeros(booked.read(document_id)), name
        assert files[path].amount("cac:LegalMonetaryTotal/cbc:PayableAmount") >= 0
    codes = {item.code for item in made.held}
    assert codes <= {
        "ubl_buyer_vat",
        "ubl_buyer_vat_missing",
        "ubl_country",
        "ubl_negative",
        "ubl_no_lines",
        "ubl_outside_scope_mixed",
    }
