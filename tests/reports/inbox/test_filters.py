"""Each filter of the inbox counts what its address lists, and says the same as the words do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import uuid4

import pytest
from sqlalchemy import select

from stopintimidatie.core.clock import utc_now
from stopintimidatie.reports.inbox.facets import TITLES, UNLISTED, facets, labels_of
from stopintimidatie.reports.inbox.queries import list_reports, number_of_reports
from stopintimidatie.reports.inbox.rules import Reader, part_of_day
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import PARTS_OF_DAY, known_part_of_day
from stopintimidatie.reports.vocabulary import TimePrecision
from tests.support.factories import DORDRECHT, connect, make_report
from tests.support.installation import Installation
from tests.support.officers import officer

pytestmark = pytest.mark.both_databases
STATES = ("nieuw", "in_behandeling", "in_dossier", "afgehandeld")


def mix(installation: Installation) -> None:
    """Eight reports that differ in all that can be filtered."""
    connect(installation)
    with installation.transaction(DORDRECHT) as session:
        for number in range(8):
            report = make_report(session, installation)
            report.state = STATES[number % 4]
            report.urgent = number % 3 == 0
            report.campaign = ("zomer", "station", None)[number % 3]
            report.reporter_age_group = ("onder_16", "16_17", "25_34", None)[number % 4]
            report.place_type = ("park_groen", "in_ov")[number % 2]
            report.incident_start -= timedelta(hours=5 * number)
            report.part_of_day = ("avond", None)[number % 2]
            report.time_precision = ("dag", "exact", None)[number % 3]
            report.reporter_verdict = ("ja", "deels", "nee", None)[number % 4]
            report.reporter_spoke_at = utc_now() if number % 4 < 3 else None
            report.contact_deadline = utc_now() + timedelta(days=number - 3)


def test_each_value_of_each_filter_counts_what_its_address_lists(
    installation: Installation,
) -> None:
    mix(installation)
    reader, seen = Reader(uuid4(), utc_now()), set()
    with installation.transaction(DORDRECHT) as session:
        for chosen in ({}, {"minderjarig": "ja"}, {"oordeel": "deels"}, {"dagdeel": "avond"}):
            labels = labels_of(session, chosen, ())
            for name, values in facets(session, DORDRECHT, chosen, reader, labels).items():
                for value in values:
                    filters = {**chosen, name: value.value}
                    counted = session.scalar(
                        select(number_of_reports(DORDRECHT, filters, reader, 100))
                    )
                    listed = list_reports(session, DORDRECHT, filters, reader, 0, 100)
                    assert value.count == counted == len(listed), filters
                    seen.add(name)
    # A wijk has its label from its neighbourhood, of which none was given.
    assert seen == TITLES.keys() - UNLISTED - {"wijk"}


def test_the_part_of_the_day_in_sql_is_that_of_the_words(installation: Installation) -> None:
    hours = [datetime(2026, 7, 1, hour, 30, tzinfo=UTC) for hour in (0, 3, 4, 10, 16, 21, 22)]
    precisions, parts = (*TimePrecision, None), (PARTS_OF_DAY[0], None)
    cases = [*product(hours, precisions, parts)]
    with installation.transaction(DORDRECHT) as session:
        report = make_report(session, installation)
        for start, precision, part in cases:
            report.incident_start, report.time_precision = start, precision
            report.part_of_day = part
            session.flush()
            assert session.scalar(select(part_of_day)) == known_part_of_day(start, precision, part)


def test_the_form_of_filters_names_campaigns_that_occur(installation: Installation) -> None:
    mix(installation)
    page = officer(installation).get("/gemeenten/dordrecht/postvak?filters=ja&toestand=alle")
    select_box = page.html.select_one("#filter-campagne")
    assert [option["value"] for option in select_box.select("option")] == ["", "station", "zomer"]
    with installation.transaction(DORDRECHT) as session:
        campaigns = session.scalars(select(Report.campaign)).all()
    chosen = officer(installation).get("/gemeenten/dordrecht/postvak?toestand=alle&campagne=zomer")
    rows = chosen.html.select(".wb-list [data-rij]")
    assert len(rows) == campaigns.count("zomer") == 3
    assert "Campagne: zomer" in chosen.html.select_one(".si-chips").get_text()


def test_a_list_is_sorted_by_what_came_in_and_keeps_that_in_its_name(
    installation: Installation,
) -> None:
    mix(installation)
    olga, references = officer(installation), {}
    with installation.transaction(DORDRECHT) as session:
        for number, report in enumerate(session.scalars(select(Report).order_by(Report.reference))):
            report.received_at -= timedelta(days=number)
            references[report.received_at] = report.reference
    newest_first = [references[moment] for moment in sorted(references, reverse=True)]
    for query, states in (("toestand=alle&", STATES), ("", ("nieuw", "in_behandeling"))):
        with installation.transaction(DORDRECHT) as session:
            left = select(Report.reference).where(Report.state.in_(states))
            there = set(session.scalars(left))
        expected = [reference for reference in newest_first if reference in there]
        for order, wanted in (("nieuwste", expected), ("oudste", expected[::-1])):
            page = olga.get(f"/gemeenten/dordrecht/postvak?{query}sorteer={order}")
            links = page.html.select(".wb-list [data-rij] a")
            assert [link["href"].partition("melding=")[2][:11] for link in links] == wanted
            assert page.html.select_one(".wb-list p strong").get_text() == order
