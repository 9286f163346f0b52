"""What officers did with a report: moves that the workflow allows, at hours when people work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from bench.stories import desk
from bench.stories.model import Dice, Membership, Step, Triage, local, working_day
from bench.stories.reports import HEAVY

OFFICER, OWNER, REPORTER, SYSTEM = "oov", "dossierhouder", "melder", "systeem"
NEW, HELD, HANDLED = "nieuw", "quarantaine", "in_behandeling"
ASKED_REPORTER, ASKED_PARTNER = "wacht_op_melder", "wacht_op_partner"
FILED, DONE, REFUSED, WITHDRAWN = "in_dossier", "afgehandeld", "niet_in_behandeling", "ingetrokken"
# Eindhoven promises a call within three days; the demo holds everybody to it.
CONTACT_WITHIN_DAYS = 3
# From where to where → the name of the step in the workflow of a report.
_STEPS = {
    (HELD, NEW): "vrijgeven",
    (HELD, REFUSED): "afwijzen",
    (NEW, HANDLED): "in_behandeling_nemen",
    (HANDLED, ASKED_REPORTER): "vraag_melder",
    (ASKED_REPORTER, HANDLED): "antwoord_melder",
    (HANDLED, ASKED_PARTNER): "vraag_partner",
    (ASKED_PARTNER, HANDLED): "antwoord_partner",
    (HANDLED, FILED): "in_dossier",
    (FILED, HANDLED): "uit_dossier",
    (HANDLED, DONE): "afhandelen",
    (FILED, DONE): "afhandelen",
    (HANDLED, REFUSED): "niet_in_behandeling",
    (DONE, HANDLED): "heropenen",
}
GROUNDS = {
    "spam": "test",
    "test": "test",
    "geen_intimidatie": "geen_straatintimidatie",
}


@dataclass(frozen=True)
class Case:
    """Case with what the history of a report depends on.

    :param picked_up: when an officer took it, or None when nobody has yet.
    :param closed_at: when the dossier it is in was closed, if it was.
    """

    received_at: datetime
    moment: datetime
    kind: str
    quarantined: bool
    picked_up: datetime | None
    body: Mapping[str, Any]
    dossier: str = ""
    membership: Membership | None = None
    closed_at: datetime | None = None

    @property
    def reachable(self) -> bool:
        """Whether the reporter wants to hear anything."""
        return bool(self.body["contactGewenst"] != "nee")

    @property
    def age_days(self) -> int:
        """How long ago it came in."""
        return (self.moment - self.received_at).days


@dataclass
class _History:
    """Steps being written down; one that would lie ahead of the moment isn't taken."""

    dice: Dice
    case: Case
    state: str
    at: datetime
    steps: list[Step] = field(default_factory=list)

    def move(self, target: str, days: float, by: str, reason: str = "", **values: Any) -> bool:
        """Take a step about so many days later; False when that is still to come."""
        return self.move_at(self.dice.office_moment(self.at, days), target, by, reason, **values)

    def move_at(self, at: datetime, target: str, by: str, reason: str = "", **values: Any) -> bool:
        """Take a step at a given moment."""
        at = max(at, self.at + timedelta(minutes=1))
        if at >= self.case.moment:
            return False
        name = _STEPS.get((self.state, target), "intrekken")
        told = {**values, "reden": reason} if reason else values
        if target in (DONE, REFUSED):
            told["contact"] = "gesproken"
        self.steps.append(Step(at, name, self.state, target, by, told))
        self.state, self.at = target, at
        return True


def pick_up_at(
    dice: Dice, received: datetime, forms: tuple[str, ...], moment: datetime
) -> datetime | None:
    """Return when an officer takes a new report: heavy ones the same day, the newest not yet."""
    heavy = bool(HEAVY & set(forms))
    age = (moment - received).days
    if not heavy and age < 12 and dice.happens(0.9 - 0.065 * age):
        return None
    at = dice.office_moment(received, 0.2 if heavy else 1.3)
    return at if at < moment else None


def history(dice: Dice, case: Case) -> tuple[Triage | None, tuple[Step, ...]]:
    """Return everything that was done with a report up to the moment of the demo."""
    start = HELD if case.quarantined else NEW
    past = _History(dice, case, start, case.received_at)
    if case.quarantined and not _released(past):
        return None, tuple(past.steps)
    if _withdrawn_early(past) or case.picked_up is None:
        return None, tuple(past.steps)
    if not past.move_at(case.picked_up, HANDLED, OFFICER, behandelaar=OFFICER):
        return None, tuple(past.steps)
    triage = _triage(dice, case, past.at)
    _handle(past)
    return triage, tuple(past.steps)


def _released(past: _History) -> bool:
    """Tell whether it is let through: nonsense is refused, or waits to be looked at."""
    if past.case.kind == "gewoon":
        return past.move(NEW, 1, OFFICER, desk.RELEASED)
    if past.case.age_days > 6:
        ground = GROUNDS[past.case.kind]
        past.move(REFUSED, 2, OFFICER, desk.REJECTIONS[ground], reden_code=ground)
    return False


def _withdrawn_early(past: _History) -> bool:
    # Not out of a dossier: those stories are told to their end.
    if past.case.membership is not None or not past.dice.happens(0.02):
        return False
    at = past.at + timedelta(hours=past.dice.uniform(2, 60))
    return past.move_at(at, WITHDRAWN, REPORTER)


