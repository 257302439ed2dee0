"""What Robaws may send that is not what it should be, each from the wire to the operator's screen."""

import csv
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import stamina
from companies import Company, Place

from robaws_pipeline.sandbox.faults import LONG_NUMBER, Faults
from robaws_pipeline.schema import DOCUMENTS

LOAD = ("load", "--from", "2025-01", "--to", "2025-03")


@pytest.fixture(autouse=True)
def _no_back_off() -> Iterator[None]:
    stamina.set_testing(True, attempts=3, cap=True)
    yield
    stamina.set_testing(False)


Fault = Callable[[Faults], None]

ALWAYS = 10_000
REQUESTS: dict[str, tuple[Fault, str, str]] = {
    "no such collection": (
        lambda faults: faults.status(404, "purchase-invoices", times=ALWAYS),
        "404 Not Found",
        "check base_url in robaws.toml (it ends in /api/v2)",
    ),
    "a page for people": (
        lambda faults: faults.html("purchase-invoices", times=ALWAYS),
        "text/html",
        "a login page or a proxy may answer in Robaws's place",
    ),
    "no envelope": (
        lambda faults: faults.no_envelope("purchase-invoices", times=ALWAYS),
        "JSON of another shape",
        "Check base_url in robaws.toml",
    ),
    "half a body": (
        lambda faults: faults.truncated("purchase-invoices", times=ALWAYS),
        "broken JSON",
        "Check base_url in robaws.toml",
    ),
    "an id twice in every sweep": (
        lambda faults: faults.item_twice("purchase-invoices", query="type=INVOICE", times=ALWAYS),
        "distinct ids",
        "Run again when nobody deletes documents",
    ),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_a_collection_that_cannot_be_read_is_named_and_the_other_goes_out(
    company: Company, loaded_once: Path, case: str
) -> None:
    """Trouble with purchases must not keep the sales from the accountant; the message says what to do about it."""
    fault, happened, remedy = REQUESTS[case]
    fault(company.server.faults)
    result = company.place.invoke(*LOAD)
    assert result.exit_code == 1
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("Problem"))
    assert "GET purchase-invoices?type=" in line
    assert happened in line
    assert remedy in line
    assert company.place.broken() == []
    assert _of("sales", company.place) == _of("sales", Place(loaded_once))
    for manifest in company.place.manifests().values():
        assert manifest["not_read"] == ["purchases"]


@pytest.mark.parametrize("fault", ["truncated", "reset", "item_twice"])
def test_what_happens_once_is_made_good_without_a_word_too_many(
    company: Company, loaded_once: Path, fault: str
) -> None:
    """A hiccup of the network at night is no reason to wake anybody, nor to lose a document."""
    getattr(company.server.faults, fault)("sales-invoices", query="type=INVOICE")
    result = company.place.invoke(*LOAD)
    assert result.exit_code == 0, result.output
    assert company.server.faults.pending == 0
    assert company.place.exported() == Place(loaded_once).exported()


def test_keys_that_nobody_knows_change_no_file(company: Company, loaded_once: Path) -> None:
    """Robaws adds fields when it likes, and the accountant's files are the same the day after."""
    company.server.faults.extra_keys(times=ALWAYS)
    result = company.place.invoke(*LOAD)
    assert result.exit_code == 0, result.output
    exported, undisturbed = company.place.exported(), Place(loaded_once).exported()
    assert exported.keys() == undisturbed.keys()
    # A manifest names the hash of each document's JSON, and that is another one now.
    assert {name: file for name, file in exported.items() if not name.endswith("manifest.json")} == {
        name: file for name, file in undisturbed.items() if not name.endswith("manifest.json")
    }


