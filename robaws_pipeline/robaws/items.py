"""The head of an item: what sweeps and the raw log need to know of it. Amounts and lines stay unread JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from robaws_pipeline import fields


@dataclass(frozen=True, slots=True)
class Item:
    """One object as Robaws showed it."""

    id: str
    type: str | None
    """INVOICE or CREDIT_NOTE as received; None for anything but documents."""
    date: str | None
    """Document date as received, readable or not; None for anything but documents."""
    party_id: str | None
    """Client or supplier of a document."""
    updated_at: datetime | None
    """UTC; None when there is none or it cannot be read."""
    json: bytes
    """The whole object as received; half a character in it is U+FFFD (see `robaws_pipeline.robaws.characters`)."""


class BadItemError(ValueError):
    """This is not an object with an id; the text says what it is instead."""


_HEAD = ("id", "type", "date", "party_id", "updated_at")
_TYPES: dict[str, Any] = {
    "id": str | int,
    "type": str | None,
    "date": str | None,
    "party_id": str | int | None,
    "updated_at": datetime | None,
}
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def head_reader(resource: str, spelling: Mapping[str, str] | None = None) -> Callable[[bytes], Item]:
    """A function from an item's JSON to its `Item`, with a company's own keys; it raises BadItemError.

    Ids may be strings or whole numbers. Apart from the id nothing is refused: a type, date or party of an unexpected
    kind is kept as its JSON text, so that a later step can hold the document and show what stands there.
    """
    known = fields.keys(resource, spelling)
    keys = {name: known[name] for name in _HEAD if name in known}
    head = msgspec.defstruct(
        "Head",
        [("id", _TYPES["id"]), *((name, _TYPES[name] if name in keys else None, None) for name in _HEAD[1:])],
        # A fact that the resource does not have must not be read from a key that happens to bear our name for it.
        rename={name: keys.get(name, f"(no {name})") for name in _HEAD},
        gc=False,
    )
    decode = msgspec.json.Decoder(head).decode

    def read(json: bytes) -> Item:
        try:
            it: Any = decode(json)
        except (msgspec.ValidationError, UnicodeDecodeError):
            return _patiently(json, keys)
        if not (identity := str(it.id)):
            raise BadItemError(f"its {keys['id']} is empty")
        party = it.party_id
        return Item(identity, it.type, it.date, None if party is None else str(party), _utc(it.updated_at), json)

    return read


def _patiently(json: bytes, keys: dict[str, str]) -> Item:
    """The head of an item of which something is not as expected."""
    try:
        members = _decode_members(json)
    except msgspec.ValidationError:
        raise BadItemError("it is not an object") from None
    except UnicodeDecodeError:
        raise BadItemError("one of its keys is not UTF-8") from None
    found = {name: _text(members.get(key)) for name, key in keys.items()}
    raw = bytes(members.get(keys["id"], b"null")).strip()
    if not found["id"] or "\ufffd" in found["id"] or not (raw.startswith(b'"') or raw.lstrip(b"-").isdigit()):
        raise BadItemError(f"its {keys['id']} is {raw[:40].decode(errors='replace')}")
    return Item(
        found["id"],
        found.get("type"),
        found.get("date"),
        found.get("party_id"),
        _instant(found.get("updated_at")),
        json,
    )


def _text(raw: msgspec.Raw | None) -> str | None:
    """A JSON value as text: a string's content, None for null, anything else as it stands.

    Bytes that are no UTF-8 become U+FFFD.
    """
    if raw is None:
        return None
    text = bytes(raw).strip()
    if text.startswith(b'"'):
        return msgspec.json.decode(text.decode(errors="replace"), type=str)
    return None if text == b"null" else text.decode(errors="replace")


def _instant(text: str | None) -> datetime | None:
    try:
        return None if text is None else _utc(datetime.fromisoformat(text))
    except ValueError:
        return None


def _utc(instant: datetime | None) -> datetime | None:
    """In UTC; an instant without a zone is taken as UTC, which Robaws writes everywhere."""
    if instant is None or instant.tzinfo is UTC:
        return instant
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
