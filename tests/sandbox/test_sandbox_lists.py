"""Lists: paging, sorting, filters and includes, as strictly as Robaws takes them."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robaws_pipeline.sandbox.names import PATHS

SALES = "sales-invoices"


def test_a_page_has_ten_items_unless_asked(shared) -> None:
    """A client that forgets `size` must get Robaws's ten, not everything."""
    page = shared.json(SALES)
    assert len(page["items"]) == 10
    assert {key: page[key] for key in page if key != "items"} == {
        "currentPage": 0,
        "size": 10,
        "totalItems": 480,
        "totalPages": 48,
    }


def test_pages_count_from_zero(shared) -> None:
    """A client that starts at page 1 must miss the first items, as it would with Robaws."""
    assert shared.ids(SALES, sort="id:asc")[10:20] == [
        item["id"] for item in shared.json(SALES, sort="id:asc", page=1)["items"]
    ]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.integers(7, 130), order=st.sampled_from(["id:asc", "updatedAt:desc", "date:asc,id:desc", "status:asc"]))
def test_pages_of_any_size_give_everything_once(shared, size: int, order: str) -> None:
    """Whatever the page size and order, an unchanged collection is read completely and without doubles."""
    ids = shared.ids("purchase-invoices", size=size, sort=order)
    assert sorted(ids) == sorted(record["id"] for record in shared.world.records("purchase-invoices"))


def test_the_default_order_is_not_that_of_ids_ascending(shared) -> None:
    """A sweep that relies on an order must ask for it."""
    ids = shared.ids(SALES)
    assert ids == sorted(ids, key=int, reverse=True)


def test_more_than_a_hundred_is_served_as_a_hundred(shared) -> None:
    """A client that trusts the size it asked for would skip items."""
    page = shared.json(SALES, size=500)
    assert (len(page["items"]), page["totalPages"]) == (100, 5)


def test_more_than_a_hundred_may_be_refused(start) -> None:
    """The other reading of an unknown must be there to try."""
    assert start(switches={"oversize_page": "reject"}).get(SALES, size=101).status_code == 400


def test_a_page_after_the_last_is_empty(shared) -> None:
    """Overshooting is no error, so a loop must end on totals or emptiness."""
    page = shared.json(SALES, page=48)
    assert (page["items"], page["totalItems"], page["size"]) == ([], 480, 0)


def test_an_empty_list_has_no_pages(shared) -> None:
    """Zero pages, not one: a client that divides must cope."""
    page = shared.json(SALES, fromDate="2031-01-01")
    assert (page["items"], page["totalItems"], page["totalPages"]) == ([], 0, 0)


def test_the_envelope_may_tell_the_size_asked_for(start) -> None:
    """`size` is ambiguous in public code; a client must work with both."""
    sandbox = start(switches={"envelope_size": "requested"})
    assert sandbox.json(SALES, size=50)["size"] == 50


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page", "-1"),
        ("page", "one"),
        ("size", "0"),
        ("size", "ten"),
        ("sort", "id"),
        ("sort", "updatedAt,desc"),
        ("sort", "updatedAt:down"),
        ("sort", "nonsense:asc"),
        ("sort", "lineItems:asc"),
        ("type", "CREDITNOTE"),
        ("type", "invoice"),
        ("fromDate", "01/09/2026"),
        ("fromDate", "20260901"),
        ("toDate", "2026-09-31"),
        ("updatedFrom", "2026-09-01"),
        ("updatedFrom", "2026-09-01T10:00:00"),
        ("updatedFrom", "yesterday"),
        ("include", "nonsense"),
        ("include", "adjustedLineItems.nonsense"),
        ("include", "adjustedLineItems, client"),
    ],
)
def test_what_cannot_be_read_is_refused(shared, name: str, value: str) -> None:
    """A mistake in a parameter's value must show in a test, not in an accountant's file."""
    response = shared.get(SALES, **{name: value})
    assert response.status_code == 400
    body = response.json()
    assert name in body["message"]
    assert body["message"].startswith("Invalid value")
    assert (body["status"], body["error"], body["path"]) == (400, "Bad Request", "/api/v2/sales-invoices")
    assert {"timestamp", "correlationId", "serverVersion"} <= body.keys()


