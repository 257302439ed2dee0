"""Lake and exports in an object store: no rename, no folders, the whole way from fetching to files."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyarrow import fs
from steps_company import MONTHS, Serve, ago, build_all, company, in_world, live, load, manifests, pick, small_world

from robaws_pipeline.deliveries.archive import ArchiveError
from robaws_pipeline.lake.store import Store
from robaws_pipeline.steps import build
from robaws_pipeline.steps.deliver import archive_of, deliver
from robaws_pipeline.steps.deliveries import redo, verify_deliveries
from robaws_pipeline.steps.explain import explain
from robaws_pipeline.steps.fetch import fetch_changes, fetch_history
from robaws_pipeline.steps.stale import stale_months
from robaws_pipeline.steps.status import status
from robaws_pipeline.steps.verify import verify
from robaws_pipeline.steps.workspace import Workspace

JANUARY = MONTHS[0]


class ObjectStore(fs.FileSystemHandler):  # type: ignore[misc]
    """Objects under a local folder: written whole, found by prefix; whatever else a disk can do is refused."""

    def __init__(self, folder: Path) -> None:
        self.disk = fs.SubTreeFileSystem(str(folder), fs.LocalFileSystem())
        self.folder = folder

    def get_type_name(self) -> str:
        return "objects"

    def normalize_path(self, path: str) -> str:
        return path

    def get_file_info(self, paths: list[str]) -> Any:
        return self.disk.get_file_info(paths)

    def get_file_info_selector(self, selector: Any) -> Any:
        return self.disk.get_file_info(selector)

    def open_input_stream(self, path: str) -> Any:
        return self.disk.open_input_stream(path)

    def open_input_file(self, path: str) -> Any:
        return self.disk.open_input_file(path)

    def open_output_stream(self, path: str, metadata: Any) -> Any:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        return self.disk.open_output_stream(path)

    def delete_file(self, path: str) -> None:
        self.disk.delete_file(path)

    def _refuse(self, *arguments: Any) -> Any:
        raise NotImplementedError("an object store cannot do this")

    open_append_stream = move = copy_file = create_dir = _refuse
    delete_dir = delete_dir_contents = delete_root_dir_contents = _refuse


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    """Where the objects are."""
    folder = tmp_path / "bucket"
    folder.mkdir()
    return folder


def remote(local: Workspace, bucket: Path) -> Workspace:
    """The same company with everything in the bucket."""
    filesystem = fs.PyFileSystem(ObjectStore(bucket))
    return Workspace(local.key, local.company, Store(filesystem, "lake/acme"), Store(filesystem, "exports/acme"))


def files(folder: Path) -> dict[str, bytes]:
    """Path → bytes."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def test_the_whole_way_gives_the_same_bytes_as_on_a_disk(serve: Serve, tmp_path: Path, bucket: Path) -> None:
    """Load, a night of changes, a deletion, and the questions."""
    server = serve(small_world())
    local = company(tmp_path / "disk", server)
    workspace = remote(local, bucket)
    assert not workspace.lake.is_local
    for one in (local, workspace):
        assert load(one).errors == []
    world = server.world
    world.update("sales-invoices", pick(world, "sales", JANUARY)["id"], {"date": "2025-02-02"}, ago(minutes=1))
    world.delete("purchase-invoices", pick(world, "purchases", JANUARY)["id"])
    for one in (local, workspace):
        fetch_changes(one)
        fetch_history(one, [JANUARY])
        stale = stale_months(one, MONTHS)
        assert stale[:2] == MONTHS[:2]
        build_all(one, stale)
        assert stale_months(remote(local, bucket) if one is workspace else one, MONTHS) == []
        assert live(one) == in_world(world)
        assert verify(one, MONTHS).passed
    assert files(bucket / "exports" / "acme") == files(tmp_path / "disk" / "exports" / "acme")
    assert files(bucket / "lake/acme/tables") == files(tmp_path / "disk/data/acme/tables")
    number = pick(world, "sales", MONTHS[1])["logicId"]
    assert explain(workspace, number)[0].files.keys() == explain(local, number)[0].files.keys()
    assert status(workspace).as_json()["months"] == status(local).as_json()["months"]


