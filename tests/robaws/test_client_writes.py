"""Changing a document over real HTTP: once, whatever happens to the answer."""

import asyncio
from collections.abc import Callable
from typing import Literal

import msgspec
import pytest

from robaws_pipeline.robaws import errors
from robaws_pipeline.robaws.client import ATTEMPTS, RobawsClient
from robaws_pipeline.sandbox.limits import Account
from robaws_pipeline.sandbox.server import Running, running
from robaws_pipeline.sandbox.switches import Switches
from robaws_pipeline.sandbox.world import World

Connect = Callable[..., RobawsClient]
SALE = "sales-invoices/20001"
MARK = {"extraFields": {"Exported to accounting": {"booleanValue": True}}}


def write(client: RobawsClient, *paths: str, change: object = MARK, key: str = "a") -> None:
    """The same change of each of these documents, at once, through a client of its own."""

    async def work() -> None:
        async with client:
            await asyncio.gather(*(client.patch(path, msgspec.json.encode(change), f"{key}{path}") for path in paths))

    asyncio.run(work())


def marked(sandbox: Running, path: str = SALE) -> bool:
    collection, _, id_ = path.partition("/")
    fields = sandbox.world.get(collection, id_)["extraFields"]
    return fields.get("Exported to accounting", {}).get("booleanValue") is True


@pytest.mark.parametrize("status", ["204", "200"])
def test_a_change_arrives(world: World, connect: Connect, status: Literal["204", "200"]) -> None:
    """Robaws answers nothing or the document; both are a yes."""
    with running(world, switches=Switches(patch_status=status, rate_per_second=None)) as sandbox:
        write(connect(sandbox), SALE)
        assert marked(sandbox)


@pytest.mark.parametrize(
    "fault",
    [
        lambda faults: faults.lost(SALE, method="PATCH", times=3),
        lambda faults: faults.status(504, SALE, written=True, times=3),
        lambda faults: faults.status(503, SALE, times=3),
        lambda faults: faults.status(409, SALE, times=3),
        lambda faults: faults.status(429, SALE, times=3),
        lambda faults: faults.slow(0.05, SALE),
    ],
    ids=["lost answer", "proxy gave up", "not written", "busy", "too many", "slow"],
)
def test_it_is_written_once_whatever_happens_to_the_answer(sandbox: Running, connect: Connect, fault) -> None:
    """An answer that was lost says nothing about the write: it is sent again under the same key."""
    fault(sandbox.faults)
    write(connect(sandbox), SALE)
    assert marked(sandbox)
    assert sandbox.stats.writes == {SALE: 1}


def test_it_gives_up_and_says_what_it_did(sandbox: Running, connect: Connect) -> None:
    """A Robaws that stays away is told as such, with the request."""
    sandbox.faults.status(503, SALE, times=100)
    with pytest.raises(errors.Unavailable, match=rf"^PATCH {SALE}: Robaws answered 503; tried {ATTEMPTS} times"):
        write(connect(sandbox), SALE)


def test_what_robaws_refuses_is_told_with_a_remedy(world: World, connect: Connect) -> None:
    """Each refusal asks for something else of somebody else; none is tried again."""
    accounts = (Account(read_only=frozenset({"purchase-invoices"})),)
    with running(world, accounts=accounts, switches=Switches(rate_per_second=None)) as sandbox:
        client = connect(sandbox)

        def refused(kind: type[errors.RobawsError], path: str, change: object = MARK) -> str:
            before = sandbox.stats.total
            with pytest.raises(errors.Refused) as caught:
                write(client, path, change=change)
            assert type(caught.value) is kind
            assert sandbox.stats.total == before + 1
            return str(caught.value)

        assert "right to change 'purchase-invoices'" in refused(errors.Forbidden, "purchase-invoices/7001")
        assert "deleted in Robaws" in refused(errors.NotFound, "sales-invoices/1")
        unknown = refused(errors.BadRequest, SALE, {"extraFields": {"Nonsense": {"booleanValue": True}}})
        assert "Unknown extra field 'Nonsense'" in unknown
        assert "Compare name and kind of the field" in unknown
        sandbox.faults.status(415, SALE)
        assert "Content-Type" in refused(errors.BadRequest, SALE)


def test_writes_wait_for_the_same_bucket_as_reads(sandbox: Running, connect: Connect) -> None:
    """Two limiters would be one too many: a hundred changes meet no 429."""
    paths = [f"sales-invoices/{record['id']}" for record in sandbox.world.records("sales-invoices")[:100]]
    client = connect(sandbox)
    write(client, *paths)
    assert client.usage.throttled == 0
    assert sandbox.stats.rate_limited == 0
    assert client.usage.waited > 4
    assert sandbox.stats.writes == dict.fromkeys(paths, 1)


def test_nothing_is_written_into_the_reserve(world: World, connect: Connect) -> None:
    """What is left of the day is for others, whether we read or write."""
    with running(world, switches=Switches(daily_limit=15, rate_per_second=None)) as sandbox:
        paths = [f"sales-invoices/{record['id']}" for record in world.records("sales-invoices")[:30]]
        with pytest.raises(errors.QuotaReserved):
            write(connect(sandbox, daily_reserve=10, concurrency=1), *paths)
        assert len(sandbox.stats.writes) <= 6
