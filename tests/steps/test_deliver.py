"""Deliveries: each document once, and what changed since it was delivered."""

import io
import json
import zipfile
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from accountant import books, exported, folders, imported, manifests, rows_of
from deliveries_company import HAPPENINGS, UNSEEN, delivering, edit, exports, files, invoices, read_again
from steps_company import JOURNAL_ONLY, MONTHS, Loaded, ago, content, pick

from robaws_pipeline.deliveries import entries
from robaws_pipeline.deliveries.plan import Scope
from robaws_pipeline.deliveries.render import RenderError
from robaws_pipeline.formats import journal
from robaws_pipeline.formats.base import Export, MonthBooks
from robaws_pipeline.settings import SettingsError
from robaws_pipeline.steps.deliver import deliver, preview, withdraw
from robaws_pipeline.steps.deliveries import verify_deliveries
from robaws_pipeline.steps.stale import stale_months

JANUARY, FEBRUARY, MARCH = MONTHS


def delivered(manifest: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """(collection, id) → document of a manifest."""
    return {(one["collection"], one["id"]): one for one in manifest["documents"]}


def test_everything_exportable_is_delivered_once(acme: Loaded) -> None:
    """A document that comes twice is booked twice; one that never comes is a turnover that nobody declares."""
    workspace = delivering(acme)
    assert deliver(workspace).link is not None
    [manifest] = manifests(exports(acme))
    assert manifest["number"] == 1
    assert manifest["previous"] is None
    assert delivered(manifest).keys() == exported(workspace)
    assert {one["action"] for one in manifest["documents"]} == {"new"}
    assert imported(exports(acme)) == books(workspace)
    before = files(exports(acme) / "deliveries")
    assert deliver(workspace).link is None
    assert files(exports(acme) / "deliveries") == before


def test_the_manifest_names_every_file_and_the_zip_has_what_is_sent(acme: Loaded) -> None:
    """The zip is what goes by mail: it must be the same as the folder, without what only this program needs."""
    deliver(delivering(acme))
    [folder] = folders(exports(acme))
    there = files(folder)
    [manifest] = manifests(exports(acme))
    assert there.keys() == {*manifest["files"], "manifest.json"}
    [packed] = [name for name in there if name.endswith(".zip")]
    with zipfile.ZipFile(io.BytesIO(there[packed])) as archive:
        assert archive.testzip() is None
        inside = {name: archive.read(name) for name in archive.namelist()}
    sent = {name: content for name, content in there.items() if not name.startswith("kept/")}
    assert inside == {name: content for name, content in sent.items() if name not in {packed, "manifest.json"}}


@pytest.mark.parametrize("changes", ["report", "reverse"])
def test_what_happens_to_a_delivered_document_has_one_outcome(acme: Loaded, changes: str) -> None:
    """After each change the accountant's books must be made right, and only for the documents that changed."""
    workspace = delivering(acme, changes)
    deliver(workspace)
    first = files(folders(exports(acme))[0])
    happened = dict(zip((one["id"] for one in invoices(acme)), HAPPENINGS, strict=False))
    assert len(happened) == len(HAPPENINGS)
    for record, (deed, _, _) in zip(invoices(acme), HAPPENINGS.values(), strict=False):
        deed(acme, record)
    unseen = dict(zip(UNSEEN, invoices(acme)[len(HAPPENINGS) :], strict=False))
    for name, record in unseen.items():
        edit(acme, record, **UNSEEN[name])
    read_again(workspace)
    deliver(workspace)
    found = manifests(exports(acme))[1]
    sheet = folders(exports(acme))[1].joinpath("cover.html").read_text(encoding="utf-8")
    outcomes = {one["id"]: one for one in found["documents"]}
    assert outcomes.keys() == happened.keys()
    for id_, happening in happened.items():
        _, action, why = HAPPENINGS[happening]
        assert outcomes[id_]["action"] == action, happening
        assert why in "; ".join(outcomes[id_]["why"]), happening
        assert why in sheet, happening
        assert outcomes[id_]["was"]["delivery"] == 1
    assert imported(exports(acme)) == books(workspace)
    assert ("corrections.csv" in found["files"]) == (changes == "report")
    assert verify_deliveries(workspace) == []
    assert deliver(workspace).link is None
    assert files(folders(exports(acme))[0]) == first


@pytest.mark.parametrize("changes", ["report", "reverse"])
def test_a_document_that_was_taken_out_comes_back_when_it_is_in_order(acme: Loaded, changes: str) -> None:
    """Held after delivery and mended again: it must be in the books once, under an id that no program takes for old."""
    workspace = delivering(acme, changes)
    deliver(workspace)
    record = pick(acme.world, "sales", JANUARY, type="INVOICE")
    for currency, action in (("USD", "removed"), ("EUR", "returned")):
        edit(acme, record, currency=currency)
        read_again(workspace)
        deliver(workspace)
        [document] = manifests(exports(acme))[-1]["documents"]
        assert document["action"] == action
        assert imported(exports(acme)) == books(workspace)
    assert document["entry"] == f"{record['id']}-3"


def test_a_reversal_is_an_entry_that_refers_to_its_original(acme: Loaded) -> None:
    """The accountant must see what is taken back, and programs that refuse negative amounts must take it."""
    workspace = delivering(acme, "reverse")
    deliver(workspace)
    record = pick(acme.world, "sales", JANUARY, type="INVOICE")
    edit(acme, record, date="2025-02-20")
    read_again(workspace)
    deliver(workspace)
    folder = folders(exports(acme))[1]
    [reversal] = rows_of(folder / JANUARY / "journal" / "documents.csv")
    [fresh] = rows_of(folder / FEBRUARY / "journal" / "documents.csv")
    number = record["logicId"]
    assert (reversal["type"], reversal["number"], reversal["original_number"]) == (
        "CREDIT_NOTE",
        f"{number}-R2",
        number,
    )
    assert (reversal["date"], fresh["date"]) == (record["date"], "2025-02-20")
    assert (fresh["type"], fresh["number"], fresh["entry"]) == ("INVOICE", number, f"sales-{record['id']}-2")
    delivered_first = rows_of(folders(exports(acme))[0] / JANUARY / "journal" / "journal.csv")
    old = [row for row in delivered_first if row["document_id"] == record["id"]]
    back = rows_of(folder / JANUARY / "journal" / "journal.csv")
    assert [(row["account"], row["debit"], row["credit"]) for row in back] == [
        (row["account"], row["credit"], row["debit"]) for row in old
    ]


def test_a_reversal_takes_back_what_was_delivered_whatever_the_settings_say_now(acme: Loaded) -> None:
    """With today's accounts it would leave both accounts wrong."""
    deliver(delivering(acme, "reverse"))
    other = delivering(acme, "reverse", '[companies.acme.accounts]\ncustomers = "400999"\n')
    deliver(other)
    second = manifests(exports(acme))[1]
    assert {one["action"] for one in second["documents"]} == {"changed"}
    assert imported(exports(acme)) == books(other)
    assert "400000" not in {key[2] for key in imported(exports(acme)) if key[0] == "account"}


@pytest.mark.parametrize("changes", ["report", "reverse"])
def test_a_document_that_is_booked_in_another_period_is_corrected(acme: Loaded, changes: str) -> None:
    """Its date stays when a closing moves it; the accountant has it in a period that he closed."""
    deliver(delivering(acme, changes))
    closed = 'late_documents = "book"\nclosed = [{until = "2025-01", on = "2024-12-31"}]'
    other = delivering(acme, changes, formats=f"{JOURNAL_ONLY}\n{closed}")
    deliver(other)
    second = manifests(exports(acme))[1]["documents"]
    assert {(one["action"], one["month"]) for one in second} == {("changed", JANUARY)}
    assert imported(exports(acme)) == books(other)


def test_changing_how_changes_are_treated_keeps_the_books_right(acme: Loaded) -> None:
    """A reported correction is the accountant's from then on: a later reversal starts from it."""
    record = pick(acme.world, "sales", JANUARY, type="INVOICE")
    workspace = delivering(acme, "report")
    deliver(workspace)
    for day, changes in (("2025-02-01", "report"), ("2025-03-01", "reverse"), ("2025-01-04", "report")):
        edit(acme, record, date=day)
        workspace = delivering(acme, changes)
        read_again(workspace)
        deliver(workspace)
        assert imported(exports(acme)) == books(workspace), day


def test_a_month_or_a_day_limits_what_goes(acme: Loaded) -> None:
    """The accountant closes a month while the next one is being invoiced."""
    workspace = delivering(acme)
    deliver(workspace, Scope(month=FEBRUARY))
    deliver(workspace, Scope(until=date(2025, 1, 15)))
    first, second = manifests(exports(acme))
    assert {one["month"] for one in first["documents"]} == {FEBRUARY}
    assert first["scope"] == {"month": FEBRUARY}
    assert {one["date"] <= "2025-01-15" for one in second["documents"]} == {True}
    deliver(workspace)
    assert imported(exports(acme)) == books(workspace)


def test_a_document_that_moves_out_of_a_month_is_corrected_in_either_scope(acme: Loaded) -> None:
    """Half a correction would book it twice or not at all."""
    workspace = delivering(acme, "reverse")
    deliver(workspace, Scope(month=JANUARY))
    edit(acme, pick(acme.world, "sales", JANUARY), date="2025-02-20")
    read_again(workspace)
    deliver(workspace, Scope(month=JANUARY))
    [document] = manifests(exports(acme))[1]["documents"]
    assert (document["action"], document["month"], document["was"]["month"]) == ("changed", FEBRUARY, JANUARY)
    deliver(workspace)
    assert imported(exports(acme)) == books(workspace)


def test_months_that_are_not_up_to_date_are_made_anew_first(acme: Loaded) -> None:
    """Otherwise yesterday's figures are delivered, and corrected tomorrow."""
    workspace = delivering(acme)
    edit(acme, pick(acme.world, "sales", JANUARY, type="INVOICE"), logicId="F259999")
    read_again(workspace)
    assert JANUARY in preview(workspace).stale
    assert JANUARY in stale_months(workspace)
    deliver(workspace)
    assert stale_months(workspace) == []
    assert "F259999" in {one["number"] for one in manifests(exports(acme))[0]["documents"]}


def test_a_preview_says_what_a_delivery_then_does_and_writes_nothing(acme: Loaded) -> None:
    """It is what somebody looks at before pressing the button."""
    workspace = delivering(acme)
    before = content(acme.folder)
    said = preview(workspace)
    assert content(acme.folder) == before
    deliver(workspace)
    [manifest] = manifests(exports(acme))
    assert [one.id for one in said.manifest.documents] == [one["id"] for one in manifest["documents"]]
    assert said.manifest.standing == manifest["standing"]


def test_withdrawing_gives_everything_back_and_uses_no_number_again(acme: Loaded) -> None:
    """Two folders with one number would be two truths; and nothing may be lost with the one that was not imported."""
    workspace = delivering(acme, "reverse")
    deliver(workspace)
    edit(acme, pick(acme.world, "sales", JANUARY, type="INVOICE"), date="2025-02-20")
    read_again(workspace)
    deliver(workspace)
    withdrawn = files(folders(exports(acme))[1])
    withdraw(workspace, 2, "sent to somebody else")
    assert imported(exports(acme)) != books(workspace)
    deliver(workspace)
    one, two, three, four = manifests(exports(acme))
    assert [each["number"] for each in (one, two, three, four)] == [1, 2, 3, 4]
    assert (three["kind"], three["withdraws"], three["reason"]) == ("withdrawal", 2, "sent to somebody else")
    assert [(each["id"], each["action"], each["was"]["delivery"]) for each in four["documents"]] == [
        (each["id"], each["action"], 1) for each in two["documents"]
    ]
    assert imported(exports(acme)) == books(workspace)
    assert three["standing"] == one["standing"]
    assert four["standing"] == two["standing"]
    assert files(folders(exports(acme))[1]) == withdrawn
    assert "Do not import delivery 2" in folders(exports(acme))[2].joinpath("cover.html").read_text(encoding="utf-8")
    assert verify_deliveries(workspace) == []


def test_only_the_last_delivery_can_be_withdrawn(acme: Loaded) -> None:
    """What came after builds on it: its corrections would correct nothing."""
    workspace = delivering(acme)
    deliver(workspace, Scope(month=JANUARY))
    deliver(workspace)
    for number, said in ((1, "the last one is number 2"), (7, "the last one is number 2")):
        with pytest.raises(Exception, match=said):
            withdraw(workspace, number)
    withdraw(workspace, 2)
    with pytest.raises(Exception, match="the last one is number 1"):
        withdraw(workspace, 2)
    withdraw(workspace, 1)
    with pytest.raises(Exception, match="there is none to withdraw"):
        withdraw(workspace, 1)
    assert [each["kind"] for each in manifests(exports(acme))] == ["delivery", "delivery", "withdrawal", "withdrawal"]


def test_a_document_that_no_chosen_format_writes_waits_for_the_next_delivery(loaded: Loaded) -> None:
    """UBL is about sales: purchases that went with it would be in no file, and never come again."""
    workspace = delivering(loaded, formats='formats = ["journal", "ubl", "vat"]')
    deliver(workspace, formats=["ubl"])
    [manifest] = manifests(exports(loaded))
    assert {one["collection"] for one in manifest["documents"]} == {"sales"}
    waiting = {one["id"] for one in manifest["left_out"] if one["reasons"][0]["code"] == "in_no_format"}
    assert waiting == {id_ for collection, id_ in exported(workspace) if collection == "purchases"}
    deliver(workspace)
    assert delivered(manifests(exports(loaded))[1]).keys() == {("purchases", id_) for id_ in waiting}


def test_a_vat_return_is_in_no_delivery(loaded: Loaded) -> None:
    """A return made of a few documents of the month would be declared as the month's."""
    workspace = delivering(loaded, formats='formats = ["journal", "vat"]')
    deliver(workspace)
    assert not list(exports(loaded).glob("deliveries/*/*/vat"))
    with pytest.raises(SettingsError, match="vat is about a whole period"):
        deliver(workspace, formats=["vat"])
    with pytest.raises(SettingsError, match="ubl is not among the formats of acme"):
        deliver(workspace, formats=["ubl"])


def test_ubl_gets_a_credit_note_for_a_reversal(loaded: Loaded) -> None:
    """Formats know nothing of reversals: they see a document like any other."""
    workspace = delivering(loaded, "reverse", formats='formats = ["journal", "ubl"]')
    deliver(workspace)
    record = pick(loaded.world, "sales", JANUARY, type="INVOICE")
    edit(loaded, record, dueDate="2025-06-30")
    read_again(workspace)
    deliver(workspace)
    ubl = folders(exports(loaded))[1] / JANUARY / "ubl"
    number = record["logicId"]
    assert {file.name for file in ubl.glob("*.xml")} == {f"{number}.xml", f"{number}-R2.xml"}
    reversal = (ubl / f"{number}-R2.xml").read_text(encoding="utf-8")
    assert "<CreditNote" in reversal
    assert f"<cbc:ID>{number}</cbc:ID>" in reversal


def test_the_cover_sheet_shows_names_as_they_are_and_runs_nothing(acme: Loaded) -> None:
    """Names come from whoever sends us invoices; the sheet is opened in a browser."""
    workspace = delivering(acme, more='contact = "An <an@acme.example>"')
    record = pick(acme.world, "sales", JANUARY, type="INVOICE")
    now = ago(seconds=30)
    acme.world.update("clients", record["clientId"], {"name": "<script>alert(1)</script> & Co"}, now)
    edit(acme, record, currency="USD")
    read_again(workspace)
    deliver(workspace)
    text = folders(exports(acme))[0].joinpath("cover.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "An &lt;an@acme.example&gt;" in text
    assert "The document is in USD" in text
    manifest = json.loads((folders(exports(acme))[0] / "manifest.json").read_bytes())
    for sums in manifest["journal"].values():
        assert f"{Decimal(sums['debit']):,.2f}" in text


def test_a_format_that_fails_stops_the_whole_delivery(acme: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half the files would be imported, and the other half never come."""
    workspace = delivering(acme)

    def broken(self: object, books: MonthBooks) -> Export:
        if books.period.name == MARCH:
            raise RuntimeError("no such account")
        return plain(self, books)  # type: ignore[arg-type]

    plain = journal.JournalFormat.export
    monkeypatch.setattr(journal.JournalFormat, "export", broken)
    with pytest.raises(RenderError, match=r"2025-03: journal: RuntimeError: no such account"):
        deliver(workspace)
    assert not (exports(acme) / "deliveries").exists()
    monkeypatch.undo()
    deliver(workspace)
    assert imported(exports(acme)) == books(workspace)


def test_a_new_way_of_telling_versions_apart_makes_no_corrections(
    acme: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade that digests entries otherwise must not reverse years of documents that are the same."""
    workspace = delivering(acme, "reverse")
    deliver(workspace)
    plain = entries.query(entries.__package__, "booked")
    other = plain.replace("'posting', ", "'posting of 2030', ")
    assert other != plain
    monkeypatch.setattr(entries, "query", lambda package, name: other)
    assert deliver(workspace).link is None
    edit(acme, pick(acme.world, "sales", JANUARY, type="INVOICE"), date="2025-02-20")
    read_again(workspace)
    deliver(workspace)
    assert len(manifests(exports(acme))[1]["documents"]) == 1
    assert imported(exports(acme)) == books(workspace)
