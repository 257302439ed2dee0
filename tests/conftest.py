"""What the tests of the whole share: companies on a sandbox, each in a folder of its own."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from companies import (
    ACCOUNT,
    FIRST,
    LAST,
    UNLIMITED,
    Company,
    Place,
    Serve,
    company_toml,
    environment,
    place_in,
    small_world,
)
from filelock import FileLock

from robaws_pipeline.automation.instance import prepare_home
from robaws_pipeline.sandbox.server import Running, running
from robaws_pipeline.sandbox.world import World, build_world


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The test that waits for the daemon's clock begins first, so that nothing waits for it at the end."""
    items.sort(key=lambda item: "test_daemon.py" not in item.nodeid)


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that is made once for all processes of the test session; each gets the same one, to read or to copy."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / "made").exists():
            folder.mkdir()
            make(folder)
            (folder / "made").touch()
    return folder


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Dagster home that was opened once: making its databases takes longer than most tests."""

    def make(folder: Path) -> None:
        with environment({"DAGSTER_HOME": str(folder / "dagster")}):
            prepare_home(folder)

    return once(tmp_path_factory, "home", make) / "dagster"


@pytest.fixture
def place(tmp_path: Path, empty_home: Path) -> Place:
    """A folder for a company; robaws.toml is not written yet."""
    return place_in(tmp_path, empty_home)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves worlds until the test ends, without a rate limit unless told otherwise."""
    with ExitStack() as stack:

        def serve(world: World | None = None, **options: object) -> Running:
            given = {"switches": UNLIMITED, "accounts": [ACCOUNT], **options}
            return stack.enter_context(running(world or small_world(), **given))  # type: ignore[arg-type]

        yield serve


@pytest.fixture
def company(place: Place, serve: Serve) -> Company:
    """A company with three months of a few documents, nothing loaded yet; the test may change everything."""
    server = serve()
    place.write(company_toml(server.base_url))
    return Company(place, server)


@pytest.fixture(scope="session")
def loaded_once(tmp_path_factory: pytest.TempPathFactory, empty_home: Path) -> Path:
    """The folder of a company of `small_world` after its first load."""

    def make(folder: Path) -> None:
        place = place_in(folder, empty_home)
        with running(small_world(), switches=UNLIMITED, accounts=[ACCOUNT]) as server:
            place.write(company_toml(server.base_url))
            result = place.invoke("load", "--from", "2025-01", "--to", "2025-03")
        assert result.exit_code == 0, result.output

    return once(tmp_path_factory, "loaded_once", make)


@pytest.fixture
def stocked(tmp_path: Path, loaded_once: Path, serve: Serve) -> Company:
    """As `company`, its three months loaded already."""
    place = Place(tmp_path / "stocked")
    shutil.copytree(loaded_once, place.folder)
    server = serve()
    place.write(company_toml(server.base_url))
    return Company(place, server)


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory, empty_home: Path) -> Iterator[Company]:
    """A company with ten months, loaded by one command: for tests that only read.

    `requests.txt` in its folder says how many requests that took.
    """
    world = build_world(first_month=FIRST, last_month=LAST, sales_per_month=12, purchases_per_month=8)
    with running(world, switches=UNLIMITED, accounts=[ACCOUNT]) as server:

        def make(folder: Path) -> None:
            place = place_in(folder, empty_home)
            place.write(company_toml(server.base_url))
            done = place.run("load", "--from", FIRST, "--to", LAST)
            assert done.returncode == 0, done.stderr
            (folder / "requests.txt").write_text(str(server.stats.total))

        yield Company(Place(once(tmp_path_factory, "loaded", make)), server)
