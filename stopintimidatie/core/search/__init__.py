"""Finding: one analyser, one small query grammar, one interface with an engine behind it.

A room above says what of its documents can be found (`config.add_indexable`) and who may see a
kind of access (`config.add_search_access`); after a change it calls `enqueue_index` in the same
transaction. PostgreSQL's index is written with it, Whoosh's by the worker after it; `/zoeken`
finds. Contact data never comes here.
"""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.core.search.backend import SearchBackend
from stopintimidatie.core.search.registry import (
    INDEXABLES,
    SEARCH_ACCESS,
    SEARCH_LABELS,
    Indexable,
    enqueue_index,
    search_of,
)

# Below `data_dir`; it can always be made again, so backup copies leave it out.
INDEX_FOLDER: Final = "zoekindex"


def includeme(config: Any) -> None:
    """Register the engine that the settings name, with its jobs, tables and words."""
    from stopintimidatie.core.jobs import Lane
    from stopintimidatie.core.search import services
    from stopintimidatie.core.search.backend import OPEN_ACCESS, Kind
    from stopintimidatie.core.search.query import Field
    from stopintimidatie.core.search.registry import INDEX, with_search
    from stopintimidatie.core.security.permissions import GRANTS, Permission
    from stopintimidatie.core.storage.retention import RetentionClass, Way

    INDEXABLES.declare(config)
    SEARCH_ACCESS.declare(config)
    SEARCH_LABELS.declare(config)
    config.registry.search = search_of(config.registry, _backend(config.registry))
    config.registry.engine = with_search(config.registry.engine, config.registry.search)
    config.add_job_kind(INDEX, services.run_index, batch=200)
    whole: Any = {"batch": 200, "lease_seconds": 1800, "lane": Lane.INDEX}
    config.add_job_kind(services.REBUILD, services.run_rebuild, **whole)
    config.add_job_kind(services.PURGE, services.run_purge, **whole)
    config.add_impersonal_table("search_document", "a copy; changes with each document it is of")
    config.add_impersonal_table("search_gap", "which holders must be indexed anew")
    config.add_retention_class(
        RetentionClass(
            "zoekindex",
            "De zoekindex: woorden van meldingen en dossiers",
            ("search_document",),
            Way.ALONG,
            "het document wordt vernietigd, gewist of gewijzigd",
            until="met het document; uit de bestanden van Whoosh uiterlijk de nacht erna",
            source="eigen beleid",
        )
    )
    config.add_search_access(OPEN_ACCESS, GRANTS[Permission.SEARCH])
    labels = {Kind.REPORT.value: "Melding", Kind.DOSSIER.value: "Dossier"}
    config.add_search_labels("soort van zoeken", Field.KIND, labels)


def _backend(registry: Any) -> SearchBackend:
    from stopintimidatie.core.search.postgres.backend import PostgresBackend
    from stopintimidatie.core.search.whoosh.backend import WhooshBackend

    if registry.app_settings.search_backend == "postgresql":
        return PostgresBackend(registry.engine)
    return WhooshBackend(registry.app_settings.data_dir / INDEX_FOLDER)
