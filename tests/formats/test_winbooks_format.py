"""WinBooks's files, read back with a reader of its columns that shares nothing with what writes them.

No program that reads them can be installed: the widths and columns here are those of the vendor's field list.
"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from kept_months import booked_on
from months import brisk, months, texts

from robaws_pipeline.formats import registry, testing
from robaws_pipeline.formats.base import Export, ExportFile, MonthBooks
from robaws_pipeline.formats.samples import COMPANY, Document, Line, Party, build
from robaws_pipeline.formats.winbooks import WinbooksFormat
from robaws_pipeline.formats.winbooks.options import USUAL_CODES, WinbooksSettings
from robaws_pipeline.settings import Company

ACT_WIDTHS = {
    "DOCTYPE": 1, "DBKCODE": 6, "DBKTYPE": 1, "DOCNUMBER": 8, "DOCORDER": 3, "OPCODE": 5, "ACCOUNTGL": 8,
    "ACCOUNTRP": 10, "BOOKYEAR": 1, "PERIOD": 2, "DATE": 8, "DATEDOC": 8, "DUEDATE": 8, "COMMENT": 40,
    "COMMENTEXT": 35, "AMOUNT": 17, "AMOUNTEUR": 17, "VATBASE": 17, "VATCODE": 6, "CURRAMOUNT": 17, "CURRCODE": 3,
    "CUREURBASE": 17, "VATTAX": 17, "VATIMPUT": 6, "CURRATE": 12, "REMINDLEV": 1, "MATCHNO": 8, "OLDDATE": 8,
    "ISMATCHED": 1, "ISLOCKED": 1, "ISIMPORTED": 1, "ISPOSITIVE": 1, "ISTEMP": 1, "MEMOTYPE": 1, "ISDOC": 1,
    "DOCSTATUS": 1, "DICFROM": 16, "CODAKEY": 10,
}  # fmt: skip
CSF_WIDTHS = {
    "NUMBER": 10, "TYPE": 1, "NAME1": 40, "NAME2": 40, "CIVNAME1": 10, "CIVNAME2": 10, "ADDRESS1": 40, "ADDRESS2": 40,
    "VATCAT": 1, "COUNTRY": 6, "VATNUMBER": 15, "PAYCODE": 10, "TELNUMBER": 35, "FAXNUMBER": 25, "BNKACCNT": 40,
    "ZIPCODE": 10, "CITY": 40, "DEFLTPOST": 8, "LANG": 2, "CATEGORY": 10, "CENTRAL": 8, "VATCODE": 10, "CURRENCY": 3,
}  # fmt: skip
Rows = list[dict[str, str]]

VERLEGD = ({"collection": "purchases", "treatment": "reverse_charge", "rate": Decimal(21), "code": "112304"},)
EVERYTHING = (
    *VERLEGD,
    {"collection": "sales", "treatment": "exempt", "code": "244600"},
)
"""Codes for what has none of its own in the generated months."""


def company(**own: Any) -> Company:
    return COMPANY.model_copy(update={"format": {"winbooks": own}})


def coded(books: MonthBooks, **own: Any) -> MonthBooks:
    codes = own.pop("vat_codes", EVERYTHING)
    extra = tuple(
        {"collection": "purchases", "treatment": treatment, "rate": Decimal(rate), "code": f"99{position}"}
        for position, (treatment, rate) in enumerate([("exempt", 0), ("export", 0), ("standard", 0)])
    )
    return replace(books, company=company(vat_codes=(*codes, *extra), **own))


def parsed(content: bytes, widths: dict[str, int], encoding: str = "cp1252") -> Rows:
    """Rows as WinBooks would cut them: every field quoted, no quote inside, CRLF, nothing wider than its column."""
    text = content.decode(encoding)
    assert text == "" or text.endswith("\r\n")
    rows = []
    for line in text.split("\r\n")[:-1]:
        assert re.fullmatch(r'"[^"\n\r]*"(,"[^"\n\r]*")*', line), line
        cells = next(csv.reader(io.StringIO(line)))
        assert len(cells) == len(widths), line
        row = dict(zip(widths, cells, strict=True))
        assert all(len(row[name]) <= width for name, width in widths.items()), row
        rows.append(row)
    return rows


def exported(books: MonthBooks) -> tuple[dict[str, bytes], Export]:
    files, export = testing.read_export(WinbooksFormat(), books)
    return {file.path: file.content for file in files}, export


def act(books: MonthBooks, encoding: str = "cp1252") -> Rows:
    return parsed(exported(books)[0]["act.txt"], ACT_WIDTHS, encoding)


def by_document(rows: Iterable[dict[str, str]]) -> dict[tuple[str, str], Rows]:
    found: dict[tuple[str, str], Rows] = defaultdict(list)
    for row in rows:
        found[row["DBKCODE"], row["DOCNUMBER"]].append(row)
    return found


def read(file: ExportFile) -> object:
    widths = {"act.txt": ACT_WIDTHS, "csf.txt": CSF_WIDTHS}.get(file.path)
    return parsed(file.content, widths) if widths else testing.read_utf8(file)


@pytest.mark.parametrize("sample", testing.SAMPLES)
def test_it_keeps_the_promises_of_a_format(sample: str) -> None:
    """Formulas, no parties, numbers that are no numbers: each document is written whole or held with a reason."""
    testing.check(WinbooksFormat, sample, read)


@brisk
@given(months())
@example(testing.ordinary())
def test_every_document_balances_with_one_party_and_the_amounts_of_the_books(books: MonthBooks) -> None:
    """WinBooks refuses a document that is off by a cent, and nobody would see one that balances on wrong accounts."""
    books = coded(books)
    files, export = exported(books)
    documents = by_document(parsed(files["act.txt"], ACT_WIDTHS))
    states = {(row["collection"], row["document_id"]): row for row in books.states.to_pylist()}
    assert len(documents) == len(export.documents)
    assert all(item.code == "winbooks_zero" for item in export.held)
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for key in export.documents:
        state = states[key]
        sales, credit = state["collection"] == "sales", state["type"] == "CREDIT_NOTE"
        journal = ("VK" if sales else "AK") + ("C" if credit else "")
        rows = documents[journal, state["number"][1:]]
        (party,) = [row for row in rows if row["DOCTYPE"] in "12"]
        assert party is rows[0]
        assert (party["DOCTYPE"], party["DBKTYPE"]) == ("1" if sales else "2", str(2 * sales + credit))
        assert Decimal(party["AMOUNTEUR"]) == (state["gross"] if sales else -state["gross"])
        assert sum(Decimal(row["AMOUNTEUR"]) for row in rows) == 0
        assert all((Decimal(row["AMOUNTEUR"]) == 0) == (row["DOCTYPE"] == "4") for row in rows)
        for row in rows:
            sums[(journal, row["ACCOUNTGL"])] += Decimal(row["AMOUNTEUR"])
    booked: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for posting in books.postings.to_pylist():
        if (posting["collection"], posting["document_id"]) in export.documents:
            booked[posting["journal"], posting["account"]] += posting["amount"]
    assert {key: value for key, value in sums.items() if value} == {
        key: value for key, value in booked.items() if value
    }


@brisk
@given(months())
@example(testing.ordinary())
def test_vat_bases_by_code_are_those_of_the_books(books: MonthBooks) -> None:
    """The grids of the accountant's return come from these rows: code, base and amount."""
    books = coded(books)
    files, export = exported(books)
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (journal, number), rows in by_document(parsed(files["act.txt"], ACT_WIDTHS)).items():
        legs = {(row["VATCODE"], Decimal(row["VATBASE"])) for row in rows if row["DOCORDER"] == "VAT"}
        assert all(row["OPCODE"] == "FIXED" and row["VATCODE"] for row in rows if row["DOCORDER"] == "VAT")
        assert len({code for code, _ in legs}) == len(legs), f"{journal} {number}: a code has two bases"
        for code, base in legs:
            found[journal, code] += base
    expected: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    types = {(row["collection"], row["document_id"]): row["type"] for row in books.states.to_pylist()}
    codes = books.company.of_format("winbooks", WinbooksSettings).vat_codes + USUAL_CODES
    for row in books.vat.to_pylist():
        key = row["collection"], row["document_id"]
        if key not in export.documents:
            continue
        credit = types[key] == "CREDIT_NOTE"
        rate = row["rate"] or row["self_assessed_rate"]
        fits = [
            code.code
            for code in codes
            if (code.collection, code.treatment, code.rate) == (row["collection"], row["treatment"], rate)
            and code.nature in {None, row["nature"]}
        ]
        journal = ("VK" if row["collection"] == "sales" else "AK") + ("C" if credit else "")
        expected[journal, fits[0]] += -row["base"] if credit else row["base"]
    assert {key: base for key, base in found.items() if base} == {key: base for key, base in expected.items() if base}


