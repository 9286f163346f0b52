"""What the police answer about an export: officers read what was done, named persons the words."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.dossiers.models import DossierMove
from stopintimidatie.exports.models import PartnerAnswer
from stopintimidatie.municipalities.partners.models import PartnerOrganisation
from stopintimidatie.privacy.police.mail import TEMPLATE
from stopintimidatie.privacy.police.models import PoliceItem
from stopintimidatie.privacy.police.services import content_of
from tests.support.deliveries import enter, form_of, put_ready, ready, spoken_code
from tests.support.factories import DORDRECHT, make_user
from tests.support.installation import Installation
from tests.support.personal import anywhere
from tests.support.policing import HERE, read, switch_on

WORDS = ("Zwartjens liep er weer.", "M-01, hij weet meer")


def answered(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, kind: str, *, on: bool = True
) -> tuple[str, str]:
    """Let a partner of this kind answer twice, as an impatient person does.

    :returns: what an officer reads at the export, and in the chronology.
    """
    case, reference = ready(installation, monkeypatch)
    if on:
        switch_on(installation)
    with installation.transaction(DORDRECHT) as session:
        session.execute(update(PartnerOrganisation).values(kind=kind))
    number = put_ready(case, reference)
    _, page = enter(installation, number, spoken_code(case, reference))
    shown = page.follow()
    assert ("gemachtigd zijn voor politiegegevens" in shown) is (on and kind == "politie")
    form = form_of(shown, "antwoord")
    form["gedaan"], form["toelichting"] = ["toezicht"], WORDS[0]
    form["melder"], form["over"] = True, WORDS[1]
    for _ in range(2):
        assert "Dank u wel" in form.submit().follow().text
    installation.run_jobs()
    officer = case.browser("beslisser")
    export = officer.get(f"{case.path}/{reference}").text
    return export, officer.get(f"{case.path}?deel=chronologie").text


def test_words_of_the_police_are_for_named_persons_and_officers_read_what_was_done(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    roles = (DORDRECHT, Role.OFFICER), (DORDRECHT, Role.POLICE_DATA)
    person = make_user(installation, *roles)
    for page in answered(installation, monkeypatch, "politie"):
        assert "extra toezicht gehouden" in page
        assert not [words for words in WORDS if words in page]
    assert anywhere(installation, "Zwartjens") == anywhere(installation, "hij weet meer") == []
    with installation.transaction(DORDRECHT) as session:
        assert len(session.scalars(select(PartnerAnswer)).all()) == 1
        assert not [row for row in session.scalars(select(DossierMove)) if "Zwartjens" in str(row)]
        kinds = set(session.scalars(select(AuditEvent.subject_kind)))
        item = session.scalars(select(PoliceItem)).one()
        assert all(
            words in content_of(installation.registry.key_ring, item).text for words in WORDS
        )
    assert "politiegegeven" not in kinds
    with installation.transaction(DORDRECHT) as session:
        (letter,) = session.scalars(select(MailMessage).where(MailMessage.template == TEMPLATE))
        assert f"To: {person}" in (letter.kept or "")
    named = installation.browser(person)
    named.get(HERE).mustcontain("1 stuk vraagt een besluit", "antwoord van de politie")
    page = read(named, item)
    page.mustcontain(*WORDS, "nog niet bekend", "nog niet compleet")
    form = page.click("Aanvullen").forms["formulier"]
    form.submit("aanvullen", status=422)
    form["artikel"] = "19"
    form.submit("aanvullen", status=303).follow().mustcontain("art. 19 Wpg", WORDS[0])


@pytest.mark.alles
def test_words_of_another_partner_stay_where_officers_read_them(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    export, chronology = answered(installation, monkeypatch, "handhaving")
    assert all(words in export and words in chronology for words in WORDS)
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(PoliceItem)).all() == []


@pytest.mark.alles
def test_where_the_compartment_is_off_the_police_answers_as_any_partner(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    export, history = answered(installation, monkeypatch, "politie", on=False)
    for page in (export, history):
        assert "Zwartjens" in page
    assert "zet dat aan bij ‘Beheer’, ‘Politiegegevens’" in export
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(PoliceItem)).all() == []
