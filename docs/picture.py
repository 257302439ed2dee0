"""Draw docs/demo.svg: what `robaws-pipeline demo` prints, recorded while it runs, with its last three months only.

    python docs/picture.py

It runs in a folder of its own. The colours and the letters are in the file: nothing is fetched by who looks at it.
"""

import io
import os
import re
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from robaws_pipeline.cli import cli, demo
from robaws_pipeline.steps.status import status
from robaws_pipeline.steps.workspace import months_between

TARGET = Path(__file__).with_name("demo.svg")
MONTHS_SHOWN = 3
WIDTH = 110

THEME = TerminalTheme(
    (255, 255, 255),
    (36, 41, 47),
    [(36, 41, 47), (180, 35, 24), (17, 99, 41), (154, 103, 0), (9, 105, 218), (130, 80, 223), (27, 124, 131)],
)
_FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


class _Wrapping(Console):
    """A picture has an edge: here the long lines that a terminal scrolls are broken."""

    def print(self, *objects: Any, soft_wrap: bool | None = None, **options: Any) -> None:
        super().print(*objects, **options)


def without_fonts_from_elsewhere(svg: str) -> str:
    """rich names a web font; any monospaced font of the reader's will do, since each text carries its length."""
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: Fira Code, monospace", f"font-family: {_FONT}", svg)
    return svg.replace("font-family: arial", "font-family: sans-serif")


def main() -> None:
    """Run the demo and write the picture."""
    console = _Wrapping(
        record=True, width=WIDTH, highlight=False, markup=False, file=io.StringIO(), force_terminal=True
    )
    shown = months_between(*demo.MONTHS)[-MONTHS_SHOWN:]
    vars(demo).update(out=console, read_status=partial(status, months=shown))
    # The demo tells what to type next by the name under which it was started.
    sys.argv[0] = ".venv/bin/robaws-pipeline"
    console.print("$ make demo\n", style="bold")
    with tempfile.TemporaryDirectory(prefix="picture") as folder:
        os.chdir(folder)
        cli(["demo"], standalone_mode=False)
        os.chdir(TARGET.parent)
    svg = console.export_svg(title="robaws-pipeline demo (the last three months)", theme=THEME, unique_id="demo")
    TARGET.write_text(without_fonts_from_elsewhere(svg), encoding="utf-8")


if __name__ == "__main__":
    main()
