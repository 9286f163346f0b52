"""Expand, later contract: the mechanical part of docs/migraties.md, read from the migrations.

The first migration is the beginning: nothing ran before it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
MIGRATIONS = sorted((ROOT / "alembic" / "versions").glob("*.py"))[1:]
TAKES_AWAY = frozenset({"drop_column", "drop_table", "rename_table"})
STRICTER = frozenset({"new_column_name", "type_"})
IN_SQL = re.compile(
    r"\b(DROP\s+(COLUMN|TABLE)|RENAME\s+(COLUMN|TO)|SET\s+NOT\s+NULL)\b", re.IGNORECASE
)
REASON = re.compile(r"\d+\.\d+\.\d+: .{10,}")


def is_false(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def keywords(call: ast.Call) -> dict[str | None, ast.expr]:
    return {word.arg: word.value for word in call.keywords}


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def fault(call: ast.Call) -> str | None:
    """Why the previous release may not work after this call."""
    name, given = called(call), keywords(call)
    if name in TAKES_AWAY:
        return name
    if name == "alter_column" and (STRICTER & set(given) or is_false(given.get("nullable"))):
        return "alter_column"
    if name == "add_column":
        columns = [arg for arg in call.args if isinstance(arg, ast.Call)]
        demanded = [
            c for c in columns if is_false(keywords(c).get("nullable"))
            and "server_default" not in keywords(c)
        ]  # fmt: skip
        return "add_column without a default" if demanded else None
    if name == "execute" and IN_SQL.search(ast.unparse(call)):
        return "execute"
    return None


def contracts(source: str) -> tuple[list[str], dict[str, str]]:
    """What a migration takes away, and what it says about that."""
    tree = ast.parse(source)
    upgrade = [
        n for n in tree.body if not (isinstance(n, ast.FunctionDef) and n.name == "downgrade")
    ]
    calls = (n for part in upgrade for n in ast.walk(part) if isinstance(n, ast.Call))
    return [found for call in calls if (found := fault(call))], dict(told(tree))


def told(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if (
            isinstance(target, ast.Name)
            and target.id == "CONTRACT"
            and isinstance(node, ast.Assign)
        ):
            yield from ast.literal_eval(node.value).items()


def good(source: str) -> bool:
    taken, reasons = contracts(source)
    return not taken or (bool(reasons) and all(REASON.fullmatch(r) for r in reasons.values()))


def test_a_migration_that_takes_away_names_the_release_that_stopped_using_it() -> None:
    sources = {path.name: path.read_text(encoding="utf-8") for path in MIGRATIONS}
    wrong = {name: contracts(source)[0] for name, source in sources.items() if not good(source)}
    assert wrong == {}, "see docs/migraties.md"


DROPS = 'def upgrade():\n    op.drop_column("report", "oud")\n'
SAID = 'CONTRACT = {"report.oud": "0.2.0: niemand leest of schrijft haar nog"}\n'


@pytest.mark.parametrize(
    ("source", "allowed"),
    [
        (DROPS, False),
        (SAID + DROPS, True),
        ('CONTRACT = {"report.oud": "ooit"}\n' + DROPS, False),
        ('def upgrade():\n    op.execute("ALTER TABLE report RENAME COLUMN a TO b")\n', False),
        (
            'def upgrade():\n    with f() as b:\n        b.alter_column("a", nullable=False)\n',
            False,
        ),
        ('def upgrade():\n    op.alter_column("r", "a", nullable=True)\n', True),
        ('def upgrade():\n    op.add_column("r", sa.Column("a", T, nullable=False))\n', False),
        (
            'def upgrade():\n    op.add_column("r", Column("a", T, nullable=False,'
            ' server_default="x"))\n',
            True,
        ),
        (
            'def upgrade():\n    op.create_table("r")\ndef downgrade():\n    op.drop_table("r")\n',
            True,
        ),
    ],
)
def test_the_rule_knows_expanding_from_contracting(source: str, allowed: bool) -> None:
    assert good(source) is allowed
