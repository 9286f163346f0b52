"""The pages of a dossier, as the people who work with them meet them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, insert, inspect, select, update
from webtest import TestApp

from stopintimidatie.core.audit import SYSTEM, Actor, AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import local, with_check
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.dossiers.actions.services import add_measure
from stopintimidatie.dossiers.case.services import make_agreement, move_dossier
from stopintimidatie.dossiers.consultations.services import plan_consultation
from stopintimidatie.dossiers.filing.services import file_report
from stopintimidatie.dossiers.models import (
    Consultation,
    Dossier,
    DossierAgreement,
    DossierMembership,
    DossierNote,
)
from stopintimidatie.dossiers.services import add_note
from stopintimidatie.reports.models import Report, ReporterMessage, ReportMove
from stopintimidatie.reports.rules import PREFIX, new_reference
from stopintimidatie.reports.services import move_report
from tests.support.factories import (
    DORDRECHT,
    EINDHOVEN,
    connect,
    make_dossier,
    make_report,
    make_user,
    start_answers,
    take_on,
    user_id,
)
from tests.support.installation import Installation
from tests.support.queries import count_queries

LIST = "/gemeenten/dordrecht/dossiers"
NEW = "/gemeenten/dordrecht/nieuw-dossier"
UNKNOWN = with_check(PREFIX, "2222222")
LATER = (local(utc_now()).date() + timedelta(days=90)).isoformat()


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


@pytest.fixture
def owner(installation: Installation) -> str:
    return make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER), name="Dita Houder")


@pytest.fixture
def browser(installation: Installation, owner: str) -> TestApp:
    return installation.browser(owner)


def opened(installation: Installation, **kw: Any) -> str:
    """A dossier's address."""
    with installation.transaction() as session:
        number = make_dossier(session, **kw).number
    return f"/gemeenten/dordrecht/binnenstad/{number}"


def started(installation: Installation, owner: str) -> str:
    address = opened(installation)
    answers = start_answers(user_id(installation, owner))
    with installation.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier)).one()
        effects = installation.registry.workflow_effects
        move_dossier(session, effects, dossier, "starten", answers, SYSTEM)
    return address


def taken_on(installation: Installation, **kw: Any) -> str:
    """The reference of a report in hand."""
    with installation.transaction() as session:
        return take_on(session, make_report(session, installation, **kw)).reference


def filed(installation: Installation, number: int) -> None:
    with installation.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier)).one()
        effects = installation.registry.workflow_effects
        for _ in range(number):
            report = take_on(session, make_report(session, installation))
            file_report(session, effects, dossier, report, "Zelfde plek", SYSTEM)


def crowd(installation: Installation, number: int) -> None:
    """Many reports in the dossier, as rows: what is measured is reading them."""
    with installation.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier)).one()
        model = session.scalars(select(Report)).first()
        assert model is not None
        columns = {c.key: getattr(model, c.key) for c in inspect(Report).column_attrs}
        reports = [{**columns, "id": uuid4(), "reference": new_reference()} for _ in range(number)]
        session.execute(insert(Report), reports)
        common = {"holder": DORDRECHT, "dossier_id": dossier.id, "home": True}
        joined = {"joined_by": "Test", "joined_reason": "Zelfde plek"}
        rows = [
            {**common, **joined, "report_id": report["id"], "serial": 100 + n}
            for n, report in enumerate(reports)
        ]
        session.execute(insert(DossierMembership), rows)


def fill(page: Any, **values: Any) -> Any:
    form = page.forms["formulier"]
    for name, value in values.items():
        form[name] = value
    return form


def test_an_empty_list_says_what_a_dossier_is_for(browser: TestApp) -> None:
    page = browser.get(LIST)
    assert "Nog geen dossiers" in page.text
    assert NEW in page.text


def test_the_short_address_leads_to_ones_own_municipality(
    installation: Installation, browser: TestApp
) -> None:
    assert browser.get("/dossiers", status=303).location.endswith(LIST)
    both = make_user(
        installation, (DORDRECHT, Role.OFFICER), (EINDHOVEN, Role.OFFICER), (EINDHOVEN, Role.ADMIN)
    )
    page = installation.browser(both).get("/dossiers")
    assert "Dordrecht" in page.text
    assert "Eindhoven" in page.text
    admin = make_user(installation, (DORDRECHT, Role.ADMIN))
    installation.browser(admin).get("/dossiers", status=404)


