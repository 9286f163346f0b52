"""Run one step of the scripts by its name; `bootstrap/with-python` starts this."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import start
import styles
from bootstrap import audit, chosen, environment, lock, system
from bootstrap.common import ROOT, SetupError, installing, refuse_kindly, say

# The developer's own settings must not steer the tests.
UNWANTED = ("DATA_DIR", "PORT", "STOPINTIMIDATIE_INI")


def prepare(needs: Sequence[system.Need], packages: str, *, node: bool = False) -> None:
    """Install all that a step stands on; quick when all of it is there.

    `node`: of npm also what only tests need.
    """
    with installing():
        system.ensure(needs)
        environment.ensure(packages)
        styles.build(for_tests=node)


def become(module: str, arguments: Sequence[str], **more: str) -> None:
    """Go on as a module of the repository, in the environment of the tests and more of it."""
    env = {k: v for k, v in environment.environment().items() if k not in UNWANTED} | more
    os.chdir(ROOT)
    python = str(environment.VENV_PYTHON)
    os.execve(python, [python, "-m", module, *arguments], env)  # noqa: S606


def main(step: str, arguments: list[str]) -> int:
    """Do a step; say in a sentence what a person has to do first, if it fails."""
    try:
        if step == "run" and not arguments:
            return start.main(lambda: prepare(system.TO_RUN, "runtime"))
        if step == "run":
            say(start.HELP)
            return 0 if arguments in (["--help"], ["-h"]) else 2
        if step == "lock":
            lock.write_locks(arguments)
        elif step == "audit":
            return audit.audit()
        elif step == "sbom":
            with installing():
                styles.build()
            audit.write_lists()
        elif step == "assets":
            with installing():
                styles.build()
            say("Stijlen, lettertypen en htmx staan klaar.")
        elif step == "pictures":
            prepare(system.TO_PICTURE, "test", node=True)
            if arguments[:1] == ["alle"]:
                become("tests.support.pictures", arguments[1:], PYTHONPATH=str(ROOT / "scripts"))
            if arguments[:1] == ["hulp"]:
                become("tests.support.manual", arguments[1:])
            become("tests.support.screenshots", arguments)
        else:
            needs, node = chosen.needs_of(arguments)
            prepare(needs, "test", node=node)
            own = arguments in ([], ["alles"])
            become("tests.support.suite" if own else "pytest", arguments)
    except SetupError as error:
        return refuse_kindly(error)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
