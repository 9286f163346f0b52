"""The commands for who looks into something: old lines of the log, files that were stopped."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from sqlalchemy import select

from stopintimidatie.cli.common import DutchGroup, engine_of, operator
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.storage.encryption import load_key_ring
from stopintimidatie.core.text import day_of
from stopintimidatie.core.tree import Reference
from stopintimidatie.privacy.log.services import (
    count_old,
    log_terms,
    look_again,
    maintaining,
    prune,
)
from stopintimidatie.reports.attachments.jobs import take_out
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


@click.group("bijlage", cls=DutchGroup)
def attachment_group() -> None:
    """Bestanden die de virusscanner tegenhield."""


@attachment_group.command("uitpakken")
@click.argument("kenmerk")
@click.argument("nummer", type=click.IntRange(min=1))
@click.argument("bestand", type=click.Path(path_type=Path))
@click.option("--reden", required=True, help="Waarom; komt in het logboek.")
@click.pass_obj
def unpack(settings: Settings, kenmerk: str, nummer: int, bestand: Path, reden: str) -> None:
    """Schrijf een tegengehouden bestand, zoals het binnenkwam, naar een nieuw BESTAND."""
    wanted = select(Reference.holder).where(Reference.reference == kenmerk.upper())
    keys = load_key_ring(settings.key_file)
    with engine_of(settings) as engine:
        with transaction(engine, write=False) as session:
            holders = session.scalars(wanted.order_by(Reference.holder)).all()
        for holder in holders:
            with transaction(engine, holder) as session:
                content = take_out(session, keys, kenmerk.upper(), nummer, operator(), reden)
            if content is not None:
                _write_new(bestand, content)
                click.echo(f"Geschreven: {bestand}. Open het alleen op een machine die dat mag.")
                return
    raise click.ClickException(f"Bij {kenmerk} is bestand {nummer} niet tegengehouden, of al weg.")


def _write_new(path: Path, content: bytes) -> None:
    """Write a file that only this user may read, and that isn't there yet."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None
    with os.fdopen(number, "wb") as file:
        file.write(content)
