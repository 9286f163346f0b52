"""Every form of the portal, found by walking it, takes whatever is posted without 5xx or a row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urljoin, urlsplit

import pytest
from webtest import TestApp
from webtest.forms import Checkbox, Hidden, MultipleSelect, Radio, Select

from stopintimidatie.core.security import Role
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation
from tests.support.malformed import FORM, Malformed, misbehaviour, rows

NATIONAL = "landelijk"
MOST_PAGES = 60
EVERY_ROLE = (
    *((DORDRECHT, role) for role in Role if role is not Role.NATIONAL_DESK),
    (NATIONAL, Role.NATIONAL_DESK),
)
CLOSED = (Select, MultipleSelect, Radio, Checkbox, Hidden)
LEAVES = ("/afmelden",)
# Where to go afterwards: an odd address falls back to a good one.
FORGIVEN = frozenset({"terug", "hier", "volgende"})
# Not in any text that a person can mean. NUL is left out of what is sent, so it breaks nothing.
BROKEN = ("%ff", "%ED%A0%80")


@dataclass(frozen=True)
class FoundForm:
    """A form as a page offers it: where it posts to, and what stands in it."""

    action: str
    values: tuple[tuple[str, str], ...]
    closed: frozenset[str]

    @property
    def shape(self) -> tuple[Any, ...]:
        """Forms that differ only in the document they are about are one."""
        where = re.sub(r"M-[0-9A-Z]{4}-[0-9A-Z]{4}|\d{4}-\d{4}", "…", self.action)
        return where, frozenset(name for name, _ in self.values)


def walk(browser: TestApp, start: list[str]) -> Iterator[Any]:
    """Pages that can be reached by links, each address once."""
    waiting, seen = list(start), set(start)
    while waiting and len(seen) < 10 * MOST_PAGES:
        page = browser.get(waiting.pop(0), status="*")
        if page.status_int != 200 or page.content_type != "text/html":
            continue
        yield page
        for link in page.html.find_all("a", href=True):
            parts = urlsplit(urljoin(page.request.path, link["href"]))
            inside = not (parts.scheme or parts.netloc or parts.query)
            if inside and parts.path not in seen:
                seen.add(parts.path)
                waiting.append(parts.path)


def found_forms(installation: Installation, browser: TestApp) -> list[FoundForm]:
    found: dict[Any, FoundForm] = {}
    for number, page in enumerate(walk(browser, ["/", "/gemeenten/dordrecht", "/landelijk"])):
        if number == MOST_PAGES:
            break
        for form in page.forms.values():
            made = _read(page, form)
            if form.method.upper() == "POST" and made.action not in LEAVES:
                found.setdefault(made.shape, made)
    return list(found.values())


def _read(page: Any, form: Any) -> FoundForm:
    named = [(name, fields[0]) for name, fields in form.fields.items() if name]
    return FoundForm(
        action=urljoin(page.request.path, form.action or page.request.path),
        values=tuple((name, str(field.value or "")) for name, field in named),
        closed=frozenset(
            name
            for name, field in named
            # A box with *ja* is ticked or isn't: any other value leaves it as it was.
            if isinstance(field, CLOSED) and getattr(field, "_value", None) != "ja"
        ),
    )


def broken_posts(form: FoundForm) -> Iterator[Malformed]:
    """The form's own values with something wrong in each."""
    good = {name: quote_plus(value) for name, value in form.values}
    for name in good:
        unknown = ["bestaat-niet"] if name in form.closed - FORGIVEN else []
        for value in (*BROKEN, *unknown):
            if not name.startswith("__"):
                yield _post(form, {**good, name: value}, f"{name} = {value}")
    token = {name: value for name, value in good.items() if name == "csrf_token"}
    yield _post(form, {**good, "csrf_token": ""}, "no token")
    yield _post(form, {**good, "csrf_token": "x" * 40}, "wrong token")
    yield _post(form, {**token, "__start__": "x:mapping"}, "peppercorn that doesn't end")
    yield _post(form, {**token, "__end__": "x:mapping"}, "peppercorn that doesn't start")
    yield _post(form, {**token, **{f"veld{i}": "" for i in range(3000)}}, "thousands of fields")


def _post(form: FoundForm, values: dict[str, str], what: str) -> Malformed:
    body = "&".join(f"{quote_plus(name)}={value}" for name, value in values.items())
    environ = {"CONTENT_TYPE": FORM, "HTTP_ORIGIN": "http://localhost:6543"}
    return Malformed(f"form, {what}", form.action, "POST", environ, body.encode())


# A sign-in that was refused is in the log.
RECORDED = {"/aanmelden-passkey"}


@pytest.mark.alles
@pytest.mark.timeout(600)
def test_every_form_of_the_portal_refuses_what_is_malformed(installation: Installation) -> None:
    connect(installation)
    for holder in (DORDRECHT, NATIONAL):
        with installation.transaction(holder) as session:
            make_report(session, installation, holder=holder)
    browser = installation.browser(make_user(installation, *EVERY_ROLE))
    forms = found_forms(installation, browser)
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    before = rows(installation)
    faults = []
    for form in forms:
        faults += [misbehaviour(installation.app, post, cookie) for post in broken_posts(form)]
        # Counting after each post would take as long again as all the posts.
        after = rows(installation)
        if after != before and form.action not in RECORDED:
            more = {table: n - before[table] for table, n in after.items() if n != before[table]}
            faults.append(f"one of the posts to {form.action} left a row: {more}")
        before = after
    assert [fault for fault in faults if fault] == []
    assert len(forms) >= 1, "the walk found no form; has the portal changed?"
