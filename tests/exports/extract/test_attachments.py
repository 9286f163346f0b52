"""Files go along in an export: frozen at the approval, in the PDF, and gone where they must be."""

from __future__ import annotations

import secrets
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.dossiers.actions.services import attach, attachments, remove_attachment
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.exports import models as exports_models
from stopintimidatie.exports.models import ExportBlob
from stopintimidatie.exports.redaction.content import DossierContent, from_json
from stopintimidatie.reports.attachments.cleaner import Cleaned, MediaKind
from stopintimidatie.reports.attachments.services import PURPOSE, keep_parts
from stopintimidatie.reports.models import AttachmentPart, Report, ReportAttachment
from tests.support.exporting import (
    Case,
    approved,
    decide,
    look_through,
    make_case,
    requested,
)
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation
from tests.support.profiles import EDIT, change
from tests.support.verapdf import validate_pdf

PHOTO, CLIP, SHY = b"\xff\xd8 de stalling", b"RIFF een opname", b"\xff\xd8 van wie niet deelt"


def with_files(installation: Installation) -> Case:
    """A photo in the dossier, a recording with the first report, a photo with the last."""
    case = make_case(installation)
    keys = installation.registry.key_ring
    with installation.transaction(DORDRECHT) as session:
        dossier = session.get_one(Dossier, case.dossier_id)
        photo = Cleaned(MediaKind.PHOTO, "image/jpeg", BytesIO(PHOTO), len(PHOTO))
        attach(session, keys, dossier, "De stalling in het donker", photo, SYSTEM)
        for index, content, kind, media_type in (
            (0, CLIP, MediaKind.SOUND, "audio/wav"),
            (2, SHY, MediaKind.PHOTO, "image/jpeg"),
        ):
            report = session.get_one(Report, case.reports[index])
            made, key = uuid4(), secrets.token_bytes(32)
            file = Cleaned(kind, media_type, BytesIO(content), len(content))
            parts = keep_parts(session, report.holder, made, key, file.content)
            session.add(
                ReportAttachment(
                    id=made,
                    holder=report.holder,
                    report_id=report.id,
                    number=1,
                    kind=kind.value,
                    media_type=media_type,
                    size=len(content),
                    parts=parts,
                    key=keys.encrypt(PURPOSE, key.hex(), str(made)),
                )
            )
            # The scanner stopped it: no export knows that it is there.
            session.add(
                ReportAttachment(
                    holder=report.holder,
                    report_id=report.id,
                    number=2,
                    kind="bestand",
                    media_type="application/octet-stream",
                    size=len(content),
                    parts=1,
                    key="",
                    sealed="tegengehouden",
                )
            )
    return case


def open_files(case: Case, profile: str = "politie") -> None:
    assert change(case, profile, onderdeel_attachments="zichtbaar").status_int == 303


def blobs(installation: Installation) -> set[str]:
    with installation.transaction(DORDRECHT) as session:
        return set(session.scalars(select(ExportBlob.kind)).all())


def frozen(installation: Installation, case: Case, reference: str) -> DossierContent:
    export = case.export(reference)
    with installation.transaction(DORDRECHT) as session:
        keys = installation.registry.key_ring
        return from_json(
            exports_models.read(session, keys, export, exports_models.BlobKind.CONTENT)
        )


def fetched(case: Case, reference: str) -> bytes:
    body: bytes = case.browser("aanvrager").get(f"{case.path}/{reference}/pdf").body
    return body


