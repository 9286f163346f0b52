"""Where everything is kept: engine, sessions, tenancy, keys. Knows nothing of the domain."""

from __future__ import annotations

from typing import Any

from stopintimidatie.storage.models import Base, Held, Holder, belongs_to, held_table
from stopintimidatie.storage.session import make_engine, transaction
from stopintimidatie.storage.tenancy import NATIONAL, TenancyError, current_holder, enter

__all__ = [
    "NATIONAL",
    "Base",
    "Held",
    "Holder",
    "TenancyError",
    "belongs_to",
    "current_holder",
    "enter",
    "held_table",
    "make_engine",
    "transaction",
]


def includeme(config: Any) -> None:
    from stopintimidatie.storage import personal
    from stopintimidatie.storage.encryption import load_key_ring
    from stopintimidatie.storage.request import request_session
    from stopintimidatie.storage.resealing import SEALED_TABLES

    SEALED_TABLES.declare(config)
    personal.PERSONAL_DATA_HOLDERS.declare(config)
    personal.IMPERSONAL_TABLES.declare(config)
    config.add_impersonal_table("holder", "codes of municipalities and the desk")
    settings = config.registry.app_settings
    config.registry.engine = make_engine(settings)
    config.registry.key_ring = load_key_ring(settings.key_file)
    config.add_request_method(request_session, "db", reify=True)