def test_files_that_no_longer_belong_are_removed_and_the_manifest_comes_last(
    serve: Serve, tmp_path: Path, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever polls the bucket for a manifest finds every file that it names."""
    server = serve(small_world())
    workspace = remote(company(tmp_path, server), bucket)
    load(workspace)
    gone = next(
        row for row in manifests(workspace)[JANUARY]["documents"] if any("xml" in file for file in row["files"])
    )
    [xml] = [file for file in gone["files"] if file.endswith(".xml")]
    server.world.delete("sales-invoices", gone["id"])
    fetch_history(workspace, [JANUARY])
    written: list[str] = []
    plain = Store.write

    def noted(self: Store, name: str, content: Any, *, durable: bool = True) -> None:
        written.append(f"{self.root}/{name}")
        plain(self, name, content, durable=durable)

    monkeypatch.setattr(Store, "write", noted)
    build_all(workspace, [JANUARY])
    exports = [name for name in written if name.startswith("exports/")]
    assert exports[-1] == f"exports/acme/{JANUARY}/manifest.json"
    assert not workspace.exports.exists(f"{JANUARY}/{xml}")
    there = files(bucket / "exports" / "acme" / JANUARY)
    assert there.keys() == {*json.loads(there["manifest.json"])["files"], "manifest.json"}


def test_the_warehouse_in_a_bucket_holds_the_tables_itself(serve: Serve, tmp_path: Path, bucket: Path) -> None:
    """Whoever downloads it has no key to the bucket, and needs none."""
    server = serve(small_world())
    workspace = remote(company(tmp_path, server), bucket)
    load(workspace)
    assert "trial_balance" in build.build_warehouse(workspace)
    copy = tmp_path / "warehouse.duckdb"
    shutil.copy(bucket / "lake" / "acme" / "warehouse.duckdb", copy)
    shutil.rmtree(bucket)
    with duckdb.connect(str(copy), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM documents").fetchall() == [(len(in_world(server.world)),)]
        assert connection.execute("SELECT sum(balance) FROM trial_balance").fetchall() == [(0,)]
        comments = connection.execute("SELECT comment FROM duckdb_tables() WHERE table_name = 'documents'").fetchall()
        assert comments[0][0]


def test_deliveries_in_a_bucket_are_those_of_a_disk(serve: Serve, tmp_path: Path, bucket: Path) -> None:
    """There is no renaming of folders: whole or not at all must come from the order of writing."""
    server = serve(small_world())
    local = company(tmp_path / "disk", server)
    workspace = remote(local, bucket)
    noon = datetime(2025, 4, 1, 12, tzinfo=UTC)
    for one in (local, workspace):
        load(one)
        assert deliver(one, now=noon).link is not None
        assert deliver(one, now=noon).link is None
        assert verify_deliveries(one) == []
    there = files(bucket / "exports" / "acme" / "deliveries")
    assert there == files(tmp_path / "disk" / "exports" / "acme" / "deliveries")
    (bucket / "exports" / "acme" / "deliveries" / "0001-2025-04-01" / "held.csv").unlink()
    assert redo(workspace, 1).mended == ["held.csv"]


def test_an_upload_that_was_killed_is_no_delivery_and_its_number_is_used(
    serve: Serve, tmp_path: Path, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder with some of its files must be neither imported nor a gap in the numbers."""

    class Killed(BaseException):
        """SIGKILL, as far as one process can have it."""

    server = serve(small_world())
    workspace = remote(company(tmp_path, server), bucket)
    load(workspace)
    plain = Store.write

    def die(self: Store, name: str, content: Any, *, durable: bool = True) -> None:
        if name == "manifest.json" and "deliveries" in self.root:
            raise Killed
        plain(self, name, content, durable=durable)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", die)
        # What a killed process leaves of its claim, too.
        patch.setattr(Store, "remove", lambda self, name: None)
        with pytest.raises(Killed):
            deliver(workspace, now=datetime(2025, 4, 1, tzinfo=UTC))
    assert (bucket / "exports/acme/deliveries/0001-2025-04-01/held.csv").exists()
    assert verify_deliveries(workspace) == []
    deliver(workspace, now=datetime(2025, 4, 2, tzinfo=UTC))
    assert archive_of(workspace).links()[0].folder == "0001-2025-04-02"
    assert files(bucket / "exports/acme/deliveries/0001-2025-04-01") == {}
    assert verify_deliveries(workspace) == []


def test_two_hosts_never_deliver_at_the_same_time(serve: Serve, tmp_path: Path, bucket: Path) -> None:
    """Their locks do not know each other; the bucket is all they share."""
    server = serve(small_world())
    workspace = remote(company(tmp_path, server), bucket)
    load(workspace)
    claims = bucket / "exports/acme/deliveries/.claims"
    claims.mkdir(parents=True)
    (claims / "other-host~1").touch()
    with pytest.raises(ArchiveError, match="other-host is delivering at this moment"):
        deliver(workspace)
    assert [path.name for path in claims.iterdir()] == ["other-host~1"]
    (claims / "other-host~1").unlink()
    assert deliver(workspace).link is not None
    assert list(claims.iterdir()) == []
