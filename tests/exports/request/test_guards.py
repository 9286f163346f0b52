"""Who may not see the reports of a person-directed dossier doesn't work with its exports either."""

from __future__ import annotations

from typing import Any

import pytest
from webtest import TestApp

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.security import Role
from stopintimidatie.disclosures.models import Disclosure
from stopintimidatie.disclosures.services import find_disclosure
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.pages import HIDDEN
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.release.copies import Correction, correct
from stopintimidatie.exports.request.jobs import Change
from stopintimidatie.exports.resources import ExportResource
from tests.support.exporting import Case, approved, make_case
from tests.support.factories import DORDRECHT, make_user
from tests.support.installation import Installation

pytestmark = pytest.mark.judged_once

# The page of an export tells numbers and what was asked; the log is of who guards it.
OPEN = frozenset({"", "logboek"})


def _person_directed(installation: Installation) -> tuple[Case, str, TestApp]:
    """An approved export, and a dossier owner whom nobody named."""
    case = make_case(installation, number=1)
    case.people["ander"] = make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER), name="An Der")
    reference = approved(case)
    with installation.transaction(DORDRECHT) as session:
        session.get_one(Dossier, case.dossier_id).kind = "persoonsgericht"
    return case, reference, case.browser("ander")


def _steps(installation: Installation) -> set[tuple[str, str]]:
    """Every step of an export, from the app's own introspection: its name and how it is asked."""
    found = set()
    for entry in installation.introspector.get_category("views"):
        view = entry["introspectable"]
        if view["context"] is ExportResource and view["name"] not in OPEN:
            methods = view["request_methods"]
            one = (methods,) if isinstance(methods, str) else methods
            found |= {(view["name"], method) for method in one if method != "HEAD"}
    return found


def test_no_step_of_an_export_works_for_who_may_not_see_the_reports(
    installation: Installation,
) -> None:
    case, reference, strange = _person_directed(installation)
    address = f"{case.path}/{reference}"
    steps = _steps(installation)
    assert {("opnieuw", "POST"), ("afbreken", "POST"), ("pdf", "GET")} <= steps
    assert HIDDEN in strange.get(address).text
    token = strange.cookies["csrf"]
    for name, method in sorted(steps):
        if method == "GET":
            answer = strange.get(f"{address}/{name}", status=303)
        else:
            answer = strange.post(f"{address}/{name}", {"csrf_token": token}, status=303)
        assert answer.location.rstrip("/").endswith(case.path), name
        assert HIDDEN in answer.follow().text, name
    assert case.export(reference).state == ExportState.APPROVED


def test_a_failed_export_isnt_made_again_by_who_may_not_see_the_reports(
    installation: Installation,
) -> None:
    case, reference, strange = _person_directed(installation)
    with installation.transaction(DORDRECHT) as session:
        export = session.get_one(Export, case.export(reference).id)
        export.state, export.failure = ExportState.FAILED.value, "Het maken duurde te lang."
    address = f"{case.path}/{reference}"
    page = strange.get(address)
    assert "Opnieuw maken" not in page.text
    token = strange.cookies["csrf"]
    answer = strange.post(f"{address}/opnieuw", {"csrf_token": token}, status=303)
    assert HIDDEN in answer.follow().text
    assert case.export(reference).state == ExportState.FAILED
    page = case.browser("beslisser").get(address)
    next(form for form in page.forms.values() if form.action.endswith("opnieuw")).submit()
    assert case.export(reference).state == ExportState.APPROVED


@pytest.mark.alles
def test_what_tells_of_one_report_isnt_on_the_page_for_who_may_not_see_it(
    installation: Installation,
) -> None:
    case, reference, _ = _person_directed(installation)
    installation.run_jobs()
    note = "Het was een andere jongen."
    with installation.transaction(DORDRECHT) as session:
        export = session.get_one(Export, case.export(reference).id)
        export.deviations = [_deviation("De wijkagent kent hem.")]
        disclosure = find_disclosure(session, reference)
        assert isinstance(disclosure, Disclosure)
        about = Correction(Change.CORRECTED, (), note)
        keys = installation.registry.key_ring
        correct(session, keys, export, disclosure, "M-01", about, SYSTEM)
    for who, seen in (("beslisser", True), ("ander", False)):
        page = case.browser(who).get(f"{case.path}/{reference}").text
        assert (note in page) is seen, who
        assert ("De wijkagent kent hem." in page) is seen, who


def _deviation(reason: str) -> dict[str, Any]:
    return {"nummer": 1, "grondslag": "avg_6_1_e_openbare_orde", "reden": reason}
