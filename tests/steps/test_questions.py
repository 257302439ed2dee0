"""Answers to people: does Robaws have what we hold, where did this document go, what stands in the way."""

import csv
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from steps_company import (
    MONTHS,
    PATHS,
    Loaded,
    Serve,
    ago,
    build_all,
    cents,
    company,
    covered_to,
    in_world,
    manifests,
    pick,
)

from robaws_pipeline.lake.raw import Version, rows
from robaws_pipeline.sandbox.limits import Account
from robaws_pipeline.sandbox.world import build_world
from robaws_pipeline.steps import build, outside
from robaws_pipeline.steps.doctor import diagnose
from robaws_pipeline.steps.explain import explain
from robaws_pipeline.steps.fetch import fetch_changes, fetch_history, fetch_reference
from robaws_pipeline.steps.stale import stale_months
from robaws_pipeline.steps.status import status
from robaws_pipeline.steps.verify import Comparison, verify

JANUARY, FEBRUARY, MARCH = MONTHS
SALES, PURCHASES = PATHS.values()


def differing(comparisons: tuple[Comparison, ...]) -> dict[tuple[str, str, str], dict[str, tuple[str, ...]]]:
    """(month, collection, type) → what differs."""
    return {
        (one.month, one.collection, one.type): {
            difference.what: one.ids(difference.what) for difference in one.differences
        }
        for one in comparisons
        if not one.equal
    }


def test_after_a_load_both_sides_are_equal(loaded: Loaded) -> None:
    """Checked against the API, not assumed; without lines, so for a few requests."""
    loaded.server.stats.clear()
    verification = verify(loaded.workspace, MONTHS)
    assert verification.passed
    assert (verification.errors, verification.differing_months) == ((), [])
    counts = Counter(
        (record["date"][:7], collection, record["type"])
        for collection, path in PATHS.items()
        for record in loaded.world.records(path)
    )
    for side in ("listed", "held"):
        found = {(one.month, one.collection, one.type): getattr(one, side) for one in verification.comparisons}
        assert len(found) == len(MONTHS) * 4
        assert {place: count for place, count in found.items() if count} == counts
    assert loaded.server.stats.total == verification.usage.requests == 4
    assert not any("include" in target for target in loaded.server.stats.targets)


def test_what_differs_is_found_and_a_load_mends_it(loaded: Loaded) -> None:
    """A missing, an extra, a changed and a moved document, planted by hand."""
    world = loaded.world
    gone, moved = (pick(world, "sales", month, type="INVOICE") for month in (JANUARY, FEBRUARY))
    changed = pick(world, "purchases", MARCH, type="INVOICE")
    world.delete(SALES, gone["id"])
    world.update(SALES, moved["id"], {"date": "2025-03-01"}, ago(minutes=1))
    world.update(PURCHASES, changed["id"], {"status": "anders"}, ago(minutes=1))
    new = world.create(PURCHASES, {"date": "2025-01-02"}, "2025-01-03T00:00:00Z", like=changed["id"])
    verification = verify(loaded.workspace, MONTHS)
    assert differing(verification.comparisons) == {
        (JANUARY, "sales", "INVOICE"): {"extra": (gone["id"],)},
        (FEBRUARY, "sales", "INVOICE"): {"moved": (moved["id"],)},
        (MARCH, "sales", "INVOICE"): {"moved": (moved["id"],)},
        (JANUARY, "purchases", "INVOICE"): {"missing": (new,)},
        (MARCH, "purchases", "INVOICE"): {"changed": (changed["id"],)},
    }
    assert not verification.passed
    assert verification.differing_months == MONTHS
    # A month alone tells of its own.
    assert set(differing(verify(loaded.workspace, [FEBRUARY]).comparisons)) == {(FEBRUARY, "sales", "INVOICE")}
    fetch_history(loaded.workspace, MONTHS)
    assert verify(loaded.workspace, MONTHS).passed


