"""Sharing a practice: before and after in words that may leave the house, and its steps.

The numbers stand in fives, and what is said of them is worked out from those: the ratio of the true
numbers, with its limits, would tell them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import case, exists, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import date_text, uuid_of
from stopintimidatie.dossiers.rules import SHORTEST
from stopintimidatie.municipalities.areas.facts import CODE as PRACTICE
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.programme.knowledge.models import Kind, SharedPractice, State
from stopintimidatie.reports.campaigns.rules import in_fives
from stopintimidatie.reports.campaigns.services import LATEST
from stopintimidatie.reports.vocabulary import FollowUp
from stopintimidatie.statistics.effect import queries
from stopintimidatie.statistics.effect.rules import NO_CAUSE, ratio_in_words, warnings

KIND: Final = "praktijk"
# The latest of each kind can be chosen.
MOST: Final = 50
LIVE: Final = (State.PROPOSED, State.PLACED)
PRACTICES: Final = select(SharedPractice).order_by(
    case((SharedPractice.state == State.PROPOSED, 0), else_=1),
    SharedPractice.decided_at.desc(),
    SharedPractice.proposed_at,
    SharedPractice.id,
)


def has_connected(session: Session, holders: Collection[str]) -> bool:
    """Tell whether any of these holders takes part in the programme; the practice town doesn't."""
    joined = MunicipalityProfile.level == ParticipationLevel.PROGRAMME
    where = joined, MunicipalityProfile.code.in_({*holders} - {PRACTICE})
    return bool(session.scalar(select(exists().where(*where))))


def choices(session: Session) -> Iterator[tuple[str, str]]:
    """Yield what can be shared, as pairs of value and label; never of a dossier about a person."""
    for row in session.scalars(LATEST.limit(MOST)):
        yield f"{Kind.CAMPAIGN}:{row.code}", f"Campagne {row.name}, vanaf {date_text(row.since)}"
    for measure, *_ in queries.list_measures(session, 0, MOST):
        name = FollowUp.word(measure.kind).capitalize()
        yield f"{Kind.MEASURE}:{measure.id}", f"{name}, vanaf {date_text(measure.started_on)}"


def seen_in_words(subject: queries.Subject, compared: queries.Comparison) -> list[str]:
    """Return sentences about before and after, with each reason not to trust a difference."""
    wijk = "In de wijk", "In de rest van de gemeente"
    places, days = wijk if subject.wijk else ("In de hele gemeente",), compared.days
    lines = [
        f"{place}: {in_fives(before)} meldingen in de {days} dagen ervoor, "
        f"{in_fives(after)} in evenveel dagen erna. {_difference(before, after)}"
        for place, (before, after) in zip(places, compared.around, strict=True)
    ]
    cautions = warnings(not subject.dossier, compared.ran, peaked=compared.peaked)
    lines += [f"{title}. {text}" for title, text in cautions]
    return [*lines, f"{NO_CAUSE} Meldingen zijn geen voorvallen."]


def _difference(before: int, after: int) -> str:
    """Say how two numbers differ, as far as the same numbers in fives tell."""
    chance = ""
    if min(before, after) >= 5:
        ratio, chance = ratio_in_words(int(in_fives(before)), int(in_fives(after)))
    return f"Erna {ratio}: {chance}." if chance else "Dat is te weinig om iets te zeggen."


def propose(
    session: Session, holder: str, chosen: str, written: Mapping[str, str], actor: Actor
) -> SharedPractice:
    """Propose a subject of `choices` to the desk, with what was seen until now.

    `written`: `about`, `contact` and `contact_email`.

    Raises:
        FormError: It isn't there, it began too lately, or it was proposed already.
    """
    kind, _, number = chosen.partition(":")
    find = queries.measure_with if kind == Kind.MEASURE else queries.campaign_as_subject
    subject = find(session, number)
    if subject is None:
        raise FormError("Dit is er niet meer. Kies iets anders.", "onderwerp")
    compared = queries.compare(session, holder, subject, number)
    if compared.days < SHORTEST:
        raise FormError("Dit begon te kort geleden. Wacht minstens zeven dagen.", "onderwerp")
    name = f"{subject.name}, vanaf {date_text(subject.since)}"
    shared = SharedPractice.municipality == holder, SharedPractice.name == name
    if session.scalar(select(exists().where(*shared, SharedPractice.state.in_(LIVE)))):
        raise FormError("Dit hebt u al voorgesteld. Trek dat eerst in.", "onderwerp")
    known = {"municipality": holder, "kind": kind, "name": name, "proposed_by": actor.name}
    practice = SharedPractice(**known, seen=seen_in_words(subject, compared), **written)
    session.add(practice)
    session.flush()
    record(session, actor, "praktijk.voorgesteld", holder, KIND, [practice.id])
    return practice


def find_live(
    session: Session, number: str, *where: Any, lock: bool = True
) -> SharedPractice | None:
    """Return the practice with an id from an address that waits or is placed."""
    asked = SharedPractice.id == uuid_of(number[:40]), SharedPractice.state.in_(LIVE)
    wanted = select(SharedPractice).where(*asked, *where)
    return session.scalars(wanted.with_for_update() if lock else wanted).first()


def settle(
    session: Session, practice: SharedPractice, state: State, actor: Actor, reason: str = ""
) -> None:
    """Place a practice, send it back with a reason, or withdraw it for its municipality."""
    practice.state, practice.reason = state.value, reason or None
    practice.decided_at, practice.decided_by = utc_now(), actor.name
    holder = practice.municipality if state is State.WITHDRAWN else NATIONAL
    record(session, actor, f"{KIND}.{state}", holder, KIND, [practice.id])
