"""Tests that a page reads in a read-only transaction, and writes its records after that.

The crawl of test_permission_matrix shows that this is enough for every view: a page that tried to
write would answer 503.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from transaction.interfaces import TransientError

from stopintimidatie.core.accounts.models import LoginSession, User
from stopintimidatie.core.audit import AuditEvent, AuditSubject
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import Holder, transaction
from stopintimidatie.core.storage.session import waiting_at_most
from stopintimidatie.reports.inbox import queries as inbox_queries
from stopintimidatie.reports.inbox import views as inbox_views
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation

pytestmark = pytest.mark.both_databases

INBOX = "/gemeenten/dordrecht/postvak"


def test_who_only_reads_cannot_write_and_the_next_can(installation: Installation) -> None:
    renaming = update(User).values(name="Nieuwe naam")
    with transaction(installation.engine, write=False) as session:
        assert session.scalars(select(Holder.code)).first()
        with pytest.raises(DBAPIError, match=r"read-?only"):
            session.execute(renaming)
        session.rollback()
    with transaction(installation.engine) as session:
        session.execute(renaming)


def test_a_page_holds_nobody_up_however_often_it_is_tried(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(installation)
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    attempts: list[int] = []
    original = inbox_queries.list_reports

    def meanwhile(session: Session, *rest: Any, **named: Any) -> object:
        """Write in another transaction while the page reads; make the page retry three times."""
        with transaction(waiting_at_most(installation.engine, 200)) as other:
            other.execute(update(User).values(name=f"Naam {len(attempts)}"))
        attempts.append(len(attempts))
        if len(attempts) < 4:
            raise TransientError("another was first")
        return original(session, *rest, **named)

    monkeypatch.setattr(inbox_views, "list_reports", meanwhile)
    officer.get(INBOX, status=200)
    assert attempts == [0, 1, 2, 3]


def test_what_a_page_has_to_write_is_written_before_it_goes_out(
    installation: Installation,
) -> None:
    connect(installation)
    with installation.transaction() as session:
        report = make_report(session, installation).id
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    earlier = utc_now() - timedelta(minutes=20)
    with installation.transaction() as session:
        session.execute(update(LoginSession).values(last_seen_at=earlier))
    officer.get(INBOX, status=200)
    with installation.transaction(DORDRECHT) as session:
        seen = session.scalars(select(LoginSession.last_seen_at)).one()
        assert seen > earlier
        read = select(AuditSubject.subject_id).join(AuditEvent)
        assert session.scalars(read.where(AuditEvent.task == "postvak")).all() == [report]
