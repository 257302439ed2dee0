"""The cases of docs/cases.md, worked by hand: each row of its tables is a test."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from books_samples import COMPANY, Keep, document, line

from robaws_pipeline.books.vat_return import document_grids, grid_totals
from robaws_pipeline.settings import Purchases, Tariff

DOCS = Path(__file__).parents[2] / "docs" / "cases.md"
COMPANY_OF_THE_CASES = COMPANY.model_copy(
    update={
        "purchases": Purchases(deductible={"612": Decimal(50), "6130": Decimal(0)}),
        "vat_tariffs": {"invoer verlegd": Tariff(treatment="import_reverse_charge", self_assessed_rate=Decimal(21))},
    }
)
CUSTOMERS = {"": "1", "private customer": "2", "Dutch customer": "3"}
LINE = re.compile(r"(-?\d+\.\d\d) `([^`]+)` (\d+)")


class Case(NamedTuple):
    """A row: the document as the books get it, and what the row says becomes of it."""

    document: dict[str, Any]
    lines: list[dict[str, Any]]
    expected: list[str]


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    section = DOCS.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    table = [row for row in section.splitlines() if row.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table[2:]]


def case(cells: list[str]) -> Case:
    """The document of a row; its header is the sum of its lines, its total what the row says Robaws shows."""
    _, what, given, *expected = cells
    kind, _, customer = what.partition(", ")
    sales = kind.startswith("sale")
    collection = "sales" if sales else "purchases"
    found = LINE.findall(given)
    net = sum((Decimal(amount) for amount, _, _ in found), Decimal(0))
    gross = Decimal(given.split("→")[1])
    header = document(
        net=str(net),
        vat=str(gross - net),
        gross=str(gross),
        collection=collection,
        type="CREDIT_NOTE" if kind.endswith("credit note") else "INVOICE",
        party_id=CUSTOMERS[customer] if sales else "1",
    )
    lines = [
        line(amount, tariff, no=number, collection=collection, gl_account_id=None, gl_account_code=account)
        for number, (amount, tariff, account) in enumerate(found, 1)
    ]
    return Case(header, lines, expected)


def amounts(text: str) -> list[tuple[str, Decimal]]:
    """What a row says of accounts or grids."""
    if text == "none":
        return []
    return sorted((key, Decimal(amount)) for key, amount in (part.split(" ") for part in text.split(", ")))


@pytest.mark.parametrize("cells", [*rows("Sales"), *rows("Purchases")], ids=lambda cells: cells[0])
def test_the_books_do_as_was_worked_out_by_hand(keep: Keep, cells: list[str]) -> None:
    """Law and practice on one side, the program on the other."""
    given = case(cells)
    entry, grids, _ = given.expected
    books = keep([given.document], given.lines, COMPANY_OF_THE_CASES)
    assert [row["reasons"] for row in books.states.to_pylist()] == [[]]
    assert sum(amount for _, amount in amounts(entry)) == 0, "the row does not balance"
    assert sorted((row["account"], row["amount"]) for row in books.postings.to_pylist()) == amounts(entry)
    assert sorted(grid_totals(document_grids(books.vat, books.states)).items()) == amounts(grids)


@pytest.mark.parametrize("cells", rows("Held"), ids=lambda cells: cells[0])
def test_what_cannot_be_booked_for_certain_is_held(keep: Keep, cells: list[str]) -> None:
    """And for the reasons that the row says, no others."""
    given = case(cells)
    books = keep([given.document], given.lines, COMPANY_OF_THE_CASES)
    codes = [f"`{reason['code']}`" for row in books.states.to_pylist() for reason in row["reasons"]]
    assert [", ".join(codes)] == given.expected
    assert books.postings.num_rows == books.vat.num_rows == 0


def test_the_tables_are_read() -> None:
    """A heading that was renamed must not leave nothing to test."""
    assert len(rows("Sales")) >= 17
    assert len(rows("Purchases")) >= 13
    assert len(rows("Held")) >= 6