def test_a_document_that_robaws_made_up_nowhere_is_extra(loaded: Loaded) -> None:
    """What we hold and Robaws never had, and what it says is gone in the raw log and is not."""
    invented = Version("77777", MARCH, "INVOICE", "2025-03-03", None, datetime.now(UTC), b'{"id":"77777"}')
    loaded.workspace.raw.add(rows("sales", [invented], datetime.now(UTC)))
    wronged = pick(loaded.world, "sales", MARCH, type="INVOICE")["id"]
    loaded.workspace.raw.mark_deleted("sales", MARCH, [wronged], datetime.now(UTC))
    verification = verify(loaded.workspace, [MARCH])
    assert differing(verification.comparisons) == {
        (MARCH, "sales", "INVOICE"): {"extra": ("77777",), "missing": (wronged,)}
    }


def test_a_document_that_robaws_has_and_does_not_list_differs_in_nothing(loaded: Loaded) -> None:
    """No month's list has it, since its date cannot be read; a load would not mend what is right already."""
    fetch_changes(loaded.workspace)
    odd = pick(loaded.world, "sales", JANUARY)
    covered_to(loaded.workspace, datetime(2025, 2, 10, tzinfo=UTC))
    loaded.world.update(SALES, odd["id"], {"date": "ooit"}, "2025-02-10T09:00:00.000Z")
    fetch_changes(loaded.workspace)
    verification = verify(loaded.workspace, MONTHS)
    assert verification.passed
    assert [one.unlisted for one in verification.comparisons if one.unlisted] == [(odd["id"],)]


def test_totals_are_compared_where_the_list_has_them(loaded: Loaded) -> None:
    """A wrong total is a difference; a list that shows no totals without lines must not make every document one."""
    record = pick(loaded.world, "sales", MARCH, type="INVOICE")
    loaded.server.faults.body(lambda body: re.sub(rb'"totalInclVat":[^,}]+,', b"", body), times=4)
    assert verify(loaded.workspace, MONTHS).passed
    loaded.world.update(SALES, record["id"], {"totalInclVat": Decimal("0.01")}, None)
    verification = verify(loaded.workspace, MONTHS)
    assert differing(verification.comparisons) == {(MARCH, "sales", "INVOICE"): {"changed": (record["id"],)}}


def test_a_collection_that_cannot_be_compared_is_no_pass(loaded: Loaded, serve: Serve) -> None:
    """Silence about purchases must not read as agreement."""
    server = serve(loaded.world, accounts=[Account(forbidden=frozenset({PURCHASES}))])
    verification = verify(company(loaded.folder, server), MONTHS)
    assert not verification.passed
    assert len(verification.errors) == 1
    assert verification.errors[0].startswith("purchases: ")
    assert {one.collection for one in verification.comparisons} == {"sales"}


# explain


def test_a_document_is_found_by_each_of_its_numbers(loaded: Loaded) -> None:
    """A bookkeeper has the number on the paper, a technician the id."""
    sale, purchase = pick(loaded.world, "sales", FEBRUARY), pick(loaded.world, "purchases", MARCH)
    for record, collection, wanted in (
        (sale, "sales", sale["id"]),
        (sale, "sales", sale["logicId"]),
        (purchase, "purchases", purchase["id"]),
        (purchase, "purchases", purchase["logicId"]),
        (purchase, "purchases", purchase["invoiceNumber"]),
    ):
        explained = explain(loaded.workspace, wanted)
        # Two suppliers may number alike; whatever is shown bears the number.
        assert all(wanted.encode() in found.json for found in explained)
        [found] = [found for found in explained if found.id == record["id"]]
        assert (found.collection, found.month) == (collection, record["date"][:7])
        assert found.document is not None
        assert found.document["number"] == record["logicId"]
        assert found.state is not None
        assert found.state["document_id"] == record["id"]
    assert explain(loaded.workspace, "nowhere") == []


