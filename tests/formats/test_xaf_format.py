"""XAF: what the official schemas say, and what a reader that we did not write finds in it."""

import re
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
import pyxaf
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kept_months import booked_on, charged, every_month, exported, kept, posted, with_settings
from months import lines

from robaws_pipeline.formats import registry, testing
from robaws_pipeline.formats.base import ExportFile, MonthBooks
from robaws_pipeline.formats.samples import COMPANY, Document, Line, Party, build
from robaws_pipeline.formats.xaf import XafFormat
from robaws_pipeline.periods import book_year_of
from robaws_pipeline.settings import Journals

VERSIONS = ("3.2", "4.0")
CODES = {
    "standard": "",
    "reverse_charge": "VERLEGD",
    "intra_community_services": "ICD",
    "export": "UITVOER",
    "exempt": "VRIJ",
}
some = settings(max_examples=7, deadline=None)


def files(books: MonthBooks, **own: object) -> dict[str, bytes]:
    given = {"version": "both"} | own
    return {file.path: file.content for file in XafFormat().export(with_settings(books, "xaf", **given)).files}


def one(books: MonthBooks, **own: object) -> bytes:
    (content,) = files(books, **{"version": "4.0"} | own).values()
    return content


def read(books: MonthBooks, **own: object) -> list[pyxaf.Line]:
    with pyxaf.open(one(books, **own)) as file:
        return list(file.lines())


def faults(content: bytes) -> list[str]:
    """All that the official schema and the reader's own rules find, but that there is no opening balance."""
    found = pyxaf.validate(content, xsd=True, rules="spec").findings
    return [
        f"{item.code} {item.message}"
        for item in found
        if item.severity is not pyxaf.Severity.INFO and item.code != "XAF7006"
    ]


def valid(file: ExportFile) -> None:
    if file.path.endswith(".xaf"):
        assert not faults(file.content)
    else:
        testing.read_utf8(file)


@pytest.mark.parametrize("sample", testing.SAMPLES)
@pytest.mark.parametrize("version", VERSIONS)
def test_it_keeps_its_promises(version: str, sample: str) -> None:
    """The kit, with the official schema as the reader of each file."""

    class OfVersion(XafFormat):
        def export(self, books: MonthBooks) -> testing.Export:
            return super().export(with_settings(books, "xaf", version=version))

    testing.check(OfVersion, sample, valid)


@some
@given(every_month)
@example(kept(testing.ordinary()))
@example(kept(testing.amounts()))
def test_both_versions_are_valid_with_every_posting_and_control_totals_that_are_right(books: MonthBooks) -> None:
    """A posting lost, doubled or turned would pass unseen into somebody's books. The schema cannot add up; a receiver
    does, and refuses the file when a cent is missing."""
    amounts = books.postings["amount"].to_pylist()
    debit = sum((amount for amount in amounts if amount > 0), Decimal(0))
    for path, content in files(books).items():
        assert not faults(content), path
        with pyxaf.open(content) as file:
            totals = file.transaction_totals
            assert totals is not None
            assert (totals.lines_count, totals.total_debit, totals.total_credit) == (len(amounts), debit, debit)
            found = Counter((line.journal_id, line.account_id, line.signed_amount) for line in file.lines())
            assert found == posted(books)


@some
@given(every_month)
@example(kept(testing.ordinary()))
@example(build([Document("1", number="F1", lines=(Line(Decimal("10.02")),) * 3)]))
def test_bases_and_vat_by_code_are_those_of_the_books(books: MonthBooks) -> None:
    """An importer books VAT by these codes: what it adds up must be the VAT of the invoices, to the cent."""
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for line in read(books):
        for vat in line.vat:
            assert vat.code is not None
            assert line.signed_amount is not None
            assert vat.signed_amount is not None
            if vat.code.endswith(("-VERSCHULDIGD", "-AFTREKBAAR")):
                assert vat.signed_amount == line.signed_amount
                continue
            sign = -1 if vat.code.startswith("V-") else 1
            sums[vat.code][0] += sign * line.signed_amount
            sums[vat.code][1] += sign * vat.signed_amount

    def code(collection: str, treatment: str, rate: Decimal) -> str:
        parts = [
            "V" if collection == "sales" else "A",
            CODES[treatment],
            f"{rate:f}" if treatment == "standard" else "",
        ]
        return "-".join(part for part in parts if part)

    expected = {code(*key): amounts for key, amounts in charged(books).items()}
    assert {key: (base, vat) for key, (base, vat) in sums.items() if base or vat} == expected


