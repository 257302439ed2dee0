"""Our company and the other party: names, addresses, numbers and electronic addresses, normalised or refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from robaws_pipeline.formats.ubl.categories import LANGUAGES
from robaws_pipeline.formats.ubl.countries import country_code
from robaws_pipeline.formats.ubl.findings import Held
from robaws_pipeline.formats.ubl.identifiers import has_digits, iban, vat_number
from robaws_pipeline.formats.ubl.model import Party
from robaws_pipeline.formats.ubl.settings import Contact
from robaws_pipeline.formats.ubl.text import one_line
from robaws_pipeline.settings import Company


@dataclass(frozen=True, slots=True)
class Ours:
    """Our own company and where it is paid."""

    party: Party
    iban: str | None
    bic: str | None


@dataclass(frozen=True, slots=True)
class Theirs:
    """A customer or supplier, the language of our texts to it, and what a person should know about its data."""

    party: Party
    language: str
    iban: str | None = None
    """As typed in Robaws."""
    bic: str | None = None
    remarks: tuple[str, ...] = ()


class PartyRow(NamedTuple):
    """What we read of a row of the `parties` table."""

    kind: str
    code: str | None
    number: str | None
    name: str | None
    vat_number: str | None
    email: str | None
    phone: str | None
    language: str | None
    street: str | None
    street_2: str | None
    postal_code: str | None
    city: str | None
    country: str | None
    iban: str | None
    bic: str | None


def our_problems(company: Company) -> Iterator[str]:
    """What is wrong with our own data, each with the remedy."""
    if one_line(company.name) is None:
        yield "name is blank: write the company's registered name"
    vat = vat_number(company.vat_number, company.address.country)
    if vat is None:
        yield "vat_number is missing: write it as BE and ten digits"
    elif not vat.valid:
        yield f"vat_number {company.vat_number} has wrong check digits: correct it"
    try:
        iban(company.iban)
    except ValueError as error:
        yield f"iban: {error}; correct it"
    if country_code(company.address.country) is None:
        yield f"address.country {company.address.country} is not a country: write its ISO code, for example BE"


def ours(company: Company, contact: Contact) -> Ours:
    """Our own company; held when its data cannot stand on an invoice."""
    problems = list(our_problems(company))
    name, vat = one_line(company.name), vat_number(company.vat_number, company.address.country)
    country = country_code(company.address.country)
    if problems or name is None or vat is None or country is None:
        raise Held("ubl_seller", "; ".join(problems))
    party = Party(
        name=name,
        country=country,
        endpoint=vat.endpoint,
        street=one_line(company.address.line),
        street_2=one_line(company.address.line_2),
        city=one_line(company.address.city),
        postal_code=one_line(company.address.postal_code),
        vat=vat.value,
        enterprise=vat.enterprise,
        contact=one_line(contact.name),
        phone=one_line(contact.phone),
        email=one_line(company.email),
    )
    return Ours(party, iban(company.iban), one_line(company.bic))


_WORDS = {
    "client": ("customer", "ubl_customer", "ubl_buyer_vat"),
    "supplier": ("supplier", "ubl_supplier", "ubl_supplier_vat"),
}
"""By kind of party: what it is called, the code when it is not known well enough, and when its VAT number is wrong."""


def theirs(row: PartyRow) -> Theirs:
    """The other party; held when it has no name, no country we can tell, or a Belgian VAT number that is wrong."""
    called, unknown, wrong_vat = _WORDS[row.kind]
    name = one_line(row.name)
    if name is None:
        raise Held(unknown, f"{row.code}")
    remarks = []
    typed = one_line(row.vat_number)
    country = country_code(row.country)
    if country is None and one_line(row.country):
        raise Held("ubl_country", f"{name}, {row.country}")
    vat = vat_number(typed, country)
    if country is None and vat is not None and vat.enterprise is not None:
        country = "BE"
    if vat is not None and vat.value.startswith("BE") and not vat.valid:
        raise Held(wrong_vat, f"{name}, {typed}")
    if country is None:
        raise Held("ubl_country", name)
    if vat is None and typed is not None:
        what = "cannot be told to be of any country" if has_digits(typed) else "is not a number"
        remarks.append(f"VAT number {typed!r} of {called} {name} {what} and is left out")
    if vat is not None and not vat.valid:
        remarks.append(f"VAT number {vat.value} of {called} {name} does not pass its country's check; written as it is")
    party = Party(
        name=name,
        country=country,
        endpoint=vat.endpoint if vat else None,
        # A seller needs a number of some kind (BR-CO-26), and a private or foreign one may have no other.
        number=one_line(row.number) or (row.code if row.kind == "supplier" and vat is None else None),
        street=one_line(row.street),
        street_2=one_line(row.street_2),
        city=one_line(row.city),
        postal_code=one_line(row.postal_code),
        vat=vat.value if vat else None,
        enterprise=vat.enterprise if vat else None,
        phone=one_line(row.phone),
        email=one_line(row.email),
    )
    language = (row.language or "").strip().casefold()[:2]
    return Theirs(
        party,
        language if language in LANGUAGES else LANGUAGES[0],
        one_line(row.iban),
        one_line(row.bic),
        tuple(remarks),
    )
