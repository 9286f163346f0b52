"""Every code of the log has a word for who reads it."""

from __future__ import annotations

import re
from pathlib import Path

import stopintimidatie
from stopintimidatie.privacy.log.queries import ACTIONS

PACKAGE = Path(stopintimidatie.__file__).parent
# record(session, actor, "melding.ontvangen", …): the third argument, however it is broken up.
CALL = re.compile(r'record\(\s*session,\s*[^,]+,\s*"([a-z_.]+)"', re.DOTALL)


def test_every_action_that_is_recorded_has_a_word() -> None:
    written = {
        action
        for path in PACKAGE.rglob("*.py")
        for action in CALL.findall(path.read_text(encoding="utf-8"))
    }
    assert len(written) > 10
    assert written <= set(ACTIONS)
