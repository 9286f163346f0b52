"""Documents that may not be destroyed for now: frozen, prolonged, lifted, and shown as such."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestApp

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.dossiers.filing.services import file_report
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.privacy.erasure.services import obstacles
from stopintimidatie.privacy.holds.models import Hold, HoldReason
from stopintimidatie.privacy.holds.services import place_hold
from stopintimidatie.privacy.retention.timelines import not_held
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import path_of_report
from tests.support.factories import (
    DORDRECHT,
    connect,
    make_dossier,
    make_report,
    make_user,
    take_on,
)
from tests.support.installation import Installation

PLACE = "/gemeenten/dordrecht"


@pytest.fixture
def town(installation: Installation) -> Installation:
    connect(installation)
    return installation


@pytest.fixture
def head(town: Installation) -> TestApp:
    """The head of OOV, in a browser."""
    return town.browser(make_user(town, (DORDRECHT, Role.PROCESS_OWNER), name="Noor Smit"))


def reports(town: Installation, number: int = 1) -> list[tuple[str, str]]:
    """New reports: reference and address of each."""
    with town.transaction(DORDRECHT) as session:
        made = [make_report(session, town) for _ in range(number)]
        return [(row.reference, path_of_report(session, row.id) or "") for row in made]


def a_dossier(town: Installation) -> str:
    """A dossier in hand with one report; its number."""
    with town.transaction(DORDRECHT) as session:
        dossier = make_dossier(session)
        dossier.state = "in_aanpak"
        report = take_on(session, make_report(session, town))
        effects = town.registry.workflow_effects
        file_report(session, effects, dossier, report, "Zelfde plek.", SYSTEM)
        return dossier.number


def freeze(browser: TestApp, references: str, *, status: int = 303, **typed: Any) -> Any:
    form = browser.get(f"{PLACE}/bevriezen").forms["formulier"]
    form["kenmerken"], form["reden"] = references, typed.pop("reden", "woo")
    for name, value in {"zaak": "W-0", **typed}.items():
        form[name] = value
    return form.submit("bevriezen", status=status)


def decide(browser: TestApp, hold: Hold, **typed: str) -> Any:
    form = browser.get(f"{PLACE}/bevriezing?nr={hold.id}").forms["formulier"]
    for name, value in typed.items():
        form[name] = value
    return form.submit("vastleggen", status="*")


def holds(town: Installation) -> list[Hold]:
    with town.transaction(DORDRECHT) as session:
        return list(session.scalars(select(Hold).order_by(Hold.reference)))


def test_documents_of_one_case_are_frozen_at_once_and_officers_see_why(
    town: Installation, head: TestApp
) -> None:
    officer = town.browser(make_user(town, (DORDRECHT, Role.DOSSIER_OWNER), name="Ans Bos"))
    (first, address), (second, _) = reports(town, 2)
    number = a_dossier(town)
    page = freeze(
        head, f"{first}, {second}\n{number}", zaak="Woo 2026-14", toelichting="Alleen voor ons."
    ).follow()
    page.mustcontain("3 stukken zijn bevroren", "Zaak Woo 2026-14", first, second, number)
    with town.transaction(DORDRECHT) as session:
        assert session.scalars(select(Report.frozen).where(Report.reference == first)).one()
        assert session.scalars(select(Dossier.frozen)).one()
    shown = officer.get(address)
    shown.mustcontain("Bevroren", "Woo-verzoek", "Woo 2026-14", "Noor Smit", no=["Alleen voor ons"])
    assert f"{PLACE}/bevriezing?nr=" not in shown
    officer.get(f"{PLACE}/binnenstad/{number}").mustcontain("Bevroren", "Woo-verzoek")


@pytest.mark.alles
def test_the_same_case_twice_is_one_hold_and_another_case_is_a_second(
    town: Installation, head: TestApp
) -> None:
    ((reference, _),) = reports(town)
    freeze(head, reference, zaak="W-1")
    freeze(head, reference, zaak="W-1").follow().mustcontain("al bevroren")
    freeze(head, reference, zaak="K-2", reden="klacht")
    first, second = holds(town)
    assert "opgeheven" in decide(head, first, besluit="opheffen", reden="Besloten.").follow()
    with town.transaction(DORDRECHT) as session:
        assert session.scalars(select(Report.frozen)).one()
    decide(head, second, besluit="opheffen", reden="Klacht is klaar.")
    with town.transaction(DORDRECHT) as session:
        assert not session.scalars(select(Report.frozen)).one()
        actions = list(session.scalars(select(AuditEvent.action)))
    assert actions.count("bevriezing.geplaatst") == actions.count("bevriezing.opgeheven") == 2
    late = head.get(f"{PLACE}/bevriezing?nr={first.id}")
    late.mustcontain("al opgeheven", no=["Besluit vastleggen"])


@pytest.mark.parametrize(
    ("references", "typed", "words"),
    [
        ("", {}, "kenmerk"),
        ("M-4F7K-2QXJ", {}, "Hier niet gevonden"),
        ("zomaar", {}, "Hier niet gevonden: zomaar"),
        ("2026-0001 " * 201, {}, "Hier niet gevonden"),
        (" ".join(f"2026-{n:04}" for n in range(201)), {}, "hoogstens 200"),
        ("2026-0001", {"opnieuw": "2020-01-01"}, "voorbij"),
        ("2026-0001", {"opnieuw": str(day_of(utc_now()))}, "vanaf morgen"),
        ("2026-0001", {"opnieuw": "2099-01-01"}, "binnen 365 dagen"),
    ],
)
def test_a_wrong_answer_is_told_and_freezes_nothing(
    town: Installation, head: TestApp, references: str, typed: dict[str, str], words: str
) -> None:
    freeze(head, references, status=422, **typed).mustcontain(words)
    assert not holds(town)


def test_an_expired_hold_stays_in_force_and_asks_for_a_decision(
    town: Installation, head: TestApp
) -> None:
    (late, _), (early, _) = reports(town, 2)
    today = day_of(utc_now())
    freeze(head, early, opnieuw=str(today + timedelta(days=200)))
    freeze(head, late, opnieuw=str(today + timedelta(days=20)))
    with clock_at(utc_now() + timedelta(days=21)):
        page = town.browser(make_user(town, (DORDRECHT, Role.PRIVACY_OFFICER))).get(
            f"{PLACE}/bevriezingen"
        )
        page.mustcontain("1 bevriezing vraagt een besluit", "nu beslissen")
        assert page.text.index(late) < page.text.index(early)
        with town.transaction(DORDRECHT) as session:
            assert session.scalars(select(Report.frozen)).all() == [True, True]


def test_prolonging_asks_a_day_and_keeps_the_reason(town: Installation, head: TestApp) -> None:
    ((reference, _),) = reports(town)
    freeze(head, reference, reden="rechtszaak", toelichting="Zitting volgt.")
    (hold,) = holds(town)
    assert decide(head, hold, besluit="verlengen", reden="Zitting is later.").status_int == 422
    day = day_of(utc_now()) + timedelta(days=300)
    decide(head, hold, besluit="verlengen", opnieuw=str(day), reden="Zitting is later.")
    (hold,) = holds(town)
    assert (hold.review_on, hold.lifted_at) == (day, None)
    assert hold.note
    assert "Zitting volgt." in hold.note
    assert "Zitting is later." in hold.note


def test_lifting_with_a_new_day_is_refused(town: Installation, head: TestApp) -> None:
    ((reference, _),) = reports(town)
    freeze(head, reference)
    (hold,) = holds(town)
    day = str(day_of(utc_now()) + timedelta(days=30))
    refused = decide(head, hold, besluit="opheffen", opnieuw=day, reden="Klaar.")
    assert "opheffen én een nieuwe dag" in refused
    assert holds(town)[0].lifted_at is None


def test_a_hold_on_a_dossier_holds_its_reports_and_erasing_says_where_to_lift_it(
    town: Installation, head: TestApp
) -> None:
    number = a_dossier(town)
    freeze(head, number)
    with town.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report)).one()
        assert not session.scalars(select(Report.id).where(not_held())).all()
        (reason,) = obstacles(session, report)
        assert number in reason
        assert "‘Bevriezingen’" in reason
        dossier = session.scalars(select(Dossier)).one()
        assert "‘Bevriezingen’" in obstacles(session, dossier)[0]


def test_of_what_is_gone_nothing_can_be_frozen(town: Installation, head: TestApp) -> None:
    ((reference, _),) = reports(town)
    with town.transaction(DORDRECHT) as session:
        session.scalars(select(Report)).one().state = "overgedragen"
    freeze(head, reference, status=422).mustcontain("niets meer te bevriezen")


def test_what_is_offered_to_another_municipality_is_frozen_after_the_answer(
    town: Installation, head: TestApp
) -> None:
    ((reference, _),) = reports(town)
    with town.transaction(DORDRECHT) as session:
        session.scalars(select(Report)).one().state = "overdracht_aangeboden"
    freeze(head, reference, status=422).mustcontain("aangeboden aan een andere gemeente")


def test_the_archivist_reads_the_list_and_decides_nothing(town: Installation) -> None:
    ((reference, _),) = reports(town)
    with town.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report)).one()
        day = day_of(utc_now()) + timedelta(days=9)
        place_hold(session, report, HoldReason.COMPLAINT, day, SYSTEM, note="Niet voor u.")
    archivist = town.browser(make_user(town, (DORDRECHT, Role.ARCHIVIST)))
    page = archivist.get(f"{PLACE}/bevriezingen")
    page.mustcontain(reference, "Klacht of bezwaar", no=["Niet voor u", "bevriezing?nr="])
    archivist.get(f"{PLACE}/bevriezen", status=403)


def test_a_dossier_about_a_person_is_unknown_to_who_may_not_see_it(
    town: Installation, head: TestApp
) -> None:
    with town.transaction(DORDRECHT) as session:
        number = make_dossier(session, kind="persoonsgericht").number
    freeze(head, number, status=422).mustcontain(f"Hier niet gevonden: {number}")
    privacy = town.browser(make_user(town, (DORDRECHT, Role.PRIVACY_OFFICER)))
    freeze(privacy, number, zaak="W-9").follow().mustcontain(number)
    (hold,) = holds(town)
    archivist = town.browser(make_user(town, (DORDRECHT, Role.ARCHIVIST)))
    for browser in (head, archivist):
        for query in ("", "?zaak=W-9"):
            browser.get(f"{PLACE}/bevriezingen{query}").mustcontain("Niets bevroren", no=[number])
    head.get(f"{PLACE}/bevriezing?nr={hold.id}", status=404)


def test_the_desk_freezes_what_it_holds(town: Installation) -> None:
    with town.transaction(NATIONAL) as session:
        reference = make_report(session, town, holder=NATIONAL).reference
    desk = town.browser(make_user(town, (NATIONAL, Role.NATIONAL_DESK)))
    form = desk.get("/landelijk/bevriezen").forms["formulier"]
    form["kenmerken"], form["reden"] = reference, "klacht"
    form.submit("bevriezen", status=303).follow().mustcontain("1 stuk is bevroren", reference)


def test_what_is_unknown_is_named_once(town: Installation, head: TestApp) -> None:
    page = freeze(head, "M-4F7K-2QXJ m-4f7k-2qxj M4F7K2QXJ", status=422)
    page.mustcontain("Hier niet gevonden: M-4F7K-2QXJ. Controleer")


def test_a_woo_request_has_a_number(town: Installation, head: TestApp) -> None:
    ((reference, _),) = reports(town)
    refused = freeze(head, reference, zaak="", status=422)
    refused.mustcontain("Vul het nummer van het Woo-verzoek in")
    assert "zaak" in refused.html.select_one('[aria-invalid="true"]')["name"]
    freeze(head, reference, zaak="", reden="rechtszaak")


def test_a_decision_about_one_hold_can_be_about_its_whole_case(
    town: Installation, head: TestApp
) -> None:
    names = [reference for reference, _ in reports(town, 2)]
    freeze(head, reports(town)[0][0], zaak="W-8")
    (alone,) = holds(town)
    assert "hele_zaak" not in head.get(f"{PLACE}/bevriezing?nr={alone.id}")
    freeze(head, " ".join(names), zaak="W-7")
    case, later = f"{PLACE}/bevriezingen?zaak=W-7", day_of(utc_now()) + timedelta(days=99)
    form = head.get(case).click(names[0]).forms["formulier"]
    form["besluit"], form["reden"], form["hele_zaak"] = "verlengen", "Nog bezwaar.", True
    form["opnieuw"] = str(later)
    page = form.submit("vastleggen", status=303)
    assert page.location.endswith("?zaak=W-7")
    page.follow().mustcontain("zaak W-7 (2 stukken)", date_text(later))
    # Without the box it is about that one alone.
    form = head.get(case).click(names[0]).forms["formulier"]
    form["besluit"], form["reden"] = "opheffen", "Hoort er niet bij."
    form.submit("vastleggen", status=303).follow().mustcontain(names[1], "opgeheven van")
    with town.transaction(DORDRECHT) as session:
        lines = list(session.scalars(select(AuditEvent.action)))
        kept = session.scalars(select(Hold.case_reference).where(Hold.lifted_at.is_(None)))
        assert sorted(name for name in kept if name) == ["W-7", "W-8"]
    assert [lines.count(f"bevriezing.{name}") for name in ("verlengd", "opgeheven")] == [2, 1]


def test_what_was_held_by_an_earlier_release_to_answer_a_case_stays_held(
    town: Installation, head: TestApp
) -> None:
    number = a_dossier(town)
    freeze(head, number, zaak="W-7")
    with town.transaction(DORDRECHT) as session:
        session.scalars(select(Hold)).one().answers = True
    head.get(f"{PLACE}/bevriezingen?zaak=W-7").mustcontain(number, no=["Dossier maken", "CSV"])
    with town.transaction(DORDRECHT) as session:
        assert session.scalars(select(Dossier.frozen)).one()
