"""Triage: the form, the inbox, entering a report, the short address."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.accounts import sessions
from stopintimidatie.core.audit import AuditEvent, AuditSubject
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import local
from stopintimidatie.core.tree import register_reference
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.models import Report, ReporterMessage, ReportMove
from stopintimidatie.reports.vocabulary import AgeGroup, ContactWish
from tests.support.crowds import tell_planner
from tests.support.factories import (
    DORDRECHT,
    EINDHOVEN,
    connect,
    make_dossier,
    make_report,
    make_user,
    user_id,
)
from tests.support.installation import Installation
from tests.support.officers import HERE, officer, set_value, state_of, stored
from tests.support.queries import count_queries

on_sqlite = pytest.mark.sqlite
INBOX = "/gemeenten/dordrecht/postvak"


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


def report_at(installation: Installation, address: str) -> Report:
    with installation.transaction(DORDRECHT) as session:
        reference = address.rpartition("/")[2]
        return session.scalars(select(Report).where(Report.reference == reference)).one()


def filled(form: Any) -> Any:
    """The triage form with the one answer it can't know."""
    set_value(form, "beoordeling.gevaar", "nee")
    return form


def test_saving_takes_a_new_report_in_hand_at_once(installation: Installation) -> None:
    address = stored(installation)
    username = make_user(installation, (DORDRECHT, Role.OFFICER), name="Olga")
    browser = installation.browser(username)
    page = browser.get(f"{address}/triage")
    assert "Is er nu iemand in gevaar?" in page.text
    form = filled(page.forms["formulier"])
    form["beoordeling.spoed"] = True
    set_value(form, "beoordeling.vormen", "hinderlijk_volgen")
    page = form.submit("opslaan", status=303).follow()
    assert "de beoordeling is opgeslagen" in page.text
    kept = report_at(installation, address)
    assert (kept.state, kept.urgent, kept.danger_now) == ("in_behandeling", True, False)
    assert kept.handler_id == user_id(installation, username)
    assert kept.confirmed_forms == ["naroepen", "hinderlijk_volgen"]
    assert kept.reported_forms == ["naroepen"]
    with installation.transaction(DORDRECHT) as session:
        names = session.scalars(select(ReportMove.name).order_by(ReportMove.at)).all()
        assert names == ["ontvangen", "in_behandeling_nemen", "beoordelen"]
        actions = set(session.scalars(select(AuditEvent.action)))
        assert {"melding.toestand", "melding.beoordeeld"} <= actions


def test_somebody_in_danger_now_is_spoed(installation: Installation) -> None:
    address = stored(installation)
    browser = officer(installation)
    page = browser.get(f"{address}/triage")
    assert "bel eerst 112" in page.text
    form = filled(page.forms["formulier"])
    form["beoordeling.gevaar"] = "ja"
    shown = form.submit("opslaan", status=303).follow()
    assert "is spoed, want er is iemand in gevaar" in shown.text
    kept = report_at(installation, address)
    assert (kept.danger_now, kept.urgent) == (True, True)
    # When the danger is over it need not stay so.
    form = browser.get(f"{address}/triage").forms["formulier"]
    form["beoordeling.gevaar"], form["beoordeling.spoed"] = "nee", False
    assert "is spoed" not in form.submit("opslaan", status=303).follow().text
    kept = report_at(installation, address)
    assert (kept.danger_now, kept.urgent) == (False, False)


def test_nothing_is_stored_without_an_answer_about_danger(installation: Installation) -> None:
    address = stored(installation)
    form = officer(installation).get(f"{address}/triage").forms["formulier"]
    form.submit("opslaan", status=422)
    assert state_of(installation, address) == "nieuw"


def test_a_form_is_noted_as_read_when_it_is_shown_and_not_when_it_is_saved(
    installation: Installation,
) -> None:
    address = stored(installation)

    def reads() -> int:
        with installation.transaction(DORDRECHT) as session:
            read = select(AuditEvent.task).where(AuditEvent.action == "gelezen")
            return session.scalars(read).all().count("beoordelen")

    form = officer(installation).get(f"{address}/triage").forms["formulier"]
    assert reads() == 1
    mistaken = form.submit("opslaan", status=422)
    assert "Drie jongens" in mistaken.text
    assert reads() == 2
    filled(mistaken.forms["formulier"]).submit("opslaan", status=303)
    assert reads() == 2


def test_a_suspected_offence_needs_a_reason(installation: Installation) -> None:
    address = stored(installation)
    browser = officer(installation)
    form = filled(browser.get(f"{address}/triage").forms["formulier"])
    form["beoordeling.vermoeden"] = True
    form = form.submit("opslaan", status=422).forms["formulier"]
    assert report_at(installation, address).suspected_offence is None
    form["beoordeling.vermoeden_reden"] = "De melder beschrijft betasten."
    form.submit("opslaan", status=303)
    kept = report_at(installation, address)
    assert kept.suspected_offence_reason == "De melder beschrijft betasten."


