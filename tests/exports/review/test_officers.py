"""Officers' texts leave the department, like accounts, only after somebody looked at them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.dossiers.models import Dossier, DossierAgreement
from stopintimidatie.exports.request.views import control_of
from stopintimidatie.exports.review.services import digest_of
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis
from tests.support.exporting import Case, contents, decide, make_case, send_request
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation

FACTS = "Kees Jansen staat er elke vrijdag."
ASSESSMENT = "Het gaat om een wisselende groep."


def ask(case: Case, **changes: str) -> str:
    answer = send_request(case, feiten=FACTS, **changes)
    assert answer.status_int == 303, answer.text
    return str(answer.location.rpartition("/")[2])


def unread(installation: Installation) -> Case:
    """A case of which nobody looked at what officers wrote."""
    case = make_case(installation)
    with installation.transaction(DORDRECHT) as session:
        session.get_one(Dossier, case.dossier_id).looked_at = None
    return case


def test_what_nobody_looked_at_stays_out_of_every_document_but_that_of_the_department(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, given = unread(installation), contents(monkeypatch)
    for kind in ("politie", "zorg_welzijn", "intern"):
        basis = {"grondslag": LegalBasis.INTERNAL.value} if kind == "intern" else {}
        reference = ask(case, soort_ontvanger=kind, **basis)
        page = case.browser("beslisser").get(f"{case.path}/{reference}/beoordelen")
        assert ("keek nog niemand na" in page) is (kind != "intern")
        assert decide(case, reference).status_int == 303
    installation.run_jobs()
    police, care, own = (repr(content) for content in given)
    for text in (FACTS, ASSESSMENT, "Extra toezicht op vrijdag", "Handhaving"):
        assert text not in police
        assert text not in care
        assert text in own


def test_what_somebody_looked_at_goes_without_what_was_marked(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, given = unread(installation), contents(monkeypatch)
    reference = ask(case)
    officer = case.browser("aanvrager")
    form = officer.get(f"{case.path}/teksten-nakijken").forms["formulier"]
    assert form[control_of(FACTS)].value == "[[Kees Jansen]] staat er elke vrijdag."
    changed = officer.get(f"{case.path}/teksten-nakijken").forms["formulier"]
    changed[control_of(FACTS)] = "Iets heel anders."
    changed.submit("opslaan", status=422)
    form.submit("opslaan", status=303)
    assert decide(case, reference).status_int == 303
    installation.run_jobs()
    (content,) = map(repr, given)
    assert "[zwartgemaakt] staat er elke vrijdag." in content
    assert "Kees" not in content
    assert ASSESSMENT in content
    with installation.transaction(DORDRECHT) as session:
        assert session.scalar(select(AuditEvent).filter_by(action="dossier.nagekeken"))


def test_a_name_at_an_agreement_stays_behind_until_somebody_looked_at_it(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, given = make_case(installation), contents(monkeypatch)
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(DossierAgreement)).one().who = "Kees Jansen van de HEMA"
    case.browser("aanvrager").get(f"{case.path}/teksten-nakijken").mustcontain("van de HEMA")
    assert decide(case, ask(case)).status_int == 303
    installation.run_jobs()
    (content,) = map(repr, given)
    assert "HEMA" not in content
    assert "Extra toezicht op vrijdag (uiterlijk" in content


def test_a_text_that_changed_must_be_looked_at_again(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, given = make_case(installation), contents(monkeypatch)
    with installation.transaction(DORDRECHT) as session:
        session.get_one(Dossier, case.dossier_id).assessment = "Nu staat er een naam in."
    assert decide(case, ask(case)).status_int == 303
    installation.run_jobs()
    (content,) = map(repr, given)
    assert "Nu staat er een naam in." not in content
    assert "Extra toezicht op vrijdag" in content


@pytest.mark.alles
def test_an_old_tab_undoes_no_marks_of_a_colleague(installation: Installation) -> None:
    case = unread(installation)
    ask(case)
    address, name = f"{case.path}/teksten-nakijken", control_of(ASSESSMENT)
    old = case.browser("aanvrager").get(address).forms["formulier"]
    theirs = case.browser("beslisser").get(address).forms["formulier"]
    theirs[name] = "Het gaat om een [[wisselende]] groep."
    theirs.submit("opslaan", status=303)
    old[name] = "Het gaat om een wisselende [[groep]]."
    refused = old.submit("opslaan", status=409)
    refused.mustcontain("intussen nagekeken of gewijzigd", "om een [[wisselende]] groep.")
    again = refused.forms["formulier"]
    assert again[name].value == "Het gaat om een wisselende [[groep]]."
    again[name] = "Het gaat om een [[wisselende]] [[groep]]."
    again.submit("opslaan", status=303)
    with installation.transaction(DORDRECHT) as session:
        kept = session.get_one(Dossier, case.dossier_id).looked_at or {}
    assert kept[digest_of(ASSESSMENT)] == [[16, 26], [27, 32]]


@pytest.mark.alles
def test_a_text_written_meanwhile_is_shown_before_it_is_saved(installation: Installation) -> None:
    case = unread(installation)
    old = case.browser("aanvrager").get(f"{case.path}/teksten-nakijken").forms["formulier"]
    ask(case)
    again = old.submit("opslaan", status=409).forms["formulier"]
    assert again[control_of(FACTS)].value == "[[Kees Jansen]] staat er elke vrijdag."
    again.submit("opslaan", status=303)


def test_each_text_says_its_kind_and_whether_anybody_looked_at_it(
    installation: Installation,
) -> None:
    case = make_case(installation)
    ask(case)
    page = case.browser("aanvrager").get(f"{case.path}/teksten-nakijken")
    new, old = (page.html.find(attrs={"data-veld": control_of(t)}) for t in (FACTS, ASSESSMENT))
    assert "1. Feiten" in new.text
    assert "Nieuw of gewijzigd" in new.text
    assert ". Duiding" in old.text
    assert "Nieuw of gewijzigd" not in old.text
    page.mustcontain(". Afspraak", no=["Tekst 1"])
    form = page.forms["formulier"]
    form[control_of(ASSESSMENT)] = "Iets anders."
    refused = form.submit("opslaan", status=422)
    refused.mustcontain("De tekst zelf is veranderd", no=["tekst van de melder"])
