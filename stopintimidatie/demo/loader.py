"""`demo laden`: the scenario played through the services that people use, each act at its moment.

Each holder is one transaction: interrupted, the next run goes on with the holders that are still
empty. The clock stands at the moment of each act, so that history, deadlines and log agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from importlib.resources import as_file
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor, record_read
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.mail.addresses import Owner, find_address, set_address
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL, transaction
from stopintimidatie.core.storage.models import Holder
from stopintimidatie.core.storage.retention import RETENTION_CLASSES
from stopintimidatie.core.text import day_of
from stopintimidatie.demo import scenario
from stopintimidatie.demo.acts import (
    DOSSIER_ACTS,
    REPORT_ACTS,
    Acts,
    Stage,
    ask_for_data,
    say,
)
from stopintimidatie.demo.scenario import (
    DESK,
    FOLDER,
    TOWNS,
    Json,
    Timeline,
    dossiers_of,
    message_of,
    reports_of,
)
from stopintimidatie.desk.models import LocalPolicy, PolicyKind
from stopintimidatie.desk.onboarding.services import save_checklist
from stopintimidatie.desk.onboarding.signup import ask_to_join, owner_of_request
from stopintimidatie.dossiers.case.services import DossierPlan, create_dossier
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.patterns.jobs import ask_for_search
from stopintimidatie.municipalities.agreements import services as agreements
from stopintimidatie.municipalities.areas.landmarks import load_in_force, load_landmarks
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood
from stopintimidatie.municipalities.areas.queries import unknown_neighbourhood_code
from stopintimidatie.municipalities.partners import services as partners
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis
from stopintimidatie.municipalities.people.proposals import propose
from stopintimidatie.municipalities.people.services import postbox_of, set_domains
from stopintimidatie.privacy.breaches import services as breaches
from stopintimidatie.privacy.police.models import Article
from stopintimidatie.privacy.police.services import (
    Content,
    Received,
    keep_item,
    keep_report,
)
from stopintimidatie.privacy.retention.rules import Schedule, proposal
from stopintimidatie.privacy.retention.services import approve_terms, propose_terms
from stopintimidatie.reports.api.queries import make_demo_key
from stopintimidatie.reports.arrival import Arrival, receive
from stopintimidatie.reports.arrival.jobs import ask_for_places
from stopintimidatie.reports.arrival.submission import route, validate
from stopintimidatie.reports.conversation.services import REPORTER, spoke
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import derive_follow_code
from stopintimidatie.reports.services import append_move, move_report
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.vocabulary import Source
from stopintimidatie.reports.workflow import ReportState
from stopintimidatie.settings import OperatorError

HOLDERS: Final = (NATIONAL, scenario.DORDRECHT, scenario.EINDHOVEN)
DAY: Final = timedelta(days=1)
# Accounts whose reads the demo draws for the FG, each with its answer.
READERS: Final = ("oov", "collega", "dossierhouder", "privacy")
CALLED_WITHIN: Final = timedelta(days=4)  # newer contact isn't played: some still wait for it
TERMS_SINCE: Final = timedelta(days=320)  # so that the archivist is asked for the yearly look
CODE_PURPOSE: Final = "volgcode"
# An event: its moment, its rank among events of one moment, and the function that plays it.
Event = tuple[datetime, int, Callable[[Stage], Any]]


class DemoError(OperatorError):
    """The demo can't be loaded here; the message says what to do, in Dutch."""


