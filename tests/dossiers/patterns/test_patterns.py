"""Notable patterns: searched by a job, proposed with evidence, and decided by people."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.jobs.schedule import correct_schedule
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import date_short, local
from stopintimidatie.dossiers.filing.services import file_report, refer
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.patterns.decisions import outcome_of
from stopintimidatie.dossiers.patterns.jobs import EVERY_NIGHT
from stopintimidatie.dossiers.patterns.models import (
    Pattern,
    PatternReport,
    PatternSetting,
    PatternState,
)
from stopintimidatie.dossiers.patterns.services import accept, reports_of
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.proposals import propose
from tests.support.factories import (
    DORDRECHT,
    connect,
    make_dossier,
    make_user,
    take_on,
    user_id,
)
from tests.support.installation import Installation
from tests.support.officers import officer
from tests.support.planting import PLANTED, plant, search

HOME = "/gemeenten/dordrecht"


# What doesn't differ per database is shown on one.
on_sqlite = pytest.mark.sqlite


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


def pattern_of(installation: Installation) -> Pattern:
    with installation.transaction(DORDRECHT) as session:
        return session.scalars(select(Pattern)).one()


def test_a_hot_spot_is_proposed_with_evidence_and_becomes_a_dossier(
    installation: Installation,
) -> None:
    plant(installation)
    browser = officer(installation)
    assert "Geen patronen om over te beslissen" in browser.get(f"{HOME}/patronen").text
    page = browser.get(f"{HOME}/patronen")
    next(f for f in page.forms.values() if f.action.endswith("patronen-zoeken")).submit(status=303)
    installation.run_jobs()
    page = browser.get(f"{HOME}/patronen")
    assert "nog niet in een dossier" in page.text
    page = page.click("P-1")
    assert "Waarom dit opvalt" in page.text
    assert page.text.count("data:image/svg+xml;base64,") == 2
    assert "patroon P-1" in page.click("M-", index=0).text
    part = browser.get(f"{HOME}/P-1/aannemen", headers={"HX-Request-Type": "partial"})
    assert "<html" not in part
    # The key opens a small list, of which Enter chooses the first.
    page = page.click("In een dossier")
    best = page.html.select_one(".wb-option[data-eerst]")
    assert best.text.split("Nieuw dossier: ")[1].startswith("Overlast in ")
    form = page.forms["formulier"]
    assert form["titel"].value.startswith("Overlast in ")
    page = next(f for f in page.forms.values() if "dossier" in f.fields).submit().follow()
    assert "Patroon P-1 is aangenomen" in page.text
    with installation.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier)).one()
        assert dossier.kind == "hotspot"
        assert dossier.summary
        assert "te verwachten" in dossier.summary
        inside = session.scalar(select(func.count()).select_from(DossierMembership))
        shown = session.scalar(select(func.count()).select_from(PatternReport))
        assert inside == shown
        assert (inside or 0) >= PLANTED - 2
        actions = set(session.scalars(select(AuditEvent.action)))
        assert {"patroon.voorgesteld", "patroon.besluit", "dossier.gemaakt"} <= actions
    # Searched again: nothing new, so nothing to decide; with new reports there is.
    search(installation)
    assert pattern_of(installation).state == PatternState.ACCEPTED
    plant(installation, number=4, noise=0)
    search(installation)
    found = pattern_of(installation)
    assert (found.state, found.dossier_id) == (PatternState.PROPOSED, dossier.id)
    named = f"{dossier.number} {dossier.title}"
    assert f"Vul {named} aan met 4 meldingen" in browser.get(f"{HOME}/P-1").text
    page = browser.get(f"{HOME}/P-1/aannemen")
    best = page.html.select_one(".wb-option[data-eerst]")
    assert named in best.text
    assert "hoort bij dit patroon" in best.text


@pytest.mark.alles
@on_sqlite
def test_a_report_without_a_known_hour_is_shown_and_counted_as_such(
    installation: Installation,
) -> None:
    plant(installation)
    search(installation)
    with installation.transaction(DORDRECHT) as session:
        pattern = session.scalars(select(Pattern)).one()
        assert pattern.from_minute is not None
        shown = session.scalars(select(PatternReport.report_id)).first()
        vague = session.get_one(Report, shown)
        vague.time_precision, vague.part_of_day = "dagdeel", "avond"
        day = date_short(vague.incident_start)
    page = officer(installation).get(f"{HOME}/P-1").text
    assert f"{day}, avond" in page
    assert "Van 1 melding is alleen het dagdeel bekend." in page


@pytest.mark.alles
@on_sqlite
def test_nothing_is_proposed_when_every_report_is_in_a_dossier(installation: Installation) -> None:
    plant(installation)
    search(installation)
    with installation.transaction(DORDRECHT) as session:
        dossiers = [make_dossier(session), make_dossier(session, title="Overlast in het park")]
        for number, report in enumerate(
            reports_of(session, session.scalars(select(Pattern)).one())
        ):
            refer(session, dossiers[number % 2], report, "Zelfde plek", SYSTEM)
    browser = officer(installation)
    page = browser.get(f"{HOME}/P-1")
    assert "Alle meldingen zitten al in een dossier." in page.text
    assert "Alle meldingen zitten al in een dossier." in browser.get(f"{HOME}/patronen").text
    assert "van 0 meldingen" not in page.text
    assert page.html.select_one('[data-key="2"]')["data-reden"] == "alles zit al in een dossier"
    assert "Overlast in het park" in page.click("Overlast in het park").text
    assert page.click("Uitstellen tot").status_int == 200
    page = browser.get(f"{HOME}/P-1/aannemen", status=303).follow()
    assert page.text.count("Alle meldingen zitten al in een dossier.") == 2


@pytest.mark.alles
@on_sqlite
def test_what_is_proposed_is_what_is_done(installation: Installation) -> None:
    """Some reports are in another dossier: the new one refers to those."""
    plant(installation)
    search(installation)
    effects = installation.registry.workflow_effects
    with installation.transaction(DORDRECHT) as session:
        other = make_dossier(session)
        reports = reports_of(session, session.scalars(select(Pattern)).one())
        for report in reports:
            take_on(session, report)
        for report in reports[:2]:
            file_report(session, effects, other, report, "Zelfde plek", SYSTEM)
        number = len(reports)
    browser = officer(installation)
    page = browser.get(f"{HOME}/P-1")
    referring = "2 daarvan blijven waar zij zijn: die zitten in een ander dossier"
    assert f"Maak een dossier van {number} meldingen. {referring}" in page.text
    form = page.click("In een dossier").forms["formulier"]
    page = form.submit("aannemen", status=303).follow()
    made = re.search(r"2\d{3}-\d{4}", page.html.select_one(".si-flash").text)
    assert made
    assert f"{number - 2} meldingen zitten nu in {made[0]}." in page.text
    assert f"Naar 2 meldingen verwijst {made[0]} alleen: die blijven waar zij al waren" in page.text


@pytest.mark.alles
@on_sqlite
def test_a_report_with_a_proposal_waits_for_the_answer_and_the_page_says_so(
    installation: Installation,
) -> None:
    plant(installation)
    search(installation)
    effects = installation.registry.workflow_effects
    with installation.transaction(DORDRECHT) as session:
        pattern = session.scalars(select(Pattern)).one()
        asked, elsewhere, *_ = reports = reports_of(session, pattern)
        for report in reports:
            take_on(session, report)
        propose(session, asked, "niet_in_behandeling_nemen", {"reden_code": "test"}, SYSTEM)
        file_report(session, effects, make_dossier(session), elsewhere, "Zelfde plek", SYSTEM)
        new = make_dossier(session)
        words = outcome_of(pattern, accept(session, effects, pattern, new.id, SYSTEM))
    assert f"Nog niet in {new.number}: {asked.reference}. Die wacht op een tweede blik" in words
    assert "alleen: die blijft waar zij al was." in words


@pytest.mark.alles
@on_sqlite
def test_who_may_not_see_a_dossier_is_not_led_to_make_it_twice(installation: Installation) -> None:
    plant(installation)
    search(installation)
    owner = make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER), name="Dita Houder")
    effects = installation.registry.workflow_effects
    with installation.transaction(DORDRECHT) as session:
        person = make_dossier(
            session, kind="persoonsgericht", owner_id=user_id(installation, owner)
        )
        reports = reports_of(session, session.scalars(select(Pattern)).one())
        for report in reports:
            take_on(session, report)
            file_report(session, effects, person, report, "Zelfde persoon", SYSTEM)
    browser = officer(installation)
    page = browser.get(f"{HOME}/P-1")
    assert "Een collega werkt hieraan" in page.text
    assert page.html.select_one('[data-key="2"]')["data-reden"] == "een collega werkt eraan"
    assert person.number not in page.text
    refused = browser.get(f"{HOME}/P-1/aannemen", status=303).follow()
    assert "Maak geen tweede dossier" in refused.text
    form = next(f for f in page.forms.values() if f.action.endswith("vragen-collega"))
    for _ in range(2):
        assert "Uw collega krijgt een e-mail zonder inhoud" in form.submit().follow().text
    with installation.transaction(DORDRECHT) as session:
        mail = select(MailMessage).where(MailMessage.template == "patroon_vraag")
        assert len(session.scalars(mail).all()) == 1
        assert "patroon.gevraagd" in set(session.scalars(select(AuditEvent.action)))
        assert session.scalar(select(func.count()).select_from(Dossier)) == 1
    shown = installation.browser(owner).get(f"{HOME}/P-1")
    assert "Olga Officier vroeg op" in shown.text
    assert "Alle meldingen zitten al in een dossier." in shown.text


@on_sqlite
def test_of_a_pattern_too_it_is_asked_first_who_is_in_danger(installation: Installation) -> None:
    plant(installation)
    search(installation)
    with installation.transaction(DORDRECHT) as session:
        report = session.get_one(Report, session.scalars(select(PatternReport.report_id)).first())
        report.wants_support, report.incident_start = True, utc_now()
        name = report.reference
    form = officer(installation).get(f"{HOME}/P-1/aannemen").forms["formulier"]
    refused = form.submit("aannemen", status=422)
    (mistake,) = refused.html.select(".si-error-summary li")
    assert mistake.text.count(name) == 1
    assert mistake.text.strip().endswith("Kies nee of ja.")
    again = refused.forms["formulier"]
    again[f"gevaar.{name}"] = "nee"
    assert "zitten nu in 2" in again.submit("aannemen", status=303).follow().text


@pytest.mark.alles
def test_a_rejected_pattern_stays_away_until_its_day_and_then_comes_back(
    installation: Installation,
) -> None:
    plant(installation)
    search(installation)
    browser = officer(installation)
    form = browser.get(f"{HOME}/P-1/afwijzen").forms["formulier"]
    form.submit("afwijzen", status=422)
    form["reden"] = "Kermis: elk jaar hetzelfde."
    form["tot"] = (local(utc_now()).date() + timedelta(days=20)).isoformat()
    form.submit("afwijzen", status=303)
    search(installation)
    assert pattern_of(installation).state == PatternState.REJECTED
    assert "Kermis" in browser.get(f"{HOME}/P-1").text
    # Nothing to decide now: neither by the page nor by the form that was still open.
    assert browser.get(f"{HOME}/P-1/afwijzen", status=303)
    form.submit("afwijzen", status=409)
    with clock_at(utc_now() + timedelta(days=21)):
        search(installation)
    assert pattern_of(installation).state == PatternState.PROPOSED


def waits(html: Any) -> set[str]:
    """The numbers of patterns in the menu and at the bell."""
    return {number.text for number in html.select('a.si-nav__link[href$="/patronen"] .si-count')}


@pytest.mark.alles
@on_sqlite
def test_a_snoozed_pattern_is_kept_until_its_day(installation: Installation) -> None:
    plant(installation)
    search(installation)
    form = officer(installation).get(f"{HOME}/P-1/uitstellen").forms["formulier"]
    for wrong in ("", "gisteren", "2020-01-01", local(utc_now()).date().isoformat()):
        form["tot"] = wrong
        form.submit("uitstellen", status=422)
    form["tot"] = (local(utc_now()).date() + timedelta(days=5)).isoformat()
    assert waits(officer(installation).get(f"{HOME}/patronen").html) == {", 1 wacht"}
    page = form.submit("uitstellen", status=303).follow(headers={"HX-Request-Type": "partial"})
    assert "Patroon P-1 is uitgesteld tot" in page.text
    # The numbers of the menu and the bell come with the part that htmx asks for.
    assert waits(page.html) == set()
    assert {part["id"] for part in page.html.select("[hx-swap-oob]")} == {
        *("menu-breed", "menu-alles", "bel")
    }
    search(installation)
    assert pattern_of(installation).state == PatternState.SNOOZED


@pytest.mark.alles
@on_sqlite
def test_an_address_of_a_pattern_that_left_the_list_opens_no_other(
    installation: Installation,
) -> None:
    plant(installation)
    search(installation)
    browser = officer(installation)
    page = browser.get(f"{HOME}/patronen?patroon=7")
    assert "P-7 staat niet (meer) in deze lijst" in page.html.select_one(".wb-pane").text
    assert not page.html.select("[aria-current=true], .wb-rail [data-key]")
    opened = browser.get(f"{HOME}/patronen").html
    assert opened.select_one('.wb-rail [data-key="z"]')["data-reden"]


@pytest.mark.alles
@on_sqlite
def test_what_is_no_report_any_more_shows_nothing_and_its_pattern_goes(
    installation: Installation,
) -> None:
    plant(installation)
    search(installation)
    with installation.transaction(DORDRECHT) as session:
        for row in session.scalars(select(Report)):
            row.state = "ingetrokken"
    search(installation)
    assert pattern_of(installation).state == PatternState.GONE
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(PatternReport)).all() == []
    assert "De meldingen zijn er niet meer" in officer(installation).get(f"{HOME}/P-1").text
    with clock_at(utc_now() + timedelta(days=366)):
        search(installation)
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Pattern)).all() == []


@pytest.mark.alles
def test_the_admin_sets_the_search_and_bad_values_change_nothing(
    installation: Installation,
) -> None:
    admin = installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))
    page = admin.get(f"{HOME}/beheer").click("Instellingen van opvallende patronen")
    form = page.forms["formulier"]
    for name, wrong in (("dagen", "0"), ("straal", "veel"), ("zekerheid", "100"), ("rust", "")):
        before, form[name] = form[name].value, wrong
        form.submit("opslaan", status=422)
        form[name] = before
    form["straal"] = "200"
    form["aan"] = "nee"
    form.submit("opslaan", status=303)
    form.submit("opslaan", status=409)
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(PatternSetting)).one()
        assert (row.radius_m, row.enabled) == (200, False)
    assert "200 meter" in admin.get(f"{HOME}/algoritme").text
    plant(installation)
    search(installation)
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Pattern)).all() == []
    assert "uitgezet" in officer(installation).get(f"{HOME}/patronen").text


@on_sqlite
def test_every_night_connected_municipalities_are_searched(installation: Installation) -> None:
    kinds = installation.registry.job_kinds
    correct_schedule(installation.engine, kinds)
    with clock_at(utc_now() + timedelta(days=1, hours=1)):
        installation.run_jobs()
    with installation.transaction() as session:
        waiting = session.scalars(select(OutboxJob.kind).order_by(OutboxJob.kind)).all()
    assert waiting == sorted(name for name, kind in kinds.items() if kind.next_at)
    assert EVERY_NIGHT.name in waiting
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(PatternSetting)).one().searched_at is not None


@on_sqlite
def test_an_address_that_is_no_pattern_is_not_there(installation: Installation) -> None:
    browser = officer(installation)
    for wrong in ("P-1", "P-0", "P-999999", "P-1/aannemen", "p-1"):
        browser.get(f"{HOME}/{wrong}", status=404)
    assert browser.get(f"{HOME}/patronen?toestand=onzin&pagina=99").status_int == 200
