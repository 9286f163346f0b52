"""Tests of inviting a colleague, confirming by a second person, and accepting the role."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from markupsafe import escape
from sqlalchemy import select

from stopintimidatie.core.accounts.models import Invitation, RoleAssignment, RoleOffer
from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import date_text
from stopintimidatie.demo.mailbox import linked
from stopintimidatie.municipalities.areas.models import MailDomain
from stopintimidatie.municipalities.people import proposals
from stopintimidatie.municipalities.people.services import is_outside
from tests.support.factories import (
    DORDRECHT,
    EINDHOVEN,
    confirmed_by_second,
    connect,
    make_user,
    user_id,
)
from tests.support.installation import Installation
from tests.support.mailboxes import PASSWORD, last_mail
from tests.support.policing import SWITCHED_ON
from tests.support.seconds import waiting_kinds
from tests.support.signing_in import at_once

pytestmark = pytest.mark.judged_once
once = pytest.mark.sqlite

PAGE = "/gemeenten/dordrecht/gebruikers"
PERSON = "/gemeenten/dordrecht/gebruiker?wie="
CONFIRM = "/gemeenten/dordrecht/rollen"
AT_DESK = "/landelijk/rollen"
NEW = "nieuw@dordrecht.example"
ADMIN, OFFICER = (DORDRECHT, Role.ADMIN), (DORDRECHT, Role.OFFICER)


def invite(browser: Any, address: str, role: Role, status: int = 303) -> Any:
    form = browser.get("/gemeenten/dordrecht/gebruiker-uitnodigen").forms["formulier"]
    form["naam"], form["adres"], form["rol"] = "Nina Nieuw", address, role.value
    return form.submit("uitnodigen", status=status)


def decide(browser: Any, page: str, what: str, status: int = 303, **values: str) -> Any:
    """Decide about the first proposal on this page."""
    shown = browser.get(page)
    form = next(form for name, form in shown.forms.items() if str(name).startswith("voorstel-"))
    for name, value in {"besluit": what, **values}.items():
        form[name] = value
    return form.submit("vastleggen", status=status)


def may_decide(browser: Any, page: str) -> bool:
    return 'name="besluit"' in browser.get(page, status=200).text


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


def mails(installation: Installation, template: str, holder: str = NATIONAL) -> int:
    installation.run_jobs()
    with installation.transaction(holder) as session:
        rows = select(MailMessage.id).where(MailMessage.template == template)
        return len(session.scalars(rows).all())


def logged(installation: Installation, holder: str = DORDRECHT) -> list[str]:
    """Return the actions about roles in the log of a holder, the oldest first."""
    installation.run_jobs()
    with installation.transaction(holder) as session:
        rows = session.execute(
            select(AuditEvent.action, AuditEvent.fields, AuditEvent.subject_kind)
            .where(AuditEvent.action.startswith("gebruiker."))
            .where(AuditEvent.action != "gebruiker.rol")
            .order_by(AuditEvent.at)
        ).all()
    assert "Nina" not in repr(rows)
    return [row.action.removeprefix("gebruiker.") for row in rows]


def person(installation: Installation, *roles: tuple[str, Role], name: str = "Iemand") -> Any:
    return installation.browser(make_user(installation, *roles, name=name))


def a_day_later(installation: Installation) -> None:
    """Let the offer have been mailed more than a day ago."""
    with installation.transaction() as session:
        session.scalars(select(RoleOffer)).one().expires_at -= timedelta(hours=25)


def set_domain(installation: Installation, domain: str = "dordrecht.example") -> None:
    with installation.transaction() as session:
        session.add(MailDomain(code=DORDRECHT, domain=domain))


def test_a_colleague_who_reads_confirms_and_only_then_is_there_a_link_and_a_role(
    installation: Installation,
) -> None:
    connect(installation)
    admin = person(installation, ADMIN, name="Ada Admin")
    reader = make_user(installation, OFFICER, name="Olga Officier")
    officer = installation.browser(reader)
    assert PAGE in admin.get("/gemeenten/dordrecht/beheer")
    assert "tweede persoon" in invite(admin, NEW, Role.OFFICER).follow()
    assert "wacht op bevestiging" in admin.get(PAGE)
    assert mails(installation, "uitnodiging") == 0, "no link before somebody confirmed"
    assert "al een uitnodiging" in invite(admin, NEW, Role.OFFICER, status=422)
    admin.get(CONFIRM, status=403)
    assert waiting_kinds(installation, reader) == ["rol"]
    privacy = person(installation, (DORDRECHT, Role.PRIVACY_OFFICER))
    log = privacy.get("/gemeenten/dordrecht/logboek").html.find("main").get_text(" ", strip=True)
    assert "opnieuw uitgenodigd: OOV-medewerker" in log
    assert f"rol: {NEW}" in log
    assert DORDRECHT not in log
    shown = officer.get(CONFIRM).text
    assert NEW in shown
    assert "Ada Admin" in shown
    decide(officer, CONFIRM, "bevestigen")
    invitation = last_mail(installation)
    assert "De gemeente Dordrecht nodigt u uit" in invitation
    assert "Uw rol wordt: OOV-medewerker." in invitation
    assert "Ada Admin" not in invitation
    first = link_in(invitation)
    assert "uitgenodigd" in admin.get(PAGE)
    a_day_later(installation)
    button(admin.get(PAGE), "gebruiker-opnieuw").submit(status=303)
    second = link_in(last_mail(installation))
    visitor = installation.visitor()
    assert "werkt niet meer" in visitor.get(first)
    page = visitor.get(second)
    assert "OOV-medewerker bij Dordrecht" in page
    form = page.forms["formulier"]
    form["wachtwoord"] = form["nog_eens"] = PASSWORD
    form.submit(status=200)
    colleague = installation.browser(NEW, PASSWORD)
    colleague.get("/gemeenten/dordrecht/postvak", status=200)
    colleague.get(PAGE, status=403)
    assert NEW in admin.get(PAGE)
    take = admin.get(f"{PERSON}{user_id(installation, NEW)}").forms["formulier"]
    take["keuze"] = "weg-oov"
    assert take.submit(status=303).location.endswith(PAGE)
    colleague.get("/gemeenten/dordrecht/postvak", status=303)
    assert "Er is niets gewijzigd" in take.submit(status=303).follow()
    assert NEW not in admin.get(PAGE)
    invited = ["uitgenodigd", "rol_bevestigd", "uitgenodigd", "rol_aanvaard", "rol_weg"]
    assert logged(installation) == invited


@once
def test_every_role_needs_a_second_person_the_admin_s_own_too(installation: Installation) -> None:
    connect(installation, politie=SWITCHED_ON)
    admin = person(installation, ADMIN)
    # A deputy also has a mandate, tested elsewhere.
    offered = set(proposals.OFFERED_ROLES) - {Role.DEPUTY}
    assert offered | {Role.DEPUTY, Role.NATIONAL_DESK} == set(Role)
    for number, role in enumerate(sorted(offered)):
        invite(admin, f"nieuw{number}@dordrecht.example", role)
    assert mails(installation, "uitnodiging") == 0
    desk = person(installation, (NATIONAL, Role.NATIONAL_DESK))
    decide(desk, AT_DESK, "bevestigen")
    assert mails(installation, "uitnodiging") == 1
    for made_up in ("meldpunt", "koning"):
        form = admin.get("/gemeenten/dordrecht/gebruiker-uitnodigen").forms["formulier"]
        form["rol"].force_value(made_up)
        form["naam"], form["adres"] = "Nina Nieuw", NEW
        form.submit("uitnodigen", status=422)


def test_who_proposes_or_gets_the_role_never_confirms_it(installation: Installation) -> None:
    connect(installation)
    both = person(installation, ADMIN, OFFICER)
    reader = make_user(installation, OFFICER)
    invite(both, reader, Role.DOSSIER_OWNER)
    for browser in (both, installation.browser(reader)):
        assert not may_decide(browser, CONFIRM)
    # There is no other reader at the municipality, so the desk confirms.
    desk = person(installation, (NATIONAL, Role.NATIONAL_DESK))
    assert may_decide(desk, AT_DESK)
    form = next(f for n, f in desk.get(AT_DESK).forms.items() if str(n).startswith("voorstel"))
    fields = {"voorstel": form["voorstel"].value, "besluit": "bevestigen"}
    fg = person(installation, (DORDRECHT, Role.DATA_PROTECTION_OFFICER))
    assert not may_decide(desk, AT_DESK), "from now on somebody there can"
    for browser, page in (
        (both, CONFIRM),
        (installation.browser(reader), CONFIRM),
        (desk, AT_DESK),
    ):
        browser.post(page, {**fields, "csrf_token": browser.cookies["csrf"]}, status="*")
    with installation.transaction() as session:
        assert session.scalars(select(RoleOffer.state)).all() == ["voorgesteld"]
    decide(fg, CONFIRM, "bevestigen")
    assert mails(installation, "rol_aangeboden") == 1


def test_the_desk_confirms_while_nobody_reads_and_both_logs_tell(
    installation: Installation,
) -> None:
    connect(installation)
    admin = person(installation, ADMIN)
    of_desk = make_user(installation, (NATIONAL, Role.NATIONAL_DESK))
    desk = installation.browser(of_desk)
    invite(admin, NEW, Role.OFFICER)
    installation.run_jobs()
    assert "landelijk meldpunt moet bevestigen" in admin.get(PAGE)
    assert waiting_kinds(installation, of_desk, NATIONAL) == ["rol"]
    assert "Schrijf op waarom" in decide(desk, AT_DESK, "weigeren", 422)
    decide(desk, AT_DESK, "weigeren", reden="Niemand kent haar.")
    assert "Niemand kent haar." in admin.get(PAGE)
    assert logged(installation) == ["uitgenodigd", "rol_geweigerd"]
    invite(admin, NEW, Role.OFFICER)
    decide(desk, AT_DESK, "bevestigen")
    for holder in (DORDRECHT, NATIONAL):
        # A job writes the record in the other holder's log.
        acts = ["rol_bevestigd", "rol_geweigerd", "uitgenodigd", "uitgenodigd"]
        assert sorted(logged(installation, holder)) == acts, holder
    link = link_in(last_mail(installation))
    button(admin.get(PAGE), "gebruiker-intrekken").submit(status=303)
    assert "werkt niet meer" in installation.visitor().get(link)
    assert "Nina" not in admin.get(PAGE)
    assert "rol_ingetrokken" in logged(installation, NATIONAL)
    assert logged(installation).count("rol_ingetrokken") == 1


def test_a_mailbox_outside_the_domains_is_shown_as_such_and_confirmed_by_the_desk(
    installation: Installation,
) -> None:
    connect(installation)
    set_domain(installation)
    admin, officer = person(installation, ADMIN), person(installation, OFFICER)
    desk = person(installation, (NATIONAL, Role.NATIONAL_DESK))
    invite(admin, "iemand@veiligheid.dordrecht.example", Role.ADMIN)
    decide(officer, CONFIRM, "bevestigen")
    assert mails(installation, "uitnodiging") == 1
    invite(admin, "iemand@elders.example", Role.ADMIN)
    words = "buiten de maildomeinen van de gemeente"
    assert admin.get(PAGE).text.count(words) == 3, "the colleagues of this test and the invited"
    assert "buiten de maildomeinen" in desk.get(AT_DESK)
    decide(desk, AT_DESK, "bevestigen")
    assert mails(installation, "uitnodiging") == 1
    decide(officer, CONFIRM, "bevestigen")
    assert mails(installation, "uitnodiging") == 2


@once
def test_the_desk_s_confirmation_of_a_mailbox_outside_comes_on_top_of_a_reader_s(
    installation: Installation,
) -> None:
    connect(installation)
    set_domain(installation)
    reader = person(installation, OFFICER)
    desk = person(installation, (NATIONAL, Role.NATIONAL_DESK))
    admin = person(installation, ADMIN)
    invite(admin, "mij@prive.example", Role.OFFICER)
    shown = admin.get(PAGE)
    assert "Een collega die hier meldingen leest, moet bevestigen." in shown
    assert "Het landelijk meldpunt moet bevestigen." in shown
    decide(desk, AT_DESK, "bevestigen")
    assert mails(installation, "uitnodiging") == 0, "a reader there always confirms"
    assert not may_decide(desk, AT_DESK)
    assert "landelijk meldpunt moet" not in admin.get(PAGE)
    decide(reader, CONFIRM, "bevestigen")
    assert mails(installation, "uitnodiging") == 1
    assert logged(installation, NATIONAL).count("rol_bevestigd") == 2


@once
def test_nobody_of_the_desk_gets_a_role_to_read_through_mailboxes_of_their_own(
    installation: Installation,
) -> None:
    connect(installation)
    set_domain(installation)
    page = "/landelijk/aansluiting-uitnodigen?gemeente=dordrecht"
    desk = person(installation, (NATIONAL, Role.NATIONAL_DESK))

    def proposed(address: str) -> None:
        form = desk.get(page).forms["formulier"]
        form["naam"], form["adres"], form["rol"] = "Nina Nieuw", address, Role.ADMIN.value
        form.submit("uitnodigen", status=303)

    # The very first admin needs nobody, while the desk is one person.
    proposed("mij2@prive.example")
    form = installation.visitor().get(link_in(last_mail(installation))).forms["formulier"]
    form["wachtwoord"] = form["nog_eens"] = PASSWORD
    form.submit(status=200)
    own = installation.browser("mij2@prive.example", PASSWORD)
    proposed("mij4@prive.example")
    assert mails(installation, "uitnodiging") == 1, "a second admin of the desk needs somebody"
    invite(own, "mij3@prive.example", Role.OFFICER)
    invite(own, "mij5@dordrecht.example", Role.OFFICER)
    assert not may_decide(desk, AT_DESK)
    with installation.transaction() as session:
        numbers = session.scalars(select(RoleOffer.id).where(RoleOffer.state == "voorgesteld"))
        waiting = [str(number) for number in numbers]
    assert len(waiting) == 3
    for number in waiting:
        fields = {"voorstel": number, "besluit": "bevestigen", "csrf_token": desk.cookies["csrf"]}
        desk.post(AT_DESK, fields, status=409)
    other = person(installation, (NATIONAL, Role.NATIONAL_DESK))
    reader = person(installation, OFFICER)
    decide(reader, CONFIRM, "bevestigen")
    assert not may_decide(desk, AT_DESK)
    assert may_decide(other, AT_DESK), "the mailbox outside, proposed by the municipality"


@once
def test_the_last_role_that_reads_is_not_taken_away(installation: Installation) -> None:
    connect(installation)
    admin = person(installation, ADMIN)
    first, last = make_user(installation, OFFICER), make_user(installation, OFFICER)

    def take(username: str, status: int) -> Any:
        form = admin.get(f"{PERSON}{user_id(installation, username)}").forms["formulier"]
        form["keuze"] = "weg-oov"
        return form.submit(status=status)

    assert "De rol is weggehaald" in take(first, 303).follow()
    assert "de laatste rol waarmee" in take(last, 422)
    installation.browser(last).get("/gemeenten/dordrecht/postvak", status=200)


@once
def test_a_decision_is_chosen_and_a_reason_goes_with_a_refusal_alone(
    installation: Installation,
) -> None:
    connect(installation)
    admin, reader = person(installation, ADMIN), person(installation, OFFICER)
    invite(admin, NEW, Role.OFFICER)
    form = next(f for n, f in reader.get(CONFIRM).forms.items() if str(n).startswith("voorstel-"))
    assert form["besluit"].value is None, "nothing is chosen beforehand"
    form["reden"] = "Ken ik niet."
    kept = form.submit(status=422)
    assert "Maak een keuze" in kept
    assert "Ken ik niet." in kept
    kept = decide(reader, CONFIRM, "bevestigen", 422, reden="Ken ik niet.")
    assert "maak dit veld leeg" in kept
    assert "Ken ik niet." in kept
    assert "Schrijf op waarom" in decide(reader, CONFIRM, "weigeren", 422)
    known = make_user(installation, (EINDHOVEN, Role.OFFICER))
    invite(admin, known, Role.ADMIN)
    confirmed_by_second(installation)
    installation.run_jobs()
    deputy = installation.browser(known)
    offer = next(f for f in deputy.get("/uitnodigingen").forms.values() if "keuze" in f.fields)
    offer["keuze"].force_value("")
    assert "niets besloten" in offer.submit(status=303).follow()
    with installation.transaction() as session:
        states = session.scalars(select(RoleOffer.state).order_by(RoleOffer.state)).all()
    assert states == ["aangeboden", "aangeboden"], "nothing was answered"


@once
def test_one_person_invites_so_many_a_day_also_when_withdrawn(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposals, "AT_MOST", 2)
    connect(installation)
    admin = person(installation, ADMIN)
    for number in range(2):
        invite(admin, f"nieuw{number}@dordrecht.example", Role.ADMIN)
        button(admin.get(PAGE), "gebruiker-intrekken").submit(status=303)
    assert "Ga morgen verder" in invite(admin, NEW, Role.ADMIN, status=422)
    invite(person(installation, ADMIN), NEW, Role.ADMIN)


def test_a_domain_is_its_own_and_what_is_below_it() -> None:
    assert not is_outside("a@dordrecht.nl", ["dordrecht.nl"])
    assert not is_outside("a@oov.dordrecht.nl", ["drechtsteden.nl", "dordrecht.nl"])
    for address in ("a@nepdordrecht.nl", "a@dordrecht.nl.kwaad.nl", "dordrecht.nl@kwaad.nl"):
        assert is_outside(address, ["dordrecht.nl"]), address
    assert not is_outside("a@wat-dan-ook.nl", [])


def test_a_role_at_another_municipality_is_taken_by_that_person_alone(
    installation: Installation,
) -> None:
    connect(installation)
    admin, officer = person(installation, ADMIN), person(installation, OFFICER)
    other = make_user(installation, (EINDHOVEN, Role.OFFICER), name="Bo van Elders")
    deputy = installation.browser(other)
    invite(admin, other, Role.DOSSIER_OWNER)
    decide(officer, CONFIRM, "bevestigen")
    mail = last_mail(installation)
    assert "/uitnodigingen" in mail
    assert "De gemeente Dordrecht biedt u een rol aan in Stopintimidatie: dossierhouder." in mail
    assert "sleutel" not in mail
    deputy.get("/gemeenten/dordrecht", status=404)
    assert "Bo van Elders" not in admin.get(PAGE)
    page = deputy.get("/", status=303).follow()
    assert "dossierhouder bij Dordrecht" in page
    take = next(f for f in page.forms.values() if "keuze" in f.fields)
    stranger = person(installation, (EINDHOVEN, Role.OFFICER))
    fields = {**dict(take.submit_fields()), "csrf_token": stranger.cookies["csrf"]}
    assert "er niet meer" in stranger.post("/uitnodigingen", fields, status=303).follow().follow()
    take.submit(status=303)
    deputy.get("/gemeenten/dordrecht/postvak", status=200)
    assert "Bo van Elders" in admin.get(PAGE)
    assert logged(installation)[-1] == "rol_aanvaard"


@once
def test_whoever_invites_is_not_told_whether_there_is_an_account(
    installation: Installation,
) -> None:
    connect(installation)
    admin = person(installation, ADMIN)
    known = make_user(installation, (EINDHOVEN, Role.OFFICER), name="Bo van Elders")
    deputy = installation.browser(known)

    def seen(address: str) -> str:
        """Return what the admin sees of this invited address, without what always differs."""
        answer = invite(admin, address, Role.ADMIN).follow()
        confirmed_by_second(installation)
        installation.run_jobs()
        again = button(admin.get(PAGE), "gebruiker-opnieuw").submit(status=303).follow()
        if address == known:
            page = deputy.get("/uitnodigingen")
            leave = [f for f in page.forms.values() if f.fields.get("keuze")]
            next(f for f in leave if f["keuze"].value == "weigeren").submit(status=303)
        later = admin.get(PAGE)
        renewed = button(later, "gebruiker-opnieuw").submit(status=303).follow()
        both = answer.text + again.text + later.text + renewed.text
        button(later, "gebruiker-intrekken").submit(status=303)
        both = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[\w.-]{40,}", "", both)
        return both.replace(address, "adres").replace(address.replace("@", "&#64;"), "adres")

    assert seen(NEW) == seen(known)
    with installation.transaction(DORDRECHT) as session:
        assert "Bo van" not in repr(session.execute(select(AuditEvent.actor_name)).all())


@once
def test_an_admin_has_no_hand_in_own_roles_nor_in_people_of_elsewhere(
    installation: Installation,
) -> None:
    connect(installation)
    admin = make_user(installation, ADMIN, name="Ada Admin")
    browser = installation.browser(admin)
    assert "Uw eigen rollen" in invite(browser, admin, Role.OFFICER, status=422)
    assert "e-mailadres" in invite(browser, "geen adres", Role.OFFICER, status=422)
    other = make_user(installation, (EINDHOVEN, Role.OFFICER), name="Bo van Elders")
    invited = browser.get("/gemeenten/dordrecht/gebruiker-uitnodigen").forms["formulier"]
    token = {"csrf_token": invited["csrf_token"].value}
    eindhoven = person(installation, (EINDHOVEN, Role.ADMIN))
    form = eindhoven.get("/gemeenten/eindhoven/gebruiker-uitnodigen").forms["formulier"]
    form["naam"], form["adres"], form["rol"] = "Eva", "eva@eindhoven.example", Role.ADMIN.value
    form.submit("uitnodigen", status=303)
    with installation.transaction() as session:
        theirs = str(session.scalars(select(RoleOffer.id)).one())
    for who, role in ((str(user_id(installation, admin)), Role.ADMIN), (theirs, Role.OFFICER)):
        wanted = {**token, "wie": who, "rol": role.value}
        for name in ("gebruiker-opnieuw", "gebruiker-intrekken"):
            browser.post(f"/gemeenten/dordrecht/{name}", wanted, status=303)
    own = f"{PERSON}{user_id(installation, admin)}"
    assert 'name="keuze"' not in browser.get(own)
    browser.post(own, {**token, "keuze": "weg-beheer"}, status=422)
    theirs = f"{PERSON}{user_id(installation, other)}"
    browser.get(theirs, status=404)
    browser.post(theirs, {**token, "keuze": "weg-oov"}, status=303)
    installation.browser(admin).get(PAGE, status=200)
    installation.browser(other).get("/gemeenten/eindhoven/postvak", status=200)
    assert "Eva" in eindhoven.get("/gemeenten/eindhoven/gebruikers")


@once
def test_an_invitation_that_ran_out_is_worth_nothing(installation: Installation) -> None:
    connect(installation)
    admin = person(installation, ADMIN)
    known = make_user(installation, (EINDHOVEN, Role.OFFICER))
    invite(admin, known, Role.ADMIN)
    confirmed_by_second(installation)
    with installation.transaction() as session:
        session.scalars(select(RoleOffer)).one().expires_at = utc_now()
    assert "verlopen" in admin.get(PAGE)
    assert "Geen uitnodigingen" in installation.browser(known).get("/uitnodigingen")
    button(admin.get(PAGE), "gebruiker-opnieuw").submit(status=303)
    assert "bij Dordrecht" in installation.browser(known).get("/uitnodigingen")


def test_only_addresses_of_this_site_become_links_in_a_kept_message() -> None:
    own = "https://ons.nl"
    assert str(linked(f"Zie {own}/a?b=1&c=2 nu", own)).count(f'href="{own}/a?b=1&amp;c=2"') == 1
    others = (
        "https://ons.nl.kwaad.nl/a",
        "https://ons.nl@kwaad.nl/a",
        "http://ons.nl/a",
        "https://kwaad.nl/?https://ons.nl/a",
        "javascript:https://ons.nl/a",
        "https://ons.nl/<script>",
        'https://ons.nl/"onclick="a',
    )
    for text in others:
        assert str(linked(text, own)) == str(escape(text)), text


@once
def test_sending_again_renews_a_declined_offer_with_one_mail_a_day(
    installation: Installation,
) -> None:
    connect(installation)
    admin = person(installation, ADMIN)
    known = make_user(installation, (EINDHOVEN, Role.OFFICER))
    deputy = installation.browser(known)
    invite(admin, known, Role.ADMIN)
    confirmed_by_second(installation)
    sent = []
    for wait in (False, True):
        page = deputy.get("/uitnodigingen")
        leave = [form for form in page.forms.values() if form.fields.get("keuze")]
        next(form for form in leave if form["keuze"].value == "weigeren").submit(status=303)
        assert "Geen uitnodigingen" in deputy.get("/uitnodigingen")
        if wait:
            a_day_later(installation)
        again = button(admin.get(PAGE), "gebruiker-opnieuw").submit(status=303)
        assert "staat weer open" in again.follow()
        assert "bij Dordrecht" in deputy.get("/uitnodigingen")
        sent.append(mails(installation, "rol_aangeboden"))
    assert sent == [1, 2]
    mail = last_mail(installation)
    assert "nodigt u uit om ook voor haar" not in mail


@once
def test_an_invitation_can_be_taken_as_long_as_its_link(installation: Installation) -> None:
    connect(installation)
    admin = person(installation, ADMIN)
    invite(admin, NEW, Role.ADMIN)
    confirmed_by_second(installation)
    link = link_in(last_mail(installation))
    with installation.transaction() as session:
        until = session.scalars(select(RoleOffer.expires_at)).one()
        assert session.scalars(select(Invitation.expires_at)).one() == until
    assert f"Dat kan tot {date_text(until)}" in admin.get(PAGE)
    button(admin.get(PAGE), "gebruiker-intrekken").submit(status=303)
    assert "ingetrokken" in installation.visitor().get(link)


@once
def test_the_demo_shows_a_link_to_no_role_but_in_the_mailbox_of_who_was_invited(
    installation: Installation,
) -> None:
    connect(installation)
    admin = person(installation, ADMIN)
    invite(admin, NEW, Role.ADMIN)
    confirmed_by_second(installation)
    link = link_in(last_mail(installation))
    everybody = [(DORDRECHT, role) for role in Role if role is not Role.NATIONAL_DESK]
    for role in (*everybody, (NATIONAL, Role.NATIONAL_DESK), (NATIONAL, Role.PRIVACY_OFFICER)):
        browser = person(installation, role)
        # A deputy reads no mail at all.
        status = 404 if role == (DORDRECHT, Role.DEPUTY) else 200
        assert "sleutel=" not in browser.get("/post", status=status), role
        browser.get("/postbus", status=303)
    entrance = installation.visitor().get("/aanmelden")
    mailbox = entrance.click("postbus van de demo").forms["formulier"]
    mailbox["adres"] = "beheer@dordrecht.example"
    assert "Deze postbus is leeg" in mailbox.submit("openen")
    mailbox["adres"] = NEW.upper()
    opened = mailbox.submit("openen")
    assert link_in(opened.text.replace('"', " ")) == link
    assert "Kies een wachtwoord" in opened.click(href="sleutel=")
    with installation.transaction() as session:
        session.scalars(select(Invitation)).one()


@pytest.mark.postgresql
def test_two_admins_who_take_each_other_s_role_at_once_leave_one(
    installation: Installation,
) -> None:
    connect(installation)
    person(installation, OFFICER)
    names = [make_user(installation, ADMIN), make_user(installation, ADMIN)]
    forms = []
    for name, other in (names, reversed(names)):
        page = installation.browser(name).get(f"{PERSON}{user_id(installation, other)}")
        form = page.forms["formulier"]
        form["keuze"] = "weg-beheer"
        forms.append(form)
    assert sorted(at_once(forms, "uitvoeren")) == [303, 422]
    with installation.transaction() as session:
        admins = select(RoleAssignment.user_id).where(RoleAssignment.role == Role.ADMIN)
        assert len(session.scalars(admins).all()) == 1
