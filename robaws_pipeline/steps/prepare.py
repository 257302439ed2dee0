"""What the next delivery has: the books against what the deliveries say that the accountant has."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.deliveries import make
from robaws_pipeline.deliveries import manifest as manifests
from robaws_pipeline.deliveries.archive import Archive, Link
from robaws_pipeline.deliveries.differences import Group, groups
from robaws_pipeline.deliveries.entries import Entries, Entry, Key, entries
from robaws_pipeline.deliveries.kept import Kept, digests, rows_of
from robaws_pipeline.deliveries.manifest import LeftOut, Manifest, Previous, Was
from robaws_pipeline.deliveries.plan import Change, NotExported, Scope, confirmed, explained, plan
from robaws_pipeline.deliveries.render import Rendered
from robaws_pipeline.deliveries.standing import Standing, standing
from robaws_pipeline.deliveries.words import Words
from robaws_pipeline.formats.base import Format
from robaws_pipeline.formats.lookups import first_of_each, parties_of
from robaws_pipeline.periods import months_between
from robaws_pipeline.reasons import Language, describe
from robaws_pipeline.schema import DOCUMENTS, LINES, PARTIES, PAYMENT_CONDITIONS, POSTINGS, STATES, VAT
from robaws_pipeline.steps import build, fingerprints, stored
from robaws_pipeline.steps.code import code_version
from robaws_pipeline.steps.stale import contiguous, loaded_months, stale_months
from robaws_pipeline.steps.workspace import Workspace


class DeliveryError(Exception):
    """What was asked cannot be done: what, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A delivery before it is put together: its manifest, the rows that it is made of, the formats and their files, and
    of its corrections how many documents each difference is about."""

    base: Manifest
    kept: Kept
    formats: Sequence[Format]
    rendered: Rendered
    groups: Sequence[Group]


def _bring_up_to_date(workspace: Workspace) -> None:
    for first, last in contiguous(stale_months(workspace)):
        months = months_between(first, last)
        build.build_documents(workspace, months)
        build.build_journal(workspace, months)
        build.build_exports(workspace, months)


_ATTEMPTS = 5


@contextmanager
def _steady_books(workspace: Workspace, *, built: bool) -> Iterator[None]:
    """Inside the block nobody changes the books, and (`built`) they are made from what is held."""
    for _ in range(_ATTEMPTS if built else 0):
        _bring_up_to_date(workspace)
        with workspace.only_builder():
            if not stale_months(workspace):
                yield
                return
    if built:
        raise DeliveryError(
            f"months {', '.join(stale_months(workspace))} cannot be brought up to date: nothing was delivered. Run "
            "`robaws-pipeline nightly`, which says why"
        )
    with workspace.only_builder():
        yield


def prepare(
    workspace: Workspace, archive: Archive, scope: Scope, formats: list[Format], now: datetime, *, built: bool = True
) -> Prepared:
    """What the next delivery has; `built`: the books are made from what is held first."""
    links = archive.links()
    before = [link.manifest for link in links]
    stands = standing(before)
    changes_how, language = workspace.company.deliveries.changes, workspace.company.language
    number = len(links) + 1
    with _steady_books(workspace, built=built):
        months = loaded_months(workspace)
        left: list[LeftOut] = []
        elsewhere: dict[Key, NotExported] = {}
        for month in months:
            states = workspace.tables.read(STATES, month)
            elsewhere |= _states(states, language)
            if scope.month in {None, month}:
                left += [
                    row
                    for row in make.held_rows(states, month, language)
                    if scope.until is None or (row.date or "") <= scope.until.isoformat()
                ]
        changes = plan(entries(_month(workspace, month) for month in months), elsewhere, stands, scope)
        was, was_parties = rows_of(
            [change.was for change in changes if change.was is not None], _kept_by(archive, links)
        )
        changes = _confirmed(changes, was)
        kept = _keep(workspace, changes, was, was_parties)
        changes = explained(changes, kept.was, kept.now)
        not_read = {month: list(names) for month in months if (names := fingerprints.not_read(workspace, month))}
    base = Manifest(
        kind="delivery",
        company=workspace.key,
        name=workspace.company.name,
        number=number,
        date=now.date().isoformat(),
        made_at=now.isoformat(timespec="seconds"),
        previous=previous(links),
        code=code_version(),
        scope=scope.as_text(),
        changes=changes_how,
    )
    words = Words(language)
    found = make.documents(changes, stands, number, words, reverse=changes_how == "reverse")
    going, unwritten, rendered = make.fitting(base, kept, found, formats)
    left += [make.not_fitting(one, unwritten[one.key], words) for one in found if one.key in unwritten]
    keys = {one.key for one in going}
    corrected = [change.differences for change in changes if change.was is not None and change.key in keys]
    in_play = {one.month for one in going} | ({scope.month} if scope.month else set())
    return Prepared(
        _with_sums(
            msgspec.structs.replace(
                base,
                documents=going,
                left_out=left,
                not_read={month: names for month, names in not_read.items() if month in in_play},
            ),
            before,
        ),
        make.narrowed(kept, going),
        formats,
        rendered,
        groups(corrected, Words("en")),
    )


def previous(links: Sequence[Link]) -> Previous | None:
    return Previous(links[-1].manifest.number, links[-1].sha256) if links else None


def _month(workspace: Workspace, month: str) -> Entries:
    """The month's documents as they are booked; lines do not matter for that."""
    documents, states, vat, postings = (
        workspace.tables.read(table, month) for table in (DOCUMENTS, STATES, VAT, POSTINGS)
    )
    return Entries(documents, LINES.empty(), states, vat, postings)


