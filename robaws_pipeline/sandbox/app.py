"""The HTTP side: who may ask, what was asked, what is sent."""

import asyncio
import base64
import binascii
import time
import uuid
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from robaws_pipeline.sandbox.faults import Answer, Change, Faults
from robaws_pipeline.sandbox.latency import Latency
from robaws_pipeline.sandbox.limits import Account, Allowance
from robaws_pipeline.sandbox.names import DOCUMENTS, PATHS, Record
from robaws_pipeline.sandbox.oauth import Grants, Refused
from robaws_pipeline.sandbox.pdf import pdf
from robaws_pipeline.sandbox.query import BadRequest, Selections, read, read_include
from robaws_pipeline.sandbox.render import Renderer, envelope
from robaws_pipeline.sandbox.switches import Switches
from robaws_pipeline.sandbox.world import World
from robaws_pipeline.sandbox.writes import LONGEST_KEY, MERGE_PATCH, Keys, moved_on, patched, read_patch

ROOT = "/api/v2"
DEFAULT_SWITCHES = Switches()
DEFAULT_ACCOUNTS = (Account(),)

Body = bytes

Reset = Callable[[tuple[str, int]], None]
"""Resets the connection of a client address."""


@dataclass(slots=True)
class Stats:
    """What was asked and sent since the start."""

    requests: Counter[str] = field(default_factory=Counter)
    """Requests by path, relative to the API's root, refused ones too."""
    statuses: Counter[int] = field(default_factory=Counter)
    """Answers by status."""
    targets: deque[str] = field(default_factory=lambda: deque(maxlen=10_000))
    """Path and query of the latest ten thousand requests as received, in order."""
    bytes: int = 0
    """Bytes of the bodies sent."""
    writes: Counter[str] = field(default_factory=Counter)
    """How often each object was written, by path relative to the API's root; an answer given again writes nothing."""

    @property
    def total(self) -> int:
        """All requests."""
        return self.requests.total()

    @property
    def rate_limited(self) -> int:
        """Answers with status 429."""
        return self.statuses[429]

    def clear(self) -> None:
        """Count from zero."""
        self.requests.clear()
        self.statuses.clear()
        self.targets.clear()
        self.bytes = 0
        self.writes.clear()

    def as_json(self) -> Body:
        """For `server.process`, whose stats are in another process."""
        return msgspec.json.encode(
            {
                "requests": self.requests,
                "statuses": {str(status): count for status, count in self.statuses.items()},
                "targets": list(self.targets),
                "bytes": self.bytes,
                "writes": self.writes,
            }
        )

    @classmethod
    def from_json(cls, text: Body) -> "Stats":
        """The reverse of `as_json`."""
        plain = msgspec.json.decode(text, type=dict[str, Any])
        return cls(
            Counter(plain["requests"]),
            Counter({int(status): count for status, count in plain["statuses"].items()}),
            deque(plain["targets"], maxlen=10_000),
            plain["bytes"],
            Counter(plain["writes"]),
        )


