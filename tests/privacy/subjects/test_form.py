"""The form of a search: what could find nothing is refused at its field."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.security import Role
from stopintimidatie.privacy.requests.models import RequestTrace
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation
from tests.support.subjects import MAIL, PERSON, a_request


def search_form(installation: Installation) -> Any:
    """The form of a search as a privacy officer opens it."""
    connect(installation)
    officer = make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER), name="Pri Vacy")
    with installation.transaction(DORDRECHT) as session:
        reference = a_request(session).reference
    address = f"/gemeenten/dordrecht/verzoeken/{reference}/zoeken"
    return installation.browser(officer).get(address).forms["formulier"]


@pytest.mark.parametrize(
    ("control", "typed", "says"),
    [
        ("kenmerken", "M-???", "‘M-???’ is geen kenmerk"),
        ("kenmerken", "2026-0001 M-1234-5679", "‘M-1234-5679’ is geen kenmerk"),
        ("volgcode", "12", "zestien cijfers"),
        ("email", "x", "Vul een e-mailadres in"),
        ("telefoon", "06-12", "minstens negen cijfers"),
    ],
)
def test_what_can_find_nothing_is_refused_at_its_field_beside_a_good_name(
    installation: Installation, control: str, typed: str, says: str
) -> None:
    form = search_form(installation)
    form["namen"], form[control] = PERSON, typed
    answer = form.submit("zoeken", status=422)
    field = answer.html.find(attrs={"data-veld": control})
    assert says in field.find(class_="si-error").text


def test_a_reference_and_a_code_may_be_typed_as_people_type_them(
    installation: Installation,
) -> None:
    form = search_form(installation)
    with installation.transaction(DORDRECHT) as session:
        report = make_report(session, installation)
        reference, number = report.reference, report.id
    form["kenmerken"] = f"{reference.replace('-', '').lower()}, 2026-0001"
    form["volgcode"], form["email"] = "1234567890123456", MAIL.upper()
    form.submit("zoeken", status=303)
    with installation.transaction(DORDRECHT) as session:
        traces = session.scalars(select(RequestTrace)).all()
        assert number in {trace.document_id for trace in traces}


def test_a_choice_counts_for_the_list_that_was_shown(installation: Installation) -> None:
    form = search_form(installation)
    with installation.transaction(DORDRECHT) as session:
        references = [make_report(session, installation).reference for _ in range(2)]
    form["kenmerken"] = references[0]
    shown = form.submit("zoeken", status=303).follow().forms["vondst"]
    # Somebody searches again meanwhile: what wasn't shown isn't judged unseen.
    form["kenmerken"] = references[1]
    form.submit("zoeken", status=303)
    answer = shown.submit("afronden", status=303).follow()
    answer.mustcontain("opnieuw gezocht", *references)
    with installation.transaction(DORDRECHT) as session:
        assert set(session.scalars(select(RequestTrace.included))) == {None}
    answer.forms["vondst"].submit("afronden", status=303)
    with installation.transaction(DORDRECHT) as session:
        assert set(session.scalars(select(RequestTrace.included))) == {True}
