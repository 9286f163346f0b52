"""A person-directed dossier: what it starts with, advice as a step, and days to look again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import clock_at, local_date, utc_now
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.dossiers.filing.services import file_report
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.person.models import PersonGround, PrivacyAdvice
from stopintimidatie.reports.models import Report
from tests.support.factories import (
    DORDRECHT,
    connect,
    make_dossier,
    make_ready,
    make_report,
    make_user,
    start_answers,
    take_on,
    user_id,
)
from tests.support.installation import Installation

LIST = "/gemeenten/dordrecht/persoonsgericht"
# A Wednesday: the next working day is the day after.
NOON = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


@pytest.fixture
def owner(installation: Installation) -> str:
    return make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER), name="Dita Houder")


@pytest.fixture
def browser(installation: Installation, owner: str) -> Any:
    return installation.browser(owner)


@pytest.fixture
def privacy(installation: Installation) -> Any:
    name = make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER), name="Petra Privacy")
    return installation.browser(name)


def opened(installation: Installation, owner: str, **kw: Any) -> str:
    """The address of a person-directed dossier in preparation."""
    with installation.transaction() as session:
        more = {"kind": "persoonsgericht", "owner_id": user_id(installation, owner), **kw}
        number = make_dossier(session, title="Aanpak P-01", **more).number
    return f"/gemeenten/dordrecht/binnenstad/{number}"


def fill(page: Any, **values: Any) -> Any:
    form = page.forms["formulier"]
    for name, value in values.items():
        if value is not None:
            form[name] = value
    return form


def write_ground(browser: Any, address: str, status: Any = 303, **changes: Any) -> Any:
    today = local_date(utc_now())
    values = {
        "strafgrond": "avg_10_overheid",
        "evenredigheid": "Een kwikstaart minder kan niet.",
        "herzien_op": (today + timedelta(days=90)).isoformat(),
        "informeren": "uitgesteld",
        "uitgesteld_tot": (today + timedelta(days=30)).isoformat(),
        "uitstel_reden": "Het onderzoek loopt nog.",
        **changes,
    }
    return fill(browser.get(f"{address}/grond-vastleggen"), **values).submit(status=status)


def start(browser: Any, owner: Any, address: str, status: int = 303, **more: Any) -> Any:
    """Start a dossier; return the page that says at once what comes first, if one does."""
    page = browser.get(f"{address}/stap?naam=starten")
    if page.status_int == 303:
        assert status == 422, page.follow().text
        return page.follow()
    return fill(page, **{**start_answers(owner), **more}).submit(status=status)


def test_a_dossier_about_a_person_starts_only_with_ground_and_advice(
    installation: Installation, browser: Any, privacy: Any, owner: str
) -> None:
    address, me = opened(installation, owner), user_id(installation, owner)
    assert "Leg eerst vast waarom" in start(browser, me, address, 422).text
    assert "Leg eerst vast" in browser.get(f"{address}/advies-vragen").follow().text
    write_ground(browser, address)
    assert "Vraag eerst advies" in start(browser, me, address, 422).text
    fill(browser.get(f"{address}/advies-vragen"), vraag="Mag dit?").submit(status=303)
    form = browser.get(f"{address}/stap?naam=starten")
    form.mustcontain("Wacht daarop", "Waarom kan de start niet wachten")
    assert "nog niet" in start(browser, me, address, 422).text
    browser.get(f"{address}/advies-geven", status=403)
    waits = privacy.get("/gemeenten/dordrecht")
    assert "Adviseren over een persoonsgericht dossier" in waits
    assert "Er wacht niets op u" not in waits
    asked = privacy.get(f"{address}/advies-geven")
    asked.mustcontain("Mag dit?", "AVG 10: onder toezicht", no=["Doel van het dossier"])
    answer = {"advies": "voorwaarden", "toelichting": "Zonder uiterlijk."}
    fill(privacy.get(f"{address}/advies-geven"), **answer).submit(status=303)
    assert "Besluit eerst" in start(browser, me, address, 422).text
    fill(browser.get(f"{address}/advies-volgen"), besluit="volgen").submit(status=303)
    page = start(browser, me, address).follow()
    assert "Het dossier is nu in aanpak" in page.text
    for words in ("Een kwikstaart minder", "Mag dit?", "Zonder uiterlijk.", "gevolgd, Dita Houder"):
        assert words in page.text
    history = browser.get(f"{address}?deel=geschiedenis").text
    assert "Advies van de privacyfunctionaris: positief, met voorwaarden" in history
    with installation.transaction(DORDRECHT) as session:
        actions = set(session.scalars(select(AuditEvent.action)))
    assert actions >= {
        "dossier.grond",
        "dossier.advies_gevraagd",
        "dossier.advies_gegeven",
        "dossier.advies_gevolgd",
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"strafgrond": None}, "strafgrond"),
        ({"evenredigheid": ""}, "evenredigheid"),
        ({"herzien_op": "2190-01-01"}, "herzien_op"),
        ({"herzien_op": "2020-01-01"}, "herzien_op"),
        ({"informeren": "geinformeerd"}, "informeren"),
        ({"uitgesteld_tot": ""}, "uitgesteld_tot"),
        ({"uitstel_reden": ""}, "uitstel_reden"),
        ({"uitgesteld_tot": "2190-01-01"}, "uitgesteld_tot"),
        ({"geinformeerd_op": "2020-01-01"}, "informeren"),
    ],
    ids=str,
)
def test_a_ground_is_whole_or_refused(
    installation: Installation, browser: Any, owner: str, changes: Any, field: str
) -> None:
    page = write_ground(browser, opened(installation, owner), 422, **changes)
    assert f'href="#formulier-{field}' in page.text
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(PersonGround)).first() is None


def test_who_was_informed_has_a_day_and_no_postponement(
    installation: Installation, browser: Any, owner: str
) -> None:
    address = opened(installation, owner)
    told = {"informeren": "geinformeerd", "geinformeerd_op": "2026-01-05"}
    write_ground(browser, address, uitgesteld_tot="", uitstel_reden="", **told)
    assert "op 5 januari 2026" in browser.get(address).text


@pytest.mark.alles
def test_advice_holds_for_the_ground_that_the_privacy_officer_read(
    installation: Installation, browser: Any, privacy: Any, owner: str
) -> None:
    address, me = opened(installation, owner), user_id(installation, owner)
    write_ground(browser, address)
    asking = browser.get(f"{address}/advies-vragen")
    asking.mustcontain("leest ook de grond en uw afweging")
    fill(asking, vraag="Mag dit?").submit(status=303)
    answer = {"advies": "positief", "toelichting": "Akkoord."}
    old = fill(privacy.get(f"{address}/advies-geven"), **answer)
    write_ground(browser, address, evenredigheid="Het is nu zwaarder.")
    page = old.submit(status=409)
    page.mustcontain("is gewijzigd sinds u deze pagina opende", "Het is nu zwaarder.", "Akkoord.")
    page.forms["formulier"].submit(status=303)
    with installation.transaction(DORDRECHT) as session:
        mailed = select(MailMessage.recipient_id).where(MailMessage.template == "advies_gegeven")
        assert session.scalars(mailed).all() == [str(me)]
    # When the person was informed is no part of what the advice is about.
    told = {"informeren": "geinformeerd", "geinformeerd_op": "2026-01-05"}
    write_ground(browser, address, evenredigheid=None, uitgesteld_tot="", uitstel_reden="", **told)
    ready = fill(browser.get(f"{address}/stap?naam=starten"), **start_answers(me))
    same = {"evenredigheid": None, "uitgesteld_tot": "", "uitstel_reden": "", **told}
    write_ground(browser, address, **{**same, "strafgrond": "uavg_32_b_vitaal"})
    ready.submit(status=422).mustcontain("De grond is gewijzigd na het advies")
    start(browser, me, address, 422).mustcontain("Vraag opnieuw advies")
    page = browser.get(address)
    page.mustcontain("De grond is gewijzigd na het advies", "positief, over een eerdere grond")
    fill(page.click("Advies vragen"), vraag="En zo?").submit(status=303)
    fill(privacy.get(f"{address}/advies-geven"), **answer).submit(status=303)
    start(browser, me, address).follow().mustcontain("Het dossier is nu in aanpak")


@pytest.mark.alles
def test_the_advice_is_no_veto_and_the_fg_sees_why_it_was_not_followed(
    installation: Installation, browser: Any, privacy: Any, owner: str
) -> None:
    fg = make_user(installation, (DORDRECHT, Role.DATA_PROTECTION_OFFICER))
    address, me = opened(installation, owner), user_id(installation, owner)
    write_ground(browser, address)
    fill(browser.get(f"{address}/advies-vragen"), vraag="Mag dit?").submit()
    answer = {"advies": "negatief", "toelichting": "Te zwaar."}
    fill(privacy.get(f"{address}/advies-geven"), **answer).submit(status=303)
    form = fill(browser.get(f"{address}/advies-volgen"), besluit="niet_volgen")
    assert "waarom u het advies niet volgt" in form.submit(status=422).text
    form["reden"] = "Er is echt geen andere weg."
    form.submit(status=303)
    start(browser, me, address)
    watching = installation.browser(fg)
    assert "1 advies niet gevolgd, in zeven dagen" in watching.get("/gemeenten/dordrecht").text
    page = watching.get(f"{LIST}?wat=niet-gevolgd").text
    assert "Aanpak P-01" in page
    assert "negatief, niet gevolgd" in page
    assert "Er is echt geen andere weg." in watching.get(address).text


def test_a_negative_advice_that_is_followed_keeps_the_dossier_from_starting(
    installation: Installation, browser: Any, privacy: Any, owner: str
) -> None:
    address, me = opened(installation, owner), user_id(installation, owner)
    write_ground(browser, address)
    fill(browser.get(f"{address}/advies-vragen"), vraag="Mag dit?").submit()
    answer = {"advies": "negatief", "toelichting": "Te zwaar."}
    fill(privacy.get(f"{address}/advies-geven"), **answer).submit()
    fill(browser.get(f"{address}/advies-volgen"), besluit="volgen").submit(status=303)
    assert "niet in aanpak" in start(browser, me, address, 422).text
    with installation.transaction(DORDRECHT) as session:
        dossier, report = session.scalars(select(Dossier)).one(), make_report(session, installation)
        take_on(session, report)
        effects = installation.registry.workflow_effects
        file_report(session, effects, dossier, report, "Zelfde man", SYSTEM)
    assert "Kies ‘Niet starten’" in browser.get(address).text
    assert "Aanpak P-01" in browser.get(f"{LIST}?wat=stoppen").click("Aanpak P-01").text
    form = browser.get(address).click("Niet starten").forms["formulier"]
    assert form.submit(status=422).html.find(attrs={"data-veld": "reden"}).find(class_="si-error")
    form["reden"] = "Het advies was negatief."
    form.submit(status=303).follow().mustcontain("Niet gestart", "Het advies was negatief.")
    assert (
        "nooit gestart"
        in fill(browser.get(f"{address}/stap?naam=heropenen"), reden="Toch maar.")
        .submit(status=422)
        .text
    )
    for page in (f"{LIST}?wat=niet-gestart", "/gemeenten/dordrecht/dossiers"):
        assert "Niet gestart" in browser.get(page).html.find("main").text
        assert "Aanpak P-01" not in browser.get(page).text
    assert "Aanpak P-01" not in browser.get(f"{LIST}?wat=stoppen").text
    with installation.transaction(DORDRECHT) as session:
        ended = session.scalars(select(Dossier)).one()
        assert ended.closed_at is not None
        assert (session.scalars(select(Report)).one().state) == "in_behandeling"


def test_with_urgency_the_advice_comes_within_a_working_day(
    installation: Installation, browser: Any, privacy: Any, owner: str
) -> None:
    with clock_at(NOON):
        address, me = opened(installation, owner), user_id(installation, owner)
        write_ground(browser, address)
        fill(browser.get(f"{address}/advies-vragen"), vraag="Mag dit?").submit()
        start(browser, me, address, spoed_reden="Morgen is er een zitting.")
        installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(PrivacyAdvice)).one()
        assert row.due_at == NOON + timedelta(days=1)
        assert row.urgent_reason == "Morgen is er een zitting."
        first = set(session.scalars(select(MailMessage.template)))
    assert first == {"advies_gevraagd"}, "the mail of the next morning would be too late"
    with clock_at(NOON + timedelta(days=1, hours=1)):
        installation.run_jobs()
        assert "te laat" in privacy.get(f"{LIST}?wat=advies").text
        assert "1 advies is te laat" in privacy.get("/gemeenten/dordrecht").text
        assert "Het advies is te laat" in browser.get(address).text
    with installation.transaction(DORDRECHT) as session:
        late = session.scalars(
            select(MailMessage.recipient_id).where(MailMessage.template == "advies_te_laat")
        ).all()
        assert str(me) in late
        assert len(late) == 2, "the owner and the privacy officer"


@pytest.mark.alles
def test_a_negative_advice_that_is_followed_after_an_urgent_start_stops_the_dossier(
    installation: Installation, browser: Any, privacy: Any, owner: str
) -> None:
    stop, town = "Negatief advies gevolgd: stop", "/gemeenten/dordrecht"
    address, me = opened(installation, owner), user_id(installation, owner)
    write_ground(browser, address)
    fill(browser.get(f"{address}/advies-vragen"), vraag="Mag dit?").submit()
    start(browser, me, address, spoed_reden="Morgen is er een zitting.")
    answer = {"advies": "negatief", "toelichting": "Te zwaar."}
    fill(privacy.get(f"{address}/advies-geven"), **answer).submit(status=303)
    assert f"{stop} dit dossier" not in browser.get(town).text
    form = fill(browser.get(f"{address}/advies-volgen"), besluit="volgen")
    page = form.submit(status=303).follow()
    page.mustcontain(f"{stop} dit dossier", "Kies ‘Naar monitoring’ en daarna ‘Afsluiten’")
    for who in (browser, privacy):
        assert f"{stop} dit dossier" in who.get(town).text
        assert "Aanpak P-01" in who.get(f"{LIST}?wat=stoppen").text
    day = (local_date(utc_now()) + timedelta(days=7)).isoformat()
    fill(browser.get(f"{address}/stap?naam=monitoren"), effect_datum=day).submit(status=303)
    assert "Kies ‘Afsluiten’." in browser.get(address).text
    back = fill(browser.get(f"{address}/stap?naam=heropenen"), reden="Toch maar.")
    assert "niet in aanpak" in back.submit(status=422).text
    closing = {"reden_code": "doel_bereikt", "effect": "Geen.", "terugkoppeling": "Gestopt."}
    fill(browser.get(f"{address}/stap?naam=afsluiten"), **closing).submit(status=303)
    for who in (browser, privacy):
        assert f"{stop} dit dossier" not in who.get(town).text
        assert "Aanpak P-01" not in who.get(f"{LIST}?wat=stoppen").text


@pytest.mark.alles
def test_a_review_gives_a_new_day_within_six_months(
    installation: Installation, browser: Any, owner: str
) -> None:
    with clock_at(NOON):
        address, me = opened(installation, owner), user_id(installation, owner)
        with installation.transaction(DORDRECHT) as session:
            make_ready(session, session.scalars(select(Dossier)).one())
        start(browser, me, address)
        form = browser.get(f"{address}/grond-vastleggen")
        assert "herzien_op" not in form.forms["formulier"].fields, "a started dossier is reviewed"
    day = NOON + timedelta(days=91)
    with clock_at(day):
        browser = installation.browser(owner)
        assert "De dag van herziening is er" in browser.get(address).text
        assert "Aanpak P-01" in browser.get(f"{LIST}?wat=herzien").text
        start_page = browser.get("/gemeenten/dordrecht").text
        assert "Persoonsgerichte dossiers om bij te werken: 1" in start_page
        assert "te laat" in browser.get(f"{LIST}?wat=informeren").text
        far = {"herzien_op": "2027-12-31", "reden": "Nog nodig."}
        assert "zes" in fill(browser.get(f"{address}/herzien"), **far).submit(status=422).text
        near = {"herzien_op": "2027-05-01", "reden": "Nog nodig."}
        fill(browser.get(f"{address}/herzien"), **near).submit(status=303)
        history = browser.get(f"{address}?deel=geschiedenis").text
        assert "Herzien: opnieuw bekijken op 1 mei 2027" in history
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(PersonGround.review_on)).one() == date(2027, 5, 1)


def test_a_dossier_does_not_get_round_the_rule_by_another_kind(
    installation: Installation, browser: Any, owner: str
) -> None:
    address = opened(installation, owner)
    write_ground(browser, address)
    page = fill(browser.get(f"{address}/bewerken"), soort="groep").submit(status=422)
    assert "Het blijft persoonsgericht" in page.text


def test_the_list_is_empty_without_such_dossiers_and_not_there_for_others(
    installation: Installation, browser: Any
) -> None:
    assert "Geen dossiers" in browser.get(LIST).text
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    officer.get(LIST, status=403)
    assert "Persoonsgericht" not in officer.get("/").follow().text


def test_the_owner_is_mailed_before_the_day_of_review(
    installation: Installation, owner: str
) -> None:
    with clock_at(NOON):
        address = opened(installation, owner)
        write_ground(installation.browser(owner), address)
    for days, expected in ((70, 0), (77, 1), (90, 2)):
        with clock_at(NOON + timedelta(days=days)):
            installation.run_jobs()
        with installation.transaction(DORDRECHT) as session:
            sent = session.scalars(
                select(MailMessage.recipient_id).where(MailMessage.template == "dossier_herzien")
            ).all()
        assert list(sent) == [str(user_id(installation, owner))] * expected, days


def test_a_dossier_that_began_before_the_rule_goes_on_and_is_listed_to_be_mended(
    installation: Installation, browser: Any, owner: str
) -> None:
    address = opened(installation, owner)
    with installation.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier)).one()
        dossier.state, dossier.privacy_advice = "monitoring", "Akkoord, toen nog zelf opgeschreven."
    page = browser.get(address).text
    assert "begon voordat een grond nodig was" in page
    assert "Akkoord, toen nog zelf opgeschreven." in page
    assert "Advies van vóór deze stap" in page
    assert "Aanpak P-01" in browser.get(f"{LIST}?wat=herzien").text
    again = fill(browser.get(f"{address}/stap?naam=heropenen"), reden="Weer meldingen.")
    assert "Leg eerst vast" in again.submit(status=422).text
    write_ground(browser, address)
    again = fill(browser.get(f"{address}/stap?naam=heropenen"), reden="Weer meldingen.")
    again.submit(status=303)


def test_nothing_is_merged_into_a_running_dossier_without_a_ground(
    installation: Installation, browser: Any, owner: str
) -> None:
    former, new = opened(installation, owner), opened(installation, owner)
    numbers = [address.rpartition("/")[2] for address in (former, new)]
    with installation.transaction(DORDRECHT) as session:
        old = session.scalars(select(Dossier).where(Dossier.number == numbers[0])).one()
        old.state = "in_aanpak"
    form = browser.get(f"{new}/stap?naam=samenvoegen")
    values = {"samengevoegd_met": numbers[0], "reden": "Zelfde persoon."}
    assert "Leg eerst vast" in fill(form, **values).submit(status=422).text
