"""A municipality that ends: everything in open formats, read back; and then nothing left."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from sqlalchemy import func, select

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.text import day_of
from stopintimidatie.dossiers.models import Dossier, DossierMove
from stopintimidatie.exports.models import Export
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.privacy.destruction import statement
from stopintimidatie.privacy.destruction.models import DestructionStatement, Tombstone
from stopintimidatie.privacy.holds.models import HoldReason
from stopintimidatie.privacy.holds.services import place_hold
from stopintimidatie.privacy.transfer import rows as rows_of_tables
from stopintimidatie.privacy.transfer.departure import _STAYS
from stopintimidatie.privacy.transfer.rows import BARE
from stopintimidatie.reports.models import Report, ReportNote
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
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation
from tests.support.keyboard import Keyboard
from tests.support.personal import anywhere
from tests.support.policing import keep_something
from tests.support.retaining import approve
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
        keep_something(session, installation.registry.key_ring)
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
    assert "gemeente.uitgevoerd" in actions
    assert {PHOTO, SOUND} <= set(files.values())
    # Whoever gets the folder isn't named for police data.
    assert not [name for name in files if "police" in name]
    page = files["data/index.html"].decode()
    assert "police" not in page
    assert "<th>tabellen/report</th><td>3</td><td>Meldingen</td>" in page
    assert "meldpunt" not in page
    everything = b"".join(files.values())
    for words in (SECRET_NAME, SECRET_PHONE, SECRET_MAIL, "follow_code_hash", "password_hash"):
        assert words.encode() not in everything


@pytest.mark.short_on("postgresql")
def test_contact_data_goes_along_only_when_asked_for(
    installation: Installation, keyboard: Keyboard, case: Case, tmp_path: Path
) -> None:
    assert keyboard.type(*COMMAND, str(tmp_path / "uit"), "--met-contactgegevens")[0] == 0
    files = files_in(tmp_path / "uit")
    rows = json.loads(files["data/tabellen/report_contact.json"])
    assert {(row["name"], row["phone"], row["email"]) for row in rows} == {
        (SECRET_NAME, SECRET_PHONE, SECRET_MAIL)
    }


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
    code, out, err = keyboard.type(*COMMAND, str(tmp_path / "uit"), "--vernietigen")
    assert code == 0, err
    assert "Vernietigd" in out
    (pdf,) = tmp_path.glob("uit-verklaring-V-*.pdf")
    assert pdf.read_bytes() == FAKE
    installation.run_jobs()
    for words in (ACCOUNT, SECRET_NAME, "Interne gedachte", "De kiosk van voren"):
        assert anywhere(installation, words) == []
    with installation.transaction(DORDRECHT) as session:
        for table in Base.metadata.sorted_tables:
            if "holder" not in table.c or table.info.get("append_only") or table.name in _STAYS:
                continue
            mine = select(func.count()).select_from(table).where(table.c.holder == DORDRECHT)
            assert session.scalar(mine) == 0, table.name
        stones = session.scalars(select(Tombstone)).all()
        categories = dict.fromkeys(case.reports, "cat melding_afgehandeld")
        categories[case.dossier_id] = "cat dossier_afgesloten"
        assert {stone.document_id: stone.category for stone in stones} == categories
        made = session.scalars(select(DestructionStatement)).one()
        assert {stone.statement_id for stone in stones} == {made.id}
        roles = select(func.count()).where(RoleAssignment.holder == DORDRECHT)
        assert session.scalar(roles) == 0
        assert "gemeente.vernietigd" in session.scalars(select(AuditEvent.action)).all()
    assert keyboard.type(*COMMAND, str(tmp_path / "nog-eens"))[0] == 0


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
    assert keyboard.type(*COMMAND, str(tmp_path / "uit"), "--met-contactgegevens")[0] == 0
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
    assert (f"{own}.pdf" in files, f"{own}.json" in files) == (not withdrawn, withdrawn)
    if withdrawn:
        assert "ingetrokken" in json.loads(files[f"{own}.json"])["waarom"]


@pytest.mark.sqlite
def test_without_the_code_or_with_a_hold_nothing_is_destroyed(
    installation: Installation,
    keyboard: Keyboard,
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(click, "prompt", lambda *_, **__: "GM0000")
    refused = keyboard.type(*COMMAND, str(tmp_path / "een"), "--vernietigen")
    assert (refused[0], list(tmp_path.glob("een*"))) == (1, [])
    monkeypatch.setattr(click, "prompt", lambda *_, **__: DORDRECHT)
    with installation.transaction(DORDRECHT) as session:
        dossier = session.get_one(Dossier, case.dossier_id)
        place_hold(session, dossier, HoldReason.WOO, day_of(utc_now()) + timedelta(9), SYSTEM)
    refused = keyboard.type(*COMMAND, str(tmp_path / "twee"), "--vernietigen")
    assert refused[0] == 1
    assert "bevriezingen" in refused[2]
    assert list(tmp_path.glob("*twee*")) == []
    assert "report" in anywhere(installation, ACCOUNT)


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
