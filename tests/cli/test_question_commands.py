"""`status`, `explain` and `doctor`: what people ask, and what programs read."""

import json
from decimal import Decimal
from typing import Any

import pytest
from companies import LAST, MONTHS, Company, materializations

from robaws_pipeline.settings import parse


@pytest.fixture(scope="module")
def told(loaded: Company) -> dict[str, Any]:
    """What `status --json` says of the loaded company."""
    result = loaded.place.invoke("status", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout, parse_float=lambda text: pytest.fail(f"a float: {text}"))
    assert list(found) == ["proef"]
    one: dict[str, Any] = found["proef"]
    return one


def test_status_json_keeps_its_keys(told: dict[str, Any]) -> None:
    """Monitoring scripts read this: a key may come, none may go or change its meaning."""
    assert set(told) >= {"loaded", "stale", "complete_to", "months", "held", "runs"}
    assert set(told["complete_to"]) == {"sales", "purchases"}
    row = {"month", "collection", "type", "exported", "held", "draft", "deleted", "net", "vat", "gross"}
    assert set(told["months"][0]) >= row
    assert set(told["held"][0]) >= {"month", "collection", "id", "number", "gross", "reasons"}
    assert set(told["held"][0]["reasons"][0]) >= {"code", "text"}
    assert set(told["runs"][0]) >= {"job", "run_id", "status", "started"}


def test_status_json_agrees_with_the_manifests(loaded: Company, told: dict[str, Any]) -> None:
    """What the operator sees and what the accountant gets must be one truth, amounts as text to the cent."""
    assert (told["loaded"], told["stale"]) == (MONTHS, [])
    manifests = loaded.place.manifests()
    for row in told["months"]:
        totals = manifests[row["month"]]["totals"][row["collection"]][row["type"]]
        assert {state: row[state] for state in totals} == {state: totals[state]["count"] for state in totals}
        assert [row[figure] for figure in ("net", "vat", "gross")] == [
            totals["exported"][figure] for figure in ("net", "vat", "gross")
        ]
    documents = [document for manifest in manifests.values() for document in manifest["documents"]]
    assert sum(row[state] for row in told["months"] for state in ("exported", "held", "draft", "deleted")) == len(
        documents
    )
    assert {(one["collection"], one["id"]) for one in told["held"]} == {
        (document["collection"], document["id"]) for document in documents if document["state"] == "held"
    }
    assert told["runs"][0]["job"] == "proef_load"
    assert told["runs"][0]["status"] == "SUCCESS"


def test_status_shows_months_held_documents_and_runs(loaded: Company, told: dict[str, Any]) -> None:
    """The operator's morning look."""
    result = loaded.place.invoke("status")
    assert result.exit_code == 0
    for month in MONTHS:
        assert f"  {month}  " in result.stdout
    for one in told["held"]:
        assert f"{one['number']}" in result.stdout
    assert "sales complete up to 20" in result.stdout
    assert "proef_load SUCCESS" in result.stdout
    assert loaded.place.invoke("status", "--company", "proef").stdout == result.stdout


def test_status_before_the_first_load_says_how_to_begin(company: Company) -> None:
    """An empty table is no answer."""
    result = company.place.invoke("status")
    assert result.exit_code == 0
    assert "nothing loaded yet. Begin with: robaws-pipeline load --company proef" in result.stdout
    told = json.loads(company.place.invoke("status", "--json").stdout)["proef"]
    assert told["loaded"] == told["months"] == told["held"] == told["runs"] == []
    assert company.server.stats.total == 0


def test_status_marks_months_that_must_be_built_again(stocked: Company) -> None:
    """After a change of settings the files of yesterday are old, and whoever looks must see which."""
    text = stocked.place.config.read_text(encoding="utf-8")
    stocked.place.config.write_text(f"{text}accounts = {{ default_sales = '700000' }}\n", encoding="utf-8")
    result = stocked.place.invoke("status")
    assert "  2025-01*  " in result.stdout
    assert "proef: * 2025-01, 2025-02, 2025-03 will be built again by the next nightly run" in result.stdout


def one_of(loaded: Company, collection: str, state: str) -> dict[str, Any]:
    """A document of the manifests in this state."""
    return next(
        document
        for manifest in loaded.place.manifests().values()
        for document in manifest["documents"]
        if (document["collection"], document["state"]) == (collection, state)
    )


def test_explain_shows_an_invoice_from_json_to_file_lines(loaded: Company) -> None:
    """The question of every telephone call: what became of this invoice?"""
    document = one_of(loaded, "sales", "exported")
    result = loaded.place.invoke("explain", document["number"])
    assert result.exit_code == 0
    record = loaded.world.get("sales-invoices", document["id"])
    for shown in (
        f'"id": "{document["id"]}"',
        f'"clientId": "{record["clientId"]}"',
        str(record["adjustedLineItems"][0]["description"]).split()[0],
        "State exported",
        "400000",
        f"{abs(Decimal(document['gross'])):,.2f}",
        "journal/journal.csv",
        f"ubl/{document['number']}.xml",
        f'"{document["number"]}"',
    ):
        assert shown in result.stdout, shown


def test_explain_finds_a_document_by_id_and_by_the_supplier_s_number(loaded: Company) -> None:
    """The supplier on the telephone knows neither our number nor Robaws's."""
    document = one_of(loaded, "purchases", "exported")
    record = loaded.world.get("purchase-invoices", document["id"])
    by_number, by_id, by_theirs = (
        loaded.place.invoke("explain", wanted)
        for wanted in (document["number"], document["id"], record["invoiceNumber"])
    )
    assert by_number.exit_code == by_id.exit_code == by_theirs.exit_code == 0
    assert by_number.stdout == by_id.stdout
    assert by_number.stdout in by_theirs.stdout, "and those of other suppliers with the same number"
    assert f"purchases {document['id']}" in by_number.stdout


