"""The commands about the key file: which versions there are, and changing to a new one."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy import select

from stopintimidatie.cli.common import clear_errors
from stopintimidatie.cli.content import registry_of
from stopintimidatie.cli.dutch import DutchGroup
from stopintimidatie.settings import Settings
from stopintimidatie.storage import NATIONAL, transaction
from stopintimidatie.storage.encryption import DecryptionError, add_key, load_key_ring, use_key
from stopintimidatie.storage.resealing import SEALED_TABLES, count_sealed, reseal_some
from stopintimidatie.tree import Reference


@click.group("sleutels", cls=DutchGroup)
def keys_group() -> None:
    """Het sleutelbestand: contactgegevens en uitvoer zijn ermee versleuteld."""


@keys_group.command("lijst")
@click.pass_obj
def list_versions(settings: Settings) -> None:
    """Toon de versies, en hoeveel rijen er nog met elke versie zijn versleuteld."""
    with registry_of(settings) as registry:
        ring = load_key_ring(settings.key_file)
        for version in sorted(ring.masters):
            state = "in gebruik" if version == ring.current else "niet voor nieuwe gegevens"
            click.echo(f"versie {version}\t{state}\t{_rows(registry, version)} rijen versleuteld")
    click.echo(
        "Volgcodes van meldingen houden de versie waarmee zij zijn gemaakt: haal een oude versie"
        " niet uit het bestand."
    )


def _rows(registry: Any, version: int) -> int:
    total = 0
    for holder in _holders(registry):
        with transaction(registry.engine, holder, write=False) as session:
            total += sum(
                count_sealed(session, sealed, version)
                for sealed in SEALED_TABLES.of(registry).values()
                if sealed.held or holder == NATIONAL
            )
    return total


def _holders(registry: Any) -> list[str]:
    """Who has documents: read from the references, which may be read for all at once."""
    with transaction(registry.engine, write=False) as session:
        return sorted({NATIONAL, *session.scalars(select(Reference.holder).distinct())})


@keys_group.command("nieuw")
@click.pass_obj
def new(settings: Settings) -> None:
    """Zet een nieuwe versie klaar; zij wordt nog niet gebruikt."""
    with clear_errors():
        version = add_key(settings.key_file)
    click.echo(
        f"Versie {version} staat klaar in {settings.key_file}.\n"
        "1. Bewaar een kopie van het bestand buiten de machine, en zet het op elke machine.\n"
        "2. Herstart overal web en worker, zodat elk proces haar kent.\n"
        f"3. Geef dan: stopintimidatie sleutels gebruiken {version}"
    )


@keys_group.command("gebruiken")
@click.argument("versie", type=int)
@click.pass_obj
def use(settings: Settings, versie: int) -> None:
    """Gebruik deze versie voor nieuwe gegevens."""
    with clear_errors():
        use_key(settings.key_file, versie)
    click.echo(
        f"Versie {versie} is nu in gebruik.\n"
        "1. Zet het bestand op elke machine en herstart overal web en worker.\n"
        "2. Geef dan: stopintimidatie sleutels herversleutelen"
    )


@keys_group.command("herversleutelen")
@click.pass_obj
def reseal(settings: Settings) -> None:
    """Versleutel wat er staat met de versie die in gebruik is; het product werkt intussen door."""
    total = 0
    with registry_of(settings) as registry:
        for holder in _holders(registry):
            total += _reseal_holder(registry, holder)
            click.echo(f"\r{total} rijen", nl=False, err=True)
    click.echo("", err=True)
    click.echo(f"{total} rijen zijn opnieuw versleuteld.")


def _reseal_holder(registry: Any, holder: str) -> int:
    total = 0
    for sealed in SEALED_TABLES.of(registry).values():
        while sealed.held or holder == NATIONAL:
            with transaction(registry.engine, holder) as session:
                done = _some(session, registry, sealed)
            total += done
            if not done:
                break
    return total


def _some(session: Any, registry: Any, sealed: Any) -> int:
    try:
        return reseal_some(session, registry.key_ring, sealed)
    except DecryptionError:
        raise click.ClickException(
            f"Een rij van {sealed.name} is niet te lezen met dit sleutelbestand. Zet het bestand"
            " terug waarin elke versie nog staat, en geef de opdracht opnieuw."
        ) from None
