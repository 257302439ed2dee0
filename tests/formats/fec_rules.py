"""The rules of article A47 A-1 of the Livre des procédures fiscales for a file of accounting entries, as a reader that
knows nothing of how ours is written."""

import re
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal

COLUMNS = [
    *("JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum"),
    *("CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet"),
    *("ValidDate", "Montantdevise", "Idevise"),
]
OPTIONAL = {"CompAuxNum", "CompAuxLib", "EcritureLet", "DateLet", "Montantdevise", "Idevise"}
PAIRS = (("CompAuxNum", "CompAuxLib"), ("EcritureLet", "DateLet"), ("Montantdevise", "Idevise"))
NAME = re.compile(r"(\d{9})FEC(\d{8})\.txt")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
AMOUNT = re.compile(r"\d+,\d\d")

Row = dict[str, str]


def rows(content: bytes, encoding: str = "utf-8", separator: str = "\t") -> list[Row]:
    """The rows, by column name; AssertionError when one has another number of columns."""
    text = content.decode(encoding)
    assert text.endswith("\r\n"), "the last line is not ended"
    head, *lines = text.removesuffix("\r\n").split("\r\n")
    assert head.split(separator) == COLUMNS, "the first line does not name the eighteen columns in order"
    found = [line.split(separator) for line in lines]
    assert all(len(cells) == len(COLUMNS) for cells in found), "a line has not eighteen columns"
    return [dict(zip(COLUMNS, cells, strict=True)) for cells in found]


def euro(text: str) -> Decimal:
    """An amount without sign, with a decimal comma and two decimals."""
    assert AMOUNT.fullmatch(text), text
    return Decimal(text.replace(",", "."))


def day(text: str) -> date:
    """A date as YYYYMMDD."""
    assert re.fullmatch(r"\d{8}", text), text
    return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a date


def faults(found: list[Row], path: str) -> list[str]:
    """What breaks the rules; none when all is well."""
    said: list[str] = []
    name = NAME.fullmatch(path)
    if name is None:
        said.append(f"{path}: not SIREN, FEC, closing date")
    for number, row in enumerate(found, 2):
        said += [f"{number}: {column} is empty" for column in COLUMNS if not row[column] and column not in OPTIONAL]
        said += [f"{number}: {one} without {other}" for one, other in PAIRS if bool(row[one]) != bool(row[other])]
        said += [f"{number}: {cell!r}" for cell in row.values() if cell != cell.strip() or CONTROL.search(cell)]
        if not re.match(r"[1-9]\d\d", row["CompteNum"]):
            said.append(f"{number}: account {row['CompteNum']}")
        if sorted([euro(row["Debit"]) > 0, euro(row["Credit"]) > 0]) != [False, True]:
            said.append(f"{number}: not one of debit and credit")
        written = [day(row[column]) for column in ("EcritureDate", "PieceDate", "ValidDate")]
        if written[2] < written[0] or (name and written[0] > day(name[2])):
            said.append(f"{number}: dates {written}")
    return [*said, *_entry_faults(found)]


def _entry_faults(found: list[Row]) -> list[str]:
    """What is wrong with entries as wholes: balance, dates, numbers, names."""
    said: list[str] = []
    balance: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    dates: dict[tuple[str, str], str] = {}
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    order: list[tuple[str, str]] = []
    for row in found:
        key = (row["JournalCode"], row["EcritureNum"])
        balance[key] += euro(row["Debit"]) - euro(row["Credit"])
        if dates.setdefault(key, row["EcritureDate"]) != row["EcritureDate"]:
            said.append(f"{key}: two dates")
        if not order or order[-1] != key:
            order.append(key)
        names["journal", row["JournalCode"]].add(row["JournalLib"])
        names["account", row["CompteNum"]].add(row["CompteLib"])
    said += [f"{key}: does not balance" for key, rest in balance.items() if rest]
    said += [f"{key}: several names" for key, several in names.items() if len(several) > 1]
    if len(order) != len(set(order)):
        said.append("an entry is interrupted by another")
    counters: dict[tuple[str, str], int] = defaultdict(int)
    latest: dict[str, str] = {}
    for journal, number in order:
        prefix, count = number.rsplit("-", 1)
        counters[journal, prefix] += 1
        if int(count) != counters[journal, prefix]:
            said.append(f"{journal} {number}: a number is missing or doubled before it")
        if dates[journal, number] < latest.get(journal, ""):
            said.append(f"{journal} {number}: earlier than the one before")
        latest[journal] = dates[journal, number]
    return said
