"""The client over real HTTP: what it hands on, what it tries again and what not, and what it never tells."""

import asyncio
import base64
import logging
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from robaws_pipeline.robaws import errors
from robaws_pipeline.robaws.client import ATTEMPTS, RobawsClient, request_text
from robaws_pipeline.sandbox.limits import Account
from robaws_pipeline.sandbox.server import Running, running
from robaws_pipeline.sandbox.switches import Switches
from robaws_pipeline.sandbox.world import World
from robaws_pipeline.settings import RateLimit

Connect = Callable[..., RobawsClient]
PAGE = {"page": "0", "size": "100", "sort": "id:asc"}


def read(client: RobawsClient, path: str = "clients", params: dict[str, str] | None = None) -> Any:
    """One page through a client of its own."""

    async def work() -> Any:
        async with client:
            return await client.page(path, PAGE if params is None else params)

    return asyncio.run(work())


def fails(client: RobawsClient, kind: type[errors.RobawsError], path: str = "clients") -> str:
    """The text of the error that reading a page ends in."""
    with pytest.raises(errors.RobawsError) as caught:
        read(client, path)
    assert type(caught.value) is kind
    return str(caught.value)


def test_items_are_the_bytes_that_robaws_sent(sandbox: Running, connect: Connect) -> None:
    """The raw log promises the JSON as received; re-encoding would touch the amounts."""
    bodies: list[bytes] = []
    sandbox.faults.body(lambda body: bodies.append(body) or body, "sales-invoices")  # type: ignore[func-returns-value]
    page = read(connect(sandbox), "sales-invoices")
    assert len(page.items) == 100
    assert b'"items":[' + b",".join(page.items) + b"]" in bodies[0]
    assert (page.total_items, page.total_pages, page.current_page) == (480, 5, 0)


def test_server_time_is_the_date_header(sandbox: Running, connect: Connect) -> None:
    """The next sweep starts from Robaws's clock: with ours, a wrong clock here would lose changes."""
    page = read(connect(sandbox))
    assert page.server_time.tzinfo is UTC
    assert page.server_time.microsecond == 0
    assert abs(page.server_time - datetime.now(UTC)) < timedelta(seconds=30)


def test_item_is_the_object_or_none(sandbox: Running, connect: Connect, world: World) -> None:
    """A stale id is an ordinary thing; only a list that does not exist is an error."""

    async def work() -> tuple[bytes | None, bytes | None]:
        async with connect(sandbox) as client:
            return await client.item("clients/" + world.records("clients")[0]["id"]), await client.item("clients/1")

    found, missing = asyncio.run(work())
    assert found is not None
    assert found.startswith(b"{")
    assert missing is None


@pytest.mark.parametrize(
    "plan",
    [
        lambda faults: faults.status(500, times=2),
        lambda faults: faults.status(502, body=b"<html>", content_type="text/html"),
        lambda faults: faults.status(503),
        lambda faults: faults.status(429),
        lambda faults: faults.status(408),
        lambda faults: faults.reset(),
        lambda faults: faults.truncated(),
        lambda faults: faults.html(),
        lambda faults: faults.content_type("text/plain"),
        lambda faults: faults.body(lambda body: b""),
    ],
    ids=["500 twice", "502", "503", "429", "408", "reset", "truncated", "html", "content type", "empty"],
)
def test_what_passes_is_tried_again(sandbox: Running, connect: Connect, plan: Callable[[Any], None]) -> None:
    """A hiccup at night must not wake the operator, nor leave half a page behind."""
    plan(sandbox.faults)
    client = connect(sandbox)
    page = read(client)
    assert len(page.items) == 100
    assert sandbox.faults.pending == 0
    assert client.usage.retries == client.usage.requests - 1 > 0
    assert client.usage.requests == sandbox.stats.total


@pytest.mark.parametrize(
    ("status", "kind", "told"),
    [
        (400, errors.BadRequest, "parameters"),
        (401, errors.Unauthorized, "api_key_env"),
        (403, errors.Forbidden, "clients"),
        (404, errors.NotFound, "base_url"),
        (405, errors.BadRequest, "405 Method Not Allowed"),
        (302, errors.BadRequest, "redirect"),
    ],
)
def test_what_does_not_pass_is_asked_once(
    sandbox: Running, connect: Connect, status: int, kind: type[errors.RobawsError], told: str
) -> None:
    """Asking again for what was refused costs quota and may get the account blocked."""
    sandbox.faults.status(status, times=9, headers={"location": "https://elsewhere.example/"})
    message = fails(connect(sandbox), kind)
    assert message.startswith("GET clients?page=0&size=100&sort=id:asc: ")
    assert told in message
    assert sandbox.stats.total == 1


def test_a_slow_body_is_waited_for(sandbox: Running, connect: Connect) -> None:
    """A server under load at night answers late and rightly: nothing is asked twice."""
    sandbox.faults.slow(0.01)
    assert len(read(connect(sandbox)).items) == 100
    assert sandbox.stats.total == 1


