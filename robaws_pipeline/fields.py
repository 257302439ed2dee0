"""Where each fact stands in Robaws's JSON: the one place that names its keys.

Robaws's field-level schema is not public. Each key carries how sure we are of it, and a company can override any of
them in ``robaws.toml`` (``[companies.acme.fields.sales_invoice] due_date = "expireDate"``); ``robaws-pipeline doctor``
shows which were found.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Spelling = Mapping[str, Mapping[str, str]]
"""A company's own spellings: resource → our name → Robaws's key."""

Kind = Literal["text", "id", "date", "instant", "amount", "integer", "boolean", "object", "list"]
Confidence = Literal["confirmed", "observed", "inferred"]


@dataclass(frozen=True, slots=True)
class Field:
    """One fact: our name for it, Robaws's key, what it holds and how sure we are of the key."""

    name: str
    key: str
    kind: Kind
    confidence: Confidence


def _fields(confidence: Confidence, *specs: tuple[str, str, Kind]) -> tuple[Field, ...]:
    return tuple(Field(name, key, kind, confidence) for name, key, kind in specs)


_INVOICE = (
    *_fields("confirmed", ("type", "type", "text")),
    *_fields(
        "observed",
        ("id", "id", "id"),
        ("number", "logicId", "text"),
        ("date", "date", "date"),
        ("status", "status", "text"),
        ("pdf_id", "documentId", "id"),
        ("net", "totalExclVat", "amount"),
        ("gross", "totalInclVat", "amount"),
        ("created_at", "createdAt", "instant"),
        ("updated_at", "updatedAt", "instant"),
    ),
    *_fields(
        "inferred",
        ("due_date", "dueDate", "date"),
        ("company_id", "companyId", "id"),
        ("currency", "currency", "text"),
        ("payment_condition_id", "paymentConditionId", "id"),
        ("original_id", "originalInvoiceId", "id"),
        ("vat", "totalVat", "amount"),
    ),
)

SALES_INVOICE = (
    *_INVOICE,
    *_fields("observed", ("party_id", "clientId", "id")),
    *_fields("confirmed", ("lines", "adjustedLineItems", "list")),
    *_fields(
        "inferred",
        ("client_reference", "clientReference", "text"),
        ("payment_reference", "structuredCommunication", "text"),
    ),
)

PURCHASE_INVOICE = (
    *_INVOICE,
    *_fields("confirmed", ("lines", "lineItems", "list")),
    *_fields(
        "inferred",
        ("party_id", "supplierId", "id"),
        ("supplier_number", "invoiceNumber", "text"),
        ("payment_reference", "paymentReference", "text"),
        ("supplier_iban", "supplierBankAccount", "text"),
    ),
)

LINE = (
    *_fields(
        "observed",
        ("line_id", "id", "id"),
        ("type", "type", "text"),
        ("description", "description", "text"),
        ("article_id", "articleId", "id"),
        ("project_id", "projectId", "id"),
        ("quantity", "quantity", "amount"),
        ("unit", "unitType", "text"),
    ),
    *_fields(
        "confirmed",
        ("vat_tariff_id", "vatTariffId", "id"),
        ("vat_tariff", "vatTariff", "object"),
        ("gl_account", "generalLedgerAccount", "object"),
    ),
    *_fields(
        "inferred",
        ("activity_id", "activityId", "id"),
        ("gl_account_id", "generalLedgerAccountId", "id"),
        ("price", "price", "amount"),
        ("discount", "discount", "amount"),
        ("net", "totalExclVat", "amount"),
    ),
)

VAT_TARIFF = _fields(
    "inferred",
    ("id", "id", "id"),
    ("name", "name", "text"),
    ("percentage", "percentage", "amount"),
    ("updated_at", "updatedAt", "instant"),
)

GL_ACCOUNT = _fields("inferred", ("id", "id", "id"), ("code", "code", "text"), ("name", "name", "text"))

PAYMENT_CONDITION = _fields("inferred", ("id", "id", "id"), ("name", "name", "text"))

ADDRESS = _fields(
    "observed",
    ("street", "addressLine1", "text"),
    ("street_2", "addressLine2", "text"),
    ("postal_code", "postalCode", "text"),
    ("city", "city", "text"),
    ("country", "country", "text"),
)

_PARTY = (
    *_fields(
        "observed",
        ("id", "id", "id"),
        ("name", "name", "text"),
        ("vat_number", "vatIdNumber", "text"),
        ("email", "email", "text"),
        ("phone", "tel", "text"),
        ("language", "language", "text"),
        ("address", "address", "object"),
        ("invoice_address", "invoiceAddress", "object"),
        ("updated_at", "updatedAt", "instant"),
    ),
    *_fields(
        "inferred",
        ("number", "logicId", "text"),
        ("payment_condition_id", "paymentConditionId", "id"),
        ("gl_account_id", "generalLedgerAccountId", "id"),
        ("vat_tariff_id", "vatTariffId", "id"),
    ),
)

CLIENT = (*_PARTY, *_fields("observed", ("invoice_email", "invoiceEmail", "text")))

SUPPLIER = (*_PARTY, *_fields("inferred", ("iban", "accountNumber", "text"), ("bic", "bic", "text")))

