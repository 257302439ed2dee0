"""What was delivered, said back to Robaws over real HTTP: each mark once, and no change of anything because of it."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from deliveries_company import edit, invoices, one_line
from pydantic import ValidationError
from steps_company import JOURNAL_ONLY, MONTHS, PATHS, Loaded, Serve, company, content, small_world

from robaws_pipeline import settings
from robaws_pipeline.robaws.client import RobawsClient
from robaws_pipeline.sandbox.limits import Account
from robaws_pipeline.settings import SettingsError
from robaws_pipeline.steps import build
from robaws_pipeline.steps.deliver import deliver, preview, withdraw
from robaws_pipeline.steps.doctor import diagnose
from robaws_pipeline.steps.fetch import fetch_changes, fetch_history
from robaws_pipeline.steps.mark import mark_delivered, open_marks
from robaws_pipeline.steps.stale import stale_months
from robaws_pipeline.steps.verify import verify
from robaws_pipeline.steps.workspace import Workspace

FIELD = "Exported to accounting"
DAY = datetime(2025, 3, 15, 8, 0, tzinfo=UTC)


def marking(acme: Loaded, mark: str = f'field = "{FIELD}"', more: str = "") -> Workspace:
    """The company with marks."""
    return company(acme.folder, acme.server, f"{JOURNAL_ONLY}\n{more}\n[companies.acme.deliveries.mark]\n{mark}\n")


def delivered(workspace: Workspace) -> set[tuple[str, str]]:
    done = deliver(workspace, now=DAY)
    assert done.link is not None
    return {document.key for document in done.link.manifest.documents}


def shown(acme: Loaded, field: str = FIELD) -> dict[tuple[str, str], Any]:
    """(collection, id) → what Robaws has in the field, where it has anything."""
    found = {}
    for collection, path in PATHS.items():
        for record in acme.world.records(path):
            values = record["extraFields"].get(field, {})
            value = next((values[key] for key in values if key.endswith("Value")), None)
            if value:
                found[collection, record["id"]] = value
    return found


def save(acme: Loaded, record: dict[str, Any], **changes: Any) -> None:
    """Somebody saves a sales document in Robaws at this moment."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    acme.world.update("sales-invoices", record["id"], changes, now)


def once(acme: Loaded, keys: set[tuple[str, str]]) -> bool:
    """Whether each of these documents was written once, and no other."""
    return acme.server.stats.writes == {f"{PATHS[collection]}/{id_}": 1 for collection, id_ in keys}


def test_each_delivered_document_is_marked_once(acme: Loaded) -> None:
    """A person in Robaws sees what the accountant has: all of it, and nothing that is held."""
    workspace = marking(acme)
    keys = delivered(workspace)
    assert len(open_marks(workspace)) == len(keys)
    done = mark_delivered(workspace)
    assert (done.set, done.cleared, done.failed, done.left, done.stopped) == (len(keys), 0, [], 0, [])
    assert shown(acme) == dict.fromkeys(keys, True)
    assert once(acme, keys)
    asked = acme.server.stats.total
    assert open_marks(workspace) == []
    again = mark_delivered(workspace)
    assert (again.set, again.complete) == (0, True)
    assert acme.server.stats.total == asked


@pytest.mark.parametrize(
    ("mark", "field", "value"),
    [
        ('field = "Exported to accounting on"\nkind = "date"', "Exported to accounting on", "2025-03-15"),
        ('field = "Accounting delivery"\nkind = "text"', "Accounting delivery", "2025-0001"),
        (
            'field = "Accounting delivery"\nkind = "text"\ntext = "{company} {number} of {date}"\n'
            'collections = ["purchases"]',
            "Accounting delivery",
            "acme 0001 of 2025-03-15",
        ),
    ],
)
def test_a_date_or_a_text_says_which_delivery(acme: Loaded, mark: str, field: str, value: str) -> None:
    """Companies have another field than a box to tick, or mark purchases only; taken back, it is empty again."""
    workspace = marking(acme, mark)
    keys = {key for key in delivered(workspace) if "purchases" not in mark or key[0] == "purchases"}
    assert mark_delivered(workspace).complete
    assert shown(acme, field) == dict.fromkeys(keys, value)
    withdraw(workspace, 1, now=DAY)
    done = mark_delivered(workspace)
    assert (done.set, done.cleared, done.complete) == (0, len(keys), True)
    assert shown(acme, field) == {}


def test_nothing_is_written_unless_the_company_wants_it(acme: Loaded) -> None:
    """Off until somebody asks: a reading right is all that is needed then."""
    plain = company(acme.folder, acme.server, JOURNAL_ONLY)
    delivered(plain)
    assert open_marks(plain) == []
    with pytest.raises(SettingsError, match="there is no mark"):
        mark_delivered(plain)
    assert not acme.server.stats.writes


