"""Signing in, being locked out, signing out."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.accounts.models import LoginSession, User
from stopintimidatie.core.accounts.services import block_user
from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from tests.support.factories import DORDRECHT, EINDHOVEN, make_user, user_id
from tests.support.installation import PASSWORD, Installation


def attempt(installation: Installation, username: str, password: str) -> str:
    form = installation.visitor().get("/aanmelden").forms["formulier"]
    form["gebruikersnaam"] = username
    form["wachtwoord"] = password
    answer: str = form.submit("aanmelden", status="*").text
    return answer


def test_a_visitor_gets_the_same_redirect_for_every_portal_address(
    installation: Installation,
) -> None:
    visitor = installation.visitor()
    for path in (
        "/zoeken",
        "/gemeenten/dordrecht",
        "/gemeenten/atlantis",
        "/bestaat-niet",
        "/a/b/c/d",
    ):
        answer = visitor.get(path, status=303)
        assert answer.location.startswith("http://localhost:6543/aanmelden?volgende=")


def test_signing_in_leads_back_and_is_recorded(installation: Installation) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    browser = installation.visitor()
    form = browser.get("/aanmelden?volgende=/gemeenten/dordrecht").forms["formulier"]
    form["gebruikersnaam"] = username.upper()
    form["wachtwoord"] = PASSWORD
    answer = form.submit("aanmelden", status=303)
    assert answer.location == "http://localhost:6543/gemeenten/dordrecht"
    assert logged(installation, NATIONAL, username) == ["aanmelden.gelukt"]
    assert logged(installation, DORDRECHT, username) == []
    answer.follow(status=200)
    assert logged(installation, DORDRECHT, username)[0] == "aanmelden.gelukt"


def test_each_municipality_hears_of_a_session_once_a_role_there_is_used_and_no_other_does(
    installation: Installation,
) -> None:
    here, there = (DORDRECHT, Role.OFFICER), (EINDHOVEN, Role.OFFICER)
    username = make_user(installation, here, there)
    attempt(installation, username, "verkeerd")
    browser = installation.browser(username)
    for _ in range(2):
        browser.get("/gemeenten/eindhoven/postvak", status=200)
    browser.get("/rommel", status=404)
    assert logged(installation, DORDRECHT, username) == [], "nothing was done there"
    assert logged(installation, EINDHOVEN, username).count("aanmelden.gelukt") == 1
    browser.get("/zoeken?gemeente=dordrecht", status=200)
    browser.get("/gemeenten/dordrecht", status=200)
    assert logged(installation, DORDRECHT, username).count("aanmelden.gelukt") == 1
    browser.post("/afmelden", {"csrf_token": browser.cookies["csrf"]}, status=303)
    installation.browser(username).get("/gemeenten/eindhoven/postvak", status=200)
    assert logged(installation, DORDRECHT, username).count("afmelden") == 1
    actions = logged(installation, EINDHOVEN, username)
    assert (actions.count("aanmelden.gelukt"), actions.count("afmelden")) == (2, 1)
    national = logged(installation, NATIONAL, username)
    assert national == ["aanmelden.gelukt", "afmelden", "aanmelden.gelukt"]
    with installation.transaction(NATIONAL) as session:
        failed = select(AuditEvent).where(AuditEvent.action == "aanmelden.mislukt")
        (event,) = session.scalars(failed)
        assert (event.actor_kind, event.fields) == ("bezoeker", ["wachtwoord"])


def test_a_block_is_in_the_log_of_the_desk_and_names_the_others_that_must_tell(
    installation: Installation,
) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER), (EINDHOVEN, Role.OFFICER))
    with installation.transaction() as session:
        user = session.scalars(select(User).where(User.username == username)).one()
        others = block_user(session, SYSTEM, user)
    assert others == [DORDRECHT, EINDHOVEN]
    with installation.transaction(NATIONAL) as session:
        blocked = select(AuditEvent.id).where(AuditEvent.action == "gebruiker.geblokkeerd")
        assert len(session.scalars(blocked).all()) == 1


def logged(installation: Installation, holder: str, username: str) -> list[str]:
    """Return the actions of this user in the log of a holder, the oldest first."""
    who = str(user_id(installation, username))
    with installation.transaction(holder) as session:
        rows = select(AuditEvent.action).where(AuditEvent.actor_id == who).order_by(AuditEvent.at)
        return list(session.scalars(rows))


def test_the_way_back_never_leaves_the_site(installation: Installation) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    for wanted in ("https://kwaad.example", "//kwaad.example", "/\\kwaad.example"):
        form = installation.visitor().get("/aanmelden", {"volgende": wanted}).forms["formulier"]
        form["gebruikersnaam"] = username
        form["wachtwoord"] = PASSWORD
        assert form.submit("aanmelden", status=303).location == "http://localhost:6543/"


def test_a_wrong_password_and_an_unknown_name_read_the_same(installation: Installation) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    wrong = attempt(installation, username, "verkeerd")
    unknown = attempt(installation, "niemand@test.example", "verkeerd")
    assert "klopt niet" in wrong
    assert "klopt niet" in unknown


def test_too_many_attempts_lock_a_name_whether_it_exists_or_not(installation: Installation) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    for name in (username, "niemand@test.example"):
        answers = [attempt(installation, name, "verkeerd") for _ in range(6)]
        assert "te vaak" in answers[-1]
    assert "te vaak" in attempt(installation, username, PASSWORD)


def test_what_a_stranger_guesses_locks_nobody_out_of_their_own_browser(
    installation: Installation,
) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    other = make_user(installation, (DORDRECHT, Role.OFFICER))
    own = installation.browser(username)
    own.post("/afmelden", {"csrf_token": own.cookies["csrf"]}, status=303)
    for _ in range(6):
        attempt(installation, username, "verkeerd")
        attempt(installation, other, "verkeerd")
    assert "te vaak" in attempt(installation, username, PASSWORD), "elsewhere it is locked"

    def tried(name: str, password: str) -> Any:
        form = own.get("/aanmelden").forms["formulier"]
        form["gebruikersnaam"], form["wachtwoord"] = name, password
        return form.submit("aanmelden", status="*")

    assert "te vaak" in tried(other, PASSWORD).text, "the browser is known for one name alone"
    for _ in range(6):
        answer = tried(username, "verkeerd")
    assert "te vaak" in answer.text, "who sits at it may not guess for ever either"
    own.set_cookie("browser", own.cookies["browser"].replace(".", "x."))
    assert "te vaak" in tried(username, PASSWORD).text, "a proof that isn't ours counts for nothing"


def test_an_officer_signs_in_while_a_stranger_guesses(installation: Installation) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    own = installation.browser(username)
    own.post("/afmelden", {"csrf_token": own.cookies["csrf"]}, status=303)
    for _ in range(6):
        attempt(installation, username, "verkeerd")
    form = own.get("/aanmelden").forms["formulier"]
    form["gebruikersnaam"], form["wachtwoord"] = username, PASSWORD
    form.submit("aanmelden", status=303)


def test_signing_out_ends_the_session_on_the_server(installation: Installation) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    cookie = browser.cookies["sessie"]
    token = browser.cookies["csrf"]
    browser.post("/afmelden", {"csrf_token": token}, status=303)
    with installation.transaction() as session:
        assert session.scalar(select(func.count()).select_from(LoginSession)) == 0
    browser.set_cookie("sessie", cookie)
    browser.get("/gemeenten/dordrecht", status=303)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://kwaad.example"}, 400),
        ({"Origin": "http://localhost:6543.kwaad.example"}, 400),
        ({"Origin": "http://kwaad.example", "Sec-Fetch-Site": "same-origin"}, 400),
        ({"Origin": "http://localhost:6543", "Sec-Fetch-Site": "cross-site"}, 400),
        ({"Sec-Fetch-Site": "same-site"}, 400),
        ({"Origin": "null"}, 400),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 400),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "http://localhost:6543", "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "http://localhost:6543"}, 303),
        ({}, 303),
    ],
)
def test_what_another_site_had_a_browser_send_is_refused(
    installation: Installation, headers: dict[str, str], status: int
) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    sent = {"csrf_token": browser.cookies["csrf"]}
    answer = browser.post("/afmelden", sent, headers, status=status)
    assert (status == 303) or "andere website" in answer
    browser.get("/gemeenten/dordrecht", status=200 if status == 400 else 303)


def test_a_session_gets_a_new_token_at_every_sign_in(installation: Installation) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    browser = installation.browser(username)
    first = (browser.cookies["sessie"], browser.cookies["csrf"])
    form = browser.get("/aanmelden").forms["formulier"]
    form["gebruikersnaam"] = username
    form["wachtwoord"] = PASSWORD
    form.submit("aanmelden", status=303)
    assert browser.cookies["sessie"] != first[0]
    assert browser.cookies["csrf"] != first[1]
    with installation.transaction() as session:
        assert session.scalar(select(func.count()).select_from(LoginSession)) == 1


def test_a_form_with_an_old_token_can_be_sent_again_when_it_was_on_a_page_of_ours(
    installation: Installation,
) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    address = "/gemeenten/dordrecht/nieuw-dossier"
    form = browser.get(address).forms["formulier"]
    form["titel"], form["soort"], form["wijk"] = 'Kade "west" <b>', "hotspot", "WK050501"
    form["csrf_token"].force_value("oud")
    strange: tuple[dict[str, str], ...] = {}, {"Origin": "http://kwaad.example"}, {"Origin": "null"}
    for headers in strange:
        refused = browser.post(address, form.submit_fields("maken"), headers, status=400)
        assert "Kade" not in refused.text
    origin = {"Origin": "http://localhost:6543"}
    kept = browser.post(address, form.submit_fields("maken"), origin, status=400)
    again = next(one for one in kept.forms.values() if one.action == address)
    assert again["titel"].value == 'Kade "west" <b>'
    assert "is gemaakt" in again.submit(status=303).follow().text


def test_who_signed_out_in_another_tab_sends_the_form_after_signing_in(
    installation: Installation,
) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    browser = installation.browser(username)
    address, origin = "/gemeenten/dordrecht/nieuw-dossier", {"Origin": "http://localhost:6543"}
    form = browser.get(address).forms["formulier"]
    form["titel"], form["soort"], form["wijk"] = "Kade west", "hotspot", "WK050501"
    browser.post("/afmelden", {"csrf_token": browser.cookies["csrf"]}, status=303)
    # What another site sends is never shown, and without anything typed there is nothing to keep.
    strange = {"Origin": "http://kwaad.example"}
    refused = browser.post(address, form.submit_fields("maken"), strange, status=400)
    assert "Kade" not in refused.text
    browser.post("/afmelden", {"csrf_token": "x"}, origin, status=303)
    for where in (address, "/bestaat-niet"):
        kept = browser.post(where, form.submit_fields("maken"), origin, status=403)
        assert "U bent intussen afgemeld" in kept.text
    kept = browser.post(address, form.submit_fields("maken"), origin, status=403)
    again = next(one for one in kept.forms.values() if one.action == address)
    signing_in = browser.get("/aanmelden").forms["formulier"]
    signing_in["gebruikersnaam"], signing_in["wachtwoord"] = username, PASSWORD
    signing_in.submit("aanmelden", status=303)
    kept = browser.post(address, again.submit_fields(), origin, status=400)
    again = next(one for one in kept.forms.values() if one.action == address)
    assert "is gemaakt" in again.submit(status=303).follow().text


def test_who_was_signed_out_comes_back_to_the_page_of_the_form(installation: Installation) -> None:
    visitor = installation.visitor()
    page = "http://localhost:6543/gemeenten/dordrecht/nieuw-dossier?soort=groep"
    answer = visitor.post("/gemeenten/dordrecht/x", headers={"Referer": page}, status=303)
    back = "%2Fgemeenten%2Fdordrecht%2Fnieuw-dossier%3Fsoort%3Dgroep"
    assert answer.location == f"http://localhost:6543/aanmelden?volgende={back}"
    for strange in ("http://kwaad.example/x", "http://localhost:6543.kwaad.example/x", "x"):
        answer = visitor.post("/gemeenten/dordrecht/x", headers={"Referer": strange}, status=303)
        assert answer.location == "http://localhost:6543/aanmelden"
