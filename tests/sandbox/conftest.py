from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from robaws_pipeline.sandbox.server import Running, running
from robaws_pipeline.sandbox.switches import Switches
from robaws_pipeline.sandbox.world import World, build_world

_decoder = msgspec.json.Decoder(float_hook=Decimal)


class Sandbox:
    """A running sandbox and a connection to it."""

    def __init__(self, server: Running, http: httpx.Client) -> None:
        self.server = server
        self.http = http
        self.world = server.world
        self.faults = server.faults

    def get(self, path: str, **parameters: object) -> httpx.Response:
        shown = {key: str(value) for key, value in parameters.items()}
        return self.http.get(path, params=shown)

    def json(self, path: str, **parameters: object) -> Any:
        response = self.get(path, **parameters)
        assert response.status_code == 200, response.text
        return _decoder.decode(response.content)

    def ids(self, path: str, **parameters: object) -> list[str]:
        """Ids of all pages, in the order received."""
        ids: list[str] = []
        page = 0
        while True:
            envelope = self.json(path, page=page, **{"size": 100, **parameters})
            ids += [item["id"] for item in envelope["items"]]
            page += 1
            if page >= envelope["totalPages"]:
                return ids


def _connect(server: Running) -> httpx.Client:
    # Plain HTTP: loading certificates would take longer than the test.
    return httpx.Client(base_url=server.base_url, auth=(server.key, server.secret), verify=False)  # noqa: S501


Start = Callable[..., Sandbox]


@pytest.fixture(scope="session")
def world() -> World:
    """The world of the demo, for tests that only read."""
    return build_world()


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts sandboxes, without a rate limit unless asked for, and stops them."""
    with ExitStack() as stack:

        def start(world: World | None = None, *, limited: bool = False, **options: Any) -> Sandbox:
            switches = options.pop("switches", {})
            if not limited:
                switches = {"rate_per_second": None, **switches}
            server = stack.enter_context(running(world or small_world(), switches=Switches(**switches), **options))
            return Sandbox(server, stack.enter_context(_connect(server)))

        yield start


@pytest.fixture(scope="module")
def shared(world: World) -> Iterator[Sandbox]:
    """One sandbox with the demo's world and no rate limit, for tests that only read."""
    with (
        running(world, switches=Switches(rate_per_second=None)) as server,
        _connect(server) as http,
    ):
        yield Sandbox(server, http)


def small_world(**options: Any) -> World:
    """A month of a few documents, for tests that change it."""
    return build_world(**{"first_month": "2026-09", "last_month": "2026-09", "sales_per_month": 12, **options})
