"""From Robaws's JSON to columns: the rows of the `documents`, `lines`, `parties` and reference tables.

Amounts stay the text that was received until Arrow reads it as a decimal: no float on the way. A document is decoded
in one go by a structure made from the company's field names; one that does not fit is decoded again field by field,
so that what can be read is read and the rest is told: `documents.problems` says which key holds what, and the books
hold the document for it.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Literal

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline import fields
from robaws_pipeline.fields import Spelling
from robaws_pipeline.schema import (
    AMOUNT,
    DOCUMENTS,
    GL_ACCOUNTS,
    LINES,
    PARTIES,
    PAYMENT_CONDITIONS,
    REFERENCES,
    VAT_TARIFFS,
)
from robaws_pipeline.settings import SettingsError

Expected = Literal["date", "number", "text", "list", "object"]
Problems = list[dict[str, Any]]
"""`schema.REASON` values of one document."""

_EXACT = Context(prec=60)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,6})?", re.ASCII)
_STEP = Decimal(1).scaleb(-AMOUNT.scale)
_LIMIT = Decimal(10) ** (AMOUNT.precision - AMOUNT.scale)

_TEXT = str | int | None
_TYPES: Mapping[str, tuple[Any, Any]] = {
    "text": (_TEXT, None),
    "id": (_TEXT, None),
    "date": (str | None, None),
    "instant": (str | None, None),
    "amount": (msgspec.Raw, msgspec.Raw()),
}
"""The type and the default of each kind of field that is not a structure of its own."""

_NESTED: Mapping[str, Mapping[str, str]] = {
    "line": {"vat_tariff": "vat_tariff", "gl_account": "gl_account"},
    "sales_invoice": {"lines": "line"},
    "purchase_invoice": {"lines": "line"},
    "client": {"address": "address", "invoice_address": "address"},
    "supplier": {"address": "address", "invoice_address": "address"},
}
"""The fields that hold another resource, or a list of it."""


class Reader:
    """Decodes the objects of one resource as one company spells them."""

    def __init__(self, resource: str, spelling: Spelling) -> None:
        keys = fields.keys(resource, spelling.get(resource))
        spelled: dict[str, str] = {}
        for name, key in keys.items():
            if (other := spelled.setdefault(key, name)) != name:
                raise SettingsError(
                    "the fields of the company",
                    [f"fields.{resource}: {other} and {name} are both {key!r}: each key of Robaws is one field"],
                )
        nested = {name: reader(inner, spelling) for name, inner in _NESTED.get(resource, {}).items()}
        self._nested = nested
        self._lists = {field.name for field in fields.RESOURCES[resource] if field.kind == "list"}
        self._keys = keys
        self._types: dict[str, tuple[Any, Any]] = {}
        for field in fields.RESOURCES[resource]:
            if field.name in nested:
                inner = nested[field.name].struct
                self._types[field.name] = ((list[inner] if field.kind == "list" else inner) | None, None)  # type: ignore[valid-type]
            else:
                self._types[field.name] = _TYPES[field.kind]
        self.struct: Any = msgspec.defstruct(
            resource,
            [(name, type_, default) for name, (type_, default) in self._types.items()],
            rename=keys,
            gc=False,
            frozen=True,
        )
        self._decoder = msgspec.json.Decoder(self.struct)
        self._decoders = {name: msgspec.json.Decoder(type_) for name, (type_, _) in self._types.items()}

    def read(self, json: bytes) -> tuple[Any, Problems]:
        """The object, and what in it could not be read; unreadable fields are as if they were absent."""
        try:
            return self._decoder.decode(json), []
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError):
            problems: Problems = []
            return self._piecewise(json, "", None, problems), problems

    def _piecewise(self, json: bytes, where: str, line: int | None, problems: Problems) -> Any:
        try:
            raw = _RAW_OBJECT.decode(json)
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError):
            problems.append(unreadable(where.rstrip(".") or None, json, "object", line))
            if not where and line is None and "number" in self._keys:
                problems[-1]["code"] = "number_unreadable"
            return self.struct()
        values: dict[str, Any] = {}
        for name, key in self._keys.items():
            if key not in raw:
                continue
            try:
                values[name] = self._decoders[name].decode(raw[key])
            except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError):
                values[name] = self._recover(name, bytes(raw[key]), f"{where}{key}", line, problems)
        return self.struct(**values)

    def _recover(self, name: str, json: bytes, key: str, line: int | None, problems: Problems) -> Any:
        inner = self._nested.get(name)
        if inner is None:
            problems.append(unreadable(key, json, "text", line))
            if name == "number":
                # Without a number it would pass for a draft.
                problems[-1]["code"] = "number_unreadable"
            return self._types[name][1]
        if name not in self._lists:
            return inner._piecewise(json, f"{key}.", line, problems)
        try:
            items = _RAW_LIST.decode(json)
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError):
            problems.append(unreadable(key, json, "list", line))
            return None
        return [inner._piecewise(bytes(item), "", no, problems) for no, item in enumerate(items, 1)]


_RAW_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_RAW_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_readers: dict[tuple[str, str], Reader] = {}


def reader(resource: str, spelling: Spelling) -> Reader:
    """The reader of a resource under a spelling; made once."""
    key = (resource, repr(sorted((name, sorted(keys.items())) for name, keys in spelling.items())))
    if key not in _readers:
        _readers[key] = Reader(resource, spelling)
    return _readers[key]


def unreadable(key: str | None, json: bytes, expected: Expected, line: int | None = None) -> dict[str, Any]:
    """The problem (`schema.PROBLEM`) of a key that holds something else than it should; no key: the whole object."""
    shown = json[:60].decode(errors="replace") + ("…" if len(json) > 60 else "")
    return {"code": "unreadable", "line": line, "key": key, "found": shown, "expected": expected}


def texts(values: list[Any]) -> pa.Array:
    """Texts without white space around them; blank ones are null, and numbers are written out (ids come as either)."""
    try:
        column = pa.array(values, pa.string())
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        column = pa.array([None if value is None else str(value) for value in values], pa.string())
    column = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


@lru_cache(maxsize=4096)
def parse_date(value: str | None) -> date | None:
    """A calendar date written YYYY-MM-DD; None for anything else."""
    if value is None or len(value) != 10 or value[4] != "-" or value[7] != "-":
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


@lru_cache(maxsize=64)
def parse_instant(value: str | None) -> datetime | None:
    """An ISO 8601 instant with its zone, as UTC; None for anything else."""
    try:
        moment = datetime.fromisoformat(value or "")
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def amounts(raws: Iterable[msgspec.Raw]) -> tuple[pa.Array, list[int]]:
    """Decimals (`schema.AMOUNT`) from JSON text, null where it is null or absent; and where something else stands.

    A number between quotes is one, and a blank text is nothing. Digits beyond the tenth decimal are rounded half up
    (away from zero): Robaws reckons in binary doubles, and 131.39999999999998 is its way of writing 131.4.
    """
    received = pa.array(list(map(bytes, raws)), pa.binary())
    try:
        text = received.cast(pa.string())
        text = pc.if_else(pc.is_in(text, pa.array(["", "null"])), pa.scalar(None, pa.string()), text)
        return text.cast(AMOUNT), []
    except pa.ArrowInvalid:
        # One of them has more decimals than we keep, is quoted, or is no number: one by one.
        values, bad = [], []
        for position, json in enumerate(received.to_pylist()):
            number = None
            if json != b"null" and (inner := json.strip(b'" ')):
                number = _decimal(inner.decode(errors="replace"))
                if number is None:
                    bad.append(position)
            values.append(number)
        return pa.array(values, AMOUNT), bad


def _decimal(text: str) -> Decimal | None:
    if not _NUMBER.fullmatch(text):
        return None
    try:
        value = Decimal(text).quantize(_STEP, ROUND_HALF_UP, _EXACT)
    except InvalidOperation:  # more digits than any amount has
        return None
    return value if abs(value) < _LIMIT else None


def documents(collection: fields.Collection, raw: pa.Table, spelling: Spelling) -> tuple[pa.Table, pa.Table]:
    """`schema.DOCUMENTS` and `schema.LINES` rows for raw versions (`schema.RAW`) of one collection, in their order."""
    read = reader(collection.resource, spelling).read
    decoded = [read(json) for json in raw["json"].to_pylist()]
    objects = [item for item, _ in decoded]
    problems = [found for _, found in decoded]
    keys = fields.keys(collection.resource, spelling.get(collection.resource))
    ids = raw["id"].to_pylist()

    def column(name: str) -> pa.Array:
        return texts([getattr(item, name, None) for item in objects])

    def dates(name: str) -> list[date | None]:
        texts = [getattr(item, name) for item in objects]
        values = [parse_date(text) for text in texts]
        for found, text, value in zip(problems, texts, values, strict=True):
            if text and value is None:
                found.append(unreadable(keys[name], msgspec.json.encode(text), "date"))
        return values

    def numbers(name: str) -> pa.Array:
        raws = [getattr(item, name) for item in objects]
        values, bad = amounts(raws)
        for position in bad:
            problems[position].append(unreadable(keys[name], bytes(raws[position]), "number"))
        return values

    lines = _lines(raw, objects, problems, spelling)
    columns: dict[str, Any] = {
        "collection": [collection.name] * len(ids),
        "id": ids,
        "month": raw["month"],
        "type": pc.replace_substring_regex(column("type"), "^CREDITNOTE$", "CREDIT_NOTE"),
        "number": column("number"),
        "supplier_number": column("supplier_number"),
        "client_reference": column("client_reference"),
        "date": dates("date"),
        "due_date": dates("due_date"),
        "status": column("status"),
        "party_id": column("party_id"),
        "company_id": column("company_id"),
        "currency": pc.fill_null(column("currency"), "EUR"),
        "payment_condition_id": column("payment_condition_id"),
        "payment_reference": column("payment_reference"),
        "supplier_iban": column("supplier_iban"),
        "original_id": column("original_id"),
        "pdf_id": column("pdf_id"),
        **{column.name: pa.nulls(len(ids), column.type) for column in REFERENCES},
        "net": numbers("net"),
        "vat": numbers("vat"),
        "gross": numbers("gross"),
        "created_at": [parse_instant(item.created_at) for item in objects],
        "updated_at": raw["updated_at"],
        "hash": raw["hash"],
        "deleted": raw["deleted"],
        "problems": problems,
    }
    return DOCUMENTS.table(columns), lines


def _lines(raw: pa.Table, objects: list[Any], problems: list[Problems], spelling: Spelling) -> pa.Table:
    owner: list[int] = []
    line_nos: list[int] = []
    lines: list[Any] = []
    for position, item in enumerate(objects):
        found = item.lines or ()
        lines.extend(found)
        owner.extend([position] * len(found))
        line_nos.extend(range(1, len(found) + 1))
    nothing = reader("vat_tariff", spelling).struct()
    tariffs = [line.vat_tariff or nothing for line in lines]
    nothing = reader("gl_account", spelling).struct()
    accounts = [line.gl_account or nothing for line in lines]
    keys = fields.keys("line", spelling.get("line"))

    def numbers(raws: list[msgspec.Raw], key: str) -> pa.Array:
        values, bad = amounts(raws)
        for position in bad:
            problem = unreadable(key, bytes(raws[position]), "number", line_nos[position])
            problems[owner[position]].append(problem)
        return values

    taken = pa.array(owner, pa.int64())
    return LINES.table(
        {
            "collection": raw["collection"].take(taken),
            "document_id": raw["id"].take(taken),
            "month": raw["month"].take(taken),
            "line_no": line_nos,
            "line_id": texts([line.line_id for line in lines]),
            "type": texts([line.type for line in lines]),
            "description": texts([line.description for line in lines]),
            "article_id": texts([line.article_id for line in lines]),
            "project_id": texts([line.project_id for line in lines]),
            "activity_id": texts([line.activity_id for line in lines]),
            "quantity": numbers([line.quantity for line in lines], keys["quantity"]),
            "unit": texts([line.unit for line in lines]),
            "price": numbers([line.price for line in lines], keys["price"]),
            "discount": numbers([line.discount for line in lines], keys["discount"]),
            "net": numbers([line.net for line in lines], keys["net"]),
            "vat_tariff_id": pc.coalesce(
                texts([line.vat_tariff_id for line in lines]), texts([tariff.id for tariff in tariffs])
            ),
            "vat_tariff_name": texts([tariff.name for tariff in tariffs]),
            "vat_percentage": numbers([tariff.percentage for tariff in tariffs], keys["vat_tariff"]),
            "gl_account_id": pc.coalesce(
                texts([line.gl_account_id for line in lines]), texts([account.id for account in accounts])
            ),
            "gl_account_code": texts([account.code for account in accounts]),
            "gl_account_name": texts([account.name for account in accounts]),
        }
    )


def parties(clients: pa.Table, suppliers: pa.Table, spelling: Spelling) -> pa.Table:
    """`schema.PARTIES` rows for the raw versions of clients and suppliers."""
    return pa.concat_tables([_parties("client", clients, spelling), _parties("supplier", suppliers, spelling)])


def _parties(kind: str, raw: pa.Table, spelling: Spelling) -> pa.Table:
    read = reader(kind, spelling).read
    objects = [read(json)[0] for json in raw["json"].to_pylist()]
    nowhere = reader("address", spelling).struct()
    # Robaws gives an empty invoice address as null or as an object of nulls.
    addresses = [
        next((place for place in (item.invoice_address, item.address) if place and (place.street or place.city)), None)
        or item.address
        or nowhere
        for item in objects
    ]

    def column(name: str, items: list[Any] = objects) -> pa.Array:
        return texts([getattr(item, name, None) for item in items])

    ids = raw["id"].to_pylist()
    return PARTIES.table(
        {
            "kind": [kind] * len(ids),
            "id": ids,
            "code": [f"{kind[0].upper()}{id_}" for id_ in ids],
            "number": column("number"),
            "name": column("name"),
            "vat_number": column("vat_number"),
            "email": pc.coalesce(column("invoice_email"), column("email")),
            "phone": column("phone"),
            "language": column("language"),
            "street": column("street", addresses),
            "street_2": column("street_2", addresses),
            "postal_code": column("postal_code", addresses),
            "city": column("city", addresses),
            "country": column("country", addresses),
            "iban": column("iban"),
            "bic": column("bic"),
            "payment_condition_id": column("payment_condition_id"),
            "gl_account_id": column("gl_account_id"),
            "vat_tariff_id": column("vat_tariff_id"),
        }
    )


def vat_tariffs(raw: pa.Table, spelling: Spelling) -> pa.Table:
    """`schema.VAT_TARIFFS` rows for raw versions."""
    objects = _objects("vat_tariff", raw, spelling)
    percentages, _ = amounts([item.percentage for item in objects])
    return VAT_TARIFFS.table(
        {"id": raw["id"], "name": texts([item.name for item in objects]), "percentage": percentages}
    )


def gl_accounts(raw: pa.Table, spelling: Spelling) -> pa.Table:
    """`schema.GL_ACCOUNTS` rows for raw versions."""
    objects = _objects("gl_account", raw, spelling)
    codes, names = texts([item.code for item in objects]), texts([item.name for item in objects])
    return GL_ACCOUNTS.table({"id": raw["id"], "code": codes, "name": names})


def payment_conditions(raw: pa.Table, spelling: Spelling) -> pa.Table:
    """`schema.PAYMENT_CONDITIONS` rows for raw versions."""
    objects = _objects("payment_condition", raw, spelling)
    return PAYMENT_CONDITIONS.table({"id": raw["id"], "name": texts([item.name for item in objects])})


def _objects(resource: str, raw: pa.Table, spelling: Spelling) -> list[Any]:
    read = reader(resource, spelling).read
    return [read(json)[0] for json in raw["json"].to_pylist()]
