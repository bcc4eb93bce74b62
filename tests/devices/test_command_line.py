import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simulators.__main__ import app
from tests.contracts.free_ports import free_port


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--broker", "http://x"], "is no broker"),
        (["--broker", "mqtt://x:port"], "is no broker"),
        (["--broker", "mqtt://x", "--faults", "explosion"], "there is no fault 'explosion'"),
        (["--broker", "mqtt://x", "--recording", "no.fit"], "cannot be read as a FIT file"),
        (["--broker", "mqtt://x", "--credentials", "no.jsonl"], "cannot be read"),
        (["--broker", "mqtt://x", "--timezone", "Mars/Olympus"], "Mars/Olympus"),
        (["--runner", "--recording", "x.fit"], "not both"),
        ([], "is no broker"),
    ],
    ids=["broker", "port", "fault", "recording", "credentials", "zone", "both", "nothing"],
)
def test_says_in_a_line_what_is_wrong_and_fails(arguments: list[str], reason: str) -> None:
    result = CliRunner().invoke(app, ["watch", *arguments])
    assert result.exit_code == 1
    assert reason in result.stderr
    assert "Traceback" not in result.output


def test_fails_when_the_broker_was_never_reached(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(json.dumps({"device": "w-1", "base": "cx/1/main/w-1"}))
    broker = f"mqtt://127.0.0.1:{free_port()}"
    arguments = ["--broker", broker, "--credentials", str(path), "--duration", "1", "--linger", "0"]
    result = CliRunner().invoke(app, ["watch", *arguments])
    assert result.exit_code == 1
    assert "never reached the broker" in result.stderr


def test_help_gives_an_example() -> None:
    result = CliRunner().invoke(app, ["watch", "--help"], terminal_width=200)
    assert result.exit_code == 0
    assert "Example: python -m simulators watch" in result.output
