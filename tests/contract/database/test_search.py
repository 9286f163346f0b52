"""Search through the house: from a commit by way of the worker to the page of results."""

from __future__ import annotations

import shutil
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import AMSTERDAM, utc_now
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.search import enqueue_index
from stopintimidatie.core.search import services as search_services
from stopintimidatie.core.search.backend import HealthState, Visibility
from stopintimidatie.core.search.whoosh import backend
from stopintimidatie.core.security import Role
from stopintimidatie.dossiers.case.services import make_agreement
from stopintimidatie.dossiers.services import add_note
from stopintimidatie.municipalities.areas.locator import Method, Place
from stopintimidatie.municipalities.settings.rules import Published
from stopintimidatie.reports.arrival import Arrival
from stopintimidatie.reports.arrival.services import content_of, document_of_new, make_rows
from stopintimidatie.reports.arrival.submission import Routing
from stopintimidatie.reports.models import Report, ReporterMessage
from stopintimidatie.reports.rules import new_reference, random_follow_code
from stopintimidatie.reports.services import reindex_report
from stopintimidatie.reports.vocabulary import Form, Source
from tests.support.factories import (
    CENTRE,
    DORDRECHT,
    EINDHOVEN,
    connect,
    make_dossier,
    make_report,
    make_submission,
    make_user,
)
from tests.support.installation import Installation
from tests.support.queries import count_queries

pytestmark = pytest.mark.both_databases

OTHER_WIJK = "WK050502"
TODAY = date(2026, 6, 1)
# What only an index in files can suffer; test_search_postgresql.py has its counterpart.
in_files = pytest.mark.sqlite


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)
    connect(installation, EINDHOVEN)


@pytest.fixture
def officer(installation: Installation) -> Any:
    return installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))


def given(installation: Installation, *texts: str, **changes: Any) -> list[Report]:
    """Reports with these accounts, indexed."""
    made = []
    holder = changes.get("holder", DORDRECHT)
    for text in texts:
        with installation.transaction() as session:
            made.append(make_report(session, installation, description=text, **changes))
    installation.run_jobs()
    assert installation.registry.search.backend.health(holder).good
    return made


def found(page: Any) -> list[str]:
    """The references on a page of results."""
    return [link.text.split(":")[0] for link in page.html.select(".si-list__title a")]


def facet(page: Any, title: str) -> dict[str, str]:
    """The values of a facet with their counts."""
    for section in page.html.select(".si-facet"):
        if section.select_one(".si-facet__title").text == title:
            return {
                link.select_one(".si-facet__label").text: link.select_one(".si-count").text.strip(
                    " ,"
                )
                for link in section.select("a")
                if link.select_one(".si-count")
            }
    return {}


def choose(page: Any, label: str) -> Any:
    """The page after a click on a value of a facet."""
    return page.click(f'facet__label">{label}<')


def test_a_report_is_found_after_the_worker_has_run(
    installation: Installation, officer: Any
) -> None:
    (report,) = given(installation, "Hij floot naar mij op het stationsplein.")
    page = officer.get("/zoeken", {"q": "fluiten station"})
    assert found(page) == [report.reference]
    assert [mark.text for mark in page.html.select(".si-snippet mark")] == [
        "floot",
        "stationsplein",
    ]
    link = page.html.select_one(".si-list__title a")["href"]
    assert link == f"/gemeenten/dordrecht/binnenstad/{report.reference}"
    assert found(officer.get("/zoeken", {"q": report.reference.lower()})) == [report.reference]


def test_the_name_of_a_neighbourhood_leads_to_all_that_is_in_it(
    installation: Installation, officer: Any
) -> None:
    (report,) = given(installation, "Hij floot.")
    page = officer.get("/zoeken", {"q": "BINNENSTAD"}, status=303).follow()
    assert found(page) == [report.reference]
    page.mustcontain("Dit is alles in <strong>Binnenstad</strong>", "<q>BINNENSTAD</q>")
    page.mustcontain(no=["Niets gevonden"])
    (other,) = given(installation, "Hij riep iets over de binnenstad.")
    page = officer.get("/zoeken", {"q": "binnenstad"})
    assert found(page) == [other.reference]
    page.mustcontain("Zoekt u alles in")
    assert sorted(found(page.click("^Binnenstad$"))) == sorted([report.reference, other.reference])
    for text in ("binnen floot", "", '"', "x" * 100, "a"):
        page = officer.get("/zoeken", {"q": text})
        assert "Zoekt u alles in" not in page.text or text == "a"


