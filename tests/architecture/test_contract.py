"""`docs/contract.md` is true to the code: routes, settings, commands, bounds."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from hub import cli, kinds
from hub.api.app import ROUTERS
from hub.api.routers import operations
from hub.model.topics import DOWN, UP
from hub.settings import names
from hub.stages.intake import MAX_DEPTH, MAX_PAYLOAD

PAGE = (Path(__file__).parents[2] / "docs" / "contract.md").read_text()


def section(title: str) -> str:
    """Return the text under a heading."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_every_setting_is_on_the_page_and_no_other() -> None:
    known = {name for name in names() if not name.endswith("_FILE")} | {
        name for name in names() if name.endswith(("CA_FILE", "CERTIFICATE_FILE", "KEY_FILE"))
    }
    rows = "\n".join(line for line in section("Settings").splitlines() if line.startswith("|"))
    assert set(re.findall(r"HUB_[A-Z_]+", rows)) == known


def test_every_route_is_on_the_page() -> None:
    text = section("HTTP")
    paths = {
        re.sub(r"/\{[a-z_]+\}", "", str(getattr(route, "path", "")))
        for module in (*ROUTERS, operations)
        for route in module.router.routes
    }
    shown = {re.sub(r"/\{[a-z_]+\}", "", found) for found in re.findall(r"/[a-z][a-z/{}_-]*", text)}
    assert sorted(paths - shown - {"/docs"}) == []


def test_no_route_is_on_the_page_that_is_not_there() -> None:
    text = section("HTTP").replace("/api/v1", "")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    shown = {re.sub(r"\{[a-z_]+\}", "{}", p) for r in rows for p in re.findall(r"/[a-z/{}_-]+", r)}
    paths = {
        re.sub(r"\{[a-z_]+\}", "{}", str(getattr(route, "path", "")))
        for module in (*ROUTERS, operations)
        for route in module.router.routes
    }
    assert sorted(path for path in shown if path not in paths) == []


def test_every_topic_is_on_the_page() -> None:
    rows = re.findall(r"^\| `((?:up|down)/[a-z]+)`", section("Topics"), re.MULTILINE)
    assert sorted(rows) == sorted([f"up/{leaf}" for leaf in UP] + [f"down/{leaf}" for leaf in DOWN])


def test_every_command_is_on_the_page() -> None:
    text = section("Command line")
    group = get_command(cli.app)
    commands = getattr(group, "commands", {})
    assert [name for name in commands if f"`hub {name}" not in text] == []
    rows = [line for line in text.splitlines() if line.startswith("| `hub ")]
    missing = [
        f"{name} {one}"
        for name, group in commands.items()
        for one in getattr(group, "commands", {})
        if not any(row.startswith(f"| `hub {name} ") and f"{one}`" in row for row in rows)
    ]
    assert missing == []


@pytest.mark.parametrize(
    "bound",
    [
        pytest.param(f"at most {MAX_PAYLOAD:,} bytes", id="payload"),
        pytest.param(f"an array of up to {kinds.MAX_SAMPLES:,}", id="array"),
        pytest.param(f"up to {kinds.MAX_NAME} characters", id="names"),
        pytest.param(f"at most {MAX_DEPTH} levels", id="depth"),
    ],
)
def test_the_bounds_are_those_of_the_code(bound: str) -> None:
    assert bound in PAGE
