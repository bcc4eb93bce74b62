"""The command `partner`: its options."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from hub.errors import HubError
from simulators.clock import SimulatedClock, real_now_ms


def partner(  # noqa: PLR0913 - the options of a command line
    kind: Annotated[str, typer.Argument(help="dry_cleaner or market.")],
    *,
    secret_file: Annotated[
        Path, typer.Option(help="The secret shared with the hub; made if it is not there.")
    ],
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    hook: Annotated[
        str, typer.Option(help="Where webhooks go: http://HUB/api/v1/hooks/SERVICE.")
    ] = "",
    speed: Annotated[
        float,
        typer.Option(
            "--speed", "--rate", min=0.1, max=1000, help="As the hub.", envvar="HUB_CLOCK__RATE"
        ),
    ] = 1.0,
    anchor_ms: Annotated[
        int | None,
        typer.Option(help="When it began to, as the hub's clock.", envvar="HUB_CLOCK__ANCHOR_MS"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed, other slips and other people.")] = 1,
    mode: Annotated[
        str,
        typer.Option(
            help="ok, slow, down, wrong, twice, out_of_order; for so long: down:600,twice"
        ),
    ] = "ok",
    slip: Annotated[
        float, typer.Option(min=0, max=1, help="Share of orders late; half say nothing.")
    ] = 0.0,
    wobble: Annotated[
        float, typer.Option(min=0, max=1, help="Share that miss a milestone and catch up.")
    ] = 0.0,
    turnaround_h: Annotated[
        float, typer.Option(min=1, help="Simulated hours from pick-up to delivery.")
    ] = 44.0,
    others: Annotated[
        int, typer.Option(min=0, help="At most so many others want a listing by themselves.")
    ] = 3,
    slow_s: Annotated[float, typer.Option(min=0, help="Real seconds of `slow`.")] = 2.0,
    late_s: Annotated[
        float, typer.Option(min=0, help="Real seconds of `twice`: more than the hub waits.")
    ] = 20.0,
    state: Annotated[
        Path | None, typer.Option(help="A file that outlives it; else it forgets everything.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Say where it answers as JSON.")] = False,
) -> None:
    """Be a partner of the hub, well or badly behaved; see docs/partners.

    Example: python -m simulators partner dry_cleaner --secret-file cleaner.secret --slip 0.2
    """
    # Only now: a server needs what a watch does not.
    from simulators.partners.modes import parse_spells  # noqa: PLC0415
    from simulators.partners.running import Wish, run, secret_in  # noqa: PLC0415
    from simulators.partners.sandbox import Course  # noqa: PLC0415

    wish = Wish(
        kind=kind,
        port=port,
        slip=slip,
        wobble=wobble,
        turnaround_h=turnaround_h,
        others=others,
        json=json,
    )
    anchored_ms = real_now_ms() if anchor_ms is None else anchor_ms
    try:
        course = Course(
            clock=SimulatedClock(rate=speed, anchor_ms=anchored_ms),
            secret=secret_in(secret_file),
            hook=hook,
            seed=seed,
            spells=parse_spells(mode),
            slow_s=slow_s,
            late_s=late_s,
            state=state,
        )
        asyncio.run(run(wish, course))
    except (HubError, OSError) as error:
        typer.echo(f"partner: {error}", err=True)
        raise typer.Exit(1) from None
