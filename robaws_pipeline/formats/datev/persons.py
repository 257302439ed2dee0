"""Debitoren/Kreditoren: the customers and suppliers of the batch, and nobody else."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.formats.datev.columns import PERSON, cells
from robaws_pipeline.formats.datev.header import PERSONS, head
from robaws_pipeline.formats.datev.options import DatevSettings
from robaws_pipeline.formats.delimited import delimited, quoted
from robaws_pipeline.formats.texts import Texts
from robaws_pipeline.formats.ubl.countries import country_code

_LANGUAGES = {"de": "1", "fr": "4", "en": "5", "es": "10", "it": "19"}
"""DATEV's numbers of languages; it has none for Dutch."""


def persons_csv(persons: pa.Table, books: MonthBooks, settings: DatevSettings, texts: Texts) -> bytes:
    """The file: header, names of the columns, a row a person account."""

    def row(part: pa.Table) -> list[Any]:
        of = pc.binary_join_element_wise("account", part["person"], " ")

        def text(column: Any, field: str, width: int) -> pa.Array:
            return quoted(texts.fit(column, field=field, of=of, width=width))

        countries = pa.array([country_code(country) for country in part["country"].to_pylist()], pa.string())
        languages = [_LANGUAGES.get((language or "")[:2].lower()) for language in part["language"].to_pylist()]
        filled = {
            "Konto": part["person"],
            "Name (Adressatentyp Unternehmen)": text(part["name"], "Name", 50),
            "Adressatentyp": '"2"',
            "Kurzbezeichnung": text(pc.utf8_slice_codeunits(part["name"], 0, 15), "Kurzbezeichnung", 15),
            "EU-Land": quoted(pc.utf8_slice_codeunits(part["vat_id"], 0, 2)),
            "EU-USt-IdNr.": quoted(pc.utf8_slice_codeunits(part["vat_id"], 2)),
            "Adressart": quoted(pc.if_else(pc.is_valid(part["street"]), "STR", "")),
            "Straße": text(part["street"], "Straße", 36),
            "Postleitzahl": text(part["postal_code"], "Postleitzahl", 10),
            "Ort": text(part["city"], "Ort", 30),
            "Land": quoted(countries),
            "Adresszusatz": text(part["street_2"], "Adresszusatz", 36),
            "E-Mail": text(part["email"], "E-Mail", 60),
            "IBAN 1": text(part["iban"], "IBAN", 34),
            "SWIFT-Code 1": text(part["bic"], "SWIFT-Code", 11),
            "Sprache": pa.array(languages, pa.string()),
            "Nummer Fremdsystem": text(part["party_code"], "Nummer Fremdsystem", 15),
        }
        return cells(PERSON, filled)

    return delimited(
        persons, row, separator=";", head=head(PERSONS, books, settings, texts), encoding=settings.encoding
    )
