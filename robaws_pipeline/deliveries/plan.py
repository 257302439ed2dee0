"""Which documents go into the next delivery, and why: what the books have now against what the accountant has."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from robaws_pipeline.deliveries.differences import Difference, of_entries, of_headers, told
from robaws_pipeline.deliveries.entries import Entries, Entry, Key
from robaws_pipeline.deliveries.manifest import Action, Was
from robaws_pipeline.deliveries.standing import Standing

OUTSIDE = "outside"
"""State of a document that is in no month of the books any more: its date moved out of them."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which documents a delivery is about: those of a month, those dated up to a day, or (neither) all."""

    month: str | None = None
    until: date | None = None

    def has(self, entry: Entry) -> bool:
        """Whether the document, as it is in this entry, is one of them."""
        if self.month is not None and entry.month != self.month:
            return False
        return self.until is None or entry.date <= self.until.isoformat()

    def as_text(self) -> dict[str, str]:
        """For the manifest."""
        until = None if self.until is None else self.until.isoformat()
        return {name: value for name, value in (("month", self.month), ("until", until)) if value is not None}


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Change:
    """One document of the next delivery: what it is now (None when it leaves), and what was delivered."""

    action: Action
    now: Entry | None
    was: Was | None
    state: str
    differences: tuple[Difference, ...] = ()
    """Of a correction; those of the postings only after `explained`."""

    @property
    def key(self) -> Key:
        """What identifies the document."""
        entry = self.now or self.was
        if entry is None:
            raise ValueError("a change is about something")
        return entry.key


@dataclass(frozen=True, slots=True)
class NotExported:
    """State of a document that the books do not export and, of one that is held, its reasons: codes, and in words."""

    state: str
    codes: str = ""
    reasons: str = ""


States = Mapping[Key, NotExported]


def plan(current: Iterable[Entry], states: States, standing: Standing, scope: Scope = EVERYTHING) -> list[Change]:
    """What goes: `current` are all exported documents of the books, `states` knows the others.

    A document that moved between months is one change, and goes when one of the two is in the scope.
    """
    now = {entry.key: entry for entry in current}
    changes = [_change(entry, standing) for entry in now.values()]
    changes += [_removal(was, states) for key, was in standing.documents.items() if key not in now]
    return [
        change
        for change in changes
        if change is not None and any(entry is not None and scope.has(entry) for entry in (change.now, change.was))
    ]


def _change(entry: Entry, standing: Standing) -> Change | None:
    was = standing.documents.get(entry.key)
    if was is None:
        return Change("returned" if entry.key in standing.known else "new", entry, None, "exported")
    if was.booked == entry.booked:
        return None
    return Change("changed", entry, was, "exported", tuple(of_headers(was, entry)))


def _removal(was: Was, states: States) -> Change:
    now = states.get(was.key, NotExported(OUTSIDE))
    return Change("removed", None, was, now.state, (Difference(now.state, now=now.reasons, code=now.codes),))


def explained(changes: Iterable[Change], was: Entries, now: Entries) -> list[Change]:
    """With what the postings tell of each change."""
    deep = of_entries(was, now)
    return [
        replace(one, differences=told(one.differences, deep[one.key])) if one.action == "changed" else one
        for one in changes
    ]


def confirmed(changes: Iterable[Change], again: Callable[[Was], str]) -> list[Change]:
    """Without the changes that only a new way of digesting makes: `again` digests today what was delivered then."""
    return [
        change
        for change in changes
        if change.now is None or change.was is None or again(change.was) != change.now.booked
    ]