def test_a_dossier_is_made_empty_and_appears_in_the_list(browser: TestApp) -> None:
    form = fill(browser.get(NEW), titel="Overlast bij de kade", soort="hotspot", wijk="WK050501")
    answer = form.submit("maken", status=303)
    page = answer.follow()
    assert "Overlast bij de kade" in page.text
    assert "is gemaakt" in page.text
    assert "In voorbereiding" in page.text
    assert "Overlast bij de kade" in browser.get(LIST).text


def test_a_dossier_is_made_from_reports(installation: Installation, browser: TestApp) -> None:
    first, second = taken_on(installation), taken_on(installation)
    page = browser.get(f"{NEW}?melding={first.lower()}&melding={second}")
    assert page.forms["formulier"]["meldingen"].value == f"{first} {second}"
    assert page.forms["formulier"]["wijk"].value == "WK050501"
    dossier = fill(page, titel="Overlast bij de kade").submit("maken", status=303).follow()
    reports = dossier.click("Meldingen", index=0)
    assert first in reports.text
    assert second in reports.text


def test_the_page_of_a_report_in_hand_leads_to_a_new_dossier(
    installation: Installation, browser: TestApp
) -> None:
    reference = taken_on(installation)
    report = browser.get(f"/gemeenten/dordrecht/binnenstad/{reference}")
    form = report.click("(?i)nieuw dossier").forms["formulier"]
    assert form["meldingen"].value == reference
    with installation.transaction() as session:
        fresh = make_report(session, installation).reference
    assert NEW not in browser.get(f"/gemeenten/dordrecht/binnenstad/{fresh}").text


def waiting(installation: Installation, **changes: Any) -> str:
    with installation.transaction() as session:
        report = make_report(session, installation, **changes)
        report.state = "wacht_op_partner"
        return str(report.reference)


def test_a_report_that_is_not_ready_stops_the_making(
    installation: Installation, browser: TestApp
) -> None:
    form = fill(browser.get(NEW), titel="Kade", wijk="WK050501", meldingen=waiting(installation))
    page = form.submit("maken", status=422)
    assert "wacht nog op een partner" in page.text
    assert 'href="#formulier-meldingen"' in page.text
    with installation.transaction(DORDRECHT) as session:
        assert session.scalar(select(func.count()).select_from(Dossier)) == 0


def test_all_that_is_not_ready_is_named_at_once_with_the_way_on(
    installation: Installation, browser: TestApp
) -> None:
    late = [waiting(installation) for _ in range(2)]
    ready = taken_on(installation)
    typed = " ".join([ready, *late])
    form = fill(browser.get(NEW), titel="Kade", wijk="WK050501", meldingen=typed)
    page = form.submit("maken", status=422)
    alert = page.html.select_one(".utrecht-alert--warning")
    assert [link["href"].rsplit("/", 1)[1] for link in alert.select("a")] == late
    assert ready not in alert.text
    again = page.forms["formulier"]
    assert (again["titel"].value, again["meldingen"].value) == ("Kade", typed)


def test_nothing_goes_into_a_dossier_before_it_is_said_who_is_in_danger(
    installation: Installation, browser: TestApp
) -> None:
    """A new dossier, a dossier of the inbox's list, and a dossier itself: each asks, for each."""
    with installation.transaction() as session:
        fresh = [
            make_report(session, installation, reporter_age_group="16_17").reference
            for _ in range(2)
        ]
        dossier = make_dossier(session)
        number, inside = dossier.number, f"/gemeenten/dordrecht/binnenstad/{dossier.number}"
    ticked = "&".join(f"melding={reference}" for reference in fresh)
    pages = {
        f"{NEW}?{ticked}": {"titel": "Overlast bij de kade"},
        f"/gemeenten/dordrecht/in-dossier?{ticked}": {"dossier": number, "reden": "Zelfde plek"},
        f"{inside}/meldingen-toevoegen": {"kenmerk": " ".join(fresh), "reden": "Zelfde plek"},
    }
    for address, typed in pages.items():
        refused = fill(browser.get(address), **typed).submit(status=422)
        for reference in fresh:
            assert reference in refused.html.select_one(".si-error-summary").text
    with installation.transaction(DORDRECHT) as session:
        assert set(session.scalars(select(Report.state))) == {"nieuw"}
    again = refused.forms["formulier"]
    again[f"gevaar.{fresh[0]}"], again[f"gevaar.{fresh[1]}"] = "nee", "ja"
    again.submit(status=303)
    with installation.transaction(DORDRECHT) as session:
        reports = {report.reference: report for report in session.scalars(select(Report))}
        assert {report.state for report in reports.values()} == {"in_dossier"}
        assert all(report.handler_id for report in reports.values())
        marks = [(reports[name].danger_now, reports[name].urgent) for name in fresh]
        assert marks == [(False, False), (True, True)]