def load_demo(
    registry: Any, *, day: date | None = None, progress: Callable[[int, int], None] | None = None
) -> int:
    """Load what isn't there yet, seen from a day, and return the number of reports added.

    Raises:
        DemoError: this installation isn't a demo.
    """
    if not registry.app_settings.demo:
        raise DemoError("Dit kan alleen met demo = true in de instellingen.")
    timeline = Timeline(day or day_of(utc_now()))
    with transaction(registry.engine) as session:
        users = scenario.set_up(session, timeline.moment - TERMS_SINCE)
    with transaction(registry.engine, NATIONAL) as session:
        app_key = make_demo_key(session, scenario.actor_of(users, NATIONAL, "meldpunt")).id
    _load_names(registry)
    reports = [report for holder in HOLDERS for report in reports_of(holder)]
    added, total = 0, sum(timeline.at(report["gemeld"]) < timeline.moment for report in reports)
    for holder in HOLDERS:
        with transaction(registry.engine, holder) as session:
            scenario.give_roles(session, holder, users)
            stage = Stage(session, registry, holder, users, timeline)
            if session.scalars(select(Report.id).limit(1)).first() is None:
                _play(stage, app_key)
        added += len(stage.reports)
        if progress:
            progress(added, total)
    with clock_at(timeline.moment), transaction(registry.engine, NATIONAL) as session:
        scenario.place_practices(session, scenario.actor_of(users, NATIONAL, "meldpunt"))
    return added


def _load_names(registry: Any) -> None:
    """Load the made-up streets, squares and parks, where no others were loaded."""
    with transaction(registry.engine, write=False) as session:
        if session.scalar(load_in_force()) is not None:
            return
        locator = registry.locator_cache.current(session)
    with as_file(FOLDER / "straten.geojson") as path:
        load_landmarks(registry.engine, locator, [path], actor=SYSTEM, done=ask_for_places)


def is_loaded(engine: Engine) -> bool:
    """Tell whether the last holder of the demo has its reports already."""
    with transaction(engine, HOLDERS[-1], write=False) as session:
        return session.scalars(select(Report.id).limit(1)).first() is not None


def events_of(holder: str, timeline: Timeline, app_key: UUID) -> list[Event]:
    """Return all that happens at a holder until the moment of the demo, in order."""
    events: list[Event] = []
    for report in reports_of(holder):
        events += _report_events(report, timeline, app_key)
    for dossier in dossiers_of(holder):
        events += _dossier_events(dossier, timeline)
    return sorted((row for row in events if row[0] < timeline.moment), key=lambda row: row[:2])


def _play(stage: Stage, app_key: UUID) -> None:
    """Play the part of one holder, between what is set up before it and after it."""
    session, holder, moment = stage.session, stage.holder, stage.timeline.moment
    actor = stage.actor("meldpunt" if holder == NATIONAL else "beheer")
    set_up_terms(stage, actor)
    if holder != NATIONAL:
        set_up_partners(session, stage.registry, holder, actor)
    for at, _, happen in events_of(holder, stage.timeline, app_key):
        with clock_at(at):
            happen(stage)
            session.flush()
    set_up_mailbox(session, stage.registry, holder, actor)
    ask_for_data(stage)
    if holder == NATIONAL:
        set_up_agreements(session, stage.registry, actor)
        scenario.account_for(session, holder, actor, stage.timeline)
        with clock_at(moment):
            begin_onboarding(session, stage.registry, actor)
            session.flush()
        return
    scenario.set_up_settings(session, holder, actor)
    scenario.account_for(session, holder, actor, stage.timeline)
    set_up_police(stage)
    scenario.set_up_figures(session, holder, actor, day_of(moment))
    scenario.set_up_campaigns(session, holder, actor, stage.timeline)
    ask_for_search(session, holder)
    if holder == scenario.EINDHOVEN:
        offer_one(stage, scenario.DORDRECHT)
    else:
        report_breaches(stage)
    with clock_at(moment):
        scenario.share_practices(session, holder, actor)
    add_to_reports(session, moment)
    set_up_reads(stage)


def _report_events(report: Json, timeline: Timeline, app_key: UUID) -> Iterator[Event]:
    at = timeline.at(report["gemeld"])
    yield at, 0, lambda stage: receive_report(stage, report, app_key)
    for act in report.get("verloop", ()):
        at = max(at, timeline.at(act["op"]))
        if "stap" in act or "beoordeling" in act or at + CALLED_WITHIN < timeline.moment:
            yield at, 2, _act(REPORT_ACTS, "reports", report["kenmerk"], act)


