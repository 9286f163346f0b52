"""No list, sheet or CSV holds story, place, age or contact; more than that is an export.

What makes files is a closed list here, each with the reason why it may hold more, or nothing.
"""

from __future__ import annotations

import ast
import csv
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import stopintimidatie
from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.factors import confirmation
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.reports.inbox.facets import TITLES
from stopintimidatie.reports.inbox.rules import _CONDITIONS, MAY_LEAVE
from stopintimidatie.reports.inbox.views import LEAVING
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import AgeGroup
from tests.support.factories import DORDRECHT, connect, make_report
from tests.support.installation import Installation
from tests.support.officers import officer
from tests.support.probing import allowed
from tests.support.source import nodes_of
from tests.support.town import Town

PACKAGE = Path(stopintimidatie.__file__).parent
HERE = "/gemeenten/dordrecht/postvak-lijst"
MAKERS = {
    "kept_response",
    "csv_lines",
    "csv_bytes",
    "csv_response",
    "xlsx_response",
    "pdf_response",
}
# Modules that make a list, by hand of these functions: the test below reads each.
LEAVES = {
    "desk/agreements/register.py": "numbers of town halls",
    "desk/queue/summary.py": "numbers of offers to municipalities, true counts",
    "disclosures/views.py": "the register of disclosures: recipients, grounds, codes",
    "programme/services.py": "texts of the programme: what may leave, and what a holder declares",
    "privacy/destruction/views.py": "statements of destruction: numbers",
    "privacy/processing/views.py": "what is done with data, and a year in numbers",
    "privacy/log/views.py": "the log: who, what, when; never content",
    "reports/inbox/views.py": "the list of reports",
    "statistics/release/council.py": "a report of figures in fives; nothing below five",
    "statistics/release/views.py": "published figures in fives; nothing below five",
    "statistics/views.py": "the figures of a town or the desk, true counts",
}
# Modules whose file is meant to tell more: each is decided on, and stands in the register or log.
EXPORTS = {
    "desk/forwarding/recipient.py": "a report for a town under an agreement",
    "exports/release/recipient.py": "an export, fetched",
    "exports/request/views.py": "an export, approved by a second person",
    "privacy/copies/recipient.py": "a copy for a data subject, fetched",
    "privacy/copies/views.py": "a copy for a data subject, judged by a second person",
    "privacy/destruction/reporters.py": "a reporter's own report",
    "privacy/requests/steps.py": "a letter to a data subject",
    "privacy/transfer/rows.py": "a whole municipality that ends",
}
# Names of views that answer with a file that isn't a document; `alles` looks for more.
FILE_VIEWS = {
    "postvak-lijst",
    "logboek-bestand",
    "bestand",
    "nummers-bestand",
    "cijfers",
    "cijfers-bestand",
}
FILES = re.compile(r"text/(csv|plain)|spreadsheetml|application/octet-stream")
COORDINATE = re.compile(r"\b(51\.\d{3,}|4\.\d{4,})\b")


def test_what_makes_a_file_is_a_closed_list() -> None:
    found = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for node in nodes_of(path)
        if isinstance(node, ast.Name) and node.id in MAKERS
    }
    assert found - {"core/web/responses.py"} == LEAVES.keys() | EXPORTS.keys()


def text_of(answer: Any) -> str:
    """All words of a file, also of one that is packed."""
    if "spreadsheetml" not in answer.content_type:
        text: str = answer.body.decode("utf-8")
        return text
    with zipfile.ZipFile(io.BytesIO(answer.body)) as packed:
        return "\n".join(packed.read(name).decode("utf-8") for name in packed.namelist())


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.alles)])
def test_no_file_of_a_list_tells_a_story_a_place_an_age_or_a_contact(
    town: Town, every: bool
) -> None:
    seen = set()
    for probe in {probe.path: probe for probe in allowed(town, "GET")}.values():
        if not every and probe.view.name not in FILE_VIEWS:
            continue
        answer = town.ask(probe.person, probe.path)
        if answer.status_int != 200 or not FILES.search(answer.content_type):
            continue
        text = text_of(answer)
        for place in town.places.values():
            words = {**place.texts, **place.contacts}
            told = {about for word, about in words.items() if word in text}
            # Organisations, not people: they stand in the register and in the log.
            assert told <= {"ontvanger", "partner"}, (probe.path, told)
        assert not COORDINATE.search(text), probe.path
        ages = {word for age in AgeGroup for word in (age.value, age.nl) if age != AgeGroup.UNSAID}
        assert not [word for word in ages if word in text], probe.path
        seen.add(probe.view.name)
    assert seen == FILE_VIEWS


