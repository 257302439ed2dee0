"""Buchungsstapel: which rows the batch has, and its files."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.formats import held, vat_codes
from robaws_pipeline.formats.base import FormatHeld, MonthBooks
from robaws_pipeline.formats.datev.columns import BOOKING, cells
from robaws_pipeline.formats.datev.header import BATCH, head
from robaws_pipeline.formats.datev.options import USUAL_KEYS, DatevSettings
from robaws_pipeline.formats.delimited import amount, day, delimited, quoted
from robaws_pipeline.formats.ledger import with_tables
from robaws_pipeline.formats.lookups import parties_of
from robaws_pipeline.formats.texts import Texts, labels
from robaws_pipeline.formats.ubl.countries import country_code
from robaws_pipeline.formats.ubl.identifiers import vat_number
from robaws_pipeline.queries import query

MOST_ROWS = 99_999
"""Rows that one file may have."""

_REFERENCE = "A-Za-z0-9$%&*+/-"
"""What DATEV takes in the number by which it matches payments."""

_VAT_IDS = pa.schema([("kind", pa.string()), ("id", pa.string()), ("value", pa.string())])


class Batch(NamedTuple):
    """The rows of a period, in order, the persons they are about, and the documents that are not there."""

    rows: pa.Table
    persons: pa.Table
    held: list[FormatHeld]


def batch(books: MonthBooks, settings: DatevSettings) -> Batch:
    """What is booked: one row a document, VAT rate and account."""
    vat = vat_codes.keyed(books.vat, books.states)
    inputs = {
        "states": books.states,
        "documents": books.documents,
        "postings": books.postings,
        "parties": books.parties,
        "vat": vat,
        "vat_code": vat_codes.found(vat, (*settings.vat_codes, *USUAL_KEYS)),
        "vat_id": _vat_ids(books),
    }
    with with_tables(inputs) as connection:
        (customers_from, customers_to), (suppliers_from, suppliers_to) = settings.customers, settings.suppliers
        ranges = {"customers_from": customers_from, "customers_to": customers_to}
        ranges |= {"suppliers_from": suppliers_from, "suppliers_to": suppliers_to}
        connection.execute(query(__package__, "document"), {"person_accounts": settings.person_accounts, **ranges})
        automatic = [account.lstrip("0") for account in settings.automatic_accounts]
        connection.execute(
            query(__package__, "entry"), {"cost_centres": settings.cost_centres, "automatic_accounts": automatic}
        )
        length = {"account_length": settings.account_length}
        late = pa.Table.from_pylist([asdict(item) for item in held.booked_in_another_year(books, "datev")], held.SCHEMA)
        unfit = connection.sql(query(__package__, "reason"), params=length).to_arrow_table().cast(held.SCHEMA)
        reasons = pa.concat_tables([unfit, late])
        connection.register("held", reasons)
        rows = connection.sql(query(__package__, "rows"), params=length).to_arrow_table()
        return Batch(rows, connection.sql(query(__package__, "persons")).to_arrow_table(), held.holds(reasons))


def parts(rows: pa.Table) -> Iterator[pa.Table]:
    """The rows of each file: as many as one may have, the rows of a document together. One file at least."""
    documents = rows["document_no"].to_numpy()
    start = 0
    while True:
        end = min(start + MOST_ROWS, len(rows))
        if end < len(rows):
            end = int(np.searchsorted(documents, documents[end], "left"))
        yield rows.slice(start, end - start)
        start = end
        if start >= len(rows):
            return


def batch_csv(rows: pa.Table, books: MonthBooks, settings: DatevSettings, texts: Texts) -> bytes:
    """One file: header, names of the columns, rows."""
    finalised = "1" if settings.finalised else "0"

    def row(part: pa.Table) -> list[Any]:
        of = labels(part["collection"], part["number"], part["document_id"])
        reference = texts.fit(part["reference"], field="Belegfeld 1", of=of, width=36, only=_REFERENCE)
        due = part["due_date"]
        source = pc.binary_join_element_wise(part["collection"], part["document_id"], " ")
        filled = {
            "Umsatz (ohne Soll/Haben-Kz)": amount(part["amount"], point=","),
            "Soll/Haben-Kennzeichen": quoted(part["side"]),
            "WKZ Umsatz": '"EUR"',
            "Konto": part["person"],
            "Gegenkonto (ohne BU-Schlüssel)": part["account"],
            "BU-Schlüssel": quoted(part["key"]),
            "Belegdatum": day(part["booking_date"], "%d%m"),
            "Belegfeld 1": quoted(reference),
            "Belegfeld 2": quoted(day(due, "%d%m%y")),
            "Buchungstext": quoted(texts.fit(part["party_name"], field="Buchungstext", of=of, width=60)),
            "Beleginfo - Art 1": '"Robaws"',
            "Beleginfo - Inhalt 1": quoted(texts.fit(source, field="Beleginfo", of=of, width=210)),
            "KOST1 - Kostenstelle": quoted(texts.fit(part["cost_centre"], field="KOST1", of=of)),
            "EU-Land u. UStID (Bestimmung)": quoted(part["vat_id"]),
            "Festschreibung": finalised,
            "Fälligkeit": day(due, "%d%m%Y"),
        }
        return cells(BOOKING, filled)

    return delimited(
        rows,
        row,
        separator=";",
        head=head(BATCH, books, settings, texts, pc.max(rows["booking_date"]).as_py()),
        encoding=settings.encoding,
    )


def _vat_ids(books: MonthBooks) -> pa.Table:
    """The parties' VAT numbers with their prefix, where they are sound."""
    parties = parties_of(books.exported, books.parties)
    found = []
    for party in parties.select(["kind", "id", "vat_number", "country"]).to_pylist():
        number = vat_number(party["vat_number"], country_code(party["country"]))
        # DATEV has fifteen characters for a number, and none is longer.
        if number is not None and number.valid and len(number.value) <= 15:
            found.append({"kind": party["kind"], "id": party["id"], "value": number.value})
    return pa.Table.from_pylist(found, _VAT_IDS)
