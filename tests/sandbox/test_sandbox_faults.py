"""Faults on demand: the client's tests rely on each being what its name says."""

import time
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from robaws_pipeline.sandbox.faults import LONG_NUMBER

SALES = "sales-invoices"


def test_a_status_for_the_next_requests_only(start) -> None:
    """So many requests fail, others and later ones do not."""
    sandbox = start()
    sandbox.faults.status(502, SALES, page=1, times=2, headers={"x-made-up": "yes"})
    assert sandbox.get(SALES, page=0).status_code == 200
    assert sandbox.get("clients", page=1).status_code == 200
    assert [sandbox.get(SALES, page=1).status_code for _ in range(3)] == [502, 502, 200]
    assert sandbox.faults.pending == 0


def test_some_requests_may_pass_first(start) -> None:
    """A fault in the middle of a sweep."""
    sandbox = start()
    sandbox.faults.status(500, skip=2)
    assert [sandbox.get(SALES, page=page).status_code for page in range(4)] == [200, 200, 500, 200]


def test_a_fault_may_follow_the_query(start) -> None:
    """A server that refuses one parameter, or fails one type, whatever comes in between."""
    sandbox = start()
    sandbox.faults.status(400, SALES, query="sort=", times=2)
    answers = [
        sandbox.get(SALES, **{"type": "INVOICE", **more}) for more in ({"sort": "id:asc"}, {}, {"sort": "id:asc"})
    ]
    assert [answer.status_code for answer in answers] == [400, 200, 400]


def test_paths_may_hold_stars(start) -> None:
    """All objects of a collection, or all PDFs."""
    sandbox = start()
    sandbox.faults.status(404, "clients/*")
    assert [sandbox.get("clients").status_code, sandbox.get("clients/601").status_code] == [200, 404]


def test_html_with_200(start) -> None:
    """What a proxy's log-in page looks like to a client."""
    sandbox = start()
    sandbox.faults.html(SALES)
    response = sandbox.get(SALES)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert response.text.startswith("<!DOCTYPE html>")


def test_truncated_json(start) -> None:
    """The length is right and the JSON is not."""
    sandbox = start()
    sandbox.faults.truncated(SALES)
    response = sandbox.get(SALES)
    assert int(response.headers["content-length"]) == len(response.content)
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(response.content)


def test_a_connection_reset_halfway(start) -> None:
    """The client sees the connection break, and the next request works again."""
    sandbox = start()
    sandbox.faults.reset(SALES)
    with pytest.raises(httpx.ReadError):
        sandbox.get(SALES, include="lineItems")
    assert sandbox.get(SALES).status_code == 200


def test_a_slow_body_runs_into_a_time_out(start) -> None:
    """A read time-out shorter than the pause must strike; the sandbox stops without waiting for the rest."""
    sandbox = start()
    sandbox.faults.slow(60, SALES)
    began = time.monotonic()
    with pytest.raises(httpx.ReadTimeout):
        sandbox.http.get(SALES, timeout=0.05)
    assert sandbox.get("clients").status_code == 200
    assert time.monotonic() - began < 50


def test_a_slow_body_arrives_whole(start) -> None:
    """Slow is not broken."""
    sandbox = start()
    whole = sandbox.get(SALES).content
    sandbox.faults.slow(0.001, SALES)
    assert sandbox.get(SALES).content == whole


def test_empty_items_with_totals_that_say_otherwise(start) -> None:
    """A loop that ends on emptiness alone would lose the rest."""
    sandbox = start()
    sandbox.faults.empty_items(SALES)
    page = sandbox.json(SALES)
    assert (page["items"], page["totalItems"]) == ([], 12)


def test_an_item_twice(start) -> None:
    """One id twice, one missing, totals unchanged: only counting ids finds it."""
    sandbox = start()
    plain = [item["id"] for item in sandbox.json(SALES)["items"]]
    sandbox.faults.item_twice(SALES)
    assert [item["id"] for item in sandbox.json(SALES)["items"]] == [*plain[:-1], plain[0]]


