"""The order of the rooms, in one place: a room uses what stands before it, never after.

From ../shared/design/2-architecture.md. The command and the package itself stand on top.
"""

ORDER = (
    "clock",
    "settings",
    "registry",
    "telemetry",
    "sandbox",
    "storage",
    "audit",
    "jobs",
    "register",
    "security",
    "workflow",
    "tree",
    "web",
    "accounts",
    "mail",
    "search",
    "municipalities",
    "disclosures",
    "reports",
    "public",
    "intake",
    "partners",
    "dossiers",
    "triage",
    "patterns",
    "exports",
    "deliveries",
    "desk",
    "privacy",
    "home",
    "demo",
    "backup",
    "__init__",
    "cli",
)
PIECES = frozenset({"models", "resources", "services", "forms", "views", "templates"})
