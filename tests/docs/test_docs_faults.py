"""The table of faults: each names tests, and they exist."""

import ast
import re

import pytest
from markdown_files import ROOT

PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ")][2:]
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_each_fault_names_a_test(row: str) -> None:
    """A line without one is a promise that nobody checks."""
    fault, done, tests = (cell.strip() for cell in row.strip("|").split("|"))
    assert fault
    assert done
    assert re.search(r"`tests/[\w/]+\.py::test_\w+`", tests)


@pytest.mark.parametrize(("file", "name"), TESTS, ids=[name for _, name in TESTS])
def test_the_named_test_exists(file: str, name: str) -> None:
    """A test that was renamed must not leave the table pointing at nothing."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_the_table_is_not_empty() -> None:
    """The two tests above hold for an empty page too."""
    assert len(ROWS) > 15
    assert len(TESTS) > 20
