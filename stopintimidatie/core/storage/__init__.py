"""Storage of everything: engine, sessions, tenancy, keys. Knows nothing of the domain."""

from __future__ import annotations

from typing import Any

from stopintimidatie.core.storage.models import Base, Holder
from stopintimidatie.core.storage.session import in_portions, make_engine, transaction
from stopintimidatie.core.storage.tenancy import NATIONAL, TenancyError, enter


def includeme(config: Any) -> None:
    """Open the engine and the key ring of the installation, and give each request its session."""
    from stopintimidatie.core.storage import personal, retention
    from stopintimidatie.core.storage.encryption import SEALED_TABLES, load_key_ring
    from stopintimidatie.core.storage.session import request_session

    SEALED_TABLES.declare(config)
    personal.PERSONAL_DATA_HOLDERS.declare(config)
    personal.IMPERSONAL_TABLES.declare(config)
    retention.RETENTION_CLASSES.declare(config)
    config.add_impersonal_table("holder", "codes of municipalities and the desk")
    settings = config.registry.app_settings
    config.registry.engine = make_engine(settings)
    config.registry.key_ring = load_key_ring(settings.key_file)
    config.add_request_method(request_session, "db", reify=True)
