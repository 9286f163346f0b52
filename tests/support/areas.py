"""The made-up town of these tests, and a database of their own to load it in.

Voorbeeldstad lies in the sea off Hoek van Holland, so that it never meets a real outline:

    wijk 01 Binnenstad (with a hole), 02 Noord and, on an island, 04 Noord; 03 Havens in two
    parts, one of which fills the hole; Groot water; a crack of some 65 m between 01 and 02;
    east of the water 690 m that belong to no wijk. Next door lies Voorbeeldambacht.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.municipalities.areas.facts import AreaKind
from stopintimidatie.municipalities.areas.loader import LoadResult, load_areas
from stopintimidatie.municipalities.areas.locator import Locator, Outline
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.municipalities.areas.services import add_holder
from stopintimidatie.municipalities.areas.sources import read_areas
from tests.support.installation import DATA

TOWN = DATA / "voorbeeldstad"
MUNICIPALITIES = TOWN / "gemeenten_2024.geojson"
NEIGHBOURHOODS = TOWN / "wijken_2024.geojson"
SUBNEIGHBOURHOODS = TOWN / "buurten_2024.geojson"
RESERVED = frozenset({"zoeken", "inbox", "exports"})
OPERATOR = Actor("beheerder", None, "test")


def outlines(*paths: Path) -> dict[AreaKind, Sequence[Outline]]:
    """The outlines of files without a database."""
    found: dict[AreaKind, list[Outline]] = {}
    for area in (area for path in paths for area in read_areas(path) if area is not None):
        outline = Outline(area.code, area.parent_code, area.outline)
        found.setdefault(area.kind, []).append(outline)
    return dict(found)


def town_locator() -> Locator:
    """A locator of the made-up town."""
    return Locator(outlines(MUNICIPALITIES, NEIGHBOURHOODS, SUBNEIGHBOURHOODS))


def load(session: Session, *paths: Path, **options: Any) -> LoadResult:
    """Load files as the command does."""
    add_holder(session, NATIONAL)
    return load_areas(session, paths, actor=OPERATOR, reserved=RESERVED, **options)


def load_town(session: Session) -> None:
    """The whole town."""
    for path in (MUNICIPALITIES, NEIGHBOURHOODS, SUBNEIGHBOURHOODS):
        load(session, path)


def neighbourhood_at(session: Session, municipality: str, slug: str) -> Neighbourhood | None:
    """The neighbourhood at this address."""
    here = (Neighbourhood.municipality_code == municipality, Neighbourhood.slug == slug)
    return session.scalar(select(Neighbourhood).where(*here))


def write_collection(path: Path, features: Iterable[Any], **more: Any) -> Path:
    """A FeatureCollection of one's own."""
    path.write_text(json.dumps({"type": "FeatureCollection", **more, "features": list(features)}))
    return path


def features(path: Path) -> list[Any]:
    """The features of a file, to bend."""
    return list(json.loads(path.read_text(encoding="utf-8"))["features"])
