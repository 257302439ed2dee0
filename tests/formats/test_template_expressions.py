"""Expressions of layouts: what they may do, that they can do nothing else, and that amounts stay exact."""

import itertools
import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robaws_pipeline.formats.template.expressions import FUNCTIONS, OPERATORS, Checker, ExpressionError, connect
from robaws_pipeline.formats.template.fields import COUNTING_FIELDS, OF_ROWS, names

FIELDS = names(OF_ROWS["posting"], COUNTING_FIELDS)
PAGE = (Path(__file__).parents[2] / "docs" / "formats" / "template.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def checker() -> Checker:
    """Checks expressions over the fields of postings."""
    return Checker(FIELDS)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("number", "text"),
        ("NUMBER", "text"),
        ("'VK'", "text"),
        ("NULL", "text"),
        ("amount * 100", "number"),
        ("-amount * 0.01", "number"),
        ("round(amount * rate * 0.01, 2)", "number"),
        ("posting_no // 2 + row_no % 3", "number"),
        ("nullif(greatest(debit, credit), 0)", "number"),
        ("coalesce(due_date, date + 30)", "date"),
        ("CASE WHEN kind = 'party' THEN party_code END", "text"),
        ("CASE rate WHEN 21 THEN '211400' WHEN 6 THEN '211200' ELSE '' END", "text"),
        ("concat_ws(' ', number, party_name) || upper(left(account, 3))", "text"),
        (r"regexp_replace(number, '\D', '', 'g')", "text"),
        ("strftime(date, '%d%m%y')", "text"),
        ("EXTRACT(year FROM date)", "number"),
        ("kind IN ('line', 'vat') AND NOT (amount BETWEEN 0 AND 1 OR number LIKE 'F%')", "truth"),
        ("due_date IS NULL", "truth"),
        ("number -- the words after this are no part of it", "text"),
        ("account[1:3]", "text"),
        ("CAST(account AS INTEGER)", "number"),
        ("amount::DECIMAL(18, 1)::VARCHAR", "text"),
    ],
)
def test_what_a_layout_needs_can_be_written(checker: Checker, text: str, kind: str) -> None:
    """A wall that keeps out what people need is taken down by them."""
    assert checker.check(text).kind == kind


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("amont", "there is no field 'amont' here; did you mean amount"),
        ('"read_text"', "there is no field 'read_text'"),
        ("posting.amount", "there is no field 'posting.amount' here"),
        ("(SELECT 1)", "a query has no place in it"),
        ("(SELECT content FROM read_text('/etc/passwd'))", "a query has no place in it"),
        ("amount IN (SELECT 1)", "a query has no place in it"),
        ("EXISTS (FROM field)", "a query has no place in it"),
        ("number FROM read_csv('/etc/passwd')", "is a query"),
        ("number FROM '/etc/passwd'", "is a query"),
        ("number WHERE true", "is a query"),
        ("number LIMIT 1", "is a query"),
        ("number UNION SELECT 'x'", "is a query"),
        ("number; COPY (SELECT 1) TO '/tmp/x'", "cannot be read"),
        ("number; SELECT 1", "is more than one expression"),
        ("number, date", "is several expressions"),
        ("number AS nr", "gives itself a name"),
        ("*", "name the fields one by one"),
        ("COLUMNS('.*')", "name the fields one by one"),
        ("sum(amount)", "'sum' is no function"),
        ("sum(amount) OVER ()", "a value depends on its own row only"),
        ("row_number() OVER ()", "`row_no` and `document_no` count"),
        ("now()", "'now' is no function"),
        ("current_date", "there is no field 'current_date'"),
        ("today()", "'today' is no function"),
        ("random()", "'random' is no function"),
        ("getvariable('x')", "'getvariable' is no function"),
        ("current_setting('threads')", "'current_setting' is no function"),
        ("getenv('HOME')", "'getenv' is no function"),
        ("pg_catalog.lower(number)", "takes values only"),
        ("$1", "there are no parameters"),
        ("list_transform([1], x -> x)", "no function"),
        ("number COLLATE nocase", "letter by letter"),
        ("amount / 2", "`/` gives a binary floating point number"),
        ("amount * 1e0", "binary floating point"),
        ("amount + '1'", "binary floating point"),
        ("amount ** 2", "no function"),
        ("sqrt(amount)", "no function"),
        ("CAST(amount AS DOUBLE)", "cannot cast to DOUBLE"),
        ("amount::FLOAT::DECIMAL(18, 2)", "cannot cast to FLOAT"),
        ("CAST(amount AS DECIMAL)", "needs its digits and decimals"),
        ("amount // 2", "binary floating point"),
        ("upper(amount)", "No function matches"),
        ("CAST('x' AS INTEGER)", "Could not convert"),
        ("regexp_matches(number, '(')", "missing"),
        ("'a\nb'", "has a line end or a control character"),
        ("'a\x07b'", "has a line end or a control character"),
        ("CAST(date AS TIMESTAMP)", "cannot cast to TIMESTAMP"),
        ("[number]", "no function"),
        ("", "cannot be read"),
        ("number ||", "cannot be read"),
        ("(" * 900, "cannot be read"),
        ("-" * 1900 + "amount", ""),
    ],
)
def test_what_it_may_not_do_is_refused_with_the_reason(checker: Checker, text: str, reason: str) -> None:
    """No file, no query, no clock, no chance, no float: and a message from which a bookkeeper can go on."""
    with pytest.raises(ExpressionError) as caught:
        checker.check(text)
    assert reason in str(caught.value)
    assert "Traceback" not in str(caught.value)


