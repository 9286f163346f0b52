"""An installation with something in it to lose, and an operator who makes copies of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import select

from stopintimidatie.backup.ledger import catch_up
from stopintimidatie.cli.commands import cli
from stopintimidatie.cli.words import run
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import database
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.exports.request import jobs as request_jobs
from stopintimidatie.settings import Settings, load_settings
from tests.support.api import Api
from tests.support.exporting import Case, approved, make_case
from tests.support.factories import DORDRECHT, make_user
from tests.support.installation import Installation, make_settings
from tests.support.policing import keep_something, switch_on

PDF = b"%PDF-1.7 een heel klein dossier"
ATTACHMENT = b"\x00foto\xff" * 1000
INI = """[app:main]
demo = true
sqlalchemy.url = {settings.database_url}
database.owner_url = {settings.database_owner_url}
database.backup_url = {backup_url}
data_dir = {settings.data_dir}
key_file = {settings.key_file}
migrations = {migrations}
search.backend = {settings.search_backend}
public_address = http://localhost:6543
backup.recipient = {recipient}
backup.programs = {programs}
"""


@dataclass
class Operator:
    """Somebody at the keyboard of one installation."""

    settings: Settings
    request: pytest.FixtureRequest
    ini: Path = field(init=False)

    def __post_init__(self) -> None:
        self.ini = self.settings.data_dir.with_name(f"{self.settings.data_dir.name}.ini")
        self.configure()

    def configure(self, recipient: str = "", **changes: Any) -> None:
        """Write the ini file; only what differs need be named."""
        values = {"settings": self.settings, "recipient": recipient, "programs": ""}
        values["migrations"] = self.settings.migrations
        values["backup_url"] = self.settings.database_backup_url
        if not self.settings.sqlite:
            values["programs"] = programs_of(self.request)
        values |= changes
        self.ini.write_text(INI.format(**values), encoding="utf-8")

    def type(self, *words: object) -> tuple[int, str]:
        """Exit code, and all that was said."""
        capsys: pytest.CaptureFixture[str] = self.request.getfixturevalue("capsys")
        capsys.readouterr()
        arguments = ["--ini", str(self.ini), "reservekopie", *map(str, words)]
        code = run(cli, args=arguments, prog_name="stopintimidatie")
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    def make(self, folder: Path, *words: str) -> Path:
        """Make a copy; its path."""
        folder.mkdir(exist_ok=True)
        before = set(folder.glob("stopintimidatie-*"))
        code, said = self.type("maken", folder, *words)
        assert code == 0, said
        made = set(folder.glob("stopintimidatie-*")) - before
        (path,) = (path for path in made if path.suffix != ".sha256")
        return path

    @contextmanager
    def installation(self) -> Iterator[Installation]:
        made = Installation(load_settings(self.ini))
        try:
            yield made
        finally:
            made.close()


def programs_of(request: pytest.FixtureRequest) -> str:
    """Where the programs of the server that runs stand."""
    address = request.getfixturevalue("postgres").url("postgres").replace("+psycopg", "")
    with psycopg.connect(address) as connection:
        found = connection.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'")
        return str(found.fetchone()[0])  # type: ignore[index]


@contextmanager
def empty_place(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[Operator]:
    """A place to restore into: an empty database and an empty folder."""
    folder.mkdir(parents=True)
    if kind == "sqlite":
        yield Operator(make_settings(f"sqlite:///{folder}/data.sqlite", folder), request)
        return
    with request.getfixturevalue("postgres").database(user=database.APP) as url:
        yield Operator(_as_in_production(url, folder), request)


@contextmanager
def installed(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[Operator]:
    """An installation with nothing in it yet."""
    folder.mkdir(parents=True)
    create_key_file(folder / "sleutels.json")
    if kind == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "data.sqlite")
        yield Operator(make_settings(f"sqlite:///{folder}/data.sqlite", folder), request)
        return
    template = request.getfixturevalue("postgres_template")
    with request.getfixturevalue("postgres").database(template, database.APP) as url:
        yield Operator(_as_in_production(url, folder), request)


def _as_in_production(url: str, folder: Path) -> Settings:
    """Each part connects with its own role."""
    backup = url.replace(f"//{database.APP}@", f"//{database.BACKUP}@")
    return make_settings(url, folder, database_backup_url=backup)


@dataclass
class World:
    """What stood in the installation when the copies were made."""

    operator: Operator
    case: Case
    export: str
    key: str
    receipt: dict[str, Any]
    waiting: dict[str, Any]
    plain: Path
    sealed: Path
    identity: Path
    cookies: dict[str, str]
    catalogue: dict[str, set[Any]]


def fill(operator: Operator) -> World:
    """Reports, a dossier, a finished export, a file, somebody signed in, and work that waits."""
    with operator.installation() as made:
        catch_up(made.registry)
        case = make_case(made)
        export = approved(case)
        api = Api(made)
        key = str(uuid4())
        receipt = api.post(Idempotency_Key=key).json
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(request_jobs, "render_in_process", lambda content, **kw: PDF)
            made.run_jobs()
        # Received, and not yet in the index when the copy is made.
        waiting = api.post().json
        roles = (DORDRECHT, Role.OFFICER), (DORDRECHT, Role.POLICE_DATA)
        case.people["gemachtigde"] = make_user(made, *roles, name="Gé Machtigd")
        switch_on(made)
        with made.transaction(DORDRECHT) as session:
            keep_something(session, made.registry.key_ring)
        _in_hand(made)
        attachments = made.settings.data_dir / "bijlagen" / "2026"
        attachments.mkdir(parents=True)
        (attachments / "foto.bin").write_bytes(ATTACHMENT)
        cookies = dict(case.browser("beslisser").cookies)
        kept = (case, export, key, receipt, waiting, cookies, catalogue(made))
        return _with_copies(operator, *kept)


def _in_hand(made: Installation) -> None:
    """A worker has the waiting job when the copy is made."""
    with made.transaction() as session:
        for job in session.scalars(select(OutboxJob)):
            job.lease_until = utc_now() + timedelta(hours=1)


def _with_copies(operator: Operator, *rest: Any) -> World:
    folder = operator.settings.data_dir.parent
    identity = folder / "geheim.txt"
    code, said = operator.type("sleutel", identity)
    assert code == 0, said
    copies = folder / "kopieen"
    plain = operator.make(copies)
    recipient = said.rsplit("= ", 1)[1].strip()
    operator.configure(recipient)
    sealed = operator.make(copies, "--met-sleutels")
    case, export, key, receipt, waiting, *more = rest
    return World(operator, case, export, key, receipt, waiting, plain, sealed, identity, *more)


CATALOGUE = {
    "tables": """
        SELECT relname, pg_get_userbyid(relowner), relkind, relrowsecurity, relforcerowsecurity
        FROM pg_class WHERE relnamespace = 'public'::regnamespace""",
    "rights": """
        SELECT relname, pg_get_userbyid(acl.grantee), acl.privilege_type
        FROM pg_class, aclexplode(relacl) acl
        WHERE relnamespace = 'public'::regnamespace""",
    "policies": """
        SELECT tablename, policyname, roles::text, cmd, qual, with_check
        FROM pg_policies""",
    "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": """
        SELECT proname, pg_get_userbyid(proowner), prosecdef, prosrc, acl.grantee::regrole::text
        FROM pg_proc LEFT JOIN aclexplode(proacl) acl ON true
        WHERE pronamespace = 'public'::regnamespace AND prolang <> 13""",
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "constraints": """
        SELECT conname, conrelid::regclass::text, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "columns": """
        SELECT table_name, column_name, data_type, is_nullable, column_default
        FROM information_schema.columns WHERE table_schema = 'public'""",
    "schema": """
        SELECT acl.grantee::regrole::text, acl.privilege_type
        FROM pg_namespace, aclexplode(nspacl) acl
        WHERE nspname = 'public' AND acl.grantee::regrole::text LIKE 'stopintimidatie%'""",
}
SQLITE_CATALOGUE = "SELECT type, name, tbl_name, sql FROM sqlite_master"


def catalogue(made: Installation) -> dict[str, set[Any]]:
    """All that a database is beside its rows: tables, who may what, and what guards them."""
    queries = {"all": SQLITE_CATALOGUE} if made.settings.sqlite else CATALOGUE
    with made.owner.connect() as connection:
        found = {
            name: {tuple(row) for row in connection.exec_driver_sql(query.replace("%", "%%"))}
            for name, query in queries.items()
        }
    assert all(found.values()), found.keys()
    return found
