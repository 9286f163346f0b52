"""Tests of sign-in attempts: counted before the password is checked, which holds no lock."""

from __future__ import annotations

import http.client
import re
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from copy import copy
from datetime import timedelta
from threading import Event
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters
from sqlalchemy import event, select, update

from stopintimidatie.core.accounts import passwords
from stopintimidatie.core.accounts.guesses import count_guess, forget_name, spend
from stopintimidatie.core.accounts.links import NO_PASSWORD, invite, link_of
from stopintimidatie.core.accounts.models import SignInAttempt, User
from stopintimidatie.core.accounts.passwords import hash_password
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from tests.support.api import Api
from tests.support.factories import DORDRECHT, make_user
from tests.support.installation import PASSWORD, Installation, Variant
from tests.support.mailboxes import last_mail
from tests.support.served import HOST, as_product, post
from tests.support.signing_in import WRONG, at_once, filled
from tests.support.waiting import until

pytestmark = [
    pytest.mark.short_on("postgresql"),
    pytest.mark.both_databases,
    pytest.mark.judged_once,
]
CHOSEN = "een lange zin die niemand kent"
AT_ONCE = 16
LOCAL = {"Host": "localhost:6543"}
FORM = "application/x-www-form-urlencoded"


class Judge:
    """Password hasher that notes its parameters and how many database connections were in use."""

    def __init__(self, installation: Installation) -> None:
        self.real = passwords._hasher
        self.pool: Any = installation.engine.pool
        self.costs: list[Parameters] = []
        self.connections: list[int] = []

    def hash(self, password: str) -> str:
        self.connections.append(self.pool.checkedout())
        return self.real.hash(password)

    def verify(self, stored: str, password: str) -> bool:
        self.connections.append(self.pool.checkedout())
        self.costs.append(extract_parameters(stored))
        return self.real.verify(stored, password)

    def check_needs_rehash(self, stored: str) -> bool:
        return self.real.check_needs_rehash(stored)


