"""A PDF as bytes, drawn in this process."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from stopintimidatie.exports.document.assets import Assets
from stopintimidatie.exports.document.rendering import draw
from stopintimidatie.exports.redaction.content import DossierContent


def render(content: DossierContent, assets: Assets, *progress: Any, **how: Any) -> bytes:
    """Return what `draw` writes."""
    pdf = BytesIO()
    draw(content, assets, pdf, *progress, **how)
    return pdf.getvalue()
