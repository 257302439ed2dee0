"""The check of a month's UBL files, as the asset makes it: what it reads, what it finds, which files it chooses."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from companies import Company

from robaws_pipeline.steps.build import Exported
from robaws_pipeline.steps.valid_ubl import validate_exports
from robaws_pipeline.validation.pool import Pool


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
