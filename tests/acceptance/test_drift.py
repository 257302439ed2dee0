"""Everything at once: people work in Robaws between our requests, and the line spoils a third of the answers.

What a command may never do is succeed with less than Robaws has; what it may do is say that it did not get everything.
"""

import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import stamina
from companies import ACCOUNT, KEY, SECRET, UNLIMITED, Place, company_toml, environment, small_world
from contract_server import KINDS, Contract, Robaws, counted, harvest, money, serving
from drifting import BEGIN, FAULTS, MONTHS, NAMES, Line, Office, copy_of
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from robaws_pipeline.periods import months_between
from robaws_pipeline.robaws import client
from robaws_pipeline.sandbox.server import running
from robaws_pipeline.steps.fetch import fetch_changes, fetch_history, fetch_reference
from robaws_pipeline.steps.verify import verify
from robaws_pipeline.steps.workspace import Workspace

LOAD = ("load", "--from", MONTHS[0], "--to", MONTHS[-1])
TRIES = 12
"""Times a command may say that it is not complete, before the test takes that for an excuse."""


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As many attempts as in earnest, without the pauses between them."""
    stamina.set_testing(True, attempts=client.ATTEMPTS, cap=True)
    monkeypatch.setattr(client, "REST", 0.0)
    yield
    stamina.set_testing(False)


@pytest.fixture(scope="session")
def robaws() -> Robaws:
    """Three months of documents to begin with."""
    with running(small_world(), switches=UNLIMITED, accounts=[ACCOUNT]) as server:
        found = harvest(server.base_url, KEY, SECRET)
    # What is done later must not look older.
    assert all(one.updated is None or one.updated < BEGIN for path in KINDS for one in found[path].things.values())
    return found


@dataclass
class Held:
    """A document as we hold it."""

    month: str
    deleted: bool
    json: bytes


def held(workspace: Workspace) -> dict[tuple[str, int], Held]:
    """(path, id) → what we hold; fails when a document is in two months."""
    found: dict[tuple[str, int], Held] = {}
    for path, kind in KINDS.items():
        for month in workspace.raw.months(kind):
            for row in workspace.raw.current(kind, month).to_pylist():
                key = path, int(row["id"])
                assert key not in found, f"{key} is in two months"
                found[key] = Held(month, row["deleted"], row["json"])
    return found


def differing(workspace: Workspace, office: Office) -> dict[tuple[str, int], str]:
    """(path, id) → how what we hold differs from what the server has now."""
    ours = {key: one for key, one in held(workspace).items() if not one.deleted}
    theirs = {(path, id_): one for path in KINDS for id_, one in office.robaws[path].things.items()}
    wrong = dict.fromkeys(ours.keys() - theirs.keys(), "extra") | dict.fromkeys(theirs.keys() - ours.keys(), "missing")
    for key in ours.keys() & theirs.keys():
        if ours[key].json != theirs[key].whole:
            wrong[key] = "changed"
        elif ours[key].month != str(theirs[key].date)[:7]:
            wrong[key] = "in another month"
    return wrong


def only_drift(workspace: Workspace, office: Office, since: int, *, nightly: bool) -> dict[tuple[str, int], str]:
    """What differs after a success and is not excused: by having changed since the command began and, for a nightly
    run, by being what no question for changes can show."""
    excused = set(office.done[since:]) | (office.silent if nightly else set())
    return {
        key: how
        for key, how in differing(workspace, office).items()
        if key not in excused and not (nightly and how == "extra")
    }


@dataclass
class Storm:
    """The server, who works in it, the line, and our company."""

    server: Contract
    office: Office
    line: Line
    place: Place
    random: Random
    every: int

    def blow(self) -> None:
        """From now on somebody does something before every `every`-th request, and the line is bad."""
        count = 0

        def before(_: str) -> None:
            nonlocal count
            count += 1
            if count % self.every == 0:
                self.office.act(
                    self.random.choice(NAMES), self.random.randrange(10_000), self.random.choice((1, 7, 90))
                )

        self.server.before, self.server.spoil = before, self.line.spoil

    def still_office(self) -> None:
        """Everybody goes home; the line stays as bad."""
        self.server.before = lambda _: None

    def until_success(self, *command: str) -> int:
        """Run a command until it succeeds; where the work of others stood when that last one began."""
        for _ in range(TRIES):
            since = len(self.office.done)
            result = self.place.invoke(*command)
            if result.exit_code == 0:
                return since
            assert result.exit_code == 1, result.output
            assert re.search("^(Problem|Not compared|  to mend it:) ", result.output, re.MULTILINE), result.output
        raise AssertionError(f"{command} never succeeded: {result.output}")


@pytest.mark.parametrize(("seed", "every"), [(1, 5), (2, 11)])
def test_nothing_is_lost_in_a_storm(robaws: Robaws, place: Place, tmp_path_factory: Any, seed: int, every: int) -> None:
    """Load and nights while everybody works and everything fails; in the morning it is exactly what Robaws has."""
    office, random = Office(copy_of(robaws)), Random(seed)
    with serving(office.robaws, KEY, SECRET) as server:
        server.largest_page, server.clock = 15, lambda: office.now
        storm = Storm(server, office, Line(Random(seed)), place, random, every)
        place.write(company_toml(server.base_url, start=MONTHS[0]))
        workspace = place.workspace()

        storm.blow()
        since = storm.until_success(*LOAD)
        assert only_drift(workspace, office, since, nightly=False) == {}
        for _ in range(2):
            since = storm.until_success("nightly")
            assert only_drift(workspace, office, since, nightly=True) == {}

        storm.still_office()
        storm.until_success("nightly")
        left = differing(workspace, office)
        assert {key for key, how in left.items() if how != "extra"} <= office.silent
        mended = verify_and_mend(storm)
        assert {str(id_) for _, id_ in left} <= mended, "verify names what a night cannot see"
        assert differing(workspace, office) == {}
        assert set(storm.line.struck) == set(FAULTS)

        server.spoil = lambda _, sent: sent
        fresh = Place(tmp_path_factory.mktemp("fresh"))
        fresh.write(company_toml(server.base_url, start=MONTHS[0]))
        assert fresh.invoke(*LOAD).exit_code == 0
    same_books(place, fresh, office)


def verify_and_mend(storm: Storm) -> set[str]:
    """Verify, run what it says until it finds nothing; the ids that it named at first."""
    named: set[str] = set()
    for _ in range(TRIES):
        result = storm.place.invoke("verify")
        if result.exit_code == 0:
            return named
        if not named:
            named = set(re.findall(r"\d+", " ".join(re.findall(r"^  \d{4}-\d\d .*?: .*?: (.*)$", result.output, re.M))))
        for command in re.findall(r"to mend it: robaws-pipeline (.*)", result.output):
            storm.until_success(*shlex.split(command))
    raise AssertionError(f"never mended: {result.output}")


def same_books(place: Place, fresh: Place, office: Office) -> None:
    """What the accountant gets is what somebody gets who loads Robaws now for the first time, to the cent."""
    expected = dict(counted(office.robaws))
    ours, theirs = place.manifests(), fresh.manifests()
    gone = {(KINDS[path], str(id_)) for path, id_ in office.bin}
    listed: dict[tuple[str, str], dict[str, Any]] = {}
    for month in MONTHS:
        rows = ours[month]["documents"]
        deleted = {(row["collection"], row["id"]) for row in rows if row["state"] == "deleted"}
        assert deleted <= gone
        live = [row for row in rows if row["state"] != "deleted"]
        assert live == theirs[month]["documents"]
        for row in live:
            assert (row["collection"], row["id"]) not in listed
            listed[row["collection"], row["id"]] = {
                "month": month,
                **{name: row[name] for name in ("number", "type", "date")},
                **{name: money(row[name]) for name in ("net", "gross")},
            }
        for kind, types in theirs[month]["totals"].items():
            for type_, states in types.items():
                mine = ours[month]["totals"][kind][type_]
                assert {**mine, "deleted": None} == {**states, "deleted": None}
        journal = "journal/journal.csv"
        files = [(one.folder / "exports" / "proef" / month / journal).read_bytes() for one in (place, fresh)]
        assert files[0] == files[1]
    assert listed == expected
    assert place.broken() == []


Step = tuple[str, list[tuple[int, str, int, int]]]
"""What we do, and what others do meanwhile: before which request, what, to which document, minutes later."""

_ACTIONS = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from(NAMES), st.integers(0, 9_999), st.sampled_from([0, 1, 7, 90])),
    max_size=6,
)
_STEPS = st.lists(st.tuples(st.sampled_from(["history", "changes", "one month"]), _ACTIONS), min_size=1, max_size=4)
_BACK: Step = ("one month", [(0, "come back silently", 0, 1)])


@pytest.fixture(scope="session")
def shop(robaws: Robaws) -> Iterator[Contract]:
    """A server for many examples."""
    with serving(copy_of(robaws), KEY, SECRET) as server:
        server.largest_page = 9
        yield server


@pytest.fixture(scope="session")
def before(shop: Contract, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A company's folder before anything but parties and lists was read, and after a load that nothing disturbed."""
    folder = tmp_path_factory.mktemp("before")
    place = Place(folder / "loaded")
    place.folder.mkdir()
    place.write(company_toml(shop.base_url, start=MONTHS[0]))
    shop.clock = lambda: BEGIN
    with environment(place.environment):
        assert fetch_reference(place.workspace()).errors == []
        shutil.copytree(place.folder, folder / "new")
        assert fetch_changes(place.workspace()).errors == []
    return folder / "new", place.folder


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS, loaded=st.booleans(), seed=st.integers(0, 10_000), share=st.sampled_from([0.0, 0.01, 0.03]))
@example(steps=[("history", [(2, "delete", 0, 1), (3, "delete", 2, 1)])], loaded=False, seed=0, share=0.0)
@example(steps=[("changes", [(0, "delete", 0, 1)]), _BACK], loaded=True, seed=0, share=0.0)
@example(steps=[("history", [])] * 3, loaded=False, seed=5, share=0.03)
def test_whatever_others_do_meanwhile_success_means_complete(
    robaws: Robaws, shop: Contract, before: tuple[Path, Path], steps: list[Step], loaded: bool, seed: int, share: float
) -> None:
    """As above, on the plain functions: any actions between any requests of any fetches."""
    office = Office(copy_of(robaws))
    shop.robaws.clear()
    shop.robaws.update(office.robaws)
    shop.clock = lambda: office.now
    office.robaws = shop.robaws
    with TemporaryDirectory() as folder:
        place = Place(Path(folder, "company"))
        shutil.copytree(before[loaded], place.folder)
        workspace = place.workspace()
        with environment(place.environment):
            for what, actions in steps:
                shop.before, shop.spoil = _at_work(office, actions), Line(Random(seed), share).spoil
                since = len(office.done)
                fetched = fetch_changes(workspace) if what == "changes" else fetch_history(workspace, _months(what))
                if not fetched.errors:
                    wrong = only_drift(workspace, office, since, nightly=what == "changes")
                    asked = set(_months(what))
                    assert {key: how for key, how in wrong.items() if _concerns(workspace, office, key, asked)} == {}
            shop.before, shop.spoil = (lambda _: None), (lambda _, sent: sent)
            assert fetch_changes(workspace).errors == []
            left = differing(workspace, office)
            assert {key for key, how in left.items() if how != "extra"} <= office.silent
            found = verify(workspace, MONTHS)
            assert found.errors == ()
            named = {
                (path, int(difference.id))
                for one in found.comparisons
                for difference in one.differences
                for path, kind in KINDS.items()
                if kind == one.collection
            }
            assert named == left.keys()
            if found.differing_months:
                assert fetch_history(workspace, months_between(found.differing_months[0], found.differing_months[-1]))
            assert verify(workspace, MONTHS).passed
            assert differing(workspace, office) == {}


def _months(what: str) -> list[str]:
    return [MONTHS[1]] if what == "one month" else list(MONTHS)


def _concerns(workspace: Workspace, office: Office, key: tuple[str, int], months: set[str]) -> bool:
    """Whether a document is, here or there, in one of these months."""
    ours, theirs = held(workspace).get(key), office.robaws[key[0]].things.get(key[1])
    return bool({ours.month if ours else "", str(theirs.date)[:7] if theirs else ""} & months)


def _at_work(office: Office, actions: list[tuple[int, str, int, int]]) -> Callable[[str], None]:
    count = 0

    def before(_: str) -> None:
        nonlocal count
        for number, action, choice, minutes in actions:
            if number == count:
                office.act(action, choice, minutes)
        count += 1

    return before