def test_an_address_alone_shows_nothing_of_a_report_to_put_in_a_dossier(
    installation: Installation, browser: TestApp
) -> None:
    """Questions about danger show part of the story, so they wait until a report is chosen."""
    told = "Zij stonden mij op te wachten bij de fietsenstalling."
    with installation.transaction() as session:
        reference = make_report(
            session, installation, reporter_age_group="16_17", description=told
        ).reference
    address = f"{opened(installation)}/meldingen-toevoegen"
    assert told not in browser.get(f"{address}?melding={reference}").text
    form = fill(browser.get(address), reden="Zelfde plek", kenmerk=reference)
    assert told in form.submit("toevoegen", status=422).text


def test_what_waits_in_quarantine_is_not_taken_in_hand_unseen(
    installation: Installation, browser: TestApp
) -> None:
    with installation.transaction() as session:
        report = make_report(session, installation)
        report.state = "quarantaine"
        reference = report.reference
    page = browser.get(f"{NEW}?melding={reference}")
    assert not [name for name in page.forms["formulier"].fields if "gevaar" in str(name)]
    refused = fill(page, titel="Kade").submit("maken", status=422)
    assert f"{reference} bekijken" in refused.text


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (f"M-0000-0000 {UNKNOWN}", f"M-0000-0000, {UNKNOWN} zijn niet gevonden"),
        ("onzin", "is geen kenmerk"),
        ("M-0000-0000", "niet gevonden"),
        (" ".join(["M-0000-0000"] * 51), "hoogstens 50"),
    ],
)
def test_a_wrong_reference_is_told(browser: TestApp, typed: str, message: str) -> None:
    form = fill(browser.get(NEW), titel="Kade", wijk="WK050501", meldingen=typed)
    assert message in form.submit("maken", status=422).text


def test_the_list_is_filtered_by_address_and_counts_what_it_shows(
    installation: Installation, browser: TestApp, owner: str
) -> None:
    person = user_id(installation, owner)
    opened(installation, title="Kade", owner_id=person, urgent=True)
    opened(installation, title="Jongeren", kind="groep", neighbourhood_code="GM0505-GB")
    assert "2 dossiers" in browser.get(LIST).text
    for query in ("soort=groep", "wijk=GM0505-GB", "soort=groep&toestand=in_voorbereiding"):
        page = browser.get(f"{LIST}?{query}").text
        assert "Jongeren" in page
        assert "Kade" not in page
    assert "Kade" in browser.get(f"{LIST}?houder={person}").text
    assert "Geen dossiers met deze filters" in browser.get(f"{LIST}?toestand=afgesloten").text


def test_nonsense_in_a_filter_is_ignored(installation: Installation, browser: TestApp) -> None:
    opened(installation)
    queries = (
        "toestand=' OR 1=1",
        "houder=niemand",
        "wijk=" + "9" * 500,
        "pagina=-1",
        "pagina=99999999",
        "deel=x",
    )
    for query in queries:
        assert "1 dossier" in browser.get(f"{LIST}?{query}").text or "wijk" in query


def test_every_part_of_a_dossier_has_an_address(
    installation: Installation, browser: TestApp, owner: str
) -> None:
    address = started(installation, owner)
    filed(installation, 2)
    with installation.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier)).one()
        add_note(session, dossier, "De wijkagent kent de plek.", SYSTEM)
        make_agreement(
            session, dossier, "Lantaarn maken", "Beheer", local(utc_now()).date(), SYSTEM
        )
    overview = browser.get(address)
    assert "Lantaarn maken" in overview.text
    assert "openbare orde" in overview.text
    assert "Dita Houder" in overview.text
    chronology = browser.get(f"{address}?deel=chronologie").text
    for word in ("Melding M-", "De wijkagent kent de plek.", "Afspraak gemaakt", "In aanpak nemen"):
        assert word in chronology
    assert "De wijkagent" in browser.get(f"{address}?deel=notities").text
    assert "Lantaarn" in browser.get(f"{address}?deel=afspraken").text
    history = browser.get(f"{address}?deel=geschiedenis").text
    assert "Zelfde plek" in history
    assert "Verantwoordelijk orgaan: burgemeester" in history


