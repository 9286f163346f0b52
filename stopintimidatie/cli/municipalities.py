"""The commands about municipalities: how far each takes part, and the areas from PDOK or files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import click
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from stopintimidatie import configure
from stopintimidatie.cli.common import clear_errors, database, operator
from stopintimidatie.cli.content import RESERVED, registry_of
from stopintimidatie.cli.words import DutchGroup, UsageError
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage import NATIONAL, transaction
from stopintimidatie.core.text import AMSTERDAM, datetime_short
from stopintimidatie.core.tree.services import reserved_names
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.desk.onboarding.practice import make_practice
from stopintimidatie.exports.document.services import (
    CertificateRefusedError,
    certificate_of,
    keep_certificate,
    remove_certificate,
)
from stopintimidatie.municipalities.areas import sources
from stopintimidatie.municipalities.areas.facts import AreaKind, neighbourhood_facts
from stopintimidatie.municipalities.areas.geocoder import load_stops
from stopintimidatie.municipalities.areas.geojson import AreaFileError
from stopintimidatie.municipalities.areas.landmarks import count_names, load_landmarks
from stopintimidatie.municipalities.areas.loader import load_areas
from stopintimidatie.municipalities.areas.models import AreaOutline, FormerArea, Municipality
from stopintimidatie.municipalities.areas.queries import find_municipality
from stopintimidatie.municipalities.areas.services import successors
from stopintimidatie.municipalities.areas.sources import plural
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import (
    LevelRefusedError,
    level_history,
    plan_level,
    plan_of,
    take_back_plan,
)
from stopintimidatie.municipalities.sso.services import allow_passwords, find_provider
from stopintimidatie.reports.arrival.jobs import ask_for_places
from stopintimidatie.reports.handover.services import hand_some_over, standing_of
from stopintimidatie.settings import PROGRAM, Settings

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
        raise UsageError("Gebruik --vanaf bij --naar, en --intrekken alleen.")
    with (
        registry_of(settings) as registry,
        clear_errors(),
        transaction(registry.engine, NATIONAL) as session,
    ):
        town = find_town(session, gemeente)
        rules, by = registry.level_rules, operator()
        try:
            if naar is not None:
                begins = vanaf and vanaf.replace(tzinfo=AMSTERDAM)
                after = ParticipationLevel(naar)
                plan_level(session, rules, by, town.code, after, begins, reason=reden)
            elif intrekken and not take_back_plan(session, rules, by, town.code, reason=reden):
                raise click.ClickException("Er is niets gepland, of het is al ingegaan.")
        except LevelRefusedError as refused:
            raise click.ClickException("\n".join(refused.missing)) from None
        _show_levels(session, town)


def _show_levels(session: Session, town: Municipality) -> None:
    """Show the levels: planned, present and past; the latest first."""
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
        raise UsageError("Gebruik --bestand of --verwijderen, niet allebei.")
    p12 = bestand.read() if bestand else b""
    words = click.prompt("Wachtwoord van het bestand", hide_input=True, default="") if p12 else ""
    with registry_of(settings) as registry, clear_errors():
        with transaction(registry.engine, write=False) as session:
            municipality = find_town(session, gemeente)
            code, name = municipality.code, municipality.name
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


@municipality_group.command("aanmelden")
@click.argument("gemeente")
@click.option(
    "--niet-verplicht",
    is_flag=True,
    help="Laat collega's weer binnen met een wachtwoord, als de inlogdienst niet werkt.",
)
@click.pass_obj
def sign_in(settings: Settings, gemeente: str, niet_verplicht: bool) -> None:
    """Toon hoe collega's van een gemeente zich aanmelden."""
    with registry_of(settings) as registry, clear_errors():
        with transaction(registry.engine, write=False) as session:
            municipality = find_town(session, gemeente)
            code, name = municipality.code, municipality.name
        with transaction(registry.engine, code) as session:
            if niet_verplicht and not allow_passwords(session, operator(), code, at=code):
                raise click.ClickException("Aanmelden met een wachtwoord kon al.")
            row = find_provider(session, code)
            if row is None or not row.in_use:
                words = "met een wachtwoord"
            elif row.required:
                words = "alleen via de gemeente"
            else:
                words = "via de gemeente, of met een wachtwoord"
        click.echo(f"{name}\t{words}")


