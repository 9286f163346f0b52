"""How many reports come in, and how fast: the real server, beside a bare handler.

`python -m bench.intake [--processes 1 2 4] [--clients 32] [--seconds 10]`. Both servers run at the
same time and are asked in turns, so that what else the machine does hits both alike.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import machine
from bench.load import WARM_UP
from bench.servers import make_bare_table
from stopintimidatie import install
from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.municipalities.areas.loader import load_areas
from stopintimidatie.reports.api.queries import make_demo_key
from tests.support.echte_gebieden import shared_data
from tests.support.factories import connect
from tests.support.installation import Installation, make_settings

PROCESSES: Final = (1, 2, 4)
CLIENTS: Final = 32
SECONDS: Final = 10.0
# What bench.smoke takes.
SMALL: Final = 4.0
TURNS: Final = 2
HEAD: Final = (
    "| database | processen | clients | meldingen/s | p50 ms | p99 ms | cpu ms"
    " | kaal: /s | p50 ms | p99 ms | cpu ms | verhouding | p99 verhouding |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
)


@dataclass(frozen=True)
class Measured:
    """What the clients saw in the time they had, and what the server used for it."""

    rate: float
    times: list[float]
    cpu: float

    @property
    def p50(self) -> float:
        return machine.percentile(self.times, 0.5)

    @property
    def p99(self) -> float:
        return machine.percentile(self.times, 0.99)

    def __str__(self) -> str:
        return f"{self.rate:.0f} | {self.p50:.1f} | {self.p99:.1f} | {self.cpu:.2f}"


def rows(
    name: str,
    url: str,
    folder: Path,
    processes: Sequence[int] = PROCESSES,
    clients: int = CLIENTS,
    seconds: float = SMALL,
) -> Iterator[str]:
    """The lines of the table for one database; SQLite is for one process."""
    url = machine.as_application(url)
    _prepare(url, folder)
    for count in processes if url.startswith("postgresql") else (1,):
        app, bare = _side_by_side(url, folder, count, clients, seconds)
        yield (
            f"| {name} | {count} | {clients} | {app} | {bare} "
            f"| {app.rate / bare.rate:.2f} | {app.p99 / bare.p99:.1f} |"
        )


def _prepare(url: str, folder: Path) -> None:
    settings = make_settings(url, folder)
    create_key_file(settings.key_file)
    install(settings)
    make_bare_table(settings.owner_url)
    installation = Installation(settings)
    connect(installation)
    with installation.transaction() as session:
        make_demo_key(session, SYSTEM)
    _load_outlines(installation)
    installation.close()


def _load_outlines(installation: Installation) -> None:
    """The real ones where they are; a demo without them guesses by the middle of a wijk."""
    data = shared_data()
    for name in ("gemeenten_2024.geojson", "wijken_2024.geojson") if data else ():
        with installation.transaction() as session:
            load_areas(session, [Path(f"{data}/{name}")], actor=SYSTEM, reserved=())


def _side_by_side(
    url: str, folder: Path, processes: int, clients: int, seconds: float
) -> tuple[Measured, Measured]:
    """The product and the bare handler, in turns."""
    with contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(_server(kind, url, folder, processes)) for kind in ("app", "bare")
        ]
        # A process reads the outlines at its first report, which takes a second or more.
        for _, port in servers:
            load(port, clients, WARM_UP)
        turns = [
            [_measure(*server, clients, seconds / TURNS) for server in servers]
            for _ in range(TURNS)
        ]
    app, bare = (_together(list(seen)) for seen in zip(*turns, strict=True))
    return app, bare


@contextlib.contextmanager
def _server(kind: str, url: str, folder: Path, processes: int) -> Iterator[tuple[int, int]]:
    """A running server: its process and its port."""
    port = machine.free_port()
    arguments = (kind, url, str(folder), str(processes))
    with machine.process("bench.servers", arguments, port) as process:
        yield process, port


def _measure(server: int, port: int, clients: int, seconds: float) -> Measured:
    before = machine.cpu_seconds(server)
    times = load(port, clients, seconds)
    used = machine.cpu_seconds(server) - before
    # The warm-up counts for the processor, so its reports must count too: as fast as the rest.
    reports = len(times) * (1 + WARM_UP / seconds)
    return Measured(len(times) / seconds, times, used / reports * 1000)


def load(port: int, clients: int, seconds: float, *pace: int) -> list[float]:
    """Send reports from a process of its own; return the milliseconds of each."""
    command = [sys.executable, "-W", "ignore", "-m", "bench.load"]
    done = subprocess.run(
        [*command, *map(str, (port, clients, seconds, *pace))],
        check=True,
        stdout=subprocess.PIPE,
        timeout=seconds + 120,
    )
    times: list[float] = json.loads(done.stdout)
    return times


def _together(turns: Sequence[Measured]) -> Measured:
    return Measured(
        sum(turn.rate for turn in turns) / len(turns),
        [time for turn in turns for time in turn.times],
        sum(turn.cpu for turn in turns) / len(turns),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.intake", description=__doc__)
    parser.add_argument("--processes", nargs="+", type=int, default=PROCESSES)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), help="only this one")
    return parser.parse_args()


def main() -> None:
    """Measure, and print the table."""
    warnings.simplefilter("ignore")
    asked = _arguments()
    with tempfile.TemporaryDirectory() as temporary, machine.postgres() as server:
        sys.stdout.write(f"{machine.description(machine.postgres_version(server))}.\n\n{HEAD}\n")
        for name in ("SQLite", "PostgreSQL"):
            if asked.database not in (None, name.lower()):
                continue
            folder = Path(temporary, name)
            folder.mkdir()
            sqlite = f"sqlite:///{folder}/data.sqlite"
            url = sqlite if name == "SQLite" else machine.new_database(server, "intake")
            for row in rows(name, url, folder, asked.processes, asked.clients, asked.seconds):
                sys.stdout.write(f"{row}\n")
                sys.stdout.flush()
    sys.stdout.write(f"\nBelasting van de machine aan het eind: {machine.load()}.\n")


if __name__ == "__main__":
    main()
