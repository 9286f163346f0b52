"""Everything that one person asks of the town: the matrix, the search box, and what leads on.

Every text and contact field of the town holds a word that is nowhere else. So what is answered
tells two things at once: what became of the question, and whose data stood in the answer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

from stopintimidatie.core.security import GRANTS, Permission, Role
from stopintimidatie.core.web.responses import HEADERS, LOCATING, PICTURE_CSP
from tests.support.probing import ask, outcome, probes, probes_of
from tests.support.town import DESK, OWN, Person, Town

MAX_PAGES = 400
# In the short suite; test_walls_crawl asks every view with the upper walls taken away.
FEWER_PAGES = 100
# Of each place who sees most of it: the others follow links in `scripts/test alles`.
FOLLOWERS = (Person(OWN, Role.OFFICER), Person(DESK, Role.NATIONAL_DESK))
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
    if person.role is Role.NATIONAL_DESK:
        # It confirms roles of a municipality where nobody else can.
        found = {word: about for word, about in found.items() if not about.startswith("genodigde")}
    for place in town.places.values():
        for secret in place.secrets:
            found |= {word: about for word, about in place.texts.items() if word in secret}
    for place in town.places.values():
        if person != Person(place.name, Role.POLICE_DATA):
            found |= {word: f"{about} (politie)" for word, about in place.police.items()}
    if person.role is not None and person.role not in GRANTS[Permission.VIEW_CONTACT]:
        assert person.place
        found |= town.places[person.place].contacts
    return found


@dataclass
class Visit:
    """What came of it.

    `wrong`: questions with another outcome than the matrix says, answers without their headers, and
    pages where a value is missing; `leaks`: words on a page that this person may see nowhere;
    `unseen`: one's own words that stood on no page.
    """

    forbidden: dict[str, str]
    own: set[str]
    most: int = MAX_PAGES
    wrong: list[str] = field(default_factory=list)
    leaks: dict[str, list[str]] = field(default_factory=dict)
    unseen: set[str] = field(default_factory=set)
    pages: int = 0
    answered: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    waiting: list[str] = field(default_factory=list)
    alike: Counter[str] = field(default_factory=Counter)

    def look(self, path: str, answer: Any) -> None:
        """Whose words stand here, and where it leads."""
        self.pages += 1
        self.answered.add(path)
        text = shown(path, answer)
        if found := found_in(text, self.forbidden):
            self.leaks[path] = found
        self.unseen = {word for word in self.unseen if word not in text}
        if answer.content_type != "text/html":
            return
        if '<html lang="nl"' in answer.text and re.search(r"\bNone\b", answer.text):
            self.wrong.append(f"{path} says None")
        if len(self.waiting) >= self.most:
            return
        for link in map(local_path, LINK.findall(answer.text)):
            if link and link not in self.links:
                self.links.add(link)
                self.alike[kind := kind_of(link)] += 1
                if kind == link or self.alike[kind] <= MAX_ALIKE:
                    self.waiting.append(link)


def begin(town: Town, person: Person, most: int = MAX_PAGES) -> Visit:
    own = own_words(town, person)
    return Visit(forbidden_words(town, person), own, most, unseen=set(own))


def try_addresses(town: Town, person: Person, made: Visit, *, in_turns: bool) -> None:
    """Ask what the matrix says of this person."""
    for probe in probes_of(town, person, in_turns=in_turns):
        answer = ask(town, probe)
        if (found := outcome(answer)) != probe.expected:
            made.wrong.append(f"{probe} -> {found}, must be {probe.expected}")
        if bad := wrong_headers(probe.path, answer):
            made.wrong.append(f"{probe}: {bad}")
        if probe.view.method == "GET" and probe.path not in made.answered:
            made.look(probe.path, answer)


def follow_links(town: Town, person: Person, made: Visit) -> None:
    """Search for words of others, and go wherever links lead."""
    for path in dict.fromkeys(start_addresses(town, person)):
        if path not in made.answered:
            made.look(path, town.ask(person, path))
    for _ in range(made.most):
        new = [path for path in made.waiting if path not in made.answered]
        made.waiting = new[1:]
        if new:
            made.look(new[0], town.ask(person, new[0]))


def start_addresses(town: Town, person: Person) -> Iterator[str]:
    """Yield what the person may see, and searches for words of every place."""
    for probe in probes(town):
        if probe.view.method == "GET" and probe.person == person and probe.expected == "ja":
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


# Other sites may fetch these: the description of the API and, where there is one, a logo.
FOR_ANY_SITE = frozenset({"/api/v1/openapi.json", "/api/v1/gemeenten/GM0505/logo"})


def wrong_headers(path: str, answer: Any) -> list[str]:
    """Return what the headers of an answer lack."""
    expected: dict[str, str] = dict(HEADERS)
    if path in FOR_ANY_SITE and answer.status_int == 200:
        expected["Cross-Origin-Resource-Policy"] = "cross-origin"
    if re.fullmatch(r"/melden/(?!onderweg$)[a-z-]+", path) and answer.status_int in (200, 422):
        expected["Permissions-Policy"] = LOCATING
    if path.partition("?")[0].endswith("/kaart.svg") and answer.status_int == 200:
        expected["Content-Security-Policy"] = PICTURE_CSP
    headers = answer.headers
    wrong = [name for name, value in expected.items() if headers.get(name) != value]
    if "Server" in headers:
        wrong.append("Server")
    text = answer.body and answer.content_type.startswith("text/")
    if text and (answer.charset or "").upper() != "UTF-8":
        wrong.append("Content-Type")
    public = ("/static/app", "/huisstijl/", "/api/v1/docs")
    kept = path.startswith(public) and answer.status_int == 200
    if ("no-store" in headers.get("Cache-Control", "")) is kept:
        wrong.append("Cache-Control")
    return wrong


def own_words(town: Town, person: Person) -> set[str]:
    """What an officer who may see all of it must meet on the way."""
    if person.place != OWN or person.role not in GRANTS[Permission.VIEW_CONTACT]:
        return set()
    place = town.places[OWN]
    return (set(place.texts) - set(place.police)) | set(place.contacts)
