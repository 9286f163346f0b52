"""Tests of the reads that a person gets to know with a copy."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

import pytest

from stopintimidatie.core.audit import SYSTEM, Actor, event_rows
from stopintimidatie.core.clock import AMSTERDAM
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.session import insert_rows
from stopintimidatie.privacy.log.queries import FOR_A_CASE, reads_of
from tests.support.factories import DORDRECHT, EINDHOVEN, make_user, user_id
from tests.support.installation import Installation


@pytest.mark.both_databases
def test_a_copy_tells_days_and_tasks_of_reads_and_never_who_read(
    installation: Installation,
) -> None:
    roles = (DORDRECHT, Role.POLICE_DATA), (DORDRECHT, Role.DOSSIER_OWNER)
    owner = make_user(installation, *roles, (EINDHOVEN, Role.OFFICER))
    police = make_user(installation, (DORDRECHT, Role.POLICE_DATA))
    read, unread, elsewhere = uuid4(), uuid4(), uuid4()

    def note(
        holder: str,
        actor: Actor,
        action: str,
        document: UUID,
        hour: int,
        task: str = "bekijken",
    ) -> None:
        at = datetime(2026, 3, 2, hour, 30, tzinfo=AMSTERDAM)
        with installation.transaction(holder) as session:
            rows = event_rows(
                actor, action, holder, "melding", [document, uuid4()], task=task, at=at
            )
            insert_rows(session, rows)

    people = [
        Actor("gebruiker", str(user_id(installation, name)), "Jo") for name in (owner, police)
    ]
    for hour in (9, 10, 0):
        note(DORDRECHT, people[0], "gelezen", read, hour)
    note(DORDRECHT, people[1], "gelezen", read, 9)
    # For the own request it is told; for another's, or for a case, it would betray that.
    for task in (
        "vindplaatsen van V-2B2B-2B2B",
        "zoeken voor V-3C3C-3C3C",
        "dubbel van M-3C3C-3C3C",
        FOR_A_CASE,
    ):
        note(DORDRECHT, people[0], "gelezen", read, 9, task)
    note(DORDRECHT, people[0], "melding.notitie", unread, 9)
    note(EINDHOVEN, people[0], "gelezen", elsewhere, 9)
    note(DORDRECHT, SYSTEM, "gelezen", unread, 11)
    with installation.transaction(DORDRECHT) as session:
        answer = reads_of(session, read, "V-2B2B-2B2B")
        assert reads_of(session, unread, "V-2B2B-2B2B") == []
        assert reads_of(session, elsewhere, "V-2B2B-2B2B") == []
    day = date(2026, 3, 2)
    # Four reads of two people for one task are one line of that day.
    assert answer == [(day, "bekijken"), (day, "vindplaatsen van V-2B2B-2B2B")]
    assert "Jo" not in repr(answer)
