"""A dossier ready to be exported, with the people around it; and the steps they take."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestApp, TestResponse

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail.addresses import find_address
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import day_of
from stopintimidatie.dossiers.case.services import make_agreement
from stopintimidatie.dossiers.filing.services import file_report
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.resources import path_of_dossier
from stopintimidatie.dossiers.services import add_note
from stopintimidatie.exports.document.process import Step
from stopintimidatie.exports.extract.queries import load_dossier
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.request import jobs as request_jobs
from stopintimidatie.exports.request.views import texts_here
from stopintimidatie.exports.review.services import keep_looked_at
from stopintimidatie.municipalities.partners.services import (
    Person,
    add_contact,
    add_partner,
    owner_of_contact,
)
from stopintimidatie.reports.fields import Address, Contact, Location, Offenders
from stopintimidatie.reports.vocabulary import AgeGroup, ContactWish, Form, TimePrecision
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

SECRET_NAME, SECRET_PHONE, SECRET_MAIL = "Jasmijn Verzonnen", "+31612345678", "jas@example.org"
ACCOUNT = "Ik liep naar huis en hij riep vreselijke dingen over mijn paarse rugzak."
APPEARANCE = "man met een litteken en een oranje muts"


@dataclass
class Case:
    """A dossier with its people; browsers are made when asked for."""

    installation: Installation
    path: str
    dossier_id: Any
    reports: list[Any]
    people: dict[str, str]
    _browsers: dict[str, TestApp] = field(default_factory=dict)

    def browser(self, who: str) -> TestApp:
        if who not in self._browsers:
            self._browsers[who] = self.installation.browser(self.people[who])
        return self._browsers[who]

    def export(self, reference: str) -> Export:
        with self.installation.transaction(DORDRECHT) as session:
            return session.scalars(select(Export).where(Export.reference == reference)).one()


def handed_over(case: Case, reference: str) -> None:
    """Somebody opened the file, gave it to its recipient, and said so."""
    browser = case.browser("aanvrager")
    browser.get(f"{case.path}/{reference}/pdf", status=200)
    form = browser.get(f"{case.path}/{reference}/zelf-gegeven").forms["formulier"]
    form["hoe"] = "papier"
    form.submit("gegeven", status=303)


def make_case(
    installation: Installation,
    *,
    number: int = 3,
    minor: bool = False,
    account: str = ACCOUNT,
    **parts: Any,
) -> Case:
    """A dossier with reports (the last not for the police), a note and an agreement.

    `parts`: of the settings of the municipality, by name.
    """
    connect(installation, contact={"dagen": 3, "telefoon": "14 078"}, **parts)
    people = {
        "aanvrager": make_user(installation, (DORDRECHT, Role.OFFICER), name="An Vrager"),
        "beslisser": make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER), name="Bea Slist"),
        "fg": make_user(installation, (DORDRECHT, Role.DATA_PROTECTION_OFFICER), name="Fien G"),
        "privacy": make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER), name="Pri Vacy"),
        "beheer": make_user(installation, (DORDRECHT, Role.ADMIN), name="Bob Heer"),
    }
    with installation.transaction(DORDRECHT) as session:
        dossier = make_dossier(
            session,
            owner_id=user_id(installation, people["beslisser"]),
            purpose="De overlast bij het station verminderen.",
            legal_basis="avg_6_1_e_openbare_orde",
            assessment="Het gaat om een wisselende groep.",
        )
        reports = [
            _report(session, installation, account, minor=minor and i == 0, share=i < number - 1)
            for i in range(number)
        ]
        for report in reports:
            effects = installation.registry.workflow_effects
            file_report(session, effects, dossier, report, "Zelfde plek", SYSTEM)
        add_note(session, dossier, "Interne gedachte over de aanpak.", SYSTEM)
        due = day_of(utc_now()) + timedelta(days=20)
        make_agreement(session, dossier, "Extra toezicht op vrijdag", "Handhaving", due, SYSTEM)
        path = path_of_dossier(session, dossier.id)
        ids = [report.id for report in reports]
    assert path is not None
    look_through(installation, dossier.id)
    return Case(installation, path, dossier.id, ids, people)


def look_through(installation: Installation, dossier_id: Any) -> None:
    """Look at all that officers wrote in a dossier, and leave nothing of it out."""
    with installation.transaction(DORDRECHT) as session:
        dossier = session.get_one(Dossier, dossier_id)
        texts = texts_here(session, load_dossier(session, dossier, installation.registry))
        keep_looked_at(session, dossier, dict.fromkeys(texts, ()), SYSTEM)


def _report(
    session: Any, installation: Installation, account: str, *, minor: bool, share: bool
) -> Any:
    report = make_report(
        session,
        installation,
        description=account,
        anonymous=False,
        contact=Contact(name=SECRET_NAME, phone=SECRET_PHONE, email=SECRET_MAIL),
        wants_contact=ContactWish.CALL,
        time_precision=TimePrecision.EXACT,
        forms=(Form.CATCALLING, Form.FOLLOWING),
        location=Location(
            address=Address(street="Stationsplein", house_number="17", postcode="3311 JV"),
            description="naast de kiosk",
        ),
        offenders=Offenders(appearance=APPEARANCE),
        reporter_age_group=AgeGroup.AGE_16_17 if minor else AgeGroup.AGE_25_34,
        share_with_police=share,
    )
    return take_on(session, report)


def answers(**changes: str | None) -> dict[str, str]:
    """What a good request says; None leaves an answer out."""
    today = day_of(utc_now())
    given: dict[str, str | None] = {
        "soort_ontvanger": "politie",
        "ontvanger": "Politie, basisteam Drechtsteden",
        "vraag": "Wilt u op vrijdagavond extra rijden?",
        "antwoord_voor": (today + timedelta(days=10)).isoformat(),
        "doel": "Samen het toezicht bepalen.",
        "grondslag": "avg_6_1_e_openbare_orde",
        "vernietigen_voor": (today + timedelta(days=90)).isoformat(),
    }
    given |= changes
    return {name: value for name, value in given.items() if value is not None}


def with_partner(
    installation: Installation, name: str = "Politie Drechtsteden", phone: str = "06 12 34 56 70"
) -> str:
    """The number of a partner with somebody whose address is confirmed."""
    keys, actor = installation.registry.key_ring, SYSTEM
    with installation.transaction(DORDRECHT) as session:
        values = {
            "name": name,
            "kind": "politie",
            "legal_bases": ["avg_6_1_e_openbare_orde", "avg_6_1_c_vordering"],
            "profile": "politie",
            "covenant_name": None,
            "covenant_from": None,
            "covenant_until": None,
        }
        partner = add_partner(session, DORDRECHT, values, actor)
        who = Person("wijkagent", "Wil Wijk", "wil@politie.example", phone)
        row = add_contact(session, keys, partner, who, actor)
        address = find_address(session, owner_of_contact(row.id))
        assert address is not None
        address.verified_at = utc_now()
        return str(partner.reference)


def send_request(
    case: Case,
    who: str = "aanvrager",
    button: str = "aanvragen",
    partner: str | None = None,
    **changes: Any,
) -> TestResponse:
    """Fill the form in and send it."""
    browser = case.browser(who)
    address = f"{case.path}/uitvoer-aanvragen" + (f"?partner={partner}" if partner else "")
    sent = {"csrf_token": browser.cookies["csrf"], button: "ja"}
    sent |= answers(**changes)
    return browser.post(address, sent, expect_errors=True)


def requested(case: Case, **changes: Any) -> str:
    """The id of an export that was asked for."""
    answer = send_request(case, **changes)
    assert answer.status_int == 303, answer.text
    look_through(case.installation, case.dossier_id)
    return str(answer.location.rpartition("/")[2])


def decide(
    case: Case, reference: str, who: str = "beslisser", button: str = "goedkeuren", reason: str = ""
) -> TestResponse:
    """Open the page of the decision and decide."""
    browser = case.browser(who)
    address = f"{case.path}/{reference}/beoordelen"
    page = browser.get(address + ("?niet=ja" if button == "afwijzen" else ""))
    if page.status_int == 303:
        return page
    form = page.forms["formulier"]
    if button == "afwijzen":
        form["reden"] = reason
    return form.submit(button, expect_errors=True)


def approved(case: Case, **changes: Any) -> str:
    """The id of an export that was approved; the worker hasn't run yet."""
    reference = requested(case, **changes)
    assert decide(case, reference).status_int == 303
    return reference


