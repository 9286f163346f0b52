"""A municipality gets its people by the pages, and then nobody is stuck where something takes two.

As docs/aansluiten.md tells it: with two people at the desk, and with one and whoever runs the
installation.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from stopintimidatie.core.accounts.hands import hands_of
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.municipalities.people.parties import proposals_for
from tests.support.factories import make_user, user_id
from tests.support.installation import Installation

pytestmark = [pytest.mark.judged_once, pytest.mark.sqlite]

ZWIJNDRECHT = "GM0642"
HERE = "/gemeenten/zwijndrecht"
AT_DESK = "/landelijk/aansluiting-uitnodigen?gemeente=zwijndrecht"
BY_ADMIN = f"{HERE}/gebruiker-uitnodigen"


def took(
    installation: Installation, inviter: str, page: str, role: Role, confirmer: str | None
) -> str:
    """Somebody is invited on a page, confirmed where that is needed, and takes the role."""
    invited = make_user(installation)
    form = installation.browser(inviter).get(page).forms["formulier"]
    form["naam"], form["adres"], form["rol"] = "x", invited, role.value
    form.submit("uitnodigen", status=303)
    browser = installation.browser(invited)
    if confirmer is not None:
        assert "Geen uitnodigingen" in browser.get("/uitnodigingen"), role
        confirm(installation.browser(confirmer), "/landelijk", HERE)
    offers = browser.get("/uitnodigingen").forms.values()
    next(form for form in offers if "keuze" in form.fields).submit(status=303)
    return invited


def confirm(browser: Any, *places: str) -> None:
    """Confirm what waits at the one of these places that is this person's."""
    pages = [browser.get(f"{place}/rollen", status="*") for place in places]
    forms = {
        name: form for page in pages if page.status_int == 200 for name, form in page.forms.items()
    }
    form = next(form for name, form in forms.items() if str(name).startswith("voorstel-"))
    form["besluit"] = "bevestigen"
    form.submit("vastleggen", status=303)


def are_two(installation: Installation, first: str, second: str) -> bool:
    one, other = (str(user_id(installation, username)) for username in (first, second))
    with installation.transaction() as session:
        return other not in hands_of(session, one)


@pytest.mark.parametrize("at_desk", [2, pytest.param(1, marks=pytest.mark.alles)])
def test_a_town_gets_its_people_and_every_decision_of_two_has_its_two(
    installation: Installation, at_desk: int
) -> None:
    desk = [make_user(installation, (NATIONAL, Role.NATIONAL_DESK)) for _ in range(at_desk)]
    second = desk[1] if at_desk == 2 else None
    admin = took(installation, desk[0], AT_DESK, Role.ADMIN, second)
    if second is None:
        # Who runs the installation gives the first role that reads.
        second = make_user(installation, (ZWIJNDRECHT, Role.OFFICER))
    archivist = took(installation, desk[0], AT_DESK, Role.ARCHIVIST, second)
    roles = (Role.OFFICER, Role.DOSSIER_OWNER, Role.PRIVACY_OFFICER, Role.PROCESS_OWNER, Role.ADMIN)
    people = {role: took(installation, admin, BY_ADMIN, role, second) for role in roles}
    with installation.transaction(ZWIJNDRECHT) as session:
        assert not proposals_for(session, ZWIJNDRECHT)
    # Terms: proposed by the admin, approved by the archivist. Exports, copies, advice, lists: by
    # those whom the admin invited, among each other.
    assert are_two(installation, admin, archivist)
    for one, other in combinations([*people.values(), archivist], 2):
        assert are_two(installation, one, other)
    assert not are_two(installation, admin, people[Role.OFFICER])
    checklist = installation.browser(desk[0]).get("/landelijk/aansluiting?gemeente=zwijndrecht")
    assert "Er zijn twee mensen nodig" not in checklist


@pytest.mark.alles
def test_two_who_gave_each_other_an_account_are_not_the_two_approvers(
    installation: Installation,
) -> None:
    desk = [make_user(installation, (NATIONAL, Role.NATIONAL_DESK)) for _ in range(2)]
    both = make_user(installation, (ZWIJNDRECHT, Role.ADMIN), (ZWIJNDRECHT, Role.OFFICER))
    took(installation, both, BY_ADMIN, Role.DOSSIER_OWNER, desk[1])
    page = "/landelijk/aansluiting?gemeente=zwijndrecht"
    assert "elkaar geen account gaven" in installation.browser(desk[0]).get(page)
    # The desk proposes a deputy, or a colleague, as the refusal says.
    took(installation, desk[0], AT_DESK, Role.OFFICER, both)
    assert "elkaar geen account gaven" not in installation.browser(desk[0]).get(page)