def test_the_night_after_nothing_has_changed(acme: Loaded) -> None:
    """Our own write moves every document's time of change: it must make no month stale and no correction."""
    workspace = marking(acme)
    assert stale_months(workspace) == []
    fetch_changes(workspace)
    delivered(workspace)
    before = content(acme.folder)
    mark_delivered(workspace)
    for again in (replace(workspace), workspace):
        fetched = fetch_changes(again)
        assert fetched.errors == []
        assert stale_months(again) == []
    assert verify(workspace, MONTHS).passed
    assert preview(workspace).manifest.documents == []
    assert deliver(workspace, now=DAY).link is None
    assert content(acme.folder) == before
    fetch_history(workspace, MONTHS)
    assert stale_months(workspace) == []


def test_a_month_that_is_built_again_is_the_same_to_the_byte(acme: Loaded) -> None:
    """Whoever rebuilds a month after marking must not find another file: nothing in it is about the mark."""
    workspace = marking(acme)
    delivered(workspace)
    mark_delivered(workspace)
    before = content(acme.folder)
    build.build_documents(workspace, MONTHS)
    build.build_journal(workspace, MONTHS)
    build.build_exports(workspace, MONTHS)
    assert content(acme.folder) == before


def test_an_edit_beside_the_mark_is_seen(acme: Loaded) -> None:
    """Before the mark, after it, or in the version that the mark made: a real change is corrected, and only that."""
    workspace = marking(acme)
    delivered(workspace)
    before, between, after, paid = invoices(acme)[:4]
    edit(acme, before, **one_line(before, "100.00", "21.00", "121.00"))
    mark_delivered(workspace)
    save(acme, after, **one_line(after, "200.00", "42.00", "242.00"))
    save(acme, paid, status="Betaald")
    # The same moment as the mark, as when both fall within one of Robaws's transactions.
    moment = acme.world.get("sales-invoices", between["id"])["updatedAt"]
    acme.world.update("sales-invoices", between["id"], one_line(between, "300.00", "63.00", "363.00"), moment)
    fetch_changes(workspace)
    fetch_history(workspace, MONTHS)
    assert stale_months(workspace) != []
    done = deliver(workspace, now=DAY)
    assert done.link is not None
    assert {one.id for one in done.link.manifest.documents} == {before["id"], between["id"], after["id"]}
    assert {one.action for one in done.link.manifest.documents} == {"changed"}


def test_what_is_taken_out_of_the_accounts_loses_its_mark(acme: Loaded) -> None:
    """A mark says that the accountant has it: not of one that is held since, but of a changed one still."""
    workspace = marking(acme)
    keys = delivered(workspace)
    mark_delivered(workspace)
    held, changed, gone = invoices(acme)[:3]
    save(acme, held, currency="USD")
    save(acme, changed, **one_line(changed, "100.00", "21.00", "121.00"))
    acme.world.delete("sales-invoices", gone["id"])
    acme.server.stats.clear()
    fetch_changes(workspace)
    fetch_history(workspace, MONTHS)
    deliver(workspace, now=DAY)
    done = mark_delivered(workspace)
    assert (done.set, done.cleared, done.complete) == (0, 1, True)
    assert once(acme, {("sales", held["id"])})
    out = {("sales", held["id"]), ("sales", gone["id"])}
    assert shown(acme).keys() == keys - out


def test_a_mark_that_a_person_takes_away_is_set_again(acme: Loaded) -> None:
    """What Robaws shows is what was delivered; the key of the first write must not answer for the second."""
    workspace = marking(acme)
    keys = delivered(workspace)
    mark_delivered(workspace)
    record = acme.world.get("sales-invoices", invoices(acme)[0]["id"])
    acme.world.update("sales-invoices", record["id"], {"extraFields": {}}, "2099-01-01T00:00:00.000Z")
    fetch_changes(workspace)
    assert mark_delivered(workspace).set == 1
    assert shown(acme).keys() == keys


def test_marks_that_were_there_already_cost_one_look(acme: Loaded) -> None:
    """Somebody ticked them by hand before we read that field, and writing it again moves no time in Robaws."""
    workspace = marking(acme)
    keys = delivered(workspace)
    ticked = {FIELD: {"type": "CHECKBOX", "group": None, "booleanValue": True}}
    for collection, id_ in keys:
        acme.world.update(PATHS[collection], id_, {"extraFields": ticked}, None)
    acme.server.faults.change(lambda answer: replace(answer, write=None), method="PATCH", times=1000)
    done = mark_delivered(workspace)
    assert (done.set, done.complete) == (len(keys), True)
    assert open_marks(workspace) == []


