"""What must hold for any month of documents."""

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from books_samples import Keep, Row, document, line, with_defaults
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robaws_pipeline.books import Books

CENT = Decimal("0.01")
RATES = {
    "21": ("standard", 21, 0),
    "12": ("standard", 12, 0),
    "6": ("standard", 6, 0),
    "verlegd": ("reverse_charge", 0, 21),
    "vrijgesteld": ("exempt", 0, 0),
}
COMPANY = with_defaults(sales="700000", purchases="600000")

# A month holds many documents, so a few months are many cases; planning the SQL is what takes the time.
laws = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Case:
    """A document to be: its lines as (amount, tariff), what is off in its header, and one fault."""

    collection: str
    type: str
    lines: tuple[tuple[Decimal, str], ...]
    off: int
    fault: str | None

    def bases(self) -> dict[str, Decimal]:
        """Σ rounded lines by tariff: the rules again, in plain Python."""
        bases: dict[str, Decimal] = defaultdict(Decimal)
        for amount, tariff in self.lines:
            bases[tariff] += _cents(amount)
        return bases

    def vat(self) -> dict[str, Decimal]:
        """VAT charged by tariff."""
        return {tariff: _cents(base * RATES[tariff][1] / 100) for tariff, base in self.bases().items()}

    def rows(self, id_: str) -> tuple[Row, list[Row]]:
        """The document's and its lines' rows."""
        net, vat = sum(self.bases().values(), Decimal()), sum(self.vat().values(), Decimal())
        head = document(
            id_,
            str(net),
            str(vat),
            str(net + vat + self.off * CENT),
            collection=self.collection,
            type=self.type,
        )
        lines = [
            line(str(amount), tariff, id_, no, collection=self.collection)
            for no, (amount, tariff) in enumerate(self.lines, 1)
        ]
        return head | FAULTS.get(self.fault or "", {}), lines

    @property
    def state(self) -> str:
        """Where it must end."""
        if self.fault in {"draft", "deleted"}:
            return self.fault
        net, vat = sum(self.bases().values(), Decimal()), sum(self.vat().values(), Decimal())
        groups = len({RATES[tariff][:2] for amount, tariff in self.lines if _cents(amount)})
        if self.fault or not self.lines or abs(self.off) > groups or min(net, net + vat + self.off * CENT) < 0:
            return "held"
        return "exported"


FAULTS: dict[str, Row] = {
    "draft": {"number": None},
    "deleted": {"deleted": True},
    "type": {"type": "PROFORMA"},
    "party": {"party_id": "unknown"},
    "currency": {"currency": "GBP"},
    "problem": {"problems": [{"code": "unreadable", "key": "x", "found": "{}", "expected": "text"}]},
    "total": {"gross": None},
}

amounts = st.one_of(
    st.decimals("-500", "5000", places=2),
    st.decimals("0", "50", places=4),
    st.sampled_from([Decimal("0.50"), Decimal("2.675"), Decimal("0.105"), Decimal("-0.005"), Decimal(0)]),
)
cases = st.builds(
    Case,
    collection=st.sampled_from(["sales", "purchases"]),
    type=st.sampled_from(["INVOICE", "CREDIT_NOTE"]),
    lines=st.lists(st.tuples(amounts, st.sampled_from(list(RATES))), max_size=6).map(tuple),
    off=st.sampled_from([0, 0, 0, 1, -1, 2, -3, 5000]),
    fault=st.one_of(st.none(), st.none(), st.none(), st.sampled_from(list(FAULTS))),
)
months = st.lists(cases, max_size=30)


def _keep(keep: Keep, month: list[Case], order: Any = None) -> Books:
    documents, lines = [], []
    for number, case in enumerate(month):
        head, its_lines = case.rows(str(number))
        documents.append(head)
        lines += its_lines
    if order is not None:
        order.shuffle(documents)
        order.shuffle(lines)
    return keep(documents, lines, COMPANY)


def _by_document(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["document_id"]].append(row)
    return found


