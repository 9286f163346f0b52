"""Five doors and one way in: whoever brings a report, the same is left of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM, AuditEvent, AuditSubject
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.personal import Subject
from stopintimidatie.core.text import AMSTERDAM, day_of
from stopintimidatie.core.tree import locate_reference
from stopintimidatie.demo.acts import Stage
from stopintimidatie.demo.loader import CODE_PURPOSE, receive_report
from stopintimidatie.demo.scenario import Timeline
from stopintimidatie.municipalities.areas.locator import NOWHERE
from stopintimidatie.reports.arrival import Arrival, receive
from stopintimidatie.reports.arrival.services import ARRIVALS
from stopintimidatie.reports.arrival.submission import route, routing_for, validate
from stopintimidatie.reports.conversation.queries import follow
from stopintimidatie.reports.models import Report, ReportMove
from stopintimidatie.reports.personal import find
from stopintimidatie.reports.rules import derive_follow_code, random_follow_code
from stopintimidatie.reports.services import move_report
from stopintimidatie.reports.vocabulary import KIND, Source
from tests.support.api import Api
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.installation import Installation
from tests.support.officers import set_value
from tests.support.reporting import codes, filled

EMAIL: Final = "sanne@example.org"
WORDS: Final = "Zij riepen kraaienpoten naar mij bij de brug."
YESTERDAY: Final = (utc_now() - timedelta(days=1)).astimezone(AMSTERDAM).replace(hour=20, minute=0)
MESSAGE: Final[dict[str, Any]] = {
    "hoedanigheid": "getuige",
    "anoniem": False,
    "incidentVan": YESTERDAY.isoformat(timespec="seconds"),
    "locatie": {"lat": 51.8133, "lon": 4.669, "omschrijving": "bij de brug"},
    "typePlek": "straat_plein",
    "vormen": ["nafluiten"],
    "omschrijving": WORDS,
    "melder": {"email": EMAIL, "leeftijdsgroep": "18_24"},
    "contactGewenst": "mailen",
    "deelvoorkeur": {"politie": True, "ketenpartners": False},
}
Code = tuple[str, str]


def by_app(installation: Installation) -> Code:
    answer = Api(installation).post(MESSAGE).json
    return answer["kenmerk"], answer["volgcode"]


def by_page(installation: Installation) -> Code:
    form = filled(
        installation.visitor(),
        **{
            "wat.hoedanigheid": "getuige",
            "wat.omschrijving": WORDS,
            "waar.omschrijving": "bij de brug",
            "waar.datum": YESTERDAY.date().isoformat(),
            "uzelf.contactGewenst": "mailen",
            "uzelf.email": EMAIL,
            "leeftijd.leeftijdsgroep": "18_24",
        },
    )
    return codes(form.submit(status=200))


def by_telephone(installation: Installation) -> Code:
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    form = browser.get("/gemeenten/dordrecht/melding-invoeren").forms["formulier"]
    told = {
        "wat.hoedanigheid": "getuige",
        "wat.omschrijving": WORDS,
        "wat.datum": f"{YESTERDAY:%Y-%m-%d}",
        "wat.wijk": "WK050501",
        "wat.plek": "bij de brug",
        "hoe.vormen": "nafluiten",
        "hoe.typePlek": "straat_plein",
        "hoe.leeftijdsgroep": "18_24",
        "hoe.contactGewenst": "mailen",
        "hoe.email": EMAIL,
        "hoe.delen": "politie",
    }
    for name, value in told.items():
        set_value(form, name, value)
    page = form.submit("bewaren", status=303).follow()
    reference, code = (dd.text for dd in page.html.select(".si-code dd"))
    return str(reference), str(code)


def by_hand_over(installation: Installation) -> Code:
    """It came in at the desk, which gives it to the municipality where it was."""
    code, given = random_follow_code(), validate(MESSAGE, utc_now())
    with installation.transaction() as session:
        arrival = Arrival(Source.APP_IOS, SYSTEM, code, utc_now())
        keys = installation.registry.key_ring
        arrived = receive(session, keys, given, routing_for(NOWHERE, None), arrival)
        report = session.get_one(Report, arrived.id)
        values = {"gemeente": DORDRECHT, "reden": "De plek ligt daar."}
        move_report(
            session, installation.registry.workflow_effects, report, "doorgeven", values, SYSTEM
        )
    return arrived.reference, code


def by_demo(installation: Installation) -> Code:
    app = Api(installation).app_key_id
    answers = {name: MESSAGE[name] for name in MESSAGE.keys() - {"incidentVan", "omschrijving"}}
    timeline = Timeline(day_of(utc_now()))
    day = (YESTERDAY.date() - timeline.reference).days
    report: dict[str, Any] = {
        "kenmerk": "M-RF34-CJK5",
        "gemeld": f"{day} 20:30",
        "gebeurd": f"{day} 20:00",
    }
    report |= {"bron": "app_ios", "verhaal": WORDS, "antwoorden": answers}
    with installation.transaction() as session:
        given = validate(MESSAGE, utc_now())
        routing = route(session, installation.registry.locator_cache, given.location)
        stage = Stage(session, installation.registry, routing.holder, {}, timeline)
        receive_report(stage, report, app)
    secret = installation.registry.key_ring.derive(CODE_PURPOSE)
    key = uuid5(NAMESPACE_URL, "M-RF34-CJK5")
    return "M-RF34-CJK5", derive_follow_code(secret, app, key)


DOORS: Final[dict[str, Callable[[Installation], Code]]] = {
    "app": by_app,
    "melden": by_page,
    "telefonisch": by_telephone,
    "overdracht": by_hand_over,
    "demo": by_demo,
}


@pytest.mark.parametrize("door", DOORS)
def test_each_door_leaves_the_same(installation: Installation, door: str) -> None:
    connect(installation, contact={"dagen": 2, "telefoon": None})
    heard: list[Any] = []
    hearing = ARRIVALS.of(installation.registry)
    hearing["proef"] = lambda context, session, report: heard.append((report.holder, report.id))
    reference, code = DOORS[door](installation)
    installation.run_jobs()
    keys = installation.registry.key_ring
    with installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report)).one()
        # Its row, whatever door, with all that was told.
        assert (report.reference, report.holder, report.state) == (reference, DORDRECHT, "nieuw")
        assert (report.municipality_code, report.delivery) == (DORDRECHT, None)
        assert report.neighbourhood_code is not None
        assert (report.description, report.location_text) == (WORDS, "bij de brug")
        assert (report.role, report.place_type) == ("getuige", "straat_plein")
        assert (report.reporter_age_group, report.anonymous) == ("18_24", False)
        assert (report.share_with_police, report.share_with_partners) == (True, False)
        assert report.forms == ["nafluiten"]
        # Counted from when it came here; handed over, that is later than when it was reported.
        assert report.contact_deadline is not None
        late = report.contact_deadline - report.received_at - timedelta(days=2)
        assert timedelta(0) <= late < timedelta(minutes=1)
        # Its reference leads here, its reporter can be found and can follow it.
        assert DORDRECHT in locate_reference(session, reference, KIND)
        assert find(session, keys, Subject(email=EMAIL)) == [report.id]
        # What happened, once in its history and once in the log.
        step = "overgenomen" if door == "overdracht" else "ontvangen"
        lines = session.scalars(select(ReportMove.name).order_by(ReportMove.at)).all()
        assert lines == ["ontvangen"] * (door == "overdracht") + [step]
        logged = (
            select(AuditEvent.action)
            .join(AuditSubject)
            .where(AuditSubject.subject_id == report.id, AuditEvent.holder == DORDRECHT)
        )
        assert session.scalars(logged).all() == [f"melding.{step}"]
        made = report.id
    standing = follow(installation.engine, keys, reference, code)
    assert standing is not None
    assert standing.copy.report_id == made
    # Who must know of it heard it once, and it is found by its words.
    assert [found for holder, found in heard if holder == DORDRECHT] == [made]
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    assert reference in officer.get("/zoeken", {"q": "kraaienpoten"}).text


def test_a_report_that_comes_back_is_found_on_its_tombstone(installation: Installation) -> None:
    """The municipality that gave it away has it again: one row, with all that was told."""
    connect(installation)
    connect(installation, "GM0772")
    reference, code = by_app(installation)
    keys, effects = installation.registry.key_ring, installation.registry.workflow_effects
    for giver, receiver in ((DORDRECHT, "GM0772"), ("GM0772", DORDRECHT)):
        with installation.transaction(giver) as session:
            values = {"gemeente": receiver, "reden": "De plek ligt daar."}
            given = session.scalars(select(Report)).one()
            move_report(session, effects, given, "samenvoegen", values, SYSTEM)
        installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report)).one()
        assert (report.state, report.handed_to, report.received_from) == ("nieuw", None, "GM0772")
        assert (report.description, report.forms) == (WORDS, ["nafluiten"])
        assert find(session, keys, Subject(email=EMAIL)) == [report.id]
    standing = follow(installation.engine, keys, reference, code)
    assert standing is not None
    assert standing.copy.holder == DORDRECHT
