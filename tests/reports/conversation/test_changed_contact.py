"""The reporter changes telephone number and mail address: both are shown, the former beside it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from webtest import TestApp

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.privacy.subjects.rules import Wanted
from stopintimidatie.privacy.subjects.services import find_traces
from stopintimidatie.reports import personal
from stopintimidatie.reports.conversation.queries import follow
from stopintimidatie.reports.conversation.services import NotNowError, set_contact
from stopintimidatie.reports.models import Report, ReportContact, ReportMove
from tests.support.api import Api, report
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.following import follow_in_browser, page_of
from tests.support.installation import Installation

pytestmark = pytest.mark.usefixtures("at_once")
OLD, NEW, MAIL = "+31612345678", "+31687654321", "noor@voorbeeld.example"
GIVEN = {"naam": "Noor", "telefoon": OLD}


@pytest.fixture
def api(installation: Installation) -> Api:
    connect(installation)
    return Api(installation)


@pytest.fixture
def officer(installation: Installation) -> TestApp:
    return installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))


def send(api: Api, **changes: Any) -> Any:
    body = {"anoniem": False, "melder": GIVEN, "contactGewenst": "bellen", **changes}
    return api.post(report(**body)).json


def change(api: Api, receipt: Any, status: int = 303, **values: str) -> Any:
    page = follow_in_browser(api, receipt).get("/volgen/melding")
    form = page.forms["contact"]
    for name, value in values.items():
        form[name] = value
    answer = form.submit("wijzigen", status=status)
    return answer.follow() if status == 303 else answer


def words_of(page: Any) -> str:
    return " ".join(page.html.select_one("main").text.split())


def row_of(api: Api) -> ReportContact | None:
    with api.installation.transaction(DORDRECHT) as session:
        return session.scalars(select(ReportContact)).one_or_none()


def report_of(api: Api) -> Report:
    with api.installation.transaction(DORDRECHT) as session:
        return session.scalars(select(Report)).one()


def logged(api: Api) -> list[str]:
    with api.installation.transaction(DORDRECHT) as session:
        return list(session.scalars(select(AuditEvent.action)))


def test_the_officer_reads_the_new_number_beside_the_old_one(api: Api, officer: TestApp) -> None:
    receipt = send(api)
    shown = change(api, receipt, telefoon="06 87654321")
    assert "De gemeente ziet wat u wijzigde." in words_of(shown)
    page = officer.get(page_of(receipt))
    day = date_text(day_of(utc_now()))
    assert f"{NEW} (gewijzigd op {day}, was {OLD})" in words_of(page)
    assert f'href="tel:{NEW}"' in page.text
    assert "Contactgegevens gewijzigd door de melder" in page.text
    assert "Nieuw van de melder" in page.text
    contact = officer.get(f"{page_of(receipt)}/contact")
    assert f"{NEW} (gewijzigd op {day}, was {OLD})" in words_of(contact)
    assert "melding.contact_gewijzigd" in logged(api)


def test_the_line_of_history_holds_no_number(api: Api) -> None:
    change(api, send(api), telefoon=NEW, email=MAIL)
    with api.installation.transaction(DORDRECHT) as session:
        named = ReportMove.name == "contact_gewijzigd"
        assert session.scalars(select(ReportMove.values).where(named)).one() == {}
    row = row_of(api)
    assert row is not None
    assert not [s for s in (OLD, NEW, MAIL) if s in f"{row.phone}{row.email}{row.earlier}"]


@pytest.mark.alles
def test_what_was_not_given_before_says_so(api: Api, officer: TestApp) -> None:
    receipt = send(api)
    change(api, receipt, email=MAIL)
    page = words_of(officer.get(page_of(receipt)))
    assert f"{MAIL} (later gegeven, op {date_text(day_of(utc_now()))})" in page
    assert f"{OLD} (" not in page


def test_an_anonymous_report_can_get_a_number(api: Api, officer: TestApp) -> None:
    receipt = send(api, anoniem=True, melder={}, contactGewenst="nee")
    assert row_of(api) is None
    shown = words_of(change(api, receipt, telefoon=NEW))
    assert "daarom staan ze dicht" in shown
    page = officer.get(page_of(receipt))
    assert NEW not in page.text
    form = officer.get(f"{page_of(receipt)}/contactgegevens").forms["formulier"]
    form["reden"] = "Zij loopt nu gevaar."
    opened = words_of(form.submit())
    assert f"{NEW} (later gegeven" in opened


def test_the_page_tells_that_a_number_is_known_and_never_which(api: Api) -> None:
    receipt = send(api)
    change(api, receipt, telefoon=NEW)
    page = follow_in_browser(api, receipt).get("/volgen/melding")
    assert "Telefoon bekend E-mail nog niet bekend" in words_of(page)
    for secret in (OLD, NEW, OLD[3:], NEW[3:], "Noor"):
        assert secret not in page.text
    assert not page.forms["contact"]["telefoon"].value


def test_a_guessed_number_is_answered_like_another_and_changes_nothing(api: Api) -> None:
    receipt = send(api)
    same = change(api, receipt, telefoon="06-12345678")
    assert "melding.contact_gewijzigd" not in logged(api)
    row = row_of(api)
    assert row is not None
    assert row.earlier is None
    assert report_of(api).reporter_spoke_at is None
    other = change(api, receipt, telefoon=NEW)
    assert words_of(same) == words_of(other)


@pytest.mark.parametrize(
    ("given", "name", "why"),
    [
        ({"telefoon": "06 123"}, "telefoon", "Dit telefoonnummer klopt niet."),
        ({"email": "noor apenstaartje"}, "email", "Vul een e-mailadres in zoals"),
        ({}, "telefoon", "Vul een telefoonnummer of een e-mailadres in."),
        ({"telefoon": " ", "email": " "}, "telefoon", "Vul een telefoonnummer of"),
    ],
)
def test_what_cannot_be_a_number_or_address_is_refused_at_its_field(
    api: Api, given: dict[str, str], name: str, why: str
) -> None:
    page = change(api, send(api), status=422, **given)
    field = page.html.select_one(f"[name={name}]")
    assert field["aria-invalid"] == "true"
    assert why in words_of(page)
    assert "melding.contact_gewijzigd" not in logged(api)


def test_the_page_speaks_english_too(api: Api) -> None:
    receipt = send(api)
    browser = follow_in_browser(api, receipt)
    form = browser.get("/volgen/melding?taal=en").forms["contact"]
    form["telefoon"] = NEW
    shown = words_of(form.submit("wijzigen", status=303).follow())
    assert "Your contact data were kept. The municipality sees what you changed." in shown
    for words in ("Contactgegevens", "nog niet bekend", "Wilt u iets"):
        assert words not in shown


def test_after_withdrawing_nothing_is_taken_and_the_former_number_is_gone(api: Api) -> None:
    receipt = send(api)
    change(api, receipt, telefoon=NEW)
    page = follow_in_browser(api, receipt).get("/volgen/melding")
    form = page.forms["contact"]
    api.withdraw(receipt["kenmerk"], receipt["volgcode"])
    assert row_of(api) is None
    form["telefoon"] = OLD
    late = form.submit("wijzigen", status=422)
    assert "U hebt deze melding ingetrokken." in late.text or "contact" not in late.forms
    assert row_of(api) is None
    shown = follow_in_browser(api, receipt).get("/volgen/melding")
    assert "contact" not in shown.forms


def test_a_destroyed_report_takes_no_number(api: Api) -> None:
    receipt = send(api)
    registry = api.installation.registry
    known_by = receipt["kenmerk"], receipt["volgcode"]
    standing = follow(registry.engine, registry.key_ring, *known_by)
    assert standing is not None
    with api.installation.transaction(DORDRECHT) as session:
        session.scalars(select(Report)).one().state = "vernietigd"
    with pytest.raises(NotNowError, match="verwijderd"):
        set_contact(registry.engine, registry.key_ring, standing.copy, NEW, None)


@pytest.mark.alles
def test_only_the_last_number_of_before_is_kept_unless_a_hold_keeps_all(api: Api) -> None:
    receipt = send(api)
    keys = api.installation.registry.key_ring

    def earlier() -> list[str | None]:
        with api.installation.transaction(DORDRECHT) as session:
            contact = personal.read_contact(session, keys, session.scalars(select(Report)).one())
        assert contact is not None
        return [was for was, _ in contact.earlier["phone"]]

    change(api, receipt, telefoon=NEW)
    change(api, receipt, telefoon="+31611111111")
    assert earlier() == [NEW]
    with api.installation.transaction(DORDRECHT) as session:
        session.scalars(select(Report)).one().frozen = True
    change(api, receipt, telefoon="+31622222222")
    assert earlier() == [NEW, "+31611111111"]


def test_a_person_is_found_by_the_new_and_the_former_number(api: Api) -> None:
    receipt = send(api)
    change(api, receipt, telefoon=NEW)
    number = report_of(api).id
    for phone in (NEW, OLD):
        wanted = Wanted(phones=(phone,))
        traces = find_traces(api.installation.registry, DORDRECHT, wanted, uuid4())
        assert ("melding", number) in traces.places
    assert "report_contact.earlier" in traces.places["melding", number]


# The API


def test_the_app_changes_number_and_address(api: Api, officer: TestApp) -> None:
    receipt = send(api)
    assert api.change(receipt, {"telefoon": "06 87654321", "email": MAIL}).body == b""
    page = words_of(officer.get(page_of(receipt)))
    assert f"{NEW} (gewijzigd op " in page
    assert f"{MAIL} (later gegeven" in page
    assert logged(api).count("melding.contact_gewijzigd") == 1
    # The same once more is answered the same, and is no news.
    api.change(receipt, {"telefoon": NEW})
    assert logged(api).count("melding.contact_gewijzigd") == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"telefoon": "06 123"}, "telefoon"),
        ({"email": "noor apenstaartje"}, "email"),
        ({"telefoon": NEW, "naam": "Noor"}, "naam"),
        ({"telefoon": None}, "telefoon"),
        ({"telefoon": 612345678}, "telefoon"),
        ({"telefoon": " "}, ""),
        ({}, ""),
        ([], ""),
    ],
)
def test_what_an_app_may_not_send_is_named(api: Api, body: Any, field: str) -> None:
    receipt = send(api)
    answer = api.change(receipt, body, status=400).json
    if isinstance(body, dict):
        assert [fault["veld"] for fault in answer["fouten"]] == [field]
    assert "melding.contact_gewijzigd" not in logged(api)


def test_the_api_refuses_in_its_usual_order(api: Api) -> None:
    receipt, body = send(api), {"telefoon": NEW}
    api.change(receipt, body, Authorization=None, status=401)
    api.change(receipt, body, Content_Type="text/plain", status=415)
    api.change(receipt, body, Volgcode="0000 0000 0000 0000", status=404)
    api.change(receipt, b"{", status=400)
    api.change(receipt, b'"' + b"x" * 1_100_000 + b'"', status=413)
    api.withdraw(receipt["kenmerk"], receipt["volgcode"])
    refused = api.change(receipt, body, status=409).json
    assert "U hebt deze melding ingetrokken." in refused["detail"]
    assert row_of(api) is None
