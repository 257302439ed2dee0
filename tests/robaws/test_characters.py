"""Half characters: mended where they are, and nothing else touched."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robaws_pipeline.robaws.characters import whole_characters


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        (rb'"x\ud83d"', rb'"x\ufffd"'),
        (rb'"\uDE00x"', rb'"\ufffdx"'),
        (rb'"\ud83d\ude00"', rb'"\ud83d\ude00"'),
        (rb'"\ud83d\ud83d\ude00"', rb'"\ufffd\ud83d\ude00"'),
        (rb'"\\ud83d"', rb'"\\ud83d"'),
        (rb'"\\\ud83d"', rb'"\\\ufffd"'),
        (rb'"\u00e9 \n \""', rb'"\u00e9 \n \""'),
    ],
)
def test_only_halves_are_replaced(text: bytes, mended: bytes) -> None:
    """A whole emoji, and a backslash that someone typed before 'ud83d', are texts like any other."""
    assert whole_characters(text) == mended


@given(st.lists(st.sampled_from(["\ud83d", "\ude00", "\U0001f600", "\\", "u", "d83d", '"', "é", "1"])))
def test_what_a_strict_reader_makes_of_it_is_the_text_with_the_halves_replaced(parts: list[str]) -> None:
    """Whatever stands beside half a character must come through unchanged."""
    text = "".join(parts)
    expected = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert msgspec.json.decode(whole_characters(json.dumps(text).encode()), type=str) == expected
