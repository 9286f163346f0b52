"""Replies: standard ones for everybody, a municipality's own, and both filled in for one report."""

from __future__ import annotations

from datetime import date

import pytest
from webtest import TestApp

from stopintimidatie.core.security import Role
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.municipalities.settings.rules import Published, fill_reply, unknown_blanks
from stopintimidatie.municipalities.settings.standard import REPLIES, REPLY_KINDS, reply_blanks
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.filling import HERE, fill
from tests.support.installation import Installation

EVERYWHERE = Published(None)


@pytest.fixture
def admin(installation: Installation) -> TestApp:
    connect(installation)
    return installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))


def titles(installation: Installation, kind: str) -> list[str]:
    with installation.transaction() as session:
        return [reply.title for reply in published_for(session, DORDRECHT).replies(kind)]


def test_each_kind_has_three_standard_replies_that_can_be_filled_in() -> None:
    assert len({row["id"] for row in REPLIES}) == len(REPLIES)
    for kind in REPLY_KINDS:
        replies = EVERYWHERE.replies(kind)
        assert len(replies) == 3
        for reply in replies:
            texts = reply.texts.values()
            assert not [name for text in texts for name in unknown_blanks(text, reply_blanks(kind))]


def test_a_reply_speaks_the_language_of_the_reporter_where_it_can() -> None:
    reply = EVERYWHERE.replies("vraag")[0]
    values = {"kenmerk": "M-4F7K-2QXJ", "uiterlijk": date(2026, 12, 8)}
    assert "uiterlijk dinsdag 8 december 2026" in fill_reply(reply, "nl", values)
    assert "by Tuesday 8 December 2026" in fill_reply(reply, "tr", values)


def test_an_own_reply_is_seen_first_and_stands_before_the_standard_ones(
    admin: TestApp, installation: Installation
) -> None:
    page = "sjabloon?nummer=nieuw&soort=vraag"
    seen = fill(admin, page, "voorbeeld", titel="Welke tram?", tekst="Welke tram? {uiterlijk}")
    assert "Welke tram? " in seen
    assert "{uiterlijk}" not in seen.html.select_one(".si-phone").text
    assert len(titles(installation, "vraag")) == 3
    assert seen.forms["formulier"].submit("opslaan").status_int == 303
    assert titles(installation, "vraag")[0] == "Welke tram?"
    assert "Welke tram?" in admin.get(f"{HERE}/sjablonen")
    # A blank that this kind can't fill in is named.
    wrong = fill(admin, "sjabloon?soort=bericht", titel="T", tekst="Vóór {uiterlijk}")
    assert (wrong.status_int, "{uiterlijk} kunnen wij niet invullen" in wrong) == (422, True)


def test_an_own_version_of_a_standard_reply_takes_its_place_until_it_is_removed(
    admin: TestApp, installation: Installation
) -> None:
    before = titles(installation, "bericht")
    assert fill(admin, "sjabloon?nummer=gelezen", titel="Gelezen!").status_int == 303
    assert titles(installation, "bericht") == ["Gelezen!", *before[1:]]
    assert fill(admin, "sjabloon?nummer=gelezen", "weghalen").status_int == 303
    assert titles(installation, "bericht") == before
    admin.get(f"{HERE}/sjabloon?nummer=bestaat-niet", status=404)
