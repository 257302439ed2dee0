"""Hand to the accountant what is new, once, and what changed since; take a delivery back.

What the accountant has is read from the deliveries themselves, every time.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import msgspec

from robaws_pipeline.deliveries import cover, make
from robaws_pipeline.deliveries import manifest as manifests
from robaws_pipeline.deliveries.archive import Archive, Link, sums
from robaws_pipeline.deliveries.differences import Group
from robaws_pipeline.deliveries.entries import Entry
from robaws_pipeline.deliveries.kept import settings_file
from robaws_pipeline.deliveries.manifest import LeftOut, Manifest
from robaws_pipeline.deliveries.plan import EVERYTHING, Scope
from robaws_pipeline.deliveries.standing import last_delivery
from robaws_pipeline.formats import registry
from robaws_pipeline.formats.base import Format
from robaws_pipeline.formats.contract import spans_of
from robaws_pipeline.lake import locks
from robaws_pipeline.settings import SettingsError
from robaws_pipeline.steps.code import code_version
from robaws_pipeline.steps.prepare import DeliveryError, prepare, previous, standing_totals
from robaws_pipeline.steps.stale import stale_months
from robaws_pipeline.steps.workspace import Workspace

__all__ = [
    "Delivered",
    "DeliveryError",
    "Preview",
    "TooManyCorrectionsError",
    "archive_of",
    "corrections",
    "deliver",
    "deliverable",
    "only_deliverer",
    "preview",
    "withdraw",
]


class TooManyCorrectionsError(DeliveryError):
    """A delivery would correct more documents than the settings, or whoever asked, allow: how many, and why."""


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
    groups: Sequence[Group]
    """What its corrections have in common."""
    most_corrections: int
    """How many are allowed unasked."""


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
    allow_corrections: int | None = None,
) -> Delivered:
    """Make the next delivery, when there is something to deliver. Months that are not built from what is held are
    built first.

    `now` decides its date and nothing else; `allow_corrections` goes before `most_corrections` of the settings.
    Nothing is delivered when that raises: TooManyCorrectionsError beyond it; ArchiveError when the deliveries are not
    those that were made; RenderError when a format fails.
    """
    chosen = deliverable(workspace, formats)
    archive = archive_of(workspace)
    with only_deliverer(workspace):
        archive.witness()
        prepared = prepare(workspace, archive, scope, chosen, now or datetime.now(workspace.company.zone))
        if not prepared.base.documents:
            return Delivered(None, archive.store.path(), prepared.base.left_out)
        _allowed(workspace, prepared.base, prepared.groups, allow_corrections)
        manifest, files = make.assemble(prepared.base, prepared.kept, prepared.formats, prepared.rendered)
        link = archive.add(manifest, files)
    return Delivered(link, archive.store.path(link.folder), manifest.left_out)


def preview(workspace: Workspace, scope: Scope = EVERYTHING, formats: Sequence[str] | None = None) -> Preview:
    """What `deliver` would deliver, from the books as they are built; writes nothing."""
    chosen = deliverable(workspace, formats)
    archive = archive_of(workspace)
    last = last_delivery([link.manifest for link in archive.links()])
    stale = stale_months(workspace)
    now = datetime.now(workspace.company.zone)
    prepared = prepare(workspace, archive, scope, chosen, now, built=False)
    return Preview(prepared.base, last, stale, prepared.groups, workspace.company.deliveries.most_corrections)


def corrections(manifest: Manifest) -> int:
    """How many documents a delivery corrects or takes out."""
    return sum(one.was is not None for one in manifest.documents)


def _allowed(workspace: Workspace, manifest: Manifest, groups: Sequence[Group], allowed: int | None) -> None:
    """TooManyCorrectionsError when a changed setting, or version of this program, would correct years unasked."""
    count = corrections(manifest)
    most = workspace.company.deliveries.most_corrections if allowed is None else allowed
    if count <= most:
        return
    who = "most_corrections of the settings allows" if allowed is None else "you allowed"
    scope = "".join(f" --{name} {value}" for name, value in manifest.scope.items())
    told = "; ".join(f"{group.text} on {group.documents} documents" for group in groups)
    raise TooManyCorrectionsError(
        f"{count} documents that were delivered would be corrected, and {who} {most}: nothing was delivered. {told}. "
        f"When that is meant: `robaws-pipeline deliver --company {workspace.key}{scope} --allow-corrections {count}`. "
        "When not, put right what changed them, an account in the settings, say; `robaws-pipeline deliver --dry-run` "
        "shows them"
    )


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
            previous=previous(links),
            code=code_version(),
            withdraws=number,
            reason=reason,
            effect=manifests.effect(comes, goes),
        )
        base = msgspec.structs.replace(base, standing=standing_totals([*before, base]))
        files = {cover.FILE: cover.cover(base, workspace.company), **settings_file(workspace.company)}
        return archive.add(msgspec.structs.replace(base, files=sums(files)), files)
