"""The invented tenant's records: its reference lists, articles, projects, clients and suppliers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from robaws_pipeline.fields import EXTRA_FIELDS
from robaws_pipeline.sandbox.catalogue import (
    ACCOUNTS,
    ARTICLE_GROUPS,
    ARTICLES,
    BUILDERS,
    BUSINESSES,
    COMPANY,
    CONDITIONS,
    EU,
    EU_SUPPLIERS,
    EXPORT,
    FIRST,
    GEEN,
    INTRACOM,
    LAST,
    OUTSIDE_EU,
    PLACES,
    SALES_ACCOUNTS,
    SOCIAL,
    STREETS,
    SUPPLIERS,
    T6,
    T12,
    T21,
    TARIFFS,
    UPDATED,
    VERLEGD,
)
from robaws_pipeline.sandbox.checkdigits import belgian_iban, belgian_vat, iban
from robaws_pipeline.sandbox.names import Names, Record


@dataclass(frozen=True, slots=True)
class Party:
    """What documents need to know of a client or supplier."""

    id: str
    name: str
    condition: str
    number_style: str = ""
    iban: str | None = None


@dataclass(frozen=True, slots=True)
class Masterdata:
    """The records by collection path, and the parties by what is sold to them or bought from them."""

    records: Mapping[str, Sequence[Record]]
    parties: Mapping[str, Sequence[Party]]
    articles: Mapping[str, Sequence["Article"]]
    projects: Sequence[str]


@dataclass(frozen=True, slots=True)
class Article:
    """Something on a line: unit price with the decimals it has, and quantities that it is sold or bought in."""

    id: str
    text: str
    unit: str
    prices: tuple[Decimal, ...]
    quantities: tuple[Decimal, ...]
    account: str


def _extra(key: Mapping[str, str], kind: str, name: str, value: object, group: str | None = None) -> Record:
    """The value of one extra field: `name` is ours for the kind of value, `kind` what Robaws calls the field's type."""
    return {key["type"]: kind, key["group"]: group, key[name]: value}


def _client_fields(number: int, private: bool, key: Mapping[str, str]) -> Record:
    fields = {"Klantcode boekhouding": _extra(key, "TEXT", "text", f"C{number + 1:05d}")}
    if not private:
        day = f"2024-{1 + number % 12:02d}-15"
        fields |= {
            "Segment": _extra(key, "SELECT", "text", ("Bouw", "Industrie", "Overheid")[number % 3], "Verkoop"),
            "Raamcontract sinds": _extra(key, "DATE", "date", day if number % 4 else None, "Verkoop"),
            "Bonus %": _extra(key, "DECIMAL", "decimal", Decimal(number % 7) * Decimal("0.35"), "Verkoop"),
            "Aantal werven": _extra(key, "INTEGER", "integer", 1 + number % 9),
            "Meetstaat verplicht": _extra(key, "CHECKBOX", "boolean", number % 2 == 0),
        }
    return fields


def _article_fields(number: int, key: Mapping[str, str]) -> Record:
    return {
        "In webshop": _extra(key, "CHECKBOX", "boolean", number % 3 == 0),
        "Minimumvoorraad": _extra(key, "INTEGER", "integer", number % 12),
        "Gewicht (kg)": _extra(key, "DECIMAL", "decimal", Decimal(number + 1) * Decimal("0.125")),
    }


def with_extra_fields(names: Names, documents: Mapping[str, Sequence[Record]]) -> dict[str, list[Record]]:
    """The documents, by collection path, with extra fields on the sales invoices; nothing else in them changes."""
    key = names["extra_field"]

    def sales(number: int, record: Record) -> Record:
        fields = {
            "Werfleider": _extra(key, "TEXT", "text", FIRST[number % len(FIRST)], "Werf"),
            "Opleverdatum": _extra(key, "DATE", "date", record.get(names.of("sales-invoices", "date")), "Werf"),
            "Inhouding %": _extra(key, "DECIMAL", "decimal", Decimal(number % 5) * Decimal("2.5")),
            "Vorderingsstaat": _extra(key, "INTEGER", "integer", 1 + number % 6),
            "Goedgekeurd door klant": _extra(key, "CHECKBOX", "boolean", number % 4 != 0),
        }
        return {**record, EXTRA_FIELDS: fields if number % 3 else {}}

    return {
        path: [
            sales(number, record) if path == "sales-invoices" else {**record, EXTRA_FIELDS: {}}
            for number, record in enumerate(records)
        ]
        for path, records in documents.items()
    }


def build_masterdata(names: Names) -> Masterdata:
    """The tenant without its documents; it does not depend on a seed."""
    builder = _Builder(names)
    return builder.build()


