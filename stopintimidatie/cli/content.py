"""The commands about content: the demo and the search index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click

from stopintimidatie import configure
from stopintimidatie.cli.common import clear_errors
from stopintimidatie.cli.dutch import DutchGroup
from stopintimidatie.demo.loading import is_loaded, load_demo
from stopintimidatie.search import services as search
from stopintimidatie.settings import Settings
from stopintimidatie.storage import Holder, transaction


@contextmanager
def registry_of(settings: Settings) -> Iterator[Any]:
    """The registry of an installation, for commands that need the rooms' registrations."""
    with clear_errors():
        config = configure(settings)
        config.commit()
        try:
            yield config.registry
        finally:
            config.registry.engine.dispose()


@click.group("demo", cls=DutchGroup)
def demo_group() -> None:
    """Verzonnen gegevens om mee te oefenen."""


@demo_group.command("laden")
@click.option("--als-leeg", is_flag=True, help="Doe niets als de demo er al is.")
@click.option(
    "--peildatum",
    type=click.DateTime(["%Y-%m-%d", "%d-%m-%Y"]),
    help="De dag die in de demo ‘vandaag’ is (jjjj-mm-dd).",
    metavar="DATUM",
)
@click.pass_obj
def load(settings: Settings, als_leeg: bool, peildatum: datetime | None) -> None:
    """Laad de demo: Dordrecht, Eindhoven, het meldpunt, accounts en een appsleutel."""
    with registry_of(settings) as registry:
        if is_loaded(registry.engine):
            if not als_leeg:
                raise click.ClickException("De demo is al geladen.")
            return
        added = load_demo(registry, day=peildatum.date() if peildatum else None, progress=_progress)
    click.echo(f"De demo is geladen: {added} meldingen.")


def _progress(count: int, total: int) -> None:
    click.echo(f"Demo laden: {count} van {total} meldingen", err=True)


@click.group("zoekindex", cls=DutchGroup)
def index_group() -> None:
    """De zoekindex, die altijd opnieuw uit de database te maken is."""


def _holders(registry: Any, wanted: str | None) -> list[str]:
    if wanted is None:
        return [row.holder for row in search.holders_with_index_work(registry)]
    with transaction(registry.engine, write=False) as session:
        if session.get(Holder, wanted) is None:
            raise click.ClickException(
                f"De houder ‘{wanted}’ bestaat niet. Geef een gemeentecode, zoals GM0505."
            )
    return [wanted]


@index_group.command("herbouwen")
@click.option("--houder", help="Alleen deze houder: een gemeentecode of ‘landelijk’.")
@click.pass_obj
def rebuild(settings: Settings, houder: str | None) -> None:
    """Maak de index opnieuw; zoeken gaat intussen door."""
    with registry_of(settings) as registry:
        for holder in _holders(registry, houder):
            report = search.rebuild(registry, holder)
            click.echo(f"{holder}: {report.documents} documenten.")


@index_group.command("controleren")
@click.option("--houder", help="Alleen deze houder: een gemeentecode of ‘landelijk’.")
@click.option("--herstellen", is_flag=True, help="Zet ook recht wat er niet klopt.")
@click.pass_obj
def check(settings: Settings, houder: str | None, herstellen: bool) -> None:
    """Vergelijk de index met de database. Klopt er iets niet, dan is de uitkomst 1."""
    wrong = False
    with registry_of(settings) as registry:
        for holder in _holders(registry, houder):
            report = search.check(registry, holder)
            click.echo(f"{holder}: {report.summary}")
            if not report.clean and herstellen:
                search.repair(registry, holder, report)
                click.echo(f"{holder}: de worker herstelt dit nu.")
            wrong = wrong or (not report.clean and not herstellen)
    if wrong:
        raise click.ClickException("Herstel met: zoekindex controleren --herstellen")
