"""Click in Dutch: help pages and usage errors. Click itself speaks only English."""

from __future__ import annotations

from typing import Any

import click
from click.exceptions import MissingParameter, NoArgsIsHelpError, NoSuchCommand, NoSuchOption


class DutchCommand(click.Command):
    """A command whose help page is Dutch."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        pieces = " ".join(self.collect_usage_pieces(ctx)).replace("[OPTIONS]", "[OPTIES]")
        formatter.write_usage(ctx.command_path, pieces, prefix="Gebruik: ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        records = [record for p in self.get_params(ctx) if (record := p.get_help_record(ctx))]
        if records:
            with formatter.section("Opties"):
                formatter.write_dl(records)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "Toon deze uitleg."
        return option


class DutchGroup(DutchCommand, click.Group):
    """A group whose help page is Dutch; its commands too."""

    command_class = DutchCommand

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return ["[OPTIES]", "OPDRACHT", "…"]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        DutchCommand.format_options(self, ctx, formatter)
        rows = [(n, self.commands[n].get_short_help_str(100)) for n in self.list_commands(ctx)]
        with formatter.section("Opdrachten"):
            formatter.write_dl(rows)


DutchGroup.group_class = DutchGroup


def explain(error: click.UsageError) -> str:
    """A usage error as a Dutch sentence that says what to do."""
    if isinstance(error, NoSuchCommand):
        return f"De opdracht ‘{error.command_name}’ bestaat niet."
    if isinstance(error, NoSuchOption):
        return f"De optie ‘{error.option_name}’ bestaat niet."
    if isinstance(error, MissingParameter):
        return f"Er ontbreekt iets: {_name(error.param)}."
    if isinstance(error, click.BadParameter):
        return f"De waarde van {_name(error.param)} klopt niet.{_choices(error.param)}"
    return "Deze opdracht is niet goed geschreven."


def _name(parameter: click.Parameter | None) -> str:
    if parameter is None:
        return "een waarde"
    return (
        parameter.opts[0] if isinstance(parameter, click.Option) else parameter.human_readable_name
    )


def _choices(parameter: click.Parameter | None) -> str:
    kind = getattr(parameter, "type", None)
    return f" Kies uit: {', '.join(kind.choices)}." if isinstance(kind, click.Choice) else ""


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
