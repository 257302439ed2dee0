"""Another server of Robaws's contract: the standard library, and nothing of this project.

It serves documents that were fetched beforehand, as the bytes they were. Where the contract leaves a choice it takes
another one than the sandbox: no rate-limit headers, no Date, `size` in the envelope as asked for, other white space and
order of keys, error bodies that are no JSON, numbers of pages counted its own way. What happens around a request
(people at work, a bad line) is put in by whoever starts it: see `drifting`.
"""

import json
import socket
import struct
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

ROOT = "/api/v2/"

LINES = {"sales-invoices": "adjustedLineItems", "purchase-invoices": "lineItems"}
PLAIN = ("clients", "suppliers", "vat-tariffs", "general-ledger-accounts", "payment-conditions")


def accounting_include(path: str) -> str:
    """The include that Robaws's help centre gives for accounting; none for anything but documents."""
    if path not in LINES:
        return ""
    lines = LINES[path]
    return f"{lines},{lines}.generalLedgerAccount,{lines}.vatTariff"


@dataclass(frozen=True)
class Thing:
    """One object: as received with and without its lines, and what filters look at."""

    id: int
    type: str | None
    date: str | None
    updated: datetime | None
    whole: bytes
    bare: bytes


def thing(whole: bytes, bare: bytes) -> Thing:
    """An object from its two texts."""
    # Numbers stay text: nothing here calculates.
    known = json.loads(whole, parse_float=str, parse_int=str)
    updated = known.get("updatedAt")
    return Thing(
        int(known["id"]),
        known.get("type"),
        known.get("date"),
        datetime.fromisoformat(updated) if updated else None,
        whole,
        bare,
    )


def split_array(text: bytes) -> list[bytes]:
    """The elements of a JSON array as they stand, white space around them removed."""
    decoder, position = json.JSONDecoder(), 1
    found: list[bytes] = []
    source = text.decode()
    while True:
        while source[position] in " \n\r\t,":
            position += 1
        if source[position] == "]":
            return found
        _, end = decoder.raw_decode(source, position)
        found.append(source[position:end].encode())
        position = end


def members(text: str) -> dict[str, str]:
    """The members of a JSON object, each value as it stands."""
    decoder, position = json.JSONDecoder(), 1
    found: dict[str, str] = {}
    while True:
        while text[position] in " \n\r\t,":
            position += 1
        if text[position] == "}":
            return found
        name, position = decoder.raw_decode(text, position)
        while text[position] in " \n\r\t:":
            position += 1
        _, end = decoder.raw_decode(text, position)
        found[name], position = text[position:end], end


def merged(text: str | None, patch: Any) -> str:
    """The value after a merge patch, as RFC 7396 has it; what the patch does not name stays as it is written."""
    if not isinstance(patch, dict):
        return json.dumps(patch)
    known = members(text) if text is not None and text.startswith("{") else {}
    for name, change in patch.items():
        if change is None:
            known.pop(name, None)
        else:
            known[name] = merged(known.get(name), change)
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in known.items()) + "}"


@dataclass
class Collection:
    """The objects of one path by id."""

    things: dict[int, Thing] = field(default_factory=dict)


Robaws = dict[str, Collection]


def _get(url: str, key: str, secret: str) -> bytes:
    headers = {"Authorization": "Basic " + b64encode(f"{key}:{secret}".encode()).decode()}
    with urlopen(Request(url, headers=headers), timeout=60) as answer:  # noqa: S310 - a server of the test's own
        body: bytes = answer.read()
        return body


def _items(base_url: str, key: str, secret: str, path: str, include: str) -> list[bytes]:
    found: list[bytes] = []
    page = 0
    while True:
        query = f"?page={page}&size=100&sort=id:asc" + (f"&include={include}" if include else "")
        body = _get(f"{base_url}/{path}{query}", key, secret)
        envelope = json.loads(body)
        start = body.index(b"[")
        found += split_array(body[start:])
        page += 1
        if page >= envelope["totalPages"]:
            return found