@pytest.fixture
def judge(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Judge:
    made = Judge(installation)
    monkeypatch.setattr(passwords, "_hasher", made)
    return made


def test_of_many_guesses_at_once_five_are_judged(installation: Installation, judge: Judge) -> None:
    existing = make_user(installation, (DORDRECHT, Role.OFFICER))
    for name in ("niemand@test.example", existing):
        judge.costs.clear()
        forms = [filled(installation.visitor(), name) for _ in range(AT_ONCE)]
        assert at_once(forms) == [422] * AT_ONCE
        assert len(judge.costs) == 5, name


def test_the_right_password_twice_at_once_signs_in_twice(installation: Installation) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    assert at_once([filled(installation.visitor(), username, PASSWORD) for _ in "12"]) == [303, 303]


def test_a_count_is_not_forgotten_between_its_insert_and_its_reading(
    installation: Installation,
) -> None:
    keys, name = installation.registry.key_ring, "naam@test.example"
    others: list[Future[None]] = []

    def forget() -> None:
        with installation.transaction() as session:
            forget_name(session, keys, name)

    def count() -> None:
        with installation.transaction() as session:
            count_guess(session, keys, name, "")

    count()
    with ThreadPoolExecutor(1) as pool:

        def interfere(_: Any, __: Any, statement: str, *___: Any) -> None:
            if statement.startswith("SELECT sign_in_attempt") and not others:
                others.append(pool.submit(forget))
                # It ends at once where nothing stops it.
                wait(others, timeout=0.5)

        event.listen(installation.engine, "before_cursor_execute", interfere)
        count()
        event.remove(installation.engine, "before_cursor_execute", interfere)
        others[0].result(timeout=30)


def test_no_connection_is_held_while_a_password_is_judged(
    installation: Installation, judge: Judge
) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    browser = installation.browser(username)
    filled(browser, username).submit("aanmelden", status=422)
    filled(browser, username, PASSWORD).submit("aanmelden", status=303)
    assert judge.connections == [0, 0, 0]


def invited(installation: Installation, username: str) -> Any:
    """Return the filled-in form of an invitation's page, in a new browser."""
    keys = installation.registry.key_ring
    with installation.transaction() as session:
        user = User(username=username, name="Naam", password_hash=NO_PASSWORD)
        session.add(user)
        session.flush()
        link = link_of(keys, invite(session, keys, user))
    form = installation.visitor().get(f"/uitnodiging?sleutel={link}").forms["formulier"]
    form["wachtwoord"] = form["nog_eens"] = CHOSEN
    return form


def test_an_invitation_holds_nothing_while_its_password_is_hashed_and_is_used_once(
    installation: Installation, judge: Judge
) -> None:
    alone = invited(installation, "alleen@test.example")
    alone.submit("instellen", status=200)
    assert judge.connections == [0]
    twice = invited(installation, "twee@test.example")
    assert sorted(at_once([twice, copy(twice)], "instellen")) == [200, 422]
    assert installation.browser("twee@test.example", CHOSEN)


def test_a_changed_password_holds_nothing_while_it_is_judged_and_hashed(
    installation: Installation, judge: Judge
) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    browser = installation.browser(username)
    judge.connections.clear()
    form = browser.get("/account-wachtwoord").forms["formulier"]
    form["oud"], form["wachtwoord"], form["nog_eens"] = PASSWORD, CHOSEN, CHOSEN
    form.submit("wijzigen", status=303)
    assert judge.connections == [0, 0]
    ask = installation.visitor().get("/wachtwoord-vergeten").forms["formulier"]
    ask["gebruikersnaam"] = username
    ask.submit("sturen", status=303)
    link = re.search(r"/wachtwoord-nieuw\?sleutel=\S+", last_mail(installation))
    assert link
    form = installation.visitor().get(link[0]).forms["formulier"]
    form["wachtwoord"] = form["nog_eens"] = f"{CHOSEN} nog"
    judge.connections.clear()
    form.submit("instellen", status=200)
    assert judge.connections == [0]


def test_of_two_who_change_a_password_at_once_the_second_changes_nothing(
    installation: Installation,
) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    browsers = [installation.browser(username) for _ in "12"]
    forms = []
    for number, browser in enumerate(browsers):
        form = browser.get("/account-wachtwoord").forms["formulier"]
        form["oud"], form["wachtwoord"] = PASSWORD, f"{CHOSEN} {number}"
        form["nog_eens"] = f"{CHOSEN} {number}"
        forms.append(form)
    first, second = at_once(forms, "wijzigen")
    assert sorted((first, second)) in ([303, 303], [303, 403], [303, 422])
    signed_in = [browser.get("/account", status="*").status_int for browser in browsers]
    assert sorted(signed_in) == [200, 303]
    chosen = signed_in.index(200)
    installation.browser(username, f"{CHOSEN} {chosen}")


def test_every_name_costs_one_judgement_of_the_same_price(
    installation: Installation, variant: Variant, judge: Judge
) -> None:
    names = ["bekend@test.example", "geblokkeerd@test.example", "genodigd@test.example"]
    hashed = hash_password(PASSWORD)
    with installation.transaction() as session:
        for name in (*names, "demo@test.example"):
            session.add(User(username=name, name="Naam", password_hash=hashed))
        session.flush()
        blocked, invited, demo = (
            update(User).where(User.username.startswith(start))
            for start in ("geblokkeerd", "genodigd", "demo")
        )
        session.execute(blocked.values(blocked_at=utc_now()))
        session.execute(invited.values(password_hash=""))
        session.execute(demo.values(demo=True))
    production = variant(demo=False)
    statuses = {}
    for name in (*names, "demo@test.example", "niemand@test.example"):
        form = filled(production.visitor(), name, PASSWORD)
        statuses[name.partition("@")[0]] = form.submit("aanmelden", status="*").status_int
    assert statuses.pop("bekend") == 303
    assert set(statuses.values()) == {422}
    assert judge.costs == [extract_parameters(hashed)] * 5


def test_guesses_during_a_wait_do_not_make_it_longer(installation: Installation) -> None:
    name = "niemand@test.example"
    visitor = installation.visitor()

    def since(ago: timedelta) -> None:
        with installation.transaction() as session:
            session.execute(update(SignInAttempt).values(last_at=utc_now() - ago))

    for _ in range(5):
        filled(visitor, name).submit("aanmelden", status=422)
    for _ in range(3):
        assert "te vaak" in filled(visitor, name).submit("aanmelden", status=422)
    since(timedelta(seconds=31))
    assert "over 1 minuut" in filled(visitor, name).submit("aanmelden", status=422)
    # The clock ran a year ahead when the attempt was stored, and is right again.
    since(timedelta(days=-365))
    assert "over 1 minuut" in filled(visitor, name).submit("aanmelden", status=422)
    since(timedelta(hours=13))
    assert "klopt niet" in filled(visitor, name).submit("aanmelden", status=422)


def test_who_gets_no_turn_is_told_to_come_back_and_loses_no_try(
    installation: Installation, judge: Judge
) -> None:
    browser = installation.visitor()
    forms = filled(browser, "naam@test.example"), invited(installation, "nieuw@test.example")
    away = {"stopintimidatie.web.turned_away": True}
    for form, button in zip(forms, ("aanmelden", "instellen"), strict=True):
        answer = form.submit(button, status=503, extra_environ=away)
        assert answer.headers["Retry-After"] == "10"
        assert "Wacht tien seconden" in answer
    assert (
        forms[0]
        .submit("aanmelden", status=503, extra_environ=away)
        .forms["formulier"]["gebruikersnaam"]
        .value
        == "naam@test.example"
    )
    with installation.transaction() as session:
        assert session.scalars(select(SignInAttempt)).all() == []
    assert judge.connections == []


@pytest.mark.alles
def test_reports_come_in_while_twelve_clients_guess_without_pause(
    installation: Installation,
) -> None:
    api = Api(installation)
    seen: dict[str, set[int]] = {"guess": set(), "report": set(), "page": set()}
    enough = Event()

    def guess(port: int) -> None:
        with closing(http.client.HTTPConnection(HOST, port, timeout=60)) as connection:
            connection.request("GET", "/aanmelden", headers=LOCAL)
            page = connection.getresponse()
            token = re.findall(r'name="csrf_token" value="([^"]+)"', page.read().decode())[0]
            cookie = page.getheader("Set-Cookie", "").partition(";")[0]
            headers = {**LOCAL, "Cookie": cookie, "Content-Type": FORM}
            while not enough.is_set():
                sent = {"csrf_token": token, "wachtwoord": WRONG, "aanmelden": "aanmelden"}
                body = urlencode({**sent, "gebruikersnaam": f"{uuid4().hex}@test.example"})
                connection.request("POST", "/aanmelden", body, headers)
                answer = connection.getresponse()
                answer.read()
                seen["guess"].add(answer.status)

    with as_product(installation.settings) as served, ThreadPoolExecutor(12) as pool:
        guessing = [pool.submit(guess, served.port) for _ in range(12)]
        until(lambda: seen["guess"], seconds=60)
        try:
            for _ in range(30):
                seen["report"].add(post(served.port, api, str(uuid4())))
                seen["page"].add(status_of(served.port, "/aanmelden"))
        finally:
            enough.set()
        for one in guessing:
            one.result(60)
    assert seen["report"] == {201}
    assert seen["page"] == {200}
    assert seen["guess"] <= {422, 503}


def status_of(port: int, path: str) -> int:
    with closing(http.client.HTTPConnection(HOST, port, timeout=20)) as connection:
        connection.request("GET", path, headers=LOCAL)
        return connection.getresponse().status


def test_a_value_that_works_once_works_once(installation: Installation) -> None:
    keys, soon = installation.registry.key_ring, utc_now() + timedelta(minutes=5)

    def use(value: str) -> bool:
        with installation.transaction() as session:
            return spend(session, keys, value, soon)

    assert (use("een"), use("een"), use("twee"), use("twee")) == (True, False, True, False)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert list(pool.map(use, ["tegelijk"] * AT_ONCE)).count(True) == 1


@pytest.mark.alles
def test_a_hash_of_an_earlier_cost_is_renewed_by_its_owner_and_gives_nobody_away(
    installation: Installation, judge: Judge
) -> None:
    earlier = PasswordHasher(time_cost=1, memory_cost=32, parallelism=4).hash(PASSWORD)
    username = make_user(installation, (DORDRECHT, Role.OFFICER))
    blocked = make_user(installation, (DORDRECHT, Role.OFFICER))
    with installation.transaction() as session:
        session.execute(update(User).values(password_hash=earlier))
        gone = update(User).where(User.username == blocked).values(blocked_at=utc_now())
        session.execute(gone)

    def lanes_of(username: str) -> int:
        with installation.transaction() as session:
            stored = select(User.password_hash).where(User.username == username)
            return extract_parameters(session.scalars(stored).one()).parallelism

    # Names without an account are judged by somebody's hash, so they cost what accounts cost.
    for name in [f"niemand{number}@test.example" for number in range(8)]:
        filled(installation.visitor(), name).submit("aanmelden", status=422)
    assert 4 in {cost.parallelism for cost in judge.costs}
    filled(installation.visitor(), username).submit("aanmelden", status=422)
    filled(installation.visitor(), blocked, PASSWORD).submit("aanmelden", status=422)
    assert (lanes_of(username), lanes_of(blocked)) == (4, 4)
    browser = installation.browser(username)
    assert (lanes_of(username), lanes_of(blocked)) == (1, 4)
    browser.get("/account", status=200)
    installation.browser(username)
