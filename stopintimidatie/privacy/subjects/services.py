"""A search for a case: what was found is kept as traces, and a person judges each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record, record_read
from stopintimidatie.core.storage.encryption import DecryptionError, KeyRing
from stopintimidatie.core.storage.personal import (
    ErasureCount,
    Fragment,
    PersonalDataHolder,
    find_nothing,
    redact_nothing,
    treated,
)
from stopintimidatie.core.storage.retention import RetentionClass, Way
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.vocabulary import DEMAND
from stopintimidatie.privacy.requests.models import KIND, Channel, RequestTrace, SubjectRequest
from stopintimidatie.privacy.requests.resources import traces_of
from stopintimidatie.privacy.requests.workflow import RequestRule
from stopintimidatie.privacy.subjects import queries
from stopintimidatie.privacy.subjects.models import SEARCHED as BLOB
from stopintimidatie.privacy.subjects.models import VAULT, CopyBlob
from stopintimidatie.privacy.subjects.rules import Wanted

SEARCHED: Final = "verzoek.gezocht"
JUDGED: Final = "verzoek.vindplaats"


def find_traces(registry: Any, holder: str, wanted: Wanted, leave_out: UUID) -> queries.Traces:
    """Search for a person in a transaction that only reads, so that nobody waits for its end.

    `leave_out`: the request that it is for.

    Raises:
        TooManyError: More documents fit than anybody can judge.
    """
    with transaction(registry.engine, holder, write=False) as session:
        return queries.search(registry, session, holder, wanted, leave_out)


def keep_traces(
    registry: Any,
    session: Session,
    request: SubjectRequest,
    wanted: Wanted,
    traces: queries.Traces,
    actor: Actor,
) -> int:
    """Keep the traces that were found for a case; return how many are new.

    What was destroyed since it was found is left out. A trace that was judged keeps its judgement,
    unless the person was found in new places of it. A report that is the person's own, by a code
    or address, stays that.
    """
    queries.forget_gone(registry, session, traces)
    references = queries.references_of(registry, session, traces)
    known = {(row.document_kind, row.document_id): row for row in traces_of(session, request)}
    new = 0
    for (kind, number), places in sorted(traces.places.items(), key=str):
        row = known.get((kind, number))
        if row is None:
            new += 1
            session.add(
                RequestTrace(
                    holder=request.holder,
                    request_id=request.id,
                    document_kind=kind,
                    document_id=number,
                    reference=references.get((kind, number), ""),
                    places=sorted(places),
                    found_by=actor.name,
                )
            )
        elif places - set(row.places):
            own = row.included and queries.by_sure_way(row.places)
            row.places, row.included = sorted({*row.places, *places}), own or None
    session.flush()
    kept = searched_by(session, registry.key_ring, request).joined_with(wanted)
    VAULT.keep(session, registry.key_ring, request, BLOB, msgspec.json.encode(kept))
    _log(session, request, wanted, actor, list(traces.places))
    return new


def searched_by(session: Session, keys: KeyRing, request: SubjectRequest) -> Wanted:
    """Return the words of all searches for a case, which say whose sentences they are."""
    try:
        words = VAULT.read(session, keys, request, BLOB)
    except DecryptionError:
        return Wanted()
    return msgspec.json.decode(words, type=Wanted)


def _log(
    session: Session,
    request: SubjectRequest,
    wanted: Wanted,
    actor: Actor,
    documents: Sequence[tuple[str, UUID]],
) -> None:
    """Log the search with its case: by which ways, and what was read; no words."""
    fields = [f"op {way}" for way in wanted.ways]
    record(session, actor, SEARCHED, request.holder, KIND, [request.id], fields=fields)
    for kind in sorted({kind for kind, _ in documents}):
        ids = [number for its, number in documents if its == kind]
        task = f"zoeken voor verzoek {request.reference}"
        record_read(session, actor, request.holder, kind, ids, task=task)


def copied_traces(session: Session, request: SubjectRequest) -> list[RequestTrace]:
    """Return the traces that a copy is made of: nothing of an export on a demand."""
    secret = set(session.scalars(select(Export.reference).where(Export.legal_basis == DEMAND)))
    rows = traces_of(session, request)
    return [row for row in rows if row.included and row.reference not in secret]


def unjudged(session: Session, request: SubjectRequest) -> int:
    """Count the traces that nobody judged."""
    mine = RequestTrace.request_id == request.id, RequestTrace.included.is_(None)
    return session.scalar(select(func.count()).select_from(RequestTrace).where(*mine)) or 0


def judge(
    session: Session, request: SubjectRequest, judgements: Mapping[UUID, bool | None], actor: Actor
) -> int:
    """Keep which traces are about the person of the case; return how many changed."""
    changed = [
        row
        for row in traces_of(session, request)
        if row.id in judgements and row.included is not judgements[row.id]
    ]
    for row in changed:
        row.included = judgements[row.id]
    session.flush()
    if changed:
        about = [request.id, *(row.document_id for row in changed)]
        record(session, actor, JUDGED, request.holder, KIND, about)
    return len(changed)


def _missing(session: Session, request: SubjectRequest) -> str | None:
    """Return why the search isn't over; None: it is.

    Who asked on the follow page was found with that: the report is judged as theirs.
    """
    searched = CopyBlob.request_id == request.id, CopyBlob.kind == BLOB
    known = request.channel == Channel.FOLLOW or session.scalar(
        select(func.count()).select_from(CopyBlob).where(*searched)
    )
    return None if known else "Zoek eerst naar de gegevens van deze persoon."


RULE: Final = RequestRule("zoeken", "redigeren", missing=_missing, page="zoeken")


# Personal data: what is sealed for a case is a copy of documents, and goes when one of them does

COPY_KIND: Final = "kopie"


def _copies_with(session: Session, kind: str, document: UUID) -> Sequence[SubjectRequest]:
    """Return the requests with something sealed in whose traces this document is."""
    traced = select(RequestTrace.request_id).where(
        RequestTrace.document_kind == kind, RequestTrace.document_id == document
    )
    kept = select(CopyBlob.request_id)
    mine = SubjectRequest.id.in_(traced), SubjectRequest.id.in_(kept)
    return session.scalars(select(SubjectRequest).where(*mine).order_by(SubjectRequest.id)).all()


def source_erased(session: Session, keys: KeyRing, kind: str, document: UUID) -> int:
    """Destroy the copies with an erased document in them; return their number."""
    requests = _copies_with(session, kind, document)
    for request in requests:
        VAULT.destroy(session, request)
    return len(requests)


def source_redacted(
    session: Session, keys: KeyRing, kind: str, document: UUID, fragment: Fragment
) -> int:
    """Destroy the copies with a document that words are taken out of; return their number."""
    return source_erased(session, keys, kind, document)


def source_told(session: Session, keys: KeyRing, kind: str, document: UUID) -> list[ErasureCount]:
    """Return what `source_erased` would take away; change nothing."""
    number = len(_copies_with(session, kind, document))
    return [ErasureCount("subject_copy_blob", ("data",), number)]


def erase(session: Session, document: UUID) -> None:
    """Destroy what is sealed for a request."""
    request = session.get(SubjectRequest, document)
    if request is not None:
        VAULT.destroy(session, request)


PERSONAL_DATA: Final = PersonalDataHolder(
    COPY_KIND,
    {"subject_copy_key": treated(sealed="sealed"), "subject_copy_blob": treated(sealed="data")},
    find_nothing,
    redact_nothing,
    erase,
    source_erased=source_erased,
    source_redacted=source_redacted,
    source_told=source_told,
)
RETENTION: Final = RetentionClass(
    "verzoek_kopie",
    "De kopie voor een betrokkene en waarop is gezocht, met hun sleutel",
    tuple(PERSONAL_DATA.columns),
    Way.BY_ITSELF,
    "de dag waarop het verzoek is afgerond",
    until="3 maanden na de bezwaartermijn, of zodra een stuk erin wordt gewist",
    source="eigen beleid; een jurist moet dit nog bevestigen",
)