@on_sqlite
@pytest.mark.parametrize(
    ("filled_in", "field", "told"),
    [
        (
            {"beoordeling.vermoeden_reden": "De melder beschrijft betasten."},
            "beoordeling.vermoeden_reden",
            "kruiste ‘Ik vermoed een strafbaar feit’ niet aan",
        ),
        (
            {"contact.hoe": "geen", "contact.uiterlijk": "2099-01-01"},
            "contact.uiterlijk",
            "U koos ‘geen contact’, maar vulde ook een dag in",
        ),
        (
            {"contact.hoe": "via_app", "contact.uiterlijk": "2020-12-01"},
            "contact.uiterlijk",
            "Deze dag is voorbij. Kies vandaag of later.",
        ),
        (
            {"contact.hoe": "bellen", "contact.uiterlijk": "2099-01-01"},
            "contact.hoe",
            "geen telefoonnummer van deze melder. Wat wel kan: ‘mailen’ of ‘via de app",
        ),
    ],
)
def test_what_would_be_left_aside_is_refused_and_kept(
    installation: Installation, filled_in: dict[str, str], field: str, told: str
) -> None:
    address = stored(installation, anonymous=False, contact=Contact(email="m@melder.example"))
    page = officer(installation).get(f"{address}/triage")
    assert "Uiterlijk op (niet verplicht)" not in page.html.find("main").text
    form = filled(page.forms["formulier"])
    for name, value in filled_in.items():
        form[name] = value
    refused = form.submit("opslaan", status=422)
    assert told in refused.html.find(attrs={"data-veld": field}).text
    kept = refused.forms["formulier"]
    assert {name: kept[name].value for name in filled_in} == filled_in
    assert state_of(installation, address) == "nieuw"
    kept["beoordeling.vermoeden_reden"] = kept["contact.uiterlijk"] = ""
    kept["contact.hoe"] = "geen"
    kept.submit("opslaan", status=303)


@on_sqlite
def test_a_day_for_contact_that_is_over_may_stay(installation: Installation) -> None:
    address = stored(installation, wants_contact=ContactWish.VIA_APP)
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(Report)).one().contact_deadline = utc_now() - timedelta(days=9)
    form = filled(officer(installation).get(f"{address}/triage").forms["formulier"])
    form.submit("opslaan", status=303)


def test_a_triage_can_be_corrected_while_some_forms_stay(installation: Installation) -> None:
    address = stored(installation)
    browser = officer(installation)
    for chosen in (
        {"naroepen", "hinderlijk_volgen"},
        {"naroepen", "spugen"},
        {"naroepen"},
        {"hinderlijk_volgen", "naroepen", "spugen"},
    ):
        form = filled(browser.get(f"{address}/triage").forms["formulier"])
        for box in form.fields["beoordeling.vormen"]:
            box.checked = box._value in chosen
        form.submit("opslaan", status=303)
        assert set(report_at(installation, address).confirmed_forms) == chosen
    assert report_at(installation, address).reported_forms == ["naroepen"]


def another_neighbourhood(installation: Installation) -> Neighbourhood:
    with installation.transaction() as session:
        rows = session.scalars(
            select(Neighbourhood)
            .where(Neighbourhood.municipality_code == DORDRECHT, Neighbourhood.kind == "wijk")
            .where(Neighbourhood.slug != "binnenstad")
            .order_by(Neighbourhood.code)
        )
        return rows.first() or pytest.fail("the register has one wijk only")


def test_another_neighbourhood_moves_the_report_and_the_old_address_leads_on(
    installation: Installation,
) -> None:
    address = stored(installation)
    area = another_neighbourhood(installation)
    browser = officer(installation)
    form = filled(browser.get(f"{address}/triage").forms["formulier"])
    form["plek.wijk"] = area.code
    page = form.submit("opslaan", status=303).follow()
    reference = address.rpartition("/")[2]
    assert page.request.path == f"/gemeenten/dordrecht/{area.slug}/{reference}"
    assert "gekozen door een medewerker" in page.text
    assert f"Wijk: {area.name}" in page.text
    old = browser.get(address, status=301)
    assert old.location.endswith(page.request.path)
    stranger = installation.browser(make_user(installation, (EINDHOVEN, Role.OFFICER)))
    stranger.get(address, status=404)
    admin = installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))
    admin.get(address, status=404)


@pytest.mark.alles
def test_what_somebody_was_writing_goes_along_with_a_report_that_moved_meanwhile(
    installation: Installation,
) -> None:
    address = stored(installation)
    writer = officer(installation)
    writing = writer.get(f"{address}/bericht").forms["formulier"]
    writing["tekst"] = "Wij houden toezicht bij de halte."
    form = filled(officer(installation).get(f"{address}/triage").forms["formulier"])
    area = another_neighbourhood(installation)
    form["plek.wijk"] = area.code
    present = form.submit("opslaan", status=303).follow().request.path
    moved = writing.submit("versturen", status=307)
    assert moved.location == f"http://localhost:6543{present}/bericht"
    # As a browser does with this answer. What changed is told, and nothing is lost.
    answer = writer.post(moved.location, writing.submit_fields("versturen"), status=409)
    again = answer.forms["formulier"]
    assert again["tekst"].value == "Wij houden toezicht bij de halte."
    assert "het bericht staat klaar" in again.submit("versturen", status=303).follow().text


