"""Tests of common passwords tried on many names: nothing opens, and colleagues get in meanwhile."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import count, product
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import insert, select

from stopintimidatie.core import limits
from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.limits import (
    ASKED_LINKS,
    FAILED_SIGN_INS,
    FAILED_SIGN_INS_OF_ALL,
    SenderHit,
    network_of,
)
from tests.support.factories import make_user
from tests.support.installation import PASSWORD, Installation
from tests.support.mailboxes import last_mail
from tests.support.signing_in import WRONG, filled

pytestmark = pytest.mark.judged_once

COMMON = [f"welkom{number}" for number in range(2017, 2027)]
SEVENTH = COMMON[6]
_cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
ELSEWHERE = "145.60.{}.9"


def addresses() -> Iterator[str]:
    """Yield the addresses of one network, again and again."""
    return (f"145.53.10.{number % 254 + 1}" for number in count())


def plant(installation: Installation, number: int, weak: int) -> list[str]:
    """Store accounts, of which some have the list's seventh password; their names."""
    names = [f"collega{place:04}@test.example" for place in range(number)]
    common, own = _cheap.hash(SEVENTH), _cheap.hash("een eigen zin die niemand raadt")
    step = number // weak
    rows = [
        {
            "username": name,
            "name": "Collega",
            "password_hash": own if place % step else common,
            "demo": True,
        }
        for place, name in enumerate(names)
    ]
    with installation.transaction() as session:
        session.execute(insert(User), rows)
    return names


def opened(installation: Installation, tries: Iterable[tuple[str, str]]) -> tuple[int, int]:
    """Try names and passwords from one network; how many opened, and were refused unseen."""
    visitor, senders = installation.visitor(), addresses()
    form = visitor.get("/aanmelden").forms["formulier"]
    statuses, unseen = [], 0
    for name, password in tries:
        visitor.extra_environ["REMOTE_ADDR"] = next(senders)
        form["gebruikersnaam"], form["wachtwoord"] = name, password
        answer = form.submit("aanmelden", status="*")
        statuses.append(answer.status_int)
        unseen += "Uw wachtwoord is niet bekeken" in answer
    assert set(statuses) <= {303, 422}
    return statuses.count(303), unseen


def new_browser(installation: Installation, address: str) -> Any:
    visitor = installation.visitor()
    visitor.extra_environ["REMOTE_ADDR"] = address
    return visitor


def unlock(installation: Installation, browser: Any, username: str) -> None:
    """Make a browser known by the mail that its owner asks for on the page that refused."""
    page = filled(browser, username, PASSWORD).submit("aanmelden", status=422)
    assert "Uw wachtwoord is niet bekeken" in page
    button = next(form for form in page.forms.values() if form.action == "/aanmelden-link")
    button.submit(status=303)
    link = re.search(r"/aanmelden-openen\?sleutel=\S+", last_mail(installation))
    assert link
    browser.get(link[0]).forms["formulier"].submit("openen", status=200)


