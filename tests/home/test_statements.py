"""The public statements say what the product does, and name who is responsible, for everybody."""

from __future__ import annotations

import re
from datetime import date
from hashlib import sha256
from importlib.resources import files
from typing import Any

import pytest
from webtest import TestApp

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.retention import RETENTION_CLASSES
from stopintimidatie.home import statements
from stopintimidatie.municipalities import accountability
from stopintimidatie.municipalities.accountability.rules import STATEMENT_OF
from stopintimidatie.municipalities.settings.rules import Part
from stopintimidatie.municipalities.settings.services import publish
from stopintimidatie.privacy.retention.rules import chosen_classes
from stopintimidatie.reports.fields import FIELDS
from tests.support.catalogue import watch
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.installation import Installation
from tests.support.policing import switch_on
from tests.support.retaining import approve

ADMIN = Actor("gebruiker", None, "Beheerder")
HERE = "/gemeenten/dordrecht/beheer/verantwoording"
TOWN = {
    "verantwoordelijke": "burgemeester",
    "postadres": "Postbus 8\n3300 AA Dordrecht",
    "privacyadres": "privacy@dordrecht.example",
    "fg": "FG, Juridische Zaken",
    "fg_adres": "fg@dordrecht.example",
    "verklaring": "https://www.dordrecht.example/privacy",
    "nagekeken_op": STATEMENT_OF.isoformat(),
}
DESK = {"verantwoordelijke": "Platform Meldpunt", "toegankelijkheid": "hulp@meldpunt.example"}

# The fields that each sentence of the statement about data tells of.
TOLD = (
    "description forms recurrence bystanders",
    "location place_type incident_start incident_end time_precision part_of_day",
    "offenders",
    "role reporter_age_group reporter_gender language felt_safety behaviour_changes",
    "anonymous wants_contact wants_support share_with_police share_with_partners police",
    "contact contact_when",
    "own_answers",
    "client",
)


def fill_in(installation: Installation, holder: str, content: dict[str, Any]) -> None:
    with installation.transaction(holder) as session:
        publish(session, ADMIN, holder, Part.ACCOUNTABILITY, content)


def words_of(page: Any) -> str:
    return " ".join(page.html.main.get_text(" ").split())


def test_a_municipality_that_takes_part_is_named_with_its_own_terms(
    installation: Installation,
) -> None:
    connect(installation)
    fill_in(installation, DORDRECHT, TOWN)
    terms = approve(installation)
    visitor = installation.visitor()
    assert "Wet politiegegevens" not in words_of(visitor.get("/privacy/dordrecht"))
    switch_on(installation)
    page = visitor.get("/privacy/dordrecht")
    said = words_of(page)
    for part in (
        *("de burgemeester van Dordrecht", "Postbus 8", "fg@dordrecht.example", "keek deze"),
        *("of via de inlogdienst van hun gemeente", "Een archief, als", "Wet politiegegevens"),
    ):
        assert part in said
    assert page.html.find("a", href="mailto:privacy@dordrecht.example")
    assert page.html.find("a", href="https://www.dordrecht.example/privacy")
    assert f"{terms.choices['contactgegevens'].term}" in said
    assert page.html.find("a", href="/privacy/jongeren")


def test_who_filled_in_nothing_is_named_all_the_same_and_no_term_is_made_up(
    installation: Installation,
) -> None:
    connect(installation)
    said = words_of(installation.visitor().get("/privacy/dordrecht"))
    sealed = RETENTION_CLASSES.of(installation.registry)["bestand_tegengehouden"].term
    for part in (
        "de gemeente Dordrecht",
        "nog geen adres",
        "nog niet nagekeken",
        "nog niet vastgesteld",
        f"tegenhield: verzegeld {sealed}",
    ):
        assert part in said


def test_the_desk_answers_for_a_municipality_that_takes_no_part(installation: Installation) -> None:
    fill_in(installation, NATIONAL, DESK)
    visitor = installation.visitor()
    said = words_of(visitor.get("/privacy/papendrecht"))
    assert ("doet nog niet mee" in said, "Platform Meldpunt" in said) == (True, True)
    desk = visitor.get("/privacy")
    assert "Een archief, als" not in words_of(desk)
    assert "Platform Meldpunt" in words_of(desk)
    assert desk.html.find("a", href="/privacy/papendrecht")
    visitor.get("/privacy/nergenshuizen", status=404)


