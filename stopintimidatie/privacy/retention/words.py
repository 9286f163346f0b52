"""The page of all terms, written out of what the rooms declare.

`stopintimidatie bewaartermijnen > docs/bewaartermijnen.md`; a test compares them.
"""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.core.mail.message import render
from stopintimidatie.core.storage.personal import IMPERSONAL_TABLES
from stopintimidatie.core.storage.retention import RETENTION_CLASSES, RetentionClass, Way

TEMPLATE: Final = "stopintimidatie.privacy.retention:templates/terms.md.jinja2"


def term_in_words(row: RetentionClass) -> str:
    """Return the term of a class in Dutch."""
    if row.term is None or row.term.number == 0:
        return row.until or "die dag"
    return f"{row.term}; {row.until}" if row.until else str(row.term)


def page(registry: Any) -> str:
    """Return the whole page."""
    classes, order = RETENTION_CLASSES.of(registry).values(), list(Way)
    rows = [
        {
            "label": row.label,
            "tables": ", ".join(f"`{name}`" for name in row.tables) or "geen",
            "starts": row.starts,
            "term": term_in_words(row),
            "way": row.way.value,
            "source": row.source,
        }
        for row in sorted(classes, key=lambda row: order.index(row.way))
    ]
    kept = {name for row in classes for name in row.tables}
    public = [f"`{name}`" for name in sorted(set(IMPERSONAL_TABLES.of(registry)) - kept)]
    return render(TEMPLATE, {"rows": rows, "public": public})