def _dossier_events(dossier: Json, timeline: Timeline) -> Iterator[Event]:
    at = timeline.at(dossier["gemaakt"])
    yield at, 1, lambda stage: _create(stage, dossier)
    for act in dossier["verloop"]:
        at = max(at, timeline.at(act["op"]))
        yield at, 3, _act(DOSSIER_ACTS, "dossiers", dossier["dossier"], act)


def _act(acts: Acts, documents: str, key: str, act: Json) -> Callable[[Stage], Any]:
    do = next(function for word, function in acts.items() if word in act)
    return lambda stage: do(stage, getattr(stage, documents)[key], act, stage.actor(act["door"]))


def receive_report(stage: Stage, report: Json, app_key: UUID) -> None:
    """Take in a report of the scenario, as if the app sent it now."""
    at, reference, keys = utc_now(), report["kenmerk"], stage.registry.key_ring
    given = validate(message_of(report, stage.timeline), at)
    routing = route(stage.session, stage.registry.locator_cache, given.location)
    code = derive_follow_code(keys.derive(CODE_PURPOSE), app_key, uuid5(NAMESPACE_URL, reference))
    source, app = Source(report["bron"]), Actor("app", None, "demo-app")  # type: ignore[call-arg]
    quarantine = report.get("quarantaine", False)
    arrival = Arrival(source, app, code, at, quarantine, reference=reference)
    arrived = receive(stage.session, keys, given, routing, arrival)
    stage.reports[reference] = row = stage.session.get_one(Report, arrived.id)
    row.campaign = report.get("campagne")


def _create(stage: Stage, row: Json) -> None:
    known = stage.session.get(Neighbourhood, row["wijk"]) is not None
    code = row["wijk"] if known else unknown_neighbourhood_code(stage.holder)
    about = {"title": row["titel"], "kind": row["soort"], "summary": row["samenvatting"]}
    plan, owner = DossierPlan(neighbourhood_code=code, **about), stage.actor("dossierhouder")
    stage.dossiers[row["dossier"]] = create_dossier(stage.session, owner, stage.holder, plan)


# Surroundings of the reports and dossiers: partners, mailboxes, agreements, joining, the inbox.


def _newest(session: Session, moment: datetime, count: int) -> list[Report]:
    """Return the reports in hand that came in last."""
    in_hand = select(Report).where(Report.state == ReportState.IN_HAND, Report.received_at < moment)
    newest = in_hand.order_by(Report.received_at.desc(), Report.reference)
    return list(session.scalars(newest.limit(count)))


# Breaches of personal data: of one all is done, of the other the 72 hours count.
CLOSED_BREACH: Final = (
    "Een brief met een overzicht van drie meldingen ging naar een verkeerde afdeling. De ontvanger"
    " heeft hem ongelezen teruggegeven.",
    "verkeerde_ontvanger",
)
OPEN_BREACH: Final = (
    "Een map met aantekeningen van een overleg bleef liggen in een vergaderzaal waar ook gasten"
    " komen. De map is er niet meer.",
    "kwijt",
)
BREACH_FACTS: Final = {
    "categories": ["plaats_en_tijd", "verhaal"],
    "groups": ["melders"],
    "people": 3,
    "consequences": "Een collega zonder taak hierin had de verhalen kunnen lezen. Er stonden geen"
    " namen in.",
    "measures": "De brief is vernietigd. De afdeling stuurt overzichten alleen nog in een gesloten"
    " envelop.",
    "risk": "geen",
    "risk_reason": "De brief is ongelezen terug. Niemand buiten de gemeente zag iets.",
}


def report_breaches(stage: Stage) -> None:
    """Report two breaches: one that is closed without risk, and one that waits for a decision."""
    session, holder, moment = stage.session, stage.holder, stage.timeline.moment
    officer, privacy = stage.actor("oov"), stage.actor("privacy")
    begin = moment - timedelta(days=23, hours=14, minutes=40)
    with clock_at(begin):
        words, cause = CLOSED_BREACH
        entry = breaches.Entry(words, begin, cause)
        breach, _ = breaches.enter_breach(session, holder, entry, officer)
        session.flush()
    with clock_at(begin + timedelta(hours=5)):
        breaches.save(session, breach, BREACH_FACTS, privacy)
    with clock_at(begin + timedelta(hours=6)):
        breaches.close(session, breach, privacy)
        session.flush()
    aware = moment - timedelta(hours=31)
    with clock_at(aware + timedelta(hours=1)):
        words, cause = OPEN_BREACH
        breaches.enter_breach(session, holder, breaches.Entry(words, aware, cause), officer)
        session.flush()


