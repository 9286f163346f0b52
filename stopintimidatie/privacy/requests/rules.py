"""Rules of requests: the clock, who may ask, and what a step needs. Pure.

The clock is that of art. 12(3) AVG: a month from receipt, by the calendar, also for a refusal. It
is never moved to a later working day, so that an answer is on time whichever rule one follows.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from stopintimidatie.core.clock import is_working_day
from stopintimidatie.core.storage.retention import Term, months, years
from stopintimidatie.privacy.requests import models

ANSWER: Final = months(1)
EXTENSION: Final = months(2)
WEEKS_TO_OBJECT: Final = 6
# After the term of objection: who asked, what was asked, letters and copy go.
FORGOTTEN_AFTER: Final = months(3)
GONE_AFTER: Final = years(5)
DAYS_BEFORE: Final = 7
# The answer to a parent goes on this day or later, whether or not anything exists: an answer that
# comes at once would tell that nobody had to be heard.
DAYS_TO_PARENT: Final = 21


def due_of(received_on: date) -> date:
    """Return the last day for the answer: 31 January gives 28 or 29 February."""
    return ANSWER.after(received_on)


def extended_due_of(received_on: date) -> date:
    """Return the last day after the one extension, of two months beyond the first."""
    return Term(ANSWER.number + EXTENSION.number, ANSWER.unit).after(received_on)


def objection_until(answered_on: date) -> date:
    """Return the last day for an objection to an answer of this day."""
    return answered_on + timedelta(weeks=WEEKS_TO_OBJECT)


def forget_from(ended_on: date, *later: date | None) -> date:
    """Return the day from which who asked, the question, the letters and the copy are deleted.

    `later`: the end of the term to object, and of an objection.
    """
    return FORGOTTEN_AFTER.after(max([ended_on, *filter(None, later)]))


def gone_from(ended_on: date) -> date:
    """Return the day from which the whole case is deleted."""
    return GONE_AFTER.after(ended_on)


def reminds_on(due_on: date, today: date) -> bool:
    """Tell whether a reminder goes out: a week before, on the day, each working day after.

    A request that came in less than a week before its day, or on a day without a run, isn't
    forgotten: the reminder of the day itself and those after it follow.
    """
    soon = today in (due_on - timedelta(days=DAYS_BEFORE), due_on)
    return soon or (today > due_on and is_working_day(today))


def extension_refused(
    received_on: date, extended_on: date | None, today: date, *, for_child: bool
) -> str | None:
    """Return why a request can't be extended; None: it can."""
    if extended_on is not None:
        return "De termijn is al een keer verlengd. Vaker kan niet."
    if today > due_of(received_on):
        return "De eerste maand is voorbij. Verlengen kon alleen in die maand."
    if for_child:
        return (
            "Een verzoek namens een kind wordt niet verlengd: de ouder zou daaruit kunnen opmaken"
            " of er gegevens zijn."
        )
    return None


def about_child(asked_by: str, *, child: bool) -> bool:
    """Tell whether somebody else asks about a child: then nothing may show in the answer.

    A parent of somebody of 16 or older is told nothing either.
    """
    return asked_by == models.AskedBy.PARENT or (child and asked_by != models.AskedBy.SELF)


# Ways to know who asks for a child. A number, an address or a follow code that we had already would
# come from the report of the child, and so tell that there is one.
OF_PARENT: Final = {
    models.Identity.SEEN.value: "identiteitsbewijs en bewijs van gezag gezien aan de balie",
    models.Identity.DIGID.value: "DigiD, en bewijs van gezag gezien",
}


def identities_of(asked_by: str, *, child: bool) -> dict[str, str]:
    """Return the ways in which it can be made sure who asks, code and words."""
    return OF_PARENT if about_child(asked_by, child=child) else dict(models.Identity.choices())


_FITS: Final = {
    models.Ground.OTHERS: (models.Right.ACCESS,),
    models.Ground.NEEDED: (models.Right.ERASURE,),
    models.Ground.OVERRIDING: (models.Right.ERASURE, models.Right.OBJECTION),
    models.Ground.CORRECT: (models.Right.RECTIFICATION, models.Right.RESTRICTION),
    models.Ground.NOT_MET: (models.Right.ERASURE, models.Right.RESTRICTION, models.Right.OBJECTION),
}


def grounds_for(right: str) -> list[tuple[str, str]]:
    """Return the grounds on which a request of this right can be refused, code and words."""
    fits = {ground.value: _FITS.get(ground, tuple(models.Right)) for ground in models.Ground}
    return [(code, words) for code, words in models.Ground.choices() if right in fits[code]]


def grant_refused(asked_by: str, outcome: str | None, *, child: bool) -> str | None:
    """Return why a request can't be granted, by who asks; None: it can.

    Args:
        asked_by: a code of `AskedBy`.
        outcome: what came of hearing the child, a code of `ChildOutcome`; None: not heard yet.
        child: the data subject is younger than 16.
    """
    if asked_by == models.AskedBy.SELF and child:
        return (
            "Voor wie jonger is dan 16 vraagt de wettelijk vertegenwoordiger (artikel 5 lid 4"
            " UAVG). De privacyfunctionaris weigert met die grond."
        )
    if asked_by == models.AskedBy.PARENT and not child:
        return "Wie 16 jaar of ouder is, vraagt zelf. Weiger dit verzoek van de ouder."
    if about_child(asked_by, child=child) and outcome != models.ChildOutcome.AGREES:
        if outcome is None:
            return (
                "Leg eerst vast wat het kind ervan vindt. Alleen met ‘geen bezwaar’ gaat u verder."
            )
        return "Het kind heeft bezwaar, of is niet bereikt. Weiger het verzoek."
    return None


def first_answer_on(received_on: date, *, for_child: bool) -> date:
    """Return the first day on which a request may be answered."""
    return received_on + timedelta(days=DAYS_TO_PARENT if for_child else 0)
