"""Worker that claims jobs with a lease, runs them and deletes them; failed jobs are retried.

A lease is renewed while its job runs. A worker that lost it all the same (the machine stood still)
may no longer touch the job: each claim counts an attempt, and only the latest attempt ends a job.

A worker has a thread for each lane, so that short jobs never wait for a document.

Between jobs a lane sleeps until the next job that it knows of is due. The main thread alone waits
for what is asked meanwhile (`Bell`), and for the end: a worker without work costs next to nothing.

An index in files asks for one worker and one machine; a process looks at that when it starts.
Whoosh's files have one writer and lie on one machine. A second worker finds the lock in `data_dir`
taken; on PostgreSQL a process with another `data_dir` (so of another machine) is seen by the
advisory lock that each process holds under the number of its place. The kernel and the database let
go of both when a process dies, however it dies.
"""

from __future__ import annotations

import logging
import os
import random
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    case,
    delete,
    func,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs.models import OutboxJob
from stopintimidatie.core.jobs.schedule import LONGEST_WAIT, correct_schedule, plan
from stopintimidatie.core.jobs.services import (
    JOB_KINDS,
    Bell,
    JobContext,
    JobError,
    JobKind,
    Lane,
    Stop,
)
from stopintimidatie.core.storage import make_engine
from stopintimidatie.core.storage.files import try_lock
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.settings import OperatorError, Settings

log = logging.getLogger(__name__)
LONGEST_PAUSE_SECONDS: Final = 5.0
SHORTEST_PAUSE_SECONDS: Final = 0.02
# Seconds between two corrections of the schedule, by the monotonic clock, which nobody can set. A
# lane sleeps no longer: the other clock, by which jobs are planned, may be set meanwhile.
SCHEDULE_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Claim:
    """Jobs of one kind and holder that this worker has for the time of the lease."""

    kind: JobKind
    holder: str
    ids: tuple[int, ...]
    payloads: tuple[dict[str, Any], ...]
    attempts: int


def back_off(attempts: int, jitter: float) -> timedelta:
    """Return how long to wait after so many failures: doubling from a second, jitter 0–1."""
    seconds = min(2.0 ** min(attempts, 20), LONGEST_WAIT.total_seconds())
    return timedelta(seconds=seconds * (0.5 + jitter / 2))


def _still_ours(claim: Claim) -> tuple[Any, ...]:
    """Select jobs that nobody took since: a later claim would have counted one more attempt."""
    return OutboxJob.id.in_(claim.ids), OutboxJob.attempts == claim.attempts


