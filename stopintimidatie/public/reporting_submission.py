"""The report that a form of /melden tells. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final, TypeVar

from stopintimidatie.municipalities.asking import answer_given
from stopintimidatie.municipalities.questions import Question
from stopintimidatie.public import point_field
from stopintimidatie.public.point_field import ChosenPoint
from stopintimidatie.public.reporting_forms import STEPS, Where
from stopintimidatie.reports import vocabulary as words
from stopintimidatie.reports.fields import (
    Client,
    Contact,
    Location,
    Offenders,
    Submission,
    Transit,
)
from stopintimidatie.reports.vocabulary import Term
from stopintimidatie.web.filters import AMSTERDAM
from stopintimidatie.web.forms.validators import CLOCK_SKEW

Values = Mapping[str, Any]
NIGHT, NOON = time(0), time(12)
STARTS: Final = {
    words.PartOfDay.NIGHT: NIGHT,
    words.PartOfDay.MORNING: time(6),
    words.PartOfDay.AFTERNOON: NOON,
    words.PartOfDay.EVENING: time(18),
}


class UnclearError(Exception):
    """What was said can't be a report; `field` is where on the form, `message` what to do."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


def moment_of(
    day: date, clock: time | None, part: words.PartOfDay | None, now: datetime
) -> tuple[datetime, words.TimePrecision]:
    """When it began, as well as it is known, and how well that is.

    :raises UnclearError: that would be in the future.
    """
    start = clock or STARTS.get(part or words.PartOfDay.AFTERNOON, NOON)
    begun = datetime.combine(day, start, AMSTERDAM).astimezone(UTC)
    if clock is not None:
        precision = words.TimePrecision.HOUR
    elif part is not None:
        precision = words.TimePrecision.PART_OF_DAY
    else:
        # Only the day: this morning at ten it can't have been noon yet.
        return min(begun, now), words.TimePrecision.DAY
    if begun > now + CLOCK_SKEW:
        where = "waar.tijd" if clock is not None else "waar.dagdeel"
        raise UnclearError("Dit ligt in de toekomst. Kies een eerder moment.", where)
    return begun, precision


def location_of(said: Values, where: Where) -> Location:
    """The point, and the place in words; with the wijk that was chosen when there are no others.

    :raises UnclearError: nothing was said about the place.
    """
    line, stop, towards = (said.get(name) for name in ("lijn", "halte", "richting"))
    transit = Transit(line=line, stop=stop, direction=towards) if line or stop or towards else None
    wijk = dict(where.neighbourhoods).get(said.get("wijk") or "")
    text = said["omschrijving"] or (f"In de wijk {wijk}" if wijk else None)
    point: ChosenPoint | None = said.get(point_field.NAME)
    if text is None and transit is None and point is None:
        first = "lijn" if where.in_transit else "wijk" if where.neighbourhoods else "omschrijving"
        raise UnclearError(
            "Vertel ons waar het was. Een straat, een wijk of een halte is genoeg.",
            f"waar.{first}",
        )
    if point is None:
        return Location(source=words.LocationSource.DESCRIBED, transit=transit, description=text)
    return Location(
        lat=point.lat,
        lon=point.lon,
        accuracy_m=point.accuracy_m,
        source=point.source,
        transit=transit,
        description=text,
    )


def submission_of(values: Values, where: Where, now: datetime) -> Submission:
    """The report that this form tells.

    :raises UnclearError: the moment or the place can't be.
    """
    what, place, you = (values[name] for name in STEPS)
    part = _term(words.PartOfDay, place["dagdeel"])
    begun, precision = moment_of(place["datum"], place["tijd"], part, now)
    contact = {name: you[key] for name, key in _CONTACT.items() if you[key]}
    return Submission(
        role=words.Role.of(what["hoedanigheid"]),
        language=words.Language.of(where.words.language),
        anonymous=not contact,
        incident_start=begun,
        time_precision=precision,
        part_of_day=part,
        recurrence=_term(words.Recurrence, place["herhaling"]),
        location=location_of(place, where),
        place_type=words.PlaceType.of(place["typePlek"]),
        forms=tuple(words.Form.of(code) for code in what["vormen"]),
        felt_safety=_term(words.FeltSafety, you["ernstGevoel"]),
        description=what["omschrijving"],
        offenders=Offenders(
            count=_term(words.OffenderCount, what["aantal"]),
            known=_term(words.OffenderKnown, what["bekend"]),
            appearance=what["signalement"],
        ),
        reporter_age_group=_term(words.AgeGroup, you["leeftijdsgroep"]),
        reporter_gender=_term(words.Gender, you["gender"]),
        contact=Contact(**contact) if contact else None,
        wants_contact=words.ContactWish.of(you["contactGewenst"]),
        contact_when=you["contactWanneer"],
        wants_support=you["hulpGewenst"] or None,
        police=_term(words.Police, you["politie"]),
        share_with_police=you["deelPolitie"] == "ja",
        share_with_partners=you["deelPartners"] == "ja",
        own_answers=_own_answers(where.questions, what),
        client=Client(platform="webformulier", campaign=campaign_of(values["campagne"])),
    )


def _own_answers(questions: Sequence[Question], said: Values) -> tuple[tuple[str, Any], ...]:
    given = ((question.id, answer_given(question, said.get(question.id))) for question in questions)
    return tuple((name, answer) for name, answer in given if answer is not None)


T = TypeVar("T", bound=Term)
_CONTACT: Final = {"name": "naam", "phone": "telefoon", "email": "email"}


def _term(vocabulary: type[T], code: str | None) -> T | None:
    return vocabulary.of(code) if code else None


def campaign_of(typed: str | None) -> str | None:
    """The code of a campaign in the address: small letters, digits and hyphens, or nothing."""
    code = (typed or "").strip().lower()
    plain = code.isascii() and code.replace("-", "").isalnum() and len(code) <= 40
    return code if plain else None
