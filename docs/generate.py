"""Write the parts of the documentation that the program knows better: help texts, defaults, field names, excerpts.

    python docs/generate.py            bring every block up to date
    python docs/generate.py --check    change nothing; exit 1 and name the blocks that are out of date

A block stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``, in any Markdown file of the project.
"""

import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import click
from excerpts import exported_month, held, journal, proof

from robaws_pipeline import fields
from robaws_pipeline.cli import cli
from robaws_pipeline.formats.template import expressions
from robaws_pipeline.formats.template import fields as template
from robaws_pipeline.settings import DEFAULT_TARIFFS, Tariff
from robaws_pipeline.validation.own_rules import RULES

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"(<!-- generated: (?P<name>[^>]+?) -->\n).*?(<!-- end -->)", re.DOTALL)
WIDTH = 88


def help_text(command: str) -> str:
    """What ``robaws-pipeline COMMAND --help`` prints, at a fixed width; the program's own for an empty name."""
    widths = {"terminal_width": WIDTH, "max_content_width": WIDTH}
    parent = click.Context(cli, info_name="robaws-pipeline", **cli.context_settings, **widths)
    if not command:
        return f"```text\n{cli.get_help(parent)}\n```\n"
    names = {**cli.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    group: click.Command = cli
    for name in command.split():
        found = group.get_command(parent, name) if isinstance(group, click.Group) else None
        if found is None:
            raise SystemExit(f"the documentation has a block for a command that does not exist: {command}")
        group, parent = found, click.Context(found, parent, name, **names)
    return f"```text\n{group.get_help(parent)}\n```\n"


def tariffs() -> str:
    """The default VAT tariffs, names of one meaning together."""
    names: dict[Tariff, list[str]] = {}
    for name, tariff in DEFAULT_TARIFFS.items():
        names.setdefault(tariff, []).append(f"`{name}`")
    rows = ["| names | `treatment` | `rate` | `self_assessed_rate` |", "| --- | --- | --: | --: |"]
    for tariff, known in names.items():
        assessed = "" if tariff.self_assessed_rate is None else f"{tariff.self_assessed_rate}"
        rows.append(f"| {', '.join(known)} | `{tariff.treatment}` | {tariff.rate} | {assessed} |")
    return "\n".join(rows) + "\n"


def field_names() -> str:
    """Every mapped field of Robaws, a table a resource."""
    parts = []
    for resource, known in fields.RESOURCES.items():
        rows = [
            f"**`fields.{resource}`**\n",
            "| our name | Robaws's key | holds | sure? |",
            "| --- | --- | --- | --- |",
        ]
        rows += [f"| `{field.name}` | `{field.key}` | {field.kind} | {field.confidence} |" for field in known]
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def own_rules() -> str:
    """Our own rules for UBL files."""
    rows = ["| rule | what must hold | otherwise |", "| --- | --- | --- |"]
    rows += [f"| `{rule.id}` | {rule.demand} | {'not valid' if rule.fatal else 'warning'} |" for rule in RULES]
    return "\n".join(rows) + "\n"


def template_functions() -> str:
    """What an expression of a layout may use."""
    rows = ["| function | gives |", "| --- | --- |"]
    rows += [f"| `{name}` | {meaning} |" for name, meaning in expressions.FUNCTIONS.items()]
    operators = "; ".join(
        f"{meaning} ({f'`{name}`'})" if "`" not in meaning else meaning
        for name, meaning in expressions.OPERATORS.items()
    )
    rows.append(
        f"\nOperators: {operators}; comparisons, `BETWEEN`, `IN`, `IS NULL`, `AND`, `OR`, `NOT`, `CASE`, `CAST`."
    )
    return "\n".join(rows) + "\n"


def template_fields() -> str:
    """The fields of layouts, a table for where they are known."""
    tables = {
        "On every row": (template.COMMON_FIELDS, ""),
        "Of the document": (template.DOCUMENT_FIELDS, "`posting`, `document` and `vat` rows"),
        "Of the posting": (template.POSTING_FIELDS, "`posting` rows"),
        "Of the VAT": (template.VAT_FIELDS, "`vat` rows"),
        "Of the customer or supplier": (template.PARTY_FIELDS, "`party` rows"),
        "Counted": (template.COUNTING_FIELDS, "columns of any rows"),
    }
    parts = []
    for heading, (known, where) in tables.items():
        rows = [
            f"**{heading}**{f': {where}' if where else ''}\n",
            "| field | type | what it is |",
            "| --- | --- | --- |",
        ]
        rows += [f"| `{field.name}` | {template.TYPE_NAMES[field.type]} | {field.meaning} |" for field in known]
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


@cache
def _excerpts() -> dict[str, str]:
    with exported_month() as folder:
        return {"journal.csv": journal(folder), "held.csv": held(folder), "proof": proof(folder)}


def generated(name: str) -> str:
    """The content of a block, ending in a line end."""
    if name.startswith("help"):
        return help_text(name.removeprefix("help").strip())
    writers: dict[str, Callable[[], str]] = {
        "default VAT tariffs": tariffs,
        "field names": field_names,
        "own rules": own_rules,
        "template functions": template_functions,
        "template fields": template_fields,
        "journal.csv": lambda: _excerpts()["journal.csv"] + "\n",
        "held.csv": lambda: _excerpts()["held.csv"] + "\n",
        "proof": lambda: _excerpts()["proof"] + "\n",
    }
    return writers[name]()


def main(root: Path = ROOT, *, check: bool = False) -> list[str]:
    """Bring the blocks of a project up to date, or only say which are not: `path: name` of each."""
    stale = []
    for file in sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")]):
        text = file.read_text(encoding="utf-8")
        fresh = BLOCK.sub(lambda found: found[1] + generated(found["name"]) + found[3], text)
        if fresh == text:
            continue
        before, after = ({found["name"]: found[0] for found in BLOCK.finditer(each)} for each in (text, fresh))
        stale += [f"{file.relative_to(root)}: {name}" for name in after if before[name] != after[name]]
        if not check:
            file.write_text(fresh, encoding="utf-8")
    return stale


if __name__ == "__main__":
    check_only = "--check" in sys.argv[1:]
    blocks = main(check=check_only)
    for block in blocks:
        click.echo(f"{block}: {'out of date; run: python docs/generate.py' if check_only else 'written'}")
    sys.exit(1 if check_only and blocks else 0)