@settings(max_examples=150, deadline=None)
@given(
    st.text(st.sampled_from("amount number date(),'\"|*-+/;=<>:[]{}$.0123456789 e\n") | st.characters(), max_size=60)
)
def test_any_text_is_an_expression_or_a_refusal(checker: Checker, text: str) -> None:
    """Whatever is typed ends in a value or a sentence, never in a traceback."""
    try:
        found = checker.check(text)
    except ExpressionError as error:
        assert str(error)  # noqa: PT017 - either outcome is fine, a refusal without a word is not
    else:
        assert found.kind in {"text", "number", "date", "truth"}
        assert found.fields <= FIELDS.keys()


def test_what_is_run_is_written_from_the_checked_tree(checker: Checker) -> None:
    """Text after the expression must not come into the query behind it."""
    assert checker.check("number -- ) FROM x").sql == "(number)"
    assert checker.check("'--' || number /* x */").sql == "(('--' || number))"


def _arguments(name: str) -> list[str]:
    """Ways of giving a function or operator an amount."""
    values = ("amount", "rate", "1", "0.5", "'a'", "date", "number", "posting_no")
    if name in OPERATORS:
        words = {"~~": "LIKE", "!~~": "NOT LIKE", "~~*": "ILIKE", "!~~*": "NOT ILIKE"}
        return [f"amount {words.get(name, name)} {other}" for other in values]
    calls = [[], *([value] for value in values), *(list(pair) for pair in itertools.product(values, values))]
    return [f"{name}({', '.join(['amount', *rest])})" for rest in calls] + [f"{name}('month', amount, amount)"]


@pytest.mark.parametrize("name", [*FUNCTIONS, *OPERATORS])
def test_no_function_makes_a_float_of_an_amount_on_the_way(checker: Checker, name: str) -> None:
    """A cent that is lost inside a function does not show in the type of its result: DuckDB's plan would show it."""
    with connect() as connection:
        row = {field: pa.nulls(1, type_) for field, type_ in FIELDS.items()}
        connection.register("field", pa.table(row))
        for text in _arguments(name):
            try:
                found = checker.check(text)
            except ExpressionError:
                continue
            plan = connection.execute(f"EXPLAIN SELECT {found.sql} FROM field").fetchall()[0][1]
            assert not re.search("AS(DOUBLE|FLOAT)", re.sub(r"[│\s]", "", plan)), f"{text}: {plan}"


def test_the_connection_behind_it_reaches_nothing(tmp_path: Path) -> None:
    """The second wall: what got through the first would still find no file, and could not open one."""
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    with connect() as connection:
        for statement in (
            f"SELECT * FROM read_text('{secret}')",
            f"SELECT * FROM '{secret}'",
            f"COPY (SELECT 1) TO '{tmp_path / 'out'}'",
            f"ATTACH '{tmp_path / 'out'}'",
            "SET enable_external_access = true",
            "SET threads = 64",
            "INSTALL httpfs",
            "SELECT * FROM secret",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(statement).fetchall()
    assert [file.name for file in tmp_path.iterdir()] == ["secret.txt"]


@settings(max_examples=50, deadline=None)
@given(st.decimals(Decimal("-9999999999.99"), Decimal("9999999999.99"), places=2))
def test_arithmetic_on_amounts_is_exact(checker: Checker, amount: Decimal) -> None:
    """Decimal to decimal: the sum that an accountant checks with a pencil."""
    table = pa.table({"amount": pa.array([amount], FIELDS["amount"])})
    with connect() as connection:
        connection.register("field", table)
        for text, expected in (("amount * 100", amount * 100), ("amount * 0.01", amount * Decimal("0.01"))):
            assert connection.execute(f"SELECT {checker.check(text).sql} FROM field").fetchone() == (expected,)


def test_the_documentation_lists_every_function_operator_and_field() -> None:
    """The message of a wrong name sends people to that page."""
    for name in (*FUNCTIONS, *(field for fields in OF_ROWS.values() for field in names(fields))):
        assert f"| `{name}` |" in PAGE, name


@pytest.mark.parametrize("example", re.findall(r"^\| [^|]+ \| `([^`]+)`(?:, with [^|]*)? \|$", PAGE, re.MULTILINE))
def test_the_examples_of_the_documentation_work(checker: Checker, example: str) -> None:
    """They are what people begin with."""
    checker.check(example)
