"""Layouts of robaws.toml as formats: what they write, hold, leave out and refuse."""

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from months import brisk, months

from robaws_pipeline.formats import registry, testing
from robaws_pipeline.formats.base import Export, FormatHeld, MonthBooks
from robaws_pipeline.formats.samples import COMPANY, Document, Line, Party, build
from robaws_pipeline.formats.template import TemplateFormat
from robaws_pipeline.formats.template.layout import Layout
from robaws_pipeline.formats.texts import REPORT
from robaws_pipeline.settings import SettingsError

NUMBER, AMOUNT = {"name": "nr", "value": "number"}, {"name": "bedrag", "value": "amount"}


def layout(*columns: dict[str, Any], **options: Any) -> TemplateFormat:
    """A layout of one line a posting without header, unless told otherwise."""
    given = {"rows": "posting", "header": False, "line_end": "lf", "columns": list(columns or (NUMBER, AMOUNT))}
    return TemplateFormat("mijn", Layout.model_validate({**given, **options}))


def written(format_: TemplateFormat, books: MonthBooks) -> tuple[dict[str, str], Export]:
    """Path → text of each file, without the report of changed texts."""
    files, export = testing.read_export(format_, books)
    return {f.path: f.content.decode(format_.layout.encoding) for f in files if f.path != REPORT}, export


def lines(format_: TemplateFormat, books: MonthBooks) -> list[str]:
    """The lines of the one file."""
    (text,) = written(format_, books)[0].values()
    return text.split(format_.layout.line_end.replace("crlf", "\r\n").replace("lf", "\n"))[:-1]


def sale(net: str = "100.00", number: str | None = "F1", id: str = "1", **options: Any) -> Document:
    return Document(id, number=number, lines=(Line(Decimal(net)),), **options)


def test_numbers_and_dates_are_written_as_the_layout_says() -> None:
    """Each program has its own spelling of 1234.50, and takes no other."""
    books = build([sale("1234.50"), sale("10.00", "C1", "2", type="CREDIT_NOTE")])
    columns = (
        {"name": "a", "value": "gross"},
        {"name": "b", "value": "gross * 100", "decimals": 0},
        {"name": "c", "value": "gross", "decimals": 1},
        {"name": "d", "value": "date"},
        {"name": "e", "value": "date", "date": "%y%j"},
        {"name": "f", "value": "due_date - date"},
    )
    options = {"rows": "document", "date": "%d/%m/%Y", "order": ["-gross"]}
    assert lines(layout(*columns, **options), books) == [
        "1493,75;149375;1493,8;05/03/2026;26064;30",
        "-12,10;-1210;-12,1;05/03/2026;26064;30",
    ]
    assert lines(layout(*columns, **options, decimal=".", minus="after"), books)[1] == (
        "12.10-;1210-;12.1-;05/03/2026;26064;30"
    )
    assert lines(layout(*columns[:1], **options, credit_notes="positive"), books) == ["1493,75", "12,10"]


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ("debit", ["121,00 D", "-100,00 C", "-21,00 C"]),
        ("credit", ["-121,00 D", "100,00 C", "21,00 C"]),
        ("absolute", ["121,00 D", "100,00 C", "21,00 C"]),
    ],
)
def test_amounts_have_the_sign_that_the_program_wants(amounts: str, expected: list[str]) -> None:
    """The wrong sign books everything the wrong way round, in balance and unseen."""
    columns = (AMOUNT, {"name": "dc", "value": "side"})
    assert lines(layout(*columns, amounts=amounts, separator=" "), build([sale()])) == expected


def test_percentages_lose_zeros_and_whole_numbers_keep_them() -> None:
    """100 must not become 1, nor 5.5 become 5.5000."""
    columns = [{"name": n, "value": n} for n in ("rate", "CAST(100 AS DECIMAL(9, 4))", "100", "rate * 0.001")]
    (line,) = lines(layout(*columns, where="kind = 'vat'"), build([sale()]))
    assert line == "21;100;100;0,021"


