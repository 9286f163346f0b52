"""The rooms of the house, bottom first: the one list that the application and its tests read.

A module imports from its own room and from rooms that stand before it. The files of a room itself
stand below its sub-rooms, and the sub-rooms stand in the order of the list.
"""

from typing import Final

ROOMS: Final[dict[str, tuple[str, ...]]] = {
    "core": (
        "clock",
        "text",
        "registry",
        "telemetry",
        "sandbox",
        "httpclient",
        "storage",
        "audit",
        "jobs",
        "ledger",
        "security",
        "workflow",
        "tree",
        "web",
        "forms",
        "mail",
        "limits",
        "accounts",
        "second",
        "factors",
        "search",
        "health",
        "scanner",
    ),
    "municipalities": (
        "areas",
        "people",
        "sso",
        "levels",
        "settings",
        "accountability",
        "agreements",
        "partners",
    ),
    "disclosures": (),
    "reports": (
        "conversation",
        "attachments",
        "arrival",
        "handover",
        "page",
        "handling",
        "triage",
        "workbench",
        "campaigns",
        "inbox",
        "api",
        "public",
        "follow",
    ),
    "dossiers": ("filing", "person", "case", "consultations", "actions", "page", "patterns"),
    "map": (),
    "exports": (
        "profiles",
        "redaction",
        "review",
        "document",
        "extract",
        "request",
        "release",
    ),
    "desk": ("agreements", "forwarding", "queue", "onboarding"),
    "privacy": (
        "log",
        "retention",
        "holds",
        "requests",
        "erasure",
        "destruction",
        "subjects",
        "copies",
        "transfer",
        "police",
        "breaches",
        "processing",
    ),
    "statistics": ("effect", "release"),
    "programme": ("legal", "course", "knowledge", "front", "kit"),
    "home": (),
    "demo": (),
    "backup": (),
}


def modules_in_order() -> list[str]:
    """Return the modules of the rooms and sub-rooms below `stopintimidatie`, bottom first."""
    return [
        name
        for room, inside in ROOMS.items()
        for name in (room, *(f"{room}.{place}" for place in inside))
    ]
