"""What a user may say about WinBooks, and the VAT codes that it comes with."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from robaws_pipeline.formats.vat_codes import VatCode
from robaws_pipeline.settings import FormatSettings, Month, Nature, Treatment

Journal = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,6}$")]
"""A journal of the dossier: WinBooks has six characters for it."""


class WinbooksSettings(FormatSettings):
    """``[companies.<key>.format.winbooks]``."""

    encoding: Literal["cp1252", "utf-8"] = "cp1252"
    """Of all files."""
    journals: dict[str, Journal] = Field(default_factory=dict)
    """WinBooks's journal for a journal of the books, by its code (`VK`, `VKC`, …). The same code when left out."""
    vat_codes: tuple[VatCode, ...] = ()
    """VAT codes of the dossier; each goes before the usual ones."""
    number_skip: Annotated[int, Field(ge=0, le=8)] = 0
    """Digits to leave out at the beginning of a number: WinBooks takes eight. 2 makes 2600001 of F2026-00001."""
    party_codes: Literal["code", "number"] = "code"
    """What customers and suppliers are called: C or S and the id of Robaws, or Robaws's own number."""
    first_book_year: Month | None = None
    """First month of the dossier's first book year; book years of twelve months. WinBooks finds the book year by the
    date when this is left out."""
    analytical_zone: Literal[1, 2] | None = None
    """Analytical dimension that takes Robaws's project; without it there is no ant.txt."""
    language: Literal["N", "F", "E", "D"] = "N"
    """Of customers and suppliers of whom Robaws gives none."""
    bank_accounts: bool = False
    """Whether csf.txt has the suppliers' IBANs; older dossiers refuse them."""


def _sale(treatment: Treatment, code: str, rate: int = 0) -> VatCode:
    return VatCode(collection="sales", treatment=treatment, rate=Decimal(rate), code=code)


def _purchases(treatment: Treatment, nature: Nature, stem: str) -> Iterator[VatCode]:
    """The last digit of a code is the rate's."""
    for rate, digit in ((6, 2), (12, 3), (21, 4)):
        yield VatCode(
            collection="purchases", treatment=treatment, rate=Decimal(rate), nature=nature, code=f"{stem}{digit}"
        )


USUAL_CODES: tuple[VatCode, ...] = (
    _sale("standard", "211100"),
    _sale("standard", "211200", 6),
    _sale("standard", "211300", 12),
    _sale("standard", "211400", 21),
    _sale("reverse_charge", "212000"),
    _sale("intra_community_goods", "221000"),
    _sale("intra_community_services", "222000"),
    _sale("export", "231000"),
    _sale("outside_scope", ""),
    *_purchases("standard", "goods", "11110"),
    *_purchases("standard", "services", "11210"),
    *_purchases("standard", "investment", "11310"),
    *_purchases("reverse_charge", "investment", "11330"),
    *_purchases("intra_community_goods", "goods", "12110"),
    *_purchases("intra_community_goods", "investment", "12310"),
    *_purchases("intra_community_services", "services", "12210"),
    VatCode(collection="purchases", treatment="outside_scope", code=""),
)
"""Internal codes, the same in Dutch and French dossiers. What nobody has published (reverse charge on services, exempt
sales, part deduction, …) differs by dossier: the settings say it, and until then such documents are held."""
