"""The raw log against a model: whatever arrives in whatever order, nothing is lost and nothing is there twice."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from robaws_pipeline.lake import raw as raw_log
from robaws_pipeline.lake.raw import RawLog, Version, rows
from robaws_pipeline.lake.store import Store

JANUARY, FEBRUARY, MARCH = MONTHS = ("2025-01", "2025-02", "2025-03")
EPOCH = datetime(2025, 4, 1, tzinfo=UTC)


def at(minutes: int) -> datetime:
    """A moment on the tests' clock."""
    return EPOCH + timedelta(minutes=minutes)


def version(id: str, month: str, updated: int | None, text: str = "") -> Version:
    """A document as received; `updated` in minutes, None for one that does not say when it changed."""
    updated_at = None if updated is None else at(updated)
    json = f'{{"id":"{id}","date":"{month}-10","updatedAt":"{updated_at}","text":"{text}"}}'.encode()
    return Version(id, month, "INVOICE", f"{month}-10", "c1", updated_at, json)


def table(*versions: Version, fetched: int) -> pa.Table:
    """Versions that were received at `fetched` minutes."""
    return rows("sales", versions, at(fetched))


def open_log(folder: Path) -> RawLog:
    """The log as another process opens it, which remembers nothing."""
    return RawLog(Store.at(str(folder), Path()))


@pytest.fixture
def log(tmp_path: Path) -> RawLog:
    """An empty log."""
    return open_log(tmp_path)


def everything(log: RawLog) -> list[tuple[str, str, bytes, bool]]:
    """All current documents of all months: id, month, JSON, deleted."""
    return [
        (row["id"], month, row["json"], row["deleted"])
        for month in log.months("sales")
        for row in log.current("sales", month).to_pylist()
    ]


def texts(log: RawLog, month: str) -> dict[str, str]:
    """Id → text of the current documents of a month."""
    return {row["id"]: row["json"].decode().split('"')[-2] for row in log.current("sales", month).to_pylist()}


