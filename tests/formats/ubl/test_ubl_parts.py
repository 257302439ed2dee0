"""The small decisions: prices, units, countries, numbers, file names. Codes are checked against the official lists."""

import random
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from stdnum.be import ogm_vcs
from ubl_books import BELGIAN, Doc, books, line, party
from ubl_reader import code_list, export, only

from robaws_pipeline.formats.ubl.amounts import priced, round2, vat_of
from robaws_pipeline.formats.ubl.categories import REASON_CODES
from robaws_pipeline.formats.ubl.countries import BY_NAME, ISO_CODES, country_code
from robaws_pipeline.formats.ubl.identifiers import (
    _VAT_SCHEMES,
    ENTERPRISE_SCHEME,
    EU_PREFIXES,
    Endpoint,
    payment_reference,
    vat_number,
)
from robaws_pipeline.formats.ubl.names import file_names
from robaws_pipeline.formats.ubl.render import money, number
from robaws_pipeline.formats.ubl.text import clean, one_line
from robaws_pipeline.formats.ubl.units import CODES, PIECE, unit_code

WIDE = st.decimals(min_value=-(10**17), max_value=10**17, places=10)
NET = st.decimals(min_value=-(10**10), max_value=10**10, places=2)


def _product(quantity: Decimal, price: Decimal) -> Decimal:
    """Exact, whatever the width: through integers."""
    scaled = int(quantity.scaleb(10)) * int(price.scaleb(10))
    sign, units = (-1, -scaled) if scaled < 0 else (1, scaled)
    return Decimal(sign * ((units + 5 * 10**17) // 10**18)) / 100


@given(st.none() | WIDE, st.none() | WIDE, NET)
@example(Decimal(0), Decimal(10), Decimal("5.00"))
@example(Decimal("1E-10"), None, Decimal("9999999999.99"))
@example(Decimal(3), Decimal(4), Decimal("10.00"))
def test_price_is_never_negative_and_gives_the_total(quantity: Any, price: Any, net: Decimal) -> None:
    """BR-27 and R120 hold for whatever Robaws gives, and the amount is never what yields."""
    written, unit_price, replaced = priced(quantity, price, net)
    assert unit_price >= 0
    assert abs(_product(written, unit_price) - net) <= Decimal("0.02")
    if replaced:
        assert (abs(written), unit_price) == (1, abs(net))


@pytest.mark.parametrize(
    ("price", "net", "written"), [("3.34", "10.00", "3.34"), ("3.35", "10.00", "3.333"), ("3.32", "10.00", "3.333")]
)
def test_price_may_miss_the_total_by_two_cents_and_no_more(price: str, net: str, written: str) -> None:
    """R120 refuses a file at three cents; below, the price that the customer has seen is the better one."""
    assert priced(Decimal(3), Decimal(price), Decimal(net)) == (3, Decimal(written), False)


@given(st.decimals(min_value=-1000, max_value=1000, places=4), st.decimals(min_value=0, max_value=1000, places=4))
def test_price_that_gives_the_total_stays_as_it_was(quantity: Decimal, price: Decimal) -> None:
    """The customer has seen that price."""
    net = round2(quantity * price)
    assert priced(quantity, price, net) == (quantity, price, False)


@given(NET, st.sampled_from([Decimal(0), Decimal(6), Decimal("12.0000"), Decimal(21)]))
def test_vat_is_half_up_on_integers(base: Decimal, rate: Decimal) -> None:
    """The same figure as an independent computation without decimals."""
    units = int(base * 100) * int(rate)
    expected = (abs(units) + 50) // 100 * (1 if units >= 0 else -1)
    assert vat_of(base, rate) == Decimal(expected).scaleb(-2)
    assert not str(vat_of(base, rate)).startswith("-0.00")


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
@example(Decimal("1E+3"))
@example(Decimal("0E-10"))
def test_numbers_are_printed_whole(value: Decimal) -> None:
    """No exponent and no trailing zeros, and the value is the same: XML Schema decimals know no exponent."""
    printed = number(value)
    assert Decimal(printed) == Decimal(money(value)) == value
    assert "E" not in printed + money(value)
    assert "." not in printed or not printed.endswith(("0", "."))


def test_every_code_is_in_the_official_lists() -> None:
    """The lists are read from the official rules, so a mistyped code cannot hide."""
    assert set(CODES.values()) | {PIECE} <= code_list("BR-CL-23")
    assert {*_VAT_SCHEMES.values(), ENTERPRISE_SCHEME} <= code_list("BR-CL-25")
    assert code_list("BR-CL-14") >= ISO_CODES
    assert code_list("BR-CO-09") >= EU_PREFIXES
    assert set(REASON_CODES.values()) <= code_list("BR-CL-22")
    assert set(BY_NAME.values()) <= ISO_CODES


@pytest.mark.parametrize(
    ("typed", "code"),
    [("St", "C62"), (" uur ", "HUR"), ("M²", "MTK"), ("km", "KMT"), ("Rol", "XRO"), ("u", "C62"), ("", "C62"),
     ("strekkende meter", "MTR"), (None, "C62"), ("kwh", "KWH"), ("vierkante el", None)],
)  # fmt: skip
def test_units_as_people_type_them(typed: str | None, code: str | None) -> None:
    """Case, spaces and superscripts are how people type; what is not known is never guessed."""
    assert unit_code(typed) == code


@pytest.mark.parametrize(
    ("typed", "code"),
    [("BE", "BE"), ("be ", "BE"), ("België", "BE"), ("BELGIE", "BE"), ("Belgique", "BE"), ("Pays-Bas", "NL"),
     ("Pays Bas", "NL"), ("Groothertogdom Luxemburg", "LU"), ("UK", "GB"), ("U.S.A.", "US"), ("Tsjechië", "CZ"),
     ("Atlantis", None), ("", None), (None, None), ("XX", None)],
)  # fmt: skip
def test_countries_as_people_type_them(typed: str | None, code: str | None) -> None:
    """BR-CL-14 refuses a name; a wrong country would change the VAT story."""
    assert country_code(typed) == code


@pytest.mark.parametrize(
    ("typed", "country", "value", "endpoint"),
    [
        ("BE 0999.000.327", "BE", BELGIAN, Endpoint("0208", BELGIAN[2:])),
        ("0999000327", "BE", BELGIAN, Endpoint("0208", BELGIAN[2:])),
        ("999000327", "BE", BELGIAN, Endpoint("0208", BELGIAN[2:])),
        ("be999000327", "NL", BELGIAN, Endpoint("0208", BELGIAN[2:])),
        ("BTW-nr. BE 0999.000.327", "BE", BELGIAN, Endpoint("0208", BELGIAN[2:])),
        ("TVA 0999.000.327", None, BELGIAN, Endpoint("0208", BELGIAN[2:])),
        ("BE0999000326", "BE", "BE0999000326", None),
        ("NL123456782B12", "NL", "NL123456782B12", Endpoint("9944", "NL123456782B12")),
        ("123456782B12", "NL", "NL123456782B12", Endpoint("9944", "NL123456782B12")),
        ("FR 61 954 506 077", "FR", "FR61954506077", Endpoint("9957", "FR61954506077")),
        ("61954506077", "FR", "FR61954506077", Endpoint("9957", "FR61954506077")),
        ("DE136695976", "BE", "DE136695976", Endpoint("9930", "DE136695976")),
        ("DE136695975", "DE", "DE136695975", None),
        ("LU15027442", "LU", "LU15027442", Endpoint("9938", "LU15027442")),
        ("GR094259216", "GR", "EL094259216", Endpoint("9933", "EL094259216")),
        ("094259216", "GR", "EL094259216", Endpoint("9933", "EL094259216")),
        ("IT00743110157", "IT", "IT00743110157", None),
        ("CHE-123.456.789 MWST", "CH", "CHE123456789MWST", None),
        ("CHE-123.456.789", "BE", "CHE123456789", None),
    ],
)
def test_vat_numbers_are_normalised(typed: str, country: str | None, value: str, endpoint: Endpoint | None) -> None:
    """BR-CO-09 wants the prefix, and an electronic address made from a wrong number would reach a stranger."""
    number_ = vat_number(typed, country)
    assert number_ is not None
    assert (number_.value, number_.endpoint) == (value, endpoint)


@pytest.mark.parametrize(
    ("typed", "country"),
    [(None, "BE"), ("", "BE"), ("particulier", "BE"), ("n.v.t.", None), ("12-3456789", "US"), ("1234", None)],
)
def test_what_is_no_vat_number_is_left_out(typed: str | None, country: str | None) -> None:
    """Writing it as one would be inventing a taxable person."""
    assert vat_number(typed, country) is None


def test_doubtful_vat_numbers_are_reported_not_held() -> None:
    """A foreign number may be new to the checker, and a word is nobody's number; a person should look."""
    docs = [Doc(party_id=str(n), id=str(n), number=f"F{n}") for n in range(3)]
    parties = [
        party("0", vat_number="DE136695975", country="Duitsland"),
        party("1", vat_number="particulier"),
        party("2", vat_number="12-3456789", country="VS"),
    ]
    made, files = export(books(*docs, parties=parties))
    assert len(files) == 3
    assert files["F0.xml"].text("//cac:AccountingCustomerParty//cac:PartyTaxScheme/cbc:CompanyID") == "DE136695975"
    assert files["F1.xml"].text("//cac:AccountingCustomerParty//cac:PartyTaxScheme/cbc:CompanyID") is None
    assert [note.split(" of customer")[0] for note in made.notes if note.startswith("VAT")] == [
        "VAT number '12-3456789'",
        "VAT number 'particulier'",
        "VAT number DE136695975",
    ]


def test_belgian_number_stands_in_for_a_missing_country_and_no_other_does() -> None:
    """A Belgian enterprise is in Belgium's register; a foreign VAT number may belong to anyone anywhere."""
    assert only(books(Doc(), parties=[party(country=None)])).texts("//cac:Country/cbc:IdentificationCode") == [
        "BE",
        "BE",
    ]
    made, _ = export(books(Doc(), parties=[party(country=" ", vat_number="NL123456782B12")]))
    assert [held.code for held in made.held] == ["ubl_country"]


@given(st.integers(min_value=0, max_value=10**12 - 1))
def test_structured_communications_agree_with_stdnum(digits: int) -> None:
    """Our one division must decide as the well-known library does, and lay the number out the same way."""
    typed = f"{digits:012d}"
    good = typed[:10] + ogm_vcs.calc_check_digits(typed[:10])
    for candidate in (typed, good):
        if int(candidate) and ogm_vcs.is_valid(candidate):
            assert payment_reference(candidate) == (f"+++{ogm_vcs.format(candidate)}+++", True)
        elif int(candidate):
            assert payment_reference(candidate) == (candidate, False)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("+++000/2600/14762+++", ("+++000/2600/14762+++", True)),
        ("***000/2600/14762***", ("+++000/2600/14762+++", True)),
        ("+++000/2600/14763+++", ("+++000/2600/14763+++", False)),
        ("Factuur F260147", ("Factuur F260147", True)),
        ("RF18 5390 0754 7034", ("RF18 5390 0754 7034", True)),
        ("  ", (None, True)),
        (None, (None, True)),
    ],
)
def test_payment_references_keep_what_the_customer_was_told(
    typed: str | None, expected: tuple[str | None, bool]
) -> None:
    """A reference that the customer quotes differently is never matched."""
    assert payment_reference(typed) == expected


