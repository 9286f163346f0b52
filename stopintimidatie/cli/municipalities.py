"""The commands about municipalities: how far each takes part."""

from __future__ import annotations

from datetime import datetime
from typing import Any, BinaryIO, Final

import click
from sqlalchemy.orm import Session

from stopintimidatie.cli.common import clear_errors, operator
from stopintimidatie.cli.content import RESERVED, registry_of
from stopintimidatie.cli.dutch import DutchGroup
from stopintimidatie.clock import utc_now
from stopintimidatie.demo.practice import make_practice
from stopintimidatie.exports.certificates import (
    CertificateRefusedError,
    certificate_of,
    keep_certificate,
    remove_certificate,
)
from stopintimidatie.municipalities.level_plans import plan_level, plan_of, take_back_plan
from stopintimidatie.municipalities.levels import LevelRefusedError, level_history
from stopintimidatie.municipalities.models import ParticipationLevel
from stopintimidatie.register.called import municipality_called
from stopintimidatie.register.models import Municipality
from stopintimidatie.register.succession import successors
from stopintimidatie.reports.merging import hand_some_over, standing_of
from stopintimidatie.settings import Settings
from stopintimidatie.storage import NATIONAL, transaction
from stopintimidatie.web.filters import AMSTERDAM, datetime_short
from stopintimidatie.workflow import WorkflowError
from stopintimidatie.workflow.registry import WORKFLOW_EFFECTS

LEFT: Final = (
    "Wat hierboven nog staat, blijft tot iemand het afrondt: haal een melding uit haar dossier of"
    " uit quarantaine, of trek het aanbod in, en geef deze opdracht opnieuw. Afgehandelde meldingen"
    " blijven bij de oude gemeente zolang hun termijn loopt."
)


@click.group("gemeente", cls=DutchGroup)
def municipality_group() -> None:
    """Gemeenten: hoe ver elke gemeente meedoet."""


@municipality_group.command("niveau")
@click.argument("gemeente")
@click.option(
    "--naar",
    type=click.Choice([level.value for level in ParticipationLevel]),
    help="Het nieuwe niveau.",
)
@click.option(
    "--vanaf",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]),
    help="Vanaf wanneer het geldt, op de klok van Nederland; anders meteen.",
)
@click.option("--intrekken", is_flag=True, help="Trek in wat gepland is.")
@click.option("--reden", help="Voor het logboek; zonder persoonsgegevens.")
@click.pass_obj
def level(
    settings: Settings,
    gemeente: str,
    naar: str | None,
    vanaf: datetime | None,
    intrekken: bool,
    reden: str | None,
) -> None:
    """Toon het niveau van een gemeente met de geschiedenis, of zet of plan met --naar een ander."""
    if (naar is not None and intrekken) or (vanaf is not None and naar is None):
        raise click.UsageError("Gebruik --vanaf bij --naar, en --intrekken alleen.")
    with (
        registry_of(settings) as registry,
        clear_errors(),
        transaction(registry.engine, NATIONAL) as session,
    ):
        found = _municipality(session, gemeente)
        rules, by = registry.level_rules, operator()
        try:
            if naar is not None:
                begins = vanaf and vanaf.replace(tzinfo=AMSTERDAM)
                after = ParticipationLevel(naar)
                plan_level(session, rules, by, found.code, after, begins, reason=reden)
            elif intrekken and not take_back_plan(session, rules, by, found.code, reason=reden):
                raise click.ClickException("Er is niets gepland, of het is al ingegaan.")
        except LevelRefusedError as refused:
            raise click.ClickException("\n".join(refused.missing)) from None
        _show_levels(session, found)


def _show_levels(session: Session, town: Municipality) -> None:
    """What is planned, the present, and what was before; the latest first."""
    plan, rows = plan_of(session, town.code), level_history(session, town.code)
    if plan is not None:
        since = datetime_short(plan.begins)
        click.echo(f"{town.name}\t{plan.level.label}\t{since} – (gepland)")
    for row in rows:
        until = datetime_short(row.until) if row.until else "nu"
        words = ParticipationLevel(row.level).label
        click.echo(f"{town.name}\t{words}\t{datetime_short(row.since)} – {until}")
    if not rows:
        click.echo(f"{town.name}\t{ParticipationLevel.NO_AGREEMENT.label}")


