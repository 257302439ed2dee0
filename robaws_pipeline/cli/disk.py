"""Disks that are full, read-only or not there, in the words of whoever met them first: our files or Dagster's."""

import os
from collections.abc import Iterator

from robaws_pipeline.automation.instance import HOME_VARIABLE
from robaws_pipeline.lake.store import StoreError, refusal

_DATABASE = ("database or disk is full", "disk i/o error", "unable to open database file", "readonly database")
"""What SQLite says of its disk."""


def trouble(error: BaseException) -> str | None:
    """What a person can do about it when a disk is behind the error; None when none is."""
    for one in _causes(error):
        if isinstance(one, StoreError):
            return str(one)
        if isinstance(one, OSError) and one.filename is not None and one.errno is not None:
            return str(refusal(str(one.filename), one))
        said = str(one).casefold()
        if any(text in said for text in _DATABASE) and "sqlite" in f"{type(one).__module__} {said}":
            home = os.environ.get(HOME_VARIABLE, "Dagster's home")
            why = next(text for text in _DATABASE if text in said)
            return (
                f"{home}, where Dagster keeps its runs, cannot be written: {why}. Make room on that disk, and give the "
                "user who runs this the right to it, then run it again: what was there is unharmed."
            )
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__
