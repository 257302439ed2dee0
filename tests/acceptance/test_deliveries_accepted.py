"""Deliveries from another server: everything that people do to delivered documents, and the accountant's own sums."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from accountant import books_of, folders, imported, manifests
from companies import ACCOUNT, KEY, SECRET, UNLIMITED, Place, company_toml, place_in, small_world
from contract_server import KINDS, Contract, Robaws, counted, harvest, serving
from deeds import EDITS, Desk
from drifting import Office, copy_of
from test_vat_another_way import grids

from robaws_pipeline.sandbox.server import running
from robaws_pipeline.steps.workspace import Workspace

LOAD = ("load", "--from", "2025-01", "--to", "2025-03")
ZERO = Decimal(0)


@pytest.fixture(scope="module", autouse=True)
def _a_day_in_may() -> Iterator[None]:
    """The books end there, so that no night reads a year of empty months."""
    plain = Workspace.months
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Workspace, "months", lambda self, today=None: plain(self, today or date(2025, 5, 20)))
        yield


@pytest.fixture(scope="module")
def robaws() -> Robaws:
    """Three months of documents, of which two are held for their currency."""
    world = small_world(sales_per_month=14, purchases_per_month=14)
    with running(world, switches=UNLIMITED, accounts=[ACCOUNT]) as server:
        return harvest(server.base_url, KEY, SECRET)


@dataclass
class Handed:
    """A company, the server that it reads, who works in it, and where it delivers."""

    place: Place
    server: Contract
    office: Office
    desk: Desk

    @property
    def root(self) -> Path:
        """The company's exports."""
        return self.place.folder / "exports" / "proef"

    def run(self, *command: str) -> str:
        """A command that must succeed; what it said."""
        result = self.place.invoke(*command)
        assert result.exit_code == 0, result.output
        return result.output

    def night(self) -> None:
        """A night, and a look at the whole months, which alone shows what was deleted."""
        self.run("nightly")
        self.run(*LOAD)

    def wrong(self) -> dict[str, str]:
        """What was done → how the last delivery calls it, where that is not what it must be; both ways."""
        names = {self.desk.key(*place): name for name, place in self.desk.done.items()}
        made = self.actions()
        return {
            names.get(key, str(key)): f"{made.get(key)}, not {self.desk.expected.get(key)}"
            for key in made.keys() | self.desk.expected.keys()
            if made.get(key) != self.desk.expected.get(key)
        }

    def actions(self) -> dict[tuple[str, str], str]:
        """(collection, id) → what the last delivery calls it."""
        return {(one["collection"], one["id"]): one["action"] for one in manifests(self.root)[-1]["documents"]}


@pytest.fixture(scope="module", params=["report", "reverse"])
def handed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, empty_home: Path, robaws: Robaws
) -> Iterator[Handed]:
    """The first delivery is made."""
    place = place_in(tmp_path_factory.mktemp("handed"), empty_home)
    office = Office(copy_of(robaws))
    desk = Desk(office)
    waiting = [(path, min(office.robaws[path].things)) for path in KINDS]
    for path, id_ in waiting:
        desk.save(path, id_, {"currency": "USD"})
    with serving(office.robaws, KEY, SECRET) as server:
        server.clock = lambda: office.now
        place.write(company_toml(server.base_url), f'[companies.proef.deliveries]\nchanges = "{request.param}"\n')
        found = Handed(place, server, office, desk)
        found.run(*LOAD)
        found.run("deliver")
        for path, id_ in waiting:
            desk.done[f"{path}: held from the beginning"] = path, id_
        yield found


def test_the_second_delivery_has_the_new_and_the_corrections_and_nothing_else(
    handed: Handed, tmp_path: Path, empty_home: Path
) -> None:
    """What an accountant must be able to count on, with forty documents changed in every way that we know."""
    desk, office = handed.desk, handed.office
    first = handed.actions()
    assert set(first.values()) == {"new"}
    desk.everything(set(first))
    for path in KINDS:
        _, id_ = desk.done[f"{path}: held from the beginning"]
        desk.save(path, id_, {"currency": "EUR"})
        desk.expected[desk.key(path, id_)] = "new"
    assert len(desk.done) >= 2 * len(EDITS) + 8 >= 40
    handed.night()
    handed.run("deliver")
    assert handed.wrong() == {}
    _same_books(handed, handed.place)

    # The third: what was taken out is in order again, and what was moved goes home.
    desk.expected.clear()
    for path in KINDS:
        for name, back in (
            ("held", {"currency": "EUR"}),
            ("a draft again", {"logicId": f"TERUG{path[0]}"}),
            ("before the books", {"date": "2025-02-03"}),
            ("after the books", {"date": "2025-02-04"}),
        ):
            _, id_ = desk.done[f"{path}: {name}"]
            desk.save(path, id_, back)
            desk.expected[desk.key(path, id_)] = "returned"
        _, id_ = desk.done[f"{path}: deleted"]
        office.restore(path, id_)
        desk.expected[desk.key(path, id_)] = "returned"
        _, id_ = desk.done[f"{path}: to a credit note"]
        desk.save(path, id_, {"type": "INVOICE"})
        desk.expected[desk.key(path, id_)] = "changed"
    handed.run(*LOAD)
    handed.run("deliver")
    assert handed.wrong() == {}
    _same_books(handed, _loaded_now(handed, tmp_path, empty_home))
    assert "nothing to deliver" in handed.run("deliver")
    assert "3 deliveries, all as they were made" in handed.run("deliveries", "verify")


