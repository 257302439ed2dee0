"""Sweeps over real HTTP: complete while the collection changes underneath, or loudly not."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from robaws_pipeline import fields
from robaws_pipeline.progress import listening
from robaws_pipeline.robaws import errors
from robaws_pipeline.robaws.client import Page, RobawsClient
from robaws_pipeline.robaws.sweep import Item, SweepReport, fetch_item, sweep_changes, sweep_documents
from robaws_pipeline.sandbox.faults import LONG_NUMBER
from robaws_pipeline.sandbox.server import Running, running
from robaws_pipeline.sandbox.switches import Switches
from robaws_pipeline.sandbox.world import World, build_world

Connect = Callable[..., RobawsClient]
SALES = "sales-invoices"
FIRST, LAST = date(2026, 1, 1), date(2026, 6, 30)
JANUARY = date(2026, 1, 1), date(2026, 1, 31)


def now() -> str:
    """What Robaws writes as the time of a change made during the sweep."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def history(
    client: RobawsClient, first: date = FIRST, last: date = LAST, collection: fields.Collection = fields.SALES
) -> tuple[SweepReport, list[Item]]:
    """A sweep of documents, and what it passed on."""
    got: list[Item] = []

    async def work() -> SweepReport:
        async with client:
            return await sweep_documents(client, collection, first, last, got.extend)

    return asyncio.run(work()), got


def changes(
    client: RobawsClient, since: datetime | None, collection: fields.Collection = fields.SALES
) -> tuple[SweepReport, list[Item]]:
    """A sweep of changes, and what it passed on."""
    got: list[Item] = []

    async def work() -> SweepReport:
        async with client:
            return await sweep_changes(client, collection, since, got.extend)

    return asyncio.run(work()), got


def ids_of(world: World, path: str = SALES, first: date = FIRST, last: date = LAST) -> set[str]:
    """The ids that the world holds between two dates."""
    return {item["id"] for item in world.records(path) if str(first) <= item["date"] <= str(last)}


def of_type(world: World, type_: str = "INVOICE") -> list[str]:
    """Ids of the sales documents of a type, as the sweep meets them."""
    return [item["id"] for item in world.records(SALES) if item["type"] == type_]


class Deaf(RobawsClient):
    """A client of a Robaws that ignores some parameters: it leaves them out."""

    ignored: frozenset[str] = frozenset()

    async def page(self, path: str, params: Mapping[str, str]) -> Page:
        return await super().page(path, {name: value for name, value in params.items() if name not in self.ignored})


class Unsorted(RobawsClient):
    """A client of a Robaws that refuses to sort by id: it asks for an order that does not exist."""

    async def page(self, path: str, params: Mapping[str, str]) -> Page:
        return await super().page(path, {**params, "sort": "nonsense:asc"} if "sort" in params else params)


def ignoring(*names: str) -> type[RobawsClient]:
    """A class of clients whose Robaws ignores these parameters."""
    return type("Deaf", (Deaf,), {"ignored": frozenset(names)})


@pytest.mark.parametrize("collection", fields.DOCUMENTS, ids=lambda collection: collection.name)
def test_every_document_of_the_range_once(
    sandbox: Running, connect: Connect, world: World, collection: fields.Collection
) -> None:
    """The first promise: what Robaws has, we have."""
    report, got = history(connect(sandbox), date(2026, 2, 1), date(2026, 4, 30), collection)
    expected = ids_of(world, collection.path, date(2026, 2, 1), date(2026, 4, 30))
    assert Counter(item.id for item in got) == Counter(expected)
    assert set(report.ids.to_pylist()) == expected
    assert report.received == len(expected) == len(report.ids)
    assert (report.collection, report.kind, report.rounds) == (collection.name, "history", 1)
    assert (report.complete, report.warnings, report.duplicated) == (True, (), ())
    assert report.requests == sandbox.stats.total


