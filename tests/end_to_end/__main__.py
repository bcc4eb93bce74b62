"""E1 at full length: every recording and a modelled runner, both brokers, both stores, and kills.

`scripts/e1` runs this.
"""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Annotated

import typer

from tests.drills.report import Account as Ledger
from tests.drills.report import Report
from tests.drills.sites import BROKERS, SERIES
from tests.end_to_end.account import Account
from tests.end_to_end.home import home
from tests.end_to_end.runs import FULL, SHORT, Run, accounts, killed, running

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def play(
    *,
    rate: Annotated[float, typer.Option(min=1, max=20, help="Time runs so fast.")] = 8.0,
    kills: Annotated[int, typer.Option(min=0, help="In the second round.")] = 3,
    freshness_s: Annotated[
        float, typer.Option(help="In the second round; a hub needs some seconds to start.")
    ] = 600.0,
    short: Annotated[bool, typer.Option("--short", help="The excerpts of the tests.")] = False,
    at_once: Annotated[int, typer.Option(min=1, help="Homes side by side.")] = 2,
) -> None:
    """Play everything once as it is and once with the hub killed, and hold both to the oracle.

    Example: scripts/e1 --rate 8
    """
    runs = SHORT if short else FULL
    report = Report(drill="e1", seed=1, options={"rate": rate, "kills": kills})
    for times, fresh_s in ((0, 30.0), (kills, freshness_s))[: 2 if kills else 1]:
        report.accounts += asyncio.run(
            _round(runs, rate=rate, kills=times, freshness_s=fresh_s, at_once=at_once)
        )
    report.print()
    typer.echo(report.keep())
    sys.exit(0 if report.holds else 1)


async def _round(
    runs: Sequence[Run], *, rate: float, kills: int, freshness_s: float, at_once: int
) -> list[Ledger]:
    turn = asyncio.Semaphore(at_once)

    async def one(broker: str, series: str) -> Ledger:
        async with turn:
            ledger = Ledger(name=f"{broker}, {series}, {kills} kills")
            with tempfile.TemporaryDirectory(prefix="e1-", ignore_cleanup_errors=True) as folder:
                place = Path(folder) / "home"
                async with (
                    home(place, broker=broker, series=series, rate=rate) as site,
                    running(site, runs, freshness_s=freshness_s) as runners,
                ):
                    if kills:
                        away = await killed(site, runners, times=kills)
                        ledger.figures["absences in s"] = [round(s, 1) for s in away]
                    for run, found in await accounts(site, runners):
                        _enter(ledger, run, found, kills=kills)
            ledger.end()
            return ledger

    async with asyncio.TaskGroup() as homes:
        tasks = [homes.create_task(one(*place)) for place in product(BROKERS, SERIES)]
    return [task.result() for task in tasks]


def _enter(ledger: Ledger, run: Run, found: Account, *, kills: int) -> None:
    name = run.name
    expected = found.expected_of_touches
    ledger.at_least(f"{name}: alarms", run.crossings, len(found.alarms))
    ledger.equal(
        f"{name}: {len(found.record)} entries of the record as the oracle's",
        "yes",
        _differences(found.record, found.expected_record),
    )
    ledger.equal(
        f"{name}: {len(expected)} commands as the oracle's, step by step",
        "yes",
        _differences(found.told_of_touches, expected),
    )
    ledger.equal(f"{name}: touches felt twice", 0, len(found.felt_ids) - len(set(found.felt_ids)))
    ledger.equal(
        f"{name}: {len(found.felt())} touches felt as they were told",
        "yes",
        _differences(found.felt(), found.listed(found.felt_ids)),
    )
    if not kills:
        ledger.equal(
            f"{name}: {len(found.felt())} touches felt as by an ideal hub",
            "yes",
            _differences(found.felt(), found.expected_felt()),
        )
    ledger.figures[name] = (
        f"{len(found.arrivals)} readings, {len(found.commands)} commands, "
        f"{found.count('succeeded')} succeeded, {found.count('cancelled')} cancelled, "
        f"{len(found.felt_ids)} felt, {len(found.idle_ends)} idle ends, opened on steps "
        f"{found.opened_on_steps}, latest receipt after "
        f"{max(one.received_ms - one.at_ms for one in found.arrivals) / 1000:.1f} s"
    )


def _differences(found: Sequence[object], expected: Sequence[object]) -> str:
    if found == expected:
        return "yes"
    return f"{len(set(found) - set(expected))} more, {len(set(expected) - set(found))} missing"


if __name__ == "__main__":
    app(prog_name="scripts/e1")