def test_the_whole_life_by_its_pages(
    installation: Installation, browser: TestApp, owner: str
) -> None:
    address = opened(installation)
    page = browser.get(address).click("In aanpak nemen")
    form = fill(
        page,
        doel="Minder overlast.",
        grondslag="avg_6_1_e_openbare_orde",
        dossierhouder=str(user_id(installation, owner)),
    )
    assert form["verantwoordelijke"].value == "burgemeester"
    page = form.submit("starten", status=303).follow()
    assert "Het dossier is nu in aanpak." in page.text
    filed(installation, 2)
    page = fill(page.click("Naar monitoring"), effect_datum=LATER)
    page = page.submit("monitoren", status=303).follow()
    form = fill(
        page.click("Afsluiten"),
        reden_code="geen_nieuwe_meldingen",
        effect="Het is rustig.",
        terugkoppeling="Er stond extra toezicht.",
    )
    page = form.submit("afsluiten", status=303).follow()
    assert "2 meldingen staan nog op" in page.text
    form = page.forms["formulier"]
    assert form["bericht"].value == "Er stond extra toezicht."
    form.set("opvolging", True, index=2)
    page = form.submit("afhandelen", status=303).follow()
    assert "Alle meldingen zijn afgehandeld" in page.text
    with installation.transaction(DORDRECHT) as session:
        assert set(session.scalars(select(Report.state))) == {"afgehandeld"}
        told = session.scalars(select(ReporterMessage.text)).all()
        assert told == ["Er stond extra toezicht."] * 2
    page = browser.get(address)
    assert "Hoe het is afgelopen" in page.text
    page = fill(page.click("Terug naar aanpak"), reden="Toch weer overlast.")
    assert "nu in aanpak" in page.submit("heropenen", status=303).follow().text


def test_reports_are_finished_at_once_but_not_without_the_outcome_of_promised_contact(
    installation: Installation, browser: TestApp, owner: str
) -> None:
    address = started(installation, owner)
    filed(installation, 2)
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(Report).limit(1)).one().contact_deadline = utc_now()

    def finish(outcome: str | None) -> dict[str, str | None]:
        form = browser.get(f"{address}/meldingen-afhandelen").forms["formulier"]
        form.set("opvolging", True, index=2)
        form["terugkoppeling"], form["reden"] = "niet_gegeven", "Niet nodig."
        if outcome:
            form["contact"] = outcome
        page = form.submit("afhandelen", status=303).follow()
        assert ("wacht nog op contact" in page) is (outcome is None)
        moves = select(ReportMove).where(ReportMove.name == "afhandelen")
        with installation.transaction(DORDRECHT) as session:
            return {
                str(move.report_id): move.values.get("contact") for move in session.scalars(moves)
            }

    # Of the two one waits: the other is done.
    assert list(finish(None).values()) == [None]
    with installation.transaction(DORDRECHT) as session:
        assert set(session.scalars(select(Report.state))) == {"afgehandeld", "in_dossier"}
    assert sorted(map(str, finish("niet_bereikt").values())) == ["None", "niet_bereikt"]


def test_a_step_that_lacks_an_answer_names_it(installation: Installation, browser: TestApp) -> None:
    address = opened(installation)
    form = browser.get(f"{address}/stap?naam=starten").forms["formulier"]
    page = form.submit("starten", status=422)
    for label in ("Doel", "Grondslag", "Dossierhouder"):
        assert f"‘{label}’" in page.text


def test_the_page_of_a_step_warns_of_open_agreements_and_the_step_refuses(
    installation: Installation, browser: TestApp, owner: str
) -> None:
    address = started(installation, owner)
    with installation.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier)).one()
        make_agreement(
            session, dossier, "Lantaarn maken", "Beheer", local(utc_now()).date(), SYSTEM
        )
    page = browser.get(f"{address}/stap?naam=monitoren")
    assert "1 afspraak staat nog open" in page.text
    page = fill(page, effect_datum=LATER).submit("monitoren", status=422)
    assert "Er staat nog 1 afspraak open" in page.text


