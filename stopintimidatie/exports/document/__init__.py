"""From content to a PDF, drawn in a child process with limits; standards, signature, password."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the certificate of a municipality, which is sealed and holds nobody's data."""
    from stopintimidatie.exports.document.services import SEALED

    config.add_sealed(SEALED)
    config.add_impersonal_table("signing_certificate", "of the municipality, as an organisation")