def test_the_head_of_an_item_is_what_its_json_says(sandbox: Running, connect: Connect, world: World) -> None:
    """The raw log sorts versions by these; the JSON stays as it came."""
    _, got = history(connect(sandbox))
    for item in got:
        record = world.get(SALES, item.id)
        assert (item.type, item.date, item.party_id) == (record["type"], record["date"], record["clientId"])
        assert item.updated_at == datetime.fromisoformat(record["updatedAt"])
        assert item.updated_at is not None
        assert item.updated_at.tzinfo is UTC
        assert msgspec.json.decode(item.json)["id"] == item.id
        assert b'"adjustedLineItems":[' in item.json


@pytest.mark.parametrize(
    "switches",
    [
        Switches(date_range="to_exclusive"),
        Switches(envelope_size="requested"),
        Switches(id_style="numbers"),
        Switches(null_style="omitted"),
        Switches(unknown_param="reject", unknown_include="reject", oversize_page="reject"),
        Switches(list_unfiltered="invoices"),
        Switches(bad_sort="ignore", bad_enum="ignore"),
    ],
    ids=["toDate exclusive", "requested size", "numeric ids", "no nulls", "strict", "invoices only", "lenient"],
)
def test_either_reading_of_the_contract_gives_the_same(connect: Connect, world: World, switches: Switches) -> None:
    """What the documentation leaves open must not decide whether the last day of a month is in."""
    first, last = date(2026, 3, 1), date(2026, 3, 31)
    with running(world, switches=switches) as sandbox:
        report, got = history(connect(sandbox), first, last)
    assert {item.id for item in got} == ids_of(world, SALES, first, last)
    assert {item.party_id for item in got} == {world.get(SALES, item.id)["clientId"] for item in got}
    assert report.warnings == ()


def test_a_companys_own_spelling_is_read(connect: Connect) -> None:
    """Half of the field names are inferred: an override in the settings must reach the sweep."""
    spelling = {"sales_invoice": {"date": "invoiceDate", "party_id": "customerId", "updated_at": "modifiedAt"}}
    world = build_world(first_month="2026-01", last_month="2026-02", sales_per_month=20, spelling=spelling)
    with running(world) as sandbox:
        _, got = history(connect(sandbox, spelling=spelling))
    assert got
    for item in got:
        record = world.get(SALES, item.id)
        assert (item.date, item.party_id) == (record["invoiceDate"], record["customerId"])
        assert item.updated_at == datetime.fromisoformat(record["modifiedAt"])


def test_both_types_sort_and_include_are_asked(sandbox: Running, connect: Connect) -> None:
    """The parameters that Robaws documents for accounting, and the order that keeps a sweep complete."""
    history(connect(sandbox), date(2026, 3, 1), date(2026, 3, 31))
    for type_ in fields.DOCUMENT_TYPES:
        (target,) = [target for target in sandbox.stats.targets if f"type={type_}&" in target]
        for part in ("fromDate=2026-02-28", "toDate=2026-04-01", "sort=id%3Aasc", "size=100", "page=0", "include="):
            assert part in target


def test_a_listing_of_many_pages_reads_each_once(sandbox: Running, connect: Connect) -> None:
    """Requests are what we are short of."""
    report, _ = history(connect(sandbox))
    pages = Counter(target for target in sandbox.stats.targets if "type=INVOICE" in target)
    assert len(pages) == 5
    assert set(pages.values()) == {1}
    assert report.requests == 6


def test_progress_tells_how_far_it_is(sandbox: Running, connect: Connect) -> None:
    """A long load without a sign of life gets killed."""
    told: list[tuple[str, int, int | None]] = []
    with listening(lambda *report: told.append(report)):
        history(connect(sandbox))
    assert told[-1] == ("reading sales", 480, 480)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


# Changes while the sweep is under way. Page 4 is the last, read right after page 0.


