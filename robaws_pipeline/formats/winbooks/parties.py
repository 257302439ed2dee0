"""csf.txt: the customers and suppliers of the month's entries, and nobody else."""

import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.formats.delimited import Cells, delimited
from robaws_pipeline.formats.texts import Texts
from robaws_pipeline.formats.ubl.countries import country_code
from robaws_pipeline.formats.ubl.identifiers import vat_number
from robaws_pipeline.formats.winbooks.options import WinbooksSettings

_LIABLE, _NOT_LIABLE, _UNKNOWN = "1", "3", "0"
"""VATCAT."""

_LANGUAGES = {"nl": "N", "fr": "F", "en": "E", "de": "D"}

_PICTURES = {
    "BE": (r"(\d{4})(\d{3})(\d{3})", r"\1.\2.\3"),
    "FR": (r"(\w{2})(\d{9})", r"\1 \2"),
}
"""How WinBooks writes a country's numbers, without their prefix; others as they are."""


def used(books: MonthBooks, rows: pa.Table, settings: WinbooksSettings) -> pa.Table:
    """The parties of the rows of act.txt, by the code that they have there."""
    code = books.parties["number" if settings.party_codes == "number" else "code"]
    parties = books.parties.append_column("csf_code", pc.utf8_trim(code, " "))
    known = pc.binary_join_element_wise(parties["kind"], parties["csf_code"], "-")
    kinds = pc.if_else(pc.equal(rows["collection"], "sales"), "client", "supplier")
    wanted = pc.unique(pc.binary_join_element_wise(kinds, rows["party_code"], "-"))
    return parties.filter(pc.is_in(known, value_set=wanted)).sort_by(
        [("kind", "ascending"), ("csf_code", "ascending"), ("id", "ascending")]
    )


def unknown(parties: pa.Table, rows: pa.Table) -> list[str]:
    """Party codes of act.txt that csf.txt lacks: Robaws did not give the party."""
    codes = pc.unique(rows["party_code"])
    missing = codes.filter(pc.invert(pc.is_in(codes, value_set=parties["csf_code"].combine_chunks())))
    return sorted(missing.drop_null().to_pylist())


def csf_txt(parties: pa.Table, books: MonthBooks, settings: WinbooksSettings, texts: Texts) -> bytes:
    """The file of customers and suppliers: 23 columns, all quoted, CRLF."""

    def cells(part: pa.Table) -> Cells:
        of = pc.binary_join_element_wise(part["kind"], part["csf_code"], " ")

        def text(column: str, field: str, width: int = 40) -> pa.Array:
            return texts.fit(part[column], field=field, of=of, width=width)

        client = pc.equal(part["kind"], "client")
        liable = [_liable(party) for party in part.select(["vat_number", "country", "kind"]).to_pylist()]
        countries, numbers, categories = (pa.array(list(column), pa.string()) for column in _columns(liable))
        languages = [
            _LANGUAGES.get((language or "")[:2].lower(), settings.language) for language in part["language"].to_pylist()
        ]
        return [
            part["csf_code"],
            pc.if_else(client, "1", "2"),
            text("name", "NAME1"),
            *("", "", ""),
            text("street", "ADDRESS1"),
            text("street_2", "ADDRESS2"),
            categories,
            countries,
            texts.fit(numbers, field="VATNUMBER", of=of, width=15),
            *("", "", ""),
            text("iban", "BNKACCNT") if settings.bank_accounts else "",
            text("postal_code", "ZIPCODE", 10),
            text("city", "CITY"),
            "",
            pa.array(languages, pa.string()),
            "",
            pc.if_else(client, books.company.accounts.customers, books.company.accounts.suppliers),
            "",
            "EUR",
        ]

    return delimited(parties, cells, separator='","', frame='"', encoding=texts.encoding)


def _columns(rows: list[tuple[str, str, str]]) -> Iterator[Any]:
    return iter(zip(*rows, strict=True)) if rows else iter(((), (), ()))


def _liable(party: dict[str, str | None]) -> tuple[str, str, str]:
    """Country (empty for Belgium), VAT number in WinBooks's picture, VATCAT."""
    country = country_code(party["country"])
    number = vat_number(party["vat_number"], country)
    if number is None or not number.valid:
        # WinBooks refuses a number with wrong check digits, and with it the customer and all that is his.
        return _other(country), "", _NOT_LIABLE if party["kind"] == "client" else _UNKNOWN
    prefix, bare = number.value[:2], number.value[2:]
    pattern, picture = _PICTURES.get(prefix, ("(.*)", r"\1"))
    return _other("GR" if prefix == "EL" else prefix), re.sub(f"^{pattern}$", picture, bare), _LIABLE


def _other(country: str | None) -> str:
    return "" if country in {None, "BE"} else str(country)