def _loaded_now(handed: Handed, folder: Path, home: Path) -> Place:
    """Somebody else who loads this Robaws for the first time."""
    fresh = place_in(folder, home)
    fresh.write(company_toml(handed.server.base_url))
    result = fresh.invoke("nightly")  # reads all months of the books that it never read
    assert result.exit_code == 0, result.output
    return fresh


def _same_books(handed: Handed, now: Place) -> None:
    """What the accountant imported is what the books are now: by account and party, VAT and cost centre, to the cent;
    and its totals are those of Robaws's own JSON."""
    ledger = imported(handed.root)
    assert ledger == books_of(now.folder / "exports" / "proef")
    exported = {
        (row["collection"], row["id"])
        for manifest in now.manifests().values()
        for row in manifest["documents"]
        if row["state"] == "exported"
    }
    documents = {key: one for key, one in counted(handed.office.robaws) if key in exported}
    for kind, sign in (("sales", 1), ("purchases", -1)):
        owed = sum((amount for key, amount in ledger.items() if key[0] == f"{kind} party"), ZERO)
        assert owed == sign * sum((one["gross"] for (of, _), one in documents.items() if of == kind), ZERO)
    filled = defaultdict(Decimal, grids(handed.office.robaws, exported))
    to_pay = sum(filled[grid] for grid in ("54", "55", "56", "57", "61", "63"))
    to_recover = sum(filled[grid] for grid in ("59", "62", "64"))
    kinds = ("vat", "self_assessed_due", "self_assessed_deductible")
    vat = sum((amount for key, amount in ledger.items() if key[0] == "vat" and key[2] in kinds), ZERO)
    assert -vat == to_pay - to_recover


def test_one_byte_of_an_old_delivery_is_missed_whichever_it_is(handed: Handed) -> None:
    """A figure that somebody mends in an old file is a figure that nobody delivered."""
    old = folders(handed.root)[0]
    for file in sorted(one for one in old.rglob("*") if one.is_file()):
        content = file.read_bytes()
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        found = handed.place.invoke("deliveries", "verify")
        assert found.exit_code == 1, file
        named = file.name if file.name != "manifest.json" else "1"
        assert named in " ".join(found.output.split()), found.output
        file.write_bytes(content)
    handed.run("deliveries", "verify")


def test_marks_are_set_once_and_make_no_delivery(place: Place, robaws: Robaws) -> None:
    """Our own writing must not look like somebody's change: every night would deliver what the last one marked."""
    office = Office(copy_of(robaws))
    with serving(office.robaws, KEY, SECRET) as server:
        server.clock = office.tick
        marking = '[companies.proef.deliveries.mark]\nfield = "Geboekt"\n'
        place.write(company_toml(server.base_url), marking)
        assert place.invoke(*LOAD).exit_code == 0
        done = place.invoke("deliver")
        assert done.exit_code == 0, done.output
        [manifest] = manifests(place.folder / "exports" / "proef")
        delivered = {(one["collection"], one["id"]) for one in manifest["documents"]}
        assert Counter((KINDS[path], str(id_)) for path, id_ in server.patched) == Counter(delivered)
        for path, kind in KINDS.items():
            for id_, one in office.robaws[path].things.items():
                assert (b'"Geboekt":{"booleanValue":true' in one.whole) == ((kind, str(id_)) in delivered)
        for _ in range(2):
            night = place.invoke("nightly")
            assert night.exit_code == 0, night.output
            again = place.invoke("deliver")
            assert "nothing to deliver" in again.output, again.output
        assert len(server.patched) == len(delivered)
        assert len(manifests(place.folder / "exports" / "proef")) == 1
