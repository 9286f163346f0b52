"""The rail of the workbench: one key a decision, danger asked first, everything undone by one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.models import (
    Report,
    ReportDecision,
    ReporterMessage,
    ReportProposal,
)
from stopintimidatie.reports.rules import signals
from stopintimidatie.reports.vocabulary import AgeGroup, ContactWish, Form
from tests.support.factories import (
    DORDRECHT,
    EINDHOVEN,
    connect,
    make_dossier,
    make_report,
    make_user,
    take_on,
    user_id,
)
from tests.support.installation import Installation
from tests.support.officers import officer, set_value, state_of, stored
from tests.support.pressing import (
    INBOX,
    PARTIAL,
    choose,
    key,
    number_of,
    opened,
    panel,
    press,
)

pytestmark = pytest.mark.sqlite


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


def report_at(installation: Installation, address: str) -> Report:
    with installation.transaction(DORDRECHT) as session:
        reference = address.rpartition("/")[2]
        return session.scalars(select(Report).where(Report.reference == reference)).one()


def test_one_press_takes_a_report_in_hand_and_opens_the_next(installation: Installation) -> None:
    older, newer = stored(installation), stored(installation)
    username = make_user(installation, (DORDRECHT, Role.OFFICER), name="Olga")
    browser = installation.browser(username)
    page = press(opened(browser, newer), "1").follow()
    assert page.request.path_qs == f"{INBOX}?melding={older.rpartition('/')[2]}"
    kept = report_at(installation, newer)
    assert kept.state == "in_behandeling"
    assert kept.handler_id == user_id(installation, username)
    assert "in behandeling genomen" in page.html.find(id="werkbank-gedaan").text


def test_an_address_of_a_report_that_is_not_here_opens_no_other(
    installation: Installation,
) -> None:
    here = stored(installation).rpartition("/")[2]
    with installation.transaction(EINDHOVEN) as session:
        elsewhere = make_report(session, installation, holder=EINDHOVEN).reference
    browser = officer(installation)
    for asked in (elsewhere, "M-ZZZZ-ZZZZ", "zoekgeraakt"):
        page = browser.get(f"{INBOX}?melding={asked}")
        pane = page.html.select_one(".wb-pane").text
        assert "staat niet (meer) in deze lijst" in pane
        assert here not in pane
        assert not page.html.select(".wb-row--current, .wb-rail [data-key]")
    assert key(browser.get(INBOX), "1") is not None


def test_a_row_says_form_and_place_then_one_number_and_the_account(
    installation: Installation,
) -> None:
    story = "Ze liepen mee tot de halte."
    with installation.transaction(DORDRECHT) as session:
        report = make_report(session, installation, forms=[Form.FOLLOWING], description=story)
        report.contact_deadline = report.read_before = utc_now() - timedelta(days=3)
        report.transit, report.urgent = {"stop": "Spuiboulevard"}, True
    first, second = (
        officer(installation)
        .get(INBOX)
        .html.select_one(".wb-row__link")
        .select(".wb-row__first, .wb-row__second")
    )
    assert first.get_text().split(", ") == ["Hinderlijk volgen", "halte Spuiboulevard", "zojuist"]
    assert [number["title"] for number in second.select(".wb-days")] == ["contact 3 dagen te laat"]
    assert second.select_one(".si-badge").text == "Spoed"
    assert second.select_one(".wb-row__text").text == story


@pytest.mark.alles
def test_the_ends_of_a_page_of_the_list_lead_on_and_back(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        for _ in range(27):
            make_report(session, installation)
    browser = officer(installation)
    rows = browser.get(INBOX).html.select_one(".wb-rows")
    assert "data-vorige" not in rows.attrs
    second = browser.get(rows["data-volgende"]).html
    assert len(second.select(".wb-row")) == 2
    assert second.select(".wb-row--current") == second.select(".wb-row")[:1]
    # The way back opens the last row, from which k goes on upwards.
    first = browser.get(second.select_one(".wb-rows")["data-vorige"]).html
    assert first.select(".wb-row--current") == first.select(".wb-row")[-1:]


def test_z_undoes_the_last_decision_and_opens_its_report(installation: Installation) -> None:
    address = stored(installation)
    page = press(opened(officer(installation), address), "1").follow()
    form = next(f for f in page.forms.values() if f.action.endswith("/ongedaan"))
    page = form.submit().follow()
    assert page.request.path_qs == f"{INBOX}?melding={address.rpartition('/')[2]}"
    assert "ongedaan gemaakt" in page.text
    assert state_of(installation, address) == "nieuw"
    assert page.html.find(id="werkbank-gedaan") is None
    # The same button on a page that is still open somewhere.
    assert (
        "niet meer ongedaan worden gemaakt. Kies bij de melding wat nu moet"
        in form.submit().follow().text
    )


@pytest.mark.parametrize(
    ("choice", "answers"),
    [
        ("behandelen", {}),
        ("niet", {"reden_code": "test"}),
        ("dubbel", {"dubbel_van": "M-0000-0000"}),
        ("dossier", {"reden": "Zelfde plek."}),
        ("afhandelen", {"opvolging": "extra_toezicht", "terugkoppeling": "niet_gegeven",
                        "reden": "Anoniem gemeld."}),
        ("nieuw_dossier", {}),
    ],
)  # fmt: skip
def test_no_decision_passes_a_signal_without_the_answer_about_danger(
    installation: Installation, choice: str, answers: dict[str, str]
) -> None:
    address = stored(installation, forms=(Form.FOLLOWING,))
    with installation.transaction() as session:
        number = make_dossier(session).number
    browser = officer(installation)
    page = browser.get(f"{address}/besluit?keuze=niet")
    form = next(f for f in page.forms.values() if "versie" in f.fields)
    hidden = {name: form[name].value for name in ("csrf_token", "versie", "gezien")}
    posted = {**hidden, **answers, "dossier": number, "keuze": choice}
    asked = browser.post(f"{address}/besluit", posted)
    assert asked.status_int == 200
    assert "Is er nu iemand in gevaar?" in asked.text
    assert "Let op: volgen." in asked.text
    assert report_at(installation, address).danger_now is None
    assert state_of(installation, address) == "nieuw"
    assert number_of(installation, ReportDecision) == 0


def test_the_answer_no_goes_on_with_what_was_chosen(installation: Installation) -> None:
    address = stored(installation, forms=(Form.THREATENING,))
    asked = press(opened(officer(installation), address), "1")
    assert not asked.html.select(".wb-options [data-key=j], .wb-options [data-key=k]")
    choose(asked, "n").follow()
    kept = report_at(installation, address)
    assert (kept.state, kept.danger_now, kept.urgent) == ("in_behandeling", False, False)


@pytest.mark.alles
def test_of_what_happened_longer_ago_the_signal_is_shown_and_nothing_asked(
    installation: Installation,
) -> None:
    days = {"forms": (Form.FOLLOWING,)}
    recent = stored(installation, incident_start=utc_now() - timedelta(hours=47), **days)
    old = stored(installation, incident_start=utc_now() - timedelta(hours=49), **days)
    browser = officer(installation)
    assert "Let op: volgen" not in opened(browser, recent).text
    assert "Is er nu iemand in gevaar?" in press(opened(browser, recent), "1").text
    page = opened(browser, old)
    assert "Let op: volgen" in page.html.select_one(".wb-pane").text
    press(page, "1").follow()
    kept = report_at(installation, old)
    assert (kept.state, kept.danger_now) == ("in_behandeling", None)
    # Its own page says it as well.
    assert "Let op: volgen" in browser.get(old).text


@pytest.mark.alles
def test_danger_alone_is_undone_too(installation: Installation) -> None:
    """In hand already, yes closes nothing: the answer is all there is to undo."""
    address = stored(installation, forms=(Form.THREATENING,))
    with installation.transaction(DORDRECHT) as session:
        take_on(session, session.scalars(select(Report)).one())
    browser = officer(installation)
    page = choose(choose(panel(opened(browser, address), "4"), "2"), "g").follow()
    assert report_at(installation, address).urgent
    page = next(f for f in page.forms.values() if f.action.endswith("/ongedaan")).submit().follow()
    kept = report_at(installation, address)
    assert (kept.state, kept.danger_now, kept.urgent) == ("in_behandeling", None, False)
    assert "staat er weer zoals daarvoor" in page.text


@pytest.mark.parametrize("answers", [("ja", "nee"), ("nee", "ja"), ("misschien",), ("",)])
def test_danger_is_asked_again_without_one_clear_answer(
    installation: Installation, answers: tuple[str, ...]
) -> None:
    address = stored(installation, forms=(Form.THREATENING,))
    browser = officer(installation)
    asked = choose(panel(opened(browser, address), "4"), "2")
    form = next(form for form in asked.forms.values() if form.action.endswith("/besluit"))
    kept = [pair for pair in form.submit_fields() if pair[0] != "gevaar"]
    again = browser.post(form.action, [*kept, *(("gevaar", answer) for answer in answers)])
    assert "Is er nu iemand in gevaar?" in again
    report = report_at(installation, address)
    assert (report.state, report.danger_now) == ("nieuw", None)


def test_somebody_in_danger_makes_it_spoed_and_says_to_ring_112(
    installation: Installation,
) -> None:
    address = stored(installation, forms=(Form.THREATENING,))
    page = panel(opened(officer(installation), address), "4")
    page = choose(choose(page, "2"), "g").follow()
    # It isn't closed, and stays in hand.
    assert page.request.path_qs.endswith(address.rpartition("/")[2])
    assert "Bel eerst 112" in page.text
    kept = report_at(installation, address)
    assert (kept.state, kept.danger_now, kept.urgent) == ("in_behandeling", True, True)


def test_a_report_without_a_signal_is_closed_in_two_presses(installation: Installation) -> None:
    address = stored(installation)
    choose(panel(opened(officer(installation), address), "4"), "2").follow()
    kept = report_at(installation, address)
    assert (kept.state, kept.ended_reason) == ("niet_in_behandeling", "test")
    assert number_of(installation, ReportProposal) == 0


def test_a_second_person_looks_at_what_happened_to_a_minor(installation: Installation) -> None:
    address = stored(installation, reporter_age_group=AgeGroup.UNDER_16)
    first = officer(installation)
    page = panel(opened(first, address), "4")
    assert "Dit vraagt een tweede blik" in page.text
    page = choose(choose(page, "1"), "n").follow()
    assert "dit vraagt een tweede blik" in page.text
    assert state_of(installation, address) == "in_behandeling"
    assert "U bent hier de enige" in opened(first, address).text
    browser = officer(installation, "Bram")
    other = opened(browser, address)
    assert "Olga Officier stelt voor" in other.text
    assert "Tweede blik" in other.text
    assert other.html.select_one('.si-bell a[href$="/wacht"] .si-count').text == ", 1 wacht"
    assert not opened(first, address).html.select(".si-bell .si-count")
    accepting, _ = (f for f in other.forms.values() if f.action.endswith("/voorstel"))
    page = accepting.submit().follow()
    assert state_of(installation, address) == "niet_in_behandeling"
    with installation.transaction(DORDRECHT) as session:
        assert "Kindertelefoon" in session.scalars(select(ReporterMessage.text)).one()
    next(f for f in page.forms.values() if f.action.endswith("/ongedaan")).submit().follow()
    assert state_of(installation, address) == "in_behandeling"
    assert number_of(installation, ReporterMessage) == 0
    # The second look is asked again.
    assert (
        len([f for f in opened(browser, address).forms.values() if f.action.endswith("/voorstel")])
        == 2
    )


def test_z_withdraws_what_was_proposed(installation: Installation) -> None:
    address, other = stored(installation, forms=(Form.GROPING,)), stored(installation)
    browser = officer(installation)
    press(opened(browser, other), "1")
    asked = choose(choose(panel(opened(browser, address), "4"), "1"), "n").follow()
    bar = asked.html.find(id="werkbank-gedaan")
    assert "voorgelegd aan een collega" in bar.text
    assert address.rpartition("/")[2] in bar.text
    next(f for f in asked.forms.values() if f.action.endswith("/ongedaan")).submit().follow()
    assert state_of(installation, address) == "nieuw"
    assert state_of(installation, other) == "in_behandeling"
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(ReportProposal)).one().accepted is False


def test_the_form_of_a_panel_has_its_own_address(installation: Installation) -> None:
    address = stored(installation)
    browser = officer(installation)
    for choice in ("vraag", "overdragen", "afhandelen", "dubbel"):
        part = browser.get(f"{address}/besluit?keuze={choice}", headers=PARTIAL)
        form = part.html.find("form", id="besluit")
        assert form["action"] == f"{address}/besluit"


def test_declining_a_proposal_takes_a_reason(installation: Installation) -> None:
    address = stored(installation, forms=(Form.GROPING,))
    page = panel(opened(officer(installation), address), "4")
    choose(choose(page, "1"), "n").follow()
    other = opened(officer(installation, "Bram"), address)
    for waits in ("1", "2", "3", "4", "5", "6", "a"):
        assert "wacht op een tweede blik" in key(other, waits).text
    assert "Tweede blik" in other.html.select_one(".wb-row--current").text
    _, declining = (f for f in other.forms.values() if f.action.endswith("/voorstel"))
    assert declining.submit(status=422).html.select("textarea[aria-invalid]")
    declining["antwoord"] = "x" * 1001
    assert "Maak de tekst 1 teken korter" in declining.submit(status=422)
    declining["antwoord"] = "Dit is wel intimidatie."
    declining.submit().follow()
    assert state_of(installation, address) == "in_behandeling"
    with installation.transaction(DORDRECHT) as session:
        proposal = session.scalars(select(ReportProposal)).one()
        assert (proposal.accepted, proposal.answer) == (False, "Dit is wel intimidatie.")


def test_a_dossier_with_a_similar_report_is_on_top_with_its_reason(
    installation: Installation,
) -> None:
    address = stored(installation)
    with installation.transaction() as session:
        number = make_dossier(session).number
    page = panel(opened(officer(installation), address), "2")
    first = page.html.select_one(".wb-option")
    assert number in first.text
    choose(page, "1").follow()
    assert state_of(installation, address) == "in_dossier"
    assert report_at(installation, address).dossier_number == number


def test_from_new_a_report_is_asked_about_and_handed_over(installation: Installation) -> None:
    asked, handed = stored(installation), stored(installation)
    connect(installation, EINDHOVEN)
    browser = officer(installation)
    form = panel(opened(browser, asked), "5").forms["besluit"]
    form["vraag"], until = "Hoe laat was het?", form["uiterlijk"].value
    for day, why in (("2031-01-01", "binnen 90 dagen"), ("9999-12-31", "tot en met 2199")):
        form["uiterlijk"] = day
        assert why in form.submit("vastleggen", status=422)
    form["uiterlijk"] = until
    page = form.submit("vastleggen").follow()
    assert "De melder leest dit over 10 minuten" in page.text
    assert state_of(installation, asked) == "wacht_op_melder"
    form = panel(opened(browser, handed), "6").forms["besluit"]
    form["gemeente"], form["reden"] = "Atlantis", "Het was daar."
    refused = form.submit("vastleggen", status=422)
    assert "is geen gemeente" in refused.text
    form["gemeente"] = "dordrecht"
    assert "Dit is uw eigen gemeente" in form.submit("vastleggen", status=422)
    form["gemeente"] = "Eindhoven"
    form.submit("vastleggen").follow()
    assert state_of(installation, handed) == "overdracht_aangeboden"


def test_a_municipality_that_is_not_connected_is_explained(installation: Installation) -> None:
    form = panel(opened(officer(installation), stored(installation)), "6").forms["besluit"]
    form["gemeente"], form["reden"] = "Eindhoven", "Het was daar."
    assert "niet aangesloten" in form.submit("vastleggen", status=422).text


def test_what_does_not_apply_is_grey_with_the_reason(installation: Installation) -> None:
    address = stored(installation)
    browser = officer(installation)
    press(opened(browser, address), "1")
    page = opened(browser, address)
    taken = key(page, "1")
    assert taken["aria-disabled"] == "true"
    assert "is al van u" in taken.text
    assert key(page, "2").name == "a"


def test_a_role_that_decides_nothing_reads_that_once_instead_of_grey_keys(
    installation: Installation,
) -> None:
    stored(installation)
    reader = installation.browser(make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER)))
    rail = reader.get(INBOX).html.select_one(".wb-rail")
    assert "met uw rol beslist u hier niets" in rail.text
    assert not rail.select("[data-key]")


def test_contact_that_is_due_keeps_a_report_awake(installation: Installation) -> None:
    address = stored(installation)
    with installation.transaction(DORDRECHT) as session:
        reports = select(Report).where(Report.reference == address.rpartition("/")[2])
        session.scalars(reports).one().contact_deadline = utc_now() - timedelta(days=2)
    assert "contact is te laat" in key(opened(officer(installation), address), "w").text


@pytest.mark.alles
def test_the_history_has_words_for_what_was_proposed_and_undone(
    installation: Installation,
) -> None:
    address = stored(installation, forms=(Form.GROPING,))
    browser = officer(installation)
    page = choose(choose(panel(opened(browser, address), "4"), "1"), "n").follow()
    next(f for f in page.forms.values() if f.action.endswith("/ongedaan")).submit()
    shown = browser.get(address).html.find(id="geschiedenis").text
    assert "niet_in_behandeling" not in shown
    assert "geen_straatintimidatie" not in shown
    assert "Niet in behandeling nemen" in shown


def test_a_report_that_changed_meanwhile_is_not_decided_about(installation: Installation) -> None:
    address = stored(installation)
    page = opened(officer(installation), address)
    press(opened(officer(installation, "Bram"), address), "1")
    shown = press(page, "1").follow()
    assert "intussen gewijzigd" in shown.text
    assert number_of(installation, ReportDecision) == 1


def test_with_htmx_a_decision_answers_a_part_and_its_address(installation: Installation) -> None:
    address = stored(installation)
    browser = officer(installation)
    url = key(opened(browser, address), "4")["hx-get"]
    part = browser.get(url, headers=PARTIAL)
    assert part.headers["X-Deel"] == "ja"
    assert "<html" not in part.text
    assert "Geen straatintimidatie" in part.text
    part = browser.get(f"{INBOX}?melding={address.rpartition('/')[2]}", headers=PARTIAL)
    assert part.headers["HX-Push-Url"] == part.request.path_qs
    assert part.text.strip().startswith('<div id="werkbank"')


def test_spoed_is_marked_and_undone_by_one_press(installation: Installation) -> None:
    address = stored(installation)
    page = press(opened(officer(installation), address), "s").follow()
    assert report_at(installation, address).urgent
    assert page.request.path_qs.endswith(address.rpartition("/")[2])
    next(f for f in page.forms.values() if f.action.endswith("/ongedaan")).submit()
    assert not report_at(installation, address).urgent


def test_colleagues_see_who_else_looks(installation: Installation) -> None:
    address = stored(installation)
    opened(officer(installation, "Bram"), address)
    page = opened(officer(installation), address)
    assert "Wordt ook bekeken door Bram" in page.text
    assert "Olga" not in page.html.select_one(".wb-pane").text


def test_signals_are_what_the_design_names() -> None:
    none: dict[str, Any] = {
        "age_group": None, "known": None, "recurrence": None, "wants_support": None,
    }  # fmt: skip
    assert signals(["naroepen"], **none) == []
    assert signals(["hinderlijk_volgen"], **none) == ["volgen"]
    assert signals(["betasten"], **none) == ["lichamelijk"]
    assert signals(["bedreigen"], **none) == ["bedreigen"]
    assert signals([], **none | {"age_group": "16_17"}) == ["minderjarig"]
    assert signals([], **none | {"known": "van_gezicht"}) == ["een bekende van de melder"]
    again = none | {"recurrence": "vaker_zelfde_persoon"}
    assert signals([], **again) == ["vaker door dezelfde persoon"]
    assert signals([], **none | {"wants_support": True}) == ["de melder wil hulp"]


def test_the_pages_of_steps_ask_about_danger_on_a_signal_too(installation: Installation) -> None:
    address = stored(installation, forms=(Form.FOLLOWING,))
    browser = officer(installation)
    form = browser.get(f"{address}/in-behandeling-nemen").forms["formulier"]
    refused = form.submit("in_behandeling_nemen", status=422)
    assert "Is er nu iemand in gevaar?" in refused.text
    assert state_of(installation, address) == "nieuw"
    form = refused.forms["formulier"]
    form["gevaar"] = "nee"
    form.submit("in_behandeling_nemen", status=303)
    kept = report_at(installation, address)
    assert (kept.state, kept.danger_now) == ("in_behandeling", False)
    # Asked once, and again after undoing.
    assert "gevaar" not in browser.get(f"{address}/afhandelen").forms["formulier"].fields
    page = browser.get(INBOX)
    next(f for f in page.forms.values() if f.action.endswith("/ongedaan")).submit()
    assert "gevaar" in browser.get(f"{address}/afhandelen").forms["formulier"].fields


def test_a_report_is_not_closed_while_somebody_is_in_danger(installation: Installation) -> None:
    address = stored(installation, forms=(Form.FOLLOWING,))
    form = officer(installation).get(f"{address}/niet-in-behandeling").forms["formulier"]
    form["gevaar"], form["reden_code"] = "ja", "test"
    assert "Bel eerst 112" in form.submit("niet_in_behandeling", status=303).follow()
    assert state_of(installation, address) == "nieuw"
    kept = report_at(installation, address)
    assert (kept.danger_now, kept.urgent) == (True, True)


def test_a_double_with_a_signal_is_asked_about_danger_first(installation: Installation) -> None:
    address, other = (stored(installation, forms=(Form.FOLLOWING,)) for _ in range(2))
    page = officer(installation).get(f"{address}/naast")
    form = next(f for f in page.forms.values() if "dubbel_van" in f.fields)
    assert form["dubbel_van"].value == other.rpartition("/")[2]
    assert "Is er nu iemand in gevaar?" in form.submit()
    page = officer(installation).get(f"{address}/vergelijkbaar")
    form = next(f for f in page.forms.values() if f.action.endswith("/dubbel"))
    assert "Zeg eerst of er iemand in gevaar is" in form.submit().follow()
    assert state_of(installation, address) == "nieuw"


def test_a_second_person_looks_at_a_double_of_what_can_be_closed_alone(
    installation: Installation,
) -> None:
    address, other = stored(installation, forms=(Form.GROPING,)), stored(installation)
    with installation.transaction(DORDRECHT) as session:
        report = session.scalars(
            select(Report).where(Report.reference == address.rpartition("/")[2])
        ).one()
        report.danger_now = False
    browser = officer(installation)
    page = panel(opened(browser, address), "3")
    form = next(f for f in page.forms.values() if "dubbel_van" in f.fields)
    form["dubbel_van"].force_value(other.rpartition("/")[2])
    assert "tweede blik" in form.submit().follow()
    assert state_of(installation, address) == "in_behandeling"
    assert number_of(installation, ReportProposal) == 1
    other_browser = officer(installation, "Bram")
    forms = opened(other_browser, address).forms.values()
    next(f for f in forms if f.action.endswith("/voorstel")).submit()
    assert report_at(installation, address).duplicate_of_id is not None
    # The bar of who proposed it says why that can't be undone any more.
    assert "er is daarna iets aan de melding veranderd" in opened(browser, address)
    assert number_of(installation, ReporterMessage) == 0


def test_a_question_that_is_undone_reached_nobody(installation: Installation) -> None:
    address = stored(
        installation,
        anonymous=False,
        wants_contact=ContactWish.MAIL,
        contact=Contact(email="mara@example.nl"),
    )
    browser = officer(installation)
    form = panel(opened(browser, address), "5").forms["besluit"]
    form["vraag"] = "Hoe laat was het?"
    page = form.submit("vastleggen").follow()
    installation.run_jobs()
    assert number_of(installation, ReporterMessage) == 1
    next(f for f in page.forms.values() if f.action.endswith("/ongedaan")).submit()
    with clock_at(utc_now() + timedelta(minutes=11)):
        installation.run_jobs()
    assert number_of(installation, ReporterMessage) == 0
    with installation.transaction(DORDRECHT) as session:
        sent = MailMessage.template == "bericht_voor_melder", MailMessage.sent_at.is_not(None)
        assert session.scalar(select(func.count(MailMessage.id)).where(*sent)) == 0
    assert state_of(installation, address) == "nieuw"


def test_on_the_own_page_of_a_report_the_keys_decide_and_one_stays_there(
    installation: Installation,
) -> None:
    address = stored(installation, forms=(Form.FOLLOWING,))
    browser = officer(installation)
    page = choose(press(browser.get(address), "1"), "n").follow()
    assert page.request.path == address
    bar = page.html.find(id="werkbank-gedaan")
    assert "in behandeling genomen" in bar.text
    assert key(page, "1")["data-reden"] == "is al van u"
    undoing = next(f for f in page.forms.values() if f.action.endswith("/ongedaan"))
    page = undoing.submit().follow()
    assert page.request.path_qs == address
    assert "ongedaan gemaakt" in page.text
    assert page.html.find(id="werkbank-gedaan") is None
    assert state_of(installation, address) == "nieuw"


@pytest.mark.alles
def test_filed_on_its_own_page_a_report_is_followed_to_its_dossier_and_back(
    installation: Installation,
) -> None:
    address = stored(installation)
    with installation.transaction() as session:
        number = make_dossier(session).number
    page = choose(panel(officer(installation).get(address), "2"), "1").maybe_follow()
    assert f"/{number}/" in page.request.path
    assert "zit in een dossier" in key(page, "2").text
    undoing = next(f for f in page.forms.values() if f.action.endswith("/ongedaan"))
    assert undoing.submit().follow().request.path == address


def test_what_waits_for_a_second_look_leaves_by_no_other_way(installation: Installation) -> None:
    address = stored(installation, reporter_age_group=AgeGroup.UNDER_16)
    reference = address.rpartition("/")[2]
    with installation.transaction() as session:
        number = make_dossier(session).number
    browser = officer(installation)
    # Open since before the proposal: the page of a step, and the full form.
    old = browser.get(f"{address}/afhandelen").forms["formulier"]
    full = browser.get(f"{address}/triage").forms["formulier"]
    choose(choose(panel(opened(browser, address), "4"), "1"), "n")
    why = "wacht op een tweede blik"
    assert why in browser.get(f"{address}/vraag-melder", status=409).text
    filing = f"/gemeenten/dordrecht/binnenstad/{number}/meldingen-toevoegen"
    form = browser.get(filing).forms["formulier"]
    form["kenmerk"], form["reden"] = reference, "Zelfde plek."
    assert why in form.submit("toevoegen", status=422).text
    form = browser.get(f"/gemeenten/dordrecht/nieuw-dossier?melding={reference}").forms["formulier"]
    form["titel"] = "Overlast bij de brug"
    assert f"{reference} {why}" in form.submit("maken", status=422).text
    version = str(report_at(installation, address).version)
    for form in (old, full):
        form["versie"].force_value(version)
    for name, value in {
        "gevaar": "nee",
        "terugkoppeling": "niet_gegeven",
        "reden": "Anoniem.",
    }.items():
        old[name] = value
    set_value(old, "opvolging", "extra_toezicht")
    assert why in old.submit("afhandelen", status=422).text
    set_value(full, "beoordeling.gevaar", "nee")
    full["besluit.wat"] = "niet_test"
    assert why in full.submit("opslaan", status=422).text
    assert state_of(installation, address) == "in_behandeling"


def test_a_correction_of_the_forms_takes_no_second_look_away(installation: Installation) -> None:
    address = stored(installation, forms=(Form.GROPING,))
    browser = officer(installation)
    form = browser.get(f"{address}/triage").forms["formulier"]
    for box in form.fields["beoordeling.vormen"]:
        box.checked = box._value == Form.CATCALLING.value
    set_value(form, "beoordeling.gevaar", "nee")
    form["besluit.wat"] = "niet_test"
    form.submit("opslaan", status=303)
    assert state_of(installation, address) == "in_behandeling"
    assert number_of(installation, ReportProposal) == 1


def test_the_bar_says_that_a_reporter_reads_at_once_what_is_spoed(
    installation: Installation,
) -> None:
    address = stored(installation)
    with installation.transaction() as session:
        make_dossier(session)
    browser = officer(installation)
    press(opened(browser, address), "s")
    page = choose(panel(browser.get(address), "2"), "1").maybe_follow()
    assert "Bij spoed leest de melder dit meteen." in page.text
    assert "over 10 minuten" not in page.text


def test_a_report_in_quarantine_comes_out_of_there_before_anything_else(
    installation: Installation,
) -> None:
    address = stored(installation)
    browser = officer(installation)
    page = browser.get(f"{address}/besluit?keuze=niet")
    token = next(f for f in page.forms.values() if "versie" in f.fields)["csrf_token"].value
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(Report)).one().state = "quarantaine"
    for choice in ("behandelen", "dossier", "dubbel", "vraag", "overdragen", "afhandelen", "spoed"):
        posted = {"csrf_token": token, "keuze": choice, "spoed": "ja"}
        page = browser.post(f"{address}/besluit", posted, status=303).follow()
        assert "staat in quarantaine. Haal de melding daar eerst uit" in page.text
        assert "gewijzigd door een ander" not in page.text
    assert report_at(installation, address).urgent is False
