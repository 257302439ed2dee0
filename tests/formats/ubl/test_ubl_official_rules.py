"""Every kind of document that the format writes, against the official rules and by a reader that others wrote.

By default the official rules see a part of the documents, chosen by a seed; `ROBAWS_UBL_DOCUMENTS=5000` in the
environment makes so many documents and checks them all. XSD and the arithmetic are always checked on all.
"""

import os
import random
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import cycle, islice, product
from typing import Any, NamedTuple

import pytest
from foreign_ubl import READERS
from ubl_booked import Booked, without_zeros
from ubl_books import Doc, books, cents, line, party, text

from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.formats.ubl import UblFormat
from robaws_pipeline.validation.pool import File, Pool, cores

TARIFFS = (
    ("21",), ("12",), ("6",), ("nul",), ("verlegd",), ("ic diensten",), ("ic goederen",), ("export",), ("vrijgesteld",),
    ("art44",), ("buiten btw",), ("21", "6"), ("21", "12", "6", "verlegd"), ("21", "nul", "vrijgesteld"),
    ("art44", "art56"), ("verlegd", "ic diensten"), ("21", "export"),
)  # fmt: skip
PARTIES = {
    "Belgian business": party("1"),
    "private customer": party("2", vat_number=None, language="fr"),
    "Dutch business": party("3", vat_number="NL123456782B12", country="NL", language="en"),
    "Swiss business": party("4", vat_number="CHE123456788", country="CH", language="de"),
    "Danish business, no scheme in Peppol": party("5", vat_number="DK13585628", country="DK"),
}
KINDS = ("INVOICE", "CREDIT_NOTE")
PECULIARITIES = ("discount", "negative line", "rounding", "texts", "no due date")
REFERRED: dict[str, Any] = {
    "order_reference": "PO 4711", "contract_reference": "Bestek 3", "project_reference": "Werf Gent",
    "delivered": date(2026, 9, 30), "period_from": date(2026, 9, 1), "period_to": date(2026, 9, 30),
    "credited": "F250002, F250003",
}  # fmt: skip
HELD = {"ubl_buyer_vat_missing"}
"""What these documents may be held for; anything else is a mistake of the test or of the format."""

_WANTED = int(os.environ.get("ROBAWS_UBL_DOCUMENTS", "0"))
_BY_OFFICIAL_RULES = 300


def _doc(number: int, draw: random.Random, combination: tuple[Any, ...]) -> Doc:
    tariffs, party_name, kind, *peculiar = combination
    has = dict(zip(PECULIARITIES, peculiar, strict=True))
    rows: list[dict[str, Any]] = [text("Werf Gent")] if has["texts"] else []
    for position in range(draw.randint(len(tariffs), len(tariffs) + 3)):
        quantity = Decimal(draw.randint(1, 400_000)).scaleb(-draw.choice([0, 2, 3]))
        price = Decimal(draw.randint(1, 99_999)).scaleb(-draw.choice([0, 2, 4]))
        net = cents(quantity * price)
        if has["discount"] and position == 0:
            net = cents(net * Decimal("0.9"))
        unit = draw.choice(["st", "uur", "m2", "m³", "forfait", "kg", None, "?"])
        rows.append(line(str(net), tariffs[position % len(tariffs)], quantity=quantity, price=price, unit=unit))
        if has["texts"]:
            rows.append(text("Meerwerk: zie bon 7"))
    # Large enough to stay above what a negative line takes off.
    rows.append(line("100000.00", tariffs[0]))
    if has["negative line"]:
        rows.append(line("-30.01", tariffs[0], quantity="-1", price="30.01"))
    other = {name: draw.choice([None, value]) for name, value in REFERRED.items()} if draw.random() < 0.3 else {}
    if kind == "CREDIT_NOTE" and draw.random() < 0.7:
        other["original_id"] = "9001"
    doc = Doc(
        rows, id=str(number), number=f"F{number}", type=kind, party_id=PARTIES[party_name]["id"], other=other
    )  # fmt: skip
    if has["no due date"]:
        doc.due_date = None
    if has["rounding"]:
        gross = sum((base + vat for _, _, base, vat in doc.vat_rows(books().company)), Decimal(0))
        doc.gross = str(gross + draw.choice([Decimal("0.01"), Decimal("-0.01")]))
    return doc


