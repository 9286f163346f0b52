"""The main job whole, on each database: a report comes in, and its dossier reaches a partner."""

from __future__ import annotations

import uuid
from hashlib import sha256
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import select
from webtest import TestApp, Upload

from stopintimidatie.core.security import Role
from stopintimidatie.disclosures.models import Disclosure, DisclosureSubject
from stopintimidatie.dossiers.models import Dossier
from tests.support.api import Api, report
from tests.support.deliveries import enter, form_of, put_ready, spoken_code
from tests.support.exporting import Case, approved, with_partner
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_user
from tests.support.installation import Installation

WORD = "knikkerbak"


def triaged(officer: TestApp, reference: str) -> str:
    """Assess the report; return its address."""
    page = officer.get(f"/m/{reference}").follow()
    form = page.click("Meer vastleggen", index=0).forms["formulier"]
    form["beoordeling.gevaar"] = "nee"
    form.submit("opslaan", status=303)
    return str(page.request.path)


def dossier_of(officer: TestApp, address: str) -> str:
    """Make a dossier of the report; return its address."""
    form = officer.get(address).click("Nieuw dossier", index=0).forms["formulier"]
    form["titel"], form["soort"] = "Naroepen in de binnenstad", "hotspot"
    page = form.submit("maken", status=303).follow()
    assert "Naroepen in de binnenstad" in page.html.find("h1").text
    return str(page.request.path)


@pytest.mark.usefixtures("at_once")
@pytest.mark.short_on("postgresql")
def test_a_report_that_came_in_reaches_a_partner_as_a_pdf(installation: Installation) -> None:
    connect(installation)
    people = {
        "aanvrager": make_user(installation, (DORDRECHT, Role.OFFICER), name="An Vrager"),
        "beslisser": make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER), name="Bea Slist"),
    }
    api = Api(installation)
    story = f"Hij riep me na bij de {WORD}."
    receipt = api.post(report(omschrijving=story), Idempotency_Key=str(uuid.uuid4())).json
    reference = receipt["kenmerk"]
    installation.run_jobs()

    officer = installation.browser(people["aanvrager"])
    address = triaged(officer, reference)
    dossier = dossier_of(officer, address)
    installation.run_jobs()
    assert reference in officer.get("/zoeken", {"q": WORD}).html.find("main").text
    stranger = installation.browser(make_user(installation, (EINDHOVEN, Role.OFFICER)))
    assert reference not in stranger.get("/zoeken", {"q": WORD}).html.find("main").text
    stranger.get(dossier, status=404)

    with installation.transaction(DORDRECHT) as session:
        dossier_id = session.scalars(select(Dossier.id)).one()
    case = Case(installation, dossier, dossier_id, [], people)
    given = {"ontvanger": None, "grond_minderjarigen": "Het gaat om hun veiligheid."}
    export = approved(case, partner=with_partner(installation), **given)
    installation.run_jobs()
    number = put_ready(case, export)
    _, answer = enter(installation, number, spoken_code(case, export))
    pdf = form_of(answer.follow(), "bestand").submit().body
    text = "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    assert "Wilt u op vrijdagavond extra rijden?" in text
    assert WORD not in text, "the police get no account of a reporter"

    made = sha256(pdf).hexdigest()
    with installation.transaction(DORDRECHT) as session:
        entry = session.scalars(select(Disclosure)).one()
        assert (entry.source_reference, entry.file_sha256) == (dossier.rpartition("/")[2], made)
        assert session.scalars(select(DisclosureSubject.label)).all() == ["M-01"]
    form = installation.visitor().get("/verificatie").forms["formulier"]
    form["uitvoer"], form["bestand"] = export, Upload("dossier.pdf", pdf, "application/pdf")
    assert "Echt" in form.submit("controleren").html.find("main").text
    assert api.follow(reference, receipt["volgcode"]).json["status"] == "in_aanpak"
