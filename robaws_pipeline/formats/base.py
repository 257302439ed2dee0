"""What a format is given and what it gives back."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.books.findings import Finding
from robaws_pipeline.periods import Period
from robaws_pipeline.settings import Company


def no_file(collection: str, document_id: str) -> None:
    """The reader of books whose documents have no files."""


@dataclass(frozen=True, slots=True)
class MonthBooks:
    """The books of one company and period, a month or longer: tables of `robaws_pipeline.schema`, current versions.

    `states` says which documents are exported, and why others are not; `vat` and `postings` hold exported ones only;
    `documents` and `lines` hold all of the period, month after month. `originals` are `documents` rows (of any month)
    that the period's credit notes refer to.
    """

    key: str
    company: Company
    period: Period
    documents: pa.Table
    lines: pa.Table
    states: pa.Table
    vat: pa.Table
    postings: pa.Table
    parties: pa.Table
    payment_conditions: pa.Table
    originals: pa.Table
    not_read: tuple[str, ...] = ()
    """Collections ('sales', 'purchases') of this period that Robaws never let us read whole: the period lacks them."""
    findings: tuple[Finding, ...] = ()
    """What is to be explained about this period's numbers, for formats that say that they tell it."""
    stored_file: Callable[[str, str], bytes | None] = no_file
    """The file that Robaws keeps with a document (collection and id), a PDF mostly, as it is; none when there is none,
    it was not fetched, or the settings do not ask for it. It is read when asked for: ask for one at a time."""

    @property
    def exported(self) -> pa.Table:
        """The states of the documents that the books export."""
        return self.states.filter(pc.equal(self.states["state"], "exported"))


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file of a format: a path relative to the format's folder, forward slashes, and its bytes."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class FormatHeld:
    """A document that the books export and this format cannot: listed in the manifest under the format's name."""

    collection: str
    document_id: str
    code: str
    detail: str


@dataclass(slots=True)
class Export:
    """What a format made of a month. `files` may be a generator: it is read once, a file at a time, and `held`,
    `documents` and `notes` are complete when it ends."""

    files: Iterable[ExportFile]
    held: list[FormatHeld] = field(default_factory=list)
    documents: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """(collection, document id) → the files it is in, relative to the format's folder."""
    left_out: set[tuple[str, str]] = field(default_factory=set)
    """(collection, document id) of those that the user's own settings keep out of this format; `notes` say so."""
    notes: list[str] = field(default_factory=list)
    """What a person should know: characters replaced, texts cut, references missing."""


class Format(Protocol):
    """One file format. Implementations are classes without arguments.

    A format about one collection says so in an attribute ``collections = ("sales",)``. One that is not (only) written a
    month at a time has a method ``spans(company)`` that says which periods it wants: any of ``month``, ``quarter``,
    ``year`` and ``book_year``. One whose files say something of a whole period (a VAT return), so that they mean
    nothing for a few of its documents, says ``whole_periods = True``: it is in no delivery. One that tells
    `MonthBooks.findings` has ``tells_findings = True``, and is written again when they change. One with settings of its
    own has their model, a `FormatSettings`, as ``Settings``, and reads them with `Company.of_format`; they are valid by
    then. One that holds documents for reasons of its own has them as ``reasons``, `robaws_pipeline.reasons.Reason`, or
    a method ``reasons(language)`` that gives them: held.csv tells people their sentences and remedies.
    """

    name: str
    title: str
    """One line: what it is and who reads it."""

    def missing_settings(self, company: Company) -> Iterator[str]:
        """What the settings lack before this format can be written, in words with the remedy."""
        ...

    def export(self, books: MonthBooks) -> Export:
        """The files of one month. Pure: same books, same bytes; no clock, no network."""
        ...