@pytest.mark.alles
def test_pages_of_a_report_that_moved_lead_on_with_what_was_asked_for_who_may_see_it(
    installation: Installation,
) -> None:
    address = stored(installation)
    reader = officer(installation)
    form = filled(reader.get(f"{address}/triage").forms["formulier"])
    form["plek.wijk"] = another_neighbourhood(installation).code
    present = form.submit("opslaan", status=303).follow().request.path
    for asked, leads_to in (
        ("/bericht", "/bericht"),
        ("/logboek?pagina=2%0d%0a&x=%c3%a9", "/logboek?pagina=2%0D%0A&x=%C3%A9"),
        ("/%0d%0aSet-Cookie:%20a=b", "/%0D%0ASet-Cookie%3A%20a%3Db"),
    ):
        assert reader.get(address + asked, status=301).location.endswith(present + leads_to)
    token = {"csrf_token": reader.cookies["csrf"]}
    reader.post(f"{address}/bericht", token, status=307)
    reader.put(f"{address}/bericht", token, status="4*")
    stranger = installation.browser(make_user(installation, (EINDHOVEN, Role.OFFICER)))
    stranger.get(f"{address}/bericht", status=404)
    stranger.post(f"{address}/bericht", {"csrf_token": stranger.cookies["csrf"]}, status=404)


def test_contact_by_telephone_has_a_last_day(installation: Installation) -> None:
    address = stored(installation, wants_contact=ContactWish.VIA_APP)
    browser = officer(installation)
    page = browser.get(f"{address}/triage")
    form = filled(page.forms["formulier"])
    deadline = local(utc_now() + timedelta(days=3)).date().isoformat()
    assert form["contact.uiterlijk"].value == deadline
    before = report_at(installation, address).contact_deadline
    form["contact.uiterlijk"] = ""
    form = form.submit("opslaan", status=422).forms["formulier"]
    form["contact.uiterlijk"] = deadline
    form.submit("opslaan", status=303)
    assert report_at(installation, address).contact_deadline == before
    form = browser.get(f"{address}/triage").forms["formulier"]
    set_value(form, "contact.hoe", "is_geweest")
    form.submit("opslaan", status=303)
    assert report_at(installation, address).contact_deadline is None


def test_a_double_is_closed_from_the_form(installation: Installation) -> None:
    address, other = stored(installation), stored(installation)
    form = filled(officer(installation).get(f"{address}/triage").forms["formulier"])
    form["besluit.wat"] = "dubbel"
    refused = form.submit("opslaan", status=422)
    assert "Vul ‘Dubbel van welke melding?’ in" in refused.text
    assert state_of(installation, address) == "nieuw"
    form = refused.forms["formulier"]
    form["besluit.dubbel_van"] = "M-0000-0000"
    refused = form.submit("opslaan", status=422)
    assert "niet gevonden" in refused.html.find(attrs={"data-veld": "besluit.dubbel_van"}).text
    form = refused.forms["formulier"]
    form["besluit.dubbel_van"] = other.rpartition("/")[2]
    page = form.submit("opslaan", status=303).follow()
    assert "Heropenen…" in page.text
    assert state_of(installation, address) == "niet_in_behandeling"


def test_nothing_stays_half_way_when_a_report_is_not_handled(installation: Installation) -> None:
    address = stored(installation)
    form = filled(officer(installation).get(f"{address}/triage").forms["formulier"])
    form["besluit.wat"] = "niet_test"
    form.submit("opslaan", status=303).follow()
    kept = report_at(installation, address)
    assert (kept.state, kept.ended_reason) == ("niet_in_behandeling", "test")


def test_the_form_asks_all_that_finishing_needs_at_once(installation: Installation) -> None:
    address = stored(installation)
    form = filled(officer(installation).get(f"{address}/triage").forms["formulier"])
    form["besluit.wat"] = "afhandelen"
    refused = form.submit("opslaan", status=422)
    assert "Vul ‘Opvolging’ in" in refused.text
    assert state_of(installation, address) == "nieuw"
    form = refused.forms["formulier"]
    set_value(form, "besluit.opvolging", "extra_toezicht")
    form["besluit.terugkoppeling"] = "gegeven"
    refused = form.submit("opslaan", status=422)
    assert "Bericht" in refused.html.select_one(".si-error-summary").text
    # Nothing of the assessment was kept either.
    assert state_of(installation, address) == "nieuw"
    form = refused.forms["formulier"]
    form["besluit.bericht"] = "Er is extra toezicht."
    form.submit("opslaan", status=303).follow()
    kept = report_at(installation, address)
    assert (kept.state, kept.follow_ups) == ("afgehandeld", ["extra_toezicht"])


def test_a_second_person_looks_at_a_form_that_ends_a_report_of_a_minor(
    installation: Installation,
) -> None:
    address = stored(installation, reporter_age_group=AgeGroup.AGE_16_17)
    browser = officer(installation)
    form = filled(browser.get(f"{address}/triage").forms["formulier"])
    form["besluit.wat"] = "niet_test"
    assert "dit vraagt een tweede blik" in form.submit("opslaan", status=303).follow()
    assert state_of(installation, address) == "in_behandeling"
    # The page of the step goes the same way.
    page = browser.get(f"{address}/niet-in-behandeling", status=409)
    assert "wacht op een tweede blik" in page


def test_from_new_a_report_can_be_asked_about_on_the_page_of_the_step(
    installation: Installation,
) -> None:
    address = stored(installation)
    browser = officer(installation)
    form = browser.get(f"{address}/vraag-melder").forms["formulier"]
    form["vraag"] = "Hoe laat was het?"
    form.submit("vraag_melder", status=303)
    assert state_of(installation, address) == "wacht_op_melder"


def test_a_new_dossier_is_made_with_the_report_that_was_just_assessed(
    installation: Installation,
) -> None:
    address = stored(installation)
    form = filled(officer(installation).get(f"{address}/triage").forms["formulier"])
    assert "in_dossier" not in [value for value, *_ in form["besluit.wat"].options]
    form["besluit.wat"] = "nieuw_dossier"
    page = form.submit("opslaan", status=303).follow()
    assert page.request.path == "/gemeenten/dordrecht/nieuw-dossier"
    assert address.rpartition("/")[2] in page.text
    assert report_at(installation, address).danger_now is False


