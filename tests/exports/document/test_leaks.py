"""No secret of a dossier reaches who may not have it: not in the PDF, not on the preview (P2–P12).

One dossier with a word of its own in every field of every document in it; per profile one PDF,
unpacked to its last stream. What each may see stands here by hand, so that a slip in the profiles
isn't also a slip in the test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from pypdf import PdfReader

from stopintimidatie.exports.document.assets import load_assets
from stopintimidatie.exports.document.rendering import render
from stopintimidatie.exports.extract.services import Prepared
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.profiles.defaults import PROFILES
from stopintimidatie.exports.profiles.rules import Field
from stopintimidatie.exports.redaction.annex import hidden, marked
from stopintimidatie.exports.redaction.selection import select
from stopintimidatie.exports.redaction.source import (
    DossierSource,
    EventKind,
    Offenders,
    Precision,
    Reliability,
    Reviewed,
    SourceAction,
    SourceAgreement,
    SourceAttachment,
    SourceConsultation,
    SourceEvent,
    SourceMeasure,
    SourceReport,
    Term,
)
from stopintimidatie.exports.request.pages import preview_values
from tests.support.exports_factory import NOW, a_dossier, frozen, opened, redact

FREE = {"ACCOUNT": Field.ACCOUNT, "NOTE": Field.PLACE_NOTE, "LOOKS": Field.APPEARANCE}


def word(name: str, serial: int = 0) -> str:
    """Found nowhere else, and never broken at the end of a line."""
    return f"Q7{name}{serial}Z"


def a_seeded_report(serial: int, **changes: Any) -> SourceReport:
    def term(name: str) -> Term:
        return Term(name.lower(), word(name, serial))

    report = SourceReport(
        serial=serial,
        reference=f"M-QZ7{serial}-K4QX",
        happened_at=datetime(2026, 9, serial, 19, 43, tzinfo=UTC),
        precision=Precision.EXACT,
        part_of_day=None,
        place=f"punt {word('SPOT', serial)}",
        street=word("STREET", serial),
        place_note=word("NOTE", serial),
        neighbourhood="Binnenstad",
        place_type=Term("straat_plein", "straat of plein"),
        forms=(Term("naroepen", "naroepen"),),
        role=term("ROLE"),
        feeling=term("FEELING"),
        consequences=(term("CONSEQ"),),
        recurrence=term("AGAIN"),
        reporter_age=term("AGE"),
        offenders=Offenders(
            number=term("COUNT"), age=term("GUESS"), appearance=word("LOOKS", serial)
        ),
        bystanders=term("AROUND"),
        police=term("POLICE"),
        willing_to_talk=True,
        account=word("ACCOUNT", serial),
        attachments=(
            SourceAttachment(
                1, "foto", "", date(2026, 9, 20), 20, "image/jpeg", word("CLIP", serial)
            ),
        ),
    )
    return replace(report, **changes)


def reviewed(serial: int) -> tuple[Reviewed, ...]:
    return tuple(Reviewed(field, word(f"SEEN{name}", serial)) for name, field in FREE.items())


def seeded() -> DossierSource:
    on, own = date(2026, 9, 20), Reliability.ESTABLISHED
    return a_dossier(
        (
            a_seeded_report(1),
            a_seeded_report(2, reviewed=reviewed(2)),
            a_seeded_report(3, minor=True, reviewed=reviewed(3)),
            a_seeded_report(4, share_police=False),
            a_seeded_report(5, share_partners=False),
        ),
        kind=Term("groep", "groep"),
        events=(
            SourceEvent(on, word("MEMO"), "gemeente", own, EventKind.NOTE),
            SourceEvent(on, word("PEVENT"), "politie", own, EventKind.STATE, police_sourced=True),
            SourceEvent(on, word("STEP"), "gemeente", own, EventKind.STATE),
        ),
        actions=(
            SourceAction(on, word("PACTION"), "politie", "", police_sourced=True),
            SourceAction(on, word("ACTION"), "gemeente", ""),
        ),
        agreements=(
            SourceAgreement(on, word("DEAL"), "handhaving", None, Term("open", "loopt"), True),
        ),
        measures=(SourceMeasure(on, word("MEASURE"), "gemeente", ""),),
        consultations=(SourceConsultation(on, "overleg", ("OOV",), word("TABLE")),),
        attachments=(
            SourceAttachment(1, "foto", word("PHOTO"), on, 1000, "image/jpeg", word("FILE")),
        ),
        assessment=word("ASSESS"),
    )


# What may be read of a report, by the names of the words above.
COMMON = {"ROLE", "AGAIN", "FEELING", "STREET"}
OFFICERS = COMMON | {"SPOT", "COUNT", "GUESS", "AROUND", "SEENACCOUNT", "SEENNOTE"}
MAY_SEE: dict[str, set[str]] = {
    "intern": OFFICERS | {"CONSEQ", "AGE", "POLICE", "ACCOUNT", "NOTE", "LOOKS", "KENMERK"},
    "politie": OFFICERS | {"CONSEQ", "POLICE"},
    "handhaving": OFFICERS,
    "zorg_welzijn": (OFFICERS | {"CONSEQ"}) - {"SPOT"},
    "woningcorporatie": {"ROLE", "AGAIN", "STREET", "COUNT"},
    "openbaar_vervoer": OFFICERS - {"SPOT"},
    "bestuur": set(),
}
NOT_OF_MINORS = {"CONSEQ", "AGE", "ACCOUNT", "NOTE", "LOOKS", "SEENACCOUNT", "SEENNOTE"}
POLICE_ONLY, PARTNERS = {1, 2, 3, 5}, {1, 2, 3, 4}
REPORTS: dict[str, set[int]] = {
    "intern": {1, 2, 3, 4, 5},
    "politie": POLICE_ONLY,
    "handhaving": PARTNERS,
    "zorg_welzijn": PARTNERS,
    "woningcorporatie": PARTNERS,
    "openbaar_vervoer": PARTNERS,
    "bestuur": set(),
}
OF_THE_DOSSIER = {"STEP", "ACTION", "DEAL", "MEASURE", "ASSESS"}
AT_THE_TABLE = {"intern", "politie", "handhaving", "bestuur"}
OF_REPORTS = (
    *("ROLE", "AGAIN", "FEELING", "STREET", "SPOT", "COUNT", "GUESS", "AROUND", "CONSEQ"),
    *("AGE", "POLICE", "ACCOUNT", "NOTE", "LOOKS", "SEENACCOUNT", "SEENNOTE", "SEENLOOKS"),
)


def secrets() -> dict[str, tuple[str, int]]:
    """Every planted word, with its name and the report that it is of."""
    found = {
        word(name, serial): (name, serial)
        for name in OF_REPORTS
        for serial in range(1, 6)
        if not name.startswith("SEEN") or serial in (2, 3)
    }
    found |= {f"M-QZ7{serial}-K4QX": ("KENMERK", serial) for serial in range(1, 6)}
    found |= {word("CLIP", serial): ("CLIP", serial) for serial in range(1, 6)}
    names = (*OF_THE_DOSSIER, "MEMO", "PEVENT", "PACTION", "TABLE", "PHOTO", "FILE")
    return found | {word(name): (name, 0) for name in names}


def may_see(profile: str, name: str, serial: int) -> bool:
    if serial == 0:
        inside = {"MEMO": profile == "intern", "TABLE": profile in AT_THE_TABLE}
        return inside.get(name, name in OF_THE_DOSSIER)
    if serial not in REPORTS[profile] or (serial == 3 and name in NOT_OF_MINORS):
        return False
    # Within the department the text is whole; what was looked at is for others.
    inside_only = profile == "intern" and name.startswith("SEEN")
    # A spot is told instead of its street, never both.
    instead = name == "STREET" and "SPOT" in MAY_SEE[profile]
    return name in MAY_SEE[profile] and not inside_only and not instead


def everything_in(pdf: bytes) -> Iterator[str]:
    """The text of the pages, and every string, name and unpacked stream of the file."""
    reader = PdfReader(BytesIO(pdf))
    yield " ".join(page.extract_text() for page in reader.pages)
    yield repr(reader.metadata)
    with pikepdf.open(BytesIO(pdf)) as document:
        for part in document.objects:
            yield from strings_of(part)
            if isinstance(part, pikepdf.Stream):
                raw = part.read_bytes()
                yield raw.decode("latin-1")
                yield raw.decode("utf-16-be", errors="ignore")


def strings_of(value: Any) -> Iterator[str]:
    """Titles, alternative texts, names of files: whatever a dictionary or array holds."""
    if isinstance(value, (pikepdf.Dictionary, pikepdf.Stream)):
        for key, inner in value.items():
            yield str(key)
            if not getattr(inner, "is_indirect", False):
                yield from strings_of(inner)
    elif isinstance(value, pikepdf.Array):
        for inner in value:
            if not getattr(inner, "is_indirect", False):
                yield from strings_of(inner)
    elif isinstance(value, (pikepdf.String, pikepdf.Name)):
        yield str(value)


@pytest.mark.parametrize("name", PROFILES)
def test_what_a_recipient_may_not_have_is_nowhere_in_the_pdf_or_on_the_preview(name: str) -> None:
    source, profile = seeded(), PROFILES[name]
    content, lines = redact(source, profile), hidden(source, select(source.reports, profile))
    assert lines == content.annex.hidden
    prepared = Prepared(
        export=Export(),
        at=NOW,
        profile=profile,
        content=content,
        marked=marked(source.reports, select(source.reports, profile), lines),
        subjects=(),
        against=(),
        minors=True,
        read_ids=(),
        files={},
        unread={},
    )
    page = repr(preview_values(prepared))
    pdf = render(content, load_assets())
    whole = "\n".join(everything_in(pdf))
    text = next(everything_in(pdf))
    assert "Q7" in text
    wrong = []
    for secret, (what, serial) in secrets().items():
        allowed = may_see(name, what, serial)
        if not allowed and (secret.lower() in whole.lower() or secret.lower() in page.lower()):
            wrong.append(f"{what} {serial} leaks")
        if allowed and secret not in text:
            wrong.append(f"{what} {serial} is missing")
    assert wrong == []
    # To the minute only for who gets the time.
    timed = name in {"intern", "politie", "handhaving", "openbaar_vervoer"}
    assert ("21.43" in text) == timed


# Photos and the like, where an admin opened them: for whom the minimum lets through.
FILES_FOR = {"intern", "politie", "handhaving"}
BYTES = {word("CLIP", serial): word("BYTES", serial).encode() for serial in range(1, 6)}
BYTES[word("FILE")] = word("BYTES").encode()


@pytest.mark.parametrize("name", PROFILES)
def test_a_file_goes_only_with_who_may_have_it(name: str) -> None:
    content = redact(seeded(), opened(PROFILES[name]))
    wanted = [file.file_name for file in content.attachments.files]
    files = [BYTES[file_name] for file_name in wanted]
    pdf = render(frozen(content, BYTES), load_assets(), files=files)
    whole = "\n".join(everything_in(pdf))
    allowed = set()
    if name in FILES_FOR:
        # None of a minor's, nor of a report that stays out.
        allowed = {word("FILE")} | {word("CLIP", serial) for serial in REPORTS[name] - {3}}
    assert set(wanted) == allowed
    for file_name, data in BYTES.items():
        assert (file_name in whole) == (file_name in allowed), file_name
        assert (data.decode() in whole) == (file_name in allowed), data
    assert (word("PHOTO") in whole) == (name in FILES_FOR)
