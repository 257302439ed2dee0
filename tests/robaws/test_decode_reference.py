"""Articles and extra fields as columns."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robaws_pipeline import fields
from robaws_pipeline.fields import Narrowing
from robaws_pipeline.robaws.decode_reference import accepts, articles, extra_fields, without_extra_fields
from robaws_pipeline.schema import ARTICLES, EXTRA_FIELDS, RAW


def raw(*objects: str, month: str = "all") -> pa.Table:
    count = len(objects)
    nothing: dict[str, Any] = {column.name: [None] * count for column in RAW.columns}
    ids = [str(no) for no in range(1, count + 1)]
    json = [text.encode() for text in objects]
    return RAW.table({**nothing, "id": ids, "month": [month] * count, "json": json})


def read(
    values: str, collection: fields.Collection = fields.CLIENTS, **spelling: dict[str, str]
) -> list[dict[str, Any]]:
    table = extra_fields(collection, raw(f'{{"id":"1","extraFields":{values}}}', month="2025-01"), spelling)
    assert table.schema == EXTRA_FIELDS.schema
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def test_an_article_is_a_row_with_exact_prices() -> None:
    """A price per screw has four decimals, and a double's noise is none of them."""
    table = articles(
        raw(
            '{"id":"7","articleNumber":"SCH5","name":" Schroef ","group":"Vijzen","unitType":"st"'
            ',"salePrice":0.04750000000000001'
            ',"costPrice":"0.0333","salesGLAccountId":1107,"purchaseGLAccountId":"1204","vatTariffId":"2"}',
            '{"id":"8","logicId":"A8","group":{"id":"3","name":"Vijzen"},"salePrice":null}',
            '{"id":"9","name":{"nl":"?"},"group":["?"],"salePrice":"veel"}',
        ),
        {},
    )
    assert table.schema == ARTICLES.schema
    first, second, third = table.to_pylist()
    assert (first["number"], first["name"], first["group_name"], first["unit"]) == ("SCH5", "Schroef", "Vijzen", "st")
    assert (first["sale_price"], first["cost_price"]) == (Decimal("0.0475"), Decimal("0.0333"))
    assert (first["sales_gl_account_id"], first["purchase_gl_account_id"]) == ("1107", "1204")
    assert (second["number"], second["group_name"], second["sale_price"]) == ("A8", "Vijzen", None)
    assert (third["name"], third["group_name"], third["sale_price"]) == (None, None, None)


@pytest.mark.parametrize(
    ("value", "column", "expected"),
    [
        ('{"type":"TEXT","group":"Werf","stringValue":"An"}', "text", "An"),
        ('{"type":"SELECT","stringValue":"12"}', "text", "12"),
        ('{"type":"DATE","dateValue":"2025-02-28"}', "date", date(2025, 2, 28)),
        ('{"type":"DECIMAL","decimalValue":131.39999999999998}', "decimal", Decimal("131.4")),
        (
            '{"type":"DECIMAL","decimalValue":"12345678901234567.1234567891"}',
            "decimal",
            Decimal("12345678901234567.1234567891"),
        ),
        ('{"type":"INTEGER","integerValue":9007199254740993}', "integer", 9007199254740993),
        ('{"type":"INTEGER","integerValue":3.0}', "integer", 3),
        ('{"type":"CHECKBOX","booleanValue":false}', "boolean", False),
        ('{"type":"CHECKBOX","booleanValue":"true"}', "boolean", True),
        ('{"type":"CHECKBOX","numberValue":1}', "boolean", True),
        ('{"type":"NUMBER","numberValue":2.5}', "decimal", Decimal("2.5")),
    ],
)
def test_each_kind_has_its_column(value: str, column: str, expected: object) -> None:
    """A date that is a text cannot be compared, and a number that went through a double is another number."""
    [row] = read(f'{{"Veld":{value}}}')
    typed = {name: row[name] for name in ("text", "date", "decimal", "integer", "boolean") if row[name] is not None}
    assert typed == {column: expected}
    assert (row["name"], row["collection"], row["object_id"], row["month"]) == ("Veld", "clients", "1", None)
    assert row["unread"] is None


