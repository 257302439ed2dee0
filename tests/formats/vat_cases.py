"""A month with every VAT case, kept by the books themselves and not by samples: for formats that write postings."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from robaws_pipeline import schema
from robaws_pipeline.books import keep_books
from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.formats.samples import COMPANY, MONTH, Party, build
from robaws_pipeline.formats.vat_codes import KEYS, found, keyed
from robaws_pipeline.settings import Company, Purchases, Tariff

_STANDARD = {str(rate): Tariff(treatment="standard", rate=Decimal(rate)) for rate in (0, 6, 12, 21)}
_SELF = ("reverse_charge", "intra_community_goods", "intra_community_services", "import_reverse_charge")
_TARIFFS = (
    _STANDARD
    | {name: Tariff(treatment=name, self_assessed_rate=Decimal(21)) for name in _SELF}
    | {name: Tariff(treatment=name) for name in ("export", "exempt", "outside_scope", "margin_scheme")}
)
_ACCOUNTS = {"goods": "600000", "services": "613000", "investment": "230000", "car": "615000", "meal": "614000"}
"""What was bought, by account; VAT of a car is deducted by half, of a meal not at all."""
NATURES = {"600000": "goods", "613000": "services", "230000": "investment", "615000": "services", "614000": "services"}
"""Of these accounts."""
DEDUCTIBLE = {_ACCOUNTS["car"]: Decimal(50), _ACCOUNTS["meal"]: Decimal(0)}
"""Of those whose VAT is not deducted in full."""

_NETS = (Decimal("333.33"), Decimal("0.05"), Decimal("-12.35"))


def case_company(company: Company = COMPANY) -> Company:
    """The company with a tariff for each case, and accounts whose VAT is deducted in part."""
    return company.model_copy(
        update={"vat_tariffs": dict(_TARIFFS), "purchases": Purchases(deductible=DEDUCTIBLE), "start": MONTH}
    )


def every_case(
    company: Company = COMPANY, nets: Callable[[str], Sequence[Decimal]] = lambda collection: _NETS
) -> MonthBooks:
    """Each treatment and rate as invoice and credit note, sales and purchases of every nature, alone and all together.

    Each tariff and account of a document has lines of the next `nets` of its collection: by default amounts whose VAT
    does not come out even, and one that takes off.
    """
    kept = case_company(company)
    documents: list[dict[str, object]] = []
    lines: list[dict[str, object]] = []

    def add(collection: str, kind: str, cases: list[tuple[str, str]]) -> None:
        number = str(len(documents) + 1)
        rows = [(tariff, account, net) for tariff, account in cases for net in nets(collection)]
        base: dict[str, Decimal] = {}
        for tariff, _, net in rows:
            base[tariff] = base.get(tariff, Decimal(0)) + net
        total = sum(base.values())
        vat = sum((round(base[name] * kept.vat_tariffs[name].rate / 100, 2) for name in base), Decimal(0))
        head = {"collection": collection, "id": number, "month": MONTH, "type": kind, "date": date(2026, 3, 15)}
        head |= {"due_date": date(2026, 4, 14)}
        abroad = any(tariff.startswith("intra_community") for tariff, _ in cases)
        head |= {"number": f"{'F' if collection == 'sales' else 'A'}26{number:0>4}", "currency": "EUR"}
        head |= {"supplier_number": head["number"] if collection == "purchases" else None}
        head |= {"party_id": "2" if abroad and collection == "sales" else "1"}
        documents.append({**head, "net": total, "vat": vat, "gross": total + vat, "deleted": False, "problems": []})
        lines.extend(
            {
                "collection": collection,
                "document_id": number,
                "month": MONTH,
                "line_no": position,
                "type": "LINE",
                "net": net,
                "vat_tariff_id": tariff,
                "gl_account_code": account,
            }
            for position, (tariff, account, net) in enumerate(rows, 1)
        )

    for kind in ("INVOICE", "CREDIT_NOTE"):
        for tariff in _TARIFFS:
            add("sales", kind, [(tariff, "700000"), (tariff, "704000")])
            for account in _ACCOUNTS.values():
                add("purchases", kind, [(tariff, account)])
        add("sales", kind, [(tariff, "700000") for tariff in _TARIFFS])
        add("purchases", kind, [(tariff, account) for tariff in _TARIFFS for account in _ACCOUNTS.values()])
        in_full = [account for account in NATURES if account not in DEDUCTIBLE]
        add("purchases", kind, [(tariff, account) for tariff in _TARIFFS for account in in_full])
    empty = build([])
    kunde = Party("2", "Kunde GmbH", vat_number="DE136695976", country="DE")
    parties = build([], [Party("1"), kunde, Party("1", "Leverancier BV", "supplier", "BE0999000327")]).parties
    tables = {"documents": _table(schema.DOCUMENTS, documents), "lines": _table(schema.LINES, lines)}
    books = keep_books(tables["documents"], tables["lines"], parties, schema.GL_ACCOUNTS.empty(), kept)
    made = {"states": books.states, "vat": books.vat, "postings": books.postings}
    return replace(empty, company=kept, parties=parties, **tables, **made)


def combinations(books: MonthBooks) -> list[dict[str, Any]]:
    """Everything that a code can depend on, as the books have it; without the document's type."""
    rows = found(keyed(books.vat, books.states), ()).select(KEYS).to_pylist()
    plain = [{key: value for key, value in row.items() if key != "type" and value is not None} for row in rows]
    return [dict(pairs) for pairs in dict.fromkeys(tuple(row.items()) for row in plain)]


def _table(table: schema.Table, rows: list[dict[str, object]]) -> pa.Table:
    return table.table({column.name: [row.get(column.name) for row in rows] for column in table.columns})
