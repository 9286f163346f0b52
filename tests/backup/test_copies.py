"""Copies that are too old go, and nothing else; health tells when they stay."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from sqlalchemy import select

from stopintimidatie.backup.copies import WATCH, clean_up, plan_cleaning
from stopintimidatie.backup.manifest import BackupError
from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import clock_at
from stopintimidatie.core.ledger import note_gone
from stopintimidatie.core.storage import NATIONAL
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation, Variant
from tests.support.readiness import ready

TODAY = datetime.fromisoformat("2027-06-01T10:00:00+00:00")
NO_PROBLEM = SimpleNamespace(ledger_problem=None, ledger_behind=None)
OLD, AT_ITS_TERM, YOUNG = "20270101T031500Z", "20270303T100000Z", "20270531T031500Z"


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock_at(TODAY):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copies of three ages, and files that only look like them."""
    place = tmp_path / "kopieen"
    place.mkdir()
    for stamp in (OLD, AT_ITS_TERM, YOUNG):
        for ending in (".tar.gz", ".tar.gz.sha256"):
            (place / f"stopintimidatie-{stamp}{ending}").touch()
    for name in (
        "grootboek.jsonl",
        "verslag.pdf",
        f"stopintimidatie-{OLD}.tar.gz.bak",
        f"anders-{OLD}.tar.gz",
        f"stopintimidatie-{OLD}",
        "stopintimidatie-20279999T999999Z.tar.gz",
        f".stopintimidatie-{YOUNG}.tar.gz.deel",
    ):
        (place / name).touch()
    (place / f"stopintimidatie-{OLD}.tar.gz.age").mkdir()
    (place / "stopintimidatie-20260101T000000Z.tar.gz").symlink_to(place / "verslag.pdf")
    left = place / f".stopintimidatie-{OLD}.tar.gz.age.deel"
    left.touch()
    os.utime(left, (0, 0))
    return place


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_only_copies_beyond_the_maximum_go_with_what_belongs_to_them(
    installation: Installation, folder: Path
) -> None:
    before = names(folder)
    trial = clean_up(installation.settings, installation.engine, folder, SYSTEM, trial=True)
    assert names(folder) == before
    clean_up(installation.settings, installation.engine, folder, SYSTEM, trial=False)
    gone = {
        f"stopintimidatie-{OLD}.tar.gz",
        f"stopintimidatie-{OLD}.tar.gz.sha256",
        f".stopintimidatie-{OLD}.tar.gz.age.deel",
    }
    assert before - names(folder) == {path.name for path in trial.files} == gone
    with installation.transaction(NATIONAL) as session:
        (event,) = session.scalars(
            select(AuditEvent).where(AuditEvent.action == "reservekopie.opgeruimd")
        )
        assert event.reason is not None
        assert OLD in event.reason
    clean_up(installation.settings, installation.engine, folder, SYSTEM, trial=False)
    assert before - names(folder) == gone


def test_the_maximum_counts_to_the_second(folder: Path) -> None:
    with clock_at(TODAY + timedelta(seconds=1)):
        old = [path.name for path, _ in plan_cleaning(folder, 90).copies]
    assert old == [f"stopintimidatie-{stamp}.tar.gz" for stamp in (OLD, AT_ITS_TERM)]


def test_the_last_copy_goes_only_when_there_is_a_newer_one(
    installation: Installation, folder: Path
) -> None:
    with clock_at(TODAY + timedelta(days=400)), pytest.raises(BackupError, match="Maak eerst"):
        clean_up(installation.settings, installation.engine, folder, SYSTEM, trial=False)
    assert f"stopintimidatie-{OLD}.tar.gz" in names(folder)


def test_a_folder_that_is_not_there_is_named(installation: Installation, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="bestaat niet"):
        clean_up(installation.settings, installation.engine, tmp_path / "weg", SYSTEM, trial=False)


def watch(installation: Installation) -> None:
    """Let the worker look at the folder."""
    installation.run_scheduled(WATCH.name)


@pytest.mark.alles
def test_health_tells_of_a_copy_that_is_too_old_until_it_is_gone(
    variant: Variant, installation: Installation, folder: Path
) -> None:
    assert ready(installation, 200)["reservekopieën"]["toestand"] == "niet van toepassing"
    made = variant(backup_folder=folder)
    watch(made)
    check = ready(made, 200)["reservekopieën"]
    assert check["toestand"] == "let op"
    assert "1 ouder dan 90 dagen, de oudste van 1 januari 2027" in check["melding"]
    assert "reservekopie opruimen" in check["melding"]
    clean_up(made.settings, made.engine, folder, SYSTEM, trial=False)
    made.run_jobs()
    assert ready(made, 200)["reservekopieën"]["toestand"] == "goed"


def test_health_tells_that_the_folder_is_away(variant: Variant, tmp_path: Path) -> None:
    made = variant(backup_folder=tmp_path / "weg")
    watch(made)
    assert "de map is er niet" in ready(made, 200)["reservekopieën"]["melding"]


def test_health_tells_that_the_ledger_is_behind(variant: Variant, tmp_path: Path) -> None:
    made = variant(backup_ledger=tmp_path / "weg" / "grootboek.jsonl")
    with made.transaction(DORDRECHT) as session:
        note_gone(session, DORDRECHT, "melding", [uuid4()], "gewist")
    made.run_jobs()
    check = ready(made, 200)["grootboek"]
    assert check["toestand"] == "let op"
    assert "de map van het grootboek is er niet" in check["melding"]


def test_health_tells_that_the_ledger_stands_with_the_data(variant: Variant) -> None:
    made = variant(demo=False)
    check = made.registry.readiness._added["grootboek"].check
    assert "backup.ledger" in check(made.settings, NO_PROBLEM).message
