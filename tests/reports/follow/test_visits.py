"""Tests that the cookies of /volgen and /ophalen end: half an hour idle, a few hours in all."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.storage.encryption import KeyRing, new_key_ring
from stopintimidatie.disclosures import pickup
from stopintimidatie.disclosures.pickup import Way
from stopintimidatie.reports.follow import resources as follow_resources


class Following:
    """The cookie of /volgen."""

    @staticmethod
    def begin(keys: KeyRing) -> str:
        return follow_resources.sealed(keys, follow_resources.Follower("M-4F7K-2QX9", "code"))

    @staticmethod
    def go_on(keys: KeyRing, cookie: str) -> str | None:
        found = follow_resources.opened(keys, cookie)
        return follow_resources.sealed(keys, found) if found else None


class PickingUp:
    """The cookie of /ophalen."""

    @staticmethod
    def begin(keys: KeyRing) -> str:
        visit = pickup.Visit("O-4F7K-2QX9", Way.SPOKEN, {"naam": "An"})
        return pickup.seal_visit(keys, visit)

    @staticmethod
    def go_on(keys: KeyRing, cookie: str) -> str | None:
        found = pickup.unseal_visit(keys, cookie)
        return pickup.seal_visit(keys, found) if found else None


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
