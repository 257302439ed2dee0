"""Columns of one table beside those of another, by document or party."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def document_keys(table: pa.Table, id_column: str = "document_id") -> Any:
    """`sales-123`: one key a document, since ids are unique within a collection only."""
    return pc.binary_join_element_wise(table["collection"], table[id_column], "-")


def party_keys(documents: pa.Table) -> Any:
    """`client-7`: the key of each document's customer or supplier; rows with `collection` and `party_id`."""
    kind = pc.if_else(pc.equal(documents["collection"], "sales"), "client", "supplier")
    return pc.binary_join_element_wise(kind, documents["party_id"], "-")


def keys_of_parties(parties: pa.Table) -> Any:
    """The same keys, of the rows of `schema.PARTIES`."""
    return pc.binary_join_element_wise(parties["kind"], parties["id"], "-")


def parties_of(documents: pa.Table, parties: pa.Table) -> pa.Table:
    """The customers and suppliers that these documents name."""
    return parties.filter(pc.is_in(keys_of_parties(parties), value_set=pc.unique(party_keys(documents))))


def first_of_each(rows: pa.Table, *columns: str) -> pa.Table:
    """All rows, and of those that are equal in these columns the first."""
    placed = rows.append_column("place", pa.array(range(rows.num_rows), pa.int64()))
    places = placed.group_by(list(columns)).aggregate([("place", "min")])["place_min"]
    return rows.take(places.sort())


def lookup(wanted: Any, keys: Any, values: Any) -> Any:
    """For each wanted key the value beside it in `keys` (unique), none when it is not there."""
    return values.combine_chunks().take(pc.index_in(wanted, value_set=keys.combine_chunks()))


def in_order(table: pa.Table, *columns: str) -> pa.Table:
    """The rows sorted by these columns."""
    return table.sort_by([(column, "ascending") for column in columns])
