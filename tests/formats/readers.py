"""Which reader judges which format: what its files say, for the kit to hold against the books."""

import csv
import io
import re
import tomllib
import unicodedata
import xml.etree.ElementTree as ET
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import pyxaf
from fec_rules import euro
from fec_rules import rows as fec_rows
from kept_months import with_settings
from vat_cases import combinations
from workbook_reader import Read

from robaws_pipeline.formats import registry, testing
from robaws_pipeline.formats.base import Export, ExportFile, Format, MonthBooks
from robaws_pipeline.formats.contract import DocumentKey
from robaws_pipeline.formats.testing import Posted, Total
from robaws_pipeline.formats.workbook import WORDS

PAGE = Path(__file__).parents[2] / "docs" / "formats" / "template.md"
Files = Sequence[ExportFile]
Amounts = Mapping[str | None, Decimal]
"""By account, or by none for what is owed; zeros left out."""


@dataclass(frozen=True)
class Judge:
    """How a format is tried: with settings that leave nothing of the books held, and with readers of its files."""

    settings: Callable[[MonthBooks], dict[str, Any]] = lambda books: {}
    read: testing.Reader = testing.read_utf8
    encoding: str | None = None
    """Of all files, for the kit to look for replaced characters."""
    postings: Callable[[MonthBooks, Files, Export], Iterable[Posted]] | None = None
    totals: Callable[[MonthBooks, Files, Export], Iterable[Total]] | None = None
    without: str = ""
    """Why neither can be read."""
    company: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the company."""

    def problems(self, name: str, books: MonthBooks) -> list[str]:
        """What the kit says of the format on these books."""
        books = with_settings(books, name, **self.settings(books))
        company = books.company.model_copy(update=dict(self.company))

        def bound(reader: Any) -> Any:
            return None if reader is None else partial(reader, books)

        def make() -> Format:
            (format_,) = registry.select(company, name)
            return format_

        return testing.problems(
            make,
            books,
            None if self.encoding else self.read,
            encoding=self.encoding,
            postings=bound(self.postings),
            totals=bound(self.totals),
        )


def text_of(file: ExportFile, encoding: str = "utf-8-sig") -> io.StringIO:
    return io.StringIO(file.content.decode(encoding), newline="")


def named(files: Files, path: str) -> ExportFile:
    (found,) = (file for file in files if file.path == path)
    return found


def unpacked(file: ExportFile) -> object:
    """UTF-8, and zips of it."""
    if not file.path.endswith(".zip"):
        return testing.read_utf8(file)
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        return [testing.read_utf8(ExportFile(name, archive.read(name))) for name in archive.namelist()]


def spreadsheet(file: ExportFile) -> object:
    return testing.read_utf8(file) if file.path.endswith(".csv") else sheet(file)


def sheet(file: ExportFile) -> list[dict[str, Any]]:
    """The rows of a workbook's only sheet."""
    page = openpyxl.load_workbook(io.BytesIO(file.content)).active
    assert page is not None
    head, *found = page.iter_rows(values_only=True)
    return [dict(zip((str(name) for name in head), row, strict=True)) for row in found]


def cents(value: Any) -> Decimal:
    """A number of a cell: a double, which has the digits of every amount of the books."""
    return Decimal(repr(value)).quantize(Decimal("0.01"))


