"""Octopus's import of relations: the customers and suppliers of a period, in the columns that its manual names.

Its import of bookings has no published layout; ``docs/formats/octopus.md`` says how documents get there.
"""

from collections.abc import Iterator
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field
from stdnum.be import vat as belgian_vat
from stdnum.eu import vat as european_vat

from robaws_pipeline.formats.base import Export, ExportFile, MonthBooks
from robaws_pipeline.formats.held import account_unfit, holds, written
from robaws_pipeline.formats.import_sheet import Kind, import_files
from robaws_pipeline.formats.lookups import in_order, keys_of_parties, parties_of, party_keys
from robaws_pipeline.formats.spreadsheet import Columns
from robaws_pipeline.formats.texts import Texts
from robaws_pipeline.formats.ubl.countries import country_code
from robaws_pipeline.reasons import Language, Reason
from robaws_pipeline.settings import Company, FormatSettings

STEM = "relations"
SHEET = "Export relaties"
"""As in the template that Octopus publishes."""
WIDTH = 30
"""Characters of a name and of a street."""
KINDS = {"client": "1", "supplier": "2"}
"""First digit of an external number: a client and a supplier of Robaws may have one id."""
BELGIAN, EUROPEAN = "1", "4"
"""Liable to VAT in Belgium, in another member state."""


class OctopusSettings(FormatSettings):
    """``[companies.<key>.format.octopus]``."""

    files: Annotated[tuple[Kind, ...], Field(min_length=1)] = ("xlsx",)
    """Kinds of file that are written."""


class OctopusFormat:
    """One table of relations."""

    name = "octopus"
    title = "Customers and suppliers (XLSX, CSV) for Octopus's import of relations"
    Settings = OctopusSettings

    def reasons(self, language: Language) -> list[Reason]:
        """What it holds documents for."""
        return [account_unfit(self.name, language)]

    def missing_settings(self, company: Company) -> Iterator[str]:
        """Nothing: the defaults are valid."""
        return iter(())

    def export(self, books: MonthBooks) -> Export:
        """The parties of the exported documents; a document whose party cannot be written is held."""
        own = books.company.of_format(self.name, OctopusSettings)
        states = books.exported
        parties = parties_of(states, books.parties)
        usable = pc.and_(
            pc.match_substring_regex(parties["id"], "^[0-9]+$"),
            pc.match_substring_regex(pc.coalesce(parties["name"], pa.scalar("")), r"[^\s\p{Cc}]"),
        )
        parties = in_order(parties.filter(usable), "kind", "code")
        known = keys_of_parties(parties).combine_chunks()
        held = holds(_without_party(states, pc.is_in(party_keys(states), value_set=known)))
        export = Export((), held, written(books, held, [f"{STEM}.{kind}" for kind in own.files]))
        export.files = _files(books, own, parties, export.notes)
        return export


def _without_party(states: pa.Table, known: pa.ChunkedArray) -> pa.Table:
    rows = states.filter(pc.invert(known))
    party = pc.coalesce(rows["party_id"], pa.scalar("none"))
    detail = pc.binary_join_element_wise("party", party, "has no name in Robaws, or no numeric id", " ")
    code = pa.repeat(pa.scalar(account_unfit("octopus").code), rows.num_rows)
    return rows.select(["collection", "document_id"]).append_column("code", code).append_column("detail", detail)


def _files(books: MonthBooks, own: OctopusSettings, parties: pa.Table, notes: list[str]) -> Iterator[ExportFile]:
    texts = Texts("utf-8")
    yield from import_files(_columns(parties, texts), STEM, SHEET, own.files, books.period.last_day)
    notes.extend(texts.notes())
    yield from texts.report()


def _columns(parties: pa.Table, texts: Texts) -> Columns:
    """One row a party; headings are those of the manual."""
    code, rows = parties["code"], parties.num_rows
    numbers = [_vat(number) for number in parties["vat_number"].to_pylist()]
    street = pc.binary_join_element_wise(parties["street"], parties["street_2"], ", ", null_handling="skip")
    first = pc.if_else(pc.equal(parties["kind"], "client"), KINDS["client"], KINDS["supplier"])

    def yes(kind: str) -> pa.ChunkedArray:
        return pc.if_else(pc.equal(parties["kind"], kind), "ja", pa.scalar(None, pa.string()))

    return {
        "Actief": pa.repeat(pa.scalar("A"), rows),
        "Extern relatienummer": pc.binary_join_element_wise(first, parties["id"], ""),
        "Naam": texts.fit(parties["name"], field="name", of=code, width=WIDTH),
        "Straat en nummer": texts.fit(street, field="street", of=code, width=WIDTH),
        "Postcode": texts.fit(parties["postal_code"], field="postal_code", of=code),
        "Gemeente": texts.fit(parties["city"], field="city", of=code),
        "Land": pa.array([country_code(typed) for typed in parties["country"].to_pylist()], pa.string()),
        "BTW plichtigheid": pa.array([liable for _, liable in numbers], pa.string()),
        "BTW nummer": texts.fit(pa.array([number for number, _ in numbers], pa.string()), field="vat_number", of=code),
        "Is klant": yes("client"),
        "Is leverancier": yes("supplier"),
    }


def _vat(typed: str | None) -> tuple[str | None, str | None]:
    """A VAT number as Octopus wants it, and the kind of liability where the number proves one."""
    if not typed:
        return None, None
    if belgian_vat.is_valid(typed):
        digits = belgian_vat.compact(typed)
        return f"BE{digits[:4]}.{digits[4:7]}.{digits[7:]}", BELGIAN
    if european_vat.is_valid(typed):
        return european_vat.compact(typed), EUROPEAN
    return typed, None
