"""What differs between a document as it was delivered and as it is now: for the accountant document by document, and in
groups for whoever must decide whether so many corrections are meant."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from robaws_pipeline.deliveries.entries import Entries, Entry, Key
from robaws_pipeline.deliveries.words import Words

_HEAD = ("type", "month", "number", "date", "party", "net", "vat", "gross")
_POSTINGS = (
    *("journal", "account", "party_code", "due_date", "booking_date", "treatment", "rate"),
    *("project_id", "activity_id", "payment_reference"),
)
_FOLLOWS = {
    "journal": "type",
    "party_code": "party",
    "due_date": "date",
    "booking_date": "date",
}
"""What is not worth telling when the other has changed."""
_AMOUNTS = {"net", "vat", "gross"}
_DAYS = {"date", "due_date", "booking_date"}
_SETTINGS_DECIDE = {"journal", "account", "treatment", "rate"}
"""What one change of the settings, or a new version of the program, changes on many documents alike."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: a key of `words`, what it was and what it is now, as text."""

    what: str
    was: str = ""
    now: str = ""
    code: str = ""
    """Of a document that is held now: the codes of its reasons."""

    def text(self, words: Words) -> str:
        """In words."""
        return words(self.what, was=self._shown(self.was, words), now=self._shown(self.now, words))

    def _shown(self, value: str, words: Words) -> str:
        if not value:
            return words("none")
        if self.what in _AMOUNTS:
            return words.amount(value)
        if self.what == "month":
            return words.month(value)
        if self.what in _DAYS:
            return ", ".join(words.day(day) for day in value.split(", "))
        return words(value) if self.what == "type" and words.knows(value) else value


def of_headers(was: Entry, now: Entry) -> Iterator[Difference]:
    """What the documents themselves show."""
    found = {
        name: Difference(name, getattr(was, name) or "", getattr(now, name) or "")
        for name in _HEAD
        if getattr(was, name) != getattr(now, name)
    }
    for name, one in found.items():
        turned = name in _AMOUNTS and was.type != now.type and Decimal(one.was) == -Decimal(one.now)
        # The total stands beside it wherever this is shown.
        summed = name == "gross" and not found.keys().isdisjoint({"net", "vat"})
        if not turned and not summed:
            yield one


def of_entries(was: Entries, now: Entries) -> dict[Key, list[Difference]]:
    """What only the postings show, of each document that is in both."""
    before, after = _values(was), _values(now)
    return {key: list(_of_values(before[key], after[key])) for key in before.keys() & after.keys()}


_Values = dict[str, set[str]]


def _values(found: Entries) -> dict[Key, _Values]:
    """Column → every value that the postings of a document have in it."""
    values: dict[Key, _Values] = {}
    numbers = found.documents.select(["collection", "id", "supplier_number"]).to_pylist()
    for row in numbers:
        values[row["collection"], row["id"]] = {"supplier_number": {row["supplier_number"] or ""}}
    for row in found.postings.select(["collection", "document_id", "date", *_POSTINGS]).to_pylist():
        of = values[row["collection"], row["document_id"]]
        for name in _POSTINGS:
            if row[name] is not None and not (name == "booking_date" and row[name] == row["date"]):
                of.setdefault(name, set()).add(_plain(row[name]))
    return values


def _plain(value: object) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _of_values(was: _Values, now: _Values) -> Iterator[Difference]:
    for name in ("supplier_number", *_POSTINGS):
        before, after = was.get(name, set()), now.get(name, set())
        if before != after:
            # When one only lost or gained a value, what it has besides says more than nothing.
            gone, came = (before - after, after - before) if before - after and after - before else (before, after)
            yield Difference(name, ", ".join(_sorted(name, gone)), ", ".join(_sorted(name, came)))


def _sorted(name: str, values: Iterable[str]) -> list[str]:
    return sorted(values, key=Decimal if name == "rate" else str)


def told(head: Sequence[Difference], deep: Iterable[Difference]) -> tuple[Difference, ...]:
    """What is worth telling of both; never nothing."""
    changed = {one.what for one in head}
    found = (*head, *(one for one in deep if _FOLLOWS.get(one.what) not in changed))
    return found or (Difference("otherwise"),)


@dataclass(frozen=True, slots=True)
class Group:
    """Corrections that have one thing in common."""

    text: str
    documents: int


def groups(differences: Iterable[Sequence[Difference]], words: Words) -> list[Group]:
    """How many documents each difference is about, the most first. A document counts for each of its own."""
    counts: Counter[Difference] = Counter()
    for found in differences:
        counts.update({_alike(one) for one in found})
    # Most first; among equals in an order that does not depend on that of the documents.
    by_count = sorted(counts.items(), key=lambda item: (-item[1], item[0].what, item[0].was, item[0].now))
    return [
        Group(words(one.what, was=one.was or words("none"), now=one.now or words("none")), count)
        for one, count in by_count
    ]


def _alike(one: Difference) -> Difference:
    """The same for all documents of a group."""
    if one.what == "held":
        return Difference("held", now=one.code)
    return one if one.what in _SETTINGS_DECIDE else Difference(one.what, "…", "…")