@pytest.mark.parametrize(
    ("switch", "parameters"),
    [
        ("bad_sort", {"sort": "updatedAt,desc"}),
        ("bad_enum", {"type": "CREDITNOTE"}),
        ("unknown_include", {"include": "nonsense"}),
    ],
)
def test_what_cannot_be_read_may_be_ignored(start, switch: str, parameters: dict[str, str]) -> None:
    """On the lenient reading a mistake returns everything, which a client must notice by itself."""
    sandbox = start(switches={switch: "ignore"})
    assert sandbox.ids(SALES, **parameters) == sandbox.ids(SALES)


def test_unknown_parameters_are_ignored_in_silence(shared) -> None:
    """Robaws's trap: a mistyped filter returns everything."""
    assert shared.json(SALES, dateFrom="2026-09-01", limit=5, offset=3)["totalItems"] == 480


def test_unknown_parameters_may_be_refused(start) -> None:
    """The strict reading must be there to try."""
    sandbox = start(switches={"unknown_param": "reject"})
    assert sandbox.get(SALES, dateFrom="2026-09-01").status_code == 400
    assert sandbox.get("general-ledger-accounts", updatedFrom="2026-09-01T00:00:00Z").status_code == 400
    assert sandbox.get(SALES, fromDate="2026-09-01", type="INVOICE", page=0).status_code == 200


def test_sorting_by_several_fields(shared) -> None:
    """Ties of the first field are decided by the second."""
    items = shared.json(SALES, sort="date:desc,id:asc", size=100)["items"]
    keys = [(item["date"], -int(item["id"])) for item in items]
    assert keys == sorted(keys, reverse=True)


def test_ids_sort_as_numbers(start) -> None:
    """9 comes before 10, whatever their type in JSON."""
    sandbox = start()
    for id in ("999", "1000"):
        sandbox.world.create("clients", {"id": id}, "2026-09-01T00:00:00.000Z", like="601")
    assert sandbox.ids("clients", sort="id:asc")[-2:] == ["999", "1000"]


def test_type_and_dates_select(shared) -> None:
    """Both ends of the range are in it, and nothing else is."""
    found = set(shared.ids(SALES, type="CREDIT_NOTE", fromDate="2026-03-02", toDate="2026-04-30"))
    expected = {
        record["id"]
        for record in shared.world.records(SALES)
        if record["type"] == "CREDIT_NOTE" and "2026-03-02" <= record["date"] <= "2026-04-30"
    }
    assert found == expected
    assert len(found) >= 4


def test_both_ends_of_the_range_are_in_it(start) -> None:
    """A document dated on the last of the month belongs to the month, unless the switch says otherwise."""
    for reading, expected in (("inclusive", 2), ("to_exclusive", 1)):
        sandbox = start(switches={"date_range": reading})
        for id, day in (("20001", "2026-08-01"), ("20002", "2026-08-31")):
            sandbox.world.update(SALES, id, {"date": day}, "2026-09-01T00:00:00.000Z")
        assert sandbox.json(SALES, fromDate="2026-08-01", toDate="2026-08-31")["totalItems"] == expected


def test_updated_from_is_an_instant_with_a_zone(start) -> None:
    """`updatedAt >= value`, compared as time and not as text."""
    sandbox = start()
    sandbox.world.update("clients", "601", {}, "2026-11-01T10:00:00.000Z")
    sandbox.world.update("clients", "602", {}, "2026-11-01T09:59:59.999Z")
    for value in ("2026-11-01T10:00:00.000Z", "2026-11-01T11:00:00+01:00", "2026-11-01T10:00:00Z"):
        assert sandbox.ids("clients", updatedFrom=value) == ["601"]


