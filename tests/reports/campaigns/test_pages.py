"""The campaigns of a municipality: kept by the admin, counted in fives, named in the inbox."""

from __future__ import annotations

import ast
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import stopintimidatie
from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.security import Role
from stopintimidatie.reports.campaigns.models import Campaign
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.workflow import ReportState
from stopintimidatie.statistics.queries import COLUMNS
from tests.support.factories import CENTRE, DORDRECHT, EINDHOVEN, connect, make_report, make_user
from tests.support.installation import Installation
from tests.support.officers import officer
from tests.support.queries import count_queries
from tests.support.source import nodes_of

pytestmark = pytest.mark.sqlite
HERE = "/gemeenten/dordrecht"
LIST = f"{HERE}/campagnes"
FORM = f"{HERE}/campagne"
PACKAGE = Path(stopintimidatie.__file__).parent
# Modules that read the campaign of a report: the inbox, the counts per campaign, and the rooms
# that write or copy a report as a whole.
READ_THE_CODE = {
    "reports/campaigns/services.py",
    "reports/inbox/facets.py",
    "reports/inbox/rules.py",
}


@pytest.fixture(autouse=True)
def town(installation: Installation) -> None:
    connect(installation)


def admin(installation: Installation) -> Any:
    return installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))


def fill(browser: Any, address: str = FORM, status: int = 303, **values: str) -> Any:
    form = browser.get(address).forms["formulier"]
    given = (
        {} if "code=" in address else {"naam": "Zomer", "code": "zomer-2026", "van": "2026-06-01"}
    )
    for name, value in {**given, **values}.items():
        form[name] = value
    return form.submit("opslaan", status=status)


def add_reports(installation: Installation, number: int, code: str = "zomer-2026") -> None:
    with installation.transaction(DORDRECHT) as session:
        for _ in range(number):
            make_report(session, installation).campaign = code


def cells(page: Any) -> list[dict[str, str]]:
    return [
        {cell["data-label"]: cell.get_text(" ", strip=True) for cell in row.select("td")}
        for row in page.html.select("main tbody tr")
    ]


def logged(installation: Installation) -> list[str]:
    with installation.transaction(DORDRECHT) as session:
        campaign = AuditEvent.action.startswith("campagne.")
        return sorted(session.scalars(select(AuditEvent.action).where(campaign)))


def test_a_campaign_is_added_changed_and_taken_away_and_that_is_in_the_log(
    installation: Installation,
) -> None:
    browser = admin(installation)
    assert fill(browser, code="Zomer-2026", tekst="Posters bij het water.").location.endswith(LIST)
    page = browser.get(LIST)
    (row,) = cells(page)
    assert row["Code"] == "zomer-2026"
    assert row["Adres"].endswith("/melden/dordrecht?c=zomer-2026")
    assert row["Meldingen"] == "minder dan 5"
    fill(browser, f"{FORM}?code=zomer-2026", tot="2026-08-31", code="warm-2026")
    with installation.transaction(DORDRECHT) as session:
        campaign = session.scalars(select(Campaign)).one()
        assert (campaign.code, campaign.until) == ("warm-2026", date(2026, 8, 31))
        assert campaign.about == "Posters bij het water."
    token = browser.get(FORM).html.select_one("[name=csrf_token]")["value"]
    browser.post(f"{HERE}/campagne-weg", {"csrf_token": token, "code": "warm-2026"}, status=303)
    assert "Nog geen campagnes" in browser.get(LIST)
    assert logged(installation) == ["campagne.gemaakt", "campagne.gewijzigd", "campagne.verwijderd"]


def test_the_address_of_a_campaign_leads_to_a_form_that_keeps_the_code(
    installation: Installation,
) -> None:
    browser = admin(installation)
    fill(browser)
    address = cells(browser.get(LIST))[0]["Adres"].partition("/melden")[2]
    page = installation.visitor().get(f"/melden{address}")
    assert page.html.select_one("[name=campagne]")["value"] == "zomer-2026"


