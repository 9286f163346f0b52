"""The JSON API for the app: what comes in, strictly checked, and what goes back."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register tables, tree, streams and views of the API."""
    from stopintimidatie.core.storage.retention import RetentionClass, Way, days
    from stopintimidatie.reports.api.requests import most_of
    from stopintimidatie.reports.api.resources import Api

    config.add_tree_root("api", Api)
    config.add_stream("api", most_of)
    config.add_impersonal_table("app_key", "names of apps, hashes of their keys")
    config.add_impersonal_table("idempotency_key", "hashes, and our own words; for 30 days")
    config.add_retention_class(
        RetentionClass(
            "herhaling",
            "Sleutels waaraan een herhaald verzoek van de app is te herkennen",
            ("idempotency_key",),
            Way.BY_ITSELF,
            "het eerste verzoek",
            days(30),
            source="intakecontract",
        )
    )
    config.include("stopintimidatie.reports.api.resources")
    config.scan("stopintimidatie.reports.api.views")
    config.scan("stopintimidatie.reports.api.reference")