def _states(states: pa.Table, language: Language) -> dict[Key, NotExported]:
    """The documents that are not exported."""
    rows = states.filter(pc.not_equal(states["state"], "exported"))
    found = rows.select(["collection", "document_id", "state", "reasons"]).to_pylist()
    return {(row["collection"], row["document_id"]): _not_exported(row, language) for row in found}


def _not_exported(row: Mapping[str, Any], language: Language) -> NotExported:
    reasons = row["reasons"] or ()
    return NotExported(
        row["state"],
        ", ".join(sorted({reason["code"] for reason in reasons})),
        " ".join(describe(reason["code"], reason["detail"], language) for reason in reasons),
    )


def _kept_by(archive: Archive, links: Sequence[Link]) -> Callable[[int], Kept]:
    @cache
    def kept(number: int) -> Kept:
        link = links[number - 1]
        return Kept.read(lambda name: archive.read(link, name), link.manifest.files)

    return kept


def _confirmed(changes: list[Change], was: Entries) -> list[Change]:
    again = digests(was)
    return confirmed(changes, lambda one: again[one.key])


def _keep(workspace: Workspace, changes: Sequence[Change], was: Entries, was_parties: pa.Table) -> Kept:
    """The rows of everything that changes, with what they need."""
    wanted: dict[str, list[Key]] = {}
    for change in changes:
        if change.now is not None:
            wanted.setdefault(change.now.month, []).append(change.key)
    parties, conditions = workspace.tables.read(PARTIES), workspace.tables.read(PAYMENT_CONDITIONS)
    parts, originals = [], [DOCUMENTS.empty()]
    for month, keys in sorted(wanted.items()):
        books = build.month_books(workspace, month, parties, conditions)
        parts.append(Entries(books.documents, books.lines, books.states, books.vat, books.postings).only(keys))
        originals.append(books.originals)
    now = Entries.all_of(parts)
    named = parties_of(pa.concat_tables([now.documents, was.documents]), parties)
    both = first_of_each(pa.concat_tables([named, was_parties]), "kind", "id")
    papers = stored.reader(workspace, now.documents, sorted(wanted))
    credited = first_of_each(pa.concat_tables(originals), "collection", "id")
    return Kept(workspace.company, now, was, both, conditions, credited, papers)


def _with_sums(base: Manifest, before: Sequence[Manifest]) -> Manifest:
    """The manifest with its control totals."""
    comes: list[Entry] = [one for one in base.documents if one.action in manifests.CURRENT]
    goes: list[Was] = [one.was for one in base.documents if one.was is not None]
    return msgspec.structs.replace(
        base,
        totals=manifests.totals(comes),
        effect=manifests.effect(comes, goes),
        standing=standing_totals([*before, base]),
    )


def standing_totals(series: Sequence[Manifest]) -> manifests.Totals:
    stands: Standing = standing(series)
    return manifests.totals(stands.documents.values())
