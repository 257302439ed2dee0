"""The folder of a month: nobody is forgotten, and a format that fails takes nobody with it."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from months import brisk, months

from robaws_pipeline.formats import testing
from robaws_pipeline.formats.base import Export, ExportFile, FormatHeld, MonthBooks
from robaws_pipeline.formats.journal import JournalFormat
from robaws_pipeline.formats.month import FormatError, MonthExport
from robaws_pipeline.formats.samples import COMPANY, Document, Line, build
from robaws_pipeline.reasons import Language, Reason, describe, lookup

DOCS = Path(__file__).parents[2] / "docs" / "formats" / "manifest.md"
Maker = Callable[[MonthBooks], Export]


class Made:
    """A format from one function."""

    title = "Made for a test"
    collections: tuple[str, ...] = ("sales", "purchases")

    def __init__(self, make: Maker, name: str = "made", own: Sequence[Reason] = ()) -> None:
        self.name = name
        self.export = make
        self.own = own

    def reasons(self, language: Language) -> Sequence[Reason]:
        return self.own

    def missing_settings(self, company: object) -> Iterator[str]:
        return iter(())


def sales_only(books: MonthBooks) -> Export:
    """One file a sales document; purchases are held."""
    export = Export(files=())

    def files() -> Iterator[ExportFile]:
        for state in books.states.to_pylist():
            key = (state["collection"], state["document_id"])
            if state["state"] != "exported":
                continue
            if state["collection"] == "purchases":
                export.held.append(FormatHeld(*key, "not_for_purchases", "the supplier sends this one"))
                continue
            export.documents[key] = [f"{state['document_id']}.txt"]
            yield ExportFile(f"{state['document_id']}.txt", b"x")

    export.files = files()
    return export


def run(books: MonthBooks, *formats: Any) -> tuple[MonthExport, dict[str, bytes]]:
    """The export, read to its end, and the files that stay."""
    export = MonthExport(books, formats, inputs="fingerprint", code="1.2.3")
    files = {file.path: file.content for file in export.files()}
    return export, {path: content for path, content in files.items() if path not in export.discard}


def held_rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


@brisk
@given(months())
def test_every_document_is_listed_once_with_its_state_and_amounts(books: MonthBooks) -> None:
    """Nothing disappears: the manifest is what a person lays beside Robaws."""
    _, files = run(books, JournalFormat())
    listed = json.loads(files["manifest.json"])["documents"]
    names = ("collection", "state", "type", "number", "hash", "net", "vat", "gross")
    expected = {
        (state["collection"], state["document_id"]): tuple(
            str(state[name]) if isinstance(state[name], Decimal) else state[name] for name in names
        )
        for state in books.states.to_pylist()
    }
    assert len(listed) == len(expected)
    assert {(row["collection"], row["id"]): tuple(row[name] for name in names) for row in listed} == expected


@brisk
@given(months())
def test_totals_add_up_to_the_documents_and_the_journal_balances(books: MonthBooks) -> None:
    """Control totals that do not follow from the list below them control nothing."""
    manifest = json.loads(run(books, JournalFormat())[1]["manifest.json"])
    for collection, types in manifest["totals"].items():
        for kind, states in types.items():
            for state, sums in states.items():
                members = [
                    row
                    for row in manifest["documents"]
                    if (row["collection"], row["type"], row["state"]) == (collection, kind, state)
                ]
                assert sums["count"] == len(members)
                for name in ("net", "vat", "gross"):
                    assert Decimal(sums[name]) == sum((Decimal(row[name] or 0) for row in members), Decimal(0))
    assert sum(s["count"] for t in manifest["totals"].values() for k in t.values() for s in k.values()) == len(
        manifest["documents"]
    )
    assert manifest["journal"]["debit"] == manifest["journal"]["credit"]
    amounts = books.postings["amount"].to_pylist()
    assert Decimal(manifest["journal"]["debit"]) == sum((amount for amount in amounts if amount > 0), Decimal(0))
    assert manifest["journal"]["postings"] == len(amounts)


def test_all_types_and_states_have_a_total_even_when_nothing_happened() -> None:
    """A zero says that it was counted; a missing key says nothing."""
    totals = json.loads(run(testing.empty(), JournalFormat())[1]["manifest.json"])["totals"]
    assert {(c, t, s) for c, types in totals.items() for t, states in types.items() for s in states} == {
        (collection, kind, state)
        for collection in ("sales", "purchases")
        for kind in ("INVOICE", "CREDIT_NOTE")
        for state in ("exported", "held", "draft", "deleted")
    }
    assert totals["sales"]["INVOICE"]["exported"] == {"count": 0, "net": "0.00", "vat": "0.00", "gross": "0.00"}


def test_a_type_or_amount_that_robaws_leaves_out_is_still_listed_and_counted() -> None:
    """The worst documents are the ones that must not be forgotten."""
    books = build([Document("1", type="PROFORMA", state="held", lines=(Line(None),), reasons=[("unknown_type", "x")])])
    manifest = json.loads(run(books, JournalFormat())[1]["manifest.json"])
    assert manifest["totals"]["sales"]["PROFORMA"]["held"]["count"] == 1
    assert [(row["net"], row["state"]) for row in manifest["documents"]] == [(None, "held")]


def test_the_sums_of_files_are_those_of_their_bytes() -> None:
    """Who receives the folder can tell that it arrived whole."""
    _, files = run(testing.ordinary(), JournalFormat(), Made(sales_only))
    manifest = json.loads(files.pop("manifest.json"))
    assert manifest["files"] == {
        path: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)} for path, content in files.items()
    }
    assert list(files)[-1] == "held.csv"


def test_a_document_names_its_files_in_every_format_and_who_holds_it() -> None:
    """It answers the accountant's question: where is this invoice?"""
    manifest = json.loads(run(testing.ordinary(), JournalFormat(), Made(sales_only))[1]["manifest.json"])
    rows = {(row["collection"], row["id"]): row for row in manifest["documents"]}
    journal = ["journal/journal.csv", "journal/documents.csv"]
    assert rows["sales", "11"]["files"] == [*journal, "made/11.txt"]
    assert rows["purchases", "11"]["files"] == journal
    assert rows["purchases", "11"]["formats_held"] == {
        "made": [
            {
                "code": "not_for_purchases",
                "detail": "the supplier sends this one",
                "text": "not for purchases: the supplier sends this one.",
            }
        ]
    }
    assert manifest["formats"]["made"] == {
        "files": 3,
        "documents": 3,
        "held": 2,
        "left_out": 0,
        "notes": [],
        "error": None,
    }


