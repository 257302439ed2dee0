"""A list's parameters, read as strictly as Robaws reads them, and the objects they select."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from robaws_pipeline.fields import DOCUMENT_TYPES, EXTRA_FIELDS
from robaws_pipeline.sandbox.names import DATED, DOCUMENTS, Record, Relation
from robaws_pipeline.sandbox.switches import Switches
from robaws_pipeline.sandbox.world import World

DEFAULT_SIZE = 10
MAXIMUM_SIZE = 100


class BadRequest(Exception):  # noqa: N818 - the name of the HTTP status
    """The request cannot be served: 400 with this message."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a list was asked for. `sort` holds (key, descending); empty means the default order."""

    page: int = 0
    size: int = DEFAULT_SIZE
    include: frozenset[str] = frozenset()
    sort: tuple[tuple[str, bool], ...] = ()
    type: str | None = None
    from_date: str | None = None
    to_date: str | None = None
    updated_from: str | None = None
    group: str | None = None
    extra_fields: tuple[tuple[str, str], ...] = ()
    """Names and the values that they must have, as text."""


def _whole(parameters: Mapping[str, str], name: str, default: int, minimum: int) -> int:
    text = parameters.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < minimum:
        raise BadRequest(f"Invalid value '{text}' for parameter '{name}'")
    return int(text)


def _size(parameters: Mapping[str, str], switches: Switches) -> int:
    size = _whole(parameters, "size", DEFAULT_SIZE, 1)
    if size > MAXIMUM_SIZE and switches.oversize_page == "reject":
        raise BadRequest(f"Invalid value '{size}' for parameter 'size': at most {MAXIMUM_SIZE}")
    return min(size, MAXIMUM_SIZE)


def is_date(text: str) -> bool:
    """Whether it is a day of the calendar, YYYY-MM-DD."""
    try:
        return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _date(parameters: Mapping[str, str], name: str) -> str | None:
    text = parameters.get(name)
    if text is None:
        return None
    if not is_date(text):
        raise BadRequest(f"Invalid value '{text}' for parameter '{name}'")
    return text


