"""Wrong use and wrong settings: every problem at once, exit code 2, nothing asked and nothing written."""

import pytest
from companies import Company, Place, company_toml


def nothing_written(place: Place) -> bool:
    """Whether the folder holds no more than the settings and the Dagster home of the fixture."""
    return {path.name for path in place.folder.iterdir()} <= {"robaws.toml", "dagster"}


WORKING = (["load"], ["nightly"], ["verify"])
ALL = (*WORKING, ["status"], ["explain", "F250001"], ["doctor"])


@pytest.mark.parametrize("command", ALL, ids=" ".join)
def test_a_missing_settings_file_is_named_with_what_to_do(place: Place, command: list[str]) -> None:
    """The first mistake that everybody makes."""
    result = place.invoke(*command)
    assert result.exit_code == 2
    assert str(place.config) in result.stderr
    assert "copy robaws.example.toml to robaws.toml and fill it in" in result.stderr
    assert nothing_written(place)


@pytest.mark.parametrize("command", ALL, ids=" ".join)
def test_every_wrong_setting_is_told_at_once(company: Company, command: list[str]) -> None:
    """One problem a try is an afternoon lost."""
    text = company_toml(company.server.base_url, start="januari").replace('vat_number = "BE0999000129"\n', "")
    company.place.write(
        text + 'formats = ["journal", "excel"]\ntimezone = "Belgium"\nnightly_at = "25:00"\ncolour = "blue"\n'
    )
    result = company.place.invoke(*command)
    assert result.exit_code == 2
    for key, remedy in (
        ("companies.proef.start = 'januari'", "YYYY-MM"),
        ("companies.proef.vat_number is missing", "add it"),
        ("companies.proef.timezone = 'Belgium'", "Europe/Brussels"),
        ("companies.proef.nightly_at = '25:00'", ""),
        ("companies.proef.colour is not a setting", "remove it"),
    ):
        (line,) = (line for line in result.stderr.splitlines() if key in line)
        assert remedy in line
    assert nothing_written(company.place)
    assert company.server.stats.total == 0


def test_an_unknown_format_is_told_with_those_there_are(company: Company) -> None:
    """A format's name is the one setting that nobody can guess."""
    company.place.write(company_toml(company.server.base_url) + 'formats = ["journal", "excel"]\n')
    result = company.place.invoke("load")
    assert result.exit_code == 2
    assert "excel" in result.stderr
    assert "journal" in result.stderr
    assert "ubl" in result.stderr
    assert nothing_written(company.place)


@pytest.mark.parametrize("command", [*WORKING, ["doctor"]], ids=" ".join)
def test_missing_environment_variables_are_all_named(company: Company, command: list[str]) -> None:
    """Who sets it up must know which variable to set, not that something is missing."""
    company.place.environment.update(PROEF_KEY="", PROEF_SECRET="")
    result = company.place.invoke(*command)
    assert result.exit_code == 2
    assert "environment variable PROEF_KEY is not set" in result.stderr
    assert "environment variable PROEF_SECRET is not set" in result.stderr
    assert nothing_written(company.place)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["load", "--company", "acme"], "no company 'acme' in the settings: proef"),
        (["status", "--company", "acme"], "no company 'acme' in the settings: proef"),
        (["explain", "--company", "acme", "F1"], "no company 'acme' in the settings: proef"),
        (["load", "--from", "2024-12"], "--from 2024-12: the books of proef go from 2025-01 (start) to "),
        (["load", "--to", "2199-01"], "--to 2199-01: the books of proef go from 2025-01 (start) to "),
        (["load", "--from", "2025-03", "--to", "2025-01"], "--from 2025-03 is after --to 2025-01"),
        (["load", "--from", "2025-13"], "'2025-13' does not match"),
        (["load", "--from", "maart"], "'maart' does not match"),
        (["verify", "--month", "2024-12"], "2024-12: the books of proef go from 2025-01 (start) to "),
        (["explain"], "Missing argument 'DOCUMENT'"),
        (["loaf"], "No such command 'loaf'"),
        (["load", "--form", "2025-01"], "No such option"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_exit_code_2_and_says_what_would_be_right(
    company: Company, arguments: list[str], said: str
) -> None:
    """A script must be able to tell a typing error from work that found a problem."""
    result = company.place.invoke(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert nothing_written(company.place)
    assert company.server.stats.total == 0


def test_a_file_that_is_not_toml_is_told_with_the_place(place: Place) -> None:
    """A missing quote is found by its line."""
    place.config.write_text('data_dir = "data\n[companies', encoding="utf-8")
    result = place.invoke("status")
    assert result.exit_code == 2
    assert "not valid TOML" in result.stderr
    assert "line 1" in result.stderr


def test_every_command_s_help_teaches(place: Place) -> None:
    """Help that repeats the command's name helps nobody; and none of it needs settings."""
    top = place.invoke("--help")
    assert top.exit_code == 0
    for name in ("demo", "dev", "load", "nightly", "verify", "status", "explain", "doctor", "sandbox"):
        summary = next(line for line in top.stdout.splitlines() if line.split()[:1] == [name])
        assert len(summary.split()) > 4
        result = place.invoke(name, "--help")
        assert result.exit_code == 0
        assert "Usage: " in result.stdout
        assert len(result.stdout.splitlines()) > 4
    assert nothing_written(place)
