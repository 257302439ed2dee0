"""act.txt beside the ACT.txt that another program writes of the same documents.

Tryton is given the lines of each document and its taxes, and computes VAT, entries and rows itself (`tryton_program`).
What the two write must be the same, field by field; where they may differ stands here with the reason. Tryton writes no
customers and suppliers (csf.txt) and no analytical entries.
"""

import json
import random
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from kept_months import with_settings
from test_winbooks_format import ACT_WIDTHS, Rows, by_document, exported, parsed
from vat_cases import DEDUCTIBLE, NATURES, combinations, every_case

from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.formats.vat_codes import VatCode
from robaws_pipeline.formats.winbooks.options import USUAL_CODES

PROGRAM = Path(__file__).with_name("tryton_program.py")
FULL, ZERO = Decimal(100), Decimal(0)
Key = tuple[str, str]
"""Journal and number of a document."""

OURS_ALONE = {
    "DOCORDER": "Tryton numbers no lines",
    "OPCODE": "Tryton lets WinBooks compute VAT anew; ours is FIXED, as the document has it",
    "DATE": "Tryton leaves the date of booking to WinBooks",
    "COMMENTEXT": "Tryton has no structured communication",
    "VATTAX": "WinBooks adds it up when it is not there",
}
"""Columns that Tryton leaves empty."""
OTHER_TEXTS = {"COMMENT": "names of lines and taxes are each program's own"}
OTHER_PLACES = {
    "ACCOUNTRP": "Tryton names the party on its row alone; ours, as most writers, on every row of the document",
    "VATBASE": "Tryton writes 0 on lines and nothing on the party; ours the other way round. VAT rows: the same",
}
"""Columns that both fill, on other rows; compared on the rows of both."""
NOT_WRITTEN = {"DICFROM", "CODAKEY"}
"""The last columns, which Tryton leaves out and ours leaves empty."""


@pytest.fixture(scope="module")
def books() -> MonthBooks:
    """Every VAT case, with amounts that nobody chose: others for each tariff and account, the same in each run.

    VAT of sales does not come out even, but never on half a cent, which Tryton rounds to even and the State up. That of
    purchases does: a supplier rounds the VAT of a rate, Tryton that of each tax.
    """
    drawn = random.Random(20260315)

    def nets(collection: str) -> list[Decimal]:
        first, second = (drawn.randint(1, 30_000) * 25 + 1 for _ in range(2))
        if collection == "purchases":
            second += -(first + second) % 200
        return [Decimal(cents).scaleb(-2) for cents in (first, second)]

    made = every_case(nets=nets)
    codes = [{**row, "code": f"{100000 + place}"} for place, row in enumerate(combinations(made))]
    return with_settings(made, "winbooks", vat_codes=codes, first_book_year="2024-01")


@pytest.fixture(scope="module")
def ours(books: MonthBooks) -> dict[Key, Rows]:
    files, export = exported(books)
    assert export.held == []
    return by_document(parsed(files["act.txt"], ACT_WIDTHS))


