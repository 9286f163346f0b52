"""Measure how long a report waits beside an officer at work: `python -m bench.beside`.

Fills one town, and has an app send reports of that town at even moments to a web process and a
worker that run as an operator starts them, while an officer opens pages there. A report counts from
the moment at which it was due, so that one that waits for another isn't left out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import date
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from bench import machine
from bench.fill import Order, fill
from bench.idle import running, wait_until_quiet
from bench.intake import load
from bench.pages import OUTLINES, analyse, load_outlines
from stopintimidatie import install
from stopintimidatie.cli.content import open_registry
from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.search.services import rebuild_many
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.reports.api.queries import make_demo_key
from tests.support.echte_gebieden import shared_data
from tests.support.factories import DORDRECHT, make_user
from tests.support.installation import Installation, make_settings

PAGES: Final = ("/postvak", "/postvak?toestand=alle", "/dossiers", "")
CLIENTS: Final = 16
WARM_UP: Final = 3
HEAD: Final = (
    "| database | officier | meldingen/s | p50 ms | p95 ms | p99 ms | pagina's/s |\n"
    "|---|---|--:|--:|--:|--:|--:|"
)


def rows(
    name: str, url: str, folder: Path, reports: int, per_second: int, seconds: int
) -> Iterator[str]:
    """Yield the lines of one database: no officer, one who reads, one who never pauses."""
    address = "http://localhost:6543"
    settings = make_settings(machine.as_application(url), folder, public_address=address)
    create_key_file(settings.key_file)
    install(settings)
    installation = Installation(settings)
    outlines = shared_data()
    if outlines is not None and all((outlines / file).is_file() for file in OUTLINES):
        load_outlines(installation, outlines)
    order = Order(reports + 1_000, seed=7, day=date.today(), fixed={DORDRECHT: reports})
    fill(installation.registry, order)
    list(rebuild_many(installation.registry, [DORDRECHT], 1, open_registry))
    analyse(installation.owner)
    with installation.transaction() as session:
        make_demo_key(session, SYSTEM)
    with running(installation) as (port, _):
        wait_until_quiet(installation)
        load(port, CLIENTS, WARM_UP, per_second)
        with _officer(installation, port, 0.0):
            time.sleep(WARM_UP)
        for title, pause in (("geen", None), ("een bladzijde per s", 1.0), ("zonder pauze", 0.0)):
            with _officer(installation, port, pause) as opened:
                begin = time.perf_counter()
                times = load(port, CLIENTS, seconds, per_second)
                pages = len(opened) / (time.perf_counter() - begin)
            shares = (f"{machine.percentile(times, part):.0f}" for part in (0.5, 0.95, 0.99))
            yield f"| {name} | {title} | {per_second} | {' | '.join(shares)} | {pages:.1f} |"
    installation.close()


@contextmanager
def _officer(installation: Installation, port: int, pause: float | None) -> Iterator[list[str]]:
    """Let an officer open pages meanwhile, so many seconds after one another; None: nobody."""
    stop, opened = threading.Event(), list[str]()
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = {"Host": "localhost:6543", "Cookie": cookies, "Accept": "text/html"}

    def work() -> None:
        with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as client:
            while not stop.wait(pause):
                page = PAGES[len(opened) % len(PAGES)]
                client.request("GET", f"/gemeenten/dordrecht{page}", headers=headers)
                answer = client.getresponse()
                answer.read()
                assert answer.status == 200, (page, answer.status)
                opened.append(page)

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work) if pause is not None else None
        try:
            yield opened
        finally:
            stop.set()
        if working:
            working.result()


def main() -> None:
    """Measure, and print Markdown."""
    parser = argparse.ArgumentParser(prog="python -m bench.beside", description=__doc__)
    parser.add_argument("--reports", type=int, default=10_000)
    parser.add_argument("--per-second", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=30)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    sizes = (asked.reports, asked.per_second, asked.seconds)
    with tempfile.TemporaryDirectory() as temporary, machine.postgres() as server:
        sys.stdout.write(f"{machine.description(machine.postgres_version(server))}.\n\n{HEAD}\n")
        for name in ("SQLite", "PostgreSQL"):
            folder = Path(temporary, name)
            folder.mkdir()
            sqlite = f"sqlite:///{folder}/data.sqlite"
            url = sqlite if name == "SQLite" else machine.new_database(server, "ernaast")
            for row in rows(name, url, folder, *sizes):
                sys.stdout.write(f"{row}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
