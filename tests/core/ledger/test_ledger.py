"""What goes has its line outside the database; no line can be changed, taken out or put in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from stopintimidatie.core.clock import clock_at
from stopintimidatie.core.jobs import JobContext, OutboxJob
from stopintimidatie.core.ledger import (
    AT_ONCE,
    BATCH,
    BEHIND,
    JOB,
    LedgerError,
    append_gone,
    note_gone,
    read_ledger,
)
from stopintimidatie.core.storage.encryption import KEY_BYTES, KeyRing, new_key_ring
from stopintimidatie.core.storage.personal import erase_document
from stopintimidatie.core.storage.session import sqlite_file
from tests.support.factories import DORDRECHT, connect, make_report
from tests.support.installation import Installation

NOON = datetime.fromisoformat("2026-11-24T12:00:00+00:00")


def gone(installation: Installation, *ids: UUID, did: str = "vernietigd") -> None:
    """Let documents go, and the worker write it."""
    with installation.transaction(DORDRECHT) as session:
        note_gone(session, DORDRECHT, "melding", ids, did)
    installation.run_jobs()


def ids_in(installation: Installation) -> Sequence[UUID]:
    settings = installation.settings
    return [entry.id for entry in read_ledger(settings.ledger, installation.registry.key_ring)]


def waiting(installation: Installation) -> list[str | None]:
    """What stands with the jobs of the ledger that wait."""
    with installation.transaction() as session:
        jobs = select(OutboxJob.last_error).where(OutboxJob.kind == JOB.name, ~OutboxJob.dead)
        return list(session.scalars(jobs))


def try_again(installation: Installation) -> None:
    with installation.transaction() as session:
        session.execute(update(OutboxJob).values(run_after=NOON))
    installation.run_jobs()


def lines_of(installation: Installation) -> list[bytes]:
    return installation.settings.ledger.read_bytes().splitlines(keepends=True)


def test_every_document_that_goes_has_its_signed_line(installation: Installation) -> None:
    first, second = uuid4(), uuid4()
    with clock_at(NOON):
        gone(installation, first, second)
        gone(installation, second, did="contact_weg")
    read = read_ledger(installation.settings.ledger, installation.registry.key_ring)
    assert [(e.number, e.id, e.did) for e in read] == [
        (1, first, "vernietigd"),
        (2, second, "vernietigd"),
        (3, second, "contact_weg"),
    ]
    assert {(e.at, e.holder, e.kind) for e in read} == {(NOON, DORDRECHT, "melding")}
    assert installation.settings.ledger.stat().st_mode & 0o777 == 0o600


def test_a_transaction_that_is_rolled_back_writes_nothing(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        note_gone(session, DORDRECHT, "melding", [uuid4()], "gewist")
        session.rollback()
    installation.run_jobs()
    assert not installation.settings.ledger.exists()


def test_a_job_that_is_done_twice_writes_one_line(installation: Installation) -> None:
    context = JobContext(
        installation.engine, installation.settings, installation.registry, DORDRECHT
    )
    number = uuid4()
    payload = {"at": NOON.isoformat(), "kind": "melding", "ids": [str(number)], "did": "gewist"}
    for _ in range(2):
        append_gone(context, [payload, payload])
    assert ids_in(installation) == [number]


def test_many_workers_write_one_chain(installation: Installation) -> None:
    context = JobContext(
        installation.engine, installation.settings, installation.registry, DORDRECHT
    )
    ids = [uuid4() for _ in range(60)]

    def write(number: UUID) -> None:
        payload = {"at": NOON.isoformat(), "kind": "melding", "ids": [str(number)], "did": "gewist"}
        append_gone(context, [payload])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, ids))
    assert sorted(ids_in(installation)) == sorted(ids)


def test_lines_of_before_a_change_of_keys_stay_valid(installation: Installation) -> None:
    registry = installation.registry
    before = registry.key_ring
    gone(installation, first := uuid4())
    try:
        registry.key_ring = KeyRing(2, {**before.masters, 2: b"2" * KEY_BYTES})
        gone(installation, second := uuid4())
        assert ids_in(installation) == [first, second]
        # The key of then is needed for the lines of then.
        with pytest.raises(LedgerError, match="Regel 1 "):
            read_ledger(installation.settings.ledger, KeyRing(2, {2: b"2" * KEY_BYTES}))
    finally:
        registry.key_ring = before


def test_a_line_that_a_killed_worker_wrote_half_is_written_whole(
    installation: Installation,
) -> None:
    gone(installation, first := uuid4())
    with installation.settings.ledger.open("ab") as file:
        file.write(b'{"number":2,"at":"2026-')
    assert ids_in(installation) == [first]
    gone(installation, second := uuid4())
    assert ids_in(installation) == [first, second]


@pytest.mark.parametrize("damage", ["changed", "taken out", "put in", "moved"])
def test_damage_is_named_by_its_line(installation: Installation, damage: str) -> None:
    gone(installation, *(uuid4() for _ in range(4)))
    lines = lines_of(installation)
    if damage == "changed":
        lines[1] = lines[1].replace(b"vernietigd", b"gewist")
    elif damage == "taken out":
        del lines[1]
    elif damage == "put in":
        lines.insert(1, lines[3])
    else:
        lines[1], lines[2] = lines[2], lines[1]
    installation.settings.ledger.write_bytes(b"".join(lines))
    with pytest.raises(LedgerError, match="Regel 2 "):
        ids_in(installation)


def test_a_ledger_of_other_keys_is_refused(installation: Installation) -> None:
    gone(installation, uuid4())
    with pytest.raises(LedgerError, match=r"Regel 1 .* ander sleutelbestand"):
        read_ledger(installation.settings.ledger, new_key_ring())


def test_without_a_ledger_that_is_said(installation: Installation, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="is er niet"):
        read_ledger(tmp_path / "weg.jsonl", installation.registry.key_ring)


def test_a_disk_that_is_away_is_waited_for(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "schijf"
    settings = replace(installation.settings, backup_ledger=disk / "grootboek.jsonl")
    monkeypatch.setattr(installation.registry, "app_settings", settings)
    gone(installation, first := uuid4())
    assert waiting(installation) == ["de map van het grootboek is er niet"]
    disk.mkdir()
    try_again(installation)
    assert not waiting(installation)
    # Unmounted: an empty folder is left, and no new ledger is begun in it.
    settings.ledger.rename(tmp_path / "elders.jsonl")
    gone(installation, second := uuid4())
    assert waiting(installation) == [BEHIND]
    (tmp_path / "elders.jsonl").rename(settings.ledger)
    try_again(installation)
    read = read_ledger(settings.ledger, installation.registry.key_ring)
    assert [entry.id for entry in read] == [first, second]


def test_all_lines_of_a_large_batch_are_found_when_it_is_done_again(
    installation: Installation,
) -> None:
    context = JobContext(
        installation.engine, installation.settings, installation.registry, DORDRECHT
    )
    ids = [uuid4() for _ in range(AT_ONCE * BATCH)]
    with installation.transaction(DORDRECHT) as session:
        note_gone(session, DORDRECHT, "melding", ids, "vernietigd")
    with installation.transaction() as session:
        jobs = select(OutboxJob.payload).where(OutboxJob.kind == JOB.name).order_by(OutboxJob.id)
        payloads = session.scalars(jobs).all()
    assert len(payloads) == BATCH
    append_gone(context, payloads)
    append_gone(context, payloads)
    assert ids_in(installation) == ids


def test_a_way_that_nobody_knows_is_refused(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session, pytest.raises(ValueError, match="foetsie"):
        note_gone(session, DORDRECHT, "melding", [uuid4()], "foetsie")


def test_the_file_holds_no_more_than_it_says(installation: Installation) -> None:
    gone(installation, uuid4())
    (line,) = lines_of(installation)
    names = "number at holder kind id did key signature"
    assert list(json.loads(line)) == names.split()
    with clock_at(NOON + timedelta(days=1)):
        assert len(line) < 400


def test_what_went_is_not_left_in_the_files_of_the_database(installation: Installation) -> None:
    connect(installation)
    with installation.transaction(DORDRECHT) as session:
        report = make_report(session, installation, description="Ik zag een boomvalk. " * 200)
    assert b"boomvalk" in bytes_of(installation)
    with installation.transaction(report.holder) as session:
        erase_document(installation.registry, session, "melding", report.id)
        note_gone(session, report.holder, "melding", [report.id], "gewist")
    assert b"boomvalk" in bytes_of(installation), "the log of writes still has it"
    installation.run_jobs()
    assert b"boomvalk" not in bytes_of(installation)


def bytes_of(installation: Installation) -> bytes:
    database = sqlite_file(installation.settings)
    assert database is not None
    return b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))
