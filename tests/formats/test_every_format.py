"""Every shipped format passes the kit that we offer others, with a reader of its files wherever they have amounts.

`readers` says which reader is whose.
"""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from months import months
from readers import JUDGES, SHIPPED
from vat_cases import every_case

from robaws_pipeline.formats import testing
from robaws_pipeline.formats.base import MonthBooks

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
few = settings(max_examples=4, deadline=None)
"""Each example is a month in one format; workbooks take long to read."""


def test_every_shipped_format_has_a_judge() -> None:
    """A format that nobody reads back can be wrong for years."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    assert set(SHIPPED) == set(project["entry-points"]["robaws_pipeline.formats"])
    assert all(judge.postings or judge.totals or judge.without for judge in JUDGES.values())


@pytest.mark.parametrize("sample", testing.SAMPLES)
@pytest.mark.parametrize("name", JUDGES)
def test_it_keeps_its_promises_and_says_what_the_books_say(name: str, sample: str) -> None:
    """Balance, completeness, sign, encoding and the same bytes twice: what we ask of others holds for ours."""
    assert JUDGES[name].problems(name, testing.SAMPLES[sample]()) == []


@pytest.mark.parametrize("name", JUDGES)
def test_it_does_so_in_any_month(name: str) -> None:
    """The samples are those that somebody thought of."""

    @few
    @given(months())
    def hold(books: MonthBooks) -> None:
        assert JUDGES[name].problems(name, books) == []

    hold()


@pytest.mark.parametrize("name", JUDGES)
def test_it_does_so_with_every_vat_case(name: str) -> None:
    """Books of our own keeping, with VAT that is deducted in part and VAT that is owed by the company itself."""
    assert JUDGES[name].problems(name, every_case()) == []
