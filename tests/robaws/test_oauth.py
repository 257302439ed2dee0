"""OAuth2 over real HTTP: no pair of tokens is lost, none is asked for twice, none is shown."""

import asyncio
import logging
import os
import signal
import stat
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from robaws_pipeline.robaws import errors
from robaws_pipeline.robaws.client import Page, RobawsClient
from robaws_pipeline.robaws.limiter import Limiter
from robaws_pipeline.robaws.oauth import NEAR_EXPIRY, Integration, Pair, Tokens, code_of
from robaws_pipeline.sandbox.limits import Account
from robaws_pipeline.sandbox.server import Running, running
from robaws_pipeline.sandbox.switches import Switches
from robaws_pipeline.sandbox.world import World
from robaws_pipeline.settings import RateLimit

REDIRECT = "http://127.0.0.1:9/callback"
REMEDY = "Somebody must agree again: robaws-pipeline authorize --company acme"
PAGE = {"page": "0", "size": "100", "sort": "id:asc"}
SECRET = "client-secret-5c1e"


@pytest.fixture
def server(world: World) -> Iterator[Running]:
    """A Robaws that one marketplace integration may read."""
    account = Account(client_id="client-77aa", client_secret=SECRET)
    with running(world, switches=Switches(rate_per_second=None), accounts=[account]) as it:
        yield it


def integration(server: Running, folder: Path, secret: str = SECRET) -> Integration:
    """The integration of a company, its tokens in a folder that may not exist yet."""
    return Integration(
        server.base_url, "client-77aa", SecretStr(secret), REDIRECT, folder / "acme" / "oauth.json", REMEDY
    )


def agreed(it: Integration) -> Integration:
    """The integration after somebody agreed."""
    answer = httpx.get(it.authorize_url("state-1"))
    it.exchange(code_of(answer.headers["location"], "state-1"))
    return it


def client(it: Integration, at: float | None = None, concurrency: int = 8) -> RobawsClient:
    """A client of its own; `at` is what its clock says of the tokens' age."""
    limits = RateLimit(concurrency=concurrency, per_second=10_000, burst=10_000)
    tokens = Tokens(it, time.time if at is None else lambda: at)
    return RobawsClient(it.base_url, it.client_id, it.client_secret, limits, tokens=tokens, limiter=Limiter(limits))


def read(reader: RobawsClient, times: int = 1) -> list[Page]:
    """So many pages, side by side."""

    async def work() -> list[Page]:
        async with reader:
            return await asyncio.gather(*(reader.page("clients", PAGE) for _ in range(times)))

    return asyncio.run(work())


def asked(server: Running) -> int:
    """How often the token endpoint was asked."""
    return server.stats.requests["oauth2/tokens"]


def test_from_consent_to_a_page(server: Running, tmp_path: Path) -> None:
    """The whole way once; the file is for its owner's eyes."""
    it = agreed(integration(server, tmp_path))
    assert stat.S_IMODE(it.file.stat().st_mode) == 0o600
    (page,) = read(client(it))
    assert len(page.items) == 100
    assert asked(server) == 1, "Robaws asks not to refresh before it is necessary"


def test_a_code_that_is_not_ours_is_refused() -> None:
    """Somebody else's consent must not become ours."""
    with pytest.raises(errors.BadRequest, match="another authorisation"):
        code_of(f"{REDIRECT}?code=abc&state=theirs", "ours")
    with pytest.raises(errors.BadRequest, match="did not agree"):
        code_of(f"{REDIRECT}?error=access_denied&state=ours", "ours")


def test_near_its_expiry_the_pair_is_renewed_once_and_stored(server: Running, tmp_path: Path) -> None:
    """Eight requests at once find an old token: one refresh, and each next one needs the refresh token before."""
    it = agreed(integration(server, tmp_path))
    first = it.pair()
    assert first.expires_at is not None
    assert len(read(client(it, first.expires_at - NEAR_EXPIRY - 1), 8)) == 8
    assert it.pair() == first
    assert len(read(client(it, first.expires_at - NEAR_EXPIRY), 8)) == 8
    second = it.pair()
    assert asked(server) == 2
    assert {second.access_token, second.refresh_token}.isdisjoint({first.access_token, first.refresh_token})
    assert stat.S_IMODE(it.file.stat().st_mode) == 0o600
    assert second.expires_at is not None
    read(client(it, second.expires_at))
    assert asked(server) == 3


def test_a_refused_access_token_is_renewed_once(server: Running, tmp_path: Path) -> None:
    """Robaws may end a token before its time; eight 401s are no eight refreshes."""
    it = agreed(integration(server, tmp_path))
    server.grants.revoke_access_tokens()
    assert len(read(client(it), 8)) == 8
    assert asked(server) == 2


def test_a_blocked_account_is_no_reason_to_refresh(server: Running, tmp_path: Path) -> None:
    """A new token would be refused as well."""
    it = agreed(integration(server, tmp_path))
    server.faults.status(401, headers={"x-robaws-unauthorized-reason": "temp-blocked"}, times=9)
    with pytest.raises(errors.Blocked):
        read(client(it))
    assert asked(server) == 1


