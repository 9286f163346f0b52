"""A small database for the register."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from stopintimidatie.audit import AuditEvent
from stopintimidatie.register import models
from stopintimidatie.storage import Base, Holder

TABLES = [
    Holder.__table__,
    AuditEvent.__table__,
    models.Municipality.__table__,
    models.Neighbourhood.__table__,
    models.Subneighbourhood.__table__,
    models.AreaOutline.__table__,
    models.AreaLoad.__table__,
    models.FormerArea.__table__,
    models.TransitStop.__table__,
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
