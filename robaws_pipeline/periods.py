"""Accounting periods: months, calendar quarters, years and book years, and how one counts them.

A month is text, ``2026-03``: it sorts, names folders and is a partition's key. A `Period` is what a folder of files is
about.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

Span = Literal["month", "quarter", "year", "book_year"]
"""How long a period is. Quarters and years are those of the calendar, as VAT has them; a book year that begins in
January is a year like any other."""

MONTHS_A_YEAR = 12


def later(month: str, by: int = 1) -> str:
    """The month that comes `by` months after (or, negative, before) this one."""
    count = int(month[:4]) * MONTHS_A_YEAR + int(month[5:]) - 1 + by
    return f"{count // MONTHS_A_YEAR:04}-{count % MONTHS_A_YEAR + 1:02}"


def months_between(first: str, last: str) -> list[str]:
    """The months from `first` to `last`, both included; none when `last` is before `first`."""
    found = []
    while first <= last:
        found.append(first)
        first = later(first, 1)
    return found


def first_day(month: str) -> date:
    """The first day of a month."""
    return date.fromisoformat(f"{month}-01")


def last_day(month: str) -> date:
    """The last day of a month."""
    return date.fromordinal(first_day(later(month, 1)).toordinal() - 1)


@dataclass(frozen=True, slots=True)
class Period:
    """A month, a quarter, a year or a book year."""

    name: str
    """``2026-03``, ``2026-Q1``, ``2026``, and ``2026-2027`` for a book year that does not begin in January."""
    span: Span
    first_month: str
    last_month: str

    @property
    def months(self) -> list[str]:
        """Its months, in order."""
        return months_between(self.first_month, self.last_month)

    @property
    def first_day(self) -> date:
        """The day it begins."""
        return first_day(self.first_month)

    @property
    def last_day(self) -> date:
        """The day it ends."""
        return last_day(self.last_month)


def month_period(month: str) -> Period:
    """One month."""
    return Period(month, "month", month, month)


def quarter_of(month: str) -> Period:
    """The calendar quarter that a month is in."""
    quarter = (int(month[5:]) + 2) // 3
    first = f"{month[:4]}-{quarter * 3 - 2:02}"
    return Period(f"{month[:4]}-Q{quarter}", "quarter", first, later(first, 2))


def book_year_of(month: str, begins: int = 1) -> Period:
    """The book year that a month is in; `begins` is the number of its first month, 1 for January."""
    first = later(month, -((int(month[5:]) - begins) % MONTHS_A_YEAR))
    last = later(first, MONTHS_A_YEAR - 1)
    if begins == 1:
        return Period(first[:4], "year", first, last)
    return Period(f"{first[:4]}-{last[:4]}", "book_year", first, last)


def period_of(month: str, span: Span, begins: int = 1) -> Period:
    """The period of this length that a month is in."""
    if span == "month":
        return month_period(month)
    return quarter_of(month) if span == "quarter" else book_year_of(month, begins if span == "book_year" else 1)
