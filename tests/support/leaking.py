"""A dossier with a secret in every field, and who may see which."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from stopintimidatie.exports.profiles.rules import Field
from stopintimidatie.exports.redaction.source import (
    DossierSource,
    EventKind,
    Offenders,
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
from stopintimidatie.reports.vocabulary import TimePrecision
from tests.support.exports_factory import a_dossier

FREE = {"ACCOUNT": Field.ACCOUNT, "NOTE": Field.PLACE_NOTE, "LOOKS": Field.APPEARANCE}


def word(name: str, serial: int = 0) -> str:
    """A word found nowhere else, and never broken at the end of a line."""
    return f"Q7{name}{serial}Z"


# What stands in the files, by name.
BYTES = {word("CLIP", serial): word("BYTES", serial).encode() for serial in range(1, 6)}
BYTES[word("FILE")] = word("BYTES").encode()


def a_seeded_report(serial: int, **changes: Any) -> SourceReport:
    def term(name: str) -> Term:
        return Term(name.lower(), word(name, serial))

    report = SourceReport(
        serial=serial,
        reference=f"M-QZ7{serial}-K4QX",
        happened_at=datetime(2026, 9, serial, 19, 43, tzinfo=UTC),
        precision=TimePrecision.EXACT,
        part_of_day=None,
        place=f"bij {word('SPOT', serial)}, 20 m",
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
    "school": set(),
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
    "school": set(),
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
        if profile == "school":
            return False
        inside = {"MEMO": profile == "intern", "TABLE": profile in AT_THE_TABLE}
        return inside.get(name, name in OF_THE_DOSSIER)
    if serial not in REPORTS[profile] or (serial == 3 and name in NOT_OF_MINORS):
        return False
    # Within the department the text is whole; what was looked at is for others.
    inside_only = profile == "intern" and name.startswith("SEEN")
    return name in MAY_SEE[profile] and not inside_only
