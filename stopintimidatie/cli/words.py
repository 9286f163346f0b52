"""Click in Dutch: help, usage errors, exit codes. Reads little, for who starts the web server."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

import click
from click.exceptions import NoArgsIsHelpError, NoSuchCommand

from stopintimidatie.core.text import AMSTERDAM

_EXAMPLE: Final = datetime(2026, 11, 24, 9, 30, tzinfo=AMSTERDAM)


class DutchCommand(click.Command):
    """A command whose help page is Dutch."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the line with the usage in Dutch."""
        pieces = " ".join(self.collect_usage_pieces(ctx)).replace("[OPTIONS]", "[OPTIES]")
        formatter.write_usage(ctx.command_path, pieces, prefix="Gebruik: ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under a Dutch heading."""
        records = [record for p in self.get_params(ctx) if (record := p.get_help_record(ctx))]
        if records:
            with formatter.section("Opties"):
                formatter.write_dl(records)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the option that shows help, explained in Dutch."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "Toon deze uitleg."
        return option


class DutchGroup(DutchCommand, click.Group):
    """A group whose help page is Dutch; its commands too."""

    command_class = DutchCommand

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return the words behind the name in the line with the usage."""
        return ["[OPTIES]", "OPDRACHT", "…"]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the commands, under Dutch headings."""
        DutchCommand.format_options(self, ctx, formatter)
        rows = [(n, self.commands[n].get_short_help_str(100)) for n in self.list_commands(ctx)]
        with formatter.section("Opdrachten"):
            formatter.write_dl(rows)


DutchGroup.group_class = DutchGroup


class UsageError(click.UsageError):
    """Refusal of a command that is wrongly written; the message is a Dutch sentence."""


def explain(error: click.UsageError) -> str:
    """Say a usage error in a Dutch sentence that tells what to do."""
    if isinstance(error, UsageError):
        return error.message
    if isinstance(error, NoSuchCommand):
        return f"De opdracht ‘{error.command_name}’ bestaat niet."
    if isinstance(error, click.NoSuchOption):
        return f"De optie ‘{error.option_name}’ bestaat niet."
    if isinstance(error, click.MissingParameter):
        return f"Er ontbreekt iets: {_name(error.param)}."
    if isinstance(error, click.BadParameter):
        return f"De waarde van {_name(error.param)} klopt niet.{_expected(error.param)}"
    if isinstance(error, click.BadOptionUsage):
        return f"Zet een waarde achter {error.option_name}."
    extra = re.search(r"extra arguments? \((.*)\)", error.message)
    more = f" Haal weg wat te veel is: {extra[1]}." if extra else ""
    return f"Deze opdracht is niet goed geschreven.{more}"


def _name(parameter: click.Parameter | None) -> str:
    if parameter is None:
        return "een waarde"
    return (
        parameter.opts[0] if isinstance(parameter, click.Option) else parameter.human_readable_name
    )


def _expected(parameter: click.Parameter | None) -> str:
    """Say how the value of a parameter is written, with an example."""
    match getattr(parameter, "type", None):
        case click.Choice(choices=choices):
            return f" Kies uit: {', '.join(choices)}."
        case click.DateTime(formats=formats):
            return f" Schrijf het zoals {' of '.join(map(_EXAMPLE.strftime, formats))}."
        case click.IntRange(min=int(low), max=high):
            most = "of meer" if high is None else f"tot en met {high}"
            return f" Schrijf een heel getal van {low} {most}. Bijvoorbeeld: {low}."
        case click.types.IntParamType():
            return " Schrijf een heel getal. Bijvoorbeeld: 12."
        case click.File() | click.Path():
            return " Geef een bestand dat bestaat en dat u mag lezen."
    return ""


def run(command: click.Command, **kwargs: Any) -> int:
    """Run the command; the exit code: 0 done, 1 couldn't be done, 2 wrongly written."""
    try:
        command.main(standalone_mode=False, **kwargs)
    except NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "", err=True)
        return 2
    except click.UsageError as error:
        click.echo(explain(error), err=True)
        if error.ctx is not None:
            click.echo(f"Uitleg: {error.ctx.command_path} --help", err=True)
        return 2
    except click.ClickException as error:
        click.echo(error.message, err=True)
        return 1
    except click.Abort:
        click.echo("Afgebroken.", err=True)
        return 130
    return 0