def files(folder: Path) -> dict[str, bytes]:
    """Every data file and its bytes."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*.parquet")}


class AnyOrder(RuleBasedStateMachine):
    """Documents change, move, vanish, come back and arrive late, while processes die between two files."""

    dated = ("a", "b", "c")
    undated = ("x", "y")

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.log = open_log(self.folder)
        self.clock = 0
        self.now: dict[str, tuple[Version, bool]] = {}
        self.seen: dict[str, list[Version]] = {}
        self.withheld: list[Version] = []

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.check()
            shutil.rmtree(self.folder)

    def _receive(self, *versions: Version) -> set[str]:
        self.clock += 1
        for one in versions:
            self.seen.setdefault(one.id, []).append(one)
        return self.log.add(table(*versions, fetched=1000 + self.clock))

    def _new(self, id: str, month: str) -> Version:
        self.clock += 1
        return version(id, month, self.clock if id in self.dated else None, f"{id} {self.clock}")

    @rule(changes=st.dictionaries(st.sampled_from(dated + undated), st.sampled_from(MONTHS), min_size=1))
    def change(self, changes: dict[str, str]) -> None:
        """New versions arrive in one fetch; a date may have moved."""
        versions = [self._new(id, month) for id, month in changes.items()]
        # A document without a time cannot say that it moved back: it stays in its month.
        versions = [
            version(one.id, self.now[one.id][0].month, None, f"{one.id} {self.clock}")
            if one.id in self.undated and one.id in self.now
            else one
            for one in versions
        ]
        self._receive(*versions)
        self.now.update({one.id: (one, False) for one in versions})

    @rule(changes=st.dictionaries(st.sampled_from(dated), st.sampled_from(MONTHS), min_size=1), after=st.integers(0, 9))
    def killed(self, changes: dict[str, str], after: int) -> None:
        """The process dies before a file that it writes, merges or removes; the next one receives it all again."""
        versions = [self._new(id, month) for id, month in changes.items()]
        left = iter(range(after))

        def dying(plain: Callable[..., None]) -> Callable[..., None]:
            def primitive(*arguments: object, **named: object) -> None:
                if next(left, None) is None:
                    raise KeyboardInterrupt
                plain(*arguments, **named)

            return primitive

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Store, "write", dying(Store.write))
            patch.setattr(Store, "remove", dying(Store.remove))
            with suppress(KeyboardInterrupt):
                self._receive(*versions)
                self.log.settle("sales")
        self.log = open_log(self.folder)
        self._receive(*versions)
        self.now.update({one.id: (one, False) for one in versions})

    @rule(id=st.sampled_from(dated), month=st.sampled_from(MONTHS))
    def withhold(self, id: str, month: str) -> None:
        """A version that is on its way when the next ones are made."""
        self.withheld.append(self._new(id, month))

    @precondition(lambda self: self.withheld)
    @rule()
    def late(self) -> None:
        """An older version arrives after newer ones; of a deleted document it says that it came back."""
        one = self.withheld.pop()
        current = self.now.get(one.id)
        self._receive(one)
        if current is None or current[1] or (current[0].updated_at or EPOCH) < (one.updated_at or EPOCH):
            self.now[one.id] = (one, False)

    @precondition(lambda self: self.now)
    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        """What is current is received again, as every overlapping sweep does; a deleted document came back."""
        one, deleted = self.now[data.draw(st.sampled_from(sorted(self.now)))]
        gained = self._receive(one, one)
        assert gained == ({one.month} if deleted else set())
        self.now[one.id] = (one, False)

    @precondition(lambda self: any(len(versions) > 1 for versions in self.seen.values()))
    @rule(data=st.data())
    def old_again(self, data: st.DataObject) -> None:
        """A version that is held and was replaced since says nothing, unless the document was deleted: it came back."""
        self.log.settle("sales")
        known = sorted(id for id, versions in self.seen.items() if id in self.dated and len(versions) > 1)
        if known:
            id = data.draw(st.sampled_from(known))
            current, deleted = self.now[id]
            updated = current.updated_at
            older = [one for one in self.seen[id] if one.updated_at and updated and one.updated_at < updated]
            if older:
                one = data.draw(st.sampled_from(older))
                assert self._receive(one) == ({one.month} if deleted else set())
                if deleted:
                    self.now[id] = (one, False)

    @precondition(lambda self: self.now)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """A history does not find a document; its clock may be behind ours."""
        self.log.settle("sales")
        one, deleted = self.now[data.draw(st.sampled_from(sorted(self.now)))]
        self.clock += 1
        clock = data.draw(st.sampled_from([0, 1000 + self.clock]))
        assert self.log.mark_deleted("sales", one.month, [one.id, "unknown"], at(clock)) is not deleted
        self.now[one.id] = (one, True)
        self.clock += 1

    @rule()
    def reopen(self) -> None:
        """The process dies before it settles, and another goes on."""
        self.log = open_log(self.folder)

    @rule()
    def check(self) -> None:
        """Every document is in exactly one month, as it is now; and every version is still there."""
        self.log.settle("sales")
        assert self.log.settle("sales") == set()
        expected = sorted((one.id, one.month, one.json, deleted) for one, deleted in self.now.values())
        assert sorted(everything(self.log)) == expected
        heads = self.log.lookup("sales", [*self.now, "unknown"], ["id", "month", "json", "deleted"])
        assert [tuple(row.values()) for row in heads.to_pylist()] == expected
        held = {
            row["json"]
            for month in self.log.months("sales")
            for row in self.log.every("sales", month).select(["json"]).to_pylist()
        }
        assert held == {one.json for versions in self.seen.values() for one in versions}


class TestAnyOrder(AnyOrder.TestCase):  # type: ignore[valid-type,misc]
    """Grow-only set of versions: what a rerun, an overlap or a kill leaves is right after the next look."""

    settings = settings(max_examples=10, stateful_step_count=25, deadline=None)

    @pytest.fixture(autouse=True)
    def _few_files(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(raw_log, "_FAN_OUT", 2)
        monkeypatch.setattr(os, "fsync", lambda handle: None)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_order_repetition_and_partition_of_what_arrives_change_nothing(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Adding is a set union, so any sequence of partly repeated fetches ends in the same documents."""
    versions = [
        version(id, data.draw(st.sampled_from(MONTHS)), updated, f"{updated}")
        for id in "abc"
        for updated in range(1, 5)
    ]
    arrivals = data.draw(st.permutations(versions + data.draw(st.lists(st.sampled_from(versions)))))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(arrivals) - 1))))
    batches = [arrivals[start:end] for start, end in zip([0, *cuts], [*cuts, len(arrivals)], strict=True)]
    log = open_log(tmp_path_factory.mktemp("log"))
    for number, batch in enumerate(batches):
        log.add(table(*batch, fetched=100 + number))
    log.settle("sales")
    newest = [one for one in versions if one.updated_at == at(4)]
    assert sorted(everything(log)) == sorted((one.id, one.month, one.json, False) for one in newest)


