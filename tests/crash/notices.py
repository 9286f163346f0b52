"""Copies that partners have, and everything that becomes of them at once: each step is a job.

The files are made in this process, so that the workers that are killed have the notices to do.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from unittest.mock import patch

from sqlalchemy import delete, select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import JobContext, OutboxJob, enqueue
from stopintimidatie.disclosures.models import Disclosure, DisclosureEvent
from stopintimidatie.disclosures.services import EventKind
from stopintimidatie.dossiers.patterns.jobs import ask_for_search
from stopintimidatie.exports.models import CopyCorrection, Export
from stopintimidatie.exports.request import jobs as request_jobs
from stopintimidatie.exports.request.jobs import Cause, Change, destroy
from stopintimidatie.exports.request.services import JOB, PICKED_UP, WATCH, note_once
from tests.support.exporting import Case, approved, with_partner
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation

AFTER = "daarna"


def given(installation: Installation, case: Case, number: int) -> list[str]:
    """So many exports that a partner has, and a search for patterns. Their ids."""
    partner = with_partner(installation)
    references = [approved(case, partner=partner, ontvanger=None) for _ in range(number)]
    registry = installation.registry
    context = JobContext(registry.engine, registry.app_settings, registry, DORDRECHT)
    with patch.object(
        request_jobs, "render_in_process", lambda *_, **__: b"%PDF-1.7 not really %%EOF"
    ):
        for reference in references:
            request_jobs.make(context, case.export(reference).id)
    with installation.transaction(DORDRECHT) as session:
        # Made already.
        session.execute(delete(OutboxJob).where(OutboxJob.kind == JOB.name))
        for export in session.scalars(select(Export).where(Export.reference.in_(references))):
            note_once(session, export, EventKind.GIVEN, SYSTEM, PICKED_UP)
        ask_for_search(session, DORDRECHT)
    return references


def due(installation: Installation, reference: str, *, erased: bool) -> None:
    """Something becomes of a copy: a report in it goes; or its day has passed, and that of the
    second person too."""
    with installation.transaction(DORDRECHT) as session:
        export = session.scalars(select(Export).where(Export.reference == reference)).one()
        if erased:
            destroy(session, export, cause=Cause(Change.ERASED, "M-01"))
            return
        payload = {"id": str(export.id)}
        enqueue(session, request_jobs.MADE_JOB, DORDRECHT, {**payload, "stap": AFTER})
        export.urgent, export.answered_at = True, None
        export.approve_by = utc_now() - timedelta(hours=1)
        enqueue(session, WATCH, DORDRECHT, payload)


def check_told(installation: Installation, references: list[str]) -> None:
    """Each copy had the one step that was due, and the urgent ones were told of."""
    with installation.transaction(DORDRECHT) as session:
        rows = session.execute(
            select(Disclosure.reference, DisclosureEvent.kind, DisclosureEvent.code)
            .join(Disclosure, Disclosure.id == DisclosureEvent.disclosure_id)
            .where(Disclosure.reference.in_(references))
        ).all()
        steps = Counter((row[1], row[2]) for row in rows)
        half = len(references) // 2
        assert steps[EventKind.REMINDED.value, AFTER] == half
        assert steps[EventKind.CORRECTED.value, "M-01"] == half
        corrections = session.scalars(select(CopyCorrection)).all()
        assert len(corrections) == half
        assert all(one.told_at is not None for one in corrections)
        overdue = select(Export.id).where(Export.overdue_at.is_not(None))
        assert len(session.scalars(overdue).all()) == half