def test_held_csv_says_where_why_and_what_to_do() -> None:
    """The accountant reads this list, not the program's codes."""
    _, files = run(testing.ordinary(), JournalFormat(), Made(sales_only))
    found = held_rows(files["held.csv"])
    assert [(row["collection"], row["id"], row["where"]) for row in found] == [
        ("sales", "14", "all formats"),
        ("purchases", "11", "made"),
        ("purchases", "12", "made"),
    ]
    assert found[0]["reason"] == "It is not known what a VAT tariff means for the books: geen."
    assert "robaws.toml" in found[0]["what_to_do"]
    assert (found[0]["gross"], found[2]["gross"]) == ("121,00", "-640,00")


@pytest.mark.parametrize(
    ("language", "headers", "cells"),
    [
        (
            "nl",
            "soort;nummer;id;type;datum;relatie;exclusief_btw;btw;inclusief_btw;waar;reden;wat_te_doen;code",
            ("verkoop", "factuur", "alle formaten"),
        ),
        (
            "fr",
            "sorte;numéro;id;type;date;tiers;hors_tva;tva;tva_comprise;où;raison;que_faire;code",
            ("vente", "facture", "tous les formats"),
        ),
    ],
)
def test_held_csv_is_in_the_language_of_the_company(
    language: Language, headers: str, cells: tuple[str, str, str]
) -> None:
    """Its reader chose it; the code and the manifest's keys stay, since programs and other people look them up."""
    company = COMPANY.model_copy(update={"language": language})
    books = build([Document("1", state="held", reasons=[("net_differs", "9")])], company=company)
    _, files = run(books, JournalFormat())
    assert files["held.csv"].decode("utf-8-sig").splitlines()[0].replace('"', "") == headers
    kind, _, _, type_, *_, where, reason, remedy, code = held_rows(files["held.csv"])[0].values()
    assert (kind, type_, where) == cells
    assert (reason, remedy) == (describe("net_differs", "9", language), lookup("net_differs", language).remedy)
    told = json.loads(files["manifest.json"])["documents"][0]["reasons"]
    assert told == [{"code": code, "detail": "9", "text": reason}]


