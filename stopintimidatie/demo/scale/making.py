"""Making one batch: drawing and telling its reports, what became of them, and storing it all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, select

from stopintimidatie.audit import Actor
from stopintimidatie.demo.dice import Dice
from stopintimidatie.demo.dossiers import Candidate, closed_after
from stopintimidatie.demo.histories import Case, history, pick_up_at
from stopintimidatie.demo.model import Membership
from stopintimidatie.demo.scale.drafts import Calendar, Draft, drafts
from stopintimidatie.demo.scale.filed import DossierStory, planned
from stopintimidatie.demo.scale.grounds import Site
from stopintimidatie.demo.scale.plan import Batch, Numbering
from stopintimidatie.demo.scale.rows import Rows
from stopintimidatie.demo.scale.stories import Stage, Story
from stopintimidatie.dossiers.numbering import next_number
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.references import ALPHABET, RANDOM_CHARACTERS, with_check_character
from stopintimidatie.storage import transaction
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.tree.models import Reference

SPACE = len(ALPHABET) ** RANDOM_CHARACTERS


@dataclass(frozen=True)
class Town:
    """What all batches of one municipality share."""

    name: str
    numbering: Numbering
    holder: str
    slug: str
    wijk_slugs: Mapping[str, str]
    sites: Sequence[Site]
    actors: Mapping[str, Actor]
    keys: KeyRing
    secrets: Mapping[str, bytes]
    app_key_id: UUID
    moment: datetime
    calendar: Calendar


def make(engine: Engine, town: Town, batch: Batch) -> bool:
    """Make and store a batch in one transaction; False when it was there already."""
    dice = Dice(f"{town.name}/{batch.name}")
    ids = [UUID(int=dice.getrandbits(128), version=4) for _ in range(batch.count)]
    with transaction(engine, batch.share.holder) as session:
        if session.scalar(select(Report.id).where(Report.id == ids[0])) is not None:
            return False
        stage = _stage(town, dice)
        references = _references(session, town.numbering, batch)
        _tell(session, stage, town, batch, list(zip(ids, references, strict=True)))
        stage.rows.store(session)
    return True


def _stage(town: Town, dice: Dice) -> Stage:
    return Stage(
        Rows(),
        dice,
        town.holder,
        town.actors,
        town.keys,
        town.secrets,
        town.app_key_id,
        town.moment,
    )


def _references(session: Any, numbering: Numbering, batch: Batch) -> list[str]:
    """Different for every report of the order; one that is taken by another gives way."""
    serials = range(batch.first, batch.first + batch.count)
    wanted = [reference(numbering.scattered(serial, SPACE)) for serial in serials]
    taken = set(session.scalars(select(Reference.reference).where(Reference.reference.in_(wanted))))
    # Far beyond the serials of any order.
    return [
        name if name not in taken else reference(numbering.scattered(serial + SPACE // 2, SPACE))
        for serial, name in zip(serials, wanted, strict=True)
    ]


def reference(number: int) -> str:
    """A number below `SPACE` as a reference."""
    characters = []
    for _ in range(RANDOM_CHARACTERS):
        number, place = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[place])
    return with_check_character("".join(characters))


def _tell(
    session: Any, stage: Stage, town: Town, batch: Batch, names: Sequence[tuple[UUID, str]]
) -> None:
    dice = stage.dice
    made = list(drafts(dice, town.sites, batch.count, town.moment, town.calendar))
    stories = [
        Story(stage, draft, report_id, written)
        for draft, (report_id, written) in zip(made, names, strict=True)
    ]
    if town.holder == NATIONAL:
        # Nobody at the desk has touched them yet.
        for story in stories:
            story.tell(None, ())
            story.write()
        return
    picked = [_picked_up(dice, draft, town.moment) for draft in made]
    filed = _file(session, stage, town, stories, picked)
    for number, story in enumerate(stories):
        dossier, member = filed.get(str(number), (None, None))
        case = _case(story.draft, picked[number], town.moment, dossier, member)
        story.tell(*history(dice, case))
        if dossier is not None and member is not None:
            ground = story.draft.site.ground
            slug = town.wijk_slugs[ground.wijk] if ground else ""
            dossier.join(story, member, (town.slug, slug))
        story.write()


def _picked_up(dice: Dice, draft: Draft, moment: datetime) -> datetime | None:
    told = draft.told
    return pick_up_at(dice, told.received_at, told.incident.forms, False, moment)


def _file(
    session: Any,
    stage: Stage,
    town: Town,
    stories: Sequence[Story],
    picked: Sequence[datetime | None],
) -> dict[str, tuple[DossierStory, Membership]]:
    """Dossiers of the busiest places, and which reports go into them."""
    candidates: dict[Site, list[Candidate]] = {}
    for number, story in enumerate(stories):
        site, told = story.draft.site, story.draft.told
        if story.draft.kind == "gewoon" and site.ground is not None:
            phrase, forms = site.spot.phrase, told.incident.forms
            candidate = Candidate(str(number), town.holder, phrase, forms, "", picked[number])
            candidates.setdefault(site, []).append(candidate)
    found: dict[str, tuple[DossierStory, Membership]] = {}
    days = town.calendar.days.stop
    for _, demo in planned(stage.dice, candidates, len(stories), town.moment, days):
        dossier = DossierStory(stage, demo, *next_number(session, town.holder, demo.created_at))
        dossier.write()
        found |= {member.report: (dossier, member) for member in demo.members}
    return found


def _case(
    draft: Draft,
    picked_up: datetime | None,
    moment: datetime,
    dossier: DossierStory | None,
    member: Membership | None,
) -> Case:
    closed = closed_after(dossier.demo.moves, member.joined_at) if dossier and member else None
    return Case(
        received_at=draft.told.received_at,
        moment=moment,
        kind=draft.kind,
        quarantined=draft.quarantined,
        picked_up=picked_up,
        body=draft.told.body,
        dossier=dossier.number if dossier else "",
        membership=member,
        closed_at=closed,
    )
