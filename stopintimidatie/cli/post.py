"""The commands about mail: a trial message, what waits and why, and what came back."""

from __future__ import annotations

import sys
from typing import Any
from uuid import UUID, uuid4

import click
from sqlalchemy import select

from stopintimidatie.cli.common import database
from stopintimidatie.cli.content import registry_of
from stopintimidatie.cli.dutch import DutchGroup
from stopintimidatie.clock import utc_now
from stopintimidatie.jobs import OutboxJob
from stopintimidatie.mail.bounces import LARGEST, returned_message
from stopintimidatie.mail.delivery import Courier
from stopintimidatie.mail.problems import MailError, words_of
from stopintimidatie.mail.services import JOB, note_bounce
from stopintimidatie.mail.writing import Envelope, plain_address, split_sender, write
from stopintimidatie.settings import Settings
from stopintimidatie.storage import Holder, transaction
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.web.filters import local

TRIAL = """\
Dit is een proefbericht van Stopintimidatie. Komt het aan, dan werkt de post.
"""


@click.group("post", cls=DutchGroup)
def mail_group() -> None:
    """Berichten per e-mail."""


@mail_group.command("proef")
@click.argument("adres")
@click.pass_obj
def trial(settings: Settings, adres: str) -> None:
    """Stuur een proefbericht, nu en zonder wachtrij, en zeg hoe dat ging."""
    number = uuid4()
    try:
        sender = split_sender(settings.mail_sender)[1]
        made = write(number, utc_now(), settings.mail_sender, adres, "Proefbericht", TRIAL)
        envelope = Envelope(number, sender, plain_address(adres), made.as_bytes())
        Courier(settings).deliver(envelope)
    except MailError as error:
        raise click.ClickException(words_of(error.problem)) from None
    click.echo("De mailserver nam het bericht aan.")


@mail_group.command("lijst")
@click.pass_obj
def waiting(settings: Settings) -> None:
    """Toon de berichten die niet uitgaan: nummer, houder, pogingen, waarom, en sinds wanneer."""
    failed = select(OutboxJob).where(OutboxJob.kind == JOB.name, OutboxJob.attempts > 0)
    with database(settings) as session:
        found = session.scalars(failed.order_by(OutboxJob.id)).all()
    for job in found:
        asked = local(job.created_at).strftime("%d-%m-%Y %H:%M")
        what = "opgegeven" if job.dead else "wordt nog geprobeerd"
        click.echo(
            f"{job.id}  {job.holder}  {what}  {job.attempts} pogingen  sinds {asked}"
            f"  {words_of(job.last_error)}"
        )
    if not found:
        click.echo("Alle berichten zijn uitgegaan, of zijn nog niet aan de beurt geweest.")


@mail_group.command("terug")
@click.pass_obj
def bounced(settings: Settings) -> None:
    """Lees van standaardinvoer een bericht dat de mailserver terugstuurde (RFC 3464)."""
    number = returned_message(sys.stdin.buffer.read(LARGEST))
    if number is None:
        click.echo("Dit vertelt niet van een bericht van ons dat niet aankwam.")
        return
    with registry_of(settings) as registry:
        with transaction(registry.engine, write=False) as session:
            holders = session.scalars(select(Holder.code).order_by(Holder.code)).all()
        # The message is behind the wall of its holder, and only the number is known.
        known = any(_note(registry, holder, number) for holder in [NATIONAL, *holders])
    click.echo("Genoteerd: dit bericht kwam niet aan." if known else "Dit bericht is niet van ons.")


def _note(registry: Any, holder: str, number: UUID) -> bool:
    with transaction(registry.engine, holder) as session:
        return note_bounce(registry, session, number)
