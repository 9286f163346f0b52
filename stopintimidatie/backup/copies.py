"""The copies in a folder: how old they are, removing those beyond the maximum, and watching it.

What was destroyed stays in older copies until these are gone, so their greatest age is a promise.
The worker looks whether it is kept; health reads what it found.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, Label, Row, select, update

from stopintimidatie.backup.manifest import COPY_PREFIX, BackupError, unwritable
from stopintimidatie.backup.services import CHECKSUM, LEFTOVER_SECONDS, UNFINISHED
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.health.services import Check, State
from stopintimidatie.core.jobs import Job, JobContext, JobError, OutboxJob
from stopintimidatie.core.ledger import BEHIND, LedgerEnd
from stopintimidatie.core.ledger import JOB as LEDGER
from stopintimidatie.core.storage import NATIONAL, transaction
from stopintimidatie.core.storage.sqlite import empty_wal
from stopintimidatie.core.text import date_text
from stopintimidatie.settings import PROGRAM, Settings

STAMP: Final = "%Y%m%dT%H%M%SZ"
NAME: Final = re.compile(rf"{COPY_PREFIX}(\d{{8}}T\d{{6}}Z)\.tar\.gz(?:\.age)?")
WATCH: Final = Job("reservekopie.nakijken")
# Tried again every hour, for as long as nobody does something about it.
ATTEMPTS: Final = 9_000
LAST_ONE: Final = (
    "In {0} staat geen reservekopie die jonger is dan {1} dagen; dan zou er geen enkele"
    f" overblijven. Maak eerst een nieuwe: {PROGRAM} reservekopie maken {{0}}"
)


@dataclass(frozen=True)
class Cleaning:
    """The files that go from a folder: copies with their age in days, and what belongs to none."""

    copies: Sequence[tuple[Path, int]]
    others: Sequence[Path]

    @property
    def files(self) -> Iterator[Path]:
        """Yield all files, a copy before its checksum."""
        for path, _ in self.copies:
            yield path
        yield from self.others


def made_at(path: Path) -> datetime | None:
    """Return the moment in the name of a copy, or of its checksum; None for any other file."""
    match = NAME.fullmatch(path.name.removesuffix(CHECKSUM))
    if match is None or path.is_symlink() or not path.is_file():
        return None
    try:
        return datetime.strptime(match[1], STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def plan_cleaning(folder: Path, days: int) -> Cleaning:
    """Return what is older than so many days, and what killed attempts left behind.

    Raises:
        BackupError: the folder can't be read.
    """
    now, copies, others = utc_now(), [], []
    try:
        for path in sorted(folder.iterdir()):
            made = made_at(path)
            if made is None:
                others += [path] if _is_leftover(path) else []
            elif now - made > timedelta(days=days):
                if path.name.endswith(CHECKSUM):
                    others.append(path)
                else:
                    copies.append((path, (now - made).days))
    except OSError as error:
        raise unwritable(error) from None
    return Cleaning(copies, others)


def _is_leftover(path: Path) -> bool:
    name = path.name.removeprefix(".").removesuffix(UNFINISHED)
    ours = path.name == f".{name}{UNFINISHED}" and NAME.fullmatch(name) is not None
    if not ours or path.is_symlink() or not path.is_file():
        return False
    return time.time() - path.stat().st_mtime > LEFTOVER_SECONDS


def clean_up(
    settings: Settings, engine: Engine, folder: Path, actor: Actor, *, trial: bool
) -> Cleaning:
    """Remove the copies that are too old, with all that belongs to them; return what went.

    `trial`: say what would go, and remove nothing.

    Raises:
        BackupError: no copy would be left, or the folder can't be read or changed.
    """
    days = settings.backup_keep_days
    cleaning = plan_cleaning(folder, days)
    if trial:
        return cleaning
    old = {path for path, _ in cleaning.copies}
    if old and not any(
        made_at(path) and path not in old and not path.name.endswith(CHECKSUM)
        for path in folder.iterdir()
    ):
        raise BackupError(LAST_ONE.format(folder, days))
    if old:
        _log(engine, actor, [path.name for path, _ in cleaning.copies])
    try:
        for path in cleaning.files:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(error) from None
    _look_again(engine)
    return cleaning


def _log(engine: Engine, actor: Actor, names: Sequence[str]) -> None:
    """Record it before: a removal that isn't in the log isn't done."""
    reason = f"aantal {len(names)}, van {names[0]} tot en met {names[-1]}"
    with transaction(engine, NATIONAL) as session:
        record(session, actor, "reservekopie.opgeruimd", NATIONAL, "reservekopie", reason=reason)


def _look_again(engine: Engine) -> None:
    """Let the worker look now, so that health says how it is."""
    with transaction(engine) as session:
        waiting = update(OutboxJob).where(OutboxJob.kind == WATCH.name, ~OutboxJob.dead)
        session.execute(waiting.values(run_after=utc_now()))


def watch(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Look whether a copy is too old (job)."""
    # The ledger's job does this too, but not while somebody is reading.
    empty_wal(context.engine)
    folder, days = context.settings.backup_folder, context.settings.backup_keep_days
    if folder is None:
        return
    try:
        old = plan_cleaning(folder, days).copies
    except BackupError:
        raise JobError("de map is er niet, of is niet te lezen") from None
    if old:
        oldest = date_text(made_at(old[0][0]))
        raise JobError(f"{len(old)} ouder dan {days} dagen, de oudste van {oldest}")


