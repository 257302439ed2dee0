"""`formats` and `preview`: which formats there are, and what one would make, without making it."""

import csv
import io
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from companies import LAST, Company, Place

from robaws_pipeline.cli import cli

LAYOUT = """
[companies.proef.templates.mijnlayout]
title = "Import of somebody's program"
rows = "posting"
where = "collection = 'sales'"
columns = [
  { name = "Stuk", value = "number", required = true },
  { name = "Datum", value = "date", date = "%d/%m/%Y" },
  { name = "Bedrag", value = "amount" },
]
"""


@pytest.fixture
def described(loaded: Company) -> Iterator[Place]:
    """The loaded company with a layout in its settings that `formats` does not name."""
    place = loaded.place
    before = place.config.read_text(encoding="utf-8")
    place.config.write_text(before + LAYOUT, encoding="utf-8")
    yield place
    place.config.write_text(before, encoding="utf-8")


def test_preview_shows_the_rows_of_a_layout_and_writes_nothing(described: Place) -> None:
    """A layout is tried before the accountant gets it, and nobody must get it by trying."""
    before = described.exported(), described.tables()
    result = described.invoke("preview", "--format", "mijnlayout", "--month", LAST, "--rows", "3")
    assert result.exit_code == 0, result.output
    header, *rows = (line.split() for line in result.stdout.splitlines()[2:6] if "─" not in line)
    assert header == ["Stuk", "Datum", "Bedrag"]
    assert len(rows) == 3 - 1
    assert "nothing was written" in result.stdout
    assert "left out by where" in result.stdout
    assert (described.exported(), described.tables()) == before


def test_preview_shows_what_the_export_wrote(loaded: Company) -> None:
    """The lines of the preview are those that the accountant has."""
    result = loaded.place.invoke("preview", "--format", "journal", "--month", LAST, "--rows", "4")
    assert result.exit_code == 0, result.output
    written = (loaded.place.folder / "exports" / "proef" / LAST / "journal" / "journal.csv").read_text("utf-8-sig")
    for line in written.splitlines()[:4]:
        assert f"  {line}\n" in result.stdout
    assert next(csv.reader(io.StringIO(written), delimiter=";"))[0] == "entry"


def test_preview_of_a_layout_too_wide_for_the_terminal_shows_a_block_a_row(described: Place) -> None:
    """Cells that are folded into each other cannot be compared with anything."""
    wide = LAYOUT.replace("mijnlayout", "breed").replace(
        '{ name = "Bedrag"', '{ name = "Lang", value = "lpad(account, 120, \'.\')" },\n  { name = "Bedrag"'
    )
    described.config.write_text(described.config.read_text("utf-8") + wide, encoding="utf-8")
    result = described.invoke("preview", "--format", "breed", "--month", LAST, "--rows", "2")
    assert result.exit_code == 0, result.output
    assert "Row 1" in result.stdout
    assert "Row 2" in result.stdout
    assert "  Lang    ....................." in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "excel", "--month", LAST], "'excel' is not a format: choose from "),
        (["--format", "journal", "--month", "2199-01"], "--month 2199-01: the books of proef go from 2025-01"),
        (["--format", "journal"], "Missing option '--month'"),
    ],
)
def test_preview_says_what_is_wrong_with_the_question(loaded: Company, arguments: list[str], said: str) -> None:
    """A name or a month that does not exist is the user's slip, told in a sentence."""
    result = loaded.place.invoke("preview", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_preview_of_a_month_that_is_not_loaded_says_how_to_load_it(company: Company) -> None:
    """An empty table would look as if there were no invoices."""
    result = company.place.invoke("preview", "--format", "journal", "--month", LAST)
    assert result.exit_code == 1
    assert f"robaws-pipeline load --from {LAST} --to {LAST}" in result.stderr


def test_formats_lists_what_is_installed_and_what_is_described(described: Place) -> None:
    """Whoever writes `formats = […]` must be able to see what can stand there."""
    result = described.invoke("formats")
    assert result.exit_code == 0, result.output
    lines = {line.split()[0]: line for line in result.stdout.splitlines() if line.strip()}
    assert "robaws-pipeline 0.1.0" in lines["journal"]
    assert " proef " in lines["journal"]
    assert "layout of proef" in lines["mijnlayout"]
    assert "Import of somebody's program" in lines["mijnlayout"]
    assert " proef " not in lines["mijnlayout"].replace("layout of proef", ""), "nobody uses it yet"


def test_formats_tells_every_problem_and_lists_the_others(described: Place) -> None:
    """It is the command for finding out what is wrong, so it cannot stop at that."""
    text = described.config.read_text(encoding="utf-8").replace('value = "amount"', 'value = "amont / 2"')
    described.config.write_text(text + '[companies.proef.templates.ubl]\nrows = "document"\n', encoding="utf-8")
    result = described.invoke("formats")
    assert result.exit_code == 1
    assert "journal" in result.stdout
    assert "companies.proef: templates.mijnlayout: column 3 (Bedrag): value = 'amont / 2': `/` gives" in result.stderr
    assert "companies.proef: templates.ubl: this is the name of an installed format" in result.stderr
    load = described.invoke("load")
    assert load.exit_code == 2, "and nothing runs on settings that are wrong"
    assert "column 3 (Bedrag)" in load.stderr


def test_formats_without_settings_lists_what_is_installed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is wanted before there is a robaws.toml to write it in."""
    monkeypatch.chdir(place.folder)
    monkeypatch.delenv("ROBAWS_PIPELINE_CONFIG", raising=False)
    result = CliRunner().invoke(cli, ["formats"])
    assert result.exit_code == 0, result.output
    assert "journal" in result.stdout
    assert "only installed formats are listed" in result.stderr
    assert place.invoke("formats").exit_code == 2, "a file that was named must be there"