@brisk
@given(texts, texts)
def test_texts_fit_and_nothing_moves_to_another_column(name: str, description: str) -> None:
    """A quote or a line end in a name would shift every amount behind it."""
    books = build(
        [Document("1", number="F1", lines=(Line(Decimal("1.00"), description=description),))], [Party("1", name)]
    )
    rows = act(coded(books))
    assert [row["AMOUNTEUR"] for row in rows] == ["1.21", "-1.00", "-0.21"]
    (party,) = parsed(exported(books)[0]["csf.txt"], CSF_WIDTHS)
    assert party["NAME1"] == rows[0]["COMMENT"]


def test_a_credit_note_is_its_invoice_with_the_signs_turned_and_the_base_positive() -> None:
    """The journal's type says that it is a credit note; a negative base would count it twice."""
    lines = (Line(Decimal("1000.00")), Line(Decimal("250.50"), rate=6))
    invoice, note = (
        act(build([Document("1", type=type_, number="1", lines=lines)])) for type_ in ("INVOICE", "CREDIT_NOTE")
    )
    for one, other in zip(invoice, note, strict=True):
        assert Decimal(one["AMOUNTEUR"]) == -Decimal(other["AMOUNTEUR"])
        assert one["VATBASE"] == other["VATBASE"]
        assert one["VATCODE"] == other["VATCODE"]
    assert [row["VATBASE"] for row in note] == ["1250.50", "", "", "250.50", "1000.00"]
    assert {row["DBKTYPE"] for row in note} == {"3"}