def test_a_step_that_can_not_be_made_now_leads_back(
    installation: Installation, browser: TestApp
) -> None:
    address = opened(installation)
    answer = browser.get(f"{address}/stap?naam=afsluiten", status=303)
    assert "kan nu niet" in answer.follow().text
    browser.get(f"{address}/stap?naam=onzin", status=404)
    browser.get(f"{address}/stap", status=404)
    browser.get(f"{address}/stap?naam=vernietigen", status=403)


def test_reports_are_filed_by_reference_and_by_ticking(
    installation: Installation, browser: TestApp
) -> None:
    address = opened(installation)
    typed, ticked = taken_on(installation), taken_on(installation)
    late = waiting(installation)
    form = fill(browser.get(f"{address}/meldingen-toevoegen"), reden="Zelfde plek")
    form["kenmerk"] = f"{typed}, {late}"
    boxes = {box._value: i for i, box in enumerate(form.fields["meldingen"])}
    assert set(boxes) == {typed, ticked}
    form.set("meldingen", True, index=boxes[ticked])
    page = form.submit("toevoegen", status=303).follow()
    assert "2 meldingen zijn toegevoegd" in page.text
    assert f"{late} wacht nog op een partner" in page.text
    with installation.transaction(DORDRECHT) as session:
        assert session.scalar(select(func.count()).select_from(DossierMembership)) == 2


def test_filing_nothing_or_only_what_can_not_be_filed_is_refused(
    installation: Installation, browser: TestApp
) -> None:
    address = f"{opened(installation)}/meldingen-toevoegen"
    form = fill(browser.get(address), reden="Zelfde plek")
    assert "Vul een kenmerk in" in form.submit("toevoegen", status=422).text
    form = fill(browser.get(address), reden="Zelfde plek", kenmerk=waiting(installation))
    assert "wacht nog op een partner" in form.submit("toevoegen", status=422).text
    form = fill(browser.get(address), kenmerk=taken_on(installation))
    assert "‘Reden’" in form.submit("toevoegen", status=422).text


def test_a_report_moves_to_its_dossier_and_back_and_old_addresses_follow(
    installation: Installation, browser: TestApp
) -> None:
    reference = taken_on(installation)
    loose = f"/gemeenten/dordrecht/binnenstad/{reference}"
    address = opened(installation)
    form = fill(browser.get(f"{address}/meldingen-toevoegen"), reden="Plek", kenmerk=reference)
    page = form.submit("toevoegen", status=303).follow()
    inside = f"{address}/{reference}"
    assert inside in page.text
    assert browser.get(loose, status=301).location.endswith(inside)
    page = fill(page.click("Eruit halen"), reden="Vergissing")
    page = page.submit("eruit", status=303).follow()
    assert "zit niet meer in dit dossier" in page.text
    assert browser.get(inside, status=301).location.endswith(loose)
    browser.get(f"{address}/melding-eruit?melding={reference}", status=404)


def test_notes_and_agreements_are_written_and_changed(
    installation: Installation, browser: TestApp
) -> None:
    address = opened(installation)
    note = fill(browser.get(f"{address}/notitie"), tekst="Eerste regel.\nTweede regel.")
    assert "Tweede regel." in note.submit("opslaan", status=303).follow().text
    page = browser.get(f"{address}/afspraak")
    form = fill(page, wat="Lantaarn maken", wie="Beheer", uiterlijk="01-02-2020")
    assert "Deze datum is voorbij" in form.submit("opslaan", status=422).text
    form = fill(browser.get(f"{address}/afspraak"), wat="Lantaarn maken", wie="Beheer")
    form["uiterlijk"] = LATER
    page = form.submit("opslaan", status=303).follow()
    form = fill(page.click("Bijwerken"), staat="gedaan")
    page = form.submit("opslaan", status=422)
    assert "Schrijf op wat het resultaat was" in page.text
    page = fill(page, resultaat="Hij brandt weer.").submit("opslaan", status=303).follow()
    assert "Hij brandt weer." in page.text
    assert "Gedaan" in page.text
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(DossierNote.author_name)).all() == ["Dita Houder"]
        assert session.scalars(select(DossierAgreement.closed_at)).one() is not None


def test_an_agreement_of_another_dossier_is_not_found(
    installation: Installation, browser: TestApp
) -> None:
    address = opened(installation)
    with installation.transaction(DORDRECHT) as session:
        other = make_dossier(session)
        made = make_agreement(session, other, "Iets", "Beheer", local(utc_now()).date(), SYSTEM)
        agreement = made.id
    for value in (str(agreement), "geen-uuid", ""):
        browser.get(f"{address}/afspraak?afspraak={value}", status=404)