def test_a_document_created_meanwhile_is_followed(sandbox: Running, connect: Connect, world: World) -> None:
    """New documents come last: the sweep goes on to them instead of starting again."""
    like = of_type(world)[0]
    created: list[str] = []

    def create() -> None:
        created.extend(world.create(SALES, {}, now(), like=like) for _ in range(70))

    sandbox.faults.before(1, create, SALES, page=2)
    report, got = history(connect(sandbox))
    assert set(created) <= {item.id for item in got} == ids_of(world)
    assert (report.rounds, report.totals["INVOICE"]) == (1, 511)


def test_a_document_deleted_meanwhile_makes_it_read_again(sandbox: Running, connect: Connect, world: World) -> None:
    """The document behind a page's end moves onto a page that was read already: nobody would have seen it."""
    before = ids_of(world)
    sandbox.faults.before(1, lambda: world.delete(SALES, of_type(world)[0]), SALES, page=2)
    report, got = history(connect(sandbox, concurrency=1))
    assert {item.id for item in got} == before
    assert set(report.ids.to_pylist()) == ids_of(world)
    assert report.rounds == 2
    assert any("left the listing" in warning for warning in report.warnings)


@pytest.mark.parametrize("page", [4, 1, 3])
def test_a_new_document_does_not_make_up_for_a_deleted_one(
    sandbox: Running, connect: Connect, world: World, page: int
) -> None:
    """The total stays the same and yet a document would be missing: a counter that only compares totals is fooled."""

    def swap() -> None:
        world.create(SALES, {}, now(), like=of_type(world)[1])
        world.delete(SALES, of_type(world)[0])

    sandbox.faults.before(1, swap, SALES, page=page)
    report, _ = history(connect(sandbox, concurrency=1))
    assert set(report.ids.to_pylist()) == ids_of(world)


def test_two_new_ones_do_not_either(sandbox: Running, connect: Connect, world: World) -> None:
    """Here the total even grows."""

    def swap() -> None:
        for _ in range(2):
            world.create(SALES, {}, now(), like=of_type(world)[1])
        world.delete(SALES, of_type(world)[0])

    sandbox.faults.before(1, swap, SALES, page=2)
    report, _ = history(connect(sandbox, concurrency=1))
    assert set(report.ids.to_pylist()) == ids_of(world)
    assert report.rounds == 2


def test_updates_meanwhile_change_nothing(sandbox: Running, connect: Connect, world: World) -> None:
    """Sorted by change time, each of these would have pushed another document past the reader."""
    for page in range(5):
        sandbox.faults.before(
            1,
            lambda page=page: world.update(SALES, of_type(world)[90 * page], {}, now()),  # type: ignore[misc]
            SALES,
            page=page,
        )
    report, got = history(connect(sandbox))
    assert Counter(item.id for item in got) == Counter(ids_of(world))
    assert report.rounds == 1


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["create", "delete", "update"]), st.integers(1, 9), st.floats(0, 1)), max_size=6
    )
)
@example([("create", 4, 0.0), ("create", 7, 0.0), ("delete", 7, 0.0)])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_complete_or_loudly_not(
    connect: Connect, new_world: Callable[[], World], steps: list[tuple[str, int, float]]
) -> None:
    """Whatever happens meanwhile: a sweep that reports completeness has every document that stayed."""
    world = new_world()
    stayed = ids_of(world)

    def change(what: str, where: float) -> None:
        ids = of_type(world)
        id_ = ids[int(where * (len(ids) - 1))]
        if what == "create":
            world.create(SALES, {}, now(), like=id_)
        elif what == "delete":
            stayed.discard(id_)
            world.delete(SALES, id_)
        else:
            world.update(SALES, id_, {}, now())

    with running(world) as sandbox:
        for what, number, where in steps:
            sandbox.faults.before(number, lambda what=what, where=where: change(what, where), SALES)  # type: ignore[misc]
        try:
            report, got = history(connect(sandbox, concurrency=1))
        except errors.SweepIncomplete:
            return
    assert stayed <= set(report.ids.to_pylist()) <= {item.id for item in got}


