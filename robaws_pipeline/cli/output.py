"""What the terminal shows: progress while work is going on, tables when it is done."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from robaws_pipeline import progress
from robaws_pipeline.steps.status import STATE_NAMES, Status

_WIDTH = None if sys.stdout.isatty() else 110
# No markup: what comes from Robaws or from the settings may have square brackets of its own.
out = Console(highlight=False, markup=False, width=_WIDTH)
err = Console(stderr=True, highlight=False, markup=False, width=_WIDTH)

_KINDS = {"sales": "sales", "purchases": "purchase"}
_TYPES = {"INVOICE": "invoices", "CREDIT_NOTE": "credit notes"}
CLOSE: dict[str, Any] = {"box": box.SIMPLE_HEAD, "padding": (0, 1), "title_justify": "left", "title_style": "bold"}
"""Tables that fit a terminal of eighty columns."""


def say(console: Console, label: str, text: str, style: str = "bold") -> None:
    """A label and a sentence, on one line whatever its length, so that it can be searched and copied."""
    console.print(Text.assemble((label, style), f" {text}"), soft_wrap=True)


def tell_retries() -> None:
    """From now on, say on the terminal why a request to Robaws is repeated, and when."""

    def hook(details: RetryDetails) -> None:
        err.print(f"{details.caused_by}; trying again in {details.wait_for:.1f} s", soft_wrap=True)

    set_on_retry_hooks([hook])


@contextmanager
def showing_progress() -> Iterator[None]:
    """Show the progress that steps report: bars on a terminal, a line when a task ends elsewhere (a log, say)."""
    if not err.is_terminal:
        with progress.listening(_lines()):
            yield
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err) as bars:
        tasks: dict[str, TaskID] = {}

        def show(task: str, done: int, total: int | None) -> None:
            if task not in tasks:
                tasks[task] = bars.add_task(task, total=total)
            bars.update(tasks[task], completed=done, total=total)

        with progress.listening(show):
            yield


def _lines() -> progress.Listener:
    finished: set[str] = set()

    def show(task: str, done: int, total: int | None) -> None:
        if done == total and task not in finished:
            finished.add(task)
            err.print(f"{task}: {done}")

    return show


def money(amount: Decimal | None) -> str:
    """An amount as people read it: 1,234.50; nothing for none."""
    return "" if amount is None else f"{amount:,.2f}"


def months_table(statuses: Sequence[Status]) -> Table:
    """Months × kinds: how many documents in each state, and the totals of the exported ones."""
    table = Table(title="Months (totals of what is exported)", **CLOSE)
    states = [name for name in STATE_NAMES if name != "deleted" or any(_count(status, name) for status in statuses)]
    for name in ("month", "kind"):
        table.add_column(name, no_wrap=True)
    for name in (*states, "net", "VAT", "gross"):
        table.add_column(name, justify="right", no_wrap=True)
    for status in statuses:
        if len(statuses) > 1:
            table.add_row(status.company, style="bold")
        previous = ""
        for row in status.rows:
            shown = row.month + ("*" if row.month in status.stale else "") if row.month != previous else ""
            previous = row.month
            counts = [str(row.counts[name] or "") for name in states]
            kind = f"{_KINDS[row.collection]} {_TYPES.get(row.type, row.type)}"
            table.add_row(shown, kind, *counts, money(row.net), money(row.vat), money(row.gross))
        table.add_section()
        table.add_row("all", "", *(str(_count(status, name)) for name in states), style="bold")
        table.add_section()
    return table


def _count(status: Status, state: str) -> int:
    return sum(row.counts[state] for row in status.rows)


def held_table(statuses: Sequence[Status], limit: int | None = None) -> Table:
    """Held documents with their reasons in words."""
    count = sum(len(status.held) for status in statuses)
    title = f"Held documents: {count}"
    table = Table(title=title, **CLOSE)
    for name in ("month", "document"):
        table.add_column(name, no_wrap=True)
    table.add_column("gross", justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    shown = [(status.company, document) for status in statuses for document in status.held][:limit]
    for company, document in shown:
        name = f"{document.collection} {document.number or f'id {document.id}'}"
        why = "\n".join(text for _, text in document.reasons)
        whose = f"{company} {name}" if len(statuses) > 1 else name
        table.add_row(document.month, whose, money(document.gross), why)
    if limit is not None and count > limit:
        table.caption = f"… and {count - limit} more: robaws-pipeline status"
    return table
