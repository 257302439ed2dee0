"""deliver and deliveries, as they are typed."""

import json
from datetime import UTC, datetime
from pathlib import Path

from companies import Company, company_toml


def _deliveries(company: Company) -> list[Path]:
    return sorted((company.place.folder / "exports" / "proef" / "deliveries").glob("[0-9]*"))


def _use(company: Company, more: str) -> None:
    company.place.write(company_toml(company.server.base_url), more)


def test_a_month_is_held_fixed_delivered_and_corrected(stocked: Company) -> None:
    """The whole story of an operator: look, deliver, mend in Robaws, deliver again, and everything can be proven."""
    place = stocked.place
    _use(stocked, '[companies.proef.deliveries]\nchanges = "reverse"\n')
    looked = place.invoke("deliver", "--dry-run")
    assert looked.exit_code == 0, looked.output
    assert "would be delivery 1" in looked.output
    assert _deliveries(stocked) == []
    done = place.invoke("deliver")
    assert done.exit_code == 0, done.output
    assert "proef: delivery 1:" in done.output
    [first] = _deliveries(stocked)
    manifest = json.loads((first / "manifest.json").read_bytes())
    again = place.invoke("deliver")
    assert "nothing to deliver" in again.output
    one = manifest["documents"][0]
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    stocked.world.update("sales-invoices", one["id"], {"date": "2025-02-25"}, now)
    assert place.invoke("nightly").exit_code == 0
    looked = place.invoke("deliver", "--dry-run")
    assert "moved from" in " ".join(looked.output.split())
    assert place.invoke("deliver").exit_code == 0
    listed = place.invoke("deliveries")
    assert "1 changed" in listed.output
    assert one["number"] in place.invoke("deliveries", "show", "2").output
    assert "2 deliveries, all as they were made" in place.invoke("deliveries", "verify").output
    with (first / "held.csv").open("ab") as stream:
        stream.write(b"x")
    wrong = place.invoke("deliveries", "verify")
    assert wrong.exit_code == 1
    assert f"{first.name}/held.csv was altered" in wrong.output
    assert "put back: held.csv" in place.invoke("deliveries", "redo", "1").output
    assert place.invoke("deliveries", "verify").exit_code == 0
    status = json.loads(place.invoke("status", "--json").output)["proef"]["deliveries"]
    assert (status["last"], status["problem"]) == (2, None)
    assert status["documents"] == sum(
        sums["count"]
        for types in json.loads((_deliveries(stocked)[1] / "manifest.json").read_bytes())["standing"].values()
        for sums in types.values()
    )
    assert "last delivery 2 of" in place.invoke("status").output
    gone = place.invoke("deliveries", "withdraw", "2", "--reason", "wrong office")
    assert "delivery 2 is withdrawn, recorded as number 3" in gone.output
    assert "withdrawn" in place.invoke("deliveries").output
    assert "wrong office" in place.invoke("deliveries", "show", "3").output


def test_what_cannot_be_done_is_said_in_a_sentence(stocked: Company) -> None:
    """A traceback helps nobody who hands over at the end of a month."""
    place = stocked.place
    for arguments, code, said in (
        (("deliveries", "show", "1"), 1, "proef has no delivery 1: there is none yet"),
        (("deliveries", "withdraw", "1"), 1, "there is none to withdraw"),
        (("deliver", "--format", "excel"), 2, "'excel' is not a format"),
        (("deliver", "--format", "vat"), 2, "vat is about a whole period"),
        (("deliver", "--until", "31/10/2026"), 2, "does not match the format"),
    ):
        result = place.invoke(*arguments)
        assert (result.exit_code, said in " ".join(result.output.split())) == (code, True), result.output
    assert place.invoke("deliver", "--month", "2025-01").exit_code == 0
    [first] = _deliveries(stocked)
    (first / "manifest.json").unlink()
    broken = place.invoke("deliver")
    assert broken.exit_code == 1
    assert "delivery 1 was made, and is not there" in broken.output
    assert "Traceback" not in broken.output


def test_each_company_has_numbers_of_its_own(stocked: Company) -> None:
    """A number alone says nothing when there are two companies."""
    other = company_toml(stocked.server.base_url, "tweede")
    stocked.place.write(company_toml(stocked.server.base_url), other)
    said = stocked.place.invoke("deliveries", "show", "1")
    assert said.exit_code == 2
    assert "--company proef or tweede" in said.output
    assert stocked.place.invoke("deliver").exit_code == 0
    assert stocked.place.invoke("deliveries", "show", "1", "--company", "proef").exit_code == 0
    assert "tweede: no deliveries yet" in stocked.place.invoke("deliveries").output
