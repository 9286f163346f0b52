"""Marking afterwards: what came from the police leaves a report or dossier without a trace."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestApp

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.personal import Fragment
from stopintimidatie.dossiers.consultations.services import plan_consultation
from stopintimidatie.dossiers.consultations.snapshot import Tabled, put_on_table, read_tabled
from stopintimidatie.dossiers.filing.services import file_report
from stopintimidatie.dossiers.models import Consultation, Dossier, DossierText
from stopintimidatie.dossiers.resources import path_of_dossier
from stopintimidatie.exports.models import Export
from stopintimidatie.privacy.police.acts import mark
from stopintimidatie.privacy.police.models import PoliceEvent, PoliceItem
from stopintimidatie.privacy.police.services import PoliceError, content_of
from stopintimidatie.privacy.requests.models import RequestTrace
from stopintimidatie.privacy.subjects.models import VAULT, CopyBlob
from stopintimidatie.reports.models import Report, ReporterMessage, ReportMove
from stopintimidatie.reports.services import path_of_report
from stopintimidatie.reports.vocabulary import Source
from tests.support.deliveries import ready
from tests.support.factories import (
    DORDRECHT,
    connect,
    make_dossier,
    make_report,
    make_user,
    take_on,
)
from tests.support.installation import Installation
from tests.support.personal import anywhere
from tests.support.subjects import a_request

WORD = "Quirinus"


@pytest.fixture
def officer(installation: Installation) -> TestApp:
    return installation.browser(make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER)))


def move(browser: TestApp, address: str, *, text: str = "", status: int = 303) -> Any:
    """Move these words, or else the latest note."""
    form = browser.get(f"{address}/van-de-politie").forms["formulier"]
    numbers = [value for value, *_ in form["welk"].options]
    form["welk"] = "woorden" if text else numbers[0]
    if text:
        form["tekst"] = text
    return form.submit("verplaatsen", status=status)


def moved(installation: Installation) -> str:
    """What stands in the compartment, in clear."""
    with installation.transaction(DORDRECHT) as session:
        item = session.scalars(select(PoliceItem)).one()
        assert session.scalars(select(PoliceEvent.action)).all() == ["gemarkeerd"]
        return content_of(installation.registry.key_ring, item).text


def test_a_note_of_a_report_goes_and_so_does_the_line_that_tells_of_it(
    installation: Installation, officer: TestApp
) -> None:
    connect(installation)
    with installation.transaction() as session:
        reference = make_report(session, installation).reference
    address = f"/gemeenten/dordrecht/binnenstad/{reference}"
    before = officer.get(address).html.find("main").text
    form = officer.get(f"{address}/notitie").forms["formulier"]
    form["tekst"] = f"De politie zegt: het is {WORD}."
    form.submit(status=303)
    assert "Komt dit van de politie?" in officer.get(address)
    move(officer, address).follow().mustcontain("Verplaatst.", no=[WORD])
    installation.run_jobs()
    assert officer.get(address).html.find("main").text == before
    assert anywhere(installation, WORD) == []
    assert moved(installation) == f"De politie zegt: het is {WORD}."
    with installation.transaction(DORDRECHT) as session:
        assert "notitie" not in session.scalars(select(ReportMove.name)).all()
        logged = " ".join(map(str, session.execute(select(AuditEvent.action, AuditEvent.task))))
        assert "politie" not in logged


def test_words_go_out_of_a_dossier_its_versions_its_reports_and_its_exports(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, reference = ready(installation, monkeypatch, feiten=f"De politie kent {WORD}.")
    owner = case.browser("aanvrager")
    form = owner.get(f"{case.path}/bewerken").forms["formulier"]
    before = [form["duiding"].value]
    for text in (
        "Groep.",
        f"Groep. {WORD} loopt voorop.",
        f"Groep. {WORD}  loopt voorop. Vrijdag.",
    ):
        form["duiding"] = text
        form.submit("opslaan", status=303)
        form = owner.get(f"{case.path}/bewerken").forms["formulier"]
    move(owner, case.path, text="iets anders", status=422).mustcontain("staat niet in dit dossier")
    move(owner, case.path, text="x", status=422).mustcontain("minstens drie tekens")
    move(owner, case.path, text=f"{WORD} loopt voorop.")
    assert WORD not in owner.get(f"{case.path}?deel=gegevens").html.find("main").text
    assert moved(installation) == f"{WORD} loopt voorop."
    with installation.transaction(DORDRECHT) as session:
        texts = select(DossierText).where(DossierText.field == "assessment")
        versions = session.scalars(texts.order_by(DossierText.number)).all()
        # The version that added nothing else is gone, and no number is left out.
        kept = [text for text in before if text] + ["Groep.", "Groep. Vrijdag."]
        assert [(row.number, row.text) for row in versions] == [*enumerate(kept, 1)]
        export = session.scalars(select(Export).where(Export.reference == reference)).one()
        # What was asked in other words is another fragment.
        assert (export.state, WORD in (export.facts or "")) == ("gereed", True)


def test_a_fragment_goes_out_of_an_account_that_an_officer_typed(
    installation: Installation, officer: TestApp
) -> None:
    connect(installation)
    with installation.transaction() as session:
        made = make_report(
            session, installation, description=f"Ik zag hem. Het was {WORD}. Toen ging ik weg."
        )
        made.source = Source.PHONE.value
        reference = made.reference
    installation.run_jobs()
    address = f"/gemeenten/dordrecht/binnenstad/{reference}"
    move(officer, address, text=f"Het was {WORD}.")
    installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Report.description)).one() == "Ik zag hem. Toen ging ik weg."
    assert anywhere(installation, WORD) == []
    assert not officer.get("/zoeken", {"q": WORD}).html.select(".si-list__title")


def test_words_of_a_reporter_stay_whatever_an_officer_marks(
    installation: Installation, officer: TestApp
) -> None:
    connect(installation)
    with installation.transaction() as session:
        report = make_report(session, installation, description=f"Het was {WORD}, zei iemand.")
        report.location_text, report.offender_appearance = "bij de kiosk", "rode pet"
        said = {"kind": "aanvulling", "text": "Hij had een fiets.", "at": utc_now()}
        session.add(ReporterMessage(holder=DORDRECHT, report_id=report.id, **said))
        take_on(session, report)
        dossier = make_dossier(session, assessment=f"Samen met {WORD} dus. {WORD} weer.")
        effects = installation.registry.workflow_effects
        file_report(session, effects, dossier, report, "Zelfde plek.", SYSTEM)
        pages = path_of_report(session, report.id), path_of_dossier(session, dossier.id)
    for words in (WORD, "bij de kiosk", "rode pet", "een fiets"):
        for address in map(str, pages):
            page = move(officer, address, text=words, status=422)
            page.mustcontain("wat een melder schreef", "alleen verplaatsen wat een medewerker")
    move(officer, str(pages[1]), text=f"Samen met {WORD} dus.")
    with installation.transaction(DORDRECHT) as session:
        assert WORD in str(session.scalars(select(Report.description)).one())
        assert session.scalars(select(Dossier.assessment)).one() == f"{WORD} weer."


def test_nothing_is_marked_in_a_report_or_dossier_that_is_frozen(
    installation: Installation, officer: TestApp
) -> None:
    connect(installation)
    with installation.transaction() as session:
        report = take_on(session, make_report(session, installation))
        dossier = make_dossier(session, assessment=f"Het was {WORD}.")
        file_report(
            session, installation.registry.workflow_effects, dossier, report, "Plek.", SYSTEM
        )
        pages = path_of_report(session, report.id), path_of_dossier(session, dossier.id)
        dossier.frozen = True
    for address in map(str, pages):
        page = officer.get(f"{address}/van-de-politie", status=303).follow()
        page.mustcontain("is bevroren", "Hef dat eerst op")
    with installation.transaction(DORDRECHT) as session:
        frozen = session.scalars(select(Dossier)).one()
        with pytest.raises(PoliceError, match="bevroren"):
            mark(installation.registry, session, frozen, f"Het was {WORD}.", SYSTEM)


def test_words_go_out_of_a_frozen_paper_and_a_sealed_copy_with_them_goes(
    installation: Installation,
) -> None:
    registry = installation.registry
    keys = registry.key_ring
    with installation.transaction(DORDRECHT) as session:
        dossier = make_dossier(session, assessment=f"Een groep. Het was {WORD}. Op vrijdag.")
        talk = plan_consultation(session, dossier, utc_now(), SYSTEM)
        put_on_table(session, keys, dossier, talk, Tabled(()), SYSTEM)
        copied = a_request(session, state="redigeren")
        trace = {"document_kind": "dossier", "document_id": dossier.id, "found_by": "Pri Vacy"}
        session.add(
            RequestTrace(holder=DORDRECHT, request_id=copied.id, reference=dossier.number, **trace)
        )
        session.flush()
        VAULT.keep(session, keys, copied, "json", f"Het was {WORD}.".encode())
        assert mark(registry, session, dossier, f"Het was {WORD}.", SYSTEM)
    with installation.transaction(DORDRECHT) as session:
        papers = read_tabled(session, keys, session.scalars(select(Consultation)).one())
        assert papers is not None
        assert papers["duiding"] == "Een groep. Op vrijdag.", "no gap tells of it either"
        assert WORD not in str(papers)
        assert session.scalars(select(CopyBlob.id)).all() == []
    assert moved(installation) == f"Het was {WORD}."


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Hij riep. X Daarna niets.", "Hij riep. Daarna niets."),
        ("X Daarna niets.", "Daarna niets."),
        ("Hij riep X.", "Hij riep."),
        ("Er waren A, X, C.", "Er waren A, C."),
        ("Er waren A, C, X.", "Er waren A, C."),
        ("X, A en C.", "A en C."),
        ("Hij riep.\nX\nDaarna niets.", "Hij riep.\nDaarna niets."),
        ("Hij riep.\r\nX\r\nDaarna niets.", "Hij riep.\r\nDaarna niets."),
        ("Hij riep.\nX Daarna niets.", "Hij riep.\nDaarna niets."),
    ],
)
def test_no_gap_tells_where_words_were(before: str, after: str) -> None:
    assert Fragment("X", replacement="").taken_out_of(before) == after