def test_the_way_of_a_document_is_shown_to_its_last_line(loaded: Loaded) -> None:
    """JSON, lines, state, VAT, postings, and the lines of each file that is about it, and of no other document."""
    exported = next(
        row
        for row in manifests(loaded.workspace)[JANUARY]["documents"]
        if row["state"] == "exported" and row["collection"] == "sales"
    )
    [found] = explain(loaded.workspace, exported["number"])
    assert sum(posting["amount"] for posting in found.postings) == 0
    assert sum(group["base"] for group in found.vat) == Decimal(exported["net"])
    assert len(found.lines) == len(loaded.world.get(SALES, exported["id"])["adjustedLineItems"])
    assert sorted(found.files) == [f"{JANUARY}/{path}" for path in sorted(exported["files"])]
    journal = found.files[f"{JANUARY}/journal/journal.csv"]
    assert len(journal) == len(found.postings)
    assert all(f'"{exported["number"]}"' in line for line in journal)
    [xml] = [lines for path, lines in found.files.items() if path.endswith(".xml")]
    assert xml == []


def test_a_document_outside_the_books_can_be_explained(loaded: Loaded) -> None:
    """Dated 2062 by mistake: it is in no month's folder, and this is how it is found."""
    document = pick(loaded.world, "sales", JANUARY)
    loaded.world.update(SALES, document["id"], {"date": "2062-01-20"}, ago(minutes=1))
    fetch_changes(loaded.workspace)
    [found] = explain(loaded.workspace, document["id"])
    assert (found.month, found.state, found.files) == ("2062-01", None, {})
    assert status(loaded.workspace).outside == {"2062-01": 1}


def outside_csv(workspace: Any) -> list[dict[str, str]]:
    """The rows of the list of documents that are in no month of the books."""
    content = workspace.exports.read(outside.FILE)
    return [] if content is None else list(csv.DictReader(StringIO(content.decode("utf-8-sig")), delimiter=";"))


def test_documents_outside_the_books_have_a_list_of_their_own(loaded: Loaded) -> None:
    """They are in no manifest, and still nothing may disappear: who, how much, why, and what to do."""
    workspace, world = loaded.workspace, loaded.world
    assert not workspace.exports.exists(outside.FILE)
    early = next(
        record
        for record in world.records(SALES)
        if record["type"] == "CREDIT_NOTE" and record["logicId"] and record["totalInclVat"]
    )
    home = early["date"]
    late, gone = pick(world, "purchases", MARCH), pick(world, "purchases", MARCH, position=1)
    for path, record, day in (
        (SALES, early, "2024-12-31"),
        (PURCHASES, late, "2062-01-20"),
        (PURCHASES, gone, "2061-01-01"),
    ):
        world.update(path, record["id"], {"date": day}, ago(minutes=1))
    fetch_changes(workspace)
    world.delete(PURCHASES, gone["id"])
    workspace.raw.mark_deleted("purchases", "2061-01", [gone["id"]], datetime.now(UTC))
    build_all(workspace, MONTHS)
    rows = outside_csv(workspace)
    assert [(row["collection"], row["number"], row["id"], row["date"]) for row in rows] == [
        ("sales", early["logicId"], early["id"], "2024-12-31"),
        ("purchases", late["logicId"], late["id"], "2062-01-20"),
    ]
    sign = -1 if early["type"] == "CREDIT_NOTE" else 1
    assert rows[0]["gross"] == cents(early["totalInclVat"], sign).replace(".", ",")
    assert rows[0]["party"] == world.get("clients", early["clientId"])["name"]
    assert (rows[0]["where"], {row["code"] for row in rows}) == ("all formats", {"outside_the_books"})
    assert "2024-12-31, before the books begin in 2025-01" in rows[0]["reason"]
    assert 'start = "2024-12"' in rows[0]["what_to_do"]
    assert "2062-01-20, after 2025-04" in rows[1]["reason"]
    held_csv = workspace.exports.read(f"{JANUARY}/held.csv").decode("utf-8-sig").splitlines()[0]
    assert list(rows[0]) == [name.strip('"') for name in held_csv.split(";")]
    assert sum(status(workspace).outside.values()) == len(rows)

    world.update(SALES, early["id"], {"date": home}, ago(minutes=0))
    world.update(PURCHASES, late["id"], {"date": f"{MARCH}-01"}, ago(minutes=0))
    fetch_changes(workspace)
    build_all(workspace, MONTHS)
    assert not workspace.exports.exists(outside.FILE)


