"""Things that go wrong, on demand: the next answers to a path, and calls before a request is served."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from threading import Lock
from typing import TypedDict, Unpack

import msgspec


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent. A body that is `cut` ends there though `content-length` promised more."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: int | None = None
    """Bytes of the body after which the connection is reset."""
    pause: float = 0.0
    """Seconds between the first half of the body and the second."""
    lost: bool = False
    """Nothing of it is sent: the connection is reset."""
    write: Callable[[], object] | None = None
    """What the request changes here, done before the answer is sent. A fault may take it away."""


Change = Callable[[Answer], Answer]

LOG_IN = b"<!DOCTYPE html><html><head><title>Aanmelden</title></head><body><h1>Aanmelden</h1></body></html>"

LONG_NUMBER = b"123456789012345678.1234567891"
"""What a binary double makes of it is 123456789012345680."""


class When(TypedDict, total=False):
    """Which of the requests to a path meet a fault."""

    page: int | None
    """Those for this page of a list."""
    query: str
    """Those with this text in their query as sent, for example "type=CREDIT_NOTE" or "sort="."""
    method: str | None
    """Those of this method: "GET" or "PATCH"."""
    times: int
    """How many of them; one unless said otherwise."""
    skip: int
    """How many of them pass unharmed before."""


@dataclass(slots=True)
class _Planned:
    path: str
    page: int | None = None
    query: str = ""
    method: str | None = None
    times: int = 1
    skip: int = 0
    change: Change | None = None
    call: Callable[[], object] | None = None

    def meets(self, path: str, page: int | None, query: str, method: str) -> bool:
        """Whether this request is one of those planned for; counts it."""
        if self.times <= 0 or not fnmatchcase(path, self.path) or self.query not in query:
            return False
        if self.method not in {None, method} or (self.page is not None and self.page != page):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass(slots=True)
class Faults:
    """What the next requests meet. Each method plans one thing and may be called while the server runs.

    `path` is relative to the API's root and may hold `*`: "sales-invoices" is the list, "sales-invoices/20417" one
    object, "documents/*" metadata and bytes of PDFs, "*" everything. The keywords of `When` narrow it further.
    Credentials and the rate limit come first: a request refused by them meets no fault.
    """

    _planned: list[_Planned] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def clear(self) -> None:
        """Forget what is still planned."""
        with self._lock:
            self._planned.clear()

    @property
    def pending(self) -> int:
        """How many requests will still meet something."""
        with self._lock:
            return sum(planned.times for planned in self._planned)

    def change(self, change: Change, path: str = "*", **when: Unpack[When]) -> None:
        """Pass the answer through a function of your own."""
        with self._lock:
            self._planned.append(_Planned(path, change=change, **when))

    def before(
        self,
        number: int,
        call: Callable[[], object],
        path: str = "*",
        *,
        page: int | None = None,
        query: str = "",
        method: str | None = None,
    ) -> None:
        """Call something before the `number`-th matching request from now (1: the next) is served.

        It runs in the server's thread and the answer shows what it changed.
        """
        with self._lock:
            self._planned.append(_Planned(path, page, query, method, skip=number - 1, call=call))

    def status(
        self,
        status: int,
        path: str = "*",
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        content_type: str = "application/json",
        written: bool = False,
        **when: Unpack[When],
    ) -> None:
        """A status instead of the answer: 500, 502, 503, 429, 401 with a header of your choice, …

        Nothing is written then, unless `written`: as when a proxy gives up on a Robaws that is slow and does its work.
        """
        extra = {"content-type": content_type, **(headers or {})}

        def other(answer: Answer) -> Answer:
            write = answer.write if written else None
            return replace(answer, status=status, headers={**answer.headers, **extra}, body=body, write=write)

        self.change(other, path, **when)

    def body(
        self,
        change: Callable[[bytes], bytes],
        path: str = "*",
        *,
        content_type: str | None = None,
        **when: Unpack[When],
    ) -> None:
        """Another body with the same status; its length is announced as it then is."""
        extra = {} if content_type is None else {"content-type": content_type}
        self.change(
            lambda answer: replace(answer, headers={**answer.headers, **extra}, body=change(answer.body)), path, **when
        )

    def html(self, path: str = "*", **when: Unpack[When]) -> None:
        """A log-in page with status 200, as a proxy in between would send."""
        self.body(lambda _: LOG_IN, path, content_type="text/html; charset=utf-8", **when)

    def truncated(self, path: str = "*", **when: Unpack[When]) -> None:
        """A body that ends halfway though its length is right: JSON that does not parse."""
        self.body(lambda body: body[: len(body) // 2], path, **when)

    def reset(self, path: str = "*", **when: Unpack[When]) -> None:
        """The connection is reset halfway through the body; before the answer when it has none."""
        self.change(
            lambda answer: replace(answer, cut=len(answer.body) // 2, lost=not answer.body or answer.lost), path, **when
        )

    def lost(self, path: str = "*", **when: Unpack[When]) -> None:
        """The connection is reset before anything of the answer is sent. What the request writes is written."""
        self.change(lambda answer: replace(answer, lost=True), path, **when)

    def slow(self, seconds: float, path: str = "*", **when: Unpack[When]) -> None:
        """Half the body, a pause, the other half; a pause before an answer that has none."""
        self.change(lambda answer: replace(answer, pause=seconds), path, **when)

    def content_type(self, value: str, path: str = "*", **when: Unpack[When]) -> None:
        """The right body under another content type."""
        self.body(lambda body: body, path, content_type=value, **when)

    def invalid_utf8(self, path: str = "*", **when: Unpack[When]) -> None:
        """A byte that is no UTF-8 at the start of the first name or description."""
        self.body(_invalid_utf8, path, **when)

    def empty_items(self, path: str = "*", **when: Unpack[When]) -> None:
        """No items on a page, while the totals say that there are."""
        self.body(lambda body: _with_items(body, lambda _: []), path, **when)

    def item_twice(self, path: str = "*", **when: Unpack[When]) -> None:
        """The first item of the page again in the place of the last: one twice, one missing, totals unchanged."""
        self.body(lambda body: _with_items(body, lambda items: [*items[:-1], items[0]]), path, **when)

    def other_total(self, by: int, path: str = "*", **when: Unpack[When]) -> None:
        """A total that differs by so many from what it was; the items are the same."""

        def other(body: bytes) -> bytes:
            page = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
            page["totalItems"] = msgspec.Raw(str(int(bytes(page["totalItems"])) + by).encode())
            return msgspec.json.encode(page)

        self.body(other, path, **when)

    def extra_keys(self, path: str = "*", **when: Unpack[When]) -> None:
        """A key that nobody knows in the envelope, in each item and in each object within it."""
        self.body(_with_extra_keys, path, **when)

    def long_number(
        self,
        path: str = "*",
        *,
        key: str = "totalExclVat",
        number: bytes = LONG_NUMBER,
        item: int = 0,
        **when: Unpack[When],
    ) -> None:
        """A number with more digits than a binary double keeps."""
        self.set_item(key, number, path, item=item, **when)

    def half_emoji(self, path: str = "*", *, key: str = "status", item: int = 0, **when: Unpack[When]) -> None:
        """A text that was cut in the middle of an emoji: an escaped surrogate on its own, which is no strict JSON."""
        self.set_item(key, b'"cut here \\ud83d"', path, item=item, **when)

    def set_item(self, key: str, value: bytes | None, path: str = "*", *, item: int = 0, **when: Unpack[When]) -> None:
        """One key of one item of the page (or of the one object) with another value, given as JSON; None removes it."""
        self.body(lambda body: _with_value(body, item, key, value), path, **when)

    def null_total(self, path: str = "*", *, key: str = "totalExclVat", item: int = 0, **when: Unpack[When]) -> None:
        """`null` where an item has its total."""
        self.set_item(key, b"null", path, item=item, **when)

    def no_envelope(self, path: str = "*", **when: Unpack[When]) -> None:
        """The page of another API generation: valid JSON, `content` instead of `items`."""

        def other(body: bytes) -> bytes:
            items = msgspec.json.decode(body, type=dict[str, msgspec.Raw]).get("items", msgspec.Raw(b"[]"))
            return b'{"content":' + bytes(items) + b',"last":true,"number":0}'

        self.body(other, path, **when)

    def serve(self, path: str, page: int | None, query: str = "", method: str = "GET") -> list[Change]:
        """For the server: makes the calls planned before this request and gives the changes planned for its answer."""
        with self._lock:
            met = [planned for planned in self._planned if planned.meets(path, page, query, method)]
            self._planned = [planned for planned in self._planned if planned.times > 0]
        for planned in met:
            if planned.call is not None:
                planned.call()
        return [planned.change for planned in met if planned.change is not None]


def _invalid_utf8(body: bytes) -> bytes:
    for key in (b'"description":"', b'"name":"', b'":"'):
        before, found, after = body.partition(key)
        if found:
            return before + found + b"\xff\xfe" + after
    return b"\xff\xfe" + body


def _with_extra_keys(json: bytes) -> bytes:
    if json.startswith(b"["):
        parts = msgspec.json.decode(json, type=list[msgspec.Raw])
        return msgspec.json.encode([msgspec.Raw(_with_extra_keys(bytes(part))) for part in parts])
    if not json.startswith(b"{"):
        return json
    members = {
        key: msgspec.Raw(_with_extra_keys(bytes(value)))
        for key, value in msgspec.json.decode(json, type=dict[str, msgspec.Raw]).items()
    }
    extra = msgspec.Raw(b'{"id":"1","type":null,"values":[1e400,{}]}')
    return msgspec.json.encode({"sandboxExtra": extra, **members})


def _with_items(body: bytes, change: Callable[[list[msgspec.Raw]], list[msgspec.Raw]]) -> bytes:
    page = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    items = msgspec.json.decode(page["items"], type=list[msgspec.Raw])
    page["items"] = msgspec.Raw(msgspec.json.encode(change(items)))
    return msgspec.json.encode(page)


def _with_value(body: bytes, item: int, key: str, value: bytes | None) -> bytes:
    def changed(raw: msgspec.Raw | bytes) -> msgspec.Raw:
        record = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        if value is None:
            record.pop(key, None)
        else:
            record[key] = msgspec.Raw(value)
        return msgspec.Raw(msgspec.json.encode(record))

    if b'"items"' not in body:
        return bytes(changed(body))
    return _with_items(
        body, lambda items: [changed(raw) if number == item else raw for number, raw in enumerate(items)]
    )
