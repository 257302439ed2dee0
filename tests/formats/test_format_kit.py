"""The test kit passes what keeps the promises of a format, and fails on each promise broken."""

import io
import itertools
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from robaws_pipeline.formats import registry, testing
from robaws_pipeline.formats.base import Export, ExportFile, FormatHeld, MonthBooks
from robaws_pipeline.formats.contract import path_problem, path_problems, wanted
from robaws_pipeline.reasons import Reason
from robaws_pipeline.settings import Company

DOCS = Path(__file__).parents[2] / "docs" / "formats" / "write-your-own.md"


@pytest.mark.parametrize("sample", testing.SAMPLES)
@pytest.mark.parametrize("name", ["journal", "listings", "ubl", "ubl_purchases", "vat"])
def test_our_formats_keep_their_promises(name: str, sample: str) -> None:
    """What we ask of others holds for ours."""
    testing.check(lambda: registry.get(name), sample, read)


def read(file: ExportFile) -> object:
    """UTF-8, and zips of it."""
    if not file.path.endswith(".zip"):
        return testing.read_utf8(file)
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        return [testing.read_utf8(ExportFile(name, archive.read(name))) for name in archive.namelist()]


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
