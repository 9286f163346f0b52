"""The words of destruction lists: whose turn it is, and what is shown of a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from stopintimidatie.core.storage.retention import RetentionClass
from stopintimidatie.core.text import date_text, datetime_long, plural
from stopintimidatie.exports.vocabulary import capital
from stopintimidatie.privacy.destruction.models import (
    DestructionLine,
    DestructionList,
    LineDecision,
    ListState,
    Tombstone,
    Waits,
)
from stopintimidatie.privacy.destruction.queries import (
    AUTHORISED,
    GONE,
    STANDINGS,
    UNDECIDED,
    Numbers,
    standing_of,
)
from stopintimidatie.privacy.destruction.requests import missing_advice, ruling_words, waits_on
from stopintimidatie.privacy.retention.models import Extension, ExtensionOutcome
from stopintimidatie.privacy.retention.rules import (
    DOSSIER_CLOSED,
    DOUBLE,
    HANDED_OVER,
    HANDLED,
    LEDGER_CLASS,
    LISTED,
    NOT_HANDLED,
    OPEN,
    WITHDRAWN,
    Outcome,
)
from stopintimidatie.reports.vocabulary import KIND as REPORT

Rows = list[tuple[str, Any]]
# Short, for groups and filters; other classes have their own label.
CLASSES: Final = {
    HANDLED: "Afgehandelde meldingen",
    NOT_HANDLED: "Meldingen niet in behandeling",
    DOUBLE: "Dubbele meldingen",
    WITHDRAWN: "Ingetrokken meldingen",
    HANDED_OVER: "Overgedragen meldingen",
    OPEN: "Meldingen die nog open staan",
    DOSSIER_CLOSED: "Dossiers",
    LEDGER_CLASS: "Niet bekend: opnieuw weg na een reservekopie",
}
STATES: Final = {
    ListState.PROPOSED: ("Te beoordelen", "warning"),
    ListState.ASSESSED: ("Na te kijken", "warning"),
    ListState.CHECKED: ("Te machtigen", "warning"),
    ListState.AUTHORISED: ("Gemachtigd", "info"),
    ListState.DONE: ("Klaar", "success"),
}
WAITING: Final = {
    Waits.UNDECIDED: "nog niet beslist",
    Waits.NOT_AUTHORISED: "nog niet gemachtigd",
    Waits.HOLD: "bevroren",
    Waits.DOSSIER: "zit in een dossier dat nog loopt",
    Waits.EXPORT: "er loopt nog uitvoer",
    Waits.HANDOVER: "er loopt nog een overdracht",
    Waits.NOT_DUE: "niet meer aan de beurt",
    Waits.TRANSFER: "nog niet overgebracht",
}


def class_label(classes: Mapping[str, RetentionClass], code: str) -> str:
    """Return a retention class in few words."""
    if code in CLASSES:
        return CLASSES[code]
    return classes[code].label if code in classes else code


def standing_words(gone: Iterable[Tombstone]) -> str:
    """Say by which decision documents went that no list numbered."""
    words = (
        "Korte termijnen gaan zonder lijst, door een doorlopend besluit dat geldt tot het verandert"
        " of eindigt."
    )
    again = sum(stone.retention_class in {*LISTED, LEDGER_CLASS} for stone in gone)
    if again:
        words += (
            f" {plural(again, 'document ging', 'documenten gingen')} opnieuw weg na het terugzetten"
            " van een reservekopie, volgens het grootboek; het besluit van toen stond niet in die"
            " kopie."
        )
    return words


def state_of_list(row: DestructionList) -> tuple[str, str]:
    """Return the state of a list as a word and its tone."""
    return STATES[ListState(row.state)]


def turn(row: DestructionList, numbers: Numbers) -> str:
    """Say whose turn it is, and for what."""
    authorised = numbers.standings[AUTHORISED]
    number = authorised - numbers.to_transfer
    going = plural(number, "regel is gemachtigd en gaat", "regels zijn gemachtigd en gaan")
    archive = plural(numbers.to_transfer, "regel wacht", "regels wachten")
    said = [f"{going} op de eigen dag."] if number else []
    if numbers.to_transfer:
        said.append(f"{archive} op het archief. Bij de regel staat wat de archivaris nu doet.")
    if row.state != ListState.AUTHORISED:
        said.insert(0, _turn(row, numbers))
    elif not numbers.to_transfer:
        said.insert(0, "Niemand hoeft iets te doen:")
    return " ".join(said)


def _turn(row: DestructionList, numbers: Numbers) -> str:
    undecided = numbers.standings[UNDECIDED]
    state = ListState(row.state)
    if state is ListState.DONE:
        return "Deze lijst is klaar. Niemand hoeft iets te doen."
    if state is ListState.ASSESSED:
        many = plural(numbers.to_check, "regel", "regels")
        return f"De privacyfunctionaris is aan de beurt: {many} nakijken op bevriezingen."
    if state is ListState.CHECKED:
        many = plural(numbers.to_authorise, "regel", "regels")
        return f"De archivaris is aan de beurt: de vernietiging van {many} machtigen."
    if undecided:
        return f"De proceseigenaar is aan de beurt. {_undecided(undecided)}"
    many = plural(numbers.to_assess, "regel", "regels")
    return f"De proceseigenaar is aan de beurt: de beoordeling van {many} afsluiten."


def _undecided(number: int) -> str:
    return f"Over {plural(number, 'regel', 'regels')} is nog niet beslist."


def summary(numbers: Numbers) -> list[str]:
    """Return the numbers of a list, those that aren't nought."""
    words = [
        f"{number} {STANDINGS[code].lower()}"
        for code in STANDINGS
        if (number := numbers.standings[code])
    ]
    return [plural(numbers.total, "regel", "regels"), *words]


