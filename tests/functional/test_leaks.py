"""P1, P9 and S2 seen from outside: whose data stands on a page, in an address, in a log line.

Every text and contact field of the town holds a word found nowhere else (tests/town.py).
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from stopintimidatie.security import GRANTS, Permission, Role
from tests.functional.test_permission_matrix import Probe, allowed, probes
from tests.town import DESK, OWN, PEOPLE, VISITOR, Person, Town

MAX_PAGES = 400
# There test_walls_crawl asks every address of the matrix with the upper walls taken away.
MAX_PAGES_BEHIND_DATABASE_WALLS = 150
# The same page sorted, filtered or leafed through in many ways shows the same words; so does the
# empty form of each municipality.
MAX_ALIKE = 3
LINK = re.compile(r'(?:href|src|action|hx-get|hx-post)="([^"]+)"')


def foreign_words(town: Town, person: Person) -> dict[str, str]:
    """The words of every place that isn't this person's."""
    return {
        word: f"{about} van {place.name}"
        for place in town.places.values()
        if place.name != person.place
        for word, about in {**place.texts, **place.contacts}.items()
    }


def forbidden_words(town: Town, person: Person) -> dict[str, str]:
    """What this person may see nowhere: all of others, and contact data without the right to it."""
    found = foreign_words(town, person)
    for place in town.places.values():
        for secret in place.secrets:
            found |= {word: about for word, about in place.texts.items() if word in secret}
    if person.role is not None and person.role not in GRANTS[Permission.VIEW_CONTACT]:
        assert person.place
        found |= town.places[person.place].contacts
    return found


def pages(town: Town, person: Person) -> Iterator[tuple[str, Any]]:
    """Every page this person reaches: by the matrix, by searching, and by following links."""
    waiting = list(dict.fromkeys(start_addresses(town, person)))
    seen = set(waiting)
    alike: Counter[str] = Counter()
    sqlite = town.installation.settings.sqlite
    most = MAX_PAGES if sqlite else MAX_PAGES_BEHIND_DATABASE_WALLS
    while waiting:
        path = waiting.pop(0)
        answer = town.ask(person, path)
        yield path, answer
        if answer.content_type != "text/html" or len(seen) > most:
            continue
        for link in map(local_path, LINK.findall(answer.text)):
            if link and link not in seen:
                seen.add(link)
                alike[kind := kind_of(link)] += 1
                if kind == link or alike[kind] <= MAX_ALIKE:
                    waiting.append(link)


def start_addresses(town: Town, person: Person) -> Iterator[str]:
    """What the person may see, and of what is refused one address a view and place."""
    refused = set()
    for probe in probes(town):
        if probe.view.method == "GET" and probe.person == person:
            kind = (probe.view.key, probe.place, probe.expected)
            if probe.expected == "ja" or kind not in refused:
                refused.add(kind)
                yield probe.path
    for place in town.places.values():
        for word in [*list(place.texts)[:6], *list(place.contacts)[:6]]:
            yield f"/zoeken?q={word.replace('+', '%2B')}"


def local_path(link: str) -> str | None:
    parts = urlsplit(link.replace("&amp;", "&"))
    if parts.scheme or parts.netloc or not parts.path.startswith("/"):
        return None
    if parts.path.startswith(("/static/", "/afmelden")):
        return None
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def kind_of(link: str) -> str:
    """The page of which this one is a variation, or the link itself."""
    return "/melden/" if link.startswith("/melden/") else link.partition("?")[0]


def found_in(text: str, words: dict[str, str]) -> list[str]:
    """Which of these words stand in a text; how they begin is looked for first."""
    text = text.lower()
    begun = {stem for stem in map(_stem, words) if stem in text}
    return sorted(
        f"{word} ({about})"
        for word, about in words.items()
        if _stem(word) in begun and word.lower() in text
    )


@cache
def _stem(word: str) -> str:
    """The beginning that the words of one place share."""
    return word.lower().rstrip("0123456789x") if word.isalnum() else word[:5].lower()


def shown(path: str, answer: Any) -> str:
    """The answer, without what the person typed themselves (the search box repeats it)."""
    text = f"{answer.headers}\n{answer.body.decode('utf-8', 'replace')}"
    query = unquote(urlsplit(path).query).partition("q=")[2].partition("&")[0]
    return text.replace(query, "").replace(query.replace("+", "%2B"), "") if query else text


# What a role may see doesn't hang on the database. Behind its walls, in test_walls_crawl, everybody
# may see everything; here one of the municipality and one of the desk look there as well.
LOOKING = [("sqlite", person) for person in PEOPLE if person is not VISITOR] + [
    ("postgresql", Person(OWN, Role.OFFICER)),
    ("postgresql", Person(DESK, Role.NATIONAL_DESK)),
]


@pytest.mark.parametrize(("town", "person"), LOOKING, indirect=["town"], ids=str)
def test_no_page_shows_what_is_not_this_persons(town: Town, person: Person) -> None:
    words = forbidden_words(town, person)
    leaks: dict[str, list[str]] = {}
    unseen = own_words(town, person)
    owned = len(unseen)
    for path, answer in pages(town, person):
        text = shown(path, answer)
        if found := found_in(text, words):
            leaks[path] = found
        unseen = {word for word in unseen if word not in text}
    assert leaks == {}
    # The crawl would prove nothing if the words stood nowhere.
    assert len(unseen) < owned / 2 or not owned


def own_words(town: Town, person: Person) -> set[str]:
    """What an officer who may see all of it must meet on the way."""
    if person.place != OWN or person.role not in GRANTS[Permission.VIEW_CONTACT]:
        return set()
    return set(town.places[OWN].texts) | set(town.places[OWN].contacts)


def test_a_visitor_sees_nobody(town: Town) -> None:
    words = foreign_words(town, VISITOR)
    assert words
    leaks = [p for p, answer in pages(town, VISITOR) if found_in(shown(p, answer), words)]
    assert leaks == []


# A log line at this level repeats the answers of the database: the one of production will do.
@pytest.mark.parametrize("town", ["postgresql"], indirect=True)
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
