"""The disclosure register keeps codes: words of officers stay in the export, and go with it.

Revision ID: 0019_register_codes
"""

import sqlalchemy as sa
from alembic import op

from stopintimidatie.core.storage.personal import keep_no_statistics

revision = "0019_register_codes"
down_revision = "0018_standing_decision"
branch_labels = None
depends_on = None

# The codes are those of this version; purposes by redaction profile.
CODES = """
UPDATE disclosure SET
  purpose = CASE
    WHEN profile = 'zorg_welzijn' THEN 'hulp'
    WHEN profile = 'intern' THEN 'eigen_werk'
    WHEN profile IN ('openbaar', 'doorgifte') THEN profile
    ELSE 'openbare_orde' END,
  covenant = CASE
    WHEN covenant IS NULL THEN NULL
    WHEN recipient IN (SELECT name FROM partner_organisation p WHERE p.holder = disclosure.holder)
    THEN 'met_partner' ELSE 'genoemd' END,
  minors_ground = CASE WHEN minors_ground IS NULL THEN NULL ELSE 'taak' END,
  recipient = CASE
    WHEN profile IN ('openbaar', 'doorgifte') THEN recipient
    WHEN recipient IN (SELECT name FROM partner_organisation p WHERE p.holder = disclosure.holder)
    THEN recipient ELSE recipient_kind END
"""


def upgrade() -> None:
    """Put codes where words stood. The export of each entry has those words, and keeps them.

    A recipient stays where it is a partner or a municipality; of what was typed the kind stays, for
    it may be a person. The triggers of the table are lifted and put back in this transaction.
    """
    op.add_column("export", sa.Column("purpose_code", sa.String(20), nullable=True))
    op.add_column("export", sa.Column("minors_code", sa.String(20), nullable=True))
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        written = "SELECT sql FROM sqlite_schema WHERE name = 'disclosure_no_update'"
        trigger = connection.exec_driver_sql(written).scalar_one()
        op.execute("DROP TRIGGER disclosure_no_update")
        op.execute(CODES)
        connection.exec_driver_sql(trigger)
        return
    op.execute("ALTER TABLE disclosure DISABLE TRIGGER disclosure_append_only")
    holders = connection.scalars(sa.text("SELECT code FROM holder")).all()
    for code in [*holders, ""]:
        enter = sa.func.set_config("stopintimidatie.holder", code, True)
        connection.execute(sa.select(enter))
        op.execute(CODES)
    op.execute("ALTER TABLE disclosure ENABLE TRIGGER disclosure_append_only")
    # Samples of the words that stood there go at once.
    keep_no_statistics(op, "disclosure", "recipient", "purpose", "covenant", "minors_ground")


def downgrade() -> None:
    """Refuse: the words aren't in the register any more."""
    raise RuntimeError("put the earlier program back: it shows the codes as they are")