def test_the_form_has_one_button(installation: Installation) -> None:
    address, _ = stored(installation), stored(installation)
    page = officer(installation).get(f"{address}/triage")
    main = page.html.find("main")
    # A similar report is shown beside the form, without a button or link that leaves the form.
    assert "misschien dubbel" in main.text
    assert [button.text for button in main.select("button[type=submit]")] == ["Vastleggen"]
    assert len(main.select("form")) == 1


@pytest.mark.parametrize(
    ("decision", "name", "value", "owner"),
    [
        ("in_behandeling", "dossier", None, "In een dossier plaatsen"),
        ("in_behandeling", "reden", "Zelfde plek.", "In een dossier plaatsen"),
        ("in_behandeling", "dubbel_van", "M-4F7K-2QX9", "Afsluiten als dubbel"),
        ("dubbel", "reden", "Zelfde plek.", "In een dossier plaatsen"),
        ("niet_test", "dubbel_van", "M-4F7K-2QX9", "Afsluiten als dubbel"),
        ("niet_test", "waarom", "Dat hoeft niet.", "Afhandelen"),
        ("in_dossier", "dubbel_van", "M-4F7K-2QX9", "Afsluiten als dubbel"),
    ],
)
def test_what_is_filled_in_for_another_decision_is_never_left_aside(
    installation: Installation, decision: str, name: str, value: str | None, owner: str
) -> None:
    address = stored(installation)
    with installation.transaction() as session:
        value = value or make_dossier(session).number
    with installation.transaction() as session:
        make_dossier(session)
    form = filled(officer(installation).get(f"{address}/triage").forms["formulier"])
    form["besluit.wat"], form[f"besluit.{name}"] = decision, value
    refused = form.submit("opslaan", status=422)
    told = refused.html.find(attrs={"data-veld": f"besluit.{name}"}).text
    assert f"Maak dit leeg, of kies ‘{owner}’" in told
    assert report_at(installation, address).state == "nieuw"
    again = refused.forms["formulier"]
    assert (again["besluit.wat"].value, again[f"besluit.{name}"].value) == (decision, value)


@pytest.mark.parametrize("state", ["wacht_op_melder", "afgehandeld"])
def test_a_decision_that_came_too_late_is_shown_and_nothing_typed_is_lost(
    installation: Installation, state: str
) -> None:
    address = stored(installation)
    with installation.transaction() as session:
        number = make_dossier(session).number
    form = filled(officer(installation).get(f"{address}/triage").forms["formulier"])
    set_value(form, "beoordeling.vormen", "hinderlijk_volgen")
    form["besluit.wat"], form["besluit.dossier"] = "in_dossier", number
    form["besluit.reden"] = "Zelfde groep, zelfde plek."
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(Report)).one().state = state
    late = form.submit("opslaan", status=409)
    for text in ("Uw besluit kan niet meer", number, "Zelfde groep, zelfde plek."):
        assert text in late.text
    again = late.forms["formulier"]
    assert again["beoordeling.gevaar"].value == "nee"
    again.submit("opslaan", status=303 if state == "wacht_op_melder" else 422)
    assert report_at(installation, address).state == state


def test_of_two_officers_the_second_sees_what_the_first_filled_in(
    installation: Installation,
) -> None:
    address = stored(installation)
    first, second = officer(installation, "Eerste"), officer(installation, "Tweede")
    mine = filled(second.get(f"{address}/triage").forms["formulier"])
    mine["beoordeling.spoed"] = True
    theirs = first.get(f"{address}/triage").forms["formulier"]
    set_value(theirs, "beoordeling.gevaar", "ja")
    theirs.submit("opslaan", status=303)
    page = mine.submit("opslaan", status=409)
    assert "‘Beoordeeld’ door Eerste" in page.text
    assert "Dit is intussen gewijzigd" in page.text
    changes = page.html.find("dl", class_="si-changes").get_text(" ", strip=True)
    assert "Nu iemand in gevaar Nu opgeslagen: ja Door u ingevuld: nee" in changes
    kept = report_at(installation, address)
    assert (kept.danger_now, kept.urgent) == (True, True)
    page.forms["formulier"].submit("opslaan", status=303)
    kept = report_at(installation, address)
    assert (kept.danger_now, kept.urgent) == (False, True)


def test_what_has_ended_is_not_assessed(installation: Installation) -> None:
    address = stored(installation)
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(Report)).one().state = "afgehandeld"
    page = officer(installation).get(f"{address}/triage", status=409)
    assert "Dit kan nu niet" in page.text
    assert page.html.find("a", href=f"{address}/heropenen")


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.OFFICER, 200),
        (Role.DOSSIER_OWNER, 200),
        (Role.PRIVACY_OFFICER, 403),
        (Role.DATA_PROTECTION_OFFICER, 403),
        (Role.ADMIN, 404),
    ],
)
def test_who_may_triage(installation: Installation, role: Role, status: int) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, role)))
    browser.get(f"{stored(installation)}/triage", status=status)
    enter = {200: 200, 403: 403, 404: 403}[status]
    browser.get("/gemeenten/dordrecht/melding-invoeren", status=enter)
    browser.get(INBOX, status=403 if role is Role.ADMIN else 200)


