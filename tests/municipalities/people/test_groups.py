"""Tests of roles that groups of an identity provider give: confirmed by a second person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from stopintimidatie.core.accounts.models import OfferState, RoleAssignment, User
from stopintimidatie.core.accounts.services import AccountError
from stopintimidatie.core.audit import Actor, AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.municipalities.people.models import GroupRole
from stopintimidatie.municipalities.people.parties import Party, pending
from stopintimidatie.municipalities.sso import services as groups
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_user, user_id
from tests.support.installation import Installation
from tests.support.seconds import waiting_kinds

pytestmark = [pytest.mark.judged_once, pytest.mark.sqlite]

CONFIRM = "/gemeenten/dordrecht/rollen"
AT_DESK = "/landelijk/rollen"
ADMIN, OFFICER = (DORDRECHT, Role.ADMIN), (DORDRECHT, Role.OFFICER)


def decide(browser: Any, page: str, decision: str, status: int = 303, **values: str) -> Any:
    """Decide about the only proposal on this page."""
    forms = browser.get(page).forms.items()
    (form,) = [form for name, form in forms if str(name).startswith("voorstel-")]
    for name, value in {"besluit": decision, **values}.items():
        form[name] = value
    return form.submit("vastleggen", status=status)


def may_decide(browser: Any, page: str) -> bool:
    return 'name="besluit"' in browser.get(page, status=200)


def actor_of(installation: Installation, username: str) -> Actor:
    return Actor("gebruiker", str(user_id(installation, username)), "Ada Admin")


def propose(
    installation: Installation, admin: str, role: Role = Role.OFFICER, group: str = "OOV-team"
) -> UUID:
    actor = actor_of(installation, admin)
    with installation.transaction(DORDRECHT) as session:
        return groups.propose_group(session, actor, DORDRECHT, group=group, role=role).id


def state_of(installation: Installation, number: UUID) -> str:
    with installation.transaction() as session:
        return session.get_one(GroupRole, number).state


def give_by_group(installation: Installation, username: str, role: Role) -> None:
    with installation.transaction() as session:
        person = user_id(installation, username)
        row = RoleAssignment(user_id=person, holder=DORDRECHT, role=role.value, by_group=True)
        session.add(row)


def roles_of(installation: Installation, username: str) -> list[str]:
    with installation.transaction() as session:
        rows = select(RoleAssignment.role).join(User).where(User.username == username)
        return sorted(session.scalars(rows))


def remove(installation: Installation, admin: str, number: UUID) -> int:
    actor = actor_of(installation, admin)
    with installation.transaction(DORDRECHT) as session:
        return groups.remove_group(session, actor, DORDRECHT, number)


def actions(installation: Installation, holder: str = DORDRECHT) -> list[Any]:
    installation.run_jobs()
    with installation.transaction(holder) as session:
        rows = select(AuditEvent).where(
            AuditEvent.action.startswith("gebruiker."), AuditEvent.action != "gebruiker.rol"
        )
        return [
            (event.action.removeprefix("gebruiker."), event.fields, event.reason)
            for event in session.scalars(rows.order_by(AuditEvent.at))
        ]


def test_a_role_that_reads_counts_for_a_group_once_a_reader_confirmed_it(
    installation: Installation,
) -> None:
    connect(installation)
    admin, reader = make_user(installation, ADMIN), make_user(installation, OFFICER)
    number = propose(installation, admin)
    with installation.transaction() as session:
        assert groups.counting_groups(session, DORDRECHT) == {}
    browser = installation.browser(reader)
    assert waiting_kinds(installation, reader) == ["groepsrol"]
    shown = browser.get(CONFIRM)
    assert "Groep ‘OOV-team’ krijgt de rol OOV-medewerker" in shown
    assert "volgende aanmelding" in decide(browser, CONFIRM, "bevestigen").follow()
    assert state_of(installation, number) == OfferState.OFFERED
    with installation.transaction() as session:
        counting = groups.counting_groups(session, DORDRECHT)
        assert [row.role for row in counting["OOV-team"]] == ["oov"]
    fields = [DORDRECHT, "groep: OOV-team", "oov"]
    confirmed = [("groep_voorgesteld", fields, None), ("rol_bevestigd", fields, None)]
    assert actions(installation) == confirmed


def test_an_admin_s_role_for_a_group_waits_for_a_second_person_as_well(
    installation: Installation,
) -> None:
    connect(installation)
    admin = make_user(installation, ADMIN)
    reader = installation.browser(make_user(installation, OFFICER))
    number = propose(installation, admin, Role.ADMIN)
    assert state_of(installation, number) == OfferState.PROPOSED
    decide(reader, CONFIRM, "bevestigen")
    assert state_of(installation, number) == OfferState.OFFERED


def test_who_proposed_a_group_does_not_confirm_it(installation: Installation) -> None:
    connect(installation)
    both = make_user(installation, ADMIN, OFFICER)
    number = propose(installation, both)
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    assert may_decide(desk, AT_DESK), "no other reads at the municipality"
    reader = installation.browser(make_user(installation, OFFICER))
    browser = installation.browser(both)
    assert not may_decide(browser, CONFIRM)
    fields = {"voorstel": str(number), "besluit": "bevestigen"}
    browser.post(CONFIRM, {**fields, "csrf_token": browser.cookies["csrf"]}, status=409)
    assert state_of(installation, number) == OfferState.PROPOSED
    decide(reader, CONFIRM, "bevestigen")
    assert state_of(installation, number) == OfferState.OFFERED


def test_the_desk_decides_where_nobody_reads_and_both_logs_tell(
    installation: Installation,
) -> None:
    connect(installation)
    number = propose(installation, make_user(installation, ADMIN))
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    assert "Groep ‘OOV-team’" in desk.get(AT_DESK)
    assert "Schrijf op waarom" in decide(desk, AT_DESK, "weigeren", 422)
    decide(desk, AT_DESK, "weigeren", reden="Wie zit daarin?")
    assert state_of(installation, number) == OfferState.REFUSED
    for holder in (DORDRECHT, NATIONAL):
        steps = [(action, reason) for action, _, reason in actions(installation, holder)]
        assert ("rol_geweigerd", "Wie zit daarin?") in steps, holder
        assert "groep_voorgesteld" in [action for action, _ in steps], holder


def test_a_group_that_is_taken_away_takes_its_roles_at_once(installation: Installation) -> None:
    connect(installation)
    admin, kept = make_user(installation, ADMIN), make_user(installation, OFFICER)
    number = propose(installation, admin)
    decide(installation.browser(kept), CONFIRM, "bevestigen")
    member = make_user(installation, (EINDHOVEN, Role.OFFICER))
    give_by_group(installation, member, Role.OFFICER)
    give_by_group(installation, member, Role.DOSSIER_OWNER)
    browser = installation.browser(member)
    browser.get("/gemeenten/dordrecht/postvak", status=200)
    assert remove(installation, admin, number) == 1
    assert roles_of(installation, member) == ["dossierhouder", "oov"]
    with installation.transaction() as session:
        here = select(RoleAssignment.role).where(
            RoleAssignment.holder == DORDRECHT, RoleAssignment.by_group
        )
        assert session.scalars(here).all() == ["dossierhouder"], "another role, of another group"
        assert session.get(GroupRole, number) is None
    assert roles_of(installation, kept) == ["oov"], "given to the person"
    assert [action for action, *_ in actions(installation)][-2:] == ["groep_weg", "rol_weg"]


def test_a_proposal_that_nobody_confirmed_goes_without_taking_a_role(
    installation: Installation,
) -> None:
    connect(installation)
    admin, member = make_user(installation, ADMIN), make_user(installation)
    make_user(installation, OFFICER)
    give_by_group(installation, member, Role.OFFICER)
    assert remove(installation, admin, propose(installation, admin)) == 0
    assert roles_of(installation, member) == ["oov"]


@pytest.mark.parametrize(
    ("role", "words"), [(Role.OFFICER, "laatste rol"), (Role.ADMIN, "laatste beheerder")]
)
def test_the_last_who_reads_and_the_last_admin_are_not_taken_away_with_a_group(
    installation: Installation, role: Role, words: str
) -> None:
    connect(installation)
    stranger, member = make_user(installation, (EINDHOVEN, Role.ADMIN)), make_user(installation)
    number = propose(installation, stranger, role)
    with installation.transaction() as session:
        session.get_one(GroupRole, number).state = OfferState.OFFERED
    give_by_group(installation, member, role)
    with pytest.raises(AccountError, match=words):
        remove(installation, stranger, number)
    assert roles_of(installation, member) == [role.value]


def test_the_same_role_is_proposed_for_a_group_once_and_the_desk_s_role_never(
    installation: Installation,
) -> None:
    connect(installation)
    admin = make_user(installation, ADMIN)
    number = propose(installation, admin)
    with pytest.raises(AccountError, match="heeft deze rol al"):
        propose(installation, admin)
    propose(installation, admin, Role.DOSSIER_OWNER)
    with pytest.raises(AccountError, match="krijgt een groep niet"):
        propose(installation, admin, Role.NATIONAL_DESK)
    actor = actor_of(installation, admin)
    with (
        installation.transaction(EINDHOVEN) as session,
        pytest.raises(AccountError, match="er niet meer"),
    ):
        groups.remove_group(session, actor, EINDHOVEN, number)


def test_a_line_says_who_must_confirm_it_and_that_it_expired(installation: Installation) -> None:
    connect(installation)
    admin = make_user(installation, ADMIN)
    make_user(installation, OFFICER)
    number = propose(installation, admin)
    with installation.transaction() as session:
        (line,) = pending(session, GroupRole, GroupRole.id == number)
        assert line.parties == {Party.COLLEAGUE}
        assert not line.expired
        session.get_one(GroupRole, number).expires_at = utc_now()
    with installation.transaction() as session:
        (line,) = pending(session, GroupRole, GroupRole.id == number)
        assert line.expired
