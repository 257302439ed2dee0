"""A Robaws in which people work while it is read, over a line that spoils answers.

Its clock is its own and moves with the work: a minute or an hour of Robaws passes in no time, so that what a nightly
run asks for is a part of the documents and not all that the test has touched.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec
from contract_server import KINDS, Collection, Robaws, Sent, Thing, split_array, thing

MONTHS = ("2025-01", "2025-02", "2025-03")
BEGIN = datetime(2025, 9, 1, 8, tzinfo=UTC)
"""When the work begins, by Robaws's clock: all documents are older."""

_KINDS = ("INVOICE", "CREDIT_NOTE")


def _with(text: bytes, changes: Mapping[str, Any]) -> bytes:
    """A JSON object with some keys changed; everything else stays as it is written."""
    members = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    return msgspec.json.encode(
        {**members, **{key: msgspec.Raw(msgspec.json.encode(value)) for key, value in changes.items()}}
    )


def copy_of(robaws: Robaws) -> Robaws:
    """The same objects in collections of their own."""
    return {path: Collection(dict(collection.things)) for path, collection in robaws.items()}


@dataclass
class Office:
    """Who works in this Robaws, and what they did: `act` is called between two requests."""

    robaws: Robaws
    now: datetime = BEGIN
    bin: dict[tuple[str, int], Thing] = field(default_factory=dict)
    """Deleted documents as they last were."""
    done: list[tuple[str, int]] = field(default_factory=list)
    """(path, id) of the document of each action so far."""
    silent: set[tuple[str, int]] = field(default_factory=set)
    """Documents that came back with their old updatedAt: no question for changes can find them."""
    _last: dict[str, int] = field(default_factory=dict)

    def act(self, action: str, choice: int, minutes: int = 7) -> None:
        """Do something to the document that `choice` picks; nothing when there is none."""
        self.now += timedelta(minutes=minutes)
        path = tuple(KINDS)[choice % len(KINDS)]
        things = self.robaws[path].things
        if action in ("come back", "come back silently"):
            gone = sorted(key for key in self.bin if key[0] == path)
            if gone:
                self._come_back(*gone[choice // 2 % len(gone)], silently=action == "come back silently")
        elif things:
            id_ = sorted(things)[choice // 2 % len(things)]
            ACTIONS[action](self, path, things[id_], choice)

    def _put(self, path: str, old: Thing, changes: Mapping[str, Any]) -> None:
        stamp = self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        changes = {**changes, "updatedAt": stamp}
        new = thing(_with(old.whole, changes), _with(old.bare, changes))
        self.robaws[path].things[new.id] = new
        self.silent.discard((path, new.id))
        self.done.append((path, new.id))

    def tick(self) -> datetime:
        """The time, a second later whenever somebody asks."""
        self.now += timedelta(seconds=1)
        return self.now

    def save(self, path: str, id_: int, changes: Mapping[str, Any]) -> None:
        """Somebody saves a document, a minute after the last one."""
        self.now += timedelta(minutes=1)
        self._put(path, self.robaws[path].things[id_], changes)

    def create(self, path: str, like: Thing, day: str) -> int:
        """A copy of a document, of this day; its id."""
        self.now += timedelta(minutes=1)
        self._make(path, like, day)
        return self._last[path]

    def delete(self, path: str, id_: int) -> None:
        """Somebody deletes a document."""
        self.now += timedelta(minutes=1)
        self._delete(path, self.robaws[path].things[id_], 0)

    def restore(self, path: str, id_: int) -> None:
        """Somebody takes it back from the bin."""
        self.now += timedelta(minutes=1)
        self._come_back(path, id_, silently=False)

    def _create(self, path: str, like: Thing, choice: int) -> None:
        self._make(path, like, _day(choice // 3))

    def _make(self, path: str, like: Thing, day: str) -> None:
        known = [*self.robaws[path].things, *(id_ for kind, id_ in self.bin if kind == path)]
        id_ = self._last[path] = max(self._last.get(path, 0), *known) + 1
        # Its key is a string or a number, as in the object that it is made like.
        key: Any = str(id_) if isinstance(json.loads(like.whole)["id"], str) else id_
        self._put(path, like, {"id": key, "logicId": f"N{id_}", "date": day})

    def _edit(self, path: str, old: Thing, choice: int) -> None:
        """Another document's lines and amounts: every total changes, and each still meets its lines."""
        things = self.robaws[path].things
        other = things[sorted(things)[choice // 5 % len(things)]]
        own = json.loads(old.whole)
        kept = {key: own[key] for key in ("id", "logicId", "type", "date")}
        self._put(path, replace(old, whole=other.whole, bare=other.bare), kept)

    def _move(self, path: str, old: Thing, choice: int) -> None:
        self._put(path, old, {"date": _day(choice // 3)})

    def _retype(self, path: str, old: Thing, choice: int) -> None:
        self._put(path, old, {"type": _KINDS[old.type == _KINDS[0]]})

    def _delete(self, path: str, old: Thing, choice: int) -> None:
        self.bin[path, old.id] = self.robaws[path].things.pop(old.id)
        self.done.append((path, old.id))

    def _come_back(self, path: str, id_: int, *, silently: bool) -> None:
        old = self.bin.pop((path, id_))
        if not silently:
            self._put(path, old, {})
            return
        self.robaws[path].things[id_] = old
        self.silent.add((path, id_))
        self.done.append((path, id_))


def _day(choice: int) -> str:
    return f"{MONTHS[choice % len(MONTHS)]}-{choice % 28 + 1:02}"


ACTIONS: dict[str, Callable[[Office, str, Thing, int], None]] = {
    "create": Office._create,
    "edit": Office._edit,
    "move": Office._move,
    "retype": Office._retype,
    "delete": Office._delete,
}
NAMES = (*ACTIONS, "come back", "come back silently")


def _items(sent: Sent, change: Callable[[list[bytes]], list[bytes]]) -> Sent:
    start = sent.body.find(b'"items" :')
    if start < 0:
        return sent
    first = sent.body.index(b"[", start)
    items = change(split_array(sent.body[first:]))
    return replace(sent, body=sent.body[:first] + b"[" + b",".join(items) + b"]}")


FAULTS: dict[str, Callable[[Sent], Sent]] = {
    "500": lambda _: Sent(500, "text/plain", b"oops"),
    "429": lambda _: Sent(429, "text/plain", b""),
    "reset": lambda sent: replace(sent, cut=len(sent.body) // 2),
    "truncated": lambda sent: replace(sent, body=sent.body[: len(sent.body) // 2]),
    "html": lambda _: Sent(200, "text/html", b"<!DOCTYPE html><title>Aanmelden</title>"),
    "empty page": lambda sent: _items(sent, lambda _: []),
    "item twice": lambda sent: _items(sent, lambda items: [*items[:-1], items[0]] if items else []),
}


@dataclass
class Line:
    """Between us and Robaws: each fault strikes this share of the answers."""

    random: Random
    share: float = 0.05
    struck: dict[str, int] = field(default_factory=dict)

    def spoil(self, request: str, sent: Sent) -> Sent:
        """The answer as it arrives."""
        place = self.random.random() / self.share if self.share else len(FAULTS)
        if place >= len(FAULTS) or sent.status != 200:
            return sent
        name = list(FAULTS)[int(place)]
        self.struck[name] = self.struck.get(name, 0) + 1
        return FAULTS[name](sent)