def offer_one(stage: Stage, receiver: str) -> None:
    """Offer the newest report in hand to another municipality."""
    session, effects, officer = stage.session, stage.registry.workflow_effects, stage.actor("oov")
    values = {"gemeente": receiver, "reden": DESK["aanbod"]}
    with clock_at(stage.timeline.moment):
        for report in _newest(session, stage.timeline.moment, 1):
            move_report(session, effects, report, "overdracht_aanbieden", values, officer)
            session.flush()


def add_to_reports(session: Session, moment: datetime) -> None:
    """Let a few reporters add something just before now: it stands in the inbox as unread."""
    texts = DESK["aanvullingen"]
    reports = _newest(session, moment, 1 + len(texts))[1:]
    for hours, (report, text) in enumerate(zip(reports, texts, strict=False), start=1):
        with clock_at(max(moment - timedelta(hours=hours), report.received_at)):
            say(session, report, "aanvulling", text)
            append_move(session, report, REPORTER, "aanvulling", report.state, {})
            spoke(session, report, "melding.aanvulling")
            session.flush()


def set_up_terms(stage: Stage, actor: Actor) -> None:
    """Propose terms and have the archivist approve them, so long ago that they wait for a look."""
    classes = RETENTION_CLASSES.of(stage.registry)
    proposed = proposal(classes, desk=stage.holder == NATIONAL)
    choices = {
        code: replace(choice, category=DESK["categorie"])
        for code, choice in proposed.choices.items()
    }
    with clock_at(stage.timeline.moment - TERMS_SINCE):
        version = propose_terms(
            stage.session, stage.holder, Schedule(choices), utc_now(), DESK["termijnen"], actor
        )
        approve_terms(stage.session, version, stage.actor("archivaris"))
    stage.session.get_one(Holder, stage.holder).swept_on = day_of(stage.timeline.moment)


def set_up_police(stage: Stage) -> None:
    """Let a named person keep what the police disclosed, each at its moment."""
    session, keys = stage.session, stage.registry.key_ring
    named = stage.actor("politiegegevens")
    for row in TOWNS[stage.holder].get("politiegegevens", ()):
        at = stage.timeline.at(row["op"])
        words = Content(row["verstrekker"], row["doel"], row["voorwaarden"], row["tekst"])
        until = day_of(stage.timeline.moment) + timedelta(days=row["blijft"])
        given = Received(day_of(at), until, Article.of(row["artikel"]), words)
        title = Dossier.title == row.get("dossier", "")
        dossier = session.scalars(select(Dossier).where(title)).first()
        with clock_at(at):
            if dossier is None:
                keep_report(session, keys, stage.holder, given, named)
            else:
                keep_item(session, keys, stage.holder, given, named, about=dossier)
            session.flush()


def set_up_mailbox(session: Session, registry: Any, holder: str, actor: Actor) -> None:
    """Set up the holder's mailbox for new reports; the code was typed back long ago."""
    owner = postbox_of(holder)
    if find_address(session, owner) is None:
        address = TOWNS.get(holder, DESK)["postbus"]
        set_address(session, registry.key_ring, holder, owner, address, actor)
        _confirm(session, owner)


def _confirm(session: Session, owner: Owner) -> None:
    row = find_address(session, owner)
    assert row is not None  # noqa: S101 - it was set just now
    row.verified_at, row.code_nonce = utc_now(), None