def test_the_second_editor_sees_what_changed_and_nothing_is_overwritten(
    installation: Installation, browser: TestApp
) -> None:
    address = opened(installation)
    other = installation.browser(
        make_user(installation, (DORDRECHT, Role.OFFICER), name="Otto Officier")
    )
    mine = fill(browser.get(f"{address}/bewerken"), samenvatting="Mijn samenvatting")
    fill(other.get(f"{address}/bewerken"), samenvatting="Zijn samenvatting").submit(
        "opslaan", status=303
    )
    page = mine.submit("opslaan", status=409)
    for text in ("Otto Officier heeft dit gewijzigd", "Zijn samenvatting", "Mijn samenvatting"):
        assert text in page.text
    assert "Zijn samenvatting" in browser.get(address).text
    page = page.forms["formulier"].submit("opslaan", status=303).follow()
    assert "Mijn samenvatting" in page.text
    assert "Het dossier is opgeslagen" in page.text


@pytest.mark.alles
def test_the_second_to_make_a_step_or_change_an_agreement_is_told(
    installation: Installation, browser: TestApp, owner: str
) -> None:
    address = started(installation, owner)
    step = fill(browser.get(f"{address}/stap?naam=monitoren"), effect_datum=LATER)
    fill(browser.get(f"{address}/bewerken"), titel="Anders").submit("opslaan", status=303)
    page = step.submit("monitoren", status=409)
    assert "Dita Houder heeft dit gewijzigd" in page.text
    with installation.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier)).one()
        assert dossier.state == "in_aanpak"
        make_agreement(session, dossier, "Lantaarn", "Beheer", local(utc_now()).date(), SYSTEM)
    page = browser.get(f"{address}?deel=afspraken")
    first, second = (page.click("Bijwerken") for _ in range(2))
    fill(first, wie="Handhaving").submit("opslaan", status=303)
    page = fill(second, wie="Politie").submit("opslaan", status=409)
    assert "Handhaving" in page.text


@pytest.mark.alles
def test_an_edit_that_changes_nothing_leaves_nothing(
    installation: Installation, browser: TestApp
) -> None:
    address = opened(installation)
    page = browser.get(f"{address}/bewerken").forms["formulier"].submit("opslaan", status=303)
    assert "Er was niets gewijzigd" in page.follow().text
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Dossier.version)).one() == 1


def test_a_dossier_that_moves_keeps_its_old_address(
    installation: Installation, browser: TestApp
) -> None:
    address = opened(installation)
    form = fill(browser.get(f"{address}/bewerken"), wijk="GM0505-GB")
    answer = form.submit("opslaan", status=303)
    assert "/gemeentebreed/" in answer.location
    assert browser.get(address, status=301).location == answer.location


def test_a_closed_dossier_is_read_only_until_it_is_reopened(
    installation: Installation, browser: TestApp
) -> None:
    address = opened(installation)
    with installation.transaction(DORDRECHT) as session:
        session.execute(update(Dossier).values(state="afgesloten", closed_at=utc_now()))
    page = browser.get(address)
    assert "Bewerken" not in page.text
    for name in ("notitie", "afspraak", "meldingen-toevoegen", "bewerken"):
        answer = browser.get(f"{address}/{name}", status=303).follow()
        assert "Neem het eerst terug in aanpak" in answer.text
    with installation.transaction(DORDRECHT) as session:
        session.execute(update(Dossier).values(state="vernietigd"))
    for name in ("notitie", "stap?naam=heropenen", "meldingen-afhandelen"):
        browser.get(f"{address}/{name}", status=403)


VIEWS = (
    "",
    "/bewerken",
    "/stap?naam=starten",
    "/notitie",
    "/afspraak",
    "/meldingen-toevoegen",
    "/meldingen-afhandelen",
)


