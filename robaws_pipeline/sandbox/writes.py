"""Writing: what a merge patch makes of a document, and what is answered when it comes twice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from robaws_pipeline.fields import EXTRA_FIELDS, RESOURCES, Kind
from robaws_pipeline.sandbox.faults import Answer
from robaws_pipeline.sandbox.names import RESOURCE_OF, Names, Record
from robaws_pipeline.sandbox.query import BadRequest, instant, is_date
from robaws_pipeline.sandbox.world import World

MERGE_PATCH = "application/merge-patch+json"
LONGEST_KEY = 128
"""Characters of an Idempotency-Key."""

_decode = msgspec.json.Decoder(float_hook=Decimal).decode

VALUE_OF: Mapping[str, str] = {
    "TEXT": "text",
    "SELECT": "text",
    "DATE": "date",
    "DECIMAL": "decimal",
    "INTEGER": "integer",
    "CHECKBOX": "boolean",
}
"""What Robaws calls the kind of an extra field → our name of the member that its value is in."""

_TYPES: Mapping[Kind, tuple[type, ...]] = {
    "text": (str,),
    "date": (str,),
    "instant": (str,),
    "id": (str, int),
    "integer": (int,),
    "amount": (int, Decimal, str),
    "boolean": (bool,),
}


def merge_patch(target: object, patch: object) -> object:
    """RFC 7396: objects are merged member by member, null removes a member, anything else replaces what was there."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def read_patch(body: bytes) -> dict[str, Any]:
    """The patch of a document; BadRequest when the body is no JSON object."""
    try:
        patch = _decode(body)
    except msgspec.DecodeError as error:
        raise BadRequest(f"The body is no JSON: {error}") from None
    if not isinstance(patch, dict):
        raise BadRequest("The body is no JSON object")
    return patch


def _fits(kind: Kind, value: object) -> bool:
    """Whether Robaws's typed schema takes the value; an absent one always fits."""
    if value is None:
        return True
    if not isinstance(value, _TYPES.get(kind, (object,))) or (isinstance(value, bool) and kind != "boolean"):
        return False
    return kind != "date" or is_date(str(value))


def patched(world: World, path: str, record: Record, patch: Mapping[str, Any]) -> Record:
    """The members of a document that the patch changes, as they then are; BadRequest names one that it may not have.

    Its lists and the objects beside its ids are of other collections, and what identifies or dates it is Robaws's own.
    """
    names = world.names
    kinds = {names.of(path, item.name): item.kind for item in RESOURCES[RESOURCE_OF[path]]}
    own = {"id", "createdAt", names.of(path, "updated_at")}
    for key, value in patch.items():
        if key == EXTRA_FIELDS:
            continue
        if key in own or isinstance(record.get(key), list | dict) or (key not in record and key not in kinds):
            raise BadRequest(f"'{key}' cannot be written")
        if not _fits(kinds.get(key, "object"), value):
            raise BadRequest(f"Invalid value for '{key}'")
    merged = merge_patch(record, {key: value for key, value in patch.items() if key != EXTRA_FIELDS})
    assert isinstance(merged, dict)  # noqa: S101 - for the type checker
    changed = {key: merged.get(key) for key in patch if key != EXTRA_FIELDS}
    if EXTRA_FIELDS in patch:
        changed[EXTRA_FIELDS] = _extra_fields(
            names, world.extra_fields[path], record.get(EXTRA_FIELDS) or {}, patch[EXTRA_FIELDS]
        )
    return changed


def _extra_fields(names: Names, known: Mapping[str, str], held: Record, patch: object) -> Record:
    key = names["extra_field"]
    kinds = {item.name: item.kind for item in RESOURCES["extra_field"]}
    if patch is None:
        return {}
    if not isinstance(patch, dict):
        raise BadRequest(f"Invalid value for '{EXTRA_FIELDS}': no object")
    for name, value in patch.items():
        if name not in known:
            raise BadRequest(f"Unknown extra field '{name}'")
        member = VALUE_OF[known[name]]
        if value is not None and not isinstance(value, dict):
            raise BadRequest(f"Invalid value for extra field '{name}': no object")
        strange = set(value or {}) - {key["type"], key["group"], key[member]}
        if strange:
            raise BadRequest(f"Extra field '{name}' is a {known[name]} and has no '{min(strange)}'")
        if not _fits(kinds[member], (value or {}).get(key[member])):
            raise BadRequest(f"Invalid value for extra field '{name}'")
    merged = merge_patch(held, patch)
    assert isinstance(merged, dict)  # noqa: S101 - for the type checker
    for name, value in patch.items():
        if value is not None:  # kind and group accompany every value, whoever wrote it
            was = held.get(name, {})
            member = key[VALUE_OF[known[name]]]
            merged[name] = {
                key["type"]: known[name],
                key["group"]: was.get(key["group"]),
                member: merged[name].get(member),
            }
    return merged


def moved_on(before: str | None, now: float) -> str:
    """The `updatedAt` of a version that is written at `now` (seconds of the wall clock): always later than before."""
    moment = datetime.fromtimestamp(now, UTC)
    last = instant(before or "")
    if last is not None:
        moment = max(moment, datetime.fromisoformat(last) + timedelta(milliseconds=1))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class _Done:
    request: tuple[str, bytes]
    answer: Answer


@dataclass(slots=True)
class Keys:
    """The idempotency keys of one credential: which are in use, and what was answered to those that succeeded."""

    in_use: set[str] = field(default_factory=set)
    _done: dict[str, _Done] = field(default_factory=dict)

    def find(self, key: str, request: tuple[str, bytes]) -> tuple[Answer, bool] | None:
        """The answer that the key got, and whether it was to the same path and body; None when it got none."""
        done = self._done.get(key)
        return None if done is None else (done.answer, done.request == request)

    def keep(self, key: str, request: tuple[str, bytes], answer: Answer) -> None:
        """Remember an answer for those who ask again."""
        self._done[key] = _Done(request, answer)
