"""Which version of this program decides what files say: what is kept of an answer is asked anew when it changes."""

import hashlib
from functools import lru_cache
from importlib import metadata, resources
from importlib.resources.abc import Traversable

from robaws_pipeline.formats import registry

_CODE = (
    *("schema.py", "fields.py"),
    *(
        "settings",
        "reasons",
        "books",
        "formats",
        "steps",
        "lake/raw.py",
        "lake/unmarked.py",
        "robaws/decode.py",
        "robaws/decode_reference.py",
        "robaws/items.py",
    ),
)
"""The parts of this package that decide what ends up in a month's files."""


@lru_cache(maxsize=1)
def code_version() -> str:
    """Changes when the code that makes the tables and the files does, in this package or in a format of another."""
    digest = hashlib.blake2b(digest_size=8)

    def take(place: Traversable) -> None:
        if place.is_dir():
            for inner in sorted(place.iterdir(), key=lambda item: item.name):
                take(inner)
        elif place.name.endswith((".py", ".sql")):
            digest.update(place.name.encode() + b"\0" + place.read_bytes())

    package = resources.files("robaws_pipeline")
    for part in _CODE:
        take(package.joinpath(part))
    for point in metadata.entry_points(group=registry.GROUP):
        if point.dist is not None:
            digest.update(f"{point.name} {point.value} {point.dist.name} {point.dist.version}".encode())
    return digest.hexdigest()
