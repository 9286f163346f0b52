"""Dossiers of a batch: about places with many reports, with what was done there, as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from bench.fill.course import Course, Stage
from bench.fill.places import Ground, Site
from bench.stories import weights
from bench.stories.dossiers import (
    ACTIVE,
    CLOSED,
    PREPARING,
    WATCHING,
    Candidate,
    DossierSpec,
    make_dossier,
)
from bench.stories.model import DemoDossier, Dice, DossierMove, Membership
from stopintimidatie.core.audit import Actor
from stopintimidatie.core.tree.models import Redirect
from stopintimidatie.core.workflow import line
from stopintimidatie.dossiers import models as dossiers_models
from stopintimidatie.dossiers.models import (
    Dossier,
    DossierAgreement,
    DossierMembership,
    DossierNote,
)
from stopintimidatie.dossiers.services import KIND, write_number
from stopintimidatie.reports import vocabulary as reports_vocabulary

LEAST, MOST = 3, 30
# One dossier for about so many reports of a batch.
REPORTS_A_DOSSIER: Final = 120
RESULTS: Final = {
    "gedaan": "Gedaan zoals afgesproken.",
    "vervallen": "Niet meer nodig: de situatie is veranderd.",
}
STATES: Final = {CLOSED: 70.0, ACTIVE: 18.0, WATCHING: 8.0, PREPARING: 4.0}
_SUMMARY: Final = (
    "Meldingen van dezelfde plek, over een langere tijd. Bekeken wordt op welke uren het speelt"
    " en wie er kan helpen."
)


def planned(
    dice: Dice,
    candidates: Mapping[Site, Sequence[Candidate]],
    count: int,
    moment: datetime,
    days: int,
) -> list[tuple[Site, DemoDossier]]:
    """Return dossiers of the busiest places, those that gather enough reports."""
    busiest = sorted(candidates, key=lambda site: (-len(candidates[site]), site.spot.phrase))
    found: list[tuple[Site, DemoDossier]] = []
    for number, site in enumerate(busiest[: max(1, count // REPORTS_A_DOSSIER)]):
        assert site.ground is not None
        spec = _spec(dice, site, site.ground, days)
        made = make_dossier(dice, f"dossier-{number}", spec, candidates[site], moment)
        if len(made.members) >= LEAST:
            found.append((site, made))
    return found


def _spec(dice: Dice, site: Site, ground: Ground, days: int) -> DossierSpec:
    state = dice.weighted(STATES)
    # What still runs began lately; what is closed, at any time.
    age = dice.randint(120, max(121, days - 30)) if state == CLOSED else dice.randint(20, 160)
    title = f"{site.spot.phrase[0].upper()}{site.spot.phrase[1:]}"
    return DossierSpec(
        municipality=str(site.spot.municipality),
        neighbourhood=ground.wijk,
        type="hotspot",
        state=state,
        age=age,
        title=title,
        summary=_SUMMARY,
        forms=tuple(weights.FORMS),
        most=dice.randint(LEAST, MOST),
    )


class DossierCourse:
    """One dossier while its rows are being made."""

    def __init__(self, stage: Stage, demo: DemoDossier, year: int, sequence: int) -> None:
        self.stage = stage
        self.demo = demo
        self.id = stage.new_id()
        self.owner = stage.actors["dossierhouder"]
        self.sequence = sequence
        self.year = year
        self.number = write_number(year, sequence)
        self._state = PREPARING
        self._members = 0

    def write(self) -> None:
        """Write the dossier as it now stands, with its own history, notes and agreements."""
        demo, stage = self.demo, self.stage
        self._append(demo.created_at, self.owner, "gemaakt", None, {"soort": demo.type})
        stage.log(demo.created_at, self.owner, "dossier.gemaakt", KIND, [self.id])
        columns = dict.fromkeys(_LATER, None)
        for move in demo.moves:
            columns |= self._move(move)
        for note in demo.notes:
            self._note(note.at, note.by, note.text)
        for agreement in demo.agreements:
            self._agreement(agreement)
        changed = max((demo.created_at, *(m.at for m in demo.moves), *(n.at for n in demo.notes)))
        stage.add(
            Dossier,
            id=self.id,
            year=self.year,
            sequence=self.sequence,
            number=self.number,
            neighbourhood_code=demo.neighbourhood,
            title=demo.title,
            kind=demo.type,
            state=self._state,
            urgent=False,
            frozen=False,
            summary=demo.summary,
            made_at=demo.created_at,
            changed_at=changed,
            changed_by=self.owner.name,
            version=1 + len(demo.moves),
            **columns,
        )

    def _move(self, move: DossierMove) -> dict[str, Any]:
        """Return a step: its line of history, and the columns that it sets."""
        values = dict(move.values)
        if "dossierhouder" in values:
            values["dossierhouder"] = self.owner.id
        before, self._state = self._state, move.target
        self._append(move.at, self.owner, move.name, before, values)
        self.stage.log(move.at, self.owner, "dossier.toestand", KIND, [self.id], move.target)
        found = {column: values[name] for column, name in _LATER.items() if name in values}
        if "owner_id" in found:
            found["owner_id"] = UUID(found["owner_id"])
        if move.target == CLOSED:
            found |= {"closed_at": move.at, "closed_note": values.get("reden")}
        return found

    def _append(
        self, at: datetime, actor: Actor, name: str, before: str | None, values: Mapping[str, Any]
    ) -> None:
        told = line(actor, name, before, self._state, values, at)
        self.stage.add(
            dossiers_models.DossierMove,
            dossier_id=self.id,
            **told,
        )

    def _note(self, at: datetime, by: str, text: str) -> None:
        actor = self.stage.actors[by]
        self.stage.add(
            DossierNote,
            dossier_id=self.id,
            at=at,
            author_id=actor.id,
            author_name=actor.name,
            text=text,
        )
        self.stage.log(at, actor, "dossier.notitie", KIND, [self.id])

    def _agreement(self, agreed: Any) -> None:
        closed = agreed.closed_at
        self.stage.add(
            DossierAgreement,
            dossier_id=self.id,
            what=agreed.what,
            who=agreed.owner,
            owner_id=UUID(self.owner.id),
            due_on=agreed.due,
            state=agreed.state,
            result=RESULTS.get(agreed.state),
            made_at=agreed.made_at,
            made_by=self.owner.name,
            changed_at=closed or agreed.made_at,
            changed_by=self.owner.name,
            closed_at=closed,
            version=1 if closed is None else 2,
        )
        self.stage.log(agreed.made_at, self.owner, "dossier.afspraak_gemaakt", KIND, [self.id])

    def join(self, course: Course, member: Membership, slugs: tuple[str, str]) -> None:
        """Add a report, which perhaps left again; its address lay elsewhere before.

        :param slugs: of the municipality and of the neighbourhood, for that address.
        """
        self._members += 1
        there = member.left_at is None
        self.stage.add(
            DossierMembership,
            dossier_id=self.id,
            report_id=course.id,
            serial=self._members,
            home=True,
            reference=False,
            joined_at=member.joined_at,
            joined_by=self.owner.name,
            joined_reason=member.reason,
            left_at=member.left_at,
            left_by=None if there else self.owner.name,
            left_reason=None if there else member.left_reason,
        )
        self._told(member.joined_at, "melding_erbij", course, member.reason)
        if member.left_at is not None:
            self._told(member.left_at, "melding_eruit", course, member.left_reason)
        course.now["dossier_number"] = self.number if there else None
        self._redirect("/".join(("/gemeenten", *slugs, course.reference)), course, member)

    def _told(self, at: datetime, name: str, course: Course, reason: str) -> None:
        values = {"melding": course.reference, "reden": reason}
        self._append(at, self.owner, name, None, values)
        ids: list[UUID] = [self.id, course.id]
        self.stage.log(at, self.owner, f"dossier.{name}", KIND, ids)

    def _redirect(self, path: str, course: Course, member: Membership) -> None:
        self.stage.add(
            Redirect,
            path=path,
            kind=reports_vocabulary.KIND,
            target=course.id,
            at=member.joined_at,
        )


# Columns that steps set, and the answer that each comes from; `None`-columns follow from others.
_LATER: Final = {
    "owner_id": "dossierhouder",
    "purpose": "doel",
    "legal_basis": "grondslag",
    "responsible_body": "verantwoordelijke",
    "monitoring_on": "effect_datum",
    "closed_reason": "reden_code",
    "effect": "effect",
    "feedback": "terugkoppeling",
    "taken_over_by": "overgenomen_door",
    "closed_at": "",
    "closed_note": "",
}
