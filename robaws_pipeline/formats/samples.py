"""Made-up months that a format must cope with, built from a few lines of text each.

They stand apart from `robaws_pipeline.books` on purpose: what a format is tried with must not change when the books
do. All names and numbers are invented.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, get_args

import pyarrow as pa

from robaws_pipeline import schema
from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.periods import month_period
from robaws_pipeline.settings import SELF_ASSESSED, Address, Company, Tariff, Treatment

MONTH = "2026-03"


def _tariffs() -> dict[str, Tariff]:
    """The meaning of the tariff ids that `Line` stands for: treatment and rate, as in `standard-21`."""
    standard = {f"standard-{rate}": Tariff(treatment="standard", rate=Decimal(rate)) for rate in (0, 6, 12, 21)}
    others: tuple[Treatment, ...] = get_args(Treatment)
    return standard | {
        f"{name}-0": Tariff(treatment=name, self_assessed_rate=Decimal(21 if name in SELF_ASSESSED else 0))
        for name in others
        if name != "standard"
    }


COMPANY = Company(
    name="Proefbouw BV",
    api_key_env="SAMPLE_KEY",
    api_secret_env="SAMPLE_SECRET",  # noqa: S106 - the name of a variable
    start="2026-01",
    vat_number="BE0999000129",
    address=Address(line="Proefstraat 1", postal_code="9000", city="Gent"),
    iban="BE95999999991258",
    vat_tariffs=_tariffs(),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a sample: net in euro as the document shows it, positive or negative."""

    net: Decimal | None
    treatment: str = "standard"
    rate: int = 21
    self_assessed_rate: int = 0
    description: str | None = "Plaatsen van ramen"
    account: str = "700000"
    type: str = "LINE"