def test_drafts_may_be_hidden(start) -> None:
    """Whether lists show documents without a number is not known."""
    world_drafts = [r["id"] for r in start().world.records(SALES) if r["logicId"] is None]
    assert world_drafts
    assert set(world_drafts) <= set(start().ids(SALES))
    hidden = start(switches={"drafts": "hidden"})
    assert not set(world_drafts) & set(hidden.ids(SALES))
    assert hidden.json(f"{SALES}/{world_drafts[0]}")["id"] == world_drafts[0]


def test_an_unfiltered_list_may_hold_invoices_only(start) -> None:
    """A client that asks without `type` and takes what comes would lose the credit notes."""
    sandbox = start(switches={"list_unfiltered": "invoices"})
    types = {item["type"] for item in sandbox.json(SALES, size=100)["items"]}
    assert types == {"INVOICE"}
    assert sandbox.json(SALES, type="CREDIT_NOTE")["totalItems"] == 1


def test_lists_and_objects_are_absent_unless_included(shared) -> None:
    """Whoever forgets the include gets headers only."""
    for item in (shared.json(SALES, size=1)["items"][0], shared.json(f"{SALES}/20001")):
        assert not {"lineItems", "adjustedLineItems", "client", "company"} & item.keys()
        assert item["clientId"]
    assert "contacts" not in shared.json("clients", size=1)["items"][0]


def test_the_accounting_include(shared) -> None:
    """Objects stand beside their ids, complete; a missing account is null on both."""
    include = "adjustedLineItems,adjustedLineItems.generalLedgerAccount,adjustedLineItems.vatTariff"
    first = shared.json(f"{SALES}/20001", include=include)["adjustedLineItems"][0]
    assert first["vatTariff"]["id"] == first["vatTariffId"] == "4"
    assert (first["vatTariff"]["name"], first["vatTariff"]["percentage"]) == ("6", 6)
    assert first["generalLedgerAccount"]["id"] == first["generalLedgerAccountId"]
    assert first["generalLedgerAccount"]["code"] == "700000"
    without = shared.json(f"{SALES}/20014", include=include)["adjustedLineItems"]
    assert any(line["generalLedgerAccountId"] is None and line["generalLedgerAccount"] is None for line in without)


def test_a_nested_include_does_not_bring_its_parent(shared) -> None:
    """Robaws's own calls list each level; an include that leaves one out must not work here by luck."""
    item = shared.json(f"{SALES}/20001", include="adjustedLineItems.vatTariff")
    assert "adjustedLineItems" not in item
    item = shared.json(f"{SALES}/20001", include="adjustedLineItems")
    assert "vatTariff" not in item["adjustedLineItems"][0]


def test_includes_of_includes(shared) -> None:
    """Dots go as deep as there are relations."""
    item = shared.json(
        f"{SALES}/20002", include="client,client.paymentCondition,client.contacts,lineItems,lineItems.article"
    )
    assert item["client"]["paymentCondition"]["id"] == item["client"]["paymentConditionId"]
    assert item["client"]["contacts"][0]["clientId"] == item["clientId"]
    assert item["lineItems"][0]["article"]["id"] == item["lineItems"][0]["articleId"]


def test_a_change_shows_at_once(start) -> None:
    """In a list and as an object, encoded before or not; what is deleted is gone from both."""
    sandbox = start()
    sandbox.json(SALES, include="lineItems", sort="id:asc")
    sandbox.world.update(SALES, "20001", {"status": "Nieuw"}, "2026-11-01T10:00:00.000Z")
    assert sandbox.json(SALES, include="lineItems", sort="id:asc")["items"][0]["status"] == "Nieuw"
    sandbox.world.delete(SALES, "20001")
    assert sandbox.json(SALES, include="lineItems", sort="id:asc")["items"][0]["id"] == "20002"
    assert sandbox.get(f"{SALES}/20001").status_code == 404