def _docs() -> Iterator[Doc]:
    """Every combination of tariffs, party and type, each with a dozen of the combinations of peculiarities that a seed
    chooses; or with all of them, and again with other figures, up to the number that was asked for."""
    draw = random.Random(2026)
    shapes = list(product(*([False, True] for _ in PECULIARITIES)))
    kinds = list(product(TARIFFS, PARTIES, KINDS))
    chosen = [(*kind, *shape) for kind in kinds for shape in (shapes if _WANTED else draw.sample(shapes, 12))]
    repeated = chosen if not _WANTED else islice(cycle(chosen), max(_WANTED, len(chosen)))
    for number, combination in enumerate(repeated, 1):
        yield _doc(number, draw, combination)


class Written(NamedTuple):
    """Thousands of documents, each combination among them."""

    month: MonthBooks
    files: dict[str, bytes]
    documents: dict[tuple[str, str], list[str]]
    """Collection and id → files."""


@pytest.fixture(scope="module")
def written() -> Written:
    """All documents, written."""
    original = Doc(id="9001", number="F250001")
    month = books(*_docs(), parties=list(PARTIES.values()), originals=[original])
    export = UblFormat().export(month)
    files = {file.path: file.content for file in export.files if file.path.endswith(".xml")}
    assert {held.code for held in export.held} == HELD
    assert len(files) > 3 * len(export.held)
    return Written(month, files, export.documents)


def test_every_kind_of_document_is_valid(written: Written) -> None:
    """A file that a gateway refuses is a telephone call; one that is a cent off is worse."""
    files = [File(name, partial(bytes, content)) for name, content in written.files.items()]
    closely = files if _WANTED else random.Random(2026).sample(files, _BY_OFFICIAL_RULES)
    with Pool(cores() if _WANTED else 1) as pool:
        quick = dict(pool.verdicts(files, "quick"))
        verdicts = quick | dict(pool.verdicts(closely))
    assert {name: verdict.findings for name, verdict in verdicts.items() if verdict.fails} == {}
    assert {finding.rule for verdict in verdicts.values() for finding in verdict.findings} <= {
        "OWN-LINE",
        "OWN-CREDITED",
    }
    traits = {trait for verdict in verdicts.values() for trait in verdict.traits}
    for code in ("S 21", "S 12", "S 6", "Z 0", "AE 0", "K 0", "G 0", "E 0", "O 0"):
        for kind in ("Invoice", "CreditNote"):
            for peculiarity in ("plain EN 16931", "negative line", "rounding", "note", "line note"):
                if (code, peculiarity) not in {("O 0", "line note")}:
                    assert f"{kind} {code} {peculiarity}" in traits, "a combination that is not there is not checked"
    for code, peculiarity in product(("S 21", "AE 0", "K 0", "G 0", "O 0"), ("delivery", "period")):
        assert f"Invoice {code} {peculiarity}" in traits
    assert "CreditNote S 21 several references" in traits
    assert len([verdict for verdict in verdicts.values() if "peppol" in verdict.layers]) > len(closely) / 3


def test_readers_of_others_read_what_the_books_hold(written: Written) -> None:
    """An accountant's program has nothing of ours: parties, lines, VAT and totals must be plain to any reader."""
    booked = Booked(written.month)
    of = {path: document_id for (_, document_id), (path, *_) in written.documents.items()}
    for path in random.Random(7).sample(sorted(written.files), 300):
        for name, read in READERS.items():
            assert without_zeros(read(written.files[path])) == without_zeros(booked.read(of[path])), (name, path)