def test_a_listing_that_never_adds_up_raises(sandbox: Running, connect: Connect) -> None:
    """After three readings it is no coincidence: the month must not look complete."""
    sandbox.faults.empty_items(SALES, page=3, times=99)
    with pytest.raises(errors.SweepIncomplete) as caught:
        history(connect(sandbox))
    message = str(caught.value)
    assert message.startswith("GET sales-invoices?type=INVOICE&fromDate=")
    assert "sales INVOICE: Robaws counts 441 and gave 341 distinct ids in the last of 3 readings" in message
    assert "is kept" in message


def test_an_empty_page_once_is_read_again(sandbox: Running, connect: Connect, world: World) -> None:
    """An empty page ends other readers quietly."""
    sandbox.faults.empty_items(SALES, page=2)
    report, _ = history(connect(sandbox))
    assert set(report.ids.to_pylist()) == ids_of(world)
    assert report.rounds == 1
    assert any("1 pages were asked for again" in warning for warning in report.warnings)


@pytest.mark.parametrize("fault", ["empty_items", "item_twice"])
def test_a_page_that_cannot_be_right_costs_one_request_and_not_a_reading(
    sandbox: Running, connect: Connect, world: World, fault: str
) -> None:
    """With a bad page in twenty, a long listing would be read again and again and never be whole."""
    sandbox.stats.clear()
    history(connect(sandbox))
    undisturbed = sandbox.stats.total
    sandbox.stats.clear()
    for page in range(5):
        getattr(sandbox.faults, fault)(SALES, page=page, query="type=INVOICE")
    report, _ = history(connect(sandbox))
    assert set(report.ids.to_pylist()) == ids_of(world)
    assert (report.rounds, report.duplicated) == (1, ())
    assert sandbox.stats.total == undisturbed + 5


@pytest.mark.parametrize(("page", "by"), [(0, 1), (2, -1), (4, -1)])
def test_a_total_that_is_wrong_once_costs_a_reading_and_no_document(
    sandbox: Running, connect: Connect, world: World, page: int, by: int
) -> None:
    """Whoever believed the first total would stop early, and whoever believed the last would report a loss."""
    sandbox.faults.other_total(by, SALES, page=page, query="type=INVOICE")
    report, _ = history(connect(sandbox, concurrency=1))
    assert set(report.ids.to_pylist()) == ids_of(world)
    assert report.totals["INVOICE"] == 441
    assert report.rounds == 2
    assert any("read 2 times" in warning for warning in report.warnings)


def test_a_total_that_stays_too_high_is_no_complete_sweep(sandbox: Running, connect: Connect) -> None:
    """Robaws counts one more than it gives: the month must not look complete."""
    sandbox.faults.other_total(1, SALES, query="type=INVOICE", times=99)
    with pytest.raises(errors.SweepIncomplete, match="counts 442 and gave 441 distinct ids"):
        history(connect(sandbox))


def test_keys_that_nobody_knows_change_nothing(sandbox: Running, connect: Connect, world: World) -> None:
    """Robaws adds fields when it likes: in the envelope, in the documents, in their lines."""
    sandbox.faults.extra_keys(SALES, times=99)
    report, got = history(connect(sandbox))
    assert set(report.ids.to_pylist()) == ids_of(world)
    assert (report.complete, report.warnings) == (True, ())
    assert all(b'"sandboxExtra"' in item.json for item in got)


def test_a_number_beyond_a_double_keeps_its_digits(sandbox: Running, connect: Connect) -> None:
    """Between the wire and the raw log nobody may have read it as a float."""
    sandbox.faults.long_number(SALES)
    _, got = history(connect(sandbox))
    assert [LONG_NUMBER in item.json for item in got if item.id == "20001"] == [True]


def test_an_id_that_stays_double_is_named(sandbox: Running, connect: Connect, world: World) -> None:
    """Twice one document and never the other: the message says which to look at."""
    sandbox.faults.item_twice(SALES, page=1, times=99)
    with pytest.raises(errors.SweepIncomplete, match=f"more than once: id {of_type(world)[100]}"):
        history(connect(sandbox))


