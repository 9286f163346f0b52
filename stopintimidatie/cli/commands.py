"""The commands."""

from __future__ import annotations

import os
import sys

import click

from stopintimidatie import import_models, install
from stopintimidatie.cli import server
from stopintimidatie.cli.audit import attachment_group, log_group
from stopintimidatie.cli.backup import backup_group
from stopintimidatie.cli.common import (
    DutchGroup,
    clear_errors,
    database,
    operator,
    report_start_errors,
    run,
)
from stopintimidatie.cli.content import (
    demo_group,
    index_group,
    keys_group,
    mail_group,
    queue_group,
)
from stopintimidatie.cli.municipalities import area_group, municipality_group
from stopintimidatie.cli.people import user_group
from stopintimidatie.cli.retention import dossier_group, terms
from stopintimidatie.core.storage import NATIONAL, make_engine
from stopintimidatie.core.storage.database import apply, refuse_old_database, statements
from stopintimidatie.core.telemetry import silence_tracebacks
from stopintimidatie.reports.api.queries import list_app_keys, make_app_key, revoke_app_key
from stopintimidatie.reports.vocabulary import Source
from stopintimidatie.settings import (
    INI_ENVIRONMENT_VARIABLE,
    PROGRAM,
    Settings,
    SettingsError,
    load_settings,
)


@click.group(cls=DutchGroup)
@click.option(
    "--ini",
    envvar=INI_ENVIRONMENT_VARIABLE,
    default="development.ini",
    help=f"Het bestand met instellingen (of {INI_ENVIRONMENT_VARIABLE}).",
    metavar="BESTAND",
)
@click.pass_context
def cli(ctx: click.Context, ini: str) -> None:
    """Stopintimidatie: het regiesysteem tegen straatintimidatie."""
    try:
        ctx.obj = load_settings(ini)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


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


@cli.command("web")
@click.pass_obj
def web(settings: Settings) -> None:
    """Start de webserver."""
    with report_start_errors():
        server.start_web(settings)


@cli.command("worker")
@click.pass_obj
def worker(settings: Settings) -> None:
    """Start de worker, die zoekindex en uitvoer bijwerkt."""
    with report_start_errors():
        server.work(settings)


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
cli.add_command(dossier_group)


def main() -> None:
    """Run the console command."""
    os.umask(0o077)
    silence_tracebacks()
    sys.exit(run(cli, prog_name=PROGRAM))
