"""Whatever happens in whatever order, the accountant has each document once and the sum is that of the books."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from accountant import books, exported, folders, imported, manifests
from deliveries_company import delivering, files
from dying import dying
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from steps_company import JOURNAL_ONLY, Loaded, company, load, surroundings

from robaws_pipeline.deliveries.plan import Scope
from robaws_pipeline.fields import PURCHASES, SALES
from robaws_pipeline.lake.raw import Version, rows
from robaws_pipeline.reasons import LANGUAGES
from robaws_pipeline.sandbox.server import running
from robaws_pipeline.sandbox.switches import Switches
from robaws_pipeline.sandbox.world import build_world
from robaws_pipeline.steps.deliver import deliver, withdraw
from robaws_pipeline.steps.deliveries import redo, verify_deliveries

MONTHS = ["2025-01", "2025-02"]
DAYS = [date(2025, 1, 15), date(2025, 2, 10)]
BEGIN = datetime(2025, 3, 1, tzinfo=UTC)
DRIFT = st.integers(-400, 400)
"""Days that the clock is wrong by."""
MOMENTS = st.one_of(st.integers(0, 12), st.integers(0, 150))
"""Changes to files until a process dies: at the beginning, or anywhere up to where all of it is done."""


@cache
def template() -> tuple[Path, Any]:
    """A company of two months and a handful of documents, loaded."""
    folder = Path(tempfile.mkdtemp(prefix="machine")) / "company"
    world = build_world(first_month=MONTHS[0], last_month=MONTHS[1], sales_per_month=3, purchases_per_month=2, seed=3)
    with surroundings(), running(world, switches=Switches(rate_per_second=None)) as server:
        load(company(folder, server, JOURNAL_ONLY), MONTHS)
    return folder, server


class Deliveries(RuleBasedStateMachine):
    """People in Robaws, an operator, an accountant, and what happens to machines. Versions go straight into the raw
    log, which is what a night would put there."""

    @initialize(changes=st.sampled_from(["report", "reverse"]))
    def begin(self, changes: str) -> None:
        made, server = template()
        self.surroundings = surroundings()
        self.surroundings.__enter__()
        self.place = Path(tempfile.mkdtemp(prefix="machine"))
        self.folder = self.place / "company"
        shutil.copytree(made, self.folder)
        self.loaded = Loaded(company(self.folder, server), self.folder, server)
        self.changes, self.customers, self.language = changes, "400000", "en"
        self._begin_again()
        self.root = self.folder / "exports" / "acme"
        self.moment = BEGIN
        self.made = 0
        self.sealed: dict[str, bytes] = {}

    def teardown(self) -> None:
        if hasattr(self, "surroundings"):
            self.surroundings.__exit__(None, None, None)
            shutil.rmtree(self.place)

    def _version(self, number: int, change: Callable[[dict[str, Any]], None]) -> None:
        """A document, whichever it is, saved again by somebody in Robaws."""
        raw = self.workspace.raw
        known = [
            (collection, month, row["id"])
            for collection in (SALES.name, PURCHASES.name)
            for month in raw.months(collection)
            for row in raw.heads(collection, month).to_pylist()
        ]
        collection, month, id_ = known[number % len(known)]
        self.moment += timedelta(hours=1)
        current = raw.lookup(collection, [id_], ["json", "party_id"]).to_pylist()[0]
        document = json.loads(current["json"], parse_float=str)
        change(document)
        document["updatedAt"] = self.moment.isoformat().replace("+00:00", "Z")
        content = json.dumps(document).encode()
        made = Version(
            document["id"],
            document["date"][:7],
            document["type"],
            document["date"],
            current["party_id"],
            self.moment,
            content,
        )
        for folder in {month, made.month}:
            table = rows(collection, [made], self.moment)
            raw._append(collection, folder, table)

    @rule(number=st.integers(0, 99), cents=st.integers(1, 99_999))
    def edit(self, number: int, cents: int) -> None:
        def change(document: dict[str, Any]) -> None:
            name = "adjustedLineItems" if "adjustedLineItems" in document else "lineItems"
            line = {**document[name][0], "type": "LINE", "totalExclVat": f"{cents / 100:.2f}", "vatTariffId": "2"}
            vat = round(cents * 21 / 100 + 1e-9)
            document[name] = [line]
            document |= {
                "totalExclVat": f"{cents // 100}.{cents % 100:02}",
                "totalVat": f"{vat // 100}.{vat % 100:02}",
                "totalInclVat": f"{(cents + vat) // 100}.{(cents + vat) % 100:02}",
            }

        self._version(number, change)

    @rule(number=st.integers(0, 99), day=st.sampled_from(["2025-01-07", "2025-02-27", "2024-12-31", "2025-01-31"]))
    def move(self, number: int, day: str) -> None:
        self._version(number, lambda document: document.update(date=day))

    @rule(number=st.integers(0, 99))
    def retype(self, number: int) -> None:
        other = {"INVOICE": "CREDIT_NOTE", "CREDIT_NOTE": "INVOICE"}
        self._version(number, lambda document: document.update(type=other[document["type"]]))

    @rule(number=st.integers(0, 99), currency=st.sampled_from(["USD", "EUR"]))
    def hold_or_mend(self, number: int, currency: str) -> None:
        self._version(number, lambda document: document.update(currency=currency))

    @rule(number=st.integers(0, 99))
    def pay(self, number: int) -> None:
        self._version(number, lambda document: document.update(status="Betaald"))

    @rule(number=st.integers(0, 99))
    def create(self, number: int) -> None:
        self.made += 1
        self._version(number, lambda document: document.update(id=f"9{self.made:04}", logicId=f"N{self.made:04}"))

    @rule(number=st.integers(0, 99))
    def delete(self, number: int) -> None:
        raw = self.workspace.raw
        known = [
            (collection, month, row["id"])
            for collection in (SALES.name, PURCHASES.name)
            for month in raw.months(collection)
            for row in raw.heads(collection, month).to_pylist()
        ]
        collection, month, id_ = known[number % len(known)]
        self.moment += timedelta(hours=1)
        raw.mark_deleted(collection, month, [id_], self.moment)

    @rule(number=st.integers(0, 99))
    def mark(self, number: int) -> None:
        """As we do ourselves after a delivery, or somebody by hand: nothing that is booked."""
        mark = {"Naar boekhouder": {"type": "CHECKBOX", "booleanValue": True}}
        self._version(number, lambda document: document.update(extraFields=mark))

    @rule(
        changes=st.sampled_from(["report", "reverse"]),
        customers=st.sampled_from(["400000", "400999"]),
        language=st.sampled_from(LANGUAGES),
    )
    def change_the_settings(self, changes: str, customers: str, language: str) -> None:
        """Another account for customers is a correction of every sale that was delivered; another language is none."""
        self.changes, self.customers, self.language = changes, customers, language
        self._begin_again()

    def _begin_again(self) -> None:
        """As a new process: what the last one remembered is gone."""
        accounts = f'[companies.acme.accounts]\ncustomers = "{self.customers}"\n'
        formats = f'{JOURNAL_ONLY}\nlanguage = "{self.language}"'
        self.workspace = delivering(self.loaded, self.changes, accounts, formats)

    @rule(
        scope=st.one_of(
            st.sampled_from(MONTHS).map(lambda month: Scope(month=month)),
            st.sampled_from(DAYS).map(lambda day: Scope(until=day)),
        ),
        days=DRIFT,
    )
    def deliver_some(self, scope: Scope, days: int) -> None:
        self._deliver(scope, days)
        self._seal()

    @rule(days=DRIFT)
    def deliver_everything(self, days: int) -> None:
        self._deliver(Scope(), days)
        self._seal()
        assert imported(self.root) == books(self.workspace)
        assert self._standing() == exported(self.workspace)
        assert deliver(self.workspace).link is None

    def _deliver(self, scope: Scope, days: int) -> None:
        """The clock may say anything."""
        deliver(self.workspace, scope, now=datetime(2025, 3, 2, tzinfo=UTC) + timedelta(days=days))

    @rule(at=MOMENTS)
    def deliver_and_die(self, at: int) -> None:
        with dying(self.folder, at):
            deliver(self.workspace)
        self._begin_again()
        self._seal()

    @precondition(lambda self: bool(self._last()))
    @rule()
    def withdraw(self) -> None:
        withdraw(self.workspace, self._last())
        self._seal()

    @precondition(lambda self: bool(self._last()))
    @rule(at=st.integers(0, 8))
    def withdraw_and_die(self, at: int) -> None:
        with dying(self.folder, at):
            withdraw(self.workspace, self._last())
        self._begin_again()
        self._seal()

    @precondition(lambda self: bool(folders(self.root)))
    @rule(which=st.integers(0, 99), harm=st.lists(st.integers(0, 99), min_size=1, max_size=3), at=st.integers(0, 6))
    def redo_what_was_harmed(self, which: int, harm: list[int], at: int) -> None:
        """A disk loses files or alters them; whoever puts them back is killed the first time."""
        found = folders(self.root)
        folder = found[which % len(found)]
        files_of = sorted(file for file in folder.rglob("*") if file.is_file())
        mendable = [file for file in files_of if file.name != "manifest.json" and "kept" not in file.parts]
        for position in harm:
            file = mendable[position % len(mendable)]
            if position % 2:
                file.unlink(missing_ok=True)
            elif file.exists():
                file.write_bytes(file.read_bytes()[:-1])
        assert verify_deliveries(self.workspace) != []
        with dying(self.folder, at):
            redo(self.workspace, int(folder.name[:4]))
        self._begin_again()
        redo(self.workspace, int(folder.name[:4]))
        self._seal()

    def _last(self) -> int:
        found = manifests(self.root)
        gone = {one["withdraws"] for one in found}
        kept = [one["number"] for one in found if one["kind"] == "delivery" and one["number"] not in gone]
        return kept[-1] if kept else 0

    def _standing(self) -> set[tuple[str, str]]:
        found = manifests(self.root)
        gone = {one["withdraws"] for one in found}
        standing: set[tuple[str, str]] = set()
        for manifest in found:
            if manifest["number"] in gone:
                continue
            for one in manifest["documents"]:
                key = (one["collection"], one["id"])
                if one["action"] == "removed":
                    standing.remove(key)
                else:
                    assert (key in standing) == (one["action"] == "changed"), "delivered twice, or corrected unseen"
                    standing.add(key)
        return standing

    def _seal(self) -> None:
        now = {name: content for folder in folders(self.root) for name, content in self._files(folder)}
        assert self.sealed.items() <= now.items(), "an old delivery changed"
        self.sealed = now

    @staticmethod
    def _files(folder: Path) -> list[tuple[str, bytes]]:
        return [(f"{folder.name}/{name}", content) for name, content in files(folder).items()]

    @invariant()
    def the_chain_holds(self) -> None:
        if hasattr(self, "root"):
            assert verify_deliveries(self.workspace) == []
            assert [one["number"] for one in manifests(self.root)] == list(range(1, len(folders(self.root)) + 1))
            imported(self.root)
            self._standing()


TestDeliveries = Deliveries.TestCase
TestDeliveries.settings = settings(
    max_examples=int(os.environ.get("DELIVERY_EXAMPLES", "4")),
    stateful_step_count=int(os.environ.get("DELIVERY_STEPS", "14")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
