"""Texts as a file can hold them: its encoding, its columns' widths; and a report of every text that had to change.

Names and descriptions repeat, so each distinct text is looked at once; only those with a character that does not fit
are changed in Python, a text at a time.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal

import numpy as np
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
    encoded = pc.dictionary_encode(_array(values))
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


class _Letters(dict[int, str]):
    """What is written for a character, by code point, for `str.translate`; worked out when it is first met.

    `only` is a class of ASCII characters that may be written (see `Texts.fit`).
    """

    def __init__(self, encoding: Encoding, instead: Mapping[str, str], only: str | None) -> None:
        super().__init__()
        self._encoding, self._instead = encoding, instead
        characters = pa.array([chr(code) for code in range(128)])
        self._only = only and set(characters.filter(pc.match_substring_regex(characters, f"[{only}]")).to_pylist())

    def __missing__(self, code: int) -> str:
        self[code] = self._written(chr(code))
        return self[code]

    def _written(self, character: str) -> str:
        letters = self._instead.get(character) or replacement(character, self._encoding)
        letters = "".join(self._instead.get(letter, letter) for letter in letters)
        if not self._only or self._only.issuperset(letters):
            return letters
        plain = replacement(character, "ascii")
        return plain if plain and self._only.issuperset(plain) else "-" if "-" in self._only else ""


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
        self._letters: dict[str | None, _Letters] = {}
        self._replaced: dict[str, None] = {}
        self._changes: list[pa.Table] = []

    def fit(self, values: Any, *, field: str, of: Any, width: int | None = None, only: str | None = None) -> pa.Array:
        """The texts as the file can hold them; null stays null.

        `field` and `of` (one a row, see `labels`) say in the report which text of which document changed. `width` is
        the most characters. `only` is a character class as in a regular expression (``A-Za-z0-9``) of what this
        column takes; "-" stands for the rest.
        """
        encoded = pc.dictionary_encode(_array(values))
        texts = _tidy(encoded.dictionary)
        written, replaced = self._with_letters(texts, only)
        written, cut = _shortened(written, width)
        changed = pc.indices_nonzero(pc.or_(pc.is_valid(replaced), pc.is_valid(cut)))
        if len(changed):
            rows = pc.indices_nonzero(pc.is_in(encoded.indices, value_set=changed.cast(encoded.indices.type)))
            which = encoded.indices.take(rows)
            columns = [_array(of).take(rows), pa.repeat(pa.scalar(field, pa.string()), len(rows))]
            columns += [column.take(which) for column in (replaced, cut, texts, written)]
            self._changes.append(_once(pa.table(columns, schema=_CHANGES)))
        return written.take(encoded.indices)

    def _with_letters(self, texts: pa.Array, only: str | None) -> tuple[pa.Array, pa.Array]:
        """The texts in characters that can be written, and for each that changed, which characters are replaced."""
        unfit = "|".join(filter(None, (self._unfit, only and f"[^{only}]")))
        places = pc.indices_nonzero(pc.match_substring_regex(texts, unfit)).to_pylist() if unfit else []
        if not places:
            return texts, pa.nulls(len(texts), pa.string())
        letters = self._letters.setdefault(only, _Letters(self.encoding, self._instead, only))
        written: list[str] = texts.to_pylist()
        replaced: list[str | None] = [None] * len(texts)
        for place in places:
            text = written[place]
            told = [
                f"{character} as {letters[ord(character)] or 'nothing'}"
                for character in dict.fromkeys(text)
                if letters[ord(character)] != character
            ]
            self._replaced.update(dict.fromkeys(told))
            written[place], replaced[place] = text.translate(letters), ", ".join(told)
        return pa.array(written, pa.string()), pa.array(replaced, pa.string())

    def changes(self) -> pa.Table:
        """Every changed text once: `of`, `field`, `replaced` characters, how many are `cut`, the `text` and what is
        `written` for it."""
        self._changes = [_once(pa.concat_tables([_CHANGES.empty_table(), *self._changes]))]
        return self._changes[0]

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
    """Each text of a field of a document once, in the order in which they came: a name stands on every row."""
    key = np.zeros(len(changes), np.int64)
    for name in ("of", "field", "text"):
        encoded = pc.dictionary_encode(changes[name].combine_chunks())
        key = key * (len(encoded.dictionary) + 1) + encoded.indices.to_numpy(zero_copy_only=False)
    _, first = np.unique(key, return_index=True)
    return changes if len(first) == len(changes) else changes.take(pa.array(np.sort(first)))


def _shortened(texts: pa.Array, width: int | None) -> tuple[pa.Array, pa.Array]:
    """The texts in `width` characters, and for each that was cut, how many characters are gone."""
    lengths = pc.utf8_length(texts)
    long = pc.greater(lengths, pa.scalar(width, pa.int32()))
    if not pc.any(long).as_py():
        return texts, pa.nulls(len(texts), pa.int32())
    short = pc.if_else(long, pc.utf8_rtrim_whitespace(pc.utf8_slice_codeunits(texts, 0, width)), texts)
    return short, pc.if_else(long, pc.subtract(lengths, pc.utf8_length(short)), pa.scalar(None, pa.int32()))


def _array(values: Any) -> pa.Array:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _tidy(texts: pa.Array) -> pa.Array:
    """On one line, without control characters, accents joined with their letters."""
    if not pc.all(pc.string_is_ascii(texts)).as_py():
        texts = pc.utf8_normalize(texts, form="NFC")
    texts = pc.replace_substring_regex(texts, _SPACES, " ")
    return pc.replace_substring_regex(texts, _CONTROLS, "")
