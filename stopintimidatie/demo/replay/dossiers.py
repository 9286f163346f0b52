"""Work in the demo's dossiers besides notes, and what reporters of the demo write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any, Final
from uuid import UUID

from PIL import Image, ImageDraw
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.sandbox.process import memory_file
from stopintimidatie.core.web.request import Paging
from stopintimidatie.demo.stories.desk import QUESTIONS
from stopintimidatie.demo.stories.model import DemoDossier, local, working_day
from stopintimidatie.dossiers.actions.services import add_measure, attach
from stopintimidatie.dossiers.case.services import change_dossier, make_agreement
from stopintimidatie.dossiers.consultations.services import (
    add_participant,
    plan_consultation,
    report_on,
    springs_from,
)
from stopintimidatie.dossiers.consultations.snapshot import Tabled, put_on_table, unwilling
from stopintimidatie.dossiers.filing.services import REFERABLE, membership_of, refer
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.queries import members
from stopintimidatie.dossiers.services import add_note, name_people
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.reports.attachments.cleaner import cleaned
from stopintimidatie.reports.conversation.services import REPORTER, spoke
from stopintimidatie.reports.models import Report, ReporterMessage
from stopintimidatie.reports.services import append_move

AFTER_START: Final = timedelta(days=15)
TABLE: Final = (
    ("wijkagent", "Politie", "Loopt op de drukke uren mee."),
    ("jongerenwerker", "Jongerenwerk", "Kent de jongeren hier en spreekt hen aan."),
    ("teamleider toezicht", "Handhaving", None),
)
AGENDA: Final = "1. Beeld: wat is er nieuw?\n2. Wat doen we al?\n3. Wie doet wat, voor wanneer?"
DECISIONS: Final = (
    "De politie en handhaving stemmen hun rondes op elkaar af. Jongerenwerk zoekt contact met de"
    " groep. Wij kijken bij het volgende overleg of er minder meldingen zijn."
)
ASSESSMENT: Final = (
    "Feit: de meldingen liggen dicht bij elkaar in tijd en plek. Beleving: melders lopen om."
    " Vermoeden: het gaat om dezelfde groep; dat is niet nagegaan."
)
MEASURES: Final = {
    "hotspot": ("extra_toezicht", "Extra rondes op de drukke uren."),
    "groep": ("jongerenwerk", "Jongerenwerk is er op de vaste middagen."),
    "persoonsgericht": ("waarschuwingsgesprek", "De politie voert een gesprek."),
    "thema": ("maatregel_openbare_ruimte", "Betere verlichting op de route."),
}


@dataclass(frozen=True)
class Hands:
    """Tools at hand while the demo is replayed."""

    session: Session
    registry: Any
    owner: Actor
    officer: UUID
    privacy: UUID
    reports: Mapping[str, Report]


def working_from(demo: DemoDossier, moment: datetime) -> datetime | None:
    """Return when the first consultation is; None for a dossier that didn't run so long."""
    if not demo.moves:
        return None
    at = demo.moves[0].at + AFTER_START
    ends = demo.moves[1].at if len(demo.moves) > 1 else moment
    return at if at < ends - timedelta(hours=1) else None


def work_in(hands: Hands, dossier: Dossier, at: datetime, *, running: bool) -> None:
    """Hold the first consultation some two weeks after the start, with what came of it."""
    session, owner = hands.session, hands.owner
    strict = dossier.kind == DossierKind.PERSON.value
    if strict:
        name_people(session, dossier, [hands.privacy], owner)
    for function, organisation, task in TABLE:
        add_participant(session, dossier, function, organisation, task, owner)
    more = f"{dossier.summary or ''} Bij het eerste overleg is dit besproken.".strip()
    change_dossier(session, dossier, {"summary": more, "assessment": ASSESSMENT}, owner)
    _consult(hands, dossier, at, running=running)
    kind, what = MEASURES[dossier.kind]
    measure = {"kind": kind, "what": what, "who": "teamleider toezicht"}
    add_measure(session, dossier, {**measure, "started_on": local(at).date()}, owner)
    if not strict:
        note = "De wijkagent belde: hij wil eerst zelf met de ouders praten."
        add_note(session, dossier, note, owner, readers=[hands.officer])
    if dossier.kind == DossierKind.HOTSPOT.value and running:
        _attach_sketch(hands, dossier)
    if dossier.kind == DossierKind.THEME.value:
        _refer_to_some(hands, dossier)


