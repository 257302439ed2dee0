"""The check of a month's UBL files, as the asset makes it: what it reads, what it finds, which files it chooses."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from companies import Company, company_toml
from ubl_files import INVOICE

from robaws_pipeline.steps.build import Exported
from robaws_pipeline.steps.valid_ubl import validate_exports
from robaws_pipeline.validation import Depth, Verdict
from robaws_pipeline.validation.pool import File, Pool


@pytest.fixture(scope="module")
def rules() -> Iterator[Pool]:
    """The rules, in the one process that the asset gives them."""
    with Pool(1) as pool:
        yield pool


def _exported(company: Company) -> dict[str, Exported]:
    """What `build_exports` said of the months that are there."""
    return {month: Exported("", manifest, {}) for month, manifest in company.place.manifests().items()}


def _files(company: Company) -> list[Path]:
    return sorted((company.place.folder / "exports" / "proef").glob("*/ubl/*.xml"))


def test_all_files_are_checked_when_they_are_few(stocked: Company, rules: Pool) -> None:
    """A night's month or two: no sample, no doubt."""
    made = validate_exports(stocked.place.workspace(), _exported(stocked), rules)
    count = len(_files(stocked))
    assert 0 < count <= 50
    assert (made.documents, made.by_cents, made.by_all, made.findings) == (count, count, count, [])
    assert made.seconds > 0


def test_many_files_are_all_computed_and_a_sample_is_checked_by_all_rules(stocked: Company, rules: Pool) -> None:
    """The cents of every file; the rules that take long, on every kind of document."""
    made = validate_exports(stocked.place.workspace(), _exported(stocked), rules, few=3)
    count = len(_files(stocked))
    assert (made.documents, made.by_cents, made.findings) == (count, count, [])
    assert 3 <= made.by_all < count


def test_very_many_files_are_spread_evenly(stocked: Company, rules: Pool) -> None:
    """The check of a first load must not take as long as the load."""
    made = validate_exports(stocked.place.workspace(), _exported(stocked), rules, few=3, most=10)
    assert made.by_cents <= 10 < made.documents


@pytest.mark.parametrize("few", [50, 3])
def test_wrong_cent_is_found_and_named_by_its_document(stocked: Company, rules: Pool, few: int) -> None:
    """Whichever file it is in; the UI shows numbers and rules and never what stands in the document."""
    file = _files(stocked)[-1]
    text = file.read_text(encoding="utf-8")
    before = text.split('PayableAmount currencyID="EUR">')[1].split("<")[0]
    file.write_text(
        text.replace(f"{before}</cbc:PayableAmount>", f"{before[:-1]}{(int(before[-1]) + 1) % 10}</cbc:PayableAmount>")
    )
    made = validate_exports(stocked.place.workspace(), _exported(stocked), rules, few=few)
    assert {(found.month, found.collection, found.number) for found in made.findings} == {
        (file.parts[-3], "sales", file.stem)
    }
    details = [found.detail for found in made.findings]
    assert (
        "OWN-PAYABLE at /%s/cac:LegalMonetaryTotal/cbc:PayableAmount"
        % ("Invoice" if "<Invoice" in text else "CreditNote")
        in details
    )
    assert "OWN-CHANGED at the file" in details


def test_file_that_is_missing_is_found(stocked: Company, rules: Pool) -> None:
    """The manifest lists it, so somebody will look for it."""
    file = _files(stocked)[0]
    file.unlink()
    made = validate_exports(stocked.place.workspace(), _exported(stocked), rules)
    assert [(found.number, found.detail) for found in made.findings] == [(file.stem, "FILE-READ at the file")]


BOTH = 'formats = ["ubl", "ubl_purchases"]\n'


def test_purchases_that_we_rebuilt_are_checked_as_ours(stocked: Company, rules: Pool) -> None:
    """A program that takes only UBL books them too, to the cent that stands there."""
    stocked.place.write(company_toml(stocked.server.base_url) + BOTH)
    assert stocked.place.invoke("load", "--from", "2025-01", "--to", "2025-03").exit_code == 0
    bought = sorted((stocked.place.folder / "exports" / "proef").glob("*/ubl_purchases/*.xml"))
    made = validate_exports(stocked.place.workspace(), _exported(stocked), rules)
    assert made.documents == len(bought) + len(_files(stocked))
    assert made.findings == []
    bought[0].write_bytes(bought[0].read_bytes().replace(b"</cbc:TaxExclusiveAmount>", b"1</cbc:TaxExclusiveAmount>"))
    made = validate_exports(stocked.place.workspace(), _exported(stocked), rules)
    assert {(found.collection, found.number) for found in made.findings} == {("purchases", bought[0].stem)}
    assert made.of_suppliers == []


def test_a_sample_has_every_kind_of_sale_and_of_purchase(stocked: Company, rules: Pool) -> None:
    """What is alike in a sale and a purchase is written by other code in part."""
    stocked.place.write(company_toml(stocked.server.base_url) + BOTH)
    assert stocked.place.invoke("load", "--from", "2025-01", "--to", "2025-03").exit_code == 0
    seen: dict[str, set[tuple[str, str]]] = {"quick": set(), "whole": set()}

    class Listening:
        def verdicts(self, files: Iterable[File], depth: Depth = "whole") -> Iterator[tuple[str, Verdict]]:
            for name, verdict in rules.verdicts(files, depth):
                seen[depth].update((name.split("/")[1], trait) for trait in verdict.traits)
                yield name, verdict

    pool: Any = Listening()
    made = validate_exports(stocked.place.workspace(), _exported(stocked), pool, few=1)
    assert made.by_all < made.documents
    assert seen["whole"] == seen["quick"]
    assert len({format_ for format_, _ in seen["whole"]}) == 2


def test_a_suppliers_own_file_that_is_wrong_is_a_warning_that_names_it(company: Company) -> None:
    """It is handed over as it came, somebody must tell the supplier, and no mistake of ours may hide behind it."""
    record = next(one for one in company.world.records("purchase-invoices") if one["type"] == "INVOICE")
    theirs = INVOICE.replace(b">F260147<", f">{record['invoiceNumber']}<".encode()).replace(b">7.92<", b">7.93<")
    company.server.faults.status(200, f"documents/{record['documentId']}", body=theirs, content_type="application/xml")
    company.place.write(company_toml(company.server.base_url) + BOTH + 'pdfs = ["purchases"]\n')
    loaded = company.place.invoke("load", "--from", "2025-01", "--to", "2025-03")
    assert loaded.exit_code == 0
    said = " ".join(loaded.stderr.split())
    assert "valid_suppliers_ubl: " in said
    assert f"purchases {record['logicId']}: OWN-VAT at /Invoice/cac:TaxTotal/cac:TaxSubtotal[2]/cbc:TaxAmount" in said
    assert "valid_ubl: " not in said
    [file] = (company.place.folder / "exports" / "proef").glob(f"*/ubl_purchases/{record['logicId']}.xml")
    assert file.read_bytes() == theirs