def test_what_is_written_to_and_by_the_reporter_is_found(
    installation: Installation, officer: Any
) -> None:
    (report,) = given(installation, "Hij floot.")
    said = {"holder": DORDRECHT, "report_id": report.id}
    with installation.transaction(DORDRECHT) as session:
        for kind, text in (("aanvulling", "Een rode jas."), ("vraag", "Welke bushalte?")):
            session.add(ReporterMessage(**said, kind=kind, text=text))
        reindex_report(session, session.get_one(Report, report.id))
    installation.run_jobs()
    for words in ("rode jas", "bushaltes", '"rode jas"'):
        assert found(officer.get("/zoeken", {"q": words})) == [report.reference], words


def test_text_of_a_report_never_becomes_html(installation: Installation, officer: Any) -> None:
    given(installation, "Hij riep <b>floot</b><script>alert(1)</script>")
    page = officer.get("/zoeken", {"q": 'floot "><script>alert(2)</script>'})
    page.mustcontain(no=["<script>alert"])
    page = officer.get("/zoeken", {"q": "floot"})
    page.mustcontain("&lt;b&gt;<mark>floot</mark>&lt;/b&gt;", no=["<script>alert"])


def test_facets_count_what_may_be_seen_and_can_be_combined(
    installation: Installation, officer: Any
) -> None:
    given(installation, "floot een", forms=(Form.WHISTLING,))
    given(installation, "floot twee", forms=(Form.WHISTLING, Form.FOLLOWING))
    given(installation, "floot drie", forms=(Form.FOLLOWING,), neighbourhood=OTHER_WIJK)
    page = officer.get("/zoeken", {"q": "floot"})
    assert facet(page, "Vorm") == {"nafluiten": "2", "hinderlijk volgen": "2"}
    assert set(facet(page, "Wijk").values()) == {"2", "1"}
    assert facet(page, "Soort") == {"Melding": "3"}
    assert facet(page, "Status") == {"Nieuw": "3"}
    chosen = choose(page, "nafluiten")
    assert len(found(chosen)) == 2
    assert facet(chosen, "Vorm") == {"nafluiten": "2", "hinderlijk volgen": "2"}
    assert len(found(choose(chosen, "hinderlijk volgen"))) == 3
    assert len(found(choose(chosen, "nafluiten"))) == 3
    assert len(found(officer.get("/zoeken?q=floot&vorm=nafluiten&wijk=" + CENTRE))) == 2


def test_fields_in_the_box_use_the_words_of_the_house(
    installation: Installation, officer: Any
) -> None:
    (one,) = given(installation, "floot", forms=(Form.FOLLOWING,))
    given(installation, "floot", neighbourhood=OTHER_WIJK)
    for text in ("wijk:binnenstad", 'vorm:"hinderlijk volgen"', "wijk:binnenstad status:nieuw"):
        assert found(officer.get("/zoeken", {"q": text})) == [one.reference], text
    page = officer.get("/zoeken", {"q": "floot van:gisteren"})
    page.mustcontain("verwacht een datum, zoals van:31-12-2026")
    assert len(found(page)) == 2


@pytest.mark.short_on("postgresql")
def test_sorting_and_paging(installation: Installation, officer: Any) -> None:
    with installation.transaction() as session:
        for number in range(45):
            start = datetime(2026, 1, 1, number % 24, number, tzinfo=UTC)
            make_report(session, installation, description="floot", incident_start=start)
    installation.run_jobs()
    first = officer.get("/zoeken", {"q": "floot", "volgorde": "oudste"})
    first.mustcontain("45 resultaten")
    pages = [first, first.click("Volgende"), first.click("Volgende").click("Volgende")]
    seen = [reference for page in pages for reference in found(page)]
    assert len(seen) == len(set(seen)) == 45
    newest = officer.get("/zoeken", {"q": "floot", "volgorde": "nieuwste"})
    assert found(newest) == seen[::-1][:20]
    beyond = officer.get("/zoeken", {"q": "floot", "volgorde": "oudste", "pagina": "400"})
    assert found(beyond) == seen[40:]


