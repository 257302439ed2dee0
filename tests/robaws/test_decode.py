"""From JSON text to columns: every digit kept, every unreadable value told with its key, nothing guessed."""

import json as plain_json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robaws_pipeline import fields
from robaws_pipeline.lake.raw import Version, rows
from robaws_pipeline.reasons import phrases
from robaws_pipeline.robaws import decode
from robaws_pipeline.schema import AMOUNT, DOCUMENTS, LINES
from robaws_pipeline.settings import SettingsError

NOW = datetime(2025, 4, 1, tzinfo=UTC)
TEN = Decimal("1e-10")


def raw(*jsons: bytes | str, collection: str = "sales") -> pa.Table:
    """Raw versions with ids 1, 2, …"""
    encoded = [json.encode() if isinstance(json, str) else json for json in jsons]
    return rows(
        collection,
        [Version(str(no), "2025-01", "INVOICE", "2025-01-10", None, NOW, json) for no, json in enumerate(encoded, 1)],
        NOW,
    )


def read(
    *jsons: bytes | str, collection: fields.Collection = fields.SALES, spelling: fields.Spelling | None = None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Documents and lines of these JSON objects."""
    documents, lines = decode.documents(collection, raw(*jsons, collection=collection.name), spelling or {})
    assert documents.schema == DOCUMENTS.schema
    assert lines.schema == LINES.schema
    return documents.to_pylist(), lines.to_pylist()


def details(document: Mapping[str, Any]) -> list[str]:
    """What could not be read of a document, in words."""
    says = phrases("en")
    return [
        says["unreadable"].format(
            " ".join(
                part
                for part in (
                    found["line"] and says["line"].format(found["line"]),
                    found["key"] or (None if found["line"] else says["whole_object"]),
                )
                if part
            ),
            found["found"],
            says[f"{found['expected']}_expected"],
        )
        for found in document["problems"]
    ]


def amounts(*texts: str) -> tuple[list[Decimal | None], list[int]]:
    """The decimals of JSON values, and the positions of those that are no numbers."""
    values, bad = decode.amounts(msgspec.Raw(text.encode()) for text in texts)
    assert values.type == AMOUNT
    return values.to_pylist(), bad


# Amounts

digits = st.text("0123456789", min_size=1, max_size=10)


@st.composite
def up_to_ten_places(draw: st.DrawFn) -> str:
    """A JSON number with at most 18 digits before the point and 10 after it."""
    whole = draw(st.integers(0, 10**18 - 1))
    sign = draw(st.sampled_from(["", "-"]))
    return f"{sign}{whole}.{draw(digits)}" if draw(st.booleans()) else f"{sign}{whole}"


@settings(deadline=None)
@given(st.lists(up_to_ten_places(), min_size=1))
def test_up_to_ten_places_come_back_digit_for_digit(texts: list[str]) -> None:
    """The promise of the whole program: the amount that Robaws wrote is the amount that is booked."""
    assert amounts(*texts) == ([Decimal(text) for text in texts], [])


@settings(deadline=None)
@given(
    number=up_to_ten_places(),
    more=st.text("0123456789", min_size=1, max_size=90),
    quoted=st.booleans(),
)
def test_more_places_are_rounded_half_up_away_from_zero(number: str, more: str, quoted: bool) -> None:
    """131.39999999999998 is 131.4, whatever the number of digits, and -0.5 rounds as 0.5 does."""
    whole, _, places = number.partition(".")
    text = f"{whole}.{places:0<10}{more}"
    expected = Decimal(text).quantize(TEN, ROUND_HALF_UP, Context(prec=150))
    if abs(expected) >= 10**18:
        assert amounts(f'"{text}"' if quoted else text) == ([None], [0])
    else:
        assert amounts(f'"{text}"' if quoted else text, "1") == ([expected, Decimal(1)], [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("131.39999999999998", "131.4"),
        ("-0.00000000005", "-0.0000000001"),
        ("0.00000000004999999999999999999999999999999999999999999999999999999999999999999999999999", "0"),
        ("0.300000000000000044408920985006", "0.3"),
        ("1e3", "1000"),
        ("12.5E-1", "1.25"),
        ("1.0E+2", "100"),
        ("1e-400", "0"),
        ("0e99999", "0"),
        ("-0", "0"),
        ('"12.50"', "12.5"),
        ('"  7 "', "7"),
    ],
)
def test_spellings_of_numbers(text: str, expected: str) -> None:
    """Exponents, quotes and the noise of binary doubles are all the same number to an accountant."""
    assert amounts(text) == ([Decimal(expected)], [])
    # Beside a number that Arrow reads by itself the result is the same.
    assert amounts("5", text) == ([Decimal(5), Decimal(expected)], [])


@pytest.mark.parametrize("text", ["null", "", '""', '" "'])
def test_nothing_is_null_and_not_zero(text: str) -> None:
    """A missing total holds a document; a zero would book it."""
    assert amounts("1", text) == ([Decimal(1), None], [])
    assert amounts(text) == ([None], [])


@pytest.mark.parametrize(
    "text",
    [
        *(
            "true",
            "[]",
            "{}",
            '"12,50"',
            '"1.234,56"',
            '"1_000"',
            '"NaN"',
            '"Infinity"',
            '"€ 5"',
            '"٣"',
            '"0x10"',
            '"1e"',
        ),
        *("1e18", "1000000000000000000", "999999999999999999.99999999995", "1e999999999", "1e99999999999999999999"),
    ],
)
def test_what_is_no_amount_is_not_guessed(text: str) -> None:
    """A comma may be a decimal comma or a thousands separator: somebody has to look."""
    assert amounts("1", text) == ([Decimal(1), None], [1])
    [document], _ = read(f'{{"id":"1","logicId":"F1","totalExclVat":{text},"totalInclVat":"121"}}')
    assert document["net"] is None
    assert document["gross"] == Decimal(121)
    assert details(document) == [f"totalExclVat = {text} is not a number"]


def test_an_amount_never_becomes_a_float() -> None:
    """Decimals of 28 digits would not survive the way through a double."""
    long = "12345678901234567.8901234567"
    [document], [line] = read(
        f'{{"id":"1","totalExclVat":{long},"totalVat":0.1,"totalInclVat":0.30000000000000004,"adjustedLineItems":'
        f'[{{"price":{long},"quantity":0.1,"totalExclVat":-{long},"vatTariff":{{"percentage":21.0}}}}]}}'
    )
    assert (document["net"], document["vat"], document["gross"]) == (Decimal(long), Decimal("0.1"), Decimal("0.3"))
    assert (line["price"], line["quantity"], line["net"]) == (Decimal(long), Decimal("0.1"), -Decimal(long))
    assert line["vat_percentage"] == Decimal(21)


# Documents

FULL: dict[str, Any] = {
    "id": "1",
    "type": "INVOICE",
    "logicId": " F250001 ",
    "date": "2025-01-31",
    "dueDate": "2025-02-28",
    "status": "Verzonden",
    "clientId": "600",
    "companyId": "1",
    "currency": "EUR",
    "paymentConditionId": "3",
    "clientReference": "PO-7",
    "structuredCommunication": "+++090/9337/55493+++",
    "documentId": "90001",
    "totalExclVat": 100,
    "totalVat": 21,
    "totalInclVat": 121,
    "updatedAt": "2025-02-01T08:00:00.000Z",
    "adjustedLineItems": [
        {"id": "7", "type": "TEXT", "description": "Werfadres", "quantity": None, "price": None},
        {
            "id": "8",
            "type": "LINE",
            "description": "Uren",
            "quantity": 2,
            "price": 50,
            "totalExclVat": 100,
            "vatTariffId": "2",
            "vatTariff": {"id": "2", "name": "21%", "percentage": 21},
            "generalLedgerAccountId": "9",
            "generalLedgerAccount": {"id": "9", "code": "700000", "name": "Verkopen"},
        },
    ],
}


def full(**changes: Any) -> str:
    """A whole sales invoice with some keys changed."""
    return plain_json.dumps({**FULL, **changes})


def line(**changes: Any) -> dict[str, Any]:
    """Its second line with some keys changed."""
    return {**FULL["adjustedLineItems"][1], **changes}


def test_a_whole_document() -> None:
    """Each fact lands in its own column, texts without the blanks around them."""
    [document], lines = read(full())
    assert document["problems"] == []
    expected = {
        "number": "F250001",
        "date": date(2025, 1, 31),
        "due_date": date(2025, 2, 28),
        "party_id": "600",
        "net": Decimal(100),
        "vat": Decimal(21),
        "gross": Decimal(121),
        "client_reference": "PO-7",
        "payment_reference": "+++090/9337/55493+++",
        "pdf_id": "90001",
        "supplier_number": None,
        "original_id": None,
        "deleted": False,
        "updated_at": NOW,
    }
    assert {name: document[name] for name in expected} == expected
    assert [(one["line_no"], one["type"], one["net"]) for one in lines] == [
        (1, "TEXT", None),
        (2, "LINE", Decimal(100)),
    ]
    assert (lines[1]["vat_tariff_id"], lines[1]["vat_tariff_name"]) == ("2", "21%")
    assert (lines[1]["gl_account_id"], lines[1]["gl_account_code"]) == ("9", "700000")


def test_ids_may_be_numbers() -> None:
    """Robaws may send 600 or "600": they are the same client."""
    numbers = full(clientId=600, companyId=1, documentId=90001, adjustedLineItems=[line(id=8, vatTariffId=2)])
    [document, same], lines = read(numbers, full())
    assert document["party_id"] == same["party_id"] == "600"
    assert document["pdf_id"] == "90001"
    assert (lines[0]["line_id"], lines[0]["vat_tariff_id"]) == ("8", "2")
    assert document["problems"] == []


def test_a_missing_key_is_the_same_as_null() -> None:
    """Robaws may leave out what is empty."""
    nothing = {key: None for key in FULL if key not in {"id", "type"}}
    [absent], _ = read('{"id":"1","type":"INVOICE"}')
    [null], _ = read(full(**nothing))
    assert {**absent, "hash": ""} == {**null, "hash": ""}
    assert absent["net"] is None
    assert absent["currency"] == "EUR"
    assert absent["problems"] == []


def test_the_id_inside_an_included_object_counts_when_the_line_has_none() -> None:
    """An include may replace the id by the object."""
    _, [one] = read(full(adjustedLineItems=[line(vatTariffId=None, generalLedgerAccountId=None)]))
    assert (one["vat_tariff_id"], one["gl_account_id"]) == ("2", "9")
    _, [one] = read(full(adjustedLineItems=[line(vatTariff=None, generalLedgerAccount=None)]))
    assert (one["vat_tariff_id"], one["vat_tariff_name"], one["gl_account_code"]) == ("2", None, None)


def test_keys_that_nobody_knows_are_ignored() -> None:
    """Robaws adds fields; a new one must not hold every document."""
    [document], lines = read(full(extraFields={"x": [1.5, None]}, adjustedLineItems=[line(newKey="?")]))
    assert document["problems"] == []
    assert len(lines) == 1


def test_the_older_spelling_of_a_credit_note() -> None:
    """CREDITNOTE is what Robaws once wrote."""
    documents, _ = read(full(type="CREDITNOTE"), full(type="CREDIT_NOTE"), full(type="PROFORMA"))
    assert [document["type"] for document in documents] == ["CREDIT_NOTE", "CREDIT_NOTE", "PROFORMA"]


@pytest.mark.parametrize("text", ["31/01/2025", "2025-02-30", "2025-1-31", "2025-01-31T00:00:00Z", "20250131", "ooit"])
def test_a_date_that_is_none_is_told(text: str) -> None:
    """Day and month swapped by a guess would book in the wrong month."""
    [document], _ = read(full(date=text))
    assert document["date"] is None
    assert details(document) == [f'date = "{text}" is not a date (YYYY-MM-DD)']
    [document], _ = read(full(dueDate=text))
    assert details(document) == [f'dueDate = "{text}" is not a date (YYYY-MM-DD)']


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"date": 20250131}, "date = 20250131 is not a text or a number"),
        ({"clientId": {"id": "600"}}, 'clientId = {"id": "600"} is not a text or a number'),
        ({"clientId": 1.5}, "clientId = 1.5 is not a text or a number"),
        ({"adjustedLineItems": {"0": "x"}}, 'adjustedLineItems = {"0": "x"} is not a list'),
        ({"adjustedLineItems": "geen"}, 'adjustedLineItems = "geen" is not a list'),
        ({"adjustedLineItems": [line(), None]}, "line 2 = null is not an object"),
        (
            {"adjustedLineItems": [line(), line(description=["a"])]},
            'line 2 description = ["a"] is not a text or a number',
        ),
        ({"adjustedLineItems": [line(vatTariff="21%")]}, 'line 1 vatTariff = "21%" is not an object'),
        (
            {"adjustedLineItems": [line(vatTariff={"id": "2", "name": []})]},
            "line 1 vatTariff.name = [] is not a text or a number",
        ),
        ({"adjustedLineItems": [line(), line(totalExclVat="veel")]}, 'line 2 totalExclVat = "veel" is not a number'),
        ({"status": ["x" * 90]}, 'status = ["' + "x" * 58 + "… is not a text or a number"),
    ],
)
def test_what_cannot_be_read_is_told_and_the_rest_is_read(change: dict[str, Any], detail: str) -> None:
    """One odd value holds its own document, with a sentence, and neither the others nor the month."""
    documents, _ = read(full(), full(**change), full())
    assert [details(document) for document in documents] == [[], [detail], []]
    assert [document["number"] for document in documents] == ["F250001"] * 3
    assert [document["gross"] for document in documents] == [Decimal(121)] * 3


@pytest.mark.parametrize(
    ("json", "key"),
    [
        (full(status="@").encode().replace(b"@", b"\xff\xfe"), "status"),
        (full(totalVat="@").encode().replace(b"@", b"\xff\xfe"), "totalVat"),
        (full(adjustedLineItems=[line(description="@")]).encode().replace(b"@", b"\xc3"), "line 1 description"),
    ],
)
def test_a_text_that_is_no_text_holds_its_document_only(json: bytes | str, key: str) -> None:
    """A byte of another encoding must not stop the month."""
    [good, bad], lines = read(full(), json)
    assert good["problems"] == []
    assert len(details(bad)) == 1
    assert details(bad)[0].startswith(f"{key} = ")
    assert (bad["number"], bad["gross"]) == ("F250001", Decimal(121))
    assert lines[-1]["net"] == Decimal(100)


@pytest.mark.parametrize("half", ["\\ud83d", "\\ud83d etc", "\\ude00"])
def test_half_an_emoji_holds_its_document_only(half: str) -> None:
    """A text that was cut in the middle of a character is no JSON text; the document is told and not a draft."""
    [good, bad], _ = read(full(), full(status="@").replace("@", half))
    assert good["problems"] == []
    assert [problem["code"] for problem in bad["problems"]] == ["number_unreadable"]
    assert details(bad)[0].startswith("the whole object = ")


def test_an_unreadable_number_is_not_a_draft() -> None:
    """Without a number a document passes for a draft, and would silently stay out."""
    [document], _ = read(full(logicId=["F1"]))
    assert [problem["code"] for problem in document["problems"]] == ["number_unreadable"]


def test_every_amount_of_every_line_belongs_to_its_document() -> None:
    """The lines of many documents are read as one column: a slip of one would put a line on the neighbour."""
    jsons = [
        full(
            adjustedLineItems=[line(totalExclVat=f"{no}.{number}") for number in range(no % 3)], totalExclVat=f"{no}.5"
        )
        for no in range(1, 8)
    ]
    jsons[3] = full(adjustedLineItems=[line(totalExclVat="x"), line()])
    documents, lines = read(*jsons)
    assert details(documents[3]) == ['line 1 totalExclVat = "x" is not a number']
    assert [details(document) for document in documents if document["id"] != "4"] == [[]] * 6
    assert [(one["document_id"], one["line_no"], one["net"]) for one in lines] == [
        ("1", 1, Decimal(1)),
        ("2", 1, Decimal(2)),
        ("2", 2, Decimal("2.1")),
        ("4", 1, None),
        ("4", 2, Decimal(100)),
        ("5", 1, Decimal(5)),
        ("5", 2, Decimal("5.1")),
        ("7", 1, Decimal(7)),
    ]


# Other spellings

OWN = {
    "sales_invoice": {"net": "netto", "lines": "regels", "due_date": "expireDate"},
    "line": {"net": "bedrag", "vat_tariff": "tarief"},
    "vat_tariff": {"name": "naam"},
}


def test_a_company_may_spell_keys_otherwise() -> None:
    """Most of Robaws's names are inferred: a correction is a line in the settings."""
    json = '{"id":"1","netto":5,"expireDate":"2025-02-01","regels":[{"bedrag":5,"tarief":{"id":2,"naam":"6%"}}]}'
    [document], [one] = read(json, spelling=OWN)
    assert (document["net"], document["due_date"]) == (Decimal(5), date(2025, 2, 1))
    assert (one["net"], one["vat_tariff_id"], one["vat_tariff_name"]) == (Decimal(5), "2", "6%")
    [document], lines = read(json)
    assert document["net"] is None
    assert lines == []
    [document], _ = read('{"id":"1","netto":"x","expireDate":"y","regels":[{"bedrag":"z"}]}', spelling=OWN)
    assert sorted(details(document)) == [
        'expireDate = "y" is not a date (YYYY-MM-DD)',
        'line 1 bedrag = "z" is not a number',
        'netto = "x" is not a number',
    ]


def test_two_fields_with_one_key_are_a_mistake_in_the_settings() -> None:
    """A message about msgspec's structures would not help whoever wrote the settings."""
    with pytest.raises(SettingsError, match=r"fields\.sales_invoice: date and due_date are both 'date'"):
        read(full(), spelling={"sales_invoice": {"due_date": "date"}})


# Parties and lists


def test_a_party_has_its_invoice_address_when_that_says_something() -> None:
    """Robaws gives an empty invoice address as null or as an object of nulls."""
    home = {"addressLine1": "Thuisstraat 1", "postalCode": "9000", "city": "Gent", "country": "BE"}
    office = {"addressLine1": "Kantoorlaan 2", "postalCode": "1000", "city": "Brussel", "country": "BE"}
    empty = dict.fromkeys(home)
    clients = [
        {"id": "1", "name": " Jan ", "email": "jan@example.test", "address": home, "invoiceAddress": office},
        {
            "id": "2",
            "email": "a@example.test",
            "invoiceEmail": "b@example.test",
            "address": home,
            "invoiceAddress": empty,
        },
        {"id": "3", "address": home, "invoiceAddress": None},
        {"id": "4"},
    ]
    suppliers = [{"id": "1", "name": "Staal", "accountNumber": "BE41099000567810"}]
    table = decode.parties(
        raw(*map(plain_json.dumps, clients), collection="clients"),
        raw(*map(plain_json.dumps, suppliers), collection="suppliers"),
        {},
    )
    found = table.to_pylist()
    assert [(one["code"], one["name"], one["street"], one["email"]) for one in found] == [
        ("C1", "Jan", "Kantoorlaan 2", "jan@example.test"),
        ("C2", None, "Thuisstraat 1", "b@example.test"),
        ("C3", None, "Thuisstraat 1", None),
        ("C4", None, None, None),
        ("S1", "Staal", None, None),
    ]
    assert found[-1]["iban"] == "BE41099000567810"


def test_reference_lists() -> None:
    """A tariff's percentage is an amount like any other."""
    tariffs = decode.vat_tariffs(raw('{"id":1,"name":"21%","percentage":21.0}', '{"id":2,"name":"?"}'), {}).to_pylist()
    assert [(one["name"], one["percentage"]) for one in tariffs] == [("21%", Decimal(21)), ("?", None)]
    accounts = decode.gl_accounts(raw('{"id":1,"code":700000,"name":"Verkopen"}'), {}).to_pylist()
    assert accounts == [{"id": "1", "code": "700000", "name": "Verkopen"}]
    conditions = decode.payment_conditions(raw('{"id":1,"name":"30 dagen"}'), {}).to_pylist()
    assert conditions == [{"id": "1", "name": "30 dagen"}]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from([field.key for field in fields.SALES_INVOICE if field.name != "number"]),
            st.recursive(
                st.none()
                | st.booleans()
                | st.integers()
                | st.decimals(allow_nan=False, allow_infinity=False)
                | st.text(),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(st.sampled_from([field.key for field in fields.LINE]), inner, max_size=3)
                ),
                max_leaves=5,
            ),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_json_comes_each_document_is_one_row(objects: list[dict[str, Any]]) -> None:
    """No content of one document can make another one, or itself, disappear."""
    encoder = msgspec.json.Encoder(decimal_format="number")
    documents, lines = read(*map(encoder.encode, objects))
    assert [document["id"] for document in documents] == [str(no) for no in range(1, len(objects) + 1)]
    for document, given_ in zip(documents, objects, strict=True):
        items = given_.get("adjustedLineItems")
        here = [one for one in lines if one["document_id"] == document["id"]]
        assert len(here) == (len(items) if isinstance(items, list) else 0)
        if "totalExclVat" in given_ and document["net"] is None and not document["problems"]:
            assert given_["totalExclVat"] is None or not str(given_["totalExclVat"]).strip(' "')
