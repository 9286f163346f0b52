"""Each number of the yearly account is that of the list that speaks of the same thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, AuditEvent, event_rows
from stopintimidatie.core.clock import clock_at
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.session import insert_rows
from stopintimidatie.disclosures.models import CopyState, DisclosedCopy
from stopintimidatie.disclosures.queries import Filters, facets
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.privacy.breaches.models import Breach, BreachNotice
from stopintimidatie.privacy.log.queries import label_of
from stopintimidatie.privacy.processing.queries import DECLARED, Year
from stopintimidatie.privacy.requests.models import SubjectRequest
from stopintimidatie.privacy.requests.resources import count_requests
from tests.support.destruction import a_list, a_statement
from tests.support.disclosing import an_entry
from tests.support.factories import (
    DORDRECHT,
    EINDHOVEN,
    connect,
    make_dossier,
    make_ready,
    make_report,
)
from tests.support.installation import Installation
from tests.support.processing import lines, reader, section
from tests.support.queries import count_queries

HERE = "/gemeenten/dordrecht/jaarverslag"
NOW = datetime(2027, 2, 10, 9, tzinfo=UTC)
TODAY = date(2027, 2, 10)


ACTIONS: dict[str, list[str]] = DECLARED["actions"]


def counted(installation: Installation, year: int, holder: str = DORDRECHT) -> dict[str, Any]:
    """Each part that has something: labels with their number."""
    with installation.transaction(holder) as session:
        counts = Year(session, holder, year, TODAY).counts()
    counts |= counts.pop("log")
    return {name: dict(part) for name, part in counts.items() if part}


def a_request(**changes: Any) -> SubjectRequest:
    values = {
        "holder": DORDRECHT,
        "reference": f"V-{uuid4().hex[:8].upper()}",
        "right": "inzage",
        "capacity": "melder",
        "asked_by": "zelf",
        "channel": "brief",
        "state": "ontvangen",
        "received_on": date(2026, 3, 2),
        "due_on": date(2026, 4, 2),
        "changed_by": "P. Rivacy",
    }
    return SubjectRequest(**values | changes)


def a_breach(aware: datetime, first: datetime | None = None, state: str = "lek_afgesloten") -> Any:
    breach = Breach(
        id=uuid4(),
        holder=DORDRECHT,
        reference=f"D-{uuid4().hex[:8].upper()}",
        state=state,
        aware_at=aware,
        due_at=aware + timedelta(hours=72),
        reported_by="An Melder",
        description="Een tas bleef liggen.",
        changed_by="P. Rivacy",
    )
    notice = BreachNotice(
        holder=DORDRECHT, breach_id=breach.id, kind="eerste", sent_at=first, sent_by="P. Rivacy"
    )
    return [breach, notice] if first else [breach]


def a_disclosure(made: datetime, state: CopyState, destroy_by: date, **changes: Any) -> Any:
    entry = an_entry(id=uuid4(), holder=DORDRECHT, made_at=made, destroy_by=destroy_by, **changes)
    copy = DisclosedCopy(
        holder=DORDRECHT, disclosure_id=entry.id, state=state.value, destroy_by=destroy_by
    )
    return entry, copy


def keep(session: Session, rows: Iterable[Any]) -> None:
    """Store rows in this order: a row may hang on the one before it."""
    for row in rows:
        session.add(row)
        session.flush()


def acted(installation: Installation, action: str, *moments: datetime) -> None:
    with installation.transaction(DORDRECHT) as session:
        for at in moments:
            insert_rows(session, event_rows(SYSTEM, action, DORDRECHT, "melding", [uuid4()], at=at))


def test_requests_count_by_right_outcome_and_time_in_the_year_of_receipt(
    installation: Installation,
) -> None:
    late, soon = datetime(2026, 4, 2, 22, 30, tzinfo=UTC), datetime(2026, 4, 2, 21, 30, tzinfo=UTC)
    rows = [
        a_request(state="verstuurd", ended_at=soon),
        # Half past midnight of the day after, in the Netherlands.
        a_request(state="verstuurd", ended_at=late),
        a_request(state="geweigerd", right="wissen", ended_at=soon),
        a_request(received_on=date(2026, 12, 31), due_on=date(2027, 1, 31)),
        a_request(received_on=date(2027, 1, 1), due_on=date(2027, 3, 1), state="geweigerd"),
        a_request(received_on=date(2025, 12, 31), state="verstuurd", ended_at=soon),
    ]
    with installation.transaction(DORDRECHT) as session:
        session.add_all(rows)
    with clock_at(NOW), installation.transaction(DORDRECHT) as session:
        total, open_count, late_count = count_requests(session, TODAY)
    years = [counted(installation, year)["requests"] for year in (2025, 2026, 2027)]
    access = "inzage in gegevens (art. 15)"
    assert years[1] == {
        (access, "Beantwoord", "op tijd"): 1,
        (access, "Beantwoord", "te laat"): 1,
        ("gegevens wissen (art. 17)", "Geweigerd", "op tijd"): 1,
        (access, "Loopt nog", "te laat"): 1,
    }
    # The decision of the fifth didn't go yet.
    assert years[2] == {(access, "Loopt nog", "op tijd"): 1}
    everything: Counter[tuple[str, ...]] = sum(map(Counter, years), Counter())
    assert sum(everything.values()) == total
    assert sum(n for row, n in everything.items() if row[1] == "Loopt nog") == open_count
    assert sum(n for row, n in everything.items() if row[1:] == ("Loopt nog", "te laat")) == (
        late_count
    )


def test_breaches_count_by_notification_and_72_hours_as_in_their_register(
    installation: Installation,
) -> None:
    aware = datetime(2026, 5, 1, 12, tzinfo=UTC)
    hours = (timedelta(hours=72), timedelta(hours=73))
    # The first moment of 2027 in the Netherlands is still 2026 in UTC.
    edge = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    with installation.transaction(DORDRECHT) as session:
        for rows in (
            *(a_breach(aware, aware + length) for length in hours),
            a_breach(aware),
            a_breach(aware, state="wordt_onderzocht"),
            a_breach(edge),
        ):
            keep(session, rows)
    assert counted(installation, 2026)["breaches"] == {
        ("op tijd gemeld bij de AP",): 1,
        ("later dan 72 uur gemeld",): 1,
        ("niet gemeld bij de AP",): 1,
        ("nog geen besluit",): 1,
    }
    assert counted(installation, 2027)["breaches"] == {("niet gemeld bij de AP",): 1}


def test_disclosures_and_copies_of_all_years_are_those_of_the_register(
    installation: Installation,
) -> None:
    days = [date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1), date(2027, 6, 1)]
    with installation.transaction(DORDRECHT) as session:
        for number, state in enumerate([*CopyState, CopyState.GIVEN, CopyState.GIVEN]):
            day = days[number % len(days)]
            made = datetime(2026 + number % 2, 3, 1, tzinfo=UTC)
            kind = {"recipient_kind": "Politie"} if number % 3 else {"recipient_kind": "School"}
            keep(session, a_disclosure(made, state, day, **kind))
    with installation.transaction(DORDRECHT) as session:
        known = facets(session, Filters(frozenset({Role.PRIVACY_OFFICER}), TODAY))
        grounds = {words: number for _, words, number in known["grondslag"]}
    years = [counted(installation, year) for year in (2026, 2027)]
    given: Counter[str] = Counter()
    stands: Counter[str] = Counter()
    for year in years:
        for (_, ground), number in year["disclosures"].items():
            given[ground] += number
        for (stand,), number in year["copies"].items():
            stands[stand] += number
    assert given == grounds
    told = {words: number for _, words, number in known["stand"]}
    late = told["had vernietigd moeten zijn"]
    # Of the register a copy that is late is out as well.
    assert stands == told | {"staat nog uit": told["staat nog uit"] - late}


def test_what_was_destroyed_is_what_the_statements_say_by_the_day_on_which_the_last_went(
    installation: Installation,
) -> None:
    gone = ("Meldingen die zijn afgehandeld", "8.1", "vernietigd")
    with installation.transaction(DORDRECHT) as session:
        line = {"soort": gone[0], "categorie": gone[1], "gevolg": gone[2], "aantal": 3}
        a_list(session, "2026-4", period_until=date(2026, 12, 31), state="vernietigd")
        for number, day in (("V-1", "2026-12-31"), ("V-2", "2026-02-01"), ("V-3", "2027-01-01")):
            content = {"besluit": "lijst", "aantallen": [{**line, "weg_tot": day}]}
            made = datetime(2027, 1, 2, tzinfo=UTC)
            a_statement(session, number, made_at=made, content=content)
    year = counted(installation, 2026)
    assert year["lists"] == {("vernietigd",): 1}
    assert year["gone"] == {gone: 6}
    assert counted(installation, 2027)["gone"] == {gone: 3}


def test_erasures_holds_restrictions_refusals_and_questions_are_lines_of_the_log(
    installation: Installation,
) -> None:
    inside, edge = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 12, 31, 22, 59, tzinfo=UTC)
    outside = datetime(2026, 12, 31, 23, tzinfo=UTC)
    actions = [action for part in ACTIONS.values() for action in part]
    for number, action in enumerate(actions):
        acted(installation, action, *[inside] * number, edge, outside)
    acted(installation, "melding.notitie", inside)
    year = counted(installation, 2026)
    for title, part in ACTIONS.items():
        assert year[title] == {(label_of(code),): actions.index(code) + 1 for code in part}


def test_dossiers_about_a_person_count_with_advice_and_without_a_name(
    installation: Installation,
) -> None:
    with clock_at(datetime(2026, 6, 1, 9, tzinfo=UTC)):
        for title, texts in (("Jansen", 4), ("Pieters", 5)):
            with installation.transaction(DORDRECHT) as session:
                dossier = make_dossier(session, kind=DossierKind.PERSON.value, title=title)
                words = ("nodig", "nog niet", "mag dit?", "ja", "toch anders")
                make_ready(session, dossier, words[:texts])
        with installation.transaction(DORDRECHT) as session:
            make_dossier(session)
    with installation.transaction(DORDRECHT) as session:
        person = Dossier.kind == DossierKind.PERSON.value
        assert len(session.scalars(select(Dossier).where(person)).all()) == 2
    rows = counted(installation, 2026)["persons"]
    assert rows["Begonnen", ""] == 2
    assert sum(number for row, number in rows.items() if row[0].startswith("Advies")) == 2
    assert sum(number for row, number in rows.items() if row[1] == "niet gevolgd") == 1
    assert not [row for row in rows if "Jansen" in str(row)]


def test_another_holder_counts_nothing_of_this_one(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        session.add(a_request())
    acted(installation, "melding.gewist", datetime(2026, 7, 1, tzinfo=UTC))
    assert counted(installation, 2026, EINDHOVEN) == {}
    assert counted(installation, 2026, NATIONAL) == {}


def test_police_data_is_counted_nowhere(installation: Installation) -> None:
    assert not [code for part in ACTIONS.values() for code in part if "politie" in code]
    acted(installation, "politie.gelezen", datetime(2026, 7, 1, tzinfo=UTC))
    assert counted(installation, 2026) == {}


@given(st.dates(date(2024, 12, 20), date(2028, 1, 10)), st.integers(2025, 2027))
def test_each_day_lies_in_one_year(day: date, number: int) -> None:
    year: Any = Year(None, DORDRECHT, number, TODAY)  # type: ignore[arg-type]
    first, end = (part.right.value for part in year.within(SubjectRequest.received_on).clauses)
    assert (first <= day < end) is (day.year == number)


def reported(installation: Installation, year: int) -> None:
    with installation.transaction(DORDRECHT) as session:
        report = make_report(session, installation)
        report.received_at = datetime(year, 5, 1, tzinfo=UTC)


def test_the_page_begins_with_the_last_whole_year_and_offers_those_since_the_first_report(
    installation: Installation,
) -> None:
    connect(installation)
    reported(installation, 2025)
    with installation.transaction(DORDRECHT) as session:
        session.add_all([a_request(), a_request(received_on=date(2025, 3, 1))])
    with clock_at(NOW):
        browser = reader(installation)
        page = browser.get(HERE)
        assert page.html.h1.text == "Jaarverslag privacy 2026"
        links = [link["href"] for link in page.html.select("nav[aria-label=Jaren] a")]
        assert links == [f"{HERE}?jaar=2027", f"{HERE}?jaar=2025"]
        assert "inzage" in section(page, "Verzoeken van betrokkenen")
        assert "Geen in 2026." in section(page, "Datalekken")
        now = browser.get(f"{HERE}?jaar=2027")
        assert "Dit jaar is nog niet om." in now
        assert "Niets te tellen in 2027" in now
        for wrong in ("2024", "2028", "02026", "x", "", "２０２６"):
            browser.get(f"{HERE}?jaar={quote(wrong)}", status=404)
        browser.get(f"{HERE}?jaar=2026&jaar=x", status=404)


def test_a_holder_without_reports_has_this_year_and_nothing_in_it(
    installation: Installation,
) -> None:
    with clock_at(NOW):
        browser = reader(installation)
        for place in (HERE, "/landelijk/jaarverslag"):
            assert "Niets te tellen in 2027" in browser.get(place)
            browser.get(f"{place}?jaar=2026", status=404)


def test_a_year_of_which_the_log_is_partly_gone_says_so(installation: Installation) -> None:
    reported(installation, 2020)
    with clock_at(NOW):
        browser = reader(installation)
        for year, says in ((2021, True), (2022, True), (2023, False)):
            page = browser.get(f"{HERE}?jaar={year}")
            assert ("Van dit jaar is het logboek niet meer heel" in page) is says


@pytest.mark.parametrize("role", [Role.ADMIN, Role.ARCHIVIST, Role.OFFICER])
def test_who_may_not_read_the_log_has_no_account(installation: Installation, role: Role) -> None:
    browser = reader(installation, role)
    for end in ("", "/pdf", "/bestand"):
        browser.get(f"{HERE}{end}", status=[403, 404])


def test_the_files_say_the_same_and_the_log_who_fetched_them(installation: Installation) -> None:
    connect(installation)
    reported(installation, 2026)
    with installation.transaction(DORDRECHT) as session:
        session.add_all([a_request(), a_request(right="wissen")])
    with clock_at(NOW):
        browser = reader(installation)
        rows = lines(browser.get(f"{HERE}/bestand?jaar=2026"))
        title = "Verzoeken van betrokkenen"
        assert (title, "inzage in gegevens (art. 15), Loopt nog, te laat", "Aantal", "1") in rows
        assert ("Datalekken", "", "", "Geen in 2026.") in rows
        pdf = browser.get(f"{HERE}/pdf?jaar=2026")
        assert pdf.content_disposition == 'attachment; filename="jaarverslag-gm0505-2026.pdf"'
        words = "".join(sheet.extract_text() for sheet in PdfReader(BytesIO(pdf.body)).pages)
        assert "gegevens wissen (art. 17)" in words
        browser.get(f"{HERE}/pdf?jaar=x", status=404)
    with installation.transaction(DORDRECHT) as session:
        fetched = AuditEvent.action == "jaarverslag.gedownload"
        assert len(session.scalars(select(AuditEvent).where(fetched)).all()) == 2


@pytest.mark.both_databases
def test_an_account_takes_as_many_statements_however_much_there_is(
    installation: Installation,
) -> None:
    def ask() -> int:
        with count_queries(installation) as queries, installation.transaction(DORDRECHT) as session:
            Year(session, DORDRECHT, 2026, TODAY).counts()
        return queries.count

    made = datetime(2026, 3, 1, tzinfo=UTC)
    few = ask()
    with installation.transaction(DORDRECHT) as session:
        session.add_all([a_request() for _ in range(20)])
        for number in range(20):
            keep(session, a_disclosure(made, CopyState.GIVEN, date(2026, 1 + number % 12, 1)))
            keep(session, a_breach(made))
            a_statement(session, f"V-2026-{number}", made_at=made)
    assert ask() == few <= 12
