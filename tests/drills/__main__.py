"""Runs drills at full length: `scripts/drill exactly-once`."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from tests.drills import (
    absences,
    deals,
    disk_full,
    exactly_once,
    influx_away,
    laundry,
    poison,
    rights,
    slips,
    two_hubs,
)
from tests.drills import orders as orders_drill
from tests.drills.report import Report

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Seed = Annotated[int, typer.Option(help="The same seed gives the same faults and values.")]
Broker = Annotated[str, typer.Option(help="mosquitto or embedded.")]
Control = Annotated[bool, typer.Option(help="A run without faults first.")]
Series = Annotated[str, typer.Option(help="influx or sqlite.")]
Records = Annotated[str, typer.Option(help="sqlite or postgresql.")]


@app.callback()
def drills() -> None:
    """Hold the hub to its promises while its parts are killed. `bench/` gets a JSON report."""


def _finish(work: Coroutine[Any, Any, Report]) -> None:
    report = asyncio.run(work)
    report.print()
    typer.echo(f"report: {report.keep()}")
    if not report.holds:
        raise typer.Exit(1)


@app.command("exactly-once")
def run_exactly_once(  # noqa: PLR0913 - the options of a command line
    *,
    messages: int = 200_000,
    devices: int = 100,
    hub_kills: int = 20,
    influx_kills: int = 5,
    broker_kills: int = 5,
    postgres_kills: int = 5,
    broker: Broker = "mosquitto",
    series: Series = "influx",
    records: Records = "sqlite",
    seed: Seed = 1,
    resend_s: float = 5.0,
    rate: Annotated[int, typer.Option(help="Readings a second, of all devices.")] = 2000,
    control: Control = True,
) -> None:
    """Kill hub, store and broker under numbered readings; hold what is stored to the ledger.

    Example: scripts/drill exactly-once --broker embedded --series sqlite --messages 20000
    """
    chosen = exactly_once.Plan(
        messages=messages,
        devices=devices,
        hub_kills=hub_kills,
        influx_kills=influx_kills,
        broker_kills=broker_kills,
        postgres_kills=postgres_kills,
        broker=broker,
        series=series,
        records=records,
        seed=seed,
        resend_s=resend_s,
        rate=rate,
    )
    _finish(exactly_once.drill(chosen, control=control))


@app.command("laundry")
def run_laundry(  # noqa: PLR0913 - the options of a command line
    *,
    loads: int = 100,
    apart_s: Annotated[float, typer.Option(help="Seconds between two loads.")] = 0.5,
    hub_kills: int = 3,
    broker: Broker = "embedded",
    seed: Seed = 1,
    control: Control = True,
) -> None:
    """Finish loads while the dryer is off half of the time, and forget one in the washer.

    Example: scripts/drill laundry --loads 20
    """
    chosen = laundry.Plan(
        loads=loads, apart_s=apart_s, hub_kills=hub_kills, broker=broker, seed=seed
    )
    _finish(laundry.drill(chosen, control=control))


@app.command("orders")
def run_orders(
    *,
    kills: Annotated[int, typer.Option(help="Of the hub, between call and record.")] = 30,
    orders: Annotated[int, typer.Option(help="Placed while the partner is away.")] = 24,
    cancelled: Annotated[int, typer.Option(help="Of them, before it is back.")] = 8,
    rate: Annotated[float, typer.Option(help="Simulated seconds a second.")] = 20,
    seed: Seed = 1,
) -> None:
    """Kill the hub between a partner's answer and its record; take the partner away ten minutes.

    Example: scripts/drill orders --kills 3 --orders 6 --cancelled 2
    """
    chosen = orders_drill.Plan(
        kills=kills, orders=orders, cancelled=cancelled, rate=rate, seed=seed
    )
    _finish(orders_drill.drill(chosen))


@app.command("deals")
def run_deals(*, listings: int = 200, kills: int = 40, seed: Seed = 1) -> None:
    """Let both sides of many listings say yes, no and withdraw at once.

    Example: scripts/drill deals --listings 50
    """
    _finish(deals.drill(deals.Plan(listings=listings, kills=kills, seed=seed)))


@app.command("slips")
def run_slips(
    *,
    orders: int = 200,
    kills: Annotated[int, typer.Option(help="Of the hub.")] = 10,
    away: Annotated[int, typer.Option(help="Spells in which the partner is away.")] = 0,
    seed: Seed = 1,
) -> None:
    """Plant slips in orders; everybody is told in time, and nobody without a reason.

    Example: scripts/drill slips --orders 50 --away 10
    """
    _finish(slips.drill(slips.Plan(orders=orders, kills=kills, away=away, seed=seed)))


@app.command("influx-away")
def run_influx_away(  # noqa: PLR0913 - the options of a command line
    *,
    away_s: Annotated[float, typer.Option(help="How long the store is away.")] = 600,
    before_s: float = 60,
    rate: Annotated[int, typer.Option(help="Readings a second, of all devices.")] = 200,
    broker: Broker = "mosquitto",
    seed: Seed = 1,
    control: Control = True,
) -> None:
    """Kill InfluxDB, then let it hang, while readings and alerts flow.

    Example: scripts/drill influx-away --away-s 60 --before-s 20
    """
    chosen = influx_away.Plan(away_s=away_s, before_s=before_s, rate=rate, broker=broker, seed=seed)
    _finish(influx_away.drill(chosen, control=control))


@app.command("poison")
def run_poison(
    *,
    count: Annotated[int, typer.Option(help="Malformed payloads, on each broker.")] = 10_000,
    seed: Seed = 1,
    control: Control = True,
) -> None:
    """Send broken, hostile and enormous input through both brokers.

    Example: scripts/drill poison --count 1000
    """
    _finish(poison.drill(poison.Plan(count=count, seed=seed), control=control))


@app.command("rights")
def run_rights() -> None:
    """Try with real devices what no device may, on both brokers.

    Example: scripts/drill rights
    """
    _finish(rights.drill(rights.Plan()))


@app.command("two-hubs")
def run_two_hubs(*, seed: Seed = 1) -> None:
    """Start a second hub on a data directory, end one under load, kill one and adopt its broker.

    Example: scripts/drill two-hubs
    """
    _finish(two_hubs.drill(two_hubs.Plan(seed=seed)))


@app.command("absences")
def run_absences(
    *,
    away_s: Annotated[float, typer.Option(help="How long the hub is away.")] = 60,
    restarts: Annotated[int, typer.Option(help="Of the broker.")] = 5,
    broker: Broker = "mosquitto",
    seed: Seed = 1,
    control: Control = True,
) -> None:
    """Take the hub away for a minute, restart the broker, leave a line half open.

    Example: scripts/drill absences --broker embedded
    """
    chosen = absences.Plan(away_s=away_s, restarts=restarts, broker=broker, seed=seed)
    _finish(absences.drill(chosen, control=control))


@app.command("disk-full")
def run_disk_full(
    *,
    size_mb: Annotated[int, typer.Option(help="Of the disk that fills up.")] = 16,
    messages: int = 40_000,
    seed: Seed = 1,
    control: Control = True,
) -> None:
    """Fill the disk under the spool; needs root for a small file system of its own.

    Example: scripts/drill disk-full --size-mb 6
    """
    chosen = disk_full.Plan(size_mb=size_mb, messages=messages, seed=seed)
    _finish(disk_full.drill(chosen, control=control))


if __name__ == "__main__":
    app()
