"""What a reporter hears without asking: by mail, when a term is over, when a dossier ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from webtest import TestApp

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import clock_at, utc_now, working_days_after
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.dossiers.case.services import move_dossier
from stopintimidatie.dossiers.filing.services import file_report
from stopintimidatie.reports.conversation.services import tell
from stopintimidatie.reports.models import Report, ReporterMessage
from stopintimidatie.reports.services import move_report
from tests.support.api import Api, report
from tests.support.factories import (
    DORDRECHT,
    connect,
    make_dossier,
    make_report,
    make_user,
    start_answers,
    take_on,
    user_id,
)
from tests.support.following import follow_in_browser, page_of
from tests.support.installation import Installation

pytestmark = pytest.mark.usefixtures("at_once")

ANS = Actor("gebruiker", None, "Ans Bos")


@pytest.fixture
def api(installation: Installation) -> Api:
    connect(installation)
    return Api(installation)


def mails(api: Api, holder: str = DORDRECHT) -> list[MailMessage]:
    with api.installation.transaction(holder) as session:
        wanted = select(MailMessage).where(MailMessage.template == "bericht_voor_melder")
        return list(session.scalars(wanted))


def write(api: Api, text: str = "Wij hebben gepraat.") -> None:
    with api.installation.transaction(DORDRECHT) as session:
        tell(session, session.scalars(select(Report)).one(), "bericht", text, ANS)


def test_who_left_an_address_hears_that_something_waits_and_nothing_more(api: Api) -> None:
    api.post()
    write(api)
    write(api, "En nog iets.")
    api.installation.run_jobs()
    (mail,) = (mail for mail in mails(api) if mail.kept)
    assert mail.kept is not None
    assert "To: iemand@example.org" in mail.kept
    assert "/volgen" in mail.kept
    for word in ("gepraat", "melding", "intimidatie", "M-", "Dordrecht", "Ans"):
        assert word not in mail.kept.partition("\r\n\r\n")[2], word


@pytest.mark.parametrize(
    ("spoken", "subject", "first"),
    [
        ("en", "There is a message for you", "Dear reader,"),
        ("tr", "Er staat een bericht voor u klaar", "Beste lezer,"),
    ],
)
def test_who_reports_in_english_is_mailed_in_english(
    api: Api, spoken: str, subject: str, first: str
) -> None:
    api.post(report(taal=spoken))
    write(api)
    api.installation.run_jobs()
    (mail,) = mails(api)
    assert mail.kept is not None
    assert f"Subject: {subject}" in mail.kept
    assert mail.kept.partition("\r\n\r\n")[2].startswith(first)


def test_who_left_no_address_gets_no_mail(api: Api) -> None:
    api.post(report(anoniem=True, melder={"leeftijdsgroep": "18_24"}, contactGewenst="nee"))
    write(api)
    assert not mails(api)


def test_after_a_withdrawal_nothing_goes_out_any_more(api: Api) -> None:
    receipt = api.post().json
    write(api)
    api.withdraw(receipt["kenmerk"], receipt["volgcode"])
    api.installation.run_jobs()
    (mail,) = mails(api)
    assert mail.kept is None


def test_the_let_op_term_speaks_up_by_itself(installation: Installation) -> None:
    api = Api(installation)
    receipt = api.post().json
    browser = follow_in_browser(api, receipt)
    browser.get("/volgen/melding").mustcontain("LET OP", no="U kunt nu zelf contact opnemen")
    last = working_days_after(utc_now().date(), 10)
    days = (last - utc_now().date()).days
    # The cookie lasts half an hour, so the reporter comes back with the code.
    with clock_at(utc_now() + timedelta(days=days + 1, hours=2)):
        page = follow_in_browser(api, receipt).get("/volgen/melding")
        page.mustcontain("U kunt nu zelf contact opnemen", receipt["kenmerk"], "10 werkdagen")
        body = api.follow(receipt["kenmerk"], receipt["volgcode"]).json
        assert body["letOp"].startswith("Er zijn 10 werkdagen voorbij")


def test_a_connected_municipality_has_no_let_op(api: Api) -> None:
    receipt = api.post().json
    with clock_at(utc_now() + timedelta(days=60)):
        assert api.follow(receipt["kenmerk"], receipt["volgcode"]).json["letOp"] is None


def closed_dossier(api: Api, feedback: str) -> None:
    """A dossier with two reports, one of them withdrawn; closed with feedback."""
    made = api.installation
    owner = user_id(made, make_user(made, (DORDRECHT, Role.DOSSIER_OWNER)))
    actor = Actor("gebruiker", str(owner), "Ans Bos")
    effects = made.registry.workflow_effects
    with made.transaction() as session:
        dossier = make_dossier(session)
        move_dossier(session, effects, dossier, "starten", start_answers(owner), actor)
        for place in range(3):
            one = take_on(session, make_report(session, made))
            file_report(session, effects, dossier, one, "Zelfde plek.", actor)
            if place == 2:
                move_report(session, effects, one, "intrekken", {}, Actor("melder", None, "melder"))
        day = {"effect_datum": (utc_now().date() + timedelta(days=30)).isoformat()}
        move_dossier(session, effects, dossier, "monitoren", day, actor)
        answers = {
            "reden_code": "doel_bereikt",
            "effect": "Het is rustig.",
            "terugkoppeling": feedback,
        }
        move_dossier(session, effects, dossier, "afsluiten", answers, actor)


def test_when_a_dossier_ends_each_reporter_reads_what_was_done(api: Api) -> None:
    closed_dossier(api, "Er is verlichting geplaatst.")
    with api.installation.transaction(DORDRECHT) as session:
        told = session.scalars(select(ReporterMessage)).all()
        assert {(m.kind, m.text) for m in told} == {
            ("terugkoppeling", "Er is verlichting geplaatst.")
        }
        assert len({m.report_id for m in told}) == len(told) == 2
        # Handled after that with the same words, a reporter isn't told twice.
        one = session.scalars(select(Report).where(Report.state == "in_dossier")).first()
        assert one is not None
        answers = {
            "opvolging": ["extra_toezicht"],
            "terugkoppeling": "gegeven",
            "bericht": "Er is verlichting geplaatst.",
        }
        effects = api.installation.registry.workflow_effects
        move_report(session, effects, one, "afhandelen", answers, ANS)
        session.flush()
        assert len(session.scalars(select(ReporterMessage)).all()) == 2


def test_did_it_help_is_asked_when_it_is_over(api: Api) -> None:
    receipt = api.post().json
    browser = follow_in_browser(api, receipt)
    assert "mening" not in browser.get("/volgen/melding").forms
    with api.installation.transaction(DORDRECHT) as session:
        session.scalars(select(Report)).one().state = "afgehandeld"
    form = browser.get("/volgen/melding").forms["mening"]
    form.submit("laten_weten", status=422)
    form["geholpen"] = "deels"
    form.submit("laten_weten", status=303).follow().mustcontain("Dank u wel")
    officer: TestApp = api.installation.browser(
        make_user(api.installation, (DORDRECHT, Role.OFFICER))
    )
    officer.get(page_of(receipt)).mustcontain("Hielp het de melder?", "een beetje")
