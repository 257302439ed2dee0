"""What a user says about DATEV, and the tax keys that it comes with."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from robaws_pipeline.formats.vat_codes import VatCode
from robaws_pipeline.settings import FormatSettings

Digits = Annotated[str, Field(pattern=r"^\d{1,8}$")]
"""A general ledger account of DATEV."""


class DatevKey(VatCode):
    """A tax key (BU-Schlüssel) and what it stands for."""

    code: Annotated[str, Field(pattern=r"^\d{0,4}$")]
    """Up to four digits; empty where the account alone is enough."""


class DatevSettings(FormatSettings):
    """``[companies.<key>.format.datev]``."""

    adviser: Annotated[int, Field(ge=1001, le=9_999_999)] | None = None
    """Beraternummer: the tax adviser's number at DATEV. Needed."""
    client: Annotated[int, Field(ge=1, le=99_999)] | None = None
    """Mandantennummer: the company's number with the adviser. Needed."""
    chart: Literal["03", "04"] | None = None
    """Chart of accounts, SKR03 or SKR04; none when it is another."""
    account_length: Annotated[int, Field(ge=4, le=8)] = 4
    """Digits of a general ledger account; those of customers and suppliers have one more."""
    person_accounts: Literal["id", "number"] = "id"
    """How customers and suppliers are numbered: the first account of their range and the id of Robaws added up, or
    Robaws's own number, when the adviser's accounts are kept there."""
    customers_from: Annotated[int, Field(ge=0)] | None = None
    """First account of customers; 10000 with accounts of four digits when left out."""
    suppliers_from: Annotated[int, Field(ge=0)] | None = None
    """First account of suppliers; 70000 with accounts of four digits when left out."""
    vat_codes: tuple[DatevKey, ...] = ()
    """Tax keys; each goes before the usual ones."""
    automatic_accounts: tuple[Digits, ...] = ()
    """Accounts that know their VAT themselves (Automatikkonten): they get no key."""
    cost_centres: bool = False
    """Whether Robaws's project is the cost centre (KOST1)."""
    initials: Annotated[str, Field(max_length=2)] = ""
    """Diktatkürzel: who made the batch."""
    finalised: bool = False
    """Festschreibung: whether the batch can no longer be changed once it is imported."""
    encoding: Literal["cp1252", "utf-8-sig"] = "cp1252"

    @property
    def customers(self) -> tuple[int, int]:
        """First and last account of customers."""
        first = 10**self.account_length
        return self.customers_from or first, 7 * first - 1

    @property
    def suppliers(self) -> tuple[int, int]:
        """First and last account of suppliers."""
        first = 10**self.account_length
        return self.suppliers_from or 7 * first, 10 * first - 1


USUAL_KEYS: tuple[DatevKey, ...] = (
    DatevKey(collection="sales", treatment="standard", rate=Decimal(19), code="3"),
    DatevKey(collection="sales", treatment="standard", rate=Decimal(7), code="2"),
    DatevKey(collection="sales", treatment="outside_scope", code=""),
    DatevKey(collection="purchases", treatment="standard", rate=Decimal(19), code="9"),
    DatevKey(collection="purchases", treatment="standard", rate=Decimal(7), code="8"),
    DatevKey(collection="purchases", treatment="outside_scope", code=""),
)
"""The keys of German VAT. All others, Belgian rates among them, are those that the adviser set up for the client."""
