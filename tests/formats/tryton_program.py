"""A program of its own: documents in, the ACT.txt that Tryton's WinBooks export writes of them out.

    python tests/formats/tryton_program.py < documents.json > ACT.txt

Tryton keeps its own books: it is given the lines of each document and its taxes, and computes VAT, entries and amounts
itself, in a database in memory. It runs apart from the tests because it registers its types with SQLite for the whole
process.

The input has `first_day` and `last_day` of the book year and `book_year`, its code; `accounts`, code → kind
(receivable, payable, revenue, expense or tax); `taxes`, by name, with `code`, `rate`, `self_assessed_rate`, `account`
and `due`, the account of self-assessed VAT; `parties`, by code, with `name` and `kind` (customer or supplier);
`journals`, out and in, each with the codes of invoices and of credit notes; `documents`, with `kind` (out or in),
`number`, `credit`, `date`, `due`, `party`, `account` and `lines` of `account`, `net`, `deductible` and `tax`. Amounts
and rates are texts, dates ISO.
"""

import io
import json
import sys
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from trytond import config

config.set("database", "uri", "sqlite://")

from sql import Table  # noqa: E402 - the settings come first
from trytond import backend  # noqa: E402
from trytond.pool import Pool  # noqa: E402
from trytond.transaction import Transaction, TransactionError  # noqa: E402

DATABASE = ":memory:"
MODULES = (
    *("ir", "res", "country", "currency", "party", "company", "product"),
    *("account", "account_product", "account_invoice", "account_export", "account_export_winbooks"),
)

AT_ONCE = 10
"""Documents posted together: SQLite cannot parse what Tryton asks about hundreds of lines."""

ACCOUNT_TYPES: dict[str, dict[str, Any]] = {
    "receivable": {"statement": "balance", "assets": True, "receivable": True},
    "payable": {"statement": "balance", "payable": True},
    "tax": {"statement": "balance"},
    "revenue": {"statement": "income", "revenue": True},
    "expense": {"statement": "income", "expense": True},
}


def open_pool() -> Pool:
    """A new database with the modules that the export depends on, in English only."""
    database = backend.Database(DATABASE)
    connection = database.get_connection()
    with connection.cursor() as cursor:
        database.init()
        configuration = Table("ir_configuration")
        cursor.execute(*configuration.insert([configuration.language], [["en"]]))
    connection.commit()
    database.put_connection(connection)
    pool = Pool(DATABASE)
    pool.init(update=list(MODULES), lang=["en"])
    return pool