BAD = [
    ("beoordeling.vormen", "hoesten"),
    ("beoordeling.gevaar", "misschien"),
    ("plek.wijk", "GM0772-GB"),
    ("plek.wijk", "\x00"),
    ("contact.hoe", "vlaggen"),
    ("contact.uiterlijk", "2026-02-31"),
    ("beoordeling.vermoeden_reden", "x" * 5000),
    ("besluit.wat", "weggooien"),
    ("besluit.wat", ""),
    ("versie", "-1"),
    ("versie", "1e3"),
    ("gezien", "9" * 40),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_bad_input_changes_nothing(installation: Installation, name: str, value: str) -> None:
    address = stored(installation)
    browser = officer(installation)
    form = filled(browser.get(f"{address}/triage").forms["formulier"])
    values = {**dict(form.submit_fields("opslaan")), name: value}
    browser.post(f"{address}/triage", values, status=(400, 422))
    assert state_of(installation, address) == "nieuw"


def at_once(*presses: Callable[[], Any]) -> list[int]:
    """The statuses of things that people do at the same moment."""
    with ThreadPoolExecutor(len(presses)) as pool:
        return sorted(done.result().status_int for done in [pool.submit(p) for p in presses])


@pytest.mark.alles
def test_of_two_saves_at_the_same_moment_one_is_shown_the_other(installation: Installation) -> None:
    address = stored(installation)
    forms = [
        filled(officer(installation, name).get(f"{address}/triage").forms["formulier"])
        for name in ("Eerste", "Tweede")
    ]
    presses = [partial(form.submit, "opslaan", status="*") for form in forms]
    assert at_once(*presses) == [303, 409]
    with installation.transaction(DORDRECHT) as session:
        names = session.scalars(select(ReportMove.name)).all()
        assert sorted(names) == ["beoordelen", "in_behandeling_nemen", "ontvangen"]


@pytest.mark.alles
def test_a_report_is_put_in_a_dossier_from_the_form_and_taken_out_again(
    installation: Installation,
) -> None:
    address = stored(installation)
    with installation.transaction() as session:
        number = make_dossier(session).number
    browser = officer(installation)
    form = filled(browser.get(f"{address}/triage").forms["formulier"])
    form["besluit.wat"] = "in_dossier"
    refused = form.submit("opslaan", status=422)
    refused.mustcontain("Vul ‘In welk dossier?’ in")
    form = refused.forms["formulier"]
    form["besluit.dossier"] = number
    refused = form.submit("opslaan", status=422)
    refused.mustcontain("Vul ‘Waarom hoort de melding daar?’ in")
    form = refused.forms["formulier"]
    form["besluit.reden"] = "Zelfde groep, zelfde plek."
    page = form.submit("opslaan", status=303).follow()
    inside = f"{HERE}/{number}/{address.rpartition('/')[2]}"
    assert page.request.path == inside
    assert state_of(installation, address) == "in_dossier"
    assert page.html.find("a", href=f"{HERE}/{number}")
    browser.get(address, status=301)
    form = page.click("Uit het dossier halen…").forms["formulier"]
    form["reden"] = "Toch een andere groep."
    page = form.submit(None, status=303).follow()
    assert page.request.path == address
    assert state_of(installation, address) == "in_behandeling"


def test_triage_of_a_report_in_a_dossier_keeps_it_there(installation: Installation) -> None:
    address = stored(installation)
    with installation.transaction() as session:
        number = make_dossier(session).number
    browser = officer(installation)
    form = filled(browser.get(f"{address}/triage").forms["formulier"])
    form["besluit.wat"], form["besluit.dossier"] = "in_dossier", number
    form["besluit.reden"] = "Zelfde plek."
    inside = form.submit("opslaan", status=303).follow().request.path
    page = browser.get(f"{inside}/triage")
    assert "Besluit" not in page.html.find("form", id="formulier").text
    page.forms["formulier"].submit("opslaan", status=303).follow()
    assert state_of(installation, address) == "in_dossier"


# --- the inbox


def rows_of(page: Any) -> list[str]:
    return [
        str(link["href"]).rpartition("melding=")[2] for link in page.html.select("[data-rij] a")
    ]


def test_the_inbox_puts_spoed_first_then_deadlines_then_the_newest(
    installation: Installation,
) -> None:
    old, promised, urgent, new = (stored(installation) for _ in range(4))
    with installation.transaction(DORDRECHT) as session:
        new_values: dict[str, dict[str, Any]] = {
            old: {"received_at": utc_now() - timedelta(days=9)},
            promised: {"contact_deadline": utc_now() - timedelta(days=1)},
            urgent: {"urgent": True, "received_at": utc_now() - timedelta(days=3)},
        }
        for address, changes in new_values.items():
            reference = address.rpartition("/")[2]
            row = session.scalars(select(Report).where(Report.reference == reference)).one()
            for name, value in changes.items():
                setattr(row, name, value)
    page = officer(installation).get(INBOX)
    wanted = [address.rpartition("/")[2] for address in (urgent, promised, new, old)]
    assert rows_of(page) == wanted
    assert page.html.find(id="gekozen-melding").find("a")["href"] == urgent
    late = page.click("Contact te laat")
    assert rows_of(late) == wanted[1:2]
    # Who is late isn't counted again among what is still in time.
    assert wanted[1] not in rows_of(officer(installation).get(f"{INBOX}?termijn=dag"))


FILTERS = [
    ("toestand=nieuw", 3),
    ("toestand=alle", 4),
    ("toestand=afgerond", 1),
    ("toestand=in_dossier", 0),
    ("toestand=bestaat-niet", 0),
    ("wijk=WK050501", 3),
    ("vorm=naroepen", 3),
    ("vorm=spugen", 0),
    ("spoed=ja", 1),
    ("spoed=nee", 2),
    ("behandelaar=niemand", 3),
    ("behandelaar=ik", 0),
    ("behandelaar=geen-uuid", 0),
    ("termijn=te_laat", 0),
    ("termijn=dag", 0),
    ("termijn=week", 1),
    ("termijn=wachten", 0),
    ("bron=app_android", 3),
    ("bron=balie", 0),
    ("periode=7", 3),
    ("periode=eeuw", 0),
    ("vorm=naroepen&spoed=ja&wijk=WK050501", 1),
    ("onbekend=1&pagina=999999", 3),
    ("pagina=-1", 3),
]


@pytest.fixture
def some_reports(installation: Installation) -> None:
    addresses = [stored(installation) for _ in range(3)]
    stored(installation)
    with installation.transaction(DORDRECHT) as session:
        rows = session.scalars(select(Report).order_by(Report.reference)).all()
        known = [row for row in rows if f"{HERE}/{row.reference}" in addresses]
        known[0].urgent = True
        known[1].contact_deadline = utc_now() + timedelta(days=3)
        next(row for row in rows if row not in known).state = "afgehandeld"


@pytest.mark.usefixtures("some_reports")
def test_every_filter_is_an_address_and_its_count_is_what_it_leaves(
    installation: Installation,
) -> None:
    browser = officer(installation)
    for query, expected in FILTERS:
        page = browser.get(f"{INBOX}?{query}")
        assert len(rows_of(page)) == expected, query
    page = browser.get(INBOX)
    for select_box in page.html.select(".si-filters select"):
        for option in select_box.find_all("option")[1:]:
            count = int(option.text.rpartition("(")[2].rstrip(")"))
            found = browser.get(INBOX, {select_box["name"]: option["value"]})
            assert len(rows_of(found)) == count, option


def test_what_was_handed_over_shows_nothing_in_the_inbox(installation: Installation) -> None:
    stored(installation)
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(Report)).one().state = "overgedragen"
    page = officer(installation).get(f"{INBOX}?toestand=alle")
    assert len(rows_of(page)) == 1
    assert "Deze melding is hier niet meer" in page.text
    assert "Naroepen" not in page.html.find("main").find("article").text
    assert "Drie jongens" not in page.text