@pytest.mark.parametrize(
    ("treatment", "code"),
    [
        ("reverse_charge", "212000"),
        ("intra_community_goods", "221000"),
        ("intra_community_services", "222000"),
        ("export", "231000"),
        ("standard", "211100"),
    ],
)
def test_a_sale_without_vat_has_a_memo_row_that_fills_its_grid(treatment: str, code: str) -> None:
    """Without the row of type 4 the grid of the VAT return stays empty and nobody is told."""
    books = build([Document("1", number="1", lines=(Line(Decimal("800.00"), treatment, 0),))])
    memo = act(books)[-1]
    names = ("DOCTYPE", "DOCORDER", "OPCODE", "ACCOUNTGL", "AMOUNTEUR", "VATBASE", "VATCODE")
    assert [memo[name] for name in names] == [
        "4", "VAT", "FIXED", "", "0.00", "800.00", code,
    ]  # fmt: skip


def test_outside_the_scope_of_vat_there_is_no_vat_row() -> None:
    """Such an amount is in no grid, and a code for it would put it in one."""
    books = build([Document("1", number="1", lines=(Line(Decimal("800.00"), "outside_scope", 0),))])
    assert [row["DOCTYPE"] for row in act(books)] == ["1", "3"]


def test_vat_that_we_owe_ourselves_has_both_legs_under_one_code() -> None:
    """Due and deducted cancel out in the entry, and each fills its own grid."""
    line = Line(Decimal("640.00"), "reverse_charge", 0, 21)
    rows = act(coded(build([Document("1", "purchases", number="A1", lines=(line,), supplier_number="2026/118")])))
    vat = [[row[name] for name in ("DOCTYPE", "ACCOUNTGL", "AMOUNTEUR", "VATBASE", "VATCODE")] for row in rows[2:]]
    assert vat == [
        ["3", "411000", "134.40", "640.00", "112304"],
        ["3", "451000", "-134.40", "640.00", "112304"],
    ]
    assert rows[0]["COMMENT"] == "2026/118"


def test_the_nature_of_a_purchase_decides_its_code() -> None:
    """Goods, services and investments are in grids 81, 82 and 83: one code for all would fill the wrong one."""
    books = build([Document("1", "purchases", number="A1")])
    for nature, code in (("goods", "111104"), ("services", "112104"), ("investment", "113104")):
        position = books.vat.schema.get_field_index("nature")
        vat = books.vat.set_column(position, "nature", pa.array([nature]))
        assert act(replace(books, vat=vat))[-1]["VATCODE"] == code


