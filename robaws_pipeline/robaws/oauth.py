"""OAuth2 of a marketplace integration: a code is exchanged once, and a pair of tokens renewed from then on.

Each refresh returns a new access token and a new refresh token, and the old refresh token is worth nothing afterwards:
a pair that was received and not stored is an integration that somebody has to authorise anew. So:

- The pair is on the disk, durably, before anybody uses it.
- A refresh runs in a thread of its own: who waits for it may be cancelled, the refresh goes on and stores what it got.
- A file lock keeps refreshes apart. Who comes second finds the new pair in the file and asks for nothing.
- Robaws asks not to refresh before it is necessary: only near expiry, or when Robaws refuses the access token.

What remains is a death between Robaws's answer and the write, some milliseconds. It ends in the same error as a consent
that was withdrawn, and the remedy is the same: authorise again.
"""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec
from authlib.oauth2.rfc6749 import MismatchingStateException, MissingCodeException
from authlib.oauth2.rfc6749.parameters import (
    parse_authorization_code_response,
    prepare_grant_uri,
    prepare_token_request,
)
from filelock import FileLock
from pydantic import SecretStr

from robaws_pipeline.robaws.errors import BadRequest, Unauthorized, Unavailable

NEAR_EXPIRY = 60.0
"""Seconds before its expiry at which an access token is renewed."""

_TIMEOUT = httpx.Timeout(30.0)
_REASONS = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    }
)
"""RFC 6749, section 5.2."""


class TokensUnreachableError(Exception):
    """The token endpoint gave no usable answer; another attempt may succeed. The text holds no secret."""


class Pair(msgspec.Struct, frozen=True):
    """An access token with the refresh token that renews it. Never print one: `repr` shows it."""

    access_token: str
    refresh_token: str
    expires_at: float | None = None
    """Seconds since 1970 by our clock; None when Robaws did not say."""

    def __repr__(self) -> str:
        return f"Pair(***, expires_at={self.expires_at})"


class _Answer(msgspec.Struct):
    access_token: str
    refresh_token: str
    expires_in: float | None = None


class _Refusal(msgspec.Struct):
    error: str = ""


@dataclass(frozen=True, slots=True)
class Integration:
    """A marketplace integration as one company uses it."""

    base_url: str
    """As of the API; the OAuth2 endpoints are at the root of its host."""
    client_id: str
    client_secret: SecretStr
    redirect_uri: str
    file: Path
    """Where the pair is kept, readable by its owner only."""
    remedy: str
    """What a person has to do when the pair is missing or refused: a sentence without a full stop."""

    def authorize_url(self, state: str) -> str:
        """The page on which somebody with rights in Robaws agrees; `state` comes back with the code."""
        return str(prepare_grant_uri(self._at("authorize"), self.client_id, "code", self.redirect_uri, state=state))

    def _at(self, endpoint: str) -> str:
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}/oauth2/{endpoint}"

    def exchange(self, code: str) -> None:
        """Exchange a code for the first pair, and store it.

        Unauthorized when Robaws refuses the code, Unavailable when it gives no usable answer.
        """
        request = "POST oauth2/tokens"
        with self._lock():
            try:
                pair = self._ask(request, "authorization_code", redirect_uri=self.redirect_uri, code=code)
            except TokensUnreachableError as error:
                raise Unavailable(request, str(error), "Begin again; a code is good for some minutes only") from None
            _store(self.file, pair)

    def pair(self) -> Pair:
        """The pair that is stored; Unauthorized when there is none."""
        try:
            return msgspec.json.decode(self.file.read_bytes(), type=Pair)
        except FileNotFoundError:
            raise Unauthorized(f"reading {self.file}", "there are no tokens yet", self.remedy) from None
        except msgspec.DecodeError:
            raise Unauthorized(f"reading {self.file}", "this is not a file of tokens", self.remedy) from None

    def renewed(self, known: Pair) -> Pair:
        """The pair that took the place of `known`: somebody else's refresh, or ours.

        Blocks. Raises Unauthorized when Robaws refuses the refresh token, TokensUnreachableError when it gave no
        usable answer.
        """
        with self._lock():
            stored = self.pair()
            if stored.access_token != known.access_token:
                return stored
            pair = self._ask("POST oauth2/tokens", "refresh_token", refresh_token=stored.refresh_token)
            _store(self.file, pair)
            return pair

    def _lock(self) -> FileLock:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(self.file.with_name(f"{self.file.name}.lock"), fallback_to_soft=False, thread_local=False)

    def _ask(self, request: str, grant_type: str, **arguments: str) -> Pair:
        secret = self.client_secret.get_secret_value()
        body = prepare_token_request(grant_type, client_id=self.client_id, client_secret=secret, **arguments)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        asked_at = time.time()
        try:
            answer = httpx.post(self._at("tokens"), content=body, headers=headers, timeout=_TIMEOUT)
        except httpx.RequestError as error:
            raise TokensUnreachableError(f"no answer to {request} ({type(error).__name__})") from None
        if answer.status_code == httpx.codes.OK:
            try:
                got = msgspec.json.decode(answer.content, type=_Answer)
            except msgspec.DecodeError:
                raise TokensUnreachableError(f"{request}: Robaws answered 200 without a pair of tokens") from None
            return Pair(
                got.access_token, got.refresh_token, None if got.expires_in is None else asked_at + got.expires_in
            )
        happened = f"Robaws answered {answer.status_code}{_reason(answer)}"
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or answer.status_code in {408, 429}:
            raise TokensUnreachableError(f"{request}: {happened}")
        raise Unauthorized(request, happened, self.remedy)


