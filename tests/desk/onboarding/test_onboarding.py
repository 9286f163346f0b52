"""A municipality joins: it asks, proves its address, completes its list, and finds its reports."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from stopintimidatie.core.accounts.models import Invitation, RoleAssignment, User
from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import AMSTERDAM
from stopintimidatie.desk.models import JoiningRequest
from stopintimidatie.desk.onboarding.services import hand_over_what_waits
from stopintimidatie.desk.onboarding.signup import domain_fits, fault_of_address
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import LevelRules, level_of, set_level
from stopintimidatie.reports.models import Report, ReportMove
from stopintimidatie.reports.personal import erase
from stopintimidatie.reports.services import append_move
from tests.support.factories import EINDHOVEN, connect, make_user
from tests.support.installation import Installation
from tests.support.mailboxes import PASSWORD, last_mail
from tests.support.reporting import filled

ZWIJNDRECHT = "GM0642"
PAGE = "/landelijk/aansluiting?gemeente=zwijndrecht"
DOMAINS = "/landelijk/aansluiting-domeinen?gemeente=zwijndrecht"
LEVEL = "/landelijk/aansluiting-niveau?gemeente=zwijndrecht"


def today() -> str:
    return utc_now().astimezone(AMSTERDAM).date().isoformat()


def asked(
    installation: Installation, address: str = "oov@zwijndrecht.nl", *, code: str = ZWIJNDRECHT
) -> Any:
    form = installation.visitor().get("/aansluiten").forms["formulier"]
    form["gemeente"] = code
    form["functie"] = "adviseur veiligheid"
    form["adres"] = address
    form["telefoon"] = "078 123 45 67"
    return form.submit(expect_errors=True)


def test_a_municipality_asks_and_proves_its_address_with_a_mailed_code(
    installation: Installation,
) -> None:
    answer = asked(installation)
    assert answer.status_int == 303
    assert "zwijndrecht.nl" not in answer.location
    page = answer.follow()
    code = re.search(r"\d{4} \d{4}", last_mail(installation))
    assert code
    form = page.forms["formulier"]
    form["code"] = "0000 0000"
    assert "klopt niet" in form.submit(status=422).text
    form["code"] = code[0]
    assert "Uw adres is bevestigd" in form.submit(status=303).follow().text
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    listed = desk.get("/landelijk/aansluitingen")
    assert "adviseur veiligheid" in listed.text
    assert "adres bevestigd" in listed.text
    shown = desk.get(PAGE).text
    assert "oov@zwijndrecht.nl (bevestigd)" in shown
    assert "+31781234567" in shown


def test_an_address_that_proves_nothing_is_refused(installation: Installation) -> None:
    for address in ("oov.zwijndrecht@gmail.com", "jan.jansen@zwijndrecht.nl", "onzin"):
        assert asked(installation, address).status_int == 422, address
    for _ in range(3):
        assert asked(installation).status_int == 303
    assert "een paar keer een code verstuurd" in asked(installation).text
    with installation.transaction(NATIONAL) as session:
        assert len(session.scalars(select(JoiningRequest)).all()) == 3
    installation.visitor().get("/aansluiten-bevestigen?aanvraag=onzin", status=404)


def test_a_municipality_may_choose_itself_by_its_everyday_name(installation: Installation) -> None:
    assert asked(installation, "oov@denhaag.nl", code="GM0518~den-haag").status_int == 303
    with installation.transaction(NATIONAL) as session:
        assert session.scalars(select(JoiningRequest.municipality_code)).all() == ["GM0518"]


def test_nobody_floods_a_mailbox_by_asking_for_many_municipalities(
    installation: Installation,
) -> None:
    page = installation.visitor().get("/aansluiten")
    options = page.html.select("select[name='gemeente'] option[value^='GM']")
    codes = [str(option["value"]) for option in options][:4]
    answers = [asked(installation, "info@iemand.nl", code=code) for code in codes]
    assert [answer.status_int for answer in answers] == [303, 303, 303, 422]
    answers[-1].mustcontain("Naar dit adres is vandaag al een paar keer een code verstuurd")
    assert asked(installation, "oov@iemand.nl", code=codes[-1]).status_int == 303


@pytest.mark.alles
def test_what_was_asked_by_a_clock_that_ran_ahead_counts_no_more(
    installation: Installation,
) -> None:
    with clock_at(utc_now() + timedelta(days=400)):
        for _ in range(3):
            assert asked(installation).status_int == 303
        assert asked(installation).status_int == 422
    assert asked(installation).status_int == 303


def test_the_domain_is_held_against_the_name_of_the_municipality() -> None:
    assert domain_fits("oov@zwijndrecht.nl", "Zwijndrecht")
    assert domain_fits("oov@gemeente-bergenopzoom.nl", "Bergen op Zoom")
    assert not domain_fits("oov@denhaag.nl", "'s-Gravenhage")
    assert not domain_fits("oov@zwijndrecht.nl.elders.com", "Zwijndrecht")
    assert fault_of_address("veiligheid@denhaag.nl") is None
    assert fault_of_address("oov@ziggo.nl")


def invited(installation: Installation, desk: Any, address: str, role: Role) -> str:
    """Somebody is invited by the desk; the link in the mail."""
    form = desk.get("/landelijk/aansluiting-uitnodigen?gemeente=zwijndrecht").forms["formulier"]
    form["naam"], form["adres"], form["rol"] = "Ada Admin", address, role.value
    form.submit("uitnodigen", status=303)
    link = re.search(r"/uitnodiging\?sleutel=\S+", last_mail(installation))
    assert link
    return link[0]


def test_the_first_admin_sets_a_password_with_a_link_that_works_once(
    installation: Installation,
) -> None:
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    link = invited(installation, desk, "beheer@zwijndrecht.nl", Role.ADMIN)
    visitor = installation.visitor()
    visitor.get(link)
    form = visitor.get(link).forms["formulier"]
    form["wachtwoord"], form["nog_eens"] = PASSWORD, "iets anders dan dat"
    assert "niet gelijk" in form.submit(status=422).text
    form["wachtwoord"] = form["nog_eens"] = "kort"
    assert "minstens 12" in form.submit(status=422).text
    form["wachtwoord"] = form["nog_eens"] = "Demo-wachtwoord"
    assert "staat in de handleiding" in form.submit(status=422).text
    form["wachtwoord"] = form["nog_eens"] = PASSWORD
    done = form.submit(status=200)
    assert "Uw wachtwoord is ingesteld. Meld u nu aan." in done
    sign_in = done.forms["formulier"]
    assert sign_in["gebruikersnaam"].value == "beheer@zwijndrecht.nl"
    assert sign_in.action == "/aanmelden"
    assert "werkt niet meer" in visitor.get(link).text
    assert form.submit(status=422)
    assert installation.browser("beheer@zwijndrecht.nl", PASSWORD).get(
        "/gemeenten/zwijndrecht", status=200
    )
    for wrong in ("", "x", "a" * 32 + ".b", link.partition("=")[2][:-1] + "0"):
        page = visitor.get("/uitnodiging", {"sleutel": wrong})
        assert "werkt niet meer" in page.text, wrong
    # Another first admin: a second one at the same municipality needs a second person.
    with installation.transaction() as session:
        session.execute(delete(RoleAssignment).where(RoleAssignment.holder == ZWIJNDRECHT))
    again = invited(installation, desk, "deputy@zwijndrecht.nl", Role.ADMIN)
    with installation.transaction() as session:
        row = session.scalars(select(Invitation).where(Invitation.used_at.is_(None))).one()
        row.expires_at = utc_now()
    assert "werkt niet meer" in visitor.get(again).text


def test_a_municipality_joins_when_its_list_is_complete_and_finds_what_waited(
    installation: Installation,
) -> None:
    first = filled(installation.visitor(), "/melden/zwijndrecht").submit()
    reference = first.html.select_one("[data-code] dd").text
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    token = {"csrf_token": desk.get(PAGE).forms["formulier"]["csrf_token"].value}
    connect = {**token, "niveau": "programma", "vanaf": ""}
    refused = desk.post(LEVEL, connect, status=422)
    for words in ("grondslag", "logo", "beheerder", "goedkeuren", "opleiding"):
        assert words in refused.html.select_one("main").text, words
    admin = make_user(installation, (ZWIJNDRECHT, Role.ADMIN), name="Ada Admin")
    officer = make_user(installation, (ZWIJNDRECHT, Role.OFFICER), name="Olga Officier")
    deputy = make_user(installation, (EINDHOVEN, Role.OFFICER), name="Dirk Deputy")
    form = desk.get("/landelijk/aansluiting-uitnodigen?gemeente=zwijndrecht").forms["formulier"]
    form["naam"], form["adres"], form["rol"] = "Dirk", deputy, Role.DOSSIER_OWNER.value
    form.submit("uitnodigen", status=303)
    _confirmed_and_taken(installation.browser(officer), installation.browser(deputy))
    _complete(desk)
    shown = desk.get(PAGE)
    assert "werkt ook elders" in shown.text
    assert "nog doen" in shown.text, "nobody was trained"
    for name in [name for name in shown.forms if str(name).startswith("opgeleid-")]:
        trained = shown.forms[name]
        trained["opgeleid_op"] = today()
        trained.submit("opslaan", status=303)
    complete = desk.get(PAGE)
    assert "nog doen" not in complete.html.select_one(".si-plain-list").text
    assert "Hier houdt het niets tegen" in complete.text
    far = (utc_now() + timedelta(days=400)).strftime("%Y-%m-%dT09:00")
    planned = desk.post(LEVEL, {**connect, "vanaf": far}, status=422)
    assert "een jaar vooruit" in planned.text
    monday = (utc_now() + timedelta(days=9)).astimezone(AMSTERDAM).strftime("%Y-%m-%dT09:00")
    desk.post(LEVEL, {**connect, "vanaf": monday}, status=303)
    _plan_falls_with_its_list(desk, {**connect, "vanaf": monday})
    assert "Niveau programma vanaf" in desk.get(PAGE).text
    desk.post("/landelijk/aansluiting-plan-intrekken?gemeente=zwijndrecht", token, status=303)
    assert "Niveau programma vanaf" not in desk.get(PAGE).text
    desk.post(LEVEL, connect, status=303)
    installation.run_jobs()
    with installation.transaction(ZWIJNDRECHT) as session:
        assert level_of(session, ZWIJNDRECHT) == "programma"
        report = session.scalars(select(Report)).one()
        moves = session.scalars(select(ReportMove.name)).all()
    assert (report.reference, report.received_from) == (reference, NATIONAL)
    assert "overgenomen" in moves
    with installation.transaction(NATIONAL) as session:
        tombstone = session.scalars(select(Report)).one()
    assert (tombstone.handed_to, tombstone.description) == (ZWIJNDRECHT, None)
    officer = installation.browser(admin)
    assert officer.get("/gemeenten/zwijndrecht").status_int == 200


def test_the_page_names_the_fewest_persons_and_with_one_less_it_does_not_do(
    installation: Installation,
) -> None:
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    # Who is also admin never approves an export.
    both = [(ZWIJNDRECHT, role) for role in (Role.ADMIN, Role.OFFICER)]
    admin = installation.browser(make_user(installation, *both))
    for page in (desk.get(PAGE), admin.get("/gemeenten/zwijndrecht/beheer/verantwoording")):
        assert "Ten minste nodig: twee mensen die meldingen behandelen" in page.html.text
    lines = ("Beheerder", "Twee goedkeurders")
    make_user(installation, (ZWIJNDRECHT, Role.OFFICER))
    assert [_done(desk, line) for line in lines] == [True, False]
    make_user(installation, (EINDHOVEN, Role.OFFICER), (ZWIJNDRECHT, Role.OFFICER))
    assert [_done(desk, line) for line in lines] == [True, True]


def _done(desk: Any, name: str) -> bool:
    lines = desk.get(PAGE).html.select(".si-plain-list li")
    return "klaar" in next(line.text for line in lines if line.strong.text == name)


def _plan_falls_with_its_list(desk: Any, again: dict[str, str]) -> None:
    form = desk.get(PAGE).forms["formulier"]
    form["logo_op"] = ""
    assert "ingetrokken" in form.submit("opslaan", status=303).follow().text
    _complete(desk)
    desk.post(LEVEL, again, status=303)


def _confirmed_and_taken(reader: Any, invited: Any) -> None:
    forms = reader.get("/gemeenten/zwijndrecht/rollen").forms
    proposal = next(form for name, form in forms.items() if str(name).startswith("voorstel-"))
    proposal["besluit"] = "bevestigen"
    proposal.submit("vastleggen", status=303)
    offers = invited.get("/uitnodigingen").forms.values()
    next(form for form in offers if form.action == "/uitnodigingen").submit(status=303)


def test_the_mail_domains_of_a_municipality_are_set_by_the_desk_with_their_history(
    installation: Installation,
) -> None:
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    form = desk.get(DOMAINS).forms["formulier"]
    for wrong in ("nl", "gmail.com", "iemand@zwijndrecht.nl", "-x.nl", "a.nl " * 3 + "b c"):
        form["domeinen"] = wrong
        assert form.submit("opslaan", status=422).forms["formulier"]["domeinen"].value, wrong
    form["domeinen"] = "\n".join(f"domein{number}.nl" for number in range(11))
    assert "ten hoogste 10" in form.submit("opslaan", status=422)
    for typed in ("@Zwijndrecht.nl, drechtsteden.nl", "zwijndrecht.nl"):
        form["domeinen"] = typed
        form.submit("opslaan", status=303)
    assert "zwijndrecht.nl" in desk.get(PAGE)
    assert "drechtsteden.nl" not in desk.get(PAGE)
    with installation.transaction(NATIONAL) as session:
        told = select(AuditEvent.fields).where(AuditEvent.action == "gemeente.maildomeinen")
        history = session.scalars(told.order_by(AuditEvent.at)).all()
    both = [ZWIJNDRECHT, "erbij: drechtsteden.nl", "erbij: zwijndrecht.nl"]
    assert history == [both, [ZWIJNDRECHT, "weg: drechtsteden.nl"]]


@pytest.mark.sqlite
def test_a_connected_municipality_keeps_a_mail_domain(installation: Installation) -> None:
    connect(installation)
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    page = desk.get("/landelijk/dordrecht").click("Mensen, maildomeinen")
    form = page.click("Maildomeinen wijzigen").forms["formulier"]
    form["domeinen"] = "dordrecht.nl"
    form.submit("opslaan", status=303)
    form["domeinen"] = ""
    assert "minstens één maildomein nodig" in form.submit("opslaan", status=422)
    assert "dordrecht.nl" in desk.get("/landelijk/aansluiting?gemeente=dordrecht")


def test_mail_domains_are_changed_after_the_second_factor_alone(
    installation: Installation,
) -> None:
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK), demo=False))
    form = desk.get(DOMAINS).forms["formulier"]
    form["domeinen"] = "aanvaller.nl"
    with clock_at(utc_now() + timedelta(minutes=11)):
        assert "/account-bevestigen?" in form.submit("opslaan", status=303).location
        assert "aanvaller.nl" not in desk.get(DOMAINS, status=200)


def test_the_first_officer_takes_two_of_the_desk_or_an_admin_and_the_desk(
    installation: Installation,
) -> None:
    names = [make_user(installation, (NATIONAL, Role.NATIONAL_DESK)) for _ in range(2)]
    desk, colleague = map(installation.browser, names)
    form = desk.get("/landelijk/aansluiting-uitnodigen?gemeente=zwijndrecht").forms["formulier"]
    form["naam"], form["adres"], form["rol"] = "Olga", "oov@zwijndrecht.nl", Role.OFFICER.value
    form.submit("uitnodigen", status=303)
    assert "wacht op bevestiging" in desk.get(PAGE)
    assert "U had hier zelf een hand in" in desk.get("/landelijk/rollen")
    forms = colleague.get("/landelijk/rollen").forms
    proposal = next(form for name, form in forms.items() if str(name).startswith("voorstel-"))
    proposal["besluit"] = "bevestigen"
    proposal.submit("vastleggen", status=303)
    assert "/uitnodiging?sleutel=" in last_mail(installation)


def _complete(desk: Any) -> None:
    domains = desk.get(DOMAINS).forms["formulier"]
    domains["domeinen"] = "zwijndrecht.nl"
    domains.submit("opslaan", status=303)
    form = desk.get(PAGE).forms["formulier"]
    for name in ("afspraak_op", "teksten_op", "logo_op", "opleiding_op"):
        form[name] = today()
    form["afspraak_met"] = "hoofd veiligheid, namens de burgemeester"
    form["grondslag"] = "avg_6_1_e_openbare_orde"
    form.submit("opslaan", status=303)


def test_a_list_that_somebody_else_saved_meanwhile_is_not_overwritten(
    installation: Installation,
) -> None:
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    first = desk.get(PAGE).forms["formulier"]
    first["afspraak_met"] = "F. Gegevens"
    first.submit("opslaan", status=303)
    mine, theirs = desk.get(PAGE).forms["formulier"], desk.get(PAGE).forms["formulier"]
    theirs["afspraak_met"] = "T. Ander"
    theirs.submit("opslaan", status=303)
    mine["afspraak_met"] = "M. Eigen"
    conflict = mine.submit("opslaan", status=409)
    assert "T. Ander" in conflict.text
    assert "M. Eigen" in conflict.text
    mine["logo_op"] = "31-12-2999"
    assert mine.submit("opslaan", status=422)


def test_a_user_without_a_password_can_not_sign_in(installation: Installation) -> None:
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    invited(installation, desk, "beheer@zwijndrecht.nl", Role.ADMIN)
    with installation.transaction() as session:
        user = session.scalars(select(User).where(User.username == "beheer@zwijndrecht.nl")).one()
    assert user.password_hash == ""
    form = installation.visitor().get("/aanmelden").forms["formulier"]
    form["gebruikersnaam"], form["wachtwoord"] = "beheer@zwijndrecht.nl", "x"
    form.submit("aanmelden", status=422)


@pytest.mark.alles
def test_what_was_picked_up_before_appears_with_its_history_and_without_destroyed_content(
    installation: Installation,
) -> None:
    pages = [filled(installation.visitor(), "/melden/zwijndrecht").submit() for _ in range(2)]
    kept, gone = (page.html.select_one("[data-code] dd").text for page in pages)
    with installation.transaction(NATIONAL) as session:
        for report in session.scalars(select(Report)):
            for step in ("aangeboden", "opgehaald"):
                append_move(session, report, SYSTEM, step, report.state, {"aan": "Zwijndrecht"})
            report.delivery = "opgehaald"
            if report.reference == gone:
                erase(session, report.id)
    rules = LevelRules(effects={"wat wacht": hand_over_what_waits})
    with installation.transaction(NATIONAL) as session:
        set_level(session, rules, SYSTEM, ZWIJNDRECHT, ParticipationLevel.PROGRAMME)
    installation.run_jobs()
    with installation.transaction(ZWIJNDRECHT) as session:
        found = {report.reference: report for report in session.scalars(select(Report))}
        texts = {reference: report.description for reference, report in found.items()}
        assert set(texts) == {kept, gone}
        assert texts[gone] is None
        assert texts[kept]
        for report in found.values():
            moves = select(ReportMove.name).where(ReportMove.report_id == report.id)
            names = set(session.scalars(moves))
            assert {"ontvangen", "aangeboden", "opgehaald", "overgenomen"} <= names
    officer = installation.browser(make_user(installation, (ZWIJNDRECHT, Role.OFFICER)))
    page = officer.get(f"/m/{gone}").maybe_follow()
    assert "Opgehaald door de gemeente" in page.text