class Worker:
    """Runs the jobs of an application, one claim at a time.

    Args:
        lane: take jobs of this lane only; None: of every lane.
    """

    def __init__(self, registry: Any, lane: Lane | None = None) -> None:
        self.registry = registry
        self.lane = lane
        self.engine = registry.engine
        self.kinds = JOB_KINDS.of(registry)
        self._schedule_at = 0.0

    def run_once(self) -> bool:
        """Take one claim and run it; False when nothing waited."""
        claim = self._claim()
        if claim is None:
            return False
        self._run(claim)
        return True

    def run_all(self) -> int:
        """Run until nothing waits; the number of claims."""
        count = 0
        while self.run_once():
            count += 1
        return count

    def run_forever(self, stop: threading.Event, ring: threading.Event) -> None:
        """Run until told to stop; the job in hand is finished first.

        `ring` is set when there may be work, and when `stop` is.
        """
        first_pause = pause = self.registry.app_settings.worker_poll_milliseconds / 1000
        while True:
            # First forget the ring, then look: what is asked after the look rings again.
            ring.clear()
            if stop.is_set():
                return
            try:
                # Due again after a while; the quick lane alone does it.
                if self.lane in (None, Lane.QUICK) and time.monotonic() >= self._schedule_at:
                    correct_schedule(self.engine, self.kinds)
                    self._schedule_at = time.monotonic() + SCHEDULE_SECONDS
                rest = 0.0 if self.run_once() else self._until_due()
            except Exception as error:
                # The database may be away for a while: told once, asked less and less often.
                if pause == first_pause:
                    log.error("worker: %s", type(error).__name__)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                stop.wait(pause)
            else:
                pause = first_pause
                ring.wait(rest)

    def _until_due(self) -> float:
        """Return the seconds until a job may be due that nobody wakes this worker for."""
        leased = OutboxJob.lease_until > OutboxJob.run_after
        due = case((leased, OutboxJob.lease_until), else_=OutboxJob.run_after)
        with transaction(self.engine, write=False) as session:
            waiting = select(func.min(due)).where(~OutboxJob.dead, self._in_lane())
            first = session.scalar(waiting)
        if first is None:
            return SCHEDULE_SECONDS
        seconds: float = (first - utc_now()).total_seconds()
        return min(max(seconds, SHORTEST_PAUSE_SECONDS), SCHEDULE_SECONDS)

    def _in_lane(self) -> ColumnElement[bool]:
        """Return the condition for jobs of this lane; an unknown kind belongs to the quick lane."""
        if self.lane is None:
            return true()
        if self.lane is Lane.QUICK:
            others = [kind.name for kind in self.kinds.values() if kind.lane is not Lane.QUICK]
            return OutboxJob.kind.not_in(others)
        mine = [kind.name for kind in self.kinds.values() if kind.lane is self.lane]
        return OutboxJob.kind.in_(mine)

    def _claimable(self) -> ColumnElement[bool]:
        now = utc_now()
        free = or_(OutboxJob.lease_until.is_(None), OutboxJob.lease_until < now)
        return (~OutboxJob.dead) & (OutboxJob.run_after <= now) & free & self._in_lane()

    def _claim(self) -> Claim | None:
        with transaction(self.engine, write=False) as session:
            if session.scalar(select(OutboxJob.id).where(self._claimable()).limit(1)) is None:
                return None
        with transaction(self.engine) as session:
            return self._claim_rows(session)

    def _claim_rows(self, session: Session) -> Claim | None:
        first = session.scalar(
            select(OutboxJob)
            .where(self._claimable())
            .order_by(OutboxJob.run_after, OutboxJob.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if first is None:
            return None
        kind = self.kinds.get(first.kind)
        if kind is None:
            log.error("worker: unknown kind of job %s", first.kind)
            first.dead, first.last_error = True, "unknown kind"
            return Claim(JobKind(first.kind, lambda *_: None), first.holder, (), (), 0)
        rows = self._with_companions(session, first, kind)
        until = utc_now() + timedelta(seconds=kind.lease_seconds)
        for row in rows:
            row.lease_until = until
            row.attempts += 1
        return Claim(
            kind,
            first.holder,
            tuple(row.id for row in rows),
            tuple(row.payload for row in rows),
            first.attempts,
        )

    def _with_companions(
        self, session: Session, first: OutboxJob, kind: JobKind
    ) -> Sequence[OutboxJob]:
        if kind.batch == 1:
            return [first]
        others = session.scalars(
            select(OutboxJob)
            .where(
                self._claimable(),
                OutboxJob.kind == first.kind,
                OutboxJob.holder == first.holder,
                # A job that failed before goes alone, so that it can't take others with it.
                OutboxJob.attempts == 0,
                OutboxJob.id != first.id,
            )
            .order_by(OutboxJob.id)
            .limit(kind.batch - 1)
            .with_for_update(skip_locked=True)
        ).all()
        return [first] if first.attempts else [first, *others]

    def _run(self, claim: Claim) -> None:
        if not claim.ids:
            return
        context = JobContext(
            self.engine,
            self.registry.app_settings,
            self.registry,
            claim.holder,
            claim.ids,
            claim.attempts,
        )
        try:
            with self._lease_kept(claim):
                claim.kind.handler(context, claim.payloads)
        except Exception as error:
            log.error(
                "job %s failed (attempt %d): %s",
                claim.kind.name,
                claim.attempts,
                type(error).__name__,
            )
            self._failed(claim, error)
        else:
            with transaction(self.engine) as session:
                session.execute(delete(OutboxJob).where(*_still_ours(claim)))
                if claim.kind.next_at:
                    plan(session, self.kinds, utc_now())

    @contextmanager
    def _lease_kept(self, claim: Claim) -> Iterator[None]:
        """Renew the lease from another thread for as long as the handler takes."""
        done = threading.Event()
        keeper = threading.Thread(target=self._renew, args=(claim, done), daemon=True)
        keeper.start()
        try:
            yield
        finally:
            done.set()
            keeper.join()

    def _renew(self, claim: Claim, done: threading.Event) -> None:
        lease = timedelta(seconds=claim.kind.lease_seconds)
        while not done.wait(claim.kind.lease_seconds / 3):
            try:
                with transaction(self.engine) as session:
                    ours = update(OutboxJob).where(*_still_ours(claim))
                    session.execute(ours.values(lease_until=utc_now() + lease))
            except Exception as error:
                # Two more tries are left before the lease ends.
                log.warning("lease of %s not renewed: %s", claim.kind.name, type(error).__name__)

    def _failed(self, claim: Claim, error: Exception) -> None:
        pause = back_off(claim.attempts, random.random())  # noqa: S311 - no secret
        known = error if isinstance(error, JobError) else None
        final = known is not None and known.final
        with transaction(self.engine) as session:
            session.execute(
                update(OutboxJob)
                .where(*_still_ours(claim))
                .values(
                    lease_until=None,
                    run_after=utc_now() + pause,
                    last_error=(known.code if known else type(error).__name__)[:200],
                    dead=claim.attempts >= claim.kind.attempts or final,
                )
            )


def run_lanes(registry: Any, stop: Stop) -> None:
    """Run every lane until told to stop; let each finish the job in hand first.

    An exception in one lane stops the others and is raised: the process ends as a whole.
    """

    def run(lane: Lane) -> None:
        try:
            Worker(registry, lane).run_forever(stop, rings[lane])
        finally:
            stop.set()

    rings = {lane: threading.Event() for lane in Lane}
    seconds = registry.app_settings.worker_poll_milliseconds / 1000
    with (
        ThreadPoolExecutor(len(Lane)) as pool,
        closing(Bell(registry.engine, stop, seconds)) as bell,
    ):
        running = [pool.submit(run, lane) for lane in Lane]
        try:
            while not stop.is_set():
                bell.wait()
                for ring in rings.values():
                    ring.set()
        finally:
            stop.set()
            for ring in rings.values():
                ring.set()
    for result in running:
        result.result()


# One worker, and one machine

# The first half of the advisory locks' key: nothing else of ours uses it.
SPACE: Final = 20_261_124
LOCK: Final = "worker.slot"
PLACE: Final = "plek"
_HELD: Final[list[Any]] = []  # for as long as the process lives


class NotAloneError(OperatorError):
    """Another process is in the way; the message says what to do."""


def stay_one_worker(settings: Settings) -> None:
    """Ensure that this is the only worker, where the index is in files.

    Raises:
        NotAloneError: there is another.
    """
    if settings.search_backend != "whoosh":
        return
    lock = try_lock(settings.data_dir / LOCK)
    if lock is None:
        raise NotAloneError(
            "Er draait al een worker. Met search.backend = whoosh kan er maar één zijn. Stop de"
            " andere, of gebruik PostgreSQL met search.backend = postgresql."
        )
    _HELD.append(lock)


def stay_on_one_machine(settings: Settings) -> None:
    """Ensure that all processes are on one machine, where the index is in files.

    Raises:
        NotAloneError: there are processes elsewhere.
    """
    if settings.search_backend != "whoosh" or settings.sqlite:
        return
    engine = make_engine(settings)
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    _HELD.append((engine, connection))
    _claim(connection, _place(settings.data_dir))


def _place(data_dir: Path) -> int:
    """Return the number of this folder, drawn once and kept in it.

    Containers may share the folder.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = data_dir / PLACE
    if not path.exists():
        drawn = data_dir / f"{PLACE}.{os.getpid()}"
        drawn.write_text(str(secrets.randbelow(2**31)), encoding="ascii")
        with suppress(FileExistsError):  # another process was first
            os.link(drawn, path)
        drawn.unlink()
    return int(path.read_text(encoding="ascii"))


def _claim(connection: Connection, place: int) -> None:
    key = {"space": SPACE, "place": place}
    connection.execute(text("select pg_advisory_lock_shared(:space, :place)"), key)
    others = text(
        "select count(*) from pg_locks where locktype = 'advisory' and classid = :space"
        " and objid <> :place and granted"
        " and database = (select oid from pg_database where datname = current_database())"
    )
    if connection.scalar(others, key):
        raise NotAloneError(
            "Op een andere machine (of met een andere data_dir) werkt al iets op deze database. Met"
            " search.backend = whoosh kan dat niet: de zoekindex staat op één machine. Stop de"
            " andere, of kies overal search.backend = postgresql."
        )
