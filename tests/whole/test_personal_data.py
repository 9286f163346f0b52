"""Finding, redacting and erasing a data subject in every room that keeps something of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.accounts.models import LoginSession, User
from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.search.services import PURGE
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.personal import (
    Fragment,
    PersonalDataHolder,
    Subject,
    personal_data_holders,
)
from stopintimidatie.core.text import local
from stopintimidatie.disclosures.models import Disclosure
from stopintimidatie.disclosures.resources import KIND as EXPORT
from stopintimidatie.dossiers.case.services import make_agreement
from stopintimidatie.dossiers.models import Dossier, DossierAgreement, DossierMove, DossierNote
from stopintimidatie.dossiers.services import add_note
from stopintimidatie.exports.models import Export, ExportBlob, ExportKey
from stopintimidatie.exports.request import jobs as request_jobs
from stopintimidatie.reports.fields import Contact, Location
from stopintimidatie.reports.models import (
    Report,
    ReportContact,
    ReporterMessage,
    ReportMove,
    ReportTransfer,
)
from stopintimidatie.reports.services import move_report
from stopintimidatie.reports.vocabulary import ContactWish
from tests.support import exporting
from tests.support.factories import (
    DORDRECHT,
    EINDHOVEN,
    connect,
    make_dossier,
    make_report,
    make_user,
    take_on,
    user_id,
)
from tests.support.installation import Installation
from tests.support.personal import anywhere

pytestmark = [pytest.mark.both_databases, pytest.mark.short_on("postgresql")]

NAME = "Piet Verdacht"
SANNE = Contact(name="Sanne", email="Sanne@example.org", phone="+31612345678")


@pytest.fixture(autouse=True)
def connected(request: pytest.FixtureRequest, installation: Installation) -> None:
    if "export" not in request.node.name:
        connect(installation)


def holder_of(installation: Installation, kind: str) -> PersonalDataHolder:
    return personal_data_holders(installation.registry)[kind]


def make_full_report(installation: Installation, holder: str = DORDRECHT) -> Report:
    with installation.transaction() as session:
        report = make_report(
            session,
            installation,
            holder=holder,
            anonymous=False,
            contact=SANNE,
            wants_contact=ContactWish.MAIL,
            description=f"Het was {NAME}, of piet verdacht dan.",
            location=Location(lat=51.8, lon=4.6, description=f"bij het huis van {NAME}"),
        )
        message = ReporterMessage(
            holder=holder, report_id=report.id, kind="vraag", text=f"Was het {NAME}?"
        )
        session.add(message)
        session.scalars(select(ReportMove)).one().values = {"toelichting": [f"zie {NAME}"]}
    installation.run_jobs()
    return report


@pytest.mark.short_on("sqlite", "postgresql")
@pytest.mark.parametrize(
    "subject",
    [Subject(email="sanne@EXAMPLE.org"), Subject(phone="+31612345678")],
    ids=["mail", "telefoon"],
)
def test_a_report_is_found_by_what_the_reporter_can_tell(
    installation: Installation, subject: Subject
) -> None:
    report = make_full_report(installation)
    holder = holder_of(installation, "melding")
    keys = installation.registry.key_ring
    with installation.transaction(DORDRECHT) as session:
        assert list(holder.find(session, keys, subject)) == [report.id]
        by_reference = Subject(reference=report.reference.lower())
        assert list(holder.find(session, keys, by_reference)) == [report.id]
        assert list(holder.find(session, keys, Subject())) == []
        assert list(holder.find(session, keys, Subject(email="x@example.org"))) == []
    with installation.transaction(EINDHOVEN) as session:
        assert list(holder.find(session, keys, subject)) == []


@pytest.mark.short_on("sqlite", "postgresql")
def test_redacting_a_report_leaves_the_words_nowhere(installation: Installation) -> None:
    report = make_full_report(installation)
    keys = installation.registry.key_ring
    with installation.transaction(DORDRECHT) as session:
        redact = holder_of(installation, "melding").redact
        assert redact(session, keys, report.id, Fragment(NAME)) == 4
    assert anywhere(installation, NAME) == []
    with installation.transaction(DORDRECHT) as session:
        kept = session.scalars(select(Report)).one()
        assert kept.description == "Het was [onleesbaar gemaakt], of [onleesbaar gemaakt] dan."


@pytest.mark.parametrize("way", ["redact", "erase"])
@pytest.mark.parametrize("kind", ["melding", "dossier"])
def test_the_index_is_asked_to_forget_the_words_as_well(
    installation: Installation, kind: str, way: str
) -> None:
    report = kind == "melding"
    document = make_full_report(installation).id if report else make_full_dossier(installation)
    keys = installation.registry.key_ring
    with installation.transaction(DORDRECHT) as session:
        if way == "redact":
            holder_of(installation, kind).redact(session, keys, document, Fragment(NAME))
        else:
            holder_of(installation, kind).erase(session, document)
        asked = select(OutboxJob.holder).where(OutboxJob.kind == PURGE.name)
        assert session.scalars(asked).all() == [DORDRECHT]


@pytest.mark.short_on("sqlite", "postgresql")
def test_erasing_a_report_leaves_reference_dates_and_state(installation: Installation) -> None:
    report = make_full_report(installation)
    with installation.transaction(DORDRECHT) as session:
        holder_of(installation, "melding").erase(session, report.id)
    assert anywhere(installation, NAME) == []
    with installation.transaction(DORDRECHT) as session:
        kept = session.scalars(select(Report)).one()
        assert (kept.reference, kept.state) == (report.reference, "nieuw")
        assert (kept.description, kept.lat, kept.reporter_age_group) == (None, None, None)
        for entity in (ReportContact, ReporterMessage):
            assert session.scalar(select(func.count()).select_from(entity)) == 0
        assert session.scalars(select(ReportMove.name)).all() == ["ontvangen"]


def make_full_dossier(installation: Installation) -> UUID:
    with installation.transaction(DORDRECHT) as session:
        dossier = make_dossier(
            session, title=f"Overlast {NAME}", summary=f"Steeds {NAME}.", goal=f"{NAME} aanspreken"
        )
        add_note(session, dossier, f"Gebeld over {NAME}.", SYSTEM)
        due = local(utc_now()).date() + timedelta(days=3)
        make_agreement(session, dossier, f"Praten met {NAME}", "wijkagent", due, SYSTEM)
        session.scalars(select(DossierMove)).one().reason = f"Om {NAME}."
        return dossier.id


def test_redacting_a_dossier_leaves_the_words_nowhere(installation: Installation) -> None:
    dossier = make_full_dossier(installation)
    keys = installation.registry.key_ring
    with installation.transaction(DORDRECHT) as session:
        redact = holder_of(installation, "dossier").redact
        assert redact(session, keys, dossier, Fragment(NAME, "X")) == 7
    assert anywhere(installation, NAME) == []


def test_erasing_a_dossier_leaves_number_and_history(installation: Installation) -> None:
    dossier = make_full_dossier(installation)
    with installation.transaction(DORDRECHT) as session:
        holder_of(installation, "dossier").erase(session, dossier)
    assert anywhere(installation, NAME) == []
    with installation.transaction(DORDRECHT) as session:
        kept = session.scalars(select(Dossier)).one()
        assert (kept.sequence, kept.title, kept.summary) == (1, "", None)
        for entity in (DossierNote, DossierAgreement):
            assert session.scalar(select(func.count()).select_from(entity)) == 0
        assert session.scalars(select(DossierMove.name)).all() == ["gemaakt"]


def test_a_dossier_is_found_through_the_report_in_it(installation: Installation) -> None:
    report = make_full_report(installation)
    dossier = make_full_dossier(installation)
    keys, effects = installation.registry.key_ring, installation.registry.workflow_effects
    with installation.transaction(DORDRECHT) as session:
        filed = take_on(session, session.scalars(select(Report)).one())
        number = session.scalars(select(Dossier.number)).one()
        answers = {"dossier": number, "reden": f"Ook {NAME}."}
        move_report(session, effects, filed, "in_dossier", answers, SYSTEM)
    with installation.transaction(DORDRECHT) as session:
        found = holder_of(installation, "dossier").find
        for subject in (
            Subject(email="sanne@example.org"),
            Subject(reference=report.reference),
            Subject(reference=number),
        ):
            assert list(found(session, keys, subject)) == [dossier]


def give_away(installation: Installation) -> Any:
    """A report on its way from the desk to Dordrecht; the worker hasn't come by yet."""
    make_full_report(installation, NATIONAL)
    effects = installation.registry.workflow_effects
    with installation.transaction(NATIONAL) as session:
        report = session.scalars(select(Report)).one()
        values = {"gemeente": DORDRECHT, "reden": f"Gaat over {NAME}."}
        move_report(session, effects, report, "doorgeven", values, SYSTEM)
    with installation.transaction(NATIONAL) as session:
        return session.scalars(select(ReportTransfer.id)).one()


