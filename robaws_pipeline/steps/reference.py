"""The tables that are not monthly, from the raw log: parties, reference lists, articles, and their histories."""

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa

from robaws_pipeline import fields
from robaws_pipeline.fields import Collection
from robaws_pipeline.lake import history
from robaws_pipeline.lake.raw import content_hash
from robaws_pipeline.lake.tables import WHOLE
from robaws_pipeline.robaws import decode, decode_reference
from robaws_pipeline.schema import (
    ARTICLES,
    EXTRA_FIELDS,
    GL_ACCOUNTS,
    HISTORIES,
    PARTIES,
    PAYMENT_CONDITIONS,
    VAT_TARIFFS,
    VERSION_COLUMNS,
    Table,
)
from robaws_pipeline.steps.workspace import Workspace

_INPUTS = "inputs/reference"
_COLLECTIONS = (*fields.PARTIES, *fields.LISTS, fields.ARTICLES)
_WITH_EXTRA_FIELDS = (*fields.PARTIES, fields.ARTICLES)


def build(workspace: Workspace, made_by: Sequence[str]) -> dict[str, int]:
    """Write the tables; their numbers of rows. `made_by`: the versions of code and settings. For the only builder."""
    inputs = _inputs(workspace, made_by)  # before anything is read: what comes in between is seen the next time
    current = {collection.name: _current(workspace, collection) for collection in _COLLECTIONS}
    made = _decoded(workspace, current)
    for table, rows in made.items():
        workspace.tables.write(table, rows)
    spelling = workspace.company.fields
    extra = pa.concat_tables(
        [
            decode_reference.extra_fields(collection, current[collection.name], spelling)
            for collection in _WITH_EXTRA_FIELDS
        ]
    )
    workspace.tables.write(EXTRA_FIELDS, extra, WHOLE)
    workspace.tables.store.write(_INPUTS, inputs, durable=False)
    return {table.name: rows.num_rows for table, rows in (*made.items(), (EXTRA_FIELDS, extra))}


def bring_up_to_date(workspace: Workspace, made_by: Sequence[str]) -> None:
    """Write the tables if they are behind the raw log, the code or the settings. For the only builder."""
    if workspace.tables.store.read(_INPUTS) != _inputs(workspace, made_by):
        build(workspace, made_by)


def build_histories(workspace: Workspace) -> dict[str, int]:
    """Write the histories; their numbers of versions. For the only builder."""
    versions = {
        collection.name: _asked(workspace, collection, history.versions(workspace.raw, collection.name))
        for collection in _COLLECTIONS
    }
    made = _decoded(workspace, versions)
    counts = {}
    for table, (current, rows) in zip(HISTORIES, made.items(), strict=True):
        parts = [versions[name] for name in _MADE_FROM[current]]
        for column in VERSION_COLUMNS:
            values = pa.chunked_array([chunk for part in parts for chunk in part[column.name].chunks], column.type)
            rows = rows.append_column(pa.field(column.name, column.type), values)  # noqa: PLW2901
        history.write(workspace.lake, table, rows)
        counts[table.name] = rows.num_rows
    return counts


_MADE_FROM: Mapping[Table, Sequence[str]] = {
    PARTIES: [collection.name for collection in fields.PARTIES],
    VAT_TARIFFS: [fields.VAT_TARIFFS.name],
    GL_ACCOUNTS: [fields.GL_ACCOUNTS.name],
    PAYMENT_CONDITIONS: [fields.PAYMENT_CONDITIONS.name],
    ARTICLES: [fields.ARTICLES.name],
}


def _decoded(workspace: Workspace, raw: Mapping[str, pa.Table]) -> dict[Table, pa.Table]:
    """The rows of each table, in the order of the raw versions that they are made from."""
    spelling = workspace.company.fields
    decoders: Mapping[Table, Callable[..., pa.Table]] = {
        PARTIES: decode.parties,
        VAT_TARIFFS: decode.vat_tariffs,
        GL_ACCOUNTS: decode.gl_accounts,
        PAYMENT_CONDITIONS: decode.payment_conditions,
        ARTICLES: decode_reference.articles,
    }
    return {table: decode_(*(raw[name] for name in _MADE_FROM[table]), spelling) for table, decode_ in decoders.items()}


def _current(workspace: Workspace, collection: Collection) -> pa.Table:
    return _asked(workspace, collection, workspace.raw.current(collection.name))


def _asked(workspace: Workspace, collection: Collection, rows: pa.Table) -> pa.Table:
    """Of articles, those that the settings ask for today: the raw log has those of earlier settings too."""
    if collection.name != fields.ARTICLES.name:
        return rows
    asked = next((one for one in workspace.company.reference_collections if one.name == collection.name), None)
    if asked is None:
        return rows.slice(0, 0)
    accept = decode_reference.accepts(asked, workspace.company.fields)
    return rows.filter(pa.array([accept(json) for json in rows["json"].to_pylist()], pa.bool_()))


def _inputs(workspace: Workspace, made_by: Sequence[str]) -> bytes:
    known = [workspace.raw.fingerprint(collection.name) for collection in _COLLECTIONS]
    return "\n".join([*made_by, workspace.company.articles.model_dump_json(), *known]).encode()


def with_accounting_hash(raw: pa.Table) -> pa.Table:
    """The same raw versions of documents; the `hash` of one that has extra fields is that of its JSON without them.

    Extra fields decide nothing in the books: a change of one is no change of the document for the accountant.
    """
    having = decode_reference.with_extra_fields(raw)
    if not having:
        return raw
    hashes = raw["hash"].to_pylist()
    for position in having:
        json = raw["json"][position].as_py()
        bare = decode_reference.without_extra_fields(json)
        if bare is not json:
            hashes[position] = content_hash(bare)
    return raw.set_column(raw.schema.get_field_index("hash"), raw.schema.field("hash"), pa.array(hashes, pa.string()))
