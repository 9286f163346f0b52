"""R9: the migrations run up from empty, and from a first version that is full of data.

What fills the first version is the demo itself: made by the present programme, then copied column
by column into a database of the first revision. So a migration meets rows of nearly every table.
After the newest migration comes one that only the test has, so that there is always a next one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Engine, MetaData, Table, func, inspect, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from stopintimidatie import install
from stopintimidatie.core.accounts.models import IdentityProvider, RoleOffer
from stopintimidatie.core.audit import READ, Actor, event_rows, record_read
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.second import OWN, check_hand, lock_open, sign, why_not
from stopintimidatie.core.storage import make_engine, transaction
from stopintimidatie.core.storage.database import alembic_config, newest_version, upgrade
from stopintimidatie.core.storage.models import Base
from stopintimidatie.dossiers.person.models import PrivacyAdvice
from stopintimidatie.exports.models import Export
from stopintimidatie.municipalities.people.models import GroupRole
from stopintimidatie.municipalities.people.parties import KINDS, Party, pending
from stopintimidatie.privacy.erasure.models import ErasureProposal
from stopintimidatie.privacy.log.queries import Filters, page_of_events
from stopintimidatie.privacy.police.switch import is_on
from stopintimidatie.privacy.subjects.models import SubjectCopy
from stopintimidatie.reports.models import ReportProposal
from stopintimidatie.settings import Settings
from tests.support.disclosing import an_entry
from tests.support.empty_databases import empty_database
from tests.support.installation import Installation, make_settings
from tests.support.release import HEAD

FIRST = "0001_schema"
# What a next version may well do: a column, a table with its wall, and a table made anew on SQLite.
NEXT = """
import sqlalchemy as sa
from alembic import op
from stopintimidatie.core.storage.database import protect

revision, down_revision = "9999_next", "{newest}"

def upgrade():
    op.add_column("report", sa.Column("later", sa.String(9), nullable=False, server_default="nee"))
    op.create_table(
        "later",
        sa.Column("holder", sa.String(9), sa.ForeignKey("holder.code"), nullable=False),
        sa.Column("id", sa.Uuid(), primary_key=True),
    )
    protect(op, "later")
    with op.batch_alter_table("dossier_note_reader") as batch:
        batch.add_column(sa.Column("later_id", sa.Uuid(), nullable=True))
        batch.create_foreign_key("fk_later", "later", ["later_id"], ["id"], ondelete="SET NULL")
