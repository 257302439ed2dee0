"""Files and folders that are seen whole or not at all, whatever happens to the process that writes them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from robaws_pipeline.lake import locks
from robaws_pipeline.lake.store import Store

_PRELUDE = """
import os, signal, sys
from pathlib import Path
from robaws_pipeline.lake import locks
from robaws_pipeline.lake.store import Store
store = Store.at(sys.argv[1], Path())
def die(*args, **named):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(folder: Path, program: str) -> None:
    """Run a program that kills itself in the middle of something."""
    ended = subprocess.run([sys.executable, "-c", _PRELUDE + program, str(folder)], check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store on the local disk."""
    return Store.at(str(tmp_path), Path())


def content(folder: Path) -> dict[str, bytes]:
    """Every file that a person who looks into the folder sees."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    }


OLD = [("a.csv", b"old a"), ("ubl/1.xml", b"old 1"), ("ubl/2.xml", b"old 2"), ("manifest.json", b"old")]
NEW = [("a.csv", b"new a"), ("ubl/1.xml", b"new 1"), ("manifest.json", b"new")]


def test_a_file_that_a_kill_interrupts_keeps_its_old_content(store: Store, tmp_path: Path) -> None:
    """Half a Parquet file in the raw log would stop every later run."""
    store.write("x/file", b"old")
    killed(tmp_path, "os.fsync = die\nstore.write('x/file', b'new' * 100_000)\n")
    assert store.read("x/file") == b"old"
    killed(tmp_path, "os.fsync = die\nstore.write('x/other', b'new' * 100_000)\n")
    assert store.read("x/other") is None
    assert store.names("x") == ["file"]
    assert store.names("nowhere") == []


def test_what_a_killed_writer_left_is_cleared_by_the_next(store: Store, tmp_path: Path) -> None:
    """A process that is killed every night must not fill the disk with halves of files that nobody sees."""
    for _ in range(3):
        killed(tmp_path, "os.fsync = die\nstore.write('x/file', b'new' * 100_000)\n")
    assert len(os.listdir(tmp_path / "x")) == 1, "the third has removed what the first two left"
    (tmp_path / "x" / ".settings.a-persons").write_text("not ours")
    store.write("x/other", b"other")
    assert sorted(os.listdir(tmp_path / "x")) == [".settings.a-persons", "other"]


def test_a_file_that_another_process_is_writing_is_left_alone(store: Store, tmp_path: Path) -> None:
    """Two processes write in one folder: neither may take the other for dead."""
    program = """
real = os.fsync
def wait(handle):
    print("writing", flush=True)
    sys.stdin.readline()
    real(handle)
os.fsync = wait
store.write("x/slow", b"slow", durable=True)
"""
    command = [sys.executable, "-c", _PRELUDE + program, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        store.write("x/quick", b"quick")
        assert len(os.listdir(tmp_path / "x")) == 2
        writer.communicate("\n" * 10, timeout=60)
    assert writer.returncode == 0
    assert store.read("x/slow") == b"slow"
    assert sorted(os.listdir(tmp_path / "x")) == ["quick", "slow"]


def test_publishing_replaces_the_folder_and_everything_in_it(store: Store, tmp_path: Path) -> None:
    """A file of the month's last version that no longer belongs must not stay beside the new ones."""
    store.publish("2025-01", OLD)
    store.publish("2025-01", iter(NEW))
    assert content(tmp_path) == {f"2025-01/{name}": value for name, value in NEW}
    assert os.listdir(tmp_path) == ["2025-01"]


def test_what_is_discarded_is_not_published(store: Store, tmp_path: Path) -> None:
    """A format that fails halfway has given files already; neither they nor an empty folder may show."""
    discard: list[str] = []

    def files() -> Iterator[tuple[str, bytes]]:
        yield "ubl/deep/1.xml", b"1"
        yield "ubl/2.xml", b"2"
        yield "journal/j.csv", b"j"
        discard.extend(["ubl/deep/1.xml", "ubl/2.xml", "ubl/never-given.xml"])
        yield "manifest.json", b"m"

    store.publish("2025-01", files(), discard)
    assert content(tmp_path) == {"2025-01/journal/j.csv": b"j", "2025-01/manifest.json": b"m"}
    assert store.names("2025-01") == ["journal", "manifest.json"]


def test_a_generator_that_fails_leaves_the_old_folder(store: Store, tmp_path: Path) -> None:
    """A full disk or a bug while writing the new month must not cost the month that was good."""
    store.publish("2025-01", OLD)

    def files() -> Iterator[tuple[str, bytes]]:
        yield NEW[0]
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        store.publish("2025-01", files())
    assert content(tmp_path) == {f"2025-01/{name}": value for name, value in OLD}
    assert os.listdir(tmp_path) == ["2025-01"]


def test_a_kill_while_writing_leaves_the_old_folder_and_no_debris(store: Store, tmp_path: Path) -> None:
    """SIGKILL in the middle of an export: the accountant sees the old month, and the next run cleans up."""
    store.publish("2025-01", OLD)
    killed(tmp_path, "store.publish('2025-01', (die() if n == 2 else (f'{n}.csv', b'half') for n in range(9)))\n")
    assert content(tmp_path) == {f"2025-01/{name}": value for name, value in OLD}
    assert store.names() == ["2025-01"]
    store.publish("2025-01", NEW)
    assert content(tmp_path) == {f"2025-01/{name}": value for name, value in NEW}
    assert os.listdir(tmp_path) == ["2025-01"]


def test_a_kill_between_the_two_renames_costs_nothing(store: Store, tmp_path: Path) -> None:
    """The old folder is put aside and the new one not yet in place: if the next attempt fails, the old one is back."""
    store.publish("2025-01", OLD)
    program = f"""
plain = Path.rename
Path.rename = lambda self, target: die() if self.name.endswith('.new') else plain(self, target)
store.publish('2025-01', {NEW!r})
"""
    killed(tmp_path, program)
    assert store.names() == [], "what the kill leaves"

    def failing() -> Iterator[tuple[str, bytes]]:
        raise RuntimeError("and then this")
        yield

    with pytest.raises(RuntimeError, match="and then this"):
        store.publish("2025-01", failing())
    assert content(tmp_path) == {f"2025-01/{name}": value for name, value in OLD}
    store.publish("2025-01", NEW)
    assert content(tmp_path) == {f"2025-01/{name}": value for name, value in NEW}
    assert os.listdir(tmp_path) == ["2025-01"]


def test_a_lock_dies_with_its_holder(store: Store, tmp_path: Path) -> None:
    """A killed run must not keep every later one waiting."""
    with locks.hold(store, "build"):
        assert not locks.is_free(store, "build")
    assert locks.is_free(store, "build")
    killed(tmp_path, "with locks.hold(store, 'build'):\n    assert not locks.is_free(store, 'build')\n    die()\n")
    assert locks.is_free(store, "build")
    with locks.hold(store, "build"):
        pass


def test_removing_what_is_not_there_is_no_error(store: Store) -> None:
    """Two processes may merge the same files at once."""
    store.write("file", b"x")
    store.remove("file")
    store.remove("file")
    assert not store.exists("file")


def test_a_folder_that_was_replaced_before_a_kill_goes_and_the_only_one_there_is_stays(
    store: Store, tmp_path: Path
) -> None:
    """The month is right and nobody writes it again: what it replaced would lie beside it for ever."""
    for name in ("2026-01", ".2026-01.old", ".2026-02.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(name)
    store.clear_replaced()
    assert sorted(file.name for file in tmp_path.iterdir()) == [".2026-02.old", "2026-01"]
    assert store.read("2026-01/manifest.json") == b"2026-01"
