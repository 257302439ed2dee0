"""What kinds of documents a builder writes and receives, in the order in which they come up."""

from dataclasses import dataclass
from decimal import Decimal

from robaws_pipeline.sandbox.catalogue import EXPORT, GEEN, INTRACOM, SLOOP, T6, T12, T21, VERLEGD


@dataclass(frozen=True, slots=True)
class Part:
    """A share of a document's lines: which trade, under which tariff, on which account (None: the article's own)."""

    trade: str
    tariff: str
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A kind of document: to or from whom, what is on it, and what is special about it."""

    group: str
    parts: tuple[Part, ...]
    origin: str = "PROJECT"
    text: bool = False
    discount: bool = False
    negative: str = ""
    """Text of a line that takes something off."""
    advance: bool = False
    financial_discount: Decimal = Decimal(0)
    """Percentage off the whole: only the adjusted lines and the totals show it."""


SALES = (
    Scenario("private", (Part("renovation", T6), Part("works", T21))),
    Scenario("business", (Part("works", T21),)),
    Scenario("builder", (Part("works", VERLEGD, "1108"),)),
    Scenario("private", (Part("renovation", T6),), text=True),
    Scenario("business", (Part("works", T21), Part("small", T21)), discount=True),
    Scenario("social", (Part("works", T12), Part("renovation", T6), Part("hours", T21))),
    Scenario("builder", (Part("works", VERLEGD, "1108"), Part("hours", VERLEGD, "1108")), text=True),
    Scenario("private", (Part("works", T21),)),
    Scenario("business", (Part("works", T21, "1150"),), origin="OFFER", advance=True),
    Scenario("business", (Part("works", T21),), text=True, negative="Minwerk: geschrapt volgens verslag"),
    Scenario("eu", (Part("goods", INTRACOM, "1109"),), origin="SALES_ORDER"),
    Scenario("private", (Part("renovation", T6),), origin="WORK_ORDER", discount=True),
    Scenario("builder", (Part("works", VERLEGD, "1108"),), discount=True),
    Scenario("business", (Part("small", T21), Part("hours", T21)), origin="WORK_ORDER"),
    Scenario("business", (Part("works", T21),), financial_discount=Decimal(2)),
    Scenario("private", (Part("renovation", T6), Part("works", T21)), text=True, negative="Verrekening voorschot"),
    Scenario("private", (Part("hours", T21), Part("small", T21)), origin="WORK_ORDER"),
    Scenario("outside_eu", (Part("goods", EXPORT, "1110"),), origin="SALES_ORDER"),
    Scenario("social", (Part("works", T12), Part("hours", T21)), text=True),
    Scenario("builder", (Part("hours", VERLEGD, "1108"), Part("small", VERLEGD, "1108"))),
)

PURCHASES = (
    Scenario("materials", (Part("materials", T21),)),
    Scenario("subcontractor", (Part("subcontractor", VERLEGD),)),
    Scenario("materials", (Part("materials", T21), Part("subcontractor", VERLEGD)), text=True),
    Scenario("rental", (Part("rental", T21),)),
    Scenario("fuel", (Part("fuel", T21),)),
    Scenario("steel", (Part("steel", INTRACOM),), text=True),
    Scenario("telecom", (Part("telecom", T21),)),
    Scenario("subcontractor", (Part("subcontractor", VERLEGD),), text=True),
    Scenario("sanitary", (Part("sanitary", T21),), discount=True),
    Scenario("catering", (Part("catering", T12), Part("catering", T21), Part("catering", T6))),
    Scenario("materials", (Part("materials", T21),), negative="Retour lege paletten"),
    Scenario("energy", (Part("energy", T21),)),
    Scenario("machines", (Part("machines", INTRACOM),)),
    Scenario("plants", (Part("plants", T6), Part("materials", T21))),
    Scenario("tiles", (Part("tiles", INTRACOM),)),
)

SALES_TROUBLES = ("no_account", "unmapped_tariff", "net_differs", "no_vat_number", "custom_tariff", "vat_differs")
PURCHASE_TROUBLES = ("no_party", "no_account", "unmapped_tariff", "vat_differs", "no_vat_number", "unknown_party")
"""What makes a document one that an export has to hold, in the order in which they come up."""

REPLACED = {
    ("sales-invoices", "no_vat_number"): Scenario("builder_without_vat", (Part("works", VERLEGD, "1108"),)),
    ("sales-invoices", "custom_tariff"): Scenario("private", (Part("renovation", SLOOP),)),
    ("purchase-invoices", "no_vat_number"): Scenario("subcontractor_without_vat", (Part("subcontractor", VERLEGD),)),
    ("sales-invoices", "cents"): Scenario("business", (Part("hours", T21), Part("small", T21)), origin="WORK_ORDER"),
    ("purchase-invoices", "cents"): Scenario("materials", (Part("materials", T21),)),
    ("purchase-invoices", "unmapped_tariff"): Scenario("insurance", (Part("insurance", GEEN),)),
}
"""Troubles, and VAT rounded per line, that are a kind of document of their own."""

TROUBLE_EVERY, CREDIT_NOTE_EVERY, CENTS_EVERY, NOISE_EVERY, OUT_OF_ORDER_EVERY = 48, 12, 29, 61, 23
