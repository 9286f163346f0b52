"""Verantwoording: why this was given, what may be done with it, what is left out. Pure."""

from collections import Counter
from collections.abc import Iterable

from stopintimidatie.exports.content import Annex, Hidden, Pair
from stopintimidatie.exports.profiles import MINORS, Field, Profile, Treatment, rule_for
from stopintimidatie.exports.reportlines import filled
from stopintimidatie.exports.selection import Selection, select
from stopintimidatie.exports.source import DossierSource, EventKind
from stopintimidatie.exports.text import capital, clean, clean_line

SHARING_REFUSED = "meldingen waarvan de melder niet wil dat deze ontvanger ze krijgt"

METHOD = (
    Pair(
        "Melding",
        "Een melding is een signaal van een inwoner. Zij is niet onderzocht en zegt niet dat er "
        "een strafbaar feit is gepleegd.",
    ),
    Pair(
        "Nummers",
        "M-01, M-02 enzovoort. Een melding houdt haar nummer in alle versies van dit dossier. "
        "Een nummer dat ontbreekt, hoort bij een melding die niet (meer) in dit dossier staat.",
    ),
    Pair(
        "Feit, beleving, vermoeden",
        "Een feit is vastgesteld of door meer bronnen gemeld. Beleving is wat melders voelden. "
        "Een vermoeden is een uitleg van de gemeente die nog niet is nagegaan.",
    ),
    Pair(
        "Betrouwbaarheid",
        "Vastgesteld: door een medewerker gezien of gedaan. Eigen waarneming: de melder maakte "
        "het zelf mee of zag het. Van horen zeggen: gemeld namens iemand anders.",
    ),
    Pair(
        "Tellen",
        "De cijfers gaan alleen over de meldingen in dit document. Een melding kan meer vormen "
        "hebben en telt bij elke vorm mee. Dagdelen: nacht 0–6, ochtend 6–12, middag 12–18 en "
        "avond 18–24 uur.",
    ),
)


def annex(source: DossierSource, chosen: Selection) -> Annex:
    request, profile = source.request, chosen.profile
    minors = any(report.minor for report in chosen.reports)
    overlay = f", met {MINORS.name} versie {MINORS.version}" if minors else ""
    return Annex(
        purpose=clean(request.purpose),
        legal_basis=request.legal_basis.label,
        covenant=clean(request.covenant),
        recipients=clean_line(request.recipient),
        destroy_by=request.destroy_by,
        destroy_note=profile.destroy_note,
        data_leak=_data_leak(source),
        profile=f"{profile.label}: {profile.name} versie {profile.version}{overlay}",
        method=METHOD,
        hidden=hidden(source, profile),
    )


def _data_leak(source: DossierSource) -> str:
    return (
        "Is dit document kwijt, of zag iemand het die het niet mocht zien? Meld dat meteen aan "
        f"{clean(source.house.data_leak_contact)}. Noem het nummer van deze uitgave."
    )


def hidden(source: DossierSource, profile: Profile) -> tuple[Hidden, ...]:
    """What this recipient doesn't get, by which rule, how often: for the annex and the preview."""
    chosen = select(source.reports, profile)
    lines = []
    if chosen.withheld:
        why = "deelvoorkeur van de melder"
        lines.append(Hidden(capital(SHARING_REFUSED), "weggelaten", why, chosen.withheld))
    lines += _hidden_fields(chosen)
    notes = sum(event.kind is EventKind.NOTE for event in source.events)
    lines += _hidden_whole(profile, Field.NOTES, notes)
    police = sum(event.police_sourced for event in source.events)
    police += sum(action.police_sourced for action in source.actions)
    lines += _hidden_whole(profile, Field.POLICE_SOURCED, police)
    lines += _hidden_whole(profile, Field.CONTACT, len(source.reports), always=True)
    return tuple(lines)


def _hidden_fields(chosen: Selection) -> Iterable[Hidden]:
    numbers: Counter[tuple[Field, Treatment, str]] = Counter()
    for report in chosen.reports:
        for field in filled(report):
            rule = rule_for(chosen.profile, field, chosen.overlay(report))
            if rule.treatment is not Treatment.SHOWN:
                numbers[field, rule.treatment, rule.why] += 1
    order = list(Field)
    ranked = sorted(numbers, key=lambda entry: (order.index(entry[0]), entry[1:]))
    for field, treatment, why in ranked:
        number = numbers[field, treatment, why]
        yield Hidden(capital(field.value), treatment.label, why, number)


def _hidden_whole(
    profile: Profile, field: Field, number: int, *, always: bool = False
) -> Iterable[Hidden]:
    rule = profile.rules[field]
    if rule.treatment is not Treatment.SHOWN and (number or always):
        yield Hidden(capital(field.value), rule.treatment.label, rule.why, 0 if always else number)
