"""How many patterns wait for a decision; on the page of a report and at *beheer* the way there."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.municipalities.resources import (
    MunicipalityAdministration,
    MunicipalityResource,
)
from stopintimidatie.patterns.models import Pattern, PatternReport
from stopintimidatie.patterns.resources import pattern_path
from stopintimidatie.patterns.vocabulary import DECIDABLE, PatternState
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.tree import lineage
from stopintimidatie.web.panels import Panel

REPORT_PANEL: Final = "stopintimidatie.patterns:templates/report_panel.jinja2"
PANEL: Final = "stopintimidatie.patterns:templates/settings_panel.jinja2"


def waiting(session: Session, holder: str) -> int:
    """How many patterns wait for a decision."""
    proposed = select(func.count()).select_from(Pattern)
    proposed = proposed.where(Pattern.holder == holder, Pattern.state == PatternState.PROPOSED)
    return session.scalar(proposed) or 0


def report_panel(context: ReportResource, request: Any) -> Panel | None:
    """On the page of a report: the patterns that it is part of, unless somebody said it is none."""
    if context.holder == NATIONAL or context.report.state in GONE:
        return None
    shown = select(PatternReport.pattern_id).where(PatternReport.report_id == context.report.id)
    numbers = request.db.scalars(
        select(Pattern.number)
        .where(Pattern.id.in_(shown), Pattern.state.in_((*DECIDABLE, PatternState.ACCEPTED)))
        .order_by(Pattern.number)
    ).all()
    for node in lineage(context):
        if numbers and isinstance(node, MunicipalityResource):
            slug = node.municipality.slug
            found = [(f"P-{number}", pattern_path(slug, number)) for number in numbers]
            return Panel("Opvallend patroon", REPORT_PANEL, {"found": found})
    return None


def settings_panel(context: Any, request: Any) -> Panel | None:
    """The way to the settings, on the overview of *beheer*."""
    if not isinstance(context, MunicipalityAdministration):
        return None
    values = {
        "settings": request.resource_path(context, "patronen"),
        "algorithm": f"/gemeenten/{context.municipality.slug}/algoritme",
    }
    return Panel("Opvallende patronen", PANEL, values)
