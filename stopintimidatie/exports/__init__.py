"""The dossier as a PDF: asked for, approved by a second person, made, registered, fetched.

`extract` fills a source from the database; a profile turns it into content in `redaction`, which is
pure; `document` draws that in a child process; `request` is what people do, `release` what becomes
of it.
"""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register what this room hands to the others."""
    from stopintimidatie.core.storage.retention import read_classes
    from stopintimidatie.exports.models import SEALED
    from stopintimidatie.exports.resources import LEVELS

    for level in LEVELS:
        config.add_tree_level(level)
    for kind in read_classes(__package__):
        config.add_retention_class(kind)
    config.add_sealed(SEALED)