def test_a_document_that_moves_in_meanwhile_is_found(sandbox: Running, connect: Connect, world: World) -> None:
    """Its date or type changed: it appears in the middle, on a page that was read already."""
    low = of_type(world, "CREDIT_NOTE")[0]
    assert low < of_type(world)[100]
    sandbox.faults.before(1, lambda: world.update(SALES, low, {"type": "INVOICE"}, now()), SALES, page=2)
    report, got = history(connect(sandbox, concurrency=1))
    assert (low, "INVOICE") in {(item.id, item.type) for item in got}
    assert set(report.ids.to_pylist()) == ids_of(world)
    assert report.totals["INVOICE"] == 442


def test_an_id_given_twice_is_reported(sandbox: Running, connect: Connect, world: World) -> None:
    """Every document is there, so it is complete; that one came twice is worth knowing."""
    first: list[bytes] = []

    def keep(body: bytes) -> bytes:
        first.append(bytes(msgspec.json.decode(body, type=dict[str, msgspec.Raw])["items"])[1:-1].split(b"]},{")[0])
        return body

    sandbox.faults.body(keep, SALES, page=0)
    sandbox.faults.body(lambda body: body.replace(b'"items":[', b'"items":[' + first[0] + b"]},", 1), SALES, page=2)
    report, _ = history(connect(sandbox, concurrency=1))
    assert report.duplicated == (of_type(world)[0],)
    assert (report.complete, report.received, report.rounds) == (True, 480, 1)


# Filters, order and include that are not honoured.


def test_an_ignored_date_filter_is_noticed(sandbox: Running, connect: Connect, world: World) -> None:
    """A mistyped filter returns everything: the documents of other months must not end up in this one."""
    first, last = date(2026, 3, 1), date(2026, 3, 31)
    report, got = history(connect(sandbox, kind=ignoring("fromDate", "toDate")), first, last)
    assert {item.id for item in got} == ids_of(world, SALES, first, last)
    assert any("Robaws ignores the date filter" in warning for warning in report.warnings)
    assert report.received == len(got)


def test_an_ignored_type_filter_is_noticed(sandbox: Running, connect: Connect, world: World) -> None:
    """The sign comes from the type: it must be the document's own."""
    report, got = history(connect(sandbox, kind=ignoring("type")))
    assert set(report.ids.to_pylist()) == ids_of(world)
    assert report.received == len(ids_of(world))
    assert {(item.id, item.type) for item in got} == {(item["id"], item["type"]) for item in world.records(SALES)}
    assert sum("Robaws ignores the type filter" in warning for warning in report.warnings) == 2


def test_an_ignored_change_filter_is_noticed(sandbox: Running, connect: Connect, world: World) -> None:
    """It costs requests every night, and nobody would see why."""
    since = datetime(2026, 6, 1, tzinfo=UTC)
    report, got = changes(connect(sandbox, kind=ignoring("updatedFrom")), since)
    assert {item.id for item in got} == {item["id"] for item in world.records(SALES)}
    assert any("ignores the updatedFrom filter" in warning for warning in report.warnings)


def test_an_ignored_page_number_is_not_taken_for_complete(sandbox: Running, connect: Connect) -> None:
    """A Robaws that always gives the first page would otherwise show a hundred documents as all."""
    with pytest.raises(errors.SweepIncomplete):
        history(connect(sandbox, kind=ignoring("page", "size")))


def test_a_smaller_page_than_asked_is_fine(sandbox: Running, connect: Connect, world: World) -> None:
    """The number of pages is Robaws's to say."""
    report, got = history(connect(sandbox, kind=ignoring("size")))
    assert Counter(item.id for item in got) == Counter(ids_of(world))
    assert report.rounds == 1