def test_the_order_that_is_chosen_is_no_filter_to_take_away(
    installation: Installation, officer: Any
) -> None:
    given(installation, "floot")
    page = officer.get("/zoeken", {"q": "floot", "volgorde": "oudste", "status": "nieuw"})
    chosen = [link.text for link in page.html.select('.si-facet__link[aria-current="true"]')]
    assert [text for text in chosen if "klik om weg te halen" in text] == [chosen[-1]]
    assert chosen[0] == "Oudste eerst (gekozen)"


@pytest.mark.short_on("postgresql")
def test_a_typing_error_gets_a_link(installation: Installation, officer: Any) -> None:
    given(installation, "Bij het station.")
    page = officer.get("/zoeken", {"q": "statoin"})
    page.mustcontain("Bedoelde u", "Niets gevonden")
    assert len(found(page.click("station", index=0))) == 1


def test_what_finds_nothing_with_the_other_words_and_filters_is_not_proposed(
    installation: Installation, officer: Any
) -> None:
    given(installation, "Bij het station.", "Bij de fontein.")
    for query in ({"q": "statoin fontein"}, {"q": "statoin", "status": "afgehandeld"}):
        officer.get("/zoeken", query).mustcontain("Niets gevonden", no=["Bedoelde u"])


def test_pages_without_results_say_what_to_do(installation: Installation, officer: Any) -> None:
    given(installation, "Bij het station.")
    officer.get("/zoeken", {"q": "zzzz"}).mustcontain("Niets gevonden", "Controleer de spelling")
    page = officer.get("/zoeken", {"q": "station", "status": "afgehandeld"})
    assert len(found(page.click("Zoek zonder filters"))) == 1


def test_who_looks_for_a_reporter_by_name_reads_where_contact_data_is_searched(
    installation: Installation, officer: Any
) -> None:
    given(installation, "Bij het station.")
    page = officer.get("/zoeken", {"q": "Sanne Jansen"})
    page.mustcontain("Contactgegevens staan niet in deze zoekfunctie", "komt in het logboek")
    page.mustcontain("Vraag het de privacyfunctionaris", no=["/verzoeken"])
    officer.get("/zoeken", {"q": "station"}).mustcontain(no=["Contactgegevens"])
    privacy = installation.browser(make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER)))
    page = privacy.get("/zoeken", {"q": "Sanne Jansen"})
    privacy.get(page.html.select_one("main a[href$='/verzoeken']")["href"])


def test_changes_and_removals_reach_the_index(installation: Installation, officer: Any) -> None:
    (report,) = given(installation, "oudewoord")
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(Report)).one()
        row.description = "nieuwewoord"
        reindex_report(session, row)
    installation.run_jobs()
    assert found(officer.get("/zoeken", {"q": "oudewoord"})) == []
    assert found(officer.get("/zoeken", {"q": "nieuwewoord"})) == [report.reference]
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(Report)).one()
        row.state = "vernietigd"
        reindex_report(session, row)
        enqueue_index(session, DORDRECHT, "melding", uuid4())
    installation.run_jobs()
    assert found(officer.get("/zoeken", {"q": "nieuwewoord"})) == []


def test_a_change_that_is_rolled_back_is_not_indexed(
    installation: Installation, officer: Any
) -> None:
    given(installation, "echt")
    with suppress(RuntimeError), installation.transaction() as session:
        make_report(session, installation, description="nepmelding")
        raise RuntimeError
    installation.run_jobs()
    assert found(officer.get("/zoeken", {"q": "nepmelding"})) == []


# walls


def test_contact_data_appearance_and_suspicion_are_never_indexed(
    installation: Installation, officer: Any
) -> None:
    (report,) = given(installation, "floot")
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(Report)).one()
        row.offender_appearance = "uiterlijkwoord"
        row.suspected_offence_reason = "vermoedenwoord"
        reindex_report(session, row)
    installation.run_jobs()
    for word in ("uiterlijkwoord", "vermoedenwoord"):
        assert found(officer.get("/zoeken", {"q": word})) == []
    assert found(officer.get("/zoeken", {"q": "floot"})) == [report.reference]


