"""Entries worked out by hand."""

from datetime import date
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from books_samples import (
    GL_ACCOUNTS,
    PARTIES,
    Keep,
    Row,
    document,
    documents_of,
    entry,
    line,
    lines_of,
    state,
    with_defaults,
)

from robaws_pipeline import schema
from robaws_pipeline.books import keep_books


def test_a_sales_invoice_with_two_rates_books_customer_turnover_and_vat(keep: Keep) -> None:
    """The commonest document there is: 540.00 at 21 % and 300.00 at 6 %."""
    books = keep(
        [document(net="840.00", vat="131.40", gross="971.40")],
        [line("540.00", "21", no=1), line("300.00", "6", no=2, gl_account_id="71", gl_account_code="701000")],
    )
    assert entry(books) == [
        ("party", "400000", "971.40"),
        ("line", "700000", "-540.00"),
        ("line", "701000", "-300.00"),
        ("vat", "451000", "-18.00"),
        ("vat", "451000", "-113.40"),
    ]
    assert [
        (row["treatment"], str(row["rate"]), str(row["base"]), str(row["vat"]), str(row["self_assessed_vat"]))
        for row in books.vat.to_pylist()
    ] == [("standard", "6.0000", "300.00", "18.00", "0.00"), ("standard", "21.0000", "540.00", "113.40", "0.00")]


def test_a_credit_note_is_booked_the_other_way_round(keep: Keep) -> None:
    """Credit notes have positive amounts in Robaws: only the type tells the direction."""
    books = keep([document(type="CREDIT_NOTE")], [line()])
    assert entry(books) == [
        ("party", "400000", "-121.00"),
        ("line", "700000", "100.00"),
        ("vat", "451000", "21.00"),
    ]
    (vat,) = books.vat.to_pylist()
    assert (vat["base"], vat["vat"]) == (Decimal("-100.00"), Decimal("-21.00"))
    assert (state(books)["net"], state(books)["gross"]) == (Decimal("-100.00"), Decimal("-121.00"))
    assert {row["journal"] for row in books.postings.to_pylist()} == {"VKC"}
    assert books.postings["vat_base"].to_pylist() == [None, None, Decimal("-100.00")]


@pytest.mark.parametrize(
    ("type_", "sign", "journal"), [("INVOICE", 1, "AK"), ("CREDIT_NOTE", -1, "AKC")], ids=["invoice", "credit note"]
)
def test_a_purchase_debits_cost_and_vat_and_credits_the_supplier(
    keep: Keep, type_: str, sign: int, journal: str
) -> None:
    """Purchases run opposite to sales, on the suppliers' and the deductible accounts."""
    books = keep(
        [document(collection="purchases", type=type_)],
        [line(collection="purchases", gl_account_id="60", gl_account_code="604000")],
    )
    expected = [("party", "440000", -121), ("line", "604000", 100), ("vat", "411000", 21)]
    assert entry(books, collection="purchases") == [
        (kind, account, f"{sign * amount}.00") for kind, account, amount in expected
    ]
    assert {(row["journal"], row["party_code"]) for row in books.postings.to_pylist()} == {(journal, "S1")}


@pytest.mark.parametrize(("type_", "sign"), [("INVOICE", 1), ("CREDIT_NOTE", -1)], ids=["invoice", "credit note"])
def test_reverse_charge_on_a_purchase_is_owed_and_deducted_by_ourselves(keep: Keep, type_: str, sign: int) -> None:
    """A subcontractor's invoice without VAT: 21 % of 33.35 is 7.0035, due on one account, deducted on another."""
    books = keep(
        [document(collection="purchases", type=type_, net="33.35", vat="0", gross="33.35", party_id="8")],
        [line("33.35", "Medecontractant", collection="purchases", gl_account_id="60", gl_account_code="604000")],
    )
    due, cost = f"{-sign * 7}.00", f"{sign * Decimal('33.35')}"
    assert entry(books, collection="purchases") == [
        ("party", "440000", f"{-sign * Decimal('33.35')}"),
        ("line", "604000", cost),
        ("self_assessed_due", "451056", due),
        ("self_assessed_deductible", "411000", f"{sign * 7}.00"),
    ]
    (vat,) = books.vat.to_pylist()
    assert (vat["treatment"], vat["rate"], vat["self_assessed_rate"]) == ("reverse_charge", 0, 21)
    assert (vat["base"], vat["vat"], vat["self_assessed_vat"]) == (sign * Decimal("33.35"), 0, sign * 7)
    due_row = books.postings.to_pylist()[2]
    assert (due_row["rate"], due_row["vat_base"]) == (21, sign * Decimal("33.35"))