def test_what_is_on_its_way_is_found_and_redacted_too(installation: Installation) -> None:
    transfer = give_away(installation)
    keys, holder = installation.registry.key_ring, holder_of(installation, "overdracht")
    with installation.transaction(DORDRECHT) as session:
        assert list(holder.find(session, keys, Subject(email="sanne@example.org"))) == [transfer]
        assert holder.redact(session, keys, transfer, Fragment(NAME)) == 5
    with installation.transaction(EINDHOVEN) as session:
        assert list(holder.find(session, keys, Subject(phone=SANNE.phone))) == []
        assert holder.redact(session, keys, transfer, Fragment("Gaat")) == 0
    installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        copy = session.scalars(select(Report)).one()
        assert NAME not in f"{copy.description} {copy.location_text}"
        said = session.scalars(select(ReporterMessage)).one()
        assert said.text == "Was het [onleesbaar gemaakt]?"
        assert NAME not in repr(session.execute(select(ReportMove.values)).all())


def test_what_is_on_its_way_can_be_erased(installation: Installation) -> None:
    transfer = give_away(installation)
    with installation.transaction(NATIONAL) as session:
        holder_of(installation, "overdracht").erase(session, transfer)
    with installation.transaction(NATIONAL) as session:
        row = session.scalars(select(ReportTransfer)).one()
        assert (row.content, row.reason, row.receiver) == (None, "", DORDRECHT)