def test_content_type_and_utf8(start) -> None:
    """A wrong label on a right body; a body that is no text."""
    sandbox = start()
    sandbox.faults.content_type("text/plain", SALES)
    labelled = sandbox.get(SALES)
    assert labelled.headers["content-type"] == "text/plain"
    assert labelled.json()["totalItems"] == 12
    sandbox.faults.invalid_utf8(SALES)
    with pytest.raises(UnicodeDecodeError):
        sandbox.get(SALES, include="lineItems").content.decode("utf-8")


def test_values_of_one_item(start) -> None:
    """A null total, an unknown type, a key that is gone; amounts beside them keep their digits."""
    sandbox = start()
    plain = sandbox.json(SALES, sort="id:asc")["items"]
    sandbox.faults.null_total(SALES, item=1)
    sandbox.faults.set_item("type", b'"PRO_FORMA"', SALES, item=2)
    sandbox.faults.set_item("date", None, SALES, item=3)
    items = sandbox.json(SALES, sort="id:asc")["items"]
    assert items[0] == plain[0]
    assert items[1] == {**plain[1], "totalExclVat": None}
    assert items[2] == {**plain[2], "type": "PRO_FORMA"}
    assert items[3] == {key: value for key, value in plain[3].items() if key != "date"}
    sandbox.faults.null_total(f"{SALES}/20001")
    assert sandbox.json(f"{SALES}/20001")["totalExclVat"] is None


def test_a_total_that_differs(start) -> None:
    """The count says something else than the pages, as when documents come or go between two answers."""
    sandbox = start()
    plain = sandbox.json(SALES)
    sandbox.faults.other_total(-3, SALES)
    assert sandbox.json(SALES) == {**plain, "totalItems": 9}


def test_keys_that_nobody_knows(start) -> None:
    """On every level, with what is hard to read in them; what was there stays, digit for digit."""
    sandbox = start()
    plain = sandbox.json(SALES, include="lineItems")
    sandbox.faults.extra_keys(SALES)
    body = sandbox.get(SALES, include="lineItems").content
    found: list[Any] = []

    def without_extra(value: Any) -> Any:
        if isinstance(value, list):
            return [without_extra(part) for part in value]
        if not isinstance(value, dict):
            return value
        found.append(value.pop("sandboxExtra"))
        return {key: without_extra(part) for key, part in value.items()}

    numbers = msgspec.json.Decoder(float_hook=Decimal)
    assert without_extra(numbers.decode(body)) == plain
    assert len(found) > 1 + len(plain["items"])
    assert found[0] == {"id": "1", "type": None, "values": [Decimal("1e400"), {}]}


def test_a_number_that_no_double_keeps_and_half_a_character(start) -> None:
    """The digits and the escape are on the wire as they are named."""
    sandbox = start()
    sandbox.faults.long_number(SALES, item=2)
    sandbox.faults.half_emoji(SALES, item=3)
    body = sandbox.get(SALES, sort="id:asc").content
    assert b'"totalExclVat":' + LONG_NUMBER in body
    assert Decimal(float(LONG_NUMBER)) != Decimal(LONG_NUMBER.decode())
    assert b'"status":"cut here \\ud83d"' in body


def test_an_envelope_that_is_not_one(start) -> None:
    """Valid JSON in another API generation's shape."""
    sandbox = start()
    sandbox.faults.no_envelope(SALES)
    page = sandbox.json(SALES)
    assert "items" not in page
    assert len(page["content"]) == 10


def test_the_world_changes_during_a_sweep(start) -> None:
    """Offset pages over `updatedAt` skip a document when another changes in between: Robaws's behaviour, kept."""
    sandbox = start()
    everything = {record["id"] for record in sandbox.world.records(SALES)}
    first = sandbox.json(SALES, sort="updatedAt:asc", size=6)["items"]
    sandbox.faults.before(2, lambda: sandbox.world.update(SALES, first[0]["id"], {}, "2026-12-01T00:00:00.000Z"), SALES)
    seen = {
        item["id"]
        for page in range(2)
        for item in sandbox.json(SALES, sort="updatedAt:asc", size=6, page=page)["items"]
    }
    assert len(everything - seen) == 1


def test_what_is_planned_can_be_forgotten(start) -> None:
    """A test may clean up after itself."""
    sandbox = start()
    sandbox.faults.status(500)
    sandbox.faults.clear()
    assert sandbox.get(SALES).status_code == 200
