"""Parties, lists and articles: what is read, what it was on a day, and the fields that a company added."""

import json
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from steps_company import MONTHS, Loaded, Serve, ago, build_all, company, content, load, manifests, pick, small_world

from robaws_pipeline import fields
from robaws_pipeline.lake import history
from robaws_pipeline.lake.extra_fields import column_names
from robaws_pipeline.lake.raw import ALL, RawLog, Version, rows
from robaws_pipeline.lake.store import Store
from robaws_pipeline.sandbox.server import Running
from robaws_pipeline.schema import ARTICLES, EXTRA_FIELDS, HISTORIES, PAYMENT_CONDITIONS, RAW
from robaws_pipeline.steps import build, doctor, fetch
from robaws_pipeline.steps.stale import stale_months
from robaws_pipeline.steps.workspace import Workspace

DOCS = Path(__file__).resolve().parents[2] / "docs" / "warehouse.md"
JOURNAL = 'formats = ["journal"]\n'


def read(workspace: Workspace) -> fetch.Fetched:
    fetched = fetch.fetch_reference(workspace)
    assert fetched.errors == []
    build.build_reference(workspace)
    return fetched


def ask(workspace: Workspace, sql: str) -> list[dict[str, Any]]:
    """The rows of a query on a warehouse that is made anew."""
    build.build_warehouse(workspace)
    with duckdb.connect(workspace.lake.path("warehouse.duckdb"), read_only=True) as connection:
        connection.execute("SET TimeZone = 'Europe/Brussels'")
        answer = connection.sql(sql)
        assert answer is not None
        return list(answer.to_arrow_table().to_pylist())


def asked(server: Running, path: str) -> list[str]:
    """The requests for a collection so far."""
    return [target.removeprefix("/api/v2/") for target in server.stats.targets if f"/{path}?" in target]


def articles(workspace: Workspace) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in workspace.tables.read(ARTICLES).to_pylist()}


def narrowed(folder: Path, server: Running, narrowing: str) -> Workspace:
    return company(folder, server, f"[companies.acme.articles]\n{narrowing}")


@pytest.fixture
def server(serve: Serve) -> Running:
    return serve(small_world())


@pytest.mark.parametrize("narrowing", ["", 'read = false\ngroup = "Sanitair"'])
def test_articles_are_not_read_unless_asked(tmp_path: Path, server: Running, narrowing: str) -> None:
    """A tenant with 100,000 of them would lose a tenth of its day's requests to a table that nobody wanted."""
    workspace = narrowed(tmp_path, server, narrowing)
    read(workspace)
    assert asked(server, "articles") == []
    assert articles(workspace) == {}


def test_articles_are_read_once_and_then_by_what_changed(tmp_path: Path, server: Running) -> None:
    """The second night costs one request, and a price is exact to its last decimal."""
    workspace = narrowed(tmp_path, server, "read = true")
    read(workspace)
    records = {record["id"]: record for record in server.world.records("articles")}
    assert {id_: row["sale_price"] for id_, row in articles(workspace).items()} == {
        id_: record["salePrice"] for id_, record in records.items()
    }
    changed = next(iter(records))
    server.world.update("articles", changed, {"salePrice": Decimal("0.1234567891")}, ago(minutes=1))
    before = len(asked(server, "articles"))
    read(workspace)
    assert articles(workspace)[changed]["sale_price"] == Decimal("0.1234567891")
    [again] = asked(server, "articles")[before:]
    assert "updatedFrom=" in again
    assert [row["version"] for row in history.read(workspace.lake, HISTORIES[-1]).to_pylist()] == []
    prices = ask(workspace, f"SELECT sale_price FROM articles_history WHERE id = '{changed}' ORDER BY version")  # noqa: S608
    assert [row["sale_price"] for row in prices] == [records[changed]["salePrice"], Decimal("0.1234567891")]