@pytest.mark.alles
def test_what_the_profile_opens_is_frozen_and_in_the_pdf(
    installation: Installation, tmp_path: Path
) -> None:
    case = with_files(installation)
    open_files(case)
    preview = f"{case.path}/uitvoer-voorbeeld?voor=politie"
    page = case.browser("aanvrager").get(preview)
    assert "De bestanden zitten in deze PDF" in page.text
    # The export leaves out an officer's words about a photo until somebody looked at them.
    page.mustcontain("Bewaard in het dossier", no=["De stalling in het donker"])
    look_through(installation, case.dossier_id)
    assert "De stalling in het donker" in case.browser("aanvrager").get(preview)
    reference = approved(case)
    assert blobs(installation) == {"inhoud", "van_wie", "bestand-1", "bestand-2"}
    hashes = [file.sha256 for file in frozen(installation, case, reference).attachments.files]
    assert hashes == [sha256(PHOTO).hexdigest(), sha256(CLIP).hexdigest()]
    # What happens to the dossier after the approval changes nothing any more.
    with installation.transaction(DORDRECHT) as session:
        dossier = session.get_one(Dossier, case.dossier_id)
        remove_attachment(session, dossier, attachments(session, dossier)[0], "doel", SYSTEM)
    installation.run_jobs()
    pdf = fetched(case, reference)
    number = case.path.rpartition("/")[2]
    assert PdfReader(BytesIO(pdf)).attachments == {
        f"{number}-bijlage-1.jpg": [PHOTO],
        f"{number}-M-01-bijlage-1.wav": [CLIP],
    }
    assert SHY not in pdf
    assert blobs(installation) == {"inhoud", "van_wie", "pdf"}
    path = tmp_path / "met.pdf"
    path.write_bytes(pdf)
    assert validate_pdf(path) == []
    text = case.browser("privacy").get("/gemeenten/dordrecht/verstrekkingen").text
    assert reference in text


@pytest.mark.alles
def test_a_profile_that_leaves_them_out_has_nothing_of_them(installation: Installation) -> None:
    case = with_files(installation)
    page = case.browser("aanvrager").get(f"{case.path}/uitvoer-voorbeeld?voor=politie")
    assert "Dit document bevat geen bijlagen" in page.text
    assert "stalling in het donker" not in page.text
    reference = approved(case)
    assert blobs(installation) == {"inhoud", "van_wie"}
    installation.run_jobs()
    pdf = fetched(case, reference)
    assert PdfReader(BytesIO(pdf)).attachments == {}
    assert PHOTO not in pdf
    assert CLIP not in pdf


def test_a_report_that_was_withdrawn_takes_its_files_with_it(installation: Installation) -> None:
    case = with_files(installation)
    open_files(case)
    with installation.transaction(DORDRECHT) as session:
        session.get_one(Report, case.reports[0]).state = "ingetrokken"
    reference = approved(case)
    names = [f.file_name for f in frozen(installation, case, reference).attachments.files]
    assert [name.rpartition("-bijlage")[0] for name in names] == [case.path.rpartition("/")[2]]
    assert blobs(installation) == {"inhoud", "van_wie", "bestand-1"}


@pytest.mark.alles
def test_who_decides_sees_it_when_a_file_came_or_went(installation: Installation) -> None:
    case = with_files(installation)
    open_files(case)
    reference = requested(case)
    page = case.browser("beslisser").get(f"{case.path}/{reference}/beoordelen")
    with installation.transaction(DORDRECHT) as session:
        dossier = session.get_one(Dossier, case.dossier_id)
        remove_attachment(session, dossier, attachments(session, dossier)[0], "doel", SYSTEM)
    answer = page.forms["formulier"].submit("goedkeuren", expect_errors=True)
    assert "gewijzigd sinds u deze pagina opende" in answer.text
    assert decide(case, reference).status_int == 303


def test_a_file_that_cant_be_read_stops_the_approval_and_says_so(
    installation: Installation,
) -> None:
    case = with_files(installation)
    open_files(case)
    reference = requested(case)
    with installation.transaction(DORDRECHT) as session:
        for part in session.scalars(select(AttachmentPart)).all():
            session.delete(part)
    answer = decide(case, reference)
    assert answer.status_int == 422
    assert "een bijlage kan niet worden gelezen" in answer.text
    assert blobs(installation) == set()


@pytest.mark.parametrize("profile", ["woningcorporatie", "bestuur"])
def test_the_minimum_keeps_them_from_others(installation: Installation, profile: str) -> None:
    case = make_case(installation, number=1)
    form = case.browser("beheer").get(EDIT.format(profile)).forms["formulier"]
    assert "onderdeel.onderdeel_attachments" not in form.fields
    assert "onderdeel.onderdeel_map" in form.fields
