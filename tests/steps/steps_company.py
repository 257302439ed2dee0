"""A company in a folder of its own, its Robaws, and what the world says that it must hold."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from robaws_pipeline import settings
from robaws_pipeline.sandbox.limits import Account
from robaws_pipeline.sandbox.server import Running
from robaws_pipeline.sandbox.world import World, build_world
from robaws_pipeline.schema import PARTIES, PAYMENT_CONDITIONS
from robaws_pipeline.steps import build, fetch
from robaws_pipeline.steps.workspace import Workspace

MONTHS = ["2025-01", "2025-02", "2025-03"]
TODAY = date(2025, 3, 15)
"""What the tests' companies take for today: their books go from January to April 2025."""

PATHS = {"sales": "sales-invoices", "purchases": "purchase-invoices"}

JOURNAL_ONLY = 'formats = ["journal"]'

_TOML = """
[companies.acme]
name = "Acme Installaties BV"
base_url = "{base_url}"
api_key_env = "STEPS_KEY"
api_secret_env = "STEPS_SECRET"
start = "2025-01"
vat_number = "BE0999000129"
address = {{ line = "Proefstraat 1", postal_code = "9000", city = "Gent", country = "BE" }}
iban = "BE41099000567810"
rate_limit = {{ per_second = 100000, burst = 100000 }}
{more}
"""


Serve = Callable[..., Running]
"""Starts a sandbox for a world."""


@dataclass
class Loaded:
    """A company, its folder, and its Robaws."""

    workspace: Workspace
    folder: Path
    server: Running

    @property
    def world(self) -> World:
        """What Robaws has."""
        return self.server.world


def small_world() -> World:
    """Three months with every trouble that the sandbox knows and credit notes across months."""
    return build_world(first_month=MONTHS[0], last_month=MONTHS[-1], sales_per_month=12, purchases_per_month=8, seed=7)


def company(folder: Path, server: Running, more: str = "") -> Workspace:
    """The company with its lake and exports under `folder`; `more` is TOML that follows its own keys."""
    text = _TOML.format(base_url=server.base_url, more=more)
    return Workspace.of(settings.parse(text, "robaws.toml", folder), "acme")


def build_all(workspace: Workspace, months: Sequence[str] = MONTHS) -> dict[str, build.Exported]:
    """Everything after the raw log."""
    build.build_documents(workspace, months)
    build.build_journal(workspace, months)
    return build.build_exports(workspace, months)


def load(workspace: Workspace, months: Sequence[str] = MONTHS) -> fetch.Fetched:
    """Parties, lists and documents of these months, and everything that is made from them."""
    reference = fetch.fetch_reference(workspace)
    assert reference.errors == []
    fetched = fetch.fetch_history(workspace, months)
    build_all(workspace, months)
    return fetched


def ago(**duration: float) -> str:
    """A moment in Robaws's spelling, so long before now."""
    moment = datetime.now(UTC) - timedelta(**duration)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def covered_to(workspace: Workspace, moment: datetime, months: Iterable[str] | None = None) -> None:
    """Make the raw log's coverage end there, as if it had been read at that time."""
    for collection in PATHS:
        file = f"raw/{collection}/coverage.json"
        known = json.loads(workspace.lake.read(file) or b"{}")
        known.update(dict.fromkeys(known if months is None else months, moment.isoformat()))
        workspace.lake.write(file, json.dumps(known).encode())


def held(workspace: Workspace) -> dict[tuple[str, str], tuple[str, bool]]:
    """(collection, id) → month and whether it is deleted; fails when a document is in two months."""
    rows = [
        ((collection, row["id"]), (month, row["deleted"]))
        for collection in PATHS
        for month in workspace.raw.months(collection)
        for row in workspace.raw.heads(collection, month).to_pylist()
    ]
    twice = [key for key, count in Counter(key for key, _ in rows).items() if count > 1]
    assert twice == []
    return dict(rows)


def live(workspace: Workspace) -> dict[tuple[str, str], str]:
    """(collection, id) → month of the documents that exist."""
    return {key: month for key, (month, deleted) in held(workspace).items() if not deleted}


def in_world(world: World, months: Iterable[str] | None = None) -> dict[tuple[str, str], str]:
    """(collection, id) → month of the documents that Robaws has."""
    wanted = None if months is None else set(months)
    return {
        (collection, record["id"]): record["date"][:7]
        for collection, path in PATHS.items()
        for record in world.records(path)
        if wanted is None or record["date"][:7] in wanted
    }


def pick(world: World, collection: str, month: str, *, position: int = 0, **wanted: Any) -> dict[str, Any]:
    """A document of a month with a number and these values."""
    found = [
        record
        for record in world.records(PATHS[collection])
        if record["date"][:7] == month
        and record["logicId"]
        and all(record.get(key) == value for key, value in wanted.items())
    ]
    return found[position]


def cents(value: Any, sign: int) -> str:
    """An amount of the world as a manifest writes it."""
    return f"{sign * Decimal(value).quantize(Decimal('0.01'), ROUND_HALF_UP) + 0:.2f}"


def manifests(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """Month → manifest, of every published month."""
    return {
        month: json.loads(workspace.exports.read(f"{month}/manifest.json") or b"")
        for month in workspace.exports.names()
        if month != "outside.csv"
    }


def originals(workspace: Workspace, month: str) -> dict[tuple[str, str], tuple[str, str]]:
    """(collection, id) → month and number of the invoices that the month's credit notes are given."""
    tables = workspace.tables
    books = build.month_books(workspace, month, tables.read(PARTIES), tables.read(PAYMENT_CONDITIONS))
    return {(row["collection"], row["id"]): (row["month"], row["number"]) for row in books.originals.to_pylist()}


def content(folder: Path) -> dict[str, bytes]:
    """Path → bytes of every file of a company's exports and tables."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for place in (folder / "exports" / "acme", folder / "data" / "acme" / "tables")
        for file in sorted(place.rglob("*"))
        if file.is_file()
    }


@contextmanager
def surroundings() -> Iterator[None]:
    """Credentials of the sandbox, and a day that does not depend on today's."""
    account = Account()
    real = Workspace.months

    def months(self: Workspace, today: date | None = None) -> list[str]:
        return real(self, today or TODAY)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "STEPS_KEY", account.key)
        patch.setitem(os.environ, "STEPS_SECRET", account.secret)
        patch.setattr(Workspace, "months", months)
        yield
