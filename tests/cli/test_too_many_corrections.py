"""One changed account, or a new version, may not reverse years of documents unless somebody says so."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest
from companies import Company, company_toml


def _deliveries(company: Company) -> list[Path]:
    return sorted((company.place.folder / "exports" / "proef" / "deliveries").glob("[0-9]*"))


def _manifest(folder: Path) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = json.loads((folder / "manifest.json").read_bytes())
    return found


@pytest.fixture
def changed(stocked: Company) -> tuple[Company, int]:
    """Everything was delivered; now customers have another account, and more sales than may be corrected unasked. With
    how many."""
    _use(stocked, "400000")
    assert stocked.place.invoke("deliver").exit_code == 0
    sales = [one for one in _manifest(_deliveries(stocked)[0])["documents"] if one["collection"] == "sales"]
    _use(stocked, "400999")
    return stocked, len(sales)


def _use(company: Company, customers: str) -> None:
    company.place.write(
        company_toml(company.server.base_url),
        '[companies.proef.deliveries]\nchanges = "reverse"\nmost_corrections = 5\n',
        f'[companies.proef.accounts]\ncustomers = "{customers}"\n',
    )


def test_a_scheduled_delivery_of_too_many_corrections_fails_and_says_what_they_are(
    changed: tuple[Company, int],
) -> None:
    """At six in the morning nobody is there to see that an account was mistyped."""
    company, sales = changed
    with company.place.dagster() as runner:
        refused = runner.run("proef_deliver")
        [why] = refused.failures
        assert not refused.succeeded
        assert f"{sales} documents that were delivered would be corrected" in why
        assert "most_corrections of the settings allows 5: nothing was delivered" in why
        assert f"account 400000 → 400999 on {sales} documents" in why
        assert f"robaws-pipeline deliver --company proef --allow-corrections {sales}" in why
        assert len(_deliveries(company)) == 1
        too_few = runner.run("proef_deliver", config={"proef__deliveries": {"allow_corrections": sales - 1}})
        assert f"you allowed {sales - 1}" in too_few.failures[0]
        allowed = {"allow_corrections": sales, "until": "2025-12-31"}
        assert runner.run("proef_deliver", config={"proef__deliveries": allowed}).succeeded
    assert len(_manifest(_deliveries(company)[1])["documents"]) == sales


def test_as_many_corrections_as_the_settings_allow_need_no_word(changed: tuple[Company, int]) -> None:
    """The limit is for accidents, not for the work of every day."""
    company, _ = changed
    _use(company, "400000")
    for record in company.world.records("sales-invoices")[:5]:
        company.world.update("sales-invoices", record["id"], {"dueDate": "2025-09-30"}, "2026-01-01T00:00:00.000Z")
    assert company.place.invoke("load", "--from", "2025-01", "--to", "2025-03").exit_code == 0
    assert company.place.invoke("deliver").exit_code == 0
    assert 0 < len(_manifest(_deliveries(company)[1])["documents"]) <= 5


def test_by_hand_it_is_looked_at_refused_and_allowed(changed: tuple[Company, int]) -> None:
    """Whoever types it sees what would happen, and how to say that it is meant."""
    company, sales = changed
    assert company.place.invoke("nightly").exit_code == 0
    looked = company.place.invoke("deliver", "--dry-run")
    told = " ".join(looked.output.split())
    assert looked.exit_code == 0
    assert f"Corrections: {sales}" in told
    assert "account 400000 → 400999" in told
    assert f"--allow-corrections {sales}" in told
    refused = company.place.invoke("deliver")
    assert refused.exit_code == 1
    assert "nothing was delivered" in " ".join(refused.output.split())
    assert company.place.invoke("deliver", "--allow-corrections", str(sales)).exit_code == 0
    assert len(_deliveries(company)) == 2


@pytest.mark.parametrize(("answer", "made", "code"), [("y", 2, 0), ("n", 1, 1)])
def test_somebody_at_a_terminal_is_asked(changed: tuple[Company, int], answer: str, made: int, code: int) -> None:
    """A number to copy is no obstacle for a program; a person may just answer."""
    company, sales = changed
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            company.place.command("deliver"),
            env={**os.environ, **company.place.variables},
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.write(ours, f"{answer}\n".encode())
        _, said = process.communicate(timeout=120)
    finally:
        os.close(ours)
        os.close(theirs)
    assert f"Correct {sales} documents that were delivered?" in said
    assert (process.returncode, len(_deliveries(company))) == (code, made)
