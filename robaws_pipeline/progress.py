"""How long work says how far it is, without knowing who listens.

The command line sets a listener and draws a bar; under Dagster or in a test nobody listens and `report` costs a
context-variable look-up.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, int, int | None], None]
"""Called with what is being done, how much is done, and how much there is in all (None: not known yet)."""

_listener: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)


def report(task: str, done: int, total: int | None = None) -> None:
    """Tell the listener, if there is one, that `done` of `total` of `task` is done."""
    listener = _listener.get()
    if listener is not None:
        listener(task, done, total)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send the reports made inside the block to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