@pytest.fixture
def town_of_three(installation: Installation) -> Installation:
    """Three reports: one of them in quarantine, and one done."""
    connect(installation)
    with installation.transaction(DORDRECHT) as session:
        make_report(session, installation, reporter_age_group=AgeGroup.UNDER_16)
        make_report(session, installation, quarantine=True)
        done = make_report(session, installation)
        done.state, done.ended_at = "afgehandeld", utc_now()
    return installation


def logged(installation: Installation) -> list[Any]:
    with installation.transaction(DORDRECHT) as session:
        mine = select(AuditEvent).where(AuditEvent.action == "postvak.gedownload")
        return [(sorted(row.listed or ()), row.actor_name) for row in session.scalars(mine)]


def test_a_list_has_these_columns_alone_and_a_line_in_the_log(
    town_of_three: Installation,
) -> None:
    olga = officer(town_of_three)
    page = olga.get(f"{HERE}?toestand=alle")
    assert "2 meldingen gaan mee" in page
    assert "1 melding gaat niet mee" in page
    assert logged(town_of_three) == []
    answer = olga.get(f"{HERE}?toestand=alle&bestand=csv")
    rows = [*csv.reader(io.StringIO(text_of(answer).lstrip("\ufeff")), delimiter=";")]
    assert (
        rows[0]
        == [*LEAVING]
        == ["Kenmerk", "Ontvangen", "Gebeurd", "Klaar", "Wijk", "Vormgroep", "Toestand"]
    )
    assert sorted((*row[4:], bool(row[3])) for row in rows[1:]) == [
        ("Binnenstad", "verbaal", "Afgehandeld", True),
        ("Binnenstad", "verbaal", "Nieuw", False),
    ]
    with town_of_three.transaction(DORDRECHT) as session:
        left = Report.state != "quarantaine"
        ids = sorted(session.scalars(select(Report.id).where(left)))
    assert logged(town_of_three) == [(ids, "Olga Officier")]
    sheet = text_of(olga.get(f"{HERE}?toestand=alle&bestand=xlsx"))
    assert all(word in sheet for word in (*LEAVING, "Binnenstad", "Afgehandeld"))
    assert "Olga" not in sheet
    assert len(logged(town_of_three)) == 2


def test_a_list_is_refused_while_a_filter_would_tell_what_the_columns_do_not(
    town_of_three: Installation,
) -> None:
    olga = officer(town_of_three)
    for name in _CONDITIONS.keys() - MAY_LEAVE:
        answer = olga.get(f"{HERE}?{name}=ja&bestand=csv", status=409)
        assert f"Haal eerst weg: {TITLES[name]}" in answer
    assert logged(town_of_three) == []


def test_a_formula_is_text_in_both_files(town_of_three: Installation) -> None:
    with town_of_three.transaction(DORDRECHT) as session:
        code = session.scalars(select(Report.neighbourhood_code)).first()
        session.get_one(Neighbourhood, code).name = "=1+1"
    olga = officer(town_of_three)
    assert '"\'=1+1"' in text_of(olga.get(f"{HERE}?bestand=csv"))
    sheet = text_of(olga.get(f"{HERE}?bestand=xlsx"))
    assert "<f>" not in sheet
    assert "'=1+1" in sheet


def test_nothing_leaves_before_a_second_factor_is_shown_again(
    town_of_three: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    olga = officer(town_of_three)
    monkeypatch.setattr(confirmation, "must_confirm", lambda request: True)
    answer = olga.get(f"{HERE}?bestand=csv", status=303)
    assert answer.location.partition("?")[0].endswith("/account-bevestigen")
    assert logged(town_of_three) == []