def test_nobody_finds_what_belongs_to_another_municipality(
    installation: Installation, officer: Any
) -> None:
    given(installation, "floot hier")
    (theirs,) = given(installation, "floot daar", holder=EINDHOVEN, neighbourhood="WK077211")
    assert len(found(officer.get("/zoeken", {"q": "floot"}))) == 1
    assert found(officer.get("/zoeken", {"q": theirs.reference})) == []
    officer.get("/zoeken", {"q": "floot", "gemeente": "eindhoven"}, status=404)
    officer.get("/zoeken", {"q": "floot", "gemeente": "landelijk"}, status=404)


def test_who_works_in_two_places_chooses_where_to_search(installation: Installation) -> None:
    given(installation, "floot hier")
    given(installation, "floot daar", "floot ginds", holder=EINDHOVEN, neighbourhood="WK077211")
    roles = ((DORDRECHT, Role.OFFICER), (EINDHOVEN, Role.PRIVACY_OFFICER))
    browser = installation.browser(make_user(installation, *roles))
    page = browser.get("/zoeken", {"q": "floot", "status": "nieuw"})
    assert len(found(page)) == 1
    assert len(found(choose(page, "Eindhoven"))) == 2


def test_the_desk_searches_what_it_holds(installation: Installation) -> None:
    (report,) = given(installation, "floot ergens", holder="landelijk")
    given(installation, "floot hier")
    desk = installation.browser(make_user(installation, ("landelijk", Role.NATIONAL_DESK)))
    page = desk.get("/zoeken", {"q": "floot"})
    assert found(page) == [report.reference]
    assert page.html.select_one(".si-list__title a")["href"] == f"/landelijk/{report.reference}"
    assert facet(page, "Gemeente") == {"Plaats onbekend": "1"}


@pytest.mark.parametrize("role", [Role.ADMIN])
def test_a_role_that_may_not_search_finds_no_such_page(
    installation: Installation, role: Role
) -> None:
    browser = installation.browser(make_user(installation, (DORDRECHT, role)))
    browser.get("/zoeken", {"q": "floot"}, status=404)


def test_a_visitor_is_sent_to_sign_in(installation: Installation) -> None:
    assert "/aanmelden" in installation.visitor().get("/zoeken?q=floot", status=303).location


def test_access_tokens_follow_the_roles(installation: Installation) -> None:
    search = installation.registry.search
    assert search.visibility({Role.OFFICER}).tokens >= {"open"}
    assert search.visibility({Role.ADMIN}) == Visibility(frozenset())


def test_a_scope_limits_to_a_part_of_the_tree(installation: Installation, officer: Any) -> None:
    (here,) = given(installation, "floot hier")
    (there,) = given(installation, "floot daar", neighbourhood=OTHER_WIJK)
    page = officer.get("/zoeken", {"q": "floot", "binnen": "binnenstad"})
    assert found(page) == [here.reference]
    assert set(found(page.click("overal zoeken"))) == {here.reference, there.reference}
    assert found(officer.get("/zoeken", {"q": "floot", "binnen": "nergens"})) == []
    assert found(officer.get("/zoeken", {"q": "floot", "dossier": "2026-0001"})) == []


# the log


def test_a_search_is_one_row_in_the_log_with_ids_and_never_the_words(
    installation: Installation, officer: Any
) -> None:
    reports = given(installation, "floot geheimwoord", "floot geheimwoord weer")
    officer.get("/zoeken", {"q": "geheimwoord"})
    with installation.transaction(DORDRECHT) as session:
        (event,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "gelezen"))
        assert event.task == "zoeken"
        assert {report.id for report in reports} <= set(event.listed)
        kept = [event.reason, event.task, event.fields, event.subject_kind, event.actor_name]
        assert "geheimwoord" not in repr(kept)
        assert "geheimwoord" not in repr(
            [job.payload for job in session.scalars(select(OutboxJob))]
        )


@pytest.mark.short_on("postgresql")
def test_a_page_of_results_costs_the_same_queries_however_many_there_are(
    installation: Installation, officer: Any
) -> None:
    given(installation, *["floot"] * 10)
    officer.get("/zoeken", {"q": "floot"})
    with count_queries(installation) as few:
        officer.get("/zoeken", {"q": "floot"})
    with installation.transaction() as session:
        for _ in range(90):
            make_report(session, installation, description="floot")
    installation.run_jobs()
    officer.get("/zoeken", {"q": "floot"})
    with count_queries(installation) as many:
        officer.get("/zoeken", {"q": "floot"})
    # The trail names each document shown: ten against twenty rows, in one statement.
    assert many.count == few.count


