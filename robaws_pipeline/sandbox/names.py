"""Robaws's keys as this sandbox spells them, and which objects hang on which."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from robaws_pipeline.fields import EXTRA_FIELDS, RESOURCES, keys

Record = dict[str, Any]
"""One object as JSON-ready values, all relations to many in it; amounts are Decimal, ids are text."""

Spelling = Mapping[str, Mapping[str, str]]
"""Other keys than the usual ones, by resource and our name, as a company's settings give them."""

RESOURCE_OF: Mapping[str, str] = {
    "sales-invoices": "sales_invoice",
    "purchase-invoices": "purchase_invoice",
    "clients": "client",
    "suppliers": "supplier",
    "vat-tariffs": "vat_tariff",
    "general-ledger-accounts": "gl_account",
    "payment-conditions": "payment_condition",
    "articles": "article",
}
"""Collection path → the resource that `robaws_pipeline.fields` maps. Others have keys of their own only."""

DOCUMENTS = ("sales-invoices", "purchase-invoices")
DATED = frozenset({*DOCUMENTS, "clients", "suppliers", "vat-tariffs", "articles", "projects"})
"""Collections whose objects say when they changed, and which `updatedFrom` filters."""

OTHERS = ("companies", "projects")
PATHS = (*RESOURCE_OF, *OTHERS)
"""Every collection."""


@dataclass(frozen=True, slots=True)
class Relation:
    """Something that `include` adds to an object.

    To one: the object of `target` whose id stands under `id_key`, shown beside it. To many: the list that the object
    holds itself under the relation's name (`target` is empty then).
    """

    target: str = ""
    id_key: str = ""
    children: Mapping[str, "Relation"] = field(default_factory=dict)


class Names:
    """Robaws's keys by our names, one mapping a resource, a spelling applied."""

    def __init__(self, spelling: Spelling | None = None) -> None:
        unknown = set(spelling or {}) - set(RESOURCES)
        if unknown:
            raise ValueError(f"spelling: no such resource {', '.join(sorted(unknown))}")
        if any("id" in names for names in (spelling or {}).values()):
            raise ValueError("spelling: an object's own id stands under `id`, everywhere")
        self._keys = {resource: keys(resource, (spelling or {}).get(resource)) for resource in RESOURCES}

    def __getitem__(self, resource: str) -> dict[str, str]:
        return self._keys[resource]

    def of(self, path: str, name: str) -> str:
        """The key of `name` in the objects of a collection; the usual one where nothing is mapped."""
        usual = {"id": "id", "updated_at": "updatedAt"}
        resource = RESOURCE_OF.get(path)
        mapped = self._keys[resource] if resource else {}
        return mapped.get(name) or usual[name]

    def id_keys(self) -> frozenset[str]:
        """Keys whose values are ids, besides those that end in `Id`."""
        return frozenset(
            self._keys[resource][item.name]
            for resource, items in RESOURCES.items()
            for item in items
            if item.kind == "id"
        )

    def relations(self) -> dict[str, dict[str, Relation]]:
        """Collection path → what `include` can add there."""
        line, sales, purchase = self["line"], self["sales_invoice"], self["purchase_invoice"]
        lines = Relation(
            children={
                line["vat_tariff"]: Relation("vat-tariffs", line["vat_tariff_id"]),
                line["gl_account"]: Relation("general-ledger-accounts", line["gl_account_id"]),
                "article": Relation("articles", line["article_id"]),
                "project": Relation("projects", line["project_id"]),
            }
        )

        def party(resource: str) -> dict[str, Relation]:
            return {
                "contacts": Relation(),
                EXTRA_FIELDS: Relation(),
                "paymentCondition": Relation("payment-conditions", self[resource]["payment_condition_id"]),
                "generalLedgerAccount": Relation("general-ledger-accounts", self[resource]["gl_account_id"]),
                "vatTariff": Relation("vat-tariffs", self[resource]["vat_tariff_id"]),
            }

        def header(keys_: dict[str, str]) -> dict[str, Relation]:
            return {
                "company": Relation("companies", keys_["company_id"]),
                EXTRA_FIELDS: Relation(),
                "paymentCondition": Relation("payment-conditions", keys_["payment_condition_id"]),
            }

        return {
            "sales-invoices": {
                "client": Relation("clients", sales["party_id"], party("client")),
                **header(sales),
                "lineItems": lines,
                sales["lines"]: lines,
            },
            "purchase-invoices": {
                "supplier": Relation("suppliers", purchase["party_id"], party("supplier")),
                **header(purchase),
                purchase["lines"]: lines,
            },
            "clients": party("client"),
            "suppliers": party("supplier"),
            "articles": {EXTRA_FIELDS: Relation()},
            **{path: {} for path in PATHS if path not in {*DOCUMENTS, "clients", "suppliers", "articles"}},
        }
