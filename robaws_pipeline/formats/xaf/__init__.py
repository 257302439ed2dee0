"""XAF, the Dutch audit file (XML Auditfile Financieel), versions 3.2 and 4.0: the journal with accounts and parties.

``docs/formats/xaf.md`` says what is where and how programs import it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from io import BytesIO
from typing import Annotated, Literal
from xml.sax.saxutils import escape

import duckdb
import pyarrow.compute as pc
from pydantic import Field

from robaws_pipeline.formats.base import Export, ExportFile, MonthBooks
from robaws_pipeline.formats.held import (
    booked_in_another_year,
    nothing_to_book,
    without,
    without_postings,
    written,
    year_unfit,
)
from robaws_pipeline.formats.ledger import ledger, lookups, write_texts
from robaws_pipeline.formats.texts import Texts
from robaws_pipeline.formats.ubl.countries import country_code
from robaws_pipeline.formats.ubl.text import one_line
from robaws_pipeline.periods import MONTHS_A_YEAR, Span, book_year_of, first_day, last_day, months_between
from robaws_pipeline.queries import query
from robaws_pipeline.reasons import Language, Reason
from robaws_pipeline.settings import Company, FormatSettings

Version = Literal["3.2", "4.0"]

NAMESPACES: dict[Version, str] = {
    "3.2": "http://www.auditfiles.nl/XAF/3.2",
    "4.0": "http://www.odb.belastingdienst.nl/Belastingdienst/BCPP/1.1/structures/XmlauditfileXAF_4.0",
}
_PROJECT: dict[Version, str] = {"3.2": "projID", "4.0": "project"}
_ACTIVITY: dict[Version, str] = {"3.2": "prodID", "4.0": "product"}
_COMPANY_NUMBER: dict[Version, str] = {"3.2": "companyIdent", "4.0": "Commercenr"}

_JOURNALS = (
    ("sales", "INVOICE", "Verkopen"),
    ("sales", "CREDIT_NOTE", "Creditnota's verkopen"),
    ("purchases", "INVOICE", "Aankopen"),
    ("purchases", "CREDIT_NOTE", "Creditnota's aankopen"),
)
_ROLES = (
    ("customers", "Klanten"),
    ("suppliers", "Leveranciers"),
    ("vat_due", "Verschuldigde btw"),
    ("vat_deductible", "Aftrekbare btw"),
    ("rounding", "Afrondingsverschillen"),
)
_WORDS = (
    ("standard", "", ""),
    ("reverse_charge", "VERLEGD", "btw verlegd"),
    ("intra_community_goods", "ICG", "goederen EU"),
    ("intra_community_services", "ICD", "diensten EU"),
    ("import_reverse_charge", "INVOER", "invoer, btw verlegd"),
    ("export", "UITVOER", "uitvoer"),
    ("exempt", "VRIJ", "vrijgesteld"),
    ("outside_scope", "BUITEN", "buiten toepassing van de btw"),
    ("margin_scheme", "MARGE", "margeregeling"),
)
"""VAT treatment, its part of a VAT code, its Dutch name."""

_SPECIAL = "|".join(code for _, code, _ in _WORDS if code)
OurCode = Annotated[
    str,
    Field(pattern=rf"^[VA]-(\d+(\.\d+)?|({_SPECIAL})(-\d+(\.\d+)?)?)(-VERSCHULDIGD|-AFTREKBAAR)?$"),
]
"""A VAT code of ours; another in the settings is a slip that would go unseen."""

Identifier = Annotated[str, Field(min_length=1, max_length=35, pattern=r"^\S(.*\S)?$")]
"""What the schema takes for an id."""


class XafSettings(FormatSettings):
    """``[companies.<key>.format.xaf]``."""

    version: Literal["3.2", "4.0", "both"] = "3.2"
    """Which version of XAF is written; both is two files."""
    periods: Annotated[tuple[Span, ...], Field(min_length=1)] = ("month",)
    """The periods that have a file of their own."""
    profit_and_loss: tuple[Annotated[str, Field(pattern=r"^[0-9A-Za-z.\-]{1,20}$")], ...] = ("6", "7")
    """First digits of the accounts of the profit and loss account; the others are the balance sheet's."""
    vat_codes: dict[OurCode, Identifier] = Field(default_factory=dict)
    """VAT codes of the receiving program, by ours."""

    @property
    def versions(self) -> tuple[Version, ...]:
        """The versions wanted, oldest first."""
        return ("3.2", "4.0") if self.version == "both" else (self.version,)


