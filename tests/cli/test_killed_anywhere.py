"""Real processes killed with SIGKILL before chosen file-system operations, from the first to the last of their work."""

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from companies import Place, Serve, small_world
from killing import Killer, killer, moments
from outcomes import debris, fresh, outcome

from robaws_pipeline.sandbox.world import World


@pytest.fixture(scope="module")
def at_work() -> Iterator[Killer]:
    """A process that works and dies as told."""
    with killer({**os.environ, **Place(Path()).environment}) as ready:
        yield ready


def evening(world: World) -> None:
    """What people did in Robaws since the load: a change, two documents that move, a new one, a client's new name."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    january = [one["id"] for one in world.records("sales-invoices") if one["date"].startswith("2025-01")]
    world.update("sales-invoices", january[0], {"status": "Betaald"}, now)
    world.update("sales-invoices", january[1], {"date": "2025-03-09"}, now)
    world.update("sales-invoices", january[2], {"date": "2025-02-09"}, now)
    world.create("sales-invoices", {"date": "2025-03-30"}, now, like=january[0])
    world.update("clients", world.get("sales-invoices", january[0])["clientId"], {"name": "Andere naam NV"}, now)


@pytest.mark.parametrize(("work", "count"), [("load", 8), ("nightly", 10), ("export", 4)])
def test_killed_at_any_moment_it_is_made_good_by_the_next_run(
    work: str, count: int, at_work: Killer, tmp_path: Path, serve: Serve, loaded_once: Path
) -> None:
    """Whatever was half done, running it again gives the bytes of a run that nothing disturbed, and clears it away."""
    world = small_world()
    if work == "nightly":
        evening(world)
    server = serve(world)
    template = None if work == "load" else loaded_once
    undisturbed = fresh(template, tmp_path / "undisturbed", server)
    code, seen = at_work.work(work, undisturbed.config)
    assert code == 0
    expected = outcome(undisturbed)
    for moment in moments(seen, undisturbed.folder, count):
        place = fresh(template, tmp_path / f"killed at {moment}", server)
        code, _ = at_work.work(work, place.config, moment)
        assert code == -signal.SIGKILL
        assert place.broken() == [], seen[moment]
        assert at_work.work(work, place.config)[0] == 0, seen[moment]
        assert outcome(place) == expected, seen[moment]
        assert debris(place) == [], seen[moment]
