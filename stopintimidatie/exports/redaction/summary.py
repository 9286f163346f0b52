"""Page one: what a reader with two minutes must know, in sentences that fit. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

from stopintimidatie.core.text import date_text, plural
from stopintimidatie.exports.profiles.rules import Coarse, Field, Profile, Section
from stopintimidatie.exports.redaction import selection
from stopintimidatie.exports.redaction.content import Count, PageOne, Pair, Picture
from stopintimidatie.exports.redaction.selection import Selection, pseudonym, today
from stopintimidatie.exports.redaction.source import PARTS_OF_DAY, DossierSource, SourceReport
from stopintimidatie.exports.vocabulary import capital, clean, clean_line, clip, listed

TEXT_MAX = 300
LINE_MAX = 110
PURPOSE_MAX = 200
OTHER_AREAS = 2


def page_one(source: DossierSource, chosen: Selection) -> PageOne:
    request = source.request
    return PageOne(
        question=clean(request.question),
        answer_by=request.answer_by,
        essentials=_essentials(source, chosen),
        facts=clip(request.facts or "", TEXT_MAX),
        perceptions=clip(request.perceptions or "", TEXT_MAX),
        assumptions=clip(request.assumptions or "", TEXT_MAX),
        news=_news(source, chosen),
        agreements=_open_agreements(source) if chosen.profile.has(Section.AGREEMENTS) else (),
        minors=_minors(chosen),
        rules=_rules_of_use(source, chosen.profile),
    )


def _essentials(source: DossierSource, chosen: Selection) -> tuple[Pair, ...]:
    reports, exact = chosen.reports, chosen.profile.lists_reports
    where = _where(source, chosen.profile)
    pairs = [Pair("Waar", f"{where}{_elsewhere(source, reports)}" if exact else where)]
    if reports:
        change = selection.trend(reports, today(source))
        pairs += [
            Pair("Wanneer", selection.peak(reports, exact=exact)),
            Pair("Wat", _top_forms(reports, exact=exact)),
            Pair("Hoeveel", _amount(reports, exact=exact)),
            Pair("Trend", change.in_words() if exact else f"{change.direction}."),
        ]
    else:
        pairs.append(Pair("Hoeveel", "Er zijn geen meldingen in dit document."))
    return tuple(pairs)


def _top_forms(reports: Sequence[SourceReport], *, exact: bool) -> str:
    counts = selection.by_form(reports)
    names = [f"{count.label} ({count.number})" if exact else count.label for count in counts[:3]]
    rest = len(counts) - 3
    more = f" en {rest} andere {'vorm' if rest == 1 else 'vormen'}" if rest > 0 else ""
    return capital(f"{', '.join(names)}{more}." if more else f"{listed(names)}.")


def _amount(reports: Sequence[SourceReport], *, exact: bool) -> str:
    first, last = selection.period(reports) or (date.min, date.min)
    number: int | None = len(reports) if exact else selection.coarse(len(reports))
    words = "Minder dan 5 meldingen" if number is None else selection.in_reports(number)
    if not exact and number is not None:
        words = f"Ongeveer {words}"
    if first == last:
        return f"{words}, op {date_text(first)}."
    return f"{words}, van {date_text(first)} tot en met {date_text(last)}."


def _news(source: DossierSource, chosen: Selection) -> tuple[str, ...]:
    previous = source.edition.previous
    if previous is None:
        return ("Dit is de eerste versie voor deze ontvanger.",)
    lines = []
    if chosen.profile.lists_reports:
        new = [r for r in chosen.reports if r.serial not in previous.serials]
        lines.append(_new_reports(new, previous.on))
        lines += _gone_reports(previous.serials - {r.serial for r in chosen.reports})
    made = sum(agreement.made_on > previous.on for agreement in source.agreements)
    if made and chosen.profile.has(Section.AGREEMENTS):
        lines.append(f"{made} nieuwe {'afspraak' if made == 1 else 'afspraken'}.")
    lines += _new_work(source, chosen.profile, previous.on)
    return tuple(lines) or (f"Niets sinds de versie van {date_text(previous.on)}.",)


def _gone_reports(serials: Iterable[int]) -> list[str]:
    """Numbers this recipient knows, and will look for."""
    names = [f"M-{serial:02d}" for serial in sorted(serials)]
    if not names:
        return []
    shown = [*names[:5], f"{len(names) - 5} andere"] if len(names) > 6 else names
    return [f"Niet meer in dit document: {listed(shown)}."]


def _new_work(source: DossierSource, profile: Profile, since: date) -> list[str]:
    held = sum(one.on > since for one in source.consultations)
    begun = sum(one.on > since for one in source.measures)
    lines = []
    if held and profile.has(Section.CONSULTATIONS):
        lines.append(f"{plural(held, 'overleg', 'overleggen')} gehouden.")
    if begun and profile.has(Section.ACTIONS):
        lines.append(f"{plural(begun, 'nieuwe maatregel', 'nieuwe maatregelen')}.")
    return lines


def _new_reports(new: Sequence[SourceReport], since: date) -> str:
    if not new:
        return f"Geen nieuwe meldingen sinds de versie van {date_text(since)}."
    names = [pseudonym(report) for report in sorted(new, key=lambda report: report.serial)]
    if len(names) > 6:
        names = [*names[:5], f"{len(names) - 5} andere"]
    kind = "nieuwe melding" if len(new) == 1 else "nieuwe meldingen"
    return f"{len(new)} {kind} sinds de versie van {date_text(since)}: {listed(names)}."


def _open_agreements(source: DossierSource) -> tuple[str, ...]:
    current = sorted(
        (agreement for agreement in source.agreements if agreement.open),
        key=lambda agreement: (agreement.due or date.max, agreement.what),
    )
    lines = []
    for agreement in current[:3]:
        until = f", uiterlijk {date_text(agreement.due)}" if agreement.due else ""
        what = clip(agreement.what, LINE_MAX).rstrip(".")
        lines.append(f"{what} ({clean_line(agreement.who)}{until})")
    if len(current) > 3:
        lines.append(f"En nog {len(current) - 3}: zie Besluiten en afspraken.")
    return tuple(lines)


def _minors(chosen: Selection) -> str:
    number = sum(report.minor for report in chosen.reports)
    if not number:
        return "Nee, voor zover bekend."
    if not chosen.profile.lists_reports:
        return "Ja."
    reports = selection.in_reports(number)
    return f"Ja, bij {reports}. Over die meldingen staat er minder in dit document."


def _rules_of_use(source: DossierSource, profile: Profile) -> tuple[Pair, ...]:
    request = source.request
    purpose = clip(request.purpose, PURPOSE_MAX).rstrip(".")
    until = f"Vernietig dit document uiterlijk {date_text(request.destroy_by)}."
    return (
        Pair("Wel", f"Gebruik het alleen voor dit doel: {purpose}."),
        Pair("Niet", profile.not_allowed),
        Pair("Grondslag", f"{source.edition.legal_basis}. {until}"),
    )


def _where(source: DossierSource, profile: Profile) -> str:
    area, place = clean_line(source.neighbourhood), clean_line(source.place)
    named = profile.rules[Field.PLACE].how is not Coarse.NEIGHBOURHOOD
    return f"{place} ({area})" if place and named else area


def _elsewhere(source: DossierSource, reports: Sequence[SourceReport]) -> str:
    """A dossier is filed in one neighbourhood; its reports may be of others."""
    home = clean_line(source.neighbourhood)
    areas = Counter(clean_line(report.neighbourhood) for report in reports)
    others = [area for area, _ in areas.most_common() if area and area != home]
    if not others:
        return ""
    some = "de meeste meldingen zijn" if areas[others[0]] > areas[home] else "ook meldingen"
    rest = ["elders"] if len(others) > OTHER_AREAS else []
    return f"; {some} uit {listed([*others[:OTHER_AREAS], *rest])}"


# Beeld: the assessment and the key figures of what this recipient gets. Pure.


NOT_HERE = Picture("", "", "", "", (), (), PARTS_OF_DAY, (), (), (), ())


def picture(source: DossierSource, chosen: Selection) -> Picture:
    if not chosen.profile.has(Section.PICTURE):
        return NOT_HERE
    reports, exact = chosen.reports, chosen.profile.lists_reports
    forms, rows = selection.by_form(reports), selection.by_weekday(reports)
    months, places = selection.by_month(reports), selection.by_place_type(reports)
    if not exact:
        forms, rows = selection.coarse_counts(forms), selection.coarse_rows(rows)
        months, places = selection.coarse_counts(months), selection.coarse_counts(places)
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
    total = len(reports) if exact else selection.coarse(len(reports))
    recent = selection.trend(reports, today(source)).recent
    shown = recent if exact else selection.coarse(recent)
    return (
        Pair("meldingen in dit document", "<5" if total is None else str(total)),
        Pair("in de laatste 3 maanden", "<5" if shown is None else str(shown)),
        Pair("verschillende vormen", str(len(forms))),
    )


def _notes(reports: Sequence[SourceReport], *, exact: bool) -> tuple[str, ...]:
    if not exact:
        return ("Aantallen zijn naar beneden afgerond op vijftallen; onder de vijf staat er <5.",)
    unknown = len(reports) - len(selection.timed(reports))
    if not unknown:
        return ()
    counts = "telt" if unknown == 1 else "tellen"
    which = f"Van {selection.in_reports(unknown)} is het dagdeel niet bekend."
    return (f"{which} Die {counts} niet mee bij dag en dagdeel.",)
