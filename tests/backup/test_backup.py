"""Backup copies: the whole round on both databases, and all that must be noticed."""

from __future__ import annotations

import json
import os
import resource
import shutil
import stat
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import func, inspect, select, text

from stopintimidatie.backup.archive import open_packer, open_unpacker
from stopintimidatie.backup.manifest import sign
from stopintimidatie.backup.services import alone, database_module, make_backup
from stopintimidatie.core.audit import SYSTEM, AuditEvent, AuditSubject
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.storage import NATIONAL, make_engine
from stopintimidatie.core.storage.database import newest_version
from stopintimidatie.core.storage.encryption import create_key_file, new_key_ring
from stopintimidatie.core.tree import Reference
from stopintimidatie.exports.models import BlobKind, Export, read
from stopintimidatie.privacy.police.models import PoliceItem
from stopintimidatie.reports.api.models import IdempotencyKey
from stopintimidatie.reports.models import Report
from stopintimidatie.settings import load_settings
from tests.support.api import Api
from tests.support.backups import (
    ATTACHMENT,
    PDF,
    Operator,
    World,
    catalogue,
    empty_place,
    installed,
)
from tests.support.exporting import SECRET_NAME, SECRET_PHONE
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation
from tests.support.personal import anywhere
from tests.support.policing import HERE as POLICE
from tests.support.policing import TEXT
from tests.support.policing import read as read_police

pytestmark = pytest.mark.both_databases

# Nothing was destroyed here, so the ledger is no newer than a copy.
NEWEST = "--nieuwste-grootboek"


@pytest.fixture
def place(place: Operator, world: World) -> Operator:
    """An empty installation that has the ledger of the world as well."""
    place.settings.ledger.parent.mkdir()
    shutil.copy(world.operator.settings.ledger, place.settings.ledger)
    return place


def everything_is_there(world: World, made: Installation) -> None:
    browser = made.browser(world.case.people["beslisser"])
    address = f"/m/{world.receipt['kenmerk']}"
    assert world.receipt["kenmerk"] in browser.get(address).follow()
    contact_is_readable(world, made)
    police_data_is_for_who_is_named(world, made)
    with made.transaction(DORDRECHT) as session:
        export = session.scalars(select(Export).where(Export.reference == world.export)).one()
        pdf = read(session, made.registry.key_ring, export, BlobKind.PDF)
        assert (pdf, export.file_sha256) == (PDF, sha256(PDF).hexdigest())
    assert (made.settings.data_dir / "bijlagen/2026/foto.bin").read_bytes() == ATTACHMENT


def contact_is_readable(world: World, made: Installation) -> None:
    with made.transaction(DORDRECHT) as session:
        report = session.get_one(Report, world.case.reports[0])
        path = f"/m/{report.reference}"
    page = made.browser(world.case.people["aanvrager"]).get(path).follow()
    assert SECRET_NAME in page
    assert SECRET_PHONE[-4:] in page


def police_data_is_for_who_is_named(world: World, made: Installation) -> None:
    with made.transaction(DORDRECHT) as session:
        item = session.scalars(select(PoliceItem)).one()
        session.expunge(item)
    assert anywhere(made, TEXT) == [], "sealed, as it was"
    made.browser(world.case.people["beslisser"]).get(POLICE, status=404)
    assert TEXT in read_police(made.browser(world.case.people["gemachtigde"]), item)


def search_finds_it_again(world: World, made: Installation) -> None:
    made.run_jobs()
    browser = made.browser(world.case.people["beslisser"])
    assert "paarse" in browser.get("/zoeken?q=paarse+rugzak")
    for receipt in (world.receipt, world.waiting):
        found = browser.get(f"/zoeken?q={receipt['kenmerk']}")
        assert found.html.select_one(f"a[href*='{receipt['kenmerk']}']")


