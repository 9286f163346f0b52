"""The admin invites colleagues by a link, sends it again, and takes roles away."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import select

from stopintimidatie.accounts.models import Invitation
from stopintimidatie.audit import AuditEvent
from stopintimidatie.clock import utc_now
from stopintimidatie.security import Role
from tests.factories import DORDRECHT, EINDHOVEN, connect, make_user, user_id
from tests.functional.test_onboarding import PASSWORD, last_mail
from tests.installation import Installation

PAGE = "/gemeenten/dordrecht/gebruikers"
NEW = "nieuw@dordrecht.example"


def invite(browser: Any, address: str, role: Role, status: int = 303) -> Any:
    form = browser.get("/gemeenten/dordrecht/gebruiker-uitnodigen").forms["formulier"]
    form["naam"], form["adres"], form["rol"] = "Nina Nieuw", address, role.value
    return form.submit("uitnodigen", status=status)


def button(page: Any, action: str, **fields: str) -> Any:
    return next(
        form
        for form in page.forms.values()
        if form.action.endswith(action)
        and all(form[name].value == value for name, value in fields.items())
    )


def link_in(mail: str) -> str:
    found = re.search(r"/uitnodiging\?sleutel=\S+", mail)
    assert found
    return found[0]


def test_an_admin_invites_a_colleague_who_works_until_the_role_is_taken_away(
    installation: Installation,
) -> None:
    connect(installation)
    admin = make_user(installation, (DORDRECHT, Role.ADMIN), name="Ada Admin")
    browser = installation.browser(admin)
    assert PAGE in browser.get("/gemeenten/dordrecht/beheer")
    invite(browser, NEW, Role.OFFICER)
    first = link_in(last_mail(installation, DORDRECHT))
    page = browser.get(PAGE)
    assert "nog niet aangemeld" in page
    assert "De link werkt tot" in page
    with installation.transaction() as session:
        session.scalars(select(Invitation)).one().expires_at = utc_now()
    page = browser.get(PAGE)
    assert "De link is verlopen" in page
    button(page, "gebruiker-opnieuw").submit(status=303)
    second = link_in(last_mail(installation, DORDRECHT))
    visitor = installation.visitor()
    assert "werkt niet meer" in visitor.get(first)
    form = visitor.get(second).forms["formulier"]
    form["wachtwoord"] = form["nog_eens"] = PASSWORD
    form.submit(status=303)
    colleague = installation.browser(NEW, PASSWORD)
    colleague.get("/gemeenten/dordrecht/postvak", status=200)
    colleague.get(PAGE, status=403)
    take = button(browser.get(PAGE), "gebruiker-rol-weg", rol=Role.OFFICER.value)
    take.submit(status=303)
    colleague.get("/gemeenten/dordrecht/postvak", status=404)
    take.submit(status=303)
    assert "heeft geen rol bij uw gemeente" in browser.get(PAGE)
    with installation.transaction(DORDRECHT) as session:
        logged = session.execute(select(AuditEvent.action, AuditEvent.fields)).all()
    mine = [(action, fields) for action, fields in logged if action.startswith("gebruiker.")]
    role = [DORDRECHT, Role.OFFICER.value]
    assert ("gebruiker.uitgenodigd", role) in mine
    assert ("gebruiker.rol_weg", role) in mine
    assert "Nina" not in repr(logged)


def test_an_admin_has_no_hand_in_own_roles_nor_in_people_of_elsewhere(
    installation: Installation,
) -> None:
    connect(installation)
    admin = make_user(installation, (DORDRECHT, Role.ADMIN), name="Ada Admin")
    browser = installation.browser(admin)
    assert "Uw eigen rollen" in invite(browser, admin, Role.OFFICER, status=422)
    assert "e-mailadres" in invite(browser, "geen adres", Role.OFFICER, status=422)
    other = make_user(installation, (EINDHOVEN, Role.OFFICER), name="Bo van Elders")
    invited = browser.get("/gemeenten/dordrecht/gebruiker-uitnodigen").forms["formulier"]
    token = {"csrf_token": invited["csrf_token"].value}
    for who, role in ((admin, Role.ADMIN), (other, Role.OFFICER)):
        wanted = {**token, "wie": str(user_id(installation, who)), "rol": role.value}
        browser.post("/gemeenten/dordrecht/gebruiker-rol-weg", wanted, status=303)
        browser.post("/gemeenten/dordrecht/gebruiker-opnieuw", wanted, status=303)
    installation.browser(admin).get(PAGE, status=200)
    installation.browser(other).get("/gemeenten/eindhoven/postvak", status=200)
    # A deputy who works elsewhere keeps the account there, and needs no link.
    invite(browser, other, Role.DOSSIER_OWNER)
    page = browser.get(PAGE)
    assert "Bo van Elders" in page
    assert "nog niet aangemeld" not in page
    installation.browser(other).get("/gemeenten/dordrecht/postvak", status=200)