def test_an_empty_inbox_says_what_comes_next(installation: Installation) -> None:
    browser = officer(installation)
    assert "U bent klaar" in browser.get(INBOX)
    # A tab is no filter.
    tab = browser.get(f"{INBOX}?spoed=ja")
    assert "U bent klaar" in tab
    assert "Onder ‘Spoed’ staat nu niets" in tab
    assert "filter weg" not in tab
    assert "Filters (" not in tab
    assert "Haal een filter weg" in browser.get(f"{INBOX}?spoed=ja&toestand=nieuw")


def test_the_reads_of_the_inbox_are_one_row(installation: Installation) -> None:
    for _ in range(3):
        stored(installation)
    officer(installation).get(INBOX)
    with installation.transaction(DORDRECHT) as session:
        (read,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "gelezen"))
        assert (read.task, len(read.listed)) == ("postvak", 3)
        mine = select(AuditSubject.id).where(AuditSubject.event_id == read.id)
        assert session.scalars(mine).all() == []


def test_who_only_reads_has_no_decisions(installation: Installation) -> None:
    stored(installation)
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER)))
    page = browser.get(INBOX)
    assert len(rows_of(page)) == 1
    for word in ("Beoordelen", "Markeren als spoed", "Melding invoeren"):
        assert word not in page.text


@pytest.mark.alles
def test_the_number_of_queries_does_not_grow(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A session notes once a minute that it was seen: on a slow machine that is one query more.
    monkeypatch.setattr(sessions, "SEEN_EVERY", timedelta(days=1))
    browser = officer(installation)
    with installation.transaction() as session:
        reports = [make_report(session, installation) for _ in range(10)]
    address = f"{HERE}/{reports[0].reference}"
    pages = (INBOX, f"{INBOX}?vorm=naroepen&periode=30", address, f"{address}/triage")
    browser.get(INBOX)  # the first page of a session also records in the log that a role is used
    few = [queries(installation, browser, page) for page in pages]
    with installation.transaction() as session:
        for _ in range(490):
            make_report(session, installation)
    tell_planner(installation)
    assert [queries(installation, browser, page) for page in pages] == few
    assert max(few) < 45


def queries(installation: Installation, browser: Any, page: str) -> int:
    browser.get(page)  # what a process finds out once isn't what a page costs
    with count_queries(installation) as counted:
        browser.get(page)
    return counted.count


def test_the_shortcut_leads_to_ones_own_inbox(installation: Installation) -> None:
    page = officer(installation).get("/postvak", status=303)
    assert page.location == f"http://localhost:6543{INBOX}"
    both = make_user(installation, (DORDRECHT, Role.OFFICER), (EINDHOVEN, Role.OFFICER))
    choices = installation.browser(both).get("/postvak")
    assert "Eindhoven" in choices.text
    admin = installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))
    admin.get("/postvak", status=404)
    assert "Postvak" not in admin.get("/gemeenten/dordrecht").text


