"""Consultations, versions of texts, notes for few, and reminders: from the outside."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import JobContext, OutboxJob
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.personal import Fragment, Subject
from stopintimidatie.core.text import local
from stopintimidatie.dossiers.case.services import REMINDER_JOB, make_agreement, send_reminders
from stopintimidatie.dossiers.consultations.snapshot import read_tabled
from stopintimidatie.dossiers.filing.services import file_report
from stopintimidatie.dossiers.models import (
    Consultation,
    ConsultationBlob,
    ConsultationKey,
    Dossier,
    DossierAgreement,
)
from stopintimidatie.dossiers.page.personal import PERSONAL_DATA, TABLED
from stopintimidatie.dossiers.services import add_note
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.reports.models import Report
from tests.support.factories import (
    DORDRECHT,
    connect,
    make_dossier,
    make_report,
    make_user,
    take_on,
    user_id,
)
from tests.support.installation import Installation

HERE = "/gemeenten/dordrecht/binnenstad"
STORY = "Drie jongens riepen Sanne na."


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


@pytest.fixture
def owner(installation: Installation) -> str:
    return make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER), name="Dita Houder")


@pytest.fixture
def browser(installation: Installation, owner: str) -> Any:
    return installation.browser(owner)


def opened(installation: Installation, **kw: Any) -> str:
    with installation.transaction() as session:
        dossier = make_dossier(session, **kw)
        effects = installation.registry.workflow_effects
        for share in (True, False):
            report = make_report(
                session, installation, description=STORY, share_with_partners=share
            )
            file_report(session, effects, dossier, take_on(session, report), "Plek", SYSTEM)
        return f"{HERE}/{dossier.number}"


def form_of(page: Any, **values: Any) -> Any:
    form = page.forms["formulier"]
    for name, value in values.items():
        form[name] = value
    return form


def test_a_consultation_from_plan_to_agreement(installation: Installation, browser: Any) -> None:
    address = opened(installation)
    page = form_of(
        browser.get(f"{address}/deelnemer"), functie="wijkagent", organisatie="Politie"
    ).submit()
    form = form_of(browser.get(f"{address}/overleg"), moment="2027-01-12T10:00", agenda="Stand")
    page = form.submit().follow()
    assert "Overleg 1" in page.text
    form = form_of(browser.get(f"{address}/overleg-voorleggen?nr=1"))
    assert [box.checked for box in form.fields["meldingen"]].count(True) == 1, "wishes honoured"
    for box in form.fields["meldingen"]:
        box.checked = True
    assert "niet met iedereen delen" in form.submit(status=422).text
    form["reden"] = "De melder gaf alsnog toestemming, zie de notitie"
    page = form.submit().follow()
    page = browser.get(f"{address}/overleg-stuk?nr=1")
    assert page.text.count(STORY) == 2
    form = form_of(browser.get(f"{address}/overleg-verslag?nr=1"), besluiten="Extra toezicht")
    assert "aan tafel zaten" in form.submit(status=422).text
    form["anderen"] = "jongerenwerker"
    assert "komma" in form.submit(status=422).text
    form["anderen"] = "jongerenwerker, Stichting Jeugd"
    form.fields["aanwezig"][0].checked = True
    form["volgende"] = "2027-02-09"
    page = form.submit().follow()
    assert "jongerenwerker, Stichting Jeugd" in page.text
    assert "wijkagent, Politie" in page.text
    form = form_of(browser.get(f"{address}/afspraak?overleg=1"), wat="Vaker langs", wie="Boa")
    form["uiterlijk"] = (local(utc_now()).date() + timedelta(days=20)).isoformat()
    page = form.submit().follow()
    assert "Afspraken uit dit overleg" in page.text
    chronology = browser.get(f"{address}?deel=chronologie").text
    assert "Extra toezicht" in chronology
    assert "Overleg 1 gehouden" in browser.get(f"{address}?deel=geschiedenis").text
    assert (
        "blijft zoals het was"
        in form_of(browser.get(f"{address}/overleg-voorleggen?nr=1")).submit(status=422).text
    )
    browser.get(f"{address}/overleg-bekijken?nr=7", status=404)
    browser.get(f"{address}/overleg-bekijken?nr=x", status=404)


def test_only_about_a_person_it_is_called_a_casusoverleg(
    installation: Installation, browser: Any
) -> None:
    person = opened(installation, kind=DossierKind.PERSON.value)
    assert "Casusoverleg plannen" in browser.get(f"{person}/overleg").text
    place = opened(installation)
    assert "Casusoverleg" not in browser.get(f"{place}/overleg").text


def tabled(installation: Installation, browser: Any) -> str:
    address = opened(installation)
    form_of(browser.get(f"{address}/overleg"), moment="2027-01-12T10:00").submit()
    form_of(browser.get(f"{address}/overleg-voorleggen?nr=1")).submit()
    return address


def test_what_was_tabled_stays_as_it_was_and_follows_a_redaction(
    installation: Installation, browser: Any
) -> None:
    address = tabled(installation, browser)
    keys = installation.registry.key_ring
    with installation.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier)).one()
        dossier.summary = "Later geschreven"
        talk = session.scalars(select(Consultation)).one()
        before = read_tabled(session, keys, talk)
        old_key, digest = session.scalars(select(ConsultationKey.sealed)).one(), talk.tabled_sha256
        assert before is not None
        assert before["samenvatting"] == ""
        blob = session.scalars(select(ConsultationBlob.data)).one()
        assert STORY.encode() not in blob
        PERSONAL_DATA.redact(session, keys, dossier.id, Fragment("Sanne"))
    with installation.transaction(DORDRECHT) as session:
        talk = session.scalars(select(Consultation)).one()
        assert session.scalars(select(ConsultationKey.sealed)).one() != old_key
        assert talk.tabled_sha256 == digest
    page = browser.get(f"{address}/overleg-stuk?nr=1").text
    assert "Sanne" not in page
    assert "[onleesbaar gemaakt]" in page


def test_erasing_destroys_what_was_tabled_and_keeps_that_it_was(
    installation: Installation, browser: Any
) -> None:
    address = tabled(installation, browser)
    with installation.transaction(DORDRECHT) as session:
        PERSONAL_DATA.erase(session, session.scalars(select(Dossier.id)).one())
        for entity in (ConsultationKey, ConsultationBlob):
            assert session.scalar(select(func.count()).select_from(entity)) == 0
        talk = session.scalars(select(Consultation)).one()
        assert talk.tabled_sha256
        assert talk.tabled_state == "vernietigd"
    browser.get(f"{address}/overleg-stuk?nr=1", status=404)
    assert "vernietigd" in browser.get(f"{address}/overleg-bekijken?nr=1").text


def test_what_was_tabled_of_somebody_is_found_and_destroyed_while_the_dossier_stays(
    installation: Installation, browser: Any
) -> None:
    address = tabled(installation, browser)
    keys = installation.registry.key_ring
    with installation.transaction(DORDRECHT) as session:
        reference = session.scalars(select(Report.reference)).first()
        found = TABLED.find(session, keys, Subject(reference=reference))
        assert found == [session.scalars(select(Consultation.id)).one()]
        assert TABLED.redact(session, keys, found[0], Fragment("Sanne")) == 1
        TABLED.erase(session, found[0])
    browser.get(f"{address}/overleg-stuk?nr=1", status=404)
    assert "Overlast bij het station" in browser.get(address).text


def test_the_start_page_tells_of_the_consultations_of_the_week(
    installation: Installation, browser: Any
) -> None:
    address = opened(installation)
    soon = local(utc_now() + timedelta(days=2)).strftime("%Y-%m-%dT10:00")
    form_of(browser.get(f"{address}/overleg"), moment=soon).submit()
    page = browser.get("/gemeenten/dordrecht")
    assert f"Overleg over dossier {address[-9:]}" in page.text
    assert page.click("Overleg over dossier").status_int == 200


def test_what_is_past_and_has_no_report_says_so_until_it_has_one_or_the_dossier_is_closed(
    installation: Installation, browser: Any
) -> None:
    address = opened(installation)
    past = local(utc_now() - timedelta(days=5)).strftime("%Y-%m-%dT10:00")
    form_of(browser.get(f"{address}/overleg"), moment=past).submit()
    soon = local(utc_now() + timedelta(days=2)).strftime("%Y-%m-%dT10:00")
    form_of(browser.get(f"{address}/overleg"), moment=soon).submit()
    home = browser.get("/gemeenten/dordrecht")
    shown = [link["href"][-1] for link in home.html.select("a[href*='overleg-bekijken']")]
    assert shown == ["1", "2"], "the report that is missing stands first"
    one = f"{address}/overleg-bekijken?nr=1"
    for page in (browser.get("/gemeenten/dordrecht"), browser.get(f"{address}?deel=overleg")):
        assert "Verslag nodig" in page.text
    assert "Verslag nodig" in browser.get(one).html.find("h1").parent.text
    with installation.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier)).one()
        dossier.state, before = "afgesloten", dossier.state
    assert "Verslag nodig" not in browser.get("/gemeenten/dordrecht").text
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(Dossier)).one().state = before
    form = form_of(browser.get(f"{address}/overleg-verslag?nr=1"), besluiten="Meer licht")
    form["anderen"] = "wijkagent, Politie"
    form.submit(status=303)
    for where in ("/gemeenten/dordrecht", f"{address}?deel=overleg", one):
        assert "Verslag nodig" not in browser.get(where).text


def test_versions_of_the_summary_show_what_changed(
    installation: Installation, browser: Any
) -> None:
    address = opened(installation, summary="Drie jongens roepen na.")
    form_of(browser.get(f"{address}/bewerken"), samenvatting="Vier jongens roepen na.").submit()
    page = browser.get(f"{address}/versies?veld=samenvatting")
    ins, removed = page.html.find("ins").text, page.html.find("del").text
    assert (ins, removed) == ("[erbij: Vier ]", "[weg: Drie ]"), "in words, not by colour alone"
    assert "eerste versie" in browser.get(f"{address}/versies?veld=samenvatting&nummer=1").text
    assert "Nog geen versies" in browser.get(f"{address}/versies?veld=duiding").text
    browser.get(f"{address}/versies?veld=titel", status=404)


def test_a_title_with_a_name_is_warned_about_and_may_stay(
    installation: Installation, browser: Any
) -> None:
    address = opened(installation)
    form = form_of(browser.get(f"{address}/bewerken"), titel="Overlast door Jan Jansen")
    page = form.submit(status=422)
    assert "een naam (‘Jan Jansen’)" in page.text
    page = form_of(page, titel_is_goed=True).submit().follow()
    assert "Overlast door Jan Jansen" in page.text


def test_a_restricted_note_is_there_for_its_readers_alone(
    installation: Installation, browser: Any, owner: str
) -> None:
    officer = make_user(installation, (DORDRECHT, Role.OFFICER), name="Olaf Lezer")
    other = make_user(installation, (DORDRECHT, Role.OFFICER))
    address = opened(installation)
    form = form_of(browser.get(f"{address}/notitie"), tekst="Het geheime woord zwaluwstaart")
    reader = str(user_id(installation, officer))
    next(box for box in form.fields["lezers"] if box._value == reader).checked = True
    form.submit()
    installation.run_jobs()
    for person, sees in ((owner, True), (officer, True), (other, False)):
        looking = installation.browser(person)
        for part in ("notities", "chronologie"):
            page = looking.get(f"{address}?deel={part}").text
            assert ("zwaluwstaart" in page) is sees, (person, part)
        assert "Het geheime woord" not in looking.get("/zoeken?q=zwaluwstaart").text


def test_a_note_is_not_shown_to_who_can_not_see_the_dossier(installation: Installation) -> None:
    admin = make_user(installation, (DORDRECHT, Role.ADMIN))
    opened(installation)
    stranger = user_id(installation, admin)
    with installation.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier)).one()
        with pytest.raises(Exception, match="kan het dossier niet zien"):
            add_note(session, dossier, "Tekst", SYSTEM, readers=[stranger])


def test_who_minds_an_agreement_is_reminded_before_its_day(
    installation: Installation, owner: str
) -> None:
    opened(installation)
    minder = user_id(installation, owner)
    today = local(utc_now()).date()
    with installation.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier)).one()
        late = make_agreement(
            session, dossier, "Straks", "Boa", today + timedelta(days=30), SYSTEM, owner_id=minder
        )
        make_agreement(
            session, dossier, "Morgen", "Boa", today + timedelta(days=1), SYSTEM, owner_id=minder
        )
        number = str(late.id)
    with installation.transaction() as session:
        jobs = session.scalars(select(OutboxJob).where(OutboxJob.kind == REMINDER_JOB.name)).all()
        payloads = [dict(job.payload) for job in jobs]
    assert [p["afspraak"] for p in payloads] == [number], "what is due tomorrow needs no reminder"
    context = _context(installation)
    send_reminders(context, payloads)
    send_reminders(context, payloads)
    with installation.transaction(DORDRECHT) as session:
        mails = session.scalars(
            select(MailMessage).where(MailMessage.template == "afspraak_herinnering")
        ).all()
        assert len(mails) == 1, "asked again there is still one"
        row = session.get_one(DossierAgreement, UUID(number))
        row.state, row.result = "gedaan", "Klaar"
    installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        mail = session.scalars(
            select(MailMessage).where(MailMessage.template == "afspraak_herinnering")
        ).one()
        assert mail.state == "niet_nodig", "done before it went out"


def _context(installation: Installation) -> JobContext:
    made = installation.registry
    return JobContext(made.engine, made.app_settings, made, DORDRECHT)
