"""Exports: asked for, decided by a second person, made by the worker, registered, fetched."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pypdf import PdfReader
from sqlalchemy import func, select, update

from stopintimidatie.core.audit import SYSTEM, AuditEvent, AuditSubject
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import day_of
from stopintimidatie.disclosures.models import Disclosure, DisclosureSubject
from stopintimidatie.dossiers.filing.services import file_report
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.exports import models as exports_models
from stopintimidatie.exports.document.process import (
    RenderingTooSlowError,
    Step,
    render_in_process,
)
from stopintimidatie.exports.document.services import (
    keep_certificate,
    limits_of,
    remove_certificate,
    signing_key,
)
from stopintimidatie.exports.extract.queries import load_dossier
from stopintimidatie.exports.models import Export, ExportBlob, ExportKey
from stopintimidatie.exports.redaction.content import from_json
from stopintimidatie.exports.redaction.rules import redact
from stopintimidatie.exports.request import jobs as request_jobs
from stopintimidatie.exports.vocabulary import DEMAND
from stopintimidatie.municipalities.settings.rules import Part
from stopintimidatie.municipalities.settings.services import publish
from stopintimidatie.reports.models import Report
from tests.support.certificates import House
from tests.support.exporting import (
    ACCOUNT,
    APPEARANCE,
    FAKE,
    SECRET_MAIL,
    SECRET_NAME,
    SECRET_PHONE,
    answers,
    approved,
    contents,
    decide,
    make_case,
    quick,
    requested,
    send_request,
)
from tests.support.factories import (
    DORDRECHT,
    EINDHOVEN,
    make_ready,
    make_report,
    make_user,
    take_on,
)
from tests.support.installation import Installation
from tests.support.time_stamps import time_stamps
from tests.support.verapdf import validate_pdf


def reads(installation: Installation) -> int:
    """How often the log says that somebody read reports for an export."""
    with installation.transaction(DORDRECHT) as session:
        tasks = session.scalars(select(AuditEvent.task).where(AuditEvent.action == "gelezen"))
        return tasks.all().count("uitvoer voorbereiden")


def actions(installation: Installation, reference: str) -> list[str]:
    """The audit trail of an export, in order."""
    with installation.transaction(DORDRECHT) as session:
        export = session.scalars(select(Export).where(Export.reference == reference)).one()
        return list(
            session.scalars(
                select(AuditEvent.action)
                .join(AuditSubject, AuditSubject.event_id == AuditEvent.id)
                .where(AuditSubject.subject_id == export.id, AuditEvent.action != "gelezen")
                .order_by(AuditEvent.at)
            )
        )


def words(pdf: bytes) -> str:
    pages = [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]
    return re.sub(r"\s+", " ", " ".join(pages))


@pytest.mark.alles
def test_two_people_and_the_worker_make_a_real_pdf(
    installation: Installation, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    case = make_case(installation)
    reference = approved(case, telefoon="078 123 45 67", feiten="De lamp was stuk.")
    page = case.browser("aanvrager").get(f"{case.path}/{reference}")
    assert 'data-status="goedgekeurd"' in page.text
    assert "<progress" in page.text
    assert '<meta http-equiv="refresh"' in page.text
    installation.run_jobs()

    page = case.browser("aanvrager").get(f"{case.path}/{reference}")
    assert 'data-status="gereed"' in page.text
    answer = page.click("PDF downloaden")
    pdf = answer.body
    assert answer.content_type == "application/pdf"
    number = case.path.rpartition("/")[2]
    disposition = f'attachment; filename="{number}-{reference}.pdf"'
    assert answer.headers["Content-Disposition"] == disposition
    assert answer.headers["Cache-Control"] == "no-store"

    text = words(pdf)
    for shown in (
        "Wilt u op vrijdagavond extra rijden?",
        "VERTROUWELIJK",
        "M-01",
        "M-02",
        "078 123 45 67",
        "De lamp was stuk.",
        "Stationsplein",
        "Extra toezicht op vrijdag",
        reference,
        "/verificatie?uitvoer=",
    ):
        assert shown in text, shown
    raw = text + str(PdfReader(BytesIO(pdf)).metadata)
    for secret in (
        SECRET_NAME,
        SECRET_PHONE,
        SECRET_MAIL,
        ACCOUNT[:20],
        "paarse",
        APPEARANCE[:12],
        "M-03",
        "Interne gedachte",
        "3311",
        "kiosk",
        "An Vrager",
        "Bea Slist",
    ):
        assert secret not in raw, secret
    path = tmp_path / "dossier.pdf"
    path.write_bytes(pdf)
    assert validate_pdf(path) == []

    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(Disclosure)).one()
        export = session.scalars(select(Export)).one()
        assert row.file_sha256 == sha256(pdf).hexdigest() == export.file_sha256
        content = exports_models.read(
            session, installation.registry.key_ring, export, exports_models.BlobKind.CONTENT
        )
        assert row.content_sha256 == sha256(content).hexdigest() == export.content_sha256
        assert row.content_sha256 in text.replace(" ", "")
        assert (row.requested_by, row.approved_by) == ("An Vrager", "Bea Slist")
        assert (row.profile, row.recipient_kind, row.file_size) == ("politie", "Politie", len(pdf))
        of_whom = session.scalars(select(DisclosureSubject).order_by(DisclosureSubject.label)).all()
        assert [subject.label for subject in of_whom] == ["M-01", "M-02"]
        assert {subject.subject_id for subject in of_whom} == set(case.reports[:2])
        assert "precieze plek" in of_whom[0].categories
        assert "verhaal van de melder" not in of_whom[0].categories
    assert actions(installation, reference) == [
        "uitvoer.aangevraagd",
        "uitvoer.goedgekeurd",
        "uitvoer.gemaakt",
        "uitvoer.gedownload",
        "verstrekking.stap",
    ]
    if "sqlite" in request.node.name:
        assert render_in_process(from_json(content)) == pdf, "same content, same bytes"


def test_the_intern_profile_shows_the_account_and_all_reports(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = contents(monkeypatch)
    case = make_case(installation)
    approved(case, soort_ontvanger="intern", ontvanger="Eigen team OOV", grondslag="intern")
    installation.run_jobs()
    reports = seen[0].reports
    assert [report.pseudonym for report in reports] == ["M-01", "M-02", "M-03"]
    assert reports[0].account == ACCOUNT
    assert any("Interne gedachte" in event.what for event in seen[0].chronology)


REQUIRED = {
    "soort_ontvanger": "Soort ontvanger",
    "ontvanger": "Ontvanger",
    "vraag": "Wat vraagt u de ontvanger?",
    "antwoord_voor": "Antwoord vóór",
    "doel": "Doel",
    "grondslag": "Grondslag",
    "vernietigen_voor": "Ontvanger vernietigt uiterlijk op",
}


def number_of_exports(installation: Installation) -> int:
    with installation.transaction(DORDRECHT) as session:
        return session.scalar(select(func.count()).select_from(Export)) or 0


def test_a_request_without_one_of_the_answers_is_refused_by_name(
    installation: Installation,
) -> None:
    case = make_case(installation, number=1)
    for control, title in REQUIRED.items():
        missing: dict[str, Any] = {control: None}
        answer = send_request(case, **missing)
        assert answer.status_int == 422, control
        field = answer.html.find(attrs={"data-veld": control})
        assert title in field.find(class_="si-error").text
    assert number_of_exports(installation) == 0


def day(days: int) -> str:
    return (day_of(utc_now()) + timedelta(days=days)).isoformat()


WRONG = [
    ("antwoord_voor", day(-1)),
    ("antwoord_voor", "31-02-2027"),
    ("vernietigen_voor", day(0)),
    ("vernietigen_voor", day(3)),
    ("vernietigen_voor", day(370)),
    ("vernietigen_voor", "nooit"),
    ("grondslag", "convenant"),
    ("grondslag", "wpg_16_18"),
    ("grondslag", "intern"),
    ("soort_ontvanger", "pers"),
    ("vraag", "x" * 601),
    ("ontvanger", "x" * 81),
    ("doel", "\x01"),
    ("vraag", "\u202e\u200b"),
]


def test_a_request_with_a_wrong_answer_is_refused_at_that_answer(
    installation: Installation,
) -> None:
    case = make_case(installation, number=1)
    for control, value in WRONG:
        wrong: dict[str, Any] = {control: value}
        answer = send_request(case, **wrong)
        assert answer.status_int == 422, (control, value[:20])
        field = answer.html.find(attrs={"data-veld": control})
        assert field.find(class_="si-error"), control
    assert number_of_exports(installation) == 0


def test_rules_that_are_not_kept_are_told_all_at_once(installation: Installation) -> None:
    case = make_case(installation, number=1)
    answer = send_request(
        case,
        vernietigen_voor=day(370),
        grondslag=DEMAND,
        vordering_datum=day(1),
        spoed="ja",
    )
    assert answer.status_int == 422
    wrong = {field["data-veld"] for field in answer.html.select("[data-veld]:has(.si-error)")}
    demanded = {"vordering_artikel", "vordering_nummer", "vordering_functionaris"}
    assert wrong == {
        *demanded,
        *("vernietigen_voor", "vordering_datum", "spoed_reden"),
    }
    assert len(answer.html.select(".si-error-summary a")) == len(wrong)


def test_minors_ask_an_extra_ground_unless_it_stays_inside(installation: Installation) -> None:
    case = make_case(installation, minor=True)
    refused = send_request(case)
    assert refused.status_int == 422
    field = refused.html.find(attrs={"data-veld": "grond_minderjarigen"})
    assert "minderjarigen" in field.find(class_="si-error").text
    assert send_request(case, soort_ontvanger="intern").status_int == 303
    ground = "De jongere loopt gevaar."
    reference = requested(case, grond_minderjarigen=ground)
    assert case.export(reference).minors_ground == ground


def test_a_minor_who_is_left_out_for_the_police_asks_no_extra_ground(
    installation: Installation,
) -> None:
    case = make_case(installation, minor=True)
    with installation.transaction(DORDRECHT) as session:
        session.get_one(Report, case.reports[0]).share_with_police = False
    assert send_request(case).status_int == 303


def test_the_preview_shows_what_is_hidden_and_asks_for_nothing(installation: Installation) -> None:
    case = make_case(installation)
    answer = send_request(case, button="voorbeeld")
    assert answer.status_int == 200
    assert "Meldingen waarvan de melder niet wil dat deze ontvanger ze krijgt" in answer.text
    assert "Vrije tekst gaat pas mee als die is nagekeken en zwartgemaakt" in answer.text
    assert ACCOUNT not in answer.text
    # The last report isn't for the police; of the others it is marked what stays out, and why.
    marks = answer.html.find(id="voorbeeld-M-03").find(class_="si-withheld")
    assert marks.text.startswith("De hele melding: weggelaten")
    rule = answer.html.find(id=marks.find("a")["href"].lstrip("#"))
    assert "Deelvoorkeur van de melder" in rule.text
    seen = answer.html.find(id="voorbeeld-M-01")
    assert "Stationsplein" in seen.text
    hidden = [mark.text for mark in seen.select(".si-withheld")]
    assert any("Verhaal van de melder: grover: alleen wat is nagekeken" in one for one in hidden)
    assert answer.forms["formulier"]["ontvanger"].value == answers()["ontvanger"]
    assert number_of_exports(installation) == 0
    page = case.browser("aanvrager").get(f"{case.path}/uitvoer-voorbeeld?voor=intern")
    assert ACCOUNT in page.text
    case.browser("aanvrager").get(f"{case.path}/uitvoer-voorbeeld?voor=onzin")
    with installation.transaction(DORDRECHT) as session:
        read = select(AuditEvent).where(AuditEvent.task == "uitvoer voorbereiden")
        assert len(session.scalars(read).all()) >= 2


def test_the_preview_has_the_letters_that_the_document_will_have(
    installation: Installation,
) -> None:
    case = make_case(installation)
    with installation.transaction(DORDRECHT) as session:
        first, second = session.scalars(select(Report).order_by(Report.id).limit(2))
        first.description, second.description = "ثلاثة شبان", "三个男孩"
    page = case.browser("aanvrager").get(f"{case.path}/uitvoer-voorbeeld?voor=intern")
    assert "ثلاثة شبان" in page.text
    assert "三个男孩" not in page.text
    page.mustcontain("[ander schrift]", "Het verhaal van 1 melding is in een schrift")


def test_an_empty_dossier_says_so_and_can_still_be_asked_for(installation: Installation) -> None:
    case = make_case(installation, number=0)
    page = case.browser("aanvrager").get(f"{case.path}/uitvoer-aanvragen")
    assert "Er zitten geen meldingen in dit dossier" in page.text
    assert send_request(case).status_int == 303


def test_the_requester_can_not_decide(installation: Installation) -> None:
    case = make_case(installation, number=1)
    reference = requested(case)
    browser = case.browser("aanvrager")
    page = browser.get(f"{case.path}/{reference}/beoordelen")
    assert "zelf aangevraagd" in page.text
    assert "een dossierhouder of een waarnemer" in browser.get(f"{case.path}/{reference}")
    assert "formulier" not in page.forms
    token = browser.get(f"{case.path}/uitvoer-aanvragen").forms["formulier"]["csrf_token"].value
    for button in ("goedkeuren", "afwijzen"):
        sent = {"csrf_token": token, button: "ja", "reden": "Omdat", "gezien": "x"}
        answer = browser.post(f"{case.path}/{reference}/beoordelen", sent, status=409)
        assert "Een collega moet meekijken" in answer.text
    assert case.export(reference).state == "aangevraagd"


def test_who_asked_for_an_export_takes_it_back_and_nobody_else_does(
    installation: Installation,
) -> None:
    case = make_case(installation)
    reference = requested(case)
    address = f"{case.path}/{reference}"
    other = case.browser("beslisser")
    assert "Aanvraag intrekken" not in other.get(address).text
    token = {"csrf_token": other.cookies["csrf"]}
    page = other.post(f"{address}/afbreken", token, status=303).follow()
    page.mustcontain("Dit stelde een ander voor", "Wacht op een besluit")

    own = case.browser("aanvrager").get(address)
    form = next(one for one in own.forms.values() if one.action.endswith("/afbreken"))
    page = form.submit(status=303).follow()
    page.mustcontain("De aanvraag is ingetrokken. Er is niets verstrekt.", "Aanvraag ingetrokken")
    assert "uitvoer.teruggenomen" in actions(installation, reference)
    assert decide(case, reference).status_int == 303
    assert "Opnieuw maken" not in page.text
    assert form.submit(status=303).follow().html.find("main").text.count("niet (meer) gemaakt") == 1


@pytest.mark.parametrize("who", ["fg", "privacy", "beheer"])
def test_privacy_fg_and_admin_never_decide(installation: Installation, who: str) -> None:
    case = make_case(installation, number=1)
    reference = requested(case)
    refused = 404 if who == "beheer" else 403
    browser = case.browser(who)
    browser.get(f"{case.path}/{reference}/beoordelen", status=refused)
    browser.get(f"{case.path}/uitvoer-aanvragen", status="4*")
    browser.get(f"{case.path}/{reference}", status=404 if who == "beheer" else 200)
    sent = {"csrf_token": browser.cookies["csrf"], "goedkeuren": "ja", "gezien": "x"}
    browser.post(f"{case.path}/{reference}/beoordelen", sent, status=refused)
    assert case.export(reference).state == "aangevraagd"


@pytest.mark.parametrize("beside", [Role.ADMIN, Role.DATA_PROTECTION_OFFICER])
def test_an_officer_who_is_also_admin_or_fg_never_decides(
    installation: Installation, beside: Role
) -> None:
    case = make_case(installation)
    reference = requested(case)
    both = make_user(installation, (DORDRECHT, Role.OFFICER), (DORDRECHT, beside))
    browser = installation.browser(both)
    form = browser.get(f"{case.path}/{reference}/beoordelen").forms["formulier"]
    answer = form.submit("goedkeuren", status=422)
    assert "Die beslissen nooit over uitvoer" in answer.text
    assert case.export(reference).state == "aangevraagd"


def test_rejecting_needs_a_reason_and_ends_it(installation: Installation) -> None:
    case = make_case(installation, number=1)
    reference = requested(case)
    assert decide(case, reference, button="afwijzen").status_int == 422
    # One choice, one button: a reason is asked with the choice to reject alone.
    page = case.browser("beslisser").get(f"{case.path}/{reference}/beoordelen")
    assert "reden" not in page.forms["formulier"].fields
    assert len(page.html.select("#formulier button[type=submit]")) == 1
    assert decide(case, reference, button="afwijzen", reason="Doel is te ruim.").status_int == 303
    page = case.browser("aanvrager").get(f"{case.path}/{reference}")
    assert "Doel is te ruim." in page.text
    case.browser("aanvrager").get(f"{case.path}/{reference}/pdf", status=404)
    again = decide(case, reference)
    assert again.status_int == 303, "the page of the decision leads back"
    assert installation.run_jobs() >= 0
    assert case.export(reference).state == "afgewezen"
    assert actions(installation, reference) == ["uitvoer.aangevraagd", "uitvoer.afgewezen"]


def counted(monkeypatch: pytest.MonkeyPatch, *functions: Any) -> Callable[[], tuple[int, ...]]:
    """How often each of these was called since the last time this was asked."""
    calls: Counter[str] = Counter()

    def counting(function: Any) -> Any:
        def called(*given: Any, **named: Any) -> Any:
            calls[function.__name__] += 1
            return function(*given, **named)

        return called

    for function in functions:
        name, instead = function.__name__, counting(function)
        for module in list(sys.modules.values()):
            if vars(module).get(name) is function and module.__name__.startswith("stopintim"):
                monkeypatch.setattr(module, name, instead)

    def since() -> tuple[int, ...]:
        told = tuple(calls[function.__name__] for function in functions)
        calls.clear()
        return told

    return since


@pytest.mark.alles
def test_every_step_from_form_to_file_loads_the_dossier_once_and_redacts_it_once(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make_case(installation)
    quick(monkeypatch)
    since = counted(monkeypatch, load_dossier, redact)
    asking, deciding = case.browser("aanvrager"), case.browser("beslisser")
    asking.get(f"{case.path}/uitvoer-voorbeeld?voor=politie")
    assert since() == (1, 1)
    # The form asks by what the dossier holds, whoever it will be for.
    asking.get(f"{case.path}/uitvoer-aanvragen")
    assert since() == (1, 0)
    assert send_request(case, button="voorbeeld").status_int == 200
    assert since() == (1, 1)
    reference = requested(case)
    assert since() == (1, 1)
    form = deciding.get(f"{case.path}/{reference}/beoordelen").forms["formulier"]
    assert since() == (1, 1)
    form.submit("goedkeuren", status=303)
    assert since() == (1, 1)
    installation.run_jobs()
    assert case.export(reference).state == "gereed"
    assert since() == (0, 0)
    # Made at once, it is asked for and frozen in one step.
    hurried = requested(case, spoed="ja", spoed_reden="Er is gevaar.")
    assert case.export(hurried).state == "goedgekeurd"
    assert since() == (1, 1)


def test_the_approver_sees_it_when_the_dossier_changed_meanwhile(
    installation: Installation,
) -> None:
    case = make_case(installation)
    reference = requested(case)
    browser = case.browser("beslisser")
    form = browser.get(f"{case.path}/{reference}/beoordelen").forms["formulier"]
    with installation.transaction(DORDRECHT) as session:
        dossier = session.get_one(Dossier, case.dossier_id)
        late = take_on(session, make_report(session, installation))
        effects = installation.registry.workflow_effects
        file_report(session, effects, dossier, late, "Erbij", SYSTEM)
    before = reads(installation)
    answer = form.submit("goedkeuren", status=409)
    assert "gewijzigd sinds u deze pagina opende" in answer.text
    assert case.export(reference).state == "aangevraagd"
    assert reads(installation) == before + 1
    assert answer.forms["formulier"].submit("goedkeuren").status_int == 303
    assert case.export(reference).state == "goedgekeurd"
    assert reads(installation) == before + 1, "what isn't shown isn't read"


def test_what_is_approved_is_frozen_and_under_a_key_of_its_own(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = contents(monkeypatch)
    case = make_case(installation)
    first = approved(case)
    with installation.transaction(DORDRECHT) as session:
        session.get_one(Report, case.reports[0]).share_with_police = False
        blobs = session.scalars(select(ExportBlob)).all()
        assert {blob.kind for blob in blobs} == {"inhoud", "van_wie"}
        assert all(b"Stationsplein" not in blob.data for blob in blobs)
    installation.run_jobs()
    assert [report.pseudonym for report in seen[0].reports] == ["M-01", "M-02"]
    assert case.export(first).edition == 1
    second = approved(case, ontvanger="politie, BASISTEAM drechtsteden")
    installation.run_jobs()
    assert case.export(second).edition == 2
    assert [report.pseudonym for report in seen[1].reports] == ["M-02"]
    assert "Geen nieuwe meldingen sinds" in seen[1].page_one.news[0]
    with installation.transaction(DORDRECHT) as session:
        keys = session.scalars(select(ExportKey.sealed)).all()
        assert len(set(keys)) == 2
        session.execute(update(ExportBlob).values(data=b"0" * 64))
    for reference in (first, second):
        case.browser("aanvrager").get(f"{case.path}/{reference}/pdf", status=404)


class KilledError(BaseException):
    """As if the machine pulled the plug."""


def test_a_worker_that_is_killed_leaves_nothing_half(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = quick(monkeypatch)
    case = make_case(installation)
    reference = approved(case)

    def killed(*args: Any) -> Any:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(request_jobs, "record_disclosure", killed)
        with pytest.raises(KilledError):
            installation.run_jobs()
    export = case.export(reference)
    assert (export.state, export.file_sha256) == ("wordt_gemaakt", None)
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(ExportBlob).where(ExportBlob.kind == "pdf")).all() == []
        assert session.scalars(select(Disclosure)).all() == []
        session.execute(update(OutboxJob).values(lease_until=None))
    installation.run_jobs()
    assert case.export(reference).state == "gereed"
    assert len(made) == 2


def test_the_same_job_twice_gives_one_file_and_one_line_in_the_register(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = quick(monkeypatch)
    case = make_case(installation)
    reference = approved(case)
    with installation.transaction(DORDRECHT) as session:
        job = session.scalars(select(OutboxJob).where(OutboxJob.kind == "uitvoer.maken")).one()
        session.add(OutboxJob(kind=job.kind, holder=job.holder, payload=job.payload))
    installation.run_jobs()
    assert len(made) == 1
    with installation.transaction(DORDRECHT) as session:
        assert len(session.scalars(select(Disclosure)).all()) == 1
    assert actions(installation, reference).count("uitvoer.gemaakt") == 1


def test_a_failure_is_told_and_can_be_repeated(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make_case(installation)
    reference = approved(case)

    def too_slow(content: Any, **kw: Any) -> bytes:
        raise RenderingTooSlowError("Het maken van de PDF duurde te lang. Kies minder meldingen.")

    with monkeypatch.context() as patched:
        patched.setattr(request_jobs, "render_in_process", too_slow)
        installation.run_jobs()
    page = case.browser("aanvrager").get(f"{case.path}/{reference}")
    assert "duurde te lang" in page.text
    assert case.export(reference).state == "mislukt"
    case.browser("fg").get(f"{case.path}/{reference}", status=200)
    assert "Opnieuw maken" not in case.browser("fg").get(f"{case.path}/{reference}").text
    quick(monkeypatch)
    again = next(f for f in page.forms.values() if f.action.endswith("/opnieuw"))
    again.submit(status=303)
    again.submit(status=303)
    installation.run_jobs()
    assert case.export(reference).state == "gereed"
    assert actions(installation, reference) == [
        "uitvoer.aangevraagd",
        "uitvoer.goedgekeurd",
        "uitvoer.mislukt",
        "uitvoer.opnieuw",
        "uitvoer.gemaakt",
    ]


@pytest.mark.alles
@pytest.mark.parametrize("last", [timedelta(hours=-2), timedelta(days=400)])
def test_a_making_that_nobody_is_at_any_more_can_be_started_again(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, last: timedelta
) -> None:
    """Check with the last sign of life long ago, and on a future day that a wrong clock gave."""
    case = make_case(installation)
    reference = approved(case)
    address = f"{case.path}/{reference}"
    assert "Opnieuw maken" not in case.browser("aanvrager").get(address).text
    with installation.transaction(DORDRECHT) as session:
        session.execute(update(OutboxJob).values(dead=True))
        signed = {"progress_at": utc_now() + last, "state": "wordt_gemaakt"}
        session.execute(update(Export).values(signed))
    quick(monkeypatch)
    page = case.browser("aanvrager").get(address)
    next(f for f in page.forms.values() if f.action.endswith("/opnieuw")).submit(status=303)
    installation.run_jobs()
    assert case.export(reference).state == "gereed"


@pytest.mark.alles
def test_progress_goes_up_and_is_on_the_page(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_jobs, "TELL_EVERY", 0.0)
    case = make_case(installation)
    reference = approved(case)
    seen: list[tuple[int, str]] = []

    def render(content: Any, **kw: Any) -> bytes:
        for step in (
            Step("opmaken", 1),
            Step("opmaken", 3),
            Step("opmaken", 1),
            Step("schrijven", 0),
        ):
            kw["on_progress"](step)
            export = case.export(reference)
            seen.append((export.progress, export.step))
        page = case.browser("aanvrager").get(f"{case.path}/{reference}")
        assert 'value="95"' in page.text
        return FAKE

    monkeypatch.setattr(request_jobs, "render_in_process", render)
    installation.run_jobs()
    figures = [progress for progress, _ in seen]
    assert figures == sorted(figures)
    assert figures[-1] == 95
    assert seen[1][1] == "pagina 3 wordt opgemaakt"


def test_another_municipality_and_another_dossier_find_nothing(
    installation: Installation,
) -> None:
    case = make_case(installation, number=1)
    reference = requested(case)
    stranger = installation.browser(make_user(installation, (EINDHOVEN, Role.OFFICER)))
    number = case.path.rpartition("/")[2]
    for tail in ("", "/beoordelen", "/pdf"):
        stranger.get(f"{case.path}/{reference}{tail}", status=404)
        elsewhere = case.path.replace(number, "2020-0001")
        case.browser("beslisser").get(f"{elsewhere}/{reference}{tail}", status=404)
    stranger.get("/gemeenten/dordrecht/uitvoer", status=404)
    stranger.get(f"{case.path}/uitvoer-aanvragen", status=404)
    visitor = installation.visitor().get(f"{case.path}/{reference}/pdf", status=303)
    assert "/aanmelden" in visitor.location


def test_a_person_directed_dossier_goes_out_only_by_dossier_owners_and_after_advice(
    installation: Installation,
) -> None:
    case = make_case(installation, number=1)
    with installation.transaction(DORDRECHT) as session:
        session.get_one(Dossier, case.dossier_id).kind = "persoonsgericht"
    case.browser("aanvrager").get(f"{case.path}/uitvoer-aanvragen", status=404)
    refused = send_request(case, who="beslisser")
    assert refused.status_int == 422
    assert "advies van de privacyfunctionaris" in refused.text
    owner = case.browser("beslisser")
    panel = owner.get(f"{case.path}?deel=bijlagen").html.find(id="uitvoer").text
    assert "Uitvoer aanvragen" not in panel
    for form in ("uitvoer-aanvragen", "uitvoer-samen"):
        owner.get(f"{case.path}/{form}", status=303).follow().mustcontain("Leg eerst de grond vast")
    with installation.transaction(DORDRECHT) as session:
        secret = ["Geheimafweging", "Geheimuitstel", "Geheimvraag", "Geheimadvies"]
        make_ready(session, session.get_one(Dossier, case.dossier_id), secret)
    form = case.browser("beslisser").get(f"{case.path}/uitvoer-aanvragen").forms["formulier"]
    for name, value in answers().items():
        form[name] = value
    form.submit("voorbeeld").mustcontain("Wat de ontvanger wel ziet", no=secret)
    reference = send_request(case, who="beslisser").location.rpartition("/")[2]
    case.browser("aanvrager").get(f"{case.path}/{reference}", status=404)
    assert reference not in case.browser("aanvrager").get("/gemeenten/dordrecht/uitvoer").text
    assert reference in case.browser("fg").get("/gemeenten/dordrecht/uitvoer").text


def test_nothing_of_a_dossier_that_never_started_goes_out(installation: Installation) -> None:
    case = make_case(installation, number=1)
    reference = requested(case)
    with installation.transaction(DORDRECHT) as session:
        dossier = session.get_one(Dossier, case.dossier_id)
        dossier.state, dossier.closed_reason = "afgesloten", "niet_gestart"
    owner = case.browser("beslisser")
    panel = owner.get(f"{case.path}?deel=bijlagen").html.find(id="uitvoer").text
    assert "Uitvoer aanvragen" not in panel
    owner.get(f"{case.path}/uitvoer-aanvragen", status=303).follow().mustcontain("nooit gestart")
    refused = send_request(case)
    assert (refused.status_int, "nooit gestart" in refused.text) == (422, True)
    decided = decide(case, reference)
    assert (decided.status_int, "nooit gestart" in decided.text) == (422, True)


def waits_in_menu(case: Any, who: str) -> str:
    """How many exports the menu says that wait for this person; nothing without any."""
    bar = case.browser(who).get("/gemeenten/dordrecht").html
    number = bar.select_one('.si-nav__list a[href$="/uitvoer"] .si-count')
    return number.text.removeprefix(", ") if number else ""


@pytest.mark.alles
def test_what_waits_stands_on_the_start_page_of_who_may_decide(
    installation: Installation,
) -> None:
    case = make_case(installation)
    reference = requested(case)
    seen = {who: reference in case.browser(who).get("/gemeenten/dordrecht") for who in case.people}
    assert seen == {who: who == "beslisser" for who in case.people}
    counted = {who: waits_in_menu(case, who) for who in case.people if waits_in_menu(case, who)}
    assert counted == {"beslisser": "1 wacht"}
    decide(case, reference).follow()
    assert not waits_in_menu(case, "beslisser")
    assert reference not in case.browser("beslisser").get("/gemeenten/dordrecht")


def test_the_list_shows_what_waits_for_a_decision(installation: Installation) -> None:
    case = make_case(installation, number=1)
    reference = requested(case)
    browser = case.browser("beslisser")
    page = browser.get("/uitvoer").follow()
    assert reference in page.text
    assert reference in browser.get("/gemeenten/dordrecht/uitvoer?staat=aangevraagd").text
    for wrong in ("gereed", "onzin", "aangevraagd&pagina=-3"):
        browser.get(f"/gemeenten/dordrecht/uitvoer?staat={wrong}", status=200)
    page.click(re.escape(reference)).click("Bekijken en beslissen")


def test_wrong_bodies_give_no_error_and_no_row(installation: Installation) -> None:
    case = make_case(installation, number=1)
    browser = case.browser("aanvrager")
    token = browser.get(f"{case.path}/uitvoer-aanvragen").forms["formulier"]["csrf_token"].value
    for body in (
        {},
        {"soort_ontvanger": "politie" * 999},
        dict.fromkeys(answers(), "\ufffe"),
        dict.fromkeys(answers(), "’; DROP TABLE export --"),
        {"__start__": "x:mapping", "vraag": ""},
    ):
        answer = browser.post(
            f"{case.path}/uitvoer-aanvragen", {"csrf_token": token, **body}, expect_errors=True
        )
        assert answer.status_int == 422
    assert number_of_exports(installation) == 0


def test_settings_bound_the_rendering(installation: Installation) -> None:
    settings = replace(installation.settings, pdf_timeout_seconds=7, pdf_memory_megabytes=300)
    limits = limits_of(settings)
    assert (limits.wall_seconds, limits.cpu_seconds) == (7, 7)
    assert limits.memory_bytes == 300 * 1024 * 1024
    kind = installation.registry.job_kinds["uitvoer.maken"]
    assert kind.lease_seconds > installation.settings.pdf_timeout_seconds


def test_enforcement_gets_a_dossier_only_while_boas_are_empowered(
    installation: Installation,
) -> None:
    case = make_case(installation, number=1)
    form = case.browser("aanvrager").get(f"{case.path}/uitvoer-aanvragen")
    assert "Handhaving staat er niet bij" in form.text
    assert send_request(case, soort_ontvanger="handhaving").status_int == 422
    _empower(installation, until=None)
    preview = case.browser("aanvrager").get(f"{case.path}/uitvoer-voorbeeld?voor=handhaving")
    assert "Handhaving (boa" in preview.text
    reference = requested(case, soort_ontvanger="handhaving", ontvanger="Team handhaving")
    _empower(installation, until=day(-1))
    refused = decide(case, reference)
    assert (refused.status_int, "niet bevoegd" in refused.text) == (422, True)
    _empower(installation, until=day(0))
    assert decide(case, reference).status_int == 303


def _empower(installation: Installation, *, until: str | None) -> None:
    periods = [{"van": "2024-07-01", "tot": until}]
    with installation.transaction(DORDRECHT) as session:
        publish(session, SYSTEM, DORDRECHT, Part.OFFICERS, {"perioden": periods})


def test_a_file_with_a_password_shows_it_once_and_keeps_it_nowhere(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kinds: list[bool] = []

    def render(content: Any, *, archive: bool, **kw: Any) -> bytes:
        kinds.append(archive)
        blank, out = pikepdf.new(), BytesIO()
        blank.add_blank_page()
        blank.save(out)
        return out.getvalue()

    monkeypatch.setattr(request_jobs, "render_in_process", render)
    case = make_case(installation)
    reference = approved(case, bestand="wachtwoord")
    installation.run_jobs()
    assert kinds == [False]
    for reader in ("fg", "privacy"):
        page = case.browser(reader).get(f"{case.path}/{reference}")
        assert "Wachtwoord tonen" not in page.text
    page = case.browser("aanvrager").get(f"{case.path}/{reference}")
    pdf = page.click("PDF downloaden").body
    form = next(f for f in page.forms.values() if f.action.endswith("/wachtwoord"))
    shown = form.submit()
    password = shown.html.find("dl").find("dd").text.strip()
    with pikepdf.open(BytesIO(pdf), password=password) as opened:
        assert opened.encryption.R == 6
    again = form.submit().follow()
    assert "al getoond" in again.text
    assert password not in again.text
    assert "Dat is getoond op" in again.text
    assert password not in caplog.text
    with installation.transaction(DORDRECHT) as session:
        kept = session.scalars(select(ExportBlob.kind)).all()
        assert "wachtwoord" not in kept
        assert session.scalars(select(Disclosure)).one().file_sha256 == sha256(pdf).hexdigest()
    assert actions(installation, reference)[-1] == "uitvoer.wachtwoord"


def test_somebody_stops_the_making_and_the_worker_lets_go(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make_case(installation)
    reference = approved(case)
    monkeypatch.setattr(request_jobs, "TELL_EVERY", 0)

    def stopped_meanwhile(content: Any, **kw: Any) -> bytes:
        kw["on_progress"](Step("opmaken", 1))
        page = case.browser("aanvrager").get(f"{case.path}/{reference}")
        assert "pagina 1 wordt opgemaakt" in page.text
        next(f for f in page.forms.values() if f.action.endswith("/afbreken")).submit()
        kw["on_progress"](Step("opmaken", 2))
        raise AssertionError("it went on")

    monkeypatch.setattr(request_jobs, "render_in_process", stopped_meanwhile)
    installation.run_jobs()
    page = case.browser("aanvrager").get(f"{case.path}/{reference}")
    assert 'data-status="afgebroken"' in page.text
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Disclosure)).all() == []
    quick(monkeypatch)
    next(f for f in page.forms.values() if f.action.endswith("/opnieuw")).submit()
    installation.run_jobs()
    assert case.export(reference).state == "gereed"
    assert "uitvoer.afgebroken" in actions(installation, reference)


def test_with_a_certificate_of_the_municipality_the_file_is_signed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    blank, out = pikepdf.new(), BytesIO()
    blank.add_blank_page()
    blank.save(out)
    monkeypatch.setattr(request_jobs, "render_in_process", lambda content, **kw: out.getvalue())
    case, keys = make_case(installation), installation.registry.key_ring
    with installation.transaction(DORDRECHT) as session:
        p12 = House().p12("geheim")
        row = keep_certificate(session, keys, DORDRECHT, p12, "geheim", SYSTEM, utc_now())
        assert "PRIVATE" not in row.sealed
    reference = approved(case)
    installation.run_jobs()
    page = case.browser("aanvrager").get(f"{case.path}/{reference}")
    assert "CN=Gemeente Dordrecht" in page.text
    pdf = page.click("PDF downloaden").body
    assert b"/ETSI.CAdES.detached" in pdf
    assert case.export(reference).file_sha256 == sha256(pdf).hexdigest()
    with installation.transaction(DORDRECHT) as session:
        assert remove_certificate(session, DORDRECHT, SYSTEM)
        assert signing_key(session, keys, DORDRECHT) is None


@pytest.mark.alles
def test_a_file_waits_for_the_time_stamping_service_and_never_goes_without(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blank, out = pikepdf.new(), BytesIO()
    blank.add_blank_page()
    blank.save(out)
    monkeypatch.setattr(request_jobs, "render_in_process", lambda content, **kw: out.getvalue())
    case, registry = make_case(installation), installation.registry
    with installation.transaction(DORDRECHT) as session:
        p12 = House().p12("geheim")
        keep_certificate(session, registry.key_ring, DORDRECHT, p12, "geheim", SYSTEM, utc_now())

    def try_again(attempts: int) -> str:
        with installation.transaction() as session:
            job = session.scalars(select(OutboxJob).where(OutboxJob.kind == "uitvoer.maken")).one()
            assert job.last_error == "tijdstempel: http 503"
            job.attempts, job.run_after = attempts, utc_now()
        installation.run_jobs()
        shown: str = case.browser("aanvrager").get(f"{case.path}/{reference}").text
        return shown

    with time_stamps(tmp_path) as service:
        service.mood = "away"
        settings = replace(installation.settings, time_stamp_service=service.address)
        monkeypatch.setattr(registry, "app_settings", settings)
        reference = approved(case)
        installation.run_jobs()
        assert "wacht op de tijdstempeldienst" in try_again(2)
        failed = try_again(11)
        assert "zonder tijdstempel mag deze PDF niet weg" in failed
        assert case.export(reference).file_sha256 is None
        service.mood = "well"
        page = case.browser("aanvrager").get(f"{case.path}/{reference}")
        next(f for f in page.forms.values() if f.action.endswith("/opnieuw")).submit()
        installation.run_jobs()
    pdf = case.browser("aanvrager").get(f"{case.path}/{reference}").click("PDF downloaden").body
    (signature,) = PdfFileReader(BytesIO(pdf)).embedded_signatures
    kinds = [attribute["type"].native for attribute in signature.signer_info["unsigned_attrs"]]
    assert kinds == ["signature_time_stamp_token"]


@pytest.mark.alles
def test_after_a_decision_the_next_request_is_open(installation: Installation) -> None:
    case = make_case(installation)
    first, second = requested(case), requested(case, ontvanger="Politie, team Noord")
    page = case.browser("beslisser").get(f"{case.path}/{first}/beoordelen")
    rows = page.html.select(".wb-row")
    assert [row.select_one("a")["href"].split("/")[-2] for row in rows] == [first, second]
    answer = page.forms["formulier"].submit("goedkeuren", status=303)
    assert answer.location.endswith(f"{second}/beoordelen?samen=ja")
    assert f"{first}: De uitvoer is goedgekeurd" in answer.follow().text
    # Who asked for it has nothing to decide there.
    own = case.browser("aanvrager").get(f"{case.path}/{second}/beoordelen")
    assert own.html.select(".wb-row") == []
