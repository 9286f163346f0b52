"""What the database and the index say afterwards, held against the ledger of the apps."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import AuditEvent, AuditSubject
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.search import services as search_services
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL, database
from stopintimidatie.core.tree import Reference
from stopintimidatie.disclosures.models import Disclosure, DisclosureEvent
from stopintimidatie.disclosures.services import EventKind
from stopintimidatie.dossiers.patterns.models import PatternReport
from stopintimidatie.exports import models as exports_models
from stopintimidatie.exports.models import CopyCorrection, Export, ExportBlob, ExportState
from stopintimidatie.reports.api.models import IdempotencyKey
from stopintimidatie.reports.models import Report, ReportMove
from tests.crash.ledger import Entry, Ledger
from tests.support import postgres_guard
from tests.support.factories import DORDRECHT, EINDHOVEN, make_user
from tests.support.installation import Installation

HOLDERS = (DORDRECHT, EINDHOVEN, NATIONAL)


@dataclass
class Findings:
    """What is wrong. `lost`: acknowledged and not there, or not whole."""

    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    halves: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.halves)


@dataclass
class Stored:
    """The reports of the apps as the database has them, and what belongs to each."""

    reports: dict[str, list[tuple[UUID, str]]] = field(default_factory=lambda: defaultdict(list))
    moves: Counter[UUID] = field(default_factory=Counter)
    events: Counter[UUID] = field(default_factory=Counter)
    references: Counter[str] = field(default_factory=Counter)
    keys: dict[str, str] = field(default_factory=dict)

    def parts(self, entry: Entry) -> Iterator[int]:
        """How often each part of this report is there: all 1, or all 0, or it is broken."""
        found = self.reports[entry.marker]
        yield len(found)
        yield int(entry.key in self.keys)
        yield sum(self.moves[row] for row, _ in found)
        yield sum(self.events[row] for row, _ in found)
        yield sum(self.references[reference] for _, reference in found)

    def reference(self, entry: Entry) -> str | None:
        found = self.reports[entry.marker]
        return found[0][1] if found else None


def look(installation: Installation) -> Stored:
    """Read everything that the apps' reports left behind."""
    stored = Stored()
    for holder in HOLDERS:
        with installation.transaction(holder) as session:
            _look_at(session, stored, holder)
    with installation.transaction() as session:
        rows = session.execute(select(IdempotencyKey.key, IdempotencyKey.answer))
        stored.keys = {str(key): str(answer.get("kenmerk")) for key, answer in rows}
    return stored


def _look_at(session: Session, stored: Stored, holder: str) -> None:
    for row, reference, words in session.execute(
        select(Report.id, Report.reference, Report.description)
    ):
        marker = str(words or "").rstrip(".").rpartition(" ")[2]
        stored.reports[marker].append((row, reference))
    stored.moves.update(
        session.scalars(select(ReportMove.report_id).where(ReportMove.name == "ontvangen"))
    )
    received = select(AuditSubject.subject_id).join(
        AuditEvent, AuditEvent.id == AuditSubject.event_id
    )
    stored.events.update(session.scalars(received.where(AuditEvent.action == "melding.ontvangen")))
    stored.references.update(
        session.scalars(select(Reference.reference).where(Reference.holder == holder))
    )


def compare(installation: Installation, ledger: Ledger) -> Findings:
    """Every acknowledged report once and whole; every other once, or not at all."""
    stored = look(installation)
    findings = Findings(acknowledged=len(ledger.acknowledged))
    for entry in ledger.entries:
        parts = list(stored.parts(entry))
        if max(parts) > 1:
            findings.doubled.append(f"{entry.key}: {parts}")
        elif entry.answer is not None:
            same = entry.answer["kenmerk"] == stored.reference(entry) == stored.keys.get(entry.key)
            if min(parts) < 1 or not same:
                findings.lost.append(f"{entry.key}: {parts}")
        elif len(set(parts)) > 1:
            findings.halves.append(f"{entry.key}: {parts}")
    return findings


def has_documents(installation: Installation, holder: str) -> bool:
    """Whether a holder has anything that can be found."""
    kinds = installation.registry.search.kinds.values()
    with installation.transaction(holder) as session:
        return any(any(True for _ in kind.versions(session, holder)) for kind in kinds)


