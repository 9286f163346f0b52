"""Page one: what a reader with two minutes must know, in sentences that fit. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Final

from stopintimidatie.core.text import date_text, day_of, plural
from stopintimidatie.exports.profiles.rules import Coarse, Field, Profile, Section
from stopintimidatie.exports.redaction import selection
from stopintimidatie.exports.redaction.content import Count, PageOne, Pair, Picture
from stopintimidatie.exports.redaction.selection import Selection, pseudonym
from stopintimidatie.exports.redaction.source import DossierSource, PreviousVersion, SourceReport
from stopintimidatie.exports.vocabulary import DOSSIER, capital, clean, clean_line, clip, listed
from stopintimidatie.reports.rules import PARTS_OF_DAY

TEXT_MAX = 300
LINE_MAX = 110
PURPOSE_MAX = 200
OTHER_AREAS = 2


def page_one(source: DossierSource, chosen: Selection) -> PageOne:
    """Sum up the dossier for this recipient."""
    request, said = source.request, kept_apart(source, chosen)
    return PageOne(
        question=clean(request.question),
        answer_by=request.answer_by,
        essentials=_essentials(source, chosen),
        facts=clip(said["feit"], TEXT_MAX),
        perceptions=clip(said["beleving"], TEXT_MAX),
        assumptions=clip(said["vermoeden"], TEXT_MAX),
        news=_news(source, chosen),
        agreements=_open_agreements(source) if chosen.profile.has(Section.AGREEMENTS) else (),
        minors=_minors(chosen),
        rules=(*_contested(source, chosen), *_rules_of_use(source, chosen.profile)),
    )


_LABELLED: Final = re.compile(
    r"\b(feit|beleving|vermoeden)(?:en|s)?:\s*(.*?)(?=\b(?:feit|beleving|vermoeden)(?:en|s)?:|\Z)",
    re.IGNORECASE | re.DOTALL,
)


def kept_apart(source: DossierSource, chosen: Selection) -> dict[str, str]:
    """Return fact, perception and assumption as they were asked for, else as the assessment says.

    An assessment that says *Feit: … Beleving: … Vermoeden: …* has them in words of their own; it
    counts for who gets to read it on the next page.
    """
    request = source.request
    assessment = _assessment(source, chosen.profile)
    said = {
        label.lower(): capital(text.strip()) for label, text in _LABELLED.findall(assessment or "")
    }
    given = {
        "feit": request.facts,
        "beleving": request.perceptions if chosen.profile.assessed else None,
        "vermoeden": request.assumptions if chosen.profile.assessed else None,
    }
    return {label: text or said.get(label, "") for label, text in given.items()}


def _assessment(source: DossierSource, profile: Profile) -> str:
    """Return the assessment for who may read it."""
    return source.assessment if profile.has(Section.PICTURE) and profile.assessed else ""


def _essentials(source: DossierSource, chosen: Selection) -> tuple[Pair, ...]:
    reports, exact = chosen.reports, chosen.profile.lists_reports
    pairs = [Pair("Waar", _where(source, chosen))]
    if reports:
        change = selection.trend(reports, day_of(source.edition.frozen_at))
        pairs += [
            Pair("Wanneer", selection.peak(reports, exact=exact)),
            Pair("Wat", _top_forms(reports, exact=exact)),
            Pair("Hoeveel", _amount(reports, exact=exact)),
            Pair("Trend", selection.trend_in_words(*change, exact=exact)),
        ]
    else:
        pairs.append(Pair("Hoeveel", "Er zijn geen meldingen in dit document."))
    if chosen.withheld:
        number = chosen.number_withheld
        some = "Enkele meldingen" if number is None else plural(number, "melding", "meldingen")
        pairs.append(Pair("Weggelaten", f"{some} zijn weggelaten."))
    return tuple(pairs)


def _top_forms(reports: Sequence[SourceReport], *, exact: bool) -> str:
    counts = selection.ranked(form.label for report in reports for form in report.forms)
    names = [f"{count.label} ({count.number})" if exact else count.label for count in counts[:3]]
    rest = len(counts) - 3
    more = f" en {rest} andere {'vorm' if rest == 1 else 'vormen'}" if rest > 0 else ""
    return capital(f"{', '.join(names)}{more}." if more else f"{listed(names)}.")


def _amount(reports: Sequence[SourceReport], *, exact: bool) -> str:
    days = [day_of(report.happened_at) for report in reports]
    first, last = min(days), max(days)
    number: int | None = len(reports) if exact else selection.coarse(len(reports))
    words = "Minder dan 5 meldingen" if number is None else plural(number, "melding", "meldingen")
    if not exact and number is not None:
        words = f"Ongeveer {words}"
    if first == last:
        return f"{words}, op {date_text(first)}."
    return f"{words}, van {date_text(first)} tot en met {date_text(last)}."


def _news(source: DossierSource, chosen: Selection) -> tuple[str, ...]:
    """Tell what is new since the version that this recipient got before."""
    previous = source.edition.previous
    if previous is None:
        return ("Dit is de eerste versie voor deze ontvanger.",)
    lines = _news_of_reports(chosen, previous) if chosen.profile.lists_reports else []
    since = previous.on
    made = sum(agreement.made_on > since for agreement in source.agreements)
    held = sum(meeting.on > since for meeting in source.consultations)
    begun = sum(measure.on > since for measure in source.measures)
    for section, number, words in (
        (Section.AGREEMENTS, made, plural(made, "nieuwe afspraak", "nieuwe afspraken")),
        (Section.CONSULTATIONS, held, f"{plural(held, 'overleg', 'overleggen')} gehouden"),
        (Section.ACTIONS, begun, plural(begun, "nieuwe maatregel", "nieuwe maatregelen")),
    ):
        if number and chosen.profile.has(section):
            lines.append(f"{words}.")
    return tuple(lines) or (f"Niets sinds de versie van {date_text(since)}.",)


def _news_of_reports(chosen: Selection, previous: PreviousVersion) -> list[str]:
    """Name the new reports, and those that this recipient knows and will look for."""
    now, since = {report.serial for report in chosen.reports}, date_text(previous.on)
    new, gone = (
        [f"M-{serial:02d}" for serial in sorted(serials)]
        for serials in (now - previous.serials, previous.serials - now)
    )
    lines = [f"Geen nieuwe meldingen sinds de versie van {since}."]
    if new:
        kind = "nieuwe melding" if len(new) == 1 else "nieuwe meldingen"
        lines = [f"{len(new)} {kind} sinds de versie van {since}: {_shortened(new)}."]
    return [*lines, f"Niet meer in dit document: {_shortened(gone)}."] if gone else lines


def _shortened(names: list[str]) -> str:
    """List the names, of many only the first five."""
    return listed([*names[:5], f"{len(names) - 5} andere"] if len(names) > 6 else names)


def _open_agreements(source: DossierSource) -> tuple[str, ...]:
    current = sorted(
        (agreement for agreement in source.agreements if agreement.open),
        key=lambda agreement: (agreement.due or date.max, agreement.text),
    )
    lines = []
    for agreement in current[:3]:
        until = f"uiterlijk {date_text(agreement.due)}" if agreement.due else ""
        text = clip(agreement.text, LINE_MAX).rstrip(".")
        more = ", ".join(words for words in (clean_line(agreement.who), until) if words)
        lines.append(f"{text} ({more})" if more else text)
    if len(current) > 3:
        lines.append(f"En nog {len(current) - 3}: zie Besluiten en afspraken.")
    return tuple(lines)


def _minors(chosen: Selection) -> str:
    number = sum(report.minor for report in chosen.reports)
    if not number:
        return "Nee, voor zover bekend."
    if not chosen.profile.lists_reports:
        return "Ja."
    reports = plural(number, "melding", "meldingen")
    return f"Ja, bij {reports}. Over die meldingen staat er minder in dit document."


def _contested(source: DossierSource, chosen: Selection) -> tuple[Pair, ...]:
    """Say that the use of what goes along on a ground of art. 18(2) is contested; else nothing."""
    kept = source.request.deviations or ()
    bound = [pseudonym(report) for report in chosen.reports if report.restricted]
    if any(deviation["nummer"] == DOSSIER for deviation in kept):
        subject = "dit hele dossier"
    elif bound:
        subject = listed(bound) if chosen.profile.lists_reports else "een deel van de meldingen"
    else:
        return ()
    return (Pair("Betwist", CONTESTED.format(subject)),)


CONTESTED: Final = (
    "Het gebruik van {} wordt betwist, en is daarom beperkt (artikel 18 AVG). Gebruik het alleen"
    " voor een rechtsvordering of om een ander te beschermen."
)


def _rules_of_use(source: DossierSource, profile: Profile) -> tuple[Pair, ...]:
    request = source.request
    purpose = clip(request.purpose, PURPOSE_MAX).rstrip(".")
    until = f"Vernietig dit document uiterlijk {date_text(request.destroy_by)}."
    return (
        Pair("Wel", f"Gebruik het alleen voor dit doel: {purpose}."),
        Pair("Niet", profile.not_allowed),
        Pair("Grondslag", f"{source.edition.legal_basis}. {until}"),
    )


def _where(source: DossierSource, chosen: Selection) -> str:
    """Name the place and the neighbourhood of the dossier, and others that its reports are of."""
    home, place = clean_line(source.neighbourhood), clean_line(source.place)
    named = chosen.profile.rules[Field.PLACE].how is not Coarse.NEIGHBOURHOOD
    where = f"{place} ({home})" if place and named else home
    areas = Counter(clean_line(report.neighbourhood) for report in chosen.reports)
    others = [area for area, _ in areas.most_common() if area and area != home]
    if not others or not chosen.profile.lists_reports:
        return where
    some = "de meeste meldingen zijn" if areas[others[0]] > areas[home] else "ook meldingen"
    rest = ["elders"] if len(others) > OTHER_AREAS else []
    return f"{where}; {some} uit {listed([*others[:OTHER_AREAS], *rest])}"


# Beeld: the assessment and the key figures of what this recipient gets. Pure.


NOT_HERE = Picture("", "", "", "", (), (), PARTS_OF_DAY, (), (), (), ())


def picture(source: DossierSource, chosen: Selection) -> Picture:
    """Count what this recipient may know of; by fives where the reports aren't listed."""
    if not chosen.profile.has(Section.PICTURE):
        return NOT_HERE
    reports, exact = chosen.reports, chosen.profile.lists_reports
    forms = selection.ranked(form.label for report in reports for form in report.forms)
    places = selection.ranked(report.place_type.label for report in reports)
    rows, months = selection.by_weekday(reports), selection.by_month(reports)
    if not exact:
        forms, rows = selection.coarse_counts(forms), selection.coarse_rows(rows)
        months, places = selection.coarse_counts(months), selection.coarse_counts(places)
    return Picture(
        assessment=clean(_assessment(source, chosen.profile)),
        facts=clean(source.request.facts or ""),
        perceptions=clean(source.request.perceptions or "") if chosen.profile.assessed else "",
        assumptions=clean(source.request.assumptions or "") if chosen.profile.assessed else "",
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
    recent = selection.trend(reports, day_of(source.edition.frozen_at))[0]
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
    which = f"Van {plural(unknown, 'melding', 'meldingen')} is het dagdeel niet bekend."
    return (f"{which} Die {counts} niet mee bij dag en dagdeel.",)
