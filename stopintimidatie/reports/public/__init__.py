"""The pages on which anybody reports without the app, `/melden`."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the pages of the form."""
    from stopintimidatie.core.web.limits import PUBLIC_UPLOAD_FORM
    from stopintimidatie.reports.public.pages import Reporting

    config.add_translated_prefix("melden")
    config.add_public_prefix("melden", "Straatintimidatie melden")
    config.add_tree_root("melden", Reporting)
    config.add_origin_judge("/melden")
    config.add_form_limit("melden", PUBLIC_UPLOAD_FORM)
    config.scan("stopintimidatie.reports.public.views")
