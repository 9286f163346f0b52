"""Which tables aren't in a copy. A table says so itself, in `info`, with the reason."""

from __future__ import annotations

from typing import Final

from stopintimidatie.storage.models import Base

LEFT_OUT: Final = "not_in_backup"


def left_out() -> set[str]:
    """Tables whose rows stay behind; the tables themselves come back, empty."""
    return {name for name, table in Base.metadata.tables.items() if LEFT_OUT in table.info}
