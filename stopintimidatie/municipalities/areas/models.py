"""Tables of municipalities, neighbourhoods, subneighbourhoods and their outlines.

They have no holder: they are read to find out which holder a report gets.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.tenancy import open_table
from stopintimidatie.municipalities.areas.facts import AreaKind, NeighbourhoodKind


class MailDomain(Base):
    """A mail domain that belongs to the municipality; the desk sets them."""

    __tablename__ = "mail_domain"

    code: Mapped[str] = mapped_column(ForeignKey("municipality.code"), primary_key=True)
    domain: Mapped[str] = mapped_column(String(100), primary_key=True)


AREA_TABLES: Final = (
    "municipality",
    "neighbourhood",
    "subneighbourhood",
    "area_outline",
    "area_load",
    "former_area",
    "transit_stop",
    "landmark_load",
    "landmark",
)
for _table in AREA_TABLES:
    open_table(_table, "areas: public facts, read before the holder is known")


class Municipality(Base):
    """One of the municipalities of the Netherlands, connected or not."""

    __tablename__ = "municipality"

    code: Mapped[str] = mapped_column(String(6), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    slug: Mapped[str] = mapped_column(String(110), unique=True)
    province: Mapped[str] = mapped_column(String(40))


class Neighbourhood(Base):
    """A wijk (`WK050501`), or one of the two that every municipality has (`GM0505-GB`, `-ON`).

    `official_name` is what CBS writes; name and slug follow from it and from its siblings.
    """

    __tablename__ = "neighbourhood"
    __table_args__ = (UniqueConstraint("municipality_code", "slug"),)

    code: Mapped[str] = mapped_column(String(9), primary_key=True)
    municipality_code: Mapped[str] = mapped_column(ForeignKey("municipality.code"))
    name: Mapped[str] = mapped_column(String(120))
    official_name: Mapped[str] = mapped_column(String(120))
    slug: Mapped[str] = mapped_column(String(140))
    kind: Mapped[NeighbourhoodKind] = mapped_column(String(13))
    water: Mapped[bool] = mapped_column(default=False)

    municipality: Mapped[Municipality] = relationship(lazy="raise_on_sql")


class Subneighbourhood(Base):
    """A CBS buurt, known only where buurten are loaded."""

    __tablename__ = "subneighbourhood"

    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    neighbourhood_code: Mapped[str] = mapped_column(ForeignKey("neighbourhood.code"), index=True)
    municipality_code: Mapped[str] = mapped_column(ForeignKey("municipality.code"), index=True)
    name: Mapped[str] = mapped_column(String(120))

    neighbourhood: Mapped[Neighbourhood] = relationship(lazy="raise_on_sql")


class AreaOutline(Base):
    """Outline of an area: WGS84 (lon, lat) as WKB. Only what is in force; a load replaces."""

    __tablename__ = "area_outline"

    area_code: Mapped[str] = mapped_column(String(10), primary_key=True)
    kind: Mapped[AreaKind] = mapped_column(String(8), index=True)
    municipality_code: Mapped[str] = mapped_column(ForeignKey("municipality.code"), index=True)
    parent_code: Mapped[str | None] = mapped_column(String(9))
    water: Mapped[bool] = mapped_column(default=False)
    year: Mapped[int]
    # As CBS counts them; None where it is not known, or not told.
    inhabitants: Mapped[int | None]
    wkb: Mapped[bytes] = mapped_column(LargeBinary)


class FormerArea(Base):
    """An area that a later year no longer has: its last outline, and which area lies there now.

    Its own row stays in the register, for the reports that were filed under it.
    """

    __tablename__ = "former_area"

    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    kind: Mapped[AreaKind] = mapped_column(String(8), index=True)
    municipality_code: Mapped[str] = mapped_column(ForeignKey("municipality.code"))
    last_year: Mapped[int]
    ended_in: Mapped[int]
    successor_code: Mapped[str | None] = mapped_column(String(10))
    # Share of its surface that lies in the successor, from 0 to 1.
    share: Mapped[float | None]
    wkb: Mapped[bytes] = mapped_column(LargeBinary)


class TransitStop(Base):
    """A stop of public transport, by its name as people write it; rounded to some 100 m."""

    __tablename__ = "transit_stop"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(120))
    # The whole name, and the part behind the comma, as they would stand in an address.
    name_key: Mapped[str] = mapped_column(String(120), index=True)
    short_key: Mapped[str] = mapped_column(String(120), index=True)
    lat: Mapped[float]
    lon: Mapped[float]


class AreaLoad(Base):
    """One successful load. Its highest number tells a running process that outlines changed."""

    __tablename__ = "area_load"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    kind: Mapped[AreaKind] = mapped_column(String(8))
    year: Mapped[int]
    source: Mapped[str] = mapped_column(String(500))
    loaded_at: Mapped[datetime] = mapped_column(default=utc_now)
    loaded: Mapped[int]
    skipped: Mapped[int]
    removed: Mapped[int]


class LandmarkLoad(Base):
    """One load of names of places. In force is the highest number that was finished."""

    __tablename__ = "landmark_load"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    source: Mapped[str] = mapped_column(String(500))
    # None as long as its rows are being written, and for good when that was broken off.
    loaded_at: Mapped[datetime | None]


class Landmark(Base):
    """A named place: the part of it within one cell, or what it is in one municipality.

    The second has no cell: a point for each of its parts, and the name as it is searched for.
    """

    __tablename__ = "landmark"
    __table_args__ = (Index(None, "load", "cell"), Index(None, "load", "municipality_code"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    load: Mapped[int]
    cell: Mapped[int | None]
    municipality_code: Mapped[str | None] = mapped_column(String(6))
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(160))
    name_key: Mapped[str | None] = mapped_column(String(160))
    # In WGS84 (lon, lat).
    wkb: Mapped[bytes] = mapped_column(LargeBinary)