def test_once_a_report_came_with_it_a_code_stands_and_the_campaign_stays(
    installation: Installation,
) -> None:
    browser = admin(installation)
    fill(browser)
    add_reports(installation, 1)
    answer = fill(browser, f"{FORM}?code=zomer-2026", code="anders-2026", naam="Warm", status=422)
    assert "Er zijn al meldingen met deze code" in answer
    assert answer.forms["formulier"]["naam"].value == "Warm"
    fill(browser, f"{FORM}?code=zomer-2026", naam="Warm")
    token = browser.get(FORM).html.select_one("[name=csrf_token]")["value"]
    sent = {"csrf_token": token, "code": "zomer-2026"}
    page = browser.post(f"{HERE}/campagne-weg", sent, status=303).follow()
    assert "Er zijn meldingen met deze code" in page
    assert "Warm" in page
    assert "campagne.verwijderd" not in logged(installation)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("code", "dorpsstraat-12", "op een huisnummer lijkt"),
        ("code", "bij-de-moskee", "noemt een gebouw of instelling"),
        ("code", "z", "2 tot 20 kleine letters"),
        ("naam", "Bel 0612345678", "Noem geen mensen"),
        ("tekst", "Vraag het jan@voorbeeld.nl", "Noem geen mensen"),
        ("tot", "2026-05-01", "De laatste dag ligt voor de eerste"),
    ],
)
def test_what_cant_be_kept_is_said_at_its_field_and_stays_there(
    installation: Installation, field: str, value: str, says: str
) -> None:
    answer = fill(admin(installation), status=422, **{field: value})
    control = answer.html.select_one(f"[name={field}]")
    assert control["aria-invalid"] == "true"
    assert says in answer
    assert answer.forms["formulier"][field].value == value
    assert logged(installation) == []


def test_a_code_is_of_one_campaign_of_a_municipality(installation: Installation) -> None:
    connect(installation, EINDHOVEN)
    fill(admin(installation))
    answer = fill(admin(installation), naam="Nog een", status=422)
    assert "Een andere campagne heeft deze code" in answer
    other = installation.browser(
        make_user(installation, (EINDHOVEN, Role.ADMIN), name="Eva Beheer")
    )
    fill(other, "/gemeenten/eindhoven/campagne")
    assert len(cells(other.get("/gemeenten/eindhoven/campagnes"))) == 1


def test_the_list_counts_in_fives_the_reports_that_count(installation: Installation) -> None:
    browser = admin(installation)
    fill(browser)
    add_reports(installation, 4)
    assert cells(browser.get(LIST))[0]["Meldingen"] == "minder dan 5"
    add_reports(installation, 4)
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(Report).limit(1)).one().state = ReportState.QUARANTINE
    # Seven that count: five.
    assert cells(browser.get(LIST))[0]["Meldingen"] == "5"
    add_reports(installation, 2)
    assert cells(browser.get(LIST))[0]["Meldingen"] == "10"
    # And never crossed, whatever an address asks for.
    crossed = browser.get(f"{LIST}?wijk={CENTRE}&vorm=naroepen&dagdeel=nacht")
    assert cells(crossed) == cells(browser.get(LIST))


def test_an_officer_reads_the_list_and_changes_nothing(installation: Installation) -> None:
    fill(admin(installation))
    olga = officer(installation)
    page = olga.get(LIST)
    assert len(cells(page)) == 1
    assert not page.html.select("main form, main a[href*='/campagne?'], main a[href$='/campagne']")
    assert page.html.select_one("main a[href$='/effect?campagne=zomer-2026']")
    olga.get(f"{FORM}?code=zomer-2026", status=403)


def test_an_admin_finds_the_way_from_the_settings(installation: Installation) -> None:
    page = admin(installation).get(f"{HERE}/beheer")
    assert page.html.select_one(f"main a[href='{LIST}']")


def test_the_inbox_names_a_campaign_beside_its_code(installation: Installation) -> None:
    fill(admin(installation), naam="Zomer aan het water")
    add_reports(installation, 2)
    add_reports(installation, 1, "oude-code")
    olga = officer(installation)
    page = olga.get(f"{HERE}/postvak?filters=open")
    assert "Zomer aan het water (zomer-2026)" in page
    assert "oude-code" in page
    chosen = olga.get(f"{HERE}/postvak?campagne=zomer-2026")
    assert "Zomer aan het water (zomer-2026)" in chosen
    assert len(chosen.html.select(".wb-list [data-rij]")) == 2


def test_the_list_costs_the_same_however_many_campaigns_and_reports_there_are(
    installation: Installation,
) -> None:
    browser = admin(installation)
    fill(browser)
    browser.get(LIST)
    with count_queries(installation) as few:
        browser.get(LIST)
    with installation.transaction(DORDRECHT) as session:
        for number in range(10):
            values = {"name": f"Actie {number}", "since": date(2026, 1, 1)}
            session.add(Campaign(holder=DORDRECHT, code=f"actie-{number}x", **values))
    add_reports(installation, 6)
    with count_queries(installation) as many:
        browser.get(LIST)
    assert many.count == few.count


def test_only_the_inbox_and_the_count_of_a_whole_campaign_read_the_code_of_a_report() -> None:
    readers = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in nodes_of(path)
        if isinstance(node, ast.Attribute)
        and node.attr == "campaign"
        and isinstance(node.value, ast.Name)
        and node.value.id == "Report"
    }
    assert readers == READ_THE_CODE
    assert "campagne" not in COLUMNS
