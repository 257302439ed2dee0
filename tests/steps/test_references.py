"""References of documents from extra fields: from Robaws to the table and the UBL file."""

from datetime import date
from pathlib import Path

import pytest
from steps_company import MONTHS, Serve, build_all, company, content, load, pick, small_world

from robaws_pipeline.sandbox.server import Running
from robaws_pipeline.schema import DOCUMENTS
from robaws_pipeline.steps import doctor, fetch
from robaws_pipeline.steps.stale import stale_months

REFERENCES = """
formats = ["ubl"]
[companies.acme.references]
order_reference = "Werfleider"
contract_reference = "Vorderingsstaat"
delivered = "Opleverdatum"
"""


@pytest.fixture
def server(serve: Serve) -> Running:
    return serve(small_world())


def test_named_extra_fields_are_read_and_told(tmp_path: Path, server: Running) -> None:
    """The order number without which a customer does not pay must get from Robaws into the file."""
    workspace = company(tmp_path, server, REFERENCES)
    load(workspace)
    world = {record["id"]: record["extraFields"] for record in server.world.records("sales-invoices")}
    rows = [row for month in MONTHS for row in workspace.tables.read(DOCUMENTS, month).to_pylist()]
    sales = {row["id"]: row for row in rows if row["collection"] == "sales"}
    assert sales.keys() <= world.keys()
    assert {bool(world[id_]) for id_ in sales} == {True, False}
    for id_, row in sales.items():
        extra = world[id_]
        assert row["order_reference"] == (extra["Werfleider"]["stringValue"] if extra else None)
        assert row["contract_reference"] == (str(extra["Vorderingsstaat"]["integerValue"]) if extra else None)
        assert row["delivered"] == (date.fromisoformat(extra["Opleverdatum"]["dateValue"]) if extra else None)
        assert row["project_reference"] is None
    assert {row["order_reference"] for row in rows if row["collection"] == "purchases"} == {None}
    told = {Path(name).stem: file.decode() for name, file in content(tmp_path).items() if name.endswith(".xml")}
    written = [row for row in sales.values() if row["number"] in told]
    for row in written:
        assert row["order_reference"] is None or f"<cbc:ID>{row['order_reference']}</cbc:ID>" in told[row["number"]]
        assert ("<cac:OrderReference>" in told[row["number"]]) == (row["order_reference"] is not None)
    assert len({row["order_reference"] for row in written}) > 3


def test_a_reference_that_changes_is_told_anew(tmp_path: Path, server: Running) -> None:
    """Somebody types the order number after the invoice was made: the file must get it, and nothing else may change."""
    workspace = company(tmp_path, server, REFERENCES)
    load(workspace)
    before = content(tmp_path)
    invoice = pick(server.world, "sales", MONTHS[0])
    typed = {"Werfleider": {"type": "TEXT", "group": None, "stringValue": "PO 4711"}}
    server.world.update("sales-invoices", invoice["id"], {"extraFields": typed}, None)
    fetch.fetch_history(workspace, MONTHS)
    assert stale_months(workspace) == [MONTHS[0]]
    build_all(workspace)
    after = content(tmp_path)
    changed = [Path(name).name for name in after if name.endswith(".xml") and after[name] != before.get(name)]
    assert changed == [f"{invoice['logicId']}.xml"]


def test_doctor_names_a_field_that_no_document_has(tmp_path: Path, server: Running) -> None:
    """A misspelled name would leave every file without its order number, in silence."""
    named = 'order_reference = "Werfleider"\nproject_reference = "Werf"\n'
    workspace = company(tmp_path, server, f"[companies.acme.references]\n{named}")
    hints = [hint for hint in doctor.diagnose(workspace).hints if "references." in hint]
    (hint,) = hints
    assert hint.startswith("references.project_reference: none of ")
    assert "has an extra field 'Werf'; there are: Goedgekeurd door klant, Inhouding %, Opleverdatum, " in hint


def test_without_references_documents_are_asked_without_extra_fields(tmp_path: Path, server: Running) -> None:
    """Robaws documents the include for other collections than invoices; who does not need it must not depend on it."""
    load(company(tmp_path, server, 'formats = ["ubl"]\n'))
    assert not any("extraFields" in target for target in server.stats.targets)