class XafFormat:
    """One XML file a period and version."""

    name = "xaf"
    title = "XAF, the Dutch audit file (3.2 and 4.0): journal, accounts and parties, for Dutch bookkeeping programs"
    Settings = XafSettings

    def reasons(self, language: Language) -> list[Reason]:
        """What it holds documents for."""
        return [nothing_to_book(language), year_unfit(self.name, language)]

    def missing_settings(self, company: Company) -> Iterator[str]:
        """Nothing: the defaults are valid."""
        return iter(())

    def spans(self, company: Company) -> tuple[Span, ...]:
        """The periods that the settings ask for."""
        return company.of_format(self.name, XafSettings).periods

    def export(self, books: MonthBooks) -> Export:
        """The file of each version; documents without anything to book are held."""
        own = books.company.of_format(self.name, XafSettings)
        paths = {f"auditfile-{books.period.name}-xaf{version}.xaf": version for version in own.versions}
        held = [*without_postings(books), *booked_in_another_year(books, self.name)]
        export = Export((), held, written(books, held, list(paths)))
        booked = replace(books, postings=without(books.postings, held), vat=without(books.vat, held))
        export.files = _files(booked, own, paths, export.notes)
        return export


def _files(books: MonthBooks, own: XafSettings, paths: Mapping[str, Version], notes: list[str]) -> Iterator[ExportFile]:
    texts = Texts("utf-8")
    with ledger(books) as connection:
        _register(connection, books, own)
        for path, version_ in paths.items():
            yield ExportFile(path, _auditfile(connection, books, own, version_))
        cut = connection.sql(query(__package__, "too_long")).to_arrow_table()
    for field, width in dict.fromkeys(zip(cut["field"].to_pylist(), cut["width"].to_pylist(), strict=True)):
        rows = cut.filter(pc.and_(pc.equal(cut["field"], field), pc.equal(cut["width"], width)))
        texts.fit(rows["text"], field=field, of=rows["of"], width=width)
    notes.extend(texts.notes())
    yield from texts.report()


def _auditfile(connection: duckdb.DuckDBPyConnection, books: MonthBooks, own: XafSettings, version_: Version) -> bytes:
    out = BytesIO()
    out.write(_head(books, version_).encode())
    _section(connection, out, "customersSuppliers", "parties")
    # The schema has no empty generalLedger.
    if books.postings.num_rows:
        _section(connection, out, "generalLedger", "accounts", profit_and_loss=list(own.profit_and_loss))
    _section(connection, out, "vatCodes", "vat_codes")
    out.write(_periods(books).encode())
    out.write(_totals(connection).encode())
    parameters = {
        "book_year_begins": books.company.book_year_begins,
        "project_element": _PROJECT[version_],
        "activity_element": _ACTIVITY[version_],
    }
    if write_texts(connection, query(__package__, "lines"), out, **parameters):
        out.write(b"</transaction>\n</journal>\n")
    out.write(b"</transactions>\n</company>\n</auditfile>\n")
    return out.getvalue()


