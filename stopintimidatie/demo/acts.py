"""Acts of people on the reports and dossiers of the demo, each by the service of its room.

An act of a scenario file is known by the word of `REPORT_ACTS` or `DOSSIER_ACTS` that stands in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.jobs import Job, JobContext, OutboxJob, enqueue
from stopintimidatie.core.sandbox.process import memory_file
from stopintimidatie.core.text import day_of
from stopintimidatie.demo.scenario import FOLDER, Json, Timeline, Users, actor_of, read
from stopintimidatie.disclosures.services import events_of, find_disclosure
from stopintimidatie.dossiers.actions.services import add_measure, attach
from stopintimidatie.dossiers.case import services as case
from stopintimidatie.dossiers.consultations import services as consultations
from stopintimidatie.dossiers.consultations.snapshot import Tabled, put_on_table, unwilling
from stopintimidatie.dossiers.filing.services import REFERABLE, membership_of, refer
from stopintimidatie.dossiers.models import Dossier, DossierAgreement
from stopintimidatie.dossiers.person import services as person
from stopintimidatie.dossiers.person.jobs import schedule_review
from stopintimidatie.dossiers.person.models import FOLLOW, Advice
from stopintimidatie.dossiers.queries import members
from stopintimidatie.dossiers.resources import is_strict
from stopintimidatie.dossiers.services import add_note, name_people
from stopintimidatie.exports.extract.queries import load_dossier
from stopintimidatie.exports.extract.services import prepare
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.redaction.source import texts_of_officers
from stopintimidatie.exports.release import services as release
from stopintimidatie.exports.request import services as exports
from stopintimidatie.exports.request.jobs import make, withdraw
from stopintimidatie.exports.request.second import Looked, decide, fingerprints
from stopintimidatie.exports.review.services import keep_looked_at
from stopintimidatie.exports.vocabulary import ExportRequest
from stopintimidatie.municipalities.partners.models import PartnerOrganisation
from stopintimidatie.municipalities.partners.services import contacts_of
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis
from stopintimidatie.privacy.requests.services import (
    Entry,
    Person,
    enter_request,
    extend_request,
    move_request,
)
from stopintimidatie.reports.attachments.cleaner import cleaned
from stopintimidatie.reports.conversation.calls import SPOKEN
from stopintimidatie.reports.handling.services import record_attempt
from stopintimidatie.reports.models import Report, ReporterMessage
from stopintimidatie.reports.services import move_report
from stopintimidatie.reports.triage.services import Assessment, assess
from stopintimidatie.reports.workflow import DOUBLE

# Said of an act itself, and not an answer to what its step asks.
_OWN: Final = frozenset({"op", "door", "stap", "antwoord"})
_DAYS: Final = frozenset({"uiterlijk", "effect_datum"})


@dataclass
class Stage:
    """One holder while its part of the demo is played."""

    session: Session
    registry: Any
    holder: str
    users: Users
    timeline: Timeline
    reports: dict[str, Report] = field(default_factory=dict)
    dossiers: dict[str, Dossier] = field(default_factory=dict)

    def actor(self, by: str) -> Actor:
        """Return who is meant with a role, the reporter or the system."""
        return actor_of(self.users, self.holder, by)

    def people(self, roles: list[str]) -> list[UUID]:
        """Return the ids of the accounts with these roles."""
        return [self.users[self.holder, role].id for role in roles]

    def answers(self, act: Json) -> dict[str, Any]:
        """Return the answers to what a step asks, with ids and days filled in."""
        return {name: self._answer(name, value) for name, value in act.items() if name not in _OWN}

    def _answer(self, name: str, value: Any) -> Any:
        if name in _DAYS:
            return self.timeline.day(value)
        if name in {"behandelaar", "dossierhouder"}:
            return str(self.users[self.holder, value].id)
        if name == "dossier":
            dossier = self.dossiers[value]
            return str(dossier.id) if is_strict(dossier.kind) else dossier.number
        return value


def ask_for_data(stage: Stage) -> None:
    """Play the requests of data subjects at a holder: entered, and what was done with them."""
    keys, officer = stage.registry.key_ring, stage.actor("privacy")
    for asked in read("verzoeken"):
        at = stage.timeline.at(asked["op"])
        if asked["houder"] != stage.holder or at >= stage.timeline.moment:
            continue
        person = Person(*(asked.get(name, "") for name in ("naam", "email", "telefoon", "adres")))
        entry = Entry(
            asked["recht"],
            asked["hoedanigheid"],
            asked["vraagt"],
            asked["kanaal"],
            day_of(at),
            person,
            asked["vraag"],
            child=asked.get("jong", False),
        )
        with clock_at(at):
            row = enter_request(stage.session, keys, stage.holder, entry, officer)
        moments = ((stage.timeline.at(act["op"]), act) for act in asked["daarna"])
        for moment, act in moments:
            if moment >= stage.timeline.moment:
                continue
            with clock_at(moment):
                if "verlengd" in act:
                    extend_request(stage.session, keys, row, act["verlengd"], officer)
                else:
                    given = act["antwoord"]
                    move_request(stage.registry, stage.session, row, act["stap"], given, officer)


def say(session: Session, report: Report, kind: str, text: str) -> None:
    """Keep what the reporter writes."""
    said = {"kind": kind, "text": text, "at": utc_now()}
    session.add(ReporterMessage(holder=report.holder, report_id=report.id, **said))


def _move_report(stage: Stage, report: Report, act: Json, actor: Actor) -> None:
    effects, values = stage.registry.workflow_effects, stage.answers(act)
    if act["stap"] == "afhandelen" or values.get("reden_code", DOUBLE) != DOUBLE:
        values = {"contact": SPOKEN, **values}
    move_report(stage.session, effects, report, act["stap"], values, actor)
    if "antwoord" in act:
        say(stage.session, report, "antwoord", act["antwoord"])


def _assess(stage: Stage, report: Report, act: Json, actor: Actor) -> None:
    wish, suspicion = act.get("contact"), act.get("vermoeden")
    assessment = Assessment(
        danger_now=False,
        forms=tuple(report.reported_forms),
        urgent=act.get("spoed", False),
        neighbourhood=report.neighbourhood_code,
        suspected_offence=bool(suspicion),
        suspected_offence_reason=suspicion,
        contact=wish,
        contact_before=stage.timeline.day(act["uiterlijk"]) if wish else None,
    )
    assess(stage.session, stage.registry.workflow_effects, report, assessment, actor)


def _note_contact(stage: Stage, report: Report, act: Json, actor: Actor) -> None:
    if report.contact_deadline is not None:
        record_attempt(stage.session, report, act["contact"], "", None, actor)


def _move_dossier(stage: Stage, dossier: Dossier, act: Json, actor: Actor) -> None:
    effects, values = stage.registry.workflow_effects, stage.answers(act)
    case.move_dossier(stage.session, effects, dossier, act["stap"], values, actor)


def _note(stage: Stage, dossier: Dossier, act: Json, actor: Actor) -> None:
    readers = stage.people(act.get("lezers", []))
    add_note(stage.session, dossier, act["notitie"], actor, readers=readers)


def _ground(stage: Stage, dossier: Dossier, act: Json, actor: Actor) -> None:
    day = stage.timeline.day
    values = {
        "ground": act["grond"],
        "proportionality": act["evenredigheid"],
        "review_on": day(act["herzien_op"]),
        "postponed_until": day(act["uitgesteld_tot"]),
        "postponed_reason": act["uitstel_reden"],
    }
    schedule_review(stage.session, person.write_ground(stage.session, dossier, values, actor))


def _ask_advice(stage: Stage, dossier: Dossier, act: Json, actor: Actor) -> None:
    person.ask_advice(stage.session, dossier, act["advies_vraag"], actor)


def _advise(stage: Stage, dossier: Dossier, act: Json, actor: Actor) -> None:
    outcome = Advice.of(act["advies"])
    person.give_advice(stage.session, dossier, outcome, act["toelichting"], actor)


def _decide_on_advice(stage: Stage, dossier: Dossier, act: Json, actor: Actor) -> None:
    followed = act["advies_besluit"] == FOLLOW
    person.decide_on_advice(stage.session, dossier, followed, act.get("reden"), actor)


def _agree(stage: Stage, dossier: Dossier, act: Json, actor: Actor) -> DossierAgreement:
    due = stage.timeline.day(act["uiterlijk"])
    return case.make_agreement(stage.session, dossier, act["afspraak"], act["wie"], due, actor)


def _close_agreement(stage: Stage, dossier: Dossier, act: Json, actor: Actor) -> None:
    agreements = select(DossierAgreement).where(DossierAgreement.dossier_id == dossier.id)
    named = agreements.where(DossierAgreement.what == act["afgerond"])
    values = {"state": act["hoe"], "result": act["uitkomst"]}
    case.change_agreement(stage.session, dossier, stage.session.scalars(named).one(), values, actor)


def _name_readers(stage: Stage, dossier: Dossier, act: Json, actor: Actor) -> None:
    name_people(stage.session, dossier, stage.people(act["inzage"]), actor)


def _invite(stage: Stage, dossier: Dossier, act: Json, actor: Actor) -> None:
    person = (act["deelnemer"], act["organisatie"], act["taak"])
    consultations.add_participant(stage.session, dossier, *person, actor)


def _describe(stage: Stage, dossier: Dossier, act: Json, actor: Actor) -> None:
    values = {"summary": act["samenvatting"], "assessment": act["duiding"]}
    case.change_dossier(stage.session, dossier, values, actor)


def _consult(stage: Stage, dossier: Dossier, act: Json, actor: Actor) -> None:
    session, diary = stage.session, {"place": act["waar"], "agenda": act["overleg"]}
    meeting = consultations.plan_consultation(session, dossier, utc_now(), actor, **diary)
    rows = members(session, dossier, 0, 20)
    willing = Tabled([member for member in rows if not unwilling(member.report)])
    put_on_table(session, stage.registry.key_ring, dossier, meeting, willing, actor)
    invited = consultations.participants(session, dossier)
    seats = [(person.function, person.organisation) for person in invited]
    outcome = (seats, act["besluiten"], stage.timeline.day(act["vervolg"]))
    consultations.report_on(session, dossier, meeting, *outcome, actor)
    if "daaruit" in act:
        agreement = _agree(stage, dossier, act["daaruit"], actor)
        consultations.springs_from(session, meeting, agreement)
    if "volgend_overleg" in act:
        later = stage.timeline.at(act["volgend_overleg"])
        consultations.plan_consultation(session, dossier, later, actor, **diary)


def _take_measure(stage: Stage, dossier: Dossier, act: Json, actor: Actor) -> None:
    measure = {"kind": act["maatregel"], "what": act["wat"], "who": act["wie"]}
    add_measure(stage.session, dossier, {**measure, "started_on": day_of(utc_now())}, actor)


def _refer(stage: Stage, dossier: Dossier, act: Json, actor: Actor) -> None:
    """Refer to so many reports of other dossiers, which a theme also looks at."""
    reports = (stage.reports[reference] for reference in sorted(stage.reports))
    referable = [report for report in reports if report.state in REFERABLE]
    for report in referable[: act["verwijzingen"]]:
        if membership_of(stage.session, dossier.id, report.id) is None:
            refer(stage.session, dossier, report, act["reden"], actor)


def _attach(stage: Stage, dossier: Dossier, act: Json, actor: Actor) -> None:
    with memory_file() as file:
        file.write((FOLDER / act["bestand"]).read_bytes())
        with cleaned(file, None) as clean:
            keys = stage.registry.key_ring
            attach(stage.session, keys, dossier, act["bijlage"], clean, actor)


def _ask_export(stage: Stage, dossier: Dossier, act: Json, actor: Actor) -> None:
    """Ask for an export and have it approved, with the dossier as it stands; the job goes on."""
    session, day, reference = stage.session, stage.timeline.day, act["uitvoer"]
    partners = select(PartnerOrganisation).where(PartnerOrganisation.name == act["aan"])
    wish = ExportRequest(
        profile=act["profiel"],
        recipient=act["aan"],
        question=act["vraag"],
        answer_by=day(act["antwoord_voor"]),
        purpose=dossier.purpose or "",
        legal_basis=LegalBasis.PUBLIC_ORDER.value,
        destroy_by=day(act["vernietigen"]),
        minors_ground=act["minderjarigen"],
    )
    settings, loaded = stage.registry.app_settings, load_dossier(session, dossier, stage.registry)
    asked = exports.request_export(session, settings, loaded, wish, actor, reference=reference)
    # A colleague looked through what officers wrote; the reporters' own words stay unread.
    texts = texts_of_officers(loaded.known, [asked.export.asked])
    keep_looked_at(session, dossier, dict.fromkeys(texts, ()), actor)
    asked = prepare(session, settings, loaded, asked.export, asked.at)
    several, second = [Looked(asked.export, asked)], stage.actor("dossierhouder")
    decide(session, stage.registry.key_ring, several, second, seen=fingerprints(several))
    # The file is made by `finish`, with the clock at this moment.
    session.execute(delete(OutboxJob).where(OutboxJob.kind == exports.JOB.name))
    export = session.scalars(select(Export).where(Export.reference == reference)).one()
    export.partner_id = session.scalars(partners).one().id
    payload = {"id": str(export.id), "stand": act["daarna"], "op": utc_now().isoformat()}
    with clock_at(stage.timeline.moment):
        enqueue(session, DELIVERIES, dossier.holder, payload)


Acts = Mapping[str, Callable[[Stage, Any, Json, Actor], Any]]
REPORT_ACTS: Final[Acts] = {"stap": _move_report, "beoordeling": _assess, "contact": _note_contact}
DOSSIER_ACTS: Final[Acts] = {
    "stap": _move_dossier,
    "notitie": _note,
    "afspraak": _agree,
    "afgerond": _close_agreement,
    "grond": _ground,
    "advies_vraag": _ask_advice,
    "advies": _advise,
    "advies_besluit": _decide_on_advice,
    "inzage": _name_readers,
    "deelnemer": _invite,
    "samenvatting": _describe,
    "overleg": _consult,
    "maatregel": _take_measure,
    "verwijzingen": _refer,
    "bijlage": _attach,
    "uitvoer": _ask_export,
}


# Exports to partners: waiting, answered, taken back, past their day. They are asked for and
# approved while the demo is played, so each tells what was known then. The worker makes the files
# afterwards, and lets happen what became of each, the clock at its moment.

DELIVERIES: Final = Job("demo.verstrekkingen")
DAY: Final = timedelta(days=1)
WRONG: Final = "Er stond een plek in die niet klopt. Wij maken een nieuwe uitvoer."
WHO: Final = {"naam": "Noor Demo", "functie": "operationeel expert wijk"}
# The others are taken along by the officer.
FETCHED_BY_PARTNER: Final = frozenset({"klaargezet", "beantwoord"})


def finish(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Make the file, and let happen what became of it (job). Done again it changes nothing."""
    for payload in payloads:
        number, at = UUID(payload["id"]), datetime.fromisoformat(payload["op"])
        with clock_at(at + timedelta(minutes=25)):
            make(context, number)
        with context.transaction() as session:
            export = exports.lock(session, number)
            if export is None or export.state != ExportState.READY:
                continue
            row = find_disclosure(session, export.reference)
            if row is not None and events_of(session, row.id):
                continue
            _let_happen(session, context.registry, export, at, payload["stand"])


