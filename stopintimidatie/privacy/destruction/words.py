"""Words about destruction that pages and statements share: classes, states, what waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from stopintimidatie.core.storage.retention import RetentionClass
from stopintimidatie.core.text import plural
from stopintimidatie.privacy.destruction.models import (
    Tombstone,
    Waits,
)
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
)

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
WAITING: Final = {
    Waits.NOT_AUTHORISED: "nog niet gemachtigd",
    Waits.HOLD: "bevroren",
    Waits.DOSSIER: "zit in een dossier dat nog loopt",
    Waits.EXPORT: "er loopt nog uitvoer",
    Waits.HANDOVER: "er loopt nog een overdracht",
    Waits.NOT_DUE: "niet meer aan de beurt",
    Waits.TRANSFER: "nog niet overgebracht",
}


def class_labels(classes: Mapping[str, RetentionClass]) -> dict[str, str]:
    """Return each retention class in few words, by its code."""
    return {code: row.label for code, row in classes.items()} | CLASSES


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
