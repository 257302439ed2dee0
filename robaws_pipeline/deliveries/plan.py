"""Which documents go into the next delivery, and why: what the books have now against what the accountant has."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from robaws_pipeline.deliveries.entries import Entry, Key
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
    why: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """What identifies the document."""
        entry = self.now or self.was
        if entry is None:
            raise ValueError("a change is about something")
        return entry.key


States = Mapping[Key, tuple[str, tuple[str, ...]]]
"""Document → its state in the books and, of one that is held, the reasons in words."""


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
    return Change("changed", entry, was, "exported", tuple(differences(was, entry)))


def _removal(was: Was, states: States) -> Change:
    state, reasons = states.get(was.key, (OUTSIDE, ()))
    why = {
        "held": ("held since: " + " ".join(reasons),),
        "draft": ("a draft again: it has no number",),
        "deleted": ("deleted in Robaws",),
        OUTSIDE: ("dated where the books have no month",),
    }
    return Change("removed", None, was, state, why.get(state, (state,)))


_TYPES = {"INVOICE": "invoice", "CREDIT_NOTE": "credit note"}


def differences(was: Entry, now: Entry) -> Iterator[str]:
    """What an accountant sees to be different, in words."""
    if was.type != now.type:
        yield f"was {_TYPES.get(was.type, was.type)}, is {_TYPES.get(now.type, now.type)}"
    if was.month != now.month:
        yield f"moved from {was.month} to {now.month}"
    found = [
        name for name in ("number", "date", "party", "net", "vat", "gross") if getattr(was, name) != getattr(now, name)
    ]
    yield from (f"{name} {getattr(was, name)} → {getattr(now, name)}" for name in found)
    if not found and was.type == now.type:
        yield "booked otherwise: account, VAT, due date, period, cost centre or reference"


def confirmed(changes: Iterable[Change], again: Callable[[Was], str]) -> list[Change]:
    """Without the changes that only a new way of digesting makes: `again` digests today what was delivered then."""
    return [
        change
        for change in changes
        if change.now is None or change.was is None or again(change.was) != change.now.booked
    ]