def test_reverse_charge_on_a_sale_leaves_the_vat_to_the_customer(keep: Keep) -> None:
    """The same tariff on a sale books no VAT at all: the rate we would self-assess is the customer's."""
    books = keep([document(vat="0.00", gross="100.00")], [line(tariff="verlegd", vat_percentage=Decimal(0))])
    assert entry(books) == [("party", "400000", "100.00"), ("line", "700000", "-100.00")]
    (vat,) = books.vat.to_pylist()
    assert (vat["self_assessed_rate"], vat["self_assessed_vat"]) == (0, 0)


def test_lines_round_half_up_before_they_are_added(keep: Keep) -> None:
    """3 × 33.333 = 99.999 is a line of 100.00, and 2.675 is 2.68, which a binary float would make 2.67."""
    books = keep(
        [document(net="99.73", vat="6.14", gross="105.87")],
        [line("99.999", "6", no=1), line("2.675", "6", no=2), line("-2.945", "vrijgesteld", no=3)],
    )
    assert entry(books) == [
        ("party", "400000", "105.87"),
        ("line", "700000", "-100.00"),
        ("line", "700000", "-2.68"),
        ("line", "700000", "2.95"),
        ("vat", "451000", "-6.16"),
        ("rounding", "658000", "0.02"),
    ]


def test_half_a_cent_of_vat_rounds_away_from_zero(keep: Keep) -> None:
    """21 % of 0.50 is 0.105: 0.11 on an invoice, and -0.11 where the line takes off."""
    books = keep(
        [
            document("1", net="0.50", vat="0.11", gross="0.61"),
            document("2", net="9.50", vat="0.49", gross="9.99"),
        ],
        [line("0.50", "21", "1"), line("10.00", "6", "2", no=1), line("-0.50", "21", "2", no=2)],
    )
    assert ("vat", "451000", "-0.11") in entry(books, "1")
    assert ("vat", "451000", "0.11") in entry(books, "2")
    assert not [row for row in books.postings.to_pylist() if row["kind"] == "rounding"]


def test_every_tie_of_a_rate_rounds_up(keep: Keep) -> None:
    """All bases whose 21 % ends in half a cent: a float gets some of these wrong, a decimal none."""
    bases = [Decimal(cents) / 100 for cents in range(50, 200_000, 100)]
    documents, lines, vats = [], [], []
    for number, base in enumerate(bases):
        vat = (base * 21 + Decimal("0.5")) / 100
        vats.append(vat)
        documents.append(document(str(number), str(base), str(vat), str(base + vat), number=f"{number:06}"))
        lines.append(line(str(base), "21", str(number)))
    assert all(vat == vat.quantize(Decimal("0.01")) for vat in vats)
    assert keep(documents, lines).vat["vat"].to_pylist() == vats


def test_nothing_on_the_way_is_a_float(keep: Keep, connection: duckdb.DuckDBPyConnection) -> None:
    """One DOUBLE in the SQL and some cent of some month is wrong: DuckDB's `/` gives one without a word."""
    keep([document(net="2.675", vat="0.56", gross="3.23")], [line("2.675")])
    columns = connection.sql(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE database_name = 'temp'"
    ).fetchall()
    assert {"entry", "booked_line", "vat_group", "total", "reason", "state"} <= {table for table, _, _ in columns}
    assert [row for row in columns if "DOUBLE" in row[2] or "FLOAT" in row[2]] == []


