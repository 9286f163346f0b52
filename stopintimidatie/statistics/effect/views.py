"""The page of before and after: the choice, and the comparison with its warnings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from sqlalchemy import func

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.web import charts
from stopintimidatie.core.web.register import read_register
from stopintimidatie.core.web.request import Request, page_view, query_pairs
from stopintimidatie.core.web.theme import DEFAULT_COLOUR
from stopintimidatie.dossiers.models import DossierMeasure
from stopintimidatie.dossiers.rules import SHORTEST
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
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
    days = rules.days_of(subject.since, subject.until, local_date(utc_now()))
    first, last = (subject.since + timedelta(days=days * sign) for sign in (-1, 1))
    pieces = rules.pieces_of(subject.since, days)
    edges, wijk = sorted({*pieces, first, last}), subject.wijk[0] if subject.wijk else None
    counts = queries.count_from(session, context.holder, edges, wijk)
    bars = [(since, _number(counts[0], since, end)) for since, end in pairwise(pieces)]
    # No two pieces begin on the same day of the year: thirty days don't go into it.
    drawn = [(f"{day.day}-{day.month}", number) for day, number in bars]
    marks = {f"{subject.since.day}-{subject.since.month}"}
    return {
        "subject": subject,
        "first": first,
        "days": days,
        "too_short": days < SHORTEST,
        "around": [
            (_number(count, first, subject.since), _number(count, subject.since, last))
            for count in (counts if wijk else counts[:1])
        ],
        "in_words": rules.ratio_in_words,
        "ran": queries.campaigns_between(session, first, last, asked.get("campagne", "")),
        "peaked": rules.follows_peak([number for _, number in bars[: rules.PIECES_BEFORE]]),
        "bars": bars,
        "draw": partial(charts.trend_chart, drawn, colour=DEFAULT_COLOUR, marks=marks),
        "data_uri": charts.data_uri,
        "alt": charts.bar_summary("Meldingen per 30 dagen", drawn),
    }


def _number(counts: Mapping[date, int], since: date, until: date) -> int:
    """Return the number of reports from one day until another, both of which were counted from."""
    return sum(number for day, number in counts.items() if since <= day < until)


def _choice(context: MunicipalityResource, request: Request) -> dict[str, Any]:
    """Return the measures to choose from; their dossiers are noted as read."""
    session = request.db
    total = session.scalar(queries.MEASURES.with_only_columns(func.count(DossierMeasure.id))) or 0
    measures = read_register(request, total, partial(queries.list_measures, session))
    read = [dossier.id for _, dossier, _ in measures.rows]
    note_read(request, context.holder, "dossier", read, task=TASK)
    return {"subject": None, "measures": measures, "kinds": FollowUp}
