"""A closed dossier with everything that can be in one, and its package taken apart."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.retention import Term, Unit
from stopintimidatie.dossiers.actions.services import attach
from stopintimidatie.dossiers.consultations.services import plan_consultation
from stopintimidatie.dossiers.consultations.snapshot import Tabled, put_on_table
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.queries import members_in_hand
from stopintimidatie.privacy.destruction.jobs import destroy_what_is_due
from stopintimidatie.privacy.retention.rules import (
    DOSSIER_CLOSED,
    HANDLED,
    Choice,
    Outcome,
    Schedule,
)
from stopintimidatie.privacy.transfer import services as transfer_services
from stopintimidatie.reports.attachments.cleaner import Cleaned, MediaKind
from stopintimidatie.reports.attachments.services import PURPOSE, keep_parts
from stopintimidatie.reports.models import Report, ReportAttachment
from tests.support.exporting import FAKE, Case, make_case
from tests.support.factories import DORDRECHT, make_user
from tests.support.installation import Installation
from tests.support.retaining import approve, authorise, proposed_schedule

PHOTO = b"\xff\xd8\xff een foto"
SOUND = b"ID3 een geluid"


def closed_case(installation: Installation, number: int = 3, *, minor: bool = False) -> Case:
    """A dossier with reports, attachments and tabled papers, that was closed two days ago."""
    case = make_case(installation, number=number, minor=minor)
    case.people["archief"] = make_user(installation, (DORDRECHT, Role.ARCHIVIST), name="Ar Chief")
    keys = installation.registry.key_ring
    with installation.transaction(DORDRECHT) as session:
        dossier = session.get_one(Dossier, case.dossier_id)
        photo = Cleaned(MediaKind.PHOTO, "image/jpeg", BytesIO(PHOTO), len(PHOTO))
        attach(session, keys, dossier, "De kiosk van voren", photo, SYSTEM)
        plan = plan_consultation(session, dossier, utc_now() + timedelta(hours=1), SYSTEM)
        people = members_in_hand(session, dossier, 1)
        put_on_table(session, keys, dossier, plan, Tabled(people, reason="Hoort erbij"), SYSTEM)
        _send_sound(session, installation, case.reports[0])
        for report in case.reports:
            row = session.get_one(Report, report)
            row.state, row.ended_at = "afgehandeld", utc_now() - timedelta(days=2)
        dossier.state, dossier.closed_at = "afgesloten", utc_now() - timedelta(days=2)
    return case


def _send_sound(session: Any, installation: Installation, report: Any) -> None:
    number, key = uuid4(), b"k" * 32
    sound = Cleaned(MediaKind.SOUND, "audio/mpeg", BytesIO(SOUND), len(SOUND))
    parts = keep_parts(session, DORDRECHT, number, key, sound.content)
    session.add(
        ReportAttachment(
            id=number,
            holder=DORDRECHT,
            report_id=report,
            number=1,
            kind="geluid",
            media_type="audio/mpeg",
            size=len(SOUND),
            parts=parts,
            key=installation.registry.key_ring.encrypt(PURPOSE, key.hex(), str(number)),
        )
    )


def number_of(case: Case) -> str:
    with case.installation.transaction(DORDRECHT) as session:
        return session.get_one(Dossier, case.dossier_id).number


def drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let a package have a file for a document at once; what was to be drawn."""
    given: list[Any] = []

    def render(content: Any, **_: Any) -> bytes:
        given.append(content)
        return FAKE

    monkeypatch.setattr(transfer_services, "render_in_process", render)
    return given


def unpack(content: bytes) -> dict[str, bytes]:
    """Every file of a bag by its path, after all that a bag promises was looked at."""
    with zipfile.ZipFile(BytesIO(content)) as file:
        assert file.testzip() is None
        names = file.namelist()
        assert len({name.partition("/")[0] for name in names}) == 1
        files = {name.partition("/")[2]: file.read(name) for name in names}
    check_bag(files)
    return files


def check_bag(files: Mapping[str, bytes]) -> None:
    """Hold the manifests of a bag against its files, as the RFC says."""
    assert files["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    payload = {name for name in files if name.startswith("data/")}
    listed = _manifest(files["manifest-sha256.txt"])
    assert set(listed) == payload
    tags = _manifest(files["tagmanifest-sha256.txt"])
    assert set(tags) == set(files) - payload - {"tagmanifest-sha256.txt"}
    for name, digest in (listed | tags).items():
        assert hashlib.sha256(files[name]).hexdigest() == digest, name
    size = sum(len(files[name]) for name in payload)
    assert f"Payload-Oxum: {size}.{len(payload)}\n" in files["bag-info.txt"].decode()


def _manifest(text: bytes) -> dict[str, str]:
    rows = [line.split("  ", 1) for line in text.decode().splitlines()]
    return {name: digest for digest, name in rows}


def transfer_terms(installation: Installation, *, days: int = 1) -> None:
    """Let terms count by which a closed dossier is transferred; its reports are due in `days`."""
    term = Term(1, Unit.DAYS)
    choices = dict(proposed_schedule(installation).choices)
    choices[DOSSIER_CLOSED] = Choice("8.3", term, Outcome.TRANSFER, "Selectielijst gemeenten")
    choices[HANDLED] = Choice("8.1", Term(days, Unit.DAYS))
    approve(installation, schedule=Schedule(choices))


def list_due(installation: Installation) -> None:
    """Do the nightly work now, which makes the lists."""
    destroy_what_is_due(installation.registry, installation.engine, DORDRECHT)


def pack(case: Case, key: str | None = None) -> bytes:
    """The package of the dossier, as the command makes it."""
    installation = case.installation
    registry, engine = installation.registry, installation.engine
    with installation.transaction(DORDRECHT) as session:
        dossier = session.get_one(Dossier, case.dossier_id)
        number = transfer_services.begin(session, SYSTEM, dossier, key).id
    file = BytesIO()
    package = transfer_services.make_zip(
        registry, engine, DORDRECHT, number, file, lambda _: None, key
    )
    file.seek(0)
    with installation.transaction(DORDRECHT) as session:
        assert transfer_services.finish(session, registry, SYSTEM, number, package, file)
    return file.getvalue()


def packed_for_archive(case: Case) -> str:
    """The number of a dossier that was packed, and whose line is authorised: the receipt waits."""
    list_due(case.installation)
    pack(case)
    authorise(case.installation)
    return number_of(case)
