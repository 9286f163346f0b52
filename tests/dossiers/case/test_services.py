"""The life of a dossier without pages: numbering, steps, reports that join and leave."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor, AuditEvent
from stopintimidatie.core.clock import clock_at
from stopintimidatie.core.security import Role
from stopintimidatie.core.tree import Redirect
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.dossiers.case.services import (
    DossierPlan,
    change_agreement,
    change_dossier,
    create_dossier,
    make_agreement,
    move_dossier,
)
from stopintimidatie.dossiers.filing.services import (
    belonging_of,
    file_report,
    membership_of,
    move_to_neighbourhood,
    take_out,
)
from stopintimidatie.dossiers.models import Dossier, DossierMembership, DossierMove
from stopintimidatie.dossiers.services import DossierError, add_note
from stopintimidatie.reports.models import Report, ReportMove
from stopintimidatie.reports.services import move_report, path_of_report
from tests.support.factories import (
    CENTRE,
    DORDRECHT,
    EINDHOVEN,
    connect,
    make_dossier,
    make_ready,
    make_report,
    make_user,
    start_answers,
    take_on,
    user_id,
)
from tests.support.installation import Installation

NORTH = "WK050502"
WHOLE = "GM0505-GB"
CLOSING = {
    "reden_code": "doel_bereikt",
    "effect": "Er komen minder meldingen.",
    "terugkoppeling": "Er is extra toezicht geweest.",
}


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


@pytest.fixture
def owner(installation: Installation) -> Any:
    return user_id(installation, make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER)))


def taken_on(session: Session, installation: Installation, **kw: Any) -> Report:
    return take_on(session, make_report(session, installation, **kw))


def started(session: Session, installation: Installation, owner: Any, **kw: Any) -> Dossier:
    dossier = make_dossier(session, **kw)
    effects = installation.registry.workflow_effects
    move_dossier(session, effects, dossier, "starten", start_answers(owner), SYSTEM)
    return dossier


def test_numbers_count_per_municipality_and_year(installation: Installation) -> None:
    with installation.transaction() as session:
        numbers = [make_dossier(session).number for _ in range(2)]
        plan = DossierPlan(title="Oud", kind="thema", neighbourhood_code=WHOLE)
        with clock_at(datetime(2024, 12, 31, 23, 30, tzinfo=UTC)):
            old = create_dossier(session, SYSTEM, DORDRECHT, plan)
    with installation.transaction() as session:
        other = make_dossier(session, holder=EINDHOVEN, neighbourhood_code="GM0772-GB")
    year = numbers[0][:4]
    assert numbers == [f"{year}-0001", f"{year}-0002"]
    assert old.number == "2025-0001", "the year is the one of Amsterdam"
    assert other.number == f"{year}-0001"


def test_a_number_that_was_rolled_back_is_given_out_again(installation: Installation) -> None:
    with installation.transaction() as session:
        lost = make_dossier(session).number
        session.rollback()
    with installation.transaction() as session:
        assert make_dossier(session).number == lost


def test_ten_people_at_once_get_ten_numbers(installation: Installation) -> None:
    def one(_: int) -> str:
        with installation.transaction() as session:
            return make_dossier(session).number

    with ThreadPoolExecutor(5) as pool:
        numbers = sorted(pool.map(one, range(10)))
    assert [number[5:] for number in numbers] == [f"{n:04d}" for n in range(1, 11)]


def test_a_dossier_lies_in_a_neighbourhood_of_its_own_municipality(
    installation: Installation,
) -> None:
    with installation.transaction() as session, pytest.raises(DossierError, match="wijk"):
        make_dossier(session, neighbourhood_code="GM0772-GB")


def test_the_whole_life_leaves_a_line_per_step(installation: Installation, owner: Any) -> None:
    effects = installation.registry.workflow_effects
    with installation.transaction() as session:
        dossier = started(session, installation, owner)
        steps: list[tuple[str, dict[str, Any]]] = [
            ("monitoren", {"effect_datum": date(2027, 3, 1)}),
            ("afsluiten", CLOSING),
            ("heropenen", {"reden": "Er kwamen weer meldingen."}),
        ]
        for name, values in steps:
            move_dossier(session, effects, dossier, name, values, SYSTEM)
        assert (dossier.state, dossier.closed_at, dossier.effect) == ("in_aanpak", None, None)
    with installation.transaction(DORDRECHT) as session:
        rows = session.scalars(select(DossierMove).order_by(DossierMove.at)).all()
        assert [(row.name, row.from_state, row.to_state) for row in rows] == [
            ("gemaakt", None, "in_voorbereiding"),
            ("starten", "in_voorbereiding", "in_aanpak"),
            ("monitoren", "in_aanpak", "monitoring"),
            ("afsluiten", "monitoring", "afgesloten"),
            ("heropenen", "afgesloten", "in_aanpak"),
        ]
        assert rows[3].values["effect"] == CLOSING["effect"]
        assert rows[4].reason == "Er kwamen weer meldingen."
        actions = session.scalars(select(AuditEvent.action).order_by(AuditEvent.at)).all()
        assert actions.count("dossier.toestand") == 4


@pytest.mark.parametrize("missing", ["doel", "grondslag", "verantwoordelijke", "dossierhouder"])
def test_a_dossier_is_not_started_without_its_footing(
    installation: Installation, owner: Any, missing: str
) -> None:
    with installation.transaction() as session:
        dossier = make_dossier(session)
        answers = {key: value for key, value in start_answers(owner).items() if key != missing}
        effects = installation.registry.workflow_effects
        with pytest.raises(WorkflowError) as caught:
            move_dossier(session, effects, dossier, "starten", answers, SYSTEM)
        assert caught.value.field == missing
        assert dossier.state == "in_voorbereiding"


def test_a_person_directed_dossier_needs_the_privacy_officers_advice(
    installation: Installation, owner: Any
) -> None:
    effects = installation.registry.workflow_effects
    answers = start_answers(owner)
    with installation.transaction() as session:
        dossier = make_dossier(session, kind="persoonsgericht")
        with pytest.raises(WorkflowError, match="waarom dit dossier over één persoon"):
            move_dossier(session, effects, dossier, "starten", answers, SYSTEM)
        make_ready(session, dossier)
        move_dossier(session, effects, dossier, "starten", answers, SYSTEM)
        assert dossier.state == "in_aanpak"


def test_an_officer_can_not_own_a_person_directed_dossier(installation: Installation) -> None:
    officer = user_id(installation, make_user(installation, (DORDRECHT, Role.OFFICER)))
    effects = installation.registry.workflow_effects
    with installation.transaction() as session:
        dossier = make_dossier(session, kind="persoonsgericht")
        make_ready(session, dossier)
        answers = start_answers(officer)
        with pytest.raises(WorkflowError, match="Kies een ander"):
            move_dossier(session, effects, dossier, "starten", answers, SYSTEM)


def test_a_report_a_note_or_an_agreement_changes_a_dossier_and_outdates_nobodys_form(
    installation: Installation,
) -> None:
    effects = installation.registry.workflow_effects
    with installation.transaction(DORDRECHT) as session:
        made = make_dossier(session)
        session.flush()
        key, version = made.id, made.version
    colleague = Actor("gebruiker", None, "Cor Collega")
    day = datetime(2026, 11, 2, 9, tzinfo=UTC)

    def join(session: Session, dossier: Dossier) -> None:
        report = take_on(session, make_report(session, installation))
        file_report(session, effects, dossier, report, "Zelfde plek", colleague)

    def note(session: Session, dossier: Dossier) -> None:
        add_note(session, dossier, "Vaker langs", colleague)

    def agree(session: Session, dossier: Dossier) -> None:
        make_agreement(session, dossier, "Licht", "Beheer", date(2026, 12, 1), colleague)

    def whisper(session: Session, dossier: Dossier) -> None:
        add_note(session, dossier, "Voor enkelen", colleague, restricted=True)

    for number, (act, seen) in enumerate(
        [(join, True), (note, True), (agree, True), (whisper, False)]
    ):
        moment = day + timedelta(hours=number)
        with clock_at(moment), installation.transaction(DORDRECHT) as session:
            dossier = session.get_one(Dossier, key)
            before = dossier.changed_at
            act(session, dossier)
            assert dossier.changed_at == (moment if seen else before)
        with installation.transaction(DORDRECHT) as session:
            found = session.get_one(Dossier, key)
            assert found.changed_at == (moment if seen else before)
            assert (found.changed_by, found.version) == ("Cor Collega", version)


def test_open_agreements_keep_a_dossier_in_aanpak(installation: Installation, owner: Any) -> None:
    effects = installation.registry.workflow_effects
    when = {"effect_datum": date(2027, 3, 1)}
    with installation.transaction() as session:
        dossier = started(session, installation, owner)
        agreement = make_agreement(
            session, dossier, "Extra toezicht", "Handhaving", date(2026, 12, 1), SYSTEM
        )
        with pytest.raises(WorkflowError, match="nog 1 afspraak open"):
            move_dossier(session, effects, dossier, "monitoren", when, SYSTEM)
        with pytest.raises(DossierError, match="resultaat"):
            change_agreement(session, dossier, agreement, {"state": "gedaan"}, SYSTEM)
        done = {"state": "gedaan", "result": "Drie weken gedaan."}
        assert change_agreement(session, dossier, agreement, done, SYSTEM) == ["state", "result"]
        move_dossier(session, effects, dossier, "monitoren", when, SYSTEM)
        assert dossier.state == "monitoring"
        assert agreement.owner_id == owner


def test_closing_says_why_and_who_took_over(installation: Installation, owner: Any) -> None:
    effects = installation.registry.workflow_effects
    with installation.transaction() as session:
        dossier = started(session, installation, owner)
        move_dossier(
            session, effects, dossier, "monitoren", {"effect_datum": date(2027, 3, 1)}, SYSTEM
        )
        taken = {**CLOSING, "reden_code": "overgenomen"}
        with pytest.raises(WorkflowError, match="Overgenomen door"):
            move_dossier(session, effects, dossier, "afsluiten", taken, SYSTEM)
        taken["overgenomen_door"] = "Politie, basisteam Drechtsteden"
        move_dossier(session, effects, dossier, "afsluiten", taken, SYSTEM)
        assert dossier.taken_over_by == "Politie, basisteam Drechtsteden"
        assert dossier.closed_at is not None
        with pytest.raises(DossierError, match="afgesloten"):
            add_note(session, dossier, "Nog iets", SYSTEM)
        with pytest.raises(DossierError, match="afgesloten"):
            change_dossier(session, dossier, {"title": "Anders"}, SYSTEM)


def test_merging_takes_the_running_reports_along(installation: Installation, owner: Any) -> None:
    effects = installation.registry.workflow_effects
    with installation.transaction() as session:
        dossier = started(session, installation, owner)
        other = make_dossier(session, neighbourhood_code=NORTH)
        report = taken_on(session, installation)
        file_report(session, effects, dossier, report, "Zelfde plek", SYSTEM)
        move_dossier(
            session, effects, dossier, "monitoren", {"effect_datum": date(2027, 3, 1)}, SYSTEM
        )
        merged = {**CLOSING, "reden_code": "samengevoegd", "samengevoegd_met": dossier.number}
        with pytest.raises(WorkflowError, match="Kies een ander"):
            move_dossier(session, effects, dossier, "afsluiten", merged, SYSTEM)
        merged["samengevoegd_met"] = other.number
        move_dossier(session, effects, dossier, "afsluiten", merged, SYSTEM)
        assert dossier.merged_into_id == other.id
        belonging = belonging_of(session, report.id)
        assert belonging is not None
        assert (belonging.dossier_id, belonging.home) == (other.id, False)
        assert (report.state, report.dossier_number) == ("in_dossier", None)


def test_a_filed_report_lives_in_the_dossier_and_its_old_address_leads_there(
    installation: Installation,
) -> None:
    effects = installation.registry.workflow_effects
    with installation.transaction() as session:
        dossier = make_dossier(session)
        report = taken_on(session, installation)
        before = path_of_report(session, report.id)
        filed = file_report(session, effects, dossier, report, "Zelfde plek", SYSTEM)
        assert (filed.home, filed.reference, filed.serial) == (True, False, 1)
        assert (report.state, report.dossier_number) == ("in_dossier", dossier.number)
        inside = path_of_report(session, report.id)
        assert inside is not None
        assert inside.endswith(f"/{dossier.number}/{report.reference}")
        take_out(session, effects, dossier, report, "Toch iets anders", SYSTEM)
        assert (report.state, report.dossier_number) == ("in_behandeling", None)
        session.flush()
        paths = session.scalars(select(Redirect.path).order_by(Redirect.at)).all()
        assert paths == [before, inside]
        moves = session.scalars(select(ReportMove).order_by(ReportMove.at)).all()
        assert [(move.name, move.reason) for move in moves[1:]] == [
            ("in_dossier", "Zelfde plek"),
            ("uit_dossier", "Toch iets anders"),
        ]
        kept = session.scalars(select(DossierMembership)).one()
        assert (kept.left_reason, kept.joined_reason) == ("Toch iets anders", "Zelfde plek")


def test_a_report_of_another_neighbourhood_keeps_its_own_address(
    installation: Installation,
) -> None:
    effects = installation.registry.workflow_effects
    with installation.transaction() as session:
        dossier = make_dossier(session, kind="thema", neighbourhood_code=WHOLE)
        report = taken_on(session, installation)
        before = path_of_report(session, report.id)
        filed = file_report(session, effects, dossier, report, "Zelfde vorm", SYSTEM)
        assert (filed.home, report.state) == (False, "in_dossier")
        assert path_of_report(session, report.id) == before
        assert session.scalars(select(Redirect)).all() == []


def test_a_report_that_belongs_elsewhere_is_referred_to(installation: Installation) -> None:
    effects = installation.registry.workflow_effects
    with installation.transaction() as session:
        home, theme = make_dossier(session), make_dossier(session, kind="thema")
        report = taken_on(session, installation)
        file_report(session, effects, home, report, "Zelfde plek", SYSTEM)
        referring = file_report(session, effects, theme, report, "Ook bij het thema", SYSTEM)
        assert (referring.reference, referring.home) == (True, False)
        assert report.dossier_number == home.number
        with pytest.raises(DossierError, match="zit al in dit dossier"):
            file_report(session, effects, theme, report, "Nog eens", SYSTEM)
        take_out(session, effects, theme, report, "Hoort er niet bij", SYSTEM)
        assert report.state == "in_dossier"
        assert membership_of(session, home.id, report.id) is not None
        with pytest.raises(DossierError, match="zit niet meer"):
            take_out(session, effects, theme, report, "Nog eens", SYSTEM)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("nieuw", "nog niet in behandeling"),
        ("quarantaine", "quarantaine"),
        ("wacht_op_melder", "wacht nog"),
        ("ingetrokken", "toestand is ‘ingetrokken’"),
    ],
)
def test_a_report_that_is_not_ready_is_not_filed(
    installation: Installation, state: str, message: str
) -> None:
    with installation.transaction() as session:
        dossier = make_dossier(session)
        report = make_report(session, installation)
        report.state = state
        effects = installation.registry.workflow_effects
        with pytest.raises(DossierError, match=message):
            file_report(session, effects, dossier, report, "Zelfde plek", SYSTEM)


def test_a_report_that_returns_gets_its_old_number(installation: Installation) -> None:
    effects = installation.registry.workflow_effects
    with installation.transaction() as session:
        dossier = make_dossier(session)
        first, second = (taken_on(session, installation) for _ in range(2))
        for report in (first, second):
            file_report(session, effects, dossier, report, "Zelfde plek", SYSTEM)
        take_out(session, effects, dossier, first, "Vergissing", SYSTEM)
        again = file_report(session, effects, dossier, first, "Toch wel", SYSTEM)
        assert again.serial == 1


def test_a_closed_dossier_takes_no_reports(installation: Installation, owner: Any) -> None:
    effects = installation.registry.workflow_effects
    with installation.transaction() as session:
        dossier = started(session, installation, owner)
        move_dossier(
            session, effects, dossier, "monitoren", {"effect_datum": date(2027, 3, 1)}, SYSTEM
        )
        move_dossier(session, effects, dossier, "afsluiten", CLOSING, SYSTEM)
        report = taken_on(session, installation)
        for number in (dossier.number, "1999-0001"):
            values = {"dossier": number, "reden": "Zelfde plek"}
            with pytest.raises(WorkflowError) as caught:
                move_report(session, effects, report, "in_dossier", values, SYSTEM)
            assert caught.value.field == "dossier"
            report.state = "in_behandeling"


def test_a_finished_report_stays_in_its_dossier_and_can_be_reopened_there(
    installation: Installation,
) -> None:
    effects = installation.registry.workflow_effects
    done = {"opvolging": ["extra_toezicht"], "terugkoppeling": "niet_gegeven", "reden": "Anoniem"}
    with installation.transaction() as session:
        dossier = make_dossier(session)
        report = taken_on(session, installation)
        file_report(session, effects, dossier, report, "Zelfde plek", SYSTEM)
        move_report(session, effects, report, "afhandelen", done, SYSTEM)
        assert report.dossier_number == dossier.number
        move_report(session, effects, report, "heropenen", {"reden": "Nieuw feit"}, SYSTEM)
        file_report(session, effects, dossier, report, "Weer opgepakt", SYSTEM)
        assert (report.state, report.dossier_number) == ("in_dossier", dossier.number)
        assert len(session.scalars(select(DossierMembership)).all()) == 1


def test_a_corrected_neighbourhood_takes_the_report_out_of_the_dossiers_address(
    installation: Installation,
) -> None:
    effects = installation.registry.workflow_effects
    with installation.transaction() as session:
        dossier = make_dossier(session)
        report = taken_on(session, installation)
        file_report(session, effects, dossier, report, "Zelfde plek", SYSTEM)
        inside = path_of_report(session, report.id)
        move_to_neighbourhood(session, report, {"wijk": NORTH}, SYSTEM)
        session.flush()
        assert report.dossier_number is None
        assert report.state == "in_dossier"
        assert inside in session.scalars(select(Redirect.path)).all()
        move_to_neighbourhood(session, report, {"wijk": CENTRE}, SYSTEM)
        assert path_of_report(session, report.id) == inside


def test_a_dossier_that_moves_takes_the_addresses_of_its_reports_along(
    installation: Installation,
) -> None:
    effects = installation.registry.workflow_effects
    with installation.transaction() as session:
        dossier = make_dossier(session)
        here = taken_on(session, installation)
        there = taken_on(session, installation, neighbourhood=NORTH)
        for report in (here, there):
            file_report(session, effects, dossier, report, "Zelfde groep", SYSTEM)
        assert (here.dossier_number, there.dossier_number) == (dossier.number, None)
        change_dossier(session, dossier, {"neighbourhood_code": NORTH}, SYSTEM)
        assert (here.dossier_number, there.dossier_number) == (None, dossier.number)
        session.flush()
        kinds = session.scalars(select(Redirect.kind)).all()
        assert sorted(kinds) == ["dossier", "melding", "melding", "melding"]


def test_a_running_dossier_keeps_its_footing_and_does_not_become_person_directed(
    installation: Installation, owner: Any
) -> None:
    with installation.transaction() as session:
        dossier = started(session, installation, owner)
        for changes, field in (({"purpose": None}, "purpose"), ({"owner_id": None}, "owner_id")):
            with pytest.raises(DossierError) as caught:
                change_dossier(session, dossier, changes, SYSTEM)
            assert caught.value.field == field
        with pytest.raises(DossierError, match="in voorbereiding"):
            change_dossier(session, dossier, {"kind": "persoonsgericht"}, SYSTEM)