ARTICLE = (
    *_fields(
        "observed",
        ("id", "id", "id"),
        ("number", "articleNumber", "text"),
        ("name", "name", "text"),
        ("updated_at", "updatedAt", "instant"),
    ),
    *_fields(
        "inferred",
        ("logic_id", "logicId", "text"),
        ("group", "group", "text"),
        ("unit", "unitType", "text"),
        ("sale_price", "salePrice", "amount"),
        ("cost_price", "costPrice", "amount"),
        ("sales_gl_account_id", "salesGLAccountId", "id"),
        ("purchase_gl_account_id", "purchaseGLAccountId", "id"),
        ("vat_tariff_id", "vatTariffId", "id"),
    ),
)

EXTRA_FIELDS = "extraFields"
"""The key, and the include, under which an object has its extra fields: a map from each field's name to its value."""

EXTRA_FIELD = (
    *_fields("observed", ("type", "type", "text"), ("group", "group", "text"), ("number", "numberValue", "amount")),
    *_fields(
        "confirmed",
        ("text", "stringValue", "text"),
        ("date", "dateValue", "date"),
        ("decimal", "decimalValue", "amount"),
        ("integer", "integerValue", "integer"),
        ("boolean", "booleanValue", "boolean"),
    ),
)
"""One extra field of an object. `numberValue` is how an older Robaws showed a checkbox."""

NOTED_OF_A_WRITE = ("_metadata",)
"""Observed. What Robaws itself notes in an object when it is written, besides `updated_at`."""

VALUE_OF_MARK: Mapping[str, str] = {"checkbox": "boolean", "date": "date", "text": "text"}
"""Kind of extra field, as settings call it → our name of the member of `EXTRA_FIELD` that its value is in."""

TYPE_OF_MARK: Mapping[str, str] = {"checkbox": "CHECKBOX", "date": "DATE", "text": "TEXT"}
"""The same → what Robaws calls a field of that kind. Observed: TEXT and CHECKBOX; inferred: DATE."""

RESOURCES: Mapping[str, tuple[Field, ...]] = {
    "sales_invoice": SALES_INVOICE,
    "purchase_invoice": PURCHASE_INVOICE,
    "line": LINE,
    "vat_tariff": VAT_TARIFF,
    "gl_account": GL_ACCOUNT,
    "payment_condition": PAYMENT_CONDITION,
    "address": ADDRESS,
    "client": CLIENT,
    "supplier": SUPPLIER,
    "article": ARTICLE,
    "extra_field": EXTRA_FIELD,
}
"""Every mapped resource, under the name that settings use."""


def keys(resource: str, overrides: Mapping[str, str] | None = None) -> dict[str, str]:
    """Our names to Robaws's keys for one resource, a company's overrides applied."""
    return {field.name: (overrides or {}).get(field.name, field.key) for field in RESOURCES[resource]}


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which items of a collection are read: those of a group, and those of which an extra field is true. Empty: all."""

    group: str | None = None
    extra_field: str | None = None

    def params(self) -> dict[str, str]:
        """The parameters that ask for it. Robaws ignores one that it does not know, so each item is looked at again."""
        asked = {"group": self.group} if self.group is not None else {}
        return {**asked, f"{EXTRA_FIELDS}[{self.extra_field}]": "true"} if self.extra_field is not None else asked


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection of the API: our name, its path, the resource its items are, and what to ask for besides."""

    name: str
    path: str
    resource: str
    with_lines: bool = False
    with_extra_fields: bool = False
    narrowing: Narrowing = Narrowing()

    def include(self, spelling: Spelling | None = None) -> str:
        """The `include` parameter: lines with their account and tariff, as the company spells them; extra fields."""
        extra = (EXTRA_FIELDS,) if self.with_extra_fields or self.narrowing.extra_field is not None else ()
        if not self.with_lines:
            return ",".join(extra)
        lines = keys(self.resource, (spelling or {}).get(self.resource))["lines"]
        line = keys("line", (spelling or {}).get("line"))
        return ",".join([lines, f"{lines}.{line['gl_account']}", f"{lines}.{line['vat_tariff']}", *extra])

    @property
    def is_documents(self) -> bool:
        """Invoices and credit notes, read by type and month; everything else is read whole or by `updatedFrom`."""
        return self.name in {"sales", "purchases"}


SALES = Collection("sales", "sales-invoices", "sales_invoice", with_lines=True)
PURCHASES = Collection("purchases", "purchase-invoices", "purchase_invoice", with_lines=True)
CLIENTS = Collection("clients", "clients", "client")
SUPPLIERS = Collection("suppliers", "suppliers", "supplier")
VAT_TARIFFS = Collection("vat_tariffs", "vat-tariffs", "vat_tariff")
GL_ACCOUNTS = Collection("gl_accounts", "general-ledger-accounts", "gl_account")
PAYMENT_CONDITIONS = Collection("payment_conditions", "payment-conditions", "payment_condition")
ARTICLES = Collection("articles", "articles", "article")

DOCUMENTS = (SALES, PURCHASES)
PARTIES = (CLIENTS, SUPPLIERS)
LISTS = (VAT_TARIFFS, GL_ACCOUNTS, PAYMENT_CONDITIONS)
COLLECTIONS = (*DOCUMENTS, *PARTIES, *LISTS, ARTICLES)

DOCUMENT_TYPES = ("INVOICE", "CREDIT_NOTE")
"""The values of the `type` filter. `CREDITNOTE`, an older spelling, is accepted when reading only."""
