"""Row-level security on every table with a holder.

Revision ID: 0003
"""

from alembic import op

from stopintimidatie.storage.policies import let_maintenance_prune, protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

HELD = (
    "audit_event",
    "audit_subject",
    "disclosure",
    "disclosure_subject",
    "dossier",
    "dossier_agreement",
    "dossier_counter",
    "dossier_membership",
    "dossier_move",
    "dossier_note",
    "export",
    "export_blob",
    "export_key",
    "redirect",
    "report",
    "report_contact",
    "report_form",
    "report_move",
    "reporter_message",
    "search_document",
    "search_gap",
)
APPEND_ONLY = ("audit_event", "audit_subject", "disclosure", "disclosure_subject")


def upgrade() -> None:
    for table in HELD:
        protect(op, table)
    protect(op, "report_transfer", "giver", "receiver")
    for table in APPEND_ONLY:
        let_maintenance_prune(op, table)


def downgrade() -> None:
    raise RuntimeError("restore a backup: what the walls kept apart isn't joined again")