def comma(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


class Entries:
    """Entries of a file that names documents by journal and number alone, and whose they are.

    Documents that the file calls by one name are told apart by their amounts; when none has the amounts, the entry is
    taken for the first of them, and the kit says what differs.
    """

    def __init__(self, books: MonthBooks, export: Export, name: Callable[[dict[str, Any]], str]) -> None:
        self.found: dict[tuple[str, str], list[tuple[str | None, Decimal]]] = defaultdict(list)
        self.waiting: dict[str, list[DocumentKey]] = defaultdict(list)
        heads = {(row["collection"], row["id"]): row for row in books.documents.to_pylist()}
        self.booked: dict[DocumentKey, dict[str | None, Decimal]] = {}
        for row in books.postings.to_pylist():
            key = row["collection"], row["document_id"]
            if key not in export.documents:
                continue
            if key not in self.booked:
                self.booked[key] = defaultdict(Decimal)
                head = {**row, "supplier_number": heads[key]["supplier_number"]}
                self.waiting[f"{row['journal']} {plain(name(head))}"].append(key)
            self.booked[key][row["account"]] += row["amount"]

    def add(self, entry: object, journal: str, number: str, account: str | None, amount: Decimal) -> None:
        """A row of the file; `entry` tells entries apart."""
        self.found[f"{journal} {plain(number)}", str(entry)].append((account, amount))

    def postings(self) -> Iterator[Posted]:
        """All rows, with the documents whose they are."""
        for (name, entry), rows in self.found.items():
            sums: dict[str | None, Decimal] = defaultdict(Decimal)
            for account, amount in rows:
                sums[account] += amount
            keys = self.waiting[name]
            key = next((key for key in keys if nonzero(self.booked[key]) == nonzero(sums)), None)
            if key is None:
                key = keys[0] if keys else ("unknown", name)
            if key in keys:
                keys.remove(key)
            yield from (Posted(key, amount, account, entry=(name, entry)) for account, amount in rows)


def nonzero(sums: Amounts) -> Amounts:
    return {key: value for key, value in sums.items() if value}


def plain(text: str) -> str:
    """Without what files cannot carry or write otherwise: white space, control characters."""
    return "".join(
        c for c in text if unicodedata.category(c) not in {"Cc", "Zs", "Zl", "Zp"} and c not in "\ufeff\ufffe\uffff"
    )


def digits(text: str | None) -> str:
    return re.sub(r"\D", "", text or "", flags=re.ASCII)


def journal_postings(books: MonthBooks, files: Files, export: Export) -> Iterator[Posted]:
    """journal.csv, by the standard library's reader."""
    for row in csv.DictReader(text_of(named(files, "journal.csv")), delimiter=";"):
        amount = comma(row["debit"]) - comma(row["credit"])
        yield Posted((row["collection"], row["document_id"]), amount, row["account"], row["entry"])


def journal_totals(books: MonthBooks, files: Files, export: Export) -> Iterator[Total]:
    """documents.csv."""
    for row in csv.DictReader(text_of(named(files, "documents.csv")), delimiter=";"):
        yield Total((row["collection"], row["document_id"]), comma(row["gross"]) if row["gross"] else None)


def winbooks_postings(books: MonthBooks, files: Files, export: Export) -> Iterator[Posted]:
    """act.txt."""
    entries = Entries(books, export, lambda head: digits(head["number"]))
    for row in csv.reader(text_of(named(files, "act.txt"), "cp1252")):
        if row[0] != "4":
            entries.add("", row[1], row[3], row[6], Decimal(row[16]))
    return entries.postings()


def fec_postings(books: MonthBooks, files: Files, export: Export) -> Iterator[Posted]:
    """The file of the month, by the rules of the law."""

    def piece(head: dict[str, Any]) -> str:
        theirs = head["supplier_number"] if head["collection"] == "purchases" else None
        return next(text for text in (theirs, head["number"], head["document_id"]) if text and plain(text))

    entries = Entries(books, export, piece)
    (file,) = (file for file in files if "FEC" in file.path)
    for row in fec_rows(file.content):
        amount = euro(row["Debit"]) - euro(row["Credit"])
        entries.add(row["EcritureNum"], row["JournalCode"], row["PieceRef"], row["CompteNum"], amount)
    return entries.postings()


def xaf_postings(books: MonthBooks, files: Files, export: Export) -> Iterator[Posted]:
    """By pyxaf."""

    def reference(head: dict[str, Any]) -> str:
        side = "V" if head["collection"] == "sales" else "A"
        number = head["number"] or ""
        return number if plain(number) else f"#{side}{head['document_id']}"

    entries = Entries(books, export, reference)
    (file,) = (file for file in files if file.path.endswith(".xaf"))
    with pyxaf.open(file.content) as audit:
        for line in audit.lines():
            entries.add(
                line.transaction_number, line.journal_id, line.document_ref, line.account_id, line.signed_amount
            )
    return entries.postings()


def exact_postings(books: MonthBooks, files: Files, export: Export) -> Iterator[Posted]:
    """The workbook, entries by journal and number."""
    entries = Entries(books, export, lambda head: digits(head["number"]).lstrip("0"))
    for row in sheet(named(files, "gl_transactions.xlsx")):
        entries.add("", row["Journal"], str(row["EntryNumber"]), row["GLAccount"], cents(row["Amount"]))
    return entries.postings()


def odoo_postings(books: MonthBooks, files: Files, export: Export) -> Iterator[Posted]:
    """The workbook: an entry begins where its columns are filled; its id has ours."""
    entry = ""
    for row in sheet(named(files, "journal_entries.xlsx")):
        entry = row["id"] or entry
        _, collection, document = entry.split("_", 2)
        amount = cents(row["line_ids/debit"]) - cents(row["line_ids/credit"])
        yield Posted((collection, document), amount, row["line_ids/account_id"], entry)


def datev_totals(books: MonthBooks, files: Files, export: Export) -> Iterator[Total]:
    """What each document has on the account of its customer or supplier; rows have its id beside them."""
    owed: dict[DocumentKey, Decimal] = defaultdict(Decimal)
    for file in files:
        if file.path.startswith("EXTF_Buchungsstapel"):
            _, names, *found = csv.reader(text_of(file, "cp1252"), delimiter=";", strict=True)
            for cells in found:
                row = dict(zip(names, cells, strict=True))
                collection, document = row["Beleginfo - Inhalt 1"].split(" ", 1)
                debit = comma(row["Umsatz (ohne Soll/Haben-Kz)"]) * (1 if row["Soll/Haben-Kennzeichen"] == "S" else -1)
                owed[collection, document] += debit if collection == "sales" else -debit
    return (Total(key, amount) for key, amount in owed.items())


def workbook_postings(books: MonthBooks, files: Files, export: Export) -> Iterator[Posted]:
    """The sheet of postings, as a spreadsheet library reads it."""
    words = WORDS[books.company.language]
    kinds = {words["sales"]: "sales", words["purchases"]: "purchases"}
    (file,) = files
    for row in Read(file.content).table(words["journal"]):
        debit, credit = (Decimal(str(row[words[side]] or 0)) for side in ("debit", "credit"))
        key = kinds[str(row[words["collection"]])], str(row[words["id"]])
        yield Posted(key, debit - credit, str(row[words["account"]]))


def ubl_totals(books: MonthBooks, files: Files, export: Export) -> Iterator[Total]:
    """TaxInclusiveAmount, which UBL writes without sign: the kind of document says it."""
    owners = {path: key for key, paths in export.documents.items() for path in paths}
    for file in files:
        if file.path in owners and file.path.endswith(".xml"):
            root = ET.fromstring(file.content)  # noqa: S314 - written by us
            (amount,) = (one.text for one in root.iter() if one.tag.endswith("}TaxInclusiveAmount"))
            sign = -1 if root.tag.endswith("}CreditNote") else 1
            yield Total(owners[file.path], sign * Decimal(amount or ""))


def winbooks_settings(books: MonthBooks) -> dict[str, Any]:
    """A code for every combination."""
    return {"vat_codes": [{**row, "code": f"{100000 + place}"} for place, row in enumerate(combinations(books))]}


def datev_settings(books: MonthBooks) -> dict[str, Any]:
    """A key for every combination; one for all that may have been bought, as a line does not say it."""
    keys = dict.fromkeys(
        tuple((name, value) for name, value in row.items() if name != "nature") for row in combinations(books)
    )
    codes = [{**dict(row), "code": f"{1000 + place}"} for place, row in enumerate(keys)]
    return {"adviser": 29098, "client": 55003, "account_length": 6, "vat_codes": codes}


def both_files(books: MonthBooks) -> dict[str, Any]:
    return {"files": ["xlsx", "csv"]}


_JOURNAL = Judge(encoding="utf-8-sig", postings=journal_postings, totals=journal_totals)
_UBL = Judge(read=unpacked, totals=ubl_totals)
_SUMS = "sums of a period and not documents: test_vat_return and test_listings hold them against the entries"

SHIPPED: Mapping[str, Judge] = {
    "datev": Judge(datev_settings, encoding="cp1252", totals=datev_totals),
    "exact_online": Judge(both_files, spreadsheet, postings=exact_postings),
    "fec": Judge(lambda books: {"siren": "732829320"}, encoding="utf-8", postings=fec_postings),
    "journal": _JOURNAL,
    "listings": Judge(read=unpacked, without=_SUMS),
    "octopus": Judge(both_files, spreadsheet, without="customers and suppliers without amounts"),
    "odoo": Judge(both_files, spreadsheet, postings=odoo_postings),
    "ubl": _UBL,
    "ubl_purchases": _UBL,
    "vat": Judge(read=unpacked, without=_SUMS),
    "winbooks": Judge(winbooks_settings, encoding="cp1252", postings=winbooks_postings),
    "workbook": Judge(read=lambda file: Read(file.content), postings=workbook_postings),
    "xaf": Judge(lambda books: {"version": "4.0"}, encoding="utf-8", postings=xaf_postings),
}
"""Every format of this package."""

LAYOUTS = {
    name: layout
    for fence in re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for name, layout in tomllib.loads(fence, parse_float=Decimal)["companies"]["acme"]["templates"].items()
}
"""The worked examples of the documentation."""

WORKED: Mapping[str, Judge] = {
    "as_journal": Judge(encoding="utf-8-sig", postings=journal_postings, company={"templates": LAYOUTS}),
    "as_documents": Judge(encoding="utf-8-sig", totals=journal_totals, company={"templates": LAYOUTS}),
}
"""Those that write amounts."""

JUDGES = {**SHIPPED, **WORKED}
