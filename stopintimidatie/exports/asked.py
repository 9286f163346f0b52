"""What somebody asks for: the form fills it in, rules judge it, a row keeps it, redaction reads it.

Pure: no database, no request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from stopintimidatie.exports.standards import FileForm


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """A request for an export; `Export` keeps each answer in a column of the same name."""

    profile: str
    recipient: str
    question: str
    answer_by: date
    purpose: str
    legal_basis: str
    destroy_by: date
    covenant: str | None = None
    minors_ground: str | None = None
    owner_phone: str | None = None
    facts: str | None = None
    perceptions: str | None = None
    assumptions: str | None = None
    feedback: str | None = None
    partner_id: UUID | None = None
    file_form: str = FileForm.ARCHIVE.value
    # See `deviations`.
    deviations: list[dict[str, Any]] | None = None
    # See `routes`.
    demand_article: str | None = None
    demand_number: str | None = None
    demand_officer: str | None = None
    demand_on: date | None = None
    urgent: bool = False
    urgent_reason: str | None = None