# status


def test_the_status_adds_up(loaded: Loaded) -> None:
    """Counts are all documents, totals those of the exported ones, reasons are sentences."""
    found = status(loaded.workspace)
    assert (found.loaded, found.stale, found.outside) == (tuple(MONTHS), (), {})
    assert sum(sum(row.counts.values()) for row in found.rows) == len(in_world(loaded.world))
    listed = [row for manifest in manifests(loaded.workspace).values() for row in manifest["documents"]]
    assert len(found.held) == sum(row["state"] == "held" for row in listed) > 0
    assert all(text for document in found.held for _, text in document.reasons)
    for figure in ("net", "vat", "gross"):
        expected = sum((Decimal(row[figure]) for row in listed if row["state"] == "exported"), Decimal(0))
        assert sum(getattr(row, figure) for row in found.rows) == expected
    assert all(moment is not None for moment in found.complete_to.values())
    shown = found.as_json()
    assert shown["months"][0]["gross"] == f"{found.rows[0].gross:.2f}"
    month = found.held[0].month
    one = status(loaded.workspace, [month])
    assert {row.month for row in one.rows} == {document.month for document in one.held} == {month}
    assert one.loaded == tuple(MONTHS)


def test_the_status_of_nothing(loaded: Loaded, tmp_path: Path) -> None:
    """The first command somebody tries."""
    found = status(company(tmp_path / "empty", loaded.server))
    assert (found.loaded, found.stale, found.rows, found.held) == ((), (), (), ())
    assert found.complete_to == {"sales": None, "purchases": None}


# doctor


def problems_and_hints(workspace: Any) -> tuple[str, str]:
    """All problems and all hints as one text each."""
    diagnosis = diagnose(workspace)
    return "\n".join(diagnosis.problems), "\n".join(diagnosis.hints)


def test_the_doctor_names_what_is_not_mapped(loaded: Loaded) -> None:
    """Before the first export: each tariff without a meaning, with the line that gives it one."""
    problems, hints = problems_and_hints(loaded.workspace)
    assert problems == ""
    assert "VAT tariff 'geen' (id 1) has no meaning yet" in hints
    assert '[companies.acme.vat_tariffs] "1" = { treatment' in hints
    assert "'21%'" not in hints
    assert "accounts.default_sales is not set" in hints
    mapped = 'vat_tariffs = { geen = { treatment = "exempt" } }\naccounts = { default_sales = "700000" }'
    _, hints = problems_and_hints(company(loaded.folder, loaded.server, mapped))
    assert "'geen'" not in hints
    assert "default_sales" not in hints
    assert "default_purchases" in hints


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, ["email"]),
        ({"iban": None, "email": "a@b.example"}, ["iban"]),
        ({"iban": None, "formats": ("journal",)}, []),
    ],
    ids=["email", "iban", "no UBL"],
)
def test_the_doctor_names_what_invoices_will_not_say_of_us(
    loaded: Loaded, settings: dict[str, Any], named: list[str]
) -> None:
    """Customers who do not see an account do not pay; nobody notices before the first file is opened."""
    workspace = replace(loaded.workspace, company=loaded.workspace.company.model_copy(update=settings))
    _, hints = problems_and_hints(workspace)
    assert [line.split()[0] for line in hints.splitlines() if " is not set: UBL invoices " in line] == named