def code_of(address: str, state: str) -> str:
    """The code in an address that the browser was sent to; BadRequest when it was not our `state` that came back."""
    try:
        return str(parse_authorization_code_response(address, state)["code"])
    except MismatchingStateException:
        happened = "the answer belongs to another authorisation than the one that was begun here"
    except MissingCodeException:
        happened = "there is no code in the answer: Robaws, or whoever was asked, did not agree"
    raise BadRequest("the redirect from Robaws", happened, "Begin again with robaws-pipeline authorize")


class Tokens:
    """The access token for one client's requests; one event loop at a time."""

    def __init__(self, integration: Integration, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives seconds since 1970."""
        self._integration = integration
        self._clock = clock
        self._turn = asyncio.Lock()
        self._pair: Pair | None = None
        self._seen: set[str] = set()

    @property
    def remedy(self) -> str:
        """What to do when Robaws refuses a fresh access token."""
        return self._integration.remedy

    def secrets(self) -> list[str]:
        """Every text that must not be shown, the longest first."""
        hidden = {*self._seen, self._integration.client_secret.get_secret_value()}
        return sorted(hidden, key=len, reverse=True)

    async def access_token(self, refused: str | None = None) -> str:
        """An access token that is not about to expire, and not the one that Robaws `refused`."""
        async with self._turn:
            pair = self._pair or self._remember(await asyncio.to_thread(self._integration.pair))
            expiring = pair.expires_at is not None and pair.expires_at - NEAR_EXPIRY <= self._clock()
            if expiring or pair.access_token == refused:
                # A thread cannot be cancelled, and asyncio.run waits for it: what it receives it stores.
                pair = self._remember(await asyncio.to_thread(self._integration.renewed, pair))
            return pair.access_token

    def _remember(self, pair: Pair) -> Pair:
        self._pair = pair
        self._seen |= {pair.access_token, pair.refresh_token}
        return pair


def _reason(answer: httpx.Response) -> str:
    """OAuth2's own name for the reason; any other text of this endpoint might hold tokens."""
    try:
        error = msgspec.json.decode(answer.content, type=_Refusal).error
    except msgspec.DecodeError:
        return ""
    return f" ({error})" if error in _REASONS else ""


def _store(file: Path, pair: Pair) -> None:
    """Make the pair the file's content, in one step, for its owner's eyes, and so that a power cut cannot undo it."""
    unfinished = file.with_name(f".{file.name}.new")
    unfinished.unlink(missing_ok=True)
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(msgspec.json.encode(pair))
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(file)
    if os.name == "posix":
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