def test_receiving_the_same_again_writes_no_file(log: RawLog, tmp_path: Path) -> None:
    """Ten years of nights with an overlap must not become ten years of copies."""
    versions = [version(str(number), JANUARY, number) for number in range(5)]
    assert log.add(table(*versions, fetched=10)) == {JANUARY}
    before = files(tmp_path)
    assert log.add(table(*reversed(versions), fetched=20)) == set()
    assert open_log(tmp_path).add(table(*versions, *versions, fetched=30)) == set()
    assert files(tmp_path) == before


def test_what_comes_twice_in_one_fetch_is_written_once(log: RawLog) -> None:
    """A page that is read again may show an older answer in between."""
    new, old = version("a", JANUARY, 2), version("a", JANUARY, 1)
    log.add(table(new, old, new, old, fetched=10))
    assert log.every("sales", JANUARY).num_rows == 2
    assert log.current("sales", JANUARY)["json"].to_pylist() == [new.json]


def test_a_file_never_changes_and_is_named_by_its_content(log: RawLog, tmp_path: Path) -> None:
    """Immutable files are why a reader needs no lock and a copy of the folder is a backup."""
    log.add(table(version("a", JANUARY, 1), fetched=10))
    first = files(tmp_path)
    log.add(table(version("a", JANUARY, 2), fetched=20))
    assert first.items() < files(tmp_path).items()
    other = tmp_path / "other"
    again = open_log(other)
    again.add(table(version("a", JANUARY, 1), fetched=10))
    assert files(other) == first


def test_a_document_that_moves_is_in_its_new_month_only(log: RawLog) -> None:
    """A date corrected from January to March must not leave the invoice in both months' books."""
    log.add(table(version("a", JANUARY, 1, "old"), version("b", JANUARY, 1, "stays"), fetched=10))
    assert log.add(table(version("a", MARCH, 2, "new"), fetched=20)) == {MARCH}
    assert log.settle("sales") == {JANUARY}
    assert (texts(log, JANUARY), texts(log, MARCH)) == ({"b": "stays"}, {"a": "new"})
    log.add(table(version("a", JANUARY, 3, "back"), fetched=30))
    assert log.settle("sales") == {MARCH}
    assert (texts(log, JANUARY), texts(log, MARCH)) == ({"a": "back", "b": "stays"}, {})


def test_a_kill_between_the_two_files_of_a_move_is_repaired(log: RawLog, tmp_path: Path) -> None:
    """The process may die when the new month's file is written and the old month's is not."""
    log.add(table(version("a", JANUARY, 1), fetched=10))
    log.settle("sales")
    log.add(table(version("a", FEBRUARY, 2), fetched=20))
    twice = [(id, month) for id, month, *_ in everything(log)]
    assert twice == [("a", JANUARY), ("a", FEBRUARY)], "what the kill leaves"
    again = open_log(tmp_path)
    assert again.settle("sales") == {JANUARY}
    assert [(id, month) for id, month, *_ in everything(again)] == [("a", FEBRUARY)]


def test_a_deletion_found_in_the_second_of_the_fetch_holds(log: RawLog) -> None:
    """Robaws's clock has whole seconds and may be behind ours: the deletion still comes after what it deletes."""
    log.add(table(version("a", JANUARY, 1, "last words"), fetched=10))
    assert log.mark_deleted("sales", JANUARY, ["a"], at(10) - timedelta(seconds=1))
    [row] = log.current("sales", JANUARY).to_pylist()
    assert row["deleted"]
    assert b"last words" in row["json"]
    assert not log.mark_deleted("sales", JANUARY, ["a"], at(11))


def test_a_deletion_reaches_the_months_the_document_was_in(log: RawLog) -> None:
    """Else the old month would show a document that lives, and its fingerprint would not change."""
    log.add(table(version("a", JANUARY, 1), fetched=10))
    log.add(table(version("a", FEBRUARY, 2), fetched=20))
    log.settle("sales")
    log.mark_deleted("sales", FEBRUARY, ["a"], at(30))
    log.settle("sales")
    assert [(month, deleted) for _, month, _, deleted in everything(log)] == [(FEBRUARY, True)]
    assert log.lookup("sales", ["a"], ["deleted"]).to_pylist() == [{"deleted": True}]


def test_a_document_that_comes_back_with_the_same_time_is_current(log: RawLog) -> None:
    """Robaws's bin gives a document back as it was, updatedAt included."""
    log.add(table(version("a", JANUARY, 1), fetched=10))
    log.mark_deleted("sales", JANUARY, ["a"], at(20))
    assert log.add(table(version("a", JANUARY, 1), fetched=30)) == {JANUARY}
    assert log.current("sales", JANUARY)["deleted"].to_pylist() == [False]