def test_all_pages_are_in_english_as_well(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    missed = watch(monkeypatch)
    connect(installation)
    approve(installation)
    for path in ("/privacy", "/privacy/dordrecht", "/privacy/jongeren", "/toegankelijkheid"):
        page = installation.visitor().get(f"{path}?taal=en")
        assert page.html.html["lang"] == "en"
        assert page.html.footer.find("a", href="/toegankelijkheid?taal=en")
    assert missed == set()


@pytest.mark.parametrize(
    ("day", "known", "templates", "seen"),
    [
        (STATEMENT_OF, date(2026, 12, 1), ("privacy", "privacy_young"), "3938654078349734"),
        (statements.ACCESSIBILITY_OF, date(2026, 11, 28), ("accessibility",), "931f11045aa6403c"),
    ],
)
def test_a_statement_says_the_day_on_which_its_text_last_changed(
    day: date, known: date, templates: tuple[str, ...], seen: str
) -> None:
    folder = files(statements.__package__) / "templates"
    texts = [(folder / f"{name}.jinja2").read_text("utf-8") for name in templates]
    if "privacy" in templates:
        texts.append((files(accountability) / "templates/stated.txt.jinja2").read_text("utf-8"))
    found = sha256("".join(texts).encode()).hexdigest()[:16]
    assert (day, found) == (known, seen), (
        "The text of this statement changed. Set its date (STATEMENT_OF in accountability/rules.py"
        " or ACCESSIBILITY_OF in home/statements.py) to the day of the change, then put that day"
        " and the new hash here. Where only the markup changed, put the hash alone."
    )


def test_every_field_of_a_report_and_every_term_that_is_chosen_is_told(
    installation: Installation,
) -> None:
    visitor = installation.visitor()
    connect(installation)
    told_data = visitor.get("/privacy").html.select_one("#gegevens ~ ul")
    # And what is no field: files, and the conversation.
    assert len(told_data.find_all("li")) == len(TOLD) + 2
    told = " ".join(TOLD).split()
    assert sorted(told) == sorted({field.attribute.partition(".")[0] for field in FIELDS})
    classes = RETENTION_CLASSES.of(installation.registry)
    for desk in (True, False):
        approve(installation, NATIONAL if desk else DORDRECHT)
        page = visitor.get("/privacy" if desk else "/privacy/dordrecht")
        rows = page.html.select("#bewaren ~ .si-table-wrap tbody tr")
        # And those of which the product sets the term.
        assert len(rows) == len(chosen_classes(classes, desk=desk)) + 3
        assert not [row for row in rows if not row.select("td")[0].text.strip("–")]


def test_a_young_reporter_is_spoken_to_as_je(installation: Installation) -> None:
    page = installation.visitor().get("/privacy/jongeren")
    said = f" {words_of(page).lower()} "
    assert " je " in said
    assert not [word for word in (" u ", " uw ") if word in said]
    assert "Is er haast, dan gebeurt dat soms pas de volgende werkdag" in words_of(page)
    assert page.html.find("a", href="tel:0800-0432")
    assert installation.visitor().get("/melden/dordrecht").html.find("a", href="/privacy/jongeren")


def test_every_page_leads_to_both_statements(installation: Installation) -> None:
    connect(installation)
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    for browser, path, privacy in (
        (installation.visitor(), "/melden", "/privacy"),
        (installation.visitor(), "/melden/dordrecht?taal=en", "/privacy/dordrecht?taal=en"),
        (installation.visitor(), "/volgen", "/privacy"),
        (installation.visitor(), "/aansluiten", "/privacy"),
        (officer, "/gemeenten/dordrecht", "/privacy"),
    ):
        footer = browser.get(path).html.footer
        assert footer.find("a", href=privacy), path
        assert footer.find("a", href=re.compile("^/toegankelijkheid")), path


def test_the_status_of_a_site_that_nobody_tested_is_never_better_than_c(
    installation: Installation,
) -> None:
    today = date(2026, 11, 28)
    for planned, letter in (
        (None, "D"),
        ("2026-11-27", "D"),
        ("2027-05-28", "C"),
        ("2027-05-29", "D"),
    ):
        assert statements.status_of(planned, today) == letter
    fill_in(installation, NATIONAL, DESK)
    page = installation.visitor().get("/toegankelijkheid")
    assert "Nalevingsstatus: D, voldoet niet" in words_of(page)
    assert page.html.find("a", href="mailto:hulp@meldpunt.example")


# The form of the administrator


@pytest.fixture
def admin(installation: Installation) -> TestApp:
    connect(installation)
    return installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))


def test_the_admin_sees_what_is_lacking_looks_first_and_then_publishes(
    installation: Installation, admin: TestApp
) -> None:
    page = admin.get(HERE)
    assert "Er ontbreekt nog: wie verantwoordelijk is, de FG, een postadres" in words_of(page)
    form = page.forms["formulier"]
    form["postadres"], form["privacyadres"] = "Postbus 8", "Privacy@dordrecht.example"
    seen = form.submit("voorbeeld", status=200)
    assert "Er is nog niets opgeslagen" in seen
    assert "Postbus 8" not in installation.visitor().get("/privacy/dordrecht")
    seen.forms["formulier"].submit("opslaan", status=303)
    assert "Postbus 8" in installation.visitor().get("/privacy/dordrecht")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("privacyadres", "geen adres"),
        ("verklaring", "javascript:alert(1)"),
        ("verklaring", "http://www.dordrecht.example"),
        ("nagekeken_op", "01-01-2999"),
    ],
)
def test_what_cannot_stand_in_a_statement_is_refused_at_its_field(
    admin: TestApp, name: str, value: str
) -> None:
    form = admin.get(HERE).forms["formulier"]
    form[name] = value
    answer = form.submit("opslaan", status=422)
    assert answer.html.select_one(f"[name={name}][aria-invalid]")