def test_a_refused_sort_is_left_out_and_told(sandbox: Running, connect: Connect, world: World) -> None:
    """Better the server's own order, and a word about it, than no documents."""
    report, got = history(connect(sandbox, kind=Unsorted))
    assert {item.id for item in got} == ids_of(world)
    assert sum("refuses sort=id:asc" in warning for warning in report.warnings) == 2
    assert (sandbox.stats.statuses[400], report.requests) == (2, 8)


def test_a_refused_include_is_named(sandbox: Running, connect: Connect) -> None:
    """Without lines nothing can be booked; the remedy is with Robaws, not in our parameters."""
    spelling = {"sales_invoice": {"lines": "nonsense"}}
    with pytest.raises(errors.BadRequest, match=r"include=nonsense,nonsense\.\S+ is what Robaws refuses"):
        history(connect(sandbox, spelling=spelling))


def test_another_bad_request_stays_what_it_is(sandbox: Running, connect: Connect) -> None:
    """The include must not be blamed for everything."""
    sandbox.faults.status(400, SALES, times=99)
    with pytest.raises(errors.BadRequest) as caught:
        history(connect(sandbox))
    assert "refuses" not in str(caught.value)


# Items that are not as expected.


@pytest.mark.parametrize("value", [b"null", b'""', b"[]", b"1.5", None], ids=repr)
def test_an_item_without_an_id_is_told_and_the_others_go_on(
    sandbox: Running, connect: Connect, world: World, value: bytes | None
) -> None:
    """It cannot be held, for it has no name; so at least it must be heard."""
    sandbox.faults.set_item("id", value, SALES, item=2)
    report, got = history(connect(sandbox, concurrency=1), *JANUARY)
    assert {item.id for item in got} == ids_of(world, SALES, *JANUARY) - {of_type(world)[2]}
    assert not report.complete
    (warning,) = report.warnings
    assert "page=0: item 3 left out: its id is " in warning


def test_an_item_that_is_no_object_is_told(sandbox: Running, connect: Connect) -> None:
    """The same for something that is not even an object."""
    sandbox.faults.body(lambda body: body.replace(b'"items":[', b'"items":["x",', 1), "vat-tariffs")
    report, got = changes(connect(sandbox), None, fields.VAT_TARIFFS)
    assert len(got) == 8
    assert not report.complete
    assert "item 1 left out: it is not an object" in report.warnings[0]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("date", b'"31/02/2026"', ("date", "31/02/2026")),
        ("date", b"null", ("date", None)),
        ("date", b"20260301", ("date", "20260301")),
        ("type", b'"PROFORMA"', ("type", "PROFORMA")),
        ("type", b"7", ("type", "7")),
        ("clientId", b"815", ("party_id", "815")),
        ("clientId", b'{"id":1}', ("party_id", '{"id":1}')),
        ("updatedAt", b'"yesterday"', ("updated_at", None)),
        ("updatedAt", b'"2026-03-01T12:00:00+02:00"', ("updated_at", datetime(2026, 3, 1, 10, tzinfo=UTC))),
        ("updatedAt", b'"2026-03-01T12:00:00.123456789Z"', ("updated_at", datetime(2026, 3, 1, 12, 0, 0, 123457, UTC))),
        ("totalExclVat", b"null", ("id", "20001")),
    ],
)
def test_an_odd_value_does_not_cost_the_document(
    sandbox: Running, connect: Connect, key: str, value: bytes, expected: tuple[str, object]
) -> None:
    """Nothing disappears: a document with a date that is none is kept, to be held with that reason."""
    sandbox.faults.set_item(key, value, SALES)
    report, got = history(connect(sandbox, concurrency=1), *JANUARY)
    item = next(item for item in got if item.id == "20001")
    assert getattr(item, expected[0]) == expected[1]
    assert item.updated_at is None or item.updated_at.tzinfo is UTC
    assert report.complete
    assert set(report.ids.to_pylist()) == ids_of(sandbox.world, SALES, *JANUARY)