def attack(installation: Installation, accounts: int, weak: int, colleagues: int) -> None:
    """Try the list on all accounts, word by word and name by name, with colleagues in between."""
    names = plant(installation, accounts, weak)
    word_by_word = [(name, word) for word, name in product(COMMON, names)]
    half = len(word_by_word) // 2
    first, refused = opened(installation, word_by_word[:half])
    assert first == 0
    assert refused == half - FAILED_SIGN_INS.most, "so many passwords were looked at"
    people = [make_user(installation) for _ in range(colleagues)]
    for number, username in enumerate(people):
        elsewhere = new_browser(installation, ELSEWHERE.format(number))
        filled(elsewhere, username, PASSWORD).submit("aanmelden", status=303)
    for username in people[: colleagues // 2]:
        here = new_browser(installation, "145.53.10.77")
        unlock(installation, here, username)
        filled(here, username, PASSWORD).submit("aanmelden", status=303)
    assert opened(installation, word_by_word[half:])[0] == 0
    with clock_at(utc_now() + FAILED_SIGN_INS.window + timedelta(minutes=1)):
        # Each name in turn: after five words the name is locked.
        assert opened(installation, product(names[: accounts // 2], COMMON))[0] == 0


@pytest.mark.alles
def test_a_list_of_common_passwords_over_many_accounts_opens_nothing(
    installation: Installation,
) -> None:
    attack(installation, accounts=20, weak=3, colleagues=4)


@pytest.mark.alles
@pytest.mark.timeout(1200)
def test_a_list_of_common_passwords_over_a_thousand_accounts_opens_nothing(
    installation: Installation,
) -> None:
    attack(installation, accounts=1_000, weak=10, colleagues=50)


def test_a_known_browser_of_the_same_network_goes_on(installation: Installation) -> None:
    username = make_user(installation)
    known = new_browser(installation, "145.53.10.7")
    filled(known, username, PASSWORD).submit("aanmelden", status=303)
    close(installation, "145.53.10.99")
    filled(known, username, PASSWORD).submit("aanmelden", status=303)
    new = new_browser(installation, "145.53.10.7")
    filled(new, username, PASSWORD).submit("aanmelden", status=422)


def close(installation: Installation, address: str, hits: int = FAILED_SIGN_INS.most) -> None:
    """Reach the limit of a network, as somebody else did."""
    subject = installation.registry.senders.subject(FAILED_SIGN_INS, network_of(address))
    with installation.transaction() as session:
        session.add_all(SenderHit(subject=subject) for _ in range(hits))


def test_mistakes_in_known_browsers_and_right_passwords_close_no_network(
    installation: Installation,
) -> None:
    username = make_user(installation)
    close(installation, "145.53.10.1", FAILED_SIGN_INS.most - 1)
    known = new_browser(installation, "145.53.10.7")
    for _ in range(3):
        filled(known, username, PASSWORD).submit("aanmelden", status=303)
    for _ in range(3):
        filled(known, username).submit("aanmelden", status=422)
    other = make_user(installation)
    new = new_browser(installation, "145.53.10.8")
    filled(new, other, PASSWORD).submit("aanmelden", status=303)
    filled(new_browser(installation, "145.53.10.9"), "x@test.example").submit(
        "aanmelden", status=422
    )
    page = filled(new_browser(installation, "145.53.10.9"), other, PASSWORD).submit(status=422)
    assert "Wacht een kwartier" in page


def test_after_a_quarter_of_an_hour_the_network_is_open_again(installation: Installation) -> None:
    username = make_user(installation)
    close(installation, "145.53.10.1")
    with clock_at(utc_now() + FAILED_SIGN_INS.window + timedelta(seconds=1)):
        new = new_browser(installation, "145.53.10.7")
        filled(new, username, PASSWORD).submit("aanmelden", status=303)


def test_without_a_known_sender_all_new_browsers_share_a_higher_limit(
    installation: Installation,
) -> None:
    username = make_user(installation)
    known = installation.browser(username)
    subject = installation.registry.senders.subject(FAILED_SIGN_INS_OF_ALL, "")
    with installation.transaction() as session:
        session.add_all(SenderHit(subject=subject) for _ in range(FAILED_SIGN_INS_OF_ALL.most))
    for address in ("127.0.0.1", "10.1.2.3"):
        filled(new_browser(installation, address), username, PASSWORD).submit(
            "aanmelden", status=422
        )
    filled(known, username, PASSWORD).submit("aanmelden", status=303)
    elsewhere = new_browser(installation, "145.60.1.2")
    filled(elsewhere, username, PASSWORD).submit("aanmelden", status=303)


@pytest.mark.parametrize("page", ["aanmelden-link", "wachtwoord-vergeten"])
def test_who_asks_for_very_many_mails_has_to_wait_whatever_the_name(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    few = limits.Meter(ASKED_LINKS.name, 3, ASKED_LINKS.window)
    monkeypatch.setattr("stopintimidatie.core.accounts.guesses.ASKED_LINKS", few)
    names = [make_user(installation), "a@test.example", "b@test.example", "c@test.example"]
    statuses = []
    for name in names:
        form = new_browser(installation, "145.53.10.7").get(f"/{page}").forms["formulier"]
        form["gebruikersnaam"] = name
        statuses.append(form.submit("sturen", status="*").status_int)
    assert statuses == [303, 303, 303, 422]
    form = new_browser(installation, "145.60.1.2").get(f"/{page}").forms["formulier"]
    form["gebruikersnaam"] = names[0]
    form.submit("sturen", status=303)


def test_no_row_leads_back_to_the_network(installation: Installation) -> None:
    new = new_browser(installation, "145.53.10.7")
    filled(new, "x@test.example", WRONG).submit("aanmelden", status=422)
    with installation.transaction() as session:
        (hit,) = session.scalars(select(SenderHit.subject)).all()
    assert re.fullmatch(r"[0-9a-f]{32}", hit)


@pytest.mark.parametrize(
    ("sender", "network"),
    [
        ("145.53.10.20", "145.53.10.0/24"),
        ("2a02:a44:1:2::/64", "2a02:a44:1::/48"),
    ],
)
def test_addresses_of_one_network_count_together(sender: str, network: str) -> None:
    assert network_of(sender) == network