@pytest.mark.parametrize("received", [30, 15], ids=["our clock goes on", "our clock went back"])
def test_a_document_that_comes_back_with_an_earlier_time_is_current(log: RawLog, received: int) -> None:
    """What Robaws gives back from a backup is there, whatever it says about when it changed; and it can go again."""
    log.add(table(version("a", JANUARY, 1, "old"), fetched=9))
    log.add(table(version("a", JANUARY, 2, "new"), fetched=10))
    log.mark_deleted("sales", JANUARY, ["a"], at(20))
    assert log.add(table(version("a", JANUARY, 1, "old"), fetched=received)) == {JANUARY}
    assert log.add(table(version("a", JANUARY, 1, "old"), fetched=received)) == set()
    assert texts(log, JANUARY) == {"a": "old"}
    assert log.current("sales", JANUARY)["deleted"].to_pylist() == [False]
    assert log.mark_deleted("sales", JANUARY, ["a"], at(40))
    assert texts(log, JANUARY) == {"a": "old"}
    assert log.current("sales", JANUARY)["deleted"].to_pylist() == [True]


def test_other_content_at_the_same_time_replaces(log: RawLog) -> None:
    """An included VAT tariff or account that is renamed changes the JSON and not the document's updatedAt."""
    log.add(table(version("a", JANUARY, 1, "21 %"), fetched=10))
    log.add(table(version("a", JANUARY, 1, "21 % BTW"), fetched=20))
    assert texts(log, JANUARY) == {"a": "21 % BTW"}


def test_objects_without_a_time_follow_what_was_received_last(log: RawLog) -> None:
    """Reference lists have no updatedAt: a name that changes and changes back is what Robaws shows now."""
    for number, name in enumerate(["A", "B", "A"]):
        log.add(table(version("x", JANUARY, None, name), fetched=10 * number))
        assert texts(log, JANUARY) == {"x": name}


def test_a_time_that_was_missing_before_adds_one_version_and_no_more(log: RawLog, tmp_path: Path) -> None:
    """A corrected spelling of updatedAt must not write every document again every night."""
    plain = version("a", JANUARY, 1, "same")
    unread = Version(plain.id, plain.month, plain.type, plain.date, plain.party_id, None, plain.json)
    log.add(table(unread, fetched=10))
    log.add(table(plain, fetched=20))
    before = files(tmp_path)
    assert log.add(table(plain, fetched=30)) == set()
    assert files(tmp_path) == before


def simulated(nights: Iterable[int]) -> tuple[int, float]:
    """Of a folder that gets a file of so many rows a night: the most files at once, rows written over rows received."""
    held: dict[str, int] = {}
    received = written = most = 0
    for night, count in enumerate(nights):
        received += count
        written += count
        held[f"night {night}"] = count
        merged = [held.pop(name) for name in raw_log._due(held)]
        if merged:
            held[f"merged in night {night}"] = sum(merged)
            written += sum(merged)
        most = max(most, len(held))
    return most, written / received


YEARS = 10 * 365


