"""The page of before and after: the choice, and the comparison with its warnings."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from sqlalchemy import func

from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.web import charts
from stopintimidatie.core.web.register import read_register
from stopintimidatie.core.web.request import Request, page_view, query_pairs
from stopintimidatie.core.web.theme import DEFAULT_COLOUR
from stopintimidatie.dossiers.models import DossierMeasure
from stopintimidatie.dossiers.rules import SHORTEST
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import level_of
from stopintimidatie.reports.vocabulary import FollowUp
from stopintimidatie.statistics.effect import queries, rules

TASK: Final = "voor en na bekijken"


@page_view(MunicipalityResource, "effect", Permission.VIEW_REPORT, "templates/effect.jinja2")
def show_effect(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Compare before and after of a measure or campaign, or let one choose."""
    asked, session = dict(query_pairs(request)), request.db
    if "maatregel" in asked:
        subject = queries.measure_with(session, asked["maatregel"])
    elif "campagne" in asked:
        subject = queries.campaign_as_subject(session, asked["campagne"])
    else:
        return _choice(context, request)
    if subject is None:
        raise HTTPNotFound()
    if subject.dossier:
        note_read(request, context.holder, "dossier", [subject.dossier[0]], task=TASK)
    compared = queries.compare(session, context.holder, subject, asked.get("campagne", ""))
    # No two pieces begin on the same day of the year: thirty days don't go into it.
    drawn = [(f"{day.day}-{day.month}", number) for day, number in compared.bars]
    marks = {f"{subject.since.day}-{subject.since.month}"}
    return {
        "subject": subject,
        **compared._asdict(),
        "too_short": compared.days < SHORTEST,
        "warnings": rules.warnings(not subject.dossier, compared.ran, peaked=compared.peaked),
        "no_cause": rules.NO_CAUSE,
        "in_words": rules.ratio_in_words,
        "draw": partial(charts.trend_chart, drawn, colour=DEFAULT_COLOUR, marks=marks),
        "data_uri": charts.data_uri,
        "alt": charts.bar_summary("Meldingen per 30 dagen", drawn),
    }


def _choice(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Return the measures to choose from; their dossiers are noted as read."""
    session = request.db
    total = session.scalar(queries.MEASURES.with_only_columns(func.count(DossierMeasure.id))) or 0
    measures = read_register(request, total, partial(queries.list_measures, session))
    read = [dossier.id for _, dossier, _ in measures.rows]
    note_read(request, context.holder, "dossier", read, task=TASK)
    connected = level_of(session, context.holder) == ParticipationLevel.PROGRAMME
    return {"subject": None, "measures": measures, "kinds": FollowUp, "connected": connected}
