"""A decision is undone within ten minutes without a reason; until then nothing leaves by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.audit import Actor, AuditEvent
from stopintimidatie.core.clock import AMSTERDAM, clock_at, utc_now
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.second import SecondError
from stopintimidatie.core.security import Identity, Role
from stopintimidatie.core.web.register import count_at_most
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError
from stopintimidatie.reports.conversation.decisions import withdraw
from stopintimidatie.reports.conversation.queries import Standing, follow
from stopintimidatie.reports.conversation.services import (
    REPORTER,
    add_message,
    give_verdict,
    write_to_reporter,
)
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.handling.services import add_note
from stopintimidatie.reports.handover.services import waiting
from stopintimidatie.reports.models import Report, ReportDecision, ReporterMessage, ReportMove
from stopintimidatie.reports.page import decisions, proposals
from stopintimidatie.reports.page.decisions import (
    Began,
    UndoError,
    decide,
    last_decision,
    remember,
    undo,
)
from stopintimidatie.reports.page.queries import timeline
from stopintimidatie.reports.page.steps import answer_danger
from stopintimidatie.reports.services import move_report
from stopintimidatie.reports.triage.services import set_urgent
from stopintimidatie.reports.vocabulary import ContactWish
from tests.support.factories import (
    DORDRECHT,
    EINDHOVEN,
    connect,
    make_report,
    make_user,
    user_id,
)
from tests.support.installation import Installation
from tests.support.noticing import with_addresses

pytestmark = [pytest.mark.both_databases, pytest.mark.short_on("sqlite")]
QUESTION = {"vraag": "Hoe laat was het?", "uiterlijk": "2099-01-01"}
LATER = timedelta(minutes=11)
# Outside office hours, when spoed goes to the number on duty.
NIGHT = datetime(2026, 11, 24, 23, 40, tzinfo=AMSTERDAM)


class Desk:
    """An officer with a report in hand."""

    def __init__(self, installation: Installation, **changes: Any) -> None:
        connect(installation)
        self.installation = installation
        self.effects = WORKFLOW_EFFECTS.of(installation.registry)
        self.officer = self.colleague("Olga")
        with installation.transaction() as session:
            report = make_report(session, installation, **changes)
            self.id, self.reference = report.id, report.reference

    def colleague(self, name: str) -> Actor:
        username = make_user(self.installation, (DORDRECHT, Role.OFFICER), name=name)
        return Actor("gebruiker", str(user_id(self.installation, username)), name)

    def decide(self, *steps: tuple[str, Mapping[str, Any]]) -> None:
        with self.installation.transaction(DORDRECHT) as session:
            decide(session, self.effects, self.report(session), steps, self.officer)

    def report(self, session: Session) -> Report:
        return session.get_one(Report, self.id)

    def undo(self, actor: Actor | None = None) -> None:
        with self.installation.transaction(DORDRECHT) as session:
            decision = last_decision(session, DORDRECHT, str(self.officer.id))
            assert decision is not None
            undo(session, self.installation.registry, decision, actor or self.officer)

    def state(self) -> tuple[str, Any, Any]:
        with self.installation.transaction(DORDRECHT) as session:
            report = self.report(session)
            return report.state, report.handler_id, report.waiting_until

    def count(self, entity: Any, *where: Any) -> int:
        with self.installation.transaction(DORDRECHT) as session:
            return session.scalar(select(func.count()).select_from(entity).where(*where)) or 0


@pytest.fixture
def desk(installation: Installation) -> Desk:
    return Desk(installation)


def reader(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Standing:
    """What the reporter reads; the code that opens it isn't what is tested here."""
    queries = "stopintimidatie.reports.conversation.queries.follow_code_matches"
    monkeypatch.setattr(queries, lambda *_: True)
    installation = desk.installation
    standing = follow(installation.engine, installation.registry.key_ring, desk.reference, "1")
    assert standing is not None
    return standing


