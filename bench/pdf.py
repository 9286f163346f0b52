"""How long a dossier takes as a PDF, and how much memory: `python -m bench.pdf [reports …]`.

With `--uitvoer` through the real export instead: approved on its page, then made by the worker,
from claiming the job until file, hashes and register are stored; `--schrijf` puts that in the docs.

Each size is rendered by the real child process, start-up included, as the worker does it. Beside
it Chromium prints the same HTML in the same run: without tags of PDF/UA, PDF/A, bookmarks that
are checked, or the lines below each page, which it doesn't know. Processor time is what counts on
a machine that others use too.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

from pypdf import PdfReader

from bench import machine
from stopintimidatie import install
from stopintimidatie.core.sandbox.process import Limits
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.exports.document.assets import ADDRESS, VENDOR, load_assets
from stopintimidatie.exports.document.html import html, stylesheet
from stopintimidatie.exports.document.process import render_in_process
from stopintimidatie.exports.profiles.defaults import INTERNAL
from stopintimidatie.exports.redaction.content import DossierContent
from tests.support.exporting import approved, make_case
from tests.support.exports_factory import ACCOUNTS, a_dossier, redact
from tests.support.installation import Installation, make_settings

# Twelve pages; as many as are told in full; the most that one dossier was seen with.
REPORTS = (24, 60, 1930)
BOUNDS = Limits(wall_seconds=3600, cpu_seconds=3600)
# What `bench.smoke` makes, in reports.
SIZES = (5, 30, 200)
HEAD = """\
| meldingen | maker | pagina's | s | s processor | ms processor per pagina | MB geheugen | kB |
|--:|---|--:|--:|--:|--:|--:|--:|"""
# As small as most are; as many as are told in full.
EXPORTED = (3, 10, 24, 60)
# As those that are made in the child alone: all that the profile shows, with map and stories.
STORY = " ".join(ACCOUNTS * 2)
INTERN = {"soort_ontvanger": "intern", "ontvanger": "Eigen team OOV", "grondslag": "intern"}
EXPLAINED = (
    "De echte uitvoer, op SQLite: goedgekeurd op de pagina, dan door de worker gemaakt, van het"
    " oppakken van de taak\ntot bestand, hashes en register zijn opgeslagen en de taken daarna"
    " gedaan; het opstarten van het eigen proces\nmeegerekend. Dat kost elke pdf evenveel, dus een"
    " korte kost per pagina meer dan een lange. Rekentijd is van de worker\nen zijn proces samen."
)
EXPORT_HEAD = """\
| meldingen | pagina's | s | s processor | ms processor per pagina | ms per pagina, van buiten |
|--:|--:|--:|--:|--:|--:|"""
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--no-pdf-header-footer", "--virtual-time-budget=60000", "--timeout=600000"),
)


@dataclass(frozen=True)
class Measured:
    """One document made: what came of it and what it took."""

    pdf: bytes
    seconds: float
    processor: float
    megabytes: int

    def row(self, size: int, maker: str) -> str:
        pages = len(PdfReader(BytesIO(self.pdf)).pages)
        each = 1000 * self.processor / pages
        return (
            f"| {size} | {maker} | {pages} | {self.seconds:.1f} | {self.processor:.1f} "
            f"| {each:.0f} | {self.megabytes} | {len(self.pdf) // 1000} |"
        )


def measured(make: Callable[[], bytes]) -> Measured:
    """In a process of its own, so that its peak of memory is its own."""
    inside, outside = os.pipe()
    started = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os.close(inside)
        with os.fdopen(outside, "wb") as out:
            out.write(make())
        os._exit(0)
    os.close(outside)
    with os.fdopen(inside, "rb") as given:
        pdf = given.read()
    _, status, used = os.wait4(pid, 0)
    if status:
        raise RuntimeError("the making failed")
    seconds = time.perf_counter() - started
    return Measured(pdf, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)


def made(content: DossierContent) -> bytes:
    """By the program's own child, within the memory it gets by default; with time to spare."""
    return render_in_process(content, limits=BOUNDS)


def chromium(content: DossierContent) -> bytes:
    """The same HTML and style, printed by the browser."""
    program = shutil.which("chromium") or "chromium"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assets = load_assets()
        fonts = assets.css.replace(ADDRESS, f"file://{VENDOR}/")
        style = f"<style>{fonts}\n{stylesheet(content.house.colour, assets.stack)}</style></head>"
        page = html(content, assets).replace("</head>", style, 1)
        (folder / "dossier.html").write_text(page, encoding="utf-8")
        target = folder / "dossier.pdf"
        subprocess.run(
            [
                program,
                *FLAGS,
                f"--user-data-dir={folder / 'profile'}",
                f"--print-to-pdf={target}",
                f"file://{folder / 'dossier.html'}",
            ],
            check=True,
            capture_output=True,
            timeout=900,
        )
        return target.read_bytes()


def used() -> float:
    """Processor of this process and of all its children that have ended, in seconds."""
    both = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in both)


def exported(size: int) -> str:
    """Make one size through the real export; return it as a line of that table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = make_settings(f"sqlite:///{folder}/proef.sqlite", folder)
        create_key_file(settings.key_file)
        install(settings)
        with closing(Installation(settings)) as installation:
            case = make_case(installation, number=size, account=STORY)
            installation.run_jobs()
            reference = approved(case, **INTERN)
            started, before = time.perf_counter(), used()
            installation.run_jobs()
            seconds, processor = time.perf_counter() - started, used() - before
            pdf = case.browser("aanvrager").get(f"{case.path}/{reference}/pdf", status=200).body
    pages = len(PdfReader(BytesIO(pdf)).pages)
    return (
        f"| {size} | {pages} | {seconds:.1f} | {processor:.1f} | {1000 * processor / pages:.0f}"
        f" | {1000 * seconds / pages:.0f} |"
    )


def through_the_export(sizes: Sequence[int], write: bool) -> None:
    """Print the table of the real export; put it in the docs as well, if so asked."""
    before = machine.load()
    lines = [exported(size) for size in sizes]
    words = " ".join(("python -m bench.pdf --uitvoer", *map(str, sizes)))
    text = "\n".join((machine.told(words, before), EXPLAINED, "", EXPORT_HEAD, *lines))
    sys.stdout.write(f"{text}\n")
    if write:
        machine.write_section("Pdf", text)


def row(size: int) -> str:
    """One size made by the program itself, as a line of the table."""
    content = redact(a_dossier(size), INTERNAL)
    return measured(lambda: made(content)).row(size, "dit programma")


def main(sizes: list[int]) -> None:
    """Print a table with a row for each number of reports."""
    print(HEAD)
    for size in sizes:
        content = redact(a_dossier(size), INTERNAL)
        print(measured(partial(made, content)).row(size, "dit programma"))
        sys.stdout.flush()
        if shutil.which("chromium"):
            print(measured(partial(chromium, content)).row(size, "Chromium"))
            sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reports", nargs="*", type=int)
    parser.add_argument("--uitvoer", action="store_true")
    parser.add_argument("--schrijf", action="store_true")
    asked = parser.parse_args()
    if asked.uitvoer:
        through_the_export(asked.reports or EXPORTED, asked.schrijf)
    else:
        main(asked.reports or list(REPORTS))