def test_self_assessed_vat_is_told_twice_due_and_deductible() -> None:
    """Reverse charge comes to nothing, and the return still wants both sides."""
    lines_ = (Line(Decimal("640.00"), "reverse_charge", 0, 21),)
    books = kept(build([Document("1", "purchases", number="A1", lines=lines_)]))
    told = {vat.code: (vat.percentage, vat.signed_amount) for line in read(books) for vat in line.vat}
    assert told == {
        "A-VERLEGD": (Decimal(0), Decimal("0.00")),
        "A-VERLEGD-21-VERSCHULDIGD": (Decimal(21), Decimal("-134.40")),
        "A-VERLEGD-21-AFTREKBAAR": (Decimal(21), Decimal("67.20")),
    }


@some
@given(st.lists(st.integers(-5000, 5000).map(lambda cents: Decimal(cents).scaleb(-2)), min_size=2, max_size=8))
def test_each_line_bears_its_own_vat_and_the_largest_what_rounding_leaves_over(nets: list[Decimal]) -> None:
    """A line with VAT that is not its rate's looks like an error to whoever checks it."""
    books = build([Document("1", number="F1", lines=tuple(Line(net) for net in nets))])
    told = [(line.signed_amount, line.vat[0].signed_amount) for line in read(books) if line.vat]
    off = [abs(vat - amount * 21 / 100) for amount, vat in told if amount is not None and vat is not None]
    largest = max((abs(amount) for amount, _ in told if amount is not None), default=Decimal(0))
    wrong = [amount for (amount, _), by in zip(told, off, strict=True) if by > Decimal("0.005") and amount is not None]
    assert len(wrong) <= 1
    assert all(abs(amount) == largest for amount in wrong)
    assert all(by <= Decimal("0.01") * (len(nets) + 1) / 2 for by in off)


@some
@given(st.sampled_from(("sales", "purchases")), st.data())
def test_a_credit_note_swaps_the_sides_of_its_invoice(collection: str, data: st.DataObject) -> None:
    """Sign errors on refunds are the commonest complaint of all."""
    made = data.draw(st.lists(lines(collection), min_size=1, max_size=4))

    def sides(type_: str) -> list[tuple[str | None, Decimal | None, list[Decimal | None]]]:
        found = read(build([Document("1", collection, type_, "X1", lines=made)]))
        sign = -1 if type_ == "CREDIT_NOTE" else 1
        return [
            (line.account_id, sign * (line.signed_amount or 0), [sign * (vat.signed_amount or 0) for vat in line.vat])
            for line in found
        ]

    assert sides("CREDIT_NOTE") == sides("INVOICE")


def test_a_document_of_nothing_but_zeros_is_held() -> None:
    """A transaction without lines is a fault to receivers; silence would look like a lost document."""
    books = build([Document("1", number="F1", lines=(Line(Decimal("0.00")),)), Document("2", number="F2")])
    (_, _), export = testing.read_export(XafFormat(), with_settings(books, "xaf", version="both"))
    assert [(item.document_id, item.code) for item in export.held] == [("1", "nothing_to_book")]
    assert set(export.documents) == exported(books) - {("sales", "1")}