def test_an_unmapped_code_holds_the_document_here_only_until_the_settings_have_it() -> None:
    """The accountant's code for subcontractors is nobody's to guess; the UBL of the same document is not touched."""
    books = testing.ordinary()
    _, export = exported(books)
    assert {(item.collection, item.document_id, item.code) for item in export.held} == {
        ("purchases", "11", "winbooks_vat_code"),
        ("purchases", "12", "winbooks_vat_code"),
    }
    assert export.held[0].detail == "purchases, reverse charge, 21 %, services (invoice)"
    files, export = exported(replace(books, company=company(vat_codes=VERLEGD)))
    assert export.held == []
    assert {("purchases", "11"), ("purchases", "12")} <= set(export.documents)
    assert b'"112304"' in files["act.txt"]


def test_partly_deductible_vat_needs_a_code_of_its_own_and_books_only_what_is_deducted() -> None:
    """Half of a car's VAT is cost; under the code of full deduction the return would deduct it all."""
    books = build([Document("1", "purchases", number="A1", lines=(Line(Decimal("100.00")),))])
    half = books.vat.set_column(
        books.vat.schema.get_field_index("deductible"),
        "deductible",
        [pa.array([Decimal(50)]).cast(pa.decimal128(7, 4))],
    )
    half = half.set_column(
        half.schema.get_field_index("deductible_vat"),
        "deductible_vat",
        [pa.array([Decimal("10.50")]).cast(pa.decimal128(18, 2))],
    )
    rows = books.postings.to_pylist()
    vat = next(row for row in rows if row["kind"] == "vat")
    vat["amount"] = Decimal("10.50")
    rows.append({**vat, "kind": "not_deductible", "account": "700000", "posting_no": 4})
    car = replace(books, vat=half, postings=pa.Table.from_pylist(rows, books.postings.schema))
    _, export = exported(car)
    assert [item.detail for item in export.held] == ["purchases, standard, 21 %, services, 50 % deductible (invoice)"]
    code = {"collection": "purchases", "treatment": "standard", "rate": 21, "deductible": 50, "code": "112154"}
    found = act(replace(car, company=company(vat_codes=(code,))))
    assert [(row["ACCOUNTGL"], row["AMOUNTEUR"], row["VATCODE"]) for row in found] == [
        ("440000", "-121.00", ""), ("700000", "100.00", ""), ("700000", "10.50", ""), ("411000", "10.50", "112154"),
    ]  # fmt: skip


def test_journals_are_the_books_own_or_those_of_the_settings_and_others_hold() -> None:
    """WinBooks has six characters for a journal, and refuses a file with one that it does not know."""
    books = build([Document("1", number="1"), Document("2", type="CREDIT_NOTE", number="2")])
    assert {row["DBKCODE"] for row in act(books)} == {"VK", "VKC"}
    renamed = replace(books, company=company(journals={"VK": "VENTES"}))
    assert {row["DBKCODE"] for row in act(renamed)} == {"VENTES", "VKC"}
    long = books.postings.set_column(
        books.postings.schema.get_field_index("journal"), "journal", pa.array(["VERKOPEN"] * len(books.postings))
    )
    _, export = exported(replace(books, postings=long))
    assert [(item.code, item.detail) for item in export.held] == [
        ("winbooks_journal", "VERKOPEN is not one to six letters and digits")
    ] * 2
    mapped = replace(books, postings=long, company=company(journals={"VERKOPEN": "VERK"}))
    assert {row["DBKCODE"] for row in act(mapped)} == {"VERK"}


def test_numbers_are_eight_digits_and_never_two_documents() -> None:
    """Two documents with one number in a journal become one entry in WinBooks."""
    numbers = ["F2026-00001", "2026/0002", "2026-0002", None, "offerte", "F7"]
    books = build([Document(str(position), number=number) for position, number in enumerate(numbers)])
    _, export = exported(books)
    assert {item.document_id: item.detail for item in export.held} == {
        "0": "F2026-00001 has 9 digits and WinBooks takes 8",
        "1": "2026/0002 would be 20260002 in journal VK, as other documents of the month",
        "2": "2026-0002 would be 20260002 in journal VK, as other documents of the month",
        "3": "it has none",
        "4": "offerte has no digits",
    }
    skipped = replace(build([Document("1", number="F2026-00001")]), company=company(number_skip=2))
    assert {row["DOCNUMBER"] for row in act(skipped)} == {"2600001"}


def test_a_total_of_zero_is_held_because_winbooks_takes_no_party_without_amount() -> None:
    """Its import refuses the row, and with it the file."""
    lines = (Line(Decimal("5.00")), Line(Decimal("-5.00")))
    _, export = exported(build([Document("1", number="7", lines=lines)]))
    assert [(item.code, item.detail) for item in export.held] == [("winbooks_zero", "7")]


