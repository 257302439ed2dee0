"""File names: the document's number, made safe for every file system, unique in its month."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from robaws_pipeline.formats.contract import path_problem

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST = 120


def file_names(numbers: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    """Document id → file name, from pairs of id and number.

    Numbers that meet in one name, also when only case differs, all get ``-<id>``.
    """
    stems = {document_id: _stem(number or document_id) for document_id, number in numbers}
    while met := _met(stems):
        # Two names that both end in their own id differ, so this ends: each round appends at least one id more.
        for document_id in met:
            stems[document_id] = f"{stems[document_id]}-{_token(document_id)}"
    return {document_id: f"{stem}.xml" for document_id, stem in stems.items()}


def _met(stems: Mapping[str, str]) -> list[str]:
    """Ids whose names are not theirs alone."""
    counts = Counter([stem.casefold() for stem in stems.values()])
    if len(counts) == len(stems):
        return []
    return [document_id for document_id, stem in stems.items() if counts[stem.casefold()] > 1]


def _stem(number: str) -> str:
    safe = _UNSAFE.sub("-", number)[:_LONGEST]
    # Hidden files and ".." are names that archives and servers refuse.
    safe = f"-{safe[1:]}" if safe.startswith(".") else safe
    # Windows keeps some names for devices, CON among them.
    return safe if path_problem(f"{safe}.xml") is None else f"-{safe}"


def _token(document_id: str) -> str:
    """An id as part of a name; ids that are not plain digits become hexadecimal, so that two ids never meet."""
    plain = document_id.isascii() and document_id.isdigit()
    return document_id if plain else f"x{document_id.encode().hex()}"
