"""Quarters are frozen once, and public once the municipality says so; strangers learn no more."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, select

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import clock_at
from stopintimidatie.core.jobs import JobContext
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.personal import erase_document
from stopintimidatie.desk.onboarding.practice import make_practice
from stopintimidatie.municipalities.areas.facts import CODE as PRACTICE
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.reports.models import Report
from stopintimidatie.statistics.models import FigureRelease
from stopintimidatie.statistics.release.services import (
    EVERY_NIGHT,
    freeze_every_night,
    releases_of,
    tables_of,
)
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_report, make_user
from tests.support.installation import Installation

OPEN = "/gemeenten/dordrecht/open-cijfers"
PAGE = "/gemeenten/dordrecht/cijfers-uitgeven"


def moment(month: int, day: int, year: int = 2025) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


def receive(installation: Installation, number: int, at: datetime) -> None:
    with installation.transaction(DORDRECHT) as session:
        for _ in range(number):
            make_report(session, installation).received_at = at


def night(installation: Installation, at: datetime) -> None:
    made = installation.registry
    with clock_at(at):
        freeze_every_night(JobContext(made.engine, made.app_settings, made, NATIONAL), [{}])


def frozen(installation: Installation, holder: str = DORDRECHT) -> dict[str, Any]:
    with installation.transaction(holder) as session:
        return {row.quarter: row.tables for row in releases_of(session, holder)}


@pytest.fixture
def town(installation: Installation) -> Installation:
    """A town that joined in February, with reports in three quarters."""
    with clock_at(moment(2, 10)):
        connect(installation)
    for number, month in ((7, 3), (3, 5), (23, 11)):
        receive(installation, number, moment(month, 20))
    return installation


def admin(installation: Installation, role: Role = Role.ADMIN) -> Any:
    return installation.browser(make_user(installation, (DORDRECHT, role), name="Bea Beheer"))


def publish(installation: Installation, quarter: str = "2025-1") -> Any:
    browser = admin(installation)
    form = next(
        form
        for form in browser.get(PAGE).forms.values()
        if "kwartaal" in form.fields and form["kwartaal"].value == quarter
    )
    return form.submit(status=303).follow()


@pytest.mark.both_databases
def test_a_quarter_is_frozen_fifteen_days_after_its_end_since_the_town_joined(
    town: Installation,
) -> None:
    night(town, moment(4, 15))
    assert frozen(town) == {}
    night(town, moment(4, 16))
    assert frozen(town) == {"2025-1": {"totaal": 5}}
    night(town, moment(1, 20, 2026))
    found = frozen(town)
    assert [*found] == ["2025-4", "2025-3", "2025-2", "2025-1"]
    assert [found[f"2025-{number}"]["totaal"] for number in (2, 3, 4)] == [None, None, 25]
    assert ["jaar" in tables for tables in found.values()] == [True, False, False, False]


@pytest.mark.both_databases
def test_a_frozen_quarter_stays_when_its_reports_are_erased_and_is_made_once(
    town: Installation,
) -> None:
    night(town, moment(1, 20, 2026))
    before = frozen(town)
    with town.transaction(DORDRECHT) as session:
        for number in session.scalars(select(Report.id)):
            erase_document(town.registry, session, "melding", number)
    night(town, moment(1, 21, 2026))
    night(town, moment(1, 22, 2026))
    assert frozen(town) == before
    with town.transaction(DORDRECHT) as session:
        noted = select(AuditEvent).where(AuditEvent.action == "cijfers.vastgelegd")
        assert len(session.scalars(noted).all()) == len(before) == 4


def test_a_town_without_the_programme_and_the_practice_municipality_have_no_releases(
    town: Installation,
) -> None:
    with clock_at(moment(2, 10)):
        connect(town, EINDHOVEN, level=ParticipationLevel.FORWARDING)
        make_practice(town.engine, town.registry.key_ring, SYSTEM, ())
    night(town, moment(7, 20))
    assert len(frozen(town)) == 2
    assert frozen(town, EINDHOVEN) == frozen(town, PRACTICE) == {}


def test_the_worker_freezes_every_night(town: Installation) -> None:
    town.run_scheduled(EVERY_NIGHT.name)
    assert "2025-1" in frozen(town)


def test_tables_are_told_in_words_with_what_a_merged_row_holds(town: Installation) -> None:
    night(town, moment(1, 20, 2026))
    with town.transaction(DORDRECHT) as session:
        quarters, *years = tables_of(releases_of(session, DORDRECHT))
    assert quarters.rows[0] == ("2025, kwartaal 4", 25)
    assert quarters.rows[-1] == ("2025, kwartaal 1", 5)
    assert {table.period for table in years} == {"2025"}
    forms = next(table for table in years if table.name == "vormgroep")
    assert (forms.total, forms.several) == (35, True)
    assert forms.rows == [("verbaal", 35), ("Overig: non-verbaal; fysiek; overig", None)]
    areas = next(table for table in years if table.name == "wijk")
    assert areas.rows[0] == ("Binnenstad", 35)
    assert areas.rows[1][0].startswith("Overig: ")
    assert "niet bekend" in areas.rows[1][0]


@pytest.mark.both_databases
def test_the_admin_sees_what_would_be_public_and_publishes_it_once(town: Installation) -> None:
    night(town, moment(7, 20))
    page = admin(town).get(PAGE)
    assert "kunt u niet terugdraaien" in page
    assert "minder dan 5" in page
    browser = admin(town)
    forms = [form for form in browser.get(PAGE).forms.values() if "kwartaal" in form.fields]
    first = next(form for form in forms if form["kwartaal"].value == "2025-1")
    after = first.submit(status=303).follow()
    assert "Kwartaal 2025-1 is nu openbaar." in after
    assert "door Bea Beheer" in after
    assert "Kwartaal 2025-1 was al openbaar." in first.submit(status=303).follow()
    with town.transaction(DORDRECHT) as session:
        noted = select(AuditEvent).where(AuditEvent.action == "cijfers.gepubliceerd")
        (line,) = session.scalars(noted)
        assert (line.actor_name, line.fields) == ("Bea Beheer", ["2025-1"])
        (row,) = releases_of(session, DORDRECHT, published=True)
        (other,) = releases_of(session, DORDRECHT, published=False)
        assert (row.quarter, other.quarter) == ("2025-1", "2025-2")


def test_a_quarter_that_isn_t_frozen_can_t_be_published(town: Installation) -> None:
    night(town, moment(7, 20))
    browser = admin(town)
    token = browser.get(PAGE).html.select_one("input[name=csrf_token]")["value"]
    for quarter in ("2025-3", "", "2025-1 "):
        browser.post(PAGE, {"kwartaal": quarter, "csrf_token": token}, status=404)


def test_others_in_the_municipality_can_t_publish(town: Installation) -> None:
    night(town, moment(7, 20))
    for role in (Role.OFFICER, Role.PRIVACY_OFFICER):
        admin(town, role).get(PAGE, status=(403, 404))


def test_the_page_says_when_the_first_figures_come(town: Installation) -> None:
    assert "Nog geen cijfers" in admin(town).get(PAGE)


@pytest.mark.both_databases
def test_everybody_reads_what_was_published_and_nothing_else(town: Installation) -> None:
    night(town, moment(7, 20))
    publish(town)
    page = town.visitor().get(OPEN)
    text = " ".join(page.html.main.get_text(" ").split())
    assert "2025, kwartaal 1 5" in text
    assert "kwartaal 2" not in text
    assert "geen voorvallen" in text
    assert page.html.select_one("img.si-chart")["alt"].startswith(
        "Meldingen per kwartaal: 2025-1 5"
    )
    file = town.visitor().get(f"{OPEN}.csv")
    rows = [*csv.reader(io.StringIO(file.body.decode("utf-8-sig")), delimiter=";")]
    assert rows == [
        ["Periode", "Tabel", "Rij", "Aantal meldingen (geen voorvallen)"],
        ["", "Meldingen per kwartaal", "2025, kwartaal 1", "5"],
    ]


def test_the_file_has_the_tables_of_a_published_year(town: Installation) -> None:
    night(town, moment(1, 20, 2026))
    publish(town, "2025-4")
    file = town.visitor().get(f"{OPEN}.csv").body.decode("utf-8-sig")
    rows = [*csv.reader(io.StringIO(file), delimiter=";")]
    assert ["2025", "Wat er gebeurde", "verbaal", "35"] in rows
    assert ["2025", "Wat er gebeurde", "Totaal", "35"] in rows
    assert {row[3] for row in rows[1:]} == {"25", "35", "minder dan 5"}


def test_a_link_gives_the_page_in_english(town: Installation) -> None:
    night(town, moment(1, 20, 2026))
    publish(town, "2025-4")
    page = town.visitor().get(f"{OPEN}?taal=en")
    assert "fewer than 5" in page
    assert "Other: non-verbal; physical; other" in page
    assert page.html.html["lang"] == "en"


@contextmanager
def counted(installation: Installation) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        asked.append(statement)

    event.listen(installation.engine, "before_cursor_execute", note)
    yield asked
    event.remove(installation.engine, "before_cursor_execute", note)


def answers(installation: Installation, slug: str, name: str) -> list[Any]:
    """What a stranger can see of a town, with its name taken out of the page."""
    found = []
    for path in (OPEN, f"{OPEN}.csv", f"{OPEN}?taal=en"):
        with counted(installation) as asked:
            answer = installation.visitor().get(path.replace("dordrecht", slug), status="*")
        own = {"Content-Length", "X-Request-ID"}
        headers = {key: value for key, value in answer.headers.items() if key not in own}
        text = answer.text.replace(slug, "x").replace(name, "X")
        found.append((answer.status_int, headers, text, asked))
    return found


@pytest.mark.both_databases
def test_strangers_can_t_tell_who_takes_part_without_publishing(town: Installation) -> None:
    with clock_at(moment(2, 10)):
        connect(town, EINDHOVEN, uiterlijk={"kleur": "#a4123f"})
    night(town, moment(1, 20, 2026))
    town.visitor().get("/melden")
    takes_part = answers(town, "dordrecht", "Dordrecht")
    assert takes_part == answers(town, "eindhoven", "Eindhoven")
    assert takes_part == answers(town, "zwijndrecht", "Zwijndrecht")
    assert [answer[0] for answer in takes_part] == [200, 404, 200]
    with town.transaction(DORDRECHT) as session:
        assert session.scalars(select(FigureRelease)).all()
