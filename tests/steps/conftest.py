"""A company that is loaded already, from a Robaws that the test may change."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import stamina
from steps_company import JOURNAL_ONLY, Loaded, Serve, build_all, company, load, small_world, surroundings

from robaws_pipeline.sandbox.server import Running, running
from robaws_pipeline.sandbox.switches import Switches
from robaws_pipeline.sandbox.world import World


@pytest.fixture(autouse=True)
def _surroundings() -> Iterator[None]:
    with surroundings():
        yield


@pytest.fixture(autouse=True)
def _no_back_off() -> Iterator[None]:
    stamina.set_testing(True, attempts=100, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a sandbox for a world, without a rate limit; switches and accounts as named."""
    with ExitStack() as stack:

        def start(world: World, **options: Any) -> Running:
            switches = Switches(**{"rate_per_second": None, "daily_limit": 1_000_000, **options.pop("switches", {})})
            return stack.enter_context(running(world, switches=switches, **options))

        yield start


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small world, loaded and exported in both formats."""
    folder = tmp_path_factory.mktemp("template")
    with surroundings(), running(small_world(), switches=Switches(rate_per_second=None)) as server:
        fetched = load(company(folder, server))
    assert (fetched.errors, fetched.warnings) == ([], [])
    return folder


@pytest.fixture(scope="session")
def _journal_template(_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `_template` with the journal only: fewer files to copy and to write again."""
    folder = tmp_path_factory.mktemp("journal") / "company"
    shutil.copytree(_template, folder, ignore=shutil.ignore_patterns("exports", "tables"))
    with surroundings(), running(small_world()) as server:
        build_all(company(folder, server, JOURNAL_ONLY))
    return folder


@pytest.fixture
def loaded(_template: Path, tmp_path: Path, serve: Serve) -> Loaded:
    """The small world, loaded and exported: a copy of the test's own."""
    folder = tmp_path / "company"
    shutil.copytree(_template, folder)
    server = serve(small_world())
    return Loaded(company(folder, server), folder, server)


@pytest.fixture
def acme(_journal_template: Path, tmp_path: Path, serve: Serve) -> Loaded:
    """As `loaded`, with the journal only: for tests that ask what is built again, not what is in it."""
    folder = tmp_path / "company"
    shutil.copytree(_journal_template, folder)
    server = serve(small_world())
    return Loaded(company(folder, server, JOURNAL_ONLY), folder, server)