def test_only_parties_of_the_entries_are_in_csf_with_numbers_as_winbooks_writes_them() -> None:
    """WinBooks checks the picture and the digits of a number; a party too many is a privacy matter."""
    parties = [
        Party("1", "Klant NV", vat_number="BE 0999.000.228"),
        Party("2", "Kunde GmbH", vat_number="DE136695976", country="Duitsland"),
        Party("3", "Particulier", vat_number=None),
        Party("4", "Niet in deze maand"),
        Party("1", "Leverancier SA", "supplier", vat_number="FR40303265045", country="FR"),
        Party("2", "Fout nummer", "supplier", vat_number="BE0999000229"),
    ]
    documents = [Document(str(number), number=str(number), party_id=str(number)) for number in (1, 2, 3)]
    documents += [Document(str(number), "purchases", number=str(number), party_id=str(number)) for number in (1, 2)]
    files, _ = exported(build(documents, parties))
    rows = parsed(files["csf.txt"], CSF_WIDTHS)
    names = ("NUMBER", "TYPE", "NAME1", "COUNTRY", "VATNUMBER", "VATCAT", "CENTRAL", "LANG")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("C1", "1", "Klant NV", "", "0999.000.228", "1", "400000", "N"),
        ("C2", "1", "Kunde GmbH", "DE", "136695976", "1", "400000", "N"),
        ("C3", "1", "Particulier", "", "", "3", "400000", "N"),
        ("S1", "2", "Leverancier SA", "FR", "40 303265045", "1", "440000", "N"),
        ("S2", "2", "Fout nummer", "", "", "0", "440000", "N"),
    ]


def test_parties_may_be_called_by_robaws_own_number_and_two_with_one_number_hold() -> None:
    """Two customers under one number would have their invoices on one account."""
    books = build([Document("1", number="1"), Document("2", number="2", party_id="2")], [Party("1"), Party("2")])
    numbered = books.parties.set_column(
        books.parties.schema.get_field_index("number"), "number", pa.array(["1001", "1002"])
    )
    own = company(party_codes="number")
    assert {row["ACCOUNTRP"] for row in act(replace(books, parties=numbered, company=own))} == {"1001", "1002"}
    same = numbered.set_column(numbered.schema.get_field_index("number"), "number", pa.array(["1001", "1001"]))
    _, export = exported(replace(books, parties=same, company=own))
    assert {item.detail for item in export.held} == {"several in Robaws have the number 1001"}
    _, export = exported(replace(books, company=own))
    assert {item.detail for item in export.held} == {"Klant NV has no number in Robaws"}


def test_a_party_that_robaws_did_not_give_is_noted() -> None:
    """WinBooks asks for it at import; a person must know beforehand."""
    _, export = exported(build([Document("1", number="1", party_id="404")]))
    assert export.notes == ["party C404 is not among the clients and suppliers read from Robaws: csf.txt lacks it"]


def test_an_account_longer_than_the_column_holds_the_document() -> None:
    """Cut to eight characters it would be another account."""
    _, export = exported(build([Document("1", number="1", lines=(Line(Decimal(1), account="700000000"),))]))
    assert [item.detail for item in export.held] == ["700000000 is longer than 8 characters"]
    long = COMPANY.model_copy(update={"accounts": COMPANY.accounts.model_copy(update={"vat_due": "451000000"})})
    assert list(WinbooksFormat().missing_settings(long)) == [
        "accounts.vat_due = '451000000': WinBooks has 8 characters for an account: write the dossier's"
    ]


def test_projects_go_to_ant_with_the_number_of_their_line_when_a_zone_is_set() -> None:
    """An analytical amount without its line cannot be matched; without the setting there is no file."""
    books = build([Document("1", number="1", lines=(Line(Decimal("10.00")), Line(Decimal("20.00"))))])
    projects = [None, None, "77", None]
    table = books.postings.set_column(
        books.postings.schema.get_field_index("project_id"), "project_id", pa.array(projects, pa.string())
    )
    books = replace(books, postings=table)
    assert "ant.txt" not in exported(books)[0]
    for zone, place in ((1, 21), (2, 22)):
        files, export = exported(replace(books, company=company(analytical_zone=zone)))
        (row,) = csv.reader(io.StringIO(files["ant.txt"].decode("cp1252")))
        assert len(row) == 28
        assert (row[0], row[1], row[2], row[5], row[9], row[20]) == ("VK", "2", "1", "700000", "-20.00", "-20.00")
        assert (row[place], row[23]) == ("77", "003")
        assert export.documents == {("sales", "1"): ["act.txt"]}
    many = replace(books, company=company(analytical_zone=1), postings=table.set_column(
        table.schema.get_field_index("project_id"), "project_id", pa.array(["12345678901"] * 4)))  # fmt: skip
    assert [item.code for item in exported(many)[1].held] == ["winbooks_account"]