def test_the_party_pays_what_the_invoice_says_and_the_cent_goes_to_rounding(keep: Keep) -> None:
    """121.06 by the rules and 121.05 asked of the customer: 121.05 is what will arrive at the bank."""
    books = keep([document(net="100.05", vat="21.00", gross="121.05")], [line("100.05")])
    assert entry(books) == [
        ("party", "400000", "121.05"),
        ("line", "700000", "-100.05"),
        ("vat", "451000", "-21.01"),
        ("rounding", "658000", "0.01"),
    ]


def test_without_a_vat_total_only_the_gross_is_compared(keep: Keep) -> None:
    """Robaws's key of the VAT total is not certain: its absence must not hold every document."""
    books = keep([document(vat=None)], [line()])
    assert (state(books)["state"], state(books)["vat"]) == ("exported", None)


def test_text_lines_count_only_when_they_carry_an_amount(keep: Keep) -> None:
    """A text line has no tariff, account or amount, and must not hold the document; with an amount it is a line."""
    text: Row = {"type": "TEXT", "gl_account_id": None, "gl_account_code": None, "gl_account_name": None}
    books = keep(
        [document(), document("2")],
        [
            line(no=1),
            line(None, None, no=2, **text),
            line("0", None, no=3, **text),
            line("60", "21", "2", no=1),
            line("40", "21", "2", no=2, type="TEXT"),
        ],
    )
    assert [kind for kind, _, _ in entry(books)] == ["party", "line", "vat"]
    assert entry(books, "2")[1:3] == [("line", "700000", "-60.00"), ("line", "700000", "-40.00")]


def test_a_line_of_nothing_gives_no_posting_and_needs_no_account(keep: Keep) -> None:
    """Lines for information ("included") are normal: programs refuse an entry of 0.00, and it needs no account."""
    bare: Row = {"gl_account_id": None, "gl_account_code": None}
    books = keep(
        [document(), document("2", "0", "0", "0")],
        [line(no=1), line("0.00", None, no=2, **bare), line("0", None, "2", **bare)],
    )
    assert [kind for kind, _, _ in entry(books)] == ["party", "line", "vat"]
    assert (state(books, "2")["state"], entry(books, "2")) == ("exported", [])


def test_the_account_is_the_lines_own_then_its_ids_then_the_default(keep: Keep) -> None:
    """A line's account is looked for where Robaws may have put it, and the default stands in last."""
    nothing: Row = {"gl_account_id": None, "gl_account_code": None, "gl_account_name": None}
    rows = [
        line("10.00", no=1, gl_account_code="700999", gl_account_name="Eigen naam"),
        line("20.00", no=2, **nothing | {"gl_account_id": "71"}),
        line("30.00", no=3, **nothing),
        line("40.00", no=4, **nothing | {"gl_account_code": " 701000 "}),
    ]
    books = keep([document()], rows, with_defaults(sales="700000"))
    assert [(row["account"], row["account_name"]) for row in books.postings.to_pylist()] == [
        ("400000", "Klanten"),
        ("700999", "Eigen naam"),
        ("701000", "Goederen"),
        ("700000", "Werken"),
        ("701000", "Goederen"),
        ("451000", None),
    ]


def test_each_collection_has_its_own_default_account(keep: Keep) -> None:
    """A purchase without account must not end up in the turnover."""
    nothing: Row = {"gl_account_id": None, "gl_account_code": None, "gl_account_name": None}
    books = keep(
        [document(), document(collection="purchases")],
        [line(**nothing), line(collection="purchases", **nothing)],
        with_defaults(sales="700000", purchases="600000"),
    )
    assert entry(books)[1][1] == "700000"
    assert entry(books, collection="purchases")[1][1] == "600000"