def test_articles_can_be_narrowed_and_another_narrowing_reads_anew(tmp_path: Path, server: Running) -> None:
    """Old articles that are now asked for have not changed since: only a whole reading finds them."""
    world = {record["id"]: record for record in server.world.records("articles")}
    sanitary = narrowed(tmp_path, server, 'group = "sanitair "')
    read(sanitary)  # the sandbox compares exactly, and so lists none
    assert articles(sanitary) == {}
    sanitary = narrowed(tmp_path, server, 'group = "Sanitair"')
    read(sanitary)
    expected = {id_ for id_, record in world.items() if record["group"] == "Sanitair"}
    assert set(articles(sanitary)) == expected != set()
    web = narrowed(tmp_path, server, 'extra_field = "In webshop"')
    before = len(asked(server, "articles"))
    read(web)
    [first] = asked(server, "articles")[before:]
    assert "extraFields%5BIn+webshop%5D=true" in first.replace("%20", "+")
    assert "updatedFrom" not in first
    expected = {id_ for id_, record in world.items() if record["extraFields"]["In webshop"]["booleanValue"]}
    assert set(articles(web)) == expected != set()
    read(web)
    assert "updatedFrom" in asked(server, "articles")[-1]


def test_a_filter_that_robaws_ignores_is_seen_through(
    tmp_path: Path, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The filter on groups is not documented, and Robaws lists everything when it does not know a parameter."""
    monkeypatch.setattr(fields.Narrowing, "params", lambda self: {"groep": self.group})
    workspace = narrowed(tmp_path, server, 'group = "Sanitair"')
    fetched = read(workspace)
    assert {row["group_name"] for row in articles(workspace).values()} == {"Sanitair"}
    assert set(workspace.raw.heads("articles")["id"].to_pylist()) == set(articles(workspace)), "kept no others"
    [warning] = fetched.warnings
    assert "groep=Sanitair" in warning
    assert "does not follow that filter" in warning


def _documented(heading: str) -> str:
    """The first query under a heading of the documentation."""
    section = DOCS.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1]
    return section.split("```sql\n")[1].split("```")[0]


def test_what_a_vat_number_read_on_the_day_of_the_invoice_is_one_query(acme: Loaded) -> None:
    """An inspector asks what it was then, and Robaws shows only what it is now."""
    world, workspace = acme.world, acme.workspace
    first, last = (pick(world, "sales", month) for month in (MONTHS[0], MONTHS[2]))
    for invoice in (first, last):
        world.update("sales-invoices", invoice["id"], {"clientId": "601"}, ago(minutes=1))
    load(workspace)
    changed = f"{MONTHS[1]}-10T09:00:00.000Z"
    old = world.get("clients", "601")["vatIdNumber"]
    world.update("clients", "601", {"vatIdNumber": "BE0999000228"}, changed)
    # As if that night's run had seen it.
    workspace.lake.write("raw/clients/coverage.json", json.dumps({ALL: changed}).encode())
    read(workspace)
    found = {row["number"]: row for row in ask(workspace, _documented("What it read on the day of the invoice"))}
    assert (found[first["logicId"]]["vat_number"], found[first["logicId"]]["certain"]) == (old, True)
    assert (found[last["logicId"]]["vat_number"], found[last["logicId"]]["certain"]) == ("BE0999000228", True)
    assert [row["n"] for row in ask(workspace, "SELECT count(*) AS n FROM sales WHERE number IS NOT NULL")] == [
        len(found) - (None in found)
    ], "a row an invoice"


def test_the_oldest_version_answers_for_the_days_before_it(acme: Loaded) -> None:
    """Most clients have not changed since long before the first run: their invoices must not lose their VAT number."""
    found = ask(acme.workspace, _documented("What it read on the day of the invoice"))
    parties = {row["id"]: row["vat_number"] for row in ask(acme.workspace, "FROM parties WHERE kind = 'client'")}
    sales = {row["number"]: row["party_id"] for row in ask(acme.workspace, "FROM sales")}
    assert len(found) == len(sales)
    assert all(row["vat_number"] == parties.get(sales[row["number"]]) for row in found if row["number"])
    assert {row["certain"] for row in found} >= {False}


def test_every_query_of_the_documentation_works(tmp_path: Path, server: Running) -> None:
    """They are copied, and the one who copies them does not know the tables yet."""
    workspace = company(tmp_path, server, f"{JOURNAL}extra_fields = true\n[companies.acme.articles]\nread = true")
    load(workspace)
    queries = re.findall(r"```sql\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert len(queries) == 3
    for query in queries:
        assert ask(workspace, query), query


def test_what_is_deleted_from_a_short_list_gets_a_last_version(acme: Loaded) -> None:
    """A payment condition that is gone is still named by documents, and must not pass for one that can be chosen."""
    world, workspace = acme.world, acme.workspace
    record = world.get("payment-conditions", "4")
    world.delete("payment-conditions", "4")
    before = acme.server.stats.requests["payment-conditions"]
    fetched = read(workspace)
    assert [outcome.deleted for outcome in fetched.outcomes if outcome.deleted] == [["4"]]
    assert acme.server.stats.requests["payment-conditions"] == before + 1, "no more than asking what changed"
    assert "4" in workspace.tables.read(PAYMENT_CONDITIONS)["id"].to_pylist()
    history_of = "SELECT version, name, deleted, valid_from, valid_to FROM payment_conditions_history WHERE id = '4'"
    one, two = ask(workspace, f"{history_of} ORDER BY version")
    assert (one["deleted"], two["deleted"], two["name"]) == (False, True, "60 dagen")
    assert (one["valid_to"], two["valid_to"]) == (two["valid_from"], None)
    read(workspace)
    assert len(ask(workspace, history_of)) == 2, "found once"
    world.create("payment-conditions", record, None)
    read(workspace)
    *_, back = ask(workspace, f"{history_of} ORDER BY version")
    assert (back["version"], back["deleted"], back["valid_to"]) == (3, False, None)


def test_a_list_that_lost_too_much_is_not_believed(acme: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty list is more likely a right that was taken away than a company without accounts."""
    monkeypatch.setattr("robaws_pipeline.steps.reading._MANY", 3)
    for record in acme.world.records("general-ledger-accounts")[:4]:
        acme.world.delete("general-ledger-accounts", record["id"])
    fetched = read(acme.workspace)
    assert not any(outcome.deleted for outcome in fetched.outcomes)
    assert any("that many are not marked deleted" in warning for warning in fetched.warnings)


def test_extra_fields_become_columns_of_their_own_type(tmp_path: Path, server: Running) -> None:
    """A percentage to withhold is an amount: it must add up, to the cent, in the analyst's query too."""
    workspace = company(tmp_path, server, f"{JOURNAL}extra_fields = true")
    load(workspace)
    types = dict(_pairs(ask(workspace, "SELECT column_name AS a, column_type AS b FROM (DESCRIBE sales_extra_fields)")))
    assert types == {
        "object_id": "VARCHAR",
        "month": "VARCHAR",
        "werfleider": "VARCHAR",
        "opleverdatum": "DATE",
        "inhouding": "DECIMAL(28,10)",
        "vorderingsstaat": "BIGINT",
        "goedgekeurd_door_klant": "BOOLEAN",
    }
    shown = {row["object_id"]: row for row in ask(workspace, "FROM sales_extra_fields")}
    expected = {record["id"]: record["extraFields"] for record in server.world.records("sales-invoices")}
    assert set(shown) == {id_ for id_, extra in expected.items() if extra} != set(expected)
    for id_, row in shown.items():
        extra = expected[id_]
        assert row["inhouding"] == extra["Inhouding %"]["decimalValue"]
        assert row["opleverdatum"] == date.fromisoformat(extra["Opleverdatum"]["dateValue"])
        assert row["goedgekeurd_door_klant"] is extra["Goedgekeurd door klant"]["booleanValue"]
    segments = ask(workspace, "SELECT segment FROM clients_extra_fields WHERE meetstaat_verplicht")
    assert {row["segment"] for row in segments} == {"Bouw", "Industrie", "Overheid", None} - {None}
    assert ask(workspace, "SELECT count(*) AS n FROM extra_fields WHERE unread IS NOT NULL") == [{"n": 0}]


def _pairs(found: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    return ((row["a"], row["b"]) for row in found)


def test_extra_fields_change_no_file_of_the_accountant(tmp_path: Path, server: Running) -> None:
    """Somebody ticks a box on an invoice that was delivered: no correction must reach the accountant for it."""
    plain = company(tmp_path / "plain", server, JOURNAL)
    load(plain)
    assert plain.tables.read_months(EXTRA_FIELDS, plain.tables.months(EXTRA_FIELDS)).num_rows == 0
    added = company(tmp_path / "added", server, f"{JOURNAL}extra_fields = true")
    load(added)
    assert _accounting(added) == _accounting(plain)
    invoice = pick(server.world, "sales", MONTHS[0])
    ticked = {"Vrij": {"type": "CHECKBOX", "group": None, "booleanValue": True}}
    server.world.update("sales-invoices", invoice["id"], {"extraFields": ticked}, None)
    fetch.fetch_history(added, MONTHS)
    build_all(added)
    assert _accounting(added) == _accounting(plain)
    [row] = ask(added, "SELECT object_id, boolean FROM extra_fields WHERE name = 'Vrij'")
    assert row == {"object_id": invoice["id"], "boolean": True}


def _accounting(workspace: Workspace) -> dict[str, Any]:
    """Every export file; manifests without the fingerprint of what they were made from."""
    root = Path(workspace.exports.path())
    files = {name: file for name, file in _files(root).items() if not name.endswith("manifest.json")}
    shown = {month: {**manifest, "inputs": None} for month, manifest in manifests(workspace).items()}
    return {**files, **shown}


def _files(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}


def test_parties_are_read_anew_when_their_extra_fields_are_asked_for(acme: Loaded) -> None:
    """They have not changed since, so asking what changed would leave the table empty for years."""
    more = company(acme.folder, acme.server, f"{JOURNAL}extra_fields = true")
    read(more)
    rows_ = more.tables.read(EXTRA_FIELDS, "all")
    assert set(rows_["object_id"].to_pylist()) >= {record["id"] for record in acme.world.records("clients")}
    before = len(asked(acme.server, "clients"))
    read(more)
    assert all("updatedFrom" in target for target in asked(acme.server, "clients")[before:])


def test_reading_and_building_again_changes_no_byte(tmp_path: Path, server: Running) -> None:
    """A night that runs twice must not show."""
    workspace = company(tmp_path, server, f"{JOURNAL}extra_fields = true\n[companies.acme.articles]\nread = true")
    load(workspace)
    build.build_warehouse(workspace)
    folder = tmp_path / "data" / "acme" / "history"
    before, histories = content(tmp_path), _files(folder)
    read(workspace)
    build_all(workspace)
    build.build_warehouse(workspace)
    assert content(tmp_path) == before
    assert _files(folder) == histories
    assert len(histories) == len(HISTORIES)


_DAY = datetime(2025, 3, 1, tzinfo=UTC)
_events = st.lists(
    st.tuples(st.none() | st.integers(0, 5), st.sampled_from("abc"), st.sampled_from(["listed", "listed", "gone"])),
    min_size=1,
    max_size=7,
)


@settings(deadline=None, max_examples=60)
@given(_events)
def test_no_moment_has_two_versions_and_the_last_is_the_current_one(events: list[tuple[int | None, str, str]]) -> None:
    """An overlap would double an invoice in the query, and a gap would lose its VAT number."""
    with tempfile.TemporaryDirectory() as folder:
        raw = RawLog(Store.at(folder, Path()))
        for hour, (updated, text, what) in enumerate(events, 10):
            received = _DAY + timedelta(hours=hour)
            if what == "gone":
                raw.mark_deleted("clients", ALL, ["1"], received)
            else:
                moment = None if updated is None else _DAY + timedelta(hours=updated)
                version = Version("1", ALL, None, None, None, moment, f'{{"id":"1","name":"{text}"}}'.encode())
                raw.add(rows("clients", [version], received))
        versions = history.versions(raw, "clients").to_pylist()
        current = raw.current("clients").to_pylist()
    assert [row["version"] for row in versions] == list(range(1, len(versions) + 1))
    for one, next_ in pairwise(versions):
        assert one["valid_from"] <= one["valid_to"] == next_["valid_from"]
    assert [{name: row[name] for name in RAW.schema.names} for row in versions[-1:]] == current
    assert [row["valid_to"] for row in versions[-1:]] == [None] * len(current)


@given(st.lists(st.text(), unique=True))
def test_each_field_has_a_column_of_its_own(names: list[str]) -> None:
    """Two fields in one column would show one of them as the other."""
    columns = column_names(names)
    assert set(columns) == set(names)
    taken = [*columns.values(), "object_id", "month"]
    assert len(set(taken)) == len(taken)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", column) for column in columns.values())
    assert column_names(reversed(names)) == columns


def test_columns_read_like_their_fields() -> None:
    """An analyst finds a field by its name."""
    names = ["Goedgekeurd door klant", "Clé n° 2", "2e keuze", "%", "Month", "clé N 2"]
    assert column_names(names) == {
        "%": "field",
        "2e keuze": "field_2e_keuze",
        "Clé n° 2": "cle_n_2",
        "clé N 2": "cle_n_2_2",
        "Goedgekeurd door klant": "goedgekeurd_door_klant",
        "Month": "month_2",
    }


def test_the_doctor_looks_at_articles_only_when_they_are_read(
    tmp_path: Path, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who does not want them need not give the right to read them; who wants all of very many is warned of the cost."""
    monkeypatch.setattr(doctor, "_MANY_ARTICLES", 10)
    names = {found.collection for found in doctor.diagnose(company(tmp_path, server)).probes}
    assert "articles" not in names
    everything = doctor.diagnose(narrowed(tmp_path, server, "read = true"))
    assert {found.collection for found in everything.probes} - names == {"articles"}
    assert [hint for hint in everything.hints if "1 requests" in hint]
    some = doctor.diagnose(narrowed(tmp_path, server, 'extra_field = "In webshop"'))
    assert not [hint for hint in some.hints if hint.startswith("articles:")]


def test_an_article_s_account_is_asked_for_and_followed(tmp_path: Path, server: Running) -> None:
    """Only the months whose lines lean on the article are built again when somebody gives it another account."""
    article = next(r for r in server.world.records("articles") if r["salesGLAccountId"])
    document = next(
        r for r in server.world.records("sales-invoices") if r["date"].startswith(MONTHS[1]) and r["logicId"]
    )
    bare = {"generalLedgerAccountId": None, "articleId": article["id"]}
    lines = [{**one, **bare} for one in document["adjustedLineItems"]]
    server.world.update("sales-invoices", document["id"], {"adjustedLineItems": lines}, None)
    workspace = company(
        tmp_path, server, "[companies.acme.articles]\nread = true\n[companies.acme.accounts]\nof_articles = true"
    )
    load(workspace)
    where = f"document_id = '{document['id']}' AND collection = 'sales' AND kind = 'line'"
    sql = f"SELECT DISTINCT account FROM postings WHERE {where}"  # noqa: S608
    first = ask(workspace, sql)
    other = next(
        r["salesGLAccountId"]
        for r in server.world.records("articles")
        if r["salesGLAccountId"] not in {None, article["salesGLAccountId"]}
    )
    assert stale_months(workspace, MONTHS) == []
    server.world.update("articles", article["id"], {"salesGLAccountId": other}, ago(minutes=1))
    read(workspace)
    assert stale_months(workspace, MONTHS) == [MONTHS[1]]
    build_all(workspace, [MONTHS[1]])
    second = ask(workspace, sql)
    assert len(first) == len(second) == 1
    assert first != second