FAKE = b"%PDF-1.7 not really"


def quick(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let the worker make a file at once; the number of times it did."""
    made: list[int] = []

    def render(content: Any, **kw: Any) -> bytes:
        made.append(1)
        kw["on_progress"](Step("opmaken", 2))
        return FAKE

    monkeypatch.setattr(request_jobs, "render_in_process", render)
    return made


def contents(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The same; what the worker was given to render."""
    given: list[Any] = []

    def render(content: Any, **kw: Any) -> bytes:
        given.append(content)
        return FAKE

    monkeypatch.setattr(request_jobs, "render_in_process", render)
    return given


def look_at_all(form: Any) -> Any:
    """The form to approve, with each preview looked at."""
    for name in form.fields:
        if name and name.startswith("bekeken_"):
            form[name] = True
    return form


def asked(case: Case, *codes: str) -> Any:
    """The form for these recipients, with what it can't do without filled in."""
    address = f"{case.path}/uitvoer-samen?voor=" + "&voor=".join(codes)
    form = case.browser("aanvrager").get(address).forms["formulier"]
    form["doel"] = "Samen het toezicht bepalen."
    form["vernietigen_voor"] = (day_of(utc_now()) + timedelta(days=90)).isoformat()
    form["vraag"] = "Wilt u meedenken?"
    for place in range(1, len(codes) + 1):
        form[f"ontvanger_{place}.grondslag"] = "avg_6_1_e_openbare_orde"
        form[f"ontvanger_{place}.vraag_apart"] = f"Wilt u meedenken, nummer {place}?"
    return form
