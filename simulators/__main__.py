"""The simulators' command line: `python -m simulators watch --help`."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console

from hub.errors import HubError, InvalidInputError
from simulators.clock import SimulatedClock, real_now_ms
from simulators.console import Look, wear
from simulators.faults import parse_faults
from simulators.fleet import Course
from simulators.home.command import home
from simulators.identities import Wish, identities
from simulators.partners.command import partner
from simulators.recording import read_fit

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def main() -> None:
    """Programs that behave like the devices."""


@app.command()
def watch(  # noqa: PLR0913 - the options of a command line
    *,
    broker: Annotated[str, typer.Option(help="mqtt://host:port or mqtts://host:port.")] = "",
    credentials: Annotated[
        str, typer.Option(help='JSON lines {"device", "token", "base"}; - reads standard input.')
    ] = "",
    device: Annotated[str, typer.Option(help="One watch's id.")] = "",
    token: Annotated[str, typer.Option(help="Its token.", envvar="CX_TOKEN")] = "",
    base: Annotated[str, typer.Option(help="Its topic base; cx/1/main/ID if not given.")] = "",
    hub: Annotated[str, typer.Option(help="http://host:port of a hub to claim at.")] = "",
    claim_code: Annotated[
        str, typer.Option("--claim", help="Claim code; the credential is kept in the file.")
    ] = "",
    count: Annotated[int, typer.Option(min=1, help="So many watches.")] = 1,
    recording: Annotated[Path | None, typer.Option(help="A FIT file to replay.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Replay it for ever.")] = False,
    runner: Annotated[
        bool, typer.Option("--runner", help="A modelled runner; so without a recording.")
    ] = False,
    obedience: Annotated[
        float, typer.Option(min=0, max=1, help="How readily runners slow for the wrist.")
    ] = 0.7,
    speed: Annotated[
        float,
        typer.Option(
            "--speed",
            "--rate",
            min=0.1,
            max=1000,
            help="Time runs so fast.",
            envvar="HUB_CLOCK__RATE",
        ),
    ] = 1.0,
    anchor_ms: Annotated[
        int | None,
        typer.Option(help="When it began to, as the hub's clock.", envvar="HUB_CLOCK__ANCHOR_MS"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed, other runners and faults.")] = 1,
    duration: Annotated[
        float | None, typer.Option(min=1, help="Simulated seconds, then stop.")
    ] = None,
    ago: Annotated[
        float, typer.Option(min=0, help="It happened so many seconds ago and is sent now.")
    ] = 0.0,
    faults: Annotated[
        str, typer.Option(help="sleep,loss,loose (a minute), late,twice,disorder (a share).")
    ] = "",
    acknowledge: Annotated[
        float, typer.Option(min=0, max=1, help="Share of touches that are acknowledged.")
    ] = 0.0,
    snooze: Annotated[
        float, typer.Option(min=0, max=1, help="Share of touches that are put off.")
    ] = 0.0,
    state_dir: Annotated[
        Path | None, typer.Option(help="Keep what is not receipted there, over restarts.")
    ] = None,
    linger: Annotated[float, typer.Option(min=0, help="Seconds to wait for receipts.")] = 10.0,
    timezone: Annotated[str, typer.Option(help="The wearers', for rules with hours.")] = "UTC",
    language: Annotated[str, typer.Option(help="en or ko.")] = "en",
    ca_file: Annotated[str | None, typer.Option(help="For mqtts: whom to trust.")] = None,
    json: Annotated[
        bool, typer.Option("--json", help="A JSON line per thing felt or sent.")
    ] = False,
) -> None:
    """Wear one watch or a thousand; without --recording, everybody is a modelled runner.

    Example: python -m simulators watch --broker mqtt://127.0.0.1:1883 --credentials FILE --count 10
    """
    wish = Wish(
        credentials=credentials,
        device=device,
        token=token,
        base=base,
        hub=hub,
        code=claim_code,
        count=count,
    )
    look = Look(again=again, obedience=obedience, json=json, language=language)
    try:
        if runner and recording is not None:
            message = "give --recording or --runner, not both"
            raise InvalidInputError(message)
        found = identities(wish)
        course = Course(
            clock=SimulatedClock(
                rate=speed, anchor_ms=real_now_ms() if anchor_ms is None else anchor_ms
            ),
            broker=broker or next((one.broker.url for one in found if one.broker), ""),
            ca_file=ca_file,
            watches=len(found),
            faults=parse_faults(faults),
            seed=seed,
            duration_s=duration,
            ago_s=ago,
            linger_s=linger,
            acknowledge=acknowledge,
            snooze=snooze,
            zone=ZoneInfo(timezone),
            state_dir=state_dir,
        )
        measurements = read_fit(recording) if recording else ()
        problem = asyncio.run(wear(course, found, measurements, look))
    except (HubError, ZoneInfoNotFoundError) as error:
        problem = str(error)
    if problem:
        typer.echo(f"watch: {problem}", err=True)
        raise typer.Exit(1)


app.command()(home)
app.command()(partner)


@app.command()
def bench(
    *,
    runs: Annotated[int | None, typer.Option(min=1, help="Runs of each figure; 5.")] = None,
    seconds: Annotated[
        float | None, typer.Option(min=1, help="Of each run at a steady rate; 10.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small sizes: to see that it works, not to quote.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(help="throughput, answers, hotpath, growth or links; may be given again."),
    ] = None,
    json: Annotated[
        Path | None, typer.Option(help="Where the figures go; plots beside. bench/TIME.json")
    ] = None,
) -> None:
    """Measure the hub on this machine: throughput, latency, cost, beside a hand-written script.

    Starts Mosquitto, InfluxDB and hubs of its own on free ports; takes about half an hour.

    Example: hub bench --only throughput --runs 3 --seconds 5
    """
    # Only now: the bench imports what a watch does not need.
    from simulators.bench.command import plan, run  # noqa: PLC0415

    path = json or Path("bench") / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    try:
        chosen = plan(runs=runs, seconds=seconds, quick=quick)
        run(chosen, only=only or (), path=path, console=Console())
    except HubError as error:
        typer.echo(f"bench: {error}", err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    app(prog_name="python -m simulators")
