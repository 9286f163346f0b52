"""The nightly work: lists a quarter ahead, each line on its day, short classes without a list."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.retention import RETENTION_CLASSES, Way
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.disclosures.models import DisclosedCopy, Pickup, PickupState
from stopintimidatie.disclosures.resources import new_export_id
from stopintimidatie.dossiers.filing.services import file_report
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.exports.request.services import draft
from stopintimidatie.exports.vocabulary import DEMAND
from stopintimidatie.privacy.destruction.jobs import waits_for
from stopintimidatie.privacy.destruction.models import (
    DestructionLine,
    DestructionList,
    DestructionStatement,
    LineState,
    ListState,
    Tombstone,
    Waits,
)
from stopintimidatie.privacy.destruction.queries import held_by
from stopintimidatie.privacy.destruction.rules import Quarter, quarter_of, state_of
from stopintimidatie.privacy.destruction.sweeps import SWEEPS
from stopintimidatie.privacy.holds.models import HoldReason
from stopintimidatie.privacy.holds.services import holds_on, lift_hold, place_hold
from stopintimidatie.privacy.retention.models import RetentionSchedule
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.models import Report, ReportContact, ReporterMessage
from stopintimidatie.reports.vocabulary import ContactWish
from tests.support.destruction import a_line, a_list
from tests.support.disclosing import an_entry
from tests.support.exports_factory import a_request
from tests.support.factories import DORDRECHT, make_dossier, make_report, take_on
from tests.support.installation import Installation
from tests.support.retaining import approve, authorise, lines, night, on, proposed_schedule

HANDLED_ON = date(2026, 2, 10)
DUE = date(2031, 2, 10)
CONTACT = Contact(name="Jasmijn Verzonnen", email="jas@example.org")


def handled(installation: Installation, day: date = HANDLED_ON, **changes: Any) -> Any:
    """A report that was handled on this day; its id."""
    with on(day), installation.transaction(DORDRECHT) as session:
        report = take_on(session, make_report(session, installation, **changes))
        report.state, report.ended_at, report.contact_deadline = "afgehandeld", utc_now(), None
        return report.id


def is_there(installation: Installation, number: Any, holder: str = DORDRECHT) -> bool:
    with installation.transaction(holder) as session:
        return session.get(Report, number) is not None


def the_list(installation: Installation) -> DestructionList:
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(DestructionList)).one()
        session.expunge(row)
        return row


def test_until_terms_are_approved_nothing_is_listed_and_nothing_goes(
    installation: Installation,
) -> None:
    report = handled(installation)
    night(installation, DUE + timedelta(days=400))
    assert lines(installation) == {}
    assert is_there(installation, report)


def test_a_report_is_listed_a_quarter_ahead_and_goes_on_its_day(
    installation: Installation,
) -> None:
    report = handled(installation)
    with on(HANDLED_ON):
        approve(installation)
    night(installation, date(2030, 9, 30))
    assert lines(installation) == {}
    night(installation, date(2030, 10, 1))
    row = the_list(installation)
    assert (row.number, row.period_from, row.period_until) == (
        "2031-1",
        date(2031, 1, 1),
        date(2031, 3, 31),
    )
    line = lines(installation)[report]
    assert (line.due_on, line.starts_on, line.category) == (
        DUE,
        HANDLED_ON,
        "cat melding_afgehandeld",
    )
    authorise(installation)
    night(installation, DUE - timedelta(days=1))
    assert is_there(installation, report)
    assert the_list(installation).state == ListState.AUTHORISED
    night(installation, DUE)
    assert not is_there(installation, report)
    assert the_list(installation).state == ListState.DONE
    with installation.transaction(DORDRECHT) as session:
        stone = session.scalars(select(Tombstone)).one()
        assert (stone.document_id, stone.gone_on, stone.list_number) == (report, DUE, "2031-1")
        statement = session.scalars(select(DestructionStatement)).one()
        assert stone.statement_id == statement.id


def test_a_report_of_terms_that_said_overbrengen_follows_newer_ones(
    installation: Installation,
) -> None:
    report = handled(installation)
    with on(HANDLED_ON):
        approve(installation)
        with installation.transaction(DORDRECHT) as session:
            version = session.scalars(select(RetentionSchedule)).one()
            content = deepcopy(version.content)
            content["klassen"]["melding_afgehandeld"]["gevolg"] = "overbrengen"
            version.content = content
    night(installation, date(2030, 10, 1))
    assert lines(installation)[report].outcome == "overbrengen"
    with on(date(2030, 10, 2)):
        approve(installation)
    night(installation, date(2030, 10, 3))
    assert lines(installation)[report].outcome == "vernietigen"


def test_a_double_is_listed_with_the_category_of_its_original(installation: Installation) -> None:
    report, double = handled(installation), handled(installation)
    with installation.transaction(DORDRECHT) as session:
        row = session.get_one(Report, double)
        row.state, row.ended_reason = "niet_in_behandeling", "dubbel"
        row.duplicate_of_id = report
    with on(HANDLED_ON):
        approve(installation)
    night(installation, date(2030, 10, 1))
    categories = {number: line.category for number, line in lines(installation).items()}
    assert categories == dict.fromkeys((report, double), "cat melding_afgehandeld")


def test_an_undecided_line_stays_after_its_day(installation: Installation) -> None:
    report = handled(installation)
    with on(HANDLED_ON):
        approve(installation)
    night(installation, date(2030, 10, 1))
    night(installation, DUE + timedelta(days=200))
    assert is_there(installation, report)
    assert lines(installation)[report].gone_at is None
    assert the_list(installation).state == ListState.PROPOSED


def test_a_hold_keeps_a_report_until_it_is_lifted(installation: Installation) -> None:
    report = handled(installation)
    with on(HANDLED_ON):
        approve(installation)
    night(installation, date(2030, 10, 1))
    authorise(installation)
    with on(DUE), installation.transaction(DORDRECHT) as session:
        row = session.get_one(Report, report)
        place_hold(session, row, HoldReason.WOO, DUE + timedelta(days=90), SYSTEM)
    night(installation, DUE)
    assert lines(installation)[report].waits_for == "bevroren"
    with on(DUE), installation.transaction(DORDRECHT) as session:
        (hold,) = holds_on(session, report)
        lift_hold(session, session.get_one(Report, report), hold, "Het verzoek is klaar.", SYSTEM)
    night(installation, DUE + timedelta(days=1))
    assert not is_there(installation, report)


def test_a_report_that_joined_a_live_dossier_waits_and_leaves_the_list(
    installation: Installation,
) -> None:
    report = handled(installation)
    with on(HANDLED_ON):
        approve(installation)
    night(installation, date(2030, 10, 1))
    authorise(installation)
    with on(date(2030, 12, 1)), installation.transaction(DORDRECHT) as session:
        row = session.get_one(Report, report)
        row.state = "in_behandeling"
        effects = installation.registry.workflow_effects
        file_report(session, effects, make_dossier(session), row, "Zelfde plek", SYSTEM)
    night(installation, DUE)
    assert lines(installation)[report].waits_for == "lopend_dossier"
    assert is_there(installation, report)


def test_a_hold_on_a_closed_dossier_keeps_its_reports(installation: Installation) -> None:
    report = handled(installation)
    with on(HANDLED_ON), installation.transaction(DORDRECHT) as session:
        row = session.get_one(Report, report)
        row.state = "in_behandeling"
        dossier = make_dossier(session)
        effects = installation.registry.workflow_effects
        file_report(session, effects, dossier, row, "Zelfde plek", SYSTEM)
        row.state, row.ended_at = "afgehandeld", utc_now()
        dossier.state, dossier.closed_at = "afgesloten", utc_now()
    with on(HANDLED_ON):
        approve(installation)
    night(installation, date(2030, 10, 1))
    authorise(installation, report)
    with on(DUE), installation.transaction(DORDRECHT) as session:
        frozen = session.scalars(select(Dossier)).one()
        place_hold(session, frozen, HoldReason.COURT, DUE + timedelta(days=90), SYSTEM)
        line = session.scalars(select(DestructionLine).filter_by(document_id=report)).one()
        assert held_by(session, [line]) == {report: ["bevroren: rechtszaak"]}
    night(installation, DUE)
    assert lines(installation)[report].waits_for == "bevroren"
    assert is_there(installation, report)


def _hold(of: str) -> Any:
    def holding(session: Any, report: Report, dossier: Dossier) -> None:
        row: Any = {"report": report, "dossier": dossier}[of]
        place_hold(session, row, HoldReason.WOO, DUE + timedelta(days=90), SYSTEM)

    return holding


def _goes_on(session: Any, report: Report, dossier: Dossier) -> None:
    dossier.state, dossier.closed_at = "in_aanpak", None


def _export(state: str, copy: str | None = None, days: int = 30, **more: Any) -> Any:
    """An export of the dossier, and the copy that its recipient may have of it."""

    def holding(session: Any, report: Report, dossier: Dossier) -> None:
        end = DUE + timedelta(days=days)
        wish = replace(a_request(answer_by=end, destroy_by=end), **more)
        row = draft(dossier, wish, SYSTEM, new_export_id())
        row.state = state
        session.add(row)
        entry = an_entry(holder=DORDRECHT, reference=row.reference, source_id=dossier.id)
        if copy:
            session.add(entry)
            session.flush()
            values = {"state": copy, "destroy_by": end, "disclosure_id": entry.id}
            session.add(DisclosedCopy(holder=DORDRECHT, **values))

    return holding


def _only_refers(holding: Any) -> Any:
    def referring(session: Any, report: Report, dossier: Dossier) -> None:
        session.scalars(select(DossierMembership)).one().reference = True
        holding(session, report, dossier)

    return referring


HOLDINGS = {
    "nothing": (None, False, False),
    "a hold on the report": (_hold("report"), True, False),
    "a hold on the dossier": (_hold("dossier"), True, True),
    "a hold on a dossier that refers to it": (_only_refers(_hold("dossier")), False, True),
    "a dossier that goes on": (_goes_on, True, False),
    "an export that was asked": (_export("aangevraagd"), True, True),
    "an export in the making": (_export("wordt_gemaakt"), True, True),
    "an export of a dossier that refers to it": (_only_refers(_export("aangevraagd")), True, True),
    "an export that failed": (_export("mislukt"), False, False),
    "a demand that failed": (_export("mislukt", legal_basis=DEMAND), True, True),
    "a demand that waits": (_export("gereed", "gemaakt", legal_basis=DEMAND), True, True),
    "a demand that never got a copy": (_export("gereed", legal_basis=DEMAND), True, True),
    "a copy that waits": (_export("gereed", "klaargezet"), True, True),
    "a copy at its recipient": (_export("gereed", "gegeven"), True, True),
    "a copy that must be gone": (_export("gereed", "gegeven", days=0), False, False),
    "a copy that is gone": (_export("gereed", "vernietigd_gemeld"), False, False),
}


@pytest.mark.parametrize(
    ("holding", "report_waits", "dossier_waits"), HOLDINGS.values(), ids=HOLDINGS
)
def test_a_list_says_that_a_document_is_held_when_the_night_would_leave_it(
    installation: Installation, holding: Any, report_waits: bool, dossier_waits: bool
) -> None:
    with on(HANDLED_ON), installation.transaction(DORDRECHT) as session:
        report, dossier = make_report(session, installation), make_dossier(session)
        report.state = "in_behandeling"
        effects = installation.registry.workflow_effects
        file_report(session, effects, dossier, report, "Zelfde plek", SYSTEM)
        report.state, report.ended_at = "afgehandeld", utc_now()
        dossier.state, dossier.closed_at = "afgesloten", utc_now()
    terms = proposed_schedule(installation)
    with on(DUE + timedelta(days=1)), installation.transaction(DORDRECHT) as session:
        report, dossier = (
            session.scalars(select(Report)).one(),
            session.scalars(select(Dossier)).one(),
        )
        row = a_list(session)
        both = [
            a_line(session, row, report.reference, document_id=report.id),
            a_line(session, row, dossier.number, document_id=dossier.id, document_kind="dossier"),
        ]
        if holding is not None:
            holding(session, report, dossier)
        session.flush()
        held = [line.document_id in held_by(session, both) for line in both]
        waiting = [waits_for(session, line, terms) not in (None, Waits.NOT_DUE) for line in both]
    assert held == waiting == [report_waits, dossier_waits]


def test_a_postponed_line_asks_again_when_its_day_has_come(installation: Installation) -> None:
    report = handled(installation)
    with on(HANDLED_ON):
        approve(installation)
    night(installation, date(2030, 10, 1))
    with installation.transaction(DORDRECHT) as session:
        line = session.scalars(select(DestructionLine)).one()
        line.decision, line.postponed_until = LineState.POSTPONED.value, DUE + timedelta(days=9)
    night(installation, DUE + timedelta(days=8))
    assert the_list(installation).state == ListState.DONE
    night(installation, DUE + timedelta(days=9))
    assert lines(installation)[report].decision is None
    assert the_list(installation).state == ListState.PROPOSED


def test_contact_data_goes_by_the_standing_decision_and_not_without_one(
    installation: Installation,
) -> None:
    report = handled(installation, contact=CONTACT, wants_contact=ContactWish.MAIL)
    with on(HANDLED_ON):
        approve(installation)

    def contacts() -> int:
        with installation.transaction(DORDRECHT) as session:
            return session.scalar(select(func.count(ReportContact.id))) or 0

    night(installation, date(2026, 5, 9))
    assert contacts() == 1
    night(installation, date(2026, 5, 10))
    assert contacts() == 0
    assert is_there(installation, report)
    # Nothing is left to count but the log, and the statement of the month does so once.
    for day in (date(2026, 5, 31), date(2026, 6, 1), date(2026, 6, 2), date(2026, 7, 3)):
        night(installation, day)
    with installation.transaction(DORDRECHT) as session:
        statement = session.scalars(select(DestructionStatement)).one()
        (row,) = statement.content["aantallen"]
        assert (row["klasse"], row["aantal"]) == ("contactgegevens", 1)


def test_every_short_class_has_its_sweep(installation: Installation) -> None:
    classes = RETENTION_CLASSES.of(installation.registry)
    assert {code for code, row in classes.items() if row.way is Way.STANDING} == set(SWEEPS)


@pytest.mark.alles
def test_a_report_left_at_the_desk_goes_after_its_reporter_was_told(
    installation: Installation,
) -> None:
    came = date(2026, 2, 10)
    with on(came), installation.transaction(NATIONAL) as session:
        number = make_report(session, installation, holder=NATIONAL).id
        on_offer = make_report(session, installation, holder=NATIONAL).id
        offer = Pickup(holder=NATIONAL, document_kind="melding", document_id=on_offer)
        offer.reference, offer.recipient = "P-1", "Gemeente"
        offer.state = PickupState.OFFERED
        session.add(offer)
    with on(came):
        approve(installation, NATIONAL)
    goes = came + timedelta(days=60)
    night(installation, goes, NATIONAL)
    assert is_there(installation, number, NATIONAL)
    # Whose report a municipality can still pick up isn't told a day on which it won't go.
    with installation.transaction(NATIONAL) as session:
        assert session.scalars(select(ReporterMessage.report_id)).all() == [number]
    night(installation, goes + timedelta(days=13), NATIONAL)
    assert is_there(installation, number, NATIONAL)
    night(installation, goes + timedelta(days=14), NATIONAL)
    assert not is_there(installation, number, NATIONAL)
    assert is_there(installation, on_offer, NATIONAL)
    # Stated when the month is over; after a year nothing tells of it any more.
    night(installation, date(2026, 5, 1), NATIONAL)
    with installation.transaction(NATIONAL) as session:
        statement = session.scalars(select(DestructionStatement)).one()
        assert session.scalars(select(Tombstone)).one().statement_id == statement.id
    night(installation, goes + timedelta(days=14 + 366), NATIONAL)
    with installation.transaction(NATIONAL) as session:
        assert session.scalars(select(Tombstone)).all() == []


def test_quarters_follow_one_another() -> None:
    quarter = quarter_of(date(2026, 11, 27))
    assert (str(quarter), quarter.last, str(quarter.next)) == (
        "2026-4",
        date(2026, 12, 31),
        "2027-1",
    )
    assert Quarter(2027, 1).first == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("stamps", "alone", "checked"),
    [
        ((), ListState.PROPOSED, ListState.PROPOSED),
        (("assessed_at",), ListState.CHECKED, ListState.ASSESSED),
        (("assessed_at", "checked_at"), ListState.CHECKED, ListState.CHECKED),
        (("assessed_at", "authorised_at"), ListState.AUTHORISED, ListState.AUTHORISED),
        (("assessed_at", "authorised_at", "gone_at"), ListState.DONE, ListState.DONE),
    ],
)
def test_the_state_of_a_list_follows_from_its_lines(
    stamps: tuple[str, ...], alone: ListState, checked: ListState
) -> None:
    line = DestructionLine(decision=LineState.GOES.value)
    for name in stamps:
        setattr(line, name, utc_now())
    assert state_of([line], checks=False) is alone
    assert state_of([line], checks=True) is checked
