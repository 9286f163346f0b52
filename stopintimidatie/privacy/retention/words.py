"""The page of all terms, written out of what the rooms declare.

`stopintimidatie bewaartermijnen > docs/bewaartermijnen.md`; a test compares them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from stopintimidatie.core.storage.personal import IMPERSONAL_TABLES
from stopintimidatie.core.storage.retention import RETENTION_CLASSES, RetentionClass, Way

HEAD: Final = """# Bewaartermijnen

Alle soorten gegevens die deze installatie bewaart, met hun termijn. Wat bij *hoe* een
vernietigingslijst of een doorlopend besluit heeft, is hier een **voorstel**: de gemeente kiest zelf
categorie en termijn, en haar archivaris keurt ze goed. Tot dan is er niets aan de beurt.

Deze tabel wordt gemaakt uit de code (`stopintimidatie bewaartermijnen`); een
test vergelijkt ze, en faalt voor een tabel met persoonsgegevens zonder termijn.

| gegevens | tabellen | begint | termijn | hoe | bron |
|---|---|---|---|---|---|
"""
WAYS: Final = """
**Hoe**: *vernietigingslijst*: twee mensen besluiten elk kwartaal wat weggaat. *Doorlopend
besluit*: elke nacht, zonder lijst; de archivaris verlengt het besluit elk jaar. *Vanzelf*: het
programma doet het, wat een gemeente ook kiest. *Gaat mee*: samen met het document. *Onderhoud*: de
beheerder van de installatie, als eigen rol. *Met de hand*: wie het beheert. *Blijft*: zonder einde.
"""
PUBLIC: Final = """
## Zonder persoonsgegevens van melders of betrokkenen

"""


def term_in_words(row: RetentionClass) -> str:
    """Return the term of a class in Dutch."""
    if row.term is None or row.term.number == 0:
        return row.until or "die dag"
    return f"{row.term}; {row.until}" if row.until else str(row.term)


def lines(classes: Mapping[str, RetentionClass], reasons: Mapping[str, str]) -> Iterator[str]:
    """Yield the page, line by line."""
    yield HEAD.rstrip("\n")
    order = list(Way)
    for row in sorted(classes.values(), key=lambda row: order.index(row.way)):
        tables = ", ".join(f"`{name}`" for name in row.tables) or "geen"
        cells = (row.label, tables, row.starts, term_in_words(row), row.way.value, row.source)
        yield f"| {' | '.join(cells)} |"
    yield WAYS.rstrip("\n")
    yield PUBLIC.rstrip("\n")
    kept = {name for row in classes.values() for name in row.tables}
    yield ", ".join(f"`{name}`" for name in sorted(set(reasons) - kept)) + "."


def page(registry: Any) -> str:
    """Return the whole page."""
    classes = RETENTION_CLASSES.of(registry)
    return "\n".join(lines(classes, IMPERSONAL_TABLES.of(registry))) + "\n"
