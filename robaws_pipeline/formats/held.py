"""Documents that the books export and one format cannot write: the reasons that formats share, and the accounts kept.

A document held by one format is in the files of the others. Nothing is guessed: a format that has no VAT code or
journal for a document holds it, says which is missing, and writes it once the settings have it.
"""

from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.formats.base import FormatHeld, MonthBooks
from robaws_pipeline.formats.contract import COLLECTIONS, DocumentKey
from robaws_pipeline.reasons import Reason

SCHEMA = pa.schema(
    [("collection", pa.string()), ("document_id", pa.string()), ("code", pa.string()), ("detail", pa.string())]
)
"""A row a document and reason."""


def vat_code_unmapped(format_name: str) -> Reason:
    """No VAT code of the accountant's program stands for what the document has."""
    return Reason(
        f"{format_name}_vat_code",
        f"There is no VAT code for {format_name}: {{detail}}.",
        f"Ask the accountant for the code and add it to `format.{format_name}.vat_codes` in robaws.toml.",
        "in the settings",
    )


def journal_unmapped(format_name: str) -> Reason:
    """The journal's code is none that the accountant's program can have."""
    return Reason(
        f"{format_name}_journal",
        f"There is no journal for {format_name}: {{detail}}.",
        f"Ask the accountant for the journal and add it to `format.{format_name}.journals` in robaws.toml.",
        "in the settings",
    )


def number_unfit(format_name: str) -> Reason:
    """The document has no number, or one that the program cannot have."""
    return Reason(
        f"{format_name}_number",
        f"The document's number cannot be written for {format_name}: {{detail}}.",
        "Have the accountant enter the document by hand; let Robaws number the next ones as the format's page says.",
        "at the accountant",
    )


def account_unfit(format_name: str) -> Reason:
    """An account or party code that the program cannot have."""
    return Reason(
        f"{format_name}_account",
        f"An account cannot be written for {format_name}: {{detail}}.",
        "Give the accountant's number for it: `accounts.renumber` in robaws.toml for an account, the format's settings "
        "for a customer or supplier.",
        "in the settings",
    )


NOTHING_TO_BOOK = Reason(
    "nothing_to_book",
    "There is nothing to book of the document: {detail}.",
    "Nothing has to be done: a file of entries has no place for a document without amounts.",
    "at the accountant",
)
"""Every amount of the document is 0.00, so it has no postings."""


def without_postings(books: MonthBooks) -> list[FormatHeld]:
    """The exported documents that have no postings, held for a format that writes nothing but postings."""
    exported = books.states.filter(pc.equal(books.states["state"], "exported"))
    silent = exported.filter(pc.invert(pc.is_in(_keys(exported), value_set=pc.unique(_keys(books.postings)))))
    return [
        FormatHeld(state["collection"], state["document_id"], NOTHING_TO_BOOK.code, "every amount is 0.00")
        for state in silent.select(["collection", "document_id"]).to_pylist()
    ]


def _keys(rows: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(rows["collection"], rows["document_id"], "-")


def holds(rows: pa.Table) -> list[FormatHeld]:
    """Rows of `SCHEMA` as `Export.held` takes them: each once, sorted."""
    once = rows.select(SCHEMA.names).group_by(SCHEMA.names, use_threads=False).aggregate([])
    ordered = once.sort_by([(name, "ascending") for name in SCHEMA.names])
    return [FormatHeld(**row) for row in ordered.to_pylist()]


def written(
    books: MonthBooks, held: Iterable[FormatHeld], files: Sequence[str], collections: Sequence[str] = COLLECTIONS
) -> dict[DocumentKey, list[str]]:
    """`Export.documents` of a format that writes all documents to the same files: all exported ones but those held."""
    states = books.states
    exported = pc.and_(
        pc.equal(states["state"], "exported"), pc.is_in(states["collection"], value_set=pa.array(collections))
    )
    rows = states.filter(exported)
    left_out = {(item.collection, item.document_id) for item in held}
    keys = zip(rows["collection"].to_pylist(), rows["document_id"].to_pylist(), strict=True)
    return {key: list(files) for key in keys if key not in left_out}


def without(rows: pa.Table, held: Iterable[FormatHeld]) -> pa.Table:
    """The rows (with `collection` and `document_id`) of documents that are not held."""
    names = pa.array(sorted({f"{item.collection}-{item.document_id}" for item in held}), pa.string())
    return rows.filter(pc.invert(pc.is_in(_keys(rows), value_set=names))) if len(names) else rows