def test_a_format_explains_its_own_reasons_and_no_other_formats() -> None:
    """A code alone tells an accountant nothing, and two formats may mean different things by one code."""
    own = Reason("not_for_purchases", "This is not for purchases ({detail}).", "Ask the supplier.", "at the accountant")
    telling, silent = Made(sales_only, "telling", [own]), Made(sales_only, "silent")
    _, files = run(testing.ordinary(), telling, silent)
    found = {row["where"]: (row["reason"], row["what_to_do"]) for row in held_rows(files["held.csv"])}
    assert found["telling"] == ("This is not for purchases (the supplier sends this one).", "Ask the supplier.")
    assert found["silent"] == ("not for purchases: the supplier sends this one.", "")
    (document,) = [
        row for row in json.loads(files["manifest.json"])["documents"] if row["formats_held"] and row["id"] == "11"
    ]
    assert document["formats_held"]["telling"][0]["text"] == found["telling"][0]


def test_a_document_held_without_a_reason_is_not_left_out_of_held_csv() -> None:
    """Should the books ever forget the reason, the document must still be seen."""
    _, files = run(build([Document("1", state="held")]), JournalFormat())
    assert [(row["id"], row["reason"]) for row in held_rows(files["held.csv"])] == [("1", "")]


def test_held_csv_guards_texts_against_formulas() -> None:
    """A customer's name reaches this file too."""
    _, files = run(build([Document("1", number="=1+1", state="held", reasons=[("net_differs", "x")])]))
    assert [row["number"] for row in held_rows(files["held.csv"])] == ["'=1+1"]


def raises_at_once(books: MonthBooks) -> Export:
    raise KeyError("vat_code")


def raises_midway(books: MonthBooks) -> Export:
    def files() -> Iterator[ExportFile]:
        yield ExportFile("1.txt", b"1")
        raise ValueError("account 700000 is too long")

    return Export(files())


def forgets_documents(books: MonthBooks) -> Export:
    return Export([ExportFile("1.txt", b"1")], documents={("sales", "11"): ["1.txt"]})


def climbs_out(books: MonthBooks) -> Export:
    return Export([ExportFile("1.txt", b"1"), ExportFile("../../manifest.json", b"{}")])


def writes_twice(books: MonthBooks) -> Export:
    return Export([ExportFile("1.txt", b"1"), ExportFile("1.txt", b"2")])


def differs_in_case_only(books: MonthBooks) -> Export:
    return Export([ExportFile("f1.txt", b"1"), ExportFile("F1.txt", b"2")])


def writes_a_held_document(books: MonthBooks) -> Export:
    export = JournalFormat().export(books)
    export.documents["sales", "14"] = ["journal.csv"]
    return export


def names_no_file(books: MonthBooks) -> Export:
    export = JournalFormat().export(books)
    export.documents["sales", "11"] = ["lost.csv"]
    return export


def gives_no_bytes(books: MonthBooks) -> Export:
    return Export([ExportFile("1.txt", "text")])  # type: ignore[arg-type]


FAILURES = {
    raises_at_once: "KeyError: 'vat_code'",
    raises_midway: "ValueError: account 700000 is too long",
    forgets_documents: "neither written nor held: purchases 11, purchases 12, sales 12, sales 13",
    climbs_out: "path '../../manifest.json' is not plain",
    writes_twice: "file '1.txt' comes twice",
    differs_in_case_only: "'f1.txt' and 'F1.txt' are one file on Windows",
    writes_a_held_document: "not exported by the books, or not of its collections: sales 14",
    names_no_file: "documents name files that do not exist: lost.csv",
    gives_no_bytes: "TypeError",
}


