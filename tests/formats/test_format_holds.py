"""What formats share to hold documents: VAT codes that nobody gave, and accounts of what is written and what is not."""

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from months import brisk, months
from pydantic import ValidationError

from robaws_pipeline.formats import held, testing
from robaws_pipeline.formats.base import FormatHeld, MonthBooks
from robaws_pipeline.formats.samples import Document, Line, build
from robaws_pipeline.formats.vat_codes import KEYS, Combination, VatCode, code_for, found, keyed
from robaws_pipeline.reasons import LANGUAGES


@brisk
@given(months())
def test_every_row_of_vat_has_its_combination_with_the_rate_that_codes_count(books: MonthBooks) -> None:
    """A row without a combination would be written without a VAT code, and its grid would stay empty."""
    rows = keyed(books.vat, books.states)
    assert rows.num_rows == books.vat.num_rows
    types = {(state["collection"], state["document_id"]): state["type"] for state in books.states.to_pylist()}
    for row, was in zip(rows.to_pylist(), books.vat.to_pylist(), strict=True):
        assert row["type"] == types[row["collection"], row["document_id"]]
        assert row["rate"] == (was["rate"] or was["self_assessed_rate"])
    known = {tuple(row[key] for key in KEYS) for row in found(rows, ()).to_pylist()}
    assert known == {tuple(row[key] for key in KEYS) for row in rows.to_pylist()}


def test_the_first_code_that_fits_counts_and_one_for_full_deduction_fits_no_other() -> None:
    """VAT of a car, half deducted, under the code of full deduction would be deducted whole by the accountant."""
    services = Combination("purchases", "INVOICE", "standard", Decimal("21.0000"), "services", Decimal("100.0000"))
    car = services._replace(deductible=Decimal("50.0000"))
    general = VatCode(collection="purchases", treatment="standard", rate=Decimal(21), code="G")
    notes = general.model_copy(update={"type": "CREDIT_NOTE", "code": "N"})
    goods = general.model_copy(update={"nature": "goods", "code": "B"})
    half = general.model_copy(update={"deductible": Decimal(50), "code": "H"})
    assert code_for(services, [notes, goods, general]) == "G"
    assert code_for(services._replace(type="CREDIT_NOTE", nature="goods"), [notes, goods, general]) == "N"
    assert code_for(car, [notes, goods, general]) is None
    assert code_for(car, [general, half]) == "H"
    assert str(car) == "purchases, standard, 21 %, services, 50 % deductible (invoice)"


def test_a_code_for_a_treatment_that_does_not_exist_is_refused() -> None:
    """A misspelt treatment would never fit, and the document would be held without anybody seeing why."""
    with pytest.raises(ValidationError, match="reverse_charge"):
        VatCode.model_validate({"collection": "sales", "treatment": "verlegd", "code": "1"})


def test_what_is_held_is_not_written_and_everything_else_is() -> None:
    """The manifest must account for each document exactly once."""
    books = testing.ordinary()
    rows = pa.table({
        "collection": ["sales", "purchases", "sales", "sales"],
        "document_id": ["12", "11", "12", "12"],
        "code": ["b", "a", "a", "b"],
        "detail": ["x", "y", "z", "x"],
    })  # fmt: skip
    holds = held.holds(rows)
    assert holds == [
        FormatHeld("purchases", "11", "a", "y"),
        FormatHeld("sales", "12", "a", "z"),
        FormatHeld("sales", "12", "b", "x"),
    ]
    written = held.written(books, holds, ["act.txt"])
    assert set(written) == {("sales", "11"), ("sales", "13"), ("purchases", "12")}
    left = held.without(books.postings, holds).to_pylist()
    assert {(row["collection"], row["document_id"]) for row in left} == set(written)
    assert held.without(books.postings, []).equals(books.postings)
    assert set(held.written(books, holds, ["a"], ("purchases",))) == {("purchases", "12")}


def test_the_shared_reasons_say_what_is_missing_and_where_to_add_it_in_each_language() -> None:
    """A bookkeeper who reads held.csv must know which line of the settings lacks."""
    shared = (
        *(held.vat_code_unmapped, held.journal_unmapped, held.number_unfit),
        *(held.account_unfit, held.totals_differ),
    )
    for language in LANGUAGES:
        for reason in shared:
            made = reason("some_format", language)
            assert made.code == reason("some_format").code
            assert made.sentence.count("{detail}") == made.sentence.count("some_format") == 1
            assert made.remedy.endswith(".")
        assert "format.some_format.vat_codes" in held.vat_code_unmapped("some_format", language).remedy


def test_a_months_combinations_are_few_whatever_its_size() -> None:
    """Codes are looked up once a combination, not once a document: that is what keeps a large month fast."""
    books = build([Document(str(number), number=f"F{number}", lines=(Line(Decimal(5)),)) for number in range(200)])
    assert found(keyed(books.vat, books.states), ()).num_rows == 1