def _register(connection: duckdb.DuckDBPyConnection, books: MonthBooks, own: XafSettings) -> None:
    """What the SQL looks up: our names for things, the settings' VAT codes, countries as codes."""
    typed = books.parties["country"].unique().to_pylist()
    tables = {
        "word": (("treatment", "code", "name"), _WORDS),
        "journal_name": (("collection", "type", "name"), _JOURNALS),
        "role": (("role", "name"), _ROLES),
        "given": (("ours", "theirs"), tuple(own.vat_codes.items())),
        "country": (("typed", "code"), tuple((text, country_code(text)) for text in typed)),
    }
    lookups(connection, tables)
    connection.execute(query(__package__, "elements"))


def _section(connection: duckdb.DuckDBPyConnection, out: BytesIO, tag: str, name: str, **parameters: object) -> None:
    out.write(f"<{tag}>\n".encode())
    write_texts(connection, query(__package__, name), out, **parameters)
    out.write(f"</{tag}>\n".encode())


def _element(tag: str, value: str | None, longest: int = 255) -> str:
    text = (one_line(value) or "")[:longest].strip()
    return f"<{tag}>{escape(text)}</{tag}>" if text else ""


def _head(books: MonthBooks, version_: Version) -> str:
    """Header and company. The file is dated by the last change in it, not by a clock: same books, same bytes."""
    company, period, last = books.company, books.period, _last_day(books)
    changed = pc.max(books.documents["updated_at"]).as_py()
    made = last if changed is None else max(last, changed.date())
    year = book_year_of(period.last_month, company.book_year_begins).name
    country = company.vat_number[:2]
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<auditfile xmlns="{NAMESPACES[version_]}">',
            f"<header><fiscalYear>{year}</fiscalYear><startDate>{period.first_day}</startDate>"
            f"<endDate>{last}</endDate><curCode>EUR</curCode><dateCreated>{made}</dateCreated>"
            f"<softwareDesc>robaws-pipeline</softwareDesc>{_element('softwareVersion', version('robaws-pipeline'), 20)}"
            "</header>",
            "<company>",
            _element(_COMPANY_NUMBER[version_], company.vat_number.removeprefix(country), 35)
            + _element("companyName", company.name)
            + _element("taxRegistrationCountry", country_code(country) or company.address.country)
            + _element("taxRegIdent", company.vat_number, 30)
            + "<streetAddress>"
            + _element("streetname", ", ".join(filter(None, (company.address.line, company.address.line_2))), 100)
            + _element("city", company.address.city, 50)
            + _element("postalCode", company.address.postal_code, 10)
            + f"<country>{company.address.country}</country></streetAddress>",
            "",
        ]
    )


def _last_day(books: MonthBooks) -> date:
    """The last day of the file: the period's, or later when a document that came late is booked after it."""
    booked: date | None = pc.max(books.postings["booking_date"]).as_py()
    later = books.period.last_day if booked is None else max(books.period.last_day, booked)
    return last_day(f"{later:%Y-%m}")


def _periods(books: MonthBooks) -> str:
    begins = books.company.book_year_begins
    periods = (
        f"<period><periodNumber>{(int(month[5:]) - begins) % MONTHS_A_YEAR + 1}</periodNumber>"
        f"<startDatePeriod>{first_day(month)}</startDatePeriod><endDatePeriod>{last_day(month)}</endDatePeriod></period>\n"
        for month in months_between(books.period.first_month, f"{_last_day(books):%Y-%m}")
    )
    return f"<periods>\n{''.join(periods)}</periods>\n"


def _totals(connection: duckdb.DuckDBPyConnection) -> str:
    """The control totals: lines, debit, credit."""
    (count, debit, credit) = connection.execute(
        "SELECT count(*), coalesce(sum(amount) FILTER (amount > 0), 0.00)::DECIMAL(38, 2), "
        "coalesce(-sum(amount) FILTER (amount < 0), 0.00)::DECIMAL(38, 2) FROM postings"
    ).fetchall()[0]
    return (
        f"<transactions><linesCount>{count}</linesCount><totalDebit>{debit}</totalDebit>"
        f"<totalCredit>{credit}</totalCredit>\n"
    )
