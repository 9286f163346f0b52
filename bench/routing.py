"""Finding the place of a report: `python -m bench.routing`.

Loads the outlines of all municipalities, wijken and buurten into a database, reads them as a web
process does, and finds points. Times are of the process itself, so that a busy machine tells
nearly the same as a quiet one.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Engine

from stopintimidatie import install
from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.storage import NATIONAL, make_engine, transaction
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.municipalities.areas.facts import AreaKind
from stopintimidatie.municipalities.areas.loader import load_areas
from stopintimidatie.municipalities.areas.locator import Locator, Outline, read_outlines
from tests.support.echte_gebieden import shared_data
from tests.support.installation import make_settings

POINTS: Final = 20_000
HEAD: Final = "| wat | getal |\n|---|--:|"


def rows(database: str, folder: Path, data: Path) -> Iterator[str]:
    """Load, read and find; one line each."""
    settings = make_settings(database, folder)
    create_key_file(settings.key_file)
    install(settings)
    engine = make_engine(settings)
    try:
        yield from _loading(engine, data)
    finally:
        engine.dispose()
    # As a web process begins: with nothing in memory yet.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
        yield from fresh.submit(_finding, database, folder).result()


def files(data: Path) -> list[Sequence[Path]]:
    """The files of the three kinds, in the order in which they must be loaded."""
    buurten = sorted((data / "buurten_2024").glob("*.geojson"))
    return [[data / "gemeenten_2024.geojson"], [data / "wijken_2024.geojson"], buurten]


def _loading(engine: Engine, data: Path) -> Iterator[str]:
    start = time.process_time()
    for paths in files(data):
        with transaction(engine, NATIONAL) as session:
            load_areas(session, paths, actor=SYSTEM, reserved=frozenset(), year=2024)
    yield f"| alles laden in de database (`gebieden laden`) | {time.process_time() - start:.1f} s |"


def _finding(database: str, folder: Path) -> list[str]:
    engine = make_engine(make_settings(database, folder))
    try:
        return list(_found(engine))
    finally:
        engine.dispose()


def _found(engine: Engine) -> Iterator[str]:
    before, start = memory(), time.process_time()
    with transaction(engine, write=False) as session:
        outlines = read_outlines(session)
    locator = Locator(outlines)
    seconds = time.process_time() - start
    number = ", ".join(f"{len(outlines[kind])} {kind}" for kind in AreaKind)
    yield f"| gebieden ({number}): inlezen bij de start van een proces | {seconds:.1f} s |"
    yield f"| geheugen erbij per proces | {memory() - before:.0f} MB |"
    yield f"| een punt op land | {microseconds(locator, on_land(outlines)):.0f} µs |"
    fine = Locator({kind: _finer(found) for kind, found in outlines.items()})
    yield (
        "| hetzelfde, elke grens tien keer zo fijn getekend |"
        f" {microseconds(fine, on_land(outlines)):.0f} µs |"
    )


def on_land(outlines: dict[AreaKind, list[Outline]]) -> NDArray[Any]:
    """Points evenly over the land."""
    random = np.random.default_rng(2024)
    land = shapely.union_all([outline.geometry for outline in outlines[AreaKind.MUNICIPALITY]])
    shapely.prepare(land)
    west, south, east, north = land.bounds
    tried = random.uniform((west, south), (east, north), (4 * POINTS, 2))
    found: NDArray[Any] = tried[shapely.intersects_xy(land, tried)][:POINTS]
    return found


def microseconds(locator: Locator, points: NDArray[Any]) -> float:
    """What one look-up takes: municipality, wijk, buurt, and whether a border is near."""
    start = time.process_time()
    for lon, lat in points.tolist():
        locator.locate(lat, lon)
    return (time.process_time() - start) / len(points) * 1e6


def _finer(outlines: Sequence[Outline]) -> list[Outline]:
    """The same outlines with ten times the points, as those of PDOK have about."""
    return [
        Outline(one.code, one.parent_code, shapely.segmentize(one.geometry, _step(one.geometry)))
        for one in outlines
    ]


def _step(geometry: Any) -> float:
    return float(geometry.length) / (10 * max(int(shapely.get_num_coordinates(geometry)), 1))


def memory() -> float:
    """Megabytes that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


def main() -> None:
    data = shared_data()
    if data is None:
        sys.exit("De grenzen ontbreken: zet STOPINTIMIDATIE_SHARED_DATA op hun map.")
    sys.stdout.write(f"{HEAD}\n")
    with tempfile.TemporaryDirectory() as folder:
        for row in rows(f"sqlite:///{folder}/data.sqlite", Path(folder), data):
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
