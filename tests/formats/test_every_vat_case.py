"""A month with every VAT case, as the books keep it, in the files that accountants' programs import."""

import csv
import io
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from mloda.community.feature_groups.experimental.german_ledger.datev import read_batch
from vat_cases import combinations, every_case

from robaws_pipeline.formats import testing
from robaws_pipeline.formats.base import Export, MonthBooks
from robaws_pipeline.formats.datev import DatevFormat
from robaws_pipeline.formats.vat_codes import KEYS, keyed
from robaws_pipeline.formats.winbooks import WinbooksFormat

Sums = dict[tuple[Any, ...], Decimal]


@cache
def case() -> MonthBooks:
    return every_case()


def with_settings(books: MonthBooks, name: str, **own: Any) -> MonthBooks:
    return replace(books, company=books.company.model_copy(update={"format": {name: own}}))


def nonzero(sums: Sums) -> Sums:
    return {key: value for key, value in sums.items() if value}


def read(format_: Any, books: MonthBooks) -> tuple[dict[str, bytes], Export]:
    files, export = testing.read_export(format_, books)
    return {file.path: file.content for file in files}, export


def test_the_month_has_every_case_and_all_of_it_is_booked() -> None:
    """A case that the books hold would be tested by nothing here."""
    books = case()
    assert set(books.states["state"].to_pylist()) == {"exported"}
    seen = {(row["collection"], row["treatment"]) for row in books.vat.to_pylist()}
    assert len(seen) == 2 * 9
    assert {row["deductible"] for row in books.vat.to_pylist() if row["collection"] == "purchases"} == {0, 50, 100}
    assert {row["kind"] for row in books.postings.to_pylist()} >= {
        "party", "line", "vat", "not_deductible", "self_assessed_due", "self_assessed_deductible",
    }  # fmt: skip


def test_winbooks_has_every_posting_and_every_base_under_its_own_code() -> None:
    """Account by account and document by document what the books have, and each code with the base of the return."""
    codes = [{**row, "code": f"{100000 + place}"} for place, row in enumerate(combinations(case()))]
    books = with_settings(case(), "winbooks", vat_codes=codes)
    files, export = read(WinbooksFormat(), books)
    assert export.held == []
    rows = list(csv.reader(io.StringIO(files["act.txt"].decode("cp1252"), newline="")))
    sums: Sums = defaultdict(Decimal)
    bases: dict[tuple[Any, ...], set[Decimal]] = defaultdict(set)
    for row in rows:
        document = ("sales" if row[2] in "23" else "purchases", "CREDIT_NOTE" if row[2] in "13" else "INVOICE", row[3])
        sums[*document, row[6]] += Decimal(row[16])
        if row[4] == "VAT":
            bases[*document, row[18]].add(Decimal(row[17]))
    booked: Sums = defaultdict(Decimal)
    for row in books.postings.to_pylist():
        booked[row["collection"], row["type"], row["number"][1:], row["account"]] += row["amount"]
    assert nonzero(sums) == nonzero(booked)
    names = {tuple(code.get(key) for key in KEYS if key != "type"): code["code"] for code in codes}
    expected: Sums = defaultdict(Decimal)
    numbers = {(row["collection"], row["document_id"]): row["number"][1:] for row in books.states.to_pylist()}
    for row in keyed(books.vat, books.states).to_pylist():
        code = names[tuple(row[key] for key in KEYS if key != "type")]
        sign = -1 if row["type"] == "CREDIT_NOTE" else 1
        document = (row["collection"], row["type"], numbers[row["collection"], row["document_id"]])
        expected[*document, code] += sign * row["base"]
    assert all(len(values) == 1 for values in bases.values())
    assert {key: min(values) for key, values in bases.items()} == expected


def test_datev_has_what_every_party_owes_with_vat_on_the_accounts_of_the_lines(tmp_path: Path) -> None:
    """By another's reader: the person's account to the cent, and the rest on the accounts that the lines name."""
    shares = [Decimal(100), Decimal(50), Decimal(0)]
    keys = {(row["collection"], row["treatment"], row["rate"]) for row in combinations(case())}
    codes = [
        {"collection": collection, "treatment": treatment, "rate": rate, "deductible": share, "code": f"{200 + place}"}
        for place, (collection, treatment, rate) in enumerate(sorted(keys))
        for share in (shares if collection == "purchases" else shares[:1])
    ]
    books = with_settings(case(), "datev", adviser=29098, client=55003, account_length=6, vat_codes=codes)
    files, export = read(DatevFormat(), books)
    assert export.held == []
    path = tmp_path / "EXTF_Buchungsstapel_2026-03.csv"
    path.write_bytes(files[path.name])
    _, columns = read_batch(str(path))
    legs = pa.table(dict(columns)).to_pylist()
    owed: Sums = defaultdict(Decimal)
    accounts: Sums = defaultdict(Decimal)
    for leg in legs:
        (owed if leg["Kontoart"] == "Personenkonto" else accounts)[leg["Belegfeld 1"], leg["Konto"]] += leg["Betrag"]
    booked: Sums = defaultdict(Decimal)
    lines = set()
    for row in books.postings.to_pylist():
        if row["kind"] == "party":
            first = 1_000_000 if row["collection"] == "sales" else 7_000_000
            booked[row["number"], str(first + int(row["party_code"][1:]))] += row["amount"]
        if row["kind"] in {"line", "rounding"}:
            lines.add((row["number"], row["account"]))
    assert owed == booked
    assert set(accounts) <= lines
    assert sum(accounts.values()) == -sum(owed.values())
