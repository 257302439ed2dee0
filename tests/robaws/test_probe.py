"""The probe over real HTTP: what a new tenant's spelling looks like before the first export."""

import asyncio
from collections.abc import Callable

import pytest

from robaws_pipeline import fields
from robaws_pipeline.robaws.client import RobawsClient
from robaws_pipeline.robaws.probe import FieldCount, Probe, probe
from robaws_pipeline.sandbox.limits import Account
from robaws_pipeline.sandbox.server import Running, running
from robaws_pipeline.sandbox.switches import Switches
from robaws_pipeline.sandbox.world import World, build_world

Connect = Callable[..., RobawsClient]


def probed(client: RobawsClient, collection: fields.Collection = fields.SALES) -> Probe:
    """One probe through a client of its own."""

    async def work() -> Probe:
        async with client:
            return await probe(client, collection)

    return asyncio.run(work())


def count(found: Probe, resource: str, name: str) -> FieldCount:
    """The count of one field."""
    (field,) = [field for field in found.fields if (field.resource, field.name) == (resource, name)]
    return field


@pytest.mark.parametrize("collection", fields.COLLECTIONS, ids=lambda collection: collection.name)
def test_every_mapped_field_is_found_in_the_sandbox(
    sandbox: Running, connect: Connect, collection: fields.Collection
) -> None:
    """Sandbox and mapping speak the same names; a field that no object has would be a mistake in one of them."""
    found = probed(connect(sandbox), collection)
    assert found.error is None
    assert found.objects[collection.resource] == min(found.total, 100) > 0
    own = [field for field in found.fields if field.resource == collection.resource]
    assert {field.name for field in own} == {field.name for field in fields.RESOURCES[collection.resource]}
    assert sandbox.stats.total == 1


def test_lines_tariffs_accounts_and_addresses_are_looked_into(sandbox: Running, connect: Connect) -> None:
    """Most of the inferred names are there, not on the documents."""
    documents = probed(connect(sandbox))
    assert {"sales_invoice", "line", "vat_tariff", "gl_account"} <= set(documents.objects)
    assert count(documents, "line", "net").filled > 100
    assert count(documents, "gl_account", "code").filled == documents.objects["gl_account"]
    assert count(probed(connect(sandbox), fields.CLIENTS), "address", "city").filled > 0


def test_filled_empty_and_missing_are_told_apart(connect: Connect, world: World) -> None:
    """A field that is always empty is as useless as one that is not there, but has another remedy."""
    for switches, empty in ((Switches(null_style="null"), True), (Switches(null_style="omitted"), False)):
        with running(world, switches=switches) as sandbox:
            reference = count(probed(connect(sandbox)), "sales_invoice", "client_reference")
        assert reference.filled > 0
        assert (reference.empty > 0) is empty
        assert (reference.missing > 0) is not empty
        assert reference.filled + reference.empty + reference.missing == 100
        assert reference.found


def test_another_spelling_shows_as_missing_and_unknown(connect: Connect) -> None:
    """This is what doctor is for: our name has nothing, and a key that we do not know is there."""
    spelling = {"sales_invoice": {"due_date": "expireDate"}}
    world = build_world(first_month="2026-01", last_month="2026-01", spelling=spelling)
    with running(world) as sandbox:
        plain, told = probed(connect(sandbox)), probed(connect(sandbox, spelling=spelling))
    due = count(plain, "sales_invoice", "due_date")
    assert not due.found
    assert due.missing == plain.objects["sales_invoice"]
    assert "expireDate" in plain.unknown["sales_invoice"]
    assert count(told, "sales_invoice", "due_date").filled > 0
    assert "expireDate" not in told.unknown["sales_invoice"]


def test_a_missing_right_is_a_value(world: World, connect: Connect) -> None:
    """Doctor goes on with the other collections and reports all troubles at once."""
    with running(world, accounts=[Account(forbidden=frozenset({"sales-invoices"}))]) as sandbox:
        forbidden = probed(connect(sandbox))
        assert forbidden.error is not None
        assert "no right to read sales-invoices" in forbidden.error
        assert (forbidden.total, forbidden.objects, forbidden.fields) == (0, {}, ())
        assert probed(connect(sandbox), fields.CLIENTS).error is None
        wrong = probed(connect(sandbox, secret="wrong"))
        assert "401" in (wrong.error or "")


def test_what_is_no_object_is_counted(sandbox: Running, connect: Connect) -> None:
    """A list of ids where objects were expected must not end the probe."""
    sandbox.faults.set_item("adjustedLineItems", b'["1","2"]', "sales-invoices")
    sandbox.faults.set_item("clientId", b'"1"', "sales-invoices")
    assert probed(connect(sandbox)).unreadable == 2
