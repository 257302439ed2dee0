"""The HTTP side of Robaws: one client, one limiter, retries in one place. The only module that knows httpx."""

import asyncio
import base64
import functools
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote, urlencode

import httpx
import msgspec
import stamina
from pydantic import SecretStr

from robaws_pipeline.robaws.characters import whole_characters
from robaws_pipeline.robaws.errors import (
    NotAnEnvelope,
    NotFound,
    NotJson,
    QuotaReserved,
    Unauthorized,
    Unavailable,
    refusal,
    refusal_to_write,
)
from robaws_pipeline.robaws.limiter import REST, Limiter
from robaws_pipeline.robaws.oauth import Tokens, TokensUnreachableError
from robaws_pipeline.settings import RateLimit

ATTEMPTS = 8
"""Times one request is sent before giving up."""

PATIENCE = 120.0
"""Seconds after which no further attempt of one request is made; also the longest ``Retry-After`` that is obeyed."""

MERGE_PATCH = "application/merge-patch+json"
"""What a change is sent as; Robaws refuses plain JSON."""

_TIMEOUT = httpx.Timeout(connect=10.0, read=60.0, write=10.0, pool=None)  # the semaphore does the pool's waiting
_ONE_ANSWER = 300.0  # seconds until an answer must be there in full
_REASON = "x-robaws-unauthorized-reason"
_HIDDEN = 6  # characters; anything shorter is no secret, and hiding it would garble the text
_SAID = 200  # characters of an error body worth showing

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a collection."""

    items: list[bytes]
    """The JSON of each item exactly as received."""
    current_page: int | None
    total_items: int
    total_pages: int
    server_time: datetime
    """Robaws's clock when it answered, UTC, whole seconds; ours when the request left if it did not say."""


@dataclass(slots=True)
class Usage:
    """What was asked of the API so far."""

    requests: int = 0
    """Requests sent, repeated ones too."""
    retries: int = 0
    throttled: int = 0
    """Answers with status 429."""
    bytes: int = 0
    """Bytes of the bodies received, as they were on the wire."""
    waited: float = 0.0
    """Seconds in which the next request had to wait for the rate limit, and seconds of back-off before retries."""
    daily_limit: int | None = None
    daily_remaining: int | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    _clock: float = field(default_factory=time.monotonic, repr=False)
    _elapsed: float | None = field(default=None, repr=False)

    @property
    def elapsed(self) -> float:
        """Seconds since the client was opened, up to its closing."""
        return time.monotonic() - self._clock if self._elapsed is None else self._elapsed

    def as_metadata(self) -> dict[str, int | float | str]:
        """Plain values for logs and run metadata; seconds with two decimals, unknown ones left out."""
        values: dict[str, int | float | str | None] = {
            "requests": self.requests,
            "retries": self.retries,
            "throttled": self.throttled,
            "bytes": self.bytes,
            "waited_seconds": round(self.waited, 2),
            "elapsed_seconds": round(self.elapsed, 2),
            "daily_limit": self.daily_limit,
            "daily_remaining": self.daily_remaining,
            "started": self.started.isoformat(timespec="seconds"),
        }
        return {name: value for name, value in values.items() if value is not None}


class _Envelope(msgspec.Struct, rename="camel"):
    items: list[msgspec.Raw]
    total_items: int
    total_pages: int
    current_page: int | None = None


_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def _read_mended(content: bytes, read: Callable[[bytes], T]) -> T:
    """What `read` makes of a body; where half a character makes it unreadable, of the body with that replaced.

    Asking again would bring the same text, and a page must not be lost for one letter of it.
    """
    try:
        return read(content)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        mended = whole_characters(content)
        if mended == content:
            raise
        return read(mended)


class _ErrorBody(msgspec.Struct, rename="camel"):
    message: str | None = None
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request; a path that begins with a slash starts at the host."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def text(self) -> str:
        return request_text(self.path, self.params, self.method)


class _AgainError(Exception):
    """This attempt failed and another may succeed; `wait` in seconds, or None for the usual back-off."""

    def __init__(self, happened: str, *, wait: float | None = None, unreadable: bool = False) -> None:
        super().__init__(happened)
        self.happened = happened
        self.wait = wait
        self.unreadable = unreadable