def the_app_notices_nothing(world: World, made: Installation) -> None:
    api = Api(made)
    again = api.post(Idempotency_Key=world.key, status=(200, 201)).json
    assert again == world.receipt
    api.follow(world.receipt["kenmerk"], world.receipt["volgcode"])
    assert api.count() == len(world.case.reports) + 2


def nothing_goes_on(world: World, made: Installation) -> None:
    """Sessions are over, nobody has a job in hand, and no export is made again."""
    old = made.visitor()
    for name, value in world.cookies.items():
        old.set_cookie(name, value)
    assert "/aanmelden" in old.get("/gemeenten/dordrecht", status=303).location
    with made.transaction() as session:
        assert session.scalar(select(func.count(OutboxJob.lease_until))) == 0


def log_of(made: Installation) -> list[str]:
    with made.transaction(NATIONAL) as session:
        return list(session.scalars(select(AuditEvent.action)))


def exports_made(made: Installation) -> int:
    with made.transaction(DORDRECHT) as session:
        actions = list(session.scalars(select(AuditEvent.action)))
    return actions.count("uitvoer.gemaakt")


@pytest.mark.short_on("postgresql")
def test_the_whole_round(world: World, place: Operator) -> None:
    go_round(world, place, sealed=True)


@pytest.mark.alles
@pytest.mark.short_on("postgresql")
def test_the_whole_round_of_a_copy_that_is_not_sealed(world: World, place: Operator) -> None:
    go_round(world, place, sealed=False)


def go_round(world: World, place: Operator, *, sealed: bool) -> None:
    """Put a copy back; check that all is there, that work goes on and nothing is done twice."""
    copy = world.sealed if sealed else world.plain
    words = ("--sleutel", world.identity) if sealed else ()
    if sealed:
        # The sealed copy was made with the keys inside: no key file is needed.
        place.settings.key_file.unlink()
    code, said = place.type("terugzetten", copy, *words)
    assert (code, "(regels: 0)" in said, NEWEST in said) == (1, True, True), said
    assert database_module(place.settings).number_of_tables(place.settings) == 0
    code, said = place.type("terugzetten", copy, *words, NEWEST)
    assert code == 0, said
    assert "Teruggezet en nageteld" in said
    assert place.settings.key_file.read_bytes() == world.operator.settings.key_file.read_bytes()
    assert stat.S_IMODE(place.settings.key_file.stat().st_mode) == 0o600
    with place.installation() as made:
        assert catalogue(made) == world.catalogue
        nothing_goes_on(world, made)
        everything_is_there(world, made)
        the_app_notices_nothing(world, made)
        search_finds_it_again(world, made)
        assert exports_made(made) == 1
        assert log_of(made).count("reservekopie.teruggezet") == 1
    code, said = place.type("controleren", copy, *words, "--database")
    assert (code, "heel" in said, "klopt" in said) == (0, True, True), said


def test_the_copy_is_for_its_owner_alone_and_holds_no_secrets(world: World) -> None:
    for path in (world.plain, world.sealed):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert not list(path.parent.glob(".*"))
    secrets = json.loads(world.operator.settings.key_file.read_text(encoding="ascii"))
    inside = unpacked(world.plain)
    if world.operator.settings.search_backend == "postgresql":
        dumped = b"".join(inside[name] for name in sorted(inside) if name.startswith("database/"))
        assert b"COPY public.report (" in dumped
        assert b"COPY public.search_document (" not in dumped
    assert set(inside) >= {"database/000000", "bestanden/bijlagen/2026/foto.bin", "manifest.json"}
    assert not [name for name in inside if "sleutel" in name or "zoekindex" in name]
    for key in secrets["sleutels"].values():
        assert all(key.encode() not in data for data in inside.values())
    token = sha256(world.cookies["sessie"].encode()).hexdigest().encode()
    assert all(token not in data for data in inside.values())
    assert world.plain.read_bytes()[:2] == b"\x1f\x8b"
    assert world.sealed.read_bytes().startswith(b"age-encryption.org/v1\n")


