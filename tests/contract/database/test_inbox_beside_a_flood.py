"""Tests that an inbox page costs no more work in a flood, counted in steps and rows, not time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from stopintimidatie.core.security import Role
from stopintimidatie.core.web.register import COUNTED
from stopintimidatie.reports.models import Report
from tests.support.crowds import crowd, work_of
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.installation import Installation
from tests.support.queries import count_queries

pytestmark = [pytest.mark.both_databases, pytest.mark.short_on("sqlite")]

INBOX = "/gemeenten/dordrecht/postvak"
FEW, FLOOD = 500, 5_000


@pytest.mark.alles
def test_an_inbox_page_is_as_much_work_beside_five_thousand_new_reports(
    installation: Installation,
) -> None:
    connect(installation)
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))

    def work(query: str = "") -> int:
        officer.get(f"{INBOX}{query}", status=200)
        return work_of(installation, lambda: officer.get(f"{INBOX}{query}", status=200))

    crowd(installation, FEW)
    # For a table of this size PostgreSQL sometimes reads all of it, where that is cheaper.
    slack = 1.05 if installation.settings.sqlite else 1.4
    views = ("", "?toestand=nieuw", "?spoed=nee", "?pagina=3", "?filters=ja")
    few = {query: work(query) for query in views}
    with count_queries(installation) as at_first:
        officer.get(INBOX, status=200)
    form = work("?vorm=naroepen")
    # More than the counts go up to: from here on the numbers of a page no longer grow.
    crowd(installation, COUNTED + 100 - FEW)
    more = {query: work(query) for query in views}
    crowd(installation, FLOOD - COUNTED - 100)
    for query in views:
        # Work grows until the counts reach their limit, and not after that.
        found = work(query)
        assert found <= 1.5 * few[query] * (COUNTED + 100) / FEW, query
        assert found <= slack * more[query], query
    with count_queries(installation) as at_last:
        officer.get(INBOX, status=200)
    # The menu's own count is enough for a first page, also of more than it counts.
    assert at_last.count == at_first.count
    # A filter without an index reads each report once: the work grows linearly, not by its square.
    assert work("?vorm=naroepen") <= 1.5 * form * FLOOD / FEW


def test_a_page_of_a_flood_shows_what_is_urgent_first_then_the_nearest_deadline(
    installation: Installation,
) -> None:
    connect(installation)
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    crowd(installation, 120)
    with installation.transaction(DORDRECHT) as session:
        early = select(Report.id).order_by(Report.received_at).limit(60)
        session.execute(update(Report).where(Report.id.in_(early)).values(state="in_behandeling"))
        urgent = select(Report.id).order_by(Report.received_at).offset(55).limit(10)
        session.execute(update(Report).where(Report.id.in_(urgent)).values(urgent=True))
    seen: list[str] = []
    for page in range(1, 6):
        links = officer.get(f"{INBOX}?pagina={page}").html.select(".wb-row a[href*='melding=M-']")
        seen += [link["href"].partition("melding=")[2][:11] for link in links]
    with installation.transaction(DORDRECHT) as session:
        reports = session.scalars(select(Report)).all()
    never = max(report.received_at for report in reports) + timedelta(days=900)
    reports = sorted(
        reports,
        key=lambda report: (
            not report.urgent,
            report.contact_deadline or never,
            -report.received_at.timestamp(),
        ),
    )
    assert seen == [report.reference for report in reports][: len(seen)]
    assert len(seen) == 120
