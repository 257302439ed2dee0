"""What people do in Robaws to documents that were handed over, each once, and what the accountant must hear of it.

Written from what decision 0010 promises, with nothing of the code that delivers.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from contract_server import KINDS, LINES, Robaws, Thing
from drifting import Office

Members = dict[str, msgspec.Raw]

TARIFFS = {
    "21": '{"id":"2","name":"21","percentage":21,"archivedAt":null}',
    "6": '{"id":"4","name":"6","percentage":6,"archivedAt":null}',
}


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def _lines(path: str, thing: Thing) -> list[Members]:
    members = msgspec.json.decode(thing.whole, type=Members)
    return msgspec.json.decode(members[LINES[path]], type=list[Members])


def _one_line(path: str, thing: Thing, net: str, vat: str, gross: str, tariff: str) -> dict[str, Any]:
    """One line of this amount at this tariff, and the totals."""
    line = next(line for line in _lines(path, thing) if bytes(line["generalLedgerAccountId"]) != b"null")
    number = msgspec.Raw(net.encode())
    own = {"totalExclVat": number, "price": number, "quantity": _raw(1), "type": _raw("LINE"), "discount": _raw(0)}
    code = msgspec.json.decode(TARIFFS[tariff])["id"]
    line = {**line, **own, "vatTariffId": _raw(code), "vatTariff": msgspec.Raw(TARIFFS[tariff].encode())}
    totals = {"totalExclVat": net, "totalVat": vat, "totalInclVat": gross}
    return {LINES[path]: [line], **{name: msgspec.Raw(text.encode()) for name, text in totals.items()}}


def _first_line(path: str, thing: Thing, **changes: Any) -> dict[str, Any]:
    first, *others = _lines(path, thing)
    return {LINES[path]: [{**first, **{name: _raw(value) for name, value in changes.items()}}, *others]}


def _other_account(path: str, thing: Thing) -> dict[str, Any]:
    code = "700999" if path == "sales-invoices" else "611999"
    return _first_line(
        path,
        thing,
        generalLedgerAccountId="9999",
        generalLedgerAccount={"id": "9999", "code": code, "name": "Een andere", "archivedAt": None},
    )


def _other_party(path: str, thing: Thing, robaws: Robaws) -> dict[str, Any]:
    name, collection = ("clientId", "clients") if path == "sales-invoices" else ("supplierId", "suppliers")
    now = msgspec.json.decode(thing.whole)[name]
    # One whose name shows, and whom no rule needs a VAT number of.
    return {name: next(str(id_) for id_ in sorted(robaws[collection].things, reverse=True) if str(id_) != now)}


def _other_day(date: str) -> str:
    return f"{date[:7]}-{'26' if date.endswith('27') else '27'}"


def _other_texts(path: str, thing: Thing) -> dict[str, Any]:
    return {**_first_line(path, thing, description="Anders verwoord"), "clientReference": "uw bestelbon 7"}


Deed = Callable[[str, Thing, Robaws], dict[str, Any]]

EDITS: dict[str, tuple[str, Deed]] = {
    "another amount": ("changed", lambda path, one, _: _one_line(path, one, "100.00", "21.00", "121.00", "21")),
    "another VAT rate": ("changed", lambda path, one, _: _one_line(path, one, "1000.00", "60.00", "1060.00", "6")),
    "another account": ("changed", lambda path, one, _: _other_account(path, one)),
    "another cost centre": ("changed", lambda path, one, _: _first_line(path, one, projectId="301", activityId="399")),
    "another number": ("changed", lambda path, one, _: {"logicId": f"ANDERS{one.id}"}),
    "another day of the month": ("changed", lambda path, one, _: {"date": _other_day(str(one.date))}),
    "another due day": ("changed", lambda path, one, _: {"dueDate": "2025-12-24"}),
    "another party": ("changed", _other_party),
    "to a later month": ("changed", lambda path, one, _: {"date": "2025-03-19"}),
    "to an earlier month": ("changed", lambda path, one, _: {"date": "2025-01-02"}),
    "to a month that was not loaded": ("changed", lambda path, one, _: {"date": "2025-05-05"}),
    "after the books": ("removed", lambda path, one, _: {"date": "2099-08-05"}),
    "before the books": ("removed", lambda path, one, _: {"date": "2024-12-30"}),
    "to a credit note": ("changed", lambda path, one, _: {"type": "CREDIT_NOTE"}),
    "to an invoice": ("changed", lambda path, one, _: {"type": "INVOICE"}),
    "held": ("removed", lambda path, one, _: {"currency": "USD"}),
    "a draft again": ("removed", lambda path, one, _: {"logicId": None}),
    "other texts": ("", lambda path, one, _: _other_texts(path, one)),
    "paid": ("", lambda path, one, _: {"status": "Betaald", "paidTotal": 12.5}),
    "marked": ("", lambda path, one, _: {"extraFields": {"Geboekt": {"type": "CHECKBOX", "booleanValue": True}}}),
    "saved again": ("", lambda path, one, _: {}),
}
"""What somebody saves → what the next delivery must call it (nothing when it is booked the same), and the change."""


@dataclass
class Desk:
    """Somebody who does each thing once, to a document that nothing was done to yet."""

    office: Office
    expected: dict[tuple[str, str], str] = field(default_factory=dict)
    """(collection, id) → what the next delivery must call it."""
    done: dict[str, tuple[str, int]] = field(default_factory=dict)
    """What was done → (path, id)."""
    _touched: set[tuple[str, int]] = field(default_factory=set)

    def key(self, path: str, id_: int) -> tuple[str, str]:
        """As manifests name a document."""
        return KINDS[path], str(id_)

    def save(self, path: str, id_: int, changes: dict[str, Any]) -> None:
        """Somebody saves a document."""
        self.office.save(path, id_, changes)
        self._touched.add((path, id_))

    def everything(self, delivered: set[tuple[str, str]]) -> None:
        """All of `EDITS` to a sale and a purchase each, and what is no edit: delete, create."""
        for path in KINDS:
            free = self._untouched(path, delivered)
            for name, (action, deed) in EDITS.items():
                thing = next(one for one in free if self._fits(name, one))
                free.remove(thing)
                self.save(path, thing.id, deed(path, thing, self.office.robaws))
                self._expect(f"{path}: {name}", path, thing.id, action)
            self.office.delete(path, free[0].id)
            self._expect(f"{path}: deleted", path, free[0].id, "removed")
            for month in ("2025-01", "2025-03"):
                made = self.office.create(path, free[1], f"{month}-11")
                self._expect(f"{path}: new in {month}", path, made, "new")

    def _expect(self, name: str, path: str, id_: int, action: str) -> None:
        self.done[name] = path, id_
        if action:
            self.expected[self.key(path, id_)] = action

    def _untouched(self, path: str, delivered: set[tuple[str, str]]) -> list[Thing]:
        """Documents that were delivered, oldest first."""
        things = self.office.robaws[path].things.values()
        return [one for one in things if self.key(path, one.id) in delivered and (path, one.id) not in self._touched]

    @staticmethod
    def _fits(name: str, one: Thing) -> bool:
        """Whether the deed changes this document, and leaves it one that is booked. Those with a rule of their own for
        VAT ask for more than what is changed here."""
        month = str(one.date)[:7]
        if name == "to an invoice":
            return one.type == "CREDIT_NOTE"
        plain = set(re.findall(rb'"vatTariff":\{"id":"\d+","name":"([^"]*)"', one.whole)) <= {b"21", b"6"}
        later = {"to a later month": month < "2025-03", "to an earlier month": month > "2025-01"}.get(name, True)
        return one.type == "INVOICE" and plain and later
