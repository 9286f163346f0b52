"""Rules about the people of a holder: silence, review, who must stay. Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.tenancy import NATIONAL

# Days beforehand that the admin reads that a role will end by silence.
WARNED_DAYS: Final = 14
# Months after which somebody must say again that the roles of a person are right (BIO2 8.02.01).
REVIEW_MONTHS: Final = 3


def stewards_at(holder: str) -> frozenset[Role]:
    """Return the roles of which somebody at this holder must have one: who gives others theirs."""
    return frozenset({Role.NATIONAL_DESK if holder == NATIONAL else Role.ADMIN})


# The roles without which work stands still, with what stands still. Others have their own rules.
STANDS_STILL: Final[Mapping[Role, str]] = {
    Role.PRIVACY_OFFICER: "kijkt niemand vernietigingslijsten na, en behandelt niemand"
    " verzoeken van betrokkenen en datalekken",
    Role.PROCESS_OWNER: "beoordeelt niemand wat mag worden vernietigd, en blijft alles staan",
    Role.ARCHIVIST: "keurt niemand bewaartermijnen en vernietiging goed, en kijkt niemand of het"
    " doorlopend besluit nog klopt",
}


def stands_still(role: Role, holder: str) -> str:
    """Say what stands still at a holder without the last person who has a role."""
    whose = "het landelijk meldpunt" if holder == NATIONAL else "deze gemeente"
    return f"Zonder {role.label} bij {whose} {STANDS_STILL[role]}."


def last_use(
    signed_in_at: datetime | None, given_at: datetime | None, created_at: datetime
) -> datetime:
    """Return the moment from which the silence of a role counts."""
    # A role that a block took is given anew when that ends, later than it was last used.
    return max((moment for moment in (signed_in_at, given_at) if moment), default=created_at)


def silent_days(since: datetime, now: datetime) -> int:
    """Return how many whole days a role wasn't used."""
    return max(0, (now - since) // timedelta(days=1))


def days_left(since: datetime, now: datetime, longest: int) -> int | None:
    """Return in how many days a role ends by silence; None while that is far away.

    Args:
        since: The moment that `last_use` gives.
        now: This moment.
        longest: The setting `accounts.silence_days`.
    """
    left = longest - silent_days(since, now)
    return max(0, left) if left <= WARNED_DAYS else None


def leaves_nobody(before: Sequence[date | None], after: Sequence[date | None]) -> bool:
    """Tell whether a change takes the last people away that can do something.

    Where somebody could do it without an end, somebody must be left without one.

    Args:
        before: The last day of each role that could do it; None: no end.
        after: The same after the change.
    """
    if None in before:
        return None not in after
    return bool(before) and not after


def months_earlier(day: date, months: int) -> date:
    """Return the same day some months ago, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def review_due(reviewed_on: date | None, given_on: date | None, today: date) -> bool:
    """Tell whether somebody must say again that a role is right; giving it was the first time."""
    last = max((day for day in (reviewed_on, given_on) if day is not None), default=None)
    return last is None or last <= months_earlier(today, REVIEW_MONTHS)


NOT_YOUR_OWN: Final = (
    "Uw eigen tweede stap zet u hier niet terug. Vraag een andere beheerder, of het landelijk"
    " meldpunt."
)
# Doesn't say why: where else somebody works is no business of a municipality.
FOR_THE_DESK: Final = (
    "De tweede stap van deze persoon zet het landelijk meldpunt terug. Vraag het daar."
)
LAST_ADMIN_RESET: Final = (
    "Dit is de laatste beheerder van uw gemeente. Vraag het landelijk meldpunt de tweede stap"
    " terug te zetten."
)


def why_no_reset(
    at: str, holders: Collection[str], *, oneself: bool, last_steward: bool
) -> str | None:
    """Return why the second factor of a person can't be reset by this user; None: it can.

    A reset lets whoever has the password set up a factor, so it reaches as far as the account.

    Args:
        at: The holder that the user acts for.
        holders: The holders where the person has a role, or is blocked.
        oneself: Whether the person is the user.
        last_steward: Whether the person is the last admin of the holder.
    """
    if oneself:
        return NOT_YOUR_OWN
    if at == NATIONAL:
        return None
    if set(holders) - {at}:
        return FOR_THE_DESK
    return LAST_ADMIN_RESET if last_steward else None
