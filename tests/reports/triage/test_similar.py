"""Similar reports: on the page of a report, at triage, and closing one as double with a press."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.reports.fields import Location, Offenders
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.triage.similar import similar_to
from stopintimidatie.reports.vocabulary import Form, OffenderCount, Transport
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_report, make_user, take_on
from tests.support.installation import Installation
from tests.support.officers import officer, state_of, stored

FAR = Location(lat=51.7800, lon=4.7200)


# What doesn't differ per database is shown on one.
on_sqlite = pytest.mark.sqlite


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


def similar(installation: Installation, address: str) -> list[Any]:
    reference = address.rpartition("/")[2]
    with installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report).where(Report.reference == reference)).one()
        return similar_to(session, installation.registry, report)


def week_ago() -> Any:
    return utc_now() - timedelta(days=7, hours=3)


def test_beside_a_report_stand_the_similar_ones_with_the_reason_in_words(
    installation: Installation,
) -> None:
    address = stored(installation)
    near = stored(
        installation, incident_start=week_ago(), location=Location(lat=51.8135, lon=4.6690)
    )
    stored(installation, incident_start=week_ago(), location=FAR, forms=(Form.GROPING,))
    browser = officer(installation)
    # The page asks for them once it stands; without script it has a link.
    link = browser.get(address).html.select_one("#vergelijkbaar a")["href"]
    page = browser.get(link)
    assert near.rpartition("/")[2] in page.text
    assert "22 m, 7 dagen eerder, zelfde tijdstip, ook op" in page.text
    with installation.transaction(DORDRECHT) as session:
        noted = session.scalars(select(AuditEvent.task).where(AuditEvent.task.is_not(None))).all()
        assert "vergelijkbare meldingen" in noted


@on_sqlite
def test_without_similar_reports_the_page_says_what_was_looked_at(
    installation: Installation,
) -> None:
    address = stored(installation)
    browser = officer(installation)
    assert "geen meldingen die hier genoeg op lijken" in browser.get(f"{address}/naast").text
    assert "Geen vergelijkbare meldingen" in browser.get(f"{address}/vergelijkbaar").text


def test_the_search_index_finds_what_lies_too_far_for_the_map(installation: Installation) -> None:
    words = "Bij de snackbar filmden ze me vanaf een fatbike, en ze volgden me tot de bibliotheek."
    offenders = Offenders(
        count=OffenderCount.THREE_TO_FIVE, in_group=True, transport=Transport.SCOOTER
    )
    address = stored(installation, description=words, offenders=offenders)
    away = Location(lat=51.8178, lon=4.6690)
    far = stored(installation, description=words, offenders=offenders, location=away)
    stored(installation, offenders=offenders, location=away, description="Niets te zeggen.")
    installation.run_jobs()
    found = similar(installation, address)
    assert [other.reference for other in found] == [far.rpartition("/")[2]]
    assert "zelfde woorden: bibliotheek, fatbike, filmen, snackbar" in found[0].reasons


@on_sqlite
def test_appearance_changes_nothing_at_all(installation: Installation) -> None:
    looks = Offenders(appearance="lange man met baard en rode jas")
    address = stored(installation, offenders=looks)
    stored(installation, incident_start=week_ago())
    before = similar(installation, address)
    with installation.transaction(DORDRECHT) as session:
        for report in session.scalars(select(Report)):
            report.offender_appearance = "kort, kaal, blauwe jas"
            report.offender_gender = "vrouw"
            report.description = f"{report.description} Blond haar, witte pet."
    assert similar(installation, address) == before


def test_one_press_closes_a_report_as_double_and_another_takes_it_back(
    installation: Installation,
) -> None:
    first, again = stored(installation), stored(installation)
    browser = officer(installation)
    page = browser.get(f"{again}/vergelijkbaar")
    assert "misschien dubbel" in page.text
    form = next(form for form in page.forms.values() if form.action.endswith("/dubbel"))
    page = form.submit(status=303).follow()
    assert state_of(installation, again) == "niet_in_behandeling"
    assert f"/m/{first.rpartition('/')[2]}" in page.text
    assert "Heropenen" in page.text
    # The same press again changes nothing.
    assert form.submit(status=409)


@on_sqlite
def test_a_double_of_nothing_or_of_itself_changes_nothing(installation: Installation) -> None:
    stored(installation)
    again = stored(installation)
    browser = officer(installation)
    page = browser.get(f"{again}/vergelijkbaar")
    form = next(form for form in page.forms.values() if form.action.endswith("/dubbel"))
    for nonsense in ("M-9999-9999", again.rpartition("/")[2], "\x00", ""):
        form["dubbel_van"] = nonsense
        form.submit(status=400)
    assert state_of(installation, again) == "nieuw"


@on_sqlite
def test_a_dossier_can_be_opened_with_all_that_are_in_hand(installation: Installation) -> None:
    address, other = stored(installation), stored(installation, incident_start=week_ago())
    with installation.transaction(DORDRECHT) as session:
        for report in session.scalars(select(Report)):
            take_on(session, report)
    page = officer(installation).get(f"{address}/vergelijkbaar").click("Nieuw dossier met deze")
    told = page.forms["formulier"]["meldingen"].value
    assert {part.rpartition("/")[2] for part in (address, other)} == set(told.split())


@on_sqlite
def test_the_triage_form_shows_them_beside_the_story(installation: Installation) -> None:
    address = stored(installation)
    other = stored(installation, incident_start=week_ago())
    assert other.rpartition("/")[2] in officer(installation).get(f"{address}/triage").text


@on_sqlite
def test_another_municipality_is_never_similar(installation: Installation) -> None:
    connect(installation, EINDHOVEN)
    address = stored(installation)
    with installation.transaction() as session:
        make_report(session, installation, holder=EINDHOVEN, neighbourhood="WK077211")
    installation.run_jobs()
    assert similar(installation, address) == []


@on_sqlite
def test_who_only_reads_sees_them_without_the_button(installation: Installation) -> None:
    stored(installation)
    again = stored(installation)
    reader = installation.browser(make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER)))
    page = reader.get(f"{again}/vergelijkbaar")
    assert "misschien dubbel" in page.text
    assert not [form for form in page.forms.values() if form.action.endswith("/dubbel")]
