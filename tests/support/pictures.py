"""Pictures of every page: `scripts/schermafbeeldingen alle FOLDER [--donker] [--naast EARLIER]`.

Of the pages of the permission matrix that are built differently, by who may see them, on a screen
and on a phone. `--naast` puts each beside the one with the same name in an earlier folder.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from stopintimidatie import install
from stopintimidatie.core.storage.encryption import create_key_file
from tests.support.crossing import Crossing, opened
from tests.support.installation import Installation, make_settings
from tests.support.served import in_thread
from tests.support.services import BROWSER_FLAGS, BROWSERS
from tests.support.town import REHEARSAL, Person, Town, make_town, rolls_back
from tests.support.visible import HEIGHT

WIDTHS = (1280, 390)
TALLEST = 4000
# References and codes are drawn anew for each town, so a name of a picture leaves them out.
MADE_UP = re.compile(r"[A-Z]-\w{4}-\w{4}|[0-9a-f]{8}-[0-9a-f-]{27}|\d+")


@contextmanager
def served_town(folder: Path) -> Iterator[tuple[Town, str]]:
    """Make a town and serve it; requests leave nothing behind."""
    settings = make_settings(f"sqlite:///{folder}/data.sqlite", folder)
    create_key_file(folder / "sleutels.json")
    install(settings)
    town = make_town(Installation(settings, veto=rolls_back))

    def rehearsed(environ: dict[str, Any], start_response: Any) -> Any:
        return town.installation.app({**environ, REHEARSAL: "ja"}, start_response)

    with in_thread(rehearsed) as address:
        yield town, address
    town.installation.close()


def names_of(pages: Iterable[tuple[Person, str]]) -> Iterator[str]:
    """Yield a name for each page that is the same the next time."""
    used: Counter[str] = Counter()
    for person, path in pages:
        kind = MADE_UP.sub("x", path).strip("/") or "start"
        name = re.sub(r"[^\w@-]+", "_", f"{person}-{kind}")[:120]
        used[name] += 1
        yield f"{name}-{used[name]}.png" if used[name] > 1 else f"{name}.png"


def take_all(town: Town, address: str, browser: Browser, folder: Path, *, dark: bool) -> None:
    """Photograph each page in a folder for each width."""
    pages = Crossing(town, Path(town.installation.settings.data_dir)).pages
    for width in WIDTHS:
        (folder / str(width)).mkdir(parents=True, exist_ok=True)
    for (_, path, page), name in zip(
        opened(town, browser, address, pages), names_of(pages), strict=True
    ):
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        page.goto(address + path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            tall = int(page.evaluate("document.documentElement.scrollHeight"))
            shown = {"x": 0, "y": 0, "width": width, "height": min(tall, TALLEST)}
            page.screenshot(path=folder / str(width) / name, full_page=True, clip=shown)  # type: ignore[arg-type]


def put_beside(earlier: Path, folder: Path) -> None:
    """Put each picture that differs beside the earlier one, in `naast`; white if there was none."""
    for picture in sorted(folder.glob("[0-9]*/*.png")):
        own = picture.relative_to(folder)
        if (earlier / own).exists() and (earlier / own).read_bytes() == picture.read_bytes():
            continue
        pair = [Image.open(path) for path in (earlier / own, picture) if path.exists()]
        width, height = pair[-1].width, max(image.height for image in pair)
        both = Image.new("RGB", (2 * width + 20, height), "white")
        for image in pair:
            both.paste(image, (width + 20 if image is pair[-1] else 0, 0))
        beside = folder / "naast" / own
        beside.parent.mkdir(parents=True, exist_ok=True)
        both.save(beside)


def main() -> None:
    """Make them all in a folder, over what lies there."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--donker", action="store_true", help="with dark colours")
    options.add_argument("--naast", type=Path, help="an earlier folder, to compare with")
    chosen = options.parse_args()
    executable = next(filter(None, map(shutil.which, BROWSERS)))
    flags = [*BROWSER_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with (
        tempfile.TemporaryDirectory() as made,
        served_town(Path(made)) as (town, address),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=executable, args=flags)
        take_all(town, address, browser, chosen.folder, dark=chosen.donker)
        browser.close()
    if chosen.naast:
        put_beside(chosen.naast, chosen.folder)


if __name__ == "__main__":
    main()
