"""The rules, started once for all tests here: as the program runs them, in a process of their own."""

from collections.abc import Callable, Iterator

import pytest

from robaws_pipeline.validation import Verdict
from robaws_pipeline.validation.pool import File, Pool

Check = Callable[[bytes], Verdict]


@pytest.fixture(scope="session")
def rules() -> Iterator[Pool]:
    """One process that checks files."""
    with Pool(1) as pool:
        yield pool


@pytest.fixture(scope="session")
def check(rules: Pool) -> Check:
    """The verdict of all layers on one file."""

    def check(content: bytes) -> Verdict:
        ((_, verdict),) = rules.verdicts([File("one.xml", lambda: content)])
        return verdict

    return check
