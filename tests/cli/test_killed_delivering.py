"""Deliveries under everything: killed at any moment, by two at once, on a disk that is full."""

import hashlib
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from companies import Place, Serve, small_world
from killing import Killer, killer, moments
from outcomes import debris, fresh

from robaws_pipeline.steps.deliveries import verify_deliveries

ROUNDS = int(os.environ.get("DELIVERY_ROUNDS", "4"))
"""Of two processes at once; a longer run is for whoever changes how deliveries are written."""
MOMENTS = int(os.environ.get("DELIVERY_MOMENTS", "8"))
"""At which a process is killed: of each kind some, or all that there are when it is as many."""


@pytest.fixture(scope="module")
def at_work() -> Iterator[list[Killer]]:
    """Two processes that work and die as told."""
    variables = {**os.environ, **Place(Path()).environment}
    with killer(variables) as one, killer(variables) as other:
        yield [one, other]


def delivered(place: Place) -> dict[str, str]:
    """Path → SHA-256 of everything that a reader of the deliveries sees."""
    root = place.folder / "exports" / "proef" / "deliveries"
    return {
        str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(root.rglob("*"))
        if file.is_file() and not file.relative_to(root).parts[0].startswith(".")
    }


def test_killed_at_any_moment_there_is_one_whole_delivery_or_none(
    at_work: list[Killer], tmp_path: Path, serve: Serve, loaded_once: Path
) -> None:
    """Half a delivery would be imported; a second one, after running it again, would be booked twice."""
    server = serve(small_world())
    undisturbed = fresh(loaded_once, tmp_path / "undisturbed", server)
    code, seen = at_work[0].work("deliver", undisturbed.config)
    assert code == 0, seen
    expected = delivered(undisturbed)
    assert verify_deliveries(undisturbed.workspace()) == []
    for moment in range(len(seen)) if len(seen) <= MOMENTS else moments(seen, undisturbed.folder, MOMENTS):
        place = fresh(loaded_once, tmp_path / f"killed at {moment}", server)
        code, _ = at_work[0].work("deliver", place.config, moment)
        assert code == -signal.SIGKILL
        assert delivered(place) in ({}, expected), seen[moment]
        assert verify_deliveries(place.workspace()) == [], seen[moment]
        assert at_work[0].work("deliver", place.config)[0] == 0, seen[moment]
        assert delivered(place) == expected, seen[moment]
        assert verify_deliveries(place.workspace()) == []
        assert debris(place) == [], seen[moment]


def test_two_processes_at_once_make_one_delivery(
    at_work: list[Killer], tmp_path: Path, serve: Serve, loaded_once: Path
) -> None:
    """The schedule and an impatient person: what both deliver is booked twice."""
    server = serve(small_world())
    for number in range(ROUNDS):
        place = fresh(loaded_once, tmp_path / str(number), server)
        with ThreadPoolExecutor(2) as pool:
            codes = list(pool.map(lambda one, place=place: one.work("deliver", place.config)[0], at_work))  # type: ignore[misc]
        assert codes == [0, 0]
        assert {path.partition("/")[0] for path in delivered(place)} == {"0001-2025-04-02"}
        assert verify_deliveries(place.workspace()) == []


@pytest.mark.parametrize("largest_file", [0, 3000, 20_000])
def test_a_full_disk_leaves_no_half_delivery(
    at_work: list[Killer], tmp_path: Path, serve: Serve, loaded_once: Path, largest_file: int
) -> None:
    """It must be told in words, and work once there is room again."""
    place = fresh(loaded_once, tmp_path / "full", serve(small_world()))
    assert at_work[0].work("export", place.config)[0] == 0
    code, told = at_work[0].work("deliver", place.config, largest_file=largest_file or 1)
    assert code == 1
    assert told[0] == "StoreError", told
    assert "Make room on that disk" in told[1]
    assert delivered(place) == {}
    assert at_work[0].work("deliver", place.config)[0] == 0
    assert verify_deliveries(place.workspace()) == []
    assert debris(place) == []
