"""Tests that the cookies of /volgen and /ophalen end: half an hour idle, a few hours in all."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from stopintimidatie.clock import clock_at, utc_now
from stopintimidatie.disclosures import pickup_session
from stopintimidatie.disclosures.pickup import Way
from stopintimidatie.public import follow_session
from stopintimidatie.storage.encryption import KeyRing, new_key_ring


class Following:
    """The cookie of /volgen."""

    @staticmethod
    def begin(keys: KeyRing) -> str:
        return follow_session.sealed(keys, follow_session.Follower("M-4F7K-2QX9", "code"))

    @staticmethod
    def go_on(keys: KeyRing, cookie: str) -> str | None:
        found = follow_session.opened(keys, cookie)
        return follow_session.sealed(keys, found) if found else None


class PickingUp:
    """The cookie of /ophalen."""

    @staticmethod
    def begin(keys: KeyRing) -> str:
        visit = pickup_session.Visit("O-4F7K-2QX9", Way.SPOKEN, {"naam": "An"})
        return pickup_session.sealed(keys, visit)

    @staticmethod
    def go_on(keys: KeyRing, cookie: str) -> str | None:
        found = pickup_session.opened(keys, cookie)
        return pickup_session.sealed(keys, found) if found else None


@pytest.mark.parametrize("visit", [Following, PickingUp])
def test_who_stays_busy_types_the_code_again_after_some_hours(
    visit: type[Following | PickingUp],
) -> None:
    keys, begin = new_key_ring(), utc_now()

    def until_it_ends(minutes: int) -> datetime:
        """Ask for a page every so many minutes; return the time of the last page that was shown."""
        with clock_at(begin):
            cookie: str | None = visit.begin(keys)
        moment = begin
        while cookie:
            with clock_at(moment + timedelta(minutes=minutes)):
                cookie = visit.go_on(keys, cookie)
            moment += timedelta(minutes=minutes) if cookie else timedelta(0)
        return moment

    assert until_it_ends(31) == begin
    assert until_it_ends(29) == begin + timedelta(hours=4) - timedelta(minutes=8)
