"""What a format's files say, read back by somebody's reader, held against the books they were made from.

A part of `robaws_pipeline.formats.testing`; for tests, of ours and of other packages.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import pyarrow as pa

from robaws_pipeline.formats.base import Export, ExportFile, MonthBooks
from robaws_pipeline.formats.contract import DocumentKey
from robaws_pipeline.formats.texts import REPORT


@dataclass(frozen=True, slots=True)
class Posted:
    """One posting as its receiver reads it from a file."""

    document: DocumentKey
    amount: Decimal
    """Euro, debit positive."""
    account: str | None = None
    """The books' account. With it, postings of one account may have become one; without it, each must be there."""
    entry: Hashable = None
    """What the receiver takes for one entry, when that is not the document."""


@dataclass(frozen=True, slots=True)
class Total:
    """One document as its receiver reads it from a file."""

    document: DocumentKey
    gross: Decimal | None
    """Euro, including VAT; credit notes negative, whatever the file writes for that. None when it gives none."""


ReadPostings = Callable[[Sequence[ExportFile], Export], Iterable[Posted]]
"""Reads the postings of all files of a month. `Export.documents` says which file is whose."""

ReadTotals = Callable[[Sequence[ExportFile], Export], Iterable[Total]]
"""Reads the documents of all files of a month."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]")


def posting_problems(books: MonthBooks, export: Export, posted: Iterable[Posted]) -> Iterator[str]:
    """Entries that do not balance; postings missing, too many, of another amount or with the wrong sign."""
    balance: dict[Hashable, Decimal] = defaultdict(Decimal)
    found: dict[DocumentKey, list[Posted]] = defaultdict(list)
    for posting in posted:
        if not isinstance(posting.amount, Decimal):
            yield f"{_name(posting.document)}: amount {posting.amount!r} was read as no Decimal"
            return
        balance[posting.entry or posting.document] += posting.amount
        found[posting.document].append(posting)
    for entry, rest in balance.items():
        if rest:
            yield f"balance: entry {entry} is {rest} out of balance"
    expected: dict[DocumentKey, list[Posted]] = defaultdict(list)
    for row in books.postings.select(["collection", "document_id", "account", "amount"]).to_pylist():
        document = (row["collection"], row["document_id"])
        if document in export.documents:
            expected[document].append(Posted(document, row["amount"], row["account"]))
    for document in sorted(expected.keys() | found.keys()):
        here, there = found.get(document, []), expected.get(document, [])
        merged = bool(here) and all(posting.account is not None for posting in here)
        yield from _differing(document, _sums(here, merged=merged), _sums(there, merged=merged))


_Sums = Mapping[tuple[str | None, Decimal], int]


def _sums(postings: Sequence[Posted], *, merged: bool) -> _Sums:
    """How often each account and amount is there; with `merged`, the sum of each account, zeros left out."""
    if not merged:
        return Counter((None, posting.amount) for posting in postings)
    sums: dict[str | None, Decimal] = defaultdict(Decimal)
    for posting in postings:
        sums[posting.account] += posting.amount
    return Counter((account, amount) for account, amount in sums.items() if amount)


def _differing(document: DocumentKey, found: _Sums, expected: _Sums) -> Iterator[str]:
    if found == expected:
        return
    if found == {(account, -amount): count for (account, amount), count in expected.items()}:
        yield f"sign: {_name(document)} is booked the wrong way round"
    elif not found:
        yield f"completeness: {_name(document)} has no postings in the files that are said to have it"
    elif not expected:
        yield f"completeness: {_name(document)} has postings in the files, and none in the books or in `documents`"
    else:
        yield f"completeness: {_name(document)} has {_said(found)}, and the books have {_said(expected)}"


def total_problems(books: MonthBooks, export: Export, totals: Iterable[Total]) -> Iterator[str]:
    """Documents missing, twice, of another amount or with the wrong sign."""
    found = list(totals)
    for document, count in Counter(total.document for total in found).items():
        if count > 1:
            yield f"completeness: {_name(document)} was read {count} times"
    states = books.states.select(["collection", "document_id", "gross"]).to_pylist()
    expected: dict[DocumentKey, Decimal | None] = {
        (row["collection"], row["document_id"]): row["gross"] for row in states
    }
    for total in found:
        gross = expected.get(total.document)
        if total.document not in export.documents:
            yield f"completeness: {_name(total.document)} was read, and is not among `documents`"
        elif gross and total.gross == -gross:
            yield f"sign: {_name(total.document)} has {total.gross}, and the books have {gross}"
        elif total.gross != gross:
            yield f"completeness: {_name(total.document)} has {total.gross}, and the books have {gross}"
    for document in sorted(export.documents.keys() - {total.document for total in found}):
        yield f"completeness: {_name(document)} is in no file, and is said to be written"


def encoding_problems(files: Iterable[ExportFile], encoding: str) -> Iterator[str]:
    """Files that are not in the encoding, or have characters that no text has. The list of changed texts is UTF-8."""
    for file in files:
        try:
            text = file.content.decode("utf-8-sig" if file.path == REPORT else encoding)
        except UnicodeDecodeError as error:
            yield f"encoding: {file.path}: cannot be read back: UnicodeDecodeError: {error}"
            continue
        if (control := _CONTROL.search(text)) is not None:
            yield f"encoding: {file.path}: character {control[0]!r} at {control.start()} is no part of a text"


def without_what_it_lacks(books: MonthBooks, encoding: str) -> MonthBooks | None:
    """The same books, texts without the characters that the encoding lacks; none when it has them all."""
    changed = {}
    for name in ("documents", "lines", "states", "postings", "parties"):
        table: pa.Table = getattr(books, name)
        for position, field in enumerate(table.schema):
            if pa.types.is_string(field.type):
                texts = [
                    None if text is None else text.encode(encoding, "ignore").decode(encoding)
                    for text in table[field.name].to_pylist()
                ]
                table = table.set_column(position, field, pa.array(texts, field.type))
        if not table.equals(getattr(books, name)):
            changed[name] = table
    return replace(books, **changed) if changed else None


def _name(document: DocumentKey) -> str:
    return " ".join(document)


def _said(sums: _Sums) -> str:
    return ", ".join(f"{account or ''} {amount}".strip() for account, amount in sorted(sums, key=str))
