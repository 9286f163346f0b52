"""What a page costs: processor of web and database, time, statements; with few and many reports.

    python -m bench.pages [--sizes 1000 1000000] [--database postgresql] [--outlines FOLDER]

One installation grows from size to size, filled by `bench.fill`. Two
municipalities are looked at: one that has the same number of reports at every size, and one that
has an eighth of all, or as many as `--large` says for each size. Time of the processor hardly
changes when the machine is busy; the time that passes does.

Measured from outside: a client that is signed in asks a server that runs as the product does, and
the time is that of all processes of the server and of the whole database (`/proc`).
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from http.client import HTTPConnection
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, func, select, text
from webtest import TestApp

from bench import machine
from bench.fill import Order, fill
from bench.fill.maker import Helpers
from stopintimidatie import install
from stopintimidatie.cli.content import open_registry
from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.search.services import holders_with_index_work, rebuild_many
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.resources import path_of_dossier
from stopintimidatie.municipalities.areas.loader import load_areas
from stopintimidatie.reports.inbox.queries import list_reports
from stopintimidatie.reports.inbox.rules import Reader
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import path_of_report
from tests.support.factories import DORDRECHT, EINDHOVEN, make_user
from tests.support.installation import Installation, make_settings
from tests.support.queries import count_queries

SIZES = (1_000, 10_000)
SAME = 500
LARGE_PART = 8
OUTLINES = ("gemeenten_2024.geojson", "wijken_2024.geojson")
# A poll takes so little that its processor time needs more of them.
ROUNDS, POLLS, WARM_UP = 30, 600, 3
# A window of the centre of each town, as a map shows it.
AROUND = {DORDRECHT: "4.65,51.81,4.69,51.82", EINDHOVEN: "5.46,51.43,5.5,51.445"}
TOWNS = {DORDRECHT: "dordrecht", EINDHOVEN: "eindhoven"}
HEAD = (
    "| database | meldingen | gemeente | pagina | web cpu ms | database cpu ms | p50 ms | p95 ms"
    " | vragen |\n|---|--:|---|---|--:|--:|--:|--:|--:|"
)


def rows(
    name: str,
    url: str,
    folder: Path,
    sizes: Sequence[int] = SIZES,
    outlines: Path | None = None,
    helpers: int = 1,
    large: Sequence[int] = (),
) -> Iterator[str]:
    """The lines of the table for one database.

    :param large: how many reports the large municipality has at each size; else an eighth.
    """
    settings = make_settings(machine.as_application(url), folder)
    create_key_file(settings.key_file)
    install(settings)
    installation = Installation(settings)
    if outlines is not None:
        load_outlines(installation, outlines)
    there = parts = 0
    for number, size in enumerate(sizes):
        part = large[number] if large else size // LARGE_PART
        grow(installation, there, size, part - parts, helpers)
        there, parts = size, part
        for town, title, cost in _measured(installation):
            yield f"| {name} | {size} | {town} | {title} | {cost} |"
    installation.close()


def load_outlines(installation: Installation, folder: Path) -> None:
    """The real municipalities and wijken."""
    for file in OUTLINES:
        with installation.transaction() as session:
            load_areas(session, [folder / file], actor=SYSTEM, reserved=frozenset(), year=2024)


def grow(installation: Installation, there: int, size: int, part: int, helpers: int) -> None:
    """Fill up to this size; after the first time the one municipality gets no more reports."""
    added = size - there
    same = 0 if there else min(SAME, added // 3)
    fixed = {DORDRECHT: same, EINDHOVEN: part}
    order = Order(added, seed=7, day=date.today(), fixed=fixed)
    several = Helpers(helpers, open_registry) if helpers > 1 else None
    start = time.perf_counter()
    fill(installation.registry, order, helpers=several, progress=_told)
    seconds = time.perf_counter() - start
    sys.stderr.write(f"\n{added} meldingen in {seconds:.0f} s: {added / seconds:.0f} per seconde\n")
    start = time.perf_counter()
    made = rebuild_many(installation.registry, list(TOWNS), helpers, open_registry)
    documents, seconds = sum(one.documents for one in made), time.perf_counter() - start
    sys.stderr.write(f"zoekindex: {documents} documenten, {documents / seconds:.0f} per seconde\n")
    analyse(installation.owner)


def _told(count: int, total: int) -> None:
    if count % 10_000 < 500:
        sys.stderr.write(f"\r{count} van {total}")


def analyse(engine: Engine) -> None:
    """Do what PostgreSQL does by itself after a while; SQLite's planner is told by the product."""
    if engine.dialect.name == "sqlite":
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))


