"""What a person can type or set is written down, and what is written down is so."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import pytest
from dagster_graph import describe, example
from pydantic import BaseModel

from robaws_pipeline import settings
from robaws_pipeline.automation.code_location import definitions
from robaws_pipeline.cli import cli
from robaws_pipeline.reasons import REASONS

ROOT = Path(__file__).resolve().parents[2]
GUIDE = "\n".join(file.read_text(encoding="utf-8") for file in [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))])
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / "robaws.example.toml").read_text(encoding="utf-8")

COMMANDS = cli.list_commands(click.Context(cli))


def _command(name: str) -> click.Command:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return command


def _options() -> Iterator[tuple[str, str]]:
    for parameter in cli.params:
        yield from (("", option) for option in parameter.opts)
    for name in COMMANDS:
        for parameter in _command(name).params:
            if isinstance(parameter, click.Option):
                yield from ((name, option) for option in parameter.opts)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    """A command that is in no guide is found by nobody."""
    assert f"robaws-pipeline {name}" in GUIDE
    assert _command(name).help


@pytest.mark.parametrize(("command", "option"), list(_options()), ids=" ".join)
def test_every_option_is_documented_and_helps(command: str, option: str) -> None:
    """An option without a word of help is a guess."""
    assert re.search(rf"{option}\b", GUIDE)
    parameters = _command(command).params if command else cli.params
    (parameter,) = (parameter for parameter in parameters if option in parameter.opts)
    assert isinstance(parameter, click.Option)
    assert parameter.help


def _models() -> Iterator[tuple[str, type[BaseModel]]]:
    """Every table of the settings by its name."""
    yield "", settings.Settings
    yield "companies.<key>", settings.Company
    for name, field in settings.Company.model_fields.items():
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield name, kind


def _settings() -> list[tuple[str, str]]:
    return [(table, name) for table, model in _models() for name in model.model_fields]


@pytest.mark.parametrize(("table", "name"), _settings(), ids=".".join)
def test_every_setting_is_documented(table: str, name: str) -> None:
    """A setting that is in no guide is set by nobody, or wrongly."""
    assert f"`{name}`" in CONFIGURATION


def test_the_example_is_a_settings_file() -> None:
    """It is the file that everybody starts from."""
    parsed = settings.parse(EXAMPLE, "robaws.example.toml", ROOT)
    assert list(parsed.companies) == ["acme"]


def test_the_example_s_optional_settings_are_settings_too(tmp_path: Path) -> None:
    """Somebody takes the `#` away and expects what stands there to work."""
    uncommented = re.sub(r"^#(?=[\w\[\"])", "", EXAMPLE, flags=re.MULTILINE)
    assert uncommented != EXAMPLE
    with_key, _, oauth = uncommented.partition("[companies.acme.oauth]")
    assert oauth, "the last table, of the other kind of credentials: not beside the key"
    settings.parse(with_key, "robaws.example.toml", tmp_path)


def test_every_asset_check_and_job_is_documented() -> None:
    """A red check in the UI sends people to the guide: it must be there."""
    text = describe(definitions(example()))
    assets = re.findall(r"^asset acme/(\w+)$", text, re.MULTILINE)
    checks = re.findall(r"^  check        (\w+)", text, re.MULTILINE)
    jobs = re.findall(r"^job acme_(\w+)$", text, re.MULTILINE)
    sensors = re.findall(r"^sensor (?:acme_)?(\w+)$", text, re.MULTILINE)
    assert assets
    assert checks
    assert jobs
    assert sensors
    assert [
        name for name in {*assets, *checks, *jobs, *sensors} if not re.search(rf"`[^`\n]*{name}[^`\n]*`", GUIDE)
    ] == []


def test_every_reason_is_documented() -> None:
    """`held.csv` names a code: whoever looks it up must find it."""
    reasons = (ROOT / "docs" / "reasons.md").read_text(encoding="utf-8")
    assert [code for code in REASONS if f"`{code}`" not in reasons] == []


def test_generated_parts_of_the_documentation_are_up_to_date() -> None:
    """Help texts, defaults and excerpts in the guide are the program's own words of today."""
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_links_between_the_documents_lead_somewhere() -> None:
    """A dead link is where a reader gives up."""
    files = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]
    links = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")
    dead = [
        f"{file.relative_to(ROOT)}: {target}"
        for file in files
        for target in links.findall(file.read_text(encoding="utf-8"))
        if not (file.parent / target).exists()
    ]
    assert dead == []
