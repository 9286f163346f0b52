"""The log of the compartment has the term of the house's log, and the house isn't told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import clock_at
from stopintimidatie.core.jobs import JobContext
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL, database
from stopintimidatie.privacy.log.services import APART, log_terms, maintaining, prune
from stopintimidatie.privacy.police.mail import run_every_morning
from stopintimidatie.privacy.police.models import PoliceAccess, PoliceEvent
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.installation import Installation
from tests.support.policing import SWITCHED_ON, keep_something, read

pytestmark = pytest.mark.both_databases

THEN = datetime.fromisoformat("2026-03-10T10:00:00+01:00")


def clean(installation: Installation) -> int:
    """Clean the log; how many lines went of the logs that stand apart."""
    settings = installation.settings
    if not settings.sqlite:
        role = f"//{database.MAINTENANCE}@"
        url = settings.database_url.replace(f"//{database.APP}@", role)
        settings = replace(settings, database_maintenance_url=url)
    with maintaining(settings) as engine:
        gone = prune(engine, log_terms(settings), SYSTEM, lambda number: None)
    return sum(number for term, number in gone.items() if term.name == APART)


@pytest.mark.short_on("postgresql")
def test_lines_and_reasons_go_after_five_years(installation: Installation) -> None:
    with clock_at(THEN):
        connect(installation, politie=SWITCHED_ON)
        roles = (DORDRECHT, Role.OFFICER), (DORDRECHT, Role.POLICE_DATA)
        named = installation.browser(make_user(installation, *roles))
        with installation.transaction(DORDRECHT) as session:
            item = keep_something(session, installation.registry.key_ring)
        read(named, item)
    with clock_at(THEN + timedelta(days=100)), installation.transaction(DORDRECHT) as session:
        item_later = keep_something(session, installation.registry.key_ring)
        kept = item_later.id
    with clock_at(THEN + timedelta(days=5 * 365 - 20)):
        assert clean(installation) == 0
    with clock_at(THEN + timedelta(days=5 * 366)):
        assert clean(installation) > 1
        assert clean(installation) == 0
        made = installation.registry
        run_every_morning(JobContext(made.engine, made.app_settings, made, NATIONAL), [{}])
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(PoliceEvent.item_id)).all() == [kept]
        assert session.scalars(select(PoliceAccess)).all() == []
        told = " ".join(filter(None, session.scalars(select(AuditEvent.reason))))
    assert "afgeschermd" not in told
    # Refuse to delete the lines that are left, as before: the log only grows.
    with pytest.raises(DBAPIError), installation.transaction(DORDRECHT) as session:
        session.execute(text("DELETE FROM police_event"))
