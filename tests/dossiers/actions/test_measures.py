"""Measures with their effect, attachments, references, and who sees a person-directed dossier."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select
from webtest import Upload

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import local
from stopintimidatie.dossiers.case.services import change_dossier
from stopintimidatie.dossiers.filing.services import file_report, membership_of
from stopintimidatie.dossiers.models import Dossier, DossierAttachment, DossierMembership
from stopintimidatie.dossiers.page.personal import PERSONAL_DATA
from stopintimidatie.dossiers.rules import window
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.exports.extract.queries import load_dossier
from stopintimidatie.exports.profiles.defaults import INTERNAL
from stopintimidatie.reports.models import AttachmentPart, Report
from stopintimidatie.reports.services import path_of_report
from tests.support.exports_factory import a_dossier, redact
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
STORY = "Een woord dat nergens anders staat: kwikstaart."


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


@pytest.fixture
def owner(installation: Installation) -> str:
    return make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER), name="Dita Houder")


@pytest.fixture
def browser(installation: Installation, owner: str) -> Any:
    return installation.browser(owner)


def opened(installation: Installation, days: tuple[int, ...] = (), **kw: Any) -> str:
    """The address of a dossier with reports of so many days ago."""
    with installation.transaction() as session:
        dossier = make_dossier(session, **kw)
        effects = installation.registry.workflow_effects
        for ago in days:
            happened = utc_now() - timedelta(days=ago)
            report = make_report(session, installation, incident_start=happened, description=STORY)
            # The report came in when it happened.
            report.received_at = happened
            file_report(session, effects, dossier, take_on(session, report), "Plek", SYSTEM)
        where = "gemeentebreed" if dossier.neighbourhood_code.endswith("-GB") else "binnenstad"
        return f"/gemeenten/dordrecht/{where}/{dossier.number}"


def form_of(page: Any, **values: Any) -> Any:
    form = page.forms["formulier"]
    for name, value in values.items():
        form[name] = value
    return form


def test_a_measure_shows_the_reports_before_and_after_it(
    installation: Installation, browser: Any
) -> None:
    address = opened(installation, (50, 40, 35, 31, 10, 95))
    assert "Nog geen maatregelen" in browser.get(f"{address}?deel=maatregelen").text
    began = local(utc_now()).date() - timedelta(days=30)
    form = form_of(
        browser.get(f"{address}/maatregel"), soort="extra_toezicht", wat="Vaker", wie="Boa"
    )
    form["vanaf"], form["tot"] = began.isoformat(), (began - timedelta(days=1)).isoformat()
    assert "eindigt voordat" in form.submit(status=422).text
    form["tot"] = ""
    page = form.submit().follow()
    assert "4 voor, 1 na (30 dagen): te weinig om iets te zeggen." in page.text
    table = page.html.find("table")
    assert [cell.text for cell in table.find("tbody").find_all("td")][1:] == [
        *("30", "4", "1", "0", "0")
    ]
    assert page.html.find("img", class_="si-chart")["alt"].startswith("Meldingen in dit dossier")
    assert 'width="340"' in str(page.html.select_one("picture > source[media][srcset]"))
    assert "Maatregel: extra toezicht" in browser.get(f"{address}?deel=chronologie").text
    edit = page.html.find("table").find("a")["href"]
    form = form_of(browser.get(edit), effect="Rustiger op vrijdag")
    assert "Rustiger op vrijdag" in form.submit().follow().text
    browser.get(f"{address}/maatregel?maatregel=x", status=404)


def test_enough_reports_stand_beside_those_of_the_rest_of_the_town_in_the_export_too(
    installation: Installation, browser: Any
) -> None:
    """Eleven and nine are fewer, while elsewhere they doubled: both are said, in the same words."""
    address = opened(installation, (40,) * 11 + (10,) * 9)
    with installation.transaction() as session:
        for ago in (40, 41, 10, 11, 12, 13):
            happened = utc_now() - timedelta(days=ago)
            report = make_report(session, installation, incident_start=happened)
            report.received_at = happened
    began = local(utc_now()).date() - timedelta(days=30)
    form = form_of(
        browser.get(f"{address}/maatregel"), soort="extra_toezicht", wat="Vaker", wie="Boa"
    )
    form["vanaf"] = began.isoformat()
    words = (
        "11 voor, 9 na (30 dagen), minder dan ervoor; rest van de gemeente: 2 voor, 4 na, meer dan"
        " ervoor"
    )
    assert f"{words}." in form.submit().follow().text
    with installation.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier)).one()
        known = load_dossier(session, dossier, None).known
    source = a_dossier(known.reports, measures=known.measures, actions=())
    source = replace(source, edition=replace(source.edition, frozen_at=utc_now()))
    (action,) = redact(source, INTERNAL).actions
    assert action.counts == words


def test_as_long_before_as_after_and_never_longer_than_ninety_days() -> None:
    today = local(utc_now()).date()
    assert window(today - timedelta(days=30), today) == 30
    assert window(today - timedelta(days=400), today) == 90
    assert window(today + timedelta(days=3), today) == 0


def photo() -> bytes:
    made = BytesIO()
    Image.new("RGB", (40, 30), "navy").save(made, "PNG")
    return made.getvalue()


def test_a_photo_is_cleaned_kept_under_its_own_key_and_destroyed(
    installation: Installation, browser: Any
) -> None:
    address = opened(installation)
    form = form_of(browser.get(f"{address}/bijlage-toevoegen"), waarover="Lamp bij de tunnel")
    form["bestand"] = Upload("lamp.png", b"geen foto", "image/png")
    assert "waarover" in form.submit(status=422).text
    form["bestand"] = Upload("Naam van iemand.png", photo(), "image/png")
    page = form.submit().follow()
    assert "Foto 1: Lamp bij de tunnel" in page.text
    opened_file = browser.get(f"{address}/bijlage?nummer=1")
    assert opened_file.content_type == "image/jpeg"
    assert opened_file.body.startswith(b"\xff\xd8\xff")
    assert "iemand" not in opened_file.headers["Content-Disposition"]
    with installation.transaction(DORDRECHT) as session:
        assert opened_file.body[:64] not in session.scalars(select(AttachmentPart.content)).one()
    remove = page.click("Verwijderen").forms["formulier"]
    remove.submit(status=422).mustcontain("Waarom mag zij weg?")
    remove["grond"] = "onrechtmatig"
    remove.submit(status=303)
    with installation.transaction(DORDRECHT) as session:
        # The FG sees in the log on which ground it went.
        gone = select(AuditEvent.fields).where(AuditEvent.action == "dossier.bijlage_weg")
        assert session.scalars(gone).one() == ["onrechtmatig"]
    browser.get(f"{address}/bijlage?nummer=1", status=404)
    form.submit()
    with installation.transaction(DORDRECHT) as session:
        PERSONAL_DATA.erase(session, session.scalars(select(Dossier.id)).one())
        for entity in (AttachmentPart, DossierAttachment):
            assert session.scalar(select(func.count()).select_from(entity)) == 0


def test_a_theme_dossier_refers_to_what_lives_elsewhere_and_both_show_it(
    installation: Installation, browser: Any
) -> None:
    hotspot = opened(installation, (3,))
    theme = opened(installation, kind="thema", neighbourhood_code="GM0505-GB", title="Hardlopen")
    with installation.transaction(DORDRECHT) as session:
        inside = session.scalars(select(Report)).one().reference
        loose = take_on(session, make_report(session, installation)).reference
    form = form_of(
        browser.get(f"{theme}/meldingen-toevoegen"),
        kenmerk=f"{inside} {loose}",
        reden="Zelfde thema",
        verwijzen=True,
    )
    page = form.submit().follow()
    assert f"hoort bij dossier {hotspot[-9:]}" in page.text
    with installation.transaction(DORDRECHT) as session:
        found = session.scalars(select(Report).where(Report.reference == loose)).one()
        assert (found.state, found.dossier_number) == ("in_behandeling", None)
        path = path_of_report(session, found.id)
    assert path == f"{HERE}/{loose}", "a reference is no home"
    report = browser.get(f"{hotspot}/{inside}").text
    assert "hier hoort de melding bij" in report
    assert "verwijst naar deze melding" in report
    assert "Hardlopen" in browser.get(path).text


def person_directed(installation: Installation, owner: str) -> tuple[str, str]:
    """The address of the dossier that somebody leads, and of the report in it."""
    address = opened(installation, (2,), kind=DossierKind.PERSON.value, title="Ontbloting in park")
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(Dossier)).one().owner_id = user_id(installation, owner)
        path = path_of_report(session, session.scalars(select(Report.id)).one())
    assert path is not None
    return address, path


def test_only_who_is_named_sees_the_reports_of_a_person_directed_dossier(
    installation: Installation, browser: Any, owner: str
) -> None:
    other = make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER), name="Olga Ander")
    address, _ = person_directed(installation, owner)
    strange = installation.browser(other)
    for page in ("?deel=meldingen", "?deel=chronologie"):
        assert "kwikstaart" in browser.get(address + page).text
        assert "kwikstaart" not in strange.get(address + page).text
    exports = ("uitvoer-aanvragen", "uitvoer-voorbeeld")
    for name in ("meldingen-eruit", "splitsen", "meldingen-afhandelen", *exports):
        assert "aangewezen" in strange.get(f"{address}/{name}").follow().text
    assert "Alleen de dossierhouder" in strange.get(f"{address}/aanwijzen").follow().text
    me = user_id(installation, other)
    with installation.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier)).one()
        with pytest.raises(Exception, match="zelf geeft"):
            change_dossier(session, dossier, {"owner_id": me}, _actor(other, me))
    form = form_of(browser.get(f"{address}/aanwijzen"))
    next(b for b in form.fields["mensen"] if b._value == str(me)).checked = True
    page = form.submit().follow()
    assert "kwikstaart" in strange.get(f"{address}?deel=meldingen").text
    assert "1 persoon ziet de meldingen" in browser.get(f"{address}?deel=geschiedenis").text


def _actor(name: str, number: Any) -> Any:
    return SYSTEM.__class__("gebruiker", str(number), name)


def test_nothing_on_or_of_a_report_tells_the_number_of_a_dossier_about_a_person(
    installation: Installation, browser: Any, owner: str
) -> None:
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    address, path = person_directed(installation, owner)
    number = address.rpartition("/")[2]
    assert number not in path
    installation.run_jobs()
    assert number not in officer.get(path).text
    assert number not in officer.get("/zoeken?q=kwikstaart").text
    assert "Ontbloting in park" in browser.get(path).text, "who may see the dossier is led there"
    officer.get(address, status=404)


def test_a_dossier_that_becomes_person_directed_takes_its_number_out_of_addresses(
    installation: Installation, browser: Any
) -> None:
    address = opened(installation, (2,))
    number = address.rpartition("/")[2]
    with installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report)).one()
        before = report.dossier_number
        dossier = session.scalars(select(Dossier)).one()
        change_dossier(session, dossier, {"kind": DossierKind.PERSON.value}, SYSTEM)
        assert (before, report.dossier_number) == (number, None)
        present = membership_of(session, dossier.id, report.id)
        assert present is not None
        assert not present.home
        assert session.scalar(select(func.count()).select_from(DossierMembership)) == 1
