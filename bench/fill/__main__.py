"""`python -m bench.fill --aantal N`: fill an empty demo with reports over the whole country."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from typing import Any

import click

from bench.fill.maker import CONNECTED, YEARS, Helpers, Order, fill, holders
from stopintimidatie.cli.content import open_registry, registry_of
from stopintimidatie.cli.words import DutchCommand, run
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.search.services import rebuild_many
from stopintimidatie.core.telemetry import silence_tracebacks
from stopintimidatie.core.text import local
from stopintimidatie.settings import INI_ENVIRONMENT_VARIABLE, SettingsError, load_settings


@click.command(cls=DutchCommand)
@click.option(
    "--ini",
    envvar=INI_ENVIRONMENT_VARIABLE,
    default="development.ini",
    help=f"Het bestand met instellingen (of {INI_ENVIRONMENT_VARIABLE}).",
    metavar="BESTAND",
)
@click.option("--aantal", type=click.IntRange(min=1), required=True, help="Zoveel meldingen.")
@click.option("--zaad", type=int, default=7, show_default=True, help="Waar het toeval uit volgt.")
@click.option(
    "--peildatum",
    type=click.DateTime(["%Y-%m-%d", "%d-%m-%Y"]),
    help="De laatste dag van de meldingen (jjjj-mm-dd); vandaag als zij ontbreekt.",
    metavar="DATUM",
)
@click.option(
    "--jaren", type=click.IntRange(1, 20), default=YEARS, show_default=True, help="Zo ver terug."
)
@click.option(
    "--aangesloten",
    type=click.IntRange(min=0),
    default=CONNECTED,
    show_default=True,
    help="Zoveel gemeenten houden hun eigen meldingen; de rest ligt bij het meldpunt.",
)
@click.option(
    "--gemeente",
    "fixed",
    multiple=True,
    metavar="CODE=AANTAL",
    help="Een gemeente met een eigen aantal, zoals GM0505=500. Mag vaker.",
)
@click.option(
    "--processen",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Zoveel tegelijk; op SQLite alleen 1.",
)
@click.option("--zonder-index", is_flag=True, help="Bouw de zoekindex niet op.")
def command(ini: str, peildatum: datetime | None, **values: Any) -> None:
    """Vul een lege demo met veel meldingen over het hele land. Nog eens doen gaat verder."""
    try:
        settings = load_settings(ini)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    if settings.sqlite and values["processen"] > 1:
        raise click.ClickException("SQLite kent één schrijver tegelijk. Laat --processen weg.")
    order = Order(
        total=values["aantal"],
        seed=values["zaad"],
        day=peildatum.date() if peildatum else local(utc_now()).date(),
        years=values["jaren"],
        connected=values["aangesloten"],
        fixed=dict(_fixed(text) for text in values["fixed"]),
    )
    with registry_of(settings) as registry:
        number = values["processen"]
        helpers = Helpers(number, open_registry) if number > 1 else None
        added = fill(registry, order, helpers=helpers, progress=_Pace().show)
        click.echo(f"Er zijn {added} meldingen bij gekomen, tot en met {order.day:%d-%m-%Y}.")
        if not values["zonder_index"]:
            here = 1 if settings.search_backend == "whoosh" else number
            for report in rebuild_many(registry, holders(registry, order), here, open_registry):
                told = f"Zoekindex van {report.holder}: {report.documents} documenten."
                click.echo(told, err=True)


def _fixed(text: str) -> tuple[str, int]:
    code, _, number = text.upper().partition("=")
    if not number.isdigit():
        raise click.ClickException(f"Schrijf ‘{text}’ als CODE=AANTAL, zoals GM0505=500.")
    return code, int(number)


class _Pace:
    """Tells how far it is at most once a second."""

    def __init__(self) -> None:
        self._start = self._told = time.monotonic()

    def show(self, count: int, total: int) -> None:
        now = time.monotonic()
        if now - self._told < 1 and count < total:
            return
        self._told = now
        pace = count / max(now - self._start, 0.001)
        click.echo(f"{count} van {total} meldingen, {pace:.0f} per seconde", err=True)


if __name__ == "__main__":
    silence_tracebacks()
    sys.exit(run(command, prog_name="python -m bench.fill"))
