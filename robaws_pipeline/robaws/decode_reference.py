"""Articles and extra fields: from Robaws's JSON to columns, and whether an article is one that was asked for."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline import fields
from robaws_pipeline.fields import Spelling
from robaws_pipeline.robaws.decode import amounts, parse_date, reader, texts
from robaws_pipeline.schema import AMOUNT, ARTICLES, EXTRA_FIELDS

_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_scalar: Callable[[msgspec.Raw], Any] = msgspec.json.Decoder(str | int | bool | None).decode
_WRONG = (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError)
_NOTHING = frozenset({b"", b"null", b'""'})
_EMPTY = _NOTHING | {b"{}", b"[]"}


def articles(raw: pa.Table, spelling: Spelling) -> pa.Table:
    """`schema.ARTICLES` rows for raw versions (`schema.RAW`), in their order; what cannot be read is null."""
    read = reader("article", spelling).read
    received = raw["json"].to_pylist()
    objects = [read(json)[0] for json in received]
    key = fields.keys("article", spelling.get("article"))["group"]

    def column(name: str) -> pa.Array:
        return texts([getattr(item, name) for item in objects])

    def numbers(name: str) -> pa.Array:
        return amounts([getattr(item, name) for item in objects])[0]

    return ARTICLES.table(
        {
            "id": raw["id"],
            "number": pc.coalesce(column("number"), column("logic_id")),
            "name": column("name"),
            "group_name": texts(
                [
                    item.group if item.group is not None else _name(json, key)
                    for item, json in zip(objects, received, strict=True)
                ]
            ),
            "unit": column("unit"),
            "sale_price": numbers("sale_price"),
            "cost_price": numbers("cost_price"),
            "sales_gl_account_id": column("sales_gl_account_id"),
            "purchase_gl_account_id": column("purchase_gl_account_id"),
            "vat_tariff_id": column("vat_tariff_id"),
            "updated_at": raw["updated_at"],
        }
    )


def _name(json: bytes, key: str) -> Any:
    """The name in an object that stands where a name could: what Robaws gives for an association that is included."""
    found = _object(_object(json).get(key))
    return _value(found.get("name"))


def _object(json: msgspec.Raw | bytes | None) -> dict[str, msgspec.Raw]:
    """The members of an object; none when it is something else."""
    try:
        return _members(json) if json is not None else {}
    except _WRONG:
        return {}


def _value(json: msgspec.Raw | None) -> Any:
    """A text, a whole number or a truth value; None for anything else."""
    if json is None:
        return None
    try:
        return _scalar(json)
    except _WRONG:
        return None


def accepts(collection: fields.Collection, spelling: Spelling) -> Callable[[bytes], bool]:
    """A function that says whether an object is one that the collection's narrowing asks for: Robaws may ignore it."""
    asked = collection.narrowing
    key = fields.keys(collection.resource, spelling.get(collection.resource)).get("group", "group")
    group = None if asked.group is None else asked.group.strip().casefold()
    extra = fields.keys("extra_field", spelling.get("extra_field"))

    def accept(json: bytes) -> bool:
        members = _object(json)
        if group is not None:
            found = _value(members.get(key))
            found = found if found is not None else _name(json, key)
            if str(found).strip().casefold() != group:
                return False
        if asked.extra_field is None:
            return True
        field = _object(_object(members.get(fields.EXTRA_FIELDS)).get(asked.extra_field))
        return _boolean(field, extra) is True

    return accept


def _boolean(field: Mapping[str, msgspec.Raw], keys: Mapping[str, str]) -> bool | None:
    """A checkbox: true or false, also between quotes, or the 1 or 0 of an older Robaws."""
    found = _value(field.get(keys["boolean"]))
    if found is None and _value(field.get(keys["type"])) == "CHECKBOX":
        found = _value(field.get(keys["number"]))
    known = {True: True, False: False, "true": True, "false": False}
    return known.get(found)


