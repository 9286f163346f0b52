"""`gebieden`: municipalities, wijken and buurten with their outlines, from PDOK or from files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from stopintimidatie import configure
from stopintimidatie.cli.common import clear_errors, database, operator
from stopintimidatie.register import pdok
from stopintimidatie.register.called import municipality_called
from stopintimidatie.register.facts import neighbourhood_facts
from stopintimidatie.register.geojson import AreaFileError, plural
from stopintimidatie.register.kinds import AreaKind
from stopintimidatie.register.loading import load_areas
from stopintimidatie.register.models import AreaOutline, FormerArea
from stopintimidatie.register.stops import load_stops
from stopintimidatie.settings import Settings
from stopintimidatie.tree.reserved import reserved_names

KINDS: Final = {plural(kind): kind for kind in AreaKind}


@click.group("gebieden")
def area_group() -> None:
    """Gemeenten, wijken en buurten met hun grenzen."""


@dataclass(frozen=True)
class _Wanted:
    """What was asked for on the command line, besides the files or the source."""

    year: int | None
    older: bool


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
@click.option("--adres", default=pdok.ADDRESS, show_default=True, help="Een andere plek van PDOK.")
@click.pass_obj
def load(
    settings: Settings, /, files: tuple[Path, ...], jaar: int | None, ouder: bool, **more: Any
) -> None:
    """Laad grenzen; daarna worden plekken op grens gevonden.

    Met --bestand uit bestanden: eerst gemeenten, dan wijken, dan buurten. Anders van PDOK: alle
    gemeenten, wijken en buurten. Wat al is opgehaald, wordt niet nog eens opgehaald.
    """
    if files and more["bron"]:
        raise click.UsageError("Geef --bestand of --bron op, niet allebei.")
    if more["als_leeg"] and _any_loaded(settings):
        click.echo("Er zijn al grenzen geladen.")
        return
    wanted = _Wanted(jaar, ouder)
    if files:
        _load(settings, _unfolded(files), wanted)
    else:
        with clear_errors():
            _load_from_source(settings, wanted, more)


def _load_from_source(settings: Settings, wanted: _Wanted, more: dict[str, Any]) -> None:
    """Fetch a kind, load it, forget the pages; then the next kind."""
    year = wanted.year or pdok.LATEST_YEAR
    address = pdok.checked_address(more["adres"])
    source = pdok.Source.of(address, year, settings.data_dir / "gebieden", more["binnen"])
    for name in [name for name in KINDS if name in more["kinds"] or not more["kinds"]]:
        kind = KINDS[name]
        towns = _towns(settings, kind, more)
        pages = [page for town in towns for page in pdok.fetch(source, kind, town, _page_progress)]
        _load(settings, pages, _Wanted(year, wanted.older), kind)
        for town in towns:
            pdok.forget(source, kind, town)


def _towns(settings: Settings, kind: AreaKind, more: dict[str, Any]) -> list[str | None]:
    """The municipalities to ask for, one by one; one None is: the whole country at once."""
    if kind is AreaKind.MUNICIPALITY or not (more["towns"] or more["omgeving_demo"]):
        return [None]
    known = {fact.municipality_code for fact in neighbourhood_facts()}
    with database(settings) as session:
        named = {_code(session, town) for town in more["towns"]}
    return [*sorted(named | (known if more["omgeving_demo"] else set()))]


def _code(session: Session, town: str) -> str:
    found = municipality_called(session, town)
    if found is None:
        raise AreaFileError(f"De gemeente ‘{town}’ is niet gevonden. Geef een code of een naam.")
    return found.code


def _load(
    settings: Settings, paths: Sequence[Path], wanted: _Wanted, kind: AreaKind | None = None
) -> None:
    reserved = _reserved(settings)
    with database(settings) as session:
        result = load_areas(
            session,
            paths,
            actor=operator(),
            reserved=reserved,
            expected=kind,
            year=wanted.year,
            older=wanted.older,
            progress=_progress,
        )
    click.echo("", err=True)
    click.echo(result.summary)


def _unfolded(files: Sequence[Path]) -> list[Path]:
    """The files, and those in the folders that were named."""
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


@area_group.command("stand")
@click.pass_obj
def standing(settings: Settings) -> None:
    """Toon welke grenzen er zijn, van welk jaar, en welke gebieden zijn vervallen."""
    with database(settings) as session:
        loaded = session.execute(
            select(AreaOutline.kind, AreaOutline.year, func.count())
            .group_by(AreaOutline.kind, AreaOutline.year)
            .order_by(AreaOutline.kind, AreaOutline.year)
        ).all()
        ended = session.scalars(select(FormerArea).order_by(FormerArea.code)).all()
    if not loaded:
        click.echo("Er zijn nog geen grenzen. Laad ze met: stopintimidatie gebieden laden")
    for kind, year, number in loaded:
        click.echo(f"{plural(AreaKind(kind))}\t{year}\t{number}")
    for area in ended:
        goes_on = f"nu {area.successor_code}" if area.successor_code else "geen opvolger bekend"
        click.echo(f"vervallen in {area.ended_in}\t{area.kind} {area.code}\t{goes_on}")
