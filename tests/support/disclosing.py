"""Entries of the disclosure register."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.text import day_of
from stopintimidatie.disclosures.models import Disclosure
from stopintimidatie.disclosures.resources import new_export_id
from stopintimidatie.disclosures.services import Subject, record_disclosure
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation

REGISTER = "/gemeenten/dordrecht/verstrekkingen"
SUBJECT = Subject(uuid4(), "M-01", ("vormen", "tijdstip"))


def an_entry(**changes: Any) -> Disclosure:
    now = utc_now()
    entry = Disclosure(
        reference=new_export_id(),
        document_id=uuid4(),
        source_kind="dossier",
        source_id=uuid4(),
        source_reference="2026-0001",
        restricted=False,
        recipient="Politie, basisteam Drechtsteden",
        recipient_kind="Politie",
        profile="politie",
        profile_version=1,
        purpose="openbare_orde",
        legal_basis="avg_6_1_e_openbare_orde",
        legal_basis_words="AVG art. 6 lid 1 e",
        covenant=None,
        minors_ground=None,
        destroy_by=day_of(now) + timedelta(days=30),
        content_sha256="a" * 64,
        file_sha256="b" * 64,
        file_size=1234,
        made_at=now,
        requested_at=now,
        requested_by_id=None,
        requested_by="An Vrager",
        approved_at=now,
        approved_by_id=None,
        approved_by="Bea Slist",
    )
    for name, value in changes.items():
        setattr(entry, name, value)
    return entry


def recorded(installation: Installation, holder: str = DORDRECHT, **changes: Any) -> str:
    """A line in the register; its reference."""
    with installation.transaction(holder) as session:
        return record_disclosure(session, an_entry(**changes), [SUBJECT], SYSTEM).reference