# upkeep


@in_files
def test_a_lost_index_is_told_and_repaired_by_the_worker(
    installation: Installation, officer: Any
) -> None:
    given(installation, "floot")
    shutil.rmtree(installation.settings.data_dir / "zoekindex" / DORDRECHT)
    page = officer.get("/zoeken", {"q": "floot"})
    page.mustcontain("De zoekindex wordt hersteld")
    officer.get("/zoeken", {"q": "floot"})
    with installation.transaction() as session:
        assert session.scalars(select(OutboxJob.kind)).all() == [search_services.REBUILD.name]
    installation.run_jobs()
    assert len(found(officer.get("/zoeken", {"q": "floot"}))) == 1


@in_files
@pytest.mark.parametrize("most", [5_000, 3], ids=["in their place", "by making all anew"])
def test_the_words_of_a_destroyed_report_leave_the_files_by_night(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(backend, "_MAX_PURGE", most)
    with installation.transaction() as session:
        for text in ("een", "twee", "drie", "vier", "zeergeheimwoord"):
            make_report(session, installation, description=text)
    installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        wanted = Report.description == "zeergeheimwoord"
        row = session.scalars(select(Report).where(wanted)).one()
        row.state, row.description = "vernietigd", None
        reindex_report(session, row)
    installation.run_jobs()
    with installation.transaction() as session:
        (job,) = session.scalars(select(OutboxJob))
        assert (job.kind, job.holder) == (search_services.PURGE.name, DORDRECHT)
        assert job.run_after.astimezone(AMSTERDAM).hour == search_services.NIGHT.hour
        job.run_after = utc_now()
    folder = installation.settings.data_dir / "zoekindex" / DORDRECHT
    assert any(b"zeergeheimwoord" in path.read_bytes() for path in folder.rglob("*.seg"))
    rebuilt: list[str] = []

    def rebuild(registry: Any, holder: str) -> Any:
        rebuilt.append(holder)
        return registry.search.backend.rebuild(holder, ())

    monkeypatch.setattr(search_services, "rebuild", rebuild)
    installation.run_jobs()
    assert rebuilt == ([] if most > 3 else [DORDRECHT])
    assert not any(b"zeergeheim" in path.read_bytes() for path in folder.rglob("*.seg"))


def test_check_finds_what_differs_and_repair_makes_it_equal(installation: Installation) -> None:
    registry = installation.registry
    (lost, stale, surplus) = given(installation, "een", "twee", "drie")
    registry.search.backend.remove(DORDRECHT, [lost.id])
    with installation.transaction(DORDRECHT) as session:
        rows = {row.id: row for row in session.scalars(select(Report))}
        rows[stale.id].urgent = True
        rows[surplus.id].state = "vernietigd"
    report = search_services.check(registry, DORDRECHT)
    assert (report.missing, report.stale, report.surplus) == (
        (lost.id,),
        (stale.id,),
        (surplus.id,),
    )
    search_services.repair(registry, DORDRECHT, report)
    installation.run_jobs()
    assert search_services.check(registry, DORDRECHT).clean


def test_rebuild_makes_the_index_from_the_database(installation: Installation) -> None:
    registry = installation.registry
    given(installation, "een", "twee", "drie")
    assert search_services.rebuild(registry, DORDRECHT).documents == 3
    assert search_services.check(registry, DORDRECHT).clean


@in_files
@pytest.mark.parametrize(("harm", "level"), [("lost", "WARNING"), ("damaged", "ERROR")])
def test_a_search_without_a_usable_index_says_so_and_has_it_made(
    installation: Installation,
    officer: Any,
    caplog: pytest.LogCaptureFixture,
    harm: str,
    level: str,
) -> None:
    (report,) = given(installation, "Hij floot.")
    index = installation.settings.data_dir / "zoekindex"
    if harm == "lost":
        shutil.rmtree(index)
    else:
        for path in index.rglob("*.seg"):
            path.write_bytes(b"")
    officer.get("/zoeken", {"q": "floot"}).mustcontain("Probeer het over een paar minuten opnieuw")
    assert [one.levelname for one in caplog.records if "search index" in one.message] == [level]
    installation.run_jobs()
    assert found(officer.get("/zoeken", {"q": "floot"})) == [report.reference]


@in_files
def test_a_worker_that_starts_asks_for_what_is_needed(installation: Installation) -> None:
    registry = installation.registry
    given(installation, "een")
    assert search_services.enqueue_needed_rebuilds(registry) == []
    shutil.rmtree(installation.settings.data_dir / "zoekindex")
    assert [row.health.state for row in search_services.holders_with_index_work(registry)] == [
        HealthState.MISSING
    ]
    assert search_services.enqueue_needed_rebuilds(registry) == [DORDRECHT]
    search_services.repair(registry, DORDRECHT, search_services.check(registry, DORDRECHT))
    installation.run_jobs()
    assert search_services.enqueue_needed_rebuilds(registry) == []
    assert search_services.check(registry, DORDRECHT).clean


@pytest.mark.parametrize(
    "address",
    [
        "/zoeken?q=" + "%22" * 900,
        "/zoeken?q=" + "(" * 3000,
        "/zoeken?q=%00&pagina=-1&volgorde=x&status=%00&vorm=" + "a" * 99,
        "/zoeken?pagina=999999999999999999999&q=a",
        "/zoeken?dossier=../../etc&binnen=%2F",
        "/zoeken?" + "&".join(f"vorm=v{n}" for n in range(300)),
    ],
)
@pytest.mark.short_on("postgresql")
def test_strange_addresses_get_a_page(
    installation: Installation, officer: Any, address: str
) -> None:
    given(installation, "floot")
    assert officer.get(address, status="*").status_int in {200, 400}


# dossiers


def test_a_dossier_is_found_by_its_number_title_notes_and_agreements(
    installation: Installation, officer: Any
) -> None:
    with installation.transaction(DORDRECHT) as session:
        dossier = make_dossier(session, title="Overlast Noordpool", summary="Bij de tunnel.")
        add_note(session, dossier, "Wijkbewoners noemen de fontein.", SYSTEM)
        make_agreement(session, dossier, "Lantaarn plaatsen", "stadsbeheer", TODAY, SYSTEM)
    installation.run_jobs()
    for text in (dossier.number, "noordpool", "tunnel", "fontein", "lantaarn stadsbeheer"):
        page = officer.get("/zoeken", {"q": text})
        assert found(page) == [dossier.number], text
    assert facet(page, "Soort") == {"Dossier": "1"}
    assert search_services.check(installation.registry, DORDRECHT).clean


def test_a_person_directed_dossier_is_in_no_total_count_or_hint_of_who_may_not_see_it(
    installation: Installation, officer: Any
) -> None:
    with installation.transaction(DORDRECHT) as session:
        make_dossier(session, title="Geheimeaanpak", kind="persoonsgericht")
        make_dossier(session, title="Aanpak plein")
    installation.run_jobs()
    page = officer.get("/zoeken", {"q": ""})
    assert len(found(page)) == 1
    assert facet(page, "Soort") == {"Dossier": "1"}
    officer.get("/zoeken", {"q": "geheimeaanpk"}).mustcontain(no=["Bedoelde u"])
    for role in (Role.DOSSIER_OWNER, Role.PRIVACY_OFFICER, Role.DATA_PROTECTION_OFFICER):
        other = installation.browser(make_user(installation, (DORDRECHT, role)))
        assert len(found(other.get("/zoeken", {"q": "geheimeaanpak"}))) == 1


def test_a_report_that_just_came_in_has_its_forms_in_the_order_of_all_pages(
    installation: Installation,
) -> None:
    given = make_submission(forms=(Form.GROPING, Form.CATCALLING))
    arrival = Arrival(Source.WEB_FORM, SYSTEM, random_follow_code(), utc_now(), quarantine=False)
    routing = Routing(DORDRECHT, Place(DORDRECHT, "WK050501", None, Method.OUTLINE), None)
    keys = installation.registry.key_ring
    arrived = make_rows(keys, content_of(given), routing, arrival, new_reference(), Published(None))
    found = document_of_new(arrived, "dordrecht", "binnenstad")
    assert (found.title, found.forms) == ("Naroepen, betasten", ("naroepen", "betasten"))
