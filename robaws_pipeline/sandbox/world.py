"""All data of one tenant, in memory, and how tests change it."""

from collections.abc import Iterator, Mapping, Sequence
from threading import RLock
from typing import Any

from robaws_pipeline.fields import EXTRA_FIELDS
from robaws_pipeline.sandbox.documents import build_documents, months
from robaws_pipeline.sandbox.masterdata import build_masterdata, with_extra_fields
from robaws_pipeline.sandbox.names import DOCUMENTS, PATHS, Names, Record, Spelling

MARKS: Mapping[str, str] = {
    "Exported to accounting": "CHECKBOX",
    "Exported to accounting on": "DATE",
    "Accounting delivery": "TEXT",
}
"""Extra fields that this tenant made on its invoices for whoever exports them; empty at first."""


def _refuse_floats(value: object, where: str) -> None:
    if isinstance(value, float):
        raise TypeError(f"{where} is the float {value!r}: give an amount as a Decimal")
    if isinstance(value, Mapping):
        for key, item in value.items():
            _refuse_floats(item, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            _refuse_floats(item, f"{where}[{number}]")


class World:
    """The collections of one tenant, by path and id.

    A record is never changed in place: a change puts a new one there, so whoever holds a record holds a version.
    """

    def __init__(self, records: Mapping[str, Sequence[Record]], names: Names) -> None:
        self.names = names
        self.lock = RLock()
        """Held by the server while it makes an answer, and by each change."""
        self._records = {path: {str(record["id"]): record for record in records.get(path, ())} for path in PATHS}
        self._revisions = dict.fromkeys(PATHS, 0)
        key = names["extra_field"]["type"]
        self.extra_fields: dict[str, dict[str, str]] = {
            path: {
                **(MARKS if path in DOCUMENTS else {}),
                **{
                    name: value[key]
                    for record in records.get(path, ())
                    for name, value in (record.get(EXTRA_FIELDS) or {}).items()
                },
            }
            for path in PATHS
        }
        """The extra fields that this tenant defined, by collection path: name → CHECKBOX, DATE, TEXT, …"""
        self._pdfs: tuple[tuple[int, ...], dict[str | None, tuple[str, Record]]] = ((), {})
        self._sorted: dict[str, tuple[int, list[Record]]] = {}

    def records(self, path: str) -> list[Record]:
        """The objects of a collection, lowest id first. The list is the world's own: do not change it."""
        with self.lock:
            revision, records = self._sorted.get(path, (-1, []))
            if revision != self._revisions[path]:
                records = sorted(self._records[path].values(), key=lambda record: int(record["id"]))
                self._sorted[path] = self._revisions[path], records
            return records

    def __iter__(self) -> Iterator[tuple[str, Record]]:
        """Every object with its collection's path."""
        for path in PATHS:
            for record in self.records(path):
                yield path, record

    def find(self, path: str, id: str) -> Record | None:
        """One object, or None."""
        return self._records[path].get(id)

    def get(self, path: str, id: str) -> Record:
        """One object; KeyError says what is missing."""
        record = self.find(path, id)
        if record is None:
            raise KeyError(f"no {path}/{id} in this world")
        return record

    def revision(self, path: str) -> int:
        """A number that goes up with each change of the collection."""
        return self._revisions[path]

    def _put(self, path: str, id: str, record: Record | None) -> None:
        with self.lock:
            if record is None:
                del self._records[path][id]
            else:
                self._records[path][id] = record
            self._revisions[path] += 1

    def update(self, collection_path: str, id: str, changes: Mapping[str, Any], updated_at: str | None) -> Record:
        """Change some keys of an object (Robaws's keys, amounts as Decimal) and its `updatedAt`; the new version.

        `updated_at` None leaves the time as it is, as a change that Robaws does not show would.
        """
        _refuse_floats(changes, f"{collection_path}/{id}")
        if "id" in changes:
            raise ValueError(f"{collection_path}/{id}: an id does not change")
        record = {**self.get(collection_path, id), **changes}
        if updated_at is not None:
            record[self.names.of(collection_path, "updated_at")] = updated_at
        self._put(collection_path, id, record)
        return record

    def create(
        self, collection_path: str, record: Mapping[str, Any], updated_at: str | None, *, like: str | None = None
    ) -> str:
        """Add an object and give its id: the record's own, else the next one.

        With `like`, the id of another object, whatever the record does not say is copied from that one, except the
        number of a document: it gets the next of its series and year.
        """
        _refuse_floats(record, collection_path)
        with self.lock:
            id = str(record.get("id") or 1 + max(map(int, self._records[collection_path]), default=0))
            if id in self._records[collection_path]:
                raise ValueError(f"{collection_path}/{id} is there already")
            made: Record = {"id": id}
            if like is not None:
                made = {**self.get(collection_path, like), **made}
            made.update(record)
            made["id"] = id
            if collection_path in DOCUMENTS and like is not None:
                key = self.names.of(collection_path, "number")
                if key not in record:
                    made[key] = self.next_number(collection_path, made)
            if updated_at is not None:
                made[self.names.of(collection_path, "updated_at")] = updated_at
            self._put(collection_path, id, made)
        return id

    def delete(self, collection_path: str, id: str) -> None:
        """Remove an object, without a trace, as Robaws does."""
        self.get(collection_path, id)
        self._put(collection_path, id, None)

    def next_number(self, path: str, document: Mapping[str, Any]) -> str:
        """The number that a document of this type and date gets: a letter, two digits of the year, a sequence."""
        names = self.names
        letter = "I" if path == "purchase-invoices" else "C" if document.get("type") == "CREDIT_NOTE" else "F"
        series = letter + str(document[names.of(path, "date")])[2:4]
        key = names.of(path, "number")
        used = [
            int(number[len(series) :])
            for record in self._records[path].values()
            if (number := record.get(key)) and number.startswith(series) and number[len(series) :].isdigit()
        ]
        return f"{series}{1 + max(used, default=0):04d}"

    def owner_of_pdf(self, pdf_id: str) -> tuple[str, Record] | None:
        """The document that a PDF belongs to: its collection's path and itself."""
        with self.lock:
            revisions = tuple(self._revisions[path] for path in DOCUMENTS)
            if self._pdfs[0] != revisions:
                owners = {
                    record.get(self.names.of(path, "pdf_id")): (path, record)
                    for path in DOCUMENTS
                    for record in self._records[path].values()
                }
                self._pdfs = revisions, owners
            return self._pdfs[1].get(pdf_id)


def build_world(
    seed: int = 1,
    first_month: str = "2025-11",
    last_month: str = "2026-10",
    sales_per_month: int = 40,
    purchases_per_month: int = 30,
    lines: int | None = None,
    spelling: Spelling | None = None,
) -> World:
    """A builder's tenant with its documents of these months (YYYY-MM, both included); the same for the same arguments.

    `lines` gives every document exactly that many lines with an amount, for volume; without it documents have the
    number that their content asks for. `spelling` gives keys other names than usual. ValueError when the months are
    none.
    """
    names = Names(spelling)
    masterdata = build_masterdata(names)
    documents = build_documents(
        names,
        masterdata,
        seed=seed,
        period=months(first_month, last_month),
        per_month={"sales-invoices": sales_per_month, "purchase-invoices": purchases_per_month},
        lines=lines,
    )
    return World({**masterdata.records, **with_extra_fields(names, documents)}, names)
