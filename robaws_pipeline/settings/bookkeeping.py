"""How the company keeps its books: accounts, journals, closed periods."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import Field

from robaws_pipeline.settings.model import Account, Model, Month, Rate
from robaws_pipeline.settings.tariffs import Nature, Treatment


class Accounts(Model):
    """General ledger accounts of the postings that no document line names, and other numbers for those it names."""

    customers: Account = "400000"
    suppliers: Account = "440000"
    vat_due: Account = "451000"
    vat_deductible: Account = "411000"
    self_assessed_due: Account = "451000"
    rounding: Account = "658000"
    default_sales: Account | None = None
    """For sales lines without an account; when not set, the document is held."""
    default_purchases: Account | None = None
    """For purchase lines without an account; when not set, the document is held."""
    sales: dict[Treatment, Account] = Field(default_factory=dict)
    """For sales lines without an account, by VAT treatment; goes before `default_sales`."""
    purchases: dict[Treatment, Account] = Field(default_factory=dict)
    """For purchase lines without an account, by VAT treatment; goes before `default_purchases`."""
    of_articles: bool = False
    """Whether a line without an account gets that of its article in Robaws, before any other; they must be read."""
    of_parties: bool = False
    """Whether a line without an account gets that of its customer or supplier in Robaws, before any default. Off,
    since Robaws does not say whether it is meant for lines or for what is owed."""
    renumber: dict[str, Account] = Field(default_factory=dict)
    """The accountant's number for an account of Robaws, by Robaws's code."""


class Purchases(Model):
    """What the account of a purchase line says for VAT. Keys are account numbers or their first digits; the longest
    that fits counts."""

    nature: dict[str, Nature] = Field(default_factory=lambda: dict(_NATURES))
    """What was bought; services and other goods when no key fits."""
    deductible: dict[str, Rate] = Field(default_factory=dict)
    """Percentage of the VAT that may be deducted; the rest is cost, on the line's own account. 100 when no key fits."""


_NATURES: Mapping[str, Nature] = {"60": "goods", "61": "services", "2": "investment"}
"""The classes of the Belgian chart of accounts."""


class Journals(Model):
    """Journal codes by kind and type."""

    sales: str = "VK"
    sales_credit_notes: str = "VKC"
    purchases: str = "AK"
    purchase_credit_notes: str = "AKC"


class Closing(Model):
    """A moment at which the accountant closed a period."""

    until: Month
    """The last closed month."""
    on: date
    """The day it was closed: what was made in Robaws later came too late for it."""


class Address(Model):
    """The company's own address, as it stands on its invoices."""

    line: str
    line_2: str | None = None
    postal_code: str
    city: str
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "BE"
