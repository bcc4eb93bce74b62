"""The import contracts of `pyproject.toml` hold, and the pages about them say the same."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
PAGE = (ROOT / "docs" / "architecture.md").read_text()


def test_every_import_contract_is_kept() -> None:
    # A process of its own: in ours it would switch off every logger there is.
    check = ["lint-imports", "--no-cache", "--no-logo"]
    found = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    assert found.returncode == 0, found.stdout


def test_the_page_draws_the_layers_as_they_are_checked() -> None:
    (contract,) = (c for c in SETTINGS["contracts"] if c.get("containers") == ["hub"])
    drawn = re.search(r"^    (cli > .*)$", PAGE, re.MULTILINE)
    assert drawn
    assert drawn[1].split(" > ") == contract["layers"]


def test_the_page_names_every_contract() -> None:
    missing = [c["name"] for c in SETTINGS["contracts"] if f"**{c['name']}**" not in PAGE]
    assert missing == []


@pytest.mark.parametrize("package", ["hub", "hub/adapters"])
def test_the_page_shows_every_package(package: str) -> None:
    folder = ROOT / package
    layout = PAGE.partition("## Layout")[2].partition("\n## ")[0]
    inside = [path.name for path in folder.iterdir() if (path / "__init__.py").exists()]
    assert [name for name in inside if f"{name}/" not in layout] == []
