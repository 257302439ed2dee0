"""What a month is made from, as a fingerprint: of content, never of when or how it came.

It is computed when the documents are read, kept with them, passed on to the journal made from them and to the manifest
of the exports made from that: a month of which one of these names another fingerprint than today's is stale.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline import fields
from robaws_pipeline.lake.files import fingerprint
from robaws_pipeline.settings import Company
from robaws_pipeline.steps.code import code_version
from robaws_pipeline.steps.workspace import Workspace


@lru_cache(maxsize=16)
def _settings_version(company: str) -> str:
    return hashlib.blake2b(company.encode(), digest_size=8).hexdigest()


def settings_version(workspace: Workspace) -> str:
    """Changes when a setting that decides what ends up in the files does."""
    without = {"base_url", "api_key_env", "api_secret_env", "oauth", "start", "timezone", "nightly_at", "rate_limit"}
    without |= {"articles", "extra_fields", "deliveries"}  # in no export
    return _settings_version(workspace.company.model_dump_json(exclude=without))


References = Mapping[str, Sequence[str]]
"""Collection → the ids that a month's documents refer to."""


def not_read(workspace: Workspace, month: str) -> tuple[str, ...]:
    """The collections that no sweep has covered for the month."""
    return tuple(
        collection.name for collection in fields.DOCUMENTS if workspace.coverage.uncovered(collection.name, [month])
    )


def references_of(documents: pa.Table, lines: pa.Table, company: Company) -> dict[str, list[str]]:
    """The clients, suppliers and credited invoices that a month's documents name, and the articles that are asked for
    the account of a line."""

    def distinct(collection: str, column: str) -> list[str]:
        here = documents.filter(pc.equal(documents["collection"], collection))[column]
        return sorted(pc.unique(here.drop_null()).to_pylist())

    asked = pc.and_(pc.is_null(lines["gl_account_id"]), company.accounts.of_articles)
    return {
        fields.ARTICLES.name: sorted(pc.unique(lines.filter(asked)["article_id"].drop_null()).to_pylist()),
        fields.CLIENTS.name: distinct(fields.SALES.name, "party_id"),
        fields.SUPPLIERS.name: distinct(fields.PURCHASES.name, "party_id"),
        fields.SALES.name: distinct(fields.SALES.name, "original_id"),
        fields.PURCHASES.name: distinct(fields.PURCHASES.name, "original_id"),
    }


class Fingerprints:
    """The inputs of months. What months share is read from the raw log once: parties and lists now, credited invoices
    when they are first asked for."""

    def __init__(self, workspace: Workspace, references: Iterable[References] = ()) -> None:
        """`references` of all months that will be asked for, so that the raw log is searched once."""
        self._workspace = workspace
        raw = workspace.raw
        lists = [raw.fingerprint(collection.name) for collection in (fields.GL_ACCOUNTS, fields.PAYMENT_CONDITIONS)]
        self._common = [code_version(), settings_version(workspace), *lists]
        self._shared: dict[str, dict[str, str]] = {}
        articles = [fields.ARTICLES] if workspace.company.accounts.of_articles else []
        for collection in (*fields.PARTIES, *articles):
            heads = raw.heads(collection.name)
            self._shared[collection.name] = dict(zip(heads["id"].to_pylist(), heads["hash"].to_pylist(), strict=True))
        self._originals: dict[str, dict[str, str]] = {collection.name: {} for collection in fields.DOCUMENTS}
        self.look_up(references)

    def look_up(self, references: Iterable[References]) -> None:
        """Find the credited invoices of these months, in one search."""
        every = list(references)
        for name, known in self._originals.items():
            found = self._workspace.unmarked.lookup(
                name, {id_ for one in every for id_ in one[name]}, ["id", "hash", "deleted"]
            )
            known.update((row["id"], f"{row['hash']} {row['deleted']}") for row in found.to_pylist())

    def of(self, month: str, contents: Mapping[str, str], references: References) -> str:
        """The inputs of a month whose documents have these contents (`Unmarked.fingerprint` by collection) and
        references; these must have been looked up."""
        parts = [*self._common, *not_read(self._workspace, month)]
        parts += [f"{name} {contents[name]}" for name in sorted(contents)]
        parts += [
            f"files of {kept} {fingerprint(self._workspace.files.index(kept, month).files)}"
            for kept in self._workspace.company.pdfs
        ]
        for known in (self._shared, self._originals):
            for name, versions in known.items():
                parts += [f"{name} {id_}={versions.get(id_)}" for id_ in references.get(name, ())]
        return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()


def recorded_inputs(workspace: Workspace, month: str) -> dict[str, Any] | None:
    """What the month's documents were made from; None when they were never made.

    `fingerprint`, and the `references` that it was computed with.
    """
    content = workspace.tables.store.read(inputs_file(month))
    return json.loads(content) if content else None


def journal_inputs(workspace: Workspace, month: str) -> str | None:
    """The fingerprint of the documents that the month's entries were made from; None when they were never made."""
    content = workspace.tables.store.read(journal_file(month))
    return content.decode() if content else None


def inputs_file(month: str) -> str:
    """Where among the tables it is kept what the month's documents were made from."""
    return f"inputs/{month}.json"


def journal_file(month: str) -> str:
    """Where among the tables it is kept what the month's entries were made from."""
    return f"inputs/{month}.journal"
