"""The commands about backup copies."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic

import click

from stopintimidatie import import_models, install
from stopintimidatie.backup.archive import Progress, write_identity
from stopintimidatie.backup.copies import clean_up
from stopintimidatie.backup.ledger import LedgerChoice, take_out, words_of
from stopintimidatie.backup.manifest import Manifest
from stopintimidatie.backup.marker import mark_finished
from stopintimidatie.backup.restore import go_on, reopen, restore
from stopintimidatie.backup.services import (
    CheckResult,
    Made,
    can_look_inside,
    check_checksum,
    check_copy,
    compare_counts,
    make_backup,
    signature_words,
)
from stopintimidatie.cli.common import clear_errors, engine_of, operator
from stopintimidatie.cli.content import registry_of
from stopintimidatie.cli.words import DutchGroup, UsageError
from stopintimidatie.core.ledger import Entry
from stopintimidatie.core.text import datetime_long, file_size
from stopintimidatie.settings import Settings

FILE = click.Path(path_type=Path)
UNEXPLAINED = (
    "In de database staan minder rijen dan in de reservekopie, en het grootboek zegt niet waarom."
    " Kijk naar de tabellen zonder uitleg erachter. Draait de worker, en klopt backup.ledger? Zoek"
    " dan uit wat er is verdwenen, voordat u oude reservekopieën opruimt."
)


@click.group("reservekopie", cls=DutchGroup)
def backup_group() -> None:
    """Reservekopieën maken, controleren en terugzetten."""


def _progress() -> Progress:
    """Show a person how far it is; a log of cron needs only the end."""
    shown = [0.0]

    def tell(text: str) -> None:
        if sys.stderr.isatty() and monotonic() - shown[0] > 0.2:
            shown[0] = monotonic()
            click.echo(f"\r{text:<60}\r", nl=False, err=True)

    return tell


@contextmanager
def _tidy_when_stopped() -> Iterator[None]:
    """Treat SIGTERM as Ctrl-C: nothing half stays behind."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@backup_group.command("maken")
@click.argument("map", type=FILE, metavar="MAP")
@click.option("--met-sleutels", is_flag=True, help="Ook het sleutelbestand (alleen versleuteld).")
@click.pass_obj
def make(settings: Settings, /, map: Path, met_sleutels: bool) -> None:
    """Maak een reservekopie in een map, terwijl het product doorwerkt."""
    with engine_of(settings) as engine, _tidy_when_stopped():
        made = make_backup(settings, engine, map, operator(), _progress(), with_keys=met_sleutels)
    _tell_made(made, met_sleutels)


def _tell_made(made: Made, with_keys: bool) -> None:
    click.echo(f"Reservekopie: {made.path} ({file_size(made.size)})")
    click.echo(_contents(made.manifest))
    click.echo(f"SHA-256: {made.sha256}")
    if not made.encrypted:
        click.echo("Niet versleuteld: backup.recipient is leeg. Bewaar haar achter slot.", err=True)
    if made.ledger_problem:
        click.echo(f"Let op: {made.ledger_problem} Zet het terug, of start de worker.", err=True)
    if not with_keys:
        click.echo("Het sleutelbestand zit er niet in. Bewaar dat apart, anders is zij waardeloos.")


def _contents(manifest: Manifest) -> str:
    tables = len(manifest.snapshot.tables)
    return (
        f"Van {manifest.made_at:%d-%m-%Y %H:%M:%S} UTC, versie {manifest.version}, migratie"
        f" {manifest.snapshot.migration}: {tables} tabellen met {manifest.rows} rijen."
    )


@backup_group.command("opruimen")
@click.argument("map", type=FILE, metavar="MAP")
@click.option("--proef", is_flag=True, help="Zeg alleen wat weg zou gaan.")
@click.pass_obj
def clean(settings: Settings, /, map: Path, proef: bool) -> None:
    """Verwijder reservekopieën die ouder zijn dan backup.keep_days."""
    with engine_of(settings) as engine:
        cleaning = clean_up(settings, engine, map, operator(), trial=proef)
    for path, days in cleaning.copies:
        click.echo(f"{path.name}: {days} dagen oud")
    for path in cleaning.others:
        click.echo(f"{path.name}: hoort daarbij of is een rest")
    done = "Zou weggaan" if proef else "Verwijderd"
    number, others = len(cleaning.copies), len(cleaning.others)
    click.echo(f"{done}: reservekopieën: {number}; andere bestanden: {others}.")


@backup_group.command("controleren")
@click.argument("bestand", type=FILE, metavar="BESTAND")
@click.option("--sleutel", type=FILE, help="Bestand met de geheime sleutel.", metavar="BESTAND")
@click.option("--database", is_flag=True, help="Vergelijk ook de aantallen met de database.")
@click.pass_obj
def check(settings: Settings, bestand: Path, sleutel: Path | None, database: bool) -> None:
    """Kijk of een reservekopie heel is, en van deze installatie. Zo niet, dan is de uitkomst 1."""
    import_models()
    with clear_errors():
        if not can_look_inside(bestand, sleutel) and not database:
            check_checksum(bestand, required=True)
            click.echo("De controlesom klopt. Met --sleutel wordt ook de inhoud bekeken.")
            return
        checked = check_copy(bestand, sleutel, _progress())
        signature = signature_words(settings, checked)
        click.echo(f"De reservekopie is heel. {_contents(checked.manifest)}")
        click.echo(f"Handtekening: {signature}.")
        if database:
            _compare(settings, checked)


