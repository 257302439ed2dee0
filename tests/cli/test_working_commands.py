"""`load`, `nightly` and `verify` as an operator uses them."""

import re
import shlex
from datetime import UTC, datetime

import pytest
from companies import KEY, SECRET, Company, Place, Serve, company_toml, small_world

from robaws_pipeline.sandbox.limits import Account
from robaws_pipeline.sandbox.world import build_world

LATER = "2099-01-01T00:00:00.000Z"
THREE = ["2025-01", "2025-02", "2025-03"]


def in_month(company: Company, month: str, path: str = "sales-invoices") -> str:
    """The id of a numbered document of the month."""
    found = (
        record["id"] for record in company.world.records(path) if str(record["date"])[:7] == month and record["logicId"]
    )
    return str(next(found))


def states(place: Place) -> dict[tuple[str, str], tuple[str, str]]:
    """Every document of every manifest: collection and id → month and state; each once."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for month, manifest in place.manifests().items():
        for document in manifest["documents"]:
            assert (document["collection"], document["id"]) not in found
            found[document["collection"], document["id"]] = month, document["state"]
    return found


def test_load_writes_the_months_asked_for_and_shows_them(company: Company) -> None:
    """The first thing everybody does: the files are there, and the screen says how many and how much."""
    result = company.place.invoke("load", "--from", "2025-01", "--to", "2025-02")
    assert result.exit_code == 0
    assert sorted(company.place.manifests()) == ["2025-01", "2025-02"]
    assert company.place.broken() == []
    for month in ("2025-01", "2025-02"):
        assert f"  {month}   sales invoices" in result.stdout
    assert f"Files: {company.place.folder / 'exports' / 'proef'}" in result.stdout
    assert "reading sales: 16" in result.stderr
    assert "writing files: 2" in result.stderr


def test_load_again_changes_no_byte(stocked: Company) -> None:
    """An accountant who has a file must get the same file when somebody loads the month again."""
    before = stocked.place.exported(), stocked.place.tables()
    assert stocked.place.invoke("load", "--from", "2025-01", "--to", "2025-03").exit_code == 0
    assert (stocked.place.exported(), stocked.place.tables()) == before


@pytest.fixture
def recent(place: Place, serve: Serve) -> Company:
    """A company whose books began last month; nothing is loaded yet."""
    now = datetime.now(UTC)
    month = f"{now:%Y-%m}"
    start = f"{now.year - 1}-12" if now.month == 1 else f"{now.year}-{now.month - 1:02}"
    world = build_world(first_month=start, last_month=month, sales_per_month=8, purchases_per_month=5)
    server = serve(world)
    place.write(company_toml(server.base_url, start=start))
    return Company(place, server)


def test_nightly_reads_everything_at_first_then_what_changed(recent: Company) -> None:
    """The schedule runs this every night: it must do all of the work once, and after that only what is new."""
    place, world = recent.place, recent.world
    months = place.workspace().months()
    first = place.invoke("nightly")
    assert first.exit_code == 0, first.output
    assert f"Months built again: {', '.join(months)}" in first.stdout
    assert sorted(place.manifests()) == months
    assert len(states(place)) == len(world.records("sales-invoices")) + len(world.records("purchase-invoices"))
    before, asked = place.exported(), recent.server.stats.total

    quiet = place.invoke("nightly")
    assert quiet.exit_code == 0
    assert "Months built again: none, nothing changed" in quiet.stdout
    assert place.exported() == before
    assert recent.server.stats.total - asked <= 12

    changed = in_month(recent, months[0])
    world.update("sales-invoices", changed, {"clientReference": "PO 2099"}, LATER)
    moved = in_month(recent, months[0], "purchase-invoices")
    world.update("purchase-invoices", moved, {"date": f"{months[1]}-01"}, LATER)
    after = place.invoke("nightly")
    assert after.exit_code == 0
    assert f"Months built again: {months[0]}, {months[1]}" in after.stdout
    assert states(place)["purchases", moved][0] == months[1]
    new = place.exported()
    assert {path for path in before if path.startswith(months[2])} <= new.keys()
    assert all(new[path] == before[path] for path in before if path.startswith(months[2]))
    assert place.invoke("verify").exit_code == 0


def test_verify_names_the_month_and_the_command_that_mends_it(stocked: Company) -> None:
    """Deletions are never announced by Robaws: the operator sees that one happened, and is told what to type."""
    place, world = stocked.place, stocked.world
    fine = place.invoke("verify", "--month", "2025-02")
    assert fine.exit_code == 0
    assert re.search(r"proef: Robaws lists (\d+) documents, we hold \1 ", fine.stdout)

    gone, changed, *_ = (
        record["id"]
        for record in world.records("sales-invoices")
        if str(record["date"]).startswith("2025-02") and record["logicId"]
    )
    world.delete("sales-invoices", gone)
    world.update("sales-invoices", changed, {"clientReference": "PO"}, LATER)
    new = world.create("purchase-invoices", {}, LATER, like=in_month(stocked, "2025-02", "purchase-invoices"))
    result = place.invoke("verify")
    assert result.exit_code == 1
    for said in (
        f"2025-02 sales INVOICE: here, not in Robaws: {gone}",
        f"2025-02 sales INVOICE: other in Robaws than here: {changed}",
        f"2025-02 purchases INVOICE: in Robaws, not here: {new}",
    ):
        assert said in result.stdout
    assert place.invoke("verify", "--month", "2025-02").exit_code == 1
    assert place.invoke("verify", "--month", "2025-03").exit_code == 0

    commands = re.findall(r"to mend it: robaws-pipeline (.*)", result.stdout)
    assert commands == ["load --company proef --from 2025-02 --to 2025-02"]
    assert place.invoke(*shlex.split(commands[0])).exit_code == 0
    assert place.invoke("verify").exit_code == 0
    now = states(place)
    assert now["sales", gone] == ("2025-02", "deleted")
    assert now["purchases", new][0] == "2025-02"
    held = (place.folder / "exports" / "proef" / "2025-02" / "journal" / "journal.csv").read_text("utf-8-sig")
    assert f'"{gone}"' not in held


def test_verify_before_the_first_load_says_what_to_do(company: Company) -> None:
    """Zero equals zero would be a green light over nothing."""
    result = company.place.invoke("verify")
    assert result.exit_code == 1
    assert "nothing loaded yet; run robaws-pipeline load --from 2025-01" in result.stderr
    assert company.server.stats.total == 0


def test_a_wrong_secret_stops_everything_and_says_what_to_do(company: Company) -> None:
    """Nothing may be made from nothing: an empty month looks like a month without invoices."""
    company.place.environment["PROEF_SECRET"] = "not-the-secret"
    for command in (["load", "--from", "2025-01", "--to", "2025-02"], ["nightly"]):
        result = company.place.invoke(*command)
        assert result.exit_code == 1
        assert "401 Unauthorized" in result.stderr
        assert "Check the API key and secret in the environment variables" in result.stderr
        assert company.place.exported() == company.place.tables() == {}
    assert company.place.invoke("doctor").exit_code == 1


def test_without_the_right_on_purchases_sales_go_out_and_the_gap_is_told(place: Place, serve: Serve) -> None:
    """One missing right must not keep the rest from the accountant, nor look like a month without purchases."""
    server = serve(accounts=[Account(KEY, SECRET, forbidden=frozenset({"purchase-invoices"}))])
    place.write(company_toml(server.base_url))
    result = place.invoke("load", "--from", "2025-01", "--to", "2025-02")
    assert result.exit_code == 1
    assert "proef/history is not complete: purchases: GET purchase-invoices" in result.stderr
    assert "403 Forbidden" in result.stderr
    assert "Give the role of the API user in Robaws the module behind 'purchase-invoices'" in result.stderr
    manifests = place.manifests()
    assert sorted(manifests) == ["2025-01", "2025-02"]
    assert {document["collection"] for manifest in manifests.values() for document in manifest["documents"]} == {
        "sales"
    }
    assert sum(manifest["totals"]["sales"]["INVOICE"]["exported"]["count"] for manifest in manifests.values()) > 5
    diagnosis = place.invoke("doctor")
    assert diagnosis.exit_code == 1
    assert "Problem purchases: GET purchase-invoices" in diagnosis.stdout


def test_one_company_s_failure_does_not_stop_the_next(place: Place, serve: Serve) -> None:
    """An office with several companies starts one command at night."""
    server = serve(small_world(last_month="2025-01"))
    dicht = company_toml(server.base_url, "dicht").replace("PROEF_KEY", "DICHT_KEY")
    place.write(dicht, company_toml(server.base_url))
    place.environment["DICHT_KEY"] = "no-key-of-robaws"
    result = place.invoke("load", "--from", "2025-01", "--to", "2025-01")
    assert result.exit_code == 1
    assert "dicht__reference" in result.stderr
    assert sorted(place.manifests()) == ["2025-01"]
    assert place.exported("dicht") == {}