def by_class(
    classes: Mapping[str, RetentionClass], lines: Sequence[DestructionLine]
) -> list[tuple[str, str]]:
    """Count lines by class, in words."""
    numbers = Counter(line.retention_class for line in lines)
    return [(class_label(classes, code), str(numbers[code])) for code in sorted(numbers)]


def left_over(number: int) -> str:
    """Say how many lines are for a colleague; nothing for none."""
    if not number:
        return ""
    return (
        f"{plural(number, 'regel wacht', 'regels wachten')} op een collega: daarvan deed u al een"
        " andere stap, of iemand die u een account gaf of het van u kreeg. Elke regel gaat langs"
        " drie mensen."
    )


def archive_first(number: int) -> str:
    """Say how many lines can't be authorised before their archive is named; nothing for none."""
    if not number:
        return ""
    return (
        f"{plural(number, 'regel wacht', 'regels wachten')} op het pakket voor het archief. Vraag"
        " de beheerder dat te maken."
    )


TO_ARCHIVE: Final = (
    "De beheerder maakt het pakket voor het archief. Is de regel dan gemachtigd, dan vult de"
    " archivaris bij Overbrengen het ontvangstbewijs in."
)
NOT_ALONE: Final = (
    "Een melding gaat alleen in haar dossier naar het archief. Is er zo’n dossier niet, doe dan een"
    " voorstel voor bewaartermijnen waarin deze meldingen worden vernietigd. Is de regel al"
    " gemachtigd, haal hem dan terug."
)


def lateness(number: int) -> str:
    """Say how many lines are late; nothing for none."""
    return f"{number} te laat" if number else ""


def earlier(number: int) -> str:
    """Say why lines are on a list of a later period; nothing for none."""
    if not number:
        return ""
    many = plural(number, "regel was", "regels waren")
    return (
        f"{many} al eerder aan de beurt dan deze periode. Dat komt bijvoorbeeld doordat er toen nog"
        " geen bewaartermijnen golden."
    )


def row_facts(line: DestructionLine, held: Sequence[str]) -> list[str]:
    """Return the short facts about a line in a list: its state, and by what it is held."""
    standing = standing_of(line)
    words = STANDINGS[standing].lower()
    if standing == LineDecision.POSTPONED:
        words = f"uitgesteld tot {date_text(line.postponed_until)}"
    if standing == AUTHORISED:
        words = f"gaat op {date_text(line.due_on)}"
        if line.waits_for:
            words = f"gemachtigd, maar {WAITING[Waits(line.waits_for)]}"
    facts = [words, *held]
    if line.at_maximum:
        facts.append("absoluut maximum")
    return facts


def line_rows(
    line: DestructionLine, label: str, held: Sequence[str], today: date, late: bool
) -> Rows:
    """Return all that is shown of a line, without anything of its content."""
    outcome = "Overbrengen naar het archief" if line.outcome == Outcome.TRANSFER else "Vernietigen"
    day = date_text(line.due_on)
    due = f"{day}. Dit is te laat." if late else f"{day}, vandaag" if line.due_on == today else day
    return [
        ("Soort", label),
        ("Categorie", line.category or "nog niet gekozen"),
        ("Gevolg", outcome),
        ("Ontvangen", date_text(line.received_on)),
        ("Geëindigd", date_text(line.ended_on) if line.ended_on else "loopt nog"),
        ("De termijn loopt vanaf", date_text(line.starts_on)),
        ("Aan de beurt op", due),
        *((("Absoluut maximum", MAXIMUM),) if line.at_maximum else ()),
        ("Wacht op", capital("; ".join(held)) if held else "niets"),
        *_decision(line),
    ]


