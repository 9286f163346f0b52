"""The commands about work that waits: jobs that were given up, and mail."""

from __future__ import annotations

import sys
from typing import Any
from uuid import UUID, uuid4

import click
from sqlalchemy import select

from stopintimidatie.cli.common import DutchGroup, database, engine_of, operator
from stopintimidatie.cli.content import registry_of
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.jobs.services import counts, dead_jobs, throw_away, try_again
from stopintimidatie.core.mail.delivery import Courier
from stopintimidatie.core.mail.message import (
    LARGEST,
    Envelope,
    MailError,
    plain_address,
    returned_message,
    split_sender,
    words_of,
    write,
)
from stopintimidatie.core.mail.services import JOB, note_bounce
from stopintimidatie.core.storage import Holder, transaction
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import local
from stopintimidatie.settings import Settings


@click.group("wachtrij", cls=DutchGroup)
def queue_group() -> None:
    """Taken die na vele pogingen zijn opgegeven."""


@queue_group.command("lijst")
@click.pass_obj
def show(settings: Settings) -> None:
    """Toon de opgegeven taken: nummer, soort, houder, pogingen, laatste fout en sinds wanneer."""
    with database(settings) as session:
        jobs = dead_jobs(session)
        waiting = sum(count.waiting for count in counts(session))
    for job in jobs:
        since = local(job.created_at).strftime("%d-%m-%Y %H:%M")
        click.echo(
            f"{job.id}  {job.kind}  {job.holder}  {job.attempts} pogingen"
            f"  {job.last_error or '-'}  sinds {since}"
        )
    if not jobs:
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


def _act(settings: Settings, number: int | None, every: bool, action: str) -> None:
    if (number is None) != every:
        raise click.UsageError("Geef het nummer van één taak, of --alle.")
    act = try_again if action == "opnieuw" else throw_away
    with engine_of(settings) as engine:
        done = act(engine, operator(), number)
    outcome = "gaan opnieuw de wachtrij in" if action == "opnieuw" else "zijn weggegooid"
    click.echo(f"Taken die {outcome}: {done}." if done else "Er zijn geen opgegeven taken.")


# Mail: a trial message, what waits and why, and what came back.

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
        jobs = session.scalars(failed.order_by(OutboxJob.id)).all()
    for job in jobs:
        since = local(job.created_at).strftime("%d-%m-%Y %H:%M")
        state = "opgegeven" if job.dead else "wordt nog geprobeerd"
        click.echo(
            f"{job.id}  {job.holder}  {state}  {job.attempts} pogingen  sinds {since}"
            f"  {words_of(job.last_error)}"
        )
    if not jobs:
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
