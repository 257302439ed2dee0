"""``robaws-pipeline sandbox`` and ``python -m robaws_pipeline.sandbox``."""

from typing import Any

import click

from robaws_pipeline.sandbox.limits import Account
from robaws_pipeline.sandbox.server import serve
from robaws_pipeline.sandbox.switches import Switches, parse
from robaws_pipeline.sandbox.world import build_world


@click.command(name="sandbox", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8580, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.option("--seed", default=1, show_default=True, help="Another seed, other documents; the same seed, the same.")
@click.option("--from", "first_month", default="2025-11", show_default=True, help="First month with documents.")
@click.option("--to", "last_month", default="2026-10", show_default=True, help="Last month with documents.")
@click.option("--sales", default=40, show_default=True, help="Sales documents a month.")
@click.option("--purchases", default=30, show_default=True, help="Purchase documents a month.")
@click.option("--lines", type=click.IntRange(min=1), help="Lines on every document; without it, as the content asks.")
@click.option("--no-rate-limit", is_flag=True, help="Serve as fast as it goes.")
@click.option(
    "--switch", "assignments", multiple=True, metavar="NAME=VALUE", help="Another reading of the API (repeatable)."
)
def sandbox(
    host: str,
    port: int,
    seed: int,
    first_month: str,
    last_month: str,
    sales: int,
    purchases: int,
    lines: int | None,
    no_rate_limit: bool,
    assignments: tuple[str, ...],
) -> None:
    """Serve a local Robaws with invented data until Ctrl+C.

    It speaks the API that the pipeline reads, with its paging, filters, rate limit and errors, so that everything
    can be tried without a Robaws account:

    \b
        robaws-pipeline sandbox &
        curl -u sandbox-key:sandbox-secret 'http://127.0.0.1:8580/api/v2/sales-invoices?size=1'
    """
    try:
        values: dict[str, Any] = parse(list(assignments))
        if no_rate_limit:
            values["rate_per_second"] = None
        switches = Switches(**values)
        world = build_world(seed, first_month, last_month, sales, purchases, lines)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    account = Account()

    def ready(base_url: str) -> None:
        click.echo(f"Robaws sandbox on {base_url}  (key {account.key}, secret {account.secret}; Ctrl+C stops it)")

    try:
        serve(world, host, port, switches=switches, ready=ready)
    except KeyboardInterrupt:
        click.echo("Robaws sandbox stopped.")
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port") from None