@pytest.mark.parametrize(("make", "message"), FAILURES.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_a_format_that_fails_loses_its_files_and_nobody_elses(make: Maker, message: str) -> None:
    """Half a format is worse than none, and one format's bug must not cost the accountant the others."""
    export, files = run(testing.ordinary(), JournalFormat(), Made(make), Made(sales_only, "after"))
    manifest = json.loads(files["manifest.json"])
    assert message in manifest["formats"]["made"]["error"]
    assert list(export.errors) == ["made"]
    assert not [path for path in files if path.startswith("made/")]
    assert not [path for path in manifest["files"] if path.startswith("made/")]
    assert not [path for row in manifest["documents"] for path in row["files"] if path.startswith("made/")]
    assert set(manifest["files"]) == set(files) - {"manifest.json"}
    assert manifest["formats"]["journal"]["error"] is manifest["formats"]["after"]["error"] is None


def test_a_format_about_sales_need_not_speak_of_purchases() -> None:
    """Else held.csv would list every purchase invoice as missing from a folder it never belonged in."""

    def sales(books: MonthBooks) -> Export:
        keys = [("sales", document) for document in ("11", "12", "13")]
        return Export([ExportFile("s.txt", b"")], documents={key: ["s.txt"] for key in keys})

    made = Made(sales)
    assert run(testing.ordinary(), made)[0].errors["made"].args == (
        "neither written nor held: purchases 11, purchases 12",
    )
    made.collections = ("sales",)
    export, files = run(testing.ordinary(), made)
    assert export.errors == {}
    assert [row["id"] for row in held_rows(files["held.csv"])] == ["14"]


def test_no_unsafe_path_is_ever_given_to_the_writer() -> None:
    """By the time a check at the end sees it, the file would lie outside the folder."""
    export = MonthExport(testing.ordinary(), [Made(climbs_out)], "", "")
    assert [file.path for file in export.files()] == ["made/1.txt", "held.csv", "manifest.json"]
    assert export.discard == ["made/1.txt"]


def test_files_are_made_when_they_are_asked_for() -> None:
    """A month of ten thousand UBL files must not be in memory at once."""
    made: list[str] = []

    def lazily(books: MonthBooks) -> Export:
        def files() -> Iterator[ExportFile]:
            for name in ("a", "b", "c"):
                made.append(name)
                yield ExportFile(name, b"")

        return Export(files())

    files = MonthExport(testing.empty(), [Made(lazily)], "", "").files()
    assert (next(files).path, made) == ("made/a", ["a"])
    assert (next(files).path, made) == ("made/b", ["a", "b"])


def test_a_full_disk_is_not_the_formats_fault() -> None:
    """An error of whoever writes must reach them, not end up in a manifest as an error of the format."""
    export = MonthExport(testing.ordinary(), [JournalFormat()], "", "")
    files = export.files()
    next(files)
    with pytest.raises(OSError, match="disk full"):
        files.throw(OSError("disk full"))  # type: ignore[attr-defined]
    assert export.errors == {}


def test_a_format_named_twice_is_refused() -> None:
    """Its second files would take the place of the first."""
    with pytest.raises(ValueError, match="each format once: journal, journal"):
        run(testing.empty(), JournalFormat(), JournalFormat())


@brisk
@given(months())
def test_the_same_books_give_the_same_folder(books: MonthBooks) -> None:
    """A rerun that changes bytes would look like a change of the books."""
    assert run(books, JournalFormat(), Made(sales_only))[1] == run(books, JournalFormat(), Made(sales_only))[1]


def test_the_manifest_has_one_document_a_line_and_the_agreed_order() -> None:
    """Comparing two versions line by line must show which documents changed."""
    export, files = run(testing.ordinary(), JournalFormat())
    text = files["manifest.json"].decode()
    lines = [line for line in text.splitlines() if line.startswith('    {"collection":')]
    assert [json.loads(line.rstrip(",")) for line in lines] == export.manifest["documents"]
    assert json.loads(text) == export.manifest
    assert [(row["collection"], row["id"]) for row in export.manifest["documents"]] == [
        *(("sales", document) for document in ("15", "13", "11", "12", "14", "16")),
        *(("purchases", document) for document in ("11", "12")),
    ]


def test_a_contract_broken_is_told_from_a_format_that_raised() -> None:
    """The one is for the format's author, the other may be anything: the caller logs them differently."""
    assert isinstance(run(testing.ordinary(), Made(forgets_documents))[0].errors["made"], FormatError)
    assert isinstance(run(testing.ordinary(), Made(raises_midway))[0].errors["made"], ValueError)


def test_the_docs_name_every_key_and_column() -> None:
    """Tools are written from that page."""
    page = DOCS.read_text(encoding="utf-8")
    tables = [re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE) for part in re.split(r"\nEach of |\n## held", page)]
    export, files = run(testing.ordinary(), JournalFormat())
    held = next(csv.reader(io.StringIO(files["held.csv"].decode("utf-8-sig")), delimiter=";"))
    manifest = export.manifest
    assert tables == [
        list(manifest),
        list(manifest["documents"][0]),
        list(manifest["formats"]["journal"]),
        held,
    ]