@pytest.mark.parametrize(
    ("nights", "files_at_most", "written_at_most"),
    [
        ([20] * YEARS, 35, 7),
        ([1] * YEARS, 35, 6),
        ([1, 500, 3, 40] * (YEARS // 4), 40, 6),
        ([50_000, *[20] * YEARS], 35, 5),
        ([700, *[12] * 90], 20, 3),
    ],
    ids=["a list", "a list that hardly changes", "uneven nights", "many clients", "a month, touched for a quarter"],
)
def test_ten_years_of_nights_are_few_files_and_little_is_written_again(
    nights: list[int], files_at_most: int, written_at_most: float
) -> None:
    """Neither a file a night, nor large files that are written again each time a few small ones have come."""
    most, written = simulated(nights)
    assert most <= files_at_most
    assert written <= written_at_most


@given(nights=st.lists(st.integers(1, 5000), min_size=1, max_size=300))
def test_files_and_writing_grow_with_the_logarithm_of_what_is_held(nights: list[int]) -> None:
    """Whatever the nights bring, a row is written once a tier and a tier is never full."""
    most, written = simulated(nights)
    tiers = raw_log._tier(sum(nights)) + 1
    assert most <= tiers * (raw_log._FAN_OUT - 1)
    assert written <= tiers


def test_a_year_of_nights_on_disk_is_as_simulated(log: RawLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulation would prove nothing if the log did otherwise."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    sizes: list[int] = []
    plain = Store.write

    def write(self: Store, name: str, content: bytes, *, durable: bool = True) -> None:
        sizes.append(len(content))
        plain(self, name, content, durable=durable)

    monkeypatch.setattr(Store, "write", write)
    received = 0
    for night in range(365):
        before = len(sizes)
        log.add(table(version(f"n{night}", JANUARY, 1), fetched=100 + night))
        received += sizes[before]
    assert len(files(tmp_path)) == 365 % 8 + 365 // 8 % 8 + 365 // 64
    assert log.every("sales", JANUARY).num_rows == 365
    most, written = simulated([1] * 365)
    assert most == 4 + 7 + 7
    # Merged files are smaller than the files that they are made from, each of which has a footer.
    assert sum(sizes) / received < written < 3


def rows_held(log: RawLog, folder: str = JANUARY) -> list[tuple[object, ...]]:
    """What tells the rows of a folder apart, each once."""
    return sorted(set(raw_log._keys(log.every("sales", folder))), key=str)


def nights(log: RawLog, count: int) -> None:
    """Nights that bring one new document and one change each."""
    for night in range(count):
        log.add(table(version("a", JANUARY, night, f"{night}"), version(f"n{night}", JANUARY, 1), fetched=100 + night))


def test_compaction_changes_nothing_that_is_seen(log: RawLog, tmp_path: Path) -> None:
    """Many nights become one file that still holds every version."""
    nights(log, 7)
    assert len(files(tmp_path)) == 7
    seen, held, fingerprint = everything(log), rows_held(log), log.fingerprint("sales", JANUARY)
    new = version("b", JANUARY, 1)
    log.add(table(new, fetched=200))
    assert len(files(tmp_path)) == 1
    after = open_log(tmp_path)
    assert sorted(everything(after)) == sorted([*seen, ("b", JANUARY, new.json, False)])
    assert after.every("sales", JANUARY).num_rows == len(held) + 1
    assert set(rows_held(after)) > set(held)
    assert after.fingerprint("sales", JANUARY) != fingerprint


@pytest.mark.parametrize("removed", range(8))
def test_a_kill_during_compaction_leaves_nothing_twice(
    log: RawLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, removed: int
) -> None:
    """The merged file is there and some of the old ones too: nothing shows twice, and later merges drop the copies."""
    nights(log, 7)
    plain, left = Store.remove, iter(range(removed))

    def killed(self: Store, name: str) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        plain(self, name)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "remove", killed)
        with pytest.raises(KeyboardInterrupt):
            log.add(table(version("b", JANUARY, 1), fetched=200))
    assert len(files(tmp_path)) == 1 + 8 - removed
    again = open_log(tmp_path)
    assert again.current("sales", JANUARY).num_rows == 9
    assert len(rows_held(again)) == 15
    # Until a file of the next tier is full.
    for number in range(70):
        again.add(table(version(f"later {number}", JANUARY, 1), fetched=300 + number))
    assert again.every("sales", JANUARY).num_rows == len(rows_held(again)) == 85


def test_a_reader_survives_the_merging_of_the_files_it_reads(
    log: RawLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`status` may read while the nightly run merges: it sees everything and does not fail."""
    nights(log, 7)
    reader, listed = open_log(tmp_path), 0
    plain = RawLog._files

    def merged_after_listing(self: RawLog, collection: str, month: str) -> list[str]:
        nonlocal listed
        found = plain(self, collection, month)
        if self is reader and not listed:
            listed = len(found)
            log.add(table(version("b", JANUARY, 1), fetched=200))
        return found

    monkeypatch.setattr(RawLog, "_files", merged_after_listing)
    assert reader.current("sales", JANUARY).num_rows == 9
    assert listed == 7


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_a_fingerprint_says_what_is_held_and_not_how_it_came(log: RawLog, order: tuple[int, ...]) -> None:
    """Exports name it, and the same documents must give the same bytes however they were fetched."""
    versions = [version("a", JANUARY, 1), version("b", JANUARY, 1), version("c", JANUARY, 1)]
    for number in order:
        log.add(table(versions[number], fetched=number))
    assert log.fingerprint("sales", JANUARY) == raw_log.contents(table(*versions, fetched=77))
    log.add(table(version("a", JANUARY, 0, "late"), fetched=50))
    assert log.fingerprint("sales", JANUARY) == raw_log.contents(table(*versions, fetched=77))
    log.mark_deleted("sales", JANUARY, ["b"], at(60))
    assert log.fingerprint("sales", JANUARY) != raw_log.contents(table(*versions, fetched=77))
    assert log.fingerprint("sales", FEBRUARY) == raw_log.contents(table(fetched=1))