@pytest.fixture(scope="module")
def theirs(books: MonthBooks) -> dict[Key, Rows]:
    done = subprocess.run(
        [sys.executable, PROGRAM], input=json.dumps(dossier(books)).encode(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    widths = {name: width for name, width in ACT_WIDTHS.items() if name not in NOT_WRITTEN}
    return by_document(parsed(done.stdout, widths, "utf-8"))


def dossier(books: MonthBooks) -> dict[str, Any]:
    """The documents with their lines, and what Tryton must know of the company: no amount but the net of lines."""
    accounts = books.company.accounts
    taxes, documents = {}, {}
    lines = defaultdict(list)
    for line in books.lines.to_pylist():
        sale = line["collection"] == "sales"
        tariff = books.company.vat_tariffs[line["vat_tariff_id"]]
        self_assessed = ZERO if sale else tariff.self_assessed_rate or ZERO
        account = line["gl_account_code"]
        deductible = FULL if sale else DEDUCTIBLE.get(account, FULL)
        (code,) = [
            code["code"]
            for code in books.company.format["winbooks"]["vat_codes"]
            if code["collection"] == line["collection"]
            and (code["treatment"], code["rate"]) == (tariff.treatment, tariff.rate or self_assessed)
            and (sale or (code["nature"], code["deductible"]) == (NATURES[account], deductible))
        ]
        taxes[code] = {
            "code": code,
            "rate": str(tariff.rate),
            "self_assessed_rate": str(self_assessed),
            "account": accounts.vat_due if sale else accounts.vat_deductible,
            "due": accounts.self_assessed_due,
        }
        lines[line["collection"], line["document_id"]].append(
            {"account": account, "net": f"{line['net']:.2f}", "deductible": str(deductible), "tax": code}
        )
    documents = [
        {
            "kind": "out" if row["collection"] == "sales" else "in",
            "number": row["number"],
            "credit": row["type"] == "CREDIT_NOTE",
            "date": row["date"].isoformat(),
            "due": row["due_date"].isoformat(),
            "party": ("C" if row["collection"] == "sales" else "S") + row["party_id"],
            "account": accounts.customers if row["collection"] == "sales" else accounts.suppliers,
            "lines": lines[row["collection"], row["id"]],
        }
        for row in books.documents.to_pylist()
    ]
    of_party = {accounts.customers: "receivable", accounts.suppliers: "payable"}
    of_vat = dict.fromkeys((accounts.vat_due, accounts.vat_deductible, accounts.self_assessed_due), "tax")
    of_lines = {
        line["account"]: "revenue" if document["kind"] == "out" else "expense"
        for document in documents
        for line in document["lines"]
    }
    return {
        "first_day": "2026-01-01",
        "last_day": "2026-12-31",
        "book_year": "3",
        "accounts": of_party | of_vat | of_lines,
        "taxes": taxes,
        "parties": {
            row["code"]: {"name": row["name"], "kind": {"client": "customer"}.get(row["kind"], row["kind"])}
            for row in books.parties.to_pylist()
        },
        "journals": {"out": ["VK", "VKC"], "in": ["AK", "AKC"]},
        "documents": [document for document in documents if wanted(document, taxes)],
    }


def wanted(document: dict[str, Any], taxes: dict[str, Any]) -> bool:
    """Sales; purchases with every case at once, as one case after the other says no more and takes Tryton long; and
    those with VAT that is deducted in part, but for VAT that is due in full too: Tryton would shorten both."""
    in_part = {line["tax"] for line in document["lines"] if line["deductible"] != str(FULL)}
    if not in_part:
        return document["kind"] == "out" or len(document["lines"]) > 2
    return all(Decimal(taxes[name]["rate"]) for name in in_part)


def values(rows: Rows, *columns: str) -> list[tuple[str, ...]]:
    return [tuple(row[column] for column in columns) for row in rows]


def of_type(rows: Rows, *kinds: str) -> Rows:
    return [row for row in rows if row["DOCTYPE"] in kinds]


def sums(rows: Rows, amount: str, *columns: str) -> dict[tuple[str, ...], Decimal]:
    found: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for row in rows:
        found[tuple(row[column] for column in columns)] += Decimal(row[amount])
    return {key: value for key, value in found.items() if value}


def test_both_write_the_same_documents(ours: dict[Key, Rows], theirs: dict[Key, Rows]) -> None:
    """Journal and number are how WinBooks knows a document; the comparison must be of all of them."""
    assert len(theirs) == 40
    assert theirs.keys() <= ours.keys()
    assert {journal for journal, _ in theirs} == {"VK", "VKC", "AK", "AKC"}


def test_both_say_the_same_of_the_party(ours: dict[Key, Rows], theirs: dict[Key, Rows]) -> None:
    """Who owes what, of which day, due when, in which book year: the row that WinBooks matches payments with."""
    columns = ACT_WIDTHS.keys() - OURS_ALONE.keys() - OTHER_TEXTS.keys() - NOT_WRITTEN - {"VATBASE"}
    for key, rows in theirs.items():
        (party,), (other) = of_type(ours[key], "1", "2"), of_type(rows, "1", "2")
        assert [{name: row[name] for name in columns} for row in other] == [{name: party[name] for name in columns}]


def test_both_book_the_same_amounts_on_the_same_accounts(ours: dict[Key, Rows], theirs: dict[Key, Rows]) -> None:
    """VAT that two programs computed from the same lines, to the cent, on the account and under the code it belongs."""
    for key, rows in theirs.items():
        booked = [sums(of_type(both, "3"), "AMOUNTEUR", "ACCOUNTGL", "VATCODE") for both in (ours[key], rows)]
        assert booked[0] == booked[1]


def test_both_have_a_row_for_each_line(ours: dict[Key, Rows], theirs: dict[Key, Rows]) -> None:
    """But for VAT that is not deducted, which Tryton adds to the amount of the line: there ours has one row more."""
    for key, rows in theirs.items():
        lines = [
            sorted(values([row for row in of_type(both, "3") if not row["VATCODE"]], "ACCOUNTGL", "AMOUNTEUR"))
            for both in (ours[key], rows)
        ]
        if DEDUCTIBLE.keys() & {account for account, _ in lines[1]}:
            assert len(lines[0]) == len(lines[1]) + 1
        else:
            assert lines[0] == lines[1]


def test_both_tell_the_same_bases(books: MonthBooks, ours: dict[Key, Rows], theirs: dict[Key, Rows]) -> None:
    """What fills the grids of the return: each code's base, positive on invoices and credit notes alike, beside each of
    its amounts, and on a row of type 4 where there is no amount.

    Of VAT that is deducted in part Tryton tells that part of the base only, and nothing when it is no part at all.
    """
    codes = books.company.format["winbooks"]["vat_codes"]
    shares = {code["code"]: code.get("deductible", FULL) / 100 for code in codes}
    for key, rows in theirs.items():
        for kind in ("3", "4"):
            found, other = (
                sums([row for row in of_type(both, kind) if row["VATCODE"]], "VATBASE", "VATCODE", "ACCOUNTGL")
                for both in (ours[key], rows)
            )
            part = {(code, account): base * shares[code] for (code, account), base in found.items() if shares[code]}
            assert part == other
        assert all(row["AMOUNTEUR"] in {"0", "0.00"} for both in (ours[key], rows) for row in of_type(both, "4"))


def test_what_one_of_them_leaves_empty_is_what_is_said_here(ours: dict[Key, Rows], theirs: dict[Key, Rows]) -> None:
    """A column that Tryton begins to fill, or ours, must be compared and not passed over."""
    mine, other = ([row for key in theirs for row in both[key]] for both in (ours, theirs))
    filled_by_us, filled_by_them = (
        {name for name in ACT_WIDTHS if any(row.get(name) for row in rows)} for rows in (mine, other)
    )
    assert filled_by_us - filled_by_them == OURS_ALONE.keys() - {"COMMENTEXT"}
    assert filled_by_them <= filled_by_us
    assert not filled_by_us & NOT_WRITTEN
    party, lines = of_type(other, "1", "2"), [row for row in of_type(other, "3") if not row["VATCODE"]]
    assert {row["VATBASE"] for row in party} == {""}
    assert {row["VATBASE"] for row in lines} == {"0"}
    assert {bool(row["ACCOUNTRP"]) for row in other if row["DOCTYPE"] in "34"} == {False}


def test_the_codes_that_winbooks_comes_with_are_those_that_tryton_knows() -> None:
    """A usual code that is wrong fills a wrong grid for everybody who did not look."""
    spec = find_spec("trytond.modules.account_export_winbooks")
    assert spec is not None
    tree = ET.parse(Path(spec.submodule_search_locations[0]) / "account_be.xml")  # noqa: S314 - of a package we lock
    theirs = {
        record.get("id", "").removeprefix("account_be.tva_").removesuffix("_1").removesuffix("_2"): field.text
        for record in tree.iter("record")
        for field in record.iter("field")
    }
    for code in USUAL_CODES:
        if code.code:
            assert theirs[tryton_name(code)] == code.code
    compared = {theirs[tryton_name(code)] for code in USUAL_CODES if code.code}
    assert set(theirs.values()) - compared == NO_USUAL_CODE.keys()


TREATMENTS = {
    "standard": "",
    "reverse_charge": "_coco",
    "intra_community_goods": "_intracommunautaires",
    "intra_community_services": "_intracommunautaires",
    "export": "_hors_communaute",
}
BOUGHT = {"goods": "marchandises", "services": "frais_biens", "investment": "investissement"}
NO_USUAL_CODE = {
    "232000": "services outside the Union: grid 47 as well, and Robaws's tariff does not tell them from goods",
    "121101": "goods of the Union without VAT: rare, and held until the settings say it",
    "122300": "services of the Union without VAT: likewise",
    "123100": "investments of the Union without VAT: likewise",
}


def tryton_name(code: VatCode) -> str:
    """Of the tax in the Belgian chart of Tryton that is for the same."""
    treatment = TREATMENTS[code.treatment]
    rate = "" if (code.collection, code.treatment) == ("sales", "reverse_charge") else f"_{code.rate}"
    if code.collection == "sales":
        sold = "services" if code.treatment == "intra_community_services" else "biens"
        return f"vente_{sold}{treatment}{rate}"
    return f"achat_{BOUGHT[code.nature or 'goods']}{treatment}{rate}"
