"""Measure what idle servers cost: `python -m bench.idle [--database sqlite]`.

Starts `web` and `worker` as an operator does, over a town with some hundred reports (and the real
outlines where they are), and looks at them from outside, in `/proc`: the processor of each process
while all is quiet, and its memory before and after some hundred pages, reports, a search and a PDF.
Then how long a job that is asked for at some moment waits until the worker takes it.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Select, select

from bench import machine
from bench.pages import OUTLINES, load_outlines
from stopintimidatie import install
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import OutboxJob, enqueue
from stopintimidatie.core.search.registry import INDEX
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.settings import Settings
from tests.support.api import Api
from tests.support.echte_gebieden import shared_data
from tests.support.exporting import Case, approved, make_case
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation, make_settings
from tests.support.served import HOST, as_product, ini_of, post
from tests.support.waiting import until

SECONDS: Final = 60
JOBS: Final = 60
ROUNDS: Final = 40
REPORTS: Final = 300
PAGES: Final = (
    "/gemeenten/dordrecht",
    "/gemeenten/dordrecht/postvak",
    "/gemeenten/dordrecht/postvak?toestand=alle",
    "/gemeenten/dordrecht/dossiers",
    "/zoeken?q=station",
    "/melden",
    "/api/v1/docs",
)
HEAD: Final = (
    "| database | proces | ms processor per s in rust | MB bij het begin | MB na gebruik |\n"
    "|---|---|--:|--:|--:|"
)


def command(settings: Settings, *words: str) -> list[str]:
    ini = settings.data_dir / "rust.ini"
    ini.write_text(ini_of(settings, {}), encoding="utf-8")
    return [sys.executable, "-W", "ignore", "-m", "stopintimidatie.cli", "--ini", str(ini), *words]


@contextmanager
def running(installation: Installation) -> Iterator[tuple[int, dict[str, int]]]:
    """Yield the port, and the processes by name."""
    with as_product(installation.settings) as served:
        worker = subprocess.Popen(command(installation.settings, "worker"))
        try:
            (web,) = served.workers()
            yield served.port, {"hoofd": served.process.pid, "web": web, "worker": worker.pid}
        finally:
            worker.terminate()
            begin = time.monotonic()
            worker.wait()
            sys.stdout.write(f"worker: {time.monotonic() - begin:.2f} s van SIGTERM tot het eind\n")


def wait_until_quiet(installation: Installation) -> None:
    """Wait until the worker has started, has planned what comes back, and did all that was due."""
    periodic = [kind.name for kind in installation.registry.job_kinds.values() if kind.next_at]
    planned = select(OutboxJob.id).where(OutboxJob.kind.in_(periodic))
    late = ~OutboxJob.dead & (OutboxJob.run_after <= utc_now())
    until(lambda: is_there(installation, planned), seconds=120)
    until(lambda: not is_there(installation, select(OutboxJob.id).where(late)), seconds=120)
    time.sleep(10)


def is_there(installation: Installation, wanted: Select[Any]) -> bool:
    with transaction(installation.engine, write=False) as session:
        return session.scalar(wanted.limit(1)) is not None


def megabytes(process: int) -> float:
    """Return the memory of a process; pages that several have are shared out among them."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise ValueError(process)


def idle(processes: Mapping[str, int], seconds: int) -> dict[str, float]:
    """Return the milliseconds of processor that each takes a second."""
    before = {name: machine.ticks(process) for name, process in processes.items()}
    time.sleep(seconds)
    tick = 1000 / os.sysconf("SC_CLK_TCK")
    return {
        name: (machine.ticks(process) - before[name]) * tick / seconds
        for name, process in processes.items()
    }


def delays(installation: Installation, number: int) -> list[float]:
    """Return the milliseconds from the commit of a job's row to its claim, at random moments."""
    times, chance = [], random.Random(7)
    for _ in range(number):
        time.sleep(chance.uniform(0.3, 1.3))
        with installation.transaction(DORDRECHT) as session:
            payload = {"kind": "melding", "id": str(uuid4())}
            job = enqueue(session, INDEX, DORDRECHT, payload)
        begin, number = time.perf_counter(), job.id
        # A row that is gone was done already.
        waits = select(OutboxJob.id).where(OutboxJob.id == number, OutboxJob.attempts == 0)
        while is_there(installation, waits):
            time.sleep(0.002)
        times.append((time.perf_counter() - begin) * 1000)
    return times


def use(installation: Installation, case: Case, port: int, rounds: int) -> None:
    """Let somebody look at pages, an app report, and the worker make a PDF."""
    browser = installation.browser(case.people["aanvrager"])
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = {"Host": "localhost:6543", "Cookie": cookies}
    api = Api(installation)
    for number in range(rounds):
        connection = http.client.HTTPConnection(HOST, port, timeout=60)
        for path in (*PAGES, case.path):
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            if number == 0 and answer.status != 200:
                sys.stdout.write(f"{path}: {answer.status}\n")
        connection.close()
        for _ in range(3):
            assert post(port, api, str(uuid4())) == 201
    approved(case)
    wait_until_quiet(installation)


def measure(name: str, url: str, folder: Path, seconds: int, jobs: int, rounds: int) -> None:
    """Measure one database and print its lines."""
    address = "http://localhost:6543"
    settings = make_settings(url, folder, worker_poll_milliseconds=100, public_address=address)
    create_key_file(settings.key_file)
    install(settings)
    installation = Installation(settings)
    case, api = make_case(installation, number=24), Api(installation)
    for _ in range(REPORTS):
        api.post()
    outlines = shared_data()
    if outlines is not None and all((outlines / name).is_file() for name in OUTLINES):
        load_outlines(installation, outlines)
    with running(installation) as (port, processes):
        wait_until_quiet(installation)
        at_first = {each: megabytes(process) for each, process in processes.items()}
        cost = idle(processes, seconds)
        times = delays(installation, jobs)
        p50, p95 = (machine.percentile(times, part) for part in (0.5, 0.95))
        told = f"p50 {p50:.0f}, p95 {p95:.0f}, hoogstens {max(times):.0f} ms ({jobs} keer)"
        sys.stdout.write(f"een taak begint na {told}\n")
        use(installation, case, port, rounds)
        for each, process in processes.items():
            line = f"| {name} | {each} | {cost[each]:.1f} | {at_first[each]:.0f}"
            sys.stdout.write(f"{line} | {megabytes(process):.0f} |\n")
    installation.close()


def main() -> None:
    """Measure, and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    sys.stdout.write(f"{HEAD}\n")
    sizes = (asked.seconds, asked.jobs, asked.rounds)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if asked.database == "sqlite":
            measure("SQLite", f"sqlite:///{folder}/data.sqlite", folder, *sizes)
            return
        with machine.postgres() as server:
            url = machine.as_application(machine.new_database(server, "rust"))
            measure("PostgreSQL", url, folder, *sizes)


if __name__ == "__main__":
    main()
