"""Lists that are longer than is worth counting: they say so, and go on however far one pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.desk.queue import services as queue_services
from stopintimidatie.desk.queue import views as queue_views
from stopintimidatie.privacy.log import views as log_views
from stopintimidatie.privacy.log.queries import known_actions
from stopintimidatie.reports.inbox import bulk as inbox_bulk
from stopintimidatie.reports.inbox import facets as inbox_facets
from stopintimidatie.reports.inbox import queries as inbox_queries
from stopintimidatie.reports.inbox import views as inbox_views
from stopintimidatie.reports.models import Report
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation

HOME = "/gemeenten/dordrecht"
MANY = 60


@pytest.fixture
def busy(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Sixty reports, one a minute, all but ten of them done; and ten is a lot here."""
    modules = (inbox_bulk, inbox_facets, inbox_queries, inbox_views)
    for module in (*modules, queue_services, queue_views):
        monkeypatch.setattr(module, "COUNTED", 10)
    monkeypatch.setattr(inbox_views, "FILTERED", 10)
    # More than a page.
    monkeypatch.setattr(log_views, "COUNTED", 55)
    connect(installation)
    for holder in (DORDRECHT, NATIONAL):
        with installation.transaction(holder) as session:
            for number in range(MANY if holder == DORDRECHT else 12):
                report: Report = make_report(session, installation, holder=holder)
                report.received_at -= timedelta(minutes=number)
                if holder == DORDRECHT and number >= 10:
                    report.state = "afgehandeld"
                    report.urgent = number == MANY - 1
    return installation


def test_a_long_list_says_that_there_is_more_and_can_be_paged_to_its_end(
    busy: Installation,
) -> None:
    officer = busy.browser(make_user(busy, (DORDRECHT, Role.OFFICER)))
    first = officer.get(f"{HOME}/postvak?toestand=alle")
    assert "Meer dan 10 meldingen" in first
    seen: list[str] = []
    for page in (1, 2, 3):
        answer = officer.get(f"{HOME}/postvak?toestand=alle&pagina={page}")
        links = answer.html.select(".wb-list a[href*='melding=M-']")
        seen += [link["href"].partition("melding=")[2][:11] for link in links]
    with busy.transaction(DORDRECHT) as session:
        newest_first = select(Report.reference).order_by(Report.received_at.desc())
        # What is done has no hurry: the one that was urgent isn't on top.
        assert seen == list(session.scalars(newest_first))


def test_filters_of_a_long_list_have_no_numbers_and_those_of_a_short_one_have(
    busy: Installation,
) -> None:
    officer = busy.browser(make_user(busy, (DORDRECHT, Role.OFFICER)))
    short = officer.get(f"{HOME}/postvak?filters=ja").html
    tab = short.select_one(".wb-views [aria-current]")
    assert tab.text.split() == ["Te", "doen", "10"]
    assert "nog niemand (10)" in short.select_one("#filter-behandelaar").text
    # What is open is counted whatever lies behind it; what is done isn't.
    assert "Nieuw (10)" in short.select_one("#filter-toestand").text
    assert "Afgehandeld\n" in short.select_one("#filter-toestand").text
    long = officer.get(f"{HOME}/postvak?toestand=alle&filters=ja").html
    for name in ("wijk", "vorm", "spoed", "behandelaar", "termijn", "bron", "periode"):
        choices = long.select_one(f"#filter-{name}").select("option")
        assert len(choices) > 2, name
        assert not any("(" in choice.text for choice in choices[1:] if name != "vorm"), name
    narrowed = officer.get(f"{HOME}/postvak?toestand=alle&spoed=ja").html
    assert "1 melding" in narrowed.select_one(".wb-list").text


def test_the_desk_shows_what_waits_longest_without_counting_it_all(busy: Installation) -> None:
    desk = busy.browser(make_user(busy, (NATIONAL, Role.NATIONAL_DESK)))
    answer = desk.get("/landelijk")
    links = answer.html.select(".wb-views a, .si-facet__link")
    labels = [link.text.strip() for link in links]
    # A number behind a filter would be a count of all.
    assert {"Wacht op afspraak", "gemeente onbekend"} <= set(labels)
    assert not any("(" in label or label[-1].isdigit() for label in labels)


@pytest.mark.alles
def test_the_log_knows_its_actions_and_how_long_it_is(busy: Installation) -> None:
    guard = busy.browser(make_user(busy, (DORDRECHT, Role.PRIVACY_OFFICER)))
    answer = guard.get(f"{HOME}/logboek")
    assert "van meer dan 55 regels" in answer
    with busy.transaction(DORDRECHT) as session:
        occurring = set(session.scalars(select(AuditEvent.action)))
        assert known_actions(session) == sorted(occurring)
        assert len(occurring) > 1
    with busy.transaction("GM0363") as session:
        assert known_actions(session) == []
