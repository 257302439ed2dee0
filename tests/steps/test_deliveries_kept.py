"""What was delivered stays what it was: any change of it shows, and each delivery can be made again."""

import json
import shutil
from pathlib import Path

import pytest
from accountant import exported, folders, manifests
from deliveries_company import delivering, edit, exports, files, read_again
from steps_company import MONTHS, Loaded, Serve, company, pick, small_world, surroundings

from robaws_pipeline.deliveries.archive import ArchiveError
from robaws_pipeline.deliveries.plan import Scope
from robaws_pipeline.formats import journal
from robaws_pipeline.sandbox.server import running
from robaws_pipeline.steps.deliver import DeliveryError, deliver, withdraw
from robaws_pipeline.steps.deliveries import find, listed, redo, verify_deliveries
from robaws_pipeline.steps.workspace import Workspace

JANUARY, FEBRUARY, MARCH = MONTHS


@pytest.fixture(scope="session")
def _series(_journal_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four links: two deliveries, a withdrawal of the second, and a third with a reversal."""
    folder = tmp_path_factory.mktemp("series") / "company"
    shutil.copytree(_journal_template, folder)
    with surroundings(), running(small_world()) as server:
        acme = Loaded(company(folder, server), folder, server)
        workspace = delivering(acme, "reverse")
        deliver(workspace, Scope(month=JANUARY))
        deliver(workspace, Scope(month=FEBRUARY))
        withdraw(workspace, 2)
        edit(acme, pick(acme.world, "sales", JANUARY, type="INVOICE"), date="2025-02-20")
        read_again(workspace)
        deliver(workspace)
    return folder


@pytest.fixture
def acme(_series: Path, tmp_path: Path, serve: Serve) -> Loaded:
    """A company with deliveries, a copy of the test's own."""
    folder = tmp_path / "company"
    shutil.copytree(_series, folder)
    server = serve(small_world())
    return Loaded(company(folder, server), folder, server)


@pytest.fixture
def series(acme: Loaded) -> Workspace:
    """The same."""
    return delivering(acme, "reverse")


def test_each_delivery_is_made_again_byte_by_byte_whatever_changed_since(acme: Loaded, series: Workspace) -> None:
    """A disk fails years later: by then documents, parties and settings are others, and the files must be the same."""
    before = files(exports(acme) / "deliveries")
    for position, record in enumerate(acme.world.records("sales-invoices")[:10]):
        edit(acme, record, date="2025-03-01", clientId=str(601 + position))
    other = delivering(
        acme,
        "report",
        'contact = "An"\n[companies.acme.journals]\nsales = "ZZ"\n[companies.acme.accounts]\ncustomers = "409"',
    )
    read_again(other)
    deliver(other)
    for number, folder in enumerate(folders(exports(acme))[:4], 1):
        for file in folder.rglob("*"):
            if file.is_file() and file.name != "manifest.json" and "kept" not in file.parts and number != 3:
                file.unlink()
        done = redo(other, number)
        assert (number == 3) == (done.mended == [])
    after = files(exports(acme) / "deliveries")
    assert {name: after[name] for name in before} == before
    assert verify_deliveries(other) == []


def test_a_delivery_is_made_again_elsewhere_with_its_manifest(acme: Loaded, series: Workspace, tmp_path: Path) -> None:
    """Somebody wants to look without touching what was delivered."""
    redo(series, 4, tmp_path / "again")
    assert files(tmp_path / "again") == files(folders(exports(acme))[3])
    with pytest.raises(DeliveryError, match="is there already"):
        redo(series, 4, tmp_path / "again")


def test_what_another_version_of_the_program_would_write_otherwise_comes_from_the_zip(
    acme: Loaded, series: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an upgrade a format may write another file: the accountant has the old one."""
    [first, *_] = folders(exports(acme))
    before = files(first)
    monkeypatch.setattr(journal, "CURRENCY", "BEF")
    (first / JANUARY / "journal" / "journal.csv").unlink()
    shutil.rmtree(first / "kept")
    with pytest.raises(DeliveryError, match=r"kept/now/documents\.parquet"):
        redo(series, 1)
    for name, content in before.items():
        if name.startswith("kept/"):
            (first / name).parent.mkdir(parents=True, exist_ok=True)
            (first / name).write_bytes(content)
    assert redo(series, 1).mended == [f"{JANUARY}/journal/journal.csv"]
    assert files(first) == before
    (first / JANUARY / "journal" / "journal.csv").unlink()
    next(first.glob("*.zip")).unlink()
    with pytest.raises(DeliveryError, match="cannot be made as it was"):
        redo(series, 1)


def test_one_altered_byte_in_any_file_is_reported(acme: Loaded, series: Workspace) -> None:
    """An entry that somebody changes in the file afterwards must not pass for what was delivered."""
    assert verify_deliveries(series) == []
    for name, content in files(exports(acme) / "deliveries").items():
        file = exports(acme) / "deliveries" / name
        changed = bytearray(content)
        changed[len(changed) // 2] ^= 1
        file.write_bytes(changed)
        assert verify_deliveries(series) != [], name
        file.write_bytes(content)
    assert verify_deliveries(series) == []


def _remove(folder: Path) -> None:
    shutil.rmtree(folder)


def _add(folder: Path) -> None:
    (folder / "extra.csv").write_text("booked;twice")


def _rename(folder: Path) -> None:
    folder.rename(folder.with_name(f"{folder.name[:4]}-2001-01-01"))


def _copy(folder: Path) -> None:
    shutil.copytree(folder, folder.with_name(f"{folder.name[:4]}-2001-01-01"))


def _renumber(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["number"] = 9
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _swap(folder: Path) -> None:
    other = next(one for one in sorted(folder.parent.glob("[0-9]*")) if one != folder)
    aside = folder.with_name("aside")
    folder.rename(aside)
    other.rename(folder)
    aside.rename(other)


def _lose_the_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def _spoil_the_witness(folder: Path) -> None:
    (folder.parents[3] / "data" / "acme" / "deliveries.json").write_bytes(b"")


@pytest.mark.parametrize("position", [0, 1, 3], ids=["first", "in between", "last"])
@pytest.mark.parametrize("deed", [_remove, _add, _rename, _copy, _renumber, _swap, _lose_the_manifest])
def test_a_series_that_was_touched_shows(acme: Loaded, series: Workspace, deed: object, position: int) -> None:
    """A delivery that is removed takes documents out of what the accountant is said to have."""
    assert callable(deed)
    deed(folders(exports(acme))[position])
    assert verify_deliveries(series) != []


@pytest.mark.parametrize("position", [0, 3], ids=["first", "last"])
@pytest.mark.parametrize("deed", [_remove, _rename, _copy, _renumber, _swap, _lose_the_manifest, _spoil_the_witness])
def test_nothing_is_added_to_a_series_that_is_broken(
    acme: Loaded, series: Workspace, deed: object, position: int
) -> None:
    """What the removed delivery had would go a second time."""
    assert callable(deed)
    deed(folders(exports(acme))[position])
    before = files(exports(acme) / "deliveries")
    for work in (lambda: deliver(series), lambda: withdraw(series, 4), lambda: listed(series)):
        with pytest.raises(ArchiveError, match="deliveries verify"):
            work()
    assert files(exports(acme) / "deliveries") == before


@pytest.mark.parametrize("deed", [_swap, _lose_the_manifest, _rename])
def test_without_the_witness_the_folders_still_tell(acme: Loaded, series: Workspace, deed: object) -> None:
    """Whoever moves deliveries about may well have thrown the witness away too."""
    assert callable(deed)
    (acme.folder / "data" / "acme" / "deliveries.json").unlink()
    last = folders(exports(acme))[3]
    deed(last)
    before = files(exports(acme) / "deliveries")
    assert verify_deliveries(series) != []
    with pytest.raises(ArchiveError, match=last.name[:4]):
        deliver(series)
    assert files(exports(acme) / "deliveries") == before


def test_an_older_copy_of_all_deliveries_is_missed(acme: Loaded, series: Workspace, tmp_path: Path) -> None:
    """Somebody puts last week's backup back: what went since would go again, under numbers that the accountant has."""
    older = tmp_path / "backup"
    shutil.copytree(exports(acme) / "deliveries", older)
    edit(acme, pick(acme.world, "sales", JANUARY, position=1, type="INVOICE"), date="2025-02-21")
    read_again(series)
    deliver(series)
    shutil.rmtree(exports(acme) / "deliveries")
    shutil.copytree(older, exports(acme) / "deliveries")
    assert verify_deliveries(series) == ["delivery 5 was made, and is not there"]
    with pytest.raises(ArchiveError, match="delivery 5 was made"):
        deliver(series)


def test_sums_that_were_changed_with_all_hashes_made_right_again_show(acme: Loaded, series: Workspace) -> None:
    """Hashes protect bytes; whoever changes an amount and writes new hashes still has to make the sums right."""
    folder = folders(exports(acme))[3]
    manifest = json.loads((folder / "manifest.json").read_bytes())
    new = next(one for one in manifest["documents"] if one["action"] == "new")
    new["gross"] = "1.00"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (acme.folder / "data" / "acme" / "deliveries.json").unlink()
    assert [problem for problem in verify_deliveries(series) if "not the sum" in problem]


def test_a_number_that_there_is_not_is_told(series: Workspace) -> None:
    """Somebody mistypes it: which there are is what helps."""
    assert find(series, 4).manifest.number == 4
    with pytest.raises(DeliveryError, match="acme has no delivery 5: there are 1 to 4"):
        find(series, 5)


def test_deliveries_without_their_witness_are_still_a_series(acme: Loaded, series: Workspace) -> None:
    """Somebody moves the exports to another machine without the data: the deliveries say everything themselves."""
    (acme.folder / "data" / "acme" / "deliveries.json").unlink()
    assert verify_deliveries(series) == []
    assert deliver(series).link is None
    assert (acme.folder / "data" / "acme" / "deliveries.json").exists()
    assert {(one["collection"], one["id"]) for m in manifests(exports(acme)) for one in m["documents"]} >= exported(
        series
    )
