"""Columns of one table beside those of another, by document or party."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def document_keys(table: pa.Table, id_column: str) -> Any:
    """`sales-123`: one key a document, since ids are unique within a collection only."""
    return pc.binary_join_element_wise(table["collection"], table[id_column], "-")


def party_keys(states: pa.Table) -> Any:
    """`client-7`: the key of each document's customer or supplier."""
    kind = pc.if_else(pc.equal(states["collection"], "sales"), "client", "supplier")
    return pc.binary_join_element_wise(kind, states["party_id"], "-")


def lookup(wanted: Any, keys: Any, values: Any) -> Any:
    """For each wanted key the value beside it in `keys` (unique), none when it is not there."""
    return values.combine_chunks().take(pc.index_in(wanted, value_set=keys.combine_chunks()))


def in_order(table: pa.Table, *columns: str) -> pa.Table:
    """The rows sorted by these columns."""
    return table.sort_by([(column, "ascending") for column in columns])
