"""The register as a file: who may, what is in it, and what a spreadsheet makes of it."""

from __future__ import annotations

import csv
import io
from typing import Any

from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.security import Role
from stopintimidatie.disclosures import views as disclosures_views
from stopintimidatie.disclosures.services import record_disclosure
from tests.support.disclosing import REGISTER, SUBJECT, an_entry
from tests.support.factories import DORDRECHT, EINDHOVEN, make_user
from tests.support.installation import Installation

FORMULA = '=HYPERLINK("http://fout.example";"klik")'


def rows_of(answer: Any) -> list[dict[str, str]]:
    assert answer.body.startswith(b"\xef\xbb\xbf")
    text = answer.body.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def a_register(installation: Installation, *entries: dict[str, Any]) -> None:
    with installation.transaction(DORDRECHT) as session:
        for one in entries:
            record_disclosure(session, an_entry(**one), [SUBJECT], SYSTEM)


def test_the_register_is_a_file_with_the_same_choice_and_leaves_a_trace(
    installation: Installation,
) -> None:
    a_register(
        installation,
        {"recipient": FORMULA, "purpose": "Regel één;\nen twee \u201cmet\u201d tekens"},
        {"restricted": True},
        {},
        {"profile": "zorg_welzijn", "recipient_kind": "Zorg en welzijn"},
    )
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER)))
    page = browser.get(f"{REGISTER}?soort=politie")
    answer = page.click("Als bestand")
    assert answer.content_type == "text/csv"
    assert 'filename="verstrekkingen-gm0505-' in answer.headers["Content-Disposition"]
    rows = rows_of(answer)
    assert list(rows[0]) == list(disclosures_views.COLUMNS)
    assert len(rows) == 3, "the filter of the page"
    assert {row["Profiel"] for row in rows} == {"politie, versie 1"}
    assert f"'{FORMULA}" in {row["Ontvanger"] for row in rows}
    assert any("Regel één;\nen twee" in row["Doel"] for row in rows)
    assert rows[0]["Van wie"] == f"M-01:{SUBJECT.id}"
    assert rows[0]["Soorten gegevens"] == "vormen, tijdstip"
    assert len(rows_of(browser.get(f"{REGISTER}/bestand"))) == 4
    assert rows_of(browser.get(f"{REGISTER}/bestand?soort=onzin")) == []
    with installation.transaction(DORDRECHT) as session:
        events = session.scalars(
            select(AuditEvent).where(AuditEvent.task == "register als bestand")
        ).all()
        assert sorted(len(event.listed or ()) for event in events) == [3, 4]


def test_the_file_is_for_who_answers_for_the_register(installation: Installation) -> None:
    a_register(installation, {})
    for role, status in (
        (Role.OFFICER, 403),
        (Role.DOSSIER_OWNER, 403),
        (Role.ADMIN, 404),
        (Role.DATA_PROTECTION_OFFICER, 200),
    ):
        browser = installation.browser(make_user(installation, (DORDRECHT, role)))
        browser.get(f"{REGISTER}/bestand", status=status)
        if status == 403:
            assert "Als bestand" not in browser.get(REGISTER).text
    other = installation.browser(make_user(installation, (EINDHOVEN, Role.PRIVACY_OFFICER)))
    other.get(f"{REGISTER}/bestand", status=404)
