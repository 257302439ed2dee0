"""Numbers that identify: VAT numbers, enterprise numbers, electronic addresses, payment references."""

import re
from typing import NamedTuple

from stdnum import iban as iban_number
from stdnum.be import vat as belgian_vat
from stdnum.eu import vat as european_vat

from robaws_pipeline.formats.ubl.countries import ISO_CODES
from robaws_pipeline.formats.ubl.text import one_line

_NOT_ALPHANUMERIC = re.compile("[^0-9A-Z]")
_LABEL = re.compile("^(?:BTW|TVA|VAT|MWST)(?:NR|NO|NUMMER)?(?=.*[0-9])")
_OTHER_COUNTRY = re.compile("[A-Z]{2,3}[0-9]{6,}[A-Z]*$")
"""The shape of numbers such as CHE123456789MWST or GB123456789."""
_OGM_MARKS = "+/* .-"

_GREECE = "EL"
"""Greece's prefix of VAT numbers, which is not its ISO code (GR)."""

EU_PREFIXES = frozenset({state.upper() for state in european_vat.MEMBER_STATES if state != "gr"} | {_GREECE})
"""What a VAT number of the Union, or of Northern Ireland (XI), starts with."""

_VAT_SCHEMES = {
    "AT": "9914", "BG": "9926", "CY": "9928", "CZ": "9929", "DE": "9930", "EE": "9931", "EL": "9933", "ES": "9920",
    "FR": "9957", "HR": "9934", "HU": "9910", "IE": "9935", "LT": "9937", "LU": "9938", "LV": "9939", "MT": "9943",
    "NL": "9944", "PL": "9945", "PT": "9946", "RO": "9947", "SI": "9949", "SK": "9950",
}  # fmt: skip
"""Prefix of the VAT number → Peppol's scheme of such numbers. Denmark, Finland, Italy and Sweden have none."""

ENTERPRISE_SCHEME = "0208"
"""Belgian enterprise numbers (KBO/BCE), under which Belgian receivers are registered."""


class Endpoint(NamedTuple):
    """An electronic address in Peppol: scheme and value."""

    scheme: str
    value: str


class VatNumber(NamedTuple):
    """A VAT number with its country prefix; `valid` says whether the country's check digits pass, where it has any."""

    value: str
    valid: bool

    @property
    def enterprise(self) -> str | None:
        """The ten digits of a valid Belgian number: they are its holder's enterprise number."""
        return self.value[2:] if self.valid and self.value.startswith("BE") else None

    @property
    def endpoint(self) -> Endpoint | None:
        """The electronic address that follows from the number; None when there is none or the number is wrong."""
        if self.enterprise is not None:
            return Endpoint(ENTERPRISE_SCHEME, self.enterprise)
        scheme = _VAT_SCHEMES.get(self.value[:2])
        return Endpoint(scheme, self.value) if scheme and self.valid else None


def has_digits(typed: str | None) -> bool:
    """Whether a VAT number field holds a number at all; people also write "particulier" or "n.v.t." in it."""
    return any(character in "0123456789" for character in typed or "")


def vat_number(typed: str | None, country: str | None) -> VatNumber | None:
    """The VAT number with its prefix, which the party's country (ISO code) gives when it was not typed.

    None when nothing was typed, or nothing that is the number of a country: such a text cannot be written as one.
    """
    if not has_digits(typed):
        return None
    bare = _LABEL.sub("", _NOT_ALPHANUMERIC.sub("", (typed or "").upper()))
    home = _GREECE if country == "GR" else country
    prefix = _GREECE if bare.startswith("GR") else bare[:2]
    if prefix in EU_PREFIXES or (prefix == home and prefix.isalpha()):
        bare = prefix + bare[2:]
    elif _OTHER_COUNTRY.match(bare) and prefix in ISO_CODES:
        pass
    elif home in EU_PREFIXES:
        bare = f"{home}{bare}"
    elif country is None and belgian_vat.is_valid(bare):
        bare = f"BE{bare}"
    else:
        return None
    return _checked(bare)


def _checked(number: str) -> VatNumber:
    if number.startswith("BE"):
        return VatNumber(f"BE{belgian_vat.compact(number)}", belgian_vat.is_valid(number))
    # Countries outside the Union have formats of their own: nothing to check them by.
    return VatNumber(number, number[:2] not in EU_PREFIXES or european_vat.is_valid(number))


def iban(typed: str | None) -> str | None:
    """An IBAN without spaces; None when none is given. ValueError when its check digits are wrong."""
    text = one_line(typed)
    if text is None:
        return None
    if not iban_number.is_valid(text):
        raise ValueError(f"{text} is not an IBAN: its check digits or its length are wrong")
    return str(iban_number.compact(text))


def payment_reference(typed: str | None) -> tuple[str | None, bool]:
    """What the customer must quote, and whether it is sound; None when nothing is given.

    A structured communication becomes ``+++ddd/dddd/ddddd+++`` and another text stays as it is. Twelve digits with
    wrong check digits are unsound and stay as they are too: that is what the customer was told.
    """
    text = one_line(typed)
    if text is None:
        return None, True
    digits = text
    for mark in _OGM_MARKS:
        digits = digits.replace(mark, "")
    if len(digits) != 12 or not (digits.isascii() and digits.isdigit()):
        return text, True
    # Not stdnum's check: there is a reference on every document, and it takes 40 times as long for this one division.
    check = int(digits[10:])
    if check != (int(digits[:10]) % 97 or 97):
        return text, False
    return f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++", True
