"""The commands about content and work: demo, search index, key file, jobs that failed, mail."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import click
from sqlalchemy import select

from stopintimidatie import configure
from stopintimidatie.cli.common import clear_errors, database, engine_of, operator
from stopintimidatie.cli.words import DutchGroup, UsageError
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.jobs import Lane, OutboxJob
from stopintimidatie.core.jobs.services import counts, dead_jobs, throw_away, try_again
from stopintimidatie.core.jobs.worker import Worker
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
from stopintimidatie.core.mail.services import JOB, note_bounce, waiting_readers
from stopintimidatie.core.search import services as search
from stopintimidatie.core.search.services import rebuild_many
from stopintimidatie.core.storage import NATIONAL, Holder, transaction
from stopintimidatie.core.storage.database import refuse_old_database
from stopintimidatie.core.storage.encryption import (
    SEALED_TABLES,
    DecryptionError,
    add_key,
    count_sealed,
    load_key_ring,
    reseal_some,
    use_key,
)
from stopintimidatie.core.text import local, plural
from stopintimidatie.core.tree import holders_with_documents
from stopintimidatie.core.tree.services import reserved_names
from stopintimidatie.demo.loader import is_loaded, load_demo
from stopintimidatie.demo.rehearsal import rehearse
from stopintimidatie.desk.onboarding.practice import add_trainee, make_practice
from stopintimidatie.settings import PROGRAM, Settings

RESERVED = "stopintimidatie.reserved_names"


@contextmanager
def registry_of(settings: Settings) -> Iterator[Any]:
    """Give the registry of an installation, for commands that need the rooms' registrations."""
    with clear_errors():
        registry = open_registry(settings)
        try:
            refuse_old_database(registry.engine, settings)
            yield registry
        finally:
            registry.engine.dispose()


def open_registry(settings: Settings) -> Any:
    """Return the registry of an installation, for a process that helps another."""
    config = configure(settings)
    config.commit()
    config.registry[RESERVED] = reserved_names(config)
    return config.registry


# A rehearsal looks so far ahead.
MOST_YEARS = 12


@click.group("demo", cls=DutchGroup)
def demo_group() -> None:
    """Verzonnen gegevens om mee te oefenen."""


@demo_group.command("laden")
@click.option("--als-leeg", is_flag=True, help="Doe niets als de demo er al is.")
@click.option(
    "--peildatum",
    type=click.DateTime(["%Y-%m-%d", "%d-%m-%Y"]),
    help="De dag die in de demo ‘vandaag’ is (jjjj-mm-dd).",
    metavar="DATUM",
)
@click.pass_obj
def load(settings: Settings, als_leeg: bool, peildatum: datetime | None) -> None:
    """Laad de demo: Dordrecht, Eindhoven, het meldpunt, accounts en een appsleutel."""
    with registry_of(settings) as registry:
        if is_loaded(registry.engine):
            if not als_leeg:
                raise click.ClickException("De demo is al geladen.")
            return
        # This comes first: an interrupted load is recognised by the demo's own reports.
        make_practice(registry.engine, registry.key_ring, operator(), registry[RESERVED])
        add_trainee(registry.engine)
        added = load_demo(registry, day=peildatum.date() if peildatum else None, progress=_progress)
        click.echo("Zoekindex en berichten van de demo bijwerken…", err=True)
        do_what_follows(registry)
    click.echo(f"De demo is geladen: {added} meldingen.")


@demo_group.command("oefenen")
@click.argument("dag", type=click.DateTime(["%Y-%m-%d", "%d-%m-%Y"]), metavar="DAG")
@click.option("--akkoord", is_flag=True, help="Laat drie verzonnen mensen met alles akkoord gaan.")
@click.pass_obj
def rehearse_destruction(settings: Settings, dag: datetime, akkoord: bool) -> None:
    """Doe in de demo alsof het DAG is: maak vernietigingslijsten en vernietig wat dan weg moet."""
    if not settings.demo:
        raise click.ClickException("Dit kan alleen in de demo: wat weg is, komt niet terug.")
    today = local_date(utc_now())
    if not today <= dag.date() <= date(today.year + MOST_YEARS, 12, 31):
        raise click.ClickException(
            f"Kies een dag van vandaag tot en met 31-12-{today.year + MOST_YEARS}."
        )
    with registry_of(settings) as registry:
        rows = rehearse(registry, today, dag.date(), agree=akkoord, progress=_say)
    for row in rows:
        click.echo(
            f"{row.holder}: {plural(row.lists, 'lijst', 'lijsten')},"
            f" {plural(row.waiting, 'regel wacht', 'regels wachten')},"
            f" {plural(row.gone, 'document', 'documenten')} weg,"
            f" {plural(row.statements, 'verklaring', 'verklaringen')}"
        )
    if not rows:
        click.echo("Er gelden nog geen bewaartermijnen: er gaat niets weg.")


def _say(words: str) -> None:
    click.echo(words, err=True)


def do_what_follows(registry: Any) -> None:
    """Run the jobs that loading the demo leaves, except those that make documents."""
    search.index_as_a_whole(registry)
    workers = [Worker(registry, lane) for lane in (Lane.INDEX, Lane.QUICK, Lane.OUTSIDE)]
    while sum(worker.run_all() for worker in workers):
        pass  # sending a message queues an index job again


def _progress(count: int, total: int) -> None:
    click.echo(f"Demo laden: {count} van {total} meldingen", err=True)


