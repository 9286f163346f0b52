"""What a recipient may not have isn't in the HTML of the preview; search finds nothing of exports.

The words and what each profile may see are those of `tests/support/leaking.py`; here they
go through the pages that people see.
"""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.exports.extract.queries import LoadedDossier, load_dossier
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.profiles.defaults import PROFILES
from stopintimidatie.exports.request import preview as request_views
from tests.support.deliveries import enter, form_of, put_ready, ready, spoken_code
from tests.support.exporting import make_case, quick
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation
from tests.support.leaking import may_see, secrets, seeded


@pytest.mark.alles
def test_the_preview_page_of_no_profile_holds_what_it_may_not_have(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make_case(installation, number=1)
    loaded: dict[str, Any] = {}

    def load(session: Any, dossier: Any, registry: Any) -> LoadedDossier:
        true = load_dossier(session, dossier, registry)
        source = seeded()
        numbers = {report.serial: true.report_ids[1] for report in source.reports}
        loaded["source"] = source
        return LoadedDossier(dossier, source, numbers, true.files)

    monkeypatch.setattr(request_views, "load_dossier", load)
    monkeypatch.setattr(request_views, "empowered_today", lambda session, holder: True)
    browser = case.browser("aanvrager")
    wrong: list[str] = []
    for name in PROFILES:
        page = browser.get(f"{case.path}/uitvoer-voorbeeld?voor={name}")
        assert f"Profiel {PROFILES[name].label}" in page.html.text
        html = unescape(page.text).lower()
        wrong += [
            f"{name}: {what} {serial}"
            for secret, (what, serial) in secrets().items()
            if not may_see(name, what, serial) and secret.lower() in html
        ]
        if PROFILES[name].lists_reports:
            seen = [
                s
                for s, (what, n) in secrets().items()
                if what in {"ROLE", "COUNT"} and s.lower() in html
            ]
            assert seen, f"{name}: the words of the test are on no page at all"
    assert loaded
    assert wrong == []


QUESTION, FACTS, WHY, ANSWER, REASON = (
    f"zq7{name}" for name in ("vraag", "feit", "spoed", "antwoord", "toch")
)


def test_no_word_of_a_request_a_frozen_document_or_an_answer_is_found(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, reference = ready(
        installation, monkeypatch, vraag=f"Wilt u {QUESTION}?", feiten=f"Zeker {FACTS}."
    )
    with installation.transaction(DORDRECHT) as session:
        export = session.scalars(select(Export)).one()
        export.urgent_reason = WHY
        export.deviations = [{"nummer": 1, "grondslag": "avg_6_1_d_vitaal_belang", "reden": REASON}]
    number = put_ready(case, reference)
    _, answer = enter(installation, number, spoken_code(case, reference))
    form = form_of(answer.follow(), "antwoord")
    form["gedaan"], form["op"], form["toelichting"] = ["toezicht"], "2026-01-02", ANSWER
    form.submit(status=303)
    installation.run_jobs()
    officer = case.browser("beslisser")
    found = {}
    for word in (QUESTION, FACTS, WHY, REASON, ANSWER, reference):
        page = officer.get("/zoeken", {"q": word})
        found[word] = len(page.html.select(".si-list__title"))
    assert not any(found.values()), found
    # The same page does find what may be found.
    assert officer.get("/zoeken", {"q": "rugzak"}).html.select(".si-list__title")


def test_the_preview_leads_to_each_text_that_nobody_looked_at(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    case = make_case(installation)
    browser = case.browser("aanvrager")
    address = f"{case.path}/uitvoer-voorbeeld?voor=politie"

    def links(page: Any) -> list[str]:
        return [a["href"] for a in page.html.select("a") if a["href"].endswith("/tekst-nakijken")]

    page = browser.get(address)
    # Not of M-03: that one doesn't go to the police at all.
    assert len(links(page)) == 2
    assert "Van 2 meldingen is de tekst nog niet nagekeken" in page.text
    browser.get(links(page)[0]).forms["formulier"].submit("opslaan", status=303)
    assert len(links(browser.get(address))) == 1
    # Within the house the text goes along as it is.
    assert links(browser.get(f"{case.path}/uitvoer-voorbeeld?voor=intern")) == []
