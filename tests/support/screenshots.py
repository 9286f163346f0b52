"""The pictures of the README, made from the demo: `python -m tests.support.screenshots FOLDER`.

The product runs as it does for anybody: website and worker as processes, with a data folder of
their own that is thrown away. A browser signs in, looks for something worth showing, asks for an
export, has a colleague approve it, and downloads the PDF.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.support.services import BROWSER_FLAGS, BROWSERS

ROOT = Path(__file__).parents[2]
PASSWORD = "demo-wachtwoord"
WIDTH, HEIGHT = 1280, 900
PHONE: ViewportSize = {"width": 390, "height": 844}
COLOURS = 128
MOST_BYTES = 250_000
INBOX = "/gemeenten/dordrecht/postvak"
DOSSIERS = "/gemeenten/dordrecht/dossiers?toestand=in_aanpak"
SEARCH = "/zoeken?q=fluiten+station"
SECONDS = 60


ANSWERS = {
    "ontvanger": "Politie, basisteam Drechtsteden",
    "vraag": "Kan het wijkteam hier op vrijdag- en zaterdagavond meelopen?",
    "feiten": "Zestien mensen meldden naroepen of volgen, los van elkaar.",
    "beleving": "Melders lopen om en mijden het plein na tien uur.",
    "vermoedens": "Het zou steeds dezelfde groep zijn; dat is niet nagegaan.",
    "grond_minderjarigen": "De overlast richt zich op scholieren: het team moet de uren kennen.",
}


class PictureError(Exception):
    """The product didn't show what was to be photographed."""


