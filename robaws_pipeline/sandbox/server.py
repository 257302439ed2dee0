"""Serving the sandbox: from a thread, from a process of its own, or in the foreground."""

import asyncio
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from urllib.request import urlopen

import msgspec
import uvicorn
from starlette.applications import Starlette

from robaws_pipeline.fields import COLLECTIONS
from robaws_pipeline.sandbox.app import DEFAULT_ACCOUNTS, DEFAULT_SWITCHES, ROOT, Api, Stats, create_app
from robaws_pipeline.sandbox.faults import Faults
from robaws_pipeline.sandbox.limits import Account
from robaws_pipeline.sandbox.names import Spelling
from robaws_pipeline.sandbox.oauth import Grants
from robaws_pipeline.sandbox.switches import Switches
from robaws_pipeline.sandbox.world import World

HOST = "127.0.0.1"


class _Server(uvicorn.Server):
    """uvicorn's server that says when it is ready, stops without waiting for anybody, and can reset a connection."""

    def __init__(self, app: Starlette) -> None:
        # No access log, and no set-up of logging: that belongs to whoever runs this.
        super().__init__(
            uvicorn.Config(
                app, log_config=None, access_log=False, lifespan="off", server_header=False, timeout_keep_alive=75
            )
        )
        self.ready = threading.Event()
        self._wake: Callable[[], object] = lambda: None
        app.state.api.reset = self.reset

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        await self.on_tick(0)  # before the first tick there is no Date header
        self.ready.set()

    async def main_loop(self) -> None:
        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        self._wake = lambda: loop.call_soon_threadsafe(woken.set)
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), 0.1)

    def stop(self) -> None:
        """End serving now; from any thread."""
        self.should_exit = True
        with suppress(RuntimeError):  # its loop has ended already
            self._wake()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for sock in sockets or []:
            sock.close()
        for connection in list(self.server_state.connections):
            transport = connection.transport
            if transport is not None:
                transport.abort()

    def reset(self, client: tuple[str, int]) -> None:
        """Reset the connection of a client address: what was sent goes out, then RST."""
        for connection in list(self.server_state.connections):
            if getattr(connection, "client", None) == client:
                sock = connection.transport.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.transport.abort()


def _listen(host: str, port: int) -> socket.socket:
    return socket.create_server((host, port), backlog=2048)


def _base_url(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"http://{host}:{port}{ROOT}"


@dataclass(slots=True)
class Running:
    """A sandbox that serves from a thread of this process."""

    base_url: str
    """Up to and including /api/v2."""
    key: str
    secret: str
    world: World
    """Changes to it show at once."""
    stats: Stats
    faults: Faults
    grants: Grants
    """OAuth2 codes and tokens."""


@contextmanager
def running(
    world: World,
    *,
    switches: Switches = DEFAULT_SWITCHES,
    port: int = 0,
    accounts: Sequence[Account] = DEFAULT_ACCOUNTS,
    clock: Callable[[], float] = time.monotonic,
    wall_clock: Callable[[], float] = time.time,
) -> Iterator[Running]:
    """Serve `world` on 127.0.0.1 from a thread with its own loop while the block runs; port 0 takes a free one.

    `key` and `secret` are those of the first account. `clock` moves the token buckets, `wall_clock` the days.
    """
    faults, stats = Faults(), Stats()
    app = create_app(
        world,
        switches=switches,
        accounts=accounts,
        faults=faults,
        stats=stats,
        clock=clock,
        wall_clock=wall_clock,
    )
    server = _Server(app)
    sock = _listen(HOST, port)
    base_url = _base_url(sock)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, name="robaws-sandbox", daemon=True)
    thread.start()
    try:
        if not server.ready.wait(30):
            raise RuntimeError("the sandbox did not start within 30 seconds")
        yield Running(base_url, accounts[0].key, accounts[0].secret, world, stats, faults, app.state.api.grants)
    finally:
        server.stop()
        thread.join(30)


def serve(
    world: World,
    host: str = HOST,
    port: int = 8580,
    *,
    switches: Switches = DEFAULT_SWITCHES,
    accounts: Sequence[Account] = DEFAULT_ACCOUNTS,
    ready: Callable[[str], object] = lambda base_url: None,
    warm: bool = False,
    until: threading.Event | None = None,
) -> None:
    """Serve `world` until interrupted (or until `until` is set); OSError when the port is taken.

    `ready` is called with the base URL once requests are answered. `warm` encodes before that whatever a load asks
    for, so that a benchmark does not measure it.
    """
    app = create_app(world, switches=switches, accounts=accounts)
    api: Api = app.state.api
    if warm:
        for collection in COLLECTIONS:
            include = frozenset(filter(None, collection.include().split(",")))
            api.renderer.encode(collection.path, world.records(collection.path), include)
    server = _Server(app)
    sock = _listen(host, port)
    base_url = _base_url(sock)

    def announce() -> None:
        server.ready.wait()
        ready(base_url)
        if until is not None:
            until.wait()
            server.stop()

    threading.Thread(target=announce, daemon=True).start()
    server.run(sockets=[sock])


@dataclass(slots=True)
class Process:
    """A sandbox that serves from a process of its own."""

    base_url: str
    key: str
    secret: str
    pid: int
    _root: str = field(repr=False)

    @property
    def stats(self) -> Stats:
        """What it was asked until now, as it tells over HTTP."""
        with urlopen(f"{self._root}/sandbox/stats", timeout=30) as answer:  # noqa: S310 - our own address
            return Stats.from_json(answer.read())


@contextmanager
def process(
    *,
    seed: int = 1,
    first_month: str = "2025-11",
    last_month: str = "2026-10",
    sales_per_month: int = 40,
    purchases_per_month: int = 30,
    lines: int | None = None,
    spelling: Spelling | None = None,
    switches: Switches = DEFAULT_SWITCHES,
    port: int = 0,
    warm: bool = True,
) -> Iterator[Process]:
    """Serve the world of these arguments (see `build_world`) from another Python process while the block runs.

    It does not share this process's GIL, and ends when this process does, however that ends.
    """
    plan = {
        "world": {
            "seed": seed,
            "first_month": first_month,
            "last_month": last_month,
            "sales_per_month": sales_per_month,
            "purchases_per_month": purchases_per_month,
            "lines": lines,
            "spelling": spelling,
        },
        "switches": asdict(switches),
        "port": port,
        "warm": warm,
    }
    command = [sys.executable, "-m", "robaws_pipeline.sandbox.child"]
    # A session of its own: Ctrl+C reaches this process only, which then closes the pipe.
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)  # noqa: S603
    assert child.stdin is not None  # noqa: S101 - for the type checker
    assert child.stdout is not None  # noqa: S101
    try:
        child.stdin.write(msgspec.json.encode(plan) + b"\n")
        child.stdin.flush()
        base_url = child.stdout.readline().decode().strip()
        if not base_url:
            raise RuntimeError(f"the sandbox did not start: its process ended with exit code {child.wait()}")
        account = DEFAULT_ACCOUNTS[0]
        yield Process(base_url, account.key, account.secret, child.pid, base_url.removesuffix(ROOT))
    finally:
        child.stdin.close()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        child.stdout.close()