def test_fixed_widths_cut_texts_with_a_report_and_hold_amounts() -> None:
    """A name that is cut is still a name; an amount that is cut is another amount."""
    columns = (
        {"name": "naam", "value": "party_name", "width": 6, "pad": "right"},
        {"name": "nr", "value": "number", "width": 4, "pad": "left", "fill": "0"},
        {"name": "btw", "value": "vat", "width": 5, "pad": "left"},
    )
    fixed = layout(*columns, rows="document", separator="", quoting="never")
    books = build([sale(), sale("9999.00", "F2", "2"), sale("1.00", None, "3")], [Party("1", "Bouwbedrijf")])
    files, export = testing.read_export(fixed, books)
    assert files[0].content == b"Bouwbe00F121,00\nBouwbe0000 0,21\n"
    assert export.held == [FormatHeld("sales", "2", "layout_value_too_long", "btw: '2099,79' > 5")]
    assert files[1].path == REPORT
    assert any("cut to the width" in note for note in export.notes)


def test_a_text_can_hold_its_document_instead_of_being_cut() -> None:
    """Half a document number is another document's."""
    column = {"name": "nr", "value": "number", "width": 3, "too_long": "hold"}
    _, export = written(layout(column), build([sale(), sale("5.00", "F2026", "2")]))
    assert set(export.documents) == {("sales", "1")}
    assert [item.code for item in export.held] == ["layout_value_too_long"]


def test_a_document_that_lacks_a_required_value_is_held_whole() -> None:
    """Half an entry does not balance."""
    required = {"name": "nr", "value": "number", "required": True}
    books = build([sale(), sale("5.00", None, "2")])
    files, export = written(layout(required, AMOUNT, {"name": "n", "value": "document_no"}), books)
    assert files == {"2026-03.csv": "F1;121,00;1\nF1;-100,00;1\nF1;-21,00;1\n"}
    (held,) = export.held
    assert (held.collection, held.document_id, held.code) == ("sales", "2", "layout_value_missing")
    assert held.detail == "nr: number"


def test_an_expression_that_fails_on_a_document_holds_that_document() -> None:
    """One odd number in a month of good ones must not stop the month."""
    books = build([sale(number="17"), sale("5.00", "F-18", "2"), sale("6.00", "19", "3")])
    number = {"name": "nr", "value": "CAST(number AS INTEGER) + 1"}
    assert lines(layout(number, rows="document"), books) == ["18", "20"]
    (held,) = written(layout(number, rows="document"), books)[1].held
    assert (held.document_id, held.code) == ("2", "layout_expression_failed")
    assert held.detail.startswith("nr: Could not convert string 'F-18' to INT32")
    where = layout(NUMBER, rows="document", where="CAST(number AS INTEGER) > 17")
    files, export = written(where, books)
    assert files == {"2026-03.csv": "19\n"}
    assert [item.document_id for item in export.held] == ["2"]
    assert export.left_out == {("sales", "1")}


def test_what_where_leaves_out_is_accounted_for() -> None:
    """A condition with a slip in it must not lose invoices in silence."""
    books = build([sale(), sale("5.00", "F2", "2"), Document("1", "purchases", number="A1")])
    files, export = written(layout(rows="document", where="net > 50 AND collection = 'sales'", columns=[NUMBER]), books)
    assert files == {"2026-03.csv": "F1\n"}
    assert export.left_out == {("sales", "2"), ("purchases", "1")}
    assert export.held == []
    (note,) = export.notes
    assert note == ("2 documents are left out by where = \"net > 50 AND collection = 'sales'\": purchases A1, sales F2")


def test_a_document_of_zeros_is_held_where_it_has_no_rows() -> None:
    """It is in no posting, and somebody may look for it."""
    books = build([sale(), sale("0.00", "F2", "2")])
    _, export = written(layout(), books)
    assert [(item.document_id, item.code) for item in export.held] == [("2", "layout_no_row")]
    _, export = written(layout(NUMBER, rows="document"), books)
    assert export.held == []


def test_parties_are_written_once_and_an_unknown_one_holds_its_documents() -> None:
    """A relations file that lacks a customer makes the entries fail at the accountant's."""
    books = build([sale(), sale("5.00", "F2", "2"), sale("6.00", "F3", "3", party_id="404")], [Party("1", "Klant")])
    files, export = written(layout({"name": "n", "value": "party_name"}, rows="party"), books)
    assert files == {"2026-03.csv": "Klant\n"}
    assert [(item.document_id, item.code) for item in export.held] == [("3", "layout_party_unknown")]


def test_vat_rows_are_one_for_each_rate_of_a_document() -> None:
    """What a program that takes invoices, not entries, asks for."""
    document = Document("1", number="F1", lines=(Line(Decimal("100.00")), Line(Decimal("50.00"), rate=6)))
    columns = [{"name": name, "value": name} for name in ("number", "rate", "vat_base", "vat_amount", "gross")]
    assert lines(layout(*columns, rows="vat"), build([document])) == [
        "F1;6;50,00;3,00;174,00",
        "F1;21;100,00;21,00;174,00",
    ]


