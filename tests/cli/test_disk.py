"""Disks that are full, and files where a folder should be: told in words, nothing harmed, made good by the next run."""

import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from companies import Company, Place, Serve
from killing import Killer, killer
from outcomes import debris, fresh, outcome

LOAD = ("load", "--from", "2025-01", "--to", "2025-03")


@pytest.fixture(scope="module")
def at_work() -> Iterator[Killer]:
    """A process that works for companies."""
    with killer({**os.environ, **Place(Path()).environment}) as ready:
        yield ready


def test_a_full_disk_harms_nothing(at_work: Killer, tmp_path: Path, serve: Serve, loaded_once: Path) -> None:
    """Whichever file is the first that does not fit, the next run with room gives what it would have given."""
    server = serve()
    undisturbed = fresh(None, tmp_path / "undisturbed", server)
    assert at_work.work("load", undisturbed.config)[0] == 0
    expected = outcome(undisturbed)
    stopped_at = set()
    for work, template, rooms in (
        ("load", None, (1_000, 8_000, 16_000, 30_000)),
        ("export", loaded_once, (100, 1_500, 6_000, 12_000, 30_000)),
    ):
        place = fresh(template, tmp_path / work, server)
        for room in rooms:
            code, (kind, text) = at_work.work(work, place.config, largest_file=room)
            assert (code, kind) == (1, "StoreError"), text
            where, _, what = text.partition(" cannot be written: ")
            assert what.startswith("File too large. Make room on that disk")
            assert "then run it again" in what
            assert place.broken() == []
            assert debris(place) == []
            # The warehouse is made in a folder for temporary files.
            parts = Path(where).relative_to(place.folder).parts if str(place.folder) in where else ("warehouse",)
            stopped_at.add("/".join(parts[:1] if parts[0] == "exports" else parts[:3]))
        assert at_work.work(work, place.config)[0] == 0
        assert outcome(place) == expected
    assert stopped_at == {"data/proef/raw", "data/proef/tables", "exports", "warehouse"}


def _in_the_way(place: Place, name: str) -> Path:
    file = place.folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("a person's")
    return file


@pytest.mark.parametrize("name", ["data", "data/proef/raw/sales", "data/proef/tables", "exports", "exports/proef"])
def test_a_file_where_a_folder_should_be_is_told(company: Company, loaded_once: Path, name: str) -> None:
    """A disk that is not mounted or a typing error in the settings: what, where and what to do, and no traceback."""
    file = _in_the_way(company.place, name)
    failed = company.place.invoke(*LOAD)
    assert failed.exit_code == 1
    told = " ".join(failed.output.split())
    assert str(file) in told
    assert "Not a directory. A file stands where a folder belongs" in told
    assert "Traceback" not in told
    assert file.read_text() == "a person's"
    file.unlink()
    done = company.place.invoke(*LOAD)
    assert done.exit_code == 0, done.output
    undisturbed = Place(loaded_once)
    assert company.place.exported() == undisturbed.exported()
    assert company.place.tables() == undisturbed.tables()


def test_a_disk_with_no_room_for_dagster_is_told(company: Company) -> None:
    """Its databases are the first thing that a run writes: SQLite's words alone do not say which disk is meant."""

    def no_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    failed = subprocess.run(
        company.place.command(*LOAD),
        env={**os.environ, **company.place.variables},
        cwd=company.place.folder,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=no_room,
        timeout=100,
    )
    assert failed.returncode == 1
    assert f"{company.place.home}, where Dagster keeps its runs, cannot be written" in failed.stderr
    assert "Make room on that disk" in failed.stderr
    assert "Traceback" not in failed.stderr + failed.stdout
    done = company.place.run(*LOAD)
    assert done.returncode == 0, done.stderr
