"""Closed periods: what came too late, and where it is booked."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from books_samples import COMPANY, Keep, document, line
from hypothesis import given, settings
from hypothesis import strategies as st

from robaws_pipeline.books import Books
from robaws_pipeline.reasons import describe
from robaws_pipeline.settings import Closing, Company

FIRST = Closing(until="2026-03", on=date(2026, 4, 20))
SECOND = Closing(until="2026-06", on=date(2026, 7, 20))


def closing(late: str = "hold", *closings: Closing) -> Company:
    """The company with these closings."""
    return COMPANY.model_copy(update={"closed": closings or (FIRST,), "late_documents": late})


def made(dated: date, at: datetime | None) -> list[dict[str, Any]]:
    """One clean document of this date, made in Robaws at this moment."""
    return [document(date=dated, month=dated.strftime("%Y-%m"), created_at=at)]


def outcome(books: Books) -> tuple[str, list[str], date, set[date]]:
    """State, reasons and booking date of the one document, and the booking dates of its postings."""
    (state,) = books.states.to_pylist()
    reasons = [describe(reason["code"], reason["detail"]) for reason in state["reasons"]]
    return state["state"], reasons, state["booking_date"], set(books.postings["booking_date"].to_pylist())


def test_a_document_that_came_too_late_is_held_and_says_so(keep: Keep) -> None:
    """A closed month that grows unseen is how books and VAT return come apart."""
    books = keep(made(date(2026, 3, 12), datetime(2026, 4, 21, 9, tzinfo=UTC)), [line()], closing())
    state, reasons, _, postings = outcome(books)
    assert (state, postings) == ("held", set())
    assert reasons == ["The document came after its period was closed: dated 2026-03-12, made in Robaws on 2026-04-21."]


def test_the_day_a_document_was_made_is_the_company_s_on_every_machine(
    keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half an hour past midnight in Belgium is late; a server in Tokyo or London must not think otherwise."""
    night = made(date(2026, 3, 12), datetime(2026, 4, 20, 22, 30, tzinfo=UTC))
    told = set()
    for zone in ("Asia/Tokyo", "Europe/London", "Etc/UTC"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        told.add(tuple(outcome(keep(night, [line()], closing()))[1]))
    monkeypatch.undo()
    time.tzset()
    assert told == {("The document came after its period was closed: dated 2026-03-12, made in Robaws on 2026-04-21.",)}


def test_a_late_document_is_booked_on_the_first_open_day_when_the_settings_say_so(keep: Keep) -> None:
    """Its date stays what it is: the law and the supplier know it by that."""
    books = keep(made(date(2026, 3, 12), datetime(2026, 4, 21, 9, tzinfo=UTC)), [line()], closing("book"))
    assert outcome(books) == ("exported", [], date(2026, 4, 1), {date(2026, 4, 1)})
    assert set(books.postings["date"].to_pylist()) == {date(2026, 3, 12)}


@pytest.mark.parametrize(
    ("dated", "at"),
    [
        (date(2026, 3, 31), datetime(2026, 4, 20, 21, 59, tzinfo=UTC)),
        (date(2026, 4, 1), datetime(2026, 9, 1, tzinfo=UTC)),
        (date(2026, 3, 12), None),
    ],
    ids=["made on the day of the closing, Belgian time", "dated in an open period", "Robaws does not say when"],
)
def test_what_is_not_late_is_booked_on_its_own_date(keep: Keep, dated: date, at: datetime | None) -> None:
    """Nothing moves that need not."""
    assert outcome(keep(made(dated, at), [line()], closing())) == ("exported", [], dated, {dated})


def test_a_later_closing_moves_nothing_that_was_booked(keep: Keep) -> None:
    """What came between two closings stays on the day it was given when the second period is closed too."""
    between = made(date(2026, 3, 12), datetime(2026, 5, 5, tzinfo=UTC))
    before = outcome(keep(between, [line()], closing("book", FIRST)))
    after = outcome(keep(between, [line()], closing("book", SECOND, FIRST)))
    assert before == after == ("exported", [], date(2026, 4, 1), {date(2026, 4, 1)})
    later = made(date(2026, 3, 12), datetime(2026, 8, 1, tzinfo=UTC))
    assert outcome(keep(later, [line()], closing("book", FIRST, SECOND)))[2] == date(2026, 7, 1)


def test_a_period_once_closed_stays_closed(keep: Keep) -> None:
    """Somebody who notes an earlier month later does not open the one after it."""
    noted_late = Closing(until="2026-02", on=date(2026, 5, 1))
    late = made(date(2026, 3, 12), datetime(2026, 5, 5, tzinfo=UTC))
    assert outcome(keep(late, [line()], closing("book", FIRST, noted_late)))[2] == date(2026, 4, 1)


@settings(deadline=None)
@given(
    dated=st.dates(date(2025, 12, 1), date(2026, 12, 31)),
    at=st.integers(0, 365 * 24).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)),
)
def test_nothing_is_booked_in_a_period_that_was_closed_when_it_was_made(keep: Keep, dated: date, at: datetime) -> None:
    """Whatever the dates: no booking date before the document's, none in a period closed by then."""
    _, _, booked, _ = outcome(keep(made(dated, at), [line()], closing("book", FIRST, SECOND)))
    assert booked >= dated
    for one, first_open in ((FIRST, date(2026, 4, 1)), (SECOND, date(2026, 7, 1))):
        if at.date() > one.on:
            assert booked >= first_open
    assert booked == dated or booked in {date(2026, 4, 1), date(2026, 7, 1)}
