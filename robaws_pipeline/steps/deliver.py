"""Hand to the accountant what is new, once, and what changed since; take a delivery back.

What the accountant has is read from the deliveries themselves, every time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.deliveries import cover, make
from robaws_pipeline.deliveries import manifest as manifests
from robaws_pipeline.deliveries.archive import Archive, Link, sums
from robaws_pipeline.deliveries.entries import Entries, Entry, Key, entries
from robaws_pipeline.deliveries.kept import Kept, digests, rows_of, settings_file
from robaws_pipeline.deliveries.manifest import LeftOut, Manifest, Previous, Was
from robaws_pipeline.deliveries.plan import EVERYTHING, Change, NotExported, Scope, confirmed, explained, plan
from robaws_pipeline.deliveries.standing import Standing, last_delivery, standing
from robaws_pipeline.deliveries.words import Words
from robaws_pipeline.formats import registry
from robaws_pipeline.formats.base import Format
from robaws_pipeline.formats.contract import spans_of
from robaws_pipeline.formats.lookups import first_of_each, parties_of
from robaws_pipeline.lake import locks
from robaws_pipeline.periods import months_between
from robaws_pipeline.reasons import Language, describe
from robaws_pipeline.schema import DOCUMENTS, LINES, PARTIES, PAYMENT_CONDITIONS, POSTINGS, STATES, VAT
from robaws_pipeline.settings import SettingsError
from robaws_pipeline.steps import build, fingerprints, stored
from robaws_pipeline.steps.stale import contiguous, loaded_months, stale_months
from robaws_pipeline.steps.workspace import Workspace


class DeliveryError(Exception):
    """What was asked cannot be done: what, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """How a delivery ended: its link, or None when there was nothing to deliver; what stays behind, in both cases."""

    link: Link | None
    folder: str
    """Of the delivery; of all deliveries when none was made."""
    left_out: Sequence[LeftOut]


@dataclass(frozen=True, slots=True)
class Preview:
    """What would go now. `stale`: months that a delivery would make anew first, so that it may differ."""

    manifest: Manifest
    last: Manifest | None
    stale: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Prepared:
    base: Manifest
    kept: Kept
    formats: Sequence[Format]


def archive_of(workspace: Workspace) -> Archive:
    """The company's deliveries."""
    return Archive(workspace.exports, workspace.lake)


@contextmanager
def only_deliverer(workspace: Workspace) -> Iterator[None]:
    """Wait until no other process adds to the company's deliveries, and keep others waiting."""
    with locks.hold(workspace.lake, "deliveries"), archive_of(workspace).only_writer():
        yield


def deliverable(workspace: Workspace, names: Sequence[str] | None = None) -> list[Format]:
    """The formats of a delivery: these, those of the settings, or all of the company's that are made of documents."""
    company = workspace.company
    wanted = names or company.deliveries.formats
    formats = registry.select(company, *(wanted or ()))
    whole = [
        one.name for one in formats if getattr(one, "whole_periods", False) or "month" not in spans_of(one, company)
    ]
    problems = [
        f"{name} is about a whole period, and a delivery has some documents of it: take it from the period's folder"
        for name in whole
        if wanted
    ]
    strange = [name for name in wanted or () if name not in company.formats]
    problems += [
        f"{name} is not among the formats of {workspace.key}: {', '.join(company.formats)}" for name in strange
    ]
    found = [one for one in formats if one.name not in whole]
    if not found and not problems:
        problems.append("none of the company's formats is made of documents: add journal, say, to formats")
    if problems:
        raise SettingsError(f"formats of a delivery of {workspace.key}", problems)
    return found


def deliver(
    workspace: Workspace,
    scope: Scope = EVERYTHING,
    formats: Sequence[str] | None = None,
    now: datetime | None = None,
) -> Delivered:
    """Make the next delivery, when there is something to deliver. Months that are not built from what is held are
    built first.

    `now` decides its date and nothing else. ArchiveError when the deliveries are not those that were made; RenderError
    when a format fails: then nothing is delivered.
    """
    chosen = deliverable(workspace, formats)
    archive = archive_of(workspace)
    with only_deliverer(workspace):
        archive.witness()
        prepared = _prepare(workspace, archive, scope, chosen, now or datetime.now(workspace.company.zone))
        if not prepared.base.documents:
            return Delivered(None, archive.store.path(), prepared.base.left_out)
        manifest, files = make.assemble(prepared.base, prepared.kept, prepared.formats)
        link = archive.add(manifest, files)
    return Delivered(link, archive.store.path(link.folder), manifest.left_out)


def preview(workspace: Workspace, scope: Scope = EVERYTHING, formats: Sequence[str] | None = None) -> Preview:
    """What `deliver` would deliver, from the books as they are built; writes nothing."""
    chosen = deliverable(workspace, formats)
    archive = archive_of(workspace)
    last = last_delivery([link.manifest for link in archive.links()])
    stale = stale_months(workspace)
    now = datetime.now(workspace.company.zone)
    return Preview(_prepare(workspace, archive, scope, chosen, now, built=False).base, last, stale)


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


def _prepare(
    workspace: Workspace, archive: Archive, scope: Scope, formats: list[Format], now: datetime, *, built: bool = True
) -> _Prepared:
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
        previous=_previous(links),
        code=fingerprints.code_version(),
        scope=scope.as_text(),
        changes=changes_how,
    )
    words = Words(language)
    found = make.documents(changes, stands, number, words, reverse=changes_how == "reverse")
    going, unwritten = make.fitting(base, kept, found, formats)
    left += [make.not_fitting(one, unwritten[one.key], words) for one in found if one.key in unwritten]
    in_play = {one.month for one in going} | ({scope.month} if scope.month else set())
    return _Prepared(
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
    )


def _previous(links: Sequence[Link]) -> Previous | None:
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
        standing=_standing_totals([*before, base]),
    )


def _standing_totals(series: Sequence[Manifest]) -> manifests.Totals:
    stands: Standing = standing(series)
    return manifests.totals(stands.documents.values())


def withdraw(workspace: Workspace, number: int, reason: str | None = None, now: datetime | None = None) -> Link:
    """Take back the last delivery, which the accountant did not import. It stays where it is; the withdrawal is a link
    of its own, and what it had goes into the next delivery. DeliveryError when it is not the last one."""
    archive = archive_of(workspace)
    now = now or datetime.now(workspace.company.zone)
    with only_deliverer(workspace):
        links = archive.links()
        before = [link.manifest for link in links]
        last = last_delivery(before)
        if last is None or last.number != number:
            which = "there is none to withdraw" if last is None else f"the last one is number {last.number}"
            raise DeliveryError(
                f"delivery {number} cannot be withdrawn: {which}. What came after it builds on it: withdraw that first"
            )
        goes: list[Entry] = [one for one in last.documents if one.action in manifests.CURRENT]
        comes: list[Entry] = [one.was for one in last.documents if one.was is not None]
        base = Manifest(
            kind="withdrawal",
            company=workspace.key,
            name=workspace.company.name,
            number=len(links) + 1,
            date=now.date().isoformat(),
            made_at=now.isoformat(timespec="seconds"),
            previous=_previous(links),
            code=fingerprints.code_version(),
            withdraws=number,
            reason=reason,
            effect=manifests.effect(comes, goes),
        )
        base = msgspec.structs.replace(base, standing=_standing_totals([*before, base]))
        files = {cover.FILE: cover.cover(base, workspace.company), **settings_file(workspace.company)}
        return archive.add(msgspec.structs.replace(base, files=sums(files)), files)
