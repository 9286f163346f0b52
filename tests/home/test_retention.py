"""What waits on the start page for archivist, process owner, privacy officer and admin."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from webtest import TestApp

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import clock_at, local_date, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.privacy.destruction.models import LineState, ListState
from stopintimidatie.privacy.holds.models import Hold, HoldReason
from stopintimidatie.privacy.retention.services import approve_terms, propose_terms
from tests.support.destruction import a_line, a_list
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_report, make_user
from tests.support.installation import Installation
from tests.support.policing import switch_on
from tests.support.queries import count_queries
from tests.support.retaining import ARCHIVIST, proposed_schedule
from tests.support.subjects import a_request

HERE = "/gemeenten/dordrecht"


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


def tasks(browser: TestApp, page: str = HERE) -> dict[str, str]:
    """The rows of the worklist: their titles, with where they lead."""
    rows = browser.get(page).html.select(".si-task")
    return {
        row.select_one(".si-task__title").text.strip(): row.select_one(".si-task__action")["href"]
        for row in rows
    }


def as_role(installation: Installation, role: Role, holder: str = DORDRECHT) -> TestApp:
    return installation.browser(make_user(installation, (holder, role)))


def test_the_admin_reads_at_the_gate_who_is_missing_and_not_on_the_start_page(
    installation: Installation,
) -> None:
    admin = as_role(installation, Role.ADMIN)
    missing = tasks(admin)
    assert missing["Er gelden nog geen bewaartermijnen"].endswith("/bewaartermijnen/voorstellen")
    assert not [title for title in missing if "archivaris" in title or "proceseigenaar" in title]
    gate = f"{HERE}/beheer/verantwoording"
    assert "Nog niemand is archivaris" in admin.get(gate)
    make_user(installation, (DORDRECHT, Role.ARCHIVIST))
    assert "Nog niemand is archivaris" not in admin.get(gate)


def test_where_police_data_are_kept_two_people_are_named_for_them(
    installation: Installation,
) -> None:
    nobody, one = (f"Er is {word} gemachtigde voor politiegegevens" for word in ("geen", "één"))
    admin, officer = (as_role(installation, role) for role in (Role.ADMIN, Role.OFFICER))
    assert not {nobody, one} & {*tasks(admin)}
    switch_on(installation)
    assert tasks(admin)[nobody] == f"{HERE}/gebruikers"
    assert nobody not in tasks(officer)
    for known in ({one}, set()):
        make_user(installation, (DORDRECHT, Role.OFFICER), (DORDRECHT, Role.POLICE_DATA))
        assert {nobody, one} & {*tasks(admin)} == known


def test_the_archivist_reads_a_proposal_and_that_the_standing_decision_waits_for_a_look(
    installation: Installation,
) -> None:
    with installation.transaction(DORDRECHT) as session, clock_at(utc_now() - timedelta(days=330)):
        terms = proposed_schedule(installation)
        row = propose_terms(session, DORDRECHT, terms, utc_now(), None, SYSTEM)
        approve_terms(session, row, ARCHIVIST)
        propose_terms(session, DORDRECHT, terms, utc_now(), None, SYSTEM)
    rows = tasks(as_role(installation, Role.ARCHIVIST))
    assert rows["Kijk naar het doorlopend besluit"].endswith("/bewaartermijnen")
    assert rows["Bewaartermijnen goedkeuren"].endswith("/beslissen?nr=2")
    assert "Er wacht niets op u" in as_role(installation, Role.PROCESS_OWNER).get(HERE)


def test_each_of_the_three_reads_the_list_when_it_is_their_turn(
    installation: Installation,
) -> None:
    turns = {
        ListState.PROPOSED: Role.PROCESS_OWNER,
        ListState.ASSESSED: Role.PRIVACY_OFFICER,
        ListState.CHECKED: Role.ARCHIVIST,
    }
    with installation.transaction(DORDRECHT) as session:
        for quarter, state in enumerate(turns, start=1):
            period = {"period_from": date(2027, 1, 1), "period_until": date(2027, 3, 31)}
            row = a_list(session, f"2027-{quarter}", state=state.value, **period)
            # A line that was assessed and checked for this turn, by others.
            line = a_line(session, row, f"M-4F7K-2QX{quarter}")
            line.decision = LineState.GOES.value if quarter > 1 else None
            line.assessed_at = utc_now() if quarter > 1 else None
            line.checked_at = utc_now() if quarter > 2 else None
    for quarter, role in enumerate(turns.values(), start=1):
        lists = [
            href for title, href in tasks(as_role(installation, role)).items() if "lijst" in title
        ]
        assert lists == [f"{HERE}/vernietiging/2027-{quarter}"]


def test_a_hold_whose_review_day_came_asks_for_a_decision(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        report = make_report(session, installation)
        session.add(
            Hold(
                holder=DORDRECHT,
                document_kind="melding",
                document_id=report.id or uuid4(),
                reference=report.reference,
                reason=HoldReason.WOO.value,
                review_on=local_date(utc_now()),
                placed_by="Iemand",
            )
        )
    rows = tasks(as_role(installation, Role.PROCESS_OWNER))
    assert rows == {"1 bevriezing vraagt een besluit": f"{HERE}/bevriezingen"}
    assert not tasks(as_role(installation, Role.ARCHIVIST)).keys() & rows.keys()


def test_the_privacy_officer_reads_privacy_today_with_what_is_late_first(
    installation: Installation,
) -> None:
    today, day = local_date(utc_now()), timedelta(days=1)
    with installation.transaction(DORDRECHT) as session:
        late = a_request(session, due_on=today - day)
        later = a_request(session, due_on=today + 25 * day)
        hold = {"document_kind": "melding", "document_id": uuid4(), "reference": "M-0000-0001"}
        session.add(
            Hold(
                holder=DORDRECHT,
                reason=HoldReason.WOO.value,
                review_on=today + 10 * day,
                placed_by="Iemand",
                **hold,
            )
        )
        a_list(session, "2027-1", state=ListState.ASSESSED.value)
        session.add_all((late, later))
        references = late.reference, later.reference
    browser = as_role(installation, Role.PRIVACY_OFFICER)
    browser.get(HERE)
    with count_queries(installation) as counted:
        page = browser.get(HERE)
    assert counted.count <= 12, counted.statements
    section = page.html.select_one("[aria-labelledby=privacy-vandaag]")
    names = [heading.text for heading in section.select("h3")]
    assert names[0] == "Te laat"
    assert {"Verzoeken", "Bevriezen"} <= set(names)
    words = [row.text for row in section.select(".si-task")]
    assert references[0] in words[0]
    assert [row for row in words if references[1] in row and "over 25 dagen" in row]
    assert [row for row in words if "1 bevriezing vraagt een besluit" in row]
    for role in (Role.ARCHIVIST, Role.OFFICER, Role.DATA_PROTECTION_OFFICER):
        assert "Privacy vandaag" not in as_role(installation, role).get(HERE)


def test_who_reads_no_reports_sees_no_counts_of_them(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        make_report(session, installation)
    for role in (Role.ARCHIVIST, Role.PROCESS_OWNER):
        page = as_role(installation, role).get(HERE)
        assert not page.html.select(".si-town, .si-views")
        assert "Postvak" not in page
        assert "ziet u geen inhoud van meldingen" in page


def test_the_archivist_of_the_desk_lands_on_what_waits_there(installation: Installation) -> None:
    browser = as_role(installation, Role.ARCHIVIST, NATIONAL)
    assert browser.get("/", status=303).location.endswith("/landelijk/start")
    assert "Er gelden nog geen bewaartermijnen" in tasks(browser, "/landelijk/start")


def test_one_archivist_serves_several_towns(installation: Installation) -> None:
    connect(installation, EINDHOVEN)
    roles = ((DORDRECHT, Role.ARCHIVIST), (EINDHOVEN, Role.ARCHIVIST))
    browser = installation.browser(make_user(installation, *roles))
    page = browser.get("/bewaartermijnen")
    for slug in ("dordrecht", "eindhoven"):
        assert page.html.find("a", href=f"/gemeenten/{slug}/bewaartermijnen")
        browser.get(f"/gemeenten/{slug}/bewaartermijnen/voorstellen")


def test_who_works_for_several_reads_at_the_start_where_something_waits(
    installation: Installation,
) -> None:
    connect(installation, EINDHOVEN)
    with installation.transaction(DORDRECHT) as session, clock_at(utc_now() - timedelta(days=330)):
        terms = proposed_schedule(installation)
        approve_terms(
            session, propose_terms(session, DORDRECHT, terms, utc_now(), None, SYSTEM), ARCHIVIST
        )
    with installation.transaction(EINDHOVEN) as session:
        period = {"period_from": date(2027, 1, 1), "period_until": date(2027, 3, 31)}
        for quarter in (1, 2):
            more = {"holder": EINDHOVEN, "state": "nagekeken", **period}
            row = a_list(session, f"2027-{quarter}", **more)
            signed = {"decision": LineState.GOES.value, "assessed_at": utc_now()}
            a_line(session, row, f"M-4F7K-2QX{quarter}", **signed)
    roles = [(holder, Role.ARCHIVIST) for holder in (DORDRECHT, EINDHOVEN)]
    browser = installation.browser(make_user(installation, *roles))
    page = browser.get("/")
    rows = [" ".join(row.text.split()) for row in page.html.select("[data-rij]")]
    assert rows == ["Dordrecht 1 wacht op u", "Eindhoven 2 wachten op u"]
    assert page.html.select_one(".si-bell summary .si-count").text == "3"
    elsewhere = browser.get("/account").html.select_one(".si-bell").text
    assert "Er wacht niets op u" not in elsewhere
    assert browser.get(HERE).html.select_one(".si-bell summary .si-count").text == "1"
