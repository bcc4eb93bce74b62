"""Routes get what devices say of people through the gate's views, and in no other way."""

import ast
from pathlib import Path

import pytest

from hub.api import routers

BEHIND_THE_GATE = {
    "records": {"events", "command", "commands", "alarm", "alarms", "accesses", "load"},
    "worker": {"state"},
    "parts": {"series"},
}
FILES = sorted(Path(str(routers.__file__)).parent.glob("*.py"))


def reached(source: str) -> list[str]:
    """Return which reads of personal data the source makes by itself."""
    return [
        f"line {node.lineno}: {_name(node.value)}.{node.attr}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and node.attr in BEHIND_THE_GATE.get(_name(node.value), ())
    ]


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_router_reaches_around_the_gate(path: Path) -> None:
    assert reached(path.read_text(encoding="utf-8")) == []


def test_reaching_around_would_be_found() -> None:
    assert reached("async def f(parts):\n    return await parts.records.alarms()") == [
        "line 2: records.alarms"
    ]
    assert reached("x = parts.series.read(q)") == ["line 1: parts.series"]