@pytest.mark.parametrize(
    ("role", "own", "reads", "works"),
    [
        (Role.OFFICER, True, 200, 200),
        # The matrix asks it of each role.
        pytest.param(Role.DOSSIER_OWNER, True, 200, 200, marks=pytest.mark.alles),
        (Role.PRIVACY_OFFICER, True, 200, 403),
        pytest.param(Role.DATA_PROTECTION_OFFICER, True, 200, 403, marks=pytest.mark.alles),
        pytest.param(Role.ADMIN, True, 404, 404, marks=pytest.mark.alles),
        (Role.OFFICER, False, 404, 404),
        pytest.param(Role.DOSSIER_OWNER, False, 404, 404, marks=pytest.mark.alles),
    ],
)
def test_who_may_read_and_who_may_work(
    installation: Installation, role: Role, own: bool, reads: int, works: int
) -> None:
    address = opened(installation)
    someone = installation.browser(make_user(installation, (DORDRECHT if own else EINDHOVEN, role)))
    assert [someone.get(address + view, status="*").status_int for view in VIEWS] == [
        reads,
        *[works] * (len(VIEWS) - 1),
    ]
    # An admin sees the municipality, so there the answer is: not yours to do.
    listed = 403 if own and reads == 404 else reads
    assert someone.get(LIST, status="*").status_int == listed
    if works != 200:
        token = someone.cookies["csrf"]
        for view in VIEWS[1:]:
            answer = someone.post(address + view, {"csrf_token": token}, status="*")
            assert answer.status_int == works


def test_a_person_directed_dossier_is_there_for_few(installation: Installation) -> None:
    address = opened(installation, kind="persoonsgericht", title="Aanpak P-01")
    for role, status in (
        (Role.OFFICER, 404),
        (Role.ADMIN, 404),
        (Role.DOSSIER_OWNER, 200),
        (Role.PRIVACY_OFFICER, 200),
        (Role.DATA_PROTECTION_OFFICER, 200),
    ):
        someone = installation.browser(make_user(installation, (DORDRECHT, role)))
        assert someone.get(address, status="*").status_int == status, role
        if role is not Role.ADMIN:
            assert ("Aanpak P-01" in someone.get(LIST).text) is (status == 200), role
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    assert "persoonsgericht" not in officer.get(NEW).text


def test_the_history_of_a_report_does_not_tell_the_number_of_a_person_directed_dossier(
    installation: Installation,
) -> None:
    reference = taken_on(installation)
    owner = installation.browser(make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER)))
    new = fill(owner.get(NEW), titel="Aanpak P-01", soort="persoonsgericht", meldingen=reference)
    new["wijk"] = "WK050510"
    new.submit("maken", status=303)
    with installation.transaction(DORDRECHT) as session:
        number = session.scalars(select(Dossier.number)).one()
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    page = officer.get(f"/m/{reference}").follow()
    assert "Een dossier is met deze melding begonnen." in page.text
    assert number not in page.text


def test_the_old_address_of_a_person_directed_dossier_tells_nobody_else_where_it_is(
    installation: Installation,
) -> None:
    old = opened(installation, kind="persoonsgericht", title="Aanpak P-01")
    owner = installation.browser(make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER)))
    form = owner.get(f"{old}/bewerken").forms["formulier"]
    wijken = [value for value, *_ in form["wijk"].options]
    form["wijk"] = next(value for value in wijken if value not in ("", "WK050501"))
    present = form.submit("opslaan", status=303).location
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    token = {"csrf_token": officer.cookies["csrf"]}
    for page in ("", "/notitie", "/nergens"):
        assert owner.get(old + page, status=301).location == present + page
        officer.get(old + page, status=404)
        officer.post(old + page, token, status=404)


def test_an_officer_can_not_pull_a_report_out_of_a_person_directed_dossier(
    installation: Installation,
) -> None:
    opened(installation, kind="persoonsgericht")
    filed(installation, 1)
    officer = make_user(installation, (DORDRECHT, Role.OFFICER))
    actor_id = user_id(installation, officer)
    with installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report)).one()
        actor = Actor("gebruiker", str(actor_id), "Otto")
        effects = installation.registry.workflow_effects
        with pytest.raises(WorkflowError, match="Vraag een dossierhouder"):
            move_report(session, effects, report, "uit_dossier", {"reden": "Weg ermee"}, actor)
        session.rollback()


def test_reading_and_writing_are_in_the_log(installation: Installation, browser: TestApp) -> None:
    address = opened(installation)
    filed(installation, 1)
    browser.get(f"{address}?deel=meldingen")
    fill(browser.get(f"{address}/notitie"), tekst="Geheim").submit("opslaan", status=303)
    with installation.transaction(DORDRECHT) as session:
        events = session.scalars(select(AuditEvent).order_by(AuditEvent.at)).all()
    reads = [event for event in events if event.action == "gelezen"]
    assert {event.subject_kind for event in reads} == {"dossier", "melding"}
    written = {event.action for event in events if event.action.startswith("dossier.")}
    assert written == {"dossier.gemaakt", "dossier.melding_erbij", "dossier.notitie"}
    assert not any("Geheim" in str(vars(event)) for event in events)


