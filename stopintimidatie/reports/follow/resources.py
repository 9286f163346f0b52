"""/volgen and the pages below it; which report they are about only the reporter's cookie says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pyramid.authorization import DENY_ALL

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security.policy import VisitCookie
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.tree import Container, Resource
from stopintimidatie.core.web.request import Request


class FollowPages(Container):
    """Node of `/volgen`."""

    label = "Uw melding volgen"

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]

    def __getitem__(self, name: str) -> Resource:
        raise KeyError(name)


# Cookie session at /volgen: half an hour idle, a few hours in all, nothing stored on our side.
#
# The cookie holds the reference, the follow code, when it was typed and when the session ends,
# sealed with our key. Each page checks the code again and moves the end, up to a few hours after
# the code was typed. Closing the browser, ‘Afsluiten’ and the quick exit button end the session.

COOKIE: Final = VisitCookie("volgen", "volgsessie")


@dataclass(frozen=True)
class Follower:
    """The person who follows: the reference, and the code as it was typed."""

    reference: str
    code: str = field(repr=False)
    since: datetime = field(default_factory=utc_now)


def sealed(keys: KeyRing, who: Follower) -> str:
    """Return the cookie's value."""
    return COOKIE.seal(keys, who.since, who.reference, who.code, who.since.isoformat())


def opened(keys: KeyRing, value: str) -> Follower | None:
    """Return who it was made for; None when it isn't ours, or has ended."""
    parts = COOKIE.unseal(keys, value)
    if parts is None:
        return None
    reference, code, since = parts
    return Follower(reference, code, datetime.fromisoformat(since))


def follower_of(request: Request) -> Follower | None:
    """Return who follows a report, by the cookie; None when nobody does, or no longer."""
    return opened(request.registry.key_ring, COOKIE.value_in(request))


def set_follower(request: Request, response: Any, who: Follower | None) -> None:
    """Set the cookie for half an hour more, at most to the end of the visit; None deletes it."""
    value = sealed(request.registry.key_ring, who) if who else None
    COOKIE.set_in(request, response, value)
