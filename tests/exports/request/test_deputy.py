"""Tests of a deputy: a colleague elsewhere who is the second person for exports, for a time."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.workflow import DossierKind
from tests.support.exporting import FAKE, Case, approved, decide, make_case, quick, requested
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_user, user_id
from tests.support.installation import Installation

pytestmark = [pytest.mark.judged_once, pytest.mark.sqlite]

HERE = "/gemeenten/dordrecht"
LIST = f"{HERE}/wacht"
INVITE = f"{HERE}/gebruiker-uitnodigen"
MANDATE = "Burgemeester, besluit van 20 november 2026"


@pytest.fixture
def case(installation: Installation) -> Case:
    """A dossier, and somebody of Eindhoven who is a deputy for Dordrecht as well."""
    made = make_case(installation)
    connect(installation, EINDHOVEN)
    made.people["waarnemer"] = make_user(
        installation, (DORDRECHT, Role.DEPUTY), (EINDHOVEN, Role.OFFICER), name="Wim Neemt"
    )
    made.people["alleen"] = make_user(installation, (DORDRECHT, Role.DEPUTY), name="Ali Leen")
    return made


def invite(browser: Any, status: int = 303, **values: str) -> Any:
    form = browser.get(INVITE).forms["formulier"]
    deputy = {
        "naam": "Wim Neemt",
        "adres": "wim@eindhoven.example",
        "rol": Role.DEPUTY.value,
        "mandaat": MANDATE,
        "tot_en_met": (day_of(utc_now()) + timedelta(days=90)).isoformat(),
    }
    for name, value in {**deputy, **values}.items():
        form[name] = value
    return form.submit("uitnodigen", status=status)


def test_a_deputy_sees_what_waits_decides_and_then_it_is_gone(case: Case) -> None:
    reference = requested(case)
    deputy = case.browser("alleen")
    start = deputy.get("/", status=303)
    assert start.location.endswith(LIST)
    page = start.follow()
    assert "U bent hier waarnemer" in page
    assert reference in page
    opened = page.click("Besluiten over uitvoer")
    assert "Politie, basisteam Drechtsteden" in opened
    assert "M-01" in opened, "the preview of what goes out"
    done = decide(case, reference, who="alleen")
    assert done.location.endswith(LIST)
    assert "Er wacht niets op u" in done.follow()
    deputy.get(f"{case.path}/{reference}/beoordelen", status=404)
    export = case.export(reference)
    assert (export.state, export.answered_by) == ("goedgekeurd", "Ali Leen")


def test_a_deputy_rejects_with_a_reason(case: Case) -> None:
    reference = requested(case)
    assert decide(case, reference, who="alleen", button="afwijzen").status_int == 422
    done = decide(case, reference, who="alleen", button="afwijzen", reason="Te ruim.")
    assert done.location.endswith(LIST)
    assert "afgewezen" in done.follow()
    assert case.export(reference).decided_reason == "Te ruim."
    case.browser("alleen").get(f"{case.path}/{reference}/beoordelen", status=404)


def test_a_deputy_opens_nothing_else(case: Case) -> None:
    reference = requested(case)
    deputy = case.browser("alleen")
    for path in (
        HERE,
        f"{HERE}/postvak",
        f"{HERE}/dossiers",
        f"{HERE}/uitvoer",
        f"{HERE}/rollen",
        f"{HERE}/gebruikers",
        f"{HERE}/partners",
        f"{HERE}/verstrekkingen",
        f"{HERE}/logboek",
        case.path.rpartition("/")[0],
        case.path,
        f"{case.path}/{reference}",
        f"{case.path}/{reference}/pdf",
        f"{case.path}/uitvoer-aanvragen",
        "/zoeken?q=station",
        "/dossiers",
        "/post",
    ):
        assert deputy.get(path, expect_errors=True).status_int == 404, path


@pytest.mark.alles
def test_all_that_a_deputy_s_pages_lead_to_is_there(case: Case) -> None:
    reference = requested(case)
    for who in ("alleen", "waarnemer"):
        browser = case.browser(who)
        for page in (LIST, f"{case.path}/{reference}/beoordelen", "/gemeenten"):
            text = browser.get(page, status=200).text
            links = set(re.findall(r'href="(/[^"#]*)"', text))
            assert "/wacht" in str(links)
            for link in links:
                assert browser.get(link, expect_errors=True).status_int in (200, 303), link
    assert 'name="q"' not in case.browser("alleen").get(LIST), "nothing to search"


def test_who_works_elsewhere_as_well_keeps_that_work(case: Case) -> None:
    deputy = case.browser("waarnemer")
    places = deputy.get("/", status=200)
    assert f'href="{LIST}"' in places
    assert 'href="/gemeenten/eindhoven"' in places
    deputy.get("/gemeenten/eindhoven/postvak", status=200)
    deputy.get(f"{HERE}/postvak", status=404)
    assert "U bent hier waarnemer" not in deputy.get("/gemeenten/eindhoven/wacht")


def test_the_old_list_of_a_deputy_leads_to_what_waits(case: Case) -> None:
    deputy = case.browser("alleen")
    assert deputy.get(f"{HERE}/waarnemen", status=303).location.endswith(LIST)
    assert deputy.get("/waarnemen", status=303).follow(status=303).location.endswith(LIST)


def test_a_dossier_about_a_person_stays_with_its_own_people(case: Case) -> None:
    reference = requested(case)
    with case.installation.transaction(DORDRECHT) as session:
        session.get_one(Dossier, case.dossier_id).kind = DossierKind.PERSON.value
    deputy = case.browser("alleen")
    assert reference not in deputy.get(LIST)
    deputy.get(f"{case.path}/{reference}/beoordelen", status=404)


def test_a_deputy_is_one_until_the_last_day(case: Case) -> None:
    last = day_of(utc_now()) + timedelta(days=3)
    with case.installation.transaction() as session:
        person = user_id(case.installation, case.people["alleen"])
        row = session.get_one(RoleAssignment, (person, DORDRECHT, Role.DEPUTY.value))
        row.until = last
    assert "U neemt waar tot en met" in case.browser("alleen").get(LIST)
    with clock_at(utc_now() + timedelta(days=5)):
        case.installation.browser(case.people["alleen"]).get(LIST, status=404)


@pytest.mark.alles
def test_a_deputy_reads_and_judges_what_was_made_with_urgency(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    reference = requested(case, spoed="ja", spoed_reden="Vanavond is er een wedstrijd.")
    deputy = case.browser("alleen")
    page = deputy.get(LIST).click("Besluiten over uitvoer")
    assert "wordt nog gemaakt" in page
    case.installation.run_jobs()
    page = deputy.get(f"{case.path}/{reference}/beoordelen")
    assert page.click("Het document openen").body == FAKE
    deputy.get(f"{case.path}/{reference}", status=404)
    done = page.forms["formulier"].submit("goedkeuren", status=303)
    assert done.location.endswith(LIST)
    assert "Er wacht niets op u" in done.follow()
    assert case.export(reference).answered_by == "Ali Leen"
    for name in ("beoordelen", "pdf"):
        deputy.get(f"{case.path}/{reference}/{name}", status=404)


@pytest.mark.alles
def test_a_file_is_open_to_a_deputy_while_it_waits_alone(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    reference = approved(case)
    case.installation.run_jobs()
    case.browser("aanvrager").get(f"{case.path}/{reference}/pdf", status=200)
    case.browser("alleen").get(f"{case.path}/{reference}/pdf", status=404)


@pytest.mark.alles
def test_what_was_asked_for_alone_needs_no_tick_on_the_page_for_several(case: Case) -> None:
    reference = requested(case)
    page = case.browser("alleen").get(f"{case.path}/{reference}/beoordelen?samen=ja", status=200)
    assert page.forms["formulier"].submit("goedkeuren", status=303).location.endswith(LIST)
    case.browser("alleen").get(f"{case.path}/{reference}/beoordelen?samen=ja", status=404)


# The mandate


def test_a_deputy_is_invited_with_a_mandate_and_an_end_and_confirmed(case: Case) -> None:
    admin = case.browser("beheer")
    assert "Schrijf op wie besloot" in invite(admin, 422, mandaat="")
    assert "heeft een einddatum" in invite(admin, 422, tot_en_met="")
    late = (day_of(utc_now()) + timedelta(days=400)).isoformat()
    assert "heeft een einddatum" in invite(admin, 422, tot_en_met=late)
    assert "hoort alleen bij de rol waarnemer" in invite(admin, 422, rol=Role.OFFICER.value)
    assert "tweede persoon moet het bevestigen" in invite(admin).follow()
    confirm = case.browser("privacy").get(f"{HERE}/rollen")
    assert "waarnemer voor Wim Neemt" in confirm
    assert MANDATE in confirm
    with case.installation.transaction(DORDRECHT) as session:
        event = session.scalars(
            select(AuditEvent).where(AuditEvent.action == "gebruiker.uitgenodigd")
        ).one()
    assert event.reason == MANDATE
    assert event.fields == [DORDRECHT, "waarnemer"]


@pytest.mark.alles
def test_a_colleague_elsewhere_takes_the_role_until_its_last_day(case: Case) -> None:
    known = make_user(case.installation, (EINDHOVEN, Role.OFFICER))
    invite(case.browser("beheer"), adres=known)
    page = case.browser("privacy").get(f"{HERE}/rollen")
    (form,) = [form for name, form in page.forms.items() if str(name).startswith("voorstel-")]
    form["besluit"] = "bevestigen"
    form.submit("vastleggen", status=303)
    case.installation.run_jobs()
    browser = case.installation.browser(known)
    browser.get(LIST, status=404)
    offered = browser.get("/uitnodigingen")
    assert MANDATE in offered
    take = next(form for form in offered.forms.values() if "keuze" in form.fields)
    take.submit(status=303)
    last = day_of(utc_now()) + timedelta(days=90)
    assert f"U neemt waar tot en met {date_text(last)}" in browser.get(LIST)


def test_a_deputy_confirms_no_role_and_is_no_reader(installation: Installation) -> None:
    connect(installation)
    deputy = installation.browser(make_user(installation, (DORDRECHT, Role.DEPUTY)))
    admin = installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))
    invite(admin)
    assert "Het landelijk meldpunt moet bevestigen." in admin.get(f"{HERE}/gebruikers")
    deputy.get(f"{HERE}/rollen", status=404)