def test_a_field_in_the_file_name_makes_a_file_for_each_value() -> None:
    """Some programs take a file a journal, some a file a document; every number must make a name."""
    by_journal = layout(file="{company}/{period}-{journal}.txt")
    files, export = written(by_journal, testing.ordinary())
    assert set(files) == {f"proefbouw/2026-03-{journal}.txt" for journal in ("VK", "VKC", "AK", "AKC")}
    assert export.documents["sales", "13"] == ["proefbouw/2026-03-VKC.txt"]
    testing.check(lambda: layout(file="{number}.txt"), "awkward_numbers")
    assert written(layout(file="{journal}.txt"), testing.empty())[0] == {}, "no documents, no journals"
    assert written(layout(file="{period}.txt"), testing.empty())[0] == {"2026-03.txt": ""}


def test_rows_and_documents_are_counted_in_their_file() -> None:
    """Programs ask for 1, 2, 3 in every file, without gaps."""
    columns = [{"name": name, "value": name} for name in ("row_no", "document_no", "number")]
    files, _ = written(layout(*columns, file="{type}.txt", where="kind <> 'vat'"), testing.credit_notes())
    assert files["CREDIT_NOTE.txt"].splitlines() == [
        *("1;1;AC260001", "2;1;AC260001"),
        *("3;2;C260001", "4;2;C260001"),
        *("5;3;C260002", "6;3;C260002", "7;3;C260002"),
    ]


@pytest.mark.parametrize(
    ("quoting", "expected"),
    [
        ("needed", '"a;b";"say ""x""";;12,10'),
        ("texts", '"a;b";"say ""x""";;12,10'),
        ("values", '"a;b";"say ""x""";;"12,10"'),
        ("all", '"a;b";"say ""x""";"";"12,10"'),
        ("never", 'a b;say "x";;12,10'),
    ],
)
def test_quotes_stand_where_the_layout_wants_them(quoting: str, expected: str) -> None:
    """A separator inside a name must never begin another column."""
    columns = [
        {"name": "a", "value": "party_name"},
        {"name": "b", "value": "party_city"},
        {"name": "c", "value": "NULL"},
        {"name": "d", "value": "gross"},
    ]
    books = build([sale("10.00")], [Party("1", "a;b", city='say "x"')])
    assert lines(layout(*columns, rows="document", quoting=quoting), books) == [expected]


def test_characters_that_the_encoding_lacks_are_replaced_and_told() -> None:
    """A program of 1998 cannot have Łódź, and the bookkeeper must be able to see what became of it."""
    books = build([sale()], [Party("1", "Łódź Façade\r\nbus 2")])
    name = {"name": "naam", "value": "party_name"}
    format_ = layout(name, rows="document", encoding="cp1252")
    files, export = testing.read_export(format_, books)
    assert files[0].content == "Lódz Façade bus 2\n".encode("cp1252")
    assert "Łódź" in files[1].content.decode("utf-8-sig")
    assert any("Ł as L" in note for note in export.notes)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"colour": 1}, "templates.mijn.colour is not a setting"),
        ({"rows": "line"}, "templates.mijn.rows = 'line'"),
        ({"columns": []}, "templates.mijn.columns"),
        ({"columns": [{"name": "a"}]}, "templates.mijn.columns.0.value is missing"),
        ({"encoding": "ebcdic"}, "templates.mijn.encoding = 'ebcdic'"),
        ({"columns": [{**NUMBER, "pad": "left"}]}, "pad has no meaning without width"),
        ({"separator": ""}, "without a separator every column needs width and pad: nr, bedrag"),
        ({"separator": ",", "quoting": "never"}, "is a part of numbers or dates too, and quoting is never"),
        ({"separator": '"'}, "has a line end or the quote in it"),
        ({"spreadsheet": True, "encoding": "cp1252"}, "spreadsheet = true needs every character"),
        ({"where": "number"}, "templates.mijn: where = 'number': gives a text, not true or false"),
        ({"where": "row_no < 9"}, "rows are counted after it"),
        ({"where": "nett > 0"}, "templates.mijn: where = 'nett > 0': there is no field 'nett' here; did you mean net"),
        ({"order": ["-datum"]}, "templates.mijn: order: there is no field 'datum'"),
        ({"file": "{datum}.csv"}, "'datum' cannot choose a file; there are company,"),
        ({"file": "{account}.csv"}, "'account' cannot choose a file"),
        ({"file": "{number!r}.csv"}, "only the name of a field stands between braces"),
        ({"file": "{number"}, "a field stands between braces"),
        ({"file": "../x.csv"}, "is not plain"),
        ({"file": "con.csv"}, "no file name on Windows"),
        ({"file": REPORT}, "is the name of the list of changed texts"),
        ({"date": "dd/mm/yyyy"}, "date = 'dd/mm/yyyy': has no %"),
        ({"columns": [{**NUMBER, "decimals": 2}]}, "column 1 (nr): decimals has no meaning for a text"),
        ({"columns": [{**AMOUNT, "date": "%d"}]}, "column 1 (bedrag): date has no meaning for a number"),
        ({"columns": [{"name": "x", "value": "debit > 0"}]}, "column 1 (x): gives true or false"),
        ({"columns": [NUMBER, {"name": "x", "value": "amount / 2"}]}, "column 2 (x): value = 'amount / 2': `/` gives"),
    ],
)
def test_a_wrong_layout_is_told_with_its_column_and_reason(options: dict[str, Any], problem: str) -> None:
    """Before anything runs, and in words: the one who wrote it is no programmer."""
    table = {"rows": "posting", "columns": [NUMBER, AMOUNT], **options}
    company = COMPANY.model_copy(update={"templates": {"mijn": table}, "formats": ("journal", "mijn")})
    found = list(registry.settings_problems(company))
    assert any(problem in text for text in found), found