class _Failure(Exception):  # noqa: N818 - an answer, not an error of ours
    def __init__(self, status: int, message: str | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(message or HTTPStatus(status).phrase)
        self.status = status
        self.message = message
        self.headers = headers or {}


def _error(failure: _Failure, path: str) -> Answer:
    """Spring's error object with Robaws's two keys."""
    body: dict[str, object] = {
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "status": failure.status,
        "error": HTTPStatus(failure.status).phrase,
    }
    if failure.message is not None:
        body["message"] = failure.message
    body |= {"path": path, "correlationId": str(uuid.uuid4()), "serverVersion": "0123456789-master"}
    return _json(msgspec.json.encode(body), failure.status, failure.headers)


def _json(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, {"content-type": "application/json", **(headers or {})}, body)


class _Sent(Response):
    """Sends an answer, with what a fault made of it: a pause halfway, a connection that is reset."""

    def __init__(self, answer: Answer, reset: Reset | None) -> None:
        super().__init__(answer.body, answer.status, dict(answer.headers))
        self._answer = answer
        self._reset = reset
        self.then: Callable[[], object] = lambda: None
        """Called when it was sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._send(scope, receive, send)
        finally:
            self.then()

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._answer
        if answer.lost and self._reset is not None:
            self._reset(scope["client"])
            return
        if answer.cut is None and not answer.pause:
            await super().__call__(scope, receive, send)
            return
        if not answer.body:
            await asyncio.sleep(answer.pause)
        half = len(answer.body) // 2 if answer.cut is None else answer.cut
        await send({"type": "http.response.start", "status": answer.status, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": answer.body[:half], "more_body": True})
        if answer.cut is not None:
            if self._reset is not None:
                self._reset(scope["client"])
            return
        if answer.body:
            await asyncio.sleep(answer.pause)
        await send({"type": "http.response.body", "body": answer.body[half:]})


class Api:
    """Answers requests for one world."""

    def __init__(
        self,
        world: World,
        *,
        switches: Switches,
        accounts: Sequence[Account],
        faults: Faults,
        stats: Stats,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
    ) -> None:
        self.world = world
        self.switches = switches
        self.faults = faults
        self.stats = stats
        self.renderer = Renderer(world, switches)
        self._selections = Selections(world, switches)
        self._accounts = {account.key: account for account in accounts}
        self.grants = Grants(accounts, wall_clock, switches.access_token_seconds)
        self._allowances = {account.key: Allowance(switches, clock, wall_clock) for account in accounts}
        self._keys = {account.key: Keys() for account in accounts}
        self._wall_clock = wall_clock
        self._latency = Latency(switches)
        self.reset: Reset | None = None
        """Set by a server that can; without it, a body that a fault cuts just ends."""

    def endpoint(self, answer: Callable[[Request, Account], Answer]) -> Callable[[Request], Awaitable[_Sent]]:
        """An endpoint that counts, checks credentials and the rate limit, answers, and lets faults have their way."""

        async def endpoint(request: Request) -> _Sent:
            there, back = self._latency.draw()
            # Not even a sleep of nothing without latency: it would let others in between.
            if there:
                await asyncio.sleep(there)
            sent = self._serve(request, answer)
            self.stats.statuses[sent.status] += 1
            self.stats.bytes += len(sent.body)
            if back:
                await asyncio.sleep(back)
            return _Sent(sent, self.reset)

        return endpoint

    def _serve(self, request: Request, answer: Callable[[Request, Account], Answer]) -> Answer:
        path = request.url.path
        relative = path.removeprefix(f"{ROOT}/").removeprefix("/")
        self.stats.requests[relative] += 1
        self.stats.targets.append(f"{path}?{request.url.query}" if request.url.query else path)
        changes: list[Change] = []
        headers: dict[str, str] = {}
        try:
            account = self._account(request)
            allowance = self._allowances[account.key]
            if not allowance.take():
                return self._too_many(path, allowance)
            headers = allowance.headers()
            page = request.query_params.get("page", "0")
            changes = self.faults.serve(
                relative, int(page) if page.isdigit() else None, request.url.query, request.method
            )
            with self.world.lock:
                return self._written(answer(request, account), headers, changes)
        except _Failure as failure:
            return self._written(_error(failure, path), headers, changes)

    @staticmethod
    def _written(made: Answer, headers: Mapping[str, str], changes: Sequence[Change]) -> Answer:
        """The answer as it is sent, after what it writes was written."""
        made = replace(made, headers={**made.headers, **headers})
        for change in changes:
            made = change(made)
        if made.write is not None:
            made.write()
        return made

    def _account(self, request: Request) -> Account:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        account = self.grants.account(given) if scheme.lower() == "bearer" else self._basic(scheme, given)
        if account is None:
            raise _Failure(401)
        if account.blocked:
            raise _Failure(401, headers={"X-Robaws-Unauthorized-Reason": "temp-blocked"})
        return account

    def _basic(self, scheme: str, encoded: str) -> Account | None:
        try:
            key, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        account = self._accounts.get(key)
        return account if scheme.lower() == "basic" and account is not None and account.secret == secret else None

    async def authorize(self, request: Request) -> Response:
        """Where a browser is sent to agree: it goes back at once with a code, for nobody logs in here."""
        asked = request.query_params
        self.stats.requests["oauth2/authorize"] += 1
        redirect_uri = asked.get("redirect_uri", "")
        code = self.grants.code(asked.get("client_id", ""), redirect_uri)
        if code is None or asked.get("response_type", "code") != "code":
            return Response("unknown client_id, no redirect_uri or another response_type", 400)
        state = {"state": asked["state"]} if "state" in asked else {}
        joint = "&" if "?" in redirect_uri else "?"
        return Response(
            status_code=302, headers={"location": redirect_uri + joint + urlencode({"code": code, **state})}
        )

    async def tokens(self, request: Request) -> Response:
        """A pair of tokens for a code or for the refresh token of the pair before."""
        self.stats.requests["oauth2/tokens"] += 1
        form = dict(parse_qsl((await request.body()).decode(errors="replace")))
        changes = self.faults.serve("oauth2/tokens", None)
        try:
            made = (
                Answer(503, {}, b"") if self.grants.is_down() else _json(msgspec.json.encode(self.grants.tokens(form)))
            )
        except Refused as refused:
            made = _json(msgspec.json.encode({"error": str(refused)}), 400)
        for change in changes:
            made = change(made)
        self.stats.statuses[made.status] += 1
        return _Sent(made, self.reset)

    def _too_many(self, path: str, allowance: Allowance) -> Answer:
        headers = allowance.headers()
        if self.switches.retry_after:
            headers["retry-after"] = "1"
        if self.switches.body_429 == "json":
            return _error(_Failure(429, headers=headers), path)
        return Answer(429, headers, b"")

    def _collection(self, request: Request, account: Account) -> str:
        path: str = request.path_params["collection"]
        if path not in PATHS:
            raise _Failure(404)
        if path in account.forbidden:
            raise _Failure(403)
        return path

    def list(self, request: Request, account: Account) -> Answer:
        """A page of a collection."""
        path = self._collection(request, account)
        try:
            query = read(self.world, path, self.renderer.relations[path], request.query_params, self.switches)
        except BadRequest as error:
            raise _Failure(400, str(error)) from None
        found = self._selections.select(path, query)
        start = query.page * query.size
        items = self.renderer.encode(path, found[start : start + query.size], query.include)
        return _json(envelope(items, query.page, query.size, len(found), self.switches))

    def one(self, request: Request, account: Account) -> Answer:
        """One object."""
        path = self._collection(request, account)
        record = self.world.find(path, request.path_params["id"])
        if record is None:
            raise _Failure(404)
        try:
            include = read_include(request.query_params, self.renderer.relations[path], self.switches)
        except BadRequest as error:
            raise _Failure(400, str(error)) from None
        return _json(self.renderer.encode(path, [record], include)[0])

    async def patch(self, request: Request) -> Response:
        """An object changed by a merge patch. Its idempotency key is in use until the answer was sent."""
        body = await request.body()
        key = request.headers.get("idempotency-key") or request.headers.get("x-robaws-idempotency-key")
        held: list[Keys] = []

        def release() -> None:
            for keys in held:
                keys.in_use.discard(key or "")

        def answer(request: Request, account: Account) -> Answer:
            path = self._collection(request, account)
            if path not in DOCUMENTS:
                return self.refuse_method(request, account)
            if key is None:
                return self._patch(path, request, account, body)
            keys = self._keys[account.key]
            if len(key) > LONGEST_KEY:
                raise _Failure(400, f"Idempotency-Key has {len(key)} characters: at most {LONGEST_KEY}")
            if key in keys.in_use:
                raise _Failure(409, f"Idempotency-Key {key} is in use")
            asked = request.url.path, body
            known = keys.find(key, asked)
            if known is not None:
                first, same = known
                if not same and self.switches.other_body == "reject":
                    raise _Failure(422, f"Idempotency-Key {key} was used for another request")
                return first
            keys.in_use.add(key)
            held.append(keys)
            made = self._patch(path, request, account, body)

            def write() -> None:
                if made.write is not None:
                    made.write()
                keys.keep(key, asked, replace(made, write=None))

            return replace(made, write=write)

        try:
            sent = await self.endpoint(answer)(request)
        except BaseException:
            release()
            raise
        sent.then = release
        return sent

    def _patch(self, path: str, request: Request, account: Account, body: Body) -> Answer:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != MERGE_PATCH:
            raise _Failure(415, f"Content-Type '{kind}' is not supported")
        if path in account.read_only:
            raise _Failure(403)
        id = request.path_params["id"]
        record = self.world.find(path, id)
        if record is None:
            raise _Failure(404)
        try:
            include = read_include(request.query_params, self.renderer.relations[path], self.switches)
            changes = patched(self.world, path, record, read_patch(body))
        except BadRequest as error:
            raise _Failure(400, str(error)) from None
        key = self.world.names.of(path, "updated_at")
        updated_at = moved_on(record.get(key), self._wall_clock())

        def write() -> None:
            self.world.update(path, id, changes, updated_at)
            self.stats.writes[f"{path}/{id}"] += 1

        if self.switches.patch_status == "204":
            return Answer(204, {}, b"", write=write)
        then = {**record, **changes, key: updated_at}
        return replace(_json(self.renderer.encode(path, [then], include)[0]), write=write)

    def _pdf(self, request: Request, account: Account) -> tuple[str, str, bytes, Record]:
        id: str = request.path_params["id"]
        owner = self.world.owner_of_pdf(id)
        if owner is None:
            raise _Failure(404)
        path, record = owner
        if path in account.forbidden:
            raise _Failure(403)
        names = self.world.names["sales_invoice" if path == DOCUMENTS[0] else "purchase_invoice"]
        number = record.get(names["number"]) or f"concept-{record['id']}"
        shown = ["date", "net", "vat", "gross", "currency", "payment_reference"]
        lines = [f"{names[name]}: {record.get(names[name])}" for name in shown]
        lines += [str(line.get("description")) for line in record.get(names["lines"]) or ()]
        return id, f"{number}.pdf", pdf(str(number), lines), record

    def document(self, request: Request, account: Account) -> Answer:
        """What is known about a stored PDF."""
        id, name, content, record = self._pdf(request, account)
        metadata = {
            "id": int(id) if self.switches.id_style == "numbers" and id.isdigit() else id,
            "name": name,
            "contentType": "application/pdf",
            "fileSize": len(content),
            "url": f"/documents/{id}?inline=true",
            "createdAt": record.get("createdAt"),
            "updatedAt": record.get("updatedAt"),
        }
        if self.switches.null_style == "omitted":
            metadata = {key: value for key, value in metadata.items() if value is not None}
        return _json(msgspec.json.encode(metadata))

    def document_bytes(self, request: Request, account: Account) -> Answer:
        """The PDF itself."""
        _, name, content, _ = self._pdf(request, account)
        how = "inline" if request.query_params.get("inline") == "true" else "attachment"
        headers = {"content-type": "application/pdf", "content-disposition": f'{how}; filename="{name}"'}
        return Answer(200, headers, content)

    def nothing(self, request: Request, account: Account) -> Answer:
        """A path that does not exist."""
        raise _Failure(404)

    def refuse_method(self, request: Request, account: Account) -> Answer:
        """What can only be read."""
        raise _Failure(405, headers={"allow": "GET"})


def create_app(
    world: World,
    *,
    switches: Switches = DEFAULT_SWITCHES,
    accounts: Sequence[Account] = DEFAULT_ACCOUNTS,
    faults: Faults | None = None,
    stats: Stats | None = None,
    clock: Callable[[], float] = time.monotonic,
    wall_clock: Callable[[], float] = time.time,
) -> Starlette:
    """The API of one tenant; `app.state.api` is the `Api` behind it.

    `clock` moves the token buckets and `wall_clock` the days, in seconds.
    """
    api = Api(
        world,
        switches=switches,
        accounts=accounts,
        faults=faults or Faults(),
        stats=stats or Stats(),
        clock=clock,
        wall_clock=wall_clock,
    )

    async def shown_stats(request: Request) -> Response:
        return Response(api.stats.as_json(), media_type="application/json")

    others = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    get = [
        (f"{ROOT}/documents/{{id}}", api.document),
        (f"{ROOT}/documents/{{id}}/download", api.document_bytes),
        ("/documents/{id}", api.document_bytes),
        (f"{ROOT}/{{collection}}", api.list),
        (f"{ROOT}/{{collection}}/{{id}}", api.one),
    ]
    app = Starlette(
        routes=[
            Route("/sandbox/stats", shown_stats),
            Route("/oauth2/authorize", api.authorize, methods=["GET"]),
            Route("/oauth2/tokens", api.tokens, methods=["POST"]),
            *(Route(path, api.endpoint(answer), methods=["GET"]) for path, answer in get),
            Route(f"{ROOT}/{{collection}}/{{id}}", api.patch, methods=["PATCH"]),
            Route("/{rest:path}", api.endpoint(api.nothing), methods=["GET"]),
            Route("/{rest:path}", api.endpoint(api.refuse_method), methods=others),
        ]
    )
    app.state.api = api
    return app