def check_jobs(installation: Installation) -> None:
    """Nothing was given up, and the index holds exactly what the database holds."""
    with installation.transaction() as session:
        dead = session.execute(
            select(OutboxJob.kind, OutboxJob.last_error).where(OutboxJob.dead)
        ).all()
    assert not dead
    for holder in HOLDERS:
        if not has_documents(installation, holder):
            continue
        report = search_services.check(installation.registry, holder)
        assert report.clean, f"{holder}: {report.summary}"


def check_found(installation: Installation, entries: list[Entry]) -> None:
    """An officer who searches for the one word of a report finds it, once."""
    users = {holder: make_user(installation, (holder, Role.OFFICER)) for holder in HOLDERS[:2]}
    browsers = {holder: installation.browser(user) for holder, user in users.items()}
    for entry in entries:
        assert entry.answer
        if entry.answer["gemeente"] is not None:
            browser = browsers[entry.answer["gemeente"]["code"]]
            page = browser.get("/zoeken", {"q": entry.marker})
            shown = [link.text.split(":")[0] for link in page.html.select(".si-list__title a")]
            assert shown == [entry.answer["kenmerk"]]


def check_exports(installation: Installation, references: list[str]) -> None:
    """Each export was made once: one file, one line in the register, one in the log."""
    keys = installation.registry.key_ring
    with installation.transaction(DORDRECHT) as session:
        exports = session.scalars(select(Export).where(Export.reference.in_(references))).all()
        assert len(exports) == len(references)
        for export in exports:
            assert export.state == ExportState.READY
            pdf = exports_models.read(session, keys, export, exports_models.BlobKind.PDF)
            assert pdf.startswith(b"%PDF-")
            assert pdf.rstrip().endswith(b"%%EOF")
            (row,) = session.scalars(
                select(Disclosure).where(Disclosure.document_id == export.id)
            ).all()
            assert row.file_sha256 == export.file_sha256 == sha256(pdf).hexdigest()
            assert row.file_size == export.file_size == len(pdf)
            blobs = session.scalars(
                select(ExportBlob.kind).where(ExportBlob.export_id == export.id)
            )
            # None of these has a password.
            kinds = set(exports_models.BlobKind) - {exports_models.BlobKind.LOCK}
            assert sorted(blobs) == sorted(kind.value for kind in kinds)
            assert _times(session, "uitvoer.gemaakt", export.id) == 1


def _times(session: Session, action: str, subject: UUID) -> int:
    events = select(AuditEvent.id).join(AuditSubject, AuditSubject.event_id == AuditEvent.id)
    found = session.scalars(
        events.where(AuditEvent.action == action, AuditSubject.subject_id == subject)
    )
    return len(found.all())


def check_hand_overs(installation: Installation, references: list[str]) -> None:
    """Each report that was handed over has one copy at its receiver."""
    with installation.transaction(DORDRECHT) as session:
        for reference in references:
            (copy,) = session.scalars(select(Report).where(Report.reference == reference)).all()
            assert _times(session, "melding.overgenomen", copy.id) == 1
            moves = session.scalars(
                select(ReportMove.name).where(ReportMove.report_id == copy.id)
            ).all()
            # What happened at the giver goes along; each of it once.
            assert sorted(moves) == ["ontvangen", "overgenomen"]


def check_deliveries(installation: Installation, holder: str = DORDRECHT) -> None:
    """What became of each copy stands in the register once, and each notice went once."""
    with installation.transaction(holder) as session:
        once = {kind.value for kind in (EventKind.REMINDED, EventKind.ALARM, EventKind.WITHDRAWN)}
        steps = Counter(
            session.execute(
                select(DisclosureEvent.disclosure_id, DisclosureEvent.kind, DisclosureEvent.code)
            ).all()
        )
        assert not [step for step, times in steps.items() if step[1] in once and times > 1]
        made = Counter(
            session.execute(
                select(CopyCorrection.export_id, CopyCorrection.label, CopyCorrection.change)
            ).all()
        )
        assert not [one for one, times in made.items() if times > 1]
        noted = sum(n for step, n in steps.items() if step[1] == EventKind.CORRECTED)
        assert noted == sum(made.values())
        _check_notices(session, steps, made)
        overdue = session.scalars(select(Export.id).where(Export.overdue_at.is_not(None))).all()
        assert all(_times(session, "uitvoer.spoed_te_laat", one) == 1 for one in overdue)


