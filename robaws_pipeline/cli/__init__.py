"""``robaws-pipeline``: the command line. Each command is a thin call of the same assets that the UI runs, or of a step.

Exit codes: 0 done; 1 the work found a problem (held documents alone are not one); 2 wrong use or settings.
"""

from importlib import import_module
from typing import Any

import click

from robaws_pipeline.settings import CONFIG_VARIABLE, SettingsError

_COMMANDS = {
    "demo": "robaws_pipeline.cli.demo:demo",
    "dev": "robaws_pipeline.cli.demo:dev",
    "load": "robaws_pipeline.cli.work:load",
    "nightly": "robaws_pipeline.cli.work:nightly",
    "verify": "robaws_pipeline.cli.work:verify",
    "deliver": "robaws_pipeline.cli.deliver:deliver",
    "deliveries": "robaws_pipeline.cli.deliveries:deliveries",
    "status": "robaws_pipeline.cli.questions:status",
    "explain": "robaws_pipeline.cli.questions:explain",
    "formats": "robaws_pipeline.cli.formats:formats",
    "preview": "robaws_pipeline.cli.formats:preview",
    "authorize": "robaws_pipeline.cli.authorize:authorize",
    "validate": "robaws_pipeline.cli.validate:validate",
    "doctor": "robaws_pipeline.cli.questions:doctor",
    "sandbox": "robaws_pipeline.sandbox.command:sandbox",
}
"""Command → where it is; in the order of the help text."""


class _Commands(click.Group):
    """Imports a command's module when it is asked for, so that none pays for the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)  # noqa: S101 - for the type checker
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; settings or a disk that cannot be used are told without a traceback."""
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            raise _WrongSettings(str(error)) from None
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            # Looked up only now: most commands end well, and this imports the file systems.
            from robaws_pipeline.cli.disk import trouble  # noqa: PLC0415

            told = trouble(error)
            if told is None:
                raise
            raise click.ClickException(told) from None


class _WrongSettings(click.ClickException):
    exit_code = 2


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(dir_okay=False),
    help=f"The settings file; else the one that {CONFIG_VARIABLE} names, else ./robaws.toml.",
)
@click.version_option(package_name="robaws-pipeline")
@click.pass_context
def cli(context: click.Context, config: str | None) -> None:
    """From Robaws to accounting: every sales and purchase document, exact to the cent, in files that an accountant
    imports.

    \b
    First time here?     robaws-pipeline demo
    Setting it up:       robaws-pipeline doctor
    Loading history:     robaws-pipeline load --from 2026-01
    Trying a format:     robaws-pipeline preview --format journal --month 2026-10
    Every night:         robaws-pipeline nightly     (or the schedule in the UI: robaws-pipeline dev)
    For the accountant:  robaws-pipeline deliver
    Is all well?         robaws-pipeline status
    """
    context.obj = config


def main() -> None:
    """The console script."""
    cli()
