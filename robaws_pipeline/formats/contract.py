"""What every format promises, as functions that say in words what is wrong.

`month` holds each format to it on every export; `testing` does so before a format is ever used.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from robaws_pipeline.formats.base import Export, Format, MonthBooks
from robaws_pipeline.periods import Span
from robaws_pipeline.reasons import LANGUAGES, REASONS, Language, Reason
from robaws_pipeline.settings import Company

DocumentKey = tuple[str, str]
"""(collection, document id)."""

COLLECTIONS = ("sales", "purchases")

NAME = re.compile(r"[a-z][a-z0-9_]*")
"""A format's name: it names a folder and a settings value."""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]')
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST_NAME = 200
"""Bytes. File systems allow 255; the rest is for what a zip or a copy adds."""


def wanted(format_: Format, books: MonthBooks) -> set[DocumentKey]:
    """The documents that a format must write or hold: those that the books export, of the collections it is about.

    A format about one collection says so in an attribute `collections`: `("sales",)`. Without it, it is about both.
    """
    collections = getattr(format_, "collections", COLLECTIONS)
    states = books.states
    rows = zip(
        states["collection"].to_pylist(),
        states["document_id"].to_pylist(),
        states["state"].to_pylist(),
        strict=True,
    )
    return {
        (collection, document)
        for collection, document, state in rows
        if state == "exported" and collection in collections
    }


def spans_of(format_: Format, company: Company) -> frozenset[Span]:
    """The periods that a format is written for: months, unless it has a method `spans` that says otherwise."""
    asked = getattr(format_, "spans", None)
    return frozenset({"month"} if asked is None else asked(company))


def reasons_of(format_: Format, language: Language) -> Sequence[Reason]:
    """The reasons that are a format's own: its attribute `reasons`, or what its method of that name gives for a
    language; none when it has neither."""
    own = getattr(format_, "reasons", ())
    return tuple(own(language) if callable(own) else own)


def reason_problems(format_: Format, export: Export) -> Iterator[str]:
    """Codes that held.csv could not explain: held with one that nobody registered, or registered badly."""
    own = [reason.code for reason in reasons_of(format_, "en")]
    if twice := sorted({code for code in own if own.count(code) > 1 or code in REASONS}):
        yield f"reasons: {', '.join(twice)} is there already: name it after the format"
    for language in LANGUAGES:
        told = reasons_of(format_, language)
        if [reason.code for reason in told] != own:
            yield f"reasons: give the same codes in each language; {language} has others than en"
        for reason in told:
            if reason.sentence.count("{detail}") != 1 or not reason.remedy.strip():
                yield f"reasons: {reason.code} ({language}) needs a sentence with one {{detail}} in it, and a remedy"
    if unknown := sorted({item.code for item in export.held} - {*own, *REASONS, ""}):
        yield f"held for {', '.join(unknown)}, which held.csv cannot explain: add it to `reasons`"


def path_problem(path: str) -> str | None:
    """Why a file cannot have this path on every system, or None. Paths are relative, with forward slashes."""
    for name in path.split("/"):
        if name in {"", ".", ".."}:
            return f"path {path!r} is not plain: it has an empty part, '.' or '..', or starts with '/'"
        if _UNSAFE.search(name) or name.endswith((".", " ")) or name.startswith(" ") or _DEVICE.fullmatch(name):
            return f"path {path!r}: {name!r} is no file name on Windows; replace what it does not allow"
        if len(name.encode()) > _LONGEST_NAME:
            return f"path {path!r}: a name of more than {_LONGEST_NAME} bytes cannot be unpacked everywhere"
    return None


def path_problems(paths: Iterable[str]) -> Iterator[str]:
    """Paths that are unsafe, or equal to an earlier one on a system that ignores case."""
    seen: dict[str, str] = {}
    for path in paths:
        problem = path_problem(path)
        if problem is not None:
            yield problem
        other = seen.setdefault(path.casefold(), path)
        if other is not path:
            yield f"paths {other!r} and {path!r} are one file on Windows and macOS: number one of them"


def _some(keys: Iterable[DocumentKey]) -> str:
    names = sorted(f"{collection} {document}" for collection, document in keys)
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def account_problems(expected: set[DocumentKey], export: Export, paths: set[str]) -> Iterator[str]:
    """How an export, read to its end, fails to account for the documents expected of it.

    Each must be in `documents`, with files that exist, in `held` with a code, or in `left_out`: in one of the three,
    and no others.
    """
    written = set(export.documents)
    held = {(item.collection, item.document_id) for item in export.held}
    if missing := expected - written - held - export.left_out:
        yield f"neither written nor held: {_some(missing)}"
    if both := written & held:
        yield f"both written and held: {_some(both)}"
    if kept := (written | held) & export.left_out:
        yield f"left out, and written or held all the same: {_some(kept)}"
    if strange := (written | held | export.left_out) - expected:
        yield f"written or held, but not exported by the books, or not of its collections: {_some(strange)}"
    if export.left_out and not export.notes:
        yield f"left out without a note that says so: {_some(export.left_out)}"
    if nowhere := {key for key, files in export.documents.items() if not files}:
        yield f"written, but in no file: {_some(nowhere)}"
    if absent := sorted({path for files in export.documents.values() for path in files} - paths):
        yield f"documents name files that do not exist: {', '.join(absent[:5])}"
    if silent := {(item.collection, item.document_id) for item in export.held if not item.code}:
        yield f"held without a reason code: {_some(silent)}"
