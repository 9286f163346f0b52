"""`generate(seed, day)`: some 600 reports and thirty dossiers, the same for one seed and day.

Dordrecht and Eindhoven about evenly, Tilburg's waiting at the national desk, some elsewhere, at
sea or without a place. Nothing lies after the first minute of the day that is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from stopintimidatie.demo.stories import shapes, weights
from stopintimidatie.demo.stories.dossiers import Candidate, closed_after, make_dossier
from stopintimidatie.demo.stories.histories import (
    ASKED_PARTNER,
    ASKED_REPORTER,
    HANDLED,
    Case,
    history,
    pick_up_at,
)
from stopintimidatie.demo.stories.hotspots import HOT_SPOTS
from stopintimidatie.demo.stories.model import (
    Demo,
    DemoDossier,
    DemoReport,
    Dice,
    Membership,
    Truth,
    start_of,
)
from stopintimidatie.demo.stories.reports import (
    Incident,
    Told,
    draw_background,
    draw_hot_spot,
    report_of,
    retold,
)
from stopintimidatie.demo.stories.specs import DOSSIERS
from stopintimidatie.demo.stories.weights import (
    DORDRECHT,
    EINDHOVEN,
    ELSEWHERE,
    NOWHERE,
    SPOTS,
    TILBURG,
    UNPLACED,
    Spot,
)

SEED = 20240701
# Real volumes: Eindhoven had 170 reports in 22 months. The demo takes somewhat more, and as
# many for Dordrecht, so that lists and trends have something to show.
WANTED = {DORDRECHT: 263, EINDHOVEN: 245, TILBURG: 50}
ELSEWHERE_COUNT, NOWHERE_COUNT, UNPLACED_COUNT = 20, 4, 6
CONNECTED = frozenset({DORDRECHT, EINDHOVEN})
_ATTEMPTS = 12

# Text that an officer must redact (P2): made up, and flagged as such in `kind`.
PERSONAL = (
    "Hij reed weg in een auto met kenteken AB-12-CD. {Tijd} {plek}.",
    "Ik heb zijn nummer want hij duwde me een briefje in de hand: 0612345678. Dit was {plek}.",
    "Bel mij maar, of mail naar melder@example.org. Het gebeurde {plek}. Mijn bsn is 111222333.",
)


@dataclass(frozen=True)
class _Draft:
    """A report before its history."""

    told: Told
    kind: str = "gewoon"
    quarantined: bool = False
    double_of: str = ""
    key: str = ""


def generate(seed: int = SEED, day: date | None = None) -> Demo:
    """Generate the demo for a seed and a day (today when None)."""
    moment = start_of(day or date.today())
    dice = Dice(seed)
    drafts = _numbered(_specials(dice, _drafts(dice, moment), moment))
    picked = {
        draft.key: pick_up_at(
            dice,
            draft.told.received_at,
            draft.told.incident.forms,
            bool(draft.told.incident.hot_spot),
            moment,
        )
        for draft in drafts
    }
    dossiers = _dossiers(dice, drafts, picked, moment)
    reports = _reports(dice, seed, drafts, picked, dossiers, moment)
    return Demo(seed, moment, reports, dossiers, _truth(drafts))


def _drafts(dice: Dice, moment: datetime) -> list[_Draft]:
    """Draft hot spots first, then the background around them, each with a text of its own."""
    incidents = [incident for hot in HOT_SPOTS for incident in draw_hot_spot(dice, hot, moment)]
    background = _remaining_forms(incidents)
    for municipality, wanted in WANTED.items():
        planted = sum(hot.count for hot in HOT_SPOTS if hot.municipality == municipality)
        spots = SPOTS[municipality]
        incidents += draw_background(dice, spots, wanted - planted, moment, background)
    incidents += draw_background(dice, ELSEWHERE, ELSEWHERE_COUNT, moment, weights.FORMS)
    incidents += draw_background(dice, NOWHERE, NOWHERE_COUNT, moment, weights.FORMS)
    incidents += _unplaced(dice, moment)
    texts: set[str] = set()
    return [_Draft(_told(dice, incident, moment, texts)) for incident in incidents]


def _remaining_forms(planted: Sequence[Incident]) -> Mapping[str, float]:
    """Return weights for the background that bring the whole to the published proportions."""
    total = sum(WANTED.values()) * 1.7
    scale = total / sum(weights.FORMS.values())
    present = [form for incident in planted for form in incident.forms]
    return {
        form: max(weight * scale - present.count(form), weight * scale * 0.15)
        for form, weight in weights.FORMS.items()
    }


def _unplaced(dice: Dice, moment: datetime) -> list[Incident]:
    anywhere = Spot(None, "", 0, 0, "in_ov")
    loose = draw_background(dice, [anywhere], UNPLACED_COUNT, moment, weights.FORMS)
    result = []
    for number, incident in enumerate(loose):
        phrase, place = UNPLACED[number % len(UNPLACED)]
        where = replace(anywhere, phrase=phrase)
        result.append(replace(incident, place=where, unplaced=place))
    return result


def _told(dice: Dice, incident: Incident, moment: datetime, texts: set[str]) -> Told:
    """Tell a report in a text nobody wrote before; an empty text may occur again."""
    told = report_of(dice, incident, moment)
    for _ in range(_ATTEMPTS):
        if told.body.get("omschrijving", "") not in texts:
            break
        told = report_of(dice, incident, moment)
    if text := told.body.get("omschrijving"):
        texts.add(text)
    return told


def _specials(dice: Dice, drafts: list[_Draft], moment: datetime) -> list[_Draft]:
    """Draft the odd ones: nonsense, doubles, too little, other matters, personal data in text."""
    drafts = list(drafts)
    connected = [
        index
        for index, draft in enumerate(drafts)
        if draft.told.incident.place.municipality in CONNECTED and not draft.told.incident.hot_spot
    ]
    # Half of the nonsense is recent, so that there is something in quarantine to look at.
    fresh = sorted(connected, key=lambda index: drafts[index].told.received_at)[-12::3]
    loose = dice.sample([index for index in connected if index not in fresh], 40)
    chosen = iter([*fresh, *loose])
    for number, text in enumerate(shapes.SPAM):
        kind = "test" if text.lower().startswith("test") or number % 2 else "spam"
        _rewrite(drafts, next(chosen), text, kind, quarantined=True)
    for text in shapes.TOO_LITTLE:
        _rewrite(drafts, next(chosen), text, "te_weinig")
    for text in (*shapes.NOT_HARASSMENT, *PERSONAL):
        index = next(chosen)
        words = {"plek": drafts[index].told.incident.place.phrase, "tijd": "vorige week"}
        told = text.replace("{Tijd}", "Vorige week").format(**words)
        kind = "persoonsgegevens" if text in PERSONAL else "geen_intimidatie"
        _rewrite(drafts, index, told, kind)
    for index in (next(chosen), next(chosen)):
        drafts[index] = replace(drafts[index], quarantined=True)
    doubles = [drafts[next(chosen)] for _ in range(8)]
    return drafts + [_double(dice, draft, moment) for draft in doubles]


def _double(dice: Dice, draft: _Draft, moment: datetime) -> _Draft:
    again = retold(dice, draft.told, moment)
    return _Draft(again, "dubbel", double_of=_fingerprint(draft.told))


def _fingerprint(told: Told) -> str:
    return f"{told.received_at.isoformat()} {told.body['locatie']}"


def _rewrite(
    drafts: list[_Draft], index: int, text: str, kind: str, *, quarantined: bool = False
) -> None:
    told = drafts[index].told
    body = {**told.body, "omschrijving": text}
    drafts[index] = _Draft(replace(told, body=body, shapes=()), kind, quarantined)


def _numbered(drafts: Sequence[_Draft]) -> list[_Draft]:
    """Number them in order of arrival, each with a key; doubles point at the key of the first."""
    ordered = sorted(drafts, key=lambda draft: (draft.told.received_at, draft.kind))
    keyed = [replace(d, key=f"melding-{number:04d}") for number, d in enumerate(ordered, start=1)]
    first = {_fingerprint(d.told): d.key for d in keyed if d.kind != "dubbel"}
    return [replace(d, double_of=first[d.double_of]) if d.double_of else d for d in keyed]


def _dossiers(
    dice: Dice,
    drafts: Sequence[_Draft],
    picked: Mapping[str, datetime | None],
    moment: datetime,
) -> tuple[DemoDossier, ...]:
    """Make the dossiers; each report goes into one at most."""
    free = {d.key: _candidate(d, picked[d.key]) for d in drafts if d.kind == "gewoon"}
    made: dict[int, DemoDossier] = {}
    order = sorted(range(len(DOSSIERS)), key=_picks_before)
    for number in order:
        key = f"dossier-{number + 1:02d}"
        # The newest first: what is in a running dossier is mostly recent.
        candidates = list(reversed(free.values()))
        made[number] = make_dossier(dice, key, DOSSIERS[number], candidates, moment)
        for member in made[number].members:
            free.pop(member.report)
    return tuple(made[number] for number in sorted(made))


def _picks_before(number: int) -> tuple[bool, bool, int]:
    """Return a sort key: hot spots choose their reports first, then places, then themes."""
    spec = DOSSIERS[number]
    return not spec.hot_spot, not spec.places, number


def _candidate(draft: _Draft, picked_up: datetime | None) -> Candidate:
    incident = draft.told.incident
    return Candidate(
        draft.key,
        incident.place.municipality,
        incident.place.phrase,
        incident.forms,
        incident.hot_spot,
        None if draft.quarantined else picked_up,
    )


def _reports(
    dice: Dice,
    seed: int,
    drafts: Sequence[_Draft],
    picked: Mapping[str, datetime | None],
    dossiers: Sequence[DemoDossier],
    moment: datetime,
) -> tuple[DemoReport, ...]:
    filed = {member.report: (dossier, member) for dossier in dossiers for member in dossier.members}
    courses = _courses(drafts, picked, filed, moment)
    return tuple(
        _report(
            dice,
            seed,
            draft,
            replace(
                _case(draft, picked[draft.key], filed, moment), course=courses.get(draft.key, "")
            ),
        )
        for draft in drafts
    )


def _courses(
    drafts: Sequence[_Draft],
    picked: Mapping[str, datetime | None],
    filed: Mapping[str, object],
    moment: datetime,
) -> dict[str, str]:
    """Let what was picked up last stand in every waiting state by turns."""
    loose = [
        draft.key
        for draft in drafts
        if draft.kind == "gewoon"
        and draft.told.incident.place.municipality in CONNECTED
        and draft.key not in filed
        and picked[draft.key]
    ]
    latest = sorted(loose, key=lambda key: picked[key] or moment)[-20:]
    wanted = {d.key for d in drafts if d.told.body["contactGewenst"] != "nee"}
    asked = [key for key in latest if key in wanted][::2]
    others = [key for key in latest if key not in asked]
    turns = (ASKED_PARTNER, HANDLED)
    return {
        **{key: turns[number % 2] for number, key in enumerate(others)},
        **dict.fromkeys(asked, ASKED_REPORTER),
    }


def _case(
    draft: _Draft,
    picked_up: datetime | None,
    filed: Mapping[str, tuple[DemoDossier, Membership]],
    moment: datetime,
) -> Case:
    dossier, member = filed.get(draft.key, (None, None))
    return Case(
        received_at=draft.told.received_at,
        moment=moment,
        kind=draft.kind,
        quarantined=draft.quarantined,
        picked_up=picked_up,
        body=draft.told.body,
        dossier=dossier.key if dossier else "",
        membership=member,
        closed_at=closed_after(dossier.moves, member.joined_at) if dossier and member else None,
        double_of=draft.double_of,
    )


def _report(dice: Dice, seed: int, draft: _Draft, case: Case) -> DemoReport:
    """Make a report with its history; at the national desk nobody has touched anything yet."""
    municipality = draft.told.incident.place.municipality
    triage, steps = history(dice, case) if municipality in CONNECTED else (None, ())
    return DemoReport(
        key=draft.key,
        idempotency_key=_idempotency_key(seed, case.moment, draft.key),
        received_at=draft.told.received_at,
        source=draft.told.source,
        body=draft.told.body,
        municipality=municipality,
        kind=draft.kind,
        quarantined=draft.quarantined,
        triage=triage,
        steps=steps,
        shapes=draft.told.shapes,
    )


def _idempotency_key(seed: int, moment: datetime, key: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"stopintimidatie demo {seed} {moment.isoformat()} {key}")


def _truth(drafts: Sequence[_Draft]) -> tuple[Truth, ...]:
    planted: dict[str, list[str]] = {}
    for draft in drafts:
        if draft.told.incident.hot_spot:
            planted.setdefault(draft.told.incident.hot_spot, []).append(draft.key)
    return tuple(
        Truth(hot.key, hot.municipality, hot.about, tuple(planted[hot.key])) for hot in HOT_SPOTS
    )