def unpacked(path: Path) -> dict[str, bytes]:
    """What any other tar would find."""
    with tarfile.open(path) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar}  # type: ignore[union-attr]


@pytest.mark.short_on("sqlite")
def test_a_copy_that_is_not_whole_is_refused_and_nothing_is_touched(
    world: World, place: Operator, tmp_path: Path
) -> None:
    good = world.sealed.read_bytes()
    words = ("--sleutel", world.identity)
    for name, data in (("kort", good[:-1]), ("ander", good[:5000] + b"x" + good[5001:])):
        bad = tmp_path / name
        bad.write_bytes(data)
        for command in ("controleren", "terugzetten"):
            code, said = place.type(command, bad, *words)
            assert (code, "beschadigd" in said) == (1, True), said
    code, said = place.type("controleren", tmp_path / "nergens")
    assert (code, "bestaat niet" in said) == (1, True), said
    still_empty(place)


def still_empty(place: Operator) -> None:
    """A restore that was refused can be done again: nothing stands in the way of it."""
    settings = place.settings
    assert database_module(settings).number_of_tables(settings) == 0
    names = {path.name for path in settings.data_dir.iterdir()}
    assert names <= {"sleutels.json", "grootboek"}


@pytest.mark.short_on("sqlite")
def test_without_the_key_the_checksum_beside_it_tells(world: World, tmp_path: Path) -> None:
    operator = world.operator
    code, said = operator.type("controleren", world.sealed)
    assert (code, "controlesom klopt" in said) == (0, True), said
    copy = shutil.copy(world.sealed, tmp_path)
    code, said = operator.type("controleren", copy)
    assert (code, "--sleutel" in said) == (1, True), said
    beside = world.sealed.with_name(f"{world.sealed.name}.sha256")
    shutil.copy(beside, tmp_path)
    with Path(copy).open("r+b") as handle:
        handle.seek(3000)
        handle.write(b"x")
    code, said = operator.type("controleren", copy)
    assert (code, "controlesom" in said) == (1, True), said


def forge(genuine: Path, target: Path) -> Path:
    """Change a copy and make it whole again, as who has no key of the installation can."""
    with open_unpacker(genuine, None, lambda told: None, "Lezen") as unpacker:
        parts = {name: b"".join(chunks) for name, chunks in unpacker.members()}
    assert unpacker.manifest
    with target.open("wb") as handle, open_packer(handle, lambda told: None) as packer:
        for name, data in parts.items():
            packer.add_bytes(name, data + b"\x00")
        raw = replace(unpacker.manifest, parts=tuple(packer.parts)).to_json()
        packer.finish(raw, sign(new_key_ring(), raw))
    return target


@pytest.mark.short_on("sqlite")
def test_a_forged_copy_is_not_called_whole(world: World, place: Operator, tmp_path: Path) -> None:
    forged = forge(world.plain, tmp_path / "vals")
    for command in ("controleren", "terugzetten"):
        code, said = place.type(command, forged)
        assert (code, "handtekening klopt niet" in said, "heel" in said) == (1, True, False), said
    still_empty(place)
    place.settings.key_file.unlink()
    code, said = place.type("controleren", forged)
    assert (code, "niet gecontroleerd" in said) == (0, True), said


@pytest.mark.short_on("sqlite")
def test_other_keys_and_another_sealing_key_are_refused(
    world: World, place: Operator, tmp_path: Path
) -> None:
    place.settings.key_file.unlink()
    code, said = place.type("terugzetten", world.plain)
    assert (code, "ontbreekt" in said) == (1, True), said
    create_key_file(place.settings.key_file)
    for copy, words in ((world.plain, ()), (world.sealed, ("--sleutel", world.identity))):
        code, said = place.type("terugzetten", copy, *words)
        assert (code, "hoort niet bij deze reservekopie" in said) == (1, True), said
    place.type("sleutel", tmp_path / "ander")
    code, said = place.type("terugzetten", world.sealed, "--sleutel", tmp_path / "ander")
    assert (code, "past niet" in said) == (1, True), said
    code, said = place.type("terugzetten", world.sealed)
    assert (code, "--sleutel" in said) == (1, True), said
    still_empty(place)