# --- the short address


def test_the_short_address_finds_the_report_in_any_spelling(installation: Installation) -> None:
    address = stored(installation)
    reference = address.rpartition("/")[2]
    browser = officer(installation)
    for typed in (reference, reference.lower(), reference.replace("-", "")):
        assert browser.get(f"/m/{typed}", status=303).location.endswith(address)
    for typed in ("M-0000-0000", "kenmerk", f"{reference}/x", "%00", "__class__"):
        browser.get(f"/m/{typed}", status=404)
    stranger = installation.browser(make_user(installation, (EINDHOVEN, Role.OFFICER)))
    stranger.get(f"/m/{reference}", status=404)
    visitor = installation.visitor()
    visitor.get(f"/m/{reference}", status=303)


def test_the_short_address_prefers_the_living_copy(installation: Installation) -> None:
    address = stored(installation)
    reference = address.rpartition("/")[2]
    with installation.transaction() as session:
        other = make_report(session, installation, holder="landelijk", neighbourhood=None)
        other.reference, other.state = reference, "overgedragen"
        register_reference(session, reference, "landelijk", "melding")
    desk = make_user(installation, ("landelijk", Role.NATIONAL_DESK))
    both = make_user(installation, ("landelijk", Role.NATIONAL_DESK), (DORDRECHT, Role.OFFICER))
    found = installation.browser(desk).get(f"/m/{reference}", status=303)
    assert found.location.endswith(f"/landelijk/{reference}")
    found = installation.browser(both).get(f"/m/{reference}", status=303)
    assert found.location.endswith(address)


# --- entering a report

ENTRY = "/gemeenten/dordrecht/melding-invoeren"


def entry_form(browser: Any) -> Any:
    form = browser.get(ENTRY).forms["formulier"]
    set_value(form, "hoe.vormen", "nafluiten")
    form["wat.datum"], form["wat.tijd"] = "2026-01-05", "22:40"
    form["wat.wijk"] = "WK050501"
    form["hoe.typePlek"] = "straat_plein"
    set_value(form, "hoe.contactGewenst", "nee")
    set_value(form, "hoe.delen", "politie")
    return form


def test_an_officer_does_not_ask_a_child_whether_it_may_be_shared(
    installation: Installation,
) -> None:
    form = entry_form(officer(installation))
    form["hoe.delen"].force_value("")
    page = form.submit("bewaren", status=422)
    assert 'href="#formulier-hoe-delen' in page.text
    form["hoe.leeftijdsgroep"] = "onder_16"
    page = form.submit("bewaren", status=303).follow()
    assert "Lees dit voor" in page.text
    with installation.transaction(DORDRECHT) as session:
        child = session.scalars(select(Report)).one()
        assert (child.share_with_police, child.share_with_partners) == (False, False)


def test_an_officer_enters_a_report_and_reads_the_code_out(installation: Installation) -> None:
    browser = officer(installation)
    form = entry_form(browser)
    page = form.submit("bewaren", status=303).follow()
    assert "Lees dit voor" in page.text
    with installation.transaction(DORDRECHT) as session:
        kept = session.scalars(select(Report)).one()
        assert (kept.source, kept.state) == ("telefonisch", "nieuw")
        assert (kept.neighbourhood_code, kept.located_by) == ("WK050501", "gekozen")
        assert kept.location_text == "In de wijk Binnenstad"
        assert (kept.anonymous, kept.share_with_police, kept.share_with_partners) == (
            True,
            True,
            False,
        )
        assert session.scalars(select(ReportMove.actor_name)).all() == ["Olga Officier"]
    again = form.submit("bewaren", status=303)
    assert again.location == page.request.url
    with installation.transaction(DORDRECHT) as session:
        assert len(session.scalars(select(Report)).all()) == 1
    officer(installation).get(page.request.path_qs, status=404)
    browser.get(page.request.path, {"invoer": "nee"}, status=404)


def test_a_form_that_is_sent_twice_at_once_stores_one_report(installation: Installation) -> None:
    form = entry_form(officer(installation))
    presses = [partial(form.submit, "bewaren", status="*")] * 3
    assert at_once(*presses) == [303, 303, 303]
    with installation.transaction(DORDRECHT) as session:
        assert session.scalar(select(func.count(Report.id))) == 1


def test_the_code_is_gone_after_half_an_hour(installation: Installation) -> None:
    browser = officer(installation)
    page = entry_form(browser).submit("bewaren", status=303).follow()
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(Report)).one().received_at = utc_now() - timedelta(minutes=31)
    browser.get(page.request.path_qs, status=404)


def test_contact_data_goes_apart(installation: Installation) -> None:
    browser = officer(installation)
    form = entry_form(browser)
    set_value(form, "hoe.contactGewenst", "bellen")
    refused = form.submit("bewaren", status=422)
    assert "Vul het telefoonnummer in" in refused.text
    form = refused.forms["formulier"]
    form["hoe.telefoon"] = "12"
    refused = form.submit("bewaren", status=422)
    assert "Dit is geen telefoonnummer" in refused.text
    form = refused.forms["formulier"]
    form["hoe.telefoon"] = "06 12345678"
    form["hoe.naam"] = "Noor"
    form.submit("bewaren", status=303)
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Report.anonymous)).all() == [False]


