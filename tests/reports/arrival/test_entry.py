"""The form of an officer who is told a report: what is filled in already, and each mistake."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.clock import AMSTERDAM, local_date, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.reports.models import Report
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.installation import Installation
from tests.support.officers import set_value

ENTRY = "/gemeenten/dordrecht/melding-invoeren"
TOLD = "Hij riep iets naar mij. Ik liep door."


def entry_form(installation: Installation) -> Any:
    connect(installation)
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    form = browser.get(ENTRY).forms["formulier"]
    form["wat.omschrijving"], form["wat.plek"] = TOLD, "bij de brug"
    for name, value in (
        ("vormen", "naroepen"),
        ("typePlek", "straat_plein"),
        ("contactGewenst", "nee"),
        ("delen", "niemand"),
    ):
        set_value(form, f"hoe.{name}", value)
    return form


def kept(installation: Installation) -> Report:
    with installation.transaction(DORDRECHT) as session:
        return session.scalars(select(Report)).one()


def test_telephone_victim_and_today_are_filled_in(installation: Installation) -> None:
    entry_form(installation).submit("bewaren", status=303)
    report = kept(installation)
    assert (report.source, report.role, report.time_precision) == (
        "telefonisch",
        "slachtoffer",
        "dag",
    )
    assert local_date(report.incident_start) == local_date(utc_now())


@pytest.mark.parametrize(
    ("clock", "part", "begun", "precision"),
    [
        ("22:40", "", "22:40", "uur"),
        ("22:40", "avond", "22:40", "uur"),
        ("", "nacht", "00:00", "dagdeel"),
        ("", "", "12:00", "dag"),
    ],
)
def test_day_hour_and_part_of_day_are_kept_as_melden_keeps_them(
    installation: Installation, clock: str, part: str, begun: str, precision: str
) -> None:
    form = entry_form(installation)
    form["wat.datum"] = str(local_date(utc_now()) - timedelta(days=1))
    form["wat.tijd"] = clock
    if part:
        form["wat.dagdeel"] = part
    form.submit("bewaren", status=303)
    report = kept(installation)
    start = report.incident_start.astimezone(AMSTERDAM)
    assert (f"{start:%H:%M}", report.time_precision) == (begun, precision)


def test_each_mistake_stands_at_its_field_and_nothing_typed_is_lost(
    installation: Installation,
) -> None:
    form = entry_form(installation)
    form["wat.plek"], form["wat.tijd"] = "", "25:99"
    form["hoe.contactGewenst"] = "mailen"
    form["hoe.naam"], form["plegers.signalement"] = "Noor", "grijze jas"
    form["hoe.typePlek"].force_value(None)
    page = form.submit("bewaren", status=422)
    wrong = {tag["data-veld"] for tag in page.html.select("[data-veld]:has(.si-error)")}
    assert wrong == {"wat.tijd", "hoe.typePlek"}
    form = page.forms["formulier"]
    form["wat.tijd"], form["hoe.typePlek"] = "00:01", "straat_plein"
    page = form.submit("bewaren", status=422)
    wrong = {tag["data-veld"] for tag in page.html.select("[data-veld]:has(.si-error)")}
    assert wrong == {"wat.plek", "hoe.email"}
    form = page.forms["formulier"]
    typed = ("wat.omschrijving", "hoe.naam", "plegers.signalement", "hoe.delen")
    assert [form[name].value for name in typed] == [TOLD, "Noor", "grijze jas", "niemand"]
    form["wat.plek"], form["hoe.email"] = "de brug", "noor@voorbeeld.example"
    form.submit("bewaren", status=303)
    assert kept(installation).offender_appearance == "grijze jas"


def test_who_wants_no_contact_leaves_no_name_or_number(installation: Installation) -> None:
    form = entry_form(installation)
    form["hoe.telefoon"] = "06 12345678"
    page = form.submit("bewaren", status=422)
    assert "De melder wil geen contact" in page.html.select_one("[data-veld='hoe.telefoon']").text
    form = page.forms["formulier"]
    form["hoe.telefoon"] = ""
    form.submit("bewaren", status=303)
    assert kept(installation).anonymous


@pytest.mark.parametrize(
    ("chosen", "police", "partners"),
    [("beide", True, True), ("politie", True, False), ("partners", False, True)],
)
def test_one_question_asks_both_wishes_to_share(
    installation: Installation, chosen: str, police: bool, partners: bool
) -> None:
    form = entry_form(installation)
    form["hoe.delen"] = chosen
    form.submit("bewaren", status=303)
    report = kept(installation)
    assert (report.share_with_police, report.share_with_partners) == (police, partners)


def test_a_moment_that_is_still_to_come_is_refused_at_its_field(installation: Installation) -> None:
    form = entry_form(installation)
    later = utc_now().astimezone(AMSTERDAM) + timedelta(hours=2)
    form["wat.datum"], form["wat.tijd"] = f"{later:%Y-%m-%d}", f"{later:%H:%M}"
    page = form.submit("bewaren", status=422)
    assert page.html.select("[data-veld='wat.tijd'] .si-error, [data-veld='wat.datum'] .si-error")
