"""What a delivery keeps of what it was made from, so that it can be made again and reversed whatever changes later.

Robaws, the settings, the parties and this program all change. So the rows that were delivered are kept with the
delivery, and nothing of it is computed again from the raw log.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from robaws_pipeline import schema
from robaws_pipeline.deliveries.entries import TABLES, Entries, Key, entries
from robaws_pipeline.deliveries.manifest import Was
from robaws_pipeline.formats.base import MonthBooks, no_file
from robaws_pipeline.formats.lookups import first_of_each, parties_of
from robaws_pipeline.periods import period_of
from robaws_pipeline.settings import Company

_SHARED: Mapping[str, schema.Table] = {
    "parties": schema.PARTIES,
    "payment_conditions": schema.PAYMENT_CONDITIONS,
    "originals": schema.DOCUMENTS,
}
FOLDER = "kept"
SETTINGS = f"{FOLDER}/settings.json"


def settings_file(company: Company) -> dict[str, bytes]:
    """The settings of the day, by path in the delivery; `settings_in` reads them."""
    # An address to tell may carry a secret, and the exports are read by others.
    private = {"deliveries": {"notify_url", "notify_command"}}
    return {SETTINGS: company.model_dump_json(indent=1, exclude=private).encode()}


def settings_in(content: bytes) -> Company:
    """The company as its settings were then."""
    return Company.model_validate_json(content)


@dataclass(frozen=True, slots=True)
class Kept:
    """`now`: documents as this delivery says they are; `was`: what it takes back or corrects, as it was delivered.

    Both have Robaws's ids. `originals` are invoices that credit notes refer to.
    """

    company: Company
    now: Entries
    was: Entries
    parties: pa.Table
    payment_conditions: pa.Table
    originals: pa.Table
    stored_file: Callable[[str, str], bytes | None] = no_file
    """As `MonthBooks.stored_file`. Not kept: a delivery has these files inside its own already."""

    def only(self, now: Iterable[Key], was: Iterable[Key]) -> "Kept":
        """The same for fewer documents, with the parties and originals that these need."""
        kept_now, kept_was = self.now.only(now), self.was.only(was)
        both = Entries.all_of([kept_now, kept_was])
        credited = set(
            zip(both.documents["collection"].to_pylist(), both.documents["original_id"].to_pylist(), strict=True)
        )
        originals = self.originals.filter(
            pa.array(
                [
                    key in credited
                    for key in zip(
                        self.originals["collection"].to_pylist(), self.originals["id"].to_pylist(), strict=True
                    )
                ],
                pa.bool_(),
            )
        )
        return Kept(
            self.company,
            kept_now,
            kept_was,
            parties_of(both.documents, self.parties),
            self.payment_conditions,
            originals,
            self.stored_file,
        )

    def files(self) -> dict[str, bytes]:
        """The files that `read` reads, by path in the delivery."""
        tables = {
            **{f"now/{name}": getattr(self.now, name) for name in TABLES},
            **{f"was/{name}": getattr(self.was, name) for name in TABLES if self.was.documents.num_rows},
            **{name: getattr(self, name) for name in _SHARED},
        }
        return {
            **{f"{FOLDER}/{name}.parquet": _parquet(rows) for name, rows in tables.items()},
            **settings_file(self.company),
        }

    @classmethod
    def read(cls, read: Callable[[str], bytes], known: Iterable[str]) -> "Kept":
        """From the files of a delivery: `read` gives one by its path, `known` are those that there are."""
        names = set(known)

        def table(name: str, of: schema.Table) -> pa.Table:
            path = f"{FOLDER}/{name}.parquet"
            return of.as_today(pq.read_table(pa.BufferReader(read(path)))) if path in names else of.empty()

        def several(group: str) -> Entries:
            return Entries(**{name: table(f"{group}/{name}", of) for name, of in TABLES.items()})

        return cls(
            settings_in(read(SETTINGS)),
            several("now"),
            several("was"),
            **{name: table(name, of) for name, of in _SHARED.items()},
        )


def _parquet(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def rows_of(documents: Iterable[Was], kept_by: Callable[[int], Kept]) -> tuple[Entries, pa.Table]:
    """The rows of documents as they were delivered, and the parties they name; `kept_by` a delivery's number."""
    wanted: dict[int, list[Key]] = {}
    for was in documents:
        wanted.setdefault(was.delivery, []).append(was.key)
    kept = {number: kept_by(number) for number in sorted(wanted, reverse=True)}
    parts = [kept[number].now.only(keys) for number, keys in wanted.items()]
    parties = [one.parties for one in kept.values()]
    return Entries.all_of(parts), first_of_each(pa.concat_tables([schema.PARTIES.empty(), *parties]), "kind", "id")


def digests(found: Entries) -> dict[Key, str]:
    """`Entry.booked` of each document."""
    return {entry.key: entry.booked for entry in entries([found])}


def month_books(
    kept: Kept, key: str, month: str, found: Entries, originals: pa.Table, ids: Mapping[Key, str]
) -> MonthBooks:
    """The documents of one month, as formats take them; `ids` are Robaws's of those that have a stored file, by the id
    they have in the files."""

    def stored_file(collection: str, entry: str) -> bytes | None:
        id_ = ids.get((collection, entry))
        return None if id_ is None else kept.stored_file(collection, id_)

    here = found.of_month(month)
    return MonthBooks(
        key=key,
        company=kept.company,
        period=period_of(month, "month"),
        documents=here.documents,
        lines=here.lines,
        states=here.states,
        vat=here.vat,
        postings=here.postings,
        parties=kept.parties,
        payment_conditions=kept.payment_conditions,
        originals=originals,
        stored_file=stored_file,
    )