@pytest.mark.parametrize(
    "part",
    [
        "meldingen",
        *(pytest.param(part, marks=pytest.mark.alles) for part in ("overzicht", "chronologie")),
        pytest.param("geschiedenis", marks=pytest.mark.alles),
    ],
)
def test_a_page_costs_the_same_with_ten_and_with_five_hundred_reports(
    installation: Installation, browser: TestApp, part: str
) -> None:
    address = opened(installation)
    filed(installation, 10)
    with installation.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier)).one()
        add_note(session, dossier, "Een notitie.", SYSTEM)
    page = f"{address}?deel={part}"
    browser.get(page)
    with count_queries(installation) as few:
        browser.get(page)
    crowd(installation, 490)
    browser.get(page)
    with count_queries(installation) as many:
        text = browser.get(page).text
    assert many.count == few.count
    if part == "meldingen":
        assert text.count("Eruit halen") == 25
        assert "van 500 meldingen" in text


@pytest.mark.alles
def test_the_list_costs_the_same_with_three_and_with_sixty_dossiers(
    installation: Installation, browser: TestApp
) -> None:
    with installation.transaction() as session:
        for _ in range(3):
            make_dossier(session)
    browser.get(LIST)
    with count_queries(installation) as few:
        browser.get(LIST)
    with installation.transaction() as session:
        for _ in range(57):
            make_dossier(session)
    browser.get(LIST)
    with count_queries(installation) as many:
        assert "1 tot en met 25 van 60 dossiers" in browser.get(LIST).text
    assert many.count == few.count


def test_a_neighbourhood_shows_its_dossiers_as_far_as_one_may_see_them(
    installation: Installation, browser: TestApp
) -> None:
    address = opened(installation, title="Kade")
    opened(installation, title="Aanpak P-01", kind="persoonsgericht")
    with installation.transaction() as session:
        for _ in range(10):
            make_dossier(session)
    page = browser.get("/gemeenten/dordrecht/binnenstad")
    assert "Alle 12 dossiers van deze wijk" in page.text
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    page = officer.get("/gemeenten/dordrecht/binnenstad").click("Alle 11 dossiers")
    assert "Aanpak P-01" not in page.text
    assert address in page.text


def test_every_tab_says_what_waits_and_folds_what_is_done_seldom(
    installation: Installation, browser: TestApp
) -> None:
    address = opened(installation)
    with installation.transaction(DORDRECHT) as session:
        dossier = session.scalars(select(Dossier)).one()
        start = datetime(2099, 12, 14, 9, tzinfo=UTC)
        plan_consultation(session, dossier, start, SYSTEM)
        make_agreement(session, dossier, "Lantaarn", "De gemeente", date(2026, 1, 2), SYSTEM)
    for part in ("", "?deel=bijlagen"):
        (bar,) = browser.get(address + part).html.select("[aria-label='Wat nu']")
        assert "Volgend overleg: 14 december 2099" in bar.text
        assert "1 afspraak is te laat" in bar.text
        steps, folded = bar.select(":scope > a"), bar.select("details a")
        assert [link.text for link in steps] == ["In aanpak nemen"]
        assert folded[0].text == "Bewerken"
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(Consultation)).one().planned_at = utc_now() - timedelta(days=9)
    assert "is besloten" in browser.get(address).html.select_one("[aria-label='Wat nu']").text


def test_the_months_are_marked_where_a_measure_began(
    installation: Installation, browser: TestApp, owner: str
) -> None:
    address = started(installation, owner)
    filed(installation, 1)
    assert "toen begon een maatregel" not in browser.get(address)
    told = {"kind": "toezicht", "started_on": local(utc_now()).date(), "ended_on": None}
    texts = {"what": "Rondes", "who": "Toezicht", "effect": None}
    with installation.transaction(DORDRECHT) as session:
        add_measure(session, session.scalars(select(Dossier)).one(), told | texts, SYSTEM)
    for part in ("", "?deel=maatregelen"):
        assert ": toezicht." in browser.get(address + part).text.partition("toen begon")[2]