"""


@dataclass(frozen=True)
class Older:
    """A database of the first revision that holds the demo, and how many rows of each table."""

    settings: Settings
    owner: Engine
    rows: dict[str, int]


def on_each(name: str, short: str, **how: Any) -> Any:
    """Run on both databases; in the short suite on this one."""
    kinds = ("sqlite", "postgresql")
    marked = (
        pytest.param(kind, marks=() if kind == short else pytest.mark.alles) for kind in kinds
    )
    return pytest.mark.parametrize(name, list(marked), **how)


@pytest.fixture
def older(
    request: pytest.FixtureRequest, sqlite_demo_of_today: Path, tmp_path: Path
) -> Iterator[Older]:
    shutil.copy(sqlite_demo_of_today / "sleutels.json", tmp_path)
    with empty_database(request, tmp_path) as settings:
        owner = make_engine(settings, settings.owner_url)
        command.upgrade(alembic_config(settings, owner), FIRST)
        url = f"sqlite:///{sqlite_demo_of_today}/data.sqlite"
        demo = make_engine(make_settings(url, tmp_path))
        rows = copy(demo, owner)
        demo.dispose()
        yield Older(settings, owner, rows)
        owner.dispose()


def copy(source: Engine, target: Engine) -> dict[str, int]:
    """Copy what both have; the number of rows of each table. The models tell the types."""
    counted = {}
    with source.connect() as old, target.begin() as new:
        there = inspect(new)
        for table in Base.metadata.sorted_tables:
            if not there.has_table(table.name):
                continue
            known = {column["name"] for column in there.get_columns(table.name)}
            names = [column.name for column in table.columns if column.name in known]
            rows = old.execute(select(*(table.c[name] for name in names))).mappings().all()
            if rows:
                # Only what the old one has: a column of later would bring its default along.
                older_table = Table(
                    table.name, MetaData(), *(Column(name, table.c[name].type) for name in names)
                )
                new.execute(older_table.insert(), [dict(row) for row in in_order(table, rows)])
            counted[table.name] = len(rows)
    return counted


def in_order(table: Table, rows: Any) -> list[Any]:
    """Rows that refer to others of their own table come after those."""
    mine = [key for key in table.foreign_key_constraints if key.referred_table is table]
    links = [column for key in mine for column in key.column_keys if column != "holder"]
    return sorted(rows, key=lambda row: any(row[name] is not None for name in links))


@on_each("older", "postgresql", indirect=True)
def test_a_filled_first_version_is_brought_up_to_date_without_losing_a_row(older: Older) -> None:
    assert older.rows["report"] > 300
    assert older.rows["dossier"] > 5
    assert older.rows["report_contact"] > 50
    upgrade(older.settings, older.owner)
    assert at_head(older.settings, older.owner)
    assert differences(older) == []
    assert_nothing_is_lost(older)
    assert_only_one_holder_is_seen(older)


# Only SQLite makes a table anew for it.
@on_each("older", "sqlite", indirect=True)
def test_the_next_migration_loses_no_row_of_a_filled_database(older: Older, tmp_path: Path) -> None:
    assert older.rows["dossier_note_reader"]
    migrations = Path(shutil.copytree(older.settings.migrations, tmp_path / "next"))
    (migrations / "versions" / "9999_next.py").write_text(
        NEXT.format(newest=newest_version(older.settings.migrations)), encoding="utf-8"
    )
    upgrade(replace(older.settings, migrations=migrations), older.owner)
    assert set(differences(older)) == {
        ("remove_column", "report", "later"),
        ("remove_column", "dossier_note_reader", "later_id"),
        ("remove_fk", "dossier_note_reader", "fk_later"),
        ("remove_table", "later"),
    }
    assert_nothing_is_lost(older)
    assert_only_one_holder_is_seen(older)
    with older.owner.connect() as connection:
        assert connection.scalars(text("SELECT DISTINCT later FROM report")).all() == ["nee"]


def at_head(settings: Settings, engine: Engine) -> bool:
    """Whether the database is at the newest version."""
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_heads()
    return found == (newest_version(settings.migrations),)


def differences(older: Older) -> list[tuple[str, ...]]:
    """What would make this database as the models are: the change, the table, and what of it."""
    with older.owner.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [named(*change) for change in compare_metadata(context, Base.metadata)]


def named(change: str, *about: Any) -> tuple[str, ...]:
    if change == "remove_fk":
        return change, about[0].table.name, about[0].name
    return (change, *(str(getattr(one, "name", one)) for one in about if one is not None))


def assert_nothing_is_lost(older: Older) -> None:
    with older.owner.connect() as connection:
        for name, number in older.rows.items():
            table = Base.metadata.tables[name]
            found = connection.execute(select(func.count()).select_from(table)).scalar()
            assert found == number, name


def assert_only_one_holder_is_seen(older: Older) -> None:
    """As the application sees it, on what was there before there were walls."""
    made = Installation(older.settings)
    per_holder = {}
    with older.owner.connect() as connection:
        for holder, number in connection.execute(
            text("SELECT holder, count(*) FROM report GROUP BY holder")
        ):
            per_holder[holder] = number
    assert len(per_holder) >= 3
    report = Base.metadata.tables["report"]
    for holder, number in per_holder.items():
        with made.transaction(holder) as session:
            wanted = select(func.count()).select_from(report)
            if older.settings.sqlite:
                wanted = wanted.where(report.c.holder == holder)
            assert session.execute(wanted).scalar() == number
    made.close()


@on_each("database", "postgresql")
def test_who_gave_whom_a_role_before_it_was_kept_is_known_after_the_upgrade(
    request: pytest.FixtureRequest, database: str, tmp_path: Path
) -> None:
    """Also of roles that a block keeps aside; nobody is a hand with themselves."""
    request.param = database
    giver, receiver, blocked = (uuid4() for _ in range(3))
    with empty_database(request, tmp_path) as settings:
        owner = make_engine(settings, settings.owner_url)
        scripts = ScriptDirectory.from_config(alembic_config(settings, owner))
        before = scripts.get_revision("0016_account_hands").down_revision
        command.upgrade(alembic_config(settings, owner), str(before))
        with owner.begin() as connection:
            add(connection, "holder", code="GM0505")
            for number in (giver, receiver, blocked):
                names = {"username": f"{number}@test.example", "name": "x", "password_hash": ""}
                add(
                    connection, "user_account", id=number, demo=False, created_at=utc_now(), **names
                )
            role = {"holder": "GM0505", "role": "beheer", "given_by": [str(giver)]}
            add(connection, "role_assignment", user_id=receiver, **role)
            own = {"holder": "GM0505", "role": "oov", "given_by": [str(giver), str(receiver)]}
            add(connection, "role_assignment", user_id=receiver, **own)
            aside = {"roles": [{"role": "oov", "given_by": [str(receiver)]}, {"role": "beheer"}]}
            add(
                connection,
                "blocked_colleague",
                holder="GM0505",
                user_id=blocked,
                blocked_at=utc_now(),
                **aside,
            )
        upgrade(settings, owner)
        with owner.connect() as connection:
            rows = connection.execute(text("SELECT giver_id, receiver_id FROM account_hand")).all()
        owner.dispose()
    assert sorted(map(tuple, rows)) == sorted(
        [(str(giver), str(receiver)), (str(receiver), str(blocked))]
    )


@contextmanager
def at_1_0_0(
    request: pytest.FixtureRequest, database: str, folder: Path, revision: str = HEAD
) -> Iterator[tuple[Settings, Engine]]:
    """An empty database as 1.0.0 made it, with a holder; or as a later revision did."""
    request.param = database
    with empty_database(request, folder) as settings:
        owner = make_engine(settings, settings.owner_url)
        command.upgrade(alembic_config(settings, owner), revision)
        with owner.begin() as connection:
            add(connection, "holder", code="GM0505", standing_until=date(2026, 1, 31))
            enter(connection)
        yield settings, owner
        owner.dispose()


def enter(connection: Connection) -> None:
    """Work for this holder: row-level security holds the owner of a table as well."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT set_config('stopintimidatie.holder', 'GM0505', true)"))


