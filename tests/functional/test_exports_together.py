"""Several recipients in one action: each its own export, decided at once, apart in knowledge."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.disclosures.models import Disclosure
from stopintimidatie.exports import making
from stopintimidatie.exports.content import DossierContent
from stopintimidatie.exports.models import Export
from stopintimidatie.reports.vocabulary import LegalBasis
from stopintimidatie.storage.types import utc_now
from stopintimidatie.web.filters import day_of
from tests.factories import DORDRECHT
from tests.functional.exporting import make_case
from tests.installation import Installation

KINDS = ("politie", "zorg_welzijn", "woningcorporatie", "openbaar_vervoer")


def test_four_recipients_are_asked_for_and_approved_in_one_go_and_know_little_of_each_other(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, DossierContent] = {}

    def render(content: DossierContent, **kw: Any) -> bytes:
        seen[content.delivery.recipient] = content
        return b"%PDF-1.7 not really"

    monkeypatch.setattr(making, "render_in_process", render)
    case = make_case(installation)
    asker, decider = case.browser("aanvrager"), case.browser("beslisser")
    chooser = asker.get(f"{case.path}/uitvoer-samen")
    assert "Woningcorporatie" in chooser.text
    assert "formulier" not in chooser.forms
    form = asker.get(f"{case.path}/uitvoer-samen?voor=" + "&voor=".join(KINDS)).forms["formulier"]
    grounds = {code for code, *_ in form["ontvanger_1.grondslag"].options}
    assert "avg_6_1_e_openbare_orde" in grounds
    assert LegalBasis.ORDER.value not in grounds, "a demand has questions of its own"
    form["doel"] = "Samen het toezicht bepalen."
    form["vernietigen_voor"] = (day_of(utc_now()) + timedelta(days=90)).isoformat()
    for place in range(1, 5):
        form[f"ontvanger_{place}.grondslag"] = "avg_6_1_e_openbare_orde"
        form[f"ontvanger_{place}.vraag"] = f"Wilt u meedenken, nummer {place}?"
    # One that can't be refuses them all, at its own answer.
    form["ontvanger_2.grondslag"] = "intern"
    refused = form.submit("aanvragen", expect_errors=True)
    assert refused.status_int == 422
    field = refused.html.find(attrs={"data-veld": "ontvanger_2.grondslag"})
    assert "geen grondslag om" in field.find(class_="si-error").text
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Export)).all() == []
    form["ontvanger_2.grondslag"] = "avg_6_1_e_openbare_orde"
    page = form.submit("aanvragen").follow()
    assert "4 uitvoeren zijn aangevraagd" in page.text

    with installation.transaction(DORDRECHT) as session:
        exports = session.scalars(select(Export)).all()
        assert sorted(one.profile for one in exports) == sorted(KINDS)
        assert len({one.reference for one in exports}) == 4
        assert len({one.together for one in exports}) == 1
        reference = exports[0].reference
    own = asker.get(f"{case.path}/{reference}/samen-beoordelen")
    assert "formulier" not in own.forms
    page = decider.get(f"{case.path}/{reference}")
    page = page.click("Samen met de andere beoordelen")
    assert len({tag["id"] for tag in page.html.find_all(id=True)}) == len(
        page.html.find_all(id=True)
    )
    done = page.forms["formulier"].submit("goedkeuren")
    assert done.status_int == 303
    installation.run_jobs()

    assert len(seen) == 4
    annexes = {one.annex.profile.split(":")[1].split()[0]: one.annex for one in seen.values()}
    assert "Ook verstrekt aan: " in annexes["politie"].recipients
    assert "Zorg en welzijn" in annexes["politie"].recipients
    for name in KINDS[1:]:
        assert "Ook verstrekt" not in annexes[name].recipients, name
    places = {name: str(content.reports) for name, content in seen.items()}
    assert all("Stationsplein" in told for told in places.values())
    with installation.transaction(DORDRECHT) as session:
        assert len(session.scalars(select(Disclosure)).all()) == 4