@municipality_group.command("samenvoegen")
@click.argument("gemeente")
@click.option("--naar", help="De gemeente waarin zij opging; anders volgens de grenzen.")
@click.option("--uitvoeren", is_flag=True, help="Doe het; zonder dit staat er alleen wat er is.")
@click.pass_obj
def merge(settings: Settings, gemeente: str, naar: str | None, uitvoeren: bool) -> None:
    """Draag de open meldingen van een opgeheven gemeente over aan haar opvolger."""
    with registry_of(settings) as registry, clear_errors():
        with transaction(registry.engine, write=False) as session:
            old = find_town(session, gemeente)
            successor = successors(session, [old.code]).get(old.code)
            if naar is None and successor is None:
                raise click.ClickException("Geen opvolger bekend: noem haar met --naar.")
            new = find_town(session, naar or successor or "")
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


def find_town(session: Session, wanted: str) -> Municipality:
    """Return the municipality with this code or name, or end the command with what to do."""
    municipality = find_municipality(session, wanted)
    if municipality is None:
        raise click.ClickException(f"Er is geen gemeente {wanted}.")
    return municipality


def _hand_all_over(registry: Any, holder: str, old: str, new: str) -> None:
    """Hand over some reports at a time: what was done stays done when it is stopped halfway."""
    number, some = 0, 1
    while some:
        try:
            with transaction(registry.engine, holder) as session:
                some = hand_some_over(session, registry, old, new, operator())
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


# Areas: `gebieden`

KINDS: Final = {plural(kind): kind for kind in AreaKind}


@click.group("gebieden")
def area_group() -> None:
    """Gemeenten, wijken en buurten met hun grenzen."""


@area_group.command("laden")
@click.option(
    "--bestand",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="GeoJSON van CBS/PDOK, of een map ermee; meer bladzijden van één soort mogen na elkaar.",
)
@click.option("--bron", type=click.Choice(["PDOK"], case_sensitive=False), help="Haal ze op.")
@click.option("--jaar", type=click.IntRange(2000, 2099), help="Jaar van de grenzen.")
@click.option(
    "--soort", "kinds", multiple=True, type=click.Choice(list(KINDS)), help="Standaard alle drie."
)
@click.option("--gemeente", "towns", multiple=True, help="Alleen wijken en buurten hiervan.")
@click.option("--omgeving-demo", is_flag=True, help="Alleen wijken in en om de demogemeenten.")
@click.option("--binnen", type=click.IntRange(1), help="Stop met ophalen na zoveel seconden.")
@click.option("--als-leeg", is_flag=True, help="Doe niets als er al grenzen zijn.")
@click.option("--ouder", is_flag=True, help="Ook als er al grenzen van een later jaar zijn.")
@click.option(
    "--adres", default=sources.ADDRESS, show_default=True, help="Een andere plek van PDOK."
)
@click.pass_obj
def load(
    settings: Settings, /, files: tuple[Path, ...], jaar: int | None, ouder: bool, **more: Any
) -> None:
    """Laad grenzen; daarna worden plekken op grens gevonden.

    Met --bestand uit bestanden: eerst gemeenten, dan wijken, dan buurten. Anders van PDOK: alle
    gemeenten, wijken en buurten. Wat al is opgehaald, wordt niet nog eens opgehaald.
    """
    if files and more["bron"]:
        raise UsageError("Geef --bestand of --bron op, niet allebei.")
    if more["als_leeg"] and _any_loaded(settings):
        click.echo("Er zijn al grenzen geladen.")
        return
    if files:
        _load(settings, _unfolded(files), jaar, ouder)
    else:
        with clear_errors():
            _load_from_source(settings, jaar, ouder, more)


def _load_from_source(
    settings: Settings, wanted: int | None, older: bool, more: dict[str, Any]
) -> None:
    """Fetch a kind, load it, forget the pages; then the next kind."""
    year = wanted or sources.LATEST_YEAR
    address = sources.checked_address(more["adres"])
    source = sources.Source.of(address, year, settings.data_dir / "gebieden", more["binnen"])
    for name in [name for name in KINDS if name in more["kinds"] or not more["kinds"]]:
        kind = KINDS[name]
        towns = _towns(settings, kind, more)
        pages = [
            page for town in towns for page in sources.fetch(source, kind, town, _page_progress)
        ]
        _load(settings, pages, year, older, kind)
        for town in towns:
            sources.forget(source, kind, town)