@on_each("database", "postgresql")
def test_a_standing_decision_that_lapsed_without_a_look_waits_for_its_listed_week(
    request: pytest.FixtureRequest, database: str, tmp_path: Path
) -> None:
    day = date(2026, 1, 31)
    with at_1_0_0(request, database, tmp_path) as (settings, owner):
        with owner.begin() as connection:
            enter(connection)
            terms = {"content": {}, "proposed_by": "x", "approved": True, "number": 1}
            moments = dict.fromkeys(("proposed_at", "effective_from"), utc_now())
            row = {"id": uuid4(), "holder": "GM0505", "standing_until": day}
            add(connection, "retention_schedule", **row, **terms, **moments)
        upgrade(settings, owner)
        with owner.begin() as connection:
            enter(connection)
            schedule = Base.metadata.tables["retention_schedule"].c
            moved = connection.execute(select(schedule.look_by, schedule.standing_until)).one()
            holder = Base.metadata.tables["holder"].c
            state = select(holder.standing_until, holder.swept_on, holder.listed_until)
            known = connection.execute(state.where(holder.code == "GM0505")).one()
    assert tuple(moved) == (day, None)
    assert tuple(known) == (None, None, None)


@on_each("database", "postgresql")
def test_words_in_the_register_of_1_0_0_become_codes_and_its_trigger_is_back(
    request: pytest.FixtureRequest, database: str, tmp_path: Path
) -> None:
    words = {"purpose": "Jan de Vries aanspreken", "minors_ground": "Zoë is 14", "covenant": "C"}
    with at_1_0_0(request, database, tmp_path) as (settings, owner):
        with owner.begin() as connection:
            enter(connection)
            partner = {"id": uuid4(), "holder": "GM0505", "name": "Wijkteam West", "version": 1}
            kind = {"kind": "jongerenwerk", "legal_bases": [], "reference": "P-1"}
            moments = dict.fromkeys(("made_at", "changed_at"), utc_now())
            people = dict.fromkeys(("made_by", "changed_by"), "x")
            add(connection, "partner_organisation", **partner, **kind, **moments, **people)
            for number, recipient in enumerate(("Agent Jan de Vries", "Wijkteam West")):
                entry = an_entry(**words, recipient=recipient, reference=f"U-{number}")
                entry.id, entry.holder = uuid4(), "GM0505"
                table = Base.metadata.tables["disclosure"]
                values = {c.name: getattr(entry, c.name) for c in table.columns}
                add(connection, "disclosure", **values)
        upgrade(settings, owner)
        with owner.begin() as connection:
            enter(connection)
            kept = connection.execute(
                text(
                    "SELECT recipient, purpose, covenant, minors_ground, content_sha256"
                    " FROM disclosure ORDER BY reference"
                )
            ).all()
        refused = pytest.raises(DatabaseError, match="append-only")
        with refused, owner.begin() as connection:
            enter(connection)
            connection.execute(text("UPDATE disclosure SET purpose = 'x'"))
    assert [tuple(row) for row in kept] == [
        ("Politie", "openbare_orde", "genoemd", "taak", "a" * 64),
        ("Wijkteam West", "openbare_orde", "met_partner", "taak", "a" * 64),
    ]