def _text(json: msgspec.Raw | None) -> str | None:
    found = _value(json)
    return found if isinstance(found, str) else None if found is None else str(found)


def _whole(decimals: pa.Array) -> pa.Array:
    """Whole numbers of 64 bits; null where there is a fraction. No amount has more than 18 digits before the point."""
    whole = pc.floor(decimals)
    return pc.if_else(pc.equal(whole, decimals), whole, pa.scalar(None, whole.type)).cast(pa.int64())


def with_extra_fields(raw: pa.Table) -> list[int]:
    """The positions of the objects that may have extra fields; the others do not mention the key."""
    positions: list[int] = pc.indices_nonzero(
        pc.match_substring(raw["json"], f'"{fields.EXTRA_FIELDS}"').combine_chunks()
    ).to_pylist()
    return positions


def extra_fields(collection: fields.Collection, raw: pa.Table, spelling: Spelling) -> pa.Table:
    """`schema.EXTRA_FIELDS` rows for raw versions (`schema.RAW`) of one collection: objects in their order, and the
    fields of each as received. A value that fits no column of its kind is in `unread`."""
    having = raw.take(pa.array(with_extra_fields(raw), pa.int64()))
    keys = fields.keys("extra_field", spelling.get("extra_field"))
    rows: list[tuple[int, str, dict[str, msgspec.Raw], bytes]] = []
    for position, json in enumerate(having["json"].to_pylist()):
        for name, value in _object(_object(json).get(fields.EXTRA_FIELDS)).items():
            rows.append((position, name, _object(value), bytes(value)))
    decimals, integers, numbers = (
        amounts([field.get(keys[name], msgspec.Raw()) for _, _, field, _ in rows])[0]
        for name in ("decimal", "integer", "number")
    )
    booleans = [_boolean(field, keys) for _, _, field, _ in rows]
    # What an older Robaws gives as the number of a checkbox is in `boolean`.
    numbers = pc.if_else(pc.is_null(pa.array(booleans, pa.bool_())), numbers, pa.scalar(None, AMOUNT))
    columns: dict[str, Any] = {
        "text": [_text(field.get(keys["text"])) for _, _, field, _ in rows],
        "date": [parse_date(_text(field.get(keys["date"]))) for _, _, field, _ in rows],
        "decimal": pc.coalesce(decimals, numbers),
        "integer": _whole(integers),
        "boolean": booleans,
    }
    owner = pa.array([position for position, _, _, _ in rows], pa.int64())
    month = having["month"] if collection.is_documents else pa.nulls(having.num_rows, pa.string())
    return EXTRA_FIELDS.table(
        {
            "collection": [collection.name] * len(rows),
            "object_id": having["id"].take(owner),
            "month": month.take(owner),
            "name": [name for _, name, _, _ in rows],
            "group_name": texts([_value(field.get(keys["group"])) for _, _, field, _ in rows]),
            "type": texts([_value(field.get(keys["type"])) for _, _, field, _ in rows]),
            **columns,
            "unread": list(_unread(rows, columns, keys)),
        }
    )


def extra_field_names(jsons: Iterable[bytes]) -> set[str]:
    """The names of the extra fields that any of these objects has, filled or not."""
    return {name for json in jsons for name in _object(_object(json).get(fields.EXTRA_FIELDS))}


def extra_field_values(raw: pa.Table, name: str, kind: str, spelling: Spelling) -> dict[str, bool | str | None]:
    """What one extra field says in raw versions of documents, by id: the value that our name `kind` is for (`boolean`,
    `date` as YYYY-MM-DD, or `text`). Those that do not show the field, or show it without such a value, have None or
    are left out."""
    keys = fields.keys("extra_field", spelling.get("extra_field"))
    found: dict[str, bool | str | None] = {}
    having = raw.select(["id", "json"]).take(pa.array(with_extra_fields(raw), pa.int64()))
    for id_, json in zip(having["id"].to_pylist(), having["json"].to_pylist(), strict=True):
        field = _object(_object(_object(json).get(fields.EXTRA_FIELDS)).get(name))
        if kind == "boolean":
            found[id_] = _boolean(field, keys)
        else:
            text = _text(field.get(keys[kind]))
            day = parse_date(text) if kind == "date" else None
            found[id_] = text if day is None else day.isoformat()
    return found