def test_numbers_that_no_double_keeps_are_exact_or_held(company: Company) -> None:
    """As a float the first would be off by euros and the second infinite; neither may be booked nor stop the month."""
    faults = company.server.faults
    faults.long_number("sales-invoices", key="totalExclVat", item=0, query="type=INVOICE", times=ALWAYS)
    faults.long_number("sales-invoices", number=b"1e400", item=1, query="type=INVOICE", times=ALWAYS)
    exact, endless = [
        record["id"] for record in company.world.records("sales-invoices") if record["type"] == "INVOICE"
    ][:2]
    result = company.place.invoke(*LOAD)
    assert result.exit_code == 0, result.output
    documents = _of("sales", company.place)
    assert {documents[exact]["state"], documents[endless]["state"]} == {"held"}
    assert "unreadable" in {reason["code"] for reason in documents[endless]["reasons"]}
    tables = company.place.workspace().tables
    nets = {
        row["id"]: row["net"]
        for month in company.place.manifests()
        for row in tables.read(DOCUMENTS, month).select(["id", "net"]).to_pylist()
    }
    assert nets[exact] == Decimal(LONG_NUMBER.decode())
    assert nets[endless] is None


def _of(collection: str, place: Place) -> dict[str, dict[str, Any]]:
    """The documents of a collection in the manifests: id → what is said of it."""
    return {
        document["id"]: document
        for manifest in place.manifests().values()
        for document in manifest["documents"]
        if document["collection"] == collection
    }


def _spoil(company: Company) -> dict[str, tuple[str, str]]:
    """Spoil a sales invoice for each case; id → code of the reason, and words of the screen that name the trouble."""
    world = company.world
    invoices = [
        record
        for record in world.records("sales-invoices")
        if record["type"] == "INVOICE" and record["logicId"] and str(record["date"])[:7] == "2025-01"
    ]
    unknown_type, no_amount, no_total, no_date, text_total = invoices[:5]
    lines = [{**line, "totalExclVat": None, "price": None} for line in no_amount["adjustedLineItems"]]
    world.update("sales-invoices", no_amount["id"], {"adjustedLineItems": lines}, None)
    world.update("sales-invoices", no_total["id"], {"totalExclVat": None, "totalInclVat": None}, None)
    world.update("sales-invoices", no_date["id"], {"date": "2025-01-32"}, None)
    world.update("sales-invoices", text_total["id"], {"totalInclVat": "veel"}, None)
    position = [record["id"] for record in world.records("sales-invoices") if record["type"] == "INVOICE"].index(
        unknown_type["id"]
    )
    company.server.faults.set_item(
        "type", b'"PROFORMA"', "sales-invoices", item=position, query="type=INVOICE", times=ALWAYS
    )
    return {
        unknown_type["id"]: ("unknown_type", "PROFORMA"),
        no_amount["id"]: ("line_amount_missing", "line 1"),
        no_total["id"]: ("total_missing", "total including VAT"),
        no_date["id"]: ("date_missing", "2025-01-32"),
        text_total["id"]: ("unreadable", "totalInclVat"),
    }


def test_a_document_that_makes_no_sense_is_held_and_the_others_go_on(company: Company, loaded_once: Path) -> None:
    """One odd invoice must neither stop the month nor be booked by a guess: it waits, with what to do about it."""
    spoiled = _spoil(company)
    numbers = {id_: company.world.get("sales-invoices", id_)["logicId"] for id_ in spoiled}
    result = company.place.invoke(*LOAD)
    assert result.exit_code == 0, result.output
    assert company.place.broken() == []
    documents, undisturbed = _of("sales", company.place), _of("sales", Place(loaded_once))
    assert documents.keys() == undisturbed.keys()
    for id_, document in documents.items():
        if id_ not in spoiled:
            assert document == undisturbed[id_]
            continue
        code, words = spoiled[id_]
        assert document["state"] == "held", code
        reasons = {reason["code"]: reason["text"] for reason in document["reasons"]}
        assert code in reasons
        assert any(words in text for text in reasons.values()), reasons
        assert numbers[id_] in result.stdout
    listed = {}
    for file in (company.place.folder / "exports" / "proef").glob("*/held.csv"):
        with file.open(encoding="utf-8-sig", newline="") as text:
            listed.update({row["number"]: row for row in csv.DictReader(text, delimiter=";")})
    for number in numbers.values():
        assert listed[number]["reason"]
        assert listed[number]["what_to_do"]
    journal = (company.place.folder / "exports" / "proef" / "2025-01" / "journal" / "journal.csv").read_text(
        "utf-8-sig"
    )
    assert not [number for number in numbers.values() if f'"{number}"' in journal]
    assert Decimal(company.place.manifests()["2025-01"]["journal"]["debit"]) > 0
