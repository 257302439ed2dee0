"""What is in the tables of the workbook, in the words of its language."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.books.vat_return import NO_GRID
from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.formats.journal import documents_columns, journal_columns, parties_columns
from robaws_pipeline.formats.lookups import document_keys, in_order, keys_of_parties, lookup, party_keys
from robaws_pipeline.formats.manifest import TYPES
from robaws_pipeline.formats.vat_return import document_columns
from robaws_pipeline.formats.workbook.sheets import Column
from robaws_pipeline.reasons import describe
from robaws_pipeline.reasons import lookup as reason_of
from robaws_pipeline.schema import MONEY

Words = Mapping[str, str]
Question = dict[str, Any]


def worded(values: Any, words: Words) -> Any:
    """Codes in the words of the language; one without a word stays as it is."""
    encoded = (values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values).dictionary_encode()
    said = pa.array([words.get(code, code) for code in encoded.dictionary.to_pylist()], pa.string())
    return said.take(encoded.indices)


def typed(types: Any, words: Words) -> Any:
    """Types in words. One that Robaws made up is "other": the reconciliation adds up by this word."""
    known = pc.is_in(types, value_set=pa.array(TYPES))
    return worded(pc.if_else(pc.fill_null(known, False), types, "other_type"), words)


def documents(books: MonthBooks, words: Words) -> list[Column]:
    """Every document of the period, whatever its state; amounts as Robaws shows them, credit notes negative."""
    rows = in_order(books.states, "collection", "date", "number", "document_id")
    entry, known = document_keys(rows), document_keys(books.documents, "id")
    parties = books.parties
    party = lookup(party_keys(rows), keys_of_parties(parties), parties["code"])
    return [
        Column(words["collection"], worded(rows["collection"], words), 10),
        Column(words["type"], typed(rows["type"], words), 12),
        Column(words["number"], rows["number"], 14),
        Column(words["supplier_number"], lookup(entry, known, books.documents["supplier_number"]), 18),
        Column(words["date"], rows["date"], 11),
        Column(words["due_date"], lookup(entry, known, books.documents["due_date"]), 11),
        Column(words["party_code"], party, 11),
        Column(words["party"], rows["party_name"], 32),
        Column(words["state"], worded(rows["state"], words), 13),
        Column(words["net"], rows["net"], 14, total=True),
        Column(words["vat_amount"], rows["vat"], 14, total=True),
        Column(words["gross"], rows["gross"], 14, total=True),
        Column(words["id"], rows["document_id"], 12),
    ]


def journal(books: MonthBooks, words: Words) -> list[Column]:
    """One row a posting, as in journal.csv; the side that has nothing is empty."""
    columns = journal_columns(books)

    def side(name: str) -> Any:
        zero = pa.scalar(Decimal(0), MONEY)
        return pc.if_else(pc.equal(columns[name], zero), pa.scalar(None, MONEY), columns[name])

    return [
        Column(words["journal_code"], columns["journal"], 8),
        Column(words["number"], columns["number"], 14),
        Column(words["date"], columns["date"], 11),
        Column(words["supplier_number"], columns["supplier_number"], 18),
        Column(words["party_code"], columns["party_code"], 11),
        Column(words["party"], columns["party_name"], 28),
        Column(words["account"], columns["account"], 10),
        Column(words["account_name"], columns["account_name"], 26),
        Column(words["description"], columns["description"], 40),
        Column(words["debit"], side("debit"), 14, total=True),
        Column(words["credit"], side("credit"), 14, total=True),
        Column(words["treatment"], worded(columns["treatment"], words), 18),
        Column(words["rate"], columns["vat_rate"], 7),
        Column(words["base"], columns["vat_base"], 14),
        Column(words["due_date"], columns["due_date"], 11),
        Column(words["project"], columns["project"], 11),
        Column(words["collection"], worded(columns["collection"], words), 10),
        Column(words["id"], columns["document_id"], 12),
    ]


def vat_documents(books: MonthBooks, grids: pa.Table, words: Words) -> list[Column]:
    """One row a grid and document; every exported document is there, those in no grid too."""
    columns = document_columns(books, grids)
    grid = pc.if_else(pc.equal(columns["grid"], NO_GRID), words["no_grid"], columns["grid"])
    return [
        Column(words["grid"], grid, 8),
        Column(words["collection"], worded(columns["collection"], words), 10),
        Column(words["type"], typed(columns["type"], words), 12),
        Column(words["number"], columns["number"], 14),
        Column(words["date"], columns["date"], 11),
        Column(words["party"], columns["party"], 32),
        Column(words["treatment"], worded(columns["treatment"], words), 30),
        Column(words["amount"], columns["amount"], 14, total=True),
        Column(words["id"], columns["document_id"], 12),
    ]


def rounding(books: MonthBooks, words: Words) -> list[Column]:
    """The differences of a cent or so that were booked; debit positive."""
    rows = _rounded(books)
    party = lookup(document_keys(rows), document_keys(books.states), books.states["party_name"])
    return [
        Column(words["collection"], worded(rows["collection"], words), 10),
        Column(words["number"], rows["number"], 14),
        Column(words["date"], rows["date"], 11),
        Column(words["party"], party, 32),
        Column(words["account"], rows["account"], 10),
        Column(words["amount"], rows["amount"], 14, total=True),
        Column(words["id"], rows["document_id"], 12),
    ]


def _rounded(books: MonthBooks) -> pa.Table:
    return books.postings.filter(pc.equal(books.postings["kind"], "rounding"))


def parties(books: MonthBooks, words: Words) -> list[Column]:
    """The customers and suppliers of the exported documents, with what was booked on each."""
    columns = parties_columns(books)
    booked = documents_columns(books)
    sums = (
        pa.table({"code": booked["party_code"], "gross": booked["gross"]})
        .group_by("code")
        .aggregate([("gross", "sum"), ("gross", "count")])
    )
    gross = lookup(columns["code"], sums["code"], sums["gross_sum"])
    return [
        Column(words["party_code"], columns["code"], 11),
        Column(words["collection"], worded(columns["kind"], words), 12),
        Column(words["name"], columns["name"], 32),
        Column(words["vat_number"], columns["vat_number"], 18),
        Column(words["street"], columns["street"], 28),
        Column(words["street_2"], columns["street_2"], 18),
        Column(words["postal_code"], columns["postal_code"], 10),
        Column(words["city"], columns["city"], 20),
        Column(words["country"], columns["country"], 10),
        Column(words["email"], columns["email"], 28),
        Column(words["iban"], columns["iban"], 22),
        Column(words["payment_condition"], columns["payment_condition"], 22),
        Column(words["count"], lookup(columns["code"], sums["code"], sums["gross_count"]), 11),
        Column(words["gross"], gross.cast(MONEY), 14, total=True),
    ]


def questions(books: MonthBooks, grids: pa.Table, words: Words) -> list[Column]:
    """What a person has to look at: in words, with what to do."""
    rows = [*_not_read(books, words), *_held(books, words), *_found(books, words)]
    rows += [*_unplaced(books, grids, words), *_strangers(books, words), *_rounding_questions(books, words)]
    states = books.states
    keys = pa.array([None if row["id"] is None else f"{row['collection']}-{row['id']}" for row in rows], pa.string())
    known = document_keys(states)

    def said(name: str) -> pa.Array:
        return pa.array([row[name] for row in rows], pa.string())

    return [
        Column(words["question"], said("kind"), 24),
        Column(words["collection"], worded(said("collection"), words), 10),
        Column(words["number"], lookup(keys, known, states["number"]), 14),
        Column(words["date"], lookup(keys, known, states["date"]), 11),
        Column(words["party"], lookup(keys, known, states["party_name"]), 28),
        Column(words["gross"], lookup(keys, known, states["gross"]), 14),
        Column(words["description"], said("text"), 60, wrap=True),
        Column(words["remedy"], said("remedy"), 50, wrap=True),
        Column(words["code"], said("code"), 22),
        Column(words["id"], said("id"), 12),
    ]


def _question(words: Words, code: str, collection: str, id_: str | None, text: str) -> Question:
    return {
        "kind": words[f"kind_{code}"],
        "collection": collection,
        "id": id_,
        "text": text,
        "remedy": words[f"remedy_{code}"],
        "code": code,
    }


def _not_read(books: MonthBooks, words: Words) -> Iterator[Question]:
    for collection in books.not_read:
        yield _question(words, "not_read", collection, None, words["text_not_read"])


def _held(books: MonthBooks, words: Words) -> Iterator[Question]:
    language = books.company.language
    held = books.states.filter(pc.equal(books.states["state"], "held"))
    for row in in_order(held, "collection", "date", "number", "document_id").to_pylist():
        common = {"kind": words["kind_held"], "collection": row["collection"], "id": row["document_id"]}
        for reason in row["reasons"]:
            code = reason["code"]
            text, remedy = describe(code, reason["detail"], language), reason_of(code, language).remedy
            yield {**common, "text": text, "remedy": remedy, "code": code}
        if not row["reasons"]:
            yield {**common, "text": words["text_no_reason"], "remedy": None, "code": None}


def _found(books: MonthBooks, words: Words) -> Iterator[Question]:
    for finding in books.findings:
        yield _question(words, finding.kind, finding.collection, finding.document_id, finding.detail)


def _unplaced(books: MonthBooks, grids: pa.Table, words: Words) -> Iterator[Question]:
    for row in grids.filter(pc.equal(grids["grid"], NO_GRID)).to_pylist():
        text = words["text_no_grid"].format(figure(row["amount"], books), words.get(row["treatment"], row["treatment"]))
        yield _question(words, "no_grid", row["collection"], row["document_id"], text)


def _strangers(books: MonthBooks, words: Words) -> Iterator[Question]:
    exported, known = books.exported, keys_of_parties(books.parties).combine_chunks()
    strange = exported.filter(pc.invert(pc.is_in(party_keys(exported), value_set=known)))
    for row in in_order(strange.select(["collection", "document_id"]), "collection", "document_id").to_pylist():
        yield _question(words, "no_party", row["collection"], row["document_id"], words["text_no_party"])


def _rounding_questions(books: MonthBooks, words: Words) -> Iterator[Question]:
    for row in _rounded(books).to_pylist():
        text = words["text_rounding"].format(figure(row["amount"], books))
        yield _question(words, "rounding", row["collection"], row["document_id"], text)


def figure(amount: Decimal, books: MonthBooks) -> str:
    """An amount within a sentence."""
    return f"{amount:f}" if books.company.language == "en" else f"{amount:f}".replace(".", ",")
