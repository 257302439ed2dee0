"""A Robaws to talk to over HTTP, and a client whose waiting costs no time."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stamina
from pydantic import SecretStr

from robaws_pipeline.robaws.client import RobawsClient
from robaws_pipeline.robaws.limiter import Limiter
from robaws_pipeline.sandbox.names import PATHS
from robaws_pipeline.sandbox.server import Running, running
from robaws_pipeline.sandbox.world import World, build_world
from robaws_pipeline.settings import RateLimit


class Clock:
    """Seconds that pass only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass at once, and others have their turn."""
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def _no_back_off() -> Iterator[None]:
    """Retries happen, as often as in earnest, without waiting in between."""
    stamina.set_testing(True, attempts=100, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture
def clock() -> Clock:
    """The clock of client and sandbox alike."""
    return Clock()


@pytest.fixture(scope="session")
def new_world() -> Callable[[], World]:
    """A function that makes the world anew: records are never changed in place, so they are built once."""
    built = build_world(first_month="2026-01", last_month="2026-06", sales_per_month=80, purchases_per_month=5)
    return lambda: World({path: list(built.records(path)) for path in PATHS}, built.names)


@pytest.fixture
def world(new_world: Callable[[], World]) -> World:
    """Half a year of a builder with 441 sales invoices (five pages), 39 credit notes and a few purchases."""
    return new_world()


@pytest.fixture
def sandbox(world: World, clock: Clock) -> Iterator[Running]:
    """A Robaws with its usual habits, its rate limit included."""
    with running(world, clock=clock) as it:
        yield it


@pytest.fixture
def connect(clock: Clock) -> Callable[..., RobawsClient]:
    """A function that makes a client for a sandbox; `kind` is a subclass of the client, other arguments are limits."""

    def make(
        sandbox: Running,
        *,
        key: str | None = None,
        secret: str | None = None,
        base_url: str | None = None,
        spelling: Any = None,
        kind: type[RobawsClient] = RobawsClient,
        **limits: Any,
    ) -> RobawsClient:
        rate_limit = RateLimit(**limits)
        return kind(
            base_url or sandbox.base_url,
            key or sandbox.key,
            SecretStr(secret or sandbox.secret),
            rate_limit,
            spelling,
            limiter=Limiter(rate_limit, clock, clock.sleep),
        )

    return make