class Tryton:
    """One company with its chart, taxes and parties; records are kept by id, as they outlive no transaction."""

    def __init__(self, pool: Pool, month: dict[str, Any]) -> None:
        self.pool = pool
        self.month = month

    def new(self, model: str, **values: Any) -> int:
        record = self.pool.get(model)(**values)
        record.save()
        return record.id

    def found(self, model: str, **values: str) -> int:
        (record,) = self.pool.get(model).search([(name, "=", value) for name, value in values.items()])
        return record.id

    def prepare(self) -> None:
        """Company, chart, book year, journals, taxes and parties."""
        self.euro = self.new("currency.currency", name="Euro", symbol="€", code="EUR")
        proefbouw = self.new("party.party", name="Proefbouw BV")
        self.company = self.new("company.company", party=proefbouw, currency=self.euro)
        self._accounts()
        self._book_year()
        self.journals = {}
        for kind, type_ in (("out", "revenue"), ("in", "expense")):
            journal = self.pool.get("account.journal")(self.found("account.journal", type=type_))
            journal.winbooks_code, journal.winbooks_code_credit_note = self.month["journals"][kind]
            journal.save()
            self.journals[kind] = journal.id
        self.taxes = {name: self._tax(name, **tax) for name, tax in self.month["taxes"].items()}
        self.parties = {}
        for code, party in self.month["parties"].items():
            record = self.new("party.party", name=party["name"])
            self.new("party.identifier", party=record, type=f"winbooks_{party['kind']}", code=code)
            self.parties[code] = (record, self.new("party.address", party=record))

    def _accounts(self) -> None:
        types = {
            kind: self.new("account.account.type", name=kind, company=self.company, **values)
            for kind, values in ACCOUNT_TYPES.items()
        }
        self.accounts = {}
        for code, kind in self.month["accounts"].items():
            of_party = kind in {"receivable", "payable"}
            common = {"name": code, "code": code, "company": self.company, "type": types[kind]}
            self.accounts[code] = self.new("account.account", **common, reconcile=of_party, party_required=of_party)

    def _book_year(self) -> None:
        sequences = [
            self.new(
                "ir.sequence.strict",
                name=name,
                sequence_type=self.found("ir.sequence.type", name=name),
                company=self.company,
            )
            for name in ("Account Move", "Invoice")
        ]
        kinds = ("out_invoice", "out_credit_note", "in_invoice", "in_credit_note")
        year = self.pool.get("account.fiscalyear")(
            name="year",
            company=self.company,
            start_date=date.fromisoformat(self.month["first_day"]),
            end_date=date.fromisoformat(self.month["last_day"]),
            move_sequence=sequences[0],
            winbooks_code=self.month["book_year"],
            invoice_sequences=[{"company": self.company} | {f"{kind}_sequence": sequences[1] for kind in kinds}],
        )
        year.save()
        self.pool.get("account.fiscalyear").create_period([year])

    def _tax(self, name: str, *, code: str, rate: str, self_assessed_rate: str, account: str, due: str) -> int:
        """A tax with its rate; one that is self-assessed is deducted and due: two taxes under one."""
        common = {"description": name, "company": self.company}

        def leg(place: str, percentage: Decimal, ledger: str, **values: Any) -> int:
            accounts = {f"{kind}_account": self.accounts[ledger] for kind in ("invoice", "credit_note")}
            common_leg = {**common, **accounts, "type": "percentage", "winbooks_code": code}
            return self.new("account.tax", name=f"{name}{place}", rate=percentage / 100, **common_leg, **values)

        if Decimal(self_assessed_rate) == 0:
            return leg("", Decimal(rate), account)
        whole = self.new("account.tax", name=name, type="none", **common)
        leg(" deducted", Decimal(self_assessed_rate), account, parent=whole)
        leg(" due", -Decimal(self_assessed_rate), due, parent=whole)
        return whole

    def post(self, documents: Sequence[dict[str, Any]]) -> None:
        """Each document as an invoice of Tryton's, posted: that computes its VAT and its entry."""
        model = self.pool.get("account.invoice")
        invoices = [self._invoice(document) for document in documents]
        model.save(invoices)
        model.post(invoices)

    def _invoice(self, document: dict[str, Any]) -> Any:
        party, address = self.parties[document["party"]]
        return self.pool.get("account.invoice")(
            company=self.company,
            type=document["kind"],
            number=document["number"],
            party=party,
            invoice_address=address,
            account=self.accounts[document["account"]],
            journal=self.journals[document["kind"]],
            currency=self.euro,
            invoice_date=date.fromisoformat(document["date"]),
            payment_term_date=date.fromisoformat(document["due"]),
            lines=[self._line(line, credit=document["credit"]) for line in document["lines"]],
        )

    def _line(self, line: dict[str, Any], *, credit: bool) -> dict[str, Any]:
        return {
            "type": "line",
            "company": self.company,
            "currency": self.euro,
            "account": self.accounts[line["account"]],
            "quantity": -1.0 if credit else 1.0,
            "unit_price": Decimal(line["net"]),
            "taxes_deductible_rate": Decimal(line["deductible"]) / 100,
            "taxes": [self.taxes[line["tax"]]],
        }

    def export(self) -> bytes:
        """ACT.txt of everything posted."""
        model = self.pool.get("account.move.export")
        export = model(self.new("account.move.export", company=self.company, type="winbooks"))
        model.select_moves([export])
        model.wait([export])
        with zipfile.ZipFile(io.BytesIO(export.file)) as archive:
            (name,) = archive.namelist()
            return archive.read(name)


def transact(work: Callable[[], Any], locks: dict[str, Any]) -> Any:
    """Do the work in a transaction; again with the locks that it turns out to need, as Tryton's own server does."""
    while True:
        with Transaction().start(DATABASE, 0, **locks) as transaction:
            try:
                return work()
            except TransactionError as error:
                transaction.rollback()
                error.fix(locks)


def main() -> None:
    tryton = Tryton(open_pool(), json.load(sys.stdin))
    locks: dict[str, Any] = {}
    transact(tryton.prepare, locks)
    for start in range(0, len(tryton.month["documents"]), AT_ONCE):
        transact(partial(tryton.post, tryton.month["documents"][start : start + AT_ONCE]), locks)
    sys.stdout.buffer.write(transact(tryton.export, locks))


if __name__ == "__main__":
    main()
