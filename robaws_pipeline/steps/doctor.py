"""Before the first export, or when something looks wrong: what works, what is spelled otherwise, what is not mapped."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from robaws_pipeline import fields
from robaws_pipeline.books.listings import shared_numbers
from robaws_pipeline.formats import registry
from robaws_pipeline.robaws import decode, decode_reference
from robaws_pipeline.robaws.client import Usage
from robaws_pipeline.robaws.errors import RobawsError
from robaws_pipeline.robaws.probe import PAGE_SIZE, Probe, probe
from robaws_pipeline.schema import PARTIES
from robaws_pipeline.settings import Company, Mark
from robaws_pipeline.steps.asking import ask
from robaws_pipeline.steps.mapping import Unmapped, unmapped_in_books, unmapped_in_sample
from robaws_pipeline.steps.stale import loaded_months
from robaws_pipeline.steps.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a look at a company found. `problems` stop an export or part of it; `hints` are worth a look."""

    probes: tuple[Probe, ...]
    problems: tuple[str, ...]
    hints: tuple[str, ...]
    unmapped: tuple[Unmapped, ...]
    """What the settings lack, and the documents that wait for it."""
    all_held: bool
    """Whether `unmapped` counts everything that is held, and not just the documents on the pages that were read."""
    usage: Usage


def diagnose(workspace: Workspace) -> Diagnosis:
    """Read a page of each collection and compare what is there with the settings; nothing is written."""
    return ask(workspace, lambda: _diagnose(workspace))


async def _diagnose(workspace: Workspace) -> Diagnosis:
    company = workspace.company
    collections = (*company.document_collections, *company.reference_collections)
    async with workspace.client() as client:
        probes = tuple(await asyncio.gather(*(probe(client, collection) for collection in collections)))
        try:
            tariffs = await client.page(fields.VAT_TARIFFS.path, {"page": "0", "size": "100"})
            rows = _as_raw(tariffs.items, company.fields)
            names = decode.vat_tariffs(rows, company.fields).select(["id", "name"]).to_pylist()
        except RobawsError:
            names = []  # the probe of the collection says why
    problems = [f"{found.collection}: {found.error}" for found in probes if found.error]
    problems += registry.settings_problems(workspace.company)
    hints = [
        f"VAT tariff {tariff['name']!r} (id {tariff['id']}) has no meaning yet: documents that use it are held. Add "
        f'[companies.{workspace.key}.vat_tariffs] "{tariff["id"]}" = {{ treatment = "…", rate = … }}'
        for tariff in names
        if company.tariff(tariff["id"], tariff["name"]) is None
    ]
    for found in probes:
        hints += _spelling_hints(workspace.key, found)
    hints += _articles_hint(workspace, probes)
    hints += _references_hints(workspace, probes)
    hints += _mark_hints(workspace, probes)
    problems += _mark_problems(workspace, probes)
    hints += [
        f"{', '.join(codes)} have one VAT number, {number}: if they are one, join them in Robaws"
        for number, codes in shared_numbers(workspace.tables.read(PARTIES))
    ]
    hints += _own_details(company)
    accounts = company.accounts
    for kind, account in (("sales", accounts.default_sales), ("purchases", accounts.default_purchases)):
        if account is None:
            hints.append(
                f"accounts.default_{kind} is not set: a {kind} line without a general ledger account holds its document"
            )
    waiting = unmapped_in_books(workspace)
    all_held = bool(loaded_months(workspace))
    if not all_held:
        waiting = unmapped_in_sample(workspace, probes)
    return Diagnosis(probes, tuple(problems), tuple(hints), tuple(waiting), all_held, client.usage)


_MANY_ARTICLES = 5_000


