"""The decisions of the desk as its people take them: by forms and buttons, without script."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import AMSTERDAM, clock_at, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.reports.models import Report, ReporterMessage
from stopintimidatie.reports.vocabulary import Form
from tests.support.factories import EINDHOVEN, make_report, make_user, user_id
from tests.support.installation import Installation

pytestmark = pytest.mark.sqlite

NATIONAL = "landelijk"


@pytest.fixture
def desk(installation: Installation) -> Any:
    return installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))


@pytest.fixture
def colleague(installation: Installation) -> Any:
    return installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))


def at_desk(installation: Installation, **changes: Any) -> str:
    with installation.transaction() as session:
        report = make_report(session, installation, holder=NATIONAL)
        for name, value in changes.items():
            setattr(report, name, value)
        return report.reference


def one(installation: Installation, *columns: Any) -> Any:
    with installation.transaction(NATIONAL) as session:
        return session.execute(select(*columns)).one()


def option(page: Any, words: str) -> Any:
    """The form of the option with these words."""
    buttons = page.html.find_all("button", class_="wb-option")
    position = next(number for number, b in enumerate(buttons) if words in b.text)
    forms = [form for form in page.forms.values() if "wb-option" in form.text]
    return forms[position]


def panel(desk: Any, reference: str, choice: str) -> Any:
    return desk.get(f"/landelijk/{reference}/beslissen?keuze={choice}&terug=/landelijk")


def test_a_test_is_closed_with_one_press_and_the_next_report_is_open(
    installation: Installation, desk: Any
) -> None:
    first, second = at_desk(installation), at_desk(installation)
    page = desk.get(f"/landelijk?melding={first}")
    closing = page.html.select_one(".wb-decision[data-key='4']")["href"]
    page = option(desk.get(closing), "Een test").submit(status=303).follow()
    assert second in page.html.select_one(".wb-pane").text
    assert f"{first}: afgesloten als een test." in page.html.select_one(".wb-done").text


def test_what_can_not_be_placed_carries_its_words_to_the_reporter(
    installation: Installation, desk: Any
) -> None:
    reference = at_desk(installation)
    option(panel(desk, reference, "afsluiten"), "buiten Nederland").submit(status=303)
    assert "buiten Nederland" in one(installation, ReporterMessage.text)[0]
    own = panel(desk, at_desk(installation), "afsluiten").forms["besluit"]
    assert "Vul in: Bericht aan de melder." in own.submit("vastleggen", status=422)


def test_two_of_the_desk_close_what_is_no_harassment(
    installation: Installation, desk: Any, colleague: Any
) -> None:
    reference = at_desk(installation)
    option(panel(desk, reference, "afsluiten"), "Geen straatintimidatie").submit(status=303)
    assert one(installation, Report.state)[0] == "nieuw"
    mine = desk.get("/landelijk?bezorging=tweede_blik")
    assert "Een ander dan u kijkt mee" in mine
    assert not re.findall("Akkoord", mine.text)
    page = colleague.get("/landelijk").click("Een collega beslist mee")
    form = next(form for form in page.forms.values() if "Akkoord" in form.text)
    form.submit(status=303)
    assert one(installation, Report.state, Report.ended_reason) == (
        "niet_in_behandeling",
        "geen_straatintimidatie",
    )


def test_a_physical_form_asks_about_danger_and_a_colleague_before_it_is_called_a_test(
    installation: Installation, desk: Any, colleague: Any
) -> None:
    with installation.transaction() as session:
        reference = make_report(
            session, installation, holder=NATIONAL, forms=[Form.ASSAULT]
        ).reference
    options = panel(desk, reference, "afsluiten")
    assert "Een test" not in options.html.select_one(".wb-option[data-eerst]").text
    asked = option(options, "Een test").submit(status=200)
    assert "Is er nu iemand in gevaar?" in asked
    assert one(installation, Report.state, Report.danger_now) == ("nieuw", None)
    option(asked, "Geen gevaar").submit(status=303)
    assert one(installation, Report.state)[0] == "nieuw"
    page = colleague.get(f"/landelijk?melding={reference}")
    assert "want een test" in page
    next(form for form in page.forms.values() if "Akkoord" in form.text).submit(status=303)
    assert one(installation, Report.ended_reason)[0] == "test"
    assert "Hier kunt u terecht voor hulp" in one(installation, ReporterMessage.text)[0]


def test_the_rail_has_the_order_of_its_keys_and_a_held_message_says_so(
    installation: Installation, desk: Any
) -> None:
    reference = at_desk(installation, location_text="bij de brug")
    page = desk.get("/landelijk")
    keys = [key["data-key"] for key in page.html.select(".wb-decision")]
    assert keys == ["1", "2", "3", "4", "5", "6", "a", "c", "w", "u", "s", "z"]
    title = page.html.select_one(".wb-row__title")
    assert title.text == page.html.select_one("#gekozen-melding").text
    assert page.html.select_one(".wb-row__place").text == "bij de brug"
    option(panel(desk, reference, "vraag"), "In welke plaats").submit(status=303)
    shown = desk.get(f"/landelijk?melding={reference}").html.select_one(".wb-pane").text
    assert "(wordt over 10 minuten verstuurd)" in shown


def test_somebody_in_danger_makes_it_spoed_and_nothing_is_closed(
    installation: Installation, desk: Any
) -> None:
    with installation.transaction() as session:
        reference = make_report(
            session, installation, holder=NATIONAL, forms=[Form.GROPING]
        ).reference
    asked = option(panel(desk, reference, "afsluiten"), "plek niet te vinden").submit(status=200)
    page = option(asked, "Gevaar: bel eerst 112").submit(status=303).follow()
    assert "Bel eerst 112" in page
    assert one(installation, Report.state, Report.urgent) == ("nieuw", True)
    next(f for f in page.forms.values() if f.action.endswith("/ongedaan")).submit(status=303)
    assert one(installation, Report.danger_now, Report.urgent) == (None, False)


def test_who_is_alone_at_the_desk_cannot_be_the_second_person(
    installation: Installation, desk: Any
) -> None:
    reference = at_desk(installation)
    option(panel(desk, reference, "afsluiten"), "Geen straatintimidatie").submit(status=303)
    page = desk.get(f"/landelijk?melding={reference}")
    assert "Is er niemand anders bij het meldpunt?" in page
    assert "Akkoord" not in page
    token = page.html.select_one("input[name='csrf_token']")["value"]
    version = one(installation, Report.version)[0]
    answer = {"csrf_token": token, "akkoord": "ja", "versie": str(version)}
    desk.post(f"/landelijk/{reference}/voorstel", answer, status=303)
    assert one(installation, Report.state)[0] == "nieuw"


def test_a_colleague_who_disagrees_says_why_and_it_waits_again(
    installation: Installation, desk: Any, colleague: Any
) -> None:
    reference = at_desk(installation)
    option(panel(desk, reference, "afsluiten"), "Geen straatintimidatie").submit(status=303)
    page = colleague.get(f"/landelijk?melding={reference}")
    form = next(form for form in page.forms.values() if "antwoord" in form.fields)
    assert form.submit(status=422).html.select("textarea[aria-invalid]")
    form["antwoord"] = "Zij werd wel nageroepen."
    form.submit(status=303)
    # Answered meanwhile: the words can be copied.
    late = form.submit(status=409).forms["antwoord"]
    assert late["antwoord"].value == "Zij werd wel nageroepen."
    assert reference in desk.get("/landelijk").html.select_one(".wb-pane").text


def test_the_words_of_a_reporter_after_the_end_come_back_to_the_desk(
    installation: Installation, desk: Any
) -> None:
    reference = at_desk(
        installation,
        state="niet_in_behandeling",
        ended_reason="test",
        ended_at=utc_now(),
        reporter_spoke_at=utc_now(),
    )
    with installation.transaction(NATIONAL) as session:
        report = session.scalars(select(Report)).one()
        session.add(
            ReporterMessage(
                holder=NATIONAL, report_id=report.id, kind="aanvulling", text="Het was geen test."
            )
        )
    page = desk.get("/landelijk")
    assert "Het was geen test." in page.html.select_one(".wb-pane").text
    form = panel(desk, reference, "heropenen").forms["besluit"]
    form["reden"] = "De melder legt het uit."
    form.submit("vastleggen", status=303)
    assert one(installation, Report.state, Report.reporter_spoke_at) == ("nieuw", None)


def test_what_was_only_to_be_read_leaves_the_queue(installation: Installation, desk: Any) -> None:
    closed = {"state": "niet_in_behandeling", "ended_reason": "test", "ended_at": utc_now()}
    at_desk(installation, **closed, reporter_spoke_at=utc_now())
    with installation.transaction(NATIONAL) as session:
        report = session.scalars(select(Report)).one()
        session.add(
            ReporterMessage(holder=NATIONAL, report_id=report.id, kind="aanvulling", text="Ja.")
        )
    page = desk.get("/landelijk")
    form = next(form for form in page.forms.values() if "Gelezen" in form.text)
    assert "U bent klaar" in form.submit(status=303).follow()


def test_an_offer_to_the_wrong_town_is_taken_back(installation: Installation, desk: Any) -> None:
    reference = at_desk(installation, municipality_code=EINDHOVEN, delivery="aangeboden")
    form = panel(desk, reference, "aanbod").forms["besluit"]
    form["reden"] = "Het was in Tilburg."
    # Nobody has it on offer: somebody was first.
    assert "niet meer aangeboden" in form.submit("vastleggen", status=422)


def test_spoed_is_marked_with_one_press_and_can_be_undone(
    installation: Installation, desk: Any
) -> None:
    at_desk(installation)
    page = desk.get("/landelijk")
    form = next(form for form in page.forms.values() if "Spoed" in form.text)
    page = form.submit(status=303).follow()
    assert one(installation, Report.urgent)[0] is True
    undo = next(form for form in page.forms.values() if form.action.endswith("/ongedaan"))
    undo.submit(status=303)
    assert one(installation, Report.urgent)[0] is False


def test_a_double_is_chosen_from_what_happened_at_the_same_time(
    installation: Installation, desk: Any
) -> None:
    first, second = at_desk(installation), at_desk(installation)
    option(panel(desk, second, "dubbel"), first).submit(status=303)
    with installation.transaction(NATIONAL) as session:
        row = session.scalars(select(Report).where(Report.reference == second)).one()
        assert (row.state, row.ended_reason) == ("niet_in_behandeling", "dubbel")


def test_a_form_that_lay_open_changes_nothing_of_a_report_that_is_being_routed(
    installation: Installation, desk: Any
) -> None:
    reference = at_desk(installation)
    question = panel(desk, reference, "beantwoorden").forms["besluit"]
    with installation.transaction(NATIONAL) as session:
        report = session.scalars(select(Report)).one()
        # Not changed since the form was shown: the version is the same.
        session.execute(update(Report).values(leaves_at=utc_now() + timedelta(minutes=9)))
        version = report.version
    question["bericht"] = "Wij kijken ernaar."
    page = question.submit("vastleggen", status=409)
    assert page.forms["besluit"]["bericht"].value == "Wij kijken ernaar."
    assert not page.html.select("#besluit .si-buttons button")
    with installation.transaction(NATIONAL) as session:
        report = session.scalars(select(Report)).one()
        assert report.leaves_at is not None
        assert report.version == version


def test_a_question_of_the_desk_comes_back_when_a_colleague_was_first(
    installation: Installation, desk: Any, colleague: Any
) -> None:
    reference = at_desk(installation)
    question = panel(desk, reference, "beantwoorden").forms["besluit"]
    question["bericht"] = "Wij kijken ernaar."
    own = panel(colleague, reference, "beantwoorden").forms["besluit"]
    own["bericht"] = "Dank voor uw melding."
    own.submit("vastleggen", status=303)
    assert "dit had u al gedaan" in own.submit("vastleggen", status=303).follow().text
    page = question.submit("vastleggen", status=409)
    form = page.forms["besluit"]
    assert form["bericht"].value == "Wij kijken ernaar."
    form.submit("vastleggen", status=303)


def test_what_a_colleague_was_asked_about_is_grey_and_is_not_routed(
    installation: Installation, desk: Any, colleague: Any
) -> None:
    reference = at_desk(installation)
    # Open since before the proposal.
    old = panel(colleague, reference, "doorgeven").forms["besluit"]
    option(panel(desk, reference, "afsluiten"), "Geen straatintimidatie").submit(status=303)
    rail = colleague.get(f"/landelijk?melding={reference}").html.select_one(".wb-rail")
    for key in "3456a":
        decision = rail.select_one(f'[data-key="{key}"]')
        assert decision["aria-disabled"] == "true"
        assert "wacht op een tweede blik" in decision.text
    assert rail.select_one('[data-key="s"]').get("aria-disabled") != "true"
    page = panel(colleague, reference, "dubbel").follow()
    assert "Beantwoord eerst het voorstel" in page
    old["gemeente"], old["reden"] = "Eindhoven", "Het was daar."
    late = old.submit("vastleggen", status=409)
    assert "Beantwoord eerst het voorstel" in late
    assert late.forms["besluit"]["reden"].value == "Het was daar."
    assert one(installation, Report.state, Report.leaves_at) == ("nieuw", None)


def test_on_monday_the_desk_reads_what_came_in_since_its_last_day(
    installation: Installation,
) -> None:
    name = make_user(installation, (NATIONAL, Role.NATIONAL_DESK))
    actor = Actor("gebruiker", str(user_id(installation, name)), "Test")
    monday = datetime(2026, 11, 23, 9, 0, tzinfo=AMSTERDAM)
    with clock_at(monday - timedelta(days=3)), installation.transaction(NATIONAL) as session:
        record(session, actor, "melding.spoed", NATIONAL, "melding")
    with clock_at(monday - timedelta(days=1)):
        urgent, plain = at_desk(installation, urgent=True), at_desk(installation, lat=52.3)
        with installation.transaction(NATIONAL) as session:
            record(session, SYSTEM, "post.teruggekomen", NATIONAL, "bericht")
    with clock_at(monday):
        page = installation.browser(name).get("/landelijk")
        block = page.html.select_one(".wb-since")
        assert block.summary.text == (
            "Sinds uw laatste werkdag, vrijdag 20 november: 1 met spoed, 2 binnen, 1 niet"
            " aangekomen"
        )
        assert "nog door niemand geopend" in block.text
        links = [link["href"] for link in block.select("a")]
        assert links == [f"/landelijk?melding={urgent}", "/landelijk/bellijst"]
        assert plain in page
        # Opened from the list, and said so from then on.
        installation.browser(name).get(links[0])
        page = installation.browser(name).get("/landelijk")
        assert "geopend door" in page.html.select_one(".wb-since").text