def test_the_book_year_is_counted_from_the_first_one_or_left_to_winbooks() -> None:
    """A wrong year books into a closed one; an empty one is found by the date."""
    books = build([Document("1", number="1")])
    assert {(row["BOOKYEAR"], row["PERIOD"]) for row in act(books)} == {("", "")}
    for first, year, period in (
        ("2026-01", "1", "03"),
        ("2025-07", "1", "09"),
        ("2014-04", "C", "12"),
        ("1970-01", "", ""),
    ):
        found = act(replace(books, company=company(first_book_year=first)))
        assert {(row["BOOKYEAR"], row["PERIOD"]) for row in found} == {(year, period)}
    late = company(first_book_year="2026-02")
    assert "is after start = '2026-01'" in next(iter(WinbooksFormat().missing_settings(late)))


def test_a_document_that_came_late_is_booked_on_the_open_day_and_keeps_its_own() -> None:
    """Booked on its own date it would be in a closed period, of which the return is filed."""
    books = booked_on(build([Document("1", number="1"), Document("2", number="2")]), "1", date(2027, 1, 2))
    books = replace(books, company=company(first_book_year="2026-01", analytical_zone=1))
    found = {row["DOCNUMBER"]: row for row in act(books)}
    columns = ("DATE", "DATEDOC", "BOOKYEAR", "PERIOD")
    assert [found["1"][name] for name in columns] == ["20270102", "20260305", "2", "01"]
    assert [found["2"][name] for name in columns] == ["20260305", "20260305", "1", "03"]


def test_lines_are_numbered_to_999_and_a_longer_document_is_still_whole() -> None:
    """The column has three digits; a document of a thousand lines must not lose one."""
    lines = tuple(Line(Decimal(1)) for _ in range(1001))
    rows = act(build([Document("1", number="1", lines=lines)]))
    assert [row["DOCORDER"] for row in rows[:3]] == ["001", "002", "003"]
    assert [row["DOCORDER"] for row in rows[998:1002]] == ["999", "", "", ""]
    assert sum(Decimal(row["AMOUNTEUR"]) for row in rows) == 0


def test_utf8_keeps_every_character_and_cp1252_tells_which_it_replaced() -> None:
    """Dossiers differ in what they read; a name that changed must be known before the accountant sees it."""
    books = build([Document("1", number="1")], [Party("1", "Łódź Bouw")])
    assert act(books)[0]["COMMENT"] == "Lódz Bouw"
    files, export = exported(books)
    assert "changed_texts.csv" in files
    assert any("Ł as L" in note for note in export.notes)
    unicode = replace(books, company=company(encoding="utf-8"))
    assert act(unicode, "utf-8")[0]["COMMENT"] == "Łódź Bouw"
    assert exported(unicode)[1].notes == []


@brisk
@given(months())
def test_the_order_of_the_tables_does_not_matter(books: MonthBooks) -> None:
    """Same data, same bytes: also when another version of the engine returns rows in another order."""
    tables = ("documents", "states", "vat", "postings", "parties")

    def backwards(table: pa.Table) -> pa.Table:
        return table.take(pa.array(range(len(table) - 1, -1, -1), pa.int64()))

    turned = replace(books, **{name: backwards(getattr(books, name)) for name in tables})
    assert exported(turned)[0] == exported(books)[0]


def test_the_format_is_installed_and_its_settings_are_checked() -> None:
    """A misspelt setting must be told at start, not found in the files."""
    assert isinstance(registry.get("winbooks"), WinbooksFormat)
    wrong = COMPANY.model_copy(update={"formats": ("winbooks",), "format": {"winbooks": {"encoding": "latin", "x": 1}}})
    assert [problem.split(":")[0] for problem in registry.settings_problems(wrong)] == [
        "format.winbooks.encoding = 'latin'",
        "format.winbooks.x is not a setting",
    ]
