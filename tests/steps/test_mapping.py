"""What the settings lack, what waits for it, and the proposal that a person reads."""

import tomllib
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest
from steps_company import MONTHS, PATHS, Loaded, Serve, build_all, cents, company, load, small_world

from robaws_pipeline.sandbox.world import World
from robaws_pipeline.schema import STATES
from robaws_pipeline.steps.doctor import diagnose
from robaws_pipeline.steps.mapping import Unmapped, proposal, unmapped_in_books
from robaws_pipeline.steps.workspace import Workspace


def held_for(workspace: Workspace, code: str) -> tuple[int, Decimal]:
    """How many documents the books hold for this reason, and their sum."""
    rows = [row for month in MONTHS for row in workspace.tables.read(STATES, month).to_pylist()]
    held = [row for row in rows if row["state"] == "held" and code in {reason["code"] for reason in row["reasons"]}]
    return len(held), sum((row["gross"] for row in held if row["gross"] is not None), Decimal(0))


LINES_OF = {"sales": "adjustedLineItems", "purchases": "lineItems"}
Waiting = dict[tuple[str, str], tuple[int, Decimal]]


def untidy_world() -> tuple[World, Waiting]:
    """A world in which documents wait for the settings, and (code, collection) → how many, of how much."""
    world, expected = small_world(), dict[tuple[str, str], tuple[int, Decimal]]()
    for collection, path in PATHS.items():
        for code, change, step in (
            ("tariff_unmapped", {"vatTariffId": "1"}, 0),
            ("account_missing", {"generalLedgerAccountId": None}, 1),
        ):
            records = [r for r in world.records(path) if r["logicId"] and r["date"][:7] in MONTHS][step::7]
            for record in records:
                lines = [{**line, **change} for line in record[LINES_OF[collection]]]
                world.update(path, record["id"], {LINES_OF[collection]: lines}, None)
            signed = [Decimal(cents(r["totalInclVat"], -1 if r["type"] == "CREDIT_NOTE" else 1)) for r in records]
            expected[code, collection] = len(records), sum(signed, Decimal(0))
    return world, expected


@pytest.fixture
def untidy(serve: Serve, tmp_path: Path) -> tuple[Loaded, Waiting]:
    """A company whose documents wait for the settings, loaded."""
    world, expected = untidy_world()
    server = serve(world)
    workspace = company(tmp_path, server)
    load(workspace)
    return Loaded(workspace, tmp_path, server), expected


def summed(found: Iterable[Unmapped]) -> Waiting:
    """By code and collection."""
    sums: Waiting = {}
    for one in found:
        documents, gross = sums.get((one.code, one.collection), (0, Decimal(0)))
        sums[one.code, one.collection] = documents + one.documents, gross + one.gross
    return sums


def test_what_waits_is_counted_and_summed(untidy: tuple[Loaded, Waiting]) -> None:
    """From Robaws's own headers, to the cent: it says what a minute at the settings file is worth."""
    loaded, expected = untidy
    found = unmapped_in_books(loaded.workspace)
    assert {(one.tariff_id, one.tariff_name) for one in found if one.code == "tariff_unmapped"} == {("1", "geen")}
    sums = summed(found)
    assert {key: sums[key] for key in expected if key[0] == "tariff_unmapped"} == {
        key: value for key, value in expected.items() if key[0] == "tariff_unmapped"
    }
    for (code, collection), (documents, _) in sums.items():
        assert documents >= expected[code, collection][0]
    held = held_for(loaded.workspace, "account_missing")
    accounts = [one for one in found if one.code == "account_missing"]
    assert sum(one.documents for one in accounts) >= held[0] >= 2


def test_before_the_first_load_a_page_of_documents_is_counted(serve: Serve, tmp_path: Path) -> None:
    """Nothing need be held to know what would be."""
    world, expected = untidy_world()
    diagnosis = diagnose(company(tmp_path, serve(world)))
    assert not diagnosis.all_held
    assert not list(tmp_path.rglob("*.parquet"))
    sums = summed(diagnosis.unmapped)
    assert sums["tariff_unmapped", "sales"] == expected["tariff_unmapped", "sales"]
    assert sums["tariff_unmapped", "purchases"] == expected["tariff_unmapped", "purchases"]