def test_what_is_refused_names_the_remedy(server: Running, tmp_path: Path) -> None:
    """No tokens yet, consent withdrawn, the right to read withdrawn: somebody has to agree again."""
    it = integration(server, tmp_path)
    with pytest.raises(errors.Unauthorized, match=f"no tokens yet.*{REMEDY}"):
        read(client(it))
    agreed(it)
    server.faults.status(401, "clients", times=99)
    with pytest.raises(errors.Unauthorized, match=REMEDY):
        read(client(it))
    server.faults.clear()
    server.grants.revoke()
    with pytest.raises(errors.Unauthorized, match=f"invalid_grant.*{REMEDY}"):
        read(client(it))
    it.file.write_bytes(b"{")
    with pytest.raises(errors.Unauthorized, match=f"not a file of tokens.*{REMEDY}"):
        read(client(it))


def test_trouble_at_the_token_endpoint_passes(server: Running, tmp_path: Path) -> None:
    """As with any other request: asked again. The refresh token stays good, for nothing was given for it."""
    it = agreed(integration(server, tmp_path))
    server.grants.revoke_access_tokens()
    server.grants.down = 2
    assert len(read(client(it))) == 1
    assert asked(server) == 4
    server.grants.revoke_access_tokens()
    server.grants.down = 99
    with pytest.raises(errors.Unavailable, match="POST oauth2/tokens: Robaws answered 503"):
        read(client(it))


_RENEW = """
import sys
from pathlib import Path
from pydantic import SecretStr
from robaws_pipeline.robaws.oauth import Integration
base_url, client_id, secret, redirect, file = sys.argv[1:]
it = Integration(base_url, client_id, SecretStr(secret), redirect, Path(file), "-")
known = it.pair()
print("ready", flush=True)
sys.stdin.readline()
it.renewed(known)
print("renewed", flush=True)
sys.stdin.readline()
"""


def other_process(it: Integration) -> "subprocess.Popen[str]":
    """A process that has read the pair, renews it at the first line that it gets, and waits for a second."""
    arguments = [it.base_url, it.client_id, SECRET, it.redirect_uri, str(it.file)]
    process = subprocess.Popen(
        [sys.executable, "-c", _RENEW, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def tell(process: "subprocess.Popen[str]") -> None:
    """Let it go on."""
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def test_killed_between_refresh_and_use_the_next_process_works(server: Running, tmp_path: Path) -> None:
    """The new pair is on the disk before anybody has used it: nobody has to authorise anew."""
    it = agreed(integration(server, tmp_path))
    first = it.pair()
    process = other_process(it)
    tell(process)
    assert process.stdout is not None
    assert process.stdout.readline() == "renewed\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert it.pair().refresh_token != first.refresh_token
    assert len(read(client(it))) == 1
    assert asked(server) == 2


def test_two_processes_refresh_once(server: Running, tmp_path: Path) -> None:
    """Both hold the same old pair; the second to ask would be refused and the integration lost."""
    it = agreed(integration(server, tmp_path))
    server.faults.slow(1.0, "oauth2/tokens", times=2)
    processes = [other_process(it) for _ in range(2)]
    for process in processes:
        tell(process)
    for process in processes:
        out, _ = process.communicate("go\n", timeout=60)
        assert (out, process.returncode) == ("renewed\n", 0)
    assert asked(server) == 2
    assert len(read(client(it))) == 1


def test_a_refresh_that_nobody_waits_for_any_more_is_stored(server: Running, tmp_path: Path) -> None:
    """The operator stops the run at the moment that Robaws answers: the pair must not go with it."""
    it = agreed(integration(server, tmp_path))
    first = it.pair()
    begun = threading.Event()
    server.grants.revoke_access_tokens()
    server.faults.slow(0.5, "oauth2/tokens")
    server.faults.before(1, begun.set, "oauth2/tokens")

    async def work() -> None:
        async with client(it) as reader:
            task = asyncio.create_task(reader.page("clients", PAGE))
            assert await asyncio.to_thread(begun.wait, 30)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(work())
    assert it.pair() != first
    assert len(read(client(it))) == 1
    assert asked(server) == 2


def test_tokens_and_client_secret_are_in_no_text(
    server: Running, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a server sends back ends up in logs and mails."""
    caplog.set_level(logging.INFO)
    it = agreed(integration(server, tmp_path))
    server.grants.revoke_access_tokens()
    read(client(it))
    texts = [repr(it), repr(it.pair())]
    for status in (400, 401, 500):
        server.faults.clear()
        sent = it.pair()  # a server can only send back what it was sent
        echo = f'{{"message":"you sent {sent.access_token} {sent.refresh_token} {SECRET}"}}'.encode()
        server.faults.status(status, "clients", body=echo, times=99)
        reader = client(it)
        with pytest.raises(errors.RobawsError) as caught:
            read(reader)
        assert "***" in str(caught.value)
        texts += ["".join(traceback.format_exception(caught.value)), repr(caught.value), repr(reader)]
    server.faults.clear()
    server.faults.status(400, "oauth2/tokens", body=f'{{"error":"{SECRET} {it.pair().refresh_token}"}}'.encode())
    with pytest.raises(errors.Unauthorized) as refused:
        it.renewed(it.pair())
    texts += ["".join(traceback.format_exception(refused.value))]
    for text in (*texts, caplog.text):
        for secret in (*server.grants.given, SECRET):
            assert secret not in text


def test_a_pair_without_expiry_is_used_until_it_is_refused(server: Running, tmp_path: Path) -> None:
    """Robaws's text does not promise `expires_in`."""
    it = agreed(integration(server, tmp_path))
    pair = it.pair()
    it.file.write_text(f'{{"access_token":"{pair.access_token}","refresh_token":"{pair.refresh_token}"}}')
    assert it.pair() == Pair(pair.access_token, pair.refresh_token)
    read(client(it, at=9e9))
    assert asked(server) == 1
