"""What went after a copy was made doesn't come back with it: the ledger takes it out again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import monotonic
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from stopintimidatie import create_app
from stopintimidatie.backup.ledger import catch_up, take_out
from stopintimidatie.backup.services import database_module
from stopintimidatie.cli import backup as commands
from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.ledger import DESTROYED as DESTROYED_WAY
from stopintimidatie.core.ledger import (
    TRANSFERRED,
    Entry,
    note_gone,
    present_position,
    read_ledger,
)
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.privacy.destruction.documents import Fate, destroy_document
from stopintimidatie.privacy.destruction.models import DestructionLine, Tombstone
from stopintimidatie.privacy.destruction.statement import standing_words
from stopintimidatie.privacy.erasure.services import erase
from stopintimidatie.privacy.retention.rules import DOSSIER_CLOSED, HANDLED
from stopintimidatie.reports.models import Report, ReportContact
from stopintimidatie.reports.personal import delete_contact
from stopintimidatie.settings import SettingsError, load_settings
from tests.support.backups import Operator, empty_place, installed
from tests.support.destruction import a_line, a_list
from tests.support.exporting import make_case
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation
from tests.support.personal import anywhere
from tests.support.readiness import fresh, ready
from tests.support.retaining import approve

pytestmark = pytest.mark.both_databases

ERASED, DESTROYED, WITHOUT_CONTACT, STAYS = "roerdomp", "kwikstaart", "ijsvogel", "steenuil"
DOSSIER = "waterhoen"


@dataclass
class World:
    """An installation, the copy that was made of it, and what went since."""

    operator: Operator
    copy: Path
    references: list[str]
    # The ledger when the copy was made had this many lines.
    lines: int


@pytest.fixture
def way_to_fill() -> Callable[[Operator], World]:
    return live


def live(operator: Operator) -> World:
    """Reports with a word each, a copy, and after it what is erased and destroyed."""
    with operator.installation() as made:
        case = make_case(made, number=4)
        words = (ERASED, DESTROYED, WITHOUT_CONTACT, STAYS)
        with made.transaction(DORDRECHT) as session:
            reports = [session.get_one(Report, number) for number in case.reports]
            for report, word in zip(reports, words, strict=True):
                report.description = f"Ik zag een {word}."
            session.get_one(Dossier, case.dossier_id).purpose = f"De {DOSSIER} beschermen."
            # Of before the copy, and not in it either.
            note_gone(session, DORDRECHT, "melding", [uuid4(), uuid4()], "vernietigd")
        made.run_jobs()
        copy = operator.make(operator.settings.data_dir.parent / "kopieen")
        with made.transaction(DORDRECHT) as session:
            first, second, third, _ = (session.get_one(Report, n) for n in case.reports)
            erase(made.registry, session, first, "bezwaar", "Verzoek.", SYSTEM)
            destroy_document(made.registry, session, "melding", second.id, Fate("", ""))
            note_gone(session, DORDRECHT, "melding", [uuid4()], "vernietigd")
            delete_contact(session, third)
        with made.transaction(DORDRECHT) as session:
            dossier = session.get_one(Dossier, case.dossier_id)
            erase(made.registry, session, dossier, "bezwaar", "Verzoek.", SYSTEM)
        made.run_jobs()
    return World(operator, copy, [report.reference for report in reports], 2)


def ledger(world: World) -> Path:
    return world.operator.settings.ledger


def is_gone(world: World, made: Installation) -> None:
    for word in (ERASED, DESTROYED, DOSSIER):
        assert anywhere(made, word) == [], word
    assert anywhere(made, STAYS) != []
    assert anywhere(made, WITHOUT_CONTACT) != []
    with made.transaction(DORDRECHT) as session:
        references = select(Report.reference).join(
            ReportContact, ReportContact.report_id == Report.id
        )
        assert session.scalars(references).all() == world.references[3:]
        first = select(Report.state).where(Report.reference == world.references[0])
        assert session.scalars(first).one() == "vernietigd"
        assert session.scalars(select(Dossier.state)).one() == "vernietigd"
        (tombstone,) = session.scalars(select(Tombstone))
        assert (tombstone.reference, tombstone.outcome) == (world.references[1], "vernietigd")
        again = select(AuditEvent.reason).where(AuditEvent.action == "reservekopie.opnieuw_weg")
        lines = {str(reason).split(":")[0] for reason in session.scalars(again)}
        assert lines == {f"grootboek, regel {number}" for number in (3, 4, 6, 7)}


@pytest.mark.alles
@pytest.mark.short_on("sqlite")
def test_what_went_lawfully_since_is_no_alarm_and_what_nobody_explains_is(world: World) -> None:
    operator, path = world.operator, ledger(world)
    words = ("controleren", world.copy, "--database")
    code, said = operator.type(*words)
    assert (code, "minder is, mocht weg" in said) == (0, True), said
    assert "in het grootboek: 2 weg sinds de kopie" in said
    good = path.read_bytes()
    try:
        path.write_bytes(b"".join(good.splitlines(keepends=True)[: world.lines]))
        code, said = operator.type(*words)
    finally:
        path.write_bytes(good)
    assert (code, "het grootboek zegt niet waarom" in said) == (1, True), said


@pytest.mark.short_on("sqlite")
def test_what_went_since_does_not_come_back(world: World, place: Operator) -> None:
    code, said = place.type("terugzetten", world.copy, "--grootboek", ledger(world))
    assert code == 0, said
    for words in ("4 documenten weer weg", "melding, gewist: 1", "melding, contact weg: 1"):
        assert words in said
    assert f"melding, vernietigd: 1 ({world.references[1]})" in said
    with place.installation() as made:
        is_gone(world, made)
        ready(made, 200)
        made.run_jobs()
        settings, ring = made.settings, made.registry.key_ring
        # The ledger goes on here.
        with made.transaction(DORDRECHT) as session:
            note_gone(session, DORDRECHT, "melding", [uuid4()], "gewist")
        made.run_jobs()
        before = read_ledger(ledger(world), ring)
        assert read_ledger(settings.ledger, ring)[: len(before)] == before
        assert read_ledger(settings.ledger, ring)[-1].did == "gewist"
        with made.transaction() as session:
            last = read_ledger(settings.ledger, ring)[-1]
            assert present_position(session).number == last.number


@pytest.mark.alles
@pytest.mark.sqlite
def test_a_tombstone_says_what_the_copy_still_tells_of_the_decision(
    installation: Installation,
) -> None:
    case = make_case(installation, number=3)
    approve(installation)
    with installation.transaction(DORDRECHT) as session:
        listed, ended, open_still = (session.get_one(Report, n) for n in case.reports)
        for report in (listed, ended):
            report.state, report.ended_at = "afgehandeld", utc_now()
        on_list = a_list(session)
        more = {"document_id": listed.id, "authorised_at": utc_now()}
        a_line(session, on_list, listed.reference, **more)
    entries = [
        Entry(number, utc_now(), DORDRECHT, "melding", report, DESTROYED_WAY)
        for number, report in enumerate((listed.id, ended.id, open_still.id), 1)
    ]
    entries.append(Entry(4, utc_now(), DORDRECHT, "dossier", case.dossier_id, TRANSFERRED))
    assert len(take_out(installation.registry, entries, utc_now())) == 4
    with installation.transaction(DORDRECHT) as session:
        stones = {stone.document_id: stone for stone in session.scalars(select(Tombstone))}
        (line,) = session.scalars(select(DestructionLine))
        assert line.gone_at is not None
        said = [
            (stone.retention_class, stone.category, stone.list_number)
            for stone in (stones[entry.id] for entry in entries)
        ]
    assert said == [
        (HANDLED, "8.1", "2031-4"),
        (HANDLED, f"cat {HANDLED}", None),
        ("grootboek", "", None),
        (DOSSIER_CLOSED, f"cat {DOSSIER_CLOSED}", None),
    ]
    privacy = case.browser("privacy")
    page = privacy.get(f"/m/{ended.reference}").follow()
    page.mustcontain(f"volgens categorie cat {HANDLED}.", no=["doorlopend besluit"])
    page = privacy.get(f"/m/{open_still.reference}").follow()
    page.mustcontain("Niet bekend: opnieuw weg na een reservekopie")
    words = standing_words(stones.values())
    assert "4 documenten gingen opnieuw weg" in words


@pytest.mark.alles
@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("sqlite", False),
        pytest.param("sqlite", True, marks=pytest.mark.alles),
        pytest.param("postgresql", False, marks=pytest.mark.alles),
        pytest.param("postgresql", True, marks=pytest.mark.alles),
    ],
)
def test_a_copy_of_before_the_line_in_the_ledger_has_it_written_once(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path, written: bool
) -> None:
    """The machine dies between the commit and the line, or between the line and the next copy."""
    with installed(request, kind, tmp_path / "oud" / "data") as operator:
        with operator.installation() as made:
            catch_up(made.registry)
            case = make_case(made, number=1)
            made.run_jobs()
            with made.transaction(DORDRECHT) as session:
                session.get_one(Report, case.reports[0]).description = f"Een {DESTROYED}."
            with made.transaction(DORDRECHT) as session:
                destroy_document(
                    made.registry, session, "melding", case.reports[0], Fate(HANDLED, "8.1")
                )
            copy = operator.make(tmp_path / "kopieen")
            if written:
                made.run_jobs()
            old = operator.settings
            lines = read_ledger(old.ledger, made.registry.key_ring)
            assert [entry.id for entry in lines] == case.reports * written
        with empty_place(request, kind, tmp_path / "nieuw") as place:
            shutil.copy(old.key_file, place.settings.key_file)
            sure = () if written else ("--nieuwste-grootboek",)
            code, said = place.type("terugzetten", copy, "--grootboek", old.ledger, *sure)
            assert code == 0, said
            with place.installation() as again:
                again.run_jobs()
                assert anywhere(again, DESTROYED) == []
                (entry,) = read_ledger(again.settings.ledger, again.registry.key_ring)
                assert (entry.id, entry.did) == (case.reports[0], "vernietigd")
                with again.transaction(DORDRECHT) as session:
                    (stone,) = session.scalars(select(Tombstone))
                    assert (stone.retention_class, stone.category) == (HANDLED, "8.1")


@pytest.mark.short_on("sqlite")
def test_without_a_ledger_that_fits_nothing_is_put_back(
    world: World, place: Operator, tmp_path: Path
) -> None:
    code, said = place.type("terugzetten", world.copy)
    assert (code, "--zonder-grootboek" in said) == (1, True), said
    lines = ledger(world).read_bytes().splitlines(keepends=True)
    changed, short, stranger = (tmp_path / name for name in ("gewijzigd", "kort", "vreemd"))
    changed.write_bytes(b"".join([*lines[:2], lines[2].replace(b"gewist", b"weg"), *lines[3:]]))
    code, said = place.type("terugzetten", world.copy, "--grootboek", changed)
    assert (code, "Regel 3 van het grootboek" in said) == (1, True), said
    short.write_bytes(b"".join(lines[: world.lines - 1]))
    code, said = place.type("terugzetten", world.copy, "--grootboek", short)
    assert (code, f"regel {world.lines}," in said) == (1, True), said
    stranger.mkdir()
    create_key_file(stranger / "sleutels.json")
    code, said = place.type("terugzetten", world.copy, "--grootboek", stranger / "nergens")
    assert (code, "is er niet" in said) == (1, True), said
    code, said = place.type(
        "terugzetten", world.copy, "--grootboek", ledger(world), "--zonder-grootboek"
    )
    assert (code, "Kies één" in said) == (2, True), said
    assert {path.name for path in place.settings.data_dir.iterdir()} <= {"sleutels.json"}


@pytest.mark.alles
@pytest.mark.short_on("sqlite")
def test_without_a_ledger_everything_comes_back_when_that_is_asked(
    world: World, place: Operator
) -> None:
    code, said = place.type("terugzetten", world.copy, "--zonder-grootboek")
    assert (code, "wis opnieuw" in said) == (0, True), said
    with place.installation() as made:
        assert anywhere(made, ERASED) != []
        ready(made, 200)
        # Nobody knows the old one any more, so a new one begins.
        with made.transaction(DORDRECHT) as session:
            note_gone(session, DORDRECHT, "melding", [uuid4()], "gewist")
        made.run_jobs()
        (entry,) = read_ledger(made.settings.ledger, made.registry.key_ring)
        assert (entry.number, ready(made, 200)["grootboek"]["toestand"]) == (1, "goed")


@pytest.mark.alles
@pytest.mark.short_on("sqlite")
def test_a_ledger_that_is_no_newer_than_the_copy_must_be_confirmed(
    world: World, place: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, asked = tmp_path / "oud.jsonl", iter((False, True))
    lines = ledger(world).read_bytes().splitlines(keepends=True)
    old.write_bytes(b"".join(lines[: world.lines]))
    words = ("terugzetten", world.copy, "--grootboek", old)
    code, said = place.type(*words)
    assert (code, "(regels: 2)" in said) == (1, True), said
    assert "--nieuwste-grootboek" in said
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("click.confirm", lambda question: next(asked))
    code, said = place.type(*words)
    assert (code, "(regels: 2)" in said) == (1, True), said
    assert database_module(place.settings).number_of_tables(place.settings) == 0
    code, said = place.type(*words)
    assert code == 0, said
    with place.installation() as made, made.transaction() as session:
        assert present_position(session).number == world.lines


@pytest.mark.alles
@pytest.mark.short_on("sqlite")
def test_until_the_ledger_was_applied_the_portal_does_not_open(
    world: World, place: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("terugzetten", world.copy, "--grootboek", ledger(world))

    def killed(*given: Any) -> None:
        raise KeyboardInterrupt

    # Before the ledger, and after the first documents of it.
    for name in ("install", "reopen"):
        with monkeypatch.context() as patched:
            patched.setattr(commands, name, killed)
            code, said = place.type(*words)
        assert (code != 0, "niet afgemaakt" in said) == (True, True), said
        with pytest.raises(SettingsError, match="nog niet helemaal teruggezet"):
            create_app(load_settings(place.ini))
    with place.installation() as made:
        check = ready(made, 503)["terugzetten"]
        assert (check["toestand"], "nog eens" in check["melding"]) == ("fout", True)
    # Not with another ledger or none, either.
    code, said = place.type("terugzetten", world.copy, "--grootboek", world.operator.ini)
    assert code == 1, said
    code, said = place.type(*words)
    assert (code, "staat er al" in said) == (0, True), said
    create_app(load_settings(place.ini)).registry.engine.dispose()
    with place.installation() as made:
        is_gone(world, made)
        ready(made, 200)


@pytest.mark.alles
@pytest.mark.short_on("postgresql")
def test_a_restore_that_was_killed_while_it_filled_is_begun_again_from_nothing(
    world: World, place: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*given: Any) -> None:
        raise KeyboardInterrupt

    words = ("terugzetten", world.copy, "--grootboek", ledger(world))
    monkeypatch.setattr("stopintimidatie.backup.restore.mark_filled", killed)
    assert place.type(*words)[0] != 0
    monkeypatch.undo()
    with pytest.raises(SettingsError, match="nog niet helemaal teruggezet"):
        create_app(load_settings(place.ini))
    code, said = place.type(*words)
    assert (code, "De database is niet leeg" in said) == (1, True), said


def test_two_different_ledgers_are_never_made_one(world: World, place: Operator) -> None:
    mine = place.settings.ledger
    mine.parent.mkdir()
    mine.write_bytes(b'{"number":1,"at":"een ander"}\n')
    code, said = place.type("terugzetten", world.copy, "--grootboek", ledger(world))
    assert (code, "al een ander grootboek" in said) == (1, True), said
    assert mine.read_bytes() == b'{"number":1,"at":"een ander"}\n'


@pytest.mark.short_on("sqlite")
def test_a_copy_says_when_its_ledger_is_not_to_be_trusted(world: World, tmp_path: Path) -> None:
    path = ledger(world)
    good = path.read_bytes()
    try:
        for damaged in (good[:200] + b"x" + good[201:], good.splitlines(keepends=True)[0]):
            path.write_bytes(damaged)
            code, said = world.operator.type("maken", tmp_path)
            assert (code, "Let op: " in said, "grootboek" in said) == (0, True, True), said
            next(tmp_path.glob("*.gz")).rename(tmp_path / "klaar")
            next(tmp_path.glob("*.sha256")).unlink()
    finally:
        path.write_bytes(good)


@pytest.mark.alles
@pytest.mark.judged_once
def test_a_restore_that_is_killed_at_any_moment_ends_well_or_lets_nothing_open(
    request: pytest.FixtureRequest, copied_database: str, world: World, tmp_path: Path
) -> None:
    random, longest, killed, resumed = Random(17), 600.0, 0, 0
    for turn in range(12):
        with empty_place(request, copied_database, tmp_path / str(turn)) as place:
            shutil.copy(world.operator.settings.key_file, place.settings.key_file)
            words = ("terugzetten", world.copy, "--grootboek", ledger(world))
            # The first is left alone, and tells how long it takes.
            seconds = random.uniform(longest / 3, longest) if turn else longest
            taken = killed_after(place, seconds, words)
            killed, longest = killed + (taken >= seconds), taken if not turn else longest
            if database_module(place.settings).number_of_tables(place.settings):
                check_what_opens(world, place)
            if turn:
                code, said = place.type(*words)
                resumed += "staat er al" in said
                assert code == 0 or "niet leeg" in said, said
                check_what_opens(world, place)
    assert killed
    assert resumed


def killed_after(place: Operator, seconds: float, words: Sequence[object]) -> float:
    """Give the command in a process that is killed after so long; how long it lived."""
    command = [sys.executable, "-m", "stopintimidatie.cli", "--ini", str(place.ini), "reservekopie"]
    begun = monotonic()
    process = subprocess.Popen([*command, *map(str, words)], stderr=subprocess.DEVNULL)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return monotonic() - begun


def check_what_opens(world: World, place: Operator) -> None:
    """Check that a portal that is ready holds nothing that the ledger names."""
    with suppress(SettingsError):
        create_app(load_settings(place.ini)).registry.engine.dispose()
        with place.installation() as made:
            if fresh(made).get("/health/ready", status="*").status_int == 200:
                is_gone(world, made)
