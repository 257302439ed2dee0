"""Locks that the operating system releases when their holder dies, however it dies."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from robaws_pipeline.lake.store import Store, writing


def _lock(store: Store, name: str) -> FileLock:
    # Locks are of one host. Beside the data when that is on a disk; a lake in an object store has no place for them.
    folder = Path(store.path(".locks")) if store.is_local else Path(tempfile.gettempdir()) / "robaws-pipeline-locks"
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    # A soft lock (a file that exists) would outlive a killed holder.
    return FileLock(folder / f"{name}.lock", fallback_to_soft=False, thread_local=False)


@contextmanager
def hold(store: Store, name: str) -> Iterator[None]:
    """Wait for the lock and hold it inside the block."""
    with _lock(store, name):
        yield


def is_free(store: Store, name: str) -> bool:
    """Whether nobody holds the lock at this moment."""
    lock = _lock(store, name)
    try:
        with lock.acquire(timeout=0):
            return True
    except Timeout:
        return False


def forget(store: Store, name: str) -> None:
    """Remove the file of a lock that nobody will ask for again."""
    Path(_lock(store, name).lock_file).unlink(missing_ok=True)
