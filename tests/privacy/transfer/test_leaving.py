"""A municipality that ends: everything in open formats, read back; and then nothing left."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
import pytest
from sqlalchemy import LargeBinary, func, select

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.audit import SYSTEM, Actor, AuditEvent, record_read
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import SEALED_TABLES
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.text import day_of
from stopintimidatie.dossiers.models import Dossier, DossierMove
from stopintimidatie.exports.models import Export
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.privacy.destruction import statement
from stopintimidatie.privacy.destruction.models import (
    ArchiveTransfer,
    DestructionStatement,
    Tombstone,
)
from stopintimidatie.privacy.holds.models import HoldReason
from stopintimidatie.privacy.holds.services import place_hold
from stopintimidatie.privacy.police.models import PoliceEvent, PoliceItem
from stopintimidatie.privacy.requests.models import PURPOSE as SEALED
from stopintimidatie.privacy.requests.models import RequestLetter, SubjectRequest
from stopintimidatie.privacy.subjects.models import VAULT as COPIES
from stopintimidatie.privacy.transfer import removal
from stopintimidatie.privacy.transfer import rows as rows_of_tables
from stopintimidatie.privacy.transfer.departure import LEFT_OUT, tables_of, write_everything
from stopintimidatie.privacy.transfer.removal import (
    APART,
    STAYS,
    check_may_go,
    is_apart,
    kept_words,
    numbers_of,
)
from stopintimidatie.privacy.transfer.rows import ASIDE, BARE, SEALED_KEYS, SECRET
from stopintimidatie.privacy.transfer.services import EVERYTHING
from stopintimidatie.reports.handling.services import add_note
from stopintimidatie.reports.models import Report, ReportNote, ReportTransfer
from tests.support.exporting import (
    ACCOUNT,
    FAKE,
    SECRET_MAIL,
    SECRET_NAME,
    SECRET_PHONE,
    Case,
    approved,
    make_case,
    quick,
)
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_report, make_user
from tests.support.installation import Installation
from tests.support.keyboard import Keyboard
from tests.support.personal import anywhere
from tests.support.policing import TEXT, keep_something
from tests.support.retaining import approve
from tests.support.subjects import a_request
from tests.support.town import own_town
from tests.support.transferring import PHOTO, SOUND, check_bag, closed_case, number_of

pytestmark = pytest.mark.both_databases
COMMAND = ("gemeente", "uitvoeren", "dordrecht")


@pytest.fixture
def keyboard(installation: Installation, capsys: pytest.CaptureFixture[str]) -> Keyboard:
    return Keyboard(installation, capsys)


@pytest.fixture
def case(installation: Installation) -> Case:
    """A town with a dossier that has left the programme."""
    made = closed_case(installation)
    with installation.transaction() as session:
        profile = session.get_one(MunicipalityProfile, DORDRECHT)
        profile.noted_level = ParticipationLevel.NO_AGREEMENT
    return made


def receive(case: Case, number: str = "RB-2026-9", who: str = "archief") -> None:
    """Note, as the archivist, the decision to leave and that the package is there."""
    form = case.browser(who).get("/gemeenten/dordrecht/vertrek").forms["formulier"]
    form["van"], form["nummer"] = "Gemeenteraad", number
    form["datum"] = day_of(utc_now()).isoformat()
    page = form.submit("ontvangen", status=303).follow()
    page.mustcontain(f"Gemeenteraad, nummer {number}", no=["formulier"])


def taking_back(case: Case) -> Any:
    """The button of the archivist that takes back what was noted."""
    page = case.browser("archief").get("/gemeenten/dordrecht/vertrek")
    return next(form for form in page.forms.values() if "terugnemen" in form.fields)


def rows_everywhere(installation: Installation) -> Mapping[str, int]:
    """The number of rows of every table there is, whoever holds them."""
    with installation.owner.connect() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


def files_in(folder: Path) -> Mapping[str, bytes]:
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    check_bag(files)
    return files


@pytest.mark.short_on("postgresql")
def test_all_of_a_town_is_in_the_folder_and_reads_back(
    installation: Installation,
    keyboard: Keyboard,
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Tables are read some rows at a time.
    monkeypatch.setattr(rows_of_tables, "AT_ONCE", 2)
    with installation.transaction(DORDRECHT) as session:
        apart = str(keep_something(session, installation.registry.key_ring).reference)
        shown = sorted((uuid4(), uuid4()))
        record_read(session, SYSTEM, DORDRECHT, "melding", shown, task="postvak")
    code, out, err = keyboard.type(*COMMAND, str(tmp_path / "uit"))
    assert code == 0, err
    assert "index.html" in out
    files = files_in(tmp_path / "uit")
    with installation.transaction(DORDRECHT) as session:
        for report in session.scalars(select(Report)):
            kept = json.loads(files[f"data/meldingen/{report.reference}.json"])
            assert kept["melding"]["omschrijving"] == report.description
            assert kept["melding"]["id"] == str(report.id)
        for dossier in session.scalars(select(Dossier)):
            kept = json.loads(files[f"data/dossiers/{dossier.number}.json"])
            moves = session.scalars(
                select(DossierMove.name).where(DossierMove.dossier_id == dossier.id)
            )
            assert sorted(row["name"] for row in kept["dossier_move"]) == sorted(moves)
        for name in ("audit_event", "dossier", "report", "dossier_note", "role_assignment"):
            table = Base.metadata.tables[name]
            rows = json.loads(files[f"data/tabellen/{name}.json"])
            count = select(func.count()).select_from(table).where(table.c.holder == DORDRECHT)
            # The line in the log about this very folder came after it.
            assert len(rows) == (session.scalar(count) or 0) - (name == "audit_event")
            lines = files[f"data/tabellen/{name}.csv"].decode("utf-8-sig")
            assert lines.startswith('"')
        actions = session.scalars(select(AuditEvent.action)).all()
    listed = [row["listed"] for row in json.loads(files["data/tabellen/audit_event.json"])]
    assert list(map(str, shown)) in listed
    assert "gemeente.uitgevoerd" in actions
    assert {PHOTO, SOUND} <= set(files.values())
    with installation.transaction(DORDRECHT) as session:
        told = session.scalars(select(PoliceEvent.action).order_by(PoliceEvent.at)).all()
    assert told == ["vastgelegd", "uitgevoerd"]
    # Police data is apart, so that it can be given to who may read it.
    (item,) = json.loads(files["data/politie/police_item.json"])
    assert TEXT in item["content"]
    telling = {name for name, content in files.items() if apart.encode() in content}
    assert telling == {"data/politie/police_item.csv", "data/politie/police_item.json"}
    page = files["data/index.html"].decode()
    assert "<th>tabellen/report</th><td>3</td><td>Meldingen</td>" in page
    assert "meldpunt" not in page
    everything = b"".join(files.values())
    for words in (SECRET_NAME, SECRET_PHONE, SECRET_MAIL):
        assert words.encode() in everything
    for words in ("follow_code_hash", "password_hash"):
        assert words.encode() not in everything


@pytest.mark.sqlite
def test_every_table_of_a_town_is_in_its_package_or_is_named_as_left_out(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with own_town(request, "sqlite", tmp_path / "stad") as town:
        check_every_table(town.installation, tmp_path / "uit")


def check_every_table(installation: Installation, folder: Path) -> None:
    arguments = (installation.registry, installation.engine, DORDRECHT, "Dordrecht")
    write_everything(*arguments, folder, SYSTEM, lambda _: None)
    files = files_in(folder)
    page, sealed = files["data/index.html"].decode(), SEALED_TABLES.of(installation.registry)
    with installation.transaction(DORDRECHT) as session:
        withdrawn = select(Report.id).where(Report.state == "ingetrokken")
        for table, column in tables_of():
            if table.name in LEFT_OUT:
                assert f"tabel {table.name}<" in page
                continue
            # Bytes are written as files, each by its own rule: a new table with bytes needs one.
            bytes_in = [c.name for c in table.c if isinstance(c.type, LargeBinary)]
            assert not bytes_in or table.name in ("destruction_statement", "municipality_logo")
            mine = select(func.count()).select_from(table).where(table.c[column] == DORDRECHT)
            if table.name.startswith(("report_", "reporter_")) and "report_id" in table.c:
                mine = mine.where(table.c.report_id.not_in(withdrawn))
            if table.name == "reference":
                own = select(PoliceItem.reference).where(PoliceItem.reference.is_not(None))
                mine = mine.where(table.c.reference.not_in(own))
            if table.name == "police_item":
                marked = table.c.taken.is_not(None) & table.c.document_id.in_(withdrawn)
                mine = mine.where(~marked)
            number = session.scalar(mine) or 0
            part = "politie" if table.info.get("apart") else "tabellen"
            content = files.get(f"data/{part}/{table.name}.json", b"[]")
            # The line in the log about this very folder, and its own row, came after it.
            later = {"audit_event": 1, "archive_transfer": 1, "police_event": 1}.get(table.name, 0)
            rows = json.loads(content)
            assert len(rows) == number - later, table.name
            opened = sealed[table.name].columns if table.name in sealed else ()
            not_in = {*SECRET, *SEALED_KEYS, *bytes_in, *ASIDE.get(table.name, ())}
            for row in rows:
                assert {*row} >= {c.name for c in table.c} - not_in
                assert not [c for c in opened if str(row.get(c)).startswith("1:")]


@pytest.mark.alles
@pytest.mark.sqlite
def test_requests_go_along_with_their_question_letters_and_copy(
    installation: Installation, keyboard: Keyboard, case: Case, tmp_path: Path
) -> None:
    keys = installation.registry.key_ring
    with installation.transaction(DORDRECHT) as session:
        row = a_request(session)
        row.question = keys.encrypt(SEALED, "Wat weet u van mij?", str(row.id))
        letter = RequestLetter(
            holder=DORDRECHT, request_id=row.id, kind="ontvangst", made_by="Pri Vacy", id=uuid4()
        )
        letter.content = keys.encrypt(SEALED, "Wij hebben uw verzoek.", str(letter.id))
        session.add(letter)
        COPIES.keep(session, keys, row, "pdf", b"%PDF van de kopie")
        COPIES.keep(session, keys, row, "kopie", b'{"van": "mij"}')
        reference = row.reference
    assert keyboard.type(*COMMAND, str(tmp_path / "uit"))[0] == 0
    files = files_in(tmp_path / "uit")
    assert b"Wat weet u van mij?" in files["data/tabellen/subject_request.json"]
    assert b"Wij hebben uw verzoek." in files["data/tabellen/request_letter.json"]
    assert files[f"data/verzoeken/{reference}/pdf.pdf"] == b"%PDF van de kopie"
    assert files[f"data/verzoeken/{reference}/kopie.json"] == b'{"van": "mij"}'


@pytest.mark.short_on("postgresql")
def test_what_is_left_is_destroyed_with_a_statement(
    installation: Installation,
    keyboard: Keyboard,
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(statement, "render_in_process", lambda *_, **__: FAKE)
    monkeypatch.setattr(statement, "AT_ONCE", 3)
    monkeypatch.setattr(click, "prompt", lambda *_, **__: DORDRECHT)
    approve(installation)
    with installation.transaction(DORDRECHT) as session:
        keep_something(session, installation.registry.key_ring)
        first, double = (session.get_one(Report, number) for number in case.reports[:2])
        double.state, double.ended_reason = "niet_in_behandeling", "dubbel"
        double.duplicate_of_id = first.id
    connect(installation, EINDHOVEN)
    with installation.transaction(EINDHOVEN) as session:
        given = {"reference": "S26-999991", "actor_name": "Collega", "reason": "Verkeerde plek."}
        session.add(ReportTransfer(giver=EINDHOVEN, receiver=DORDRECHT, **given))
    early = keyboard.type(*COMMAND, str(tmp_path / "vroeg"), "--vernietigen")
    assert (early[0], "nog niet ontvangen" in early[2]) == (1, True)
    assert keyboard.type(*COMMAND, str(tmp_path / "eerst"))[0] == 0
    receive(case)
    with installation.transaction(DORDRECHT) as session:
        before = numbers_of(session, DORDRECHT)
    rows_before = rows_everywhere(installation)
    code, out, err = keyboard.type(*COMMAND, str(tmp_path / "uit"), "--vernietigen")
    assert code == 0, err
    rows_after = rows_everywhere(installation)
    assert "Vernietigd" in out
    (pdf,) = tmp_path.glob("uit-verklaring-V-*.pdf")
    assert pdf.read_bytes() == FAKE
    installation.run_jobs()
    for words in (ACCOUNT, SECRET_NAME, "Interne gedachte", "De kiosk van voren"):
        assert anywhere(installation, words) == []
    with installation.transaction(DORDRECHT) as session:
        for table in Base.metadata.sorted_tables:
            if "holder" not in table.c or table.info.get("append_only") or table.name in STAYS:
                continue
            mine = select(func.count()).select_from(table).where(table.c.holder == DORDRECHT)
            assert session.scalar(mine) == 0, table.name
        stones = session.scalars(select(Tombstone)).all()
        categories = dict.fromkeys(case.reports, "cat melding_afgehandeld")
        categories[case.dossier_id] = "cat dossier_afgesloten"
        assert {stone.document_id: stone.category for stone in stones} == categories
        made = session.scalars(select(DestructionStatement)).one()
        assert {stone.statement_id for stone in stones} == {made.id}
        said = dict(made.content["gegevens"])
        assert said["Besluit"].startswith("Gemeenteraad, nummer RB-2026-9, van ")
        assert "Ar Chief" in said["Pakket ontvangen"]
        # Every table that had rows is counted: what went, and what stays.
        lines = said["Vernietigde rijen per tabel"].split("; ")
        went = dict(line.rsplit(" ", 1) for line in lines)
        stayed = dict(made.content["bleef"])
        left = numbers_of(session, DORDRECHT)
        for name, number in before.items():
            # Nor does the statement tell that something apart came from the police.
            counted = APART if is_apart(name) else name
            assert counted in went or kept_words(name) in stayed, name
            if name not in left and not is_apart(name):
                assert int(went[name]) == number, name
        emptied = {n: number - rows_after[n] for n, number in rows_before.items()}
        # Work of the programme, and sessions of people, are no data of a municipality.
        gone = {n for n, number in emptied.items() if number > 0} - {"outbox_job", "login_session"}
        assert {APART if is_apart(name) else name for name in gone} <= set(went)
        assert {"attachment_part", "report_transfer", APART} <= set(went)
        events = session.scalar(select(func.count(PoliceEvent.id)))
        assert (went[APART], stayed[APART]) == ("1", events)
        assert "police" not in json.dumps(made.content)
        roles = select(func.count()).where(RoleAssignment.holder == DORDRECHT)
        assert session.scalar(roles) == 0
        assert "gemeente.vernietigd" in session.scalars(select(AuditEvent.action)).all()
    assert keyboard.type(*COMMAND, str(tmp_path / "nog-eens"))[0] == 0


@pytest.mark.alles
@pytest.mark.sqlite
def test_what_changed_after_the_received_package_asks_for_a_new_one(
    installation: Installation,
    keyboard: Keyboard,
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(statement, "render_in_process", lambda *_, **__: FAKE)
    monkeypatch.setattr(click, "prompt", lambda *_, **__: DORDRECHT)
    assert keyboard.type(*COMMAND, str(tmp_path / "een"))[0] == 0
    receive(case)
    # Reading changes nothing; a note does.
    case.browser("aanvrager").get(case.path)
    with installation.transaction(DORDRECHT) as session:
        check_may_go(session)
        report = session.get_one(Report, case.reports[0])
        add_note(session, report, "Na de ontvangst.", Actor("gebruiker", None, "An Vrager"))
    refused = keyboard.type(*COMMAND, str(tmp_path / "weg"), "--vernietigen")
    assert (refused[0], "Maak een nieuw pakket" in refused[2]) == (1, True)
    assert not (tmp_path / "weg").exists()
    with installation.transaction(DORDRECHT) as session:
        assert session.scalar(select(func.count(Report.id)))
    assert keyboard.type(*COMMAND, str(tmp_path / "twee"))[0] == 0
    receive(case, "RB-2026-10")
    assert keyboard.type(*COMMAND, str(tmp_path / "weg"), "--vernietigen")[0] == 0


@pytest.mark.alles
@pytest.mark.sqlite
def test_a_later_leaving_needs_a_package_and_a_decision_of_its_own_and_counts_afresh(
    installation: Installation,
    keyboard: Keyboard,
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(statement, "render_in_process", lambda *_, **__: FAKE)
    monkeypatch.setattr(click, "prompt", lambda *_, **__: DORDRECHT)
    assert keyboard.type(*COMMAND, str(tmp_path / "een"))[0] == 0
    receive(case)
    with installation.transaction(DORDRECHT) as session:
        package = session.scalars(select(ArchiveTransfer.sha256)).one()
    assert keyboard.type(*COMMAND, str(tmp_path / "weg-een"), "--vernietigen")[0] == 0
    case.people["nieuw"] = make_user(installation, (DORDRECHT, Role.ARCHIVIST), name="Archi Va")
    with installation.transaction(DORDRECHT) as session:
        kept = make_report(session, installation).id
    page = case.browser("nieuw").get("/gemeenten/dordrecht/vertrek")
    page.mustcontain("Nog geen pakket", no=["RB-2026-9", "formulier"])
    refused = keyboard.type(*COMMAND, str(tmp_path / "weg-twee"), "--vernietigen")
    assert (refused[0], "nog niet ontvangen" in refused[2]) == (1, True)
    assert keyboard.type(*COMMAND, str(tmp_path / "twee"))[0] == 0
    assert keyboard.type(*COMMAND, str(tmp_path / "weg-twee"), "--vernietigen")[0] == 1
    with installation.transaction(DORDRECHT) as session:
        assert session.get(Report, kept) is not None
    receive(case, "RB-2027-1", "nieuw")
    assert keyboard.type(*COMMAND, str(tmp_path / "weg-twee"), "--vernietigen")[0] == 0
    with installation.transaction(DORDRECHT) as session:
        assert session.get(Report, kept) is None
        assert session.scalars(select(ArchiveTransfer)).all() == []
        newest = select(DestructionStatement).order_by(DestructionStatement.number)
        first, second = (dict(row.content["gegevens"]) for row in session.scalars(newest))
    assert "RB-2026-9" in first["Besluit"]
    assert package != first["Pakket"].rpartition(" ")[2] != second["Pakket"].rpartition(" ")[2]
    assert "RB-2027-1" in second["Besluit"]
    went = dict(line.split() for line in second["Vernietigde rijen per tabel"].split("; "))
    assert went["report"] == "1"
    assert "dossier" not in went


@pytest.mark.alles
@pytest.mark.sqlite
def test_a_newer_package_must_be_received_again(
    installation: Installation,
    keyboard: Keyboard,
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(click, "prompt", lambda *_, **__: DORDRECHT)
    assert keyboard.type(*COMMAND, str(tmp_path / "een"))[0] == 0
    receive(case)
    assert keyboard.type(*COMMAND, str(tmp_path / "twee"))[0] == 0
    page = case.browser("archief").get("/gemeenten/dordrecht/vertrek")
    page.mustcontain("formulier", no=["RB-2026-9"])
    refused = keyboard.type(*COMMAND, str(tmp_path / "weg"), "--vernietigen")
    assert (refused[0], "nog niet ontvangen" in refused[2]) == (1, True)
    assert "report" in anywhere(installation, ACCOUNT)


@pytest.mark.alles
@pytest.mark.sqlite
def test_decision_and_receipt_can_be_taken_back_until_something_is_destroyed(
    installation: Installation,
    keyboard: Keyboard,
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def breaks(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    assert keyboard.type(*COMMAND, str(tmp_path / "een"))[0] == 0
    receive(case)
    page = taking_back(case).submit("terugnemen", status=303).follow()
    page.mustcontain("Teruggenomen", no=["RB-2026-9"])
    with installation.transaction(DORDRECHT) as session, pytest.raises(FormError):
        check_may_go(session)
    receive(case, "RB-2026-10")
    back = taking_back(case)
    arguments = (installation.registry, installation.engine, DORDRECHT, SYSTEM, lambda _: None)
    with monkeypatch.context() as patch:
        patch.setattr(removal, "_mark", breaks)
        with pytest.raises(OSError, match="No space"):
            removal.destroy_everything(*arguments)
    back.submit("terugnemen", status=409).mustcontain("al begonnen")
    # What was begun goes on by the same decision, whatever package is made meanwhile.
    assert keyboard.type(*COMMAND, str(tmp_path / "twee"))[0] == 0
    with installation.transaction(DORDRECHT) as session:
        assert check_may_go(session).receipt_number == "RB-2026-10"
        actions = session.scalars(select(AuditEvent.action)).all()
    assert actions.count("gemeente.vertrek_teruggenomen") == 1


@pytest.mark.alles
@pytest.mark.sqlite
def test_a_second_archivist_does_not_overwrite_the_decision_of_the_first(
    keyboard: Keyboard, case: Case, tmp_path: Path
) -> None:
    assert keyboard.type(*COMMAND, str(tmp_path / "een"))[0] == 0
    browser = case.browser("archief")
    late = browser.get("/gemeenten/dordrecht/vertrek").forms["formulier"]
    receive(case)
    late["van"], late["nummer"] = "College", "C-1"
    late["datum"] = day_of(utc_now()).isoformat()
    page = late.submit("ontvangen", status=422)
    page.mustcontain("al vastgelegd, door Ar Chief", "Gemeenteraad, nummer RB-2026-9")
    page = browser.get("/gemeenten/dordrecht/vertrek")
    page.mustcontain("Gemeenteraad, nummer RB-2026-9", no=["C-1", "formulier"])


@pytest.mark.alles
@pytest.mark.sqlite
def test_an_objection_that_runs_or_can_still_come_stops_a_leaving(
    installation: Installation, keyboard: Keyboard, case: Case, tmp_path: Path
) -> None:
    today = day_of(utc_now())
    assert keyboard.type(*COMMAND, str(tmp_path / "een"))[0] == 0
    receive(case)
    with installation.transaction(DORDRECHT) as session:
        row = a_request(session)
        row.ended_at, row.objection_until = utc_now(), today
        number = row.id
    for until, since, over, words in (
        (today, None, None, "Over 1 beantwoord verzoek kan nog bezwaar komen. Wacht tot na"),
        (today - timedelta(1), today - timedelta(9), None, "Over 1 beantwoord verzoek loopt een"),
        (today, today - timedelta(9), None, "Over 1 beantwoord verzoek loopt een bezwaar"),
        (today, today - timedelta(9), today, "kan nog bezwaar komen"),
        (today - timedelta(1), today - timedelta(9), today, ""),
        (today - timedelta(1), None, None, ""),
    ):
        with installation.transaction(DORDRECHT) as session:
            row = session.get_one(SubjectRequest, number)
            row.objection_until, row.objection_on, row.objection_ended_on = until, since, over
        if not words:
            with installation.transaction(DORDRECHT) as session:
                assert check_may_go(session).receipt_number == "RB-2026-9"
            continue
        page = case.browser("archief").get("/gemeenten/dordrecht/vertrek")
        page.mustcontain(words)
        refused = keyboard.type(*COMMAND, str(tmp_path / "weg"), "--vernietigen")
        assert (refused[0], words in refused[2]) == (1, True)
        assert list(tmp_path.glob("weg*")) == []


@pytest.mark.alles
@pytest.mark.sqlite
def test_a_leaving_that_broke_off_goes_on_and_its_statement_counts_all(
    installation: Installation, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(statement, "render_in_process", lambda *_, **__: FAKE)
    monkeypatch.setattr(removal, "AT_ONCE", 2)
    arguments = (installation.registry, installation.engine, DORDRECHT, SYSTEM, lambda _: None)
    with installation.transaction(DORDRECHT) as session:
        row = ArchiveTransfer(
            holder=DORDRECHT, dossier_id=EVERYTHING, reference=DORDRECHT, requested_by="Beheer"
        )
        row.state, row.made_at = "wacht_op_ontvangstbewijs", utc_now()
        session.add(row)
    receive(case)
    with installation.transaction(DORDRECHT) as session:
        before = numbers_of(session, DORDRECHT)
    with monkeypatch.context() as patch:
        patch.setattr(removal, "_end_roles", breaks)
        with pytest.raises(OSError, match="No space"):
            removal.destroy_everything(*arguments)
    assert anywhere(installation, ACCOUNT) == []
    removal.destroy_everything(*arguments)
    with installation.transaction(DORDRECHT) as session:
        stones = session.scalars(select(Tombstone.document_id)).all()
        made = session.scalars(select(DestructionStatement)).one()
    assert sorted(stones) == sorted([case.dossier_id, *case.reports])
    said = dict(made.content["gegevens"])["Vernietigde rijen per tabel"]
    went = dict(line.rsplit(" ", 1) for line in said.split("; "))
    for name in ("report", "dossier", "report_contact", "dossier_note", "role_assignment"):
        assert int(went[name]) == before[name], name


@pytest.mark.alles
@pytest.mark.sqlite
def test_of_a_withdrawn_report_only_goes_along_that_it_was_there(
    installation: Installation, keyboard: Keyboard, case: Case, tmp_path: Path
) -> None:
    withdrawn = case.reports[0]
    with installation.transaction(DORDRECHT) as session:
        row = session.get_one(Report, withdrawn)
        row.state, row.description = "ingetrokken", "Dit leest niemand meer."
        by = {"holder": DORDRECHT, "actor_id": "1", "actor_name": "Collega"}
        session.add(ReportNote(report_id=withdrawn, text="En dit ook niet.", **by))
        reference = row.reference
    assert (
        keyboard.type(*COMMAND, str(tmp_path / "uit"), "--einde", day_of(utc_now()).isoformat())[0]
        == 0
    )
    files = files_in(tmp_path / "uit")
    kept = json.loads(files[f"data/meldingen/{reference}.json"])
    assert set(kept) == {"soort", "melding"}
    assert set(kept["melding"]) == set(BARE)
    assert kept["melding"]["state"] == "ingetrokken"
    papers = json.loads(files[f"data/dossiers/{number_of(case)}/overleg-1.json"])
    assert [row["relaas"] for row in papers["meldingen"]] == [""]
    everything = b"".join(files.values())
    assert b'niemand meer."' not in everything
    assert b"En dit ook" not in everything
    assert SOUND not in files.values()
    contacts = json.loads(files.get("data/tabellen/report_contact.json", b"[]"))
    assert str(withdrawn) not in {contact["report_id"] for contact in contacts}


@pytest.mark.alles
@pytest.mark.sqlite
@pytest.mark.parametrize("withdrawn", [False, True])
def test_the_pdf_of_an_export_goes_along_but_not_with_a_withdrawn_report_in_it(
    installation: Installation,
    keyboard: Keyboard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    withdrawn: bool,
) -> None:
    quick(monkeypatch)
    case = make_case(installation, number=2)
    approved(case)
    installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        if withdrawn:
            session.get_one(Report, case.reports[0]).state = "ingetrokken"
        reference = session.scalars(select(Export.reference)).one()
    today = day_of(utc_now()).isoformat()
    assert keyboard.type(*COMMAND, str(tmp_path / "uit"), "--einde", today)[0] == 0
    files = files_in(tmp_path / "uit")
    own = f"data/uitvoer/{reference}"
    assert (f"{own}/pdf.pdf" in files) is (not withdrawn)
    page = files["data/index.html"].decode()
    assert (f"<th>uitvoer {reference}</th><td>In deze pdf staat" in page) is withdrawn


@pytest.mark.sqlite
def test_without_the_code_or_with_a_hold_nothing_is_destroyed(
    installation: Installation,
    keyboard: Keyboard,
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(click, "prompt", lambda *_, **__: "GM0000")
    assert keyboard.type(*COMMAND, str(tmp_path / "eerst"))[0] == 0
    receive(case)
    refused = keyboard.type(*COMMAND, str(tmp_path / "een"), "--vernietigen")
    assert (refused[0], list(tmp_path.glob("een*"))) == (1, [])
    monkeypatch.setattr(click, "prompt", lambda *_, **__: DORDRECHT)
    with installation.transaction(DORDRECHT) as session:
        dossier = session.get_one(Dossier, case.dossier_id)
        place_hold(session, dossier, HoldReason.WOO, day_of(utc_now()) + timedelta(9), SYSTEM)
        a_request(session)
    page = case.browser("archief").get("/gemeenten/dordrecht/vertrek")
    page.mustcontain("1 bevriezing is van kracht", "1 verzoek van een betrokkene loopt")
    refused = keyboard.type(*COMMAND, str(tmp_path / "twee"), "--vernietigen")
    assert refused[0] == 1
    assert "1 bevriezing is van kracht" in refused[2]
    assert "1 verzoek van een betrokkene loopt" in refused[2]
    assert list(tmp_path.glob("*twee*")) == []
    assert "report" in anywhere(installation, ACCOUNT)


@pytest.mark.alles
@pytest.mark.sqlite
def test_what_is_wrong_is_said_and_leaves_nothing(
    installation: Installation,
    keyboard: Keyboard,
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    folder = tmp_path / "uit"
    assert "geen gemeente" in keyboard.type("gemeente", "uitvoeren", "nergens", str(folder))[2]
    (tmp_path / "vol").mkdir()
    (tmp_path / "vol" / "iets").write_text("iets")
    assert "is niet leeg" in keyboard.type(*COMMAND, str(tmp_path / "vol"))[2]
    future = keyboard.type(*COMMAND, str(folder), "--einde", "2099-01-01")
    assert "ligt in de toekomst" in future[2]
    with monkeypatch.context() as patch:
        patch.setattr("stopintimidatie.privacy.transfer.departure._write_copies", fails)
        assert "Is er ruimte" in keyboard.type(*COMMAND, str(folder))[2]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["vol"]
    with installation.transaction() as session:
        profile = session.get_one(MunicipalityProfile, DORDRECHT)
        profile.noted_level = ParticipationLevel.PROGRAMME
    assert "doet nog mee" in keyboard.type(*COMMAND, str(folder))[2]
    assert keyboard.type(*COMMAND, str(folder), "--einde", day_of(utc_now()).isoformat())[0] == 0
    assert number_of(case) in "".join(files_in(folder))
