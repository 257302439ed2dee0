"""What one page of a collection shows of the fields that we map: for ``robaws-pipeline doctor``.

Most of Robaws's field names are inferred. Reading a page before the first export shows which of them this tenant
uses, and which keys it has that we do not know.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from robaws_pipeline import fields
from robaws_pipeline.robaws.client import RobawsClient
from robaws_pipeline.robaws.errors import RobawsError

PAGE_SIZE = 100

NESTED: Mapping[str, Mapping[str, str]] = {
    "sales_invoice": {"lines": "line"},
    "purchase_invoice": {"lines": "line"},
    "line": {"vat_tariff": "vat_tariff", "gl_account": "gl_account"},
    "client": {"address": "address", "invoice_address": "address"},
    "supplier": {"address": "address", "invoice_address": "address"},
}
"""Resource → our field name → the resource of the objects that it holds."""

_EMPTY = frozenset({b"null", b'""', b"[]", b"{}"})
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode


@dataclass(frozen=True, slots=True)
class FieldCount:
    """One mapped field: in how many of the objects seen it was filled, empty (null, "", [], {}) or missing."""

    resource: str
    name: str
    key: str
    confidence: fields.Confidence
    filled: int
    empty: int
    missing: int

    @property
    def found(self) -> bool:
        """The key exists, be it empty."""
        return self.filled + self.empty > 0


@dataclass(frozen=True, slots=True)
class Probe:
    """What one page of a collection showed."""

    collection: str
    path: str
    error: str | None
    """Why the page could not be read, with what to do; None when it could."""
    total: int
    """Items that Robaws counts in the collection."""
    objects: dict[str, int]
    """Resource → objects seen; the collection's own first, then those nested in it."""
    fields: tuple[FieldCount, ...]
    unknown: dict[str, tuple[str, ...]]
    """Resource → keys seen that we do not map, sorted."""
    unreadable: int
    """Items and nested values that are not objects."""
    items: tuple[bytes, ...]
    """The items of the page as received."""


class _Census:
    """Counts of keys by resource."""

    def __init__(self, spelling: Mapping[str, Mapping[str, str]]) -> None:
        self.spelling = spelling
        self.objects: Counter[str] = Counter()
        self.filled: Counter[tuple[str, str]] = Counter()
        self.empty: Counter[tuple[str, str]] = Counter()
        self.unreadable = 0

    def count(self, resource: str, json: bytes) -> None:
        """Count one object and the mapped objects within it; numbers are not read."""
        try:
            members = _decode_members(json)
        except msgspec.DecodeError:
            self.unreadable += 1
            return
        self.objects[resource] += 1
        for key, raw in members.items():
            (self.empty if bytes(raw).strip() in _EMPTY else self.filled)[resource, key] += 1
        keys = fields.keys(resource, self.spelling.get(resource))
        for name, inner in NESTED.get(resource, {}).items():
            for part in self._parts(members.get(keys[name])):
                self.count(inner, part)

    def _parts(self, raw: msgspec.Raw | None) -> list[bytes]:
        json = b"null" if raw is None else bytes(raw).strip()
        if json == b"null":
            return []
        return [bytes(part) for part in _decode_list(json)] if json.startswith(b"[") else [json]

    def field_counts(self) -> tuple[FieldCount, ...]:
        return tuple(
            FieldCount(
                resource,
                field.name,
                key := keys[field.name],
                field.confidence,
                filled := self.filled[resource, key],
                empty := self.empty[resource, key],
                seen - filled - empty,
            )
            for resource, seen in self.objects.items()
            for keys in (fields.keys(resource, self.spelling.get(resource)),)
            for field in fields.RESOURCES[resource]
        )

    def unknown(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, set[str]] = {}
        for resource, key in (*self.filled, *self.empty):
            if key not in fields.keys(resource, self.spelling.get(resource)).values():
                found.setdefault(resource, set()).add(key)
        return {resource: tuple(sorted(keys)) for resource, keys in found.items()}


async def probe(client: RobawsClient, collection: fields.Collection) -> Probe:
    """Read one page of the collection and count. What Robaws refuses or gets wrong is a value, not an exception."""
    params = {"page": "0", "size": str(PAGE_SIZE)}
    if include := collection.include(client.spelling):
        params["include"] = include
    census = _Census(client.spelling)
    error, total = None, 0
    items: tuple[bytes, ...] = ()
    try:
        page = await client.page(collection.path, params)
    except RobawsError as trouble:
        error = str(trouble)
    else:
        total, items = page.total_items, tuple(page.items)
        for item in page.items:
            census.count(collection.resource, item)
    return Probe(
        collection=collection.name,
        path=collection.path,
        error=error,
        total=total,
        objects=dict(census.objects),
        fields=census.field_counts(),
        unknown=census.unknown(),
        unreadable=census.unreadable,
        items=items,
    )