def test_all_problems_of_all_layouts_are_told_at_once() -> None:
    """One problem a try is an afternoon lost."""
    wrong = {"rows": "posting", "where": "a", "order": ["b"], "file": "{c}", "columns": [{"name": "d", "value": "d"}]}
    company = COMPANY.model_copy(update={"templates": {"mijn": wrong, "other": {**wrong, "rows": "vat"}}})
    assert len(list(registry.settings_problems(company))) == 8


@pytest.mark.parametrize(("name", "problem"), [("journal", "is the name of an installed format"), ("A-1", "no name")])
def test_a_name_that_is_taken_or_no_folder_is_refused(name: str, problem: str) -> None:
    """The accountant's journal must not turn into something else."""
    table = {"rows": "posting", "columns": [NUMBER]}
    company = COMPANY.model_copy(update={"templates": {name: table}, "formats": (name,)})
    (found,) = registry.settings_problems(company)
    assert problem in found
    with pytest.raises(SettingsError, match=problem):
        registry.select(company)


def test_layouts_of_one_company_are_not_anothers() -> None:
    """Two companies may call different files by one name."""
    mine = COMPANY.model_copy(update={"templates": {"mijn": {"rows": "posting", "columns": [NUMBER]}}})
    assert [format_.name for format_ in registry.select(mine, "mijn", "journal")] == ["mijn", "journal"]
    with pytest.raises(SettingsError, match="'mijn' is not a format"):
        registry.select(COMPANY, "mijn")


@brisk
@given(months(), st.sampled_from(("posting", "document", "vat", "party")), st.sampled_from(("utf-8", "cp1252")))
@example(testing.ordinary(), "posting", "ascii")
def test_any_month_in_any_rows_keeps_the_promises(books: MonthBooks, rows: str, encoding: str) -> None:
    """Whatever is in a month, each document is written, held or left out, and the same twice."""
    name = {"name": "naam", "value": "party_name", "width": 5, "required": True}
    format_ = layout(name, rows=rows, encoding=encoding, file="{company}.txt")
    assert testing.problems(lambda: format_, books, lambda file: None) == []


@brisk
@given(months())
def test_amounts_add_up_to_the_books(books: MonthBooks) -> None:
    """To the cent, through DuckDB, text and back."""
    found = lines(layout(AMOUNT, {"name": "e", "value": "entry"}, decimal="."), books)
    sums: dict[str, Decimal] = {}
    for line in found:
        amount, entry = line.split(";")
        assert re.fullmatch(r"-?\d+\.\d\d", amount)
        sums[entry] = sums.get(entry, Decimal(0)) + Decimal(amount)
    assert len(found) == books.postings.num_rows
    assert not any(sums.values())
