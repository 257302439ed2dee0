"""The sample of a month with many documents."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from robaws_pipeline.validation.sample import covering

_TRAITS = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=4), st.lists(st.sampled_from("ABCDEFGH"), max_size=4), max_size=30
)


@given(_TRAITS, st.integers(0, 12))
def test_sample_has_every_kind_and_enough(traits: dict[str, list[str]], at_least: int) -> None:
    """A kind of document that is in no sample is never checked by the official rules."""
    chosen = covering(traits, at_least)
    assert {trait for name in chosen for trait in traits[name]} == {trait for each in traits.values() for trait in each}
    assert len(chosen) >= min(at_least, len(traits))
    assert chosen == [name for name in traits if name in chosen], "once each, in their order"
    assert covering(traits, at_least) == chosen


def test_sample_is_small_when_few_kinds_are_there() -> None:
    """Five thousand ordinary invoices are one kind."""
    traits = {f"F{number:04}": ["Invoice S 21 ordinary"] for number in range(5000)} | {"C1": ["CreditNote S 21 note"]}
    chosen = covering(traits, 50)
    assert len(chosen) == 50
    assert "C1" in chosen
    numbers = sorted(int(name[1:]) for name in chosen if name != "C1")
    assert max(after - before for before, after in pairwise(numbers)) < 300, "spread evenly"
