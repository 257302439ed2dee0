"""Many items by their ids: side by side, and what comes back is as if they had been asked for one after the other."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import pytest

from robaws_pipeline import fields
from robaws_pipeline.robaws import errors
from robaws_pipeline.robaws.client import RobawsClient
from robaws_pipeline.robaws.errors import NotAnEnvelope
from robaws_pipeline.robaws.sweep import Item, fetch_items
from robaws_pipeline.sandbox.server import Running
from robaws_pipeline.sandbox.world import World

Connect = Callable[..., RobawsClient]
Found = list[tuple[str, Item | NotAnEnvelope | None]]
CLIENTS = fields.CLIENTS.path


class Counting(RobawsClient):
    """A client that notes how many items were asked for at once."""

    under_way = most = 0

    async def item(self, path: str, params: Mapping[str, str] | None = None) -> bytes | None:
        """As the client's own."""
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            return await super().item(path, params)
        finally:
            self.under_way -= 1


def fetch(client: RobawsClient, ids: Sequence[str], found: Found | None = None) -> Found:
    """The clients with these ids; into `found` as they come."""
    found = [] if found is None else found

    async def work() -> None:
        async with client:
            async for pair in fetch_items(client, fields.CLIENTS, ids):
                found.append(pair)

    asyncio.run(work())
    return found


def some(world: World, count: int) -> list[str]:
    """Ids of clients, the last first."""
    ids = [str(record["id"]) for record in world.records(CLIENTS)[:count]]
    assert len(ids) == count
    return ids[::-1]


@pytest.mark.parametrize("count", [0, 1, 2, 5, 9, 14])
def test_items_come_in_the_order_of_their_ids(sandbox: Running, connect: Connect, world: World, count: int) -> None:
    """Warnings and versions follow the order, and two runs must not differ by which answer was faster."""
    ids = some(world, count)
    if count > 2:
        world.delete(CLIENTS, ids[2])
    found = fetch(connect(sandbox, concurrency=4), ids)
    assert [id_ for id_, _ in found] == ids
    assert [item and item.id for _, item in found] == [None if n == 2 else id_ for n, id_ in enumerate(ids)]
    assert sandbox.stats.total == count


def test_as_many_are_asked_for_at_once_as_the_client_allows(sandbox: Running, connect: Connect, world: World) -> None:
    """One after the other, the way there and back would leave most of the rate limit unused; never more than that."""
    client = connect(sandbox, concurrency=4, kind=Counting)
    fetch(client, some(world, 14))
    assert client.most == 4


def test_an_answer_that_is_no_item_stands_in_its_place(sandbox: Running, connect: Connect, world: World) -> None:
    """One client with a strange answer must not cost the others."""
    ids = some(world, 6)
    sandbox.faults.set_item("id", b'"9"', f"{CLIENTS}/{ids[2]}")
    found = fetch(connect(sandbox), ids)
    assert [isinstance(item, NotAnEnvelope) for _, item in found] == [False, False, True, False, False, False]


def test_what_came_beside_an_error_is_kept(sandbox: Running, connect: Connect, world: World) -> None:
    """It was paid for; and after the error nothing more is asked."""
    ids = some(world, 14)
    sandbox.faults.status(403, f"{CLIENTS}/{ids[2]}")
    found: Found = []
    with pytest.raises(errors.Forbidden):
        fetch(connect(sandbox, concurrency=4), ids, found)
    assert [id_ for id_, _ in found] == [ids[0], ids[1], ids[3], ids[4]]
    assert sandbox.stats.total == 5


def test_a_missing_right_costs_one_request(sandbox: Running, connect: Connect, world: World) -> None:
    """What is refused for the first is refused for all."""
    sandbox.faults.status(403, f"{CLIENTS}/*", times=99)
    with pytest.raises(errors.Forbidden):
        fetch(connect(sandbox), some(world, 14))
    assert sandbox.stats.total == 1
