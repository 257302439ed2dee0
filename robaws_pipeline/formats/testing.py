"""The tests that every format passes, for ours and for yours.

In the tests of a format::

    import pytest
    from robaws_pipeline.formats import testing

    @pytest.mark.parametrize("sample", testing.SAMPLES)
    def test_my_format_keeps_its_promises(sample):
        testing.check(MyFormat, sample)

With readers of your own it also holds what the files say against the books: `postings` for balance, completeness and
sign of entries, `totals` for those of documents. That the files import well is for your own tests to show.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial

from robaws_pipeline.formats.base import Export, ExportFile, Format, MonthBooks
from robaws_pipeline.formats.contract import (
    COLLECTIONS,
    NAME,
    account_problems,
    path_problems,
    reason_problems,
    wanted,
)
from robaws_pipeline.formats.reading_back import (
    Posted,
    ReadPostings,
    ReadTotals,
    Total,
    encoding_problems,
    posting_problems,
    total_problems,
    without_what_it_lacks,
)
from robaws_pipeline.formats.samples import Document, Line, Party, build

__all__ = ["SAMPLES", "Posted", "Reader", "Total", "check", "problems", "read_export", "read_utf8"]

Reader = Callable[[ExportFile], object]
"""Reads one file as its receiver would; raises when it cannot."""


def read_utf8(file: ExportFile) -> object:
    """For formats in UTF-8, with or without a byte order mark."""
    return file.content.decode("utf-8-sig")


def _euro(text: str, treatment: str = "standard", rate: int = 21, self_assessed_rate: int = 0) -> Line:
    return Line(Decimal(text), treatment, rate, self_assessed_rate)


def ordinary() -> MonthBooks:
    """A month as a builder has it: both collections and types, several rates, reverse charge, every state."""
    purchase = partial(Document, collection="purchases", supplier_number="2026/118")
    mixed = (Line(None, description="Werf Kerkstraat", type="TEXT"), _euro("1000.00"), _euro("250.50", rate=6))
    verlegd, self_assessed = _euro("800.00", "reverse_charge", 0), _euro("640.00", "reverse_charge", 0, 21)
    return build(
        [
            Document("11", number="F260001", lines=mixed, client_reference="PO 7"),
            Document("12", number="F260002", lines=(verlegd, _euro("-12.35", "reverse_charge", 0))),
            Document("13", number="C260001", type="CREDIT_NOTE", lines=(_euro("100.00"),), original_id="11"),
            Document("14", number="F260003", state="held", reasons=[("tariff_unmapped", "geen")]),
            Document("15", state="draft"),
            Document("16", number="F260004", state="deleted"),
            purchase("11", number="A260001", lines=(self_assessed, _euro("99.99"))),
            purchase("12", number="A260002", type="CREDIT_NOTE", lines=(self_assessed,), original_id="11"),
        ]
    )


def empty() -> MonthBooks:
    """A month without documents; the tables have all columns and no rows."""
    return build([])


def credit_notes() -> MonthBooks:
    """Nothing but credit notes: sums are negative, and one refers to no invoice that we know."""
    return build(
        [
            Document("21", type="CREDIT_NOTE", number="C260001", original_id="999"),
            Document("22", type="CREDIT_NOTE", number="C260002", lines=(_euro("0.01"), _euro("33.33", rate=12))),
            Document("23", "purchases", "CREDIT_NOTE", "AC260001"),
        ]
    )


_AWKWARD = (
    '=HYPERLINK("http://x.example";"klik")',
    "+32 9 000 00 00",
    "-10 % korting",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r\n=1+1",
    "'=1+1",
    "＝1+1",
    '\'s-Hertogenbosch; "Ons Huis"\r\nbus 2',
    "Łódź Façade & Söhne <b>€ 5</b> 株式会社 🏗️",
    "x" * 5000,
    "a\x00b\x07c\x1bd",
    " leading and trailing ",
    "",
)


def awkward_texts() -> MonthBooks:
    """Texts that break files: formulas, separators, line ends, control characters, other scripts, 5000 letters."""
    parties = [Party(str(number), text, street=text, city=text) for number, text in enumerate(_AWKWARD, 1)]
    documents = [
        Document(
            str(number),
            number=f"F26{number:04}",
            party_id=str(number),
            lines=(Line(Decimal("10.00"), description=text), Line(None, description=text, type="TEXT")),
            client_reference=text,
            payment_reference=text,
        )
        for number, text in enumerate(_AWKWARD, 1)
    ]
    return build(documents, parties)


def awkward_numbers() -> MonthBooks:
    """Numbers that are no file names, or are one file name on Windows; each must still get its own file."""
    numbers = ["2026/0001", "2026-0001", "2026\\0001", "../../F1", "f1", "F1", "CON", "F 1.", "a:b*c?", "é" * 150, "=1"]
    documents = [Document(str(position), number=number) for position, number in enumerate(numbers)]
    return build([*documents, Document("900", number="F1"), Document("901", number=None)])


def sparse() -> MonthBooks:
    """Everything that may be none is none: no party among the parties, no due date, no number, no texts."""
    lines = (Line(Decimal("1.00"), description=None),)
    bare = partial(Document, party_id="404", due_days=None, payment_reference=None, lines=lines)
    return build(
        [
            bare("31", number="F1"),
            bare("32", "purchases", number="A1"),
            bare("33", "purchases", number="A2", party_id=None),
            bare("34", state="held", lines=(Line(None),), reasons=[("line_amount_missing", "line 1")]),
        ],
        parties=(),
    )


def amounts() -> MonthBooks:
    """The largest and the smallest amounts, lines that cancel out, and many rates on one document."""
    many = tuple(_euro(f"{rate}.{rate:02}", rate=rate) for rate in (6, 12, 21))
    return build(
        [
            Document("41", number="F1", lines=(_euro("8000000000.01"),)),
            Document("42", number="F2", lines=(_euro("0.01"),)),
            Document("43", number="F3", lines=(_euro("5.00"), _euro("-5.00"))),
            Document("44", number="F4", lines=(_euro("0.00"),)),
            Document("45", number="F5", lines=(*many, _euro("7.00", "exempt", 0), _euro("9.00", "export", 0))),
        ]
    )


SAMPLES: Mapping[str, Callable[[], MonthBooks]] = {
    sample.__name__: sample
    for sample in (ordinary, empty, credit_notes, awkward_texts, awkward_numbers, sparse, amounts)
}
"""The months that `check` knows, by name."""


def read_export(format_: Format, books: MonthBooks) -> tuple[list[ExportFile], Export]:
    """All files of a month and the export they came from, read to its end."""
    export = format_.export(books)
    return list(export.files), export


def _differences(first: list[ExportFile], second: list[ExportFile]) -> Iterator[str]:
    if [file.path for file in first] != [file.path for file in second]:
        yield "the same books gave other files, or another order, the second time"
    for one, other in zip(first, second, strict=False):
        if one.content != other.content:
            yield f"{one.path}: the same books gave other bytes the second time: no clock, no sets, no random ids"


def _unreadable(files: list[ExportFile], read: Reader) -> Iterator[str]:
    for file in files:
        try:
            read(file)
        except Exception as error:  # a reader may raise anything; each unreadable file is one problem
            yield f"{file.path}: cannot be read back: {type(error).__name__}: {error}"


def _identity(format_: Format, books: MonthBooks) -> Iterator[str]:
    if not NAME.fullmatch(format_.name):
        yield f"name {format_.name!r}: use a-z, 0-9 and _, a letter first: it names a folder and a settings value"
    if not format_.title.strip() or "\n" in format_.title:
        yield "title: write one line that says what it is and who reads it"
    if not set(getattr(format_, "collections", COLLECTIONS)) <= set(COLLECTIONS):
        yield f"collections: name those the format is about, among {', '.join(COLLECTIONS)}"
    for text in format_.missing_settings(books.company):
        if not isinstance(text, str) or not text.strip():
            yield f"missing_settings: {text!r} is no sentence"


def problems(
    make: Callable[[], Format],
    books: MonthBooks,
    read: Reader | None = None,
    *,
    encoding: str | None = None,
    postings: ReadPostings | None = None,
    totals: ReadTotals | None = None,
) -> list[str]:
    """Every promise that the format breaks on these books, in words; none when all is well.

    `read` reads a file as its receiver would. Without it files are text, in UTF-8 or the `encoding` that is named.
    `postings` and `totals` read what the files say, which must then be what the books say, to the cent.
    """
    first, export = read_export(make(), books)
    second, again = read_export(make(), books)
    found = [
        *_identity(make(), books),
        *_differences(first, second),
        *path_problems(file.path for file in first),
        *account_problems(wanted(make(), books), export, {file.path for file in first}),
        *reason_problems(make(), export),
    ]
    if (export.held, export.documents, export.notes) != (again.held, again.documents, again.notes):
        found.append("the same books gave other `held`, `documents` or `notes` the second time")
    if not_bytes := [file for file in first if not isinstance(file.content, bytes)]:
        return found + [f"{file.path}: content is {type(file.content).__name__}, not bytes" for file in not_bytes]
    if read is not None:
        found += _unreadable(first, read)
    if encoding is not None or read is None:
        found += encoding_problems(first, encoding or "utf-8-sig")
        found += _untold(make, books, first, export, encoding or "utf-8-sig")
    if postings is not None:
        found += posting_problems(books, export, postings(first, export))
    if totals is not None:
        found += total_problems(books, export, totals(first, export))
    return found


def _untold(
    make: Callable[[], Format], books: MonthBooks, files: list[ExportFile], export: Export, encoding: str
) -> Iterator[str]:
    """Characters that the encoding lacks were replaced, and no note says so."""
    plain = without_what_it_lacks(books, encoding)
    if plain is None:
        return
    others, other = read_export(make(), plain)
    if [file.content for file in others] != [file.content for file in files] and other.notes == export.notes:
        yield f"encoding: characters that {encoding} lacks are replaced, and no note says so"


def check(
    make: Callable[[], Format],
    sample: str,
    read: Reader | None = None,
    *,
    encoding: str | None = None,
    postings: ReadPostings | None = None,
    totals: ReadTotals | None = None,
) -> None:
    """AssertionError with every promise that the format (a class or a function that makes it) breaks on a sample; the
    rest as for `problems`."""
    found = problems(make, SAMPLES[sample](), read, encoding=encoding, postings=postings, totals=totals)
    if found:
        raise AssertionError("\n".join([f"{sample}: {SAMPLES[sample].__doc__}", *(f"  - {text}" for text in found)]))
