"""Which months must be built again: exactly those whose exports are not made from what is held now."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from steps_company import (
    JOURNAL_ONLY,
    MONTHS,
    PATHS,
    Loaded,
    ago,
    build_all,
    company,
    held,
    manifests,
    originals,
    pick,
)

from robaws_pipeline.lake.raw import Version, rows
from robaws_pipeline.steps import build, fingerprints
from robaws_pipeline.steps.fetch import fetch_changes, fetch_history, fetch_reference
from robaws_pipeline.steps.stale import contiguous, loaded_months, stale_months
from robaws_pipeline.steps.workspace import Workspace

JANUARY, FEBRUARY, MARCH = MONTHS
SALES, PURCHASES = PATHS.values()


def stale(loaded: Loaded, more: str = "") -> list[str]:
    """The stale months as a process that starts now, with `more` in its settings, sees them."""
    return stale_months(company(loaded.folder, loaded.server, f"{JOURNAL_ONLY}\n{more}"), MONTHS)


def builds_to_nothing(loaded: Loaded, months: list[str]) -> None:
    """Building just the stale months leaves none."""
    build_all(company(loaded.folder, loaded.server, JOURNAL_ONLY), months)
    assert stale(loaded) == []


def test_after_a_load_nothing_is_stale(acme: Loaded) -> None:
    """Else every night would build everything."""
    assert loaded_months(acme.workspace) == MONTHS
    assert stale(acme) == []
    fetch_reference(acme.workspace)
    fetch_history(acme.workspace, MONTHS)
    assert stale(acme) == []


@pytest.mark.parametrize(("collection", "month"), [("sales", JANUARY), ("purchases", MARCH)])
def test_a_changed_document_makes_its_month_stale(acme: Loaded, collection: str, month: str) -> None:
    """The nightly case, one month of many. (Drafts are credited by nobody.)"""
    document = next(
        record
        for record in acme.world.records(PATHS[collection])
        if record["date"][:7] == month
        and not any(other.get("originalInvoiceId") == record["id"] for other in acme.world.records(PATHS[collection]))
    )
    acme.world.update(PATHS[collection], document["id"], {"status": "anders"}, ago(minutes=1))
    fetch_changes(acme.workspace)
    assert stale(acme) == [month]
    builds_to_nothing(acme, [month])


def test_a_moved_document_makes_both_months_stale(acme: Loaded) -> None:
    """The old month's files still have it."""
    document = pick(acme.world, "purchases", JANUARY)
    acme.world.update(PURCHASES, document["id"], {"date": "2025-03-05"}, ago(minutes=1))
    assert fetch_changes(acme.workspace).touched == [JANUARY, MARCH]
    assert stale(acme) == [JANUARY, MARCH]
    builds_to_nothing(acme, [JANUARY, MARCH])


def test_a_deleted_document_makes_its_month_stale_and_so_does_its_return(acme: Loaded) -> None:
    """Back to what it was is a change too, while the exports say deleted."""
    document = pick(acme.world, "purchases", FEBRUARY)
    acme.world.delete(PURCHASES, document["id"])
    fetch_history(acme.workspace, [FEBRUARY])
    assert stale(acme) == [FEBRUARY]
    builds_to_nothing(acme, [FEBRUARY])
    acme.world.create(PURCHASES, document, None)
    fetch_history(acme.workspace, [FEBRUARY])
    assert stale(acme) == [FEBRUARY]


def test_a_renamed_party_makes_the_months_that_name_it_stale(acme: Loaded) -> None:
    """And no others: a client of one month does not rebuild ten years."""
    for collection, path, parties, key in (
        ("sales", SALES, "clients", "clientId"),
        ("purchases", PURCHASES, "suppliers", "supplierId"),
    ):
        by_party: dict[str, set[str]] = {}
        for record in acme.world.records(path):
            if record[key]:
                by_party.setdefault(record[key], set()).add(record["date"][:7])
        party = next(id for id, months in by_party.items() if len(months) == 2 and acme.world.find(parties, id))
        acme.world.update(parties, party, {"name": f"Nieuwe naam {collection}"}, ago(minutes=1))
        fetch_reference(acme.workspace)
        assert stale(acme) == sorted(by_party[party])
        builds_to_nothing(acme, sorted(by_party[party]))
        texts = acme.workspace.exports.read(f"{min(by_party[party])}/journal/parties.csv")
        assert texts is not None
        assert f"Nieuwe naam {collection}".encode() in texts