def test_postings_carry_what_a_reader_of_the_journal_wants(keep: Keep) -> None:
    """Due date and payment reference sit on the open item, project and text on the line, treatment on both."""
    books = keep(
        [document()],
        [line(description="\n  Isolatie dak \r\nlot 3", project_id="P7", activity_id="A2", vat_percentage=Decimal(21))],
    )
    party, turnover, vat = books.postings.to_pylist()
    assert (party["description"], party["due_date"], party["payment_reference"]) == (
        "Bouw Peeters BV",
        date(2026, 4, 9),
        "+++123/4567/89002+++",
    )
    assert (turnover["description"], turnover["project_id"], turnover["line_no"]) == ("Isolatie dak", "P7", 1)
    assert (turnover["activity_id"], vat["activity_id"]) == ("A2", None)
    assert (turnover["due_date"], turnover["payment_reference"], vat["project_id"]) == (None, None, None)
    assert [(row["treatment"], row["rate"]) for row in (party, turnover, vat)] == [
        (None, None),
        ("standard", 21),
        ("standard", 21),
    ]
    assert vat["vat_base"] == Decimal("100.00")
    for row in (party, turnover, vat):
        assert (row["party_code"], row["number"], row["date"], row["journal"]) == (
            "C1",
            "2026-1",
            date(2026, 3, 10),
            "VK",
        )
    assert [row["posting_no"] for row in (party, turnover, vat)] == [1, 2, 3]


def test_a_tariff_is_found_by_id_before_its_name(keep: Keep) -> None:
    """Tariff 9 is called "geen", which means nothing by itself; the settings say what id 9 is."""
    books = keep([document()], [line(tariff="geen", vat_tariff_id="9")])
    assert state(books)["state"] == "exported"


def test_months_kept_together_come_apart_as_if_kept_alone(keep: Keep, connection: duckdb.DuckDBPyConnection) -> None:
    """A range of months is kept in one call for speed; each month's tables must be the same as on their own."""
    april: Row = {"month": "2026-04", "date": date(2026, 4, 1)}
    documents = [
        document("3", **april),
        document("1"),
        document("2", number=None),
        document("4", number=None, month="2026-05", date=date(2026, 5, 2)),
    ]
    lines = [line(id_="1"), line(id_="3", month="2026-04"), line(id_="2")]
    together = keep(documents, lines).by_month()
    assert list(together) == ["2026-03", "2026-04", "2026-05"]
    for month, books in together.items():
        alone = keep(
            [row for row in documents if row["month"] == month], [row for row in lines if row["month"] == month]
        )
        assert (books.states, books.vat, books.postings) == (alone.states, alone.vat, alone.postings)


def test_results_have_exactly_the_tables_of_the_schema(keep: Keep) -> None:
    """Every floor above relies on names, order and types; also when there is nothing."""
    for books in (keep([], []), keep([document()], [line()]), keep([document("x", number=None)], [])):
        assert books.states.schema.equals(schema.STATES.schema)
        assert books.vat.schema.equals(schema.VAT.schema)
        assert books.postings.schema.equals(schema.POSTINGS.schema)
    assert keep([], []).by_month() == {}


def test_books_need_no_workspace_of_the_caller() -> None:
    """The connection is there for speed only."""
    books = keep_books(documents_of([document()]), lines_of([line()]), PARTIES, GL_ACCOUNTS, with_defaults())
    assert books.postings.num_rows == 3


@pytest.mark.parametrize("twice", ["documents", "parties", "gl_accounts"])
def test_an_id_that_occurs_twice_is_refused(twice: str) -> None:
    """Two versions of one document would be booked twice, a party's would double its invoices: loudly no."""
    tables = {
        "documents": documents_of([document()]),
        "lines": lines_of([line()]),
        "parties": PARTIES,
        "gl_accounts": GL_ACCOUNTS,
    }
    tables[twice] = pa.concat_tables([tables[twice], tables[twice].slice(0, 1)])
    with pytest.raises(ValueError, match=f"{twice}: .* occurs 2 times"):
        keep_books(**tables, company=with_defaults())
