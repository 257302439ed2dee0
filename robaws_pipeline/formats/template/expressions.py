"""Expressions of a layout: a column's value over named fields, in DuckDB's SQL, and nothing but that.

DuckDB's own parser makes a tree of the text. Only kinds of nodes and functions that are listed here may be in it: no
query, no table, no file, no clock, no chance. What is run is written anew from the checked tree, never the text itself.
A second wall stands behind that: the connection can reach nothing outside and its configuration is locked.

No number may become binary floating point on the way, not even for a moment: the type of every part is looked at.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

FUNCTIONS: Mapping[str, str] = {
    "abs": "amount without its sign",
    "ceil": "next whole number",
    "floor": "whole number below",
    "round": "rounded half up to so many decimals: `round(amount, 1)`",
    "greatest": "largest of several",
    "least": "smallest of several",
    "mod": "remainder of a division; also `%`",
    "coalesce": "first that is not empty",
    "ifnull": "second when the first is empty",
    "nullif": "empty when both are equal: `nullif(debit, 0)`",
    "if": "`if(condition, then, else)`; also `CASE WHEN … THEN … ELSE … END`",
    "concat": "texts one after the other, empty ones skipped; also `||`",
    "concat_ws": "the same with a separator: `concat_ws(' ', party_code, party_name)`",
    "upper": "in capitals",
    "lower": "in small letters",
    "trim": "without spaces, or other characters, at both ends",
    "ltrim": "at the start",
    "rtrim": "at the end",
    "left": "first characters",
    "right": "last characters",
    "substr": "part of a text: `substr(account, 1, 3)`",
    "substring": "the same",
    "length": "number of characters",
    "lpad": "filled up on the left: `lpad(number, 10, '0')`",
    "rpad": "filled up on the right",
    "replace": "every occurrence replaced",
    "translate": "characters replaced one by one",
    "split_part": "part between separators: `split_part(number, '/', 2)`",
    "reverse": "backwards",
    "strip_accents": "letters without accents",
    "starts_with": "whether a text starts so",
    "ends_with": "whether it ends so",
    "contains": "whether it has this in it",
    "strpos": "where it is, from 1; 0 when nowhere",
    "regexp_matches": "whether a regular expression is found in it",
    "regexp_full_match": "whether it is this regular expression",
    "regexp_extract": "what a regular expression finds: `regexp_extract(number, '\\d+')`",
    "regexp_replace": "what it finds replaced; `'g'` as the fourth for all",
    "strftime": "date as text: `strftime(date, '%d%m%y')`",
    "year": "year of a date",
    "quarter": "quarter, 1 to 4",
    "month": "month, 1 to 12",
    "day": "day of the month",
    "week": "ISO week",
    "isodow": "day of the week, Monday is 1",
    "dayofyear": "day of the year",
    "last_day": "last day of the month",
    "make_date": "date of a year, month and day",
    "date_diff": "days (or `'month'` …) between two dates: `date_diff('day', date, due_date)`",
    "date_part": "part of a date; also `EXTRACT(year FROM date)`",
}
"""Functions that an expression may use, and what each gives. None reads a clock, draws lots or knows the machine, and
none works on an amount in binary floating point (`sign` does, `printf` does)."""

OPERATORS: Mapping[str, str] = {
    "||": "texts joined; empty when one is",
    "+": "sum; days after a date",
    "-": "difference; days between dates",
    "*": "product",
    "%": "remainder",
    "//": "quotient of whole numbers, without its decimals",
    "~~": "`LIKE`",
    "!~~": "`NOT LIKE`",
    "~~*": "`ILIKE`",
    "!~~*": "`NOT ILIKE`",
}

_NODES = {
    "CONSTANT": {"VALUE_CONSTANT"},
    "COLUMN_REF": {"COLUMN_REF"},
    "CASE": {"CASE_EXPR"},
    "BETWEEN": {"COMPARE_BETWEEN"},
    "CAST": {"OPERATOR_CAST"},
    "CONJUNCTION": {"CONJUNCTION_AND", "CONJUNCTION_OR"},
    "COMPARISON": {
        *("COMPARE_EQUAL", "COMPARE_NOTEQUAL", "COMPARE_LESSTHAN", "COMPARE_GREATERTHAN"),
        *("COMPARE_LESSTHANOREQUALTO", "COMPARE_GREATERTHANOREQUALTO"),
        *("COMPARE_DISTINCT_FROM", "COMPARE_NOT_DISTINCT_FROM"),
    },
    "OPERATOR": {
        *("OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_COALESCE", "OPERATOR_NULLIF"),
        *("COMPARE_IN", "COMPARE_NOT_IN", "ARRAY_EXTRACT", "ARRAY_SLICE"),
    },
    "FUNCTION": {"FUNCTION"},
}
"""Kinds of nodes of a tree, and their types, that an expression is made of."""

_UNWANTED = {
    "SUBQUERY": "a query has no place in it",
    "STAR": "name the fields one by one",
    "WINDOW": "a value depends on its own row only; `row_no` and `document_no` count",
    "LAMBDA": "functions of your own have no place in it",
    "LAMBDA_REF": "functions of your own have no place in it",
    "PARAMETER": "there are no parameters; write the value",
    "COLLATE": "texts are compared letter by letter",
}

_CASTS = {"VARCHAR", "TEXT", "INTEGER", "INT", "BIGINT", "DATE", "BOOLEAN", "DECIMAL", "NUMERIC"}
_NUMBERS = re.compile(r"DECIMAL\(\d+,\s*\d+\)|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|UINTEGER")
_FLOATS = ("DOUBLE", "FLOAT", "BIGNUM")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class ExpressionError(ValueError):
    """An expression that cannot be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression: SQL written from its tree, its DuckDB type, the fields it names."""

    sql: str
    type: str
    fields: frozenset[str]

    @property
    def kind(self) -> str:
        """``text``, ``number``, ``date`` or ``truth``."""
        return _kind(self.type) or ""


def connect() -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory that can reach nothing else, for good: no file, network, extension or object of Python."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": 1,  # order of the input kept, and a month is small
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
            "temp_directory": "",
            "enable_external_access": False,
        },
    )
    # A bar of its own would be drawn into the command's output. It can only be set on an open connection.
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _kind(type_: str) -> str | None:
    if type_ in ("VARCHAR", '"NULL"', "NULL"):
        return "text"
    if type_ == "DATE":
        return "date"
    if type_ == "BOOLEAN":
        return "truth"
    return "number" if _NUMBERS.fullmatch(type_) else None


class Checker:
    """Checks expressions over these fields."""

    def __init__(self, fields: Mapping[str, pa.DataType]) -> None:
        self._fields = fields
        self._connection = connect()
        # A row of nothing: constants are worked out on it, so that an error in one shows here and not in the night.
        self._connection.register("field", pa.table({name: pa.nulls(1, type_) for name, type_ in fields.items()}))
        self._query = self._tree("SELECT 1 FROM field")

    def check(self, text: str) -> Expression:
        """The expression; ExpressionError says what is wrong with it."""
        node = self._parsed(text)
        parts = list(self._parts(node))
        names = frozenset(part["column_names"][0].lower() for part in parts if part["class"] == "COLUMN_REF")
        # The order of `_parts` puts the whole expression first.
        types = self._types(parts)
        for part, type_ in zip(parts, types, strict=True):
            if type_.startswith(_FLOATS):
                raise ExpressionError(_floating(part, type_, whole=part is node))
            if _kind(type_) is None:
                raise ExpressionError(f"a part of it is a {type_}: only texts, numbers, dates and conditions can be")
        sql = self._sql([node]).removeprefix("SELECT ").removesuffix(" FROM field")
        return Expression(f"({sql})", types[0], names)

    def date_pattern(self, pattern: str) -> None:
        """ExpressionError when `strftime` does not take this pattern."""
        try:
            self._connection.execute("SELECT strftime(DATE '2026-03-31', ?)", [pattern]).fetchall()
        except duckdb.Error as error:
            raise ExpressionError(told(error)) from None

    def _tree(self, sql: str) -> Any:
        try:
            (found,) = self._connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()
            tree = json.loads(found[0])
        except (duckdb.Error, RecursionError) as error:
            raise ExpressionError(f"cannot be read: {told(error)}") from None
        if tree["error"]:
            raise ExpressionError(f"cannot be read: {tree['error_message']}")
        return tree

    def _parsed(self, text: str) -> Any:
        """The tree of the one expression that the text is."""
        statements = self._tree(f"SELECT {text}")["statements"]
        if len(statements) != 1:
            raise ExpressionError("is more than one expression: leave out `;`")
        query = statements[0]["node"]
        alone = (
            query["type"] == "SELECT_NODE"
            and query["from_table"]["type"] == "EMPTY"
            and not any(query.get(clause) for clause in ("where_clause", "having", "qualify", "sample", "modifiers"))
            and not any(query.get(clause) for clause in ("group_expressions", "group_sets"))
            and not query["cte_map"]["map"]
        )
        if not alone:
            raise ExpressionError("is a query: write only the expression, its fields are there without FROM or WHERE")
        if len(query["select_list"]) != 1:
            raise ExpressionError("is several expressions: join texts with ||, or make a column of each")
        node = query["select_list"][0]
        if node.get("alias"):
            raise ExpressionError(f"gives itself a name ({node['alias']}): leave that out, `name` is the header")
        return node

    def _parts(self, root: Any) -> Iterator[Any]:
        """The expression and every expression in it; ExpressionError at the first that may not be there."""
        waiting = [root]
        while waiting:
            value = waiting.pop()
            if isinstance(value, list):
                waiting.extend(reversed(value))
            elif isinstance(value, dict):
                if "class" in value:
                    self._allow(value)
                    yield value
                waiting.extend(inner for key, inner in reversed(value.items()) if key != "type_expr")

    def _allow(self, node: Any) -> None:
        kind = node["class"]
        if kind not in _NODES or node["type"] not in _NODES[kind]:
            said = _UNWANTED.get(kind, f"it has a part ({node['type'].lower()}) that has no place here")
            raise ExpressionError(said)
        if kind == "COLUMN_REF":
            self._allow_field(node["column_names"])
        elif kind == "FUNCTION":
            self._allow_function(node)
        elif kind == "CAST":
            _allow_cast(node["type_expr"])
        elif kind == "CONSTANT" and node["literal"]["kind"] == "STRING" and _CONTROL.search(node["literal"]["text"]):
            raise ExpressionError(f"the text {node['literal']['text']!r} has a line end or a control character in it")

    def _allow_field(self, names: list[str]) -> None:
        name = ".".join(names)
        if len(names) != 1 or name.lower() not in self._fields:
            near = difflib.get_close_matches(name.lower(), self._fields, 3)
            meant = f"; did you mean {' or '.join(near)}?" if near else ""
            hint = "" if near else "; a text stands between single quotes; docs/formats/template.md lists the fields"
            raise ExpressionError(f"there is no field {name!r} here{meant}{hint}")

    def _allow_function(self, node: Any) -> None:
        name = node["function_name"].lower()
        if name == "/":
            raise ExpressionError(
                "`/` gives a binary floating point number, which is not exact: multiply by a decimal (`* 0.01`), or "
                "use `//` for whole numbers"
            )
        if name not in (OPERATORS if node["is_operator"] else FUNCTIONS):
            near = difflib.get_close_matches(name, FUNCTIONS, 3)
            meant = f"did you mean {' or '.join(near)}?" if near else "docs/formats/template.md lists those there are"
            raise ExpressionError(f"{name!r} is no function that can be used here; {meant}")
        if node.get("schema") or node.get("catalog") or node.get("distinct") or node.get("filter"):
            raise ExpressionError(f"{name} takes values only")
        if node["order_bys"]["orders"]:
            raise ExpressionError(f"{name} takes values only")

    def _types(self, parts: list[Any]) -> list[str]:
        """The type of each part, the first being the whole."""
        try:
            found = self._connection.execute(f"DESCRIBE {self._sql(parts)}").fetchall()
            self._connection.execute(self._sql(parts[:1])).fetchall()
        except duckdb.Error as error:
            raise ExpressionError(told(error)) from None
        return [row[1] for row in found]

    def _sql(self, nodes: list[Any]) -> str:
        """The query of these expressions over the fields, written from their trees."""
        tree = {**self._query, "statements": [dict(self._query["statements"][0])]}
        tree["statements"][0]["node"] = {**tree["statements"][0]["node"], "select_list": nodes}
        try:
            (found,) = self._connection.execute("SELECT json_deserialize_sql(?)", [json.dumps(tree)]).fetchall()
        except (duckdb.Error, RecursionError) as error:
            raise ExpressionError(f"cannot be read: {told(error)}") from None
        sql: str = found[0]
        return sql


def _allow_cast(type_: Any) -> None:
    name = str(type_.get("type_name", "")).upper()
    if name not in _CASTS:
        raise ExpressionError(f"cannot cast to {name or 'this type'}: use VARCHAR, INTEGER, BIGINT, DATE or DECIMAL")
    if name in ("DECIMAL", "NUMERIC") and len(type_["children"]) != 2:
        raise ExpressionError(f"{name} needs its digits and decimals: DECIMAL(18, 2)")


def _floating(part: Any, type_: str, *, whole: bool) -> str:
    what = "it" if whole else "a part of it"
    if part["class"] == "CONSTANT":
        what = f"{part['literal']['text']}"
    elif part["class"] == "FUNCTION":
        what = f"{part['function_name']}"
    return (
        f"{what} is binary floating point ({type_}), which is not exact: write numbers as 0.01, without quotes and "
        "without exponent, and use only + - * on amounts"
    )


def told(error: Exception) -> str:
    """The first line of DuckDB's message, without its own name for the kind of error."""
    first = str(error).split("\n", 1)[0]
    return re.sub(r"^[A-Z][A-Za-z ]* Error: ", "", first).strip() or type(error).__name__