@on_each("database", "postgresql")
def test_police_data_of_1_0_0_keep_their_compartment_and_others_have_none(
    request: pytest.FixtureRequest, database: str, tmp_path: Path
) -> None:
    with at_1_0_0(request, database, tmp_path) as (settings, owner):
        with owner.begin() as connection:
            enter(connection)
            days = dict.fromkeys(("received_on", "review_on"), date(2026, 1, 31))
            people = dict.fromkeys(("entered_by", "changed_by"), "x")
            moments = dict.fromkeys(("made_at", "changed_at"), utc_now())
            item = {"id": uuid4(), "holder": "GM0505", "origin": "antwoord", "version": 1}
            add(connection, "police_item", **item, **days, **people, **moments)
        upgrade(settings, owner)
        with owner.begin() as connection:
            setting = Base.metadata.tables["municipality_setting"].c
            mine = select(setting.owner, setting.content).where(setting.part == "politie")
            kept = connection.execute(mine).all()
        with Session(owner) as session:
            assert is_on(session, "GM0505")
            assert not is_on(session, "GM0772")
    assert [(row.owner, row.content["stand"]) for row in kept] == [("GM0505", "aan")]


@on_each("database", "postgresql")
def test_offers_of_1_0_0_that_are_under_way_stay_and_can_be_answered(
    request: pytest.FixtureRequest, database: str, tmp_path: Path
) -> None:
    number, agreement = uuid4(), uuid4()
    with at_1_0_0(request, database, tmp_path) as (settings, owner):
        with owner.begin() as connection:
            enter(connection)
            town = {"code": "GM0642", "name": "Zwijndrecht", "slug": "zwijndrecht"}
            add(connection, "municipality", **town, province="Zuid-Holland")
            row = {"id": number, "holder": "GM0505", "reference": "O-4F7K-2QXJ"}
            about = {"document_kind": "melding", "document_id": uuid4(), "recipient": "x"}
            state = {"state": "aangeboden", "made_at": utc_now(), "code_tries": 2}
            add(connection, "pickup", **row, **about, **state, code_nonce="oud")
            terms = {"declined": False, "wants": True, "channel": "ophalen", "agreed_by": "x"}
            made = {"made_at": utc_now(), "agreed_on": utc_now().date()}
            row = {"id": agreement, "holder": "GM0505", "municipality_code": "GM0642"}
            add(connection, "forwarding_agreement", **row, **terms, **made)
        upgrade(settings, owner)
        with owner.begin() as connection:
            enter(connection)
            answer = {"id": uuid4(), "holder": "GM0505", "pickup_id": number, "at": utc_now()}
            add(connection, "pickup_answer", **answer, kind="ontvangen")
            waiting = connection.execute(
                text("SELECT state, code_nonce, read_at, added_at FROM pickup")
            ).one()
            agreed = connection.execute(
                text("SELECT digest, code_nonce, code_tries FROM forwarding_agreement")
            ).one()
        with owner.begin() as connection:
            enter(connection)
            connection.execute(text("DELETE FROM pickup"))
            assert connection.scalars(text("SELECT id FROM pickup_answer")).all() == []
    assert tuple(waiting) == ("aangeboden", "oud", None, None)
    assert tuple(agreed) == (False, None, 0)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_what_waited_for_a_second_person_in_1_0_0_waits_and_what_was_signed_is(
    request: pytest.FixtureRequest, database: str, tmp_path: Path
) -> None:
    now, at = utc_now(), {"holder": "GM0505"}
    day = {"received_on": now.date(), "due_on": now.date()}
    by = {"made_by_id": "eerste", "made_by": "x"}
    changed = {"made_at": now, "changed_at": now, "changed_by": "x", "version": 1} | at
    kinds = {"right": "inzage", "capacity": "melder", "asked_by": "zelf", "child": False}
    asked = {"channel": "brief"} | kinds | day | changed
    about = {"document_kind": "melding", "reference": "M", "ground": "doel", "seen": ""}
    lasts = {"made_at": now, "expires_at": now + timedelta(hours=1)} | about | by | at
    second = {"by_id": "tweede", "at": now}
    with at_1_0_0(request, database, tmp_path, "0016_account_hands") as (settings, owner):
        with owner.begin() as connection:
            enter(connection)
            for state, answer in (("tweede_persoon", {}), ("nagekeken", second)):
                number = uuid4()
                case = {"id": number, "reference": f"V-{state[:7]}", "state": state}
                add(connection, "subject_request", **case, **asked)
                copied = {"id": uuid4(), "request_id": number, "state": state} | by | changed
                signed = {f"checked_{name}": value for name, value in answer.items()}
                add(connection, "subject_copy", **copied, **signed)
                proposed = {"id": uuid4(), "document_id": uuid4()} | lasts
                signed = {f"answered_{name}": value for name, value in answer.items()}
                add(connection, "erasure_proposal", **proposed, **signed)
        upgrade(settings, owner)
        with transaction(owner, "GM0505") as session:
            kinds_of_two: tuple[Any, ...] = (SubjectCopy, ErasureProposal)
            for kind in kinds_of_two:
                rows = session.scalars(select(kind).where(kind.proposed_by_id == "eerste")).all()
                waits, done = sorted(rows, key=lambda row: row.answered_at is not None)
                assert (waits.waits, done.waits) == (True, False), kind
                assert session.scalars(select(kind).where(kind.waiting())).all() == [waits]
                assert done.answered_by_id == "tweede"


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_exports_of_1_0_0_that_wait_for_a_second_person_wait_still_and_can_be_answered(
    request: pytest.FixtureRequest, database: str, tmp_path: Path
) -> None:
    """An export that was asked for, an urgent one that was made, and a signed one."""
    first, asked, urgent, signed = (str(uuid4()) for _ in range(4))
    with at_1_0_0(request, database, tmp_path) as (settings, owner):
        with owner.begin() as connection:
            enter(connection)
            dossier = an_old_dossier(connection)
            for number, more in enumerate(
                (
                    {"id": UUID(asked), "state": "aangevraagd"},
                    {"id": UUID(urgent), "state": "gereed", "urgent": True},
                    {"id": UUID(signed), "state": "gereed", "decided_by": "Bea Slist"},
                )
            ):
                about = {"holder": "GM0505", "dossier_id": dossier, "reference": f"U-{number}"}
                words = dict.fromkeys(("recipient", "question", "purpose", "step"), "x")
                codes = {"profile": "politie", "profile_version": 2, "legal_basis": "x"}
                days = dict.fromkeys(("answer_by", "destroy_by"), date(2026, 3, 1))
                by = {"requested_at": utc_now(), "requested_by_id": first, "requested_by": "An"}
                decided = {"decided_at": utc_now() if "decided_by" in more else None}
                row = about | words | codes | days | by | decided | more
                add(connection, "export", **row, progress=0)
        upgrade(settings, owner)
        with transaction(owner, "GM0505") as session:
            waiting = session.scalars(select(Export).where(Export.waiting())).all()
            assert {str(export.id) for export in waiting} == {asked, urgent}
            second = Actor("gebruiker", str(uuid4()), "Bea Slist")
            for export in waiting:
                lock_open(session, export, second)
                assert why_not(session, export, first)
                check_hand(session, export, second)
                sign(session, export, second)
            known = session.execute(text("SELECT decided_by, requested_by_id FROM export")).all()
            assert session.scalars(select(Export).where(Export.waiting())).all() == []
    assert set(map(tuple, known)) == {("Bea Slist", first)}


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_reads_of_1_0_0_are_found_by_document_beside_those_of_now(
    request: pytest.FixtureRequest, database: str, tmp_path: Path
) -> None:
    """A list of 1.0.0 has a row for each document, and keeps those: the log is never rewritten."""
    shown, now = sorted((uuid4(), uuid4(), uuid4())), utc_now()
    reader = Actor("gebruiker", str(uuid4()), "An")
    earlier = event_rows(
        reader, READ, "GM0505", "melding", shown, task="postvak", at=now - timedelta(days=1)
    )
    with at_1_0_0(request, database, tmp_path) as (settings, owner):
        with owner.begin() as connection:
            enter(connection)
            for model, values in earlier:
                add(connection, str(model.__tablename__), **{"id": uuid4(), **values})
        upgrade(settings, owner)
        with transaction(owner, "GM0505") as session:
            record_read(session, reader, "GM0505", "melding", shown[1:], task="postvak")
        with transaction(owner, "GM0505") as session:
            found = [page_of_events(session, Filters(document=it), 0, 9) for it in shown]
        refused = pytest.raises(DatabaseError, match="append-only")
        with refused, owner.begin() as connection:
            enter(connection)
            connection.execute(text("UPDATE audit_event SET listed = NULL"))
    assert [[line.number for line in lines] for lines in found] == [[3], [2, 3], [2, 3]]
    assert [list(line.first) for line in found[2]] == [shown[1:], shown]