# Health: what the worker met when it did this.


def _problem(job: Job, label: str) -> Label[Any]:
    mine = (OutboxJob.kind == job.name, ~OutboxJob.dead, OutboxJob.attempts > 0)
    first = select(OutboxJob.last_error).where(*mine, OutboxJob.last_error.is_not(None))
    return first.order_by(OutboxJob.id).limit(1).scalar_subquery().label(label)


LEDGER_PROBLEM: Final = _problem(LEDGER, "ledger_problem")
LEDGER_BEHIND: Final = select(LedgerEnd.behind).scalar_subquery().label("ledger_behind")
COPIES_PROBLEM: Final = _problem(WATCH, "copies_problem")


def ledger_check(settings: Settings, row: Row[Any]) -> Check:
    """Check that there is one ledger, that it is written, and stands where it outlives the data."""
    if row.ledger_behind:
        return Check(
            "grootboek",
            State.NOTE,
            f"Een worker vernietigt niets ({row.ledger_behind}): {BEHIND}. Laat backup.ledger van"
            " elke worker naar hetzelfde bestand wijzen, en herstart hem (docs/operations.md).",
        )
    if row.ledger_problem:
        return Check(
            "grootboek",
            State.NOTE,
            f"Wat is vernietigd of gewist, is nog niet bijgeschreven ({row.ledger_problem})."
            " Kijk of de schijf van backup.ledger er is; de worker probeert het elk uur.",
        )
    if not settings.demo and settings.backup_ledger is None:
        return Check(
            "grootboek",
            State.NOTE,
            "Het grootboek staat bij de gegevens en gaat met hen verloren. Zet in backup.ledger een"
            " bestand naast de reservekopieën.",
        )
    return Check("grootboek", State.GOOD)


def copies_check(settings: Settings, row: Row[Any]) -> Check:
    """Check that no copy is older than the stated maximum."""
    if settings.backup_folder is None:
        return Check("reservekopieën", State.NONE, "backup.folder is leeg.")
    if row.copies_problem:
        return Check(
            "reservekopieën",
            State.NOTE,
            f"In backup.folder: {row.copies_problem}. Ruim op met: {PROGRAM} reservekopie"
            " opruimen MAP",
        )
    return Check("reservekopieën", State.GOOD)
