"""Small books for the tests of the UBL format: documents said in a few words, tables as the books floor makes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from robaws_pipeline import schema
from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.periods import month_period
from robaws_pipeline.settings import Address, Company, Tariff

COMPANY = Company(
    name="Proef & Zonen Installaties BV",
    api_key_env="KEY",
    api_secret_env="SECRET",
    start="2026-01",
    vat_number="BE0999000129",
    address=Address(line="Proefstraat 1", line_2="bus 2", postal_code="9000", city="Gent", country="BE"),
    iban="BE71 0961 2345 6769",
    bic="GKCCBEBB",
    email="boekhouding@proef.example",
    vat_tariffs={
        "nul": Tariff(treatment="standard", rate=Decimal(0)),
        "art44": Tariff(treatment="exempt", exemption_reason="Vrijgesteld, art. 44 WBTW"),
        "art56": Tariff(treatment="exempt", exemption_reason="Kleine onderneming, art. 56bis WBTW"),
        "invoer": Tariff(treatment="import_reverse_charge", self_assessed_rate=Decimal(21)),
    },
)

BELGIAN = "BE0999000327"
SECOND_BELGIAN = "BE0999000426"


def cents(value: Decimal) -> Decimal:
    """To two decimals, half up."""
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def line(net: str | None = "100.00", tariff: str | None = "21", **other: Any) -> dict[str, Any]:
    """A line; quantity 1 at its net unless said otherwise. `tariff` is the tariff's name."""
    amount = None if net is None else Decimal(net)
    decimals = {
        name: None if other[name] is None else Decimal(other[name])
        for name in ("quantity", "price", "discount")
        if name in other
    }
    return {
        "type": "LINE",
        "description": "Plaatsing warmtepomp",
        "quantity": Decimal(1),
        "unit": "st",
        "price": amount,
        "discount": None,
        "net": amount,
        "vat_tariff_id": None,
        "vat_tariff_name": tariff,
        **other,
        **decimals,
    }


def text(description: str | None) -> dict[str, Any]:
    """A line that is only for reading."""
    return line(None, None, type="TEXT", description=description, quantity=None, unit=None)


@dataclass
class Doc:
    """One document, a sale unless said otherwise; `gross` is computed from the lines unless given."""

    lines: Sequence[Mapping[str, Any]] = field(default_factory=lambda: [line()])
    id: str = "1"
    number: str | None = "F260001"
    type: str | None = "INVOICE"
    state: str = "exported"
    party_id: str | None = "7"
    gross: str | None = None
    no_gross: bool = False
    issued: date | None = date(2026, 10, 5)
    due_date: date | None = date(2026, 11, 4)
    other: Mapping[str, Any] = field(default_factory=dict)
    collection: str = "sales"

    @property
    def sign(self) -> int:
        return -1 if self.type == "CREDIT_NOTE" else 1

    def vat_rows(self, company: Company) -> list[tuple[str, Decimal, Decimal, Decimal]]:
        """Treatment, rate, base and VAT as the books hold them: half up per treatment and rate, unsigned."""
        sums: dict[tuple[str, Decimal], Decimal] = {}
        for row in self.lines:
            tariff = company.tariff(row["vat_tariff_id"], row["vat_tariff_name"])
            if row["net"] is not None and tariff is not None:
                key = (tariff.treatment, tariff.rate)
                sums[key] = sums.get(key, Decimal(0)) + cents(row["net"])
        return [(treatment, rate, base, cents(base * rate / 100)) for (treatment, rate), base in sums.items()]


def party(party_id: str = "7", **other: Any) -> dict[str, Any]:
    """A customer: Belgian, with a valid VAT number, unless said otherwise."""
    return {
        **dict.fromkeys(column.name for column in schema.PARTIES.columns),
        "kind": "client",
        "id": party_id,
        "code": f"C{party_id}",
        "number": "K0007",
        "name": "Klant NV",
        "vat_number": BELGIAN,
        "language": "nl",
        "street": "Dorpsplein 3",
        "postal_code": "2000",
        "city": "Antwerpen",
        "country": "BE",
        **other,
    }