@pytest.mark.parametrize("limit", ["each read", "the whole"])
def test_a_body_that_stops_coming_is_asked_for_again(
    sandbox: Running, connect: Connect, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    """Neither silence nor one byte a minute may hold a run up for ever."""
    if limit == "each read":
        monkeypatch.setattr("robaws_pipeline.robaws.client._TIMEOUT", httpx.Timeout(30.0, read=0.4))
    else:
        monkeypatch.setattr("robaws_pipeline.robaws.client._ONE_ANSWER", 0.4)
    sandbox.faults.slow(600)
    client = connect(sandbox)
    assert len(read(client).items) == 100
    assert client.usage.retries >= 1
    sandbox.faults.slow(600, times=99)
    assert "127.0.0.1" in fails(connect(sandbox), errors.Unavailable)


@pytest.mark.parametrize("number", [500, 502, 503, 429])
def test_gives_up_and_says_after_how_many_attempts(sandbox: Running, connect: Connect, number: int) -> None:
    """A run that waits for ever for a dead server looks like a run that works."""
    sandbox.faults.status(number, times=99)
    message = fails(connect(sandbox), errors.Unavailable)
    assert f"answered {number}" in message
    assert f"tried {ATTEMPTS} times" in message
    assert sandbox.stats.total == ATTEMPTS


def test_a_log_in_page_is_named_as_such(sandbox: Running, connect: Connect) -> None:
    """A base_url without /api/v2 answers 200 with HTML: the remedy is in the settings."""
    sandbox.faults.html(times=99)
    message = fails(connect(sandbox), errors.NotJson)
    assert "text/html" in message
    assert "base_url" in message


def test_nobody_there(sandbox: Running, connect: Connect) -> None:
    """A wrong host or no network: the host is named."""
    assert "127.0.0.1" in fails(connect(sandbox, base_url="http://127.0.0.1:9/api/v2"), errors.Unavailable)


@pytest.mark.parametrize(
    "plan",
    [
        lambda faults: faults.no_envelope(times=9),
        lambda faults: faults.body(lambda body: b"[]", times=9),
        lambda faults: faults.body(lambda body: body.replace(b'"totalItems":', b'"totalItems":null,"x":'), times=9),
        lambda faults: faults.body(lambda body: b'{"items":null,"totalItems":0,"totalPages":0}', times=9),
    ],
    ids=["v1 page", "bare list", "null for a total", "null for items"],
)
def test_an_envelope_that_is_none_is_refused(sandbox: Running, connect: Connect, plan: Callable[[Any], None]) -> None:
    """A reader that finds no `items` in another envelope would report an empty month."""
    plan(sandbox.faults)
    assert "JSON of another shape" in fails(connect(sandbox), errors.NotAnEnvelope)
    assert sandbox.stats.total == 1


def test_wrong_secret_blocked_account_and_missing_right(world: World, connect: Connect) -> None:
    """Three troubles with three remedies, which the operator must be able to tell apart."""
    accounts = [
        Account(),
        Account(key="b", secret="b", blocked=True),
        Account(key="f", secret="f", forbidden=frozenset({"purchase-invoices"})),
    ]
    with running(world, accounts=accounts) as sandbox:
        assert "key and secret" in fails(connect(sandbox, secret="wrong"), errors.Unauthorized)
        assert "temp-blocked" in fails(connect(sandbox, key="b", secret="b"), errors.Blocked)
        forbidden = connect(sandbox, key="f", secret="f")
        assert "no right to read purchase-invoices" in fails(forbidden, errors.Forbidden, "purchase-invoices")
        assert len(read(connect(sandbox, key="f", secret="f"), "suppliers").items) == 30


def test_key_and_secret_are_in_no_text(sandbox: Running, connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """Messages end up in logs, in Dagster's database and in mails to us."""
    header = base64.b64encode(f"{sandbox.key}:{sandbox.secret}".encode()).decode()
    echo = f'{{"message":"you sent {sandbox.key}, {sandbox.secret} and Basic {header}","status":400}}'.encode()
    caplog.set_level(logging.DEBUG)
    read(connect(sandbox))
    caplog.set_level(logging.INFO)  # what a server sends back to us is in the HTTP library's DEBUG log, and only there
    texts = []
    plans: list[Callable[[], None]] = [
        lambda: sandbox.faults.status(400, body=echo),
        lambda: sandbox.faults.status(500, body=echo, times=99),
        lambda: sandbox.faults.status(401, headers={"x-robaws-unauthorized-reason": f"bad {sandbox.secret}"}),
        lambda: sandbox.faults.content_type(f"text/{sandbox.secret}", times=99),
        sandbox.faults.no_envelope,
        lambda: sandbox.faults.reset(times=99),
    ]
    for plan in plans:
        sandbox.faults.clear()
        plan()
        client = connect(sandbox)
        with pytest.raises(errors.RobawsError) as caught:
            read(client)
        texts += [str(caught.value), repr(caught.value), "".join(traceback.format_exception(caught.value))]
        texts += [repr(client), repr(client.usage), repr(client.usage.as_metadata())]
    assert "you sent ***" in texts[0]
    for text in (*texts, caplog.text):
        for hidden in (sandbox.key, sandbox.secret, header):
            assert hidden not in text


def test_what_the_server_says_is_passed_on(sandbox: Running, connect: Connect) -> None:
    """The correlation id is what Robaws's support asks for first."""
    with pytest.raises(
        errors.BadRequest, match=r"Invalid value 'x' for parameter 'sort', correlation id [0-9a-f-]{36}"
    ):
        read(connect(sandbox), params={"page": "0", "sort": "x"})


def test_retry_after_is_obeyed_when_there_is_one(sandbox: Running, connect: Connect, clock: Any) -> None:
    """Robaws documents one second; a server that asks for more gets more, and for an hour we do not wait."""
    begin = clock.now
    sandbox.faults.status(429, headers={"retry-after": "7"})
    read(connect(sandbox))
    assert clock.now - begin >= 7
    sandbox.faults.status(429)
    read(connect(sandbox))
    assert 8 <= clock.now - begin < 9
    sandbox.faults.status(429, headers={"retry-after": "3600"}, times=99)
    before = sandbox.stats.total
    assert "asks to wait 3600 s" in fails(connect(sandbox), errors.Unavailable)
    assert sandbox.stats.total == before + 1


def test_a_bucket_drained_by_somebody_else_meets_no_storm(sandbox: Running, connect: Connect) -> None:
    """Robaws blocks integrations that go on after a 429: only what was under way may meet one."""

    async def work() -> RobawsClient:
        async with connect(sandbox, per_second=1e6, burst=1000, concurrency=20) as greedy:
            await asyncio.gather(*(greedy.page("vat-tariffs", PAGE) for _ in range(20)))
        async with connect(sandbox, concurrency=4) as client:
            await asyncio.gather(*(client.page("vat-tariffs", PAGE) for _ in range(60)))
        return client

    client = asyncio.run(work())
    assert client.usage.throttled == sandbox.stats.rate_limited
    assert 1 <= client.usage.throttled <= 4
    assert client.usage.waited > 3


def test_no_429_at_the_documented_limit(sandbox: Running, connect: Connect, clock: Any) -> None:
    """A 429 is an exception; and the bucket, not our caution, decides how long it takes."""

    async def work() -> RobawsClient:
        async with connect(sandbox) as client:
            await asyncio.gather(*(client.page("vat-tariffs", PAGE) for _ in range(200)))
        return client

    begin = clock.now
    client = asyncio.run(work())
    assert (client.usage.throttled, sandbox.stats.rate_limited) == (0, 0)
    assert clock.now - begin <= 1.03 * (200 - 20) / 15


def test_the_reserve_of_the_daily_quota_is_left_to_others(world: World, connect: Connect) -> None:
    """The company's other integrations need requests too; what was received until then counts."""

    async def work(sandbox: Running) -> tuple[int, RobawsClient, str]:
        async with connect(sandbox, daily_reserve=40, concurrency=2) as client:
            for received in range(100):
                try:
                    await client.page("vat-tariffs", PAGE)
                except errors.QuotaReserved as error:
                    return received, client, str(error)
        raise AssertionError("the quota was not noticed")

    with running(world, switches=Switches(daily_limit=50)) as sandbox:
        received, client, message = asyncio.run(work(sandbox))
        assert received == sandbox.stats.total == 11
    assert client.usage.daily_limit == 50
    assert client.usage.daily_remaining == 39
    assert "39 of the day's 50" in message


def test_requests_are_counted_as_the_server_counts_them(sandbox: Running, connect: Connect) -> None:
    """The operator compares these figures with Robaws's own."""
    sandbox.faults.status(500)
    client = connect(sandbox)
    read(client)
    metadata = client.usage.as_metadata()
    assert metadata["requests"] == sandbox.stats.total == 2
    assert metadata["bytes"] == sandbox.stats.bytes
    assert metadata["retries"] == 1
    assert all(isinstance(value, int | float | str) for value in metadata.values())


def test_a_closed_client_says_so(connect: Connect, sandbox: Running) -> None:
    """A mistake in our code should read as one."""
    with pytest.raises(RuntimeError, match="async with"):
        asyncio.run(connect(sandbox).page("clients", PAGE))


def test_request_text_names_the_request() -> None:
    """It is the first thing a person reads in every error."""
    assert request_text("/sales-invoices", {"include": "a,a.b", "updatedFrom": "2026-01-01T00:00:00Z"}) == (
        "GET sales-invoices?include=a,a.b&updatedFrom=2026-01-01T00:00:00Z"
    )


def test_a_client_can_be_made_outside_an_event_loop() -> None:
    """Steps make it before they start one."""
    RobawsClient("http://127.0.0.1:9", "k", SecretStr("s"), RateLimit())
