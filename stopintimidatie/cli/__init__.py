"""The `stopintimidatie` command: what operators do. Thin: each command calls one service.

The main process of the web server imports nothing else; `commands` has all other commands.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
from importlib import import_module

import click

from stopintimidatie.cli import server
from stopintimidatie.cli.words import DutchGroup, run
from stopintimidatie.core.telemetry import silence_tracebacks
from stopintimidatie.settings import (
    INI_ENVIRONMENT_VARIABLE,
    PROGRAM,
    Settings,
    SettingsError,
    load_settings,
)

log = logging.getLogger(__name__)


class _Commands(DutchGroup):
    """Group that reads the commands it hasn't got yet when one of them is asked for."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name."""
        if cmd_name not in self.commands:
            _read_commands()
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        _read_commands()
        return super().list_commands(ctx)


def _read_commands() -> None:
    # While modules are read nothing becomes garbage: looking for it took a tenth of the start.
    gc.disable()
    import_module("stopintimidatie.cli.commands")
    gc.enable()


@click.group(cls=_Commands)
@click.option(
    "--ini",
    envvar=INI_ENVIRONMENT_VARIABLE,
    default="development.ini",
    help=f"Het bestand met instellingen (of {INI_ENVIRONMENT_VARIABLE}).",
    metavar="BESTAND",
)
@click.pass_context
def cli(ctx: click.Context, ini: str) -> None:
    """Stopintimidatie: het regiesysteem tegen straatintimidatie."""
    try:
        ctx.obj = load_settings(ini)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


@cli.command("web")
@click.pass_obj
def web(settings: Settings) -> None:
    """Start de webserver."""
    try:
        server.serve(settings)
    except server.WebServerError as error:
        log.critical("does not start: %s", str(error))
        sys.exit(1)


def main() -> None:
    """Run the console command."""
    os.umask(0o077)
    silence_tracebacks()
    sys.exit(run(cli, prog_name=PROGRAM))