def test_a_change_of_an_included_object_shows(start) -> None:
    """What was encoded before must not outlive a change of what it includes."""
    sandbox = start()
    include = {"include": "adjustedLineItems,adjustedLineItems.vatTariff"}
    before = sandbox.json(f"{SALES}/20001", **include)
    sandbox.world.update("vat-tariffs", "4", {"name": "6 %"}, "2026-11-01T10:00:00.000Z")
    after = sandbox.json(f"{SALES}/20001", **include)
    assert (
        before["adjustedLineItems"][0]["vatTariff"]["name"],
        after["adjustedLineItems"][0]["vatTariff"]["name"],
    ) == (
        "6",
        "6 %",
    )


def test_every_collection_is_served(shared) -> None:
    """List and object agree everywhere."""
    assert len(PATHS) == 10
    for path in PATHS:
        item = shared.json(path, size=1)["items"][0]
        assert shared.json(f"{path}/{item['id']}") == item


def test_ids_may_be_numbers(start) -> None:
    """Some transcripts of Robaws show numeric ids; a client must read either."""
    sandbox = start(switches={"id_style": "numbers"})
    item = sandbox.json(f"{SALES}/20001", include="adjustedLineItems,adjustedLineItems.vatTariff")
    assert (item["id"], type(item["clientId"])) == (20001, int)
    line = item["adjustedLineItems"][0]
    assert (line["vatTariffId"], line["vatTariff"]["id"]) == (4, 4)
    assert item["logicId"].startswith("F26")


def test_absent_values_may_have_no_key(start) -> None:
    """`null` and no key mean the same."""
    plain, omitted = start(), start(switches={"null_style": "omitted"})
    draft = next(r["id"] for r in plain.world.records(SALES) if r["logicId"] is None)
    assert plain.json(f"{SALES}/{draft}")["logicId"] is None
    assert "logicId" not in omitted.json(f"{SALES}/{draft}")
    assert b"null" not in omitted.get(f"{SALES}/20001", include="lineItems").content


def test_text_lines_are_adjusted_away_or_to_zero(start) -> None:
    """Text lines carry no amount in either reading."""
    world = start().world
    with_text = next(r["id"] for r in world.records(SALES) if any(li["type"] == "TEXT" for li in r["lineItems"]))
    plain = start().json(f"{SALES}/{with_text}", include="adjustedLineItems,lineItems")
    zero = start(switches={"text_lines_in_adjusted": "zero"}).json(f"{SALES}/{with_text}", include="adjustedLineItems")
    assert {line["type"] for line in plain["adjustedLineItems"]} == {"LINE"}
    assert [line["id"] for line in zero["adjustedLineItems"]] == [line["id"] for line in plain["lineItems"]]
    assert {line["totalExclVat"] for line in zero["adjustedLineItems"] if line["type"] == "TEXT"} == {0}


def test_credit_notes_may_be_negative(start) -> None:
    """The reading that an export must refuse: amounts of header and lines turned, prices not."""
    include = {"include": "adjustedLineItems,lineItems"}
    plain, turned = start(), start(switches={"credit_note_sign": "negative"})
    note = next(r["id"] for r in plain.world.records(SALES) if r["type"] == "CREDIT_NOTE")
    before, after = (sandbox.json(f"{SALES}/{note}", **include) for sandbox in (plain, turned))
    assert before["totalExclVat"] > 0
    for key in ("totalExclVat", "totalVat", "totalInclVat"):
        assert after[key] == -before[key]
    line, turned_line = before["adjustedLineItems"][0], after["adjustedLineItems"][0]
    assert (turned_line["totalExclVat"], turned_line["price"]) == (-line["totalExclVat"], line["price"])
    assert turned.json(f"{SALES}/20001") == plain.json(f"{SALES}/20001")


def test_amounts_keep_their_digits(start) -> None:
    """An amount is the decimal that was put in, digit for digit, as a JSON number."""
    sandbox = start()
    amount = Decimal("12345678901234567.10")
    sandbox.world.update(SALES, "20001", {"totalExclVat": amount}, None)
    assert b'"totalExclVat":12345678901234567.10,' in sandbox.get(f"{SALES}/20001").content