@given(st.lists(st.text(alphabet="Aa1./-é ", max_size=4), max_size=12))
@example(["F1", "f1", "F1-1", "F1-2-2", "F1-2"])
def test_file_names_are_safe_and_never_meet(numbers: list[str]) -> None:
    """Two documents in one file would lose one of them, also on a file system that ignores case."""
    names = file_names((str(position), number_) for position, number_ in enumerate(numbers, 1))
    assert len({name.casefold() for name in names.values()}) == len(numbers)
    for name in names.values():
        assert name.isascii()
        assert name.endswith(".xml")
        assert not name.startswith(".")
        assert not set(name) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


def test_file_names_are_the_numbers_and_do_not_depend_on_order() -> None:
    """The accountant looks a file up by its number; a re-run must find the same names."""
    pairs = [("12", "F26/0147"), ("13", "f26-0147"), ("14", "F2"), ("15", "../../etc/passwd")]
    expected = {
        "12": "F26-0147-12.xml",
        "13": "f26-0147-13.xml",
        "14": "F2.xml",
        "15": "-.-..-etc-passwd.xml",
    }
    assert file_names(pairs) == expected
    random.Random(1).shuffle(pairs)
    assert file_names(pairs) == expected


def test_held_documents_keep_their_name() -> None:
    """When the held one is corrected next week, the file of the other must not change its name."""
    docs = [Doc(id="1", number="F1"), Doc([line(tariff="mystery")], id="2", number="F1")]
    _, files = export(books(*docs))
    assert list(files) == ["F1-1.xml"]


@given(st.text())
def test_cleaned_text_has_nothing_that_xml_forbids(value: str) -> None:
    """One control character makes a whole file unreadable."""
    cleaned = clean(value)
    if cleaned is not None:
        assert cleaned == cleaned.strip() != ""
        allowed = all(
            character in "\t\n" or 0x20 <= ord(character) <= 0xD7FF or 0xE000 <= ord(character) <= 0xFFFD
            or ord(character) >= 0x10000
            for character in cleaned
        )  # fmt: skip
        assert allowed
    flat = one_line(value)
    assert flat is None or flat == " ".join(flat.split()) != ""


@given(st.decimals(min_value=-1000, max_value=1000, places=6))
def test_rounding_is_half_up_and_has_no_negative_zero(value: Decimal) -> None:
    """0.105 is 0.11 and -0.105 is -0.11, as in DuckDB; "-0.00" would look like an error to a reader."""
    assert round2(value) == value.quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert round2(value) != 0 or not round2(value).is_signed()
