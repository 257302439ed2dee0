"""Articles and extra fields, as Robaws serves them."""

from decimal import Decimal
from typing import Any

from robaws_pipeline.sandbox.world import World


def _fields(item: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = item["extraFields"]
    return found


def test_articles_are_narrowed_by_group_and_by_an_extra_field(shared: Any, world: World) -> None:
    """What a tenant with 100,000 articles needs: the list itself is short, not only what is made of it."""
    everything = shared.ids("articles")
    sanitary = shared.json("articles", group="Sanitair", size=100)["items"]
    assert {item["group"] for item in sanitary} == {"Sanitair"}
    chosen = shared.json("articles", **{"extraFields[In webshop]": "true", "include": "extraFields", "size": 100})[
        "items"
    ]
    assert {_fields(item)["In webshop"]["booleanValue"] for item in chosen} == {True}
    expected = [one for one in world.records("articles") if one["extraFields"]["In webshop"]["booleanValue"]]
    assert len(chosen) == len(expected) < len(everything)
    both = shared.ids("articles", **{"extraFields[In webshop]": "true", "group": "Sanitair"})
    assert set(both) == {item["id"] for item in sanitary} & {item["id"] for item in chosen} != set()


def test_an_article_changes_at_an_instant(start: Any) -> None:
    """Without it a nightly run would read all of them, every night."""
    sandbox = start()
    changed = sandbox.world.records("articles")[4]["id"]
    sandbox.world.update("articles", changed, {"salePrice": Decimal("12.3456")}, "2026-11-02T10:00:00.000Z")
    [item] = sandbox.json("articles", updatedFrom="2026-11-01T00:00:00.000Z")["items"]
    assert (item["id"], item["salePrice"]) == (changed, Decimal("12.3456"))


def test_extra_fields_of_every_kind_are_there_only_when_included(shared: Any) -> None:
    """What is not asked for is not sent, so that the documents of who does not want them stay the same bytes."""
    for path in ("clients", "sales-invoices", "articles", "purchase-invoices", "suppliers"):
        plain = shared.json(path, size=100)["items"]
        included = shared.json(path, size=100, include="extraFields")["items"]
        assert not any("extraFields" in item for item in plain)
        assert [
            {**item, "extraFields": _fields(there)} for item, there in zip(plain, included, strict=True)
        ] == included
    invoices = shared.json("sales-invoices", size=100, include="adjustedLineItems,extraFields")["items"]
    kinds = {(field["type"], key) for item in invoices for field in _fields(item).values() for key in field}
    assert kinds >= {
        ("TEXT", "stringValue"),
        ("DATE", "dateValue"),
        ("DECIMAL", "decimalValue"),
        ("INTEGER", "integerValue"),
        ("CHECKBOX", "booleanValue"),
    }