def _measured(installation: Installation) -> Iterator[tuple[str, str, str]]:
    with _server(installation) as server:
        for code, slug in TOWNS.items():
            both = ((code, Role.OFFICER), (code, Role.PRIVACY_OFFICER))
            browser = installation.browser(make_user(installation, *both))
            with installation.transaction(code) as session:
                number = session.scalar(select(func.count()).select_from(Report))
            for title, path in _pages(installation, code, slug).items():
                yield f"{slug} ({number})", title, _page_cost(installation, server, browser, path)
            asks = _poll_of(browser, f"/gemeenten/{slug}/postvak")
            yield f"{slug} ({number})", "peiling", _page_cost(installation, server, browser, asks)
        desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
        for title, path in {
            "wachtrij": f"/{NATIONAL}",
            "peiling": _poll_of(desk, f"/{NATIONAL}"),
        }.items():
            yield "landelijk", title, _page_cost(installation, server, desk, path)
    starts = _cost(lambda: _worker_starts(installation), os.getpid(), _database(installation))
    yield "landelijk", "begin van een worker", f"{starts} | "


def _poll_of(browser: TestApp, path: str) -> str:
    """The address that this page asks for new reports while it is open."""
    return f"/nieuw?bewijs={browser.get(path).html.select_one('#werkbank')['data-nieuw']}"


@dataclass
class _Server:
    """The product in a process of its own; `database`: PostgreSQL's first process, if any."""

    process: int
    port: int
    database: int | None


@contextmanager
def _server(installation: Installation) -> Iterator[_Server]:
    settings, port = installation.settings, machine.free_port()
    arguments = ("app", settings.database_url, str(settings.data_dir), "1")
    with machine.process("bench.servers", arguments, port) as process:
        yield _Server(process, port, _database(installation))


def _database(installation: Installation) -> int | None:
    if installation.settings.sqlite:
        return None
    with installation.transaction() as session:
        served_by = session.scalar(text("select pg_backend_pid()"))
    return machine.parent(served_by)


def _worker_starts(installation: Installation) -> None:
    holders_with_index_work(installation.registry)


def _pages(installation: Installation, code: str, slug: str) -> dict[str, str]:
    """The addresses that are measured: of the largest dossier, and a report in it."""
    home = f"/gemeenten/{slug}"
    found = {
        "startpagina": home,
        "postvak": f"{home}/postvak",
        "postvak, alle meldingen": f"{home}/postvak?toestand=alle",
        "postvak, alle, één vorm": f"{home}/postvak?toestand=alle&vorm=aanranding",
        # Nobody came by this one: all reports are looked at for it.
        "postvak, alle, één campagne": f"{home}/postvak?toestand=alle&campagne=zomer",
        "postvak, alle, minderjarig": f"{home}/postvak?toestand=alle&minderjarig=ja",
        "postvak, alle, één soort plek": f"{home}/postvak?toestand=alle&plek=park_groen",
        "postvak, alle, ochtend": f"{home}/postvak?toestand=alle&dagdeel=ochtend",
        "postvak, alle, hielp niet": f"{home}/postvak?toestand=alle&oordeel=nee",
        "postvak, alle, oudste": f"{home}/postvak?toestand=alle&sorteer=oudste",
        "postvak, filters open": f"{home}/postvak?filters=ja",
        "postvak, één wijk en nieuw": f"{home}/postvak?toestand=nieuw&periode=90",
        "zoeken": "/zoeken?q=station",
        "zoeken, twee woorden": "/zoeken?q=fluiten+fiets",
        "postvak, alle, blad 40": f"{home}/postvak?toestand=alle&pagina=40",
        "dossiers": f"{home}/dossiers",
        "kaart": f"{home}/kaart",
        "kaart, alle jaren": f"{home}/kaart?van=begin",
        "kaart, avond": f"{home}/kaart?dagdeel=avond",
        "kaart, één wijk": f"{home}/kaart?wijk={_busiest(installation, code)}",
        "kaart, postvak": f"{home}/kaart?postvak=ja&toestand=alle",
        "kaart, punten": f"{home}/kaart-punten.json?vak={AROUND[code]}&zoom=15",
        "kaart, plaatje": f"{home}/kaart.svg",
        "kaart, grenzen": f"{home}/kaart-grenzen.json",
        "cijfers": f"{home}/cijfers",
        "cijfers, vijf jaar": f"{home}/cijfers?van=2021-01",
        "logboek": f"{home}/logboek",
        "logboek, één handeling": f"{home}/logboek?actie=melding.contact",
    }
    with installation.transaction(code) as session:
        size = func.count(DossierMembership.id)
        largest = session.scalar(
            select(DossierMembership.dossier_id)
            .group_by(DossierMembership.dossier_id)
            .order_by(size.desc())
            .limit(1)
        )
        if largest is not None and session.get(Dossier, largest) is not None:
            found["dossier"] = str(path_of_dossier(session, largest))
        report = session.scalars(
            select(Report.id).where(Report.state == "afgehandeld").limit(1)
        ).one()
        found["melding"] = str(path_of_report(session, report))
        reader = Reader(uuid4(), utc_now(), frozenset())
        second = list_reports(session, code, {}, reader, 1, 1)[0].report
        found["postvak, melding geopend"] = f"{home}/postvak?melding={second.reference}"
    return found


