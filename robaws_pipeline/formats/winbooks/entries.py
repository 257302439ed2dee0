"""act.txt and ant.txt: the entries of the month, and their analytical side."""

from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.formats import held, vat_codes
from robaws_pipeline.formats.base import FormatHeld, MonthBooks
from robaws_pipeline.formats.delimited import Cells, amount, day, delimited
from robaws_pipeline.formats.ledger import with_tables
from robaws_pipeline.formats.texts import Texts, labels, over_distinct
from robaws_pipeline.formats.winbooks.options import USUAL_CODES, WinbooksSettings
from robaws_pipeline.queries import query

_JOURNALS = pa.schema([("book", pa.string()), ("code", pa.string())])
_BOOK_YEARS = "123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""WinBooks numbers book years with one character."""

_COMMENT, _REFERENCE = 40, 35
_LAST_LINE = 999
"""DOCORDER has three digits; the lines of a longer document have none, which WinBooks takes as well."""
_REST = '","'.join([""] * 15)
"""CURRATE to CODAKEY, the last columns: WinBooks's own."""


class Entries(NamedTuple):
    """The rows of act.txt and what is not in it."""

    rows: pa.Table
    held: list[FormatHeld]


def entries(books: MonthBooks, settings: WinbooksSettings) -> Entries:
    """The month's entries in order, documents that WinBooks cannot take left out."""
    vat = vat_codes.keyed(books.vat, books.states)
    inputs = {
        "states": books.states,
        "documents": books.documents,
        "postings": books.postings,
        "parties": books.parties,
        "vat": vat,
        "vat_code": vat_codes.found(vat, (*settings.vat_codes, *USUAL_CODES)),
        "journals": pa.table([list(settings.journals), list(settings.journals.values())], schema=_JOURNALS),
    }
    accounts = books.company.accounts
    with with_tables(inputs) as connection:
        connection.execute(
            query(__package__, "document"), {"number_skip": settings.number_skip, "party_codes": settings.party_codes}
        )
        connection.execute(
            query(__package__, "entry"),
            {
                "vat_due": accounts.vat_due,
                "vat_deductible": accounts.vat_deductible,
                "self_assessed_due": accounts.self_assessed_due,
            },
        )
        analytical = {"analytical": settings.analytical_zone is not None}
        reasons = connection.sql(query(__package__, "reason"), params=analytical).to_arrow_table().cast(held.SCHEMA)
        connection.register("held", reasons)
        return Entries(connection.sql(query(__package__, "rows")).to_arrow_table(), held.holds(reasons))


def act_txt(rows: pa.Table, settings: WinbooksSettings, texts: Texts) -> bytes:
    """The file of entries: 38 columns, all quoted, CRLF."""

    def cells(part: pa.Table) -> Cells:
        of = labels(part["collection"], part["number"], part["document_id"])
        vat = pc.equal(part["position"], 3)
        return [
            part["doctype"],
            part["journal"],
            part["journal_type"],
            part["docnumber"],
            pc.if_else(vat, "VAT", _line(part)),
            pc.if_else(vat, "FIXED", ""),
            part["account"],
            part["party_code"],
            *_book_year(settings, part["booking_date"]),
            day(part["booking_date"], "%Y%m%d"),
            day(part["date"], "%Y%m%d"),
            day(part["due_date"], "%Y%m%d"),
            texts.fit(part["comment"], field="COMMENT", of=of, width=_COMMENT),
            texts.fit(part["reference"], field="COMMENTEXT", of=of, width=_REFERENCE),
            "0",
            amount(part["amount"]),
            amount(part["vat_base"]),
            part["vat_code"],
            *("", "", ""),
            amount(part["vat_total"]),
            _REST,
        ]

    return delimited(rows, cells, separator='","', frame='"', encoding=texts.encoding)


def ant_txt(rows: pa.Table, settings: WinbooksSettings, texts: Texts) -> bytes:
    """The analytical side: a row a line that has a project, with the number of its line in act.txt."""
    lines = rows.filter(pc.and_(pc.equal(rows["position"], 2), pc.is_valid(rows["project_id"])))

    def cells(part: pa.Table) -> Cells:
        of = labels(part["collection"], part["number"], part["document_id"])
        project = texts.fit(part["project_id"], field="ZONANA", of=of, width=10)
        return [
            part["journal"],
            part["journal_type"],
            part["docnumber"],
            *_book_year(settings, part["booking_date"]),
            part["account"],
            day(part["booking_date"], "%Y%m%d"),
            texts.fit(part["comment"], field="COMMENT", of=of, width=_COMMENT),
            "",
            amount(part["amount"]),
            *[""] * 8,
            "FALSE",
            "1",
            amount(part["amount"]),
            *((project, "") if settings.analytical_zone == 1 else ("", project)),
            _line(part),
            *("", "", ""),
            "DC",
        ]

    return delimited(lines, cells, separator='","', frame='"', encoding=texts.encoding)


def _line(part: pa.Table) -> Any:
    """001, 002, … ; nothing beyond 999."""
    numbered = pc.less_equal(part["line_no"], _LAST_LINE)
    return pc.if_else(numbered, pc.utf8_lpad(pc.cast(part["line_no"], pa.string()), 3, "0"), "")


def _book_year(settings: WinbooksSettings, dates: Any) -> tuple[Any, Any]:
    """Book year and period that each date is in; nothing when WinBooks is to find them by the date."""
    first = settings.first_book_year
    if first is None:
        return "", ""

    def part(place: int) -> Any:
        return over_distinct(
            dates, lambda days: pa.array([_year_and_period(first, f"{day:%Y-%m}")[place] for day in days.to_pylist()])
        )

    return part(0), part(1)


def _year_and_period(first: str, month: str) -> tuple[str, str]:
    passed = _months(month) - _months(first)
    year, period = divmod(passed, 12)
    return (_BOOK_YEARS[year], f"{period + 1:02}") if 0 <= year < len(_BOOK_YEARS) else ("", "")


def _months(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:])