@municipality_group.command("handtekening")
@click.argument("gemeente")
@click.option(
    "--bestand",
    type=click.File("rb"),
    help="Certificaat met sleutel (PKCS#12, .p12 of .pfx); het wachtwoord wordt gevraagd.",
)
@click.option("--verwijderen", is_flag=True, help="Voortaan ondertekent deze gemeente niet meer.")
@click.pass_obj
def signature(
    settings: Settings, gemeente: str, bestand: BinaryIO | None, verwijderen: bool
) -> None:
    """Toon, zet of verwijder het certificaat waarmee een gemeente haar pdf's ondertekent."""
    if bestand is not None and verwijderen:
        raise click.UsageError("Gebruik --bestand of --verwijderen, niet allebei.")
    p12 = bestand.read() if bestand else b""
    words = click.prompt("Wachtwoord van het bestand", hide_input=True, default="") if p12 else ""
    with registry_of(settings) as registry, clear_errors():
        with transaction(registry.engine, write=False) as session:
            found = _municipality(session, gemeente)
            code, name = found.code, found.name
        with transaction(registry.engine, code) as session:
            if p12:
                try:
                    keys, by = registry.key_ring, operator()
                    keep_certificate(session, keys, code, p12, words, by, utc_now())
                except CertificateRefusedError as refused:
                    raise click.ClickException(str(refused)) from None
            elif verwijderen and not remove_certificate(session, code, operator()):
                raise click.ClickException("Er is geen certificaat.")
            session.flush()
            row = certificate_of(session, code)
            until = f"{row.subject}\tgeldig tot {datetime_short(row.valid_until)}" if row else ""
        click.echo(f"{name}\t{until or 'geen certificaat'}")


@municipality_group.command("samenvoegen")
@click.argument("gemeente")
@click.option("--naar", help="De gemeente waarin zij opging; anders volgens de grenzen.")
@click.option("--uitvoeren", is_flag=True, help="Doe het; zonder dit staat er alleen wat er is.")
@click.pass_obj
def merge(settings: Settings, gemeente: str, naar: str | None, uitvoeren: bool) -> None:
    """Draag de open meldingen van een opgeheven gemeente over aan haar opvolger."""
    with registry_of(settings) as registry, clear_errors():
        with transaction(registry.engine, write=False) as session:
            old = _municipality(session, gemeente)
            found = successors(session, [old.code]).get(old.code)
            if naar is None and found is None:
                raise click.ClickException("Geen opvolger bekend: noem haar met --naar.")
            new = _municipality(session, naar or found or "")
        click.echo(f"{old.name} ({old.code}) ging op in {new.name} ({new.code}).")
        for holder in (old.code, NATIONAL):
            if uitvoeren:
                _hand_all_over(registry, holder, old.code, new.code)
            with transaction(registry.engine, holder) as session:
                left = standing_of(session, old.code)
            for state, number in left.items():
                click.echo(f"{holder}\t{state}\t{number}")
        if uitvoeren:
            click.echo(LEFT)


def _municipality(session: Session, wanted: str) -> Municipality:
    found = municipality_called(session, wanted)
    if found is None:
        raise click.ClickException(f"Er is geen gemeente {wanted}.")
    return found


def _hand_all_over(registry: Any, holder: str, old: str, new: str) -> None:
    """Some at a time: what was done stays done when it is stopped halfway."""
    effects, number, some = WORKFLOW_EFFECTS.of(registry), 0, 1
    while some:
        try:
            with transaction(registry.engine, holder) as session:
                some = hand_some_over(session, effects, old, new, operator())
        except WorkflowError as problem:
            raise click.ClickException(str(problem)) from None
        number += some
    click.echo(f"{holder}: {number} overgedragen.")


@municipality_group.command("oefen")
@click.pass_obj
def practice(settings: Settings) -> None:
    """Maak de oefengemeente met haar casussen; wat er al is, blijft zoals het is."""
    with registry_of(settings) as registry:
        added = make_practice(registry.engine, registry.key_ring, operator(), registry[RESERVED])
    click.echo(f"{added} casussen toegevoegd. De oefengemeente staat op /gemeenten/oefen.")
