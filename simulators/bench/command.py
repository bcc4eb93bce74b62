"""`hub bench`: measures one after the other, says how far it is, shows and writes what it found."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from hub.errors import InvalidInputError, MisconfiguredError
from simulators.bench.answers import answers
from simulators.bench.figures import Findings
from simulators.bench.growth import growth
from simulators.bench.hotpath import hot_path
from simulators.bench.kernel import machine
from simulators.bench.links import links
from simulators.bench.report import show, write
from simulators.bench.servers import CONFIGURATION
from simulators.bench.site import FULL, QUICK, Plan, Site
from simulators.bench.throughput import throughput

PACKAGES = ("paho-mqtt", "msgspec", "pydantic", "influxdb-client", "sqlalchemy", "aiohttp")
Measure = Callable[[Site, Findings], None]


def _throughput(site: Site, findings: Findings) -> None:
    findings.tables.append(throughput(site))


def _answers(site: Site, findings: Findings) -> None:
    findings.tables.append(answers(site))


def _hot_path(site: Site, findings: Findings) -> None:
    findings.tables += hot_path(site)


MEASURES: Mapping[str, Measure] = {
    "throughput": _throughput,
    "answers": _answers,
    "hotpath": _hot_path,
    "growth": growth,
    "links": links,
}


def plan(*, runs: int | None, seconds: float | None, quick: bool) -> Plan:
    chosen = QUICK if quick else FULL
    if runs is not None:
        chosen = replace(chosen, runs=runs)
    return chosen if seconds is None else replace(chosen, seconds=seconds)


def run(chosen: Plan, *, only: Sequence[str], path: Path, console: Console) -> None:
    """Measure, show and write.

    Raises:
        InvalidInputError: there is no such measure.
        MisconfiguredError: a server is missing on this machine.
        UnavailableError: something that was started does not answer.
    """
    unknown = set(only) - MEASURES.keys()
    if unknown:
        message = f"no measure {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}"
        raise InvalidInputError(message)
    # Ends as Ctrl-C does, with everything that was started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    facts = {**_versions(), **machine()}
    began = time.monotonic()
    progress = Console(stderr=True, highlight=False)

    def say(line: str) -> None:
        progress.print(f"[dim]{time.monotonic() - began:6.0f} s[/dim]  {line}")

    findings = Findings()
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as directory:
        Path(directory).chmod(0o755)
        site = Site(plan=chosen, say=say, directory=Path(directory))
        for name, measure in MEASURES.items():
            if not only or name in only:
                say(f"measuring {name}")
                measure(site, findings)
    facts["load_after"] = f"{os.getloadavg()[0]:.2f}"
    console.print(" · ".join(f"{name} {value}" for name, value in facts.items()), highlight=False)
    console.print()
    show(findings, console)
    for written in write(findings, facts, path):
        console.print(f"written: {written}", highlight=False)


def _versions() -> dict[str, str]:
    """Return the versions of the servers and of what the hot path is made of."""
    found = {name: version(name) for name in PACKAGES}
    mosquitto = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    influxd = shutil.which("influxd")
    if not Path(mosquitto).exists() or influxd is None:
        message = "the bench needs Mosquitto 2 and InfluxDB: apt-get install mosquitto influxdb"
        raise MisconfiguredError(message)
    if not CONFIGURATION.exists():
        message = f"{CONFIGURATION} is missing: run the bench in a checkout of the project"
        raise MisconfiguredError(message)
    found["mosquitto"] = _says([mosquitto, "-h"], after="version ")
    found["influxd"] = _says([influxd, "version"], after="InfluxDB ")
    return found


def _says(command: Sequence[str], *, after: str) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - our own words
    return done.stdout.partition(after)[2].split(maxsplit=1)[0]
