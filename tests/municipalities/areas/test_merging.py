"""A municipality goes into another: its open reports go along, what it had stays findable."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.municipalities.areas.facts import AreaKind
from stopintimidatie.municipalities.areas.models import FormerArea
from stopintimidatie.municipalities.areas.queries import (
    all_municipalities,
    present_neighbourhoods_of,
)
from stopintimidatie.reports.models import Report, ReportMove
from tests.support.factories import (
    CENTRE,
    DORDRECHT,
    EINDHOVEN,
    connect,
    make_report,
    make_user,
    take_on,
)
from tests.support.installation import Installation
from tests.support.keyboard import Keyboard

THERE_NOW = "WK077211"


def end_dordrecht(installation: Installation) -> None:
    """As loading the areas of a later year does."""
    with installation.transaction() as session:
        for code, kind, successor in (
            (DORDRECHT, AreaKind.MUNICIPALITY, EINDHOVEN),
            (CENTRE, AreaKind.NEIGHBOURHOOD, THERE_NOW),
        ):
            session.add(
                FormerArea(
                    code=code,
                    kind=kind,
                    municipality_code=DORDRECHT,
                    last_year=2024,
                    ended_in=2025,
                    successor_code=successor,
                    share=1.0,
                    wkb=b"",
                )
            )


def held(installation: Installation, holder: str) -> dict[str, Report]:
    with installation.transaction(holder) as session:
        return {report.reference: report for report in session.scalars(select(Report))}


@pytest.mark.alles
def test_the_open_reports_of_an_ended_municipality_go_to_its_successor_with_their_history(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    keyboard = Keyboard(installation, capsys)
    connect(installation)
    with installation.transaction(DORDRECHT) as session:
        new, waiting, closed = (make_report(session, installation) for _ in range(3))
        take_on(session, waiting).state = "wacht_op_melder"
        take_on(session, closed).state = "in_dossier"
        names = [report.reference for report in (new, waiting, closed)]
    code, _, problem = keyboard.type("gemeente", "samenvoegen", "dordrecht")
    assert (code, "--naar" in problem) == (1, True)
    end_dordrecht(installation)
    code, shown, _ = keyboard.type("gemeente", "samenvoegen", "dordrecht")
    assert code == 0
    assert "ging op in Eindhoven" in shown
    assert f"{DORDRECHT}\tnieuw\t1" in shown
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    assert "ging op in" in desk.get("/landelijk/dordrecht").html.select_one("main").text
    # It has no portal yet: nothing moves.
    assert keyboard.type("gemeente", "samenvoegen", "dordrecht", "--uitvoeren")[0] == 1
    connect(installation, EINDHOVEN)
    _, done, _ = keyboard.type("gemeente", "samenvoegen", "dordrecht", "--uitvoeren")
    assert f"{DORDRECHT}: 2 overgedragen" in done
    assert f"{DORDRECHT}\tin_dossier\t1" in done
    installation.run_jobs()
    theirs, ours = held(installation, EINDHOVEN), held(installation, DORDRECHT)
    assert set(theirs) == set(names[:2])
    assert {report.neighbourhood_code for report in theirs.values()} == {THERE_NOW}
    assert {ours[name].neighbourhood_code for name in names} == {CENTRE}
    assert [ours[name].handed_to for name in names] == [EINDHOVEN, EINDHOVEN, None]
    with installation.transaction(EINDHOVEN) as session:
        moves = set(session.scalars(select(ReportMove.name)))
    assert {"ontvangen", "overgenomen"} <= moves
    officer = installation.browser(make_user(installation, (EINDHOVEN, Role.OFFICER)))
    assert names[0] in officer.get(f"/m/{names[0]}").maybe_follow().text
    assert (
        "0 overgedragen" in keyboard.type("gemeente", "samenvoegen", "dordrecht", "--uitvoeren")[1]
    )


def test_what_lies_at_the_desk_goes_along_and_nothing_new_is_filed_under_what_ended(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    connect(installation, EINDHOVEN)
    with installation.transaction(NATIONAL) as session:
        report = make_report(session, installation, holder=NATIONAL)
        report.municipality_code, report.neighbourhood_code = DORDRECHT, CENTRE
    end_dordrecht(installation)
    with installation.transaction() as session:
        assert DORDRECHT not in {town.code for town in all_municipalities(session)}
        assert CENTRE not in _codes(session)
        assert CENTRE in _codes(session, keep=CENTRE)
    Keyboard(installation, capsys).type("gemeente", "samenvoegen", DORDRECHT, "--uitvoeren")
    installation.run_jobs()
    assert set(held(installation, EINDHOVEN)) == set(held(installation, NATIONAL))


def _codes(session: Any, keep: str | None = None) -> set[str]:
    return {area.code for area in present_neighbourhoods_of(session, DORDRECHT, keep)}
