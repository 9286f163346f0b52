"""Redaction profiles as a municipality makes them: versions, the minimum, and what they do."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.exports.models import RedactionProfile
from tests.support.exporting import decide, make_case, requested
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation
from tests.support.profiles import EDIT, change

READ = "/gemeenten/dordrecht/redactieprofielen"


def kept(installation: Installation) -> list[RedactionProfile]:
    with installation.transaction(DORDRECHT) as session:
        return list(session.scalars(select(RedactionProfile).order_by(RedactionProfile.number)))


def test_a_profile_is_made_stricter_in_versions_and_an_export_follows(
    installation: Installation,
) -> None:
    case = make_case(installation)
    reference = requested(case)
    asked = case.export(reference).profile_version
    answer = change(case, "politie", veld_time="part_of_day", onderdeel_feedback="weggelaten")
    assert answer.status_int == 303, answer.text
    told = case.browser("beheer").get(answer.location)
    assert "2 regels" in told.text
    version = told.html.find("h3").text
    assert version == f"Versie {asked + 1}"
    assert "De politie heeft dit niet nodig." in told.text
    rows = [cell.text.strip() for cell in told.html.select("table")[2].select("td, th")]
    assert "Grover: datum en dagdeel" in rows
    # Who decides is shown what changed since the request, and the export says the new version.
    page = case.browser("beslisser").get(f"{case.path}/{reference}/beoordelen")
    assert "Het redactieprofiel is gewijzigd" in page.text
    assert "Grover: datum en dagdeel" in page.text
    assert "bij 429ter" not in page.text
    assert decide(case, reference).status_int == 303
    assert case.export(reference).profile_version == asked + 1

    again = change(case, "politie", button="standaard")
    assert again.status_int == 303
    assert [row.proposed for row in kept(installation)] == [False, True]
    with installation.transaction(DORDRECHT) as session:
        events = session.scalars(
            select(AuditEvent).where(AuditEvent.action == "redactieprofiel.gewijzigd")
        ).all()
        assert [event.actor_name for event in events] == ["Bob Heer", "Bob Heer"]
        assert not any("niet nodig" in str(event.__dict__) for event in events)


def test_no_profile_is_opened_further_than_the_law_allows(installation: Installation) -> None:
    case = make_case(installation, number=1)
    for profile, name, code, why in (
        ("politie", "veld_account", "zichtbaar", "nagekeken en zwartgemaakt"),
        ("zorg_welzijn", "veld_place", "zichtbaar", "alleen politie en handhaving"),
        ("openbaar_vervoer", "veld_place", "zichtbaar", "alleen politie en handhaving"),
    ):
        answer = change(case, profile, **{name: code})
        assert answer.status_int == 422, name
        field = answer.html.find(attrs={"data-veld": f"veld.{name}"})
        assert why in field.find(class_="si-error").text
    # What lies fixed isn't asked, and an answer that wasn't asked changes nothing.
    page = case.browser("beheer").get(EDIT.format("politie"))
    assert "veld.veld_contact" not in page.forms["formulier"].fields
    sent: dict[str, Any] = dict(page.forms["formulier"].submit_fields())
    sent |= {"veld.veld_contact": "zichtbaar", "reden": "Toch open.", "opslaan": "ja"}
    address = EDIT.format("politie")
    assert case.browser("beheer").post(address, sent).status_int == 303
    assert kept(installation) == []


def test_two_admins_dont_overwrite_each_other(installation: Installation) -> None:
    case = make_case(installation, number=1)
    first = case.browser("beheer").get(EDIT.format("handhaving")).forms["formulier"]
    assert change(case, "handhaving", veld_feeling="weggelaten").status_int == 303
    first["reden"] = "Anders."
    first["veld.veld_bystanders"] = "weggelaten"
    refused = first.submit("opslaan", expect_errors=True)
    assert refused.status_int == 409
    assert len(kept(installation)) == 1
    assert case.browser("beheer").get(EDIT.format("pers"), status=404)
    for who in ("aanvrager", "fg"):
        page = case.browser(who).get(READ)
        assert "Woningcorporatie" in page.text
        assert "1 regel anders dan het voorstel" in page.text
        assert case.browser(who).get(EDIT.format("politie"), status=404)