def _triage(dice: Dice, case: Case, at: datetime) -> Triage:
    forms = tuple(case.body["vormen"])
    heavy = [form for form in forms if form in desk.SUSPICIONS]
    contact = case.body["contactGewenst"]
    return Triage(
        at=at,
        danger_now=False,
        forms=forms,
        urgent=bool(HEAVY & set(forms)) and dice.happens(0.5),
        suspicion=desk.SUSPICIONS[heavy[0]] if heavy and dice.happens(0.5) else "",
        contact=contact,
        contact_by=_contact_by(case.received_at) if case.reachable else None,
    )


def _contact_by(received: datetime) -> date:
    return working_day(local(received).date() + timedelta(days=CONTACT_WITHIN_DAYS))


def _handle(past: _History) -> None:
    case = past.case
    if case.kind in GROUNDS:
        _refuse(past, GROUNDS[case.kind])
    elif case.kind == "te_weinig":
        _ask_in_vain(past)
    elif case.membership is not None:
        _file(past, case.membership)
    else:
        _settle_alone(past)


def _refuse(past: _History, ground: str) -> None:
    past.move(REFUSED, 0.6, OFFICER, desk.REJECTIONS[ground], reden_code=ground)


def _ask_in_vain(past: _History) -> None:
    if past.case.reachable:
        if not _ask_reporter(past):
            return
        if not past.move(HANDLED, 8, SYSTEM, desk.EXPIRED):
            return
    ground = "te_weinig_informatie"
    past.move(REFUSED, 1, OFFICER, desk.REJECTIONS[ground], reden_code=ground)


def _ask_reporter(past: _History) -> bool:
    topics = [desk.TOPIC_OF_PLACE.get(past.case.body["typePlek"], desk.ANYWHERE)]
    (question,) = past.dice.choice(desk.fitting(desk.QUESTIONS, topics))
    term = working_day(local(past.at).date() + timedelta(days=past.dice.choice((7, 7, 10))))
    return past.move(ASKED_REPORTER, 0.1, OFFICER, vraag=question, uiterlijk=term)


def _file(past: _History, membership: Membership) -> None:
    """File it in a dossier, and take it out by closing, or with a reason."""
    dossier = past.case.dossier
    filed = past.move_at(membership.joined_at, FILED, OWNER, membership.reason, dossier=dossier)
    if not filed:
        return
    if membership.left_at is not None:
        if past.move_at(membership.left_at, HANDLED, OWNER, membership.left_reason):
            _close(past, 4)
    elif past.case.closed_at is not None:
        _close_at(past, past.case.closed_at)


def _settle_alone(past: _History) -> None:
    dice = past.dice
    fresh = past.case.age_days < 30
    if past.case.reachable and dice.happens(0.4 if fresh else 0.12) and not _heard_reporter(past):
        return
    if dice.happens(0.4 if fresh else 0.1) and not _heard_partner(past):
        return
    if dice.happens(0.02):
        ground = "onjuist_gebleken"
        past.move(REFUSED, 3, OFFICER, desk.REJECTIONS[ground], reden_code=ground)
    elif dice.happens(0.015):
        past.move_at(past.at + timedelta(days=2), WITHDRAWN, REPORTER)
    elif _close(past, 14 if fresh else 7) and dice.happens(0.035):
        _reopen(past)


def _heard_reporter(past: _History) -> bool:
    if not _ask_reporter(past):
        return True
    if past.dice.happens(0.75):
        return past.move(HANDLED, 4, REPORTER, past.dice.choice(desk.ANSWERED))
    return past.move(HANDLED, 9, SYSTEM, desk.EXPIRED)


def _heard_partner(past: _History) -> bool:
    asked, answer = _ask_partner(past)
    return not asked or past.move(HANDLED, 6, OFFICER, answer)


def _ask_partner(past: _History) -> tuple[bool, str]:
    """Ask the partner who knows such a place; what they will answer comes along."""
    topics = [desk.TOPIC_OF_PLACE.get(past.case.body["typePlek"], desk.ANYWHERE)]
    talks = desk.fitting(desk.PARTNER_TALKS, topics)
    (_, name), question, answer = past.dice.choice(talks)
    term = working_day(local(past.at).date() + timedelta(days=10))
    asked = past.move(
        ASKED_PARTNER,
        0.2,
        OFFICER,
        partner=name,
        vraag=question,
        uiterlijk=term,
    )
    return asked, answer


def _close(past: _History, days: float) -> bool:
    return _close_at(past, past.dice.office_moment(past.at, days))


def _close_at(past: _History, at: datetime) -> bool:
    followed, feedback = past.dice.choices(desk.CLOSINGS, desk.CLOSING_WEIGHTS)[0]
    values: dict[str, Any] = {"opvolging": list(followed)}
    if past.case.reachable:
        values |= {"terugkoppeling": "gegeven", "bericht": feedback}
    else:
        values |= {"terugkoppeling": "niet_gegeven", "reden": desk.NO_FEEDBACK}
    by = OWNER if past.state == FILED else OFFICER
    return past.move_at(at, DONE, by, **values)


def _reopen(past: _History) -> None:
    if past.move(HANDLED, 15, OFFICER, past.dice.choice(desk.REOPENED)) and past.dice.happens(0.6):
        _close(past, 8)
