"""Beeld: the assessment and the key figures of what this recipient gets. Pure."""

from collections.abc import Sequence

from stopintimidatie.exports import figures
from stopintimidatie.exports.content import Count, Pair, Picture
from stopintimidatie.exports.profiles import Section
from stopintimidatie.exports.selection import Selection, today
from stopintimidatie.exports.source import PARTS_OF_DAY, DossierSource, SourceReport
from stopintimidatie.exports.text import clean

NOT_HERE = Picture("", "", "", "", (), (), PARTS_OF_DAY, (), (), (), ())


def picture(source: DossierSource, chosen: Selection) -> Picture:
    if not chosen.profile.has(Section.PICTURE):
        return NOT_HERE
    reports, exact = chosen.reports, chosen.profile.lists_reports
    forms, rows = figures.by_form(reports), figures.by_weekday(reports)
    months, places = figures.by_month(reports), figures.by_place_type(reports)
    if not exact:
        forms, rows = figures.coarse_counts(forms), figures.coarse_rows(rows)
        months, places = figures.coarse_counts(months), figures.coarse_counts(places)
    return Picture(
        assessment=clean(source.assessment),
        facts=clean(source.request.facts or ""),
        perceptions=clean(source.request.perceptions or ""),
        assumptions=clean(source.request.assumptions or ""),
        tiles=_tiles(source, chosen, forms),
        forms=forms,
        parts_of_day=PARTS_OF_DAY,
        weekdays=rows,
        months=months,
        places=places,
        notes=_notes(reports, exact=exact),
    )


def _tiles(source: DossierSource, chosen: Selection, forms: Sequence[Count]) -> tuple[Pair, ...]:
    reports, exact = chosen.reports, chosen.profile.lists_reports
    if not reports:
        return ()
    total = len(reports) if exact else figures.coarse(len(reports))
    recent = figures.trend(reports, today(source)).recent
    shown = recent if exact else figures.coarse(recent)
    return (
        Pair("meldingen in dit document", "<5" if total is None else str(total)),
        Pair("in de laatste 3 maanden", "<5" if shown is None else str(shown)),
        Pair("verschillende vormen", str(len(forms))),
    )


def _notes(reports: Sequence[SourceReport], *, exact: bool) -> tuple[str, ...]:
    if not exact:
        return ("Aantallen zijn naar beneden afgerond op vijftallen; onder de vijf staat er <5.",)
    unknown = len(reports) - len(figures.timed(reports))
    if not unknown:
        return ()
    counts = "telt" if unknown == 1 else "tellen"
    which = f"Van {figures.in_reports(unknown)} is het dagdeel niet bekend."
    return (f"{which} Die {counts} niet mee bij dag en dagdeel.",)
