"""P9 seen from outside: no log line and no address holds a word of anybody."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from urllib.parse import unquote

import pytest

from tests.support.probing import Probe, allowed
from tests.support.town import VISITOR, Town
from tests.support.visiting import LINK, foreign_words, found_in

pytestmark = pytest.mark.judged_once


# A log line at this level repeats the answers of the database: the one of production will do.
@pytest.mark.alles
@pytest.mark.postgresql
def test_no_log_line_and_no_address_holds_a_word_of_anybody(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    words = foreign_words(town, VISITOR)
    addresses: set[str] = set()
    for probe in allowed_to_one(town):
        posted = probe.view.method == "POST"
        fields = {"csrf_token": town.token(probe.person)} if posted else None
        answer = town.ask(probe.person, probe.path, probe.view.method, fields)
        addresses.add(answer.headers.get("Location", ""))
        if answer.content_type == "text/html":
            addresses.update(LINK.findall(answer.text))
    assert not found_in("\n".join(record.getMessage() for record in caplog.records), words)
    assert not found_in("\n".join(map(unquote, addresses - mail_and_phone(addresses))), words)


def allowed_to_one(town: Town) -> Iterator[Probe]:
    """Every address once, by somebody who may go there."""
    yield from allowed(town, "GET")
    yield from allowed(town, "POST")


def mail_and_phone(addresses: set[str]) -> set[str]:
    """Links that start a mail or a call: the contact data itself, for who may see it."""
    return {link for link in addresses if link.startswith(("mailto:", "tel:"))}
