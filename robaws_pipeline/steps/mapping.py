"""What the settings do not say yet, what waits for it, and a proposal for whoever must say it.

Only a person can know what a tariff of 0 % means. A proposal goes into a copy of the settings file, with what it was
guessed from in a comment, and does nothing until somebody has read it.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa
import tomlkit
from tomlkit.items import InlineTable

from robaws_pipeline import books, fields
from robaws_pipeline.lake.raw import Version, rows
from robaws_pipeline.robaws import decode
from robaws_pipeline.robaws.items import BadItemError, head_reader
from robaws_pipeline.robaws.probe import Probe
from robaws_pipeline.schema import ARTICLES, DOCUMENTS, GL_ACCOUNTS, LINES, PARTIES
from robaws_pipeline.settings import SELF_ASSESSED, Company, Treatment
from robaws_pipeline.steps.receive import filing_month
from robaws_pipeline.steps.stale import loaded_months
from robaws_pipeline.steps.workspace import Workspace


class Unmapped(NamedTuple):
    """Something that the settings lack, and what waits for it: of `books.unmapped`."""

    code: str
    """A reason of `robaws_pipeline.reasons`."""
    collection: str
    tariff_id: str | None
    tariff_name: str | None
    percentage: Decimal | None
    treatment: str | None
    documents: int
    gross: Decimal
    """Of these documents, credit notes negative."""


def unmapped_in_books(workspace: Workspace) -> list[Unmapped]:
    """Of all documents that are held in months of the books."""
    tables = workspace.tables
    parties, accounts, articles = tables.read(PARTIES), tables.read(GL_ACCOUNTS), tables.read(ARTICLES)
    sums: dict[tuple[object, ...], Unmapped] = {}
    for month in loaded_months(workspace):
        documents, lines = tables.read(DOCUMENTS, month), tables.read(LINES, month)
        found = books.unmapped(documents, lines, parties, accounts, workspace.company, articles=articles)
        for row in _rows(found):
            earlier = sums.get(row[:-2], row._replace(documents=0, gross=Decimal(0)))
            total = earlier._replace(documents=earlier.documents + row.documents, gross=earlier.gross + row.gross)
            sums[row[:-2]] = total
    return sorted(sums.values(), key=lambda row: (row.code, row.collection, str(row.tariff_id), str(row.treatment)))


def unmapped_in_sample(workspace: Workspace, probes: Iterable[Probe]) -> list[Unmapped]:
    """Of the documents on the pages that the doctor has read; nothing need be held for it."""
    company = workspace.company
    pages = {probe.collection: probe.items for probe in probes}
    found = [_decoded(collection, pages.get(collection.name, ()), company) for collection in fields.DOCUMENTS]
    documents, lines = (pa.concat_tables(part) for part in zip(*found, strict=True))
    return _rows(books.unmapped(documents, lines, PARTIES.empty(), GL_ACCOUNTS.empty(), company))


def _decoded(collection: fields.Collection, items: Iterable[bytes], company: Company) -> tuple[pa.Table, pa.Table]:
    read = head_reader(collection.resource, company.fields.get(collection.resource))
    versions = []
    for json in items:
        try:
            item = read(json)
        except BadItemError:
            continue  # the doctor counts those
        month = filing_month(item, company.start)
        versions.append(Version(item.id, month, item.type, item.date, item.party_id, item.updated_at, item.json))
    return decode.documents(collection, rows(collection.name, versions, datetime.now(UTC)), company.fields)


def _rows(table: pa.Table) -> list[Unmapped]:
    return [Unmapped(**row) for row in table.to_pylist()]


def proposal(text: str, unmapped: dict[str, list[Unmapped]]) -> str:
    """A settings file's text with a proposal for each tariff without meaning, by company key; comments say from what.

    What cannot be guessed, and accounts, are comments only.
    """
    document = tomlkit.parse(text)
    companies: Any = document["companies"]
    for key, found in unmapped.items():
        tariffs = [row for row in found if row.code == "tariff_unmapped"]
        for row in _by_tariff(tariffs):
            table, name = _table(companies[key], "vat_tariffs"), row.tariff_id or row.tariff_name or ""
            table.add(tomlkit.comment(_said(row)))
            guess = _guess(row)
            if guess is None:
                table.add(tomlkit.comment(f'"{name}" = {{ treatment = "…" }}'))
            else:
                table[name] = guess
        for row in found:
            if row.code == "account_missing":
                said = f"{row.documents} documents of {row.gross:.2f} have lines without an account"
                choice = f'{row.collection} = {{ {row.treatment} = "…" }}, or default_{row.collection} = "…"'
                _table(companies[key], "accounts").add(tomlkit.comment(f"{choice}: {said}"))
    return tomlkit.dumps(document)


def _table(company: Any, name: str) -> Any:
    """The company's table of this name, with a header of its own, where comments have a place."""
    given = company.get(name)
    if given is None or isinstance(given, InlineTable):
        table = tomlkit.table()
        if given is not None:
            company.remove(name)
            table.update(given)
        # At the end: a header in between would take the company's own keys that follow it.
        company[name] = table
    return company[name]


def _by_tariff(found: Iterable[Unmapped]) -> Iterator[Unmapped]:
    """Sales and purchases of a tariff together: it gets one meaning."""
    sums: dict[tuple[str | None, str | None], Unmapped] = {}
    for row in found:
        other = sums.get(row[2:4])
        both = (
            row
            if other is None
            else row._replace(documents=row.documents + other.documents, gross=row.gross + other.gross)
        )
        sums[row[2:4]] = both
    return iter(sums.values())


def _said(row: Unmapped) -> str:
    percentage = "no percentage" if row.percentage is None else f"{row.percentage.normalize():f} %"
    return f"PROPOSED, to be read: {row.tariff_name!r}, {percentage}, on {row.documents} documents of {row.gross:.2f}"


_WORDS: tuple[tuple[Treatment, tuple[str, ...]], ...] = (
    ("import_reverse_charge", ("import", "invoer", "et 14")),
    ("intra_community_services", ("ic dienst", "intracommunautaire dienst", "prestation intra", "services intra")),
    ("intra_community_goods", ("ic ", "intracom", "intra-com", "livraison intra")),
    ("reverse_charge", ("verlegd", "verlegging", "medecontract", "cocontract", "autoliquid", "art. 20", "reverse")),
    ("export", ("export", "uitvoer")),
    ("margin_scheme", ("marge", "margin")),
    ("exempt", ("vrijgest", "vrijstel", "exon", "exempt", "art. 44", "art 44")),
    ("outside_scope", ("buiten", "niet onderworpen", "non soumis", "hors")),
)
"""What words in a tariff's name point at; the first that fits."""


def _guess(row: Unmapped) -> InlineTable | None:
    """The meaning that the name and the percentage suggest; None when they suggest nothing or contradict."""
    name = f"{row.tariff_name or ''} ".casefold()
    treatment = next((one for one, words in _WORDS if any(word in name for word in words)), None)
    made = tomlkit.inline_table()
    if row.percentage and treatment is None:
        made.update({"treatment": "standard", "rate": tomlkit.value(f"{row.percentage.normalize():f}")})
    elif row.percentage or treatment is None:
        return None
    else:
        made.update({"treatment": treatment})
        if treatment in SELF_ASSESSED:
            made.update({"self_assessed_rate": _USUAL_RATE})
    return made


_USUAL_RATE = 21
"""Percentage. What is bought under reverse charge is rarely at another rate."""
