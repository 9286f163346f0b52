"""The command about the log: removing what is older than its term."""

from __future__ import annotations

import sys

import click

from stopintimidatie.cli.common import DutchGroup, engine_of, operator
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.text import day_of
from stopintimidatie.privacy.log.services import (
    count_old,
    log_terms,
    look_again,
    maintaining,
    prune,
)
from stopintimidatie.settings import Settings


@click.group("logboek", cls=DutchGroup)
def log_group() -> None:
    """Het logboek."""


@log_group.command("opschonen")
@click.option("--proef", is_flag=True, help="Zeg alleen wat weg zou gaan.")
@click.pass_obj
def clean(settings: Settings, proef: bool) -> None:
    """Verwijder uit het logboek wat ouder is dan zijn termijn."""
    terms = log_terms(settings)
    with engine_of(settings) as application, maintaining(settings) as engine:
        gone = count_old(engine, terms) if proef else prune(engine, terms, operator(), _tell)
        with transaction(application) as session:
            look_again(session)
    done = "Zou weggaan" if proef else "Verwijderd"
    for term, number in gone.items():
        kept = f"{term.years} jaar, van vóór {day_of(term.before):%d-%m-%Y}"
        click.echo(f"{done}: {number} regels {term.name} ({kept})")


def _tell(number: int) -> None:
    """Show a person how far it is; a log of cron needs only the end."""
    if sys.stderr.isatty():
        click.echo(f"\r{number} regels…\r", nl=False, err=True)
