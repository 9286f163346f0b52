"""Finding: one analyser, one small query grammar, one interface with an engine behind it.

A room above says what of its documents can be found (`config.add_indexable`) and who may see a
kind of access (`config.add_search_access`); after a change it calls `enqueue_index` in the same
transaction. The worker then indexes; `/zoeken` finds. Contact data never comes here.
"""

from __future__ import annotations

from typing import Any

from stopintimidatie.search.registry import (
    Indexable,
    add_indexable,
    add_search_access,
    add_search_labels,
)
from stopintimidatie.search.services import enqueue_index

__all__ = ["Indexable", "enqueue_index"]


def includeme(config: Any) -> None:
    from stopintimidatie.search import services
    from stopintimidatie.search.backend import OPEN_ACCESS, Kind
    from stopintimidatie.search.grammar import Field
    from stopintimidatie.search.registry import SearchRegistry
    from stopintimidatie.search.whoosh_backend import WhooshBackend
    from stopintimidatie.security.permissions import GRANTS, Permission

    folder = config.registry.app_settings.data_dir / "zoekindex"
    config.registry.search = SearchRegistry(WhooshBackend(folder))
    config.add_directive("add_indexable", add_indexable)
    config.add_directive("add_search_access", add_search_access)
    config.add_directive("add_search_labels", add_search_labels)
    config.add_job_kind(services.INDEX, services.run_index, batch=200)
    config.add_job_kind(services.REBUILD, services.run_rebuild, batch=200, lease_seconds=1800)
    config.add_job_kind(services.PURGE, services.run_purge, batch=200, lease_seconds=1800)
    config.add_search_access(OPEN_ACCESS, GRANTS[Permission.SEARCH])
    labels = {Kind.REPORT.value: "Melding", Kind.DOSSIER.value: "Dossier"}
    config.add_search_labels("soort van zoeken", Field.KIND, labels)
    config.scan("stopintimidatie.search.views")
