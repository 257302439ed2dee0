"""Texts as a file can hold them: its encoding, its columns' widths; and a report of every text that had to change.

Names and descriptions repeat, so each distinct text is looked at once; only those that do not fit are changed in
Python, a text at a time.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.formats.base import ExportFile
from robaws_pipeline.formats.spreadsheet import csv_bytes
from robaws_pipeline.formats.transliteration import replacement

Encoding = Literal["utf-8", "utf-8-sig", "utf-16", "cp1252", "cp850", "iso-8859-1", "iso-8859-15", "ascii"]
"""Encodings that a format may offer; ``utf-8-sig`` is UTF-8 with a byte order mark."""

REPORT = "changed_texts.csv"
"""The file that lists every text which is not in a format's files as it is in Robaws."""

_SPACES = r"[\t\n\v\f\r\x85\x{2028}\x{2029}]+"
_CONTROLS = r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]"
_SHOWN = 5
"""Replaced characters that a note names; the report has all."""

_CHANGES = pa.schema(
    [
        ("of", pa.string()),
        ("field", pa.string()),
        ("replaced", pa.string()),
        ("cut", pa.int32()),
        ("text", pa.string()),
        ("written", pa.string()),
    ]
)


def over_distinct(values: Any, change: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """`change` applied to each distinct value once. Arrays may be chunked; nulls stay null unless `change` fills
    them in a dictionary that has them."""
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    encoded = pc.dictionary_encode(array)
    return change(encoded.dictionary).take(encoded.indices)


def labels(collection: Any, number: Any, document_id: Any) -> Any:
    """What a person knows a document by: ``sales F260001``, or ``sales id 77`` when it has no number."""
    name = pc.coalesce(number, pc.binary_join_element_wise("id", document_id, " "))
    return pc.binary_join_element_wise(collection, name, " ")


@cache
def _beyond(encoding: str) -> str | None:
    """A pattern of the characters that an encoding of one byte a character lacks; none for Unicode."""
    if encoding.startswith("utf"):
        return None
    return f"[^{_escaped(bytes(range(256)).decode(encoding, 'ignore'))}]"


def _escaped(characters: str) -> str:
    """Characters as they stand in a class of RE2, the regular expressions of Arrow."""
    return "".join(rf"\x{{{ord(character):x}}}" for character in characters)


class Texts:
    """The texts of one format's files of one month.

    `encoding` is the files'. `instead` are characters that the format cannot write in any encoding, such as a
    separator that it cannot quote, and what stands for them. Line ends and tabs become spaces and control characters
    go, without a word: no column of a line has room for them. Every other change is reported.
    """

    def __init__(self, encoding: Encoding, instead: Mapping[str, str] | None = None) -> None:
        self.encoding = encoding
        self._instead = dict(instead or {})
        barred = f"[{_escaped(''.join(self._instead))}]" if self._instead else None
        self._unfit = "|".join(filter(None, (_beyond(encoding), barred)))
        self._changes: list[pa.Table] = []
        self._replaced: dict[str, None] = {}

    def fit(self, values: Any, *, field: str, of: Any, width: int | None = None, only: str | None = None) -> pa.Array:
        """The texts as the file can hold them; null stays null.

        `field` and `of` (one a row, see `labels`) say in the report which text of which document changed. `width` is
        the most characters. `only` is a character class as in a regular expression (``A-Za-z0-9``) of what this
        column takes; "-" stands for the rest.
        """
        array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        encoded = pc.dictionary_encode(array)
        texts = _tidy(encoded.dictionary)
        places = self._places(texts, width, only)
        if not places:
            return texts.take(encoded.indices)
        fitted: list[str] = texts.to_pylist()
        replaced: list[str | None] = [None] * len(texts)
        cut: list[int | None] = [None] * len(texts)
        for place in places:
            fitted[place], replaced[place], cut[place] = self._fitted(fitted[place], width, only)
        written = pa.array(fitted, pa.string())
        self._report(encoded.indices, places, field, of, (replaced, cut), texts, written)
        return written.take(encoded.indices)

    def _places(self, texts: pa.Array, width: int | None, only: str | None) -> list[int]:
        """Which texts must change."""
        unfit = [
            pc.match_substring_regex(texts, pattern) for pattern in (self._unfit, only and f"[^{only}]") if pattern
        ]
        if width is not None:
            unfit.append(pc.greater(pc.utf8_length(texts), width))
        places: set[int] = set()
        for mask in unfit:
            places.update(pc.indices_nonzero(mask).to_pylist())
        return sorted(places)

    def _fitted(self, text: str, width: int | None, only: str | None) -> tuple[str, str | None, int | None]:
        """The text, the characters replaced ("Ł as L"), and how many characters were cut off."""
        allowed = _class(only)
        parts = {character: self._written(character, allowed) for character in dict.fromkeys(text)}
        replaced = {character: part for character, part in parts.items() if part != character}
        whole = "".join(parts[character] for character in text)
        self._replaced.update(dict.fromkeys(told := [f"{old} as {new or 'nothing'}" for old, new in replaced.items()]))
        fitted = whole if width is None or len(whole) <= width else whole[:width].rstrip()
        off = len(whole) - len(fitted)
        return fitted, ", ".join(told) or None, off or None

    def _written(self, character: str, allowed: frozenset[str] | None) -> str:
        letters = self._instead.get(character) or replacement(character, self.encoding)
        letters = "".join(self._instead.get(letter, letter) for letter in letters)
        if allowed is None or allowed.issuperset(letters):
            return letters
        plain = replacement(character, "ascii")
        return plain if plain and allowed.issuperset(plain) else "-" if "-" in allowed else ""

    def _report(
        self,
        indices: pa.Array,
        places: list[int],
        field: str,
        of: Any,
        what: tuple[list[str | None], list[int | None]],
        texts: pa.Array,
        written: pa.Array,
    ) -> None:
        rows = pc.indices_nonzero(pc.is_in(indices, value_set=pa.array(places, indices.type)))
        which = indices.take(rows)
        replaced, cut = pa.array(what[0], pa.string()).take(which), pa.array(what[1], pa.int32()).take(which)
        owners = (of.combine_chunks() if isinstance(of, pa.ChunkedArray) else of).take(rows)
        names = pa.repeat(pa.scalar(field, pa.string()), len(rows))
        columns = [owners, names, replaced, cut, texts.take(which), written.take(which)]
        # A name stands on every row of a document: once is enough.
        self._changes.append(_once(pa.table(columns, schema=_CHANGES)))

    def changes(self) -> pa.Table:
        """Every changed text once: `of`, `field`, `replaced` characters, how many are `cut`, the `text` and what is
        `written` for it."""
        return _once(pa.concat_tables([_CHANGES.empty_table(), *self._changes]))

    def notes(self) -> list[str]:
        """What was changed, in a sentence a matter; for `Export.notes`."""
        changes, found = self.changes(), []
        cut = pc.sum(pc.is_valid(changes["cut"])).as_py()
        if cut:
            found.append(f"{_count(cut, 'text')} cut to the width of a column: {REPORT} lists each")
        replaced = pc.sum(pc.is_valid(changes["replaced"])).as_py()
        if replaced:
            named = ", ".join(list(self._replaced)[:_SHOWN]) + (" and others" if len(self._replaced) > _SHOWN else "")
            found.append(f"{_count(replaced, 'text')} with characters replaced ({named}): {REPORT} lists each")
        return found

    def report(self) -> list[ExportFile]:
        """The file that lists every changed text; none when nothing changed. For spreadsheets, as the journal's."""
        changes = self.changes()
        return [ExportFile(REPORT, csv_bytes(dict(zip(changes.schema.names, changes, strict=True))))] if changes else []


def _once(changes: pa.Table) -> pa.Table:
    # The group-by of one thread keeps the order in which rows came; of several, it does not.
    return changes.group_by(changes.schema.names, use_threads=False).aggregate([])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _tidy(texts: pa.Array) -> pa.Array:
    """On one line, without control characters, accents joined with their letters."""
    if not pc.all(pc.string_is_ascii(texts)).as_py():
        texts = pc.utf8_normalize(texts, form="NFC")
    texts = pc.replace_substring_regex(texts, _SPACES, " ")
    return pc.replace_substring_regex(texts, _CONTROLS, "")


@cache
def _class(only: str | None) -> frozenset[str] | None:
    """The characters of an ASCII class such as ``A-Za-z0-9/-``."""
    if only is None:
        return None
    codes = pa.array([chr(code) for code in range(128)])
    return frozenset(codes.filter(pc.match_substring_regex(codes, f"[{only}]")).to_pylist())
