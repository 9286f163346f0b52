"""PostgreSQL samples columns for its planner; of what people wrote it may keep nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import String, Text, text

from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.personal import Treatment, personal_data_holders
from tests.support.installation import Installation

pytestmark = pytest.mark.postgresql

# Tables of people in office, and codes of a closed list: a sample of those tells nothing.
IN_OFFICE = {
    "login_session",
    "onboarding",
    "one_time_code",
    "partner_covenant",
    "partner_organisation",
    "passkey",
    "pending_sign_in",
    "user_account",
}
CODES = {"offender_age", "offender_gender", "reporter_age_group", "reporter_gender"}


def words_of_people(installation: Installation) -> set[tuple[str, str]]:
    return {
        (table, name)
        for holder in personal_data_holders(installation.registry).values()
        for table, columns in holder.columns.items()
        for name, how in columns.items()
        if how in (Treatment.TEXT, Treatment.SEALED)
        and isinstance(Base.metadata.tables[table].c[name].type, String | Text)
        and table not in IN_OFFICE
        and name not in CODES
    }


def test_the_database_keeps_no_samples_of_what_people_wrote(installation: Installation) -> None:
    with installation.owner.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT attrelid::regclass::text, attname FROM pg_attribute"
                " WHERE attnum > 0 AND attstattarget = 0"
            )
        ).all()
    wanted = words_of_people(installation) | {("search_document", "words")}
    assert wanted - {(str(table), str(name)) for table, name in rows} == set()
