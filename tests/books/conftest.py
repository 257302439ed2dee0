"""One in-memory DuckDB for all tests of the books, as a run over many months uses it."""

from collections.abc import Iterator

import duckdb
import pytest
from books_samples import COMPANY, GL_ACCOUNTS, PARTIES, Keep, Rows, documents_of, lines_of

from robaws_pipeline.books import Books, keep_books, workspace
from robaws_pipeline.settings import Company


@pytest.fixture(scope="session")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A workspace that every test uses again."""
    with workspace() as opened:
        yield opened


@pytest.fixture(scope="session")
def keep(connection: duckdb.DuckDBPyConnection) -> Keep:
    """`keep_books` of rows with the sample parties and accounts."""

    def call(documents: Rows, lines: Rows, company: Company = COMPANY) -> Books:
        tables = (documents_of(documents), lines_of(lines), PARTIES, GL_ACCOUNTS)
        return keep_books(*tables, company, connection=connection)

    return call