def request_rows(asked: Extension) -> Rows:
    """Return a request to keep a document longer: what is asked, each advice, and the decision."""
    rows: Rows = [
        ("Gevraagd", f"Bewaren tot {date_text(asked.wanted_until)}"),
        ("Waarom", asked.reason),
        ("Gevraagd door", f"{asked.asked_by}, {datetime_long(asked.asked_at)}"),
    ]
    for title, agrees, said, name, moment in (
        (
            "Advies archivaris",
            asked.archivist_agrees,
            asked.archivist_words,
            asked.archivist_by,
            asked.archivist_at,
        ),
        ("Advies FG", asked.fg_agrees, asked.fg_words, asked.fg_by, asked.fg_at),
    ):
        if moment is not None:
            word = "Eens" if agrees else "Niet eens"
            rows.append((title, f"{word}: {said} ({name}, {datetime_long(moment)})"))
    return [*rows, ("Stand", standing_of_request(asked))]


def standing_of_request(asked: Extension) -> str:
    """Say what was decided about a request, or on whom it waits."""
    if asked.outcome == ExtensionOutcome.WITHDRAWN:
        return "Ingetrokken"
    if asked.outcome is None:
        missing = missing_advice(asked)
        return waits_on(missing) if missing else "De proceseigenaar vult nu het besluit in."
    until = (
        f"mag blijven tot {date_text(asked.until)}" if asked.until else "mag niet langer blijven"
    )
    return capital(f"{until}: {ruling_words(asked)}.")


def advice_in_short(asked: Extension) -> str:
    """Return each advice that was given, in few words."""
    advice = {"Archivaris": asked.archivist_agrees, "FG": asked.fg_agrees}
    words = {True: "eens", False: "niet eens", None: "nog geen advies"}
    return ", ".join(f"{title}: {words[agrees]}" for title, agrees in advice.items())


def not_followed(asked: Extension) -> list[str]:
    """Return whose advice the controller didn't follow."""
    if asked.outcome not in (ExtensionOutcome.GRANTED, ExtensionOutcome.REFUSED):
        return []
    granted = asked.outcome == ExtensionOutcome.GRANTED
    advice = {"archivaris": asked.archivist_agrees, "FG": asked.fg_agrees}
    return [title for title, agrees in advice.items() if agrees is not granted]


MAXIMUM: Final = (
    "Ja. Alleen de verwerkingsverantwoordelijke kan besluiten dat dit document langer blijft, met"
    " advies van archivaris en FG."
)


def _decision(line: DestructionLine) -> Rows:
    standing = standing_of(line)
    rows: Rows = [("Stand", STANDINGS[standing])]
    if line.postponed_until is not None:
        rows.append(("Uitgesteld tot", date_text(line.postponed_until)))
    if line.reason:
        rows.append(("Reden", line.reason))
    if line.decided_by and line.decided_at:
        rows.append(("Beslist door", f"{line.decided_by}, {datetime_long(line.decided_at)}"))
    for label, name, moment in (
        ("Beoordeling afgesloten", line.assessed_by, line.assessed_at),
        ("Bevriezing nagekeken", line.checked_by, line.checked_at),
        ("Gemachtigd", line.authorised_by, line.authorised_at),
        ("Weg", None, line.gone_at),
    ):
        if moment is not None:
            rows.append(
                (label, f"{name}, {datetime_long(moment)}" if name else datetime_long(moment))
            )
    if line.waits_for and standing != GONE:
        rows.append(("Ging niet, want", WAITING[Waits(line.waits_for)]))
    if line.outcome == Outcome.TRANSFER and standing != GONE:
        alone = line.document_kind == REPORT
        rows.append(("Zo gaat het verder", NOT_ALONE if alone else TO_ARCHIVE))
    return rows


def people(made: Iterable[tuple[str, str, datetime]], row: DestructionList) -> Rows:
    """Return who made which step (`people_of`), and the hash of what they agreed to."""
    rows: Rows = [(step, f"{name}, {datetime_long(moment)}") for step, name, moment in made]
    return [*rows, *([("SHA-256", row.hash)] if row.hash else [])]


def done_words(reference: str, decision: str, until: date | None) -> str:
    """Say what was decided about a line."""
    day = f" tot {date_text(until)}" if until else ""
    return f"{reference}: {STANDINGS[decision].lower()}{day}."