@settings(laws, max_examples=10)
@given(month=months)
def test_every_document_ends_in_one_state_and_every_entry_balances(keep: Keep, month: list[Case]) -> None:
    """Complete, exact, balanced: the three promises of the books, against the rules written again in Python."""
    books = _keep(keep, month)
    states, entries = _by_document(books.states.to_pylist()), _by_document(books.postings.to_pylist())
    recaps = _by_document(books.vat.to_pylist())
    assert sorted(states) == sorted(str(number) for number in range(len(month)))
    for number, case in enumerate(month):
        id_ = str(number)
        (row,) = states[id_]
        entry, recap = entries.get(id_, []), recaps.get(id_, [])
        assert row["state"] == case.state, (case, row["reasons"])
        assert bool(row["reasons"]) == (row["state"] == "held")
        if row["state"] != "exported":
            assert entry == recap == []
            continue
        assert sum(posting["amount"] for posting in entry) == 0
        assert all(posting["amount"] for posting in entry)
        assert [posting["posting_no"] for posting in entry] == list(range(1, len(entry) + 1))
        sign = 1 if case.type == "INVOICE" else -1
        side = sign if case.collection == "sales" else -sign
        gross = sum(case.bases().values()) + sum(case.vat().values()) + case.off * CENT
        assert row["gross"] == sign * gross
        assert [posting["amount"] for posting in entry if posting["kind"] == "party"] == [side * gross] * bool(gross)
        assert [posting["amount"] for posting in entry if posting["kind"] == "line"] == [
            -side * _cents(amount) for amount, _ in case.lines if _cents(amount)
        ]
        assert sum(posting["amount"] for posting in entry if posting["kind"] == "rounding") == -side * case.off * CENT
        ours = case.collection == "purchases"
        assert {
            (item["treatment"], item["rate"]): (item["base"], item["vat"], item["self_assessed_vat"]) for item in recap
        } == {
            RATES[tariff][:2]: (
                sign * base,
                sign * case.vat()[tariff],
                sign * _cents(base * RATES[tariff][2] / 100) * ours,
            )
            for tariff, base in case.bases().items()
        }


@laws
@given(month=months)
def test_a_credit_note_is_the_mirror_of_the_same_invoice(keep: Keep, month: list[Case]) -> None:
    """Crediting an invoice in full must leave nothing behind, on any account."""
    typed = [case for case in month if case.fault != "type"]
    invoices = [replace(case, type="INVOICE") for case in typed]
    notes = [replace(case, type="CREDIT_NOTE") for case in typed]
    plain, mirrored = _keep(keep, invoices), _keep(keep, notes)
    assert plain.states["state"] == mirrored.states["state"]
    for table, amounts in (("states", ("net", "vat", "gross")), ("vat", ("base", "vat", "self_assessed_vat"))):
        for one, other in zip(getattr(plain, table).to_pylist(), getattr(mirrored, table).to_pylist(), strict=True):
            assert [one[key] for key in amounts] == [other[key] and -other[key] for key in amounts]
    for one, other in zip(plain.postings.to_pylist(), mirrored.postings.to_pylist(), strict=True):
        assert (one["document_id"], one["account"], one["kind"], one["amount"]) == (
            other["document_id"],
            other["account"],
            other["kind"],
            -other["amount"],
        )


@laws
@given(month=months, order=st.randoms(use_true_random=False))
def test_order_of_arrival_and_repetition_change_nothing(keep: Keep, month: list[Case], order: Any) -> None:
    """Same documents, same books, to the row: files of a rerun can be compared byte for byte."""
    books = _keep(keep, month)
    assert books == _keep(keep, month)
    assert books == _keep(keep, month, order)


@laws
@given(month=months, bad=cases)
def test_a_document_more_changes_no_other(keep: Keep, month: list[Case], bad: Case) -> None:
    """Whatever is wrong with one document, the entries of all others stay what they are."""
    alone, together = _keep(keep, month), _keep(keep, [*month, bad])
    extra = str(len(month))
    for table in ("states", "vat", "postings"):
        kept = [row for row in getattr(together, table).to_pylist() if row["document_id"] != extra]
        assert kept == getattr(alone, table).to_pylist()


@pytest.mark.parametrize("collection", ["sales", "purchases"])
def test_lines_of_another_document_or_collection_are_not_taken(keep: Keep, collection: str) -> None:
    """Ids are unique within a collection only: sales 1 and purchases 1 are two documents."""
    books = keep(
        [document(collection=collection)],
        [line(collection=collection), line("5.00", collection="purchases" if collection == "sales" else "sales")],
    )
    assert books.states["state"].to_pylist() == ["exported"]
    assert books.postings.num_rows == 3