def instant(text: str) -> str | None:
    """An ISO-8601 instant with zone as UTC text with milliseconds, which sorts by time; None when it is not one."""
    if not re.match(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _updated_from(parameters: Mapping[str, str]) -> str | None:
    text = parameters.get("updatedFrom")
    if text is None:
        return None
    moment = instant(text)
    if moment is None:
        raise BadRequest(f"Invalid value '{text}' for parameter 'updatedFrom'")
    return moment


def _type(parameters: Mapping[str, str], switches: Switches) -> str | None:
    text = parameters.get("type")
    if text is not None and text not in DOCUMENT_TYPES:
        if switches.bad_enum == "reject":
            raise BadRequest(f"Invalid value '{text}' for parameter 'type'")
        return None
    return text


def _sort(parameters: Mapping[str, str], sortable: frozenset[str], switches: Switches) -> tuple[tuple[str, bool], ...]:
    text = parameters.get("sort")
    if text is None:
        return ()
    order = []
    for part in text.split(","):
        key, _, direction = part.partition(":")
        if key not in sortable or direction not in {"asc", "desc"}:
            if switches.bad_sort == "reject":
                raise BadRequest(f"Invalid value '{part}' for parameter 'sort'")
            return ()
        order.append((key, direction == "desc"))
    return tuple(order)


def read_include(
    parameters: Mapping[str, str], relations: Mapping[str, Relation], switches: Switches
) -> frozenset[str]:
    """The dotted names of `include` that exist. A nested one whose parent is not listed too shows nothing."""
    text = parameters.get("include", "")
    wanted = set()
    for dotted in filter(None, text.split(",")):
        here = relations
        for part in dotted.split("."):
            if part not in here:
                if switches.unknown_include == "reject":
                    raise BadRequest(f"Invalid value '{dotted}' for parameter 'include'")
                break
            here = here[part].children
        else:
            wanted.add(dotted)
    return frozenset(wanted)


def _sortable(world: World, path: str) -> frozenset[str]:
    return frozenset(
        key
        for record in world.records(path)[:50]
        for key, value in record.items()
        if not isinstance(value, dict | list)
    )


def read(
    world: World, path: str, relations: Mapping[str, Relation], parameters: Mapping[str, str], switches: Switches
) -> Query:
    """The query of a list; BadRequest when Robaws would refuse it."""
    documents = path in DOCUMENTS
    dated = path in DATED
    known = {"page", "size", "sort", "include"}
    known |= {"type", "fromDate", "toDate"} if documents else set()
    known |= {"updatedFrom"} if dated else set()
    known |= {"group"} if path == "articles" else set()
    asked = _extra_fields(parameters) if EXTRA_FIELDS in relations else {}
    unknown = sorted(set(parameters) - known - {f"{EXTRA_FIELDS}[{name}]" for name in asked})
    if unknown and switches.unknown_param == "reject":
        raise BadRequest(f"Unknown parameter '{unknown[0]}'")
    return Query(
        page=_whole(parameters, "page", 0, 0),
        size=_size(parameters, switches),
        include=read_include(parameters, relations, switches),
        sort=_sort(parameters, _sortable(world, path), switches) if "sort" in parameters else (),
        type=_type(parameters, switches) if documents else None,
        from_date=_date(parameters, "fromDate") if documents else None,
        to_date=_date(parameters, "toDate") if documents else None,
        updated_from=_updated_from(parameters) if dated else None,
        group=parameters.get("group") if path == "articles" else None,
        extra_fields=tuple(asked.items()),
    )


def _extra_fields(parameters: Mapping[str, str]) -> dict[str, str]:
    """What ``extraFields[Name]=value`` asks for, by name."""
    matches = ((re.fullmatch(rf"{EXTRA_FIELDS}\[(.+)\]", key), value) for key, value in parameters.items())
    return {match[1]: value for match, value in matches if match}


def _has_extra_fields(record: Record, wanted: tuple[tuple[str, str], ...]) -> bool:
    held = record.get(EXTRA_FIELDS) or {}
    return all(
        value in {_as_parameter(item) for key, item in held.get(name, {}).items() if key.endswith("Value")}
        for name, value in wanted
    )


def _as_parameter(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _passes(world: World, path: str, query: Query, switches: Switches) -> list[Record]:
    records = world.records(path)
    if path in DOCUMENTS:
        of_type = query.type or ("INVOICE" if switches.list_unfiltered == "invoices" else None)
        if of_type is not None:
            key = world.names.of(path, "type")
            records = [record for record in records if record.get(key) == of_type]
        if switches.drafts == "hidden":
            key = world.names.of(path, "number")
            records = [record for record in records if record.get(key)]
        key = world.names.of(path, "date")
        if query.from_date is not None:
            first = query.from_date
            records = [record for record in records if (record.get(key) or "") >= first]
        if query.to_date is not None:
            last = query.to_date
            inclusive = switches.date_range == "inclusive"
            records = [
                record for record in records if (day := record.get(key)) and (day < last or (inclusive and day == last))
            ]
    if query.updated_from is not None:
        key = world.names.of(path, "updated_at")
        since = query.updated_from
        records = [record for record in records if (instant(record.get(key) or "") or "") >= since]
    if query.group is not None:
        key = world.names.of(path, "group")
        records = [record for record in records if record.get(key) == query.group]
    if query.extra_fields:
        records = [record for record in records if _has_extra_fields(record, query.extra_fields)]
    return records


def _order(records: list[Record], sort: tuple[tuple[str, bool], ...], id_key: str) -> list[Record]:
    """Sorted stably from the last field to the first; nothing comes after everything, as in SQL."""
    for key, descending in reversed(sort):

        def value(record: Record, key: str = key) -> tuple[bool, object]:
            found = record.get(key)
            if key == id_key:
                return False, int(found or 0)
            return found is None, "" if found is None else found

        try:
            records = sorted(records, key=value, reverse=descending)
        except TypeError:  # a test put a text among the amounts
            records = sorted(records, key=lambda record, key=key: str(record.get(key)), reverse=descending)  # type: ignore[misc]
    return records


class Selections:
    """The objects that pass a list's filters, in order; the last answers are kept until the collection changes."""

    KEPT = 64

    def __init__(self, world: World, switches: Switches) -> None:
        self._world = world
        self._switches = switches
        self._kept: dict[tuple[object, ...], list[Record]] = {}

    def select(self, path: str, query: Query) -> list[Record]:
        """All of them, not a page; without `sort`, highest id first."""
        filters = replace(query, page=0, size=DEFAULT_SIZE, include=frozenset())
        key = (path, self._world.revision(path), filters)
        found = self._kept.get(key)
        if found is None:
            found = _order(_passes(self._world, path, query, self._switches), query.sort or (("id", True),), "id")
            while len(self._kept) >= self.KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = found
        return found