def _consult(hands: Hands, dossier: Dossier, at: datetime, *, running: bool) -> None:
    session, owner = hands.session, hands.owner
    talk = plan_consultation(session, dossier, at, owner, place="Stadskantoor", agenda=AGENDA)
    found = members(session, dossier, Paging(1, 20, 20))
    willing = Tabled([m for m in found if not unwilling(m.report)])
    put_on_table(session, hands.registry.key_ring, dossier, talk, willing, owner)
    following = working_day(local(at).date() + timedelta(days=42))
    seats = [(function, organisation) for function, organisation, _ in TABLE]
    report_on(session, dossier, talk, seats, DECISIONS, following, owner)
    if running:
        due = working_day(local(at).date() + timedelta(days=80))
        what = "Een lijst van de drukke uren delen met politie en handhaving."
        agreement = make_agreement(session, dossier, what, "dossierhouder OOV", due, owner)
        springs_from(session, talk, agreement)
        later = at + timedelta(days=42)
        plan_consultation(session, dossier, later, owner, place="Stadskantoor", agenda=AGENDA)


def _refer_to_some(hands: Hands, dossier: Dossier) -> None:
    """Refer to reports of another dossier, which a theme also looks at."""
    others = sorted(
        (r for r in hands.reports.values() if r.state in REFERABLE), key=lambda r: r.reference
    )
    reason = "Past bij het thema; de aanpak ligt bij het andere dossier."
    for report in others[:3]:
        if membership_of(hands.session, dossier.id, report.id) is None:
            refer(hands.session, dossier, report, reason, hands.owner)


def _attach_sketch(hands: Hands, dossier: Dossier) -> None:
    drawn = Image.new("RGB", (480, 320), "#eef2f6")
    pen = ImageDraw.Draw(drawn)
    pen.rectangle((40, 60, 200, 150), fill="#c9d3de", outline="#154273", width=3)
    pen.line((0, 220, 480, 220), fill="#8a97a5", width=26)
    pen.line((300, 0, 300, 320), fill="#8a97a5", width=18)
    pen.ellipse((330, 150, 400, 220), outline="#b3261e", width=5)
    kept = BytesIO()
    drawn.save(kept, "PNG")
    with memory_file() as file:
        file.write(kept.getvalue())
        with cleaned(file, None) as clean:
            about = "Schets: waar de meeste meldingen vandaan komen"
            attach(hands.session, hands.registry.key_ring, dossier, about, clean, hands.owner)


# Reporters: answers to questions, and a few additions nobody read yet

ANSWERED: Final = "antwoord_melder"
_OTHER_ANSWER: Final = "Ja. Ik weet het nog goed, u mag mij er meer over vragen."
# In the order of the questions of officers.
_ANSWERS: Final[Mapping[str, str]] = dict(
    zip(
        (question for _, question in QUESTIONS),
        (
            "Ik denk rond half elf, want ik kwam net van mijn werk.",
            "Aan de kant van de fietsenstalling, onder de lamp die stuk is.",
            "Liever niet bellen. Schrijven mag wel.",
            "Ja, in de maand ervoor ook een keer. Toen heb ik niets gemeld.",
            "Nee, nog niet. Ik wist niet of het erg genoeg was.",
            "Hij had een donkere jas aan en liep met een fiets aan de hand.",
            "Daar wil ik over nadenken. Dank u wel dat u het vraagt.",
            "Het was de bus naar het centrum. Ik stapte in bij het ziekenhuis.",
            "Bij het café op de hoek. De portier stond binnen.",
            "Op het pad langs het water, in de richting van de speeltuin.",
        ),
        strict=True,
    )
)
_ADDITIONS: Final = (
    "Ik bedacht later: er stond ook iemand bij de deur van de winkel te kijken.",
    "Gisteren liep hij daar weer. Ik ben omgelopen.",
)


def answer(session: Session, report: Report) -> None:
    """Answer the last question as the reporter, in the words that fit it."""
    asked = session.scalars(
        select(ReporterMessage.text)
        .where(ReporterMessage.report_id == report.id, ReporterMessage.kind == "vraag")
        .order_by(ReporterMessage.at.desc())
        .limit(1)
    ).first()
    _say(session, report, "antwoord", _ANSWERS.get(asked or "", _OTHER_ANSWER))


def add_some(session: Session, moment: datetime) -> None:
    """Let a few reporters add something just before now: it stands in the inbox as unread."""
    lately = session.scalars(
        select(Report)
        .where(Report.state == "in_behandeling", Report.received_at < moment)
        .order_by(Report.received_at.desc(), Report.reference)
        .offset(1)
        .limit(len(_ADDITIONS))
    ).all()
    for hours, (report, text) in enumerate(zip(lately, _ADDITIONS, strict=False), start=1):
        with clock_at(max(moment - timedelta(hours=hours), report.received_at)):
            _say(session, report, "aanvulling", text)
            append_move(session, report, REPORTER, "aanvulling", report.state, {})
            spoke(session, report, "melding.aanvulling")
            session.flush()


def _say(session: Session, report: Report, kind: str, text: str) -> None:
    said = {"kind": kind, "text": text, "at": utc_now()}
    session.add(ReporterMessage(holder=report.holder, report_id=report.id, **said))