Fault = Callable[[Loaded], None]


@pytest.mark.parametrize(
    "fault",
    [
        lambda acme: acme.server.faults.lost(method="PATCH", times=9, skip=3),
        lambda acme: acme.server.faults.status(504, method="PATCH", written=True, times=9, skip=3),
        lambda acme: acme.server.faults.status(503, method="PATCH", times=9, skip=3),
        lambda acme: acme.server.faults.status(409, method="PATCH", times=9, skip=3),
        lambda acme: acme.server.faults.status(429, method="PATCH", times=2, skip=3),
    ],
    ids=["lost answers", "proxy gave up", "not written", "busy", "too many"],
)
def test_each_mark_is_set_once_whatever_the_network_does(acme: Loaded, fault: Fault) -> None:
    """Every write that comes twice is answered from Robaws's memory of the key."""
    workspace = marking(acme)
    keys = delivered(workspace)
    fault(acme)
    done = mark_delivered(workspace)
    assert done.complete
    assert done.usage.retries >= 2
    assert shown(acme).keys() == keys
    assert once(acme, keys)


class _Killed(BaseException):
    """What ends a process in the middle."""


@pytest.mark.parametrize("after", [0, 1, 7, 30])
@pytest.mark.parametrize("answered", [True, False], ids=["between two", "while one is under way"])
def test_a_run_that_is_killed_is_gone_on_with(
    acme: Loaded, monkeypatch: pytest.MonkeyPatch, after: int, answered: bool
) -> None:
    """No list of what was done can be behind: what Robaws shows decides, and a write under way has its key."""
    workspace = marking(acme)
    keys = delivered(workspace)
    real = RobawsClient.patch
    count = 0

    async def dying(self: RobawsClient, path: str, change: bytes, key: str) -> None:
        nonlocal count
        count += 1
        if count > after:
            if not answered:
                await real(self, path, change, key)
            raise _Killed
        await real(self, path, change, key)

    with monkeypatch.context() as patch:
        patch.setattr(RobawsClient, "patch", dying)
        with pytest.raises(_Killed):
            mark_delivered(workspace)
    written = len(acme.server.stats.writes)
    done = mark_delivered(replace(workspace))
    assert done.complete
    assert done.set <= len(keys) - written  # what was under way may have been written after the kill
    assert shown(acme).keys() == keys
    assert once(acme, keys)


def test_the_quota_ends_and_the_next_day_goes_on(acme: Loaded, serve: Serve) -> None:
    """Years of documents are marked over several days; what is left is told, and is no failure of the delivery."""
    day = datetime.now(UTC).timestamp()
    limited = serve(small_world(), switches={"daily_limit": 40}, wall_clock=lambda: day)
    place = replace(acme, server=limited)
    workspace = marking(place)
    limits = workspace.company.rate_limit.model_copy(update={"daily_reserve": 10})
    workspace = replace(workspace, company=workspace.company.model_copy(update={"rate_limit": limits}))
    keys = delivered(workspace)
    runs = []
    while open_marks(workspace):
        runs.append(mark_delivered(workspace))
        day += 86_400
        assert len(runs) < 12
    assert len(runs) > 2
    first = runs[0]
    assert (first.left > 0, first.failed, "they are for reading" in first.stopped[0]) == (True, [], True)
    assert first.set + first.left == len(keys)
    assert once(place, keys)


def test_a_document_that_is_gone_and_a_module_that_may_not_be_written(acme: Loaded, serve: Serve) -> None:
    """One document is told with its reason and the others are marked; a missing right costs one request."""
    accounts = (Account(read_only=frozenset({"purchase-invoices"})),)
    place = replace(acme, server=serve(small_world(), accounts=accounts))
    workspace = marking(place)
    keys = delivered(workspace)
    gone = {record["id"] for record in invoices(place)[2:4]}
    for id_ in gone:
        place.world.delete("sales-invoices", id_)
    done = mark_delivered(workspace)
    assert not done.complete
    assert len(done.failed) == 3
    told = "\n".join(done.failed)
    assert all(f"PATCH sales-invoices/{id_}: Robaws answered 404" in told for id_ in gone)
    assert "robaws-pipeline load --from 2025-0" in told
    assert "Give the role of the API user in Robaws the right to change 'purchase-invoices'" in told
    sales = {key for key in keys if key[0] == "sales" and key[1] not in gone}
    assert done.set == len(sales)
    assert done.left == len([key for key in keys if key[0] == "purchases"]) - 1
    assert shown(place).keys() == sales
    assert [path for path in place.server.stats.requests if "purchase-invoices/" in path] == [
        next(path for path in place.server.stats.requests if "purchase-invoices/" in path)
    ]


