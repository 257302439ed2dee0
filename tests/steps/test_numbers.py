"""Numbers that somebody has to explain: gaps in our own, and suppliers' that are there twice."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from steps_company import MONTHS, Loaded

from robaws_pipeline.schema import DOCUMENTS, STATES, Table
from robaws_pipeline.steps import audit
from robaws_pipeline.steps.workspace import Workspace

JANUARY, FEBRUARY, MARCH = MONTHS
YEAR = int(JANUARY[:4])
YY = JANUARY[2:4]


def _write(workspace: Workspace, table: Table, rows: list[Mapping[str, Any]]) -> None:
    names = table.schema.names
    for month in MONTHS:
        here = [row for row in rows if row["month"] == month]
        workspace.tables.write(table, table.table({name: [row.get(name) for row in here] for name in names}), month)


def sales(workspace: Workspace, *numbers: tuple[str, str], deleted: tuple[str, ...] = ()) -> None:
    """Sales in the books: (month, number) each."""
    rows = [
        {
            "collection": "sales",
            "document_id": str(position),
            "month": month,
            "number": number,
            "type": "INVOICE",
            "date": date(int(month[:4]), int(month[5:]), 10),
            "state": "deleted" if number in deleted else "exported",
            "reasons": [],
        }
        for position, (month, number) in enumerate(numbers)
    ]
    _write(workspace, STATES, rows)


def gaps(workspace: Workspace, *months: str) -> list[tuple[str, str, str]]:
    """Month, number and text of each finding."""
    found = audit.told(workspace, months or MONTHS)["number_gap"]
    return [(finding.month, finding.number, finding.detail) for finding in found]


def test_a_missing_number_is_told_where_the_series_goes_on(acme: Loaded) -> None:
    """The person who has to explain it sees between which invoices to look."""
    numbers = [(JANUARY, f"F{YY}0001"), (JANUARY, f"F{YY}0002"), (FEBRUARY, f"F{YY}0004"), (MARCH, f"F{YY}0008")]
    sales(acme.workspace, *numbers)
    first = (FEBRUARY, f"F{YY}0004", f"F{YY}0003 is not there, after F{YY}0002")
    second = (MARCH, f"F{YY}0008", f"F{YY}0005 to F{YY}0007 (3 numbers) are not there, after F{YY}0004")
    assert gaps(acme.workspace) == [first, second]
    assert gaps(acme.workspace, MARCH) == [second]


def test_a_number_that_was_deleted_is_a_gap_with_its_cause(acme: Loaded) -> None:
    """Half of the explanation is known here already."""
    numbers = [(JANUARY, f"F{YY}0001"), (JANUARY, f"F{YY}0002"), (FEBRUARY, f"F{YY}0003")]
    sales(acme.workspace, *numbers, deleted=(f"F{YY}0002",))
    (finding,) = gaps(acme.workspace)
    assert finding[2] == f"F{YY}0002 is not there, after F{YY}0001; deleted in Robaws: F{YY}0002"


@pytest.mark.parametrize(
    "numbers",
    [
        [(JANUARY, f"F{YY}0001"), (FEBRUARY, f"F{YY}0002"), (MARCH, f"C{YY}0007")],
        [(JANUARY, f"{YEAR}-0009"), (FEBRUARY, f"{YEAR}-0010")],
        [(JANUARY, f"{YEAR}0001"), (FEBRUARY, f"{YEAR}0002")],
        [(JANUARY, "999"), (FEBRUARY, "1000"), (MARCH, "1001")],
        [(JANUARY, "concept"), (FEBRUARY, "concept 2b")],
        [(JANUARY, f"F{YY}0001"), (FEBRUARY, f"F{YY}0001")],
    ],
    ids=["two series", "year and dash", "year in front", "no year", "no digits", "one twice"],
)
def test_a_whole_series_has_no_gap(acme: Loaded, numbers: list[tuple[str, str]]) -> None:
    """A warning that is wrong teaches people to ignore the next one."""
    sales(acme.workspace, *numbers)
    assert gaps(acme.workspace) == []


def test_a_new_year_begins_a_new_series(acme: Loaded) -> None:
    """The first number of the year does not follow the last one of the year before."""
    many = [(JANUARY, f"F{YY}{number:04}") for number in range(1, 30)]
    sales(acme.workspace, *many, (JANUARY, f"F{int(YY) - 1:02}0412"))
    assert gaps(acme.workspace) == []


def purchases(workspace: Workspace, *rows: tuple[str, str, str, str], deleted: tuple[str, ...] = ()) -> None:
    """Purchases: (month, id, supplier, supplier's number) each, for 121.00."""
    documents, states = [], []
    for month, id_, supplier, reference in rows:
        day = date(int(month[:4]), int(month[5:]), 10)
        head = {"collection": "purchases", "month": month, "type": "INVOICE", "date": day}
        documents.append(
            {**head, "id": id_, "party_id": supplier, "supplier_number": reference, "problems": [], "deleted": False}
        )
        state = "deleted" if id_ in deleted else "exported"
        states.append(
            {**head, "document_id": id_, "number": f"I{id_}", "state": state, "reasons": [], "gross": Decimal(121)}
        )
    _write(workspace, DOCUMENTS, documents)
    _write(workspace, STATES, states)


def test_a_suppliers_invoice_that_was_entered_twice_is_told(acme: Loaded) -> None:
    """The double invoice that nobody sees, since both have a number of their own in Robaws."""
    purchases(
        acme.workspace,
        (JANUARY, "1", "9", "2026/118"),
        (MARCH, "2", "9", "2026-118 "),
        (MARCH, "3", "8", "2026/118"),
        (MARCH, "4", "9", ""),
        (MARCH, "5", "9", ""),
    )
    (finding,) = audit.told(acme.workspace, MONTHS)["duplicate_supplier_number"]
    assert (finding.month, finding.number) == (MARCH, "I2")
    assert finding.detail == f"supplier's number 2026-118 for 121.00 is also on I1 of {JANUARY}-10 for 121.00"
    assert audit.told(acme.workspace, [JANUARY])["duplicate_supplier_number"] == []


def test_one_that_was_deleted_is_no_duplicate(acme: Loaded) -> None:
    """Whoever entered it twice has put it right."""
    rows = (JANUARY, "1", "9", "A1"), (MARCH, "2", "9", "A1")
    purchases(acme.workspace, *rows, deleted=("1",))
    assert audit.told(acme.workspace, MONTHS)["duplicate_supplier_number"] == []
