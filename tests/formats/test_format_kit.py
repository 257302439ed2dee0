"""The test kit passes what keeps the promises of a format, and fails on each promise broken."""

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from robaws_pipeline.formats import testing
from robaws_pipeline.formats.base import Export, ExportFile, FormatHeld, MonthBooks
from robaws_pipeline.formats.contract import path_problem, path_problems, wanted
from robaws_pipeline.reasons import Reason
from robaws_pipeline.settings import Company

DOCS = Path(__file__).parents[2] / "docs" / "formats" / "write-your-own.md"


@pytest.mark.parametrize("sample", testing.SAMPLES)
def test_the_example_of_the_docs_keeps_its_promises(sample: str) -> None:
    """Who copies it must start from something that works."""
    (source,) = re.findall(r"```python\n(from collections.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    namespace: dict[str, Callable[[], testing.Format]] = {}
    exec(source, namespace)  # noqa: S102 - our own documentation
    testing.check(namespace["SalesList"], sample)


@pytest.mark.parametrize("sample", testing.SAMPLES)
def test_samples_balance(sample: str) -> None:
    """A sample that does not balance would make every format look wrong, or none."""
    books = testing.SAMPLES[sample]()
    sums = books.postings.group_by(["collection", "document_id"]).aggregate([("amount", "sum")])
    assert not any(sums["amount_sum"].to_pylist())
    assert set(sums.select(["collection", "document_id"]).to_pylist()[0].values() if len(sums) else ()) <= {
        text for key in wanted(Good(), books) for text in key
    }


class Good:
    """Keeps every promise; the tests break them one by one."""

    name = "good"
    title = "A file a month"
    counter = itertools.count()

    def missing_settings(self, company: Company) -> Iterator[str]:
        return iter(())

    def export(self, books: MonthBooks) -> Export:
        return Export([ExportFile("a.txt", b"a")], documents={key: ["a.txt"] for key in wanted(self, books)})


def broken(**attributes: object) -> Callable[[], testing.Format]:
    return type("Broken", (Good,), attributes)


def altered(change: Callable[[Export], None]) -> Callable[[], testing.Format]:
    def export(self: Good, books: MonthBooks) -> Export:
        made = Good.export(self, books)
        change(made)
        return made

    return broken(export=export)


def counted(export: Export) -> None:
    export.files = [ExportFile("a.txt", b"%d" % next(Good.counter))]


def renamed(export: Export) -> None:
    export.files = [ExportFile("a.txt", b""), ExportFile(f"{next(Good.counter)}.txt", b"")]


def noted(export: Export) -> None:
    export.notes.append(f"made at {next(Good.counter)}")


def filed(*files: ExportFile) -> Callable[[Export], None]:
    def change(export: Export) -> None:
        export.files = [ExportFile("a.txt", b"a"), *files]

    return change


BROKEN: dict[str, tuple[Callable[[], testing.Format], str]] = {
    "other bytes": (altered(counted), r"a.txt: the same books gave other bytes"),
    "other files": (altered(renamed), "gave other files"),
    "other notes": (altered(noted), "gave other `held`, `documents` or `notes`"),
    "a document missing": (altered(lambda e: e.documents.popitem() and None), "neither written nor held"),
    "a document twice": (
        altered(lambda e: e.held.append(FormatHeld("sales", "11", "x", ""))),
        "both written and held: sales 11",
    ),
    "a document too many": (
        altered(lambda e: e.documents.update({("sales", "15"): ["a.txt"]})),
        "not of its collections: sales 15",
    ),
    "held for nothing": (
        altered(lambda e: e.held.append(FormatHeld(*e.documents.popitem()[0], "", ""))),
        "held without a reason code",
    ),
    "in no file": (altered(lambda e: e.documents.update({("sales", "11"): []})), "in no file: sales 11"),
    "in a file that is not there": (
        altered(lambda e: e.documents.update({("sales", "11"): ["b.txt"]})),
        "files that do not exist: b.txt",
    ),
    "path up": (altered(filed(ExportFile("../b.txt", b""))), "is not plain"),
    "path of Windows": (altered(filed(ExportFile("b:1.txt", b""))), "no file name on Windows"),
    "same but for case": (altered(filed(ExportFile("A.txt", b""))), "one file on Windows"),
    "not text": (altered(filed(ExportFile("b.txt", b"\xff"))), "b.txt: cannot be read back: UnicodeDecodeError"),
    "a control character": (altered(filed(ExportFile("b.txt", b"a\x00b"))), "b.txt: character '.x00' at 1 is no part"),
    "not bytes": (altered(filed(ExportFile("b.txt", "x"))), "content is str, not bytes"),  # type: ignore[arg-type]
    "collections": (broken(collections=("clients",)), "collections: name those the format is about"),
    "name": (broken(name="Good format"), "name 'Good format': use a-z"),
    "title": (broken(title="two\nlines"), "title: write one line"),
    "a reason that nobody can read": (
        altered(lambda e: e.held.append(FormatHeld(*e.documents.popitem()[0], "good_size", "too big"))),
        "held for good_size, which held.csv cannot explain",
    ),
    "a reason of the books": (
        broken(reasons=(Reason("no_lines", "No: {detail}.", "Add one.", "in Robaws"),)),
        "reasons: no_lines is there already",
    ),
    "a reason in one language only": (
        broken(
            reasons=lambda self, language: (
                [Reason("good_size", "Too big: {detail}.", "Make it smaller.", "in Robaws")] if language == "en" else []
            )
        ),
        "reasons: give the same codes in each language; nl has others than en",
    ),
    "a reason without its detail": (
        broken(reasons=lambda self, language: [Reason("good_size", "It is too big.", "Make it smaller.", "in Robaws")]),
        r"reasons: good_size \(en\) needs a sentence with one {detail}",
    ),
    "settings": (broken(missing_settings=lambda self, company: iter([""])), "missing_settings: '' is no sentence"),
}


@pytest.mark.parametrize(("make", "message"), BROKEN.values(), ids=BROKEN)
def test_the_kit_sees_every_promise_broken(make: Callable[[], testing.Format], message: str) -> None:
    """A kit that passes everything is worth nothing."""
    with pytest.raises(AssertionError, match=message):
        testing.check(make, "ordinary")


def test_the_kit_passes_a_format_that_keeps_them_and_takes_another_reader() -> None:
    """Formats for old programs are not in UTF-8."""
    testing.check(Good, "ordinary")
    latin = altered(filed(ExportFile("b.txt", "é".encode("cp1252"))))
    testing.check(latin, "ordinary", read=lambda file: file.content.decode("cp1252"))


@pytest.mark.parametrize(
    "path",
    ["", "/a", "a//b", "a/", ".", "a/../b", "a\\b", "a:b", "nul", "COM1.txt", "a.", "a ", " a", "a\n", "x" * 201],
)
def test_paths_that_some_system_refuses(path: str) -> None:
    """The accountant unpacks on Windows what we wrote on Linux."""
    assert path_problem(path)


@pytest.mark.parametrize("path", ["F260001.xml", "2026/a b.txt", "Ünïcode.csv", "console.txt", "a..b", ".hidden"])
def test_paths_that_every_system_allows(path: str) -> None:
    """A rule that is too strict would hold documents for nothing."""
    assert path_problem(path) is None


def test_the_same_path_twice_is_one_problem_and_different_paths_none() -> None:
    """The second file would silently take the place of the first."""
    assert len(list(path_problems(["a", "b", "A"]))) == 1
    assert list(path_problems(["a", "b"])) == []


class Ledger(Good):
    """Writes every posting on a line, in cp1252; the tests break it one line at a time."""

    def lines(self, books: MonthBooks) -> list[str]:
        names = {row["code"]: row["name"] or "" for row in books.parties.to_pylist()}
        rows = books.postings.select(["collection", "document_id", "account", "amount", "party_code"]).to_pylist()
        return [
            f"{row['collection']};{row['document_id']};{row['account']};{row['amount']};"
            + re.sub(r"[\x00-\x1f;]", " ", names.get(row["party_code"] or "", ""))
            for row in rows
        ]

    def notes(self, books: MonthBooks) -> list[str]:
        replaced = "".join(self.lines(books)).encode("cp1252", "ignore").decode("cp1252") != "".join(self.lines(books))
        return ["characters replaced"] if replaced else []

    def export(self, books: MonthBooks) -> Export:
        content = "\n".join(self.lines(books)).encode("cp1252", "replace")
        documents = {key: ["a.txt"] for key in wanted(self, books)}
        return Export([ExportFile("a.txt", content)], documents=documents, notes=self.notes(books))


def ledger_postings(files: Sequence[ExportFile], export: Export) -> Iterator[testing.Posted]:
    for line in files[0].content.decode("cp1252").splitlines():
        collection, document, account, amount, _ = line.split(";")
        yield testing.Posted((collection, document), Decimal(amount), account)


def ledger_amounts(files: Sequence[ExportFile], export: Export) -> Iterator[testing.Posted]:
    return (replace(posting, account=None) for posting in ledger_postings(files, export))


def ledger_totals(files: Sequence[ExportFile], export: Export) -> Iterator[testing.Total]:
    """What the party's account says; a supplier's the other way round."""
    signs = {"400000": 1, "440000": -1}
    for posting in ledger_postings(files, export):
        if posting.account in signs:
            yield testing.Total(posting.document, posting.amount * signs[posting.account])


def scribbled(change: Callable[[list[str]], list[str]]) -> Callable[[], testing.Format]:
    return type("Scribbled", (Ledger,), {"lines": lambda self, books: change(Ledger.lines(self, books))})


def turned(line: str) -> str:
    """The line with its sign the other way round."""
    head, amount, name = line.rsplit(";", 2)
    return f"{head};{-Decimal(amount)};{name}"


def turned_document(found: list[str]) -> list[str]:
    return [turned(line) if line.startswith("sales;13;") else line for line in found]


@pytest.mark.parametrize("sample", sorted(set(testing.SAMPLES) - {"amounts"}))
def test_the_kit_passes_files_that_say_what_the_books_say(sample: str) -> None:
    """With accounts, without them, and by document."""
    given = {"encoding": "cp1252"}
    testing.check(Ledger, sample, **given, postings=ledger_postings)
    testing.check(Ledger, sample, **given, postings=ledger_amounts, totals=ledger_totals)


@pytest.mark.parametrize("postings", [ledger_postings, ledger_amounts])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda found: [turned(found[0]), *found[1:]], "balance: entry .* out of balance"),
        (lambda found: found[1:], "balance: entry .* out of balance"),
        (lambda found: [line for line in found if not line.startswith("sales;12;")], "completeness: sales 12 has no"),
        (lambda found: found * 2, "completeness: sales 12 has .*, and the books have"),
        (
            lambda found: [line.replace("sales;12;", "sales;99;") for line in found],
            "sales 99 has postings in the files",
        ),
        (turned_document, "sign: sales 13 is booked the wrong way round"),
    ],
)
def test_the_kit_sees_postings_that_are_not_those_of_the_books(
    postings: testing.ReadPostings, change: Callable[[list[str]], list[str]], message: str
) -> None:
    """Balance, completeness and sign: the complaints about every exporter."""
    with pytest.raises(AssertionError, match=message):
        testing.check(scribbled(change), "ordinary", encoding="cp1252", postings=postings)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (turned_document, "sign: sales 13 has 121.00, and the books have -121.00"),
        (lambda found: [line for line in found if not line.startswith("sales;12;")], "completeness: sales 12 is in no"),
        (lambda found: [*found, "sales;12;400000;0.00;"], "completeness: sales 12 was read 2 times"),
        (lambda found: [*found, "sales;99;400000;1.00;"], "completeness: sales 99 was read, and is not among"),
        (
            lambda found: [line.replace(";787.65;", ";787.66;") for line in found],
            "sales 12 has 787.66, and the books have",
        ),
    ],
)
def test_the_kit_sees_totals_that_are_not_those_of_the_books(
    change: Callable[[list[str]], list[str]], message: str
) -> None:
    """A list of documents is checked as an entry is."""
    with pytest.raises(AssertionError, match=message):
        testing.check(scribbled(change), "ordinary", encoding="cp1252", totals=ledger_totals)


def test_the_kit_sees_characters_replaced_in_silence() -> None:
    """A customer called L?d? is found by nobody, and nobody knows why."""
    silent = type("Silent", (Ledger,), {"notes": lambda self, books: []})
    with pytest.raises(
        AssertionError, match="encoding: characters that cp1252 lacks are replaced, and no note says so"
    ):
        testing.check(silent, "awkward_texts", encoding="cp1252")
