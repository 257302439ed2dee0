"""The grids of the VAT return, calculated from Robaws's JSON by other code than ours, over the other server.

What a tariff means and which grid it fills is written down here once more, and rounding is Python's own.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from companies import FIRST, KEY, LAST, MONTHS, SECRET, Company, Place, company_toml
from contract_server import LINES, Robaws, harvest, serving

CENT, ZERO = Decimal("0.01"), Decimal(0)
TURNOVER = {"21": "03", "12": "02", "6": "01", "verlegd": "45", "export": "47", "intracommunautaire levering": "46"}
RATE = {"21": 21, "12": 12, "6": 6}
OWED_ON = {"verlegd": ("87", "56"), "intracommunautaire levering": ("86", "55")}
BOUGHT = {"60": "81", "61": "82", "2": "83"}


def cents(amount: Decimal) -> Decimal:
    """Half up, away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def grids(robaws: Robaws, exported: set[tuple[str, str]]) -> dict[str, Decimal]:
    """The return of these documents, without the balance."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for path, lines_key in LINES.items():
        collection = "sales" if path.startswith("sales") else "purchases"
        for thing in robaws[path].things.values():
            document = json.loads(thing.whole, parse_float=Decimal)
            if (collection, str(document["id"])) in exported:
                add = _sale if collection == "sales" else _purchase
                add(sums, document["type"] == "CREDIT_NOTE", _by_tariff(document[lines_key]))
    return {grid: amount for grid, amount in sums.items() if amount}


def _by_tariff(lines: list[dict[str, Any]]) -> dict[str, dict[str, Decimal]]:
    """Tariff → first digits of the account → base."""
    found: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for line in lines:
        if line["type"] == "LINE" and line["totalExclVat"]:
            code = line["generalLedgerAccount"]["code"] if line["generalLedgerAccount"] else ""
            kind = next((prefix for prefix in BOUGHT if code.startswith(prefix)), "61")
            found[line["vatTariff"]["name"].casefold()][kind] += cents(Decimal(line["totalExclVat"]))
    return found


def _sale(sums: dict[str, Decimal], credited: bool, tariffs: dict[str, dict[str, Decimal]]) -> None:
    for name, bases in tariffs.items():
        base = sum(bases.values(), ZERO)
        vat = cents(base * RATE.get(name, 0) / 100)
        if credited:
            sums["48" if TURNOVER[name] in {"44", "46"} else "49"] += base
            sums["64"] += vat
        else:
            sums[TURNOVER[name]] += base
            sums["54"] += vat


def _purchase(sums: dict[str, Decimal], credited: bool, tariffs: dict[str, dict[str, Decimal]]) -> None:
    sign = -1 if credited else 1
    for name, bases in tariffs.items():
        for kind, base in bases.items():
            sums[BOUGHT[kind]] += sign * base
        base = sum(bases.values(), ZERO)
        on, owed = OWED_ON.get(name, (None, None))
        vat = cents(base * (21 if owed else RATE.get(name, 0)) / 100)
        if credited:
            sums["84" if on in {"86", "88"} else "85"] += base
            sums["63"] += vat
            sums["62"] += vat if owed else ZERO
        else:
            sums["59"] += vat
            if on and owed:
                sums[on] += base
                sums[owed] += vat


@pytest.fixture(scope="module")
def foreign(loaded: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Robaws]]:
    """The documents of the loaded company, served by the other server and loaded from there, with the VAT return."""
    robaws = harvest(loaded.server.base_url, KEY, SECRET)
    place = Place(tmp_path_factory.mktemp("foreign"))
    with serving(robaws, KEY, SECRET) as server:
        place.write(company_toml(server.base_url) + '\nformats = ["vat"]\n')
        result = place.invoke("load", "--from", FIRST, "--to", LAST)
        assert result.exit_code == 0, result.output
        yield place, robaws


@pytest.mark.parametrize("month", MONTHS)
def test_the_grids_are_those_of_an_independent_calculation(foreign: tuple[Place, Robaws], month: str) -> None:
    """From the documents of another server to the return, with nothing of ours in between."""
    place, robaws = foreign
    documents = place.manifests()[month]["documents"]
    exported = {(row["collection"], row["id"]) for row in documents if row["state"] == "exported"}
    with (place.folder / "exports" / "proef" / month / "vat" / "grids.csv").open(
        encoding="utf-8-sig", newline=""
    ) as file:
        written = {row["grid"]: Decimal(row["amount"].replace(",", ".")) for row in csv.DictReader(file, delimiter=";")}
    filled = {grid: amount for grid, amount in written.items() if amount and grid not in {"71", "72"}}
    assert filled == grids(robaws, exported)


def test_every_grid_of_the_calculation_is_met(foreign: tuple[Place, Robaws]) -> None:
    """A year without credit notes or reverse charge would prove little."""
    place, robaws = foreign
    rows = [row for manifest in place.manifests().values() for row in manifest["documents"]]
    found = grids(robaws, {(row["collection"], row["id"]) for row in rows if row["state"] == "exported"})
    assert set(found) >= {"01", "03", "45", "46", "49", "54", "56", "59", "63", "64", "81", "82", "85", "87"}