def set_up_reads(stage: Stage) -> None:
    """Have people read reports, for the log that the FG draws from."""
    session, holder, moment = stage.session, stage.holder, stage.timeline.moment
    readers = [stage.actor(account) for account in READERS]
    for number, report in enumerate(_newest(session, moment, 3 * len(readers))):
        at = report.received_at + timedelta(minutes=20)
        if at < moment - DAY and readers[number % len(readers)] != SYSTEM:
            reader = readers[number % len(readers)]
            with clock_at(at):
                record_read(session, reader, holder, REPORT, [report.id], task="melding bekijken")


def set_up_agreements(session: Session, registry: Any, actor: Actor) -> None:
    """Agree with a municipality, so that what waits goes out; others said no, or do a campaign."""
    keys, rules, today = registry.key_ring, registry.level_rules, agreements.today()
    row, refusal, campaign = DESK["doorstuurafspraak"], DESK["afgewezen"], DESK["campagne"]
    code = row["gemeente"]
    plan = agreements.Plan(
        official=agreements.Official(*row["functionaris"]),
        deputy=agreements.Official(*row["plaatsvervanger"]),
        wants=True,
        authorised_by=row["gemachtigd_door"],
        authorised_on=today + timedelta(days=row["gemachtigd"]),
        channel="ophalen",
        certificate=None,
        agreed_on=today + timedelta(days=row["afgesproken"]),
        valid_until=today + timedelta(days=row["tot"]),
    )
    agreements.make(session, keys, rules, code, plan, actor)
    for owner in (agreements.official_of(code), agreements.deputy_of(code)):
        _confirm(session, owner)
    agreements.settle(session, keys, rules, code, actor)
    refused = (refusal["gemeente"], refusal["reden"], today + timedelta(days=refusal["op"]))
    agreements.decline(session, keys, rules, *refused, actor)
    code, name = campaign["gemeente"], campaign["naam"]
    session.add(LocalPolicy(code=code, kind=PolicyKind.CAMPAIGN, name=name))


def begin_onboarding(session: Session, registry: Any, actor: Actor) -> None:
    """Ask to join and confirm; half of the list is done, and the first admin has a link."""
    row, today = DESK["aanmelding"], agreements.today()
    code, (username, name) = row["gemeente"], row["beheerder"]
    municipality = session.get_one(Municipality, code)
    how = {"function": row["functie"], "address": row["adres"], "telephone": row["telefoon"]}
    request = ask_to_join(session, registry.key_ring, municipality, **how)
    _confirm(session, owner_of_request(request.id))
    request.confirmed_at = utc_now()
    done = {
        "agreement_on": today + timedelta(days=row["overeenkomst"]),
        "agreement_with": row["overeengekomen_met"],
        "legal_basis": LegalBasis.PUBLIC_ORDER.value,
    }
    save_checklist(session, code, done, actor)
    set_domains(session, actor, code, [row["domein"]])
    person = {"username": username, "name": name, "role": Role.ADMIN}
    propose(session, actor, code, at=NATIONAL, **person)


def set_up_partners(session: Session, registry: Any, holder: str, actor: Actor) -> None:
    """Set up the partners of this municipality; one of before stays in the list."""
    for row in TOWNS[holder]["partners"]:
        values = _partner_values(row, day_of(utc_now()))
        partner = partners.add_partner(session, holder, values, actor)
        if "gestopt" in row:
            partners.end_partner(session, partner, row["gestopt"], actor)
            continue
        who = partners.Person(row["functie"], row["contact"], row["adres"], "+31880000000")
        contact = partners.add_contact(session, registry.key_ring, partner, who, actor)
        if row["bewezen"]:
            _confirm(session, partners.owner_of_contact(contact.id))


def _partner_values(row: Json, today: date) -> dict[str, Any]:
    days = row["convenant_nog_dagen"]
    return {
        "name": row["naam"],
        "kind": row["soort"],
        "legal_bases": row["grondslagen"],
        "profile": row["profiel"],
        "covenant_name": None if days is None else "Convenant Samen Veilig (demo)",
        "covenant_from": None if days is None else today - timedelta(days=300),
        "covenant_until": None if days is None else today + timedelta(days=days),
    }