def _retry(error: Exception) -> bool | float:
    if not isinstance(error, _AgainError):
        return False
    if error.wait is None:
        return True
    return error.wait if error.wait <= PATIENCE else False


class RobawsClient:
    """Reads one Robaws tenant, and changes what it is told to; an async context manager, used within one event loop.

    `base_url` ends in ``/api/v2``; `spelling` holds a company's own JSON keys (resource → our name → key), for
    whoever reads the items. Requests go out at most `rate_limit.concurrency` at a time and as fast as the limiter
    allows. All methods raise the errors of `robaws_pipeline.robaws.errors`.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        secret: SecretStr,
        rate_limit: RateLimit,
        spelling: Mapping[str, Mapping[str, str]] | None = None,
        *,
        tokens: Tokens | None = None,
        limiter: Limiter | None = None,
    ) -> None:
        """With `tokens`, OAuth2 takes the place of `key` and `secret`, which are then client id and client secret.

        `limiter` replaces the one made from `rate_limit`, for tests with a clock of their own."""
        self.spelling: Mapping[str, Mapping[str, str]] = spelling or {}
        self.concurrency = rate_limit.concurrency
        self.usage = Usage()
        self._base_url = base_url.rstrip("/")
        self._daily_reserve = rate_limit.daily_reserve
        self._limiter = limiter or Limiter(rate_limit)
        self._under_way = asyncio.Semaphore(rate_limit.concurrency)
        self._tokens = tokens
        self._key = SecretStr(key)
        self._secret = secret
        self._http: httpx.AsyncClient | None = None
        self._backed_off = 0.0

    async def __aenter__(self) -> Self:
        connections = httpx.Limits(
            max_connections=self.concurrency, max_keepalive_connections=self.concurrency, keepalive_expiry=30.0
        )
        self._http = httpx.AsyncClient(
            auth=None
            if self._tokens
            else httpx.BasicAuth(self._key.get_secret_value(), self._secret.get_secret_value()),
            headers={"Accept": "application/json", "User-Agent": "robaws-pipeline"},
            verify=_trusted(),
            timeout=_TIMEOUT,
            limits=connections,
        )
        self.usage = Usage()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.usage._elapsed = self.usage.elapsed
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def page(self, path: str, params: Mapping[str, str]) -> Page:
        """One page of a collection; `params` holds ``page`` (from zero) and ``size`` like any other parameter."""
        asked_at = datetime.now(UTC)
        envelope, date = await self._get(path, params, _decode_envelope)
        return Page(
            items=[bytes(item) for item in envelope.items],
            current_page=envelope.current_page,
            total_items=envelope.total_items,
            total_pages=envelope.total_pages,
            server_time=_server_time(date) or asked_at,
        )

    async def item(self, path: str, params: Mapping[str, str] | None = None) -> bytes | None:
        """The JSON object at a path exactly as received; None when Robaws does not have it (404)."""

        def whole(body: bytes) -> bytes:
            _decode_object(body)
            return body.strip()

        try:
            body, _ = await self._get(path, params or {}, whole)
        except NotFound:
            return None
        return body

    async def stored_file(self, id_: str) -> bytes | None:
        """The bytes of a file that Robaws keeps, whatever they are; None when it does not have it (404).

        Its path is beside the API, not in it: ``/documents/{id}`` of the host.
        """
        try:
            body, _ = await self._get(f"/documents/{quote(id_, safe='')}", {"inline": "true"}, bytes, json=False)
        except NotFound:
            return None
        return body

    async def patch(self, path: str, change: bytes, key: str) -> None:
        """Change the object at a path by a merge patch (RFC 7396): JSON with the members that become other.

        `key` (up to 128 characters) goes with each attempt, so that Robaws, when the answer to one is lost, does not
        write a second time. Whoever writes something else must take another key: Robaws would answer with what it
        answered to the first, and write nothing.
        """
        headers = {"Content-Type": MERGE_PATCH, "Idempotency-Key": key}
        await self._ask(_Asked("PATCH", path, {}, headers, change), lambda _: None, json=False)

    async def _get(
        self, path: str, params: Mapping[str, str], read: Callable[[bytes], T], *, json: bool = True
    ) -> tuple[T, str | None]:
        """What `read` makes of the body, and the Date header; a body that is not `json` is taken as it is."""
        return await self._ask(_Asked("GET", path, params), read, json=json)

    async def _ask(self, asked: _Asked, read: Callable[[bytes], T], *, json: bool) -> tuple[T, str | None]:
        """As `_get`, for any request; retries what may be retried."""
        request = asked.text
        started, failed_at = time.monotonic(), 0.0
        attempts = 0
        try:
            async with self._under_way:
                async for attempt in stamina.retry_context(
                    on=_retry, attempts=ATTEMPTS, timeout=PATIENCE, wait_initial=0.25, wait_max=10.0, wait_jitter=1.0
                ):
                    with attempt:
                        attempts = attempt.num
                        if attempts > 1:
                            self.usage.retries += 1
                            self._backed_off += time.monotonic() - failed_at
                        try:
                            return await self._attempt(asked, read, json=json)
                        except _AgainError:
                            failed_at = time.monotonic()
                            raise
        except _AgainError as error:
            tried = "once" if attempts == 1 else f"{attempts} times in {time.monotonic() - started:.0f} s"
            happened = f"{error.happened}; tried {tried}"
            if error.unreadable:
                raise NotJson(
                    request,
                    happened,
                    "Check base_url in robaws.toml: a login page or a proxy may answer in Robaws's place",
                ) from None
            raise Unavailable(
                request,
                happened,
                f"Run again later; when it stays so, check that {self._host} can be reached from here",
            ) from None
        raise AssertionError("unreachable")

    async def _attempt(self, asked: _Asked, read: Callable[[bytes], T], *, json: bool) -> tuple[T, str | None]:
        request = asked.text
        response = await self._authorized(asked)
        if response.status_code == httpx.codes.OK or (asked.writes and response.is_success):
            found = self._read(response, read, request) if json else read(response.content)
            return found, response.headers.get("date")
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            self.usage.throttled += 1
            wait = _seconds(response.headers.get("retry-after"))
            if wait <= PATIENCE:  # a longer one ends this request; the others find out for themselves
                self._limiter.hold(wait)
            raise _AgainError(f"Robaws answered 429 Too Many Requests and asks to wait {wait:g} s", wait=wait)
        said = self._said(response)
        if (
            response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
            or response.status_code == httpx.codes.REQUEST_TIMEOUT
        ):
            raise _AgainError(f"Robaws answered {response.status_code}" + (f" ({said})" if said else ""))
        if asked.writes and response.status_code == httpx.codes.CONFLICT:
            raise _AgainError("Robaws answered 409 Conflict: it is still busy with the same change", wait=REST)
        if response.status_code < httpx.codes.MULTIPLE_CHOICES:
            raise _AgainError(f"Robaws answered {response.status_code} without content", unreadable=True)
        reason = self._scrub(response.headers.get(_REASON, ""))
        refused = refusal_to_write if asked.writes else refusal
        error = refused(response.status_code, request, asked.path.strip("/").split("/")[0], reason, said)
        if self._tokens is not None and type(error) is Unauthorized:
            raise Unauthorized(request, error.happened, self._tokens.remedy)
        raise error

    async def _authorized(self, asked: _Asked) -> httpx.Response:
        """The answer to a request; when Robaws refuses its access token, to the request with a new one."""
        if self._tokens is None:
            return await self._send(asked, {})
        try:
            token = await self._tokens.access_token()
            response = await self._send(asked, {"Authorization": f"Bearer {token}"})
            if response.status_code == httpx.codes.UNAUTHORIZED and _REASON not in response.headers:
                token = await self._tokens.access_token(refused=token)
                response = await self._send(asked, {"Authorization": f"Bearer {token}"})
        except TokensUnreachableError as error:
            raise _AgainError(str(error)) from None
        return response

    async def _send(self, asked: _Asked, headers: Mapping[str, str]) -> httpx.Response:
        if self._http is None:
            raise RuntimeError("the client is not open: use `async with RobawsClient(…)`")
        ticket = await self._limiter.take()
        self.usage.waited = self._limiter.waited + self._backed_off
        remaining = None
        try:
            self._check_quota(asked.text)
            self.usage.requests += 1
            async with asyncio.timeout(_ONE_ANSWER):  # httpx limits each read, and not how many there may be
                response = await self._http.request(
                    asked.method,
                    self._url(asked.path),
                    params=asked.params,
                    headers={**asked.headers, **headers},
                    content=asked.content,
                )
            remaining = _whole(response.headers.get("x-ratelimit-remaining"))
        except httpx.RequestError as error:
            detail = self._scrub(str(error))
            raise _AgainError(f"no answer from {self._host} ({type(error).__name__}: {detail})") from None
        except TimeoutError:
            raise _AgainError(f"no whole answer from {self._host} within {_ONE_ANSWER:g} s") from None
        finally:
            self._limiter.answered(ticket, remaining)
        self.usage.bytes += response.num_bytes_downloaded
        for name in ("daily_limit", "daily_remaining"):
            value = _whole(response.headers.get(f"x-ratelimit-{name.replace('_', '-')}"))
            if value is not None:
                setattr(self.usage, name, value)
        return response

    def _check_quota(self, request: str) -> None:
        remaining = self.usage.daily_remaining
        if remaining is not None and remaining < self._daily_reserve:
            raise QuotaReserved(
                request,
                f"not sent: {remaining} of the day's {self.usage.daily_limit or 'unknown number of'} requests are left,"
                f" below the {self._daily_reserve} reserved for others (rate_limit.daily_reserve)",
                "What was received is kept, and the next nightly run goes on with what is missing. Robaws renews the"
                " quota once a day and does not tell when; a run before that stops here again",
            )

    def _read(self, response: httpx.Response, read: Callable[[bytes], T], request: str) -> T:
        kind = response.headers.get("content-type", "")
        if "json" not in kind.lower():
            shown = self._scrub(kind) or "no content type"
            raise _AgainError(f"Robaws answered 200 with {shown} instead of JSON", unreadable=True)
        try:
            return _read_mended(response.content, read)
        except msgspec.ValidationError as error:
            raise NotAnEnvelope(
                request,
                f"the answer is JSON of another shape than expected: {error}",
                "Check base_url in robaws.toml (it ends in /api/v2); if it is right, the API changed and this program"
                " must follow",
            ) from None
        except msgspec.DecodeError as error:
            raise _AgainError(f"Robaws answered 200 with broken JSON ({error})", unreadable=True) from None

    def _url(self, path: str) -> str:
        if not path.startswith("/"):
            return f"{self._base_url}/{path.strip('/')}"
        return f"{self._base_url.removesuffix('/api/v2')}{path}"

    @property
    def _host(self) -> str:
        return httpx.URL(self._base_url).host

    def _said(self, response: httpx.Response) -> str:
        """What an error body tells, short and without secrets; empty when it tells nothing."""
        try:
            body = msgspec.json.decode(response.content, type=_ErrorBody)
        except msgspec.DecodeError:
            return ""
        parts = [body.message or "", f"correlation id {body.correlation_id}" if body.correlation_id else ""]
        return self._scrub(" ".join(", ".join(part for part in parts if part).split()))[:_SAID]

    def _scrub(self, text: str) -> str:
        """The text without key, secret and tokens, should a server or a proxy send them back."""
        key, secret = self._key.get_secret_value(), self._secret.get_secret_value()
        header = base64.b64encode(f"{key}:{secret}".encode()).decode()
        for hidden in (*(self._tokens.secrets() if self._tokens else ()), header, secret, key):
            if len(hidden) >= _HIDDEN:
                text = text.replace(hidden, "***")
        return text


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The usual certificate authorities; reading them takes longer than a page, so once a process."""
    return httpx.create_ssl_context()


def request_text(path: str, params: Mapping[str, str], method: str = "GET") -> str:
    """A request as messages name it: ``GET sales-invoices?type=INVOICE&page=3``."""
    query = urlencode(params, safe=",:", quote_via=quote)
    return f"{method} {path.strip('/')}" + (f"?{query}" if query else "")


def _whole(text: str | None) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def _seconds(retry_after: str | None) -> float:
    """Seconds to wait after a 429: the header's when it gives a number, never less than Robaws advises."""
    try:
        return max(REST, float(retry_after or 0))
    except ValueError:  # a date: Robaws documents none of both, and its own advice is one second
        return REST


def _server_time(date: str | None) -> datetime | None:
    if date is None:
        return None
    try:
        time_ = parsedate_to_datetime(date)
    except ValueError:
        return None
    return time_.replace(tzinfo=UTC) if time_.tzinfo is None else time_.astimezone(UTC)