def _articles_hint(workspace: Workspace, probes: Iterable[Probe]) -> Iterator[str]:
    """What reading all articles costs, when it is much."""
    narrowing = workspace.company.articles
    if narrowing.group is not None or narrowing.extra_field is not None:
        return
    for found in probes:
        if found.collection == fields.ARTICLES.name and found.total > _MANY_ARTICLES:
            requests = -(-found.total // PAGE_SIZE)
            yield (
                f"articles: reading all {found.total} takes {requests} requests of the day's quota the first time. Set "
                f'[companies.{workspace.key}.articles] group = "…" or extra_field = "…" to read those you need'
            )


def _own_details(company: Company) -> Iterator[str]:
    """What invoices in UBL will not say of us; what they cannot do without is among the problems."""
    if "ubl" in company.formats:
        if not company.iban:
            yield "iban is not set: UBL invoices name no account to pay to"
        if not company.email:
            yield "email is not set: UBL invoices do not say where to ask"


def _references_hints(workspace: Workspace, probes: Iterable[Probe]) -> Iterator[str]:
    """Extra fields that the settings name and no document has: perhaps they are called otherwise."""
    documents = {collection.name for collection in fields.DOCUMENTS}
    items = [item for found in probes if found.collection in documents for item in found.items]
    known = decode_reference.extra_field_names(items)
    for column, name in workspace.company.references.named.items():
        if items and name not in known:
            yield (
                f"references.{column}: none of {len(items)} documents has an extra field {name!r}; there are: "
                f"{', '.join(sorted(known)) or 'none'}"
            )


def _marked(workspace: Workspace, probes: Iterable[Probe]) -> Iterator[tuple[Probe, Mark]]:
    """The pages of the collections of which documents are marked, that could be read."""
    mark = workspace.company.deliveries.mark
    for found in probes if mark else ():
        if mark and found.collection in mark.collections and found.items:
            yield found, mark


def _mark_hints(workspace: Workspace, probes: Iterable[Probe]) -> Iterator[str]:
    """What can be seen of marks without writing one: whether a document has the field."""
    for found, mark in _marked(workspace, probes):
        known = decode_reference.extra_field_names(found.items)
        if mark.field not in known:
            yield (
                f"deliveries.mark.field: none of {len(found.items)} {found.collection} documents shows an extra field "
                f"{mark.field!r}; they show: {', '.join(sorted(known)) or 'none'}. Robaws may leave out one that is "
                "empty everywhere: look whether it is there, and spelled like this"
            )
        yield (
            f"deliveries.mark: whether the API user may change {found.collection} cannot be seen without writing; the "
            "first mark tells"
        )


def _mark_problems(workspace: Workspace, probes: Iterable[Probe]) -> Iterator[str]:
    """A field of another kind than the settings say: Robaws would refuse every mark."""
    for found, mark in _marked(workspace, probes):
        wrong = decode_reference.extra_field_types(found.items, mark.field, workspace.company.fields)
        wrong -= {fields.TYPE_OF_MARK[mark.kind]}
        if wrong:
            yield (
                f"deliveries.mark: {mark.field!r} of {found.collection} is a {', '.join(sorted(wrong))} in Robaws, and "
                f'the settings say kind = "{mark.kind}"'
            )


def _as_raw(items: list[bytes], spelling: fields.Spelling) -> pa.Table:
    head = decode.reader("vat_tariff", spelling).read
    return pa.table({"id": [str(head(item)[0].id) for item in items], "json": pa.array(items, pa.binary())})


def _spelling_hints(company: str, found: Probe) -> Iterator[str]:
    """Fields that no object has: perhaps this tenant spells them otherwise."""
    seen = Counter(found.objects)
    for field in found.fields:
        if not field.found and seen[field.resource]:
            candidates = ", ".join(found.unknown.get(field.resource, ())[:12])
            yield (
                f"{field.resource}.{field.name}: none of {seen[field.resource]} objects has the key {field.key!r} "
                f"({field.confidence}); keys we do not know: {candidates or 'none'}. If one of them is it, add "
                f'[companies.{company}.fields.{field.resource}] {field.name} = "…"'
            )
