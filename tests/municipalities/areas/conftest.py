"""A small database for the register."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.storage import Base, Holder
from stopintimidatie.municipalities.areas import models as areas_models

TABLES = [
    Holder.__table__,
    AuditEvent.__table__,
    areas_models.Municipality.__table__,
    areas_models.Neighbourhood.__table__,
    areas_models.Subneighbourhood.__table__,
    areas_models.AreaOutline.__table__,
    areas_models.AreaLoad.__table__,
    areas_models.FormerArea.__table__,
    areas_models.TransitStop.__table__,
    areas_models.LandmarkLoad.__table__,
    areas_models.Landmark.__table__,
]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'register.sqlite'}")
    Base.metadata.create_all(engine, tables=TABLES)  # type: ignore[arg-type]
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as session:
        yield session