def test_the_doctor_names_one_customer_entered_twice(loaded: Loaded) -> None:
    """Two codes for one customer split its open items, and its line in the yearly listing."""
    _, hints = problems_and_hints(loaded.workspace)
    assert "have one VAT number" not in hints
    one, other = loaded.world.records("clients")[:2]
    loaded.world.update("clients", one["id"], {"vatIdNumber": "BE 0999.000.228"}, ago(minutes=1))
    loaded.world.update("clients", other["id"], {"vatIdNumber": "0999000228"}, ago(minutes=1))
    fetch_reference(loaded.workspace)
    build.build_reference(loaded.workspace)
    _, hints = problems_and_hints(loaded.workspace)
    assert f"C{one['id']}, C{other['id']} have one VAT number, BE0999000228" in hints


def test_the_doctor_sees_other_spellings(serve: Serve, tmp_path: Path) -> None:
    """A tenant with other keys: each is named with what stands there instead, and silent once it is in the settings."""
    spelling = {
        "sales_invoice": {"net": "netto", "due_date": "vervaldatum"},
        "vat_tariff": {"name": "omschrijving"},
        "line": {"net": "bedrag"},
    }
    world = build_world(
        first_month=MARCH, last_month=MARCH, sales_per_month=6, purchases_per_month=4, spelling=spelling
    )
    server = serve(world)
    _, hints = problems_and_hints(company(tmp_path, server))
    for field, key, found in (
        ("sales_invoice.net", "totalExclVat", "netto"),
        ("sales_invoice.due_date", "dueDate", "vervaldatum"),
        ("vat_tariff.name", "name", "omschrijving"),
        ("line.net", "totalExclVat", "bedrag"),
    ):
        [hint] = [line for line in hints.splitlines() if line.startswith(f"{field}: ")][:1]
        assert f"the key {key!r}" in hint
        assert found in hint.partition("keys we do not know")[2]
    own = """fields.sales_invoice = { net = "netto", due_date = "vervaldatum" }
fields.vat_tariff = { name = "omschrijving" }
fields.line = { net = "bedrag" }"""
    problems, hints = problems_and_hints(company(tmp_path, server, own))
    assert problems == ""
    assert not [
        line for line in hints.splitlines() if ".net" in line or "due_date" in line or "vat_tariff.name" in line
    ]
    assert "VAT tariff 'geen' (id 1) has no meaning yet" in hints


def test_the_doctor_names_rights_and_settings_that_lack(loaded: Loaded, serve: Serve) -> None:
    """One missing right is a problem of one collection; a format that lacks a setting says which."""
    server = serve(loaded.world, accounts=[Account(forbidden=frozenset({PURCHASES, "vat-tariffs"}))])
    problems, _ = problems_and_hints(company(loaded.folder, server))
    assert [line.split(":")[0] for line in problems.splitlines()] == ["purchases", "vat_tariffs"]
    assert "403" in problems


@pytest.mark.parametrize("answers", ["html", "no_envelope"])
def test_the_doctor_survives_a_server_that_is_no_robaws(loaded: Loaded, answers: str) -> None:
    """A wrong base_url gets a sentence for each collection and no traceback."""
    getattr(loaded.server.faults, answers)("*", times=10_000)
    problems, _ = problems_and_hints(loaded.workspace)
    assert len(problems.splitlines()) == 7
    assert "base_url" in problems


def test_asking_changes_nothing(loaded: Loaded) -> None:
    """Questions may be asked at any time, beside a running load too."""

    def times() -> dict[Path, int]:
        files = [file for file in loaded.folder.rglob("*") if file.suffix in {".parquet", ".json", ".csv", ".xml"}]
        return {file: file.stat().st_mtime_ns for file in files}

    before = times()
    verify(loaded.workspace, MONTHS)
    explain(loaded.workspace, "F250001")
    status(loaded.workspace)
    diagnose(loaded.workspace)
    stale_months(loaded.workspace)
    assert times() == before
