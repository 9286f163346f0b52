"""The reporter's own page, `/volgen`."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the page of the reporter."""
    from stopintimidatie.core.storage.retention import RetentionClass, Way
    from stopintimidatie.core.web.limits import PUBLIC_UPLOAD_FORM
    from stopintimidatie.reports.follow.resources import FollowPages

    config.add_retention_class(
        RetentionClass(
            "sessie_melder",
            "De sessie van een melder op /volgen: alleen een cookie, niets in de database",
            (),
            Way.BY_ITSELF,
            "de melder vult de volgcode in",
            until="tot de melder afsluit, of de cookie verloopt",
            source="eigen beleid",
        )
    )
    config.add_translated_prefix("volgen")
    config.add_public_prefix("volgen", "Uw melding volgen", "/volgen/weg")
    config.add_tree_root("volgen", FollowPages)
    config.add_form_limit("volgen", PUBLIC_UPLOAD_FORM)
    config.scan("stopintimidatie.reports.follow.views")