def test_an_account_that_is_renamed_makes_every_month_stale(acme: Loaded) -> None:
    """Its name stands in the journals of all months."""
    account = acme.world.records("general-ledger-accounts")[0]
    acme.world.update("general-ledger-accounts", account["id"], {"name": "Andere naam"}, None)
    fetch_reference(acme.workspace)
    assert stale(acme) == MONTHS


def _credited_elsewhere(loaded: Loaded) -> tuple[str, str, str]:
    """A sales credit note whose original is in another month: original's id, its month, the credit note's."""
    return next(
        (original["id"], original["date"][:7], note["date"][:7])
        for note in loaded.world.records(SALES)
        if note.get("originalInvoiceId")
        for original in [loaded.world.get(SALES, note["originalInvoiceId"])]
        if original["date"][:7] != note["date"][:7]
    )


def test_an_original_that_goes_and_comes_touches_its_credit_notes(acme: Loaded) -> None:
    """The credit note names its number and date, so its month is made from it too."""
    original, there, here = _credited_elsewhere(acme)
    others = {note["date"][:7] for note in acme.world.records(SALES) if note.get("originalInvoiceId") == original} | {
        there
    }
    record = acme.world.get(SALES, original)
    acme.world.delete(SALES, original)
    fetch_history(acme.workspace, [there])
    assert here in others
    assert stale(acme) == sorted(others), "deleted"
    builds_to_nothing(acme, sorted(others))
    acme.world.create(SALES, record, ago(minutes=1))
    fetch_changes(acme.workspace)
    assert stale(acme) == sorted(others), "back, with other content"


def test_an_original_that_arrives_later_touches_the_credit_note_that_waited(acme: Loaded) -> None:
    """January is loaded after March: the reference that was missing is there now."""
    original, there, here = _credited_elsewhere(acme)
    fresh = company(acme.folder / "fresh", acme.server)
    fetch_reference(fresh)
    fetch_history(fresh, [here])
    build_all(fresh, [here])
    assert stale_months(fresh) == []
    assert ("sales", original) not in originals(fresh, here)
    fetch_history(fresh, [there])
    assert stale_months(fresh) == sorted([there, here])
    build_all(fresh, [here])
    assert originals(fresh, here)["sales", original][0] == there


@pytest.mark.parametrize(
    "more",
    [
        'accounts = { rounding = "659000" }',
        'vat_tariffs = { "geen" = { treatment = "exempt" } }',
        'fields = { line = { unit = "eenheid" } }',
        'journals = { sales = "V1" }',
        'email = "boekhouding@example.test"',
    ],
)
def test_settings_that_end_up_in_files_make_every_month_stale(acme: Loaded, more: str) -> None:
    """A tariff that is mapped today releases the documents that were held for it."""
    assert stale(acme, more) == MONTHS


def test_settings_about_reading_make_nothing_stale(acme: Loaded) -> None:
    """A slower rate or another hour is not a reason to write ten years again."""
    assert stale(acme, 'nightly_at = "04:30"\ntimezone = "Europe/Paris"') == []


def test_exports_that_are_gone_or_spoiled_are_made_again(acme: Loaded) -> None:
    """Somebody tidied up the folder: the level tells, no event does."""
    shutil.rmtree(acme.folder / "exports" / "acme" / JANUARY)
    acme.workspace.exports.write(f"{MARCH}/manifest.json", b'{"inputs": ')
    assert stale(acme) == [JANUARY, MARCH]
    builds_to_nothing(acme, [JANUARY, MARCH])


