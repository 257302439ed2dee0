"""Texts in encodings and columns that cannot hold them all: what is written, and what a person is told."""

import csv
import io

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from months import brisk

from robaws_pipeline.formats.delimited import amount, day, delimited, quoted
from robaws_pipeline.formats.texts import REPORT, Encoding, Texts, labels

ENCODINGS: list[Encoding] = ["cp1252", "cp850", "iso-8859-1", "iso-8859-15", "ascii", "utf-8", "utf-8-sig", "utf-16"]
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def fitted(values: list[str | None], texts: Texts, **how: object) -> list[str | None]:
    of = pa.array([f"sales F{row}" for row in range(len(values))])
    result: list[str | None] = texts.fit(pa.array(values, pa.string()), field="name", of=of, **how).to_pylist()
    return result


@brisk
@given(st.sampled_from(ENCODINGS), st.lists(st.none() | ANY), st.none() | st.integers(1, 6))
@example("cp1252", ['“"”', "…", "🏗️", "\x85", " x "], 2)
def test_every_text_fits_its_encoding_and_width_and_every_change_is_told(
    encoding: Encoding, values: list[str | None], width: int | None
) -> None:
    """One character that cannot be encoded would stop a month; one that changes unseen would be found by a customer."""
    texts = Texts(encoding, {'"': "'"})
    result = fitted(values, texts, width=width)
    told = {row["of"]: row for row in texts.changes().to_pylist()}
    plain = fitted(values, Texts("utf-8"))
    for row, (was, now, tidy) in enumerate(zip(values, result, plain, strict=True)):
        assert (was is None) == (now is None)
        if now is None:
            continue
        now.encode(encoding)
        assert '"' not in now
        assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in now)
        assert width is None or len(now) <= width
        assert (now != tidy) <= (f"sales F{row}" in told)
        assert told.get(f"sales F{row}", {"written": now})["written"] == now


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Łódź", "Lódz"),
        ("Straße Œuvre €", "Straße Œuvre €"),
        ("Иван Жуков", "Ivan Zhukov"),
        ("Νίκος", "Nikos"),
        ("e\u0301te\u0301", "été"),
        ("a\u200bb\u00a0c", "ab\u00a0c"),
        ("5 ≤ 6 → 7", "5 <= 6 -> 7"),
        ("株式会社", "????"),
        ("٣", "3"),
        ("ﬁn ½ m²", "fin ½ m²"),
        ("regel 1\r\nregel 2\tx", "regel 1 regel 2 x"),
    ],
)
def test_a_name_stays_readable_in_windows_1252(text: str, written: str) -> None:
    """The accountant looks a customer up by a name that he can read; question marks are the last resort."""
    assert fitted([text], Texts("cp1252")) == [written]


