"""What the terminal shows: progress while work is going on, tables when it is done."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from robaws_pipeline import progress
from robaws_pipeline.steps.status import Row, Status

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

_SHOWN = {"sales": "sales", "purchases": "purchases", "INVOICE": "invoices", "CREDIT_NOTE": "credit notes"}


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


def months_table(statuses: Iterable[Status]) -> Table:
    """Months × kinds: how many documents in each state, and the totals of the exported ones."""
    table = Table(title="Months", title_justify="left", title_style="bold", header_style="bold")
    for name in ("company", "month", "kind"):
        table.add_column(name, no_wrap=True)
    for name in ("exported", "held", "draft", "deleted", "net", "VAT", "gross"):
        table.add_column(name, justify="right", no_wrap=True)
    for status in statuses:
        for row in status.rows:
            table.add_row(*_cells(status, row))
        table.add_section()
        table.add_row(*_total(status), style="bold")
        table.add_section()
    return table


def _cells(status: Status, row: Row) -> list[str]:
    stale = "*" if row.month in status.stale else ""
    counts = [str(count) if count else "" for count in row.counts.values()]
    kind = f"{_SHOWN.get(row.collection, row.collection)}, {_SHOWN.get(row.type, row.type)}"
    return [status.company, row.month + stale, kind, *counts, money(row.net), money(row.vat), money(row.gross)]


def _total(status: Status) -> list[str]:
    counts = [str(sum(row.counts[name] for row in status.rows)) for name in ("exported", "held", "draft", "deleted")]
    return [status.company, "", "all", *counts, "", "", ""]


def held_table(statuses: Sequence[Status], limit: int | None = None) -> Table:
    """Held documents with their reasons in words."""
    count = sum(len(status.held) for status in statuses)
    title = f"Held documents: {count}"
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for name in ("company", "month", "document"):
        table.add_column(name, no_wrap=True)
    table.add_column("gross", justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    shown = [(status.company, document) for status in statuses for document in status.held][:limit]
    for company, document in shown:
        name = document.number or f"id {document.id}"
        why = "\n".join(text for _, text in document.reasons)
        table.add_row(company, document.month, f"{document.collection} {name}", money(document.gross), why)
    if limit is not None and count > limit:
        table.caption = f"… and {count - limit} more: robaws-pipeline status"
    return table
