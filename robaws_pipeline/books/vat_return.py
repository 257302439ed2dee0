"""The grids of the Belgian periodic VAT return, each amount traceable to its document.

A preview: what is booked here, as the return would show it. Corrections of earlier returns, the December advance and
whatever the accountant knows besides are not in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import duckdb
import pyarrow as pa

from robaws_pipeline.queries import query
from robaws_pipeline.schema import MONEY

NO_GRID = ""
"""The grid of what no grid asks for: outside the scope of VAT, or at a rate that the return does not know."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid and what it asks for."""

    number: str
    dutch: str
    french: str
    english: str


_ALL = (
    Grid(
        "00",
        "Verkopen onder een bijzondere regeling",
        "Ventes sous un régime particulier",
        "Sales under a special scheme",
    ),
    Grid("01", "Verkopen aan 6 %", "Ventes à 6 %", "Sales at 6 %"),
    Grid("02", "Verkopen aan 12 %", "Ventes à 12 %", "Sales at 12 %"),
    Grid("03", "Verkopen aan 21 %", "Ventes à 21 %", "Sales at 21 %"),
    Grid(
        "44",
        "Diensten in de EU, btw door de afnemer",
        "Services dans l'UE, TVA due par le preneur",
        "Services in the EU, VAT due by the customer",
    ),
    Grid(
        "45", "Btw door de medecontractant te voldoen", "TVA due par le cocontractant", "VAT due by the co-contractor"
    ),
    Grid(
        "46",
        "Vrijgestelde leveringen in de EU",
        "Livraisons intracommunautaires exemptées",
        "Exempt supplies within the EU",
    ),
    Grid(
        "47",
        "Uitvoer en andere vrijgestelde verkopen",
        "Exportations et autres ventes exemptées",
        "Exports and other exempt sales",
    ),
    Grid(
        "48",
        "Uitgereikte creditnota's op 44 en 46",
        "Notes de crédit délivrées sur 44 et 46",
        "Credit notes issued on 44 and 46",
    ),
    Grid("49", "Andere uitgereikte creditnota's", "Autres notes de crédit délivrées", "Other credit notes issued"),
    Grid("54", "Btw op verkopen", "TVA sur les ventes", "VAT on sales"),
    Grid(
        "55",
        "Verschuldigde btw op aankopen uit de EU",
        "TVA due sur les acquisitions dans l'UE",
        "VAT due on purchases from the EU",
    ),
    Grid("56", "Verschuldigde btw als medecontractant", "TVA due comme cocontractant", "VAT due as co-contractor"),
    Grid(
        "57",
        "Verschuldigde btw op invoer met verlegging",
        "TVA due sur les importations avec report",
        "VAT due on imports with deferred payment",
    ),
    Grid("59", "Aftrekbare btw", "TVA déductible", "Deductible VAT"),
    Grid(
        "62",
        "Te recupereren btw op creditnota's",
        "TVA à récupérer sur notes de crédit",
        "VAT to recover on credit notes",
    ),
    Grid(
        "63",
        "Terug te storten btw op ontvangen creditnota's",
        "TVA à reverser sur notes de crédit reçues",
        "VAT to pay back on credit notes received",
    ),
    Grid(
        "64",
        "Te recupereren btw op uitgereikte creditnota's",
        "TVA à récupérer sur notes de crédit délivrées",
        "VAT to recover on credit notes issued",
    ),
    Grid("71", "Te betalen", "À payer", "To pay"),
    Grid("72", "Terug te krijgen", "À récupérer", "To get back"),
    Grid("81", "Aankopen van goederen", "Achats de marchandises", "Purchases of goods"),
    Grid(
        "82",
        "Aankopen van diensten en andere goederen",
        "Achats de services et biens divers",
        "Purchases of services and other goods",
    ),
    Grid("83", "Aankopen van investeringen", "Achats de biens d'investissement", "Purchases of investment goods"),
    Grid(
        "84",
        "Ontvangen creditnota's op 86 en 88",
        "Notes de crédit reçues sur 86 et 88",
        "Credit notes received on 86 and 88",
    ),
    Grid("85", "Andere ontvangen creditnota's", "Autres notes de crédit reçues", "Other credit notes received"),
    Grid(
        "86",
        "Verwervingen van goederen uit de EU",
        "Acquisitions intracommunautaires de biens",
        "Acquisitions of goods from the EU",
    ),
    Grid(
        "87",
        "Andere aankopen met btw door ons te voldoen",
        "Autres achats avec TVA due par nous",
        "Other purchases with VAT due by us",
    ),
    Grid("88", "Diensten uit de EU", "Services intracommunautaires reçus", "Services from the EU"),
)

GRIDS: Mapping[str, Grid] = {grid.number: grid for grid in _ALL}
"""Every grid that documents or the balance can fill, in the order of the return."""

DUE = ("54", "55", "56", "57", "63")
"""What is owed: the total XX of the return, without corrections (61)."""
TO_RECOVER = ("59", "62", "64")
"""What comes back: the total YY."""

SCHEMA = pa.schema(
    [
        ("grid", pa.string()),
        ("collection", pa.string()),
        ("document_id", pa.string()),
        ("treatment", pa.string()),
        ("amount", MONEY),
    ]
)


def document_grids(vat: pa.Table, states: pa.Table, *, connection: duckdb.DuckDBPyConnection | None = None) -> pa.Table:
    """What each document puts in each grid: rows of `SCHEMA`, by grid, collection and document.

    `vat` and `states` are tables of `schema.VAT` and `schema.STATES`. A document that puts nothing in any grid has a
    row with `NO_GRID` and its taxable amount, so every exported document with VAT rows is there.
    """
    connection = connection or duckdb.connect(":memory:", config={"threads": 1})
    connection.register("vat", vat)
    connection.register("states", states)
    try:
        return connection.sql(query(__package__, "grids")).to_arrow_table().cast(SCHEMA)
    finally:
        connection.unregister("vat")
        connection.unregister("states")


def grid_totals(document_amounts: pa.Table) -> dict[str, Decimal]:
    """The return: grid → amount, the balance (71 to pay or 72 to get back) included, in the order of the return.

    Grids that no document fills are left out.
    """
    sums = document_amounts.group_by("grid").aggregate([("amount", "sum")])
    found = dict(zip(sums["grid"].to_pylist(), sums["amount_sum"].to_pylist(), strict=True))
    balance = sum((found.get(grid, Decimal(0)) for grid in DUE), Decimal(0))
    balance -= sum((found.get(grid, Decimal(0)) for grid in TO_RECOVER), Decimal(0))
    if balance:
        found["71" if balance > 0 else "72"] = abs(balance)
    return {grid: found[grid] for grid in GRIDS if grid in found}
