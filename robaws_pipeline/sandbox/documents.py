"""The documents of the invented tenant: what a builder invoices, and what it is invoiced.

What kind each document is follows from its place in the row, so that every kind is there in each score of documents;
quantities, prices and parties follow from the seed.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import TypeVar

from robaws_pipeline.sandbox.catalogue import COMPANY, CONDITIONS, GEEN, TARIFFS
from robaws_pipeline.sandbox.checkdigits import communication
from robaws_pipeline.sandbox.masterdata import Masterdata, Party
from robaws_pipeline.sandbox.names import Names, Record
from robaws_pipeline.sandbox.scenarios import (
    CENTS_EVERY,
    CREDIT_NOTE_EVERY,
    NOISE_EVERY,
    OUT_OF_ORDER_EVERY,
    PURCHASE_TROUBLES,
    PURCHASES,
    REPLACED,
    SALES,
    SALES_TROUBLES,
    TROUBLE_EVERY,
    Part,
    Scenario,
)

_T = TypeVar("_T")

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
NONE = Decimal(0)
HUNDRED = Decimal(100)


def cents(amount: Decimal) -> Decimal:
    """Rounded half up to the cent."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def months(first: str, last: str) -> list[tuple[int, int]]:
    """Year and month of each month from first to last (YYYY-MM); ValueError when they are none."""
    try:
        start, end = (date.fromisoformat(f"{month}-01") for month in (first, last))
    except ValueError:
        raise ValueError(f"months {first!r} to {last!r}: write them as YYYY-MM") from None
    count = (end.year - start.year) * 12 + end.month - start.month + 1
    if count < 1:
        raise ValueError(f"months {first} to {last}: the first comes after the last")
    return [(start.year + (start.month - 1 + n) // 12, (start.month - 1 + n) % 12 + 1) for n in range(count)]


def build_documents(
    names: Names,
    masterdata: Masterdata,
    *,
    seed: int,
    period: Sequence[tuple[int, int]],
    per_month: Mapping[str, int],
    lines: int | None,
) -> dict[str, list[Record]]:
    """The documents of the months of `period` by collection path, in order of id; `per_month` of each path."""
    return {
        path: _Writer(names, masterdata, path, seed=seed, period=period, lines=lines).write(count)
        for path, count in per_month.items()
    }


def _instant(day: date, milliseconds: int) -> str:
    """Some time between 6 and 17 o'clock UTC."""
    seconds, thousandths = divmod(milliseconds % 39_600_000, 1000)
    return f"{day}T{6 + seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{thousandths:03d}Z"


def _working_day(day: date) -> date:
    """The same day, or the Monday after a weekend when that is in the same month, else the Friday before."""
    if day.weekday() < 5:
        return day
    monday = day + timedelta(days=7 - day.weekday())
    return monday if monday.month == day.month else day - timedelta(days=day.weekday() - 4)


@dataclass(slots=True)
class _Draft:
    """A document on its way: everything but its header."""

    index: int
    day: date
    scenario: Scenario
    party: Party | None
    trouble: str
    original: Record | None
    lines: list[Record]


class _Writer:
    """Writes the documents of one collection, one after the other."""

    def __init__(
        self,
        names: Names,
        masterdata: Masterdata,
        path: str,
        *,
        seed: int,
        period: Sequence[tuple[int, int]],
        lines: int | None,
    ) -> None:
        self.sales = path == "sales-invoices"
        self.path = path
        self.random = Random(f"{seed}/{path}")
        self.key = names["sales_invoice" if self.sales else "purchase_invoice"]
        self.line = names["line"]
        self.master = masterdata
        self.period = period
        self.fixed_lines = lines
        self.scenarios = SALES if self.sales else PURCHASES
        self.troubles = SALES_TROUBLES if self.sales else PURCHASE_TROUBLES
        year, month = period[-1]
        # Nobody touches a document after this day: the tenant's today.
        self.today = date(year, month, monthrange(year, month)[1]) + timedelta(days=5)
        self.next_line = 880_001 if self.sales else 55_001
        self.numbers: dict[str, int] = {}
        self.creditable: list[Record] = []

    def _pick(self, items: Sequence[_T]) -> _T:
        return items[int(self.random.random() * len(items))]

    def write(self, per_month: int) -> list[Record]:
        """All months' documents."""
        written: list[Record] = []
        for year, month in self.period:
            days = monthrange(year, month)[1]
            for number in range(per_month):
                day = _working_day(date(year, month, 1 + number * days // per_month))
                if len(written) % OUT_OF_ORDER_EVERY == 12 and day.day > 3:
                    day -= timedelta(days=3)
                last = (year, month) == self.period[-1]
                written.append(self._document(len(written), day, is_draft=last and number % 13 == 11))
        return written

    def _document(self, index: int, day: date, *, is_draft: bool) -> Record:
        trouble = self.troubles[index // TROUBLE_EVERY % len(self.troubles)] if index % TROUBLE_EVERY == 13 else ""
        is_draft = (is_draft or index % 97 == 50) and not trouble
        special = trouble or ("cents" if index % CENTS_EVERY == 4 else "")
        scenario = REPLACED.get((self.path, special)) or self.scenarios[index % len(self.scenarios)]
        credits = index % CREDIT_NOTE_EVERY == 7 and not is_draft and bool(self.creditable)
        if credits:
            # Every fourth credit note is a free one, without an original.
            original = None if index // CREDIT_NOTE_EVERY % 4 == 2 else self._pick(self.creditable)
            record = self._credit_note(index, day, scenario, original)
        else:
            party = None if trouble == "no_party" else self._pick(self.master.parties[scenario.group])
            draft = _Draft(index, day, scenario, party, trouble, None, self._lines(scenario, day, trouble))
            record = self._record(draft, "INVOICE", is_draft=is_draft)
            if not trouble and not is_draft and not scenario.advance:
                self.creditable = [*self.creditable[-11:], record]
        return record

    # Lines

    def _line_id(self) -> str:
        self.next_line += 1
        return str(self.next_line - 1)

    def _text(self, text: str) -> Record:
        key = self.line
        return {
            key["line_id"]: self._line_id(),
            key["type"]: "TEXT",
            key["description"]: text,
            key["quantity"]: None,
            key["price"]: None,
        }

    def _amount_line(
        self,
        text: str,
        *,
        project: str | None,
        quantity: Decimal,
        unit: str,
        price: Decimal,
        tariff: str,
        account: str | None,
        article: str | None = None,
        discount: Decimal = NONE,
    ) -> Record:
        key = self.line
        gross = quantity * price
        return {
            key["line_id"]: self._line_id(),
            key["type"]: "LINE",
            key["description"]: text,
            key["article_id"]: article,
            key["project_id"]: project,
            # What kind of work it is, for those who book it as a cost unit; told by the trade's first letter.
            key["activity_id"]: None if project is None else str(300 + ord(text[:1] or "A") % 4),
            key["quantity"]: quantity,
            key["unit"]: unit,
            key["price"]: price,
            key["discount"]: discount,
            key["net"]: cents(gross * (HUNDRED - discount) / HUNDRED if discount else gross),
            key["vat_tariff_id"]: tariff,
            key["gl_account_id"]: account,
        }

    def _article_line(self, part: Part, project: str, discount: Decimal) -> Record:
        article = self._pick(self.master.articles[part.trade])
        price = self._pick(article.prices)
        # Up to four percent more, in steps of the price's own last decimal.
        price += (price * int(self.random.random() * 5) / HUNDRED).quantize(price, ROUND_HALF_UP)
        return self._amount_line(
            article.text,
            project=project,
            quantity=self._pick(article.quantities),
            unit=article.unit,
            price=price,
            tariff=part.tariff,
            account=part.account or article.account,
            article=article.id,
            discount=discount,
        )

    def _lines(self, scenario: Scenario, day: date, trouble: str) -> list[Record]:
        project = self._pick(self.master.projects)
        count = self.fixed_lines or max(len(scenario.parts), 1 + int(self.random.random() * 5))
        if scenario is REPLACED.get((self.path, "cents")):
            count = self.fixed_lines or 6
        if scenario.advance and self.fixed_lines is None:
            return [self._advance(scenario.parts[0], project)]
        discounts = (Decimal(10), Decimal(0), Decimal(5), Decimal("2.5"))
        lines = [
            self._article_line(
                scenario.parts[number % len(scenario.parts)],
                project,
                discounts[number % len(discounts)] if scenario.discount else NONE,
            )
            for number in range(count)
        ]
        if scenario.negative and self.fixed_lines != 1:
            if self.fixed_lines is not None:
                lines.pop()
            lines.append(self._taken_off(scenario, project, lines))
        if trouble == "no_account":
            lines[-1] = {**lines[-1], self.line["gl_account_id"]: None}
        if trouble == "unmapped_tariff":
            lines[-1] = {**lines[-1], self.line["vat_tariff_id"]: GEEN}
        if scenario.text:
            lines.insert(0, self._text(f"Werken uitgevoerd in {day:%m/%Y}, volgens vorderingsstaat"))
            lines.append(self._text("Werfadres: zie projectfiche"))
        return lines

    def _advance(self, part: Part, project: str) -> Record:
        amount = Decimal(1500 + 250 * int(self.random.random() * 40)).quantize(CENT)
        return self._amount_line(
            "Voorschot 30 % bij bestelling",
            project=project,
            quantity=Decimal(1),
            unit="forf",
            price=amount,
            tariff=part.tariff,
            account=part.account,
        )

    def _taken_off(self, scenario: Scenario, project: str, lines: list[Record]) -> Record:
        first = lines[0]
        amount = cents(sum((line[self.line["net"]] for line in lines), ZERO) / 10)
        tariff, account = first[self.line["vat_tariff_id"]], first[self.line["gl_account_id"]]
        if self.sales and "voorschot" in scenario.negative:
            account = "1150"
        return self._amount_line(
            scenario.negative,
            project=project,
            quantity=Decimal(-1),
            unit="forf",
            price=amount,
            tariff=tariff,
            account=account,
        )

    def _adjusted(self, lines: list[Record], percentage: Decimal) -> list[Record]:
        """The lines as booked: discounts worked into price and total, no text lines."""
        key = self.line
        adjusted = []
        for line in lines:
            if line[key["type"]] != "LINE":
                continue
            discount = line[key["discount"]]
            if not discount and not percentage:
                adjusted.append(line)
                continue
            factor = (HUNDRED - discount) * (HUNDRED - percentage) / HUNDRED / HUNDRED
            price = (line[key["price"]] * factor).quantize(Decimal("0.0001"), ROUND_HALF_UP)
            price = cents(price) if price == cents(price) else price
            net = line[key["net"]]
            if percentage:
                net = cents(net * (HUNDRED - percentage) / HUNDRED)
            adjusted.append({**line, key["price"]: price, key["discount"]: NONE, key["net"]: net})
        return adjusted

    # Documents

    def _credit_note(self, index: int, day: date, scenario: Scenario, original: Record | None) -> Record:
        key = self.line
        if original is None:
            party = self._pick(self.master.parties[scenario.group])
            project = self._pick(self.master.projects)
            lines = [self._article_line(scenario.parts[0], project, NONE) for _ in range(self.fixed_lines or 1)]
            lines[0][key["description"]] = "Handelsgeste"
            return self._record(_Draft(index, day, scenario, party, "", None, lines), "CREDIT_NOTE", is_draft=False)
        party_id = original[self.key["party_id"]]
        party = next(party for group in self.master.parties.values() for party in group if party.id == party_id)
        credited = [
            line for line in original[self.key["lines"]] if line[key["type"]] == "LINE" and line[key["net"]] > 0
        ]
        wanted = self.fixed_lines or min(len(credited), 1 + int(self.random.random() * 2))
        lines = [self._credited_line(credited[number % len(credited)]) for number in range(wanted)]
        if self.fixed_lines is None:
            lines.insert(
                0, self._text(f"Betreft factuur {original[self.key['number']]} van {original[self.key['date']]}")
            )
        record = self._record(_Draft(index, day, scenario, party, "", original, lines), "CREDIT_NOTE", is_draft=False)
        self._mark_credited(original, record)
        return record

    def _credited_line(self, line: Record) -> Record:
        """The line, all of it or half."""
        key = self.line
        quantity = line[key["quantity"]]
        half = (quantity / 2).quantize(CENT, ROUND_HALF_UP)
        if self.random.random() < 0.5 and half:
            quantity = half.quantize(Decimal(1)) if half == half.to_integral_value() else half
        return self._amount_line(
            f"Teveel aangerekend: {line[key['description']]}",
            project=line[key["project_id"]],
            quantity=quantity,
            unit=line[key["unit"]],
            price=line[key["price"]],
            tariff=line[key["vat_tariff_id"]],
            account=line[key["gl_account_id"]],
            article=line[key["article_id"]],
            discount=line[key["discount"]],
        )

    def _mark_credited(self, original: Record, note: Record) -> None:
        updated = self.key["updated_at"]
        if self.sales:
            original["creditedTotal"] += cents(note[self.key["gross"]])
            if original["creditedTotal"] >= cents(original[self.key["gross"]]):
                original[self.key["status"]] = "Gecrediteerd"
            original[updated] = max(original[updated], note[updated])

    def _vat(self, lines: list[Record], *, per_line: bool) -> Decimal:
        """VAT rounded half up per rate, or per line; never more than a cent apart, however many lines there are."""
        key = self.line
        bases: dict[str, Decimal] = {}
        by_line = ZERO
        for line in lines:
            if line[key["type"]] != "LINE":
                continue
            tariff, net = line[key["vat_tariff_id"]], line[key["net"]]
            bases[tariff] = bases.get(tariff, ZERO) + net
            if per_line:
                by_line += cents(net * TARIFFS[tariff][1] / HUNDRED)
        by_rate = sum((cents(base * TARIFFS[tariff][1] / HUNDRED) for tariff, base in bases.items()), ZERO)
        if per_line:
            return min(max(by_line, by_rate - CENT), by_rate + CENT)
        return by_rate

    def _record(self, draft: _Draft, type: str, *, is_draft: bool) -> Record:
        key, index = self.key, draft.index
        booked = self._adjusted(draft.lines, draft.scenario.financial_discount) if self.sales else draft.lines
        net = sum((line[self.line["net"]] for line in booked if line[self.line["type"]] == "LINE"), ZERO)
        vat = self._vat(booked, per_line=index % CENTS_EVERY == 4)
        if draft.trouble == "net_differs":
            net += Decimal("25.00")
        if draft.trouble == "vat_differs":
            vat += Decimal("12.60")
        gross = net + vat
        if index % NOISE_EVERY == 9:
            # As a server that calculates in binary doubles may send it.
            gross -= Decimal("0.00000000000002")
        record = self._header(draft, type, is_draft=is_draft)
        record |= {key["net"]: net, key["vat"]: vat, key["gross"]: gross}
        record |= self._history(draft, net + vat, is_draft=is_draft)
        if self.sales:
            record["lineItems"] = draft.lines
        record[key["lines"]] = booked
        return record

    def _number(self, letter: str, day: date) -> str:
        series = f"{letter}{day:%y}"
        self.numbers[series] = self.numbers.get(series, 0) + 1
        return f"{series}{self.numbers[series]:04d}"

    def _header(self, draft: _Draft, type: str, *, is_draft: bool) -> Record:
        key, index, day, party = self.key, draft.index, draft.day, draft.party
        letter = "I" if not self.sales else "C" if type == "CREDIT_NOTE" else "F"
        number = None if is_draft else self._number(letter, day)
        condition = party.condition if party else "3"
        due = day if type == "CREDIT_NOTE" else day + timedelta(days=CONDITIONS[condition][1])
        party_id = "9999" if draft.trouble == "unknown_party" else party.id if party else None
        record: Record = {
            "id": str((20_001 if self.sales else 7_001) + index),
            key["number"]: number,
            key["type"]: type,
        }
        if self.sales:
            record["originType"] = "SALES_INVOICE" if draft.original else draft.scenario.origin
        else:
            record[key["supplier_number"]] = self._supplier_number(party, day, index)
        record |= {
            key["date"]: str(day),
            key["due_date"]: str(due),
            key["status"]: "",
            key["party_id"]: party_id,
            key["company_id"]: COMPANY,
            key["currency"]: "EUR",
            key["payment_condition_id"]: condition,
        }
        if draft.original:
            record[key["original_id"]] = draft.original["id"]
        if self.sales:
            with_order = draft.scenario.group in {"business", "builder", "social"} and index % 3 == 0
            record[key["client_reference"]] = f"PO-{80 + index}-{day.year}" if with_order else None
            record[key["payment_reference"]] = (
                communication(int(f"{day:%y}{self.numbers[f'{letter}{day:%y}']:05d}"))
                if number and type == "INVOICE"
                else None
            )
        else:
            domestic = party is None or (party.iban or "").startswith("BE")
            record[key["payment_reference"]] = (
                communication(9_026_000_000 + index) if domestic else record[key["supplier_number"]]
            )
            record[key["supplier_iban"]] = party.iban if party else None
        record[key["pdf_id"]] = None if is_draft else str(90_001 + 2 * index + (not self.sales))
        return record

    def _supplier_number(self, party: Party | None, day: date, index: int) -> str:
        style = party.number_style if party else "plain/7"
        series = f"{party.id if party else 'none'}/{day.year}"
        self.numbers[series] = number = self.numbers.get(series, 0) + 1
        return {
            "year/6": f"{day.year}/{4500 + number:06d}",
            "VF/8": f"VF{day:%y}{number:06d}",
            "F-yy/4": f"F-{day:%y}-{number:04d}",
            "plain/7": f"{day.year % 100 * 100_000 + index:07d}",
        }[style]

    def _history(self, draft: _Draft, gross: Decimal, *, is_draft: bool) -> Record:
        """Status, payments, and when the document was made and last touched."""
        key, day, chance = self.key, draft.day, self.random.random()
        made = min(day + timedelta(days=int(chance * 3) + (0 if self.sales else 2)), self.today)
        touched, status, paid = made, "Verzonden" if self.sales else "Goedgekeurd", ZERO
        pays = day + timedelta(days=12 + int(chance * 40))
        if is_draft:
            status = "Concept" if self.sales else "Te verwerken"
        elif pays <= self.today and chance < 0.85:
            paid = cents(gross / 2) if chance < 0.1 else gross
            touched, status = pays, "Deels betaald" if chance < 0.1 else "Betaald"
        milliseconds = int(self.random.random() * 39_600_000)
        history = {"paidTotal": paid}
        if self.sales:
            history["creditedTotal"] = ZERO
        return {
            key["status"]: status,
            **history,
            key["created_at"]: _instant(made, milliseconds // 2),
            key["updated_at"]: _instant(touched, milliseconds),
        }
