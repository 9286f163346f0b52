"""Bytes of what was destroyed: in the data folder, the index, the outbox and a restored copy.

On twelve days of five years a document with a word of its own falls due. Before its night the word
is found in the files; after it nowhere, and neither in a copy of the first day that is put back.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.services import add_note
from stopintimidatie.reports.conversation.services import tell
from stopintimidatie.reports.fields import Contact, Location, Offenders
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import ContactWish
from tests.support.backups import Operator, empty_place, installed
from tests.support.factories import DORDRECHT, make_dossier, make_report, take_on
from tests.support.installation import Installation
from tests.support.retaining import approve, authorise, night, on

pytestmark = [pytest.mark.alles, pytest.mark.timeout(3600)]

FIRST = date(2026, 2, 10)
NUMBER = 12
STEP = timedelta(days=150)
DAY = timedelta(days=1)


def word_of(number: int) -> str:
    """A word that stands in one document alone, and that no stemmer makes shorter."""
    return f"kwik{'abcdefghijkl'[number]}xzqvw"


def due_of(number: int) -> date:
    ended = FIRST + number * STEP
    return ended.replace(year=ended.year + 1)


@dataclass
class Life:
    """An installation in which each document has a word of its own, and a copy of its first day."""

    operator: Operator
    made: Installation
    copy: Path
    documents: list[Any] = field(default_factory=list)

    def found(self, word: str) -> set[str]:
        """The files with these bytes: of the data folder, and of the database where that is one."""
        return {
            path.name
            for folder in folders_of(self.operator)
            for path in folder.rglob("*")
            if path.is_file() and word.encode() in read(path)
        }


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def folders_of(operator: Operator) -> list[Path]:
    """Where an installation keeps what it knows, after all that can be tidied was tidied."""
    settings = operator.settings
    if settings.sqlite:
        return [settings.data_dir]
    address = operator.request.getfixturevalue("postgres").url("postgres")
    name = make_url(settings.database_url).database
    admin = make_url(address).set(database=name, drivername="postgresql")
    with psycopg.connect(admin.render_as_string(False), autocommit=True) as connection:
        connection.execute("VACUUM FULL")
        connection.execute("CHECKPOINT")
        row = connection.execute(
            "SELECT current_setting('data_directory'), oid FROM pg_database WHERE datname = %s",
            [name],
        ).fetchone()
    assert row is not None
    return [settings.data_dir, Path(str(row[0])) / "base" / str(row[1])]


def begin(operator: Operator, made: Installation) -> Life:
    """Reports that weren't handled and dossiers that were closed, and a copy of all."""
    life = Life(operator, made, Path())
    with on(FIRST):
        approve(made)
        for number in range(NUMBER):
            with made.transaction(DORDRECHT) as session:
                life.documents.append(document(session, made, number))
        made.run_jobs()
        life.copy = operator.make(operator.settings.data_dir.parent / "kopieen")
    return life


def document(session: Any, made: Installation, number: int) -> Any:
    """A document with its word in every text that it has; its id."""
    word, ended = word_of(number), datetime.combine(FIRST + number * STEP, time(12), UTC)
    if number % 4 == 3:
        dossier = make_dossier(session, title=f"Overlast {word}", purpose=f"Tegen {word}")
        add_note(session, dossier, f"Notitie over {word}.", SYSTEM)
        due = due_of(number)
        closed = datetime.combine(due.replace(year=due.year - 5), time(12), UTC)
        dossier.state, dossier.closed_at = "afgesloten", closed
        dossier.made_at = dossier.closed_at
        return dossier.id
    report = take_on(
        session,
        make_report(
            session,
            made,
            description=f"Ik zag een {word} bij de hoek.",
            location=Location(lat=51.8133, lon=4.6690, description=f"naast {word}"),
            offenders=Offenders(appearance=f"jas met {word}"),
            contact=Contact(name=word, email=f"{word}@melder.example"),
            wants_contact=ContactWish.MAIL,
        ),
    )
    tell(session, report, "bericht", f"Wij zochten naar {word}.", SYSTEM)
    report.state, report.ended_at = "niet_in_behandeling", ended
    return report.id


def quarters_until(day: date) -> list[date]:
    every = [date(year, month, 1) for year in range(2026, 2033) for month in (1, 4, 7, 10)]
    return [first for first in every if FIRST < first < day]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_on_twelve_days_no_byte_is_left_of_what_was_destroyed(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    with (
        installed(request, kind, tmp_path / "data") as operator,
        operator.installation() as made,
    ):
        life = begin(operator, made)
        passed = FIRST
        for number, goes in enumerate(life.documents):
            due = due_of(number)
            for first in quarters_until(due):
                if passed < first:
                    night(made, first)
                    authorise(made)
            passed = due
            assert life.found(word_of(number)), "it is there on its eve"
            night(made, due)
            with on(due + DAY):
                made.run_jobs()
            assert there(made, goes) == 0, number
            for gone in range(number + 1):
                assert life.found(word_of(gone)) == set(), (due, gone)
            if number + 1 < NUMBER:
                assert life.found(word_of(number + 1))
            put_back(request, kind, tmp_path / f"nieuw{number}", life, number, due)


def there(made: Installation, document: Any) -> int:
    with made.transaction(DORDRECHT) as session:
        return sum(session.get(entity, document) is not None for entity in (Report, Dossier))


def put_back(
    request: pytest.FixtureRequest, kind: str, folder: Path, life: Life, number: int, due: date
) -> None:
    """Put the copy of the first day back: what went since isn't in it."""
    with empty_place(request, kind, folder) as place, on(due + DAY):
        shutil.copy(life.operator.settings.key_file, place.settings.key_file)
        ledger = life.operator.settings.ledger
        code, said = place.type("terugzetten", life.copy, "--grootboek", ledger)
        assert code == 0, said
        restored = Life(place, life.made, life.copy)
        for gone in range(number + 1):
            assert restored.found(word_of(gone)) == set(), (due, gone)
        if number + 1 < NUMBER:
            assert restored.found(word_of(number + 1))