def test_a_field_that_robaws_does_not_have_costs_one_request_a_collection(acme: Loaded) -> None:
    """A name spelled otherwise is told once, not a thousand times."""
    workspace = marking(acme, 'field = "Exported to accountancy"')
    keys = delivered(workspace)
    done = mark_delivered(workspace)
    assert len(done.failed) == 2
    assert "Unknown extra field 'Exported to accountancy'" in done.failed[0]
    assert done.left == len(keys) - 2
    assert acme.server.stats.statuses[400] == 2


def test_a_mark_that_robaws_takes_and_does_not_show_is_told_at_the_first(acme: Loaded) -> None:
    """A calculated field: writing a thousand of them every night would help nobody."""
    workspace = marking(acme)
    delivered(workspace)
    acme.server.faults.change(lambda answer: replace(answer, write=None), method="PATCH", times=1000)
    done = mark_delivered(workspace)
    assert done.set == 0
    assert ["does not show it" in text for text in done.failed] == [True, True]
    assert not acme.server.stats.writes


def test_a_cent_of_the_reading_right_is_no_stop(acme: Loaded) -> None:
    """What was delivered stays delivered when Robaws does not answer at all."""
    workspace = marking(acme)
    keys = delivered(workspace)
    acme.server.faults.status(503, times=10_000)
    done = mark_delivered(workspace)
    assert (done.set, done.failed, done.left) == (0, [], len(keys))
    assert done.stopped
    assert all("503" in text for text in done.stopped)


def test_other_extra_fields_still_count_where_they_are_read(acme: Loaded) -> None:
    """A company that keeps extra fields in its warehouse sees a change of one, and none of the mark."""
    workspace = marking(acme, more="extra_fields = true")
    fetch_changes(workspace)
    fetch_history(workspace, MONTHS)
    delivered(workspace)
    mark_delivered(workspace)
    assert stale_months(workspace) == []
    record = next(one for one in invoices(acme) if one["extraFields"].get("Werfleider"))
    now = acme.world.get("sales-invoices", record["id"])["extraFields"]
    foreman = {"Werfleider": {**now["Werfleider"], "stringValue": "Somebody else"}}
    acme.world.update("sales-invoices", record["id"], {"extraFields": now | foreman}, "2099-01-01T00:00:00.000Z")
    fetch_changes(workspace)
    assert stale_months(workspace) == [record["date"][:7]]


def test_doctor_says_what_can_be_seen_without_writing(acme: Loaded) -> None:
    """A field that is spelled or made otherwise costs a night when the first delivery finds it out."""
    found = diagnose(marking(acme, 'field = "Werf leider"'))
    [missing] = [hint for hint in found.hints if hint.startswith("deliveries.mark.field: none of ") and "sales" in hint]
    assert "'Werf leider'; they show: Goedgekeurd door klant, " in missing
    assert [hint for hint in found.hints if "may change purchases cannot be seen without writing" in hint]
    assert not [problem for problem in found.problems if "mark" in problem]
    wrong = diagnose(marking(acme, 'field = "Werfleider"'))
    assert "deliveries.mark: 'Werfleider' of sales is a TEXT in Robaws, and the settings say kind = \"checkbox\"" in (
        wrong.problems
    )
    plain = diagnose(company(acme.folder, acme.server, JOURNAL_ONLY))
    assert not [text for text in (*plain.hints, *plain.problems) if "mark" in text]


def test_the_setting_is_checked() -> None:
    """A template with a field that is none, and a field that is read for something else."""
    base = {
        "name": "x", "api_key_env": "K", "api_secret_env": "S", "start": "2025-01", "vat_number": "BE0999000129",
        "address": {"line": "a", "postal_code": "9000", "city": "Gent"},
    }  # fmt: skip
    for mark, said in (
        ({"field": "A", "kind": "text", "text": "{nummer}"}, "there is no {nummer}, only {number}"),
        ({"field": "A", "kind": "text", "text": "{number!r}"}, "there is no {number}"),
        ({"field": "A", "kind": "text", "text": "{number"}, "expected '}'"),
        ({"field": "A", "kind": "text", "text": " "}, "it is empty"),
        ({"field": ""}, "at least 1 character"),
        ({"field": "A", "collections": []}, "at least 1 item"),
        ({"field": "Werf"}, "references reads 'Werf'"),
    ):
        table = {**base, "references": {"project_reference": "Werf"}, "deliveries": {"mark": mark}}
        with pytest.raises(ValidationError, match=re.escape(said)):
            settings.Company.model_validate(table)
