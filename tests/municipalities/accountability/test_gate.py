"""No real report goes to a municipality before five things are dated; nothing gets lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestApp

from stopintimidatie.core.audit import Actor, AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.health import services as health
from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.security.permissions import DESK, GRANTS, NEVER_APPROVE, may
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.municipalities.accountability.rules import (
    FEWEST,
    GRACE,
    Condition,
    gate_lines,
    lacking,
)
from stopintimidatie.municipalities.accountability.services import gate_open, settle
from stopintimidatie.municipalities.areas.facts import CODE as PRACTICE
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.municipalities.levels.services import (
    LevelChange,
    agreed_level_of,
    level_of,
)
from stopintimidatie.municipalities.settings.rules import Part
from stopintimidatie.municipalities.settings.services import publish
from stopintimidatie.reports.models import Report
from tests.support.api import Api
from tests.support.exporting import decide, make_case, requested
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.installation import Installation
from tests.support.mailboxes import mails, put_desk_postbox
from tests.support.retaining import approve

ADMIN = Actor("gebruiker", None, "Beheerder")
# Acts of two: who does the first may never do the second. `FEWEST` has another for each.
ACTS_OF_TWO = (
    (Permission.REQUEST_EXPORT, Permission.APPROVE_EXPORT),
    (Permission.HANDLE_REQUESTS, Permission.CHECK_COPY),
    (Permission.ERASE, Permission.CHECK_ERASURE),
    (Permission.PROPOSE_TERMS, Permission.APPROVE_TERMS),
    (Permission.ASSESS_DESTRUCTION, Permission.CHECK_DESTRUCTION),
    (Permission.ASSESS_DESTRUCTION, Permission.AUTHORISE_DESTRUCTION),
    (Permission.MANAGE_MUNICIPALITY, Permission.CONFIRM_ROLE),
)
HERE = "/gemeenten/dordrecht/beheer/verantwoording"
DAY = "2026-03-04"
ALL = {
    "verantwoordelijke": "burgemeester",
    "besluit_op": DAY,
    "fg": "FG, Juridische Zaken",
    "fg_adres": "fg@dordrecht.example",
    "fg_op": DAY,
    "dpia_op": DAY,
    "verwerker": "Platform OOV",
    "overeenkomst_op": DAY,
}


def account(installation: Installation, **changes: Any) -> None:
    content = {name: value for name, value in {**ALL, **changes}.items() if value}
    with installation.transaction(DORDRECHT) as session:
        publish(session, ADMIN, DORDRECHT, Part.ACCOUNTABILITY, content)


def look(installation: Installation, code: str = DORDRECHT) -> None:
    """Look at the gate as a worker in production does."""
    with installation.transaction(NATIONAL) as session:
        settle(session, installation.registry.level_rules, code, demo=False)


def levels(installation: Installation) -> tuple[str, str]:
    with installation.transaction(NATIONAL) as session:
        told = session.scalar(select(MunicipalityProfile.level))
        assert (
            told
            == level_of(session, DORDRECHT)
            == session.get_one(MunicipalityProfile, DORDRECHT).level
        )
        return str(told), agreed_level_of(session, DORDRECHT).value


def gate_check(installation: Installation, *, demo: bool) -> health.Check:
    settings = replace(installation.settings, demo=demo)
    checks = health.inspect_installation(settings, added=installation.registry.health_checks)
    return next(check for check in checks if check.name == "poort")


def test_each_of_the_five_is_dated_or_missing() -> None:
    lines = gate_lines(ALL, date(2026, 5, 6))
    assert [line.day for line in lines] == [date(2026, 3, 4)] * 4 + [date(2026, 5, 6)]
    for condition, name in (("dpia", "dpia_op"), ("fg", "fg_op")):
        assert lacking(gate_lines({**ALL, name: None}, date(2026, 5, 6))) == [condition]
    assert lacking(gate_lines(ALL, None)) == ["bewaartermijnen"]
    assert lacking(gate_lines({}, None)) == list(Condition)
    (dpia,) = (line for line in gate_lines({}, None, desk=True) if line.condition == "dpia")
    assert dpia.to_do.startswith("Het landelijk meldpunt vult de datum van de DPIA in")


def test_a_municipality_joins_in_production_when_all_is_dated(installation: Installation) -> None:
    programme, forwarding = ParticipationLevel.PROGRAMME, ParticipationLevel.FORWARDING
    missing = partial(_missing, installation, before=forwarding)
    assert len(missing(programme)) == len(Condition)
    account(installation, dpia_op=None)
    (dpia, terms) = missing(programme)
    assert ("DPIA" in dpia, "archivaris" in terms) == (True, True)
    account(installation)
    approve(installation)
    assert missing(programme) == []
    account(installation, dpia_op=None)
    assert missing(ParticipationLevel.NO_AGREEMENT) == []
    assert missing(programme, demo=True) == []
    assert missing(programme, code=PRACTICE) == []


def _missing(
    installation: Installation,
    after: ParticipationLevel,
    *,
    before: ParticipationLevel,
    code: str = DORDRECHT,
    demo: bool = False,
) -> list[str]:
    with installation.transaction(NATIONAL) as session:
        return list(gate_open(demo, session, LevelChange(code, before, after, ADMIN)))


@pytest.mark.both_databases
def test_reports_of_who_lacks_something_wait_at_the_desk_after_the_grace_and_then_come(
    installation: Installation,
) -> None:
    connect(installation)
    put_desk_postbox(installation)
    account(installation, dpia_op=None)
    approve(installation)
    # The worker of this installation is one of a demo.
    installation.run_jobs()
    api, start = Api(installation), utc_now()
    look(installation)
    look(installation)
    assert levels(installation) == ("programma", "programma")
    installation.run_jobs()
    (told,) = mails(installation, "poort_dicht")
    assert "DPIA" in (told.kept or "")
    with clock_at(start + GRACE - timedelta(minutes=5)):
        assert not api.post().json["reactie"].get("letOp")
    with clock_at(start + GRACE + timedelta(minutes=5)):
        assert levels(installation) == ("zonder_afspraak", "programma")
        answer = api.post().json
        assert "niet aangesloten" in str(answer)
        reference = answer["kenmerk"]
        assert "DPIA ontbreekt; meldingen gaan naar" in gate_check(installation, demo=False).message
        desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
        waiting = desk.get(f"/m/{reference}").follow()
        assert "nog niet gereed: DPIA ontbreekt" in waiting
        admin = installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))
        account(installation)
        look(installation)
        assert levels(installation) == ("programma", "programma")
        assert "Deze vijf zaken hebben een datum" in admin.get(HERE)
        installation.run_jobs()
        with installation.transaction(DORDRECHT) as session:
            own = select(Report.state).where(Report.reference == reference)
            assert session.scalar(own) == "nieuw"
    with installation.transaction(NATIONAL) as session:
        noted = select(AuditEvent.action).where(AuditEvent.action.startswith("gemeente.poort"))
        assert session.scalars(noted.order_by(AuditEvent.at)).all() == [
            "gemeente.poort_dicht",
            "gemeente.poort_open",
        ]


def test_the_demo_and_the_practice_municipality_keep_nothing_out(
    installation: Installation,
) -> None:
    connect(installation)
    with installation.transaction(NATIONAL) as session:
        settle(session, installation.registry.level_rules, DORDRECHT, demo=True)
        assert session.get_one(MunicipalityProfile, DORDRECHT).refused_from is None
    check = gate_check(installation, demo=True)
    assert (check.state, "houdt niets tegen" in check.message) == (health.State.NONE, True)
    assert gate_check(installation, demo=False).state is health.State.NOTE


# The page


@pytest.fixture
def admin(installation: Installation) -> TestApp:
    connect(installation)
    return installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))


def _fill(admin: TestApp, **changes: str) -> Any:
    form = admin.get(HERE).forms["formulier"]
    for name, value in changes.items():
        form[name] = value
    return form.submit("opslaan", status="*")


def test_the_admin_fills_in_what_is_there_and_corrects_it_later(
    installation: Installation, admin: TestApp
) -> None:
    page = _fill(admin, dpia_op="04-03-2026").follow()
    assert "DPIA: 4 maart 2026" in " ".join(page.html.text.split())
    assert "FG ontbreekt" in page
    assert _fill(admin, dpia_op="05-03-2026").status_int == 303
    assert admin.get(HERE).forms["formulier"]["dpia_op"].value == "2026-03-05"
    assert admin.get("/gemeenten/dordrecht/beheer/versies").text.count("Verantwoording") == 2
    installation.run_jobs()
    check = gate_check(installation, demo=False).message
    assert ("Dordrecht (besluit" in check, "DPIA" in check) == (True, False)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"dpia_op": "04-03-2999"}, "dpia_op"),
        ({"besluit_op": "04-03-2026"}, "verantwoordelijke"),
        ({"fg": "FG, Juridische Zaken"}, "fg_adres"),
        ({"verwerker": "Platform OOV"}, "overeenkomst_op"),
        ({"overeenkomst_op": "31-02-2026"}, "overeenkomst_op"),
    ],
)
def test_a_mistake_is_named_at_its_field_and_nothing_is_lost(
    admin: TestApp, given: dict[str, str], named: str
) -> None:
    answer = _fill(admin, **given, opmerkingen="Later meer.")
    assert answer.status_int == 422
    assert answer.html.select_one(f"[name={named}][aria-invalid]")
    form = answer.forms["formulier"]
    assert form["opmerkingen"].value == "Later meer."
    for name, value in given.items():
        assert form[name].value in (value, "2999-03-04", "2026-03-04")


def test_the_fewest_people_can_do_all_and_each_act_of_two_has_a_second_person() -> None:
    """The police compartment is off; the desk and reporters do their own part."""
    aside = {Permission.POLICE_DATA, *(p for p, roles in GRANTS.items() if roles <= DESK)}
    for permission in GRANTS.keys() - aside:
        assert any(may(person.roles, permission) for person in FEWEST), permission
    for first, second in ACTS_OF_TWO:
        seconds = [person for person in FEWEST if may(person.roles, second)]
        if second is Permission.APPROVE_EXPORT:
            seconds = [person for person in seconds if not NEVER_APPROVE & set(person.roles)]
        firsts = [person for person in FEWEST if may(person.roles, first)]
        alone = [person.label for person in firsts if not set(seconds) - {person}]
        # The archivist may propose terms too; then nobody there approves them.
        assert alone == (["Archivaris"] if first is Permission.PROPOSE_TERMS else []), first


@pytest.mark.parametrize(
    ("asks", "decides"), [(0, 2), (1, 0), (1, 2)], ids=["holiday", "two", "deputy"]
)
def test_exports_are_decided_by_the_fewest_people(
    installation: Installation, asks: int, decides: int
) -> None:
    case = make_case(installation)
    names = [
        make_user(installation, *((DORDRECHT, role) for role in person.roles)) for person in FEWEST
    ]
    case.people.update(aanvrager=names[asks], beslisser=names[decides])
    reference = requested(case)
    case.people["tweede"] = names[1]
    if asks == 0:
        assert decide(case, reference, "tweede").status_int == 422, "an admin decides on no export"
    assert decide(case, reference).status_int == 303
    assert case.export(reference).state == "goedgekeurd"