def test_an_erased_account_names_nobody_and_cannot_be_used(installation: Installation) -> None:
    username = make_user(installation, (DORDRECHT, Role.OFFICER), name=NAME)
    browser = installation.browser(username)
    keys, holder = installation.registry.key_ring, holder_of(installation, "gebruiker")
    with installation.transaction() as session:
        (found,) = holder.find(session, keys, Subject(email=username.upper()))
        assert holder.redact(session, keys, found, Fragment(NAME)) == 0
        holder.erase(session, found)
    assert "/aanmelden" in browser.get("/gemeenten/dordrecht", status=303).location
    with installation.transaction() as session:
        user = session.get_one(User, user_id(installation, f"verwijderd-{found}"))
        assert (user.name, user.roles, user.password_hash) == ("Verwijderde gebruiker", [], "")
        assert session.scalar(select(func.count()).select_from(LoginSession)) == 0
    visitor = installation.visitor()
    form = visitor.get("/aanmelden").forms["formulier"]
    form["gebruikersnaam"], form["wachtwoord"] = username, "demo-wachtwoord"
    form.submit("aanmelden", status=422)


def test_a_fragment_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to redact"):
        Fragment("  ")


def made_export(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> tuple[exporting.Case, str]:
    """An export that was approved and made; the PDF itself is of no matter here."""
    monkeypatch.setattr(request_jobs, "render_in_process", lambda *args, **kwargs: b"%PDF-1.7 iets")
    case = exporting.make_case(installation)
    reference = exporting.approved(case, vraag=f"Kent u {NAME}?")
    installation.run_jobs()
    assert case.export(reference).state == "gereed"
    return case, reference


def state_of(installation: Installation) -> tuple[str, str, int, int]:
    with installation.transaction(DORDRECHT) as session:
        export = session.scalars(select(Export)).one()
        blobs, keys = (
            session.scalar(select(func.count()).select_from(e)) or 0
            for e in (ExportBlob, ExportKey)
        )
        return export.state, export.question, blobs, keys


def test_redacting_withdraws_the_export_that_holds_the_words(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, reference = made_export(installation, monkeypatch)
    keys, holder = installation.registry.key_ring, holder_of(installation, EXPORT)
    with installation.transaction(DORDRECHT) as session:
        (found,) = holder.find(session, keys, Subject(reference=reference))
        assert holder.redact(session, keys, found, Fragment("niemand noemt dit")) == 0
    assert state_of(installation)[0] == "gereed"
    with installation.transaction(DORDRECHT) as session:
        assert holder.redact(session, keys, found, Fragment(NAME)) == 2
    assert state_of(installation) == ("ingetrokken", "Kent u [onleesbaar gemaakt]?", 0, 0)
    browser = case.browser("aanvrager")
    assert "Ingetrokken" in browser.get(f"{case.path}/{reference}")
    browser.get(f"{case.path}/{reference}/pdf", status=404)
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Disclosure.file_sha256)).one()


def test_erasing_an_export_keeps_its_line_in_the_register(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_export(installation, monkeypatch)
    keys, holder = installation.registry.key_ring, holder_of(installation, EXPORT)
    with installation.transaction(DORDRECHT) as session:
        reference = session.scalars(select(Report.reference)).first()
        (found,) = holder.find(session, keys, Subject(reference=reference))
        holder.erase(session, found)
    assert state_of(installation) == ("ingetrokken", "", 0, 0)
    with installation.transaction(DORDRECHT) as session:
        assert session.scalar(select(func.count()).select_from(Disclosure)) == 1
