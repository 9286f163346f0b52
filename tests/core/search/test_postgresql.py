"""The index in PostgreSQL: written with the change, walled by holder, forgotten with the report."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from stopintimidatie.cli.content import open_registry
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.search import enqueue_index
from stopintimidatie.core.search import services as search_services
from stopintimidatie.core.search.backend import (
    OPEN_ACCESS,
    HealthState,
    Scope,
    SearchTooBroadError,
    Visibility,
)
from stopintimidatie.core.search.models import SearchDocument, SearchGap
from stopintimidatie.core.search.postgres.backend import PostgresBackend
from stopintimidatie.core.search.query import Vocabulary, parse
from stopintimidatie.core.search.registry import INDEX, rows_of_new
from stopintimidatie.core.search.services import rebuild_many
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import TenancyError
from stopintimidatie.dossiers.models import DossierNote
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import reindex_report, search_document
from stopintimidatie.settings import Settings, SettingsError, parse_settings
from tests.support.factories import (
    DORDRECHT,
    EINDHOVEN,
    connect,
    make_dossier,
    make_report,
    make_user,
)
from tests.support.installation import Installation, Variant
from tests.support.queries import count_queries

pytestmark = pytest.mark.postgresql
ALL = Visibility(frozenset({OPEN_ACCESS}))


def total(installation: Installation, asked: str, holder: str = DORDRECHT) -> int:
    """How many documents of a holder a query finds, from a connection of its own."""
    query = parse(asked, Vocabulary())
    backend = installation.registry.search.backend
    return int(backend.search(query, Scope(holder), ALL).total)


def one_report(installation: Installation, **changes: Any) -> Report:
    with installation.transaction() as session:
        return make_report(session, installation, **changes)


def test_what_is_committed_is_found_at_once_and_nothing_is_left_to_do(
    installation: Installation,
) -> None:
    with installation.transaction() as session:
        make_report(session, installation, description="zeldzaamwoord")
        assert total(installation, "zeldzaamwoord") == 0
    assert total(installation, "zeldzaamwoord") == 1
    assert total(installation, "zeldzaamwoord", EINDHOVEN) == 0
    with suppress(RuntimeError), installation.transaction() as session:
        make_report(session, installation, description="zeldzaamwoord")
        raise RuntimeError
    assert total(installation, "zeldzaamwoord") == 1
    with installation.transaction() as session:
        assert session.scalars(select(OutboxJob).where(OutboxJob.kind == INDEX.name)).all() == []


def test_a_page_finds_what_its_own_request_has_changed(installation: Installation) -> None:
    connect(installation)
    report = one_report(installation, description="zeldzaamwoord")
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    browser.get("/zoeken", {"q": "zeldzaamwoord"}).mustcontain(report.reference)


def test_a_savepoint_doesn_t_write_the_index_too_early(installation: Installation) -> None:
    with installation.transaction() as session:
        report = make_report(session, installation, description="eerst")
        with session.begin_nested():
            reindex_report(session, report)
        report.description = "daarna"
    assert (total(installation, "eerst"), total(installation, "daarna")) == (0, 1)


def test_a_change_costs_a_lock_three_readings_and_one_upsert(installation: Installation) -> None:
    report = one_report(installation)
    with installation.transaction(DORDRECHT) as session:
        row = session.get_one(Report, report.id)
        with count_queries(installation) as counted:
            for _ in range(3):
                reindex_report(session, row)
            session.commit()
    assert counted.count <= 5


def test_a_document_of_another_holder_is_refused(installation: Installation) -> None:
    report = one_report(installation)
    with pytest.raises(TenancyError), installation.transaction(EINDHOVEN) as session:
        enqueue_index(session, DORDRECHT, "melding", report.id)


def test_two_changes_that_don_t_see_each_other_are_both_found(
    installation: Installation,
) -> None:
    with installation.transaction(DORDRECHT) as session:
        dossier = make_dossier(session)
    ready = threading.Barrier(2)

    def note(words: str) -> None:
        with installation.transaction(DORDRECHT) as session:
            note = DossierNote(holder=DORDRECHT, dossier_id=dossier.id, text=words, author_name="x")
            session.add(note)
            enqueue_index(session, DORDRECHT, "dossier", dossier.id)
            session.flush()
            ready.wait(20)

    threads = [threading.Thread(target=note, args=(word,)) for word in ("fontein", "lantaarn")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert total(installation, "fontein lantaarn") == 1
    assert search_services.check(installation.registry, DORDRECHT).clean


def test_the_words_of_a_destroyed_report_are_gone_with_the_commit(
    installation: Installation,
) -> None:
    report = one_report(installation, description="zeergeheimwoord")
    with installation.transaction(DORDRECHT) as session:
        row = session.get_one(Report, report.id)
        row.state, row.description = "vernietigd", None
        reindex_report(session, row)
    with installation.transaction(DORDRECHT) as session:
        (kept,) = session.scalars(select(SearchDocument))
        assert (kept.gone, kept.words, kept.data) == (True, "", {})
    installation.registry.search.backend.purge(DORDRECHT)
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(SearchDocument)).all() == []


@pytest.mark.alles
def test_a_gap_is_told_and_closed_by_the_worker(installation: Installation) -> None:
    connect(installation)
    one_report(installation, description="zeldzaamwoord")
    registry = installation.registry
    assert search_services.enqueue_needed_rebuilds(registry) == []
    with installation.transaction(DORDRECHT) as session:
        session.execute(text("DELETE FROM search_document"))
        session.add(SearchGap(holder=DORDRECHT))
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    browser.get("/zoeken", {"q": "x"}).mustcontain("De zoekindex wordt hersteld")
    (row,) = search_services.holders_with_index_work(registry)
    assert (row.holder, row.health.state) == (DORDRECHT, HealthState.MISSING)
    assert search_services.enqueue_needed_rebuilds(registry) == [DORDRECHT]
    installation.run_jobs()
    assert search_services.enqueue_needed_rebuilds(registry) == []
    assert total(installation, "zeldzaamwoord") == 1


def test_rows_made_by_older_rules_are_made_anew(installation: Installation) -> None:
    one_report(installation)
    with installation.transaction(DORDRECHT) as session:
        session.execute(text("UPDATE search_document SET rules = 'ouder'"))
    backend = installation.registry.search.backend
    assert backend.health(DORDRECHT).state is HealthState.OUTDATED
    assert search_services.enqueue_needed_rebuilds(installation.registry) == [DORDRECHT]
    installation.run_jobs()
    assert backend.health(DORDRECHT).good


@pytest.mark.alles
def test_several_processes_make_the_indexes_of_several_holders(installation: Installation) -> None:
    """And a row that is made anew is the one that its change wrote."""
    one_report(installation, description="zeldzaamwoord")
    with installation.transaction(EINDHOVEN) as session:
        make_report(session, installation, holder=EINDHOVEN, neighbourhood="WK077211")
    rows = text(
        "SELECT id, forms, dossiers, version, moment, words::text, data FROM search_document"
    )
    with installation.owner.begin() as connection:
        before = sorted(connection.execute(rows).all())
        connection.execute(text("UPDATE search_document SET words = '', rules = 'ouder'"))
    holders = (DORDRECHT, EINDHOVEN)
    made = rebuild_many(installation.registry, holders, 2, open_registry)
    assert sorted((report.holder, report.documents) for report in made) == [(h, 1) for h in holders]
    with installation.owner.connect() as connection:
        assert sorted(connection.execute(rows).all()) == before


@pytest.mark.alles
def test_whoosh_works_over_the_data_of_postgresql_and_leaves_a_gap(
    installation: Installation, variant: Variant
) -> None:
    files = variant(search_backend="whoosh")
    one_report(files, description="zeldzaamwoord")
    files.run_jobs()
    assert total(files, "zeldzaamwoord") == 1
    assert search_services.enqueue_needed_rebuilds(installation.registry) == [DORDRECHT]
    installation.run_jobs()
    assert total(installation, "zeldzaamwoord") == 1


def test_the_rows_of_a_new_report_are_those_of_its_change(installation: Installation) -> None:
    report = one_report(installation)
    with installation.transaction(DORDRECHT) as session:
        document = search_document(session.get_one(Report, report.id), "dordrecht", "binnenstad")
        ((table, values),) = rows_of_new(session.get_bind(), document)
        kept = session.get_one(table, (DORDRECHT, report.id))
        same = [name for name in values if name not in {"words", "data"}]
        assert {name: getattr(kept, name) for name in same} == {n: values[n] for n in same}
        assert kept.data["path"] == values["data"]["path"] == document.path


def test_a_search_that_takes_too_long_stops_and_the_page_goes_on(
    installation: Installation,
) -> None:
    one_report(installation)
    hasty = PostgresBackend(installation.engine, time_limit=0.05)
    with installation.transaction(DORDRECHT) as session:
        within = hasty.within(session)
        with (
            pytest.raises(SearchTooBroadError, match="voeg een woord toe"),
            within._limited(DORDRECHT) as connection,  # type: ignore[attr-defined]
        ):
            connection.execute(text("SELECT pg_sleep(5)"))
        assert session.scalar(text("SHOW statement_timeout")) == "0"
        assert session.scalars(select(Report)).one()


def test_postgresql_can_t_search_in_sqlite(database_url: str, tmp_path: Path) -> None:
    raw = {
        "sqlalchemy.url": f"sqlite:///{tmp_path}/data.sqlite",
        "data_dir": str(tmp_path),
        "public_address": "http://localhost:6543",
        "key_file": "sleutels.json",
        "migrations": "alembic",
        "search.backend": "postgresql",
    }
    with pytest.raises(SettingsError, match="kies whoosh"):
        parse_settings(raw)
    assert isinstance(parse_settings({**raw, "sqlalchemy.url": database_url}), Settings)
