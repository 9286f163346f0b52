"""Calls of the desk: how each ended, what that says first, and the order of the call list."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.mail.addresses import find_address
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.desk.models import TownCall
from stopintimidatie.municipalities.agreements.services import official_of, running_agreement
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.settings.models import TownRegister
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.reports.models import Report
from tests.support import agreeing, sittings
from tests.support.factories import EINDHOVEN, connect, make_report, make_user
from tests.support.installation import Installation
from tests.support.queries import count_queries

NATIONAL = "landelijk"
ZWIJNDRECHT = "GM0642"
LIST = "/landelijk/bellijst"
PHONE = "14 078"


@pytest.fixture
def desk(installation: Installation) -> Any:
    contact = {"dagen": 3, "telefoon": PHONE}
    connect(installation, ZWIJNDRECHT, level=ParticipationLevel.NO_AGREEMENT, contact=contact)
    return installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))


def at_desk(installation: Installation, code: str = ZWIJNDRECHT, **changes: Any) -> None:
    with installation.transaction() as session:
        report = make_report(session, installation, holder=NATIONAL)
        report.municipality_code, report.delivery = code, "wacht_op_afspraak"
        for name, value in changes.items():
            setattr(report, name, value)


def call(desk: Any, outcome: str, day: str = "", slug: str = "zwijndrecht") -> Any:
    form = desk.get(f"/landelijk/{slug}/gesprek").forms["gesprek"]
    form["uitkomst"], form["dag"] = outcome, day
    return form


def towns(desk: Any) -> list[str]:
    return [row.text for row in desk.get(LIST).html.select("tbody th")]


def row_of(desk: Any, town: str) -> dict[str, str]:
    rows = desk.get(LIST).html.select("tbody tr")
    row = next(row for row in rows if row.select_one("th").text == town)
    return {cell["data-label"]: cell.text.strip() for cell in row.select("td")}


def test_each_outcome_says_first_what_becomes_of_the_reports_that_wait(
    installation: Installation, desk: Any
) -> None:
    oldest = utc_now() - timedelta(days=18)
    at_desk(installation, received_at=oldest)
    for _ in range(2):
        at_desk(installation)
    labels = desk.get("/landelijk/zwijndrecht").html.select("#bellen label")
    gone = date_text(day_of(oldest) + timedelta(days=60))
    stay = f"3 meldingen blijven wachten; de oudste wordt op {gone} vernietigd"
    texts = [label.text for label in labels if stay in label.text]
    assert len(texts) == 6
    assert any("melders krijgen dit nummer niet meer" in text for text in texts)
    assert any("u schrijft nu op waarom" in text for text in texts)


def test_with_a_valid_agreement_what_waits_goes_by_itself_and_what_expired_does_not(
    installation: Installation, desk: Any
) -> None:
    agree(installation, desk)
    at_desk(installation)
    at_desk(installation, delivery="verlopen")
    page = desk.get("/landelijk/zwijndrecht/gesprek")
    assert (
        "1 melding gaat nu vanzelf naar Zwijndrecht; 1 niet opgehaalde biedt u opnieuw aan" in page
    )


def labels(desk: Any) -> list[str]:
    return [label.text for label in desk.get("/landelijk/zwijndrecht/gesprek").html.select("label")]


@pytest.mark.alles
def test_what_is_ready_for_the_mail_of_eight_waits_for_no_call(
    installation: Installation, desk: Any
) -> None:
    with clock_at(datetime(2026, 11, 30, 22, 0, tzinfo=UTC)):
        sittings.agree(installation, digest=True)
        number, _ = sittings.arrive(installation), sittings.arrive(installation)
        installation.run_jobs()
        assert "Niemand om te bellen" in desk.get(LIST)
        goes = "2 meldingen staan klaar, en de mail gaat vanzelf"
        assert len([text for text in labels(desk) if goes in text]) == 5
        assert not any("vernietigd" in text for text in labels(desk) if goes in text)
        reference = sittings.read(installation, number).reference
        panel = desk.get(f"/landelijk/{reference}").html.select_one("#doorgifte")
        assert "Staat klaar" in panel.text
        assert "gaat op werkdagen om acht uur" in panel.text
        assert "Wacht op afspraak" not in panel.text
        # Without a word of mail: the address and the number are read out.
        form = next(
            f for f in desk.get("/landelijk/zwijndrecht").forms.values() if "Code" in f.text
        )
        door = re.search(r"https?://\S+?/ophalen/(O-\w{4}-\w{4})", form.submit().text)
        assert door
        assert f">{door[1]}</strong>" in form.submit()
        assert installation.visitor().get(f"/ophalen/{door[1]}").status_int == 200
        # Something urgent is rung about all the same.
        with installation.transaction(NATIONAL) as session:
            session.get_one(Report, number).urgent = True
        assert row_of(desk, "Zwijndrecht")["Wachten"] == "1"
        # Without an agreement nothing goes by itself.
        with installation.transaction(NATIONAL) as session:
            agreement = running_agreement(session, ZWIJNDRECHT)
            assert agreement is not None
            agreement.ended_at = utc_now()
        assert row_of(desk, "Zwijndrecht")["Wachten"] == "2"


def test_an_outcome_says_what_becomes_of_reports_that_are_offered(
    installation: Installation, desk: Any
) -> None:
    sittings.agree(installation)
    for _ in range(2):
        sittings.arrive(installation)
    installation.run_jobs()
    texts = labels(desk)
    assert not any("er wacht geen melding" in text for text in texts)
    waits = "2 meldingen wachten op de functionaris"
    assert len([text for text in texts if waits in text]) == 5
    (refused,) = [text for text in texts if "weigert" in text]
    assert "2 aangeboden meldingen kunnen niet meer opgehaald worden" in refused


def test_from_the_call_list_to_a_saved_outcome_takes_three_clicks(
    installation: Installation, desk: Any
) -> None:
    at_desk(installation)
    clicks = 0
    page = desk.get(LIST).click("Zwijndrecht")
    clicks += 1
    form = page.forms["gesprek"]
    form["uitkomst"] = "zij_bellen"
    clicks += 1
    done = form.submit("opslaan", status=303).follow()
    clicks += 1
    assert clicks == 3
    assert "Gesprek met Zwijndrecht opgeslagen." in done
    assert "zij bellen terug" in row_of(desk, "Zwijndrecht")["Laatst gebeld"]
    with installation.transaction(NATIONAL) as session:
        logged = select(AuditEvent).where(AuditEvent.action == "gemeente.gebeld")
        assert session.scalars(logged).one().fields == [ZWIJNDRECHT, "zij_bellen"]
    assert "zij bellen terug" in desk.get("/landelijk/zwijndrecht").html.select_one("#bellen").text


def test_a_refusal_leads_to_writing_down_why(installation: Installation, desk: Any) -> None:
    at_desk(installation)
    page = call(desk, "weigert").submit("opslaan", status=303).follow()
    assert page.request.path == "/landelijk/zwijndrecht/weigering"
    form = page.forms["formulier"]
    form["reden"] = "De gemeente wil eerst overleg."
    form.submit("vastleggen", status=303)
    assert row_of(desk, "Zwijndrecht")["Afspraak"] == "geweigerd"


def test_a_wrong_number_is_given_to_nobody_until_it_is_edited(
    installation: Installation, desk: Any
) -> None:
    at_desk(installation)
    call(desk, "verkeerd_nummer").submit("opslaan", status=303)
    assert row_of(desk, "Zwijndrecht")["Telefoon"] == f"{PHONE} verkeerd nummer"
    assert telephone(installation) is None
    form = desk.get("/landelijk/zwijndrecht").forms["nummers"]
    form["telefoon"], form["bron"], form["datum"] = "078 123 45 67", "gemeentegids", "2024-01-05"
    form.submit("opslaan", status=303)
    assert row_of(desk, "Zwijndrecht")["Telefoon"] == "078 123 45 67"
    assert telephone(installation) == "078 123 45 67"
    # Saved once more: somebody looked at it again.
    call(desk, "verkeerd_nummer").submit("opslaan", status=303)
    assert telephone(installation) is None
    desk.get("/landelijk/zwijndrecht").forms["nummers"].submit("opslaan", status=303)
    assert telephone(installation) == "078 123 45 67"


def telephone(installation: Installation) -> str | None:
    with installation.transaction() as session:
        return published_for(session, ZWIJNDRECHT).telephone


def test_a_number_that_was_edited_meanwhile_is_not_marked_as_wrong(
    installation: Installation, desk: Any
) -> None:
    at_desk(installation, EINDHOVEN)
    with installation.transaction() as session:
        session.add(TownRegister(code=EINDHOVEN, telephone="14 040"))
    form = call(desk, "verkeerd_nummer", slug="eindhoven")
    with installation.transaction() as session:
        session.get_one(TownRegister, EINDHOVEN).telephone = "14 041"
    assert "Dit nummer staat hier niet meer" in form.submit("opslaan", status=422)
    with installation.transaction(NATIONAL) as session:
        assert session.scalars(select(TownCall)).all() == []
        assert session.get_one(TownRegister, EINDHOVEN).wrong == []


@pytest.mark.alles
def test_a_later_day_moves_a_municipality_down_but_never_spoed(
    installation: Installation, desk: Any
) -> None:
    at_desk(installation, received_at=utc_now() - timedelta(days=9))
    at_desk(installation, EINDHOVEN)
    assert towns(desk) == ["Zwijndrecht", "Eindhoven"]
    day = day_of(utc_now()) + timedelta(days=5)
    call(desk, "volgende_keer", str(day)).submit("opslaan", status=303)
    assert towns(desk) == ["Eindhoven", "Zwijndrecht"]
    # Until that day comes.
    with installation.transaction(NATIONAL) as session:
        session.scalars(select(TownCall)).one().day = day_of(utc_now())
    assert towns(desk) == ["Zwijndrecht", "Eindhoven"]
    call(desk, "volgende_keer", str(day)).submit("opslaan", status=303)
    at_desk(installation, urgent=True)
    assert towns(desk) == ["Zwijndrecht", "Eindhoven"]
    assert "spoed blijft bovenaan" in desk.get("/landelijk/zwijndrecht/gesprek")


@pytest.mark.parametrize(
    ("outcome", "days", "words"),
    [
        ("volgende_keer", None, "Kies een dag na vandaag"),
        ("volgende_keer", 0, "Kies een dag na vandaag"),
        ("volgende_keer", 61, "binnen zestig dagen"),
        ("gesproken", 3, "Een dag hoort alleen bij"),
    ],
)
def test_a_day_that_does_not_fit_the_outcome_is_refused(
    installation: Installation, desk: Any, outcome: str, days: int | None, words: str
) -> None:
    day = "" if days is None else str(day_of(utc_now()) + timedelta(days=days))
    assert words in call(desk, outcome, day).submit("opslaan", status=422)
    with installation.transaction(NATIONAL) as session:
        assert session.scalars(select(TownCall)).all() == []


def agree(installation: Installation, desk: Any) -> None:
    """A valid agreement, its address confirmed."""
    agreeing.fill(desk).submit("vastleggen", status=303)
    with installation.transaction(NATIONAL) as session:
        row = find_address(session, official_of(ZWIJNDRECHT))
        assert row is not None
        row.verified_at = utc_now()


@pytest.mark.alles
def test_a_test_mail_that_came_back_is_a_reason_to_ring_also_where_nothing_waits(
    installation: Installation, desk: Any
) -> None:
    agreeing.fill(desk).submit("vastleggen", status=303)
    assert "Niemand om te bellen" in desk.get(LIST)
    with installation.transaction(NATIONAL) as session:
        row = find_address(session, official_of(ZWIJNDRECHT))
        assert row is not None
        row.bounced_at = utc_now()
    for page in (LIST, "/landelijk/afspraken", "/landelijk/zwijndrecht"):
        assert "testmail kwam terug: bel" in desk.get(page)
    at_desk(installation)
    installation.run_jobs()
    with installation.transaction(NATIONAL) as session:
        assert session.scalars(select(Report.delivery)).all() == ["wacht_op_afspraak"]


def test_a_test_mail_without_an_answer_in_three_working_days_is_one_too(
    installation: Installation, desk: Any
) -> None:
    agreeing.fill(desk).submit("vastleggen", status=303)
    sent(installation, days=2)
    assert "nog niet rond" in desk.get("/landelijk/afspraken")
    sent(installation, days=12)
    for page in (LIST, "/landelijk/afspraken", "/landelijk/zwijndrecht"):
        assert "testmail niet beantwoord: bel" in desk.get(page)


def sent(installation: Installation, *, days: int) -> None:
    """The test mail went out so many days ago."""
    with installation.transaction(NATIONAL) as session:
        row = find_address(session, official_of(ZWIJNDRECHT))
        assert row is not None
        row.code_sent_at = utc_now() - timedelta(days=days)


def test_the_agreement_keeps_one_mail_a_day_and_the_number_for_spoed(
    installation: Installation, desk: Any
) -> None:
    form = agreeing.fill(desk, spoed="078 1234567")
    form["per_dag"] = True
    page = form.submit("vastleggen", status=303).follow()
    assert "één per werkdag; spoed meteen" in page
    assert "+31781234567" in page
    again = desk.get("/landelijk/zwijndrecht/vastleggen").forms["formulier"]
    assert (again["per_dag"].checked, again["spoed"].value) == (True, "+31781234567")


@pytest.mark.alles
def test_the_call_list_asks_the_same_number_of_statements_for_one_and_for_many(
    installation: Installation, desk: Any
) -> None:
    at_desk(installation)
    call(desk, "zij_bellen").submit("opslaan", status=303)
    desk.get(LIST)
    with count_queries(installation) as few:
        desk.get(LIST)
    for code in (EINDHOVEN, "GM0505", "GM0363", "GM0599"):
        at_desk(installation, code)
        with installation.transaction(NATIONAL) as session:
            session.add(TownRegister(code=code, telephone="14 010", hours="ma-vr 09:00-17:00"))
            session.add(
                TownCall(holder=NATIONAL, municipality_code=code, by="x", outcome="gesproken")
            )
    with count_queries(installation) as many:
        assert len(towns(desk)) == 5
    assert many.count == few.count


def test_the_script_of_the_page_stands_in_the_docs(desk: Any) -> None:
    docs = " ".join(Path("docs/gebruikers/landelijk.md").read_text(encoding="utf-8").split())
    page = desk.get("/landelijk/zwijndrecht/vastleggen").html
    steps = [" ".join(step.text.split()) for step in page.select("ol.utrecht-ordered-list li")]
    assert len(steps) == 13
    assert [step for step in steps if step not in docs] == []
