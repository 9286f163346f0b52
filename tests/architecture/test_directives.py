"""The list of directives in the docs is the one that the code has; every job is done by a room."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import stopintimidatie
from stopintimidatie.core.jobs import Job
from stopintimidatie.core.jobs.services import JOB_KINDS
from stopintimidatie.core.registry import CATEGORY
from tests.support.installation import Installation

PACKAGE = Path(stopintimidatie.__file__).parent
ROOT = PACKAGE.parent
LIST = ROOT / "docs" / "dev" / "directives.md"
ROW = re.compile(r"^\| `(\w+)` \| `([\w.]+)` \| `(\w+)` \| .+ \| (.+) \|$", re.MULTILINE)


def rows() -> list[tuple[str, str, str, str]]:
    """Return directive, room, constant and readers of each row."""
    return ROW.findall(LIST.read_text(encoding="utf-8"))


def declared(installation: Installation) -> set[tuple[str, str, str]]:
    """Return directive, room and attribute of the registry, as the rooms declared them."""
    found = installation.registry.introspector.get_category(CATEGORY)
    return {
        (one.discriminator, one["room"].partition(".")[2], one["attribute"])
        for one in (entry["introspectable"] for entry in found)
    }


def test_the_docs_list_exactly_the_directives_that_exist(installation: Installation) -> None:
    written = {(name, room, constant.lower()) for name, room, constant, _ in rows()}
    assert len(rows()) == len(written)
    assert written == declared(installation)


def test_directives_are_made_in_one_way() -> None:
    calling = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if ".add_directive(" in path.read_text(encoding="utf-8")
    }
    (only,) = calling
    assert only.endswith("registry.py")


def test_who_is_said_to_read_a_directive_does() -> None:
    """Each named reader is in a file that knows the constant, or what the registry keeps of it."""
    paths = [*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    for name, _, constant, readers in rows():
        named = re.findall(r"`(\w+)`", readers)
        assert named, name
        kept = f".{constant.lower()}"
        knows = re.compile(rf"\b{constant}\b|\{kept}\b")
        knowing = [t for t in texts if (constant in t or kept in t) and knows.search(t)]
        for reader in named:
            made = re.compile(rf"^\s*(def|class) {reader}\b", re.MULTILINE)
            assert any(made.search(text) for text in knowing), (name, reader)


def test_every_job_that_can_be_asked_for_is_done_by_a_room(installation: Installation) -> None:
    modules = [m for name, m in sys.modules.items() if name.startswith("stopintimidatie.")]
    jobs = [one for m in modules for one in vars(m).values() if isinstance(one, Job)]
    assert {job.name for job in jobs} == set(JOB_KINDS.of(installation.registry))
    assert len({id(job) for job in jobs}) == len(set(jobs)), "a kind has one constant"
