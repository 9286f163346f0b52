"""Search in PostgreSQL: its tables, and the one function that looks past row-level security.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CODES = sa.JSON().with_variant(sa.ARRAY(sa.Text()), "postgresql")
WORDS = sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql")

# `@@` isn't leakproof: behind a policy it can't use an index (ADR 0007). This function is the
# narrow way round: as its owner, who has BYPASSRLS, it gives codes and ids, never a text, and
# only those of the holder of the transaction. Nothing set = nothing found.
MATCH = """
CREATE FUNCTION search_match(wanted tsquery)
RETURNS TABLE (
    id uuid, kind text, moment timestamptz, state text, neighbourhood text, access text,
    year text, forms text[], dossiers text[]
)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 500
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off
SET jit = off
AS $function$
BEGIN
    -- EXECUTE: planned for this very query. IS TRUE: the index on words leads, not the wall.
    RETURN QUERY EXECUTE
        'SELECT d.id, d.kind, d.moment, d.state, d.neighbourhood, d.access, d.year, d.forms,'
        ' d.dossiers FROM public.search_document d WHERE d.words @@ $1'
        ' AND (d.holder = current_setting(''stopintimidatie.holder'', true)) IS TRUE'
        USING wanted;
END
$function$
"""


def upgrade() -> None:
    op.create_table(
        "search_document",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("neighbourhood", sa.Text(), nullable=False),
        sa.Column("access", sa.Text(), nullable=False),
        sa.Column("year", sa.Text(), nullable=False),
        sa.Column("forms", CODES, nullable=False),
        sa.Column("dossiers", CODES, nullable=False),
        sa.Column("rules", sa.String(length=40), nullable=False),
        sa.Column(
            "written",
            sa.DateTime(timezone=True),
            server_default=sa.text("CURRENT_TIMESTAMP"),
            nullable=False,
        ),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("words", WORDS, nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_search_document_holder_holder")
        ),
        sa.PrimaryKeyConstraint("holder", "id", name=op.f("pk_search_document")),
    )
    op.create_index(
        op.f("ix_search_document_holder_moment"), "search_document", ["holder", "moment"]
    )
    op.create_index(
        op.f("ix_search_document_words"),
        "search_document",
        ["words"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_table(
        "search_gap",
        sa.Column("holder", sa.String(length=9), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder"], ["holder.code"], name=op.f("fk_search_gap_holder_holder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_gap")),
        sa.UniqueConstraint("holder", name=op.f("uq_search_gap_holder")),
        sa.UniqueConstraint("holder", "id", name=op.f("uq_search_gap_holder_id")),
    )
    if op.get_bind().dialect.name == "postgresql":
        prepare_postgresql()


def prepare_postgresql() -> None:
    # A trusted extension: the owner of the database may add it.
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    # Facets read many narrow rows and few texts: keep the long columns apart. Replaced words
    # are cleaned away soon, and the map of visible rows stays fresh.
    op.execute(
        "ALTER TABLE search_document SET (toast_tuple_target = 256,"
        " autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05)"
    )
    op.execute(MATCH)
    # What was there before isn't in the table: the worker rebuilds it when it starts.
    op.execute(
        "INSERT INTO search_gap (id, holder, since)"
        " SELECT gen_random_uuid(), holder, now() FROM (SELECT DISTINCT holder FROM reference) r"
    )


def downgrade() -> None:
    op.drop_table("search_gap")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION search_match(tsquery)")
    op.drop_table("search_document")
