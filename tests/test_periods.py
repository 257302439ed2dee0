"""Months, quarters and book years."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robaws_pipeline.periods import (
    book_year_of,
    first_day,
    last_day,
    later,
    month_period,
    months_between,
    period_of,
    quarter_of,
)

MONTHS = st.dates(date(1990, 1, 1), date(2090, 1, 1)).map(lambda day: day.strftime("%Y-%m"))


@pytest.mark.parametrize(
    ("month", "begins", "name", "first", "last"),
    [
        ("2026-01", 1, "2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-12", 1, "2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-06", 7, "2025-2026", date(2025, 7, 1), date(2026, 6, 30)),
        ("2026-07", 7, "2026-2027", date(2026, 7, 1), date(2027, 6, 30)),
        ("2028-02", 3, "2027-2028", date(2027, 3, 1), date(2028, 2, 29)),
        ("2026-01", 12, "2025-2026", date(2025, 12, 1), date(2026, 11, 30)),
    ],
)
def test_a_book_year_begins_where_the_company_says(month: str, begins: int, name: str, first: date, last: date) -> None:
    """Many Belgian companies close in June or September: a folder of the wrong twelve months is worthless."""
    year = book_year_of(month, begins)
    assert (year.name, year.first_day, year.last_day) == (name, first, last)


def test_quarters_are_those_of_the_vat_return() -> None:
    """Whatever the book year."""
    assert [quarter_of(f"2026-{month:02}").name for month in range(1, 13)] == [
        *["2026-Q1"] * 3,
        *["2026-Q2"] * 3,
        *["2026-Q3"] * 3,
        *["2026-Q4"] * 3,
    ]
    assert (quarter_of("2026-05").first_day, quarter_of("2026-05").last_day) == (date(2026, 4, 1), date(2026, 6, 30))


@given(month=MONTHS, span=st.sampled_from(["month", "quarter", "year", "book_year"]), begins=st.integers(1, 12))
def test_every_month_is_in_one_period_and_periods_follow_each_other(month: str, span: str, begins: int) -> None:
    """No month falls between two folders or into both."""
    period = period_of(month, span, begins)  # type: ignore[arg-type]
    assert month in period.months
    assert len(period.months) == {"month": 1, "quarter": 3, "year": 12, "book_year": 12}[span]
    assert {period_of(one, span, begins) for one in period.months} == {period}  # type: ignore[arg-type]
    following = period_of(later(period.last_month), span, begins)  # type: ignore[arg-type]
    assert following.first_day == period.last_day + timedelta(1)
    assert following.name > period.name


@given(month=MONTHS, by=st.integers(-200, 200))
def test_months_are_counted_there_and_back(month: str, by: int) -> None:
    """A month's neighbours decide what is fetched, built and called stale."""
    other = later(month, by)
    assert later(other, -by) == month
    assert len(months_between(*sorted([month, other]))) == abs(by) + 1
    assert first_day(later(month)) - last_day(month) == timedelta(1)
    assert month_period(month).months == [month]
