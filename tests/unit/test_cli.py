"""The command line: one clear line for what is wrong, and exit codes that can be trusted."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from hub.cli import app

runner = CliRunner()


@pytest.fixture(autouse=True)
def clean_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith(("HUB_", "CX_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


def commands(group: object, *before: str) -> Iterator[tuple[str, ...]]:
    """Yield each command of the group and of the groups in it."""
    for name, command in getattr(group, "commands", {}).items():
        inside = list(commands(command, *before, name))
        yield from inside or [(*before, name)]


@pytest.mark.parametrize(
    "command",
    # `hub bench --help` is that of the bench itself.
    [command for command in commands(get_command(app)) if command != ("bench",)],
    ids=" ".join,
)
def test_every_command_shows_an_example(command: tuple[str, ...]) -> None:
    result = runner.invoke(app, [*command, "--help"], terminal_width=200)

    assert result.exit_code == 0
    assert "Example:" in result.output
    assert f"hub {' '.join(command)}" in result.output


def test_an_unknown_setting_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_HTTP__PROT", "8081")

    result = runner.invoke(app, ["run"])

    assert result.exit_code == 1
    assert "HUB_HTTP__PROT" in result.output
    assert "HUB_HTTP__PORT" in result.output
    assert "Traceback" not in result.output


def test_a_person_is_added_once(clean_place: Path) -> None:
    command = ["people", "add", "Mina", "--email", "mina@example.org", "--json"]
    environment = {"CX_PASSWORD": "correct horse"}

    first = runner.invoke(app, command, env=environment)
    second = runner.invoke(app, command, env=environment)

    assert json.loads(first.stdout)["email"] == "mina@example.org"
    assert second.exit_code == 1
    assert "taken" in second.output
    mode = (clean_place / "data").stat().st_mode
    assert stat.S_IMODE(mode) == 0o700


def test_a_short_password_is_refused() -> None:
    command = ["people", "add", "Mina", "--email", "mina@example.org"]

    result = runner.invoke(app, command, env={"CX_PASSWORD": "short"})

    assert result.exit_code == 1
    assert "8 characters" in result.output


def test_a_hub_that_does_not_answer_is_said_with_what_to_do() -> None:
    command = ["devices", "list", "--hub", "http://127.0.0.1:9", "--email", "a@b.example"]

    result = runner.invoke(app, command, env={"CX_PASSWORD": "correct horse"})

    assert result.exit_code == 1
    assert "hub run" in result.output


def test_check_finds_nothing_in_a_fresh_place() -> None:
    result = runner.invoke(app, ["check", "--json"])

    assert (result.exit_code, json.loads(result.stdout)) == (0, [])


def test_check_says_that_others_may_look_into_the_data(clean_place: Path) -> None:
    (clean_place / "data").mkdir(mode=0o755)

    result = runner.invoke(app, ["check"])

    assert result.exit_code == 1
    assert "chmod 700" in result.output


def test_check_names_a_store_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_SERIES__URL", "http://127.0.0.1:9")

    result = runner.invoke(app, ["check"])

    assert result.exit_code == 1
    assert "series store" in result.output


def test_check_says_that_an_open_broker_has_no_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_BROKER__HOST", "0.0.0.0")  # noqa: S104 - that is the finding

    result = runner.invoke(app, ["check"])

    assert result.exit_code == 1
    assert "without TLS" in result.output


def test_a_backup_is_its_owners_alone_and_restores_the_sign_in(
    clean_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = ["people", "add", "Mina", "--email", "mina@example.org", "--json"]
    environment = {"CX_PASSWORD": "correct horse"}
    file = clean_place / "hub.gz"
    person = json.loads(runner.invoke(app, add, env=environment).stdout)["person"]

    made = runner.invoke(app, ["backup", str(file), "--json"])
    monkeypatch.setenv("HUB_DATA_DIR", str(clean_place / "elsewhere"))
    restored = runner.invoke(app, ["restore", str(file), "--json"])
    taken = runner.invoke(app, add, env=environment)

    assert json.loads(made.stdout)["tables"]["people"] == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert person not in restored.output
    assert json.loads(restored.stdout)["records"] == str(clean_place / "elsewhere/records.sqlite")
    assert "taken" in taken.output


def test_a_damaged_backup_is_refused_in_one_line(clean_place: Path) -> None:
    (clean_place / "hub.gz").write_bytes(b"\x1f\x8b cut short")

    result = runner.invoke(app, ["restore", str(clean_place / "hub.gz")])

    assert result.exit_code == 1
    assert "is damaged" in result.output
    assert not (clean_place / "data").exists()


def test_without_records_there_is_nothing_to_back_up(clean_place: Path) -> None:
    result = runner.invoke(app, ["backup", str(clean_place / "hub.gz")])

    assert result.exit_code == 1
    assert "no records in" in result.output
    assert not (clean_place / "hub.gz").exists()


def test_the_password_of_the_records_is_not_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_RECORDS__URL", "postgresql://hub:hush@127.0.0.1:1/hub")

    result = runner.invoke(app, ["check"])

    assert result.exit_code == 1
    assert "record store cannot be used" in result.output
    assert "hush" not in result.output
