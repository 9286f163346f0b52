"""The pictures of the manual: `scripts/schermafbeeldingen hulp [NAME …]` makes them again.

The title of a picture in `docs/gebruikers/` says who opens what, as in
`![…](…/hulp/postvak.png "oov@dordrecht.example /gemeenten/dordrecht/postvak")`. It is opened in the
demo of a fixed day, at ten in the morning, whatever day it is.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from playwright.sync_api import sync_playwright

from stopintimidatie import install
from stopintimidatie.core import clock
from stopintimidatie.core.clock import AMSTERDAM, clock_at
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.core.web import handbook
from stopintimidatie.core.web.responses import ROOT as STATIC
from stopintimidatie.demo.loader import load_demo
from tests.support.installation import DEMO_DAY, Installation, make_settings
from tests.support.screenshots import Visit, compress
from tests.support.served import in_thread
from tests.support.services import BROWSER_FLAGS, BROWSERS

FOLDER = STATIC / "hulp"
MOMENT = datetime.combine(DEMO_DAY, time(10), AMSTERDAM)
# Loading takes a while; pages are of a moment at which all of it has begun.
LOADING = timedelta(hours=1)
PICTURE = re.compile(r'!\[([^\]]+)\]\(([^ )]+)(?: "(\S+) (\S+)")?\)')
# Points of the screen; a page is narrower than on a desk, so that its words are read in the manual.
WIDTH, HEIGHT, TALLEST = 1120, 900, 680
MARGIN, COLOURS = 12, 64
# A browser without a desktop writes dates in English, whatever language it is given.
DUTCH_DATES = """for (const field of document.querySelectorAll("[type=date], [type=time]")) {
  const value = field.value.split("-").reverse().join("-") || "--:--";
  field.type = "text";
  field.value = value;
}"""
MOST_BYTES, MOST_PICTURES = 60_000, 14


@dataclass(frozen=True)
class Picture:
    """A picture in a chapter, with the account that opens the page and its address."""

    chapter: str
    words: str
    file: Path
    account: str
    address: str


def pictures() -> Iterator[Picture]:
    """Yield all pictures of the manual, as the chapters name them."""
    for chapter in handbook.chapters():
        text = (handbook.HANDBOOK / f"{chapter}.md").read_text(encoding="utf-8")
        for words, source, account, address in PICTURE.findall(text):
            yield Picture(chapter, words, (handbook.HANDBOOK / source).resolve(), account, address)


class MovedClock:
    """Stands for what holds the clock still: where nothing does, it goes on from that morning."""

    def __init__(self, held: ContextVar[datetime | None]) -> None:
        self.set, self.reset = held.set, held.reset
        self._held, self._late = held, datetime.now(UTC) - (MOMENT - LOADING)

    def get(self) -> datetime:
        return self._held.get() or datetime.now(UTC) - self._late


def demo_in(folder: Path) -> Installation:
    """Make the demo of the day on which pictures are made, as if it were that day.

    The clock can't stand still: a level begins after the one before.
    """
    settings = make_settings(f"sqlite:///{folder}/data.sqlite", folder)
    create_key_file(folder / "sleutels.json")
    with mock.patch.object(clock, "_standing_still", MovedClock(clock._standing_still)):
        install(settings)
        made = Installation(settings)
        load_demo(made.registry, day=DEMO_DAY)
    return made


def take_all(demo: Installation, names: list[str]) -> None:
    """Photograph the content of each page, or of those that are named."""

    def standing_still(environ: dict[str, Any], start_response: Any) -> Any:
        with clock_at(MOMENT):
            return demo.app(environ, start_response)

    executable = next(filter(None, map(shutil.which, BROWSERS)))
    flags = [*BROWSER_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with in_thread(standing_still) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=flags)
        for picture in pictures():
            if names and picture.file.stem not in names:
                continue
            visit = Visit(browser, address, picture.account)
            visit.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
            visit.go(picture.address)
            visit.page.wait_for_load_state("networkidle")
            visit.page.evaluate("document.fonts.ready")
            visit.page.evaluate(DUTCH_DATES)
            shown = visit.page.locator("main").bounding_box()
            assert shown, picture.address
            shown["x"] -= MARGIN
            shown["width"] += 2 * MARGIN
            shown["height"] = min(shown["height"], TALLEST)
            visit.page.screenshot(path=picture.file, clip=shown, full_page=True)
            compress(picture.file, COLOURS, MOST_BYTES)
        browser.close()


def main() -> None:
    """Make the pictures over those that lie there."""
    options = argparse.ArgumentParser()
    options.add_argument("names", nargs="*", help="welke: postvak, dossier …; zonder: alle")
    chosen = options.parse_args()
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        demo = demo_in(Path(folder))
        take_all(demo, chosen.names)
        demo.close()


if __name__ == "__main__":
    main()
