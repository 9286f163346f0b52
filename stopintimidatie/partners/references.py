"""The number of a partner in its address, `K-4F7K-2QXJ`: a name may change."""

from __future__ import annotations

import re
from typing import Final

from stopintimidatie.tree import codes

PREFIX: Final = "K"
PATTERN: Final = re.compile(r"K-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")


def new_partner_number() -> str:
    """A fresh number; one in a hundred thousand million is taken."""
    return codes.new_code(PREFIX)