def test_half_an_emoji_costs_neither_the_page_nor_the_document(
    sandbox: Running, connect: Connect, world: World
) -> None:
    """A text cut in the middle of a character is no strict JSON; the letter is lost, not the invoices around it."""
    sandbox.faults.half_emoji(SALES, times=99)
    report, got = history(connect(sandbox, concurrency=1), *JANUARY)
    assert report.complete
    assert {item.id for item in got} == ids_of(world, SALES, *JANUARY)
    assert "cut here \ufffd" in [msgspec.json.decode(item.json)["status"] for item in got]
    assert sandbox.stats.total == report.requests


@pytest.mark.parametrize("key", ["date", "type", "updatedAt", "clientId"])
def test_a_byte_that_is_no_text_costs_no_document(sandbox: Running, connect: Connect, world: World, key: str) -> None:
    """Invalid UTF-8 in what a sweep reads: the document is kept, for the books to hold and show."""
    sandbox.faults.set_item(key, b'"@odd@"', SALES)
    sandbox.faults.body(lambda body: body.replace(b"@odd@", b"\xff\xfe"), SALES)
    report, got = history(connect(sandbox, concurrency=1), *JANUARY)
    assert report.complete
    assert {item.id for item in got} == ids_of(world, SALES, *JANUARY)


def test_an_id_that_is_no_text_is_told_and_the_others_go_on(sandbox: Running, connect: Connect, world: World) -> None:
    """Two ids whose bytes were both replaced would be one document."""
    sandbox.faults.set_item("id", b'"@odd@"', SALES, item=2)
    sandbox.faults.body(lambda body: body.replace(b"@odd@", b"\xff\xfe"), SALES)
    report, got = history(connect(sandbox, concurrency=1), *JANUARY)
    assert not report.complete
    assert {item.id for item in got} == ids_of(world, SALES, *JANUARY) - {of_type(world)[2]}


def test_the_older_spelling_of_the_type_is_no_reason_to_warn(sandbox: Running, connect: Connect) -> None:
    """CREDITNOTE is in Robaws's own older texts."""
    sandbox.faults.body(lambda body: body.replace(b'"CREDIT_NOTE"', b'"CREDITNOTE"'), SALES, times=9)
    report, got = history(connect(sandbox))
    assert {item.type for item in got} == {"INVOICE", "CREDITNOTE"}
    assert report.warnings == ()


# Changes.


def test_changes_are_those_since_then(sandbox: Running, connect: Connect, world: World) -> None:
    """The nightly run: what changed, at a request a type."""
    ids = world.records(SALES)[7]["id"], world.records(SALES)[8]["id"]
    world.update(SALES, ids[0], {}, "2026-12-01T10:00:00.123Z")
    world.update(SALES, ids[1], {}, "2026-12-01T10:00:00.122Z")
    report, got = changes(connect(sandbox), datetime(2026, 12, 1, 10, 0, 0, 123999, tzinfo=UTC))
    assert [item.id for item in got] == [ids[0]]
    assert (report.kind, report.requests, report.warnings) == ("changes", 2, ())
    assert "updatedFrom=2026-12-01T10%3A00%3A00.123Z" in sandbox.stats.targets[0]


def test_a_local_time_becomes_utc(sandbox: Running, connect: Connect) -> None:
    """Two hours off in summer would be two hours of changes lost."""
    changes(connect(sandbox), datetime(2026, 7, 1, 2, tzinfo=UTC).astimezone(tz=None), fields.CLIENTS)
    assert "updatedFrom=2026-07-01T02%3A00%3A00.000Z" in sandbox.stats.targets[0]


@pytest.mark.parametrize(
    "collection", [*fields.PARTIES, *fields.LISTS, *fields.DOCUMENTS], ids=lambda collection: collection.name
)
def test_everything_of_a_collection(
    sandbox: Running, connect: Connect, world: World, collection: fields.Collection
) -> None:
    """Parties and reference lists are read whole the first time, by the same code."""
    report, got = changes(connect(sandbox), None, collection)
    assert {item.id for item in got} == {item["id"] for item in world.records(collection.path)}
    assert set(report.totals) == (set(fields.DOCUMENT_TYPES) if collection.is_documents else {""})
    assert not any("updatedFrom" in target for target in sandbox.stats.targets)


