"""The first two lines of DATEV's files: whose they are and what is in them."""

from datetime import date
from typing import NamedTuple

import pyarrow as pa

from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.formats.datev.columns import BOOKING, PERSON, Column, names
from robaws_pipeline.formats.datev.options import DatevSettings
from robaws_pipeline.formats.texts import Texts
from robaws_pipeline.periods import book_year_of

_VERSION = 700
_ORIGIN = "RB"


class Kind(NamedTuple):
    """A kind of file: its number, name and version at DATEV, its columns."""

    category: int
    name: str
    version: int
    columns: tuple[Column, ...]
    bookings: bool


BATCH = Kind(21, "Buchungsstapel", 13, BOOKING, bookings=True)
PERSONS = Kind(16, "Debitoren/Kreditoren", 5, PERSON, bookings=False)


def head(kind: Kind, books: MonthBooks, settings: DatevSettings, texts: Texts, last_booked: date | None = None) -> str:
    """Header and names of the columns, each with its line end.

    The moment of making is the end of the period: the same books give the same bytes. DATEV refuses a booking outside
    the dates of the header: they reach to `last_booked` when a document that came late is booked after the period.
    """
    period = books.period
    last_day = max(period.last_day, last_booked or period.last_day)
    begins = book_year_of(period.first_month, books.company.book_year_begins).first_day
    label = pa.array([f"Robaws {period.name}", settings.initials])
    of = pa.array(["header"] * 2)
    name, initials = texts.fit(label, field="header", of=of, only="A-Za-z0-9 -").to_pylist()
    fields = [
        *('"EXTF"', _VERSION, kind.category, f'"{kind.name}"', kind.version),
        *(f"{period.last_day:%Y%m%d}000000000", "", f'"{_ORIGIN}"', '""', '""'),
        *(settings.adviser, settings.client, f"{begins:%Y%m%d}", settings.account_length),
        *((f"{period.first_day:%Y%m%d}", f"{last_day:%Y%m%d}") if kind.bookings else ("", "")),
        *(f'"{name}"', f'"{initials}"'),
        *((1, 0, int(settings.finalised), '"EUR"') if kind.bookings else ("", "", "", '""')),
        *("", '""', "", "", f'"{settings.chart or ""}"', "", "", '""', '""'),
    ]
    return ";".join(str(field) for field in fields) + f"\r\n{names(kind.columns)}\r\n"