def _towns(settings: Settings, kind: AreaKind, more: dict[str, Any]) -> list[str | None]:
    """Return the municipalities to ask for, one by one.

    A single None is the whole country at once.
    """
    if kind is AreaKind.MUNICIPALITY or not (more["towns"] or more["omgeving_demo"]):
        return [None]
    known = {fact.municipality_code for fact in neighbourhood_facts()}
    with database(settings) as session:
        named = {_code(session, town) for town in more["towns"]}
    return [*sorted(named | (known if more["omgeving_demo"] else set()))]


def _code(session: Session, town: str) -> str:
    municipality = find_municipality(session, town)
    if municipality is None:
        raise AreaFileError(f"De gemeente ‘{town}’ is niet gevonden. Geef een code of een naam.")
    return municipality.code


def _load(
    settings: Settings,
    paths: Sequence[Path],
    year: int | None,
    older: bool,
    kind: AreaKind | None = None,
) -> None:
    reserved = _reserved(settings)
    with database(settings) as session:
        result = load_areas(
            session,
            paths,
            actor=operator(),
            reserved=reserved,
            expected=kind,
            year=year,
            older=older,
            progress=_progress,
        )
    click.echo("", err=True)
    click.echo(result.summary)


def _unfolded(files: Sequence[Path]) -> list[Path]:
    """Return the files, and those in the folders that were named."""
    return [
        file
        for path in files
        for file in (sorted(path.glob("*.geojson")) if path.is_dir() else [path])
    ]


def _any_loaded(settings: Settings) -> bool:
    with database(settings) as session:
        return session.scalar(select(AreaOutline.area_code).limit(1)) is not None


def _progress(count: int) -> None:
    if sys.stderr.isatty() and count % 100 == 0:
        click.echo(f"\r{count} gelezen", nl=False, err=True)


def _page_progress(name: str, pages: int) -> None:
    click.echo(f"{name}: {pages} {'bladzijde' if pages == 1 else 'bladzijden'} opgehaald", err=True)


def _reserved(settings: Settings) -> frozenset[str]:
    with clear_errors():
        config = configure(settings)
    config.commit()
    engine: Engine = config.registry.engine
    engine.dispose()
    return reserved_names(config)


@area_group.command("haltes")
@click.option(
    "--bestand",
    "path",
    required=True,
    type=click.Path(path_type=Path),
    help="stops.txt van GTFS, of het zip-bestand van een hele dienstregeling.",
)
@click.pass_obj
def stops(settings: Settings, path: Path) -> None:
    """Laad de haltes van het openbaar vervoer; ze komen in de plaats van wat er was."""
    with database(settings) as session:
        number = load_stops(session, path, actor=operator(), progress=_progress)
    click.echo(f"{number} haltes geladen.")


@area_group.command("namen")
@click.option(
    "--bestand",
    "files",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    help="GeoJSON met straten, pleinen en parken (WGS84), een map ermee, of haltes van GTFS.",
)
@click.pass_obj
def landmark_names(settings: Settings, files: tuple[Path, ...]) -> None:
    """Laad namen van straten, pleinen, parken en haltes; ze komen in de plaats van wat er was."""
    with registry_of(settings) as registry:
        with transaction(registry.engine, write=False) as session:
            locator = registry.locator_cache.current(session)
        paths, by = _unfolded(files), operator()
        load_landmarks(registry.engine, locator, paths, actor=by, done=ask_for_places)
    click.echo("De namen zijn geladen. De worker zoekt nu bij elke melding de plek.")


@area_group.command("stand")
@click.pass_obj
def standing(settings: Settings) -> None:
    """Toon welke grenzen en namen er zijn, van wanneer, en welke gebieden zijn vervallen."""
    with database(settings) as session:
        loaded = session.execute(
            select(AreaOutline.kind, AreaOutline.year, func.count())
            .group_by(AreaOutline.kind, AreaOutline.year)
            .order_by(AreaOutline.kind, AreaOutline.year)
        ).all()
        ended = session.scalars(select(FormerArea).order_by(FormerArea.code)).all()
        names = session.execute(count_names()).all()
    if not loaded:
        click.echo(f"Er zijn nog geen grenzen. Laad ze met: {PROGRAM} gebieden laden")
    for kind, year, number in loaded:
        click.echo(f"{plural(AreaKind(kind))}\t{year}\t{number}")
    for area in ended:
        goes_on = f"nu {area.successor_code}" if area.successor_code else "geen opvolger bekend"
        click.echo(f"vervallen in {area.ended_in}\t{area.kind} {area.code}\t{goes_on}")
    for load in names:
        when = datetime_short(load.loaded_at)
        click.echo(f"namen: {load.kind}\t{when}\t{load.number}\t{load.source}")
