"""What Robaws keeps as the document of an invoice, a PDF mostly: its bytes once by their hash, and which has which."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from robaws_pipeline.lake.store import Store


@dataclass(slots=True)
class FileIndex:
    """The files of one collection and month."""

    files: dict[str, str | None] = field(default_factory=dict)
    """Robaws id of the file → hash of its bytes; none when Robaws did not have it."""
    complete_for: str | None = None
    """The fingerprint of the month's raw log for which every file was asked; none while some were not."""


class StoredFiles:
    """The files of one company: ``files/content/<first two>/<hash>`` and ``files/<collection>/<YYYY-MM>.json``."""

    def __init__(self, store: Store) -> None:
        self._store = store.child("files")

    def index(self, collection: str, month: str) -> FileIndex:
        """Which files there are; empty when none was ever asked for."""
        content = self._store.read(f"{collection}/{month}.json")
        return FileIndex() if content is None else FileIndex(**json.loads(content))

    def record(self, collection: str, month: str, index: FileIndex) -> None:
        """Replace the index of a month."""
        content = {"files": index.files, "complete_for": index.complete_for}
        self._store.write(f"{collection}/{month}.json", json.dumps(content, indent=1, sort_keys=True).encode())

    def put(self, content: bytes) -> str:
        """Keep some bytes, once; their hash."""
        digest = hashlib.blake2b(content, digest_size=16).hexdigest()
        if not self._store.exists(_place(digest)):
            self._store.write(_place(digest), content)
        return digest

    def get(self, digest: str) -> bytes | None:
        """The bytes of a hash; none when they are gone."""
        return self._store.read(_place(digest))


def fingerprint(files: Mapping[str, str | None]) -> str:
    """Changes when a file comes, goes or changes."""
    return hashlib.blake2b(json.dumps(files, sort_keys=True).encode(), digest_size=16).hexdigest()


def _place(digest: str) -> str:
    return f"content/{digest[:2]}/{digest}"