def harvest(base_url: str, key: str, secret: str) -> Robaws:
    """Everything that a Robaws holds, over its own API."""
    robaws: Robaws = {}
    for path in (*LINES, *PLAIN):
        wholes = _items(base_url, key, secret, path, accounting_include(path))
        bares = _items(base_url, key, secret, path, "") if path in LINES else wholes
        things = [thing(whole, bare) for whole, bare in zip(wholes, bares, strict=True)]
        robaws[path] = Collection({one.id: one for one in things})
    return robaws


CENT = Decimal("0.01")
KINDS = {"sales-invoices": "sales", "purchase-invoices": "purchases"}


def money(text: str | None) -> Decimal | None:
    """An amount to the cent."""
    return None if text is None else Decimal(text).quantize(CENT, ROUND_HALF_UP)


def counted(robaws: Robaws) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """Every document of the server, its totals to the cent and signed by its type, straight from the JSON."""
    for path, kind in KINDS.items():
        for one in robaws[path].things.values():
            document = json.loads(one.whole, parse_float=str, parse_int=str)
            sign = -1 if document["type"] == "CREDIT_NOTE" else 1
            net, gross = (money(document[name]) for name in ("totalExclVat", "totalInclVat"))
            yield (
                (kind, document["id"]),
                {
                    "month": document["date"][:7],
                    "number": document["logicId"],
                    "type": document["type"],
                    "date": document["date"],
                    "net": net if net is None else sign * net,
                    "gross": gross if gross is None else sign * gross,
                },
            )


class _Refused(Exception):  # noqa: N818 - an answer
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Asked:
    """The query of one request."""

    def __init__(self, query: str) -> None:
        self._values = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}

    def __getitem__(self, name: str) -> str | None:
        return self._values.get(name)

    def whole(self, name: str, default: int) -> int:
        """A number that is not negative."""
        text = self._values.get(name, str(default))
        if not text.isdigit():
            raise _Refused(400, f"{name}={text}")
        return int(text)


def _select(path: str, things: Mapping[int, Thing], asked: Asked) -> list[Thing]:
    found = list(things.values())
    if path in LINES:
        type_ = asked["type"]
        if type_ not in (None, "INVOICE", "CREDIT_NOTE"):
            raise _Refused(400, f"type={type_}")
        found = [thing for thing in found if type_ in (None, thing.type)]
        first, last = asked["fromDate"] or "", asked["toDate"] or "9999"
        found = [thing for thing in found if first <= (thing.date or "") <= last]
    if (since := asked["updatedFrom"]) is not None:
        moment = datetime.fromisoformat(since)
        found = [thing for thing in found if thing.updated is None or thing.updated >= moment]
    order = asked["sort"] or "id:desc"
    if order not in ("id:asc", "id:desc"):
        raise _Refused(400, f"sort={order}")
    return sorted(found, key=lambda thing: thing.id, reverse=order == "id:desc")


def _body(path: str, thing: Thing, asked: Asked) -> bytes:
    include = asked["include"] or ""
    known = set(accounting_include(path).split(","))
    wanted = set(filter(None, include.split(",")))
    if unknown := wanted - known - {"extraFields"}:
        raise _Refused(400, f"include={unknown}")
    return thing.whole if wanted and wanted >= known else thing.bare


def _page(path: str, things: Mapping[int, Thing], asked: Asked, largest: int) -> bytes:
    found = _select(path, things, asked)
    size = min(asked.whole("size", 10), largest)
    page = asked.whole("page", 0)
    pages, rest = divmod(len(found), size)
    here = [_body(path, thing, asked) for thing in found[page * size :][:size]]
    totals = {"totalPages": pages + (rest > 0), "totalItems": len(found), "size": size, "currentPage": page}
    head = json.dumps(totals, indent=2)[:-2]
    return head.encode() + b',\n  "items" : [\n    ' + b",\n    ".join(here) + b"\n  ]\n}\n"


@dataclass(frozen=True)
class Sent:
    """An answer on its way. Of a body that is `cut` so many bytes are sent, and then the connection is reset."""

    status: int
    kind: str
    body: bytes
    cut: int | None = None