@pytest.mark.short_on("sqlite")
def test_only_an_empty_installation_is_filled(world: World, place: Operator) -> None:
    code, said = world.operator.type("terugzetten", world.plain)
    assert (code, "De database is niet leeg" in said) == (1, True), said
    stray = place.settings.data_dir / "bijlagen" / "al.bin"
    stray.parent.mkdir()
    stray.write_bytes(b"er was al iets")
    code, said = place.type("terugzetten", world.plain)
    assert (code, "bijlagen/al.bin" in said) == (1, True), said
    assert stray.read_bytes() == b"er was al iets"


def later_version(world: World, folder: Path) -> Path:
    """The migrations of a release that is still to come: one table more."""
    migrations = Path(shutil.copytree(world.operator.settings.migrations, folder / "later"))
    head = newest_version(world.operator.settings.migrations)
    (migrations / "versions" / "9999_later.py").write_text(
        f'revision, down_revision = "9999", "{head}"\n'
        "import sqlalchemy as sa\n"
        "from alembic import op\n"
        "def upgrade():\n"
        '    op.create_table("later", sa.Column("id", sa.Integer, primary_key=True))\n',
        encoding="utf-8",
    )
    return migrations


@pytest.mark.alles
@pytest.mark.short_on("postgresql")
def test_an_older_copy_is_brought_up_and_a_newer_one_refused(
    request: pytest.FixtureRequest,
    copied_database: str,
    world: World,
    place: Operator,
    tmp_path: Path,
) -> None:
    place.configure(migrations=later_version(world, tmp_path))
    code, said = place.type("terugzetten", world.plain, NEWEST)
    assert code == 0, said
    with place.installation() as made:
        assert "later" in inspect(made.engine).get_table_names()
    newer = place.make(tmp_path / "kopieen")
    with empty_place(request, copied_database, tmp_path / "ouder") as older:
        shutil.copy(world.operator.settings.key_file, older.settings.key_file)
        code, said = older.type("terugzetten", newer)
        assert (code, "nieuwere versie" in said, "9999" in said) == (1, True, True), said
        still_empty(older)


