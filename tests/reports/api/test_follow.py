"""The reporter follows with reference and follow code, and nobody learns anything else."""

from __future__ import annotations

import pytest
from sqlalchemy import event, select

from stopintimidatie.core import limits
from stopintimidatie.reports.api.openapi import SMALL_REPORT
from stopintimidatie.reports.models import Report, ReporterMessage
from stopintimidatie.reports.services import move_report
from tests.support.api import REPORTS, Api
from tests.support.factories import DORDRECHT, connect, make_user, user_id
from tests.support.installation import Installation
from tests.support.officers import OFFICER

pytestmark = pytest.mark.usefixtures("at_once")


@pytest.fixture
def api(installation: Installation) -> Api:
    connect(installation)
    return Api(installation)


def test_the_reporter_reads_how_it_stands(api: Api) -> None:
    receipt = api.post().json
    body = api.follow(receipt["kenmerk"], receipt["volgcode"]).json
    assert body == {
        "kenmerk": receipt["kenmerk"],
        "status": "ontvangen",
        "statusTekst": body["statusTekst"],
        "toelichting": None,
        "ontvangenOp": receipt["ontvangenOp"],
        "berichten": [],
        "bijlagen": [],
        "gemeente": receipt["gemeente"],
        "antwoordVoor": None,
        "terugTotEnMet": None,
        "vernietigdOp": None,
        "vernietigingBesloten": False,
        "blijftBewaard": False,
        "bewaardTot": None,
        "letOp": None,
    }
    assert body["statusTekst"].endswith(".")


def test_the_code_may_be_typed_without_spaces(api: Api) -> None:
    receipt = api.post().json
    api.follow(receipt["kenmerk"], receipt["volgcode"].replace(" ", ""))


def test_a_question_to_the_reporter_is_read_here(api: Api) -> None:
    receipt = api.post().json
    handler = user_id(api.installation, make_user(api.installation))
    with api.installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report)).one()
        effects = api.installation.registry.workflow_effects
        for name, values in (
            ("in_behandeling_nemen", {"behandelaar": str(handler)}),
            ("vraag_melder", {"vraag": "Welke halte?", "uiterlijk": "2099-01-01"}),
        ):
            move_report(session, effects, report, name, values, OFFICER)
    body = api.follow(receipt["kenmerk"], receipt["volgcode"]).json
    assert body["status"] == "vraag"
    assert [message["tekst"] for message in body["berichten"]] == ["Welke halte?"]


def test_after_a_hand_over_the_same_code_opens_the_copy_that_went_on(api: Api) -> None:
    receipt = api.post(SMALL_REPORT).json
    assert receipt["gemeente"] is None
    values = {"gemeente": DORDRECHT, "reden": "De plek ligt in Dordrecht."}
    with api.installation.transaction("landelijk") as session:
        report = session.scalars(select(Report)).one()
        told = {"holder": "landelijk", "report_id": report.id, "kind": "bericht"}
        session.add(ReporterMessage(**told, text="Wij zoeken het uit."))
        effects = api.installation.registry.workflow_effects
        move_report(session, effects, report, "doorgeven", values, OFFICER)
    on_its_way = api.follow(receipt["kenmerk"], receipt["volgcode"]).json
    assert on_its_way["status"] == "doorgegeven"
    assert on_its_way["gemeente"]["code"] == DORDRECHT
    api.installation.run_jobs()
    body = api.follow(receipt["kenmerk"], receipt["volgcode"]).json
    assert body["status"] == "ontvangen"
    assert body["gemeente"]["code"] == DORDRECHT
    assert [message["tekst"] for message in body["berichten"]] == ["Wij zoeken het uit."]
    api.follow(receipt["kenmerk"], "0000 0000 0000 0000", status=404)


@pytest.mark.parametrize(
    "code", ["0000 0000 0000 0000", "", "x", "1" * 5000, "4821-7733-0916-5528"]
)
def test_a_wrong_code_and_a_wrong_reference_get_the_same_answer(api: Api, code: str) -> None:
    reference = api.post().json["kenmerk"]
    wrong_code = api.follow(reference, code, status=404)
    for other in ("M-0000-0000", "M-4F7K-2QX9", reference.lower(), "x", "%C3%A9", "%27"):
        wrong_reference = api.follow(other, code, status=404)
        assert wrong_reference.body == wrong_code.body
        for answer in (wrong_reference, wrong_code):
            answer.headers.pop("X-Request-ID", None)  # the one thing that always differs
        assert wrong_reference.headerlist == wrong_code.headerlist


def test_a_wrong_code_asks_the_database_as_much_as_a_wrong_reference(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of what is often asked one in so many is written down.
    monkeypatch.setattr(limits, "drawn", lambda meter: meter.every == 1)
    reference = api.post().json["kenmerk"]
    statements: list[str] = []
    event.listen(
        api.installation.engine,
        "before_cursor_execute",
        lambda c, cursor, statement, *rest: statements.append(statement),
    )
    # The first one draws the key of the day.
    api.follow(reference, "0000 0000 0000 0000", status=404)
    statements.clear()
    api.follow(reference, "0000 0000 0000 0000", status=404)
    wrong_code = list(statements)
    statements.clear()
    api.follow("M-0000-0000", "0000 0000 0000 0000", status=404)
    assert statements == wrong_code


def test_the_code_of_another_report_opens_nothing(api: Api) -> None:
    one, other = api.post().json, api.post().json
    api.follow(one["kenmerk"], other["volgcode"], status=404)


def test_the_app_key_is_asked_first(api: Api) -> None:
    receipt = api.post().json
    path = f"{REPORTS}/{receipt['kenmerk']}"
    refusal = api.get(path, Authorization=None, Volgcode=receipt["volgcode"], status=401)
    assert refusal.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_code_in_the_address_is_not_read(api: Api) -> None:
    receipt = api.post().json
    api.get(f"{REPORTS}/{receipt['kenmerk']}?volgcode={receipt['volgcode']}", status=404)
