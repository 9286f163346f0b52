"""The package of a dossier: all of it is in it, with checksums and metadata, and twice the same."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyrage
import pytest
from lxml import etree
from pyrage import x25519
from sqlalchemy import select, update

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.text import day_of
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.privacy.destruction.models import (
    ArchiveTransfer,
    DestructionLine,
    TransferState,
)
from stopintimidatie.privacy.transfer.rows import BARE
from stopintimidatie.privacy.transfer.snapshot import Described, Part, Source, describe
from stopintimidatie.reports.models import Report
from tests.support.exporting import (
    ACCOUNT,
    APPEARANCE,
    FAKE,
    SECRET_MAIL,
    SECRET_NAME,
    SECRET_PHONE,
    Case,
)
from tests.support.factories import DORDRECHT, EINDHOVEN
from tests.support.installation import Installation
from tests.support.keyboard import Keyboard
from tests.support.mdto import check_mdto
from tests.support.retaining import lines
from tests.support.transferring import (
    PHOTO,
    SOUND,
    closed_case,
    drawn_at_once,
    list_due,
    number_of,
    pack,
    packed_for_archive,
    transfer_terms,
    unpack,
)
from tests.support.verapdf import validate_pdf

pytestmark = pytest.mark.sqlite
COMMAND = ("dossier", "overbrengen")
LEVEL = "aggregatieniveau/begripLabel"


@pytest.fixture
def keyboard(installation: Installation, capsys: pytest.CaptureFixture[str]) -> Keyboard:
    return Keyboard(installation, capsys)


def packed(keyboard: Keyboard, case: Case, folder: Path) -> bytes:
    """The zip that an operator gets."""
    code, out, err = keyboard.type(
        "dossier", "overbrengen", "dordrecht", number_of(case), str(folder)
    )
    assert code == 0, err
    assert "leesbaar" in out
    (made,) = folder.iterdir()
    return made.read_bytes()


def transfer_of(installation: Installation) -> ArchiveTransfer:
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(ArchiveTransfer)).one()
        session.expunge(row)
        return row


def test_all_of_a_dossier_is_in_its_package_but_contact_data(
    installation: Installation,
    keyboard: Keyboard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (drawn, case) = drawn_at_once(monkeypatch), closed_case(installation)
    files = unpack(packed(keyboard, case, tmp_path / "uit"))
    base = f"data/{number_of(case)}"
    assert files[f"{base}/document/{number_of(case)}.pdf"] == FAKE
    assert PHOTO in files.values()
    assert SOUND in files.values()
    reports = [
        json.loads(content)
        for name, content in files.items()
        if "/gegevens/M-" in name and name.endswith(".json")
    ]
    assert len(reports) == 3
    for report in reports:
        assert report["melding"]["omschrijving"] == ACCOUNT
        assert report["melding"]["plegers"]["signalement"] == APPEARANCE
        assert report["melding"]["vormen"] == ["hinderlijk_volgen", "naroepen"]
        assert report["melding"]["locatie"]["adres"]["huisnummer"] == "17"
    dossier = json.loads(files[f"{base}/gegevens/{number_of(case)}.json"])
    assert dossier["dossier"]["assessment"] == "Het gaat om een wisselende groep."
    assert [note["text"] for note in dossier["dossier_note"]] == [
        "Interne gedachte over de aanpak."
    ]
    papers = json.loads(files[f"{base}/overleggen/overleg-1.json"])
    assert [row["relaas"] for row in papers["meldingen"]] == [ACCOUNT]
    everything = b"".join(files.values())
    for words in (SECRET_NAME, SECRET_PHONE, SECRET_MAIL, "follow_code_hash"):
        assert words.encode() not in everything
    # Nothing is coarser or left out in the document, of minors neither.
    (content,) = drawn
    assert {report.account for report in content.reports} == {ACCOUNT}
    assert len(content.reports) == 3
    assert [line.what for line in content.annex.hidden] == ["Naam en contactgegevens van melders"]


def test_each_file_has_metadata_that_fits_the_schema_and_its_checksum(
    installation: Installation,
    keyboard: Keyboard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn_at_once(monkeypatch)
    case = closed_case(installation, minor=True)
    files = unpack(packed(keyboard, case, tmp_path / "uit"))
    data = {name for name in files if name.startswith("data/")}
    described = {name for name in data if name.endswith(".mdto.xml")}
    levels = Counter(
        check_mdto(files[name]).get("informatieobject", {}).get(LEVEL) for name in described
    )
    # The dossier; its document, rows, photo, sound and consultation; and the files of these.
    assert levels == {"Dossier": 1, "Archiefstuk": 5, None: len(data - described)}
    for name in data - described:
        row = check_mdto(files[f"{name}.bestand.mdto.xml"])["bestand"]
        assert f"data/{row['identificatie/identificatieKenmerk']}" == name
        assert row["omvang"] == str(len(files[name]))
        assert row["checksum/checksumWaarde"] in files["manifest-sha256.txt"].decode()
    whole = check_mdto(files[f"data/{number_of(case)}/{number_of(case)}.mdto.xml"])
    assert whole["informatieobject"]["waardering/begripCode"] == "B"
    assert whole["informatieobject"]["archiefvormer/verwijzingNaam"] == "Gemeente Dordrecht"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("<naam>", "<naam/><naam>"),
        ("<omvang>", "<omvang>-"),
        ("<omvang>", "<omvang>veel"),
        ("<begripLabel>SHA-256<", "<begripLabel><"),
        ("checksumDatum>2026-11-27T", "checksumDatum>"),
        ("bestand>", "stuk>"),
        ("nationaalarchief.nl/mdto", "example.org/mdto"),
    ],
)
def test_metadata_that_does_not_fit_the_schema_is_noticed(right: str, wrong: str) -> None:
    moment = datetime(2026, 11, 27, 9, tzinfo=UTC)
    day = moment.date()
    source = Source(
        "2026-0001",
        "",
        "Dordrecht",
        DORDRECHT,
        "Wijk",
        day,
        day,
        moment,
        "",
        "",
        "Archiefwet 1995, artikel 15",
    )
    file = Described("2026-0001/document/a.pdf", "a.pdf", "application/pdf", 3, "0" * 64)
    part = Part("2026-0001/document", "Document", (file,))
    written = describe(source, part=part, file=file)
    assert set(check_mdto(written)) == {"bestand"}
    assert right.encode() in written
    with pytest.raises((AssertionError, etree.DocumentInvalid)):
        check_mdto(written.replace(right.encode(), wrong.encode()))


@pytest.mark.alles
@pytest.mark.parametrize(
    ("today", "law"), [("2026-12-31", "Archiefwet 1995"), ("2027-01-01", "Archiefwet 2027")]
)
def test_a_package_names_the_archive_law_of_the_day_on_which_it_is_made(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, today: str, law: str
) -> None:
    drawn = drawn_at_once(monkeypatch)
    laws = "2027-01-01 Archiefwet 2027, artikel 9.1; 1996-01-01 Archiefwet 1995, artikel 15"
    registry = installation.registry
    monkeypatch.setattr(registry, "app_settings", replace(registry.app_settings, archive_laws=laws))
    case = closed_case(installation, number=1)
    with clock_at(datetime.fromisoformat(f"{today}T12:00:00+01:00")):
        files = unpack(pack(case))
    whole = files[f"data/{number_of(case)}/{number_of(case)}.mdto.xml"].decode()
    assert f"({law}, artikel" in whole
    assert whole.count("Archiefwet") == whole.count(law) == 2
    (content,) = drawn
    assert content.page_one.rules[-1].value == f"{law}."


@pytest.mark.alles
def test_made_twice_the_package_is_the_same_to_the_byte(
    installation: Installation,
    keyboard: Keyboard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn_at_once(monkeypatch)
    case = closed_case(installation)
    first = packed(keyboard, case, tmp_path / "een")
    assert packed(keyboard, case, tmp_path / "twee") == first
    row = transfer_of(installation)
    assert (row.state, row.recipient) == (TransferState.WAITS, None)
    assert sorted(row.reports) == sorted(map(str, case.reports))


@pytest.mark.alles
def test_what_fails_halfway_leaves_nothing_in_the_folder(
    installation: Installation,
    keyboard: Keyboard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: Any, **__: Any) -> bytes:
        raise OSError(28, "No space left on device")

    case, folder = closed_case(installation), tmp_path / "uit"
    monkeypatch.setattr("stopintimidatie.privacy.transfer.snapshot._write_record", fails)
    drawn_at_once(monkeypatch)
    code, _, err = keyboard.type(
        "dossier", "overbrengen", "dordrecht", number_of(case), str(folder)
    )
    assert (code, list(folder.iterdir())) == (1, [])
    assert "Is er ruimte" in err


@pytest.mark.alles
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "monitoring", "closed_at": None}, "niet afgesloten"),
        ({"frozen": True}, "bevroren"),
    ],
)
def test_a_dossier_that_goes_on_or_is_frozen_is_not_packed(
    installation: Installation,
    keyboard: Keyboard,
    tmp_path: Path,
    change: dict[str, Any],
    words: str,
) -> None:
    case = closed_case(installation, number=1)
    with installation.transaction(DORDRECHT) as session:
        dossier = session.get_one(Dossier, case.dossier_id)
        for name, value in change.items():
            setattr(dossier, name, value)
    described = keyboard.type(*COMMAND, "dordrecht", number_of(case), str(tmp_path))
    assert described[0] == 1
    assert words in described[2]


def test_a_number_or_municipality_that_is_not_there_is_said(
    installation: Installation, keyboard: Keyboard, tmp_path: Path
) -> None:
    case = closed_case(installation, number=1)
    words = ("dossier", "overbrengen")
    assert "Er is geen gemeente" in keyboard.type(*words, "nergens", "2026-0001", str(tmp_path))[2]
    assert (
        "Er is geen dossier" in keyboard.type(*words, EINDHOVEN, number_of(case), str(tmp_path))[2]
    )


@pytest.mark.alles
def test_with_the_key_of_an_archive_only_that_archive_opens_the_package(
    installation: Installation,
    keyboard: Keyboard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn_at_once(monkeypatch)
    case, archive = closed_case(installation), x25519.Identity.generate()
    words = (*COMMAND, "dordrecht", number_of(case), str(tmp_path / "uit"))
    refused = keyboard.type(*words, "--sleutel", "AGE-SECRET-KEY-1")
    assert (refused[0], "geen openbare sleutel" in refused[2]) == (1, True)
    code, out, err = keyboard.type(*words, "--sleutel", str(archive.to_public()))
    assert code == 0, err
    assert "alleen het archief kan het openen" in out
    (made,) = (tmp_path / "uit").iterdir()
    assert made.name.endswith(".zip.age")
    assert ACCOUNT.encode() not in made.read_bytes()
    files = unpack(pyrage.decrypt(made.read_bytes(), [archive]))
    assert PHOTO in files.values()
    row = transfer_of(installation)
    assert row.sha256 == sha256(made.read_bytes()).hexdigest()
    with installation.transaction(DORDRECHT) as session:
        actions = set(session.scalars(select(AuditEvent.action)))
    assert {f"dossier.overbrengen_{step}" for step in ("gevraagd", "pakket")} <= actions


def test_a_package_has_the_line_of_its_dossier_say_that_it_is_transferred(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn_at_once(monkeypatch)
    case = closed_case(installation, number=1)
    transfer_terms(installation)
    list_due(installation)
    with installation.transaction(DORDRECHT) as session:
        session.execute(update(DestructionLine).values(outcome="vernietigen"))
    pack(case)
    assert lines(installation)[case.dossier_id].outcome == "overbrengen"


def withdraw(installation: Installation, report: Any) -> None:
    with installation.transaction(DORDRECHT) as session:
        row = session.get_one(Report, report)
        row.state, row.ended_at = "ingetrokken", utc_now()


def test_of_a_withdrawn_report_the_package_says_only_that_it_was_there(
    installation: Installation,
    keyboard: Keyboard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (drawn, case) = drawn_at_once(monkeypatch), closed_case(installation)
    with installation.transaction(DORDRECHT) as session:
        # The report on the table, with a sound of its own.
        session.get_one(Report, case.reports[0]).description = "Dit leest niemand meer."
    withdraw(installation, case.reports[0])
    files = unpack(packed(keyboard, case, tmp_path / "uit"))
    base = f"data/{number_of(case)}"
    (name,) = [
        path for path in files if path.startswith(f"{base}/gegevens/M-01") and "mdto" not in path
    ]
    assert set(json.loads(files[name])["melding"]) == set(BARE)
    papers = json.loads(files[f"{base}/overleggen/overleg-1.json"])
    (row,) = papers["meldingen"]
    assert {key for key, text in row.items() if text} == {"nummer", "vormen"}
    assert row["vormen"] == "ingetrokken door de melder"
    assert SOUND not in files.values()
    assert b"niemand meer." not in b"".join(files.values())
    whole = check_mdto(files[f"{base}/{number_of(case)}.mdto.xml"])["informatieobject"]
    assert whole["omschrijving"].startswith("Melding M-01 is ingetrokken door de melder.")
    (content,) = drawn
    assert [report.pseudonym for report in content.reports] == ["M-02", "M-03"]
    assert content.annex.hidden[-1].what == "Ingetrokken: M-01"
    page = case.browser("aanvrager").get(f"{case.path}/overleg-stuk?nr=1")
    page.mustcontain("M-01: ingetrokken door de melder", no=[ACCOUNT])


def test_a_package_lapses_when_a_reporter_withdraws_after_it_was_made(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn_at_once(monkeypatch)
    case = closed_case(installation, number=1)
    transfer_terms(installation)
    packed_for_archive(case)
    browser = case.browser("archief")
    page = browser.get("/gemeenten/dordrecht/overbrengen")
    withdraw(installation, case.reports[0])
    browser.get("/gemeenten/dordrecht/overbrengen").mustcontain("vervallen", no=["formulier"])
    form = page.forms["formulier"]
    form["dossier"], form["van"], form["nummer"] = number_of(case), "Regionaal Archief", "R-1"
    form["datum"] = day_of(utc_now()).isoformat()
    assert "vervallen" in form.submit("ontvangen")
    with installation.transaction(DORDRECHT) as session:
        assert session.get(Dossier, case.dossier_id) is not None


@pytest.mark.alles
def test_the_document_in_the_package_is_pdf_a(
    installation: Installation, keyboard: Keyboard, tmp_path: Path
) -> None:
    case = closed_case(installation)
    files = unpack(packed(keyboard, case, tmp_path / "uit"))
    pdf = tmp_path / "dossier.pdf"
    pdf.write_bytes(files[f"data/{number_of(case)}/document/{number_of(case)}.pdf"])
    assert validate_pdf(pdf) == []
