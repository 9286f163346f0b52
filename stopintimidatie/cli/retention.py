"""Commands of terms and destruction, legal documents, old lines of the log, and stopped files."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine, select

from stopintimidatie.cli.common import engine_of, operator
from stopintimidatie.cli.content import registry_of
from stopintimidatie.cli.municipalities import find_town, municipality_group
from stopintimidatie.cli.words import DutchGroup
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.storage.encryption import DecryptionError, load_key_ring
from stopintimidatie.core.text import day_of, file_size
from stopintimidatie.core.tree import Reference
from stopintimidatie.exports.document.process import RenderingError
from stopintimidatie.exports.redaction.content import ContentError
from stopintimidatie.privacy.log.services import (
    count_old,
    log_terms,
    look_again,
    maintaining,
    prune,
)
from stopintimidatie.privacy.retention.queries import all_terms
from stopintimidatie.privacy.transfer.archive import ArchiveError, whole_file
from stopintimidatie.privacy.transfer.departure import why_not_leave, write_everything
from stopintimidatie.privacy.transfer.removal import check_may_go, destroy_everything
from stopintimidatie.privacy.transfer.services import (
    begin,
    find_dossier,
    finish,
    known_key,
    make_zip,
    name_of,
)
from stopintimidatie.programme.legal.queries import pages
from stopintimidatie.reports.attachments.jobs import take_out
from stopintimidatie.settings import Settings


@click.command("bewaartermijnen")
@click.pass_obj
def terms(settings: Settings) -> None:
    """Toon alle soorten gegevens die deze installatie bewaart, met hun voorgestelde termijn."""
    with registry_of(settings) as registry:
        click.echo(all_terms(registry), nl=False)


@click.group("programma", cls=DutchGroup)
def programme_group() -> None:
    """Wat het programma aan gemeenten geeft."""


@programme_group.command("juridisch")
@click.argument("map", type=click.Path(file_okay=False, exists=True, path_type=Path))
@click.pass_obj
def legal(settings: Settings, map: Path) -> None:
    """Schrijf de juridische stukken, voor geen gemeente ingevuld, in een map."""
    with registry_of(settings) as registry:
        for name, page in pages(registry):
            (map / f"{name}.md").write_text(page, encoding="utf-8")


@click.group("dossier", cls=DutchGroup)
def dossier_group() -> None:
    """Dossiers: overbrengen naar het archief."""


@dossier_group.command("overbrengen")
@click.argument("gemeente")
@click.argument("nummer")
@click.argument("map", type=click.Path(file_okay=False, path_type=Path))
@click.option("--sleutel", help="Versleutel voor deze openbare sleutel (age1…) van het archief.")
@click.pass_obj
def transfer(
    settings: Settings, gemeente: str, nummer: str, map: Path, sleutel: str | None
) -> None:
    """Schrijf het pakket van een afgesloten dossier voor het archief in een map."""
    with registry_of(settings) as registry:
        engine = registry.engine
        with transaction(engine, write=False) as session:
            code = find_town(session, gemeente).code
        try:
            key = known_key(sleutel) if sleutel else None
            made = _write_package(registry, engine, code, (nummer, key), map)
        except (FormError, ArchiveError, RenderingError) as error:
            raise click.ClickException(str(error)) from None
        except ContentError as error:
            raise click.ClickException(f"Dit dossier past niet in een document: {error}.") from None
        except DecryptionError:
            raise click.ClickException(
                "Een bijlage of stuk van dit dossier kan niet worden gelezen."
            ) from None
    readable = "alleen het archief kan het openen" if made.suffix == ".age" else "leesbaar"
    size = file_size(made.stat().st_size)
    click.echo(f"Klaar: {made} ({size}). Hierin staan persoonsgegevens, {readable}.")
    click.echo(
        "Het dossier blijft hier. De archivaris vult het ontvangstbewijs in op de pagina"
        " ‘Overbrengen’; dat kan als de regel op de vernietigingslijst is gemachtigd. Daarna wordt"
        " het hier vernietigd."
    )


def _write_package(
    registry: Any, engine: Engine, code: str, wanted: tuple[str, str | None], folder: Path
) -> Path:
    number, key = wanted
    with transaction(engine, code) as session:
        dossier = find_dossier(session, number)
        if dossier is None:
            raise click.ClickException(f"Er is geen dossier {number} in deze gemeente.")
        asked = begin(session, operator(), dossier, key)
        made, key = asked.id, asked.recipient
        path = folder / f"{name_of(asked)}.zip{'.age' if key else ''}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with whole_file(path) as file:
        package = make_zip(registry, engine, code, made, file, _say, key)
    with path.open("rb") as written, transaction(engine, code) as session:
        done = finish(session, registry, operator(), made, package, written)
    if not done:
        path.unlink()
        raise FormError("Het dossier veranderde onderweg. Geef de opdracht opnieuw.")
    return path


@municipality_group.command("uitvoeren")
@click.argument("gemeente")
@click.argument("map", type=click.Path(path_type=Path))
@click.option(
    "--einde",
    type=click.DateTime(["%Y-%m-%d"]),
    help="De dag waarop de gemeente stopte, als zij nog op het niveau programma staat.",
)
@click.option(
    "--vernietigen", is_flag=True, help="Vernietig daarna alles wat hier van haar overblijft."
)
@click.pass_obj
def leave(
    settings: Settings,
    gemeente: str,
    map: Path,
    einde: datetime | None,
    vernietigen: bool,
) -> None:
    """Geef een gemeente die stopt al haar gegevens in open formaten, in een lege map."""
    with registry_of(settings) as registry:
        engine = registry.engine
        with transaction(engine, write=False) as session:
            town = find_town(session, gemeente)
            code, name = town.code, town.name
            problem = why_not_leave(session, code, einde)
        if problem is not None:
            raise click.ClickException(problem)
        if vernietigen:
            _confirm(engine, code, name)
        try:
            number = write_everything(
                registry, engine, code, name, map, operator(), _say, destroys=vernietigen
            )
            click.echo(f"Klaar: {number} bestanden in {map}. Begin bij data/index.html.")
            if vernietigen:
                _destroy_rest(registry, engine, code, map)
        except (FormError, ArchiveError, RenderingError) as error:
            raise click.ClickException(str(error)) from None
        except DecryptionError:
            raise click.ClickException("Een bijlage kan niet worden gelezen.") from None


def _confirm(engine: Engine, code: str, name: str) -> None:
    """Refuse to destroy what may not go, or without the code, before anything is written."""
    try:
        with transaction(engine, code, write=False) as session:
            check_may_go(session)
    except FormError as error:
        raise click.ClickException(str(error)) from None
    if click.prompt(f"Typ {code} om {name} straks te vernietigen") != code:
        raise click.ClickException("Dat is niet de code. Er is niets gedaan.")


def _destroy_rest(registry: Any, engine: Engine, code: str, folder: Path) -> None:
    number, pdf = destroy_everything(registry, engine, code, operator(), _say)
    path = folder.with_name(f"{folder.name}-verklaring-{number}.pdf")
    with whole_file(path) as file:
        file.write(pdf)
    click.echo(f"Vernietigd. De verklaring {number} staat in {path}.")


def _say(words: str) -> None:
    click.echo(words, err=True)


# Old lines of the log, and files that were stopped


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