def extra_field_types(jsons: Iterable[bytes], name: str, spelling: Spelling) -> set[str]:
    """What Robaws calls the kind of this extra field, in those of the objects that say it: CHECKBOX, DATE, TEXT, …"""
    key = fields.keys("extra_field", spelling.get("extra_field"))["type"]
    found = (_value(_object(_object(_object(json).get(fields.EXTRA_FIELDS)).get(name)).get(key)) for json in jsons)
    return {kind for kind in found if isinstance(kind, str)}


def with_references(documents: pa.Table, extra: pa.Table, named: Mapping[str, str]) -> pa.Table:
    """`schema.DOCUMENTS` rows with the columns that are filled from extra fields: `extra_fields` of the same documents;
    `named` has the field by column. One that holds something else than its column, no date for instance, fills none."""
    documents_keys = _key(documents["collection"], documents["id"])
    for column, name in named.items():
        found = extra.filter(pc.equal(extra["name"], name))
        position = documents.schema.get_field_index(column)
        field = documents.schema.field(position)
        if pa.types.is_date(field.type):
            values = found["date"]
        else:
            typed = pc.utf8_trim_whitespace(pc.coalesce(found["text"], found["integer"].cast(pa.string())))
            values = pc.if_else(pc.equal(typed, ""), pa.scalar(None, pa.string()), typed)
        places = pc.index_in(documents_keys, value_set=_key(found["collection"], found["object_id"]).combine_chunks())
        documents = documents.set_column(position, field, values.combine_chunks().take(places))
    return documents


def _key(collection: pa.ChunkedArray, id_: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(collection, id_, " ")


def _unread(
    rows: Iterable[tuple[int, str, dict[str, msgspec.Raw], bytes]], columns: Mapping[str, Any], keys: Mapping[str, str]
) -> Iterable[str | None]:
    """The JSON of each field that has a value which no column has."""
    known = {keys[name] for name in ("text", "date", "decimal", "integer", "boolean", "number")}
    lists = [column if isinstance(column, list) else column.to_pylist() for column in columns.values()]
    for (_, _, field, json), *values in zip(rows, *lists, strict=True):
        given = [key for key, value in field.items() if bytes(value).strip() not in _NOTHING]
        expected = sum(key in known for key in given) + sum(key.endswith("Value") and key not in known for key in given)
        complete = sum(value is not None for value in values) >= expected and (field or json.strip() in _EMPTY)
        yield None if complete else json.decode(errors="replace")


def without_mark(json: bytes, updated_at: str, field: str, *, others: bool) -> bytes:
    """A document without what changes in it when an extra field is written: that field, the key `updated_at` and what
    else Robaws notes of a write. The same bytes for all that say the same otherwise; `others` says whether the other
    extra fields count."""
    members = _object(json)
    if not members:
        return json
    for key in (updated_at, *fields.NOTED_OF_A_WRITE):
        members.pop(key, None)
    extra = _object(members.pop(fields.EXTRA_FIELDS, None))
    extra.pop(field, None)
    if others and extra:
        members[fields.EXTRA_FIELDS] = msgspec.Raw(msgspec.json.encode(extra, order="sorted"))
    return msgspec.json.encode(members, order="sorted")


def without_extra_fields(json: bytes) -> bytes:
    """The same object without its extra fields; the very same bytes when it has none."""
    members = _object(json)
    return json if members.pop(fields.EXTRA_FIELDS, None) is None else msgspec.json.encode(members)