def _check_notices(session: Session, steps: Counter[Any], made: Counter[Any]) -> None:
    """A letter for each reminder and each correction that somebody could be told, and no more."""
    letters = Counter(session.scalars(select(MailMessage.template)))
    reminded = sum(n for step, n in steps.items() if step[1] == EventKind.REMINDED)
    assert letters["uitvoer_vernietigen"] == reminded
    told = session.scalars(select(CopyCorrection.id).where(CopyCorrection.told_at.is_not(None)))
    assert letters["uitvoer_correctie"] == len(told.all()) <= sum(made.values())
    withdrawn = sum(n for step, n in steps.items() if step[1] == EventKind.WITHDRAWN)
    assert letters["uitvoer_ingetrokken"] <= withdrawn
    about = Counter(
        session.execute(
            select(MailMessage.template, MailMessage.about_id, MailMessage.recipient_id).where(
                MailMessage.template.in_(("spoed_te_laat", "kopie_alarm", "uitvoer_ingetrokken"))
            )
        ).all()
    )
    assert not [one for one, times in about.items() if times > 1]


def check_patterns(installation: Installation, holder: str = DORDRECHT) -> None:
    """The same reports never show two patterns."""
    with installation.transaction(holder) as session:
        members: dict[UUID, set[UUID]] = defaultdict(set)
        for pattern, report in session.execute(
            select(PatternReport.pattern_id, PatternReport.report_id)
        ):
            assert report not in members[pattern]
            members[pattern].add(report)
        assert len({frozenset(one) for one in members.values()}) == len(members)


def check_integrity(installation: Installation) -> None:
    """The database itself says that it is sound."""
    if not installation.settings.sqlite:
        _check_postgresql(installation.settings.database_url)
        return
    with installation.engine.connect() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).all() == [("ok",)]
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []


# Every index against its table, and every reference against what it refers to.
_INDEXES = """
SELECT bt_index_check(i.indexrelid, true) FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
WHERE a.amname = 'btree' AND i.indisvalid AND c.relpersistence = 'p'
AND c.relnamespace = 'public'::regnamespace AND c.relkind = 'i'
"""
_ORPHANS = """
SELECT format('SELECT %L FROM %s a LEFT JOIN %s b ON %s WHERE %s AND b IS NULL', k.conname,
  k.conrelid::regclass, k.confrelid::regclass,
  string_agg(format('a.%I = b.%I', x.attname, y.attname), ' AND '),
  string_agg(format('a.%I IS NOT NULL', x.attname), ' AND '))
FROM pg_constraint k, unnest(k.conkey, k.confkey) AS u (one, other)
JOIN pg_attribute x ON x.attnum = u.one JOIN pg_attribute y ON y.attnum = u.other
WHERE k.contype = 'f' AND x.attrelid = k.conrelid AND y.attrelid = k.confrelid
GROUP BY k.oid, k.conname, k.conrelid, k.confrelid
"""


def _check_postgresql(url: str) -> None:
    """As the administrator, who sees the rows of everybody."""
    administrator = url.replace(f"//{database.APP}@", f"//{postgres_guard.SUPERUSER}@")
    engine = create_engine(administrator)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS amcheck")
        assert len(connection.execute(text(_INDEXES)).all()) > 0
        questions = connection.execute(text(_ORPHANS)).scalars().all()
        assert questions
        for question in questions:
            assert connection.execute(text(question)).all() == []
    engine.dispose()


def check_log(path: Path) -> None:
    """No traceback, whatever happened: an operator can do nothing with one."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    assert "Traceback" not in text, text


def check_nothing_readable(temporary: Path) -> None:
    """A worker that was killed while it made an export left none of its content behind."""
    files = [path for path in temporary.glob("dossier-*/*") if path.is_file()]
    # Where a file can't be made without a name it has one for a moment, before anything is in it.
    left = {path.name for path in files if path.stat().st_size}
    assert left <= {"fonts.conf"}
