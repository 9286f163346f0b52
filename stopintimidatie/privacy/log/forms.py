"""The filters above the log: read from the address, with a message for each that can't be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from stopintimidatie.core import forms
from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.clock import midnight, utc_now
from stopintimidatie.core.text import day_of, uuid_of
from stopintimidatie.core.web.request import query_pairs
from stopintimidatie.privacy.log import queries
from stopintimidatie.privacy.log.resources import find_document

WHO, ABOUT, DID, SINCE, UNTIL = "wie", "stuk", "wat", "van", "tot"
FIELDS: Final = (WHO, ABOUT, DID, SINCE, UNTIL)
SAMPLE: Final = "steekproef"
LONGEST: Final = 100
WITHOUT_ACCOUNT: Final = "Zonder account: systeem, melder, ontvanger"


@dataclass
class Asked:
    """The filters of one page, as typed; with what is wrong, by field."""

    typed: dict[str, str]
    people: Mapping[str, str]
    actions: Sequence[str]
    # The document whose log this is; None: the log of a holder.
    here: UUID | None = None
    filters: queries.Filters = field(default_factory=queries.Filters)
    problems: dict[str, str] = field(default_factory=dict)
    # The number that a random draw is repeated with; "": all lines are shown.
    seed: str = ""

    def choices(self) -> dict[str, list[tuple[str, str]]]:
        """Return by group of what was done its choices: value, words; the asked one as well."""
        groups: dict[str, list[tuple[str, str]]] = {}
        asked = [code] if (code := self.typed.get(DID)) and DID not in self.problems else []
        for action in {*self.actions, *asked}:
            groups.setdefault(queries.group_of(action), []).append(
                (action, queries.label_of(action))
            )
        return {group: sorted(groups[group], key=lambda pair: pair[1]) for group in sorted(groups)}


def asked_of(request: Any, here: UUID | None) -> Asked:
    """Return the filters that the address asks for.

    `here`: the document whose log is shown; there is no filter by document then.
    """
    pairs = {name: value.strip()[:LONGEST] for name, value in query_pairs(request)}
    names = [name for name in FIELDS if here is None or name != ABOUT]
    typed = {name: pairs[name] for name in names if pairs.get(name)}
    asked = Asked(typed, _people(request), queries.known_actions(request.db), here)
    since, until = _day(asked, SINCE), _day(asked, UNTIL)
    if since and until and until < since:
        asked.problems[UNTIL] = "Deze dag ligt vóór de eerste dag. Draai de twee dagen om."
    asked.filters = queries.Filters(
        actor=_actor(asked),
        document=here or _document(request, asked),
        actions=_actions(asked),
        since=midnight(since) if since else None,
        before=midnight(until + timedelta(days=1)) if until and until < date.max else None,
    )
    if seed := pairs.get(SAMPLE):
        # Only days that are over: the same number draws the same lines tomorrow.
        over = midnight(day_of(utc_now()))
        asked.seed = seed
        asked.filters = replace(asked.filters, before=min(asked.filters.before or over, over))
    return asked


def _people(request: Any) -> dict[str, str]:
    """Return the names to choose from by id; who has the name of another with the account."""
    people = queries.known_actors(request.db)
    shared = {name for name, times in Counter(people.values()).items() if times > 1}
    ids = [known for actor, name in people.items() if name in shared and (known := uuid_of(actor))]
    if not ids:
        return people
    rows = request.db.execute(select(User.id, User.username).where(User.id.in_(ids)))
    accounts = {str(row.id): row.username for row in rows}
    return {
        actor: f"{name} ({accounts[actor]})" if actor in accounts else name
        for actor, name in people.items()
    }


def _actor(asked: Asked) -> str | None:
    actor = asked.typed.get(WHO)
    if actor and actor != queries.NOBODY and actor not in asked.people:
        asked.problems[WHO] = "Deze persoon staat niet in dit logboek. Kies iemand uit de lijst."
    return actor


def _document(request: Any, asked: Asked) -> UUID | None:
    typed = asked.typed.get(ABOUT)
    if not typed:
        return None
    document = find_document(request.db, request.registry, typed)
    if document is None:
        asked.problems[ABOUT] = (
            "Dit kenmerk kennen wij niet. Kijk het na: een melding heet zoals M-4F7K-2QXJ, een"
            " dossier zoals 2026-0007, een uitvoer zoals U-4F7K-2QXJ, een verzoek zoals"
            " V-4F7K-2QXJ, een datalek zoals D-4F7K-2QXJ."
        )
    return document


def _actions(asked: Asked) -> Sequence[str] | None:
    """Return the actions that were asked: those of a group that occur here, or one."""
    code = asked.typed.get(DID)
    if code is None:
        return None
    several = [action for action in asked.actions if code in (action, queries.group_of(action))]
    if not several and queries.label_of(code) == code:
        asked.problems[DID] = "Deze handeling kennen wij niet. Kies er een uit de lijst."
    return several or [code]


def _day(asked: Asked, name: str) -> date | None:
    typed = asked.typed.get(name)
    if not typed:
        return None
    try:
        return forms.Date().from_text(typed)
    except ValueError as problem:
        asked.problems[name] = str(problem)
        return None