def _let_happen(session: Session, registry: Any, export: Export, at: datetime, end: str) -> None:
    """Let happen what became of an export that was ready at a moment."""
    keys = registry.key_ring
    officer = Actor("gebruiker", export.proposed_by_id, export.proposed_by)
    with clock_at(at + DAY):
        if end not in FETCHED_BY_PARTNER:
            exports.note_opened(session, export, officer)
            release.hand_over(session, registry, export, "papier", officer)
        else:
            partner = session.get_one(PartnerOrganisation, export.partner_id)
            people = contacts_of(session, keys, partner)
            address = next(person.address for person in people if person.address)
            release.offer_export(session, registry, export, address, officer, days=21)
    if end == "ingetrokken":
        with clock_at(at + 4 * DAY):
            withdraw(session, export, officer, "onjuist", WRONG)
    if end == "beantwoord":
        pickup = release.pickups_of(session, export.id)[0]
        with clock_at(at + 2 * DAY):
            release.fetch_file(session, registry, pickup, export, WHO)
        with clock_at(at + 9 * DAY):
            answer, keeper = _answer(day_of(utc_now()) - DAY), release.ANSWER_KEEPER.only(registry)
            release.give_answer(session, keys, pickup, export, answer, WHO, keeper)


def _answer(done_on: date) -> release.Answer:
    return release.Answer(
        done=("toezicht", "gesprek"),
        done_on=done_on,
        text="Vier avonden langs geweest. Het is rustiger sinds wij er vaker zijn.",
        wants_reporter=True,
        wants_about="M-01, om te horen welke kant zij op liepen.",
    )
