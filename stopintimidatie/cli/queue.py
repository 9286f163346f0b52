"""The commands about jobs that were given up."""

from __future__ import annotations

import click

from stopintimidatie.cli.common import database, engine_of, operator
from stopintimidatie.cli.dutch import DutchGroup
from stopintimidatie.jobs import services
from stopintimidatie.settings import Settings
from stopintimidatie.web.filters import local


@click.group("wachtrij", cls=DutchGroup)
def queue_group() -> None:
    """Taken die na vele pogingen zijn opgegeven."""


@queue_group.command("lijst")
@click.pass_obj
def show(settings: Settings) -> None:
    """Toon de opgegeven taken: nummer, soort, houder, pogingen, laatste fout en sinds wanneer."""
    with database(settings) as session:
        found = services.dead_jobs(session)
        waiting = sum(count.waiting for count in services.counts(session))
    for job in found:
        asked = local(job.created_at).strftime("%d-%m-%Y %H:%M")
        click.echo(
            f"{job.id}  {job.kind}  {job.holder}  {job.attempts} pogingen"
            f"  {job.last_error or '-'}  sinds {asked}"
        )
    if not found:
        click.echo("Er zijn geen opgegeven taken.")
    click.echo(f"In de wachtrij: {waiting}.")


_which = click.argument("nummer", type=click.IntRange(min=1), required=False)
_all = click.option("--alle", is_flag=True, help="Alle opgegeven taken.")


@queue_group.command("opnieuw")
@_which
@_all
@click.pass_obj
def again(settings: Settings, nummer: int | None, alle: bool) -> None:
    """Doe een opgegeven taak nog eens: één nummer, of --alle."""
    _act(settings, nummer, alle, "opnieuw")


@queue_group.command("weg")
@_which
@_all
@click.pass_obj
def away(settings: Settings, nummer: int | None, alle: bool) -> None:
    """Gooi een opgegeven taak weg: één nummer, of --alle."""
    _act(settings, nummer, alle, "weg")


def _act(settings: Settings, number: int | None, every: bool, what: str) -> None:
    if (number is None) != every:
        raise click.UsageError("Geef het nummer van één taak, of --alle.")
    act = services.try_again if what == "opnieuw" else services.throw_away
    with engine_of(settings) as engine:
        done = act(engine, operator(), number)
    told = "gaan opnieuw de wachtrij in" if what == "opnieuw" else "zijn weggegooid"
    click.echo(f"Taken die {told}: {done}." if done else "Er zijn geen opgegeven taken.")
