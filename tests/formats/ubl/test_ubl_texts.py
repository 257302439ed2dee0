"""Hostile texts through every text of the books: the files stay well-formed and say the same thing."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ubl_books import COMPANY, Doc, books, line, party, text
from ubl_reader import only

from robaws_pipeline.formats.ubl.render import text as xml_text

HOSTILE = [
    "<&\"'>]]>",
    "a ]]> b",
    "a\x00\x01\x08\x0b\x1f\x7fb",
    "kraan 🚰 café ² €",
    "x" * 5000,
    "regel 1\r\nregel 2\rregel 3",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>&b;",
    "\ufffe\uffff\u2028end",
    "&amp; &#0; <![CDATA[",
    "   ",
    "\x00",
    "",
]
ADDRESS = ("name", "number", "street", "street_2", "postal_code", "city", "email", "code", "language")


def _survives(hostile: str) -> str:
    """What must come out of a text field, on one line."""
    kept = "".join(c for c in hostile if c in "\t\n\r" or (c >= " " and c not in "\x7f\ufffe\uffff"))
    return " ".join(kept.split())


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_in_every_field_at_once(hostile: str) -> None:
    """People paste anything anywhere; no field may break the file, and what XML can carry must arrive."""
    customer = party(**dict.fromkeys(ADDRESS, hostile), vat_number=None)
    customer["name"] = f"Klant {hostile}"
    doc = Doc(
        [text(hostile), line(description=hostile, unit=hostile), text(hostile), line(description=f"Ketel {hostile}")],
        other={
            "client_reference": hostile, "payment_reference": hostile, "payment_condition_id": "1", "status": hostile,
        },
    )  # fmt: skip
    company = COMPANY.model_copy(
        update={
            "name": f"Wij {hostile}",
            "email": hostile,
            "bic": hostile,
            "address": COMPANY.address.model_copy(update={"line": hostile, "city": hostile, "postal_code": hostile}),
        }
    )
    file = only(books(doc, parties=[customer], company=company, conditions={"1": hostile}))
    kept = _survives(hostile)
    names = file.texts("//cac:PartyLegalEntity/cbc:RegistrationName")
    assert names == [f"Wij {kept}".strip(), f"Klant {kept}".strip()]
    assert file.text("//cac:AccountingCustomerParty//cbc:CityName") == (kept or None)
    assert file.text("cac:PaymentTerms/cbc:Note") == (kept or None)
    assert (file.text("cac:PaymentMeans/cbc:PaymentID") or "") == kept
    assert " ".join((file.text("cbc:Note") or "").split()) == kept


@pytest.mark.parametrize("hostile", HOSTILE[:5])
def test_hostile_number_is_written_whole_and_its_file_name_is_safe(hostile: str) -> None:
    """The number is what the customer has on paper; the file name is only ours."""
    file = only(books(Doc(number=f"F1{hostile}")))
    assert file.text("cbc:ID") == f"F1{_survives(hostile)}"


def test_item_name_is_the_first_line_and_the_description_the_whole() -> None:
    """Readers show the name in a narrow column; nothing of the text may be lost."""
    long = "Plaatsing van een " + "zeer " * 40 + "grote ketel"
    rows = [line(description=value) for value in ("Ketel\nmet toebehoren", "Ketel", long, "  ", None)]
    file = only(books(Doc(rows)))
    assert file.texts("//cac:Item/cbc:Name") == ["Ketel", "Ketel", long[:100].rstrip(), "-", "-"]
    assert file.texts("//cac:Item/cbc:Description") == ["Ketel\nmet toebehoren", long]


def test_writer_itself_lets_nothing_forbidden_through() -> None:
    """A document may be built by other code than ours, from texts that nobody cleaned."""
    assert xml_text("a\x00b\r\n<&>") == "ab\n&lt;&amp;&gt;"


ANY_TEXT: Any = st.text(alphabet=st.characters(codec="utf-8"), max_size=40)


@settings(max_examples=60, deadline=None)
@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_any_text_at_all_gives_a_valid_file(description: str, name: str, reference: str) -> None:
    """The cases above are those we thought of."""
    doc = Doc([line(description=description), text(description)], other={"client_reference": reference})
    only(books(doc, parties=[party(name=f"K{name}", street=name, number=reference)]))