def books(
    *docs: Doc,
    parties: Sequence[Mapping[str, Any]] | None = None,
    company: Company = COMPANY,
    conditions: Mapping[str, str] | None = None,
    originals: Sequence[Doc] = (),
    vat_change: Decimal = Decimal(0),
) -> MonthBooks:
    """The books of October 2026 with these documents, whose postings are those of their lines only. `vat_change`
    falsifies the booked VAT."""
    states, lines, vat, postings = [], [], [], []
    for doc in docs:
        groups = doc.vat_rows(company)
        net = sum((base for _, _, base, _ in groups), Decimal(0))
        charged = sum((amount for _, _, _, amount in groups), Decimal(0))
        gross = None if doc.no_gross else doc.sign * (Decimal(doc.gross) if doc.gross else net + charged)
        states.append(
            {
                **dict.fromkeys(column.name for column in schema.STATES.columns),
                "collection": doc.collection, "document_id": doc.id, "month": "2026-10", "number": doc.number,
                "type": doc.type, "date": doc.issued, "party_id": doc.party_id, "state": doc.state, "reasons": [],
                "net": doc.sign * net, "vat": doc.sign * charged, "gross": gross,
            }
        )  # fmt: skip
        for position, row in enumerate(doc.lines, 1):
            lines.append(
                {
                    **dict.fromkeys(column.name for column in schema.LINES.columns),
                    "collection": doc.collection, "document_id": doc.id, "month": "2026-10", "line_no": position, **row,
                }
            )  # fmt: skip
            if row["net"] and doc.state == "exported":
                postings.append(
                    {
                        **dict.fromkeys(column.name for column in schema.POSTINGS.columns),
                        "collection": doc.collection, "document_id": doc.id, "month": "2026-10", "kind": "line",
                        "posting_no": position, "line_no": position, "journal": "VK", "amount": cents(-row["net"]),
                        "account": row.get("gl_account_code") or "700000", "project_id": row.get("project_id"),
                    }
                )  # fmt: skip
        if doc.state == "exported":
            vat += [
                {
                    **dict.fromkeys(column.name for column in schema.VAT.columns),
                    "collection": doc.collection, "document_id": doc.id, "month": "2026-10", "treatment": treatment,
                    "rate": rate, "self_assessed_rate": Decimal(0), "base": doc.sign * base,
                    "vat": doc.sign * (amount + vat_change), "self_assessed_vat": Decimal(0),
                }
                for treatment, rate, base, amount in groups
            ]  # fmt: skip
    return MonthBooks(
        key="acme",
        company=company,
        period=month_period("2026-10"),
        documents=table(schema.DOCUMENTS, [_document_row(doc) for doc in docs]),
        lines=table(schema.LINES, lines),
        states=table(schema.STATES, states),
        vat=table(schema.VAT, vat),
        postings=table(schema.POSTINGS, postings),
        parties=table(schema.PARTIES, [party()] if parties is None else parties),
        payment_conditions=table(
            schema.PAYMENT_CONDITIONS, [{"id": key, "name": name} for key, name in (conditions or {}).items()]
        ),
        originals=table(schema.DOCUMENTS, [_document_row(doc) for doc in originals]),
    )


def table(definition: schema.Table, rows: Sequence[Mapping[str, Any]]) -> Any:
    """An Arrow table of one of the lake's definitions from rows."""
    return definition.table({column.name: [row[column.name] for row in rows] for column in definition.columns})


def supplier(party_id: str = "7", **other: Any) -> dict[str, Any]:
    """A supplier: Belgian, with a valid VAT number and a bank account, unless said otherwise."""
    ours = {"kind": "supplier", "code": f"S{party_id}", "number": "L0007", "name": "Staal & Schroef NV"}
    return party(party_id, **{**ours, "iban": "BE41 0990 0056 7810", "bic": "TESTBEBB", **other})


def _document_row(doc: Doc) -> dict[str, Any]:
    return {
        **dict.fromkeys(column.name for column in schema.DOCUMENTS.columns),
        "collection": doc.collection,
        "id": doc.id,
        "month": "2026-10",
        "type": doc.type,
        "number": doc.number,
        "date": doc.issued,
        "due_date": doc.due_date,
        "party_id": doc.party_id,
        "currency": "EUR",
        "updated_at": datetime(2026, 10, 6, tzinfo=UTC),
        "deleted": False,
        "problems": [],
        **doc.other,
    }