def _busiest(installation: Installation, code: str) -> str | None:
    """The wijk with most reports."""
    with installation.transaction(code) as session:
        most = select(Report.neighbourhood_code).group_by(Report.neighbourhood_code)
        return session.scalar(most.order_by(func.count().desc()).limit(1))


def _page_cost(installation: Installation, server: _Server, browser: TestApp, path: str) -> str:
    browser.get(path, status=200)
    with count_queries(installation) as counted:
        browser.get(path, status=200)
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = {"Host": "localhost:6543", "Cookie": cookies, "Accept": "text/html"}
    with closing(HTTPConnection("127.0.0.1", server.port)) as client:

        def page() -> None:
            client.request("GET", path, headers=headers)
            answer = client.getresponse()
            answer.read()
            assert answer.status == 200, (path, answer.status)

        for _ in range(WARM_UP):
            page()
        rounds = POLLS if path.startswith("/nieuw") else ROUNDS
        return f"{_cost(page, server.process, server.database, rounds)} | {counted.count}"


def _cost(call: Callable[[], object], web: int, database: int | None, rounds: int = ROUNDS) -> str:
    def seconds() -> tuple[float, float]:
        return machine.cpu_seconds(web), machine.cpu_seconds(database) if database else 0.0

    times, before = [], seconds()
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    spent = [after - first for first, after in zip(before, seconds(), strict=True)]
    each = " | ".join(f"{part * 1000 / rounds:.1f}" for part in spent)
    return f"{each} | {statistics.median(times):.1f} | {machine.percentile(times, 0.95):.1f}"


def main() -> None:
    """Measure, and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--large", type=int, nargs="+", default=[])
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument("--outlines", type=Path, default=Path("../shared/data"))
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    outlines = asked.outlines if (asked.outlines / OUTLINES[0]).is_file() else None
    warnings.simplefilter("ignore")
    if asked.large and len(asked.large) != len(asked.sizes):
        parser.error("--large: one number for each of --sizes")
    with tempfile.TemporaryDirectory() as temporary, machine.postgres() as server:
        folder = Path(temporary)
        on_sqlite = asked.database == "sqlite"
        url = (
            f"sqlite:///{folder}/data.sqlite"
            if on_sqlite
            else machine.new_database(server, "bladzijden")
        )
        name = "SQLite" if on_sqlite else "PostgreSQL"
        processes = 1 if on_sqlite else asked.processes
        sys.stdout.write(f"{machine.description(machine.postgres_version(server))}.\n\n{HEAD}\n")
        for row in rows(name, url, folder, asked.sizes, outlines, processes, asked.large):
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
