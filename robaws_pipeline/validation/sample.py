"""Which files to look at closely when there is no time for all."""

from collections.abc import Mapping, Sequence


def covering(traits: Mapping[str, Sequence[str]], at_least: int) -> list[str]:
    """Names with, together, every trait that any has: at least `at_least` of them when there are so many.

    `traits` by name. The same names and traits always give the same choice; what a choice of traits leaves free is
    spread evenly.
    """
    missing = {trait for each in traits.values() for trait in each}
    chosen: dict[str, None] = {}
    # The richest first: they cover most, so few are needed.
    for name in sorted(traits, key=lambda name: (-len(traits[name]), name)):
        if missing.intersection(traits[name]):
            missing.difference_update(traits[name])
            chosen[name] = None
    others = [name for name in traits if name not in chosen]
    wanted = min(at_least - len(chosen), len(others))
    chosen.update((others[place * len(others) // wanted], None) for place in range(wanted))
    return [name for name in traits if name in chosen]
