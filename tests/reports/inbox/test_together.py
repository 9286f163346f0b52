"""Reports chosen in the inbox are declined or finished together, each by the rules of one."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.audit import AuditEvent, AuditSubject
from stopintimidatie.core.clock import utc_now
from stopintimidatie.reports.inbox import bulk
from stopintimidatie.reports.inbox import views as inbox_views
from stopintimidatie.reports.models import Report, ReporterMessage, ReportProposal
from stopintimidatie.reports.vocabulary import AgeGroup, Form
from tests.support.factories import DORDRECHT, connect, make_report
from tests.support.installation import Installation
from tests.support.officers import officer, set_value

HERE = "/gemeenten/dordrecht"


@pytest.fixture(autouse=True)
def town(installation: Installation) -> None:
    connect(installation)


def stored(installation: Installation, number: int = 1, **changes: Any) -> list[str]:
    with installation.transaction() as session:
        made = [make_report(session, installation, **changes) for _ in range(number)]
        return [report.reference for report in made]


def states(installation: Installation) -> dict[str, str]:
    with installation.transaction(DORDRECHT) as session:
        rows = session.execute(select(Report.reference, Report.state))
        return {row.reference: row.state for row in rows}


def choose(browser: Any, references: list[str], key: str, query: str = "") -> Any:
    """Tick these rows of the inbox and press the button below them, without a script."""
    page = browser.get(f"{HERE}/postvak?{query}")
    form = next(form for form in page.forms.values() if "melding" in form.fields)
    for box in form.fields["melding"]:
        box.checked = box._value in references
    button = page.html.select_one(f".wb-act button[value={key}]")
    sent = [pair for pair in form.submit_fields() if pair[0] != "keuze"]
    return browser.get(button["formaction"], [*sent, ("keuze", key)]).forms["formulier"]


def test_what_asks_more_stays_as_it_was_and_the_rest_is_declined(
    installation: Installation,
) -> None:
    plain = stored(installation, 2)
    (touched,) = stored(installation, forms=(Form.GROPING,))
    (young,) = stored(installation, reporter_age_group=AgeGroup.UNDER_16)
    calling, waiting, writing = stored(installation, 3)
    (late,) = stored(installation)
    with installation.transaction(DORDRECHT) as session:
        rows = {row.reference: row for row in session.scalars(select(Report))}
        rows[young].danger_now = False
        rows[calling].danger_now = rows[calling].urgent = True
        rows[waiting].contact_deadline = utc_now()
        rows[writing].reporter_spoke_at = utc_now()
    olga = officer(installation)
    form = choose(olga, [*plain, touched, young, calling, waiting, writing, late], "niet")
    with installation.transaction(DORDRECHT) as session:
        rows = {row.reference: row for row in session.scalars(select(Report))}
        rows[late].state = "afgehandeld"
    form["reden_code"] = "test"
    page = form.submit("vastleggen", status=200)
    page.mustcontain(
        "2 meldingen niet in behandeling genomen",
        "Er is een signaal",
        "Een collega moet meekijken",
        "iemand in gevaar",
        "De melder wacht nog op contact",
        "Er is een bericht van de melder",
        "de toestand is nu ‘afgehandeld’",
    )
    done = dict.fromkeys(plain, "niet_in_behandeling")
    left = dict.fromkeys((touched, young, calling, waiting, writing), "nieuw")
    assert states(installation) == {**done, **left, late: "afgehandeld"}
    with installation.transaction(DORDRECHT) as session:
        assert session.scalar(select(func.count(ReportProposal.id))) == 0
        moved = (
            select(AuditEvent.id, func.count())
            .join(AuditSubject, AuditSubject.event_id == AuditEvent.id)
            .where(AuditEvent.action == "melding.toestand")
            .group_by(AuditEvent.id)
        )
        # Taken in hand and ended, each in its own name.
        assert [number for _, number in session.execute(moved)] == [1] * 4


def test_each_reporter_reads_the_ready_text_about_the_own_report(
    installation: Installation,
) -> None:
    dutch, english = stored(installation), stored(installation, language="en", neighbourhood=None)
    olga = officer(installation)
    form = choose(olga, [*dutch, *english], "afhandelen", "toestand=nieuw")
    set_value(form, "opvolging", "alleen_beeldvorming")
    form["terugkoppeling"], form["bericht"] = "gegeven", "toezicht"
    page = form.submit("vastleggen", status=303)
    assert page.location.endswith("/postvak?toestand=nieuw")
    page.follow().mustcontain("2 meldingen afgehandeld")
    assert set(states(installation).values()) == {"afgehandeld"}
    undone = olga.get(f"{HERE}/postvak")
    with installation.transaction(DORDRECHT) as session:
        told = select(Report.reference, ReporterMessage.text)
        rows = session.execute(told.join(Report, Report.id == ReporterMessage.report_id))
        texts = {row.reference: row.text for row in rows}
    assert texts.keys() == {*dutch, *english}
    assert "in Binnenstad" in texts[dutch[0]]
    assert "Thank you" in texts[english[0]]
    assert "in Dordrecht" in texts[english[0]]
    for left in (1, 0):
        undo = next(f for f in undone.forms.values() if f.action.endswith("/ongedaan"))
        undone = undo.submit().follow()
        assert list(states(installation).values()).count("afgehandeld") == left


@pytest.mark.parametrize("filters", ["wijk=" + "x" * 3000, "spoed=misschien", "periode=-1"])
def test_all_of_a_view_with_a_filter_that_does_not_exist_are_none(
    installation: Installation, filters: str
) -> None:
    stored(installation, 2)
    page = officer(installation).get(f"{HERE}/samen-besluiten?keuze=niet&alles=ja&{filters}")
    page.mustcontain("Er is niets gekozen")


def test_what_is_missing_is_asked_before_anything_is_decided(installation: Installation) -> None:
    references = stored(installation, 2)
    olga = officer(installation)
    form = choose(olga, references, "niet")
    form.submit("vastleggen", status=422).mustcontain("Maak een keuze bij ‘Reden’")
    for box in form.fields["meldingen"]:
        box.checked = False
    form["reden_code"] = "test"
    form.submit("vastleggen", status=422).mustcontain("Kies ten minste één melding.")
    assert set(states(installation).values()) == {"nieuw"}
    olga.get(f"{HERE}/samen-besluiten", status=404)
    olga.get(f"{HERE}/samen-besluiten?keuze=niet").mustcontain("Er is niets gekozen")


def test_a_whole_view_is_decided_beyond_its_page_up_to_a_number_that_it_says(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(installation, 31)
    stored(installation, 2, neighbourhood=None, forms=(Form.WHISTLING,))
    monkeypatch.setattr(bulk, "AT_ONCE", 30)
    monkeypatch.setattr(inbox_views, "AT_ONCE", 30)
    olga = officer(installation)
    inbox = olga.get(f"{HERE}/postvak?vorm=naroepen")
    inbox.mustcontain("De eerste 30 in deze weergave")
    olga.get(f"{HERE}/postvak?vorm=nafluiten").mustcontain("Alle 2 in deze weergave")
    form = inbox.click("Niet in behandeling", href="samen-besluiten", index=0).forms["formulier"]
    assert len(form.fields["meldingen"]) == 30
    form["reden_code"] = "test"
    page = form.submit("vastleggen", status=303).follow()
    page.mustcontain("30 meldingen niet in behandeling genomen")
    assert list(states(installation).values()).count("niet_in_behandeling") == 30


def test_what_there_is_no_time_for_is_said_and_left_for_a_next_time(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    references = stored(installation, 2)
    monkeypatch.setattr(bulk, "LONGEST", -1)
    form = choose(officer(installation), references, "niet")
    form["reden_code"] = "test"
    form.submit("vastleggen", status=200).mustcontain("Hier was nu geen tijd meer voor")
    assert set(states(installation).values()) == {"nieuw"}
