"""The sandbox's OAuth2: what Robaws documents, strict where a client could lose its tokens."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from robaws_pipeline.sandbox.limits import Account

ACCOUNT = Account()
BACK = "http://127.0.0.1:9/callback?from=robaws"


def _root(sandbox) -> str:
    return sandbox.server.base_url.removesuffix("/api/v2") + "/oauth2"


def _code(sandbox) -> str:
    asked = {"client_id": ACCOUNT.client_id, "redirect_uri": BACK, "state": "s t"}
    answer = httpx.get(f"{_root(sandbox)}/authorize", params=asked)
    assert answer.status_code == 302
    address = urlsplit(answer.headers["location"])
    assert address.netloc == "127.0.0.1:9"
    query = parse_qs(address.query)
    assert (query["from"], query["state"]) == (["robaws"], ["s t"])
    return query["code"][0]


def _ask(sandbox, **form: str) -> httpx.Response:
    secret = {"client_id": ACCOUNT.client_id, "client_secret": ACCOUNT.client_secret}
    return httpx.post(f"{_root(sandbox)}/tokens", data={**secret, **form})


def _first(sandbox) -> dict[str, Any]:
    answer = _ask(sandbox, grant_type="authorization_code", code=_code(sandbox), redirect_uri=BACK)
    assert answer.status_code == 200
    return answer.json()


def _status(sandbox, token: str) -> int:
    return httpx.get(f"{sandbox.server.base_url}/clients", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_code_is_worth_one_pair(start) -> None:
    """Once, with the same redirect_uri, by the client that it was given to."""
    sandbox = start()
    code = _code(sandbox)
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    assert _ask(sandbox, **{**asked, "client_secret": "other"}).json() == {"error": "invalid_client"}
    pair = _ask(sandbox, **asked).json()
    assert pair["expires_in"] == 3600
    assert _status(sandbox, pair["access_token"]) == 200
    assert _ask(sandbox, **asked).json() == {"error": "invalid_grant"}
    other = {**asked, "code": _code(sandbox), "redirect_uri": "http://elsewhere.example/"}
    assert _ask(sandbox, **other).status_code == 400


def test_a_refresh_gives_a_new_pair_and_ends_the_old_one(start) -> None:
    """A client that keeps the old refresh token must find out here."""
    sandbox = start()
    old = _first(sandbox)
    new = _ask(sandbox, grant_type="refresh_token", refresh_token=old["refresh_token"]).json()
    assert {new["access_token"], new["refresh_token"]}.isdisjoint({old["access_token"], old["refresh_token"]})
    refused = _ask(sandbox, grant_type="refresh_token", refresh_token=old["refresh_token"])
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_grant"})
    assert _status(sandbox, new["access_token"]) == 200


def test_an_access_token_expires(start) -> None:
    """After its time, and not before."""
    now = [1000.0]
    sandbox = start(wall_clock=lambda: now[0], switches={"access_token_seconds": 50})
    token = _first(sandbox)["access_token"]
    now[0] += 49
    assert _status(sandbox, token) == 200
    now[0] += 1
    assert _status(sandbox, token) == 401
    assert _status(sandbox, "made-up") == 401


def test_an_unknown_client_gets_no_code(start) -> None:
    """Nobody is sent anywhere for it."""
    sandbox = start()
    answer = httpx.get(f"{_root(sandbox)}/authorize", params={"client_id": "x", "redirect_uri": BACK})
    assert answer.status_code == 400
