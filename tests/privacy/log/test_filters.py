"""Tests of the log as people look for something in it: filters, links, one line, a file."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM, Actor, AuditEvent, event_rows
from stopintimidatie.core.clock import AMSTERDAM
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.session import insert_rows
from stopintimidatie.privacy.log import views
from stopintimidatie.privacy.log.queries import NOBODY, Filters, count_events, known_actors
from tests.support.destruction import a_tombstone
from tests.support.factories import (
    DORDRECHT,
    EINDHOVEN,
    connect,
    make_dossier,
    make_report,
    make_user,
    user_id,
)
from tests.support.installation import Installation

LOG = "/gemeenten/dordrecht/logboek"
OLGA = Actor("gebruiker", str(uuid4()), "Olga Officier")
PIM = Actor("gebruiker", str(uuid4()), "Pim Privacy")


def note(
    installation: Installation,
    actor: Actor,
    action: str,
    *documents: UUID,
    day: int = 1,
    hour: int = 12,
    kind: str = "melding",
    holder: str = DORDRECHT,
    **more: Any,
) -> UUID:
    """Write one line of March 2026; its id."""
    at = datetime(2026, 3, day, hour, tzinfo=AMSTERDAM)
    with installation.transaction(holder) as session:
        rows = event_rows(actor, action, holder, kind, documents, at=at, **more)
        insert_rows(session, rows)
    return UUID(str(rows[0][1]["id"]))


def guard(installation: Installation, role: Role = Role.DATA_PROTECTION_OFFICER) -> Any:
    return installation.browser(make_user(installation, (DORDRECHT, role)))


def deeds(page: Any) -> list[str]:
    """Return who did what, line by line, without the line of the sign-in."""
    rows = page.html.select("tbody tr")
    cells = [[cell.get_text(" ", strip=True) for cell in row.select("td")] for row in rows]
    return [f"{row[0]}: {row[1]}" for row in cells if not row[1].startswith("Aangemeld")]


@pytest.mark.alles
def test_the_log_is_narrowed_by_person_document_day_and_kind_at_once(
    installation: Installation,
) -> None:
    with installation.transaction() as session:
        report = make_report(session, installation)
    connect(installation)
    note(installation, OLGA, "gelezen", report.id, day=1)
    note(installation, OLGA, "melding.beoordeeld", report.id, day=2)
    note(installation, PIM, "gelezen", report.id, day=3, hour=23)
    note(installation, PIM, "uitvoer.gemaakt", day=4, kind="uitvoer")
    fg = guard(installation)

    def asked(**filters: str) -> list[str]:
        form = fg.get(LOG).forms["regels"]
        for name, value in filters.items():
            form[name] = value
        return deeds(form.submit())

    olga, pim = str(OLGA.id), str(PIM.id)
    assert asked(wie=olga) == ["Olga Officier: Melding beoordeeld", "Olga Officier: Gelezen"]
    assert asked(wie=pim, wat="gelezen") == ["Pim Privacy: Gelezen"]
    assert asked(wat="gelezen", tot="2026-03-02") == ["Olga Officier: Gelezen"]
    assert asked(van="2026-03-03", tot="2026-03-03") == ["Pim Privacy: Gelezen"]
    assert asked(wat="uitvoer") == ["Pim Privacy: Uitvoer gemaakt"]
    assert asked(stuk=report.reference.lower(), wie=pim) == ["Pim Privacy: Gelezen"]
    assert asked(stuk=report.reference, wie=NOBODY) == ["Stopintimidatie: Melding ontvangen"]
    # Filters stay filled in, and a click on a name narrows to that person.
    page = fg.get(f"{LOG}?wat=gelezen&van=2026-03-01&tot=2026-03-03")
    form = page.forms["regels"]
    assert (form["wat"].value, form["van"].value) == ("gelezen", "2026-03-01")
    assert deeds(page.click("Olga Officier", index=0)) == ["Olga Officier: Gelezen"]


def test_what_cannot_be_used_is_named_and_nothing_is_lost(installation: Installation) -> None:
    connect(installation)
    note(installation, OLGA, "gelezen", uuid4())
    fg = guard(installation)
    wrong = {
        "wie": str(uuid4()),
        "wat": "dansen",
        "stuk": "M-0000-0000",
        "van": "31-02-2026",
        "tot": "gisteren",
    }
    page = fg.get(LOG, params=wrong, status=422)
    for field in wrong:
        assert page.html.select_one(f"#{field}-fout"), field
    form = page.forms["regels"]
    assert {name: form[name].value for name in ("stuk", "van", "tot")} == {
        name: wrong[name] for name in ("stuk", "van", "tot")
    }
    assert not page.html.select("tbody tr")
    turned = fg.get(f"{LOG}?van=2026-03-09&tot=2026-03-01&wat=gelezen", status=422)
    assert "ligt vóór de eerste dag" in turned
    assert turned.forms["regels"]["wat"].value == "gelezen"
    # The file has nothing of it either: it leads back to the message.
    assert LOG in fg.get(f"{LOG}-bestand?van=nooit", status=303).location
    nothing = fg.get(f"{LOG}?van=2031-01-01")
    assert "Geen regels met deze keuze" in nothing
    assert "Olga Officier: Gelezen" in deeds(nothing.click("Alles tonen"))


def test_two_people_with_one_name_are_told_apart(installation: Installation) -> None:
    connect(installation)
    usernames = [make_user(installation, (DORDRECHT, Role.OFFICER), name="Jo") for _ in range(2)]
    for username in usernames:
        actor = Actor("gebruiker", str(user_id(installation, username)), "Jo")
        note(installation, actor, "gelezen", uuid4())
    options = guard(installation).get(LOG).html.select("#wie option")
    names = [option.text for option in options]
    assert {f"Jo ({username})" for username in usernames} <= set(names)


def test_a_line_leads_to_its_documents_and_to_what_stays_of_one_that_is_gone(
    installation: Installation,
) -> None:
    connect(installation)
    gone = uuid4()
    with installation.transaction() as session:
        reports = [make_report(session, installation) for _ in range(15)]
        dossier = make_dossier(session)
        a_tombstone(session, "M-4F7K-2QX9", document_id=gone)
    note(installation, OLGA, "gelezen", *(report.id for report in reports), day=1)
    note(installation, OLGA, "dossier.gewijzigd", dossier.id, day=2, kind="dossier")
    note(installation, SYSTEM, "melding.vernietigd", gone, day=3)
    note(installation, OLGA, "gelezen", uuid4(), day=4)
    fg = guard(installation)
    page = fg.get(f"{LOG}?tot=2026-03-31")
    assert page.click(dossier.number).request.path.endswith(dossier.number)
    assert page.click("M-4F7K-2QX9").request.path.endswith("/vernietiging/M-4F7K-2QX9")
    whole = page.click("en 12 meer|12 meer")
    references = {report.reference for report in reports}
    assert references == {link.text for link in whole.html.select("tbody th a")}
    one = whole.click(reports[3].reference)
    assert "Melding" in one.follow()
    assert len(deeds(whole.click("Logboek hiervan", index=0))) >= 2
    unnamed = page.html.select("tbody tr")[0]
    assert unnamed.select("td")[2].text == "melding", "an id says nothing to anybody"
    fg.get(f"{LOG}-regel?nr={uuid4()}", status=404)
    fg.get(f"{LOG}-regel?nr=x", status=404)


def test_a_line_of_another_holder_is_not_there(installation: Installation) -> None:
    connect(installation)
    other = note(installation, OLGA, "gelezen", uuid4(), holder=EINDHOVEN)
    guard(installation).get(f"{LOG}-regel?nr={other}", status=404)


def test_the_lines_can_be_taken_as_a_file_and_that_is_a_line_too(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(installation)
    # More than is read at once.
    monkeypatch.setattr(views, "CHUNK", 3)
    for day in range(1, 9):
        note(installation, OLGA, "melding.notitie", day=day, reason="=1+1", fields=["tekst"])
    note(installation, PIM, "gelezen", uuid4())
    fg = guard(installation)
    page = fg.get(f"{LOG}?wie={OLGA.id}&van=2026-03-03")
    answer = page.click(r"Als bestand \(CSV\)")
    assert answer.content_type == "text/csv"
    head, *rows = csv.reader(io.StringIO(answer.body.decode("utf-8-sig")), delimiter=";")
    assert [row[0][:10] for row in rows] == [f"2026-03-0{day}" for day in range(8, 2, -1)]
    assert {row[1] for row in rows} == {"Olga Officier"}
    assert rows[0][head.index("Reden")] == "'=1+1"
    with installation.transaction(DORDRECHT) as session:
        taken = session.scalars(
            select(AuditEvent).where(AuditEvent.action == "logboek.gedownload")
        ).one()
        assert taken.fields == ["van", "wie"]
    monkeypatch.setattr(views, "MOST_IN_FILE", 6)
    assert "Hier stopt het bestand, na 6 regels" in fg.get(f"{LOG}-bestand").text


def test_the_log_of_a_document_has_the_filters_but_for_its_own(installation: Installation) -> None:
    with installation.transaction() as session:
        report = make_report(session, installation)
    note(installation, OLGA, "gelezen", report.id)
    fg = guard(installation)
    page = fg.get(f"/m/{report.reference}").follow().click("Logboek van deze melding")
    assert "stuk" not in page.forms["regels"].fields
    form = page.forms["regels"]
    form["wie"] = str(OLGA.id)
    narrowed = form.submit()
    assert deeds(narrowed) == ["Olga Officier: Gelezen"]
    rows = narrowed.click(r"Als bestand \(CSV\)").text.splitlines()
    assert len(rows) == 2


@pytest.mark.both_databases
def test_people_of_the_log_are_known_without_reading_it(installation: Installation) -> None:
    for day, name in enumerate(("Olga Jansen", "Olga Officier"), 1):
        note(installation, Actor("gebruiker", OLGA.id, name), "gelezen", day=day)
    note(installation, PIM, "gelezen")
    note(installation, SYSTEM, "gelezen")
    note(installation, Actor("gebruiker", str(uuid4()), "Elders"), "gelezen", holder=NATIONAL)
    with installation.transaction(DORDRECHT) as session:
        assert known_actors(session) == {OLGA.id: "Olga Officier", PIM.id: "Pim Privacy"}
        assert count_events(session, Filters(actor=NOBODY), 10) == 1
        assert count_events(session, Filters(actions=[]), 10) == 0
