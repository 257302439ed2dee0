"""Writing a document: merge patch, and keys that make a repeated write harmless."""

import threading
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robaws_pipeline.sandbox.limits import Account
from robaws_pipeline.sandbox.writes import merge_patch

MERGE = "application/merge-patch+json"
SALE = "sales-invoices/20001"
PURCHASE = "purchase-invoices/7001"
MARK = {"extraFields": {"Exported to accounting": {"booleanValue": True}}}


def write(sandbox: Any, path: str = SALE, body: Any = MARK, key: str | None = None, **headers: str) -> httpx.Response:
    named = {} if key is None else {"Idempotency-Key": key}
    return sandbox.http.patch(path, json=body, headers={"Content-Type": MERGE, **named, **headers})


def fields(sandbox: Any, path: str = SALE) -> Any:
    return sandbox.json(path, include="extraFields")["extraFields"]


@pytest.mark.parametrize(
    ("original", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_cases_of_the_standard(original: Any, patch: Any, result: Any) -> None:
    """RFC 7396, appendix A: what a merge patch means is not ours to say."""
    assert merge_patch(original, patch) == result


_WITHOUT_NULL = st.recursive(
    st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


def _difference(before: Any, after: Any) -> Any:
    """The patch that the standard implies: from one value to another, neither with a null in it."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return after
    gone = dict.fromkeys(before.keys() - after.keys())
    return gone | {
        key: _difference(before.get(key), value)
        for key, value in after.items()
        if key not in before or before[key] != value or type(before[key]) is not type(value)
    }


@given(before=_WITHOUT_NULL, after=_WITHOUT_NULL)
def test_every_change_without_null_has_its_patch(before: Any, after: Any) -> None:
    """What the standard promises: from any value to any other that holds no null."""
    assert merge_patch(before, _difference(before, after)) == after


@given(value=_JSON, patch=_JSON)
def test_twice_is_once_and_nothing_is_changed_in_place(value: Any, patch: Any) -> None:
    """A write that is repeated does what it did; whoever holds the old version keeps it."""
    kept = repr((value, patch))
    once = merge_patch(value, patch)
    assert merge_patch(once, patch) == once
    assert repr((value, patch)) == kept


def test_an_extra_field_is_written_and_the_others_stay(start) -> None:
    """What an exporter does: one field, with the kind and group that Robaws shows beside a value."""
    sandbox = start()
    path = "sales-invoices/20002"
    before = sandbox.json(path, include="extraFields,adjustedLineItems")
    assert before["extraFields"]
    written = write(sandbox, path)
    assert (written.status_code, written.content) == (204, b"")
    after = sandbox.json(path, include="extraFields,adjustedLineItems")
    mark = {"Exported to accounting": {"type": "CHECKBOX", "group": None, "booleanValue": True}}
    assert after.pop("extraFields") == {**before.pop("extraFields"), **mark}
    assert after.pop("updatedAt") > before.pop("updatedAt")
    assert after == before
    assert sandbox.server.stats.writes == {path: 1}


def test_every_kind_is_set_and_cleared(start) -> None:
    """A date, a text and a tick, on a purchase; null empties the value, a null field takes it away."""
    sandbox = start()
    values = {
        "Exported to accounting": {"booleanValue": True},
        "Exported to accounting on": {"dateValue": "2026-11-05"},
        "Accounting delivery": {"stringValue": "2026-0007"},
    }
    assert write(sandbox, PURCHASE, {"extraFields": values}).status_code == 204
    shown = fields(sandbox, PURCHASE)
    assert {name: shown[name].items() >= value.items() for name, value in values.items()} == dict.fromkeys(values, True)
    assert sandbox.ids("purchase-invoices", **{"extraFields[Accounting delivery]": "2026-0007"}) == ["7001"]
    gone = {"Exported to accounting on": {"dateValue": None}, "Accounting delivery": None}
    assert write(sandbox, PURCHASE, {"extraFields": gone}).status_code == 204
    assert fields(sandbox, PURCHASE) == {
        "Exported to accounting": {"type": "CHECKBOX", "group": None, "booleanValue": True},
        "Exported to accounting on": {"type": "DATE", "group": None, "dateValue": None},
    }


def test_it_may_answer_with_the_document(start) -> None:
    """The other way that Robaws was seen to answer."""
    sandbox = start(switches={"patch_status": "200"})
    written = write(sandbox, f"{SALE}?include=extraFields")
    assert (written.status_code, written.json()) == (200, sandbox.get(SALE, include="extraFields").json())


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/json-patch+json", ""])
def test_another_content_type_is_refused(start, kind: str) -> None:
    """The header that an HTTP client adds by itself is the mistake that others made."""
    sandbox = start()
    refused = write(sandbox, **{"Content-Type": kind})
    assert (refused.status_code, refused.json()["error"]) == (415, "Unsupported Media Type")
    assert not sandbox.server.stats.writes
    assert write(sandbox, **{"Content-Type": f"{MERGE.title()}; charset=utf-8"}).status_code == 204


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "no JSON object"),
        ("x", "no JSON object"),
        ({"id": "1"}, "'id' cannot be written"),
        ({"updatedAt": "2026-11-05T00:00:00.000Z"}, "'updatedAt' cannot be written"),
        ({"adjustedLineItems": []}, "'adjustedLineItems' cannot be written"),
        ({"nonsense": 1}, "'nonsense' cannot be written"),
        ({"date": "05/11/2026"}, "Invalid value for 'date'"),
        ({"totalExclVat": True}, "Invalid value for 'totalExclVat'"),
        ({"extraFields": []}, "no object"),
        ({"extraFields": {"Nonsense": {"booleanValue": True}}}, "Unknown extra field 'Nonsense'"),
        ({"extraFields": {"Exported to accounting": True}}, "no object"),
        ({"extraFields": {"Exported to accounting": {"booleanValue": "true"}}}, "Invalid value for extra field"),
        ({"extraFields": {"Exported to accounting": {"stringValue": "x"}}}, "is a CHECKBOX and has no 'stringValue'"),
        ({"extraFields": {"Exported to accounting on": {"dateValue": "2026-02-30"}}}, "Invalid value for extra field"),
        ({"extraFields": {"Accounting delivery": {"stringValue": 7}}}, "Invalid value for extra field"),
    ],
)
def test_what_does_not_fit_is_refused(start, body: Any, said: str) -> None:
    """Robaws's schema is typed: a field that is unknown or of another kind is no field."""
    sandbox = start()
    refused = write(sandbox, body=body)
    assert refused.status_code == 400
    assert said in refused.json()["message"]
    assert not sandbox.server.stats.writes


def test_a_body_that_is_no_json_is_refused(start) -> None:
    """Half a body is not half a change."""
    refused = start().http.patch(SALE, content=b'{"status":', headers={"Content-Type": MERGE})
    assert refused.status_code == 400


def test_a_document_that_is_gone_and_a_role_that_only_reads(start) -> None:
    """What an exporter meets at single documents and at a whole module."""
    sandbox = start(accounts=(Account(read_only=frozenset({"purchase-invoices"})),))
    assert write(sandbox, "sales-invoices/1").status_code == 404
    assert write(sandbox, PURCHASE).status_code == 403
    assert sandbox.get(PURCHASE).status_code == 200
    blind = start(accounts=(Account(forbidden=frozenset({"purchase-invoices"})),))
    assert write(blind, PURCHASE).status_code == 403


def test_a_key_that_succeeded_gets_its_answer_again(start) -> None:
    """Sent twice because the answer was lost on the way: written once."""
    sandbox = start()
    assert write(sandbox, key="a").status_code == 204
    updated = sandbox.json(SALE)["updatedAt"]
    assert write(sandbox, key="a").status_code == 204
    assert sandbox.json(SALE)["updatedAt"] == updated
    assert write(sandbox, key="b").status_code == 204
    assert sandbox.server.stats.writes == {SALE: 2}
    for _ in range(2):
        assert write(sandbox, **{"x-robaws-idempotency-key": "c"}).status_code == 204  # its older name
    assert sandbox.server.stats.writes == {SALE: 3}


def test_a_key_that_failed_may_succeed_later(start) -> None:
    """Only a success is given again: a document that is mended meanwhile can be written under the same key."""
    sandbox = start()
    assert write(sandbox, body={"extraFields": {"Later": {"stringValue": "x"}}}, key="a").status_code == 400
    sandbox.faults.status(503, SALE, method="PATCH")
    assert write(sandbox, key="a").status_code == 503
    assert not sandbox.server.stats.writes
    assert write(sandbox, key="a").status_code == 204
    assert sandbox.server.stats.writes == {SALE: 1}


@pytest.mark.parametrize(("reading", "status"), [("replay", 204), ("reject", 422)])
def test_another_body_under_a_key_writes_nothing(start, reading: str, status: int) -> None:
    """Whoever uses a key for two things loses the second: both readings of what Robaws says do that."""
    sandbox = start(switches={"other_body": reading})
    assert write(sandbox, key="a").status_code == 204
    off = {"extraFields": {"Exported to accounting": {"booleanValue": False}}}
    assert write(sandbox, body=off, key="a").status_code == status
    assert write(sandbox, "sales-invoices/20002", key="a").status_code == status
    assert sandbox.server.stats.writes == {SALE: 1}


def test_the_longest_key_has_128_characters(start) -> None:
    """What the documentation allows, and no more."""
    sandbox = start()
    assert write(sandbox, key="k" * 128).status_code == 204
    assert write(sandbox, key="k" * 129).status_code == 400


def test_a_key_in_use_is_a_conflict(start) -> None:
    """The same write sent again while the first one is under way: told apart from one that failed."""
    sandbox, begun = start(), threading.Event()
    sandbox.faults.before(1, begun.set, SALE, method="PATCH")
    sandbox.faults.slow(0.5, SALE, method="PATCH")
    first = threading.Thread(target=write, args=(sandbox,), kwargs={"key": "a"})
    first.start()
    assert begun.wait(10)
    assert write(sandbox, key="a").status_code == 409
    assert write(sandbox, "sales-invoices/20002", key="b").status_code == 204
    first.join()
    assert write(sandbox, key="a").status_code == 204
    assert sandbox.server.stats.writes == {SALE: 1, "sales-invoices/20002": 1}


def test_an_answer_may_be_lost_after_the_write(start) -> None:
    """The case that keys are for: nobody but the server knows that it was written."""
    sandbox = start()
    sandbox.faults.lost(SALE, method="PATCH")
    with pytest.raises(httpx.TransportError):
        write(sandbox, key="a")
    sandbox.faults.reset(SALE, method="PATCH")
    with pytest.raises(httpx.TransportError):
        write(sandbox, key="a")
    sandbox.faults.status(504, SALE, written=True)
    assert write(sandbox, PURCHASE, key="p").status_code == 204
    assert write(sandbox, key="b").status_code == 504
    assert write(sandbox, key="a").status_code == write(sandbox, key="b").status_code == 204
    assert sandbox.server.stats.writes == {SALE: 2, PURCHASE: 1}


def test_writes_count_against_the_limits(start) -> None:
    """A write costs what a read costs: from the bucket and from the day."""
    sandbox = start(limited=True, switches={"burst": 3, "rate_per_second": 0.001})
    assert [write(sandbox).status_code for _ in range(4)] == [204, 204, 204, 429]
    few = start(switches={"daily_limit": 2})
    assert [write(few).headers.get("x-ratelimit-daily-remaining") for _ in range(3)] == ["1", "0", "0"]
    assert few.server.stats.writes == {SALE: 2}


def test_the_moment_of_a_write_is_later_than_any_before(start) -> None:
    """A document that was dated ahead does not seem to go back in time."""
    sandbox = start()
    ahead = "2099-01-01T00:00:00.000Z"
    sandbox.world.update("sales-invoices", "20001", {}, ahead)
    write(sandbox)
    assert sandbox.json(SALE)["updatedAt"] == ahead.replace("00.000Z", "00.001Z")
