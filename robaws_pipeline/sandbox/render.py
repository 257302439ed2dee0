"""Objects as JSON bytes: each encoded once for each set of includes, so that a page is a join."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from robaws_pipeline.sandbox.names import DOCUMENTS, PATHS, Record, Relation
from robaws_pipeline.sandbox.switches import Switches
from robaws_pipeline.sandbox.world import World

_encoder = msgspec.json.Encoder(decimal_format="number")

Tree = dict[str, "Tree"]


def _tree(include: Iterable[str]) -> Tree:
    """Dotted names as a tree; a name whose parent was not asked for is left out."""
    root: Tree = {}
    for dotted in sorted(include):
        *parents, name = dotted.split(".")
        here: Tree | None = root
        for parent in parents:
            here = here.get(parent) if here is not None else None
        if here is not None:
            here[name] = {}
    return root


def _plain(value: object, switches: Switches, id_keys: frozenset[str]) -> object:
    """A value as the switches for nulls and ids have it, all the way down."""
    if isinstance(value, dict):
        shown: Record = {}
        for key, item in value.items():
            if item is None:
                if switches.null_style == "null":
                    shown[key] = None
            elif switches.id_style == "numbers" and (key in id_keys or key.endswith("Id")) and isinstance(item, str):
                shown[key] = int(item) if item.isdigit() else item
            else:
                shown[key] = _plain(item, switches, id_keys)
        return shown
    if isinstance(value, list):
        return [_plain(item, switches, id_keys) for item in value]
    return value


class Renderer:
    """Encodes the objects of a world. What it has encoded it keeps until the object, or one included in it, changes."""

    def __init__(self, world: World, switches: Switches) -> None:
        self.world = world
        self.switches = switches
        self.relations: Mapping[str, Mapping[str, Relation]] = world.names.relations()
        self._id_keys = world.names.id_keys()
        self._as_stored = switches.null_style == "null" and switches.id_style == "strings"
        self._cache: dict[tuple[str, frozenset[str]], dict[str, tuple[Record, bytes]]] = {}
        self._included: dict[tuple[str, str, frozenset[str]], msgspec.Raw] = {}
        self._lists = self.world.names["sales_invoice"]["lines"], self.world.names["purchase_invoice"]["lines"]
        self._revision = self._references()

    def _references(self) -> tuple[int, ...]:
        """Changes of everything that can be included."""
        return tuple(self.world.revision(path) for path in PATHS if path not in DOCUMENTS)

    def encode(self, path: str, records: Iterable[Record], include: frozenset[str]) -> list[bytes]:
        """The JSON of each object with its includes."""
        revision = self._references()
        if revision != self._revision:
            self._cache.clear()
            self._included.clear()
            self._revision = revision
        kept = self._cache.setdefault((path, include), {})
        tree = _tree(include)
        encoded = []
        for record in records:
            id = record["id"]
            known = kept.get(id)
            if known is None or known[0] is not record:
                known = kept[id] = record, self._encode(path, record, tree)
            encoded.append(known[1])
        return encoded

    def _encode(self, path: str, record: Record, tree: Tree) -> bytes:
        if path in DOCUMENTS:
            record = self._as_switched(path, record)
        shaped = self._shape(record, self.relations[path], tree)
        return _encoder.encode(shaped if self._as_stored else _plain(shaped, self.switches, self._id_keys))

    def _shape(self, record: Record, relations: Mapping[str, Relation], tree: Tree) -> Record:
        """The record with what the tree asks for: objects beside their ids, lists only when asked for."""
        beside = {relations[name].id_key: name for name in tree if relations[name].target}
        shaped: Record = {}
        for key, value in record.items():
            relation = relations.get(key)
            if relation is None or relation.target:
                shaped[key] = value
                if key in beside:
                    shaped[beside[key]] = self._included_object(relations[beside[key]].target, value, tree[beside[key]])
            elif key in tree:
                shaped[key] = (
                    [self._shape(item, relation.children, tree[key]) for item in value]
                    if isinstance(value, list) and relation.children
                    else value
                )
        return shaped

    def _included_object(self, path: str, id: str | None, tree: Tree) -> msgspec.Raw | None:
        record = self.world.find(path, id) if id is not None else None
        if record is None:
            return None
        key = (path, record["id"], frozenset(tree))
        raw = self._included.get(key)
        if raw is None:
            raw = self._included[key] = msgspec.Raw(self._encode(path, record, tree))
        return raw

    def _as_switched(self, path: str, record: Record) -> Record:
        """A document as the switches for text lines and for the sign of credit notes have it."""
        adjusted, names = self._lists[0], self.world.names
        if self.switches.text_lines_in_adjusted == "zero" and path == "sales-invoices":
            record = {**record, adjusted: self._with_text_lines(record.get("lineItems"), record.get(adjusted))}
        if self.switches.credit_note_sign == "negative" and record.get("type") == "CREDIT_NOTE":
            header = names["sales_invoice" if path == "sales-invoices" else "purchase_invoice"]
            amounts = {header["net"], header["vat"], header["gross"], "paidTotal", "creditedTotal"}
            record = _negated(record, amounts)
            line = names["line"]
            for key in {"lineItems", *self._lists} & record.keys():
                record[key] = [_negated(item, {line["quantity"], line["net"]}) for item in record[key] or ()]
        return record

    def _with_text_lines(self, original: Any, adjusted: Any) -> list[Record]:
        line = self.world.names["line"]
        zero = {line["quantity"]: 0, line["price"]: 0, line["net"]: 0}
        id_key = line["line_id"]
        rest = {item[id_key]: item for item in adjusted or ()}
        merged = [
            {**item, **zero} if item.get(line["type"]) == "TEXT" else rest.pop(item[id_key], None)
            for item in original or ()
        ]
        return [item for item in merged if item is not None] + list(rest.values())


def _negated(record: Record, amounts: set[str]) -> Record:
    return {
        key: -value if key in amounts and isinstance(value, Decimal | int) else value for key, value in record.items()
    }


def envelope(items: list[bytes], page: int, size: int, total: int, switches: Switches) -> bytes:
    """A page of a list."""
    shown = size if switches.envelope_size == "requested" else len(items)
    tail = f'],"currentPage":{page},"size":{shown},"totalItems":{total},"totalPages":{-(-total // size)}}}'
    return b'{"items":[' + b",".join(items) + tail.encode()