@pytest.mark.alles
@pytest.mark.short_on("sqlite")
def test_a_copy_of_before_the_first_release_is_refused(
    request: pytest.FixtureRequest, copied_database: str, place: Operator, tmp_path: Path
) -> None:
    with installed(request, copied_database, tmp_path / "oud" / "data") as older:
        shutil.copy(place.settings.key_file, older.settings.key_file)
        owner = make_engine(older.settings, older.settings.owner_url)
        with owner.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        made = make_backup(load_settings(older.ini), owner, tmp_path, SYSTEM, lambda told: None)
        owner.dispose()
        code, said = older.type("controleren", made.path, "--database")
        assert (code, "gooi de map" in said) == (1, True), said
    code, said = place.type("terugzetten", made.path)
    assert (code, "(migratie 0001), en dit programma kan haar niet" in said) == (1, True), said
    still_empty(place)


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """A full disk, as far as this process can tell: no file grows beyond this."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.short_on("postgresql")
def test_a_full_disk_leaves_nothing_half(world: World, place: Operator, tmp_path: Path) -> None:
    folder = tmp_path / "kopieen"
    folder.mkdir()
    with room_for(4096):
        code, said = world.operator.type("maken", folder)
        assert (code, "geen ruimte" in said) == (1, True), said
        code, said = place.type("terugzetten", world.plain, NEWEST)
        assert (code, "geen ruimte" in said) == (1, True), said
    assert not list(folder.iterdir())
    assert not list(world.operator.settings.data_dir.glob(".reservekopie-*"))
    still_empty(place)


@pytest.mark.short_on("postgresql")
def test_what_cannot_be_made_says_why(world: World, tmp_path: Path) -> None:
    operator = world.operator
    code, said = operator.type("maken", tmp_path / "nergens")
    assert (code, "bestaat niet" in said) == (1, True), said
    operator.configure()
    code, said = operator.type("maken", tmp_path, "--met-sleutels")
    assert (code, "backup.recipient" in said) == (1, True), said
    with alone(operator.settings):
        code, said = operator.type("maken", tmp_path)
        assert (code, "al een reservekopie" in said) == (1, True), said
    if not operator.settings.sqlite:
        operator.configure(programs=tmp_path)
        code, said = operator.type("maken", tmp_path)
        assert (code, "pg_dump ontbreekt" in said) == (1, True), said
        # As the application itself, which sees one holder at most: no copy rather than half of one.
        operator.configure(backup_url="")
        code, said = operator.type("maken", tmp_path)
        assert (code, "database.backup_url" in said) == (1, True), said
    assert not list(tmp_path.iterdir())
    operator.configure("age1" + "q" * 58)
    code, said = operator.type("maken", tmp_path)
    assert (code, "geen geldige age-sleutel" in said) == (1, True), said
    operator.configure()


@pytest.mark.short_on("sqlite")
def test_leftovers_of_a_killed_attempt_are_cleared(world: World, tmp_path: Path) -> None:
    world.operator.configure()
    left = world.operator.settings.data_dir / ".reservekopie-dood"
    left.mkdir()
    (left / "database.sqlite").touch()
    half = tmp_path / ".stopintimidatie-20200101T000000Z.tar.gz.deel"
    half.touch()
    os.utime(half, (0, 0))
    young = tmp_path / ".stopintimidatie-20260101T000000Z.tar.gz.deel"
    young.touch()
    world.operator.make(tmp_path)
    assert (left.exists(), half.exists(), young.exists()) == (False, False, True)


@pytest.mark.alles
@pytest.mark.short_on("sqlite")
def test_a_copy_made_while_reports_come_in_is_of_one_moment(
    world: World, place: Operator, tmp_path: Path
) -> None:
    world.operator.configure()
    acknowledged: list[str] = []
    stop = threading.Event()
    with world.operator.installation() as made:
        api = Api(made)

        def keep_reporting() -> None:
            while not stop.is_set():
                acknowledged.append(api.post().json["kenmerk"])

        writer = threading.Thread(target=keep_reporting)
        writer.start()
        try:
            while len(acknowledged) < 3:
                time.sleep(0.01)
            before = list(acknowledged)
            copy = world.operator.make(tmp_path)
            during = list(acknowledged)
            while len(acknowledged) < len(during) + 3:
                time.sleep(0.01)
            after = acknowledged[len(during) + 1 :]
        finally:
            stop.set()
            writer.join()
    code, said = place.type("terugzetten", copy, NEWEST)
    assert code == 0, said
    with place.installation() as made, made.transaction(DORDRECHT) as session:
        reports = set(session.scalars(select(Report.reference)))
        assert set(before) <= reports
        assert not set(after) & reports
        # Whole reports only: each with its address, its line in the log and its key.
        ids = set(session.scalars(select(Report.id)))
        assert reports <= set(session.scalars(select(Reference.reference)))
        logged = select(AuditSubject.subject_id).join(
            AuditEvent, AuditEvent.id == AuditSubject.event_id
        )
        received = logged.where(AuditEvent.action == "melding.ontvangen")
        assert ids == set(session.scalars(received))
        answered = {row.answer["kenmerk"] for row in session.scalars(select(IdempotencyKey))}
        assert answered == {r for r in reports if r in acknowledged} | {
            world.receipt["kenmerk"],
            world.waiting["kenmerk"],
        }