@dataclass(frozen=True, slots=True)
class Party:
    """A customer or supplier of a sample, Belgian unless told otherwise."""

    id: str
    name: str | None = "Klant NV"
    kind: str = "client"
    vat_number: str | None = "BE0999000228"
    street: str | None = "Kerkstraat 12"
    postal_code: str | None = "9000"
    city: str | None = "Gent"
    country: str | None = "BE"


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a sample; everything but its id has a default."""

    id: str
    collection: str = "sales"
    type: str = "INVOICE"
    number: str | None = None
    day: int = 5
    party_id: str | None = "1"
    lines: Sequence[Line] = (Line(Decimal("100.00")),)
    state: str = "exported"
    reasons: Sequence[tuple[str, str]] = ()
    original_id: str | None = None
    due_days: int | None = 30
    payment_reference: str | None = "+++090/9337/55493+++"
    supplier_number: str | None = None
    client_reference: str | None = None


@dataclass(frozen=True, slots=True)
class _Group:
    """Lines of one treatment and rate: what the VAT table has a row for."""

    treatment: str
    rate: int
    self_assessed_rate: int
    base: Decimal

    @property
    def vat(self) -> Decimal:
        return _percent(self.base, self.rate)

    @property
    def self_assessed_vat(self) -> Decimal:
        return _percent(self.base, self.self_assessed_rate)


def _percent(base: Decimal, rate: int) -> Decimal:
    return (base * rate / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _groups(document: Document) -> list[_Group]:
    sums: dict[tuple[str, int, int], Decimal] = {}
    for line in document.lines:
        if line.net is not None:
            key = (line.treatment, line.rate, line.self_assessed_rate)
            sums[key] = sums.get(key, Decimal(0)) + line.net
    return [_Group(*key, base) for key, base in sorted(sums.items())]


def _sign(document: Document) -> int:
    return -1 if document.type == "CREDIT_NOTE" else 1


class _Rows:
    """Rows of one table, given by name; what is left out is none."""

    def __init__(self, table: schema.Table) -> None:
        self.table = table
        self.rows: list[Mapping[str, object]] = []

    def add(self, **values: object) -> None:
        self.rows.append(values)

    def arrow(self) -> pa.Table:
        names = [column.name for column in self.table.columns]
        return self.table.table({name: [row.get(name) for row in self.rows] for name in names})


def _code(document: Document) -> str | None:
    return None if document.party_id is None else ("C" if document.collection == "sales" else "S") + document.party_id


def _journal(document: Document) -> str:
    return ("VK" if document.collection == "sales" else "AK") + ("C" if document.type == "CREDIT_NOTE" else "")


def _book(postings: _Rows, document: Document, common: Mapping[str, object], due: date | None) -> None:
    """The entry of one document; debit positive."""
    groups = _groups(document)
    sales = document.collection == "sales"
    side = _sign(document) * (1 if sales else -1)
    entry: list[dict[str, object]] = []
    gross = sum((group.base + group.vat for group in groups), Decimal(0))
    entry.append(
        {
            "kind": "party",
            "account": "400000" if sales else "440000",
            "amount": side * gross,
            "due_date": due,
            "payment_reference": document.payment_reference,
            "description": document.number,
        }
    )
    entry.extend(
        {
            "kind": "line",
            "account": line.account,
            "account_name": "Omzet" if sales else "Aankopen",
            "amount": -side * line.net,
            "treatment": line.treatment,
            "rate": Decimal(line.rate),
            "description": line.description,
            "line_no": number,
        }
        for number, line in enumerate(document.lines, 1)
        if line.net is not None
    )
    for group in groups:
        vat = {"treatment": group.treatment, "rate": Decimal(group.rate), "vat_base": _sign(document) * group.base}
        account = "451000" if sales else "411000"
        entry.append({"kind": "vat", "account": account, "amount": -side * group.vat, **vat})
        due_to_state = 0 if sales else side * group.self_assessed_vat
        entry.append({"kind": "self_assessed_due", "account": "451000", "amount": due_to_state, **vat})
        entry.append({"kind": "self_assessed_deductible", "account": "411000", "amount": -due_to_state, **vat})
    nonzero = [posting for posting in entry if posting["amount"]]
    for number, posting in enumerate(nonzero, 1):
        postings.add(**common, journal=_journal(document), party_code=_code(document), posting_no=number, **posting)


def _amounts(document: Document) -> dict[str, Decimal | None]:
    """Net, VAT and gross, unsigned; none when no line has an amount."""
    groups = _groups(document)
    if not groups:
        return {"net": None, "vat": None, "gross": None}
    net, vat = (sum(amounts, Decimal(0)) for amounts in zip(*((g.base, g.vat) for g in groups), strict=True))
    return {"net": net, "vat": vat, "gross": net + vat}


def _add_document(rows: _Rows, document: Document, day: date, due: date | None) -> None:
    rows.add(
        collection=document.collection,
        id=document.id,
        month=MONTH,
        type=document.type,
        number=document.number,
        supplier_number=document.supplier_number,
        client_reference=document.client_reference,
        date=day,
        due_date=due,
        status="Verzonden",
        party_id=document.party_id,
        currency="EUR",
        payment_condition_id="1",
        payment_reference=document.payment_reference,
        original_id=document.original_id,
        **_amounts(document),
        updated_at=datetime(2026, 4, 1, tzinfo=UTC),
        hash=f"{document.collection}{document.id}",
        deleted=document.state == "deleted",
        problems=[],
    )


def _add_lines(rows: _Rows, document: Document) -> None:
    for number, line in enumerate(document.lines, 1):
        rows.add(
            collection=document.collection,
            document_id=document.id,
            month=MONTH,
            line_no=number,
            line_id=f"{document.id}-{number}",
            type=line.type,
            description=line.description,
            quantity=None if line.net is None else Decimal(1),
            unit=None if line.net is None else "stuk",
            price=line.net,
            net=line.net,
            vat_tariff_id=None if line.net is None else f"{line.treatment}-{line.rate}",
            vat_tariff_name=None if line.net is None else str(line.rate),
            vat_percentage=None if line.net is None else Decimal(line.rate),
            gl_account_code=None if line.net is None else line.account,
        )


def _deduction(document: Document, group: _Group) -> dict[str, object]:
    """All VAT of services, deducted."""
    deducted = _sign(document) * (group.vat + group.self_assessed_vat)
    return {"nature": "services", "deductible": Decimal(100), "deductible_vat": deducted}


def _add_vat(rows: _Rows, document: Document) -> None:
    for group in _groups(document):
        rows.add(
            collection=document.collection,
            document_id=document.id,
            month=MONTH,
            treatment=group.treatment,
            rate=Decimal(group.rate),
            self_assessed_rate=Decimal(group.self_assessed_rate),
            base=_sign(document) * group.base,
            vat=_sign(document) * group.vat,
            self_assessed_vat=_sign(document) * group.self_assessed_vat,
            **({} if document.collection == "sales" else _deduction(document, group)),
        )


def _parties(parties: Iterable[Party]) -> pa.Table:
    rows = _Rows(schema.PARTIES)
    for party in parties:
        rows.add(
            kind=party.kind,
            id=party.id,
            code=("C" if party.kind == "client" else "S") + party.id,
            name=party.name,
            vat_number=party.vat_number,
            email="boekhouding@klant.example",
            language="nl",
            street=party.street,
            postal_code=party.postal_code,
            city=party.city,
            country=party.country,
            payment_condition_id="1",
        )
    return rows.arrow()


def build(
    documents: Iterable[Document],
    parties: Iterable[Party] = (Party("1"), Party("1", "Leverancier BV", "supplier", "BE0999000327")),
    company: Company = COMPANY,
) -> MonthBooks:
    """The books of March 2026 with these documents: booked, balanced and in every table they belong in."""
    documents, parties = list(documents), list(parties)
    names = {(party.kind, party.id): party.name for party in parties}
    tables = (schema.DOCUMENTS, schema.LINES, schema.STATES, schema.VAT, schema.POSTINGS)
    heads, lines, states, vat, postings = (_Rows(table) for table in tables)
    for document in documents:
        day = date.fromisoformat(f"{MONTH}-01") + timedelta(days=document.day - 1)
        due = None if document.due_days is None else day + timedelta(days=document.due_days)
        kind = "client" if document.collection == "sales" else "supplier"
        common: dict[str, Any] = {
            "collection": document.collection,
            "document_id": document.id,
            "month": MONTH,
            "number": document.number,
            "type": document.type,
            "date": day,
            "booking_date": day,
        }
        _add_document(heads, document, day, due)
        _add_lines(lines, document)
        states.add(
            **common,
            party_id=document.party_id,
            party_name=names.get((kind, document.party_id or "")),
            state=document.state,
            reasons=[{"code": code, "detail": detail} for code, detail in document.reasons],
            **{name: None if value is None else _sign(document) * value for name, value in _amounts(document).items()},
            hash=f"{document.collection}{document.id}",
        )
        if document.state == "exported":
            _add_vat(vat, document)
            _book(postings, document, common, due)
    conditions = schema.PAYMENT_CONDITIONS.table({"id": ["1"], "name": ["30 dagen"]})
    credited = {(document.collection, document.original_id) for document in documents}
    originals = _Rows(schema.DOCUMENTS)
    originals.rows.extend(row for row in heads.rows if (row["collection"], row["id"]) in credited)
    return MonthBooks(
        key="proefbouw",
        company=company,
        period=month_period(MONTH),
        documents=heads.arrow(),
        lines=lines.arrow(),
        states=states.arrow(),
        vat=vat.arrow(),
        postings=postings.arrow(),
        parties=_parties(parties),
        payment_conditions=conditions,
        originals=originals.arrow(),
    )