class _Builder:
    def __init__(self, names: Names) -> None:
        self.names = names
        self.records: dict[str, list[Record]] = {}
        self.parties: dict[str, list[Party]] = {}
        self._vat = 9  # 0999.000.0xx and 0999.000.1xx are for other examples

    def build(self) -> Masterdata:
        self._lists()
        articles = self._articles()
        self._clients()
        self._suppliers()
        return Masterdata(self.records, self.parties, articles, self._projects())

    def _next_vat(self) -> str:
        self._vat += 1
        return belgian_vat(self._vat)

    def _lists(self) -> None:
        tariff, account, condition = (self.names[name] for name in ("vat_tariff", "gl_account", "payment_condition"))
        self.records["vat-tariffs"] = [
            {"id": id, tariff["name"]: name, tariff["percentage"]: rate, "archivedAt": None, "updatedAt": UPDATED}
            for id, (name, rate) in TARIFFS.items()
        ]
        self.records["general-ledger-accounts"] = [
            {"id": id, account["code"]: code, account["name"]: name, "archivedAt": None}
            for id, (code, name) in ACCOUNTS.items()
        ]
        self.records["payment-conditions"] = [
            {"id": id, condition["name"]: name, "archivedAt": None} for id, (name, _) in CONDITIONS.items()
        ]
        self.records["companies"] = [
            {
                "id": COMPANY,
                "name": "Acme Installaties BV",
                "vatIdNumber": "BE0999000129",
                "address": self._address("Proefstraat 1", "9000", "Gent", "BE"),
            }
        ]

    def _articles(self) -> dict[str, list[Article]]:
        articles: dict[str, list[Article]] = {}
        records = self.records["articles"] = []
        key = self.names["article"]
        for trade, specs in ARTICLES.items():
            for text, unit, prices, quantities, account in specs:
                id = str(21 + len(records))
                articles.setdefault(trade, []).append(Article(id, text, unit, prices, quantities, account))
                sold = account in SALES_ACCOUNTS
                records.append(
                    {
                        "id": id,
                        key["number"]: f"{trade[:3].upper()}{id:>04}",
                        key["name"]: text,
                        key["group"]: ARTICLE_GROUPS.get(trade, trade.capitalize()),
                        key["unit"]: unit,
                        key["sale_price"]: prices[0],
                        key["cost_price"]: prices[-1] * Decimal("0.7") if sold else prices[-1],
                        key["sales_gl_account_id"]: account if sold else None,
                        key["purchase_gl_account_id"]: None if sold else account,
                        key["vat_tariff_id"]: T21,
                        EXTRA_FIELDS: _article_fields(len(records), self.names["extra_field"]),
                        "createdAt": UPDATED,
                        key["updated_at"]: UPDATED,
                    }
                )
        return articles

    def _projects(self) -> list[str]:
        self.records["projects"] = [
            {
                "id": str(301 + number),
                "logicId": f"P25{number + 1:04d}",
                "name": f"Werf {PLACES[number % len(PLACES)][1]}, {STREETS[number % len(STREETS)]}",
                "clientId": self.records["clients"][number % 12]["id"],
                "companyId": COMPANY,
                "status": "In uitvoering" if number % 4 else "Opgeleverd",
                "updatedAt": UPDATED,
            }
            for number in range(24)
        ]
        return [record["id"] for record in self.records["projects"]]

    def _address(self, street: str, postal_code: str, city: str, country: str) -> Record:
        key = self.names["address"]
        return {
            key["street"]: street,
            key["street_2"]: None,
            key["postal_code"]: postal_code,
            key["city"]: city,
            key["country"]: country,
            "latitude": None,
            "longitude": None,
        }

    def _client(
        self,
        group: str,
        name: str,
        vat: str | None,
        *,
        place: tuple[str, str] | None = None,
        country: str = "BE",
        language: str = "nl",
        tariff: str = T21,
        condition: str = "3",
    ) -> None:
        records = self.records.setdefault("clients", [])
        number = len(records)
        id = str(601 + number)
        key = self.names["client"]
        street = f"{STREETS[number % len(STREETS)]} {1 + number % 90}"
        postal_code, city = place or PLACES[number % len(PLACES)]
        address = self._address(street, postal_code, city, country)
        private = group == "private"
        handle = "".join(character for character in name.lower() if character.isascii() and character.isalnum())
        head_office = self._address("Postbus 12", *PLACES[(number + 1) % len(PLACES)], "BE")
        records.append(
            {
                "id": id,
                key["number"]: f"K{number + 1:05d}",
                key["name"]: name,
                "status": "Actief",
                key["vat_number"]: vat,
                key["email"]: f"info@{handle}.example" if not private else f"{handle}@post.example",
                key["invoice_email"]: None if private else f"facturen@{handle}.example",
                "tel": f"+32 9 000 {number // 100:02d} {number % 100:02d}",
                "gsm": None,
                "website": None,
                key["language"]: language,
                "currency": "EUR",
                "clientSince": f"2024-{1 + number % 12:02d}-01",
                key["payment_condition_id"]: condition,
                key["gl_account_id"]: "1107",
                key["vat_tariff_id"]: tariff,
                key["address"]: address,
                key["invoice_address"]: head_office if group == "builder" and number % 5 == 2 else None,
                "contacts": [] if private else [self._contact(id, number, handle)],
                EXTRA_FIELDS: _client_fields(number, private, self.names["extra_field"]),
                "createdAt": f"2024-{1 + number % 12:02d}-01T08:00:00.000Z",
                key["updated_at"]: f"2025-{1 + number % 9:02d}-{1 + number % 28:02d}T10:22:31.450Z",
            }
        )
        self.parties.setdefault(group, []).append(Party(id, name, condition))

    @staticmethod
    def _contact(client: str, number: int, handle: str) -> Record:
        first, last = FIRST[number % len(FIRST)], LAST[number % len(LAST)]
        return {
            "id": str(1401 + number),
            "clientId": client,
            "name": first,
            "surname": last,
            "title": None,
            "function": "Boekhouding",
            "email": f"boekhouding@{handle}.example",
            "tel": None,
            "gsm": None,
            "isPrimary": True,
            "receivesInvoices": True,
            "receivesQuotes": False,
        }

    def _clients(self) -> None:
        for name in BUILDERS:
            self._client("builder", name, self._next_vat(), tariff=VERLEGD)
        for name in BUSINESSES:
            self._client("business", name, self._next_vat())
        for name in SOCIAL:
            self._client("social", name, self._next_vat(), tariff=T12, condition="4")
        for name, vat, country, postal_code, city, language in EU:
            place = (postal_code, city)
            self._client("eu", name, vat, place=place, country=country, language=language, tariff=INTRACOM)
        for name, country, postal_code, city, language in OUTSIDE_EU:
            place = (postal_code, city)
            self._client("outside_eu", name, None, place=place, country=country, language=language, tariff=EXPORT)
        self._client("builder_without_vat", "Aannemingen Leegveld BV i.o.", None, tariff=VERLEGD)
        for number in range(90):
            first, last = FIRST[number % len(FIRST)], LAST[(number + number // len(FIRST)) % len(LAST)]
            self._client("private", f"{first} {last}", None, tariff=T6 if number % 2 else T21, condition="2")

    def _supplier(
        self,
        group: str,
        name: str,
        style: str,
        vat: str | None,
        account: str,
        *,
        place: tuple[str, str] | None = None,
        country: str = "BE",
        language: str = "nl",
        tariff: str = T21,
    ) -> None:
        records = self.records.setdefault("suppliers", [])
        number = len(records)
        id = str(81 + number)
        key = self.names["supplier"]
        postal_code, city = place or PLACES[(number + 4) % len(PLACES)]
        handle = "".join(character for character in name.lower() if character.isascii() and character.isalnum())
        records.append(
            {
                "id": id,
                key["number"]: f"L{number + 1:05d}",
                key["name"]: name,
                "status": "Actief",
                key["vat_number"]: vat,
                key["email"]: f"invoice@{handle}.example",
                "tel": f"+32 2 000 00 {number:02d}",
                "gsm": None,
                "website": None,
                key["language"]: language,
                "currency": "EUR",
                key["iban"]: account,
                key["bic"]: f"TEST{country}BB" if country == "BE" else None,
                key["payment_condition_id"]: "3",
                key["gl_account_id"]: "1204",
                key["vat_tariff_id"]: tariff,
                key["address"]: self._address(f"Industrieweg {20 + number}", postal_code, city, country),
                key["invoice_address"]: None,
                "contacts": [],
                EXTRA_FIELDS: {},
                "createdAt": "2024-02-01T08:00:00.000Z",
                key["updated_at"]: f"2025-{1 + number % 9:02d}-{1 + number % 28:02d}T06:14:00.000Z",
            }
        )
        self.parties.setdefault(group, []).append(Party(id, name, "3", style, account))

    def _suppliers(self) -> None:
        number = 5678
        for group, style, suppliers in SUPPLIERS:
            tariff = VERLEGD if group == "subcontractor" else GEEN if group == "insurance" else T21
            for name in suppliers:
                self._supplier(group, name, style, self._next_vat(), belgian_iban(number), tariff=tariff)
                number += 1
        for group, name, vat, country, postal_code, city, language, bban in EU_SUPPLIERS:
            self._supplier(
                group,
                name,
                "year/6",
                vat,
                iban(country, bban),
                place=(postal_code, city),
                country=country,
                language=language,
                tariff=INTRACOM,
            )
        self._supplier(
            "subcontractor_without_vat",
            "Klusbedrijf Leegbord BV i.o.",
            "F-yy/4",
            None,
            belgian_iban(number),
            tariff=VERLEGD,
        )
