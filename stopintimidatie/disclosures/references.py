"""The id of an export, `U-4F7K-2QXJ`: on paper, in the register, at `/verificatie`."""

from __future__ import annotations

import re
from typing import Final

from stopintimidatie.tree import codes

KIND: Final = "uitvoer"
PREFIX: Final = "U"
PATTERN: Final = re.compile(r"U-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")
# What was picked up has the number of the pick-up.
PICKED_UP: Final = re.compile(r"O-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")


def new_export_id() -> str:
    """A fresh id; the caller tries again should it exist already."""
    return codes.new_code(PREFIX)


def normalise_export_id(text: str) -> str | None:
    """The id somebody meant, or None when it can't be one."""
    return codes.normalise_code(PREFIX, text)
