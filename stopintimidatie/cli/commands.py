"""The worker, the commands of a few lines, and the groups of the others."""

from __future__ import annotations

import logging
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from stopintimidatie import configure, import_models, install, log_refusal
from stopintimidatie.backup.ledger import catch_up
from stopintimidatie.backup.marker import refuse_unfinished_restore
from stopintimidatie.cli import cli as cli  # the tests ask for it here, with all its commands
from stopintimidatie.cli.backup import backup_group
from stopintimidatie.cli.common import clear_errors, database, operator, report_start_errors
from stopintimidatie.cli.content import (
    demo_group,
    index_group,
    keys_group,
    mail_group,
    queue_group,
)
from stopintimidatie.cli.gateway import spare_what_stays
from stopintimidatie.cli.municipalities import area_group, municipality_group
from stopintimidatie.cli.people import user_group
from stopintimidatie.cli.retention import (
    attachment_group,
    dossier_group,
    log_group,
    programme_group,
    terms,
)
from stopintimidatie.core.health.views import start_figures
from stopintimidatie.core.jobs.schedule import free_leases
from stopintimidatie.core.jobs.services import Stop
from stopintimidatie.core.jobs.worker import run_lanes, stay_on_one_machine, stay_one_worker
from stopintimidatie.core.search.services import enqueue_needed_rebuilds
from stopintimidatie.core.storage import NATIONAL, make_engine
from stopintimidatie.core.storage.database import (
    apply,
    refuse_old_database,
    refuse_powerful_role,
    statements,
)
from stopintimidatie.core.telemetry import start_logging
from stopintimidatie.reports.api.queries import list_app_keys, make_app_key, revoke_app_key
from stopintimidatie.reports.vocabulary import Source
from stopintimidatie.settings import PROGRAM, Settings

log = logging.getLogger(__name__)


@cli.group("database")
def database_group() -> None:
    """De database klaarzetten."""


@database_group.command("migreren")
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Breng de database bij. Een lege database krijgt ook sleutels en het gemeenteregister."""
    with clear_errors():
        install(settings)
    click.echo("De database is bij.")


@database_group.command("rollen")
@click.option("--toepassen", is_flag=True, help="Voer de SQL ook uit.")
@click.option(
    "--adres",
    help="Verbind zo, als iemand die rollen mag maken (anders: database.owner_url).",
    metavar="ADRES",
)
@click.pass_obj
def database_roles(settings: Settings, toepassen: bool, adres: str | None) -> None:
    """Toon de SQL die de rollen van PostgreSQL en hun rechten maakt, of voer die uit."""
    if settings.sqlite:
        raise click.ClickException("SQLite kent geen rollen: er valt niets te doen.")
    import_models()
    if not toepassen:
        click.echo("\n".join(statements()))
        return
    engine = make_engine(settings, adres or settings.owner_url)
    try:
        with clear_errors():
            refuse_old_database(engine, settings)
        with clear_errors(), engine.begin() as connection:
            apply(connection)
    finally:
        engine.dispose()
    click.echo("De rollen hebben hun rechten. Wachtwoorden geeft u zelf: docs/databaserollen.md.")


@cli.command("worker")
@click.pass_obj
def worker(settings: Settings) -> None:
    """Start de worker, die zoekindex en uitvoer bijwerkt."""
    with report_start_errors():
        work(settings)


def work(settings: Settings) -> None:
    """Run jobs until the process is told to stop; finish the jobs in hand first."""
    start_logging(settings.log_format)
    stay_one_worker(settings)
    stay_on_one_machine(settings)
    config = configure(settings)
    config.commit()
    with log_refusal(config.registry.engine):
        refuse_old_database(config.registry.engine, settings)
        refuse_unfinished_restore(config.registry.engine)
        refuse_powerful_role(config.registry.engine, settings)
    stop = Stop()
    stop.hear_signals()
    start_figures(config.registry, settings.metrics_worker_port)
    _tidy_up(config.registry)
    spare_what_stays()
    run_lanes(config.registry, stop)


def _tidy_up(registry: Any) -> None:
    """Free the jobs of an earlier worker, look at the ledger, and queue needed index rebuilds.

    An index is rebuilt if it is missing, damaged or made by an older version.
    """
    try:
        if registry.app_settings.search_backend == "whoosh":  # then this is the only worker
            free_leases(registry.engine)
        catch_up(registry)
        enqueue_needed_rebuilds(registry)
    except SQLAlchemyError as error:
        # The database may be away for a while; the first search that fails asks as well.
        log.error("worker: %s", type(error).__name__)


@cli.group("appsleutel")
def app_key_group() -> None:
    """Sleutels waarmee de app meldingen mag sturen."""


APP_SOURCES = {"android": Source.APP_ANDROID, "ios": Source.APP_IOS, "web": Source.WEB_FORM}


@app_key_group.command("maken")
@click.argument("naam")
@click.option("--soort", type=click.Choice(sorted(APP_SOURCES)), required=True, help="Welke app.")
@click.pass_obj
def make_key(settings: Settings, naam: str, soort: str) -> None:
    """Maak een sleutel. Hij wordt één keer getoond."""
    with database(settings, NATIONAL) as session:
        _, token = make_app_key(session, operator(), naam, APP_SOURCES[soort])
    click.echo(f"Sleutel van ‘{naam}’ (wordt niet nog eens getoond): {token}")


@app_key_group.command("intrekken")
@click.argument("naam")
@click.pass_obj
def revoke_key(settings: Settings, naam: str) -> None:
    """Trek een sleutel in; hij werkt meteen niet meer."""
    with database(settings, NATIONAL) as session:
        revoke_app_key(session, operator(), naam)
    click.echo(f"De sleutel ‘{naam}’ is ingetrokken.")


@app_key_group.command("lijst")
@click.pass_obj
def list_keys(settings: Settings) -> None:
    """Toon de sleutels (niet de geheimen)."""
    with database(settings) as session:
        rows = list_app_keys(session)
    if not rows:
        click.echo(f"Er zijn nog geen sleutels. Maak er een met: {PROGRAM} appsleutel maken")
    for row in rows:
        standing = f"ingetrokken {row.revoked_at:%d-%m-%Y}" if row.revoked_at else "geldig"
        click.echo(f"{row.name}\t{row.source}\tgemaakt {row.created_at:%d-%m-%Y}\t{standing}")


cli.add_command(user_group)
cli.add_command(area_group)
cli.add_command(demo_group)
cli.add_command(index_group)
cli.add_command(queue_group)
cli.add_command(mail_group)
cli.add_command(keys_group)
cli.add_command(municipality_group)
cli.add_command(backup_group)
cli.add_command(log_group)
cli.add_command(attachment_group)
cli.add_command(terms)
cli.add_command(programme_group)
cli.add_command(dossier_group)