@pytest.mark.parametrize(
    "value",
    [
        '{"type":"DATE","dateValue":"28/02/2025"}',
        '{"type":"INTEGER","integerValue":3.5}',
        '{"type":"INTEGER","integerValue":9223372036854775808}',
        '{"type":"DECIMAL","decimalValue":"veel"}',
        '{"type":"TEXT","stringValue":["a"]}',
        '{"type":"LINK","linkValue":"https://acme.example"}',
        '"An"',
        '["An"]',
    ],
)
def test_a_value_that_fits_no_column_is_kept_as_received(value: str) -> None:
    """Nothing disappears: a kind of field that Robaws adds one day is seen, and not taken for an empty one."""
    [row] = read(f'{{"Veld":{value}}}')
    assert row["unread"] == value
    assert not any(row[name] is not None for name in ("text", "date", "decimal", "integer", "boolean"))


def test_an_empty_field_is_a_row_without_a_value() -> None:
    """That nobody filled it in is a fact too."""
    rows = read('{"A":{"type":"DATE","dateValue":null},"B":null,"C":{},"D":{"type":"TEXT","stringValue":""}}')
    assert [row["name"] for row in rows] == ["A", "B", "C", "D"]
    assert {row["unread"] for row in rows} == {None}
    assert rows[0]["date"] is None


def test_documents_have_their_month_and_a_spelling_is_followed() -> None:
    """A tenant whose Robaws names the value otherwise must not look as if its fields were empty."""
    [row] = read(
        '{"Werf":{"soort":"TEXT","tekst":"Gent"}}', fields.SALES, extra_field={"text": "tekst", "type": "soort"}
    )
    assert (row["month"], row["collection"], row["type"], row["text"]) == ("2025-01", "sales", "TEXT", "Gent")


def test_narrowing_is_looked_at_again() -> None:
    """Robaws ignores a filter that it does not know: what it then lists was not asked for."""
    web = '"extraFields":{"In webshop":{"type":"CHECKBOX","booleanValue":true}}'
    objects = {
        "both": f'{{"group":"Sanitair","id":"1",{web}}}',
        "group": '{"group":" sanitair","extraFields":{"In webshop":{"booleanValue":false}}}',
        "object": '{"group":{"id":"4","name":"Sanitair"}}',
        "web": f'{{"group":null,{web}}}',
        "other": '{"group":"Sanitair 2","extraFields":{"In webshop 2":{"booleanValue":true}}}',
        "odd": '{"group":4,"extraFields":["In webshop"]}',
        "no object": "[]",
    }

    def accepted(narrowing: Narrowing) -> set[str]:
        accept = accepts(fields.Collection("articles", "articles", "article", narrowing=narrowing), {})
        return {name for name, json in objects.items() if accept(json.encode())}

    assert accepted(Narrowing()) == set(objects)
    assert accepted(Narrowing(group="Sanitair")) == {"both", "group", "object"}
    assert accepted(Narrowing(extra_field="In webshop")) == {"both", "web"}
    assert accepted(Narrowing("Sanitair", "In webshop")) == {"both"}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([field.key for field in fields.EXTRA_FIELD]) | st.text(), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(st.text(), _JSON, max_size=4),
    st.dictionaries(st.text().filter(lambda key: key != "extraFields"), _JSON),
)
def test_whatever_comes_each_field_is_a_row_and_the_rest_is_untouched(
    extra: dict[str, Any], rest: dict[str, Any]
) -> None:
    """One strange value must not hide another one, and what the accountant's hash is made of must not see any."""
    encoder = msgspec.json.Encoder(decimal_format="number")
    plain, full = encoder.encode(rest), encoder.encode({**rest, "extraFields": extra})
    table = extra_fields(fields.CLIENTS, raw(full.decode()), {})
    assert table["name"].to_pylist() == list(extra)
    assert without_extra_fields(full) == plain
    assert without_extra_fields(plain) is plain