@click.group("zoekindex", cls=DutchGroup)
def index_group() -> None:
    """De zoekindex, die altijd opnieuw uit de database te maken is."""


def _holders(registry: Any, wanted: str | None) -> list[str]:
    if wanted is None:
        return [row.holder for row in search.holders_with_index_work(registry)]
    with transaction(registry.engine, write=False) as session:
        if session.get(Holder, wanted) is None:
            raise click.ClickException(
                f"De houder ‘{wanted}’ bestaat niet. Geef een gemeentecode, zoals GM0505."
            )
    return [wanted]


@index_group.command("herbouwen")
@click.option("--houder", help="Alleen deze houder: een gemeentecode of ‘landelijk’.")
@click.option(
    "--processen",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Zoveel houders tegelijk; met Whoosh alleen 1.",
)
@click.pass_obj
def rebuild(settings: Settings, houder: str | None, processen: int) -> None:
    """Maak de index opnieuw; zoeken gaat intussen door."""
    if settings.search_backend == "whoosh" and processen > 1:
        raise click.ClickException("De index van Whoosh heeft één schrijver. Laat --processen weg.")
    with registry_of(settings) as registry:
        wanted = _holders(registry, houder)
        for report in rebuild_many(registry, wanted, processen, open_registry):
            click.echo(f"{report.holder}: {report.documents} documenten.")


@index_group.command("controleren")
@click.option("--houder", help="Alleen deze houder: een gemeentecode of ‘landelijk’.")
@click.option("--herstellen", is_flag=True, help="Zet ook recht wat er niet klopt.")
@click.pass_obj
def check(settings: Settings, houder: str | None, herstellen: bool) -> None:
    """Vergelijk de index met de database. Klopt er iets niet, dan is de uitkomst 1."""
    wrong = False
    with registry_of(settings) as registry:
        for holder in _holders(registry, houder):
            report = search.check(registry, holder)
            click.echo(f"{holder}: {report.summary}")
            if not report.clean and herstellen:
                search.repair(registry, holder, report)
                click.echo(f"{holder}: de worker herstelt dit nu.")
            wrong = wrong or (not report.clean and not herstellen)
    if wrong:
        raise click.ClickException("Herstel met: zoekindex controleren --herstellen")


# Key file


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
            use = "in gebruik" if version == ring.current else "niet voor nieuwe gegevens"
            click.echo(f"versie {version}\t{use}\t{_rows(registry, version)} rijen versleuteld")
    click.echo(
        "Volgcodes van meldingen houden de versie waarmee zij zijn gemaakt: haal een oude versie"
        " niet uit het bestand."
    )


def _rows(registry: Any, version: int) -> int:
    total = 0
    for holder in _all_holders(registry):
        with transaction(registry.engine, holder, write=False) as session:
            total += sum(
                count_sealed(session, sealed, version)
                for sealed in SEALED_TABLES.of(registry).values()
                if sealed.held or holder == NATIONAL
            )
    return total


def _all_holders(registry: Any) -> list[str]:
    """Return who has documents, from the references, which may be read for all at once."""
    with transaction(registry.engine, write=False) as session:
        return sorted({NATIONAL, *holders_with_documents(session)})


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
        f"3. Geef dan: {PROGRAM} sleutels gebruiken {version}"
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
        f"2. Geef dan: {PROGRAM} sleutels herversleutelen"
    )


@keys_group.command("herversleutelen")
@click.pass_obj
def reseal(settings: Settings) -> None:
    """Versleutel wat er staat met de versie die in gebruik is; het product werkt intussen door."""
    total = 0
    with registry_of(settings) as registry:
        for holder in _all_holders(registry):
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


# Work that waits: jobs that were given up.


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
        click.echo(
            f"{job.id}  {job.kind}  {job.holder}  {job.attempts} pogingen"
            f"  {job.last_error or '-'}  sinds {local(job.created_at):%d-%m-%Y %H:%M}"
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
    _act(settings, nummer, alle, try_again, "gaan opnieuw de wachtrij in")


@queue_group.command("weg")
@_which
@_all
@click.pass_obj
def away(settings: Settings, nummer: int | None, alle: bool) -> None:
    """Gooi een opgegeven taak weg: één nummer, of --alle."""
    _act(settings, nummer, alle, throw_away, "zijn weggegooid")


def _act(settings: Settings, number: int | None, every: bool, act: Any, outcome: str) -> None:
    if (number is None) != every:
        raise UsageError("Geef het nummer van één taak, zoals 12, of --alle.")
    with engine_of(settings) as engine:
        done = act(engine, operator(), number)
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
    with database(settings, NATIONAL) as session:
        jobs = session.scalars(failed.order_by(OutboxJob.id)).all()
        readers = len(waiting_readers(session))
    for job in jobs:
        standing = "opgegeven" if job.dead else "wordt nog geprobeerd"
        click.echo(
            f"{job.id}  {job.holder}  {standing}  {job.attempts} pogingen"
            f"  sinds {local(job.created_at):%d-%m-%Y %H:%M}  {words_of(job.last_error)}"
        )
    if not jobs:
        click.echo("Alle berichten zijn uitgegaan, of zijn nog niet aan de beurt geweest.")
    if readers:
        click.echo(f"Gebundeld tot 8 uur op de volgende werkdag, aantal mensen: {readers}.")


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
