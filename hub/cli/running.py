"""The hub itself: run it, check it, look at it, measure it."""

import logging
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hub import main
from hub.cli import outcome
from hub.cli.outcome import AsJson, attempt, print_facts, say
from hub.settings import Settings, load


def run(*, as_json: AsJson = False) -> None:
    """Start the hub with everything it needs; end it with Ctrl-C or SIGTERM.

    Example: HUB_DATA_DIR=/srv/hub hub run
    """
    settings: Settings = attempt(load)
    _log()

    def started(parts: main.Parts, url: str) -> None:
        facts = main.facts(parts, url)
        say(facts, as_json=as_json, human=lambda: print_facts(facts))
        sys.stdout.flush()

    outcome.run(main.serve(settings, started=started))


def _log() -> None:
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s"
    )
    for quiet in ("alembic", "uvicorn", "nats"):
        logging.getLogger(quiet).setLevel(logging.WARNING)


def check(
    *,
    configuration: Annotated[
        Path | None, typer.Option(help="Mosquitto's configuration file, to be read as well.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with this installation, and how to mend it; exits 1 if anything is.

    Example: hub check --configuration /etc/mosquitto/mosquitto.conf
    """
    settings: Settings = attempt(load)
    found = outcome.run(main.findings(settings, configuration=configuration))
    answer = [{"what": f.what, "why": f.why, "mend": f.mend} for f in found]
    say(answer, as_json=as_json, human=lambda: _print_findings(found))
    if found:
        raise typer.Exit(1)


def _print_findings(found: Sequence[main.Finding]) -> None:
    if not found:
        Console().print("[green]Nothing to mend.[/green]")
    for finding in found:
        Console().print(f"[bold red]✗ {finding.what}[/bold red]")
        Console().print(f"  why:  {finding.why}\n  mend: {finding.mend}")


def demo(
    *,
    minutes: Annotated[float, typer.Option(help="End after so long; 0 runs on.")] = 0.0,
    speed: Annotated[float, typer.Option(min=1, max=20, help="Time runs so fast.")] = 4.0,
    as_json: AsJson = False,
) -> None:
    """Run a hub with a seeded household and a runner whose wrist is alerted and calms.

    Example: hub demo --minutes 2
    """
    settings: Settings = attempt(load)
    outcome.run(main.demo(settings, minutes=minutes, speed=speed, as_json=as_json))


def bench(context: typer.Context) -> None:
    """Measure this machine: throughput, latency, cost, beside a hand-written peer.

    Example: hub bench --seconds 10 --runs 5
    """
    command = [sys.executable, "-m", "simulators", "bench", *context.args]
    raise typer.Exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - ourselves