def test_the_report_names_document_field_and_characters_and_the_notes_sum_it_up() -> None:
    """Somebody must be able to find and correct each text without comparing files."""
    texts = Texts("cp1252", {'"': "'"})
    fitted(["Łódź", 'buis 5"', "gewoon", "Łódź lang genoeg"], texts, width=8)
    assert [(row["of"], row["replaced"], row["cut"], row["written"]) for row in texts.changes().to_pylist()] == [
        ("sales F0", "Ł as L, ź as z", None, "Lódz"),
        ("sales F1", "\" as '", None, "buis 5'"),
        ("sales F3", "Ł as L, ź as z", 8, "Lódz lan"),
    ]
    assert texts.notes() == [
        f"1 text cut to the width of a column: {REPORT} lists each",
        f"3 texts with characters replaced (Ł as L, ź as z, \" as '): {REPORT} lists each",
    ]
    (report,) = texts.report()
    rows = list(csv.DictReader(io.StringIO(report.content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert [row["text"] for row in rows] == ["Łódź", 'buis 5"', "Łódź lang genoeg"]


def test_a_text_on_many_rows_of_a_document_is_reported_once_and_nothing_when_all_fit() -> None:
    """The customer's name is on every row of a document; a report nobody reads to the end is none."""
    texts = Texts("cp1252")
    same = pa.array(["Łódź"] * 1000)
    texts.fit(same, field="name", of=pa.array(["sales F1"] * 500 + ["sales F2"] * 500))
    texts.fit(same, field="name", of=pa.array(["sales F2"] * 1000))
    assert [row["of"] for row in texts.changes().to_pylist()] == ["sales F1", "sales F2"]
    silent = Texts("cp1252")
    fitted(["Ons Huis", None, ""], silent, width=8)
    assert (silent.notes(), silent.report()) == ([], [])


def test_a_column_that_takes_few_characters_gets_only_those() -> None:
    """An invoice number with a space is refused by programs whose numbers are letters, digits and some marks."""
    texts = Texts("cp1252")
    assert fitted(["2026/1", "F é_1", "F1"], texts, only="A-Za-z0-9$%&*+/-") == ["2026/1", "F-e-1", "F1"]
    assert fitted(["F é_1"], Texts("cp1252"), only="A-Za-z0-9") == ["Fe1"]
    assert texts.changes()["replaced"].to_pylist() == ["  as -, é as e, _ as -"]


def test_a_document_is_called_by_its_number_or_else_by_its_id() -> None:
    """A report about "document 77" is of no use to somebody who knows it as F260001."""
    names = labels(pa.array(["sales", "purchases"]), pa.array(["F1", None]), pa.array(["7", "8"]))
    assert names.to_pylist() == ["sales F1", "purchases id 8"]


@brisk
@given(st.sampled_from(ENCODINGS), st.lists(st.tuples(ANY, ANY), max_size=8))
def test_quoted_cells_come_back_through_a_reader_that_we_did_not_write(
    encoding: Encoding, values: list[tuple[str, str]]
) -> None:
    """A separator or quote inside a name must not move the amounts behind it to another column."""
    texts = Texts(encoding)
    columns = [texts.fit(pa.array(column, pa.string()), field="x", of=pa.array(column, pa.string()))
               for column in (list(zip(*values, strict=True)) or [[], []])]  # fmt: skip
    table = pa.table(columns, ["a", "b"])
    content = delimited(
        table,
        lambda rows: [quoted(rows["a"]), "fixed", quoted(rows["b"])],
        separator=";",
        encoding=encoding,
        head="h\r\n",
    )
    head, *found = csv.reader(io.StringIO(content.decode(encoding), newline=""), delimiter=";", strict=True)
    assert head == ["h"]
    assert found == [[a, "fixed", b] for a, b in zip(*(column.to_pylist() for column in columns), strict=True)]


def test_amounts_and_dates_are_written_as_asked_and_nothing_known_is_empty() -> None:
    """A float on the way to a cent, or a date of today for none, would pass any other test."""
    table = pa.table(
        {
            "amount": pa.array(["-8000000000.01", None, "0.10"]).cast(pa.decimal128(18, 2)),
            "day": pa.array(["2026-03-05", "2026-03-05", None]).cast(pa.date32()),
        }
    )
    content = delimited(
        table,
        lambda rows: [amount(rows["amount"], point=","), amount(rows["amount"]), day(rows["day"], "%d%m%Y")],
        separator='","',
        frame='"',
        encoding="cp1252",
    )
    assert content == (b'"-8000000000,01","-8000000000.01","05032026"\r\n"","","05032026"\r\n"0,10","0.10",""\r\n')


def test_a_file_longer_than_a_slice_has_every_row_once_and_one_byte_order_mark() -> None:
    """Slices bound the memory; what they must never do is lose or repeat the row between two."""
    count = 150_000
    table = pa.table({"n": pa.array(range(count)).cast(pa.string())})
    content = delimited(table, lambda rows: [rows["n"]], separator=";", encoding="utf-16")
    assert content.decode("utf-16").split() == [str(number) for number in range(count)]
    assert content.decode("utf-16-le").count("\ufeff") == 1