def test_a_new_report_is_taken_in_hand_with_the_first_decision_and_stands_as_before(
    desk: Desk,
) -> None:
    before = desk.state()
    assert before == ("nieuw", None, None)
    desk.decide(("vraag_melder", QUESTION))
    state, handler, until = desk.state()
    assert (state, str(handler), str(until)) == (
        "wacht_op_melder",
        desk.officer.id,
        QUESTION["uiterlijk"],
    )
    desk.undo()
    assert desk.state() == before
    assert desk.count(ReportMove, ReportMove.name == "ongedaan") == 1
    assert desk.count(AuditEvent, AuditEvent.action == "melding.ongedaan") == 1


@pytest.mark.short_on("sqlite")
def test_a_message_that_is_undone_reached_nobody(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = Contact(email="melder@voorbeeld.example")
    desk = Desk(installation, contact=contact, anonymous=False, wants_contact=ContactWish.VIA_APP)
    desk.decide(("vraag_melder", QUESTION))
    seen = reader(desk, monkeypatch)
    assert (seen.status, seen.messages, seen.answer_by) == ("ontvangen", (), None)
    desk.undo()
    with clock_at(utc_now() + LATER):
        installation.run_jobs()
        assert reader(desk, monkeypatch).messages == ()
    assert desk.count(MailMessage, MailMessage.sent_at.is_not(None)) == 0
    assert desk.count(ReporterMessage) == 0


@pytest.mark.short_on("sqlite")
def test_a_message_that_stays_is_read_and_mailed_after_ten_minutes(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = Contact(email="melder@voorbeeld.example")
    desk = Desk(installation, contact=contact, anonymous=False, wants_contact=ContactWish.VIA_APP)
    desk.decide(("vraag_melder", QUESTION))
    installation.run_jobs()
    mailed = MailMessage.sent_at.is_not(None), MailMessage.about_id == desk.id
    assert desk.count(MailMessage, *mailed) == 0
    with clock_at(utc_now() + LATER):
        installation.run_jobs()
        seen = reader(desk, monkeypatch)
    assert (seen.status, [message.text for message in seen.messages]) == (
        "vraag",
        [QUESTION["vraag"]],
    )
    assert desk.count(MailMessage, *mailed) == 1


@pytest.mark.short_on("sqlite")
def test_words_of_a_reporter_who_read_no_question_yet_are_no_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.decide(("vraag_melder", QUESTION))
    copy = reader(desk, monkeypatch).copy
    add_message(desk.installation.engine, desk.effects, copy, "Er was ook een fiets bij.")
    assert desk.state()[0] == "wacht_op_melder"


@pytest.mark.short_on("sqlite")
def test_nothing_of_an_urgent_report_is_held(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk.installation.transaction(DORDRECHT) as session:
        desk.report(session).urgent = True
    desk.decide(("vraag_melder", QUESTION))
    assert len(reader(desk, monkeypatch).messages) == 1
    with pytest.raises(UndoError, match="spoed"):
        desk.undo()


@pytest.mark.short_on("postgresql")
def test_an_offer_that_is_undone_was_never_seen_by_the_other_municipality(desk: Desk) -> None:
    installation = desk.installation
    connect(installation, EINDHOVEN)
    desk.decide(("overdracht_aanbieden", {"gemeente": EINDHOVEN, "reden": "Het was daar."}))

    reader = Identity(UUID(int=1), "o@eindhoven.example", "O", frozenset())

    def offers() -> int:
        with installation.transaction(EINDHOVEN) as session:
            return count_at_most(session, waiting(EINDHOVEN, reader), 9)

    assert offers() == 0
    with clock_at(utc_now() + LATER):
        assert offers() == 1
    desk.undo()
    with clock_at(utc_now() + LATER):
        assert offers() == 0
    assert desk.state()[0] == "nieuw"


@pytest.mark.sqlite
def test_undoing_is_refused_too_late_by_another_or_after_a_change(desk: Desk) -> None:
    desk.decide(("in_behandeling_nemen", {"behandelaar": desk.officer.id}))
    with pytest.raises(UndoError, match="Alleen wie"):
        desk.undo(desk.colleague("Bram"))
    with desk.installation.transaction(DORDRECHT) as session:
        decision = last_decision(session, DORDRECHT, str(desk.officer.id))
        assert decision is not None
        session.expunge(decision)
    with clock_at(utc_now() + LATER), desk.installation.transaction(DORDRECHT) as session:
        assert last_decision(session, DORDRECHT, str(desk.officer.id)) is None
        with pytest.raises(UndoError, match="Kies bij de melding wat nu moet"):
            undo(session, desk.installation.registry, session.merge(decision), desk.officer)
    with desk.installation.transaction(DORDRECHT) as session:
        desk.report(session).location_text = "Een ander gebouw"
    with pytest.raises(UndoError, match="Kijk in de geschiedenis van de melding"):
        desk.undo()
    assert desk.state()[0] == "in_behandeling"


@pytest.mark.sqlite
def test_an_act_that_is_no_step_can_be_undone_too(desk: Desk) -> None:
    with desk.installation.transaction(DORDRECHT) as session:
        report = desk.report(session)
        with remember(session, report, desk.officer, "spoed"):
            report.urgent = True
    desk.undo()
    with desk.installation.transaction(DORDRECHT) as session:
        assert not desk.report(session).urgent


@pytest.mark.sqlite
def test_what_a_refused_decision_did_first_is_undone_with_it(desk: Desk) -> None:
    with desk.installation.transaction(DORDRECHT) as session:
        report = desk.report(session)
        with pytest.raises(WorkflowError):
            decide(
                session,
                desk.effects,
                report,
                [("niet_in_behandeling", {"reden_code": "dubbel", "dubbel_van": "M-0000-0000"})],
                desk.officer,
            )
        session.expire(report)
        assert report.state == "nieuw"
    assert desk.count(ReportDecision) == 0


class Held:
    """A step that is held: counts how often it was made."""

    def __init__(self, desk: Desk, problem: str = "") -> None:
        self.made: list[Mapping[str, Any]] = []
        self.desk, self.problem = desk, problem
        decisions.HELD_STEPS.of(desk.installation.registry)["proef"] = self

    def __call__(
        self, registry: Any, session: Session, report: Any, values: Any, actor: Any
    ) -> None:
        if self.problem:
            raise WorkflowError(self.problem)
        self.made.append(values)

    def hold(self) -> None:
        registry = self.desk.installation.registry
        with self.desk.installation.transaction(DORDRECHT) as session:
            report = self.desk.report(session)
            decisions.hold_step(registry, session, report, "proef", {"a": 1}, self.desk.officer)

    def after_ten_minutes(self) -> None:
        with clock_at(utc_now() + LATER):
            self.desk.installation.run_jobs()


def test_a_held_step_is_made_once_after_ten_minutes_and_not_when_it_was_undone(desk: Desk) -> None:
    step = Held(desk)
    step.hold()
    desk.installation.run_jobs()
    assert step.made == []
    step.after_ten_minutes()
    assert step.made == [{"a": 1}]
    step.hold()
    desk.undo()
    step.after_ten_minutes()
    assert step.made == [{"a": 1}]


@pytest.mark.sqlite
def test_a_held_step_that_is_not_possible_any_more_stands_in_the_history(desk: Desk) -> None:
    step = Held(desk, "De gemeente doet niet meer mee.")
    step.hold()
    step.after_ten_minutes()
    lines = ReportMove.name == "besluit_mislukt", ReportMove.reason == step.problem
    assert desk.count(ReportMove, *lines) == 1
    with desk.installation.transaction(DORDRECHT) as session:
        assert desk.report(session).leaves_at is None


@pytest.mark.sqlite
def test_a_second_person_makes_a_proposed_step_and_who_proposed_it_cannot(desk: Desk) -> None:
    desk.decide(("in_behandeling_nemen", {"behandelaar": desk.officer.id}))
    answers = {"reden_code": "test", "reden": ""}
    other = desk.colleague("Bram")
    with desk.installation.transaction(DORDRECHT) as session:
        report = desk.report(session)
        proposal = proposals.propose(session, report, "niet_in_behandeling", answers, desk.officer)
        with pytest.raises(WorkflowError, match="tweede blik"):
            proposals.propose(session, report, "niet_in_behandeling", answers, other)
        with pytest.raises(SecondError, match="Nu kunnen dat: Bram"):
            proposals.answer_proposal(
                session, desk.effects, proposal, report, True, "", desk.officer
            )
        proposals.answer_proposal(session, desk.effects, proposal, report, True, "", other)
        assert report.state == "niet_in_behandeling"
        assert proposals.open_proposal(session, report) is None


@pytest.mark.sqlite
def test_who_is_alone_answers_the_own_proposal(desk: Desk) -> None:
    desk.decide(("in_behandeling_nemen", {"behandelaar": desk.officer.id}))
    with desk.installation.transaction(DORDRECHT) as session:
        report = desk.report(session)
        proposal = proposals.propose(
            session, report, "niet_in_behandeling", {"reden_code": "test"}, desk.officer
        )
        proposals.answer_proposal(
            session, desk.effects, proposal, report, False, "Toch niet.", desk.officer
        )
        assert report.state == "in_behandeling"
    assert desk.count(ReportMove, ReportMove.name == "voorstel_afgewezen") == 1


def by(desk: Desk, actor: Actor, act: Callable[[Session, Report], Any]) -> None:
    with desk.installation.transaction(DORDRECHT) as session:
        report = desk.report(session)
        with remember(session, report, actor, "uitdelen"):
            act(session, report)


@pytest.mark.short_on("sqlite")
def test_undoing_a_later_small_act_uncovers_nothing_and_gives_the_undo_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.decide(("vraag_melder", QUESTION))
    other = desk.colleague("Bram")
    by(desk, other, lambda session, report: setattr(report, "handler_id", UUID(other.id)))
    with desk.installation.transaction(DORDRECHT) as session:
        decision = last_decision(session, DORDRECHT, str(other.id))
        assert decision is not None
        undo(session, desk.installation.registry, decision, other)
    assert reader(desk, monkeypatch).status == "ontvangen"
    desk.undo()
    assert desk.state()[0] == "nieuw"
    assert desk.count(ReporterMessage) == 0


@pytest.mark.sqlite
def test_a_message_of_a_colleague_is_not_taken_along_by_undoing(desk: Desk) -> None:
    desk.decide(("vraag_melder", QUESTION))
    other = desk.colleague("Bram")
    with desk.installation.transaction(DORDRECHT) as session:
        write_to_reporter(session, desk.report(session), "Wij bellen u.", other)
    with pytest.raises(UndoError, match="Kijk in de geschiedenis van de melding"):
        desk.undo()
    assert desk.count(ReporterMessage) == 2


def answer_and_take(desk: Desk, *, danger: bool) -> None:
    with desk.installation.transaction(DORDRECHT) as session:
        report = desk.report(session)
        began = Began(report)
        answer_danger(session, report, danger, desk.officer)
        take = [("in_behandeling_nemen", {"behandelaar": desk.officer.id})]
        decide(session, desk.effects, report, take, desk.officer, began=began)


def standing(desk: Desk) -> tuple[str, bool | None, bool]:
    with desk.installation.transaction(DORDRECHT) as session:
        report = desk.report(session)
        return report.state, report.danger_now, report.urgent


@pytest.mark.sqlite
@pytest.mark.parametrize("danger", [True, False])
def test_the_answer_about_danger_is_undone_with_the_decision(desk: Desk, danger: bool) -> None:
    answer_and_take(desk, danger=danger)
    assert standing(desk) == ("in_behandeling", danger, danger)
    desk.undo()
    assert standing(desk) == ("nieuw", None, False)


@pytest.mark.parametrize("told", [True, False])
def test_danger_is_undone_at_night_until_the_number_on_duty_was_told(
    desk: Desk, told: bool
) -> None:
    """Undone before the worker came, nobody is told after it either."""
    town = with_addresses(desk.installation)
    with clock_at(NIGHT):
        answer_and_take(desk, danger=True)
        if told:
            town.run_jobs()
        desk.undo()
        town.run_jobs()
    assert standing(desk) == ("nieuw", True if told else None, told)
    assert desk.count(MailMessage, MailMessage.template == "spoed_sms") == told


@pytest.mark.sqlite
def test_spoed_from_before_the_answer_stays_when_danger_is_undone(desk: Desk) -> None:
    with desk.installation.transaction(DORDRECHT) as session:
        set_urgent(session, desk.report(session), True, desk.officer)
    answer_and_take(desk, danger=True)
    desk.undo()
    assert standing(desk) == ("nieuw", None, True)


@pytest.mark.sqlite
@pytest.mark.parametrize("urgent", [True, False])
def test_spoed_that_was_changed_later_is_undone_though_somebody_is_in_danger(
    desk: Desk, urgent: bool
) -> None:
    with desk.installation.transaction(DORDRECHT) as session:
        report = desk.report(session)
        answer_danger(session, report, True, desk.officer)
        report.urgent = urgent
        with remember(session, report, desk.officer, "spoed"):
            set_urgent(session, report, not urgent, desk.officer)
    desk.undo()
    with desk.installation.transaction(DORDRECHT) as session:
        report = desk.report(session)
        assert (report.danger_now, report.urgent) == (True, urgent)


@pytest.mark.sqlite
def test_a_decision_is_undone_past_a_note_of_whoever(desk: Desk) -> None:
    desk.decide(("in_behandeling_nemen", {"behandelaar": desk.officer.id}))
    for author in (desk.officer, desk.colleague("Bram")):
        with desk.installation.transaction(DORDRECHT) as session:
            add_note(session, desk.report(session), "De camera hangt er.", author)
    desk.undo()
    assert desk.state()[0] == "nieuw"
    assert desk.count(ReportMove, ReportMove.name == "notitie") == 2


@pytest.mark.sqlite
def test_a_question_that_was_held_when_the_reporter_withdrew_is_never_shown(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.decide(("vraag_melder", QUESTION))
    withdraw(desk.installation.registry, reader(desk, monkeypatch).copy)
    with clock_at(utc_now() + LATER):
        assert reader(desk, monkeypatch).messages == ()


class Proposed:
    """A report that Olga proposes to close as a test, and Bram, who answers."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.other = desk, desk.colleague("Bram")
        desk.decide(("in_behandeling_nemen", {"behandelaar": desk.officer.id}))
        with desk.installation.transaction(DORDRECHT) as session:
            answers = {"reden_code": "test"}
            report = desk.report(session)
            proposals.propose(session, report, "niet_in_behandeling", answers, desk.officer)

    def answer(self) -> None:
        with self.desk.installation.transaction(DORDRECHT) as session:
            report = self.desk.report(session)
            proposal = proposals.open_proposal(session, report)
            assert proposal is not None
            with session.begin_nested():
                proposals.answer_proposal(
                    session, self.desk.effects, proposal, report, True, "", self.other
                )

    def waits(self) -> bool:
        with self.desk.installation.transaction(DORDRECHT) as session:
            return proposals.open_proposal(session, self.desk.report(session)) is not None


@pytest.mark.sqlite
def test_a_proposal_is_undone_by_who_made_it_and_waits_again_when_its_answer_is_undone(
    desk: Desk,
) -> None:
    proposed = Proposed(desk)
    proposed.answer()
    assert not proposed.waits()
    with desk.installation.transaction(DORDRECHT) as session:
        decision = last_decision(session, DORDRECHT, str(proposed.other.id))
        assert decision is not None
        undo(session, desk.installation.registry, decision, proposed.other)
    assert proposed.waits()
    desk.undo()
    assert not proposed.waits()


@pytest.mark.sqlite
def test_a_proposal_ends_with_the_report_and_is_kept_when_it_can_not_be_made(desk: Desk) -> None:
    proposed = Proposed(desk)
    with desk.installation.transaction(DORDRECHT) as session:
        desk.report(session).danger_now = True
    with pytest.raises(WorkflowError, match="gevaar"):
        proposed.answer()
    assert proposed.waits()
    with desk.installation.transaction(DORDRECHT) as session:
        desk.report(session).danger_now = False
    # While it waits nobody decides otherwise; the reporter can withdraw.
    answers = {"opvolging": ["alleen_beeldvorming"], "terugkoppeling": "niet_gewenst"}
    with pytest.raises(WorkflowError, match="tweede blik"):
        desk.decide(("afhandelen", answers))
    with desk.installation.transaction(DORDRECHT) as session:
        move_report(session, desk.effects, desk.report(session), "intrekken", {}, REPORTER)
    assert not proposed.waits()


@pytest.mark.sqlite
def test_spoed_lets_go_what_was_held_and_then_it_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.decide(("vraag_melder", QUESTION))
    assert reader(desk, monkeypatch).messages == ()
    with desk.installation.transaction(DORDRECHT) as session:
        report = desk.report(session)
        with remember(session, report, desk.officer, "spoed"):
            set_urgent(session, report, True, desk.officer)
    seen = reader(desk, monkeypatch)
    assert (seen.status, len(seen.messages)) == ("vraag", 1)
    # The mark itself goes away again; the question doesn't.
    desk.undo()
    assert reader(desk, monkeypatch).status == "vraag"
    with pytest.raises(UndoError, match="spoed"):
        desk.undo()


@pytest.mark.sqlite
def test_what_the_reporter_adds_blocks_no_undoing_and_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = desk.installation.engine
    desk.decide(("vraag_melder", QUESTION))
    copy = reader(desk, monkeypatch).copy
    add_message(engine, desk.effects, copy, "Er was ook een fiets bij.")
    give_verdict(engine, copy, "nee")
    desk.undo()
    assert desk.state()[0] == "nieuw"
    with desk.installation.transaction(DORDRECHT) as session:
        report = desk.report(session)
        # It is news to whoever opens the report next.
        assert report.reporter_spoke_at is not None
        assert report.reporter_verdict == "nee"
        assert session.scalars(select(ReporterMessage.text)).all() == ["Er was ook een fiets bij."]


@pytest.mark.sqlite
def test_undoing_gives_no_report_to_who_left(desk: Desk) -> None:
    desk.decide(("in_behandeling_nemen", {"behandelaar": desk.officer.id}))
    bram = desk.colleague("Bram")
    by(desk, bram, lambda session, report: setattr(report, "handler_id", UUID(bram.id)))
    with desk.installation.transaction(DORDRECHT) as session:
        session.execute(
            delete(RoleAssignment).where(RoleAssignment.user_id == UUID(desk.officer.id))
        )
        decision = last_decision(session, DORDRECHT, str(bram.id))
        assert decision is not None
        undo(session, desk.installation.registry, decision, bram)
    assert desk.state()[:2] == ("in_behandeling", None)
    assert desk.count(ReportMove, ReportMove.name == "ongedaan") == 1
    with desk.installation.transaction(DORDRECHT) as session:
        _, _, last = timeline(session, desk.report(session))[0][0]
    assert "behandelt hier geen meldingen meer" in last


@pytest.mark.short_on("sqlite")
def test_spoed_has_the_mail_about_what_was_held_sent_at_once(installation: Installation) -> None:
    contact = Contact(email="melder@voorbeeld.example")
    desk = Desk(installation, contact=contact, anonymous=False, wants_contact=ContactWish.VIA_APP)
    desk.decide(("vraag_melder", QUESTION))
    mailed = MailMessage.sent_at.is_not(None), MailMessage.about_id == desk.id
    installation.run_jobs()
    assert desk.count(MailMessage, *mailed) == 0
    with installation.transaction(DORDRECHT) as session:
        set_urgent(session, desk.report(session), True, desk.officer)
    installation.run_jobs()
    assert desk.count(MailMessage, *mailed) == 1