def test_numbers_that_clash_or_do_not_fit_give_way_to_the_id() -> None:
    """Receivers take the number within its journal for the key of an entry: two that are equal become one."""
    numbers = ["F1", "F1", "F" * 36, "#V9", None, "F2"]
    documents = [Document(str(position), number=number) for position, number in enumerate(numbers)]
    with pyxaf.open(one(build(documents))) as file:
        found = {transaction.number for transaction in file.transactions()}
    assert found == {"#V0", "#V1", "#V2", "#V3", "#V4", "F2"}


def test_parties_that_robaws_does_not_list_are_there_with_the_name_of_the_document() -> None:
    """A line that names an unknown party is refused by most programs."""
    books = build([Document("1", number="F1", party_id="77")], [Party("1", "Bekend NV")])
    position = books.states.column_names.index("party_name")
    states = books.states.set_column(position, "party_name", pa.array(["Niet & Zo"]))
    content = one(replace(books, states=states)).decode()
    assert "<custSupID>C77</custSupID><custSupName>Niet &amp; Zo</custSupName>" in content
    assert "Bekend NV" not in content


def test_the_accountants_vat_codes_take_the_place_of_ours() -> None:
    """A program that knows VAT by its own numbers can import without a table of translations."""
    books = build(
        [Document("1", number="F1", lines=(Line(Decimal(10)), Line(Decimal(10), rate=6), Line(Decimal(10), rate=12)))]
    )
    codes = {"V-21": "1", "V-12": "2", "V-6": "2", "V-5.5": "3", "A-VERLEGD-21-AFTREKBAAR": "4", "A-ICG": "5"}
    with pyxaf.open(one(books, vat_codes=codes)) as file:
        assert sorted(file.vat_codes) == ["1", "2"]
        assert [vat.code for line in file.lines() for vat in line.vat] == ["1", "2", "2"]


def test_settings_say_which_accounts_are_profit_and_loss() -> None:
    """Dutch charts have costs in 4 and revenue in 8; the wrong side would shift the year's result."""
    for prefixes, kind in ((["6", "7"], "P"), (["4", "8"], "B"), (["700"], "P")):
        content = one(testing.ordinary(), profit_and_loss=prefixes).decode()
        types = dict(re.findall(r"<accID>(\d+)</accID><accDesc>[^<]*</accDesc><accTp>(\w)", content))
        assert (types["700000"], types["440000"]) == (kind, "P" if "4" in prefixes else "B")


def test_a_journal_that_sales_and_purchases_share_is_one_journal_of_no_type() -> None:
    """The same journal twice in a file is a fault; a type that fits half of it would be another."""
    company = COMPANY.model_copy(update={"journals": Journals(sales="D", purchases="D")})
    books = kept(build([Document("1", number="F1"), Document("1", "purchases", number="A1")], company=company))
    with pyxaf.open(one(books)) as file:
        (journal,) = file.journals.values()
    assert (journal.id, journal.description) == ("D", "Aankopen en Verkopen")
    assert "<jrnTp>Z</jrnTp>" in one(books).decode()


def test_the_file_is_dated_by_its_newest_change() -> None:
    """A date by the clock would change the file, and its sum, every night."""
    books = testing.ordinary()
    later = pa.array([datetime(2026, 5, 7, tzinfo=UTC)] * books.documents.num_rows, pa.timestamp("us", tz="UTC"))
    position = books.documents.column_names.index("updated_at")
    changed = replace(books, documents=books.documents.set_column(position, "updated_at", later))
    assert "<dateCreated>2026-05-07</dateCreated>" in one(changed).decode()
    assert "<dateCreated>2026-03-31</dateCreated>" in one(testing.empty()).decode()