def test_explain_says_why_a_document_is_held(loaded: Company) -> None:
    """The reason on the screen is the one in the list that the accountant got."""
    document = one_of(loaded, "sales", "held")
    result = loaded.place.invoke("explain", document["number"])
    assert "State held" in result.stdout
    assert document["reasons"][0]["text"].split(":")[0] in result.stdout


def test_explain_of_something_unknown_is_exit_1(loaded: Company) -> None:
    """A script that asks for an invoice must notice that there is none."""
    result = loaded.place.invoke("explain", "F259999")
    assert result.exit_code == 1
    assert "No document 'F259999'" in result.stderr
    assert result.stdout == ""


def test_doctor_of_a_healthy_company_says_what_is_not_mapped_yet(company: Company) -> None:
    """Before the first load: what would be held for want of a setting, with the line to write; nothing is written."""
    result = company.place.invoke("doctor")
    assert result.exit_code == 0
    for collection in ("sales", "purchases", "clients", "suppliers", "vat_tariffs", "gl_accounts"):
        assert f"│ {collection} " in result.stdout
    assert '[companies.proef.vat_tariffs] "1" = { treatment = "…", rate = … }' in result.stdout
    assert "accounts.default_sales is not set" in result.stdout
    assert "proef can be loaded: robaws-pipeline load --company proef" in result.stdout
    written = {path.name for path in (company.place.folder / "data").rglob("*") if path.is_file()}
    assert all(name.endswith(".lock") for name in written)
    assert not (company.place.folder / "exports").exists()


def test_doctor_proposes_a_mapping_in_a_copy_of_the_settings(company: Company) -> None:
    """For review: the settings stay as they are, and an earlier proposal is not written over."""
    place = company.place
    before = place.config.read_text(encoding="utf-8")
    copy = place.folder / "proposed.toml"
    result = place.invoke("doctor", "--propose", str(copy))
    assert result.exit_code == 0, result.output
    assert "PROPOSED" in result.output
    assert place.config.read_text(encoding="utf-8") == before
    text = copy.read_text(encoding="utf-8")
    parse(text, str(copy), place.folder)
    assert all(line in text for line in before.splitlines())
    again = place.invoke("doctor", "--propose", str(copy))
    assert again.exit_code == 2
    assert "exists" in again.output


def test_doctor_sees_a_field_that_this_tenant_spells_otherwise(company: Company) -> None:
    """Robaws's field names are not public: the one that differs must be found before an export lacks it."""
    for record in company.world.records("sales-invoices"):
        renamed = {"expiryDate": record["dueDate"]}
        company.world.update("sales-invoices", record["id"], renamed, None)
        company.world.get("sales-invoices", record["id"]).pop("dueDate")
    result = company.place.invoke("doctor", "--all")
    assert result.exit_code == 0
    assert "sales_invoice.due_date: none of 24 objects has the key 'dueDate'" in result.stdout
    assert "expiryDate" in result.stdout
    assert '[companies.proef.fields.sales_invoice] due_date = "…"' in result.stdout


def test_a_text_with_brackets_is_shown_as_it_is(company: Company) -> None:
    """Descriptions and numbers in square brackets must not be taken for colours and vanish."""
    record = next(record for record in company.world.records("sales-invoices") if record["logicId"])
    lines = [{**line, "description": "[bold] werf [A12]"} for line in record["adjustedLineItems"]]
    company.world.update("sales-invoices", record["id"], {"adjustedLineItems": lines}, None)
    month = str(record["date"])[:7]
    assert company.place.invoke("load", "--from", month, "--to", month).exit_code == 0
    assert "│ [bold] werf [A12]" in company.place.invoke("explain", record["logicId"]).stdout


def test_last_month_is_the_last(told: dict[str, Any]) -> None:
    """Months are listed in order: a monitor takes the last one for the current."""
    months = [row["month"] for row in told["months"]]
    assert months == sorted(months)
    assert months[-1] == LAST


def test_documents_outside_the_books_are_listed_and_the_list_is_named(stocked: Company) -> None:
    """A year that is a typing error: the nightly run that brings it builds no month, and still it is on a list."""
    place, world = stocked.place, stocked.world
    record = next(one for one in world.records("sales-invoices") if one["logicId"] and one["date"] > "2025-02")
    month = str(record["date"])[:7]
    assert place.invoke("nightly").exit_code == 0
    list_ = place.folder / "exports" / "proef" / "outside.csv"
    assert not list_.exists()
    world.create("sales-invoices", {"date": "2205-02-03"}, "2205-02-03T00:00:00.000Z", like=record["id"])
    result = place.invoke("nightly")
    assert "Months built again: none, nothing changed" in result.stdout
    assert "dated 2205-02-03, after " in list_.read_text("utf-8-sig")
    told = place.invoke("status").stdout
    assert "1 documents are dated 2205-02" in told
    assert f"these documents, why, and what to do: {list_}" in told
    assert place.invoke("load", "--from", month, "--to", month).exit_code == 0
    with place.dagster() as ready:
        [run] = ready.instance.get_runs(limit=1)
        shown = materializations(ready.instance, run.run_id)["proef/exports"][-1]
    assert (shown["outside_the_books"], shown["outside_csv"]) == (1, str(list_))
    assert place.broken() == []
