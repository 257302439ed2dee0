"""The tables that are not monthly: parties and reference lists, from the raw log."""

from collections.abc import Sequence

from robaws_pipeline import fields
from robaws_pipeline.robaws import decode
from robaws_pipeline.schema import GL_ACCOUNTS, PARTIES, PAYMENT_CONDITIONS, VAT_TARIFFS
from robaws_pipeline.steps.workspace import Workspace

_INPUTS = "inputs/reference"


def build(workspace: Workspace, made_by: Sequence[str]) -> dict[str, int]:
    """Write the tables; their numbers of rows. `made_by`: the versions of code and settings. For the only builder."""
    raw, spelling = workspace.raw, workspace.company.fields
    inputs = _inputs(workspace, made_by)  # before anything is read: what comes in between is seen the next time
    clients, suppliers = (raw.current(collection.name) for collection in fields.PARTIES)
    made = {
        PARTIES: decode.parties(clients, suppliers, spelling),
        VAT_TARIFFS: decode.vat_tariffs(raw.current(fields.VAT_TARIFFS.name), spelling),
        GL_ACCOUNTS: decode.gl_accounts(raw.current(fields.GL_ACCOUNTS.name), spelling),
        PAYMENT_CONDITIONS: decode.payment_conditions(raw.current(fields.PAYMENT_CONDITIONS.name), spelling),
    }
    for table, rows in made.items():
        workspace.tables.write(table, rows)
    workspace.tables.store.write(_INPUTS, inputs, durable=False)
    return {table.name: rows.num_rows for table, rows in made.items()}


def bring_up_to_date(workspace: Workspace, made_by: Sequence[str]) -> None:
    """Write the tables if they are behind the raw log, the code or the settings. For the only builder."""
    if workspace.tables.store.read(_INPUTS) != _inputs(workspace, made_by):
        build(workspace, made_by)


def _inputs(workspace: Workspace, made_by: Sequence[str]) -> bytes:
    collections = (*fields.PARTIES, *fields.LISTS)
    known = [workspace.raw.fingerprint(collection.name) for collection in collections]
    return "\n".join([*made_by, *known]).encode()
