"""manifest.json of a delivery. ``docs/deliveries.md`` describes each key; the same facts give the same bytes."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

import msgspec

from robaws_pipeline.deliveries.entries import Entry
from robaws_pipeline.formats.manifest import encode as encode_plain

VERSION = 1

Action = Literal["new", "returned", "changed", "removed"]
Totals = dict[str, dict[str, dict[str, str | int]]]
"""Collection → type → `count`, `net`, `vat`, `gross`."""

CURRENT: frozenset[Action] = frozenset({"new", "returned", "changed"})
"""Actions after which the document is in the accounts as it is now."""


class Was(Entry, frozen=True, kw_only=True):
    """What an earlier delivery said of a document."""

    delivery: int
    """The number of the delivery that said it, and that keeps its rows."""
    entry: str
    """The id that it has in the accountant's files."""


class Document(Entry, frozen=True, kw_only=True):
    """A document of a delivery: as the books have it now; one that was `removed`, as it was delivered."""

    action: Action
    state: str
    """Of the document now: exported, or why it was removed: held, draft, deleted or outside."""
    entry: str
    """The id that it has in the accountant's files from now on."""
    why: list[str] = msgspec.field(default_factory=list)
    """What differs from what was delivered, in words."""
    was: Was | None = None
    files: list[str] = msgspec.field(default_factory=list)
    """Where it is, relative to the delivery; of one that is reversed, reversal and new entry."""
    formats_held: dict[str, list[dict[str, str]]] = msgspec.field(default_factory=dict)
    """By format that cannot write it: code, detail and text. Another format of the delivery can."""


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A document that would go and does not: held by the books, or in no file of the formats that were chosen."""

    collection: str
    id: str
    number: str | None
    type: str | None
    date: str | None
    month: str
    state: str
    party: str | None
    net: str | None
    vat: str | None
    gross: str | None
    hash: str | None
    reasons: list[dict[str, str]]


class File(msgspec.Struct, frozen=True):
    """What identifies the bytes of a file."""

    sha256: str
    bytes: int


class Previous(msgspec.Struct, frozen=True):
    """The link before: number, and SHA-256 of its manifest."""

    number: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One link of the chain: a delivery, or the withdrawal of one."""

    version: int = VERSION
    kind: Literal["delivery", "withdrawal"]
    company: str
    name: str
    number: int
    date: str
    """The day on which it was made, by the company's clock."""
    made_at: str
    previous: Previous | None
    code: str
    """Version of the code that made it."""
    withdraws: int | None = None
    reason: str | None = None
    """Of a withdrawal, in the words of whoever withdrew."""
    scope: dict[str, str] = msgspec.field(default_factory=dict)
    changes: Literal["report", "reverse"] = "report"
    currency: str = "EUR"
    formats: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    """By name: number of `documents`, and `notes` by month."""
    not_read: dict[str, list[str]] = msgspec.field(default_factory=dict)
    """Month → collections that Robaws never let us read whole."""
    documents: list[Document] = msgspec.field(default_factory=list)
    left_out: list[LeftOut] = msgspec.field(default_factory=list)
    totals: Totals = msgspec.field(default_factory=dict)
    """Of the documents that are in the accounts as they are now because of this delivery."""
    effect: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    """Collection → `net`, `vat`, `gross`: what this link adds to the accounts."""
    standing: Totals = msgspec.field(default_factory=dict)
    """Of everything that the accounts have after this link."""
    journal: dict[str, dict[str, str | int]] = msgspec.field(default_factory=dict)
    """Journal code → `postings`, `debit`, `credit` of the files."""
    files: dict[str, File] = msgspec.field(default_factory=dict)

    @property
    def folder(self) -> str:
        """The name of its folder."""
        return f"{self.number:04}-{self.date}"


_decoder = msgspec.json.Decoder(Manifest)


def decode(content: bytes) -> Manifest:
    """A manifest from its bytes; msgspec.DecodeError when it is none."""
    return _decoder.decode(content)


def encode(manifest: Manifest) -> bytes:
    """UTF-8 JSON, one document and one file a line."""
    plain: dict[str, Any] = msgspec.to_builtins(manifest)
    return encode_plain(plain)


def money(amount: Decimal) -> str:
    """An amount as manifests write it."""
    return f"{amount + 0:.2f}"


def totals(found: Iterable[Entry]) -> Totals:
    """Count and sums per collection and type; those without a document are left out."""
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in found:
        groups.setdefault((entry.collection, entry.type), []).append(entry)
    result: Totals = {}
    for collection, type_ in sorted(groups, key=lambda key: (key[0] != "sales", key[1] != "INVOICE")):
        members = groups[collection, type_]
        sums = {name: money(_sum(members, name)) for name in ("net", "vat", "gross")}
        result.setdefault(collection, {})[type_] = {"count": len(members), **sums}
    return result


def _sum(found: Iterable[Entry], name: str) -> Decimal:
    return sum((Decimal(getattr(entry, name)) for entry in found), Decimal(0))


def effect(comes: Sequence[Entry], goes: Sequence[Entry]) -> dict[str, dict[str, str]]:
    """What the accounts gain when these come and those go, per collection."""
    result: dict[str, dict[str, str]] = {}
    for collection in ("sales", "purchases"):
        added, taken = ([entry for entry in entries if entry.collection == collection] for entries in (comes, goes))
        result[collection] = {name: money(_sum(added, name) - _sum(taken, name)) for name in ("net", "vat", "gross")}
    return result


def journal_totals(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str | int]]:
    """Postings, debit and credit per journal code, from rows with `journal` and `amount` (debit positive)."""
    amounts: dict[str, list[Decimal]] = {}
    for row in rows:
        amounts.setdefault(row["journal"], []).append(row["amount"])
    return {
        code: {
            "postings": len(found),
            "debit": money(sum((amount for amount in found if amount > 0), Decimal(0))),
            "credit": money(-sum((amount for amount in found if amount < 0), Decimal(0))),
        }
        for code, found in sorted(amounts.items())
    }
