"""Dossiers with their moves, agreements, notes and members, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bench.stories import desk
from bench.stories.histories import OFFICER, OWNER
from bench.stories.model import (
    Agreement,
    DemoDossier,
    Dice,
    DossierMove,
    Membership,
    Note,
    local,
    working_day,
)

PREPARING, ACTIVE, WATCHING, CLOSED = "in_voorbereiding", "in_aanpak", "monitoring", "afgesloten"
# state it ends in → the states it went through, each with the share of its age at which it did
_COURSES: dict[str, tuple[tuple[str, float], ...]] = {
    PREPARING: (),
    ACTIVE: ((ACTIVE, 0.12),),
    WATCHING: ((ACTIVE, 0.08), (WATCHING, 0.70)),
    CLOSED: ((ACTIVE, 0.05), (WATCHING, 0.45), (CLOSED, 0.70)),
}
# A new dossier gathers reports from at most so long before.
_LOOKS_BACK = timedelta(days=75)
LEGAL_BASIS = "avg_6_1_e_openbare_orde"
_RESPONSIBLE = {
    "hotspot": "burgemeester",
    "groep": "burgemeester",
    "persoonsgericht": "burgemeester",
    "thema": "college van burgemeester en wethouders",
}
_PURPOSE = {
    "hotspot": "De openbare orde op deze plek herstellen en herhaling voorkomen.",
    "groep": "Overlast door deze groep stoppen, met hulp waar dat kan.",
    "persoonsgericht": "Herhaling voorkomen en samen met de politie bepalen wat nodig is.",
    "thema": "Meldingen over dit onderwerp naast elkaar leggen en de aanpak daarop richten.",
}


@dataclass(frozen=True)
class DossierSpec:
    """A dossier to be made, of reports of these forms; `most` of them.

    :param state: where it ends.
    :param age: days before the moment of the demo at which it was made.
    """

    municipality: str
    neighbourhood: str
    type: str
    state: str
    age: int
    title: str
    summary: str
    forms: tuple[str, ...] = ()
    most: int = 8


@dataclass(frozen=True)
class Candidate:
    """A report that may be filed: what a dossier needs to know of it."""

    key: str
    municipality: str | None
    forms: tuple[str, ...]
    picked_up: datetime | None


def make_dossier(
    dice: Dice, key: str, spec: DossierSpec, candidates: Sequence[Candidate], moment: datetime
) -> DemoDossier:
    """Make one dossier by its specification; `candidates` are the reports still free."""
    created = dice.office_moment(moment - timedelta(days=spec.age + 1), 0.3)
    moves = _moves(dice, spec, created, moment)
    return DemoDossier(
        key=key,
        municipality=spec.municipality,
        neighbourhood=spec.neighbourhood,
        type=spec.type,
        title=spec.title,
        summary=spec.summary,
        purpose=_PURPOSE[spec.type],
        legal_basis=LEGAL_BASIS,
        responsible=_RESPONSIBLE[spec.type],
        created_at=created,
        moves=moves,
        notes=_notes(dice, spec, created, moves, moment),
        agreements=_agreements(dice, spec, created, moves, moment),
        members=_members(dice, spec, created, moves, candidates, moment),
    )


def closed_after(moves: Sequence[DossierMove], at: datetime) -> datetime | None:
    """Return when it was first closed after that moment, if it was."""
    return next((move.at for move in moves if move.target == CLOSED and move.at > at), None)


def _open_from(moves: Sequence[DossierMove], at: datetime) -> datetime | None:
    """Return that moment if the dossier was open then, or else when it was opened again."""
    closed: datetime | None = None
    for move in moves:
        if move.target == CLOSED:
            closed = move.at
        elif closed and closed <= at < move.at:
            return move.at
        elif closed:
            closed = None
    return None if closed and closed <= at else at


def _moves(
    dice: Dice, spec: DossierSpec, created: datetime, moment: datetime
) -> tuple[DossierMove, ...]:
    result: list[DossierMove] = []
    state, before = PREPARING, created
    for target, share in _COURSES[spec.state]:
        planned = created + (moment - created) * share
        at = dice.office_moment(max(planned, before), 0.2)
        name, values = _step(dice, spec, state, target, at, moment)
        result.append(DossierMove(at, name, state, target, OWNER, values))
        state, before = target, at
    return tuple(result)


def _step(
    dice: Dice, spec: DossierSpec, source: str, target: str, at: datetime, moment: datetime
) -> tuple[str, Mapping[str, Any]]:
    """Name and values of a step in the workflow of a dossier."""
    if source == CLOSED:
        return "heropenen", {"reden": desk.REOPENED_DOSSIER}
    if target == ACTIVE:
        return "starten", _footing(spec)
    if target == WATCHING:
        look = working_day(local(moment).date() + timedelta(days=dice.randint(-2, 30)))
        return "monitoren", {"effect_datum": look, "reden": desk.MONITORING_REASON}
    reason, told = dice.choice(desk.CLOSE_REASONS)
    taken_over = {"overgenomen_door": desk.TAKEN_OVER_BY} if reason == "overgenomen" else {}
    return "afsluiten", {
        "reden_code": reason,
        **taken_over,
        "effect": dice.choice(desk.EFFECTS),
        "terugkoppeling": "We hebben hier extra toezicht gehouden. Het is nu rustiger.",
        "reden": told,
    }


def _footing(spec: DossierSpec) -> dict[str, Any]:
    """Return purpose and ground."""
    return {
        "doel": _PURPOSE[spec.type],
        "grondslag": LEGAL_BASIS,
        "verantwoordelijke": _RESPONSIBLE[spec.type],
        "dossierhouder": OWNER,
    }


def _notes(
    dice: Dice,
    spec: DossierSpec,
    created: datetime,
    moves: Sequence[DossierMove],
    moment: datetime,
) -> tuple[Note, ...]:
    last = moves[-1].at if moves and moves[-1].target == CLOSED else moment
    options = [text for (text,) in desk.fitting(desk.NOTES, ())]
    texts = dice.sample(options, dice.randint(1, 2) if not moves else dice.randint(3, 6))
    span = last - created
    found = [
        Note(dice.office_moment(created + span * dice.uniform(0, 0.95), 0.1), who, text)
        for text, who in zip(
            texts, dice.choices((OWNER, OFFICER), (3, 1), k=len(texts)), strict=True
        )
    ]
    return tuple(
        sorted(
            (n for n in found if n.at < last and _open_from(moves, n.at) == n.at),
            key=lambda n: n.at,
        )
    )


def _agreements(
    dice: Dice,
    spec: DossierSpec,
    created: datetime,
    moves: Sequence[DossierMove],
    moment: datetime,
) -> tuple[Agreement, ...]:
    """Open ones only where the dossier is still prepared or acted upon; due around today."""
    open_count = {PREPARING: 1, ACTIVE: 3}.get(spec.state, 0)
    done_count = 0 if spec.state == PREPARING else dice.randint(2, 3)
    options = desk.fitting(desk.AGREEMENTS, ())
    texts = dice.sample(options, open_count + done_count)
    result = [
        _done(dice, what, owner, created, moves, moment) for what, owner in texts[open_count:]
    ]
    for what, owner in texts[:open_count]:
        # Made after a reopening, for a dossier can't be closed with agreements open.
        since = moves[-1].at if moves else created
        made = dice.office_moment(since + (moment - since) * dice.uniform(0.05, 0.5), 0.02)
        made = min(made, moment - timedelta(hours=8))
        due = working_day(local(moment).date() + timedelta(days=dice.randint(-3, 21)))
        result.append(Agreement(made, what, owner, due, "open"))
    return tuple(sorted(result, key=lambda agreement: agreement.made_at))


def _done(
    dice: Dice,
    what: str,
    owner: str,
    created: datetime,
    moves: Sequence[DossierMove],
    moment: datetime,
) -> Agreement:
    """Make an agreement that was kept, or at times dropped, before the dossier moved on."""
    started = moves[0].at
    left = next((move.at for move in moves if move.target in {WATCHING, CLOSED}), moment)
    made = dice.office_moment(started + (left - started) * dice.uniform(0.02, 0.3), 0.02)
    closed = dice.office_moment(made + (left - made) * dice.uniform(0.3, 0.9), 0.02)
    closed = max(made, min(closed, left - timedelta(minutes=30)))
    due = max(local(closed).date() + timedelta(days=dice.randint(-4, 6)), local(made).date())
    state = "vervallen" if dice.happens(0.1) else "gedaan"
    return Agreement(
        made,
        what,
        owner,
        working_day(due),
        state,
        closed,
    )


def _members(
    dice: Dice,
    spec: DossierSpec,
    created: datetime,
    moves: Sequence[DossierMove],
    candidates: Sequence[Candidate],
    moment: datetime,
) -> tuple[Membership, ...]:
    result: list[Membership] = []
    for candidate in candidates:
        if len(result) == spec.most:
            break
        if candidate.picked_up is None or not _fits(spec, candidate):
            continue
        opened = _open_from(moves, max(created, candidate.picked_up))
        if opened is None or opened - candidate.picked_up > _LOOKS_BACK:
            continue
        joined = dice.office_moment(opened, 0.4)
        end = closed_after(moves, opened) or moment
        if joined < end - timedelta(hours=1):
            result.append(_membership(dice, candidate.key, joined, end))
    return tuple(result)


def _membership(dice: Dice, key: str, joined: datetime, end: datetime) -> Membership:
    reason = dice.choice(desk.JOINED)
    if dice.happens(0.06):
        left = dice.office_moment(joined, 5)
        if left < end:
            return Membership(key, joined, reason, left, dice.choice(desk.LEFT))
    return Membership(key, joined, reason)


def _fits(spec: DossierSpec, candidate: Candidate) -> bool:
    same = candidate.municipality == spec.municipality
    return same and bool(set(spec.forms) & set(candidate.forms))
