"""Photos, sound and video go along in the PDF where the profile opens that, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from pypdf import PdfReader

from stopintimidatie.exports.document.assets import load_assets
from stopintimidatie.exports.document.process import RenderingError, render_in_process
from stopintimidatie.exports.document.signature import with_password
from stopintimidatie.exports.profiles.defaults import INTERNAL, POLICE, PROFILES
from stopintimidatie.exports.profiles.rules import Profile
from stopintimidatie.exports.redaction.content import (
    DossierContent,
    Hidden,
    content_hash,
    from_json,
    to_json,
)
from stopintimidatie.exports.redaction.reports import EMBEDDED_MOST
from stopintimidatie.exports.redaction.rules import hidden
from stopintimidatie.exports.redaction.selection import select
from stopintimidatie.exports.redaction.source import DossierSource, SourceAttachment
from tests.support.drawing import render
from tests.support.exports_factory import (
    NOW,
    a_dossier,
    a_report,
    frozen,
    opened,
    redact,
    some_attachments,
)
from tests.support.verapdf import validate_pdf

PHOTO, SOUND = b"\xff\xd8 foto van de stalling", b"RIFF geluid bij een melding"
WITHIN = {"2026-0007-bijlage-1.jpg": PHOTO, "2026-0007-M-01-bijlage-1.wav": SOUND}


def a_file(serial: int, size: int = len(SOUND), kind: str = "geluid") -> SourceAttachment:
    name = f"2026-0007-M-{serial:02d}-bijlage-1.wav"
    return SourceAttachment(1, kind, "", NOW.date(), size, "audio/wav", name)


def a_source(**changes: object) -> DossierSource:
    return a_dossier(
        (
            a_report(1, attachments=(a_file(1),)),
            a_report(2, attachments=(a_file(2),), minor=True),
            a_report(3, attachments=(a_file(3),), share_police=False, share_partners=False),
            a_report(4),
        ),
        **changes,
    )


def names(content: DossierContent) -> list[str]:
    return [file.file_name for file in content.attachments.files]


def test_only_what_the_profile_opens_goes_along() -> None:
    for name, profile in PROFILES.items():
        content = redact(a_source(), profile)
        assert content.attachments.files == (), name
        assert "Dit document bevat geen bijlagen" in content.attachments.note
    content = redact(a_source(), opened(POLICE))
    assert names(content) == ["2026-0007-bijlage-1.jpg", "2026-0007-M-01-bijlage-1.wav"]
    assert content.attachments.note.startswith("1 foto en 1 geluidsopname. De bestanden zitten in")
    assert content.attachments.files[1].name == "Geluidsopname 1 bij M-01"
    everything = redact(a_source(), opened(INTERNAL))
    assert len(names(everything)) == 3


def test_who_gets_no_reports_gets_nothing_of_theirs() -> None:
    assert names(redact(a_source(), opened(PROFILES["bestuur"]))) == []
    told = redact(a_source(), PROFILES["bestuur"]).attachments.note
    assert told.startswith("In het dossier: 1 foto. Dit")


def of_files(profile: Profile) -> list[Hidden]:
    source = a_source()
    lines = hidden(source, select(source.reports, profile), inside=True)
    return [line for line in lines if "bijlagen bij" in line.what.lower()]


def test_files_of_minors_stay_out_and_are_counted() -> None:
    lines = of_files(opened(POLICE))
    assert [(line.number, line.how) for line in lines] == [(1, "weggelaten")]
    assert not of_files(POLICE)


def test_what_doesnt_fit_is_told_with_the_limit() -> None:
    big = some_attachments()[0]
    source = a_source(
        attachments=(
            replace(big, size=EMBEDDED_MOST - 10),
            replace(big, number=2, size=11, file_name="te-groot.jpg"),
        )
    )
    content = redact(source, opened(POLICE))
    assert names(content) == ["2026-0007-bijlage-1.jpg", "", ""]
    assert "Samen zijn ze hoogstens 18 MB." in content.attachments.note
    assert "te-groot" not in to_json(content).decode()


# In the file


@pytest.fixture(scope="module")
def content() -> DossierContent:
    return frozen(redact(a_source(), opened(POLICE)), WITHIN)


@pytest.fixture(scope="module")
def pdf(content: DossierContent) -> bytes:
    return render_in_process(content, [PHOTO, SOUND])


def test_the_files_are_in_the_pdf_with_what_they_are(pdf: bytes) -> None:
    found = PdfReader(BytesIO(pdf)).attachments
    assert found == {name: [data] for name, data in WITHIN.items()}
    with pikepdf.open(BytesIO(pdf)) as opened_pdf:
        along = list(opened_pdf.Root.AF)
        assert [str(one.AFRelationship) for one in along] == ["/Supplement"] * 2
        assert str(along[0].Desc) == "Foto 1: Fietsenstalling in het donker"
        assert str(along[0].UF) == str(along[0].F) == "2026-0007-bijlage-1.jpg"
        assert [str(one.EF.F.Subtype) for one in along] == ["/image/jpeg", "/audio/wav"]
        assert int(along[1].EF.F.Params.Size) == len(SOUND)
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    assert "2026-0007-M-01-bijlage-1.wav" in text.replace("\n", "")


@pytest.mark.alles
def test_with_files_in_it_it_keeps_to_pdf_a_and_pdf_ua(pdf: bytes, tmp_path: Path) -> None:
    (tmp_path / "met.pdf").write_bytes(pdf)
    assert validate_pdf(tmp_path / "met.pdf") == []


@pytest.mark.alles
def test_the_hashes_of_the_files_are_in_the_frozen_content(
    content: DossierContent, pdf: bytes
) -> None:
    assert sha256(PHOTO).hexdigest() in to_json(content).decode()
    assert from_json(to_json(content)) == content
    assert render(content, load_assets(), files=[PHOTO, SOUND]) == pdf
    changed = {**WITHIN, "2026-0007-M-01-bijlage-1.wav": SOUND + b"!"}
    other = frozen(redact(a_source(), opened(POLICE)), changed)
    assert content_hash(other) != content_hash(content)


@pytest.mark.parametrize("files", [[], [PHOTO], [SOUND, PHOTO], [PHOTO, SOUND, PHOTO]])
def test_other_files_than_the_frozen_ones_are_refused(
    files: list[bytes], content: DossierContent
) -> None:
    with pytest.raises(ValueError, match=r"goes along|zip"):
        render(content, load_assets(), files=files)


def test_the_child_refuses_them_too(content: DossierContent) -> None:
    with pytest.raises(RenderingError):
        render_in_process(content, [SOUND, PHOTO])


@pytest.mark.alles
def test_in_a_copy_with_a_password_the_files_are_encrypted_as_well(
    content: DossierContent,
) -> None:
    plain = render(content, load_assets(), archive=False, files=[PHOTO, SOUND])
    assert PdfReader(BytesIO(plain)).attachments["2026-0007-bijlage-1.jpg"] == [PHOTO]
    sealed = with_password(plain, "geheim")
    for part in (PHOTO, SOUND, b"bijlage-1", b"Fietsenstalling"):
        assert part not in sealed
    with pikepdf.open(BytesIO(sealed), password="geheim") as again:
        assert bytes(again.attachments["2026-0007-bijlage-1.jpg"].get_file().read_bytes()) == PHOTO