def an_old_dossier(connection: Connection) -> UUID:
    """Add a dossier of 1.0.0 with the wijk that it is about; its id."""
    town = {"code": "GM0505", "name": "Dordrecht", "slug": "dordrecht"}
    add(connection, "municipality", **town, province="Zuid-Holland")
    area = dict.fromkeys(("name", "official_name", "slug", "kind"), "wijk")
    add(connection, "neighbourhood", code="WK1", municipality_code="GM0505", water=False, **area)
    number = uuid4()
    dossier = {
        "id": number,
        "holder": "GM0505",
        "year": 2026,
        "sequence": 1,
        "number": "2026-0001",
    }
    about = {"neighbourhood_code": "WK1", "title": "x", "kind": "hotspot", "state": "in_aanpak"}
    made = {"made_at": utc_now(), "changed_at": utc_now(), "changed_by": "x", "version": 1}
    add(connection, "dossier", **dossier, **about, **made, urgent=False, frozen=False)
    return number


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_roles_and_providers_of_1_0_0_wait_for_who_must_still_confirm_them(
    request: pytest.FixtureRequest, database: str, tmp_path: Path
) -> None:
    made = {"proposed_at": utc_now(), "proposed_by": "x", "given_by": ["a"], "by_desk": False}
    lasts = {"expires_at": utc_now() + timedelta(days=3), "role": "oov", "holder": "GM0505"}
    with at_1_0_0(request, database, tmp_path) as (settings, owner):
        with owner.begin() as connection:
            for code in ("GM0001", "GM0002", "GM0003"):
                add(connection, "holder", code=code)
            town = {"code": "GM0505", "name": "Dordrecht", "slug": "dordrecht"}
            add(connection, "municipality", **town, province="Zuid-Holland")
            add(connection, "mail_domain", code="GM0505", domain="dordrecht.example")
            for name, state, colleague in (
                ("half@elders.example", "voorgesteld", "b"),
                ("nieuw@dordrecht.example", "voorgesteld", None),
                ("geweigerd@dordrecht.example", "geweigerd", None),
            ):
                row = {"id": uuid4(), "username": name, "name": "x", "state": state}
                signed = {"colleague_id": colleague, "decided_by": "Bo"}
                add(connection, "role_offer", **row, **signed, **made, **lasts)
            group = {"id": uuid4(), "group_name": "OOV", "state": "aangeboden"}
            add(connection, "group_role", **group, decided_by="Bo", **made, **lasts)
            for holder, enabled, confirmed in (
                ("GM0001", True, None),
                ("GM0002", True, utc_now()),
                ("GM0003", False, None),
            ):
                row = {"holder": holder, "issuer": "x", "client_id": "x", "client_secret": "x"}
                terms = {"groups_claim": "x", "required": False, "session_hours": 8}
                by = {"changed_at": utc_now(), "proposed_by": "x", "given_by": []}
                more = {"enabled": enabled, "confirmed_at": confirmed}
                add(connection, "identity_provider", **row, **terms, **by, **more)
        upgrade(settings, owner)
        with Session(owner) as session:
            rows = {table: pending(session, table) for _, _, table in KINDS}
            offers = {row.row.username: (row.row.waits, row.parties) for row in rows[RoleOffer]}
            (counting,) = rows[GroupRole]
            providers = {
                row.row.holder: (row.row.waits, row.row.in_use, row.row.id is not None)
                for row in rows[IdentityProvider]
            }
    # Nobody reads there, so that the desk decides.
    assert offers == {
        "half@elders.example": (True, {Party.DESK}),
        "nieuw@dordrecht.example": (True, {Party.DESK}),
        "geweigerd@dordrecht.example": (False, {Party.DESK}),
    }
    assert (counting.row.waits, counting.row.answered_by) == (False, "Bo")
    assert providers == {
        "GM0001": (True, False, True),
        "GM0002": (False, True, True),
        "GM0003": (False, False, True),
    }


