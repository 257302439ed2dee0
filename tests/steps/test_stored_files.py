"""The files that Robaws keeps with documents: fetched once, inside what the sweep may ask, and never in its way."""

import base64
from pathlib import Path

import httpx
import pytest
from lxml import etree
from steps_company import Serve, build_all, company, load, pick, small_world

from robaws_pipeline.sandbox.server import Running
from robaws_pipeline.steps.deliver import deliver
from robaws_pipeline.steps.deliveries import redo
from robaws_pipeline.steps.fetch import Fetched, fetch_history
from robaws_pipeline.steps.stale import stale_months
from robaws_pipeline.steps.workspace import Workspace

MONTH = "2025-02"
PDFS = 'formats = ["ubl"]\npdfs = ["sales"]'
ENTRY = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}EmbeddedDocumentBinaryObject"


@pytest.fixture
def server(serve: Serve) -> Running:
    return serve(small_world())


def _again(workspace: Workspace) -> Fetched:
    fetched = fetch_history(workspace, [MONTH])
    assert fetched.errors == []
    return fetched


def _asked(server: Running) -> list[str]:
    return [target for target in server.stats.targets if "/documents/" in target]


def _loaded(folder: Path, server: Running, more: str = PDFS) -> tuple[Workspace, Fetched]:
    workspace = company(folder, server, more)
    return workspace, load(workspace, [MONTH])


def _embedded(workspace: Workspace) -> dict[str, bytes]:
    """File name of each PDF in the month's UBL files → its bytes."""
    found = {}
    for file in (Path(workspace.exports.path()) / MONTH / "ubl").glob("*.xml"):
        for entry in etree.parse(str(file)).iter(ENTRY):
            found[str(entry.get("filename"))] = base64.b64decode(str(entry.text))
    return found


def test_each_invoice_has_its_own_pdf_inside(tmp_path: Path, server: Running) -> None:
    """The bookkeeper looks at the paper, and the paper must be that of this invoice."""
    workspace, fetched = _loaded(tmp_path, server)
    assert fetched.warnings == []
    embedded = _embedded(workspace)
    assert len(embedded) > 5
    for record in server.world.records("sales-invoices"):
        name = f"{record['logicId']}.pdf"
        if name in embedded:
            address = server.base_url.removesuffix("/api/v2") + f"/documents/{record['documentId']}?inline=true"
            assert httpx.get(address, auth=(server.key, server.secret)).content == embedded[name]
    assert all(content.startswith(b"%PDF-") for content in embedded.values())


def test_a_file_is_asked_for_once(tmp_path: Path, server: Running) -> None:
    """A request a document is the price; paying it every night would eat the day's quota."""
    workspace, _ = _loaded(tmp_path, server)
    before = _asked(server)
    assert len(before) == len(set(before)) > 5
    _again(workspace)
    assert _asked(server) == before
    assert stale_months(workspace, [MONTH]) == []


def test_nothing_is_asked_for_unless_the_settings_say_so(tmp_path: Path, server: Running) -> None:
    """Purchases were not named, and without the setting nothing is."""
    workspace, _ = _loaded(tmp_path, server, 'formats = ["ubl"]')
    assert _asked(server) == []
    assert _embedded(workspace) == {}


@pytest.mark.parametrize("trouble", ["missing", "a page in its place"])
def test_a_pdf_that_is_missing_or_broken_costs_a_warning_and_no_invoice(
    tmp_path: Path, server: Running, trouble: str
) -> None:
    """The amounts are right without it."""
    if trouble == "missing":
        server.faults.status(404, "documents/*")
    else:
        server.faults.status(200, "documents/*", body=b"<!DOCTYPE html><p>Aanmelden</p>", content_type="text/html")
    workspace, fetched = _loaded(tmp_path, server)
    exported = build_all(workspace, [MONTH])[MONTH]
    made = exported.manifest["formats"]["ubl"]
    assert exported.errors == {}
    assert len(_embedded(workspace)) == made["documents"] - 1
    told = fetched.warnings if trouble == "missing" else made["notes"]
    assert [text for text in told if "Robaws does not have the file of" in text or "is no PDF, left out" in text]


def test_a_run_that_broke_off_goes_on_where_it_stopped_and_the_month_is_made_again(
    tmp_path: Path, server: Running
) -> None:
    """The quota of a day ends in the middle of a first load: what came is kept, what did not comes later."""
    server.faults.status(403, "documents/*", times=1, skip=3)
    workspace, fetched = _loaded(tmp_path, server)
    assert fetched.errors == []
    assert [text for text in fetched.warnings if "the next run asks for the other files" in text]
    few = len(_embedded(workspace))
    asked = len(_asked(server))
    _again(workspace)
    assert stale_months(workspace, [MONTH]) == [MONTH]
    exported = build_all(workspace, [MONTH])[MONTH]
    assert few < len(_embedded(workspace)) == exported.manifest["formats"]["ubl"]["documents"]
    repeated = len(_asked(server)) - len(set(_asked(server)))
    assert repeated == 1, "only what was refused is asked for again"
    assert asked < len(_asked(server))


def test_a_suppliers_own_ubl_is_handed_over_untouched(tmp_path: Path, server: Running) -> None:
    """It is the legal document; ours is only rebuilt."""
    record = pick(server.world, "purchases", MONTH, type="INVOICE")
    original = (
        b'<?xml version="1.0"?>\n<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" '
        b'xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"><cbc:ID>'
        + record["invoiceNumber"].encode()
        + b"</cbc:ID></Invoice>"
    )
    path = f"documents/{record['documentId']}"
    server.faults.status(200, path, body=original, content_type="application/xml")
    workspace, _ = _loaded(tmp_path, server, 'formats = ["ubl_purchases"]\npdfs = ["purchases"]')
    written = Path(workspace.exports.path()) / MONTH / "ubl_purchases" / f"{record['logicId']}.xml"
    assert written.read_bytes() == original
    notes = build_all(workspace, [MONTH])[MONTH].manifest["formats"]["ubl_purchases"]["notes"]
    assert f"the supplier's own UBL, handed over untouched: {record['invoiceNumber']}" in notes


def test_a_delivery_has_the_pdfs_too_and_can_be_made_again(tmp_path: Path, server: Running) -> None:
    """What the month's folder has inside its invoices, the accountant gets."""
    workspace, _ = _loaded(tmp_path, server)
    done = deliver(workspace)
    folder = Path(done.folder)
    month = Path(workspace.exports.path(MONTH))
    [inside] = folder.glob("*/ubl")
    delivered = {file.name: file.read_bytes() for file in inside.glob("*.xml")}
    assert len(delivered) > 5
    assert delivered == {name: (month / "ubl" / name).read_bytes() for name in delivered}
    assert any(b"EmbeddedDocumentBinaryObject" in content for content in delivered.values())
    gone = sorted(inside.glob("*.xml"))[0]
    gone.unlink()
    assert redo(workspace, 1).mended == [str(gone.relative_to(folder))]
    assert gone.read_bytes() == delivered[gone.name]