@dataclass
class Contract:
    """A server that runs: where it is, what it holds, and what it was asked."""

    base_url: str
    robaws: Robaws
    requests: list[str] = field(default_factory=list)
    largest_page: int = 100
    before: Callable[[str], None] = lambda _: None
    """Called with the path and query of each request before it is answered, one at a time."""
    spoil: Callable[[str, Sent], Sent] = lambda _, sent: sent
    """What becomes of an answer on its way."""
    clock: Callable[[], datetime] | None = None
    """What the Date header says; there is none without it."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    patched: list[tuple[str, int]] = field(default_factory=list)
    """(path, id) of each change that was made; a repeated one is not."""
    keys: set[str] = field(default_factory=set)
    """Idempotency-Keys of the changes that were made."""


def _handler(state: Contract, credentials: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            with state.lock:
                state.requests.append(self.path)
                state.before(self.path)
                try:
                    sent = Sent(200, "application/json;charset=UTF-8", self._answer())
                except _Refused as refused:
                    sent = Sent(refused.status, "text/plain", refused.text.encode())
                sent = state.spoil(self.path, sent)
                date = [f"Date: {format_datetime(state.clock(), usegmt=True)}"] if state.clock else []
            head = [f"HTTP/1.1 {sent.status} {HTTPStatus(sent.status).phrase}", f"Content-Type: {sent.kind}", *date]
            head += [f"Content-Length: {len(sent.body)}", "", ""]
            # In one piece: a second one would wait for the first to be acknowledged.
            self.wfile.write("\r\n".join(head).encode() + sent.body[: sent.cut])
            if sent.cut is not None:
                # Nothing lingers: what closes now is reset.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True

        def do_PATCH(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            with state.lock:
                try:
                    self._change(body)
                    status, text = 204, b""
                except _Refused as refused:
                    status, text = refused.status, refused.text.encode()
            head = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
            head += [f"Content-Length: {len(text)}"] if text else []
            self.wfile.write("\r\n".join([*head, "", ""]).encode() + text)

        def _change(self, body: bytes) -> None:
            if self.headers.get("Authorization") != credentials:
                raise _Refused(401, "who are you?")
            path, _, id_ = urlsplit(self.path).path.removeprefix(ROOT).partition("/")
            if self.headers.get("Content-Type") != "application/merge-patch+json":
                raise _Refused(415, "not that")
            key = self.headers.get("Idempotency-Key", "")
            if len(key) > 128:
                raise _Refused(400, "key")
            if key in state.keys:
                return
            things = state.robaws[path].things
            if not id_.isdigit() or int(id_) not in things:
                raise _Refused(404, "no such object")
            now = state.clock() if state.clock else datetime.now(UTC)
            stamp = {"updatedAt": now.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
            old, patch = things[int(id_)], {**json.loads(body), **stamp}
            whole, bare = (merged(text.decode(), patch).encode() for text in (old.whole, old.bare))
            things[old.id] = thing(whole, bare)
            state.patched.append((path, old.id))
            if key:
                state.keys.add(key)

        def _answer(self) -> bytes:
            if self.headers.get("Authorization") != credentials:
                raise _Refused(401, "who are you?")
            parts = urlsplit(self.path)
            path, _, id_ = parts.path.removeprefix(ROOT).partition("/")
            collection = state.robaws.get(path)
            if not parts.path.startswith(ROOT) or collection is None:
                raise _Refused(404, "no such thing")
            asked = Asked(parts.query)
            if not id_:
                return _page(path, collection.things, asked, state.largest_page)
            thing = collection.things.get(int(id_)) if id_.isdigit() else None
            if thing is None:
                raise _Refused(404, "no such object")
            return _body(path, thing, asked)

    return Handler


@contextmanager
def serving(robaws: Robaws, key: str, secret: str) -> Iterator[Contract]:
    """Serve what was harvested, from threads, while the block runs."""
    state = Contract("", robaws)
    credentials = "Basic " + b64encode(f"{key}:{secret}".encode()).decode()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state, credentials))
    server.daemon_threads = True
    state.base_url = f"http://127.0.0.1:{server.server_address[1]}{ROOT.rstrip('/')}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
