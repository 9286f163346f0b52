"""Dossiers that become one or two, and many reports that join or leave at once."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.security import Role
from stopintimidatie.dossiers.case.services import make_agreement
from stopintimidatie.dossiers.filing.services import file_report, membership_of
from stopintimidatie.dossiers.models import Dossier, DossierAgreement, DossierMove
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.reports.models import Report
from tests.support.factories import (
    DORDRECHT,
    connect,
    make_dossier,
    make_report,
    make_user,
    take_on,
)
from tests.support.installation import Installation

HERE = "/gemeenten/dordrecht/binnenstad"


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


@pytest.fixture
def browser(installation: Installation) -> Any:
    user = make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER), (DORDRECHT, Role.OFFICER))
    return installation.browser(user)


def filled(installation: Installation, number: int, **kw: Any) -> tuple[str, list[str]]:
    """The number of a dossier with so many reports, and their references."""
    with installation.transaction() as session:
        dossier = make_dossier(session, **kw)
        effects = installation.registry.workflow_effects
        reports = [take_on(session, make_report(session, installation)) for _ in range(number)]
        for report in reports:
            file_report(session, effects, dossier, report, "Zelfde plek", SYSTEM)
        return dossier.number, [report.reference for report in reports]


def form_of(page: Any, **values: Any) -> Any:
    form = page.forms["formulier"]
    for name, value in values.items():
        form[name] = value
    return form


def test_merged_dossiers_lead_to_each_other_and_the_work_goes_on(
    installation: Installation, browser: Any
) -> None:
    old, references = filled(installation, 2)
    new, _ = filled(installation, 1, title="Overlast bij het plein")
    with installation.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier).where(Dossier.number == old)).one()
        make_agreement(session, dossier, "Lamp maken", "Beheer", date(2027, 1, 5), SYSTEM)
        done = session.scalars(select(Report).where(Report.reference == references[1])).one()
        done.state = "afgehandeld"
    page = browser.get(f"{HERE}/{old}/stap?naam=samenvoegen")
    empty = form_of(page).submit(status=422)
    assert "reden" in empty.text
    page = form_of(page, samengevoegd_met=new, reden="Het is één plek").submit().follow()
    assert f"Hierin samengevoegd: dossier {old}" in page.text
    assert f"Ging op in dossier {new}" in browser.get(f"{HERE}/{old}").text
    browser.get(f"{HERE}/{old}/{references[0]}", status=301)
    with installation.transaction(DORDRECHT) as session:
        here = session.scalars(select(Dossier).where(Dossier.number == new)).one()
        there = session.scalars(select(Dossier).where(Dossier.number == old)).one()
        rows = {r.reference: r for r in session.scalars(select(Report))}
        going, ended = (membership_of(session, here.id, rows[ref].id) for ref in references)
        assert going is not None
        assert ended is not None
        told = (going.reference, ended.reference)
        assert told == (False, True), "what is done is referred to"
        agreed = {a.dossier_id: a.state for a in session.scalars(select(DossierAgreement))}
        assert agreed == {here.id: "open", there.id: "vervallen"}
        assert (there.state, there.closed_reason) == ("afgesloten", "samengevoegd")
        lines = {(m.dossier_id, m.name) for m in session.scalars(select(DossierMove))}
        assert {(there.id, "samenvoegen"), (here.id, "opgenomen")} <= lines
        events = session.scalars(select(AuditEvent.action)).all()
        assert "dossier.samengevoegd" in events


def test_a_split_takes_the_chosen_reports_to_a_new_dossier(
    installation: Installation, browser: Any
) -> None:
    old, references = filled(installation, 3)
    page = browser.get(f"{HERE}/{old}/splitsen")
    nothing = form_of(page, titel="Bij de brug", reden="Andere plek").submit(status=422)
    assert 'value="Bij de brug"' in nothing.text, "nothing that was typed is lost"
    form = form_of(page, titel="Bij de brug", reden="Andere plek")
    for box in form.fields["meldingen"]:
        box.checked = box._value in references[:2]
    page = form.submit().follow()
    assert f"Afgesplitst van dossier {old}" in page.text
    with installation.transaction(DORDRECHT) as session:
        made = session.scalars(select(Dossier).where(Dossier.number != old)).one()
        inside = session.scalars(
            select(Report.reference).where(Report.dossier_number == made.number)
        )
        assert set(inside) == set(references[:2])
        assert made.state == "in_voorbereiding"
    chronology = browser.get(f"{HERE}/{old}?deel=chronologie").text
    assert f"Afgesplitst naar dossier {made.number}: 2 meldingen" in chronology


def test_a_person_directed_dossier_splits_only_into_its_like(
    installation: Installation, browser: Any
) -> None:
    number, _ = filled(installation, 1, kind=DossierKind.PERSON.value)
    page = browser.get(f"{HERE}/{number}/splitsen")
    offered = {option[0] for option in page.forms["formulier"]["soort"].options}
    assert offered == {DossierKind.PERSON.value}
    other, _ = filled(installation, 0, title="Hotspot")
    page = browser.get(f"{HERE}/{other}/stap?naam=samenvoegen").follow()
    assert "geen ander dossier" in page.text


def test_many_leave_at_once_for_one_reason(installation: Installation, browser: Any) -> None:
    number, references = filled(installation, 3)
    form = form_of(browser.get(f"{HERE}/{number}/meldingen-eruit"), reden="Verkeerde plek")
    for box in form.fields["meldingen"]:
        box.checked = box._value in references[:2]
    page = form.submit().follow()
    assert "2 meldingen zijn uit dit dossier gehaald" in page.text
    with installation.transaction(DORDRECHT) as session:
        rows = session.execute(select(Report.reference, Report.state))
        states: dict[str, str] = {row.reference: row.state for row in rows}
    assert [states[r] for r in references] == ["in_behandeling", "in_behandeling", "in_dossier"]


def test_what_is_ticked_in_the_inbox_goes_into_one_dossier(
    installation: Installation, browser: Any
) -> None:
    number, _ = filled(installation, 0)
    with installation.transaction() as session:
        new = make_report(session, installation).reference
        ready = take_on(session, make_report(session, installation)).reference
        waiting = take_on(session, make_report(session, installation))
        waiting.state = "wacht_op_partner"
        stuck = waiting.reference
    page = browser.get("/gemeenten/dordrecht/postvak")
    choosing = next(f for f in page.forms.values() if "melding" in f.fields)
    none = choosing.submit().follow()
    assert "Zet eerst een vinkje" in none.text
    for box in choosing.fields["melding"]:
        box.checked = True
    form = form_of(choosing.submit(), dossier=number, reden="Zelfde groep")
    page = form.submit().follow()
    assert f"2 meldingen zijn in dossier {number} gezet" in page.text
    assert f"{stuck} wacht nog op een partner" in page.text
    with installation.transaction(DORDRECHT) as session:
        filed = session.scalars(select(Report.reference).where(Report.dossier_number == number))
        assert set(filed) == {new, ready}