@on_each("older", "postgresql", indirect=True)
def test_what_waits_for_a_second_person_in_1_0_0_still_waits_for_another(older: Older) -> None:
    command.upgrade(alembic_config(older.settings, older.owner), "0016_account_hands")
    first, second = (Actor("gebruiker", str(uuid4()), name) for name in ("Olga", "Bram"))
    row, by = {"id": uuid4(), "holder": "GM0505"}, {"actor_id": first.id, "actor_name": "Olga"}
    asked = {"asked_at": utc_now(), "asked_by_id": first.id, "asked_by": "Olga"}
    with older.owner.begin() as connection:
        enter(connection)
        columns = (Base.metadata.tables[name].c for name in ("report", "dossier"))
        here = (select(c.id).where(c.holder == "GM0505").order_by(c.id) for c in columns)
        report, dossier = (connection.scalars(wanted.limit(1)).one() for wanted in here)
        step = {"step": "niet_in_behandeling", "values": {"reden_code": "test"}, "at": utc_now()}
        add(connection, "report_proposal", **row, **by, **step, report_id=report)
        about = {"dossier_id": dossier, "question": "Mag dit?"}
        add(connection, "dossier_privacy_advice", **row, **asked, **about)
    upgrade(older.settings, older.owner)
    made = Installation(older.settings)
    with made.transaction("GM0505") as session:
        for kind in (ReportProposal, PrivacyAdvice):
            waiting: Any = session.get_one(kind, row["id"])
            assert (waiting.waits, waiting.proposed_by) == (True, "Olga")
            lock_open(session, waiting, second)
            assert why_not(session, waiting, first.id) == OWN
            assert why_not(session, waiting, second.id) is None
            sign(session, waiting, second)
            assert not waiting.waits
    made.close()


def add(connection: Connection, table: str, **values: Any) -> None:
    """Insert a row of an older revision: the models tell the types."""
    known = Base.metadata.tables[table]
    older_table = Table(table, MetaData(), *(Column(name, known.c[name].type) for name in values))
    connection.execute(older_table.insert(), [values])


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_an_empty_database_becomes_an_installation(
    request: pytest.FixtureRequest, database: str, tmp_path: Path
) -> None:
    request.param = database
    with empty_database(request, tmp_path) as settings:
        install(settings)
        engine = make_engine(settings)
        assert at_head(settings, engine)
        engine.dispose()
    assert settings.key_file.exists()
