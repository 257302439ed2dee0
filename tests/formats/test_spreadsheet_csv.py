"""CSV cells: the type of a column decides how it is written."""

from decimal import Decimal

import pyarrow as pa
import pytest

from robaws_pipeline.formats.spreadsheet import csv_bytes
from robaws_pipeline.schema import MONEY, RATE


def lines(columns: dict[str, pa.Array]) -> list[str]:
    return csv_bytes(columns).decode("utf-8-sig").split("\r\n")[1:-1]


def test_the_largest_amounts_keep_every_digit() -> None:
    """A float would round them; a scientific notation would not be read back."""
    values = ["9999999999999999.99", "-0.01", "0.00", "100.00"]
    column = pa.array([Decimal(value) for value in values], MONEY)
    assert lines({"x": column}) == ['"9999999999999999,99"', '"-0,01"', '"0,00"', '"100,00"']


def test_rates_are_as_short_as_people_write_them() -> None:
    """21,0000 % looks like a mistake; 10 must not become 1."""
    column = pa.array([Decimal(value) for value in ("21", "10", "100", "0", "5.5", "0.125")], RATE)
    assert lines({"x": column}) == ['"21"', '"10"', '"100"', '"0"', '"5,5"', '"0,125"']


def test_none_is_an_empty_cell_and_an_empty_column_is_no_error() -> None:
    """No text such as None or null may reach a bookkeeper."""
    nothing = {"t": pa.array([None], pa.string()), "m": pa.array([None], MONEY), "d": pa.array([None], pa.date32())}
    assert lines(nothing) == [";;"]
    assert lines({name: column[:0] for name, column in nothing.items()}) == []


def test_a_float_is_refused() -> None:
    """A float near an amount is a bug, so it must not get as far as a file."""
    with pytest.raises(TypeError, match="double has no agreed form"):
        csv_bytes({"x": pa.array([0.1])})
