"""What a company may say about its UBL files, ``[companies.<key>.format.ubl]``."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from robaws_pipeline.formats.ubl.unit_codes import UNIT_CODES
from robaws_pipeline.settings import FormatSettings


def _listed(code: str) -> str:
    if code not in UNIT_CODES:
        raise ValueError("not a code of UN/ECE Recommendation 20 or 21; hours are HUR, pieces C62, square metres MTK")
    return code


def _folded(units: object) -> object:
    return {key.strip().casefold(): code for key, code in units.items()} if isinstance(units, dict) else units


Units = Annotated[dict[str, Annotated[str, AfterValidator(_listed)]], BeforeValidator(_folded)]
Text = Annotated[str, Field(min_length=1)]


class Contact(FormatSettings):
    """Whom to ask about an invoice."""

    name: Text | None = None
    phone: Text | None = None


class Booking(FormatSettings):
    """Hints for the program that books the file; the rules allow them and give them no meaning."""

    accounts: bool = False
    """The general ledger account of each line, as booked, in the line's `AccountingCost`."""
    journal: bool = False
    """The journal, in the document's `AccountingCost`."""
    cost_centres: bool = False
    """The project of each line, as a property of its item."""


class UblSettings(FormatSettings):
    """Settings of the formats `ubl` and `ubl_purchases`."""

    units: Units = Field(default_factory=dict)
    """UN/ECE code by unit as typed in Robaws, any case; goes before ours."""
    contact: Contact = Contact()
    show_discounts: bool = True
    """Whether a line's discount stands apart from its price, where Robaws gives both and they fit its total."""
    booking: Booking = Booking()
    pdf: bool = True
    """Whether the PDF is in the file, where `pdfs` had it fetched."""
    zip: bool = True
    """Whether the month's files are also in a zip."""
