"""A process that dies at a chosen moment, within this one: from then on nothing that it does to files happens."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from killing import Operations

from robaws_pipeline.lake.store import Store


class Dead(BaseException):
    """Nothing catches it but who killed."""


class _Life(Operations):
    def __init__(self, folder: Path, at: int) -> None:
        super().__init__(str(folder), at)
        self.left = at

    def count(self, event: str, path: object) -> None:
        # The system itself lets go of the locks of who dies.
        if not str(path).startswith(self._places) or str(path).endswith(".lock"):
            return
        if not self.left:
            raise Dead
        self.left -= 1


_lives: list[_Life] = []
_plain_remove = Store.remove


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    for life in _lives:
        life(event, arguments)


sys.addaudithook(_hook)


def _remove(self: Store, name: str) -> None:
    for life in _lives:
        life.count("Store.remove", self.path(name))
    _plain_remove(self, name)


@contextmanager
def dying(folder: Path, at: int) -> Iterator[None]:
    """After `at` changes to files in `data` and `exports` under `folder`, whoever works in the block is dead: neither
    the next one nor any later one is made, not even to clean up. The block ends in silence then."""
    life = _Life(folder, at)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "remove", _remove)
        _lives.append(life)
        try:
            yield
        except Dead:
            pass
        finally:
            _lives.remove(life)
