"""A year of documents of the other server, loaded and written as UBL, and what the server's JSON says must be in it."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from companies import ACCOUNT, KEY, SECRET, UNLIMITED, Place, company_toml
from contract_server import LINES, Robaws, harvest, serving, thing
from foreign_ubl import Party, Rate, Read

from robaws_pipeline.sandbox.server import running
from robaws_pipeline.sandbox.world import build_world

FIRST, LAST = "2025-01", "2025-12"
FORMATS = {"sales": "ubl", "purchases": "ubl_purchases"}
CENT = Decimal("0.01")
TARIFFS: Mapping[str, tuple[str, int]] = {
    "21": ("S", 21), "12": ("S", 12), "6": ("S", 6), "verlegd": ("AE", 0), "export": ("G", 0),
    "intracommunautaire levering": ("K", 0),
}  # fmt: skip
"""What each tariff of this Robaws is in EN 16931, written down by hand."""


@dataclass(frozen=True)
class Written:
    """One UBL file and the row of its document in the manifest."""

    path: Path
    row: dict[str, Any]

    @property
    def key(self) -> tuple[str, str]:
        """Collection and id."""
        return self.row["collection"], self.row["id"]

    @property
    def sign(self) -> int:
        """What makes its amounts those of the manifest."""
        return -1 if self.row["type"] == "CREDIT_NOTE" else 1


@dataclass(frozen=True)
class Year:
    """A company of which a year was loaded, and what the server holds."""

    place: Place
    robaws: Robaws

    @property
    def exports(self) -> Path:
        """The folders of the months."""
        return self.place.folder / "exports" / "proef"

    def rows(self) -> list[tuple[str, dict[str, Any]]]:
        """Month and row of every document in the manifests."""
        return [(month, row) for month, manifest in self.place.manifests().items() for row in manifest["documents"]]

    def files(self) -> list[Written]:
        """Every UBL file that a manifest names."""
        return [
            Written(self.exports / month / name, row)
            for month, row in self.rows()
            for name in row["files"]
            if name.endswith(".xml") and name.split("/")[0] in FORMATS.values()
        ]


def loaded_year(folder: Path) -> Year:
    """Loaded by the command that a user types, over a server that shares nothing with the sandbox."""
    world = build_world(first_month=FIRST, last_month=LAST, sales_per_month=12, purchases_per_month=8)
    with running(world, switches=UNLIMITED, accounts=[ACCOUNT]) as sandbox:
        robaws = harvest(sandbox.base_url, KEY, SECRET)
    _misspell_a_country(robaws)
    place = Place(folder)
    with serving(robaws, KEY, SECRET) as server:
        place.write(company_toml(server.base_url) + '\nformats = ["journal", "ubl", "ubl_purchases"]\n')
        result = place.invoke("load", "--from", FIRST, "--to", LAST)
        assert result.exit_code == 0, result.output
    return Year(place, robaws)


def _misspell_a_country(robaws: Robaws) -> None:
    """So that the books export documents which UBL cannot say."""
    clients = robaws["clients"].things
    first = min(clients)
    whole = clients[first].whole.replace(b'"country":"BE"', b'"country":"Belgie-land"')
    assert whole != clients[first].whole
    clients[first] = thing(whole, whole)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def as_robaws_says(robaws: Robaws) -> Iterator[tuple[tuple[str, str], Read]]:
    """Every document, from the JSON that the server sends."""
    us = Party("Proef Installaties BV", "BE", "BE0999000129")
    for path, lines_key in LINES.items():
        sale = path.startswith("sales")
        parties = robaws["clients" if sale else "suppliers"].things
        for one in robaws[path].things.values():
            document = json.loads(one.whole, parse_float=Decimal, parse_int=Decimal)
            party_id = document["clientId" if sale else "supplierId"]
            lines = [
                (TARIFFS.get(line["vatTariff"]["name"].casefold(), ("?", 0)), _cents(line["totalExclVat"]))
                for line in document[lines_key]
                if line["type"] == "LINE"
            ]
            if party_id is None or any(rate[0] == "?" for rate, _ in lines):
                continue  # the books hold it
            bases: dict[Rate, Decimal] = defaultdict(Decimal)
            for (category, percent), net in lines:
                bases[category, Decimal(percent)] += net
            groups = {rate: (base, _cents(base * rate[1] / 100)) for rate, base in bases.items()}
            whose = json.loads(parties[int(party_id)].whole)
            them = Party(
                whose["name"],
                (whose["invoiceAddress"] or whose["address"])["country"],
                whose["vatIdNumber"] and re.sub(r"[^A-Z0-9]", "", whose["vatIdNumber"]),
            )
            yield (
                ("sales" if sale else "purchases", document["id"]),
                Read(
                    type="381" if document["type"] == "CREDIT_NOTE" else "380",
                    number=document["logicId" if sale else "invoiceNumber"],
                    date=document["date"],
                    seller=us if sale else them,
                    buyer=them if sale else us,
                    lines=[((category, Decimal(percent)), net) for (category, percent), net in lines],
                    groups=groups,
                    net=_cents(document["totalExclVat"]),
                    vat=sum((vat for _, vat in groups.values()), Decimal(0)),
                    payable=_cents(document["totalInclVat"]),
                ),
            )
