"""What a municipality sets counts from its moment on, for every reporter, in versions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.municipalities.levels.services import (
    LevelChange,
    LevelRefusedError,
    LevelRules,
    level_history,
    plan_level,
    plan_of,
    set_level,
    settle_due,
    take_back_plan,
)
from stopintimidatie.municipalities.settings.models import MunicipalitySetting
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.municipalities.settings.rules import Part
from stopintimidatie.municipalities.settings.services import (
    PublishingError,
    StaleSettingError,
    publish,
    withdraw,
)
from stopintimidatie.reports.models import Report
from tests.support.api import Api, report
from tests.support.factories import DORDRECHT, connect
from tests.support.installation import Installation
from tests.support.mailboxes import mails, put_desk_postbox

ADMIN = Actor("gebruiker", None, "Beheerder")
PROGRAMME, FORWARDING = ParticipationLevel.PROGRAMME, ParticipationLevel.FORWARDING


def answers(text: str, language: str = "nl", name: str = "standaard") -> dict[str, Any]:
    return {language: {name: {"titel": "Bedankt", "tekst": text}}}


def answers_of(session: Session) -> list[MunicipalitySetting]:
    """Return the versions of the answers, newest first."""
    rows = select(MunicipalitySetting).filter_by(owner=DORDRECHT, part=Part.ANSWERS)
    return list(session.scalars(rows.order_by(MunicipalitySetting.number.desc())))


def put(
    installation: Installation, part: Part, content: Any, owner: str = DORDRECHT, **more: Any
) -> None:
    with installation.transaction(owner) as session:
        publish(session, ADMIN, owner, part, content, **more)


def test_a_published_text_counts_at_once_and_the_earlier_stays_in_history(
    installation: Installation,
) -> None:
    api = Api(installation)
    connect(installation)
    put(installation, Part.ANSWERS, answers("Eerste."))
    assert api.post().json["reactie"]["tekst"].startswith("Eerste.")
    put(installation, Part.ANSWERS, answers("Tweede, binnen {dagen} dagen."))
    put(installation, Part.CONTACT, {"dagen": 5, "telefoon": None})
    assert api.post().json["reactie"]["tekst"].startswith("Tweede, binnen 5 dagen.")
    with installation.transaction(DORDRECHT) as session:
        versions = answers_of(session)
        assert [version.number for version in versions] == [2, 1]
        events = session.scalars(select(AuditEvent.action)).all()
        assert events.count("instelling.gewijzigd") == 3


def test_the_answer_follows_the_form_and_the_language_of_the_report(
    installation: Installation,
) -> None:
    connect(installation)
    own = answers("Altijd.")["nl"] | answers("Na volgen.", name="hinderlijk_volgen")["nl"]
    put(installation, Part.ANSWERS, {"nl": own, "pl": answers("Dziękujemy.", "pl")["pl"]})
    api = Api(installation)
    assert api.post().json["reactie"]["tekst"].startswith("Na volgen.")
    assert api.post(report(vormen=["nafluiten"])).json["reactie"]["tekst"].startswith("Altijd.")
    assert api.post(report(taal="pl")).json["reactie"]["tekst"].startswith("Dziękujemy.")
    english = api.post(report(taal="tr")).json
    assert "not your fault" in english["reactie"]["tekst"]
    assert english["hulp"][0]["naam"] == "Police (emergency)"


def test_what_is_planned_counts_from_its_moment_and_can_be_withdrawn_before(
    installation: Installation,
) -> None:
    connect(installation)
    now = utc_now()
    put(installation, Part.ANSWERS, answers("Nu."))
    put(installation, Part.ANSWERS, answers("Straks."), from_moment=now + timedelta(days=1))

    def text_at(moment: Any) -> str:
        with clock_at(moment), installation.transaction() as session:
            return published_for(session, DORDRECHT).answer("nl")[1]

    assert text_at(now + timedelta(hours=23)) == "Nu."
    assert text_at(now + timedelta(hours=25)) == "Straks."
    with installation.transaction(DORDRECHT) as session:
        planned, running = answers_of(session)
        withdraw(session, ADMIN, planned)
        with pytest.raises(PublishingError, match="al ingetrokken"):
            withdraw(session, ADMIN, planned)
        with pytest.raises(PublishingError, match="geldt al"):
            withdraw(session, ADMIN, running)
    assert text_at(now + timedelta(hours=25)) == "Nu."


def test_two_who_change_the_same_part_dont_overwrite_each_other(
    installation: Installation,
) -> None:
    put(installation, Part.LET_OP, {"werkdagen": 5}, NATIONAL, seen=0)
    with pytest.raises(StaleSettingError):
        put(installation, Part.LET_OP, {"werkdagen": 6}, NATIONAL, seen=0)
    with pytest.raises(PublishingError, match="voorbij"):
        put(installation, Part.LET_OP, {}, NATIONAL, from_moment=utc_now() - timedelta(days=1))


def test_what_was_rolled_back_is_not_remembered(installation: Installation) -> None:
    connect(installation)
    with installation.transaction(DORDRECHT) as session:
        publish(session, ADMIN, DORDRECHT, Part.ANSWERS, answers("Nooit."))
        assert published_for(session, DORDRECHT).answer("nl")[1] == "Nooit."
        session.rollback()
    put(installation, Part.ANSWERS, answers("Wel."))
    assert Api(installation).post().json["reactie"]["tekst"].startswith("Wel.")


def test_the_place_tells_in_the_asked_language_what_will_happen(
    installation: Installation,
) -> None:
    api = Api(installation)
    desk = {"teksten": {"en": "Not yet in {gemeente}."}, "werkdagen": 6}
    put(installation, Part.LET_OP, desk, NATIONAL)
    place = "/api/v1/gemeenten?lat=51.8133&lon=4.669"
    assert "6 werkdagen" in api.get(place).json["letOp"]
    assert api.get(f"{place}&taal=en").json["letOp"] == "Not yet in Dordrecht."
    wrong = api.get(f"{place}&taal=xx&soort=1", status=400).json
    assert [fault["veld"] for fault in wrong["fouten"]] == ["soort", "taal"]


def test_a_level_changes_with_its_history_and_only_under_its_conditions(
    installation: Installation,
) -> None:
    told: list[LevelChange] = []

    def incomplete(session: Any, change: LevelChange) -> list[str]:
        return ["De DPIA ontbreekt."] if change.after is PROGRAMME and not told else []

    rules = LevelRules({"checklist": incomplete}, {"melden": lambda _, change: told.append(change)})
    with installation.transaction(NATIONAL) as session:
        with pytest.raises(LevelRefusedError, match="DPIA"):
            set_level(session, rules, ADMIN, DORDRECHT, PROGRAMME)
        set_level(session, rules, ADMIN, DORDRECHT, FORWARDING)
        set_level(session, rules, ADMIN, DORDRECHT, PROGRAMME)
        with pytest.raises(LevelRefusedError, match="al mee"):
            set_level(session, rules, ADMIN, DORDRECHT, PROGRAMME)
        with pytest.raises(LevelRefusedError, match="register"):
            set_level(session, rules, ADMIN, "GM9999", PROGRAMME)
    assert [(change.before, change.after) for change in told] == [
        (ParticipationLevel.NO_AGREEMENT, FORWARDING),
        (FORWARDING, PROGRAMME),
    ]
    with installation.transaction(NATIONAL) as session:
        present, earlier = level_history(session, DORDRECHT)
        assert (present.level, present.until) == (PROGRAMME, None)
        assert (earlier.level, earlier.until) == (FORWARDING, present.since)
        profile = session.get_one(MunicipalityProfile, DORDRECHT)
        assert (profile.level, profile.level_since) == (PROGRAMME, present.since)


def test_a_planned_level_counts_from_its_moment_on_however_late_the_job_is(
    installation: Installation,
) -> None:
    told: list[LevelChange] = []
    rules = LevelRules(effects={"melden": lambda _, change: told.append(change)})
    api, begins = Api(installation), utc_now() + timedelta(hours=3)
    before, after = begins - timedelta(minutes=1), begins + timedelta(minutes=1)
    with installation.transaction(NATIONAL) as session:
        plan_level(session, rules, ADMIN, DORDRECHT, PROGRAMME, begins)
        with pytest.raises(LevelRefusedError, match="al een wijziging"):
            plan_level(session, rules, ADMIN, DORDRECHT, FORWARDING, begins)
    place = "/api/v1/gemeenten?lat=51.8133&lon=4.669"
    for moment, connected, holder in ((before, False, NATIONAL), (after, True, DORDRECHT)):
        with clock_at(moment):
            assert api.get(place).json["aangesloten"] is connected
            reference = api.post().json["kenmerk"]
            with installation.transaction(holder) as session:
                assert session.scalar(select(Report.reference)) == reference
                in_sql = select(MunicipalityProfile.level)
                assert (session.scalar(in_sql) == PROGRAMME) is connected
    assert not told
    with clock_at(after), installation.transaction(NATIONAL) as session:
        assert [row.level for row in level_history(session, DORDRECHT)] == [PROGRAMME]
        assert settle_due(session, rules, ADMIN, DORDRECHT)
        assert settle_due(session, rules, ADMIN, DORDRECHT) is None
        plan_level(session, rules, ADMIN, DORDRECHT, FORWARDING, after + timedelta(days=1))
        assert take_back_plan(session, rules, ADMIN, DORDRECHT)
        present = level_history(session, DORDRECHT)[0]
        assert (present.level, present.since, present.until) == (PROGRAMME, begins, None)
    assert [(one.before, one.after) for one in told] == [
        (ParticipationLevel.NO_AGREEMENT, PROGRAMME)
    ]


def test_the_worker_writes_a_planned_level_down_when_its_moment_has_come(
    installation: Installation,
) -> None:
    begins = utc_now() + timedelta(hours=3)
    with installation.transaction(NATIONAL) as session:
        plan_level(session, LevelRules(), ADMIN, DORDRECHT, FORWARDING, begins)
    installation.run_jobs()
    with installation.transaction(NATIONAL) as session:
        assert plan_of(session, DORDRECHT)
    with clock_at(begins + timedelta(seconds=9)):
        installation.run_jobs()
    with installation.transaction(NATIONAL) as session:
        profile = session.get_one(MunicipalityProfile, DORDRECHT)
        assert (profile.noted_level, profile.next_level) == (FORWARDING, None)


def test_a_plan_that_lacks_something_the_day_before_falls_and_the_desk_is_told(
    installation: Installation,
) -> None:
    put_desk_postbox(installation)
    begins = utc_now() + timedelta(days=3)
    with installation.transaction(NATIONAL) as session:
        # Everything was in order then; the list of this installation is empty by now.
        plan_level(session, LevelRules(), ADMIN, DORDRECHT, PROGRAMME, begins)
    with clock_at(begins - timedelta(hours=23)):
        installation.run_jobs()
    with installation.transaction(NATIONAL) as session:
        assert plan_of(session, DORDRECHT) is None
    (told,) = mails(installation, "niveau_vervallen")
    assert "Dordrecht" in (told.kept or "")