def test_a_point_elsewhere_is_refused_at_its_field(installation: Installation) -> None:
    browser = officer(installation)
    for lat, lon in (("51,44", "5,47"), ("0", "0"), ("51,8133", "")):
        form = entry_form(browser)
        form["wat.lat"], form["wat.lon"] = lat, lon
        page = form.submit("bewaren", status=422)
        assert page.html.select("[data-veld^='wat.l'] .si-error"), (lat, lon)
    form = entry_form(browser)
    form["wat.wijk"] = ""
    form["wat.lat"], form["wat.lon"] = "51,8133", "4,6690"
    page = form.submit("bewaren", status=303).follow().click("Naar de melding")
    page.mustcontain("(geschat)", no="Plek geschat")
    with installation.transaction(DORDRECHT) as session:
        kept = session.scalars(select(Report)).one()
        assert (kept.located_by, kept.lat) == ("wijkmidden", 51.8133)


def test_somewhere_must_be_said(installation: Installation) -> None:
    form = entry_form(officer(installation))
    form["wat.wijk"] = ""
    page = form.submit("bewaren", status=422)
    assert "Schrijf waar het was, of kies een wijk" in page.text
    form = page.forms["formulier"]
    form["wat.straat"] = "Spuiboulevard"
    form.submit("bewaren", status=303)
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Report.neighbourhood_code)).all() == ["GM0505-ON"]


def test_a_municipality_that_is_not_connected_keeps_no_reports(installation: Installation) -> None:
    browser = installation.browser(make_user(installation, (EINDHOVEN, Role.OFFICER)))
    form = browser.get("/gemeenten/eindhoven/melding-invoeren").forms["formulier"]
    values = dict(entry_form(officer(installation)).submit_fields("bewaren"))
    values |= {"csrf_token": form["csrf_token"].value, "wat.wijk": "", "wat.straat": "Dorpsweg"}
    page = browser.post("/gemeenten/eindhoven/melding-invoeren", values, status=422)
    assert "niet aangesloten" in page.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("invoer", "geen-uuid"),
        ("invoer", ""),
        ("wat.omschrijving", "x" * 5001),
        ("wat.datum", "2999-01-01"),
        ("wat.datum", "1950-01-01"),
        ("wat.lat", "nan"),
        ("wat.wijk", "GM0772-GB"),
        ("wat.bron", "app_android"),
        ("hoe.email", "geen adres"),
    ],
)
def test_bad_entries_store_nothing(installation: Installation, name: str, value: str) -> None:
    browser = officer(installation)
    values = {**dict(entry_form(browser).submit_fields("bewaren")), name: value}
    browser.post(ENTRY, values, status=(400, 422))
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Report.id)).all() == []


@on_sqlite
def test_z_undoes_all_that_the_full_form_recorded(installation: Installation) -> None:
    contact = Contact(email="melder@voorbeeld.example")
    address = stored(
        installation, contact=contact, anonymous=False, wants_contact=ContactWish.VIA_APP
    )
    before = _assessed(installation, address)
    form = filled(officer(installation).get(f"{address}/triage?terug={INBOX}").forms["formulier"])
    form["plek.wijk"] = another_neighbourhood(installation).code
    set_value(form, "beoordeling.vormen", "hinderlijk_volgen")
    form["beoordeling.vermoeden"] = True
    form["beoordeling.vermoeden_reden"] = "De melder beschrijft betasten."
    form["contact.hoe"] = "geen"
    form["besluit.wat"] = "afhandelen"
    set_value(form, "besluit.opvolging", "extra_toezicht")
    form["besluit.terugkoppeling"], form["besluit.bericht"] = "gegeven", "Wij lopen er vaker."
    # No contact is agreed on, and still the reporter waits for what was promised.
    refused = form.submit("opslaan", status=422)
    assert refused.html.select("[data-veld='besluit.contact'] .si-error")
    form["besluit.contact"] = "niet_meer_nodig"
    page = form.submit("opslaan", status=303).follow()
    assert _assessed(installation, address) != before
    with installation.transaction(DORDRECHT) as session:
        assert session.scalar(select(func.count(ReporterMessage.id))) == 1
    assert "beoordeeld en afgehandeld" in page.html.find(id="werkbank-gedaan").text
    next(f for f in page.forms.values() if f.action.endswith("/ongedaan")).submit().follow()
    assert _assessed(installation, address) == before
    with installation.transaction(DORDRECHT) as session:
        assert session.scalar(select(func.count(ReporterMessage.id))) == 0


def test_what_was_promised_stays_due_when_no_contact_is_agreed_on(
    installation: Installation,
) -> None:
    contact = Contact(email="melder@voorbeeld.example")
    wish = {"contact": contact, "anonymous": False, "wants_contact": ContactWish.MAIL}
    for how, due in (("geen", True), ("is_geweest", False)):
        address = stored(installation, **wish)
        form = filled(officer(installation).get(f"{address}/triage").forms["formulier"])
        form["contact.hoe"] = how
        form.submit("opslaan", status=303)
        assert (report_at(installation, address).contact_deadline is not None) == due, how


def _assessed(installation: Installation, address: str) -> Any:
    report = report_at(installation, address)
    return (
        *(
            report.state,
            report.handler_id,
            report.danger_now,
            report.urgent,
            report.confirmed_forms,
        ),
        *(report.neighbourhood_code, report.subneighbourhood_code, report.located_by),
        *(report.suspected_offence, report.suspected_offence_reason, report.own_answers),
        *(report.contact_agreed, report.contact_deadline, report.follow_ups),
    )
