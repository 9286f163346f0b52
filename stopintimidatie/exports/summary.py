"""An export in the rows and lines that its pages show. Values in, words out; no queries."""

from __future__ import annotations

from stopintimidatie.disclosures.copies import CODES
from stopintimidatie.exports.deviations import rows as deviation_rows
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.profiles import PROFILES
from stopintimidatie.exports.routes import basis_words, route_rows
from stopintimidatie.exports.standards import FileForm
from stopintimidatie.web.components import TimelineEntry
from stopintimidatie.web.filters import date_text, datetime_long, file_size

Rows = list[tuple[str, str]]


def request_rows(export: Export, *, reports_too: bool = True) -> Rows:
    """What was asked for.

    :param reports_too: also what is about one report.
    """
    rows = [
        ("Ontvanger", export.recipient),
        ("Soort ontvanger", PROFILES[export.profile].label),
        ("Vraag", export.question),
        ("Antwoord vóór", date_text(export.answer_by)),
        ("Doel", export.purpose),
        ("Grondslag", basis_words(export.asked)),
        ("Convenant", export.covenant or "geen"),
        ("Vernietigen uiterlijk", date_text(export.destroy_by)),
        ("Soort bestand", FileForm(export.file_form).label),
    ]
    if export.minors_ground:
        rows.append(("Extra grond: minderjarigen", export.minors_ground))
    rows += deviation_rows(export) if reports_too else []
    rows += route_rows(export.asked)
    return [*rows, ("Aangevraagd door", f"{export.requested_by}, {_moment(export)}")]


def _moment(export: Export) -> str:
    return datetime_long(export.requested_at)


def proof_rows(export: Export) -> Rows:
    """What a reader can check the file with."""
    return [
        ("Versie voor deze ontvanger", str(export.edition)),
        ("Profiel", f"{export.profile}, versie {export.profile_version}"),
        ("Grootte", file_size(export.file_size)),
        ("Ondertekend", export.signed_by or "nee"),
        ("SHA-256 van de inhoud", export.content_sha256 or ""),
        ("SHA-256 van het bestand", export.file_sha256 or ""),
    ]


def history(export: Export) -> list[TimelineEntry]:
    """What happened to it, newest first."""
    entries = [TimelineEntry(export.requested_at, "Aangevraagd", export.requested_by)]
    if export.decided_at:
        rejected = "Aanvraag ingetrokken" if export.taken_back else "Afgewezen"
        entries.append(
            TimelineEntry(
                export.decided_at,
                rejected if export.state == ExportState.REJECTED else "Goedgekeurd",
                export.decided_by or "",
                export.decided_reason or "",
            )
        )
    if export.made_at:
        entries.append(TimelineEntry(export.made_at, "Gemaakt en in het register gezet"))
    elif export.state == ExportState.FAILED and export.progress_at:
        entries.append(TimelineEntry(export.progress_at, "Maken mislukt", "", export.failure or ""))
    if export.withdrawn_at:
        why = CODES.get(export.withdrawn_code or "", "").capitalize()
        entries.append(
            TimelineEntry(export.withdrawn_at, "Ingetrokken", export.withdrawn_by or "", why)
        )
    return entries[::-1]
