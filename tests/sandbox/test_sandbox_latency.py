"""Answers that take their time: what benchmarks and the limiter's users meet outside their own machine."""

import asyncio
from itertools import islice

import httpx
import pytest

from robaws_pipeline.sandbox.latency import Latency
from robaws_pipeline.sandbox.server import Running
from robaws_pipeline.sandbox.switches import Switches

SALES = "sales-invoices"


def _connect(server: Running) -> httpx.AsyncClient:
    # Plain HTTP: loading certificates would take longer than the test.
    return httpx.AsyncClient(
        base_url=server.base_url,
        auth=(server.key, server.secret),
        timeout=60,
        limits=httpx.Limits(max_connections=64),
        verify=False,  # noqa: S501
    )


def test_each_answer_is_the_one_that_was_asked_for(start) -> None:
    """Requests that overtake one another must not swap their answers."""
    plain = start()
    late = start(plain.world, switches={"latency_ms": 1, "jitter_ms": 30})
    paths = [f"{SALES}?size=1&sort=id:asc&page={page}" for page in range(12)] + ["clients", "clients/0", "vat-tariffs"]
    expected = {path: (answer.status_code, answer.content) for path in paths for answer in [plain.http.get(path)]}

    async def ask() -> dict[str, tuple[int, bytes]]:
        async with _connect(late.server) as http:
            answers = await asyncio.gather(*(http.get(path) for path in paths))
        return {path: (answer.status_code, answer.content) for path, answer in zip(paths, answers, strict=True)}

    found = asyncio.run(ask())
    # The error object has the time and an id of its own.
    assert found.pop("clients/0")[0] == expected.pop("clients/0")[0] == 404
    assert found == expected
    assert late.server.stats.total == len(paths)


def test_a_request_on_the_way_keeps_no_other_waiting(start) -> None:
    """Every second request takes an hour here; the others are answered meanwhile."""
    sandbox = start(switches={"stall_percent": 50, "stall_ms": 3_600_000})
    expected = start(sandbox.world).get("vat-tariffs").content

    async def ask() -> list[bytes]:
        async with _connect(sandbox.server) as http:
            asked = [asyncio.create_task(http.get("vat-tariffs")) for _ in range(30)]
            found = [(await answer).content for answer in islice(asyncio.as_completed(asked), 8)]
            for one in asked:
                one.cancel()
        return found

    assert asyncio.run(ask()) == [expected] * 8


def test_latency_is_drawn_within_its_bounds_and_always_the_same() -> None:
    """A benchmark that is run again meets the same server."""
    switches = Switches(latency_ms=50, jitter_ms=150, stall_percent=5, stall_ms=1000)
    one, again = Latency(switches), Latency(switches)
    ways = [one.draw() for _ in range(1000)]
    assert ways == [again.draw() for _ in range(1000)]
    sums = [there + back for there, back in ways]
    stalled = [seconds for seconds in sums if seconds > 0.2 + 1e-9]
    assert all(0.05 <= seconds <= 0.2 + 1e-9 or 1.05 <= seconds <= 1.2 + 1e-9 for seconds in sums)
    assert 20 <= len(stalled) <= 90
    assert min(sums) < 0.06
    assert Latency(Switches()).draw() == (0.0, 0.0)


@pytest.mark.parametrize("wrong", [{"latency_ms": -1}, {"jitter_ms": -1}, {"stall_ms": -1}, {"stall_percent": 101}])
def test_impossible_latencies_are_refused(wrong: dict[str, int]) -> None:
    """A switch that means nothing is told, not ignored."""
    with pytest.raises(ValueError, match="latency_ms"):
        Switches(**wrong)  # type: ignore[arg-type]
