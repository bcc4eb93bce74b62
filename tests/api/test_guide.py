"""The examples of the guide, on a hub as a user starts it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "api.md"
TOOLS = ("curl", "jq", "mosquitto_pub")
HUB = [sys.executable, "-c", "from hub.cli import app; app()"]

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(120)]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Run a hub with Mina in it, everything embedded, on free ports."""
    environment = os.environ | {
        "HUB_DATA_DIR": str(tmp_path / "data"),
        "HUB_HTTP__PORT": "0",
        "HUB_BROKER__PORT": "0",
        "CX_PASSWORD": "correct horse battery",
    }
    mina = ["people", "add", "Mina", "--email", "mina@example.org", "--household", "Mina's home"]
    subprocess.run(  # noqa: S603 - our own program
        [*HUB, *mina], env=environment, cwd=tmp_path, check=True, capture_output=True
    )
    with subprocess.Popen(  # noqa: S603 - our own program
        [*HUB, "run", "--json"],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as hub:
        assert hub.stdout is not None
        try:
            yield str(json.loads(hub.stdout.readline())["api"])
        finally:
            hub.send_signal(signal.SIGTERM)


def examples() -> str:
    """Return every example of the guide as one script."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return "set -euo pipefail\n" + "\n".join(blocks)


def test_every_example_of_the_guide_works(address: str) -> None:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed; the guide's examples use it")

    done = subprocess.run(  # noqa: S603 - our own guide
        ["/bin/bash", "-c", examples()],
        env=os.environ | {"HUB": address.removesuffix("/api/v1")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    for told in ('"heart_rate"', '"opened"', '"limit": 140', "sign in: POST"):
        assert told in done.stdout, told
