"""R11: one ledger, however many workers; whoever has another or an older file destroys nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from stopintimidatie.backup.ledger import catch_up
from stopintimidatie.core import ledger
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import JobError, OutboxJob
from stopintimidatie.core.ledger import (
    BEHIND,
    JOB,
    LedgerEnd,
    Position,
    append_lines,
    move_position,
    note_gone,
    present_position,
    read_ledger,
)
from stopintimidatie.reports.models import Report
from tests.support.factories import DORDRECHT, connect, make_report, take_on
from tests.support.installation import Installation, Variant
from tests.support.readiness import ready
from tests.support.retaining import approve, authorise, night, on

pytestmark = [pytest.mark.judged_once, pytest.mark.short_on("postgresql")]

HANDLED_ON, DUE = date(2026, 2, 10), date(2031, 2, 10)


def worker(variant: Variant, folder: Path) -> Installation:
    """A worker whose ledger stands in this folder."""
    folder.mkdir(exist_ok=True)
    return variant(backup_ledger=folder / "grootboek.jsonl")


@pytest.fixture
def first(variant: Variant, tmp_path: Path) -> Installation:
    return worker(variant, tmp_path / "een")


@pytest.fixture
def second(variant: Variant, tmp_path: Path) -> Installation:
    return worker(variant, tmp_path / "twee")


def lose(made: Installation, *ids: UUID) -> None:
    """Let documents go, and this worker write it."""
    with made.transaction(DORDRECHT) as session:
        note_gone(session, DORDRECHT, "melding", ids or (uuid4(),), "vernietigd")
    work(made)


def work(made: Installation) -> None:
    with made.transaction() as session:
        mine = update(OutboxJob).where(OutboxJob.kind == JOB.name)
        session.execute(mine.values(run_after=utc_now(), lease_until=None))
    made.run_jobs()


def ids_in(made: Installation) -> Sequence[UUID]:
    return [entry.id for entry in read_ledger(made.settings.ledger, made.registry.key_ring)]


def waiting(made: Installation) -> list[str | None]:
    with made.transaction() as session:
        jobs = select(OutboxJob.last_error).where(OutboxJob.kind == JOB.name)
        return list(session.scalars(jobs))


def present(made: Installation) -> Position:
    with made.transaction() as session:
        return present_position(session)


def put(made: Installation, position: Position) -> None:
    with made.transaction() as session:
        assert move_position(session, position)


def health(made: Installation) -> tuple[str, str]:
    check = ready(made, 200)["grootboek"]
    return check["toestand"], check["melding"]


def due_report(made: Installation) -> UUID:
    """A report that was handled five years before `DUE`."""
    connect(made)
    with on(HANDLED_ON):
        approve(made)
        with made.transaction(DORDRECHT) as session:
            report = take_on(session, make_report(session, made))
            report.state, report.ended_at = "afgehandeld", utc_now()
            return report.id


def is_there(made: Installation, number: UUID) -> bool:
    with made.transaction(DORDRECHT) as session:
        return session.get(Report, number) is not None


def test_the_second_of_two_files_is_refused_and_no_line_is_lost(
    first: Installation, second: Installation
) -> None:
    one, two, three = uuid4(), uuid4(), uuid4()
    lose(first, one)
    assert health(first)[0] == "goed"
    lose(second, two)
    assert waiting(second) == [BEHIND]
    assert not second.settings.ledger.exists()
    state, words = health(second)
    assert state == "let op"
    assert "vernietigt niets" in words
    assert "naar hetzelfde bestand" in words
    # The first takes it up; that the other is wrong stays said.
    work(first)
    lose(first, three)
    assert (ids_in(first), waiting(first)) == ([one, two, three], [])
    assert health(first) == (state, words)
    # With the file of the first, begun anew, it goes on in the same chain.
    shutil.copy(first.settings.ledger, second.settings.ledger)
    catch_up(second.registry)
    assert health(second)[0] == "goed"
    lose(second, four := uuid4())
    assert ids_in(second) == [one, two, three, four]
    # Now the file of the first is the older one.
    lose(first)
    assert waiting(first) == [BEHIND]


def test_a_worker_with_another_file_destroys_nothing(
    first: Installation, second: Installation
) -> None:
    report = due_report(first)
    night(first, DUE - timedelta(days=60))
    authorise(first)
    lose(first)
    with pytest.raises(JobError, match=BEHIND):
        night(second, DUE)
    assert is_there(second, report)
    night(first, DUE)
    assert not is_there(first, report)


@pytest.mark.alles
def test_a_file_that_is_as_long_but_another_is_refused(
    first: Installation, second: Installation
) -> None:
    lose(first)
    known = present(first)
    put(first, Position())
    lose(second)
    put(second, known)
    assert present(first).number == len(ids_in(second))
    lose(second)
    assert waiting(second) == [BEHIND]


def test_two_that_begin_at_once_don_t_both_begin_a_ledger(
    first: Installation, second: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine, one, two = ledger._write, uuid4(), uuid4()

    def overtaken(*given: object) -> Position:
        monkeypatch.setattr(ledger, "_write", genuine)
        about = {"holder": DORDRECHT, "kind": "melding", "id": str(two), "did": "vernietigd"}
        append_lines(second.registry, [{"at": utc_now().isoformat(), **about}])
        return genuine(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(ledger, "_write", overtaken)
    lose(first, one)
    assert (waiting(first), ids_in(second)) == ([BEHIND], [two])
    work(second)
    assert (waiting(second), ids_in(second)) == ([], [two, one])
    lose(first)
    assert waiting(first) == [BEHIND]


def test_a_worker_killed_between_file_and_database_is_not_refused_and_loses_no_line(
    first: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(first, one := uuid4())
    before, two, three = present(first), uuid4(), uuid4()

    def killed(*given: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ledger, "move_position", killed)
        with suppress(KeyboardInterrupt):
            lose(first, two)
    assert (present(first), ids_in(first)) == (before, [one, two])
    lose(first, three)
    assert (ids_in(first), waiting(first)) == ([one, two, three], [])
    assert present(first).number == 3
    # Also when it begins anew before the job is tried again.
    put(first, before)
    catch_up(first.registry)
    assert present(first).number == 3
    assert health(first)[0] == "goed"


@pytest.mark.alles
def test_after_the_upgrade_the_first_worker_with_its_file_says_which_it_is(
    first: Installation, second: Installation
) -> None:
    lose(first, *(uuid4() for _ in range(3)))
    known, given_again = present(first), due_report(first)
    lose(first, given_again)
    put(first, Position())
    catch_up(second.registry)
    assert present(second) == Position(), "it has no file, so it says nothing"
    catch_up(first.registry)
    assert present(first).number == known.number + 1
    assert is_there(first, given_again), "what the ledger of then names is gone already, or back"
    lose(second)
    assert waiting(second) == [BEHIND]


def test_after_the_upgrade_an_empty_disk_is_no_new_ledger(first: Installation) -> None:
    stand = first.settings.data_dir / ledger.STAND
    stand.write_text(json.dumps({"number": 7, "signature": "a" * 64}), encoding="ascii")
    lose(first)
    assert waiting(first) == [BEHIND]
    assert not first.settings.ledger.exists()


def test_a_database_put_back_by_other_means_loses_again_what_the_ledger_names(
    first: Installation,
) -> None:
    lose(first)
    known, report = present(first), due_report(first)
    # As in a database of before the destruction, beside the ledger of after it.
    lose(first, report)
    put(first, known)
    catch_up(first.registry)
    assert not is_there(first, report)
    assert present(first).number == known.number + 1
    assert len(ids_in(first)) == known.number + 1


def test_a_line_far_before_the_end_is_found(
    first: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(first)
    known = present(first)
    lose(first, *(uuid4() for _ in range(20)))
    monkeypatch.setattr(ledger, "TAIL", 2_000)
    put(first, known)
    lose(first)
    assert (waiting(first), present(first).number) == ([], 22)


def test_a_worker_that_may_not_read_the_ledger_says_so(first: Installation) -> None:
    lose(first)
    first.settings.ledger.rename(first.settings.ledger.with_name("elders"))
    first.settings.ledger.mkdir()
    lose(first)
    assert waiting(first) == ["grootboek: Is a directory"]
    catch_up(first.registry)


def test_the_end_is_one_row(first: Installation) -> None:
    with first.transaction() as session:
        assert len(session.scalars(select(LedgerEnd)).all()) == 1
    assert replace(present(first), number=0, signature="") == Position()
