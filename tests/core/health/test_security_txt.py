"""/.well-known/security.txt (RFC 9116): where to tell of a leak, and until when that is so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from stopintimidatie.core.clock import clock_at
from stopintimidatie.core.health.views import refuse_stale_contact, security_check
from stopintimidatie.settings import Settings, SettingsError, parse_settings, setting_values
from tests.support.installation import Installation, make_settings

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADDRESS = "/.well-known/security.txt"
CONTACTS = ("mailto:lek@gemeente.example", "https://gemeente.example/lek")
EXPIRES = date(2027, 6, 1)


def test_who_finds_a_leak_reads_where_to_tell_it_without_a_session(
    variant: Callable[..., Installation],
) -> None:
    policy = "https://gemeente.example/spelregels"
    changes = {"security_expires": EXPIRES, "security_policy": policy}
    answer = variant(security_contact=CONTACTS, **changes).visitor().get(ADDRESS)
    assert (answer.content_type, answer.charset) == ("text/plain", "utf-8")
    assert "Set-Cookie" not in answer.headers
    assert answer.text.split("\r\n") == [
        *(f"Contact: {contact}" for contact in CONTACTS),
        "Expires: 2027-06-01T00:00:00Z",
        "Preferred-Languages: nl, en",
        f"Canonical: http://localhost:6543{ADDRESS}",
        f"Policy: {policy}",
        "",
    ]


def test_without_a_contact_there_is_no_file(installation: Installation) -> None:
    installation.visitor().get(ADDRESS, status=404)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    about = {"security_contact": CONTACTS, "security_expires": EXPIRES}
    return make_settings("sqlite://", tmp_path, demo=False, **about)


def test_a_wrong_setting_says_what_to_write(settings: Settings) -> None:
    empty = {"None", "()"}
    known = {k: v for k, v in setting_values(settings).items() if v not in empty}
    known |= {"security.contact": " ".join(CONTACTS)}
    assert parse_settings(known).security_contact == CONTACTS
    for key, value, says in (
        ("security.contact", "lek@gemeente.example", "mailto:"),
        ("security.contact", "http://gemeente.example/lek", "https://"),
        ("security.contact", "", "vul beide in"),
        ("security.expires", "1 juni", "2027-06-01"),
    ):
        with pytest.raises(SettingsError, match=says):
            parse_settings({**known, key: value})


def test_a_day_that_is_past_or_too_far_away_refuses_the_start(settings: Settings) -> None:
    refused = {
        datetime(2027, 6, 1, 0, 0, tzinfo=UTC): "is voorbij",
        datetime(2026, 5, 30, 0, 0, tzinfo=UTC): "meer dan een jaar vooruit",
    }
    for moment, says in refused.items():
        with clock_at(moment), pytest.raises(SettingsError, match=says):
            refuse_stale_contact(settings)
    for moment in (datetime(2027, 5, 31, 23, 59, tzinfo=UTC), NOW):
        with clock_at(moment):
            refuse_stale_contact(settings)


def test_health_tells_thirty_days_before_it_expires(settings: Settings) -> None:
    begins = datetime(2027, 6, 1, tzinfo=UTC)
    for days, state in ((31, "goed"), (30, "let op"), (-1, "let op")):
        with clock_at(begins - timedelta(days=days)):
            check = security_check(settings, None)
        assert (check.state, check.numbers["security_txt_days"]) == (state, days)
        assert ("2027-06-01" in check.message) is (state == "let op")
    absent = replace(settings, security_contact=(), security_expires=None)
    assert security_check(absent, None).state == "let op"
    assert security_check(replace(absent, demo=True), None).state == "niet van toepassing"
