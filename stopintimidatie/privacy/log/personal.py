"""Personal data of the questions about reads: names of employees, and what they answered."""

from __future__ import annotations

from typing import Final

from stopintimidatie.core.storage.personal import holder_of_rows, treated
from stopintimidatie.core.storage.retention import RetentionClass, Way, years
from stopintimidatie.privacy.log.models import ReadQuestion

KIND: Final = "inzagevraag"
COLUMNS: Final = treated(
    text="question answer judged_reason", staff="reader_id reader asked_by_id asked_by task"
)
PERSONAL_DATA: Final = holder_of_rows(KIND, ReadQuestion, COLUMNS)
RETENTION: Final = RetentionClass(
    KIND,
    "Vragen van de functionaris gegevensbescherming naar de reden van inzage, met het antwoord",
    ("read_question",),
    Way.BY_ITSELF,
    "de dag van de inzage",
    years(5),
    until="even lang als de regel in het logboek",
    source="eigen beleid; instelling log.keep_years",
)