def row(name: str | None, percentage: str | None, id_: str = "7", code: str = "tariff_unmapped") -> Unmapped:
    """A tariff without meaning on three documents."""
    number = None if percentage is None else Decimal(percentage)
    return Unmapped(
        code, "sales", id_, name, number, "standard" if code == "account_missing" else None, 3, Decimal("12.50")
    )


@pytest.mark.parametrize(
    ("name", "percentage", "meaning"),
    [
        ("Btw 6% renovatie", "6", {"treatment": "standard", "rate": Decimal(6)}),
        ("TVA 5,5", "5.5", {"treatment": "standard", "rate": Decimal("5.5")}),
        ("BTW verlegd KB1 art 20", "0", {"treatment": "reverse_charge", "self_assessed_rate": Decimal(21)}),
        ("IC diensten 44", "0", {"treatment": "intra_community_services", "self_assessed_rate": Decimal(21)}),
        ("Intracommunautair goederen", "0", {"treatment": "intra_community_goods", "self_assessed_rate": Decimal(21)}),
        ("Export buiten EU", "0", {"treatment": "export"}),
        ("Vrijgesteld art. 44", "0", {"treatment": "exempt"}),
        ("geen", "0", None),
        ("0", "0", None),
        (None, None, None),
        ("verlegd", "21", None),
    ],
)
def test_a_proposal_is_made_of_name_and_percentage_or_not_at_all(
    name: str | None, percentage: str | None, meaning: dict[str, object] | None
) -> None:
    """A guess that a person reads saves typing; a guess at «geen» would be taken for knowledge."""
    text = proposal('[companies.acme]\nname = "Acme"\n', {"acme": [row(name, percentage)]})
    parsed = tomllib.loads(text, parse_float=Decimal)["companies"]["acme"].get("vat_tariffs", {})
    assert parsed == ({} if meaning is None else {"7": meaning})
    assert "PROPOSED" in text
    assert "3 documents of 12.50" in text
    if meaning is None:
        assert '# "7" = { treatment = "…" }' in text


@pytest.mark.parametrize(
    "given",
    [
        '[companies.acme]\nname = "Acme" # ours\nvat_tariffs = { geen = { treatment = "exempt" } }\n'
        'start = "2025-01"\n',
        '[companies.acme]\nname = "Acme" # ours\nstart = "2025-01"\n\n[companies.acme.vat_tariffs]\n# known\n'
        'geen = { treatment = "exempt" }\n\n[companies.acme.accounts]\nrounding = "658001"\n\n'
        '[companies.other]\nname = "B"\n',
    ],
    ids=["inline", "with a header"],
)
def test_a_proposal_keeps_what_was_there(given: str) -> None:
    """The copy takes the file's place: comments, order and other settings must survive."""
    found = [row("6 %", "6"), row(None, None, "", "account_missing")]
    text = proposal(given, {"acme": found})
    before, after = (tomllib.loads(one, parse_float=Decimal)["companies"] for one in (given, text))
    tariffs = after["acme"].pop("vat_tariffs")
    assert tariffs == {**before["acme"].pop("vat_tariffs"), "7": {"treatment": "standard", "rate": 6}}
    assert after["acme"].pop("accounts", {}) == before["acme"].pop("accounts", {})
    assert after == before
    assert "# ours" in text
    assert (
        '# sales = { standard = "…" }, or default_sales = "…": 3 documents of 12.50 have lines without an account'
        in text
    )


def test_a_proposal_that_is_taken_moves_what_waited(untidy: tuple[Loaded, Waiting]) -> None:
    """From the doctor to the books: once a person has said what it means, the documents flow without help."""
    loaded, _ = untidy
    text = proposal("[companies.acme]\n", {"acme": unmapped_in_books(loaded.workspace)})
    said = text.replace('# "1" = { treatment = "…" }', '"1" = { treatment = "exempt" }')
    tariffs = tomllib.loads(said)["companies"]["acme"]["vat_tariffs"]
    assert held_for(loaded.workspace, "tariff_unmapped")[0] > 0
    taken = f'vat_tariffs = {{ "1" = {{ treatment = "{tariffs["1"]["treatment"]}" }} }}'
    again = company(loaded.folder, loaded.server, taken)
    build_all(again)
    assert [one for one in unmapped_in_books(again) if one.code == "tariff_unmapped"] == []
    assert held_for(again, "tariff_unmapped") == (0, Decimal(0))