def test_started_at_is_robaws_own_time(sandbox: Running, connect: Connect) -> None:
    """The next sweep begins there: it must not be later than the first page."""
    before = datetime.now(UTC) - timedelta(seconds=2)
    report, _ = changes(connect(sandbox), None, fields.CLIENTS)
    assert before <= report.started_at <= datetime.now(UTC)
    assert report.started_at.microsecond == 0


# Errors on the way.


def test_what_was_received_before_the_quota_ended_is_kept(world: World, connect: Connect) -> None:
    """The next run goes on from there."""
    got: list[Item] = []

    async def work(sandbox: Running) -> None:
        async with connect(sandbox, daily_reserve=17, concurrency=1) as client:
            await sweep_documents(client, fields.SALES, FIRST, LAST, got.extend)

    with running(world, switches=Switches(daily_limit=20)) as sandbox, pytest.raises(errors.QuotaReserved):
        asyncio.run(work(sandbox))
    assert len(got) >= 100


def test_a_last_page_that_fails_does_not_cost_the_first(sandbox: Running, connect: Connect) -> None:
    """The last page is asked second; what came before it was paid for and is kept."""
    sandbox.faults.status(403, SALES, page=4)
    got: list[Item] = []

    async def work() -> None:
        async with connect(sandbox, concurrency=1) as client:
            await sweep_documents(client, fields.SALES, FIRST, LAST, got.extend)

    with pytest.raises(errors.Forbidden):
        asyncio.run(work())
    first_page = of_type(sandbox.world)[:100]
    assert set(first_page) <= {item.id for item in got}


def test_a_missing_right_is_not_hidden_by_the_other_type(sandbox: Running, connect: Connect) -> None:
    """The more telling of two errors is the one to raise."""
    sandbox.faults.status(403, SALES, page=3)
    sandbox.faults.empty_items(SALES, page=0, times=99, skip=1)  # after the first page of the invoices
    with pytest.raises(errors.Forbidden):
        history(connect(sandbox, concurrency=1))


def test_after_an_error_nothing_more_is_asked(sandbox: Running, connect: Connect) -> None:
    """Every further request would be refused as well."""
    sandbox.faults.status(403, SALES, page=1)
    with pytest.raises(errors.Forbidden):
        history(connect(sandbox, concurrency=1))
    assert not any("page=2" in target or "page=3" in target for target in sandbox.stats.targets)


def test_an_error_of_the_receiver_ends_the_sweep(sandbox: Running, connect: Connect) -> None:
    """A full disk must not look like a complete sweep."""

    def full(items: list[Item]) -> None:
        raise OSError("no space left")

    async def work() -> None:
        async with connect(sandbox) as client:
            await sweep_documents(client, fields.SALES, FIRST, LAST, full)

    with pytest.raises(OSError, match="no space left"):
        asyncio.run(work())


# One item.


def fetch(client: RobawsClient, id_: str, collection: fields.Collection = fields.SALES) -> Item | None:
    """One item through a client of its own."""

    async def work() -> Item | None:
        async with client:
            return await fetch_item(client, collection, id_)

    return asyncio.run(work())


def test_one_item_with_its_lines(sandbox: Running, connect: Connect, world: World) -> None:
    """To settle whether a document that was not listed is really gone."""
    item = fetch(connect(sandbox), "20001")
    assert item is not None
    assert item.id == "20001"
    assert b"adjustedLineItems" in item.json
    world.delete(SALES, "20001")
    assert fetch(connect(sandbox), "20001") is None


def test_an_answer_about_another_item_is_refused(sandbox: Running, connect: Connect) -> None:
    """A document must not be taken for another one."""
    sandbox.faults.set_item("id", b'"9"', f"{SALES}/20001")
    with pytest.raises(errors.NotAnEnvelope, match="its id is 9"):
        fetch(connect(sandbox), "20001")