class Demo:
    """A running demo in a folder of its own."""

    def __init__(self, folder: Path, day: date) -> None:
        self.port = _free_port()
        self.address = f"http://localhost:{self.port}"
        self._day = day
        self._env = {**os.environ, "DATA_DIR": str(folder), "PORT": str(self.port)}
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Migrate, load the demo, and run until it can be searched."""
        self._do("database", "migreren")
        self._do("demo", "laden", "--peildatum", self._day.isoformat())
        self._running = [self._begin("web"), self._begin("worker")]
        _wait_for(self._is_ready, "de website")
        _wait_for(self._is_indexed, "de zoekindex")

    def stop(self) -> None:
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        for process in self._running:
            process.wait(timeout=30)

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-W", "ignore", "-m", "stopintimidatie.cli", *arguments]

    def _do(self, *arguments: str) -> None:
        subprocess.run(self._command(*arguments), cwd=ROOT, env=self._env, check=True)

    def _begin(self, name: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command(name), cwd=ROOT, env=self._env)

    def _is_ready(self) -> bool:
        try:
            with closing(HTTPConnection("localhost", self.port, timeout=5)) as connection:
                connection.request("GET", "/health/ready")
                return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False

    def _is_indexed(self) -> bool:
        found = subprocess.run(
            self._command("zoekindex", "controleren"), cwd=ROOT, env=self._env, capture_output=True
        )
        return found.returncode == 0


class Visit:
    """Somebody at a browser."""

    def __init__(self, browser: Browser, address: str, username: str) -> None:
        context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, accept_downloads=True, locale="nl-NL"
        )
        context.set_default_timeout(SECONDS * 1000)
        self.page: Page = context.new_page()
        self._address = address
        self.go("/aanmelden")
        self.page.fill("[name=gebruikersnaam]", username)
        self.page.fill("[name=wachtwoord]", PASSWORD)
        self.page.click("[name=aanmelden]")
        self.page.wait_for_url(lambda url: "aanmelden" not in url)

    def go(self, path: str) -> None:
        answer = self.page.goto(path if "://" in path else f"{self._address}{path}")
        if answer is None or answer.status != 200:
            raise PictureError(f"{path}: {answer and answer.status}")

    def photograph(self, file: Path) -> None:
        self.page.wait_for_load_state("networkidle")
        self.page.evaluate("document.fonts.ready")
        self.page.screenshot(path=file)
        compress(file)


def compress(file: Path, colours: int = COLOURS, most: int = MOST_BYTES) -> None:
    """A palette is enough for flat pages, and a third of the size."""
    with Image.open(file) as picture:
        small = picture.convert("RGB").quantize(colours, dither=Image.Dither.NONE)
    small.save(file, optimize=True)
    if file.stat().st_size > most:
        raise PictureError(f"{file.name} is te groot: {file.stat().st_size} bytes")


def take_all(browser: Browser, demo: Demo, folder: Path) -> None:
    """The pictures, one after the other."""
    officer = Visit(browser, demo.address, "oov@dordrecht.example")
    officer.go(f"{INBOX}?toestand=nieuw")
    officer.photograph(folder / "postvak.png")
    officer.page.get_by_role("link", name="Meer vastleggen").first.click()
    officer.page.wait_for_url("**/triage?*")
    officer.photograph(folder / "beoordelen.png")
    dossier = largest_dossier(officer)
    officer.go(dossier)
    officer.photograph(folder / "dossier.png")
    officer.go(SEARCH)
    officer.photograph(folder / "zoeken.png")
    photograph_pdf(export(officer, browser, demo, dossier), folder / "pdf.png")
    photograph_reporting(browser, demo.address, folder / "melden.png")
    admin = Visit(browser, demo.address, "beheer@dordrecht.example")
    admin.go("/gemeenten/dordrecht/beheer")
    admin.photograph(folder / "beheer.png")
    desk = Visit(browser, demo.address, "meldpunt@landelijk.example")
    desk.go("/landelijk")
    desk.photograph(folder / "meldpunt.png")


def largest_dossier(visit: Visit) -> str:
    """The address of the dossier in the list with the most reports."""
    visit.go(DOSSIERS)
    best, address = 0, ""
    for link in visit.page.locator("main a").all():
        href = link.get_attribute("href") or ""
        if not re.search(r"/20\d\d-\d{4}$", href):
            continue
        around = link.locator("xpath=ancestor::li[1]").inner_text()
        counted = re.search(r"(\d+) melding", around)
        number = int(counted[1]) if counted else 0
        if number > best:
            best, address = number, href
    if not address:
        raise PictureError("geen dossier in aanpak met meldingen in de lijst")
    return address


def export(officer: Visit, browser: Browser, demo: Demo, dossier: str) -> Path:
    """Ask for an export, let a colleague approve it, wait for the worker, fetch the file."""
    page = officer.page
    officer.go(f"{dossier.split('?')[0]}/uitvoer-aanvragen")
    page.check("[name=soort_ontvanger][value=politie]")
    page.evaluate("document.querySelectorAll('details.si-fold').forEach(fold => fold.open = true)")
    for name, answer in ANSWERS.items():
        if page.locator(f"[name={name}]").count():
            page.fill(f"[name={name}]", answer)
    page.click("button[name=aanvragen]")
    page.wait_for_url(lambda url: "uitvoer-aanvragen" not in url)
    address = page.url
    owner = Visit(browser, demo.address, "dossierhouder@dordrecht.example")
    owner.go(f"{address}/beoordelen")
    owner.page.click("button[name=goedkeuren]")
    owner.page.get_by_role("link", name="PDF downloaden").wait_for()
    with owner.page.expect_download() as download:
        owner.page.get_by_role("link", name="PDF downloaden").click()
    return Path(download.value.path())


def photograph_pdf(pdf: Path, file: Path) -> None:
    """Page one, as wide as the other pictures."""
    command = ["pdftoppm", "-png", "-singlefile", "-f", "1", "-scale-to-x", str(WIDTH)]
    stem = file.with_suffix("")
    subprocess.run([*command, "-scale-to-y", "-1", str(pdf), str(stem)], check=True)
    compress(file)


def photograph_reporting(browser: Browser, address: str, file: Path) -> None:
    """The public page on a phone: the second step, with the map where outlines are loaded."""
    context = browser.new_context(viewport=PHONE, locale="nl-NL")
    page = context.new_page()
    page.goto(f"{address}/melden/dordrecht?wijk=binnenstad#stap-waar")
    page.fill("[name='waar.omschrijving']", "Bij de bushalte voor het station")
    page.evaluate("document.fonts.ready")
    page.locator("#stap-waar").scroll_into_view_if_needed()
    page.screenshot(path=file)
    compress(file)
    context.close()


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(settled: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not settled():
        if time.monotonic() > deadline:
            raise PictureError(f"{what} was na {SECONDS} seconden nog niet zover")
        time.sleep(0.2)


@contextlib.contextmanager
def running_demo(day: date) -> Iterator[Demo]:
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder), day)
        try:
            demo.start()
            yield demo
        finally:
            demo.stop()


def main() -> None:
    """Make them all in a folder, over what lies there."""
    options = argparse.ArgumentParser()
    options.add_argument("folder", type=Path, nargs="?", default=ROOT / "docs" / "beelden")
    options.add_argument("--peildatum", type=date.fromisoformat, default=date.today())
    chosen = options.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    executable = next(filter(None, map(shutil.which, BROWSERS)))
    flags = [*BROWSER_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with running_demo(chosen.peildatum) as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=flags)
        take_all(browser, demo, chosen.folder)
        browser.close()


if __name__ == "__main__":
    main()