def test_texts_that_are_cut_are_listed() -> None:
    """Fifty characters is all there is for a name; who was cut must be known before the accountant asks."""
    long = Party("1", "N" * 51, street="S" * 101, postal_code="P" * 11, city="C" * 51, vat_number="V" * 31)
    found, export = testing.read_export(XafFormat(), build([Document("1", number="F" * 256)], [long]))
    assert export.notes == ["6 texts cut to the width of a column: changed_texts.csv lists each"]
    report = found[-1].content.decode("utf-8-sig")
    assert [line.split(";")[:2] for line in report.splitlines()[1:]] == [
        ['"C1"', '"city"'],
        ['"C1"', '"name"'],
        ['"sales #V1"', '"number"'],
        ['"C1"', '"postal_code"'],
        ['"C1"', '"street"'],
        ['"C1"', '"vat_number"'],
    ]
    assert not faults(found[0].content)


def test_a_book_year_is_one_file_with_its_twelve_periods() -> None:
    """Auditors ask for a year; periods count from the month that the year begins with."""
    company = COMPANY.model_copy(
        update={"book_year_begins": 7, "format": {"xaf": {"version": "4.0", "periods": ["month", "year"]}}}
    )
    assert XafFormat().spans(company) == ("month", "year")
    period = book_year_of("2026-03", 7)
    (file,) = XafFormat().export(replace(testing.ordinary(), company=company, period=period)).files
    assert file.path == "auditfile-2025-2026-xaf4.0.xaf"
    assert not faults(file.content)
    text = file.content.decode()
    header = "<fiscalYear>2025-2026</fiscalYear><startDate>2025-07-01</startDate><endDate>2026-06-30</endDate>"
    assert header in text
    assert text.count("<period>") == 12
    assert set(re.findall(r"<periodNumber>(\d+)</periodNumber><trDt>2026-03", text)) == {"9"}


def test_a_document_that_came_late_is_in_the_period_that_it_is_booked_in() -> None:
    """March is closed: its entry belongs to April, which the file must then know."""
    books = booked_on(build([Document("1", number="F1"), Document("2", number="F2")]), "1", date(2026, 4, 1))
    content = one(books)
    assert not faults(content)
    with pyxaf.open(content) as file:
        found = {transaction.number: (transaction.date, transaction.period_key) for transaction in file.transactions()}
        effective = {line.effective_date for line in file.lines()}
    assert found == {"F1": (date(2026, 4, 1), "4"), "F2": (date(2026, 3, 5), "3")}
    assert effective == {date(2026, 3, 5)}
    assert b"<endDate>2026-04-30</endDate>" in content


def test_a_document_that_is_booked_in_another_year_is_held() -> None:
    """A file of 2026 has no period for January 2027."""
    books = booked_on(build([Document("1", number="F1"), Document("2", number="F2")]), "1", date(2027, 1, 1))
    (file,), export = testing.read_export(XafFormat(), books)
    assert [(item.document_id, item.code, item.detail) for item in export.held] == [
        ("1", "xaf_year", "it is booked on 2027-01-01")
    ]
    assert not faults(file.content)
    assert b"<nr>F1</nr>" not in file.content


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"version": "3.1"}, "version"),
        ({"vat_codes": {"V-21": " "}}, "vat_codes.V-21"),
        ({"vat_codes": {"V21": "1"}}, "vat_codes.V21"),
        ({"profit_and_loss": [""]}, "profit_and_loss"),
        ({"versie": "4.0"}, "versie"),
    ],
)
def test_settings_that_cannot_be_used_are_told_before_anything_runs(own: dict[str, object], said: str) -> None:
    """A wrong key must not wait for the night to be found."""
    company = COMPANY.model_copy(update={"formats": ("xaf",), "format": {"xaf": own}})
    (problem,) = registry.settings_problems(company)
    assert f"format.xaf.{said}" in problem


def test_the_default_is_one_file_and_both_are_two() -> None:
    """Two files of one month in one import would book it twice: two come only when they are asked for."""
    books = testing.ordinary()
    assert [file.path for file in XafFormat().export(books).files] == ["auditfile-2026-03-xaf3.2.xaf"]
    assert list(files(books, version="both")) == ["auditfile-2026-03-xaf3.2.xaf", "auditfile-2026-03-xaf4.0.xaf"]