def test_new_code_makes_every_month_stale(acme: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """A corrected rule reaches old months by itself."""
    monkeypatch.setattr(fingerprints, "code_version", lambda: "another")
    assert stale(acme) == MONTHS


def test_the_first_look_at_purchases_that_turn_out_to_be_none_is_a_change(acme: Loaded) -> None:
    """The manifest says that they were not read; when they were, and there are none, it must stop saying so."""
    (acme.folder / "data/acme/raw/purchases/coverage.json").unlink()
    assert stale(acme) == MONTHS
    builds_to_nothing(acme, MONTHS)
    assert manifests(acme.workspace)[JANUARY]["not_read"] == ["purchases"]


def test_a_kill_between_the_two_files_of_a_move_shows_in_both_months(acme: Loaded) -> None:
    """The new month's file is written, the old month's is not, and the next fetch may be a day away."""
    raw = acme.workspace.raw
    [moved] = raw.current("purchases", JANUARY).slice(0, 1).to_pylist()
    json = moved["json"].replace(moved["date"].encode(), b"2025-02-09")
    version = Version(moved["id"], FEBRUARY, moved["type"], "2025-02-09", None, datetime.now(UTC), json)
    assert raw.add(rows("purchases", [version], datetime.now(UTC))) == {FEBRUARY}
    assert stale(acme) == [JANUARY, FEBRUARY]
    builds_to_nothing(acme, [JANUARY, FEBRUARY])
    assert held(acme.workspace)["purchases", moved["id"]] == (FEBRUARY, False)


@pytest.mark.parametrize("done", ["documents", "documents journal", "documents exports", "exports", "journal"])
def test_a_build_that_stops_halfway_stays_stale(acme: Loaded, done: str) -> None:
    """Exports of new documents with an old journal, made by hand in the UI, must not pass for the new month."""
    document = pick(acme.world, "purchases", FEBRUARY)
    acme.world.update(PURCHASES, document["id"], {"status": "anders"}, ago(minutes=1))
    fetch_changes(acme.workspace)
    for step in done.split():
        getattr(build, f"build_{step}")(acme.workspace, [FEBRUARY])
    assert stale(acme) == [FEBRUARY]


def _killed(*arguments: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("stopped", ["in documents", "after documents", "after journal", "in documents again"])
def test_tables_of_a_state_that_went_back_are_built_again(
    acme: Loaded, monkeypatch: pytest.MonkeyPatch, stopped: str
) -> None:
    """Deleted, tables made, killed; and the document is back: the exports are right, the tables behind them are not."""
    document = pick(acme.world, "purchases", FEBRUARY)
    acme.world.delete(PURCHASES, document["id"])
    fetch_history(acme.workspace, [FEBRUARY])
    if stopped == "in documents":
        with monkeypatch.context() as patch:
            patch.setattr(build, "references_of", _killed)
            with pytest.raises(KeyboardInterrupt):
                build.build_documents(acme.workspace, [FEBRUARY])
    else:
        build.build_documents(acme.workspace, [FEBRUARY])
    if stopped in {"after journal", "in documents again"}:
        build.build_journal(acme.workspace, [FEBRUARY])
    acme.world.create(PURCHASES, document, None)
    fetch_history(acme.workspace, [FEBRUARY])
    if stopped == "in documents again":
        build.build_documents(acme.workspace, [FEBRUARY])
    assert stale(acme) == [FEBRUARY]


def test_what_arrives_while_a_month_is_built_makes_it_stale(acme: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process fetches between our reading and our signing: the new version must not be signed for unseen."""
    document = pick(acme.world, "purchases", FEBRUARY)
    acme.world.update(PURCHASES, document["id"], {"status": "onderweg"}, ago(minutes=1))
    other = company(acme.folder, acme.server)
    plain: Callable[..., object] = build._documents

    def meanwhile(workspace: Workspace, month: str) -> object:
        made = plain(workspace, month)
        fetch_changes(other)
        return made

    with monkeypatch.context() as patch:
        patch.setattr(build, "_documents", meanwhile)
        build.build_documents(acme.workspace, [FEBRUARY])
    build.build_journal(acme.workspace, [FEBRUARY])
    build.build_exports(acme.workspace, [FEBRUARY])
    assert stale(acme) == [FEBRUARY]


def test_months_as_ranges() -> None:
    """One run for each range, over the turn of the year too."""
    assert contiguous([]) == []
    assert contiguous(["2025-01", "2024-11", "2024-12", "2025-03"]) == [("2024-11", "2025-01"), ("2025-03", "2025-03")]


def test_a_month_is_stale_when_another_one_changes_what_its_workbook_tells(acme: Loaded) -> None:
    """A number given twice is told in both months' workbooks; the month that did not change would not know."""
    january, march = (pick(acme.world, "sales", month, type="INVOICE") for month in (JANUARY, MARCH))
    quiet, telling = (company(acme.folder, acme.server, f'formats = ["{name}"]') for name in ("journal", "workbook"))
    build_all(telling)
    assert stale_months(telling, MONTHS) == []
    acme.world.update(SALES, january["id"], {"logicId": march["logicId"]}, ago(minutes=1))
    fetch_changes(telling)
    assert stale_months(telling, [MARCH]) == []
    build_all(telling, [JANUARY])
    touched = stale_months(telling, MONTHS)
    assert MARCH in touched
    build_all(telling, touched)
    assert stale_months(telling, MONTHS) == []
    build_all(quiet)
    assert stale_months(quiet, MONTHS) == []
