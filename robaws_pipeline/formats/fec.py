"""FEC, the French file of accounting entries (article A47 A-1 of the Livre des procédures fiscales).

``docs/formats/fec.md`` says what each column holds.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AfterValidator, Field
from stdnum.fr import siren, tva

from robaws_pipeline.formats.base import Export, ExportFile, MonthBooks
from robaws_pipeline.formats.delimited import Cells, amount, day, delimited
from robaws_pipeline.formats.held import (
    account_unfit,
    booked_in_another_year,
    holds,
    nothing_to_book,
    without,
    without_postings,
    written,
    year_unfit,
)
from robaws_pipeline.formats.ledger import ledger, lookups
from robaws_pipeline.formats.texts import Texts
from robaws_pipeline.periods import Span
from robaws_pipeline.queries import query
from robaws_pipeline.reasons import Language, Reason
from robaws_pipeline.schema import MONEY
from robaws_pipeline.settings import Company, FormatSettings

COLUMNS = (
    *("JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib"),
    *("PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate"),
    *("Montantdevise", "Idevise"),
)
"""The eighteen columns, in the order of the law."""

_TEXTS = ("journal", "journal_name", "account", "account_name", "party_code", "party_name", "piece", "description")
_ACCOUNT = r"^[1-9][0-9]{2}[0-9A-Za-z]*$"
"""The first three characters are digits of the chart of accounts."""

_JOURNALS = (
    ("sales", "INVOICE", "Ventes"),
    ("sales", "CREDIT_NOTE", "Notes de crédit sur ventes"),
    ("purchases", "INVOICE", "Achats"),
    ("purchases", "CREDIT_NOTE", "Notes de crédit sur achats"),
)
_ROLES = (
    ("customers", "Clients"),
    ("suppliers", "Fournisseurs"),
    ("vat_due", "TVA due"),
    ("vat_deductible", "TVA déductible"),
    ("rounding", "Écarts d'arrondi"),
)
_SEPARATORS = {"tab": "\t", "pipe": "|"}


def _siren(value: str) -> str:
    if not siren.is_valid(value):
        raise ValueError("not a SIREN: nine digits, the last a check digit")
    compact: str = siren.compact(value)
    return compact


class FecSettings(FormatSettings):
    """``[companies.<key>.format.fec]``."""

    siren: Annotated[str, AfterValidator(_siren)] | None = None
    """Number that the file is named after; that of a French VAT number when left out."""
    periods: Annotated[tuple[Span, ...], Field(min_length=1)] = ("month", "year")
    """The periods that have a file of their own."""
    separator: Literal["tab", "pipe"] = "tab"
    """What stands between columns."""
    encoding: Literal["utf-8", "iso-8859-15"] = "utf-8"
    """Both are allowed by the law."""


class FecFormat:
    """One text file a period."""

    name = "fec"
    title = "FEC, the French file of accounting entries, for French accountants and programs that read a plain journal"
    Settings = FecSettings

    def reasons(self, language: Language) -> list[Reason]:
        """What it holds documents for."""
        return [nothing_to_book(language), account_unfit(self.name, language), year_unfit(self.name, language)]

    def missing_settings(self, company: Company) -> Iterator[str]:
        """Nothing: a company without SIREN has its own number in the file's name."""
        return iter(())

    def spans(self, company: Company) -> tuple[Span, ...]:
        """The periods that the settings ask for."""
        return company.of_format(self.name, FecSettings).periods

    def export(self, books: MonthBooks) -> Export:
        """The entries; documents with an account that no FEC can have, or with nothing to book, are held."""
        own = books.company.of_format(self.name, FecSettings)
        number = own.siren or _french_siren(books.company.vat_number)
        path = f"{number or _digits(books.company.vat_number)}FEC{books.period.last_day:%Y%m%d}.txt"
        held = [
            *without_postings(books),
            *booked_in_another_year(books, self.name),
            *holds(_unfit_accounts(books.postings)),
        ]
        export = Export((), held, written(books, held, [path]))
        if number is None:
            export.notes.append(
                f"{path} is not named after a SIREN, which French checkers refuse: set format.fec.siren when it is for "
                "the tax administration"
            )
        export.files = _files(books, own, path, export)
        return export


def _french_siren(vat_number: str) -> str | None:
    """The SIREN in a French VAT number."""
    return tva.compact(vat_number)[2:] if vat_number.startswith("FR") and tva.is_valid(vat_number) else None


def _digits(vat_number: str) -> str:
    return "".join(character for character in vat_number if character.isalnum())


def _unfit_accounts(postings: pa.Table) -> pa.Table:
    """Documents with an account that does not begin with three digits, as `held.SCHEMA`."""
    rows = postings.filter(pc.invert(pc.match_substring_regex(postings["account"], _ACCOUNT)))
    detail = pc.binary_join_element_wise("account", rows["account"], "must begin with three digits of the chart", " ")
    code = pa.repeat(pa.scalar(account_unfit("fec").code), rows.num_rows)
    return rows.select(["collection", "document_id"]).append_column("code", code).append_column("detail", detail)


def _files(books: MonthBooks, own: FecSettings, path: str, export: Export) -> Iterator[ExportFile]:
    # Without what is held before anything is numbered: numbers must have no gaps.
    booked = replace(books, postings=without(books.postings, export.held))
    with ledger(booked) as connection:
        lookups(
            connection,
            {"journal_name": (("collection", "type", "name"), _JOURNALS), "role": (("role", "name"), _ROLES)},
        )
        rows = connection.sql(query(__package__, "fec")).to_arrow_table()
    # A comma or a quote is a character like any other: the file has no quotes.
    texts = Texts(own.encoding, {"|": "/"} if own.separator == "pipe" else None)
    for name in _TEXTS:
        position = rows.schema.get_field_index(name)
        fitted = texts.fit(rows[name], field=name, of=rows["of"])
        # The encoding may have no character of a text, and the law wants these columns filled.
        rows = rows.set_column(position, name, pc.if_else(pc.equal(fitted, ""), "-", fitted))
    separator = _SEPARATORS[own.separator]
    head = separator.join(COLUMNS) + "\r\n"
    yield ExportFile(path, delimited(rows, _cells, separator=separator, encoding=own.encoding, head=head))
    export.notes.extend(texts.notes())
    yield from texts.report()


def _cells(rows: pa.Table) -> Cells:
    """The columns of the law. A document with a number is final in Robaws, so it is valid from its booking date."""
    zero = pa.scalar(0, MONEY)
    debit = amount(pc.max_element_wise(rows["amount"], zero), point=",")
    credit = amount(pc.max_element_wise(pc.cast(pc.negate(rows["amount"]), MONEY), zero), point=",")
    booked, dated = day(rows["booking_date"], "%Y%m%d"), day(rows["date"], "%Y%m%d")
    return [
        *(rows["journal"], rows["journal_name"], rows["num"], booked, rows["account"], rows["account_name"]),
        *(rows["party_code"], rows["party_name"], rows["piece"], dated, rows["description"], debit, credit),
        *("", "", booked, "", ""),
    ]
