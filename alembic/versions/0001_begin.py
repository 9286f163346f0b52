"""The first tables.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("audit_event", "audit_subject", "disclosure", "disclosure_subject")


def upgrade() -> None:
    op.create_table(
        "app_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_key")),
        sa.UniqueConstraint("name", name=op.f("uq_app_key_name")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_app_key_token_hash")),
    )
    op.create_table(
        "area_load",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=500), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("loaded", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_area_load")),
    )
    op.create_table(
        "holder",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_holder")),
    )
    op.create_table(
        "municipality",
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("slug", sa.String(length=110), nullable=False),
        sa.Column("province", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_municipality")),
        sa.UniqueConstraint("slug", name=op.f("uq_municipality_slug")),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("username_hash", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("username_hash", name=op.f("pk_sign_in_attempt")),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("username", name=op.f("uq_user_account_username")),
    )
    op.create_table(
        "area_outline",
        sa.Column("area_code", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("municipality_code", sa.String(length=6), nullable=False),
        sa.Column("parent_code", sa.String(length=9), nullable=True),
        sa.Column("water", sa.Boolean(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("wkb", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_code"],
            ["municipality.code"],
            name=op.f("fk_area_outline_municipality_code_municipality"),
        ),
        sa.PrimaryKeyConstraint("area_code", name=op.f("pk_area_outline")),
    )
    op.create_index(op.f("ix_area_outline_kind"), "area_outline", ["kind"], unique=False)
    op.create_index(
        op.f("ix_area_outline_municipality_code"),
        "area_outline",
        ["municipality_code"],
        unique=False,
    )
    op.create_table(
        "audit_event",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=20), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=True),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=True),
        sa.Column("task", sa.String(length=100), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_audit_event_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_audit_event_holder_id")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_audit_event_holder_at"), "audit_event", ["holder", "at"], unique=False)
    op.create_table(
        "disclosure",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("reference", sa.String(length=11), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("source_kind", sa.String(length=20), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("source_reference", sa.String(length=20), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("recipient", sa.String(length=200), nullable=False),
        sa.Column("recipient_kind", sa.String(length=40), nullable=False),
        sa.Column("profile", sa.String(length=40), nullable=False),
        sa.Column("profile_version", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.String(length=40), nullable=False),
        sa.Column("legal_basis_words", sa.String(length=200), nullable=False),
        sa.Column("covenant", sa.String(length=200), nullable=True),
        sa.Column("minors_ground", sa.Text(), nullable=True),
        sa.Column("destroy_by", sa.Date(), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("file_size", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by_id", sa.String(length=64), nullable=True),
        sa.Column("requested_by", sa.String(length=200), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by_id", sa.String(length=64), nullable=True),
        sa.Column("approved_by", sa.String(length=200), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_disclosure_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_disclosure_holder_id")),
        sa.UniqueConstraint("holder", "reference", name=op.f("uq_disclosure_holder_reference")),
        info={"append_only": True},
    )
    op.create_index(
        op.f("ix_disclosure_holder_made_at"), "disclosure", ["holder", "made_at"], unique=False
    )
    op.create_index(
        op.f("ix_disclosure_holder_source_id"), "disclosure", ["holder", "source_id"], unique=False
    )
    op.create_table(
        "dossier_counter",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_dossier_counter_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_counter")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_dossier_counter_holder_id")),
        sa.UniqueConstraint("holder", "year", name=op.f("uq_dossier_counter_holder_year")),
        info={"append_only": False},
    )
    op.create_table(
        "idempotency_key",
        sa.Column("app_key_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("secret_version", sa.Integer(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_key_id"], ["app_key.id"], name=op.f("fk_idempotency_key_app_key_id_app_key")
        ),
        sa.PrimaryKeyConstraint("app_key_id", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index(
        op.f("ix_idempotency_key_created_at"), "idempotency_key", ["created_at"], unique=False
    )
    op.create_table(
        "login_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("flashes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_login_session_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_login_session")),
    )
    op.create_index(op.f("ix_login_session_user_id"), "login_session", ["user_id"], unique=False)
    op.create_table(
        "municipality_profile",
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("level_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("colour", sa.String(length=7), nullable=True),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("logo_type", sa.String(length=40), nullable=True),
        sa.Column("answer_title", sa.String(length=200), nullable=True),
        sa.Column("answer_text", sa.Text(), nullable=True),
        sa.Column("telephone", sa.String(length=20), nullable=True),
        sa.Column("contact_within_days", sa.Integer(), nullable=False),
        sa.Column("let_op_working_days", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["code"], ["municipality.code"], name=op.f("fk_municipality_profile_code_municipality")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_municipality_profile")),
    )
    op.create_table(
        "neighbourhood",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("municipality_code", sa.String(length=6), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("official_name", sa.String(length=120), nullable=False),
        sa.Column("slug", sa.String(length=140), nullable=False),
        sa.Column("kind", sa.String(length=13), nullable=False),
        sa.Column("water", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_code"],
            ["municipality.code"],
            name=op.f("fk_neighbourhood_municipality_code_municipality"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_neighbourhood")),
        sa.UniqueConstraint(
            "municipality_code", "slug", name=op.f("uq_neighbourhood_municipality_code_slug")
        ),
    )
    op.create_table(
        "outbox_job",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=200), nullable=True),
        sa.Column("dead", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_outbox_job_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_job")),
    )
    op.create_index(
        op.f("ix_outbox_job_kind_holder"), "outbox_job", ["kind", "holder"], unique=False
    )
    op.create_index(
        op.f("ix_outbox_job_run_after_id"), "outbox_job", ["run_after", "id"], unique=False
    )
    op.create_table(
        "redirect",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("path", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("target", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_redirect_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redirect")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_redirect_holder_id")),
        info={"append_only": False},
    )
    op.create_index(op.f("ix_redirect_path"), "redirect", ["path"], unique=False)
    op.create_table(
        "reference",
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_reference_holder_holder")
        ),
        sa.PrimaryKeyConstraint("reference", "holder", name=op.f("pk_reference")),
    )
    op.create_table(
        "report_transfer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("giver", sa.String(length=9), nullable=False),
        sa.Column("receiver", sa.String(length=9), nullable=False),
        sa.Column("reference", sa.String(length=11), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["giver"], ["holder.code"], name=op.f("fk_report_transfer_giver_holder")
        ),
        sa.ForeignKeyConstraint(
            ["receiver"], ["holder.code"], name=op.f("fk_report_transfer_receiver_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_transfer")),
    )
    op.create_index(
        op.f("ix_report_transfer_reference"), "report_transfer", ["reference"], unique=False
    )
    op.create_table(
        "role_assignment",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_role_assignment_holder_holder")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_role_assignment_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "holder", "role", name=op.f("pk_role_assignment")),
    )
    op.create_table(
        "audit_subject",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "event_id"],
            ["audit_event.holder", "audit_event.id"],
            name=op.f("fk_audit_subject_holder_event_id_audit_event"),
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_audit_subject_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_subject")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_audit_subject_holder_id")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_audit_subject_event_id"), "audit_subject", ["event_id"], unique=False)
    op.create_index(
        op.f("ix_audit_subject_holder_subject_id"),
        "audit_subject",
        ["holder", "subject_id"],
        unique=False,
    )
    op.create_table(
        "disclosure_subject",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("disclosure_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=20), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "disclosure_id"],
            ["disclosure.holder", "disclosure.id"],
            name=op.f("fk_disclosure_subject_holder_disclosure_id_disclosure"),
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_disclosure_subject_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure_subject")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_disclosure_subject_holder_id")),
        info={"append_only": True},
    )
    op.create_index(
        op.f("ix_disclosure_subject_holder_disclosure_id"),
        "disclosure_subject",
        ["holder", "disclosure_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_disclosure_subject_holder_subject_id"),
        "disclosure_subject",
        ["holder", "subject_id"],
        unique=False,
    )
    op.create_table(
        "dossier",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("neighbourhood_code", sa.String(length=9), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("legal_basis", sa.String(length=40), nullable=True),
        sa.Column("responsible_body", sa.String(length=200), nullable=True),
        sa.Column("privacy_advice", sa.Text(), nullable=True),
        sa.Column("privacy_advice_on", sa.Date(), nullable=True),
        sa.Column("goal", sa.Text(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("assessment", sa.Text(), nullable=True),
        sa.Column("monitoring_on", sa.Date(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_reason", sa.String(length=40), nullable=True),
        sa.Column("closed_note", sa.Text(), nullable=True),
        sa.Column("taken_over_by", sa.String(length=200), nullable=True),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("effect", sa.Text(), nullable=True),
        sa.Column("feedback", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "merged_into_id"],
            ["dossier.holder", "dossier.id"],
            name=op.f("fk_dossier_holder_merged_into_id_dossier"),
        ),
        sa.ForeignKeyConstraint(["holder"], ["holder.code"], name=op.f("fk_dossier_holder_holder")),
        sa.ForeignKeyConstraint(
            ["neighbourhood_code"],
            ["neighbourhood.code"],
            name=op.f("fk_dossier_neighbourhood_code_neighbourhood"),
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user_account.id"], name=op.f("fk_dossier_owner_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_dossier_holder_id")),
        sa.UniqueConstraint("holder", "number", name=op.f("uq_dossier_holder_number")),
        sa.UniqueConstraint(
            "holder", "year", "sequence", name=op.f("uq_dossier_holder_year_sequence")
        ),
        info={"append_only": False},
    )
    op.create_index(
        op.f("ix_dossier_holder_neighbourhood_code"),
        "dossier",
        ["holder", "neighbourhood_code"],
        unique=False,
    )
    op.create_index(
        op.f("ix_dossier_holder_owner_id"), "dossier", ["holder", "owner_id"], unique=False
    )
    op.create_index(
        op.f("ix_dossier_holder_state_changed_at"),
        "dossier",
        ["holder", "state", "changed_at"],
        unique=False,
    )
    op.create_table(
        "subneighbourhood",
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("neighbourhood_code", sa.String(length=9), nullable=False),
        sa.Column("municipality_code", sa.String(length=6), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_code"],
            ["municipality.code"],
            name=op.f("fk_subneighbourhood_municipality_code_municipality"),
        ),
        sa.ForeignKeyConstraint(
            ["neighbourhood_code"],
            ["neighbourhood.code"],
            name=op.f("fk_subneighbourhood_neighbourhood_code_neighbourhood"),
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_subneighbourhood")),
    )
    op.create_index(
        op.f("ix_subneighbourhood_municipality_code"),
        "subneighbourhood",
        ["municipality_code"],
        unique=False,
    )
    op.create_index(
        op.f("ix_subneighbourhood_neighbourhood_code"),
        "subneighbourhood",
        ["neighbourhood_code"],
        unique=False,
    )
    op.create_table(
        "dossier_agreement",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "dossier_id"],
            ["dossier.holder", "dossier.id"],
            name=op.f("fk_dossier_agreement_holder_dossier_id_dossier"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_dossier_agreement_holder_holder")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["user_account.id"],
            name=op.f("fk_dossier_agreement_owner_id_user_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_agreement")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_dossier_agreement_holder_id")),
        info={"append_only": False},
    )
    op.create_index(
        op.f("ix_dossier_agreement_holder_dossier_id_due_on"),
        "dossier_agreement",
        ["holder", "dossier_id", "due_on"],
        unique=False,
    )
    op.create_index(
        op.f("ix_dossier_agreement_holder_state_due_on"),
        "dossier_agreement",
        ["holder", "state", "due_on"],
        unique=False,
    )
    op.create_table(
        "dossier_move",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=20), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=True),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("from_state", sa.String(length=30), nullable=True),
        sa.Column("to_state", sa.String(length=30), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "dossier_id"],
            ["dossier.holder", "dossier.id"],
            name=op.f("fk_dossier_move_holder_dossier_id_dossier"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_dossier_move_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_move")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_dossier_move_holder_id")),
        info={"append_only": False},
    )
    op.create_index(
        op.f("ix_dossier_move_holder_dossier_id_at"),
        "dossier_move",
        ["holder", "dossier_id", "at"],
        unique=False,
    )
    op.create_table(
        "dossier_note",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author_id", sa.String(length=64), nullable=True),
        sa.Column("author_name", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "dossier_id"],
            ["dossier.holder", "dossier.id"],
            name=op.f("fk_dossier_note_holder_dossier_id_dossier"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_dossier_note_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_note")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_dossier_note_holder_id")),
        info={"append_only": False},
    )
    op.create_index(
        op.f("ix_dossier_note_holder_dossier_id_at"),
        "dossier_note",
        ["holder", "dossier_id", "at"],
        unique=False,
    )
    op.create_table(
        "export",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=11), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=True),
        sa.Column("profile", sa.String(length=40), nullable=False),
        sa.Column("profile_version", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(length=200), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.String(length=40), nullable=False),
        sa.Column("covenant", sa.String(length=200), nullable=True),
        sa.Column("minors_ground", sa.Text(), nullable=True),
        sa.Column("destroy_by", sa.Date(), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("facts", sa.Text(), nullable=True),
        sa.Column("perceptions", sa.Text(), nullable=True),
        sa.Column("assumptions", sa.Text(), nullable=True),
        sa.Column("feedback", sa.Text(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by_id", sa.String(length=64), nullable=True),
        sa.Column("requested_by", sa.String(length=200), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.String(length=64), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decided_reason", sa.Text(), nullable=True),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("progress_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(length=500), nullable=True),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content_sha256", sa.String(length=64), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("file_size", sa.Integer(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name=op.f("ck_export_progress")),
        sa.ForeignKeyConstraint(
            ["holder", "dossier_id"],
            ["dossier.holder", "dossier.id"],
            name=op.f("fk_export_holder_dossier_id_dossier"),
        ),
        sa.ForeignKeyConstraint(["holder"], ["holder.code"], name=op.f("fk_export_holder_holder")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_export_holder_id")),
        sa.UniqueConstraint("holder", "reference", name=op.f("uq_export_holder_reference")),
        info={"append_only": False},
    )
    op.create_index(
        op.f("ix_export_holder_dossier_id_requested_at"),
        "export",
        ["holder", "dossier_id", "requested_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_export_holder_state_requested_at"),
        "export",
        ["holder", "state", "requested_at"],
        unique=False,
    )
    op.create_table(
        "report",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("reference", sa.String(length=11), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("client_platform", sa.String(length=40), nullable=True),
        sa.Column("client_app_version", sa.String(length=40), nullable=True),
        sa.Column("municipality_code", sa.String(length=6), nullable=True),
        sa.Column("neighbourhood_code", sa.String(length=9), nullable=True),
        sa.Column("subneighbourhood_code", sa.String(length=10), nullable=True),
        sa.Column("located_by", sa.String(length=20), nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("accuracy_m", sa.Integer(), nullable=True),
        sa.Column("location_source", sa.String(length=20), nullable=True),
        sa.Column("address", sa.JSON(), nullable=True),
        sa.Column("transit", sa.JSON(), nullable=True),
        sa.Column("location_text", sa.String(length=500), nullable=True),
        sa.Column("place_type", sa.String(length=40), nullable=False),
        sa.Column("incident_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("incident_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("time_precision", sa.String(length=20), nullable=True),
        sa.Column("part_of_day", sa.String(length=20), nullable=True),
        sa.Column("recurrence", sa.String(length=30), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("felt_safety", sa.String(length=30), nullable=True),
        sa.Column("behaviour_changes", sa.JSON(), nullable=False),
        sa.Column("bystanders", sa.String(length=30), nullable=True),
        sa.Column("police", sa.String(length=30), nullable=True),
        sa.Column("offender_count", sa.String(length=20), nullable=True),
        sa.Column("offender_in_group", sa.Boolean(), nullable=True),
        sa.Column("offender_known", sa.String(length=20), nullable=True),
        sa.Column("offender_age", sa.String(length=20), nullable=True),
        sa.Column("offender_gender", sa.String(length=20), nullable=True),
        sa.Column("offender_appearance", sa.String(length=1000), nullable=True),
        sa.Column("offender_transport", sa.String(length=20), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("reporter_age_group", sa.String(length=20), nullable=True),
        sa.Column("reporter_gender", sa.String(length=20), nullable=True),
        sa.Column("wants_contact", sa.String(length=30), nullable=False),
        sa.Column("wants_support", sa.Boolean(), nullable=True),
        sa.Column("share_with_police", sa.Boolean(), nullable=False),
        sa.Column("share_with_partners", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("delivery", sa.String(length=30), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.Column("handler_id", sa.Uuid(), nullable=True),
        sa.Column("contact_deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting_until", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_reason", sa.String(length=40), nullable=True),
        sa.Column("duplicate_of_id", sa.Uuid(), nullable=True),
        sa.Column("follow_ups", sa.JSON(), nullable=False),
        sa.Column("dossier_number", sa.String(length=12), nullable=True),
        sa.Column("handed_to", sa.String(length=9), nullable=True),
        sa.Column("received_from", sa.String(length=9), nullable=True),
        sa.Column("triaged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("danger_now", sa.Boolean(), nullable=True),
        sa.Column("suspected_offence", sa.Boolean(), nullable=True),
        sa.Column("suspected_offence_reason", sa.Text(), nullable=True),
        sa.Column("contact_agreed", sa.String(length=30), nullable=True),
        sa.Column("follow_code_hash", sa.String(length=64), nullable=False),
        sa.Column("follow_code_version", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "holder = 'landelijk' OR neighbourhood_code IS NOT NULL", name=op.f("ck_report_at_home")
        ),
        sa.ForeignKeyConstraint(
            ["handler_id"], ["user_account.id"], name=op.f("fk_report_handler_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["holder", "duplicate_of_id"],
            ["report.holder", "report.id"],
            name=op.f("fk_report_holder_duplicate_of_id_report"),
        ),
        sa.ForeignKeyConstraint(["holder"], ["holder.code"], name=op.f("fk_report_holder_holder")),
        sa.ForeignKeyConstraint(
            ["municipality_code"],
            ["municipality.code"],
            name=op.f("fk_report_municipality_code_municipality"),
        ),
        sa.ForeignKeyConstraint(
            ["neighbourhood_code"],
            ["neighbourhood.code"],
            name=op.f("fk_report_neighbourhood_code_neighbourhood"),
        ),
        sa.ForeignKeyConstraint(
            ["subneighbourhood_code"],
            ["subneighbourhood.code"],
            name=op.f("fk_report_subneighbourhood_code_subneighbourhood"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_report_holder_id")),
        sa.UniqueConstraint("holder", "reference", name=op.f("uq_report_holder_reference")),
        info={"append_only": False},
    )
    op.create_index(
        op.f("ix_report_holder_neighbourhood_code_received_at"),
        "report",
        ["holder", "neighbourhood_code", "received_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_report_holder_received_at"), "report", ["holder", "received_at"], unique=False
    )
    op.create_index(
        op.f("ix_report_holder_state_received_at"),
        "report",
        ["holder", "state", "received_at"],
        unique=False,
    )
    op.create_table(
        "dossier_membership",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("home", sa.Boolean(), nullable=False),
        sa.Column("reference", sa.Boolean(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("joined_by", sa.String(length=200), nullable=False),
        sa.Column("joined_reason", sa.Text(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_by", sa.String(length=200), nullable=True),
        sa.Column("left_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "dossier_id"],
            ["dossier.holder", "dossier.id"],
            name=op.f("fk_dossier_membership_holder_dossier_id_dossier"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder", "report_id"],
            ["report.holder", "report.id"],
            name=op.f("fk_dossier_membership_holder_report_id_report"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_dossier_membership_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_membership")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_dossier_membership_holder_id")),
        info={"append_only": False},
    )
    op.create_index(
        op.f("ix_dossier_membership_holder_dossier_id_serial"),
        "dossier_membership",
        ["holder", "dossier_id", "serial"],
        unique=False,
    )
    op.create_index(
        op.f("ix_dossier_membership_holder_report_id"),
        "dossier_membership",
        ["holder", "report_id"],
        unique=False,
    )
    op.create_index(
        "uq_dossier_membership_belongs",
        "dossier_membership",
        ["report_id"],
        unique=True,
        sqlite_where=sa.text("left_at IS NULL AND NOT reference"),
        postgresql_where=sa.text("left_at IS NULL AND NOT reference"),
    )
    op.create_index(
        "uq_dossier_membership_still_in",
        "dossier_membership",
        ["dossier_id", "report_id"],
        unique=True,
        sqlite_where=sa.text("left_at IS NULL"),
        postgresql_where=sa.text("left_at IS NULL"),
    )
    op.create_table(
        "export_blob",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "export_id"],
            ["export.holder", "export.id"],
            name=op.f("fk_export_blob_holder_export_id_export"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_export_blob_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_blob")),
        sa.UniqueConstraint(
            "holder", "export_id", "kind", name=op.f("uq_export_blob_holder_export_id_kind")
        ),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_export_blob_holder_id")),
        info={"append_only": False},
    )
    op.create_table(
        "export_key",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "export_id"],
            ["export.holder", "export.id"],
            name=op.f("fk_export_key_holder_export_id_export"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_export_key_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_key")),
        sa.UniqueConstraint("holder", "export_id", name=op.f("uq_export_key_holder_export_id")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_export_key_holder_id")),
        info={"append_only": False},
    )
    op.create_table(
        "report_contact",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("contact_when", sa.Text(), nullable=True),
        sa.Column("phone_index", sa.String(length=64), nullable=True),
        sa.Column("email_index", sa.String(length=64), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "report_id"],
            ["report.holder", "report.id"],
            name=op.f("fk_report_contact_holder_report_id_report"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_report_contact_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_contact")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_report_contact_holder_id")),
        sa.UniqueConstraint("holder", "report_id", name=op.f("uq_report_contact_holder_report_id")),
        info={"append_only": False},
    )
    op.create_index(
        op.f("ix_report_contact_holder_email_index"),
        "report_contact",
        ["holder", "email_index"],
        unique=False,
    )
    op.create_index(
        op.f("ix_report_contact_holder_phone_index"),
        "report_contact",
        ["holder", "phone_index"],
        unique=False,
    )
    op.create_table(
        "report_form",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "report_id"],
            ["report.holder", "report.id"],
            name=op.f("fk_report_form_holder_report_id_report"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_report_form_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_form")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_report_form_holder_id")),
        sa.UniqueConstraint(
            "report_id", "code", "confirmed", name=op.f("uq_report_form_report_id_code_confirmed")
        ),
        info={"append_only": False},
    )
    op.create_index(
        op.f("ix_report_form_holder_code"), "report_form", ["holder", "code"], unique=False
    )
    op.create_table(
        "report_move",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=20), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=True),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("from_state", sa.String(length=30), nullable=True),
        sa.Column("to_state", sa.String(length=30), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "report_id"],
            ["report.holder", "report.id"],
            name=op.f("fk_report_move_holder_report_id_report"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_report_move_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_move")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_report_move_holder_id")),
        info={"append_only": False},
    )
    op.create_index(
        op.f("ix_report_move_holder_report_id_at"),
        "report_move",
        ["holder", "report_id", "at"],
        unique=False,
    )
    op.create_table(
        "reporter_message",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder", "report_id"],
            ["report.holder", "report.id"],
            name=op.f("fk_reporter_message_holder_report_id_report"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_reporter_message_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reporter_message")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_reporter_message_holder_id")),
        info={"append_only": False},
    )
    op.create_index(
        op.f("ix_reporter_message_holder_report_id_at"),
        "reporter_message",
        ["holder", "report_id", "at"],
        unique=False,
    )
    for table in APPEND_ONLY:
        refuse_changes(table)


def refuse_changes(table: str) -> None:
    """Rows of this table are never changed or removed by the application."""
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )


def downgrade() -> None:
    raise RuntimeError("restore a backup: the first version has nothing below it")