def _compare(settings: Settings, checked: CheckResult) -> None:
    with registry_of(settings) as registry:
        differences = compare_counts(registry, checked.manifest)
    for difference in differences:
        click.echo(str(difference))
    if not differences:
        click.echo("In de database staan evenveel rijen als in de reservekopie.")
    if any(difference.wrong for difference in differences):
        raise click.ClickException(UNEXPLAINED)
    if any(difference.why for difference in differences):
        click.echo("Wat er minder is, mocht weg: er staat bij waarom.")


@backup_group.command("terugzetten")
@click.argument("bestand", type=FILE, metavar="BESTAND")
@click.option("--sleutel", type=FILE, help="Bestand met de geheime sleutel.", metavar="BESTAND")
@click.option("--grootboek", type=FILE, help="Wat sindsdien is gewist.", metavar="BESTAND")
@click.option("--zonder-grootboek", is_flag=True, help="Zet ook terug wat sindsdien is gewist.")
@click.option("--nieuwste-grootboek", is_flag=True, help="Vraag niet of er een nieuwer is.")
@click.pass_obj
def put_back(
    settings: Settings,
    bestand: Path,
    sleutel: Path | None,
    grootboek: Path | None,
    zonder_grootboek: bool,
    nieuwste_grootboek: bool,
) -> None:
    """Zet een reservekopie terug in een lege installatie. Zet web en worker eerst stil."""
    if grootboek is not None and zonder_grootboek:
        raise UsageError("Kies één van beide: --grootboek of --zonder-grootboek.")
    ledger = LedgerChoice(
        grootboek, zonder_grootboek, lambda words: nieuwste_grootboek or _is_newest(words)
    )
    import_models()
    with clear_errors(), _tidy_when_stopped():
        begun = go_on(settings, ledger)
        notes: tuple[str, ...] = ()
        if begun is None:
            restored = restore(settings, bestand, sleutel, ledger, _progress())
            click.echo(f"Teruggezet en nageteld. {_contents(restored.manifest)}")
            click.echo(f"Bestanden: {restored.files}.")
            begun, notes = (restored.manifest.made_at, restored.gone), restored.notes
        else:
            click.echo(f"De reservekopie van {begun[0]:%d-%m-%Y %H:%M:%S} UTC staat er al.")
        with _not_finished():
            _finish(settings, ledger, *begun)
    for note in notes:
        click.echo(f"Let op: {note}")


def _is_newest(words: str) -> bool:
    return sys.stdin.isatty() and click.confirm(f"{words} Is dit het nieuwste?")


def _finish(
    settings: Settings, ledger: LedgerChoice, made_at: datetime, entries: Sequence[Entry]
) -> None:
    """Bring the database up, take out what the ledger names, and let the portal open."""
    install(settings)
    ledger.keep(settings)
    with registry_of(settings) as registry:
        gone = take_out(registry, entries, made_at)
        holders = reopen(registry, operator(), made_at, ledger, entries)
    mark_finished(settings)
    click.echo("De database is bij; iedereen is afgemeld.")
    if ledger.without:
        click.echo("Zonder grootboek: wis opnieuw wat na deze reservekopie is gewist.", err=True)
    else:
        click.echo(f"Uit het grootboek, {len(entries)} regels: {len(gone)} documenten weer weg.")
        if entries:
            last = entries[-1]
            click.echo(
                f"De laatste regel is nummer {last.number}, van {datetime_long(last.at)}. Ging er"
                " daarna nog iets weg, dan ontbreekt het einde: zoek het nieuwste grootboek."
            )
    for line in words_of(gone):
        click.echo(line)
    click.echo(f"De worker maakt de zoekindex opnieuw voor {len(holders)} houders.")


@contextmanager
def _not_finished() -> Iterator[None]:
    """Say that what stands there now looks whole, and isn't."""
    try:
        yield
    except BaseException:
        click.echo(
            "Het terugzetten is niet afgemaakt, en het portaal start zo niet. Geef dezelfde"
            " opdracht nog eens, dan gaat zij verder. Lukt dat niet, begin dan opnieuw met een lege"
            " database en een lege data_dir.",
            err=True,
        )
        raise


@backup_group.command("sleutel")
@click.argument("bestand", type=FILE, metavar="BESTAND")
@click.pass_obj
def make_key(settings: Settings, bestand: Path) -> None:
    """Maak een sleutelpaar om reservekopieën mee te versleutelen."""
    with clear_errors():
        public = write_identity(bestand)
    click.echo(f"De geheime sleutel staat in {bestand}. Bewaar hem buiten deze machine.")
    click.echo(f"backup.recipient = {public}")
