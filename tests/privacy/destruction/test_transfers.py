"""The package for an archive is a copy; the dossier itself waits for the archive's receipt."""

from __future__ import annotations

from sqlalchemy import func, select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.personal import Fragment, count_erasure, erase_document
from stopintimidatie.privacy.destruction.documents import may_go
from stopintimidatie.privacy.destruction.models import (
    ArchivePart,
    ArchiveTransfer,
    TransferState,
)
from stopintimidatie.privacy.destruction.personal import PERSONAL_DATA
from tests.support.exporting import Case, make_case
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation


def make_package(case: Case) -> ArchiveTransfer:
    with case.installation.transaction(DORDRECHT) as session:
        transfer = ArchiveTransfer(
            holder=DORDRECHT,
            dossier_id=case.dossier_id,
            reference="2026-0001",
            state=TransferState.WAITS.value,
            requested_by=SYSTEM.name,
        )
        session.add(transfer)
        session.flush()
        part = ArchivePart(holder=DORDRECHT, transfer_id=transfer.id, number=1, data=b"age")
        session.add(part)
    return transfer


def left(case: Case) -> tuple[str, int | None]:
    with case.installation.transaction(DORDRECHT) as session:
        state = session.scalars(select(ArchiveTransfer.state)).one()
        return state, session.scalar(select(func.count()).select_from(ArchivePart))


def test_a_dossier_that_must_be_kept_waits_for_the_receipt(installation: Installation) -> None:
    case = make_case(installation, number=1)
    transfer = make_package(case)
    with installation.transaction(DORDRECHT) as session:
        assert not may_go(session, "dossier", case.dossier_id)
        session.get_one(ArchiveTransfer, transfer.id).received_at = utc_now()
        session.flush()
        assert may_go(session, "dossier", case.dossier_id)
        assert not may_go(session, "melding", case.reports[0])
        session.get_one(ArchiveTransfer, transfer.id).reports = [str(case.reports[0])]
        session.flush()
        assert may_go(session, "melding", case.reports[0])


def test_erasing_a_report_takes_the_package_with_it_away(installation: Installation) -> None:
    case = make_case(installation, number=2)
    make_package(case)
    with installation.transaction(DORDRECHT) as session:
        counted = count_erasure(installation.registry, session, "melding", case.reports[0])
        assert [row.rows for row in counted if row.table == "archive_part"] == [1]
        erase_document(installation.registry, session, "melding", case.reports[0])
    assert left(case) == ("vervallen", 0)


def test_words_taken_out_of_a_dossier_take_the_package_away(installation: Installation) -> None:
    case = make_case(installation, number=1)
    make_package(case)
    with installation.transaction(DORDRECHT) as session:
        keys = installation.registry.key_ring
        fragment = Fragment("Interne gedachte")
        assert PERSONAL_DATA.source_redacted(session, keys, "dossier", case.dossier_id, fragment)
    assert left(case) == ("vervallen", 0)
