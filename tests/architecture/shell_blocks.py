"""Runs the shell commands of a page as a reader would, on servers and ports of the test's own."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


def blocks(page: Path, name: str) -> list[str]:
    """Return the fenced shell blocks of the page marked with `name`, in order."""
    return re.findall(rf"^```sh {name}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def on_ports(text: str, ports: Mapping[int, int]) -> str:
    """Return the commands with the ports of the page replaced; everything else is as printed."""
    pattern = "|".join(rf"\b{port}\b" for port in ports)
    return re.sub(pattern, lambda found: str(ports[int(found[0])]), text)


async def run(script: str, *, directory: Path, environment: Mapping[str, str]) -> str:
    """Run commands to their end and return what they printed; the first that fails ends them."""
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", script),
        cwd=directory,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(45):
        out, err = await process.communicate()
    assert process.returncode == 0, f"{script}\n{out.decode()}\n{err.decode()}"
    return out.decode()


@asynccontextmanager
async def running(
    script: str, *, directory: Path, environment: Mapping[str, str], until: str
) -> AsyncIterator[None]:
    """Run commands that go on, from when they print `until`; end them as Ctrl-C does."""
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", f"{script.rstrip()} & wait"),
        cwd=directory,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            while until not in (line := (await process.stdout.readline()).decode()):
                assert line, f"ended without saying {until!r}"
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        async with asyncio.timeout(20):
            await process.communicate()
