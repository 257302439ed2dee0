"""The parts of the documentation that the program writes, and the commands that it describes."""

import importlib
import re
from pathlib import Path
from typing import Any

import click
import pytest
from markdown_files import MARKDOWN, ROOT

from robaws_pipeline.cli import cli

COMMANDS = cli.list_commands(click.Context(cli))


@pytest.fixture
def generate(monkeypatch: pytest.MonkeyPatch) -> Any:
    """docs/generate.py."""
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    return importlib.import_module("generate")


def test_generated_parts_are_up_to_date(generate: Any) -> None:
    """A help text, a default, a field name or an excerpt that is no longer true misleads whoever trusts the rest."""
    assert generate.main(check=True) == [], "run: python docs/generate.py"


def test_a_part_that_is_out_of_date_is_named_and_written(generate: Any, tmp_path: Path) -> None:
    """A check that never fails checks nothing."""
    (tmp_path / "docs").mkdir()
    page = tmp_path / "docs" / "page.md"
    page.write_text("a\n<!-- generated: help verify -->\nold\n<!-- end -->\nb\n", encoding="utf-8")
    assert generate.main(tmp_path, check=True) == ["docs/page.md: help verify"]
    assert "old" in page.read_text(encoding="utf-8"), "a check writes nothing"
    assert generate.main(tmp_path) == ["docs/page.md: help verify"]
    text = page.read_text(encoding="utf-8")
    assert text.startswith("a\n<!-- generated: help verify -->\n```text\nUsage: robaws-pipeline verify")
    assert text.endswith("```\n<!-- end -->\nb\n")
    assert generate.main(tmp_path, check=True) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented_with_its_help(command: str) -> None:
    """A command that is not in the documentation is found by accident."""
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert f"## {command}\n" in text
    assert f"<!-- generated: help {command} -->" in text
    found = cli.get_command(click.Context(cli), command)
    assert found is not None
    assert found.help
    for parameter in found.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{command} {parameter.name} has no help text"


def test_the_documentation_names_no_command_that_does_not_exist() -> None:
    """A line that is copied from the documentation must run."""
    for page in MARKDOWN:
        for fence in re.findall(r"^```sh\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
            for line in fence.splitlines():
                words = re.sub(r"#.*", "", line).split("robaws-pipeline ")[1:]
                for rest in words:
                    arguments = re.sub(r"^--config \S+ ", "", rest).split()
                    if arguments:
                        assert arguments[0] in COMMANDS, f"{page.name}: {line}"


@pytest.mark.parametrize("target", ["demo", "dev", "test", "lint", "types", "unit", "lock", "clean"])
def test_every_make_target_is_documented(target: str) -> None:
    """make is the first thing that anybody types."""
    assert f"\n{target}:" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"`make {target}`" in (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
