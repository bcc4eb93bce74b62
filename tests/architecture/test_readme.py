"""What the README tells a newcomer to type works as it is printed."""

import json
import re
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest

from tests.architecture.shell_blocks import ROOT, blocks, on_ports, run, running
from tests.contracts.free_ports import free_port
from tests.contracts.influx_server import InfluxServer

README = ROOT / "README.md"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
GUIDE = ROOT / "docs" / "guides" / "first-device.md"
MISSING = [name for name in ("curl", "jq") if shutil.which(name) is None]
STORED = """
while ! influx -port 8086 -database cx -execute 'SELECT * FROM watch' | grep -q 131; do
  sleep 0.05
done
"""
SIGNED_IN = """
ACCESS=$(curl -s http://127.0.0.1:8080/api/v1/auth/token \\
  -d "username=$CX_EMAIL" --data-urlencode "password=$CX_PASSWORD" | jq -r .access_token)
"""
FOLLOW = """
followed() {
  curl -s -H "Authorization: Bearer $ACCESS" \\
    "http://127.0.0.1:8080/api/v1/devices/$ID/commands/$(jq -r .id command.json)" | jq -r .status
}
while [[ $(followed) == sent ]]; do sleep 0.05; done
followed
"""
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)(?:#[^)]*)?\)")


@pytest.fixture
def influx(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "influx").mkdir()
    server = InfluxServer(tmp_path / "influx")
    server.start()
    yield int(server.url.rpartition(":")[2])
    server.stop()


@pytest.fixture
def ports(influx: int) -> Mapping[int, int]:
    return {1883: free_port(), 8080: free_port(), 8086: influx}


@pytest.fixture
async def environment(ports: Mapping[int, int], tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """Run the hub as the README says, on the test's ports, and yield how its commands find it."""
    told = {
        "HUB_BROKER__PORT": str(ports[1883]),
        "HUB_HTTP__PORT": str(ports[8080]),
        "CX_HUB": f"http://127.0.0.1:{ports[8080]}",
    }
    (script,) = blocks(README, "hub")
    script = on_ports(script, ports)
    async with running(script, directory=tmp_path, environment=told, until="records"):
        yield told


@pytest.mark.broker
@pytest.mark.influx
@pytest.mark.end_to_end
@pytest.mark.timeout(120)
@pytest.mark.skipif(MISSING != [], reason=f"not installed: {', '.join(MISSING)}")
async def test_the_first_device_of_the_readme_is_read_back(
    environment: dict[str, str], ports: Mapping[int, int], tmp_path: Path
) -> None:
    claim, publish, read = blocks(README, "device")
    script = f"{claim}\n{publish}\n{STORED}\necho READ\n{read}"
    printed = await run(on_ports(script, ports), directory=tmp_path, environment=environment)
    points, *shell = printed.partition("READ\n")[2].splitlines()
    ((at_ms, value),) = json.loads(points)
    assert value == 131
    assert at_ms > 1_700_000_000_000
    assert shell[0] == "name: watch"
    assert shell[-1].split()[1] == "131"


@pytest.mark.broker
@pytest.mark.influx
@pytest.mark.end_to_end
@pytest.mark.timeout(120)
@pytest.mark.skipif(MISSING != [], reason=f"not installed: {', '.join(MISSING)}")
async def test_the_guide_to_a_first_device_is_answered_as_it_says(
    environment: dict[str, str], ports: Mapping[int, int], tmp_path: Path
) -> None:
    claim, *_ = blocks(README, "device")
    *before, felt, answered = blocks(GUIDE, "device")
    script = "\n".join([claim, *before, "echo FELT", felt, answered, SIGNED_IN, FOLLOW])
    printed = await run(on_ports(script, ports), directory=tmp_path, environment=environment)
    receipt, said = printed.split("FELT\n")
    expected_receipt, expected_alert = re.findall(
        r"^```text\n(.*)\n```$", GUIDE.read_text(), re.MULTILINE
    )
    assert receipt.splitlines()[-1] == expected_receipt
    alert, status = said.splitlines()
    assert alert == expected_alert
    assert status == "succeeded"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    broken = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert broken == []


def test_every_script_the_readme_names_is_there() -> None:
    named = set(re.findall(r"scripts/[a-z0-9]+", README.read_text()))
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
