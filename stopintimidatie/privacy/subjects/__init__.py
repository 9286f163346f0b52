"""Finding a person for a request: by code, reference, address, number or name, in every room."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register what is sealed for a case, what a case needs before its copy, and the pages."""
    from stopintimidatie.core.web.limits import Places
    from stopintimidatie.privacy.subjects.models import VAULT
    from stopintimidatie.privacy.subjects.services import PERSONAL_DATA, RETENTION, RULE
    from stopintimidatie.privacy.subjects.views import search_panel

    # Its own places: a file of a reporter doesn't wait for a search, which takes seconds.
    config.registry.person_searches = Places(config.registry.app_settings.data_dir, "zoeken")
    config.add_sealed(VAULT.sealed)
    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_retention_class(RETENTION)
    config.add_request_rule(RULE)
    config.add_panel("verzoek", "zoeken", search_panel, order=30)
    config.scan("stopintimidatie.privacy.subjects.views")
