"""The command `python -m simulators home`."""

import asyncio
import contextlib
import json as encoding
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import typer
from rich.console import Console
from rich.live import Live

from hub.errors import HubError, InvalidInputError
from simulators.clock import SimulatedClock, real_now_ms
from simulators.console import FRAME_S
from simulators.home.admission import Hub, admit_homes, members, owned
from simulators.home.display import Events, HomesDisplay
from simulators.home.garments import entered, keep_garments, read_garments
from simulators.home.running import Road, Running
from simulators.home.scenario import Scenario, read_scenario
from simulators.home.troubles import parse_troubles
from simulators.home.wardrobe import described, furnished
from simulators.identities import Credential, read_credentials
from simulators.messages import Happening
from simulators.world import (
    MAKERS,
    HomePlan,
    Setting,
    Watchers,
    World,
    day_of,
    nameless,
    plan_homes,
    slot_of,
)

CREDENTIALS_FILE = "home-credentials.jsonl"
RESEND_S = 30.0
"""Of real time: it is the network that is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """Which homes, and how their devices come by their identities."""

    homes: int
    seed: int
    household: str
    credentials: str
    broker: str


def home(  # noqa: PLR0913 - the options of a command line
    *,
    homes: Annotated[int, typer.Option(min=1, max=1000, help="So many homes.")] = 1,
    speed: Annotated[
        float,
        typer.Option(min=0.1, max=1000, help="Time runs so fast.", envvar="HUB_CLOCK__RATE"),
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="Another seed, other people, days and faults.")] = 1,
    hub: Annotated[str, typer.Option(help="http://host:port of a hub to claim at.")] = "",
    email: Annotated[str, typer.Option(help="Of an account there.", envvar="CX_EMAIL")] = "",
    password: Annotated[str, typer.Option(help="Its password.", envvar="CX_PASSWORD")] = "",
    household: Annotated[str, typer.Option(help="A household that is in the hub already.")] = "",
    credentials: Annotated[
        str, typer.Option(help="File of the devices' identities; written where it is not there.")
    ] = "",
    broker: Annotated[
        str, typer.Option(help="mqtt://host:port, if the credentials do not say.")
    ] = "",
    scenario: Annotated[
        str, typer.Option(help="A TOML file, or door_left_open, forgotten_load, power_cut.")
    ] = "",
    faults: Annotated[
        str,
        typer.Option(help="wifi,clock (a share), stuck,noise,dropout,bounce,unplug (a day)."),
    ] = "",
    garments: Annotated[
        Path | None,
        typer.Option(help="File of the hub's ids of garments; written where it is not there."),
    ] = None,
    duration: Annotated[
        float | None, typer.Option(min=1, help="Simulated seconds, then stop.")
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Print who lives there and their day; no network.")
    ] = False,
    anchor_ms: Annotated[
        int | None,
        typer.Option(help="When it began to, as the hub's clock.", envvar="HUB_CLOCK__ANCHOR_MS"),
    ] = None,
    timezone: Annotated[str, typer.Option(help="Where the homes are.")] = "UTC",
    language: Annotated[str, typer.Option(help="Of what is in the fridge: en or ko.")] = "en",
    linger: Annotated[float, typer.Option(min=0, help="Seconds to wait for receipts.")] = 10.0,
    ca_file: Annotated[str | None, typer.Option(help="For mqtts: whom to trust.")] = None,
    json: Annotated[bool, typer.Option("--json", help="A JSON line per thing that happens.")] = (
        False
    ),
) -> None:
    """Live in one home or fifty: people, fridge, machines, watches, phones, speaker.

    Example: python -m simulators home --homes 50 --speed 60 --seed 7 --hub http://127.0.0.1:8080
    """
    wish = _Wish(
        homes=homes,
        seed=seed,
        household=household,
        credentials=credentials,
        broker=broker,
    )
    clock = SimulatedClock(rate=speed, anchor_ms=real_now_ms() if anchor_ms is None else anchor_ms)
    try:
        setting = Setting(
            seed=seed,
            zone=ZoneInfo(timezone),
            language=language,
            troubles=parse_troubles(faults),
            scenario=read_scenario(scenario) if scenario else Scenario(),
            garments=read_garments(garments) if garments and garments.exists() else {},
            resend_ms=round(RESEND_S * 1000 * speed),
        )
        if plan:
            _print_plan(plan_homes(homes, seed=seed), setting, clock)
            return
        signed_in = Hub(hub, email=email, password=password) if hub else None
        plans, found = _identities(wish, signed_in)
        setting = _clothed(setting, signed_in, plans, found, garments)
        road = Road(
            clock=clock, broker=broker, ca_file=ca_file, duration_s=duration, linger_s=linger
        )
        problem = asyncio.run(_live(plans, found, setting, road, as_json=json))
    except (HubError, ZoneInfoNotFoundError) as error:
        problem = str(error)
    if problem:
        typer.echo(f"home: {problem}", err=True)
        raise typer.Exit(1)


# ------------------------------------------------------------------------------- identities


def _identities(wish: _Wish, signed_in: Hub | None) -> tuple[list[HomePlan], list[Credential]]:
    """Return the homes and who their devices are: from a file, claimed, or without names."""
    plans = plan_homes(wish.homes, seed=wish.seed)
    if wish.household:
        if signed_in is None or wish.homes != 1:
            message = "--household is one home, and needs --hub with --email and --password"
            raise InvalidInputError(message)
        plans = [members(signed_in, wish.household, seed=wish.seed)]
    path = Path(wish.credentials or CREDENTIALS_FILE)
    if wish.credentials and (wish.credentials == "-" or path.exists()):
        found = list(read_credentials(wish.credentials))
        if signed_in is not None and wish.household:
            found = owned(signed_in, found, plans[0])
        return plans, _fitting(plans, found)
    if signed_in is not None:
        found = admit_homes(signed_in, plans, household=wish.household)
        _keep(found, path)
        return plans, found
    if wish.broker and not wish.credentials:
        return plans, nameless(plans)
    message = "give --hub with an account, --credentials of an earlier start, or --broker alone"
    raise InvalidInputError(message)


def _clothed(
    setting: Setting,
    signed_in: Hub | None,
    plans: Sequence[HomePlan],
    found: Sequence[Credential],
    path: Path | None,
) -> Setting:
    """Return the setting with the ids that the hub has for garments.

    Raises:
        InvalidInputError: there is neither a file of them nor a hub to ask.
    """
    if path is not None and path.exists():
        return setting
    if signed_in is None:
        return setting if path is None else replace(setting, garments=read_garments(path))
    known = entered(signed_in, plans, found, setting)
    if path is not None:
        keep_garments(known, path)
    return replace(setting, garments=known)


def _fitting(plans: Sequence[HomePlan], found: Sequence[Credential]) -> list[Credential]:
    """Return those that belong to these homes.

    Raises:
        InvalidInputError: one does not say what it is, or none belongs.
    """
    people = {plan.number: {one.name for one in plan.people} for plan in plans}
    for number, one in enumerate(found, start=1):
        if one.kind not in MAKERS:
            message = (
                f"credential {number} has the kind {one.kind!r}; {', '.join(MAKERS)} live here"
            )
            raise InvalidInputError(message)
        if one.person and one.home in people and one.person not in people[one.home]:
            message = (
                f"credential {number}: {one.person} does not live in home {one.home}; "
                "was the file written for another --seed?"
            )
            raise InvalidInputError(message)
    fitting = {(one.home, slot_of(one)): one for one in found if one.home in people}
    if not fitting:
        message = 'no credential has a "home" of these; the first home is 1'
        raise InvalidInputError(message)
    return list(fitting.values())


def _keep(found: Sequence[Credential], path: Path) -> None:
    """Write the credentials to a file that only its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(msgspec.json.encode(one) + b"\n" for one in found)
    typer.echo(f"{len(found)} devices claimed; their tokens are in {path}", err=True)


# -------------------------------------------------------------------------------------- run


async def _live(
    plans: Sequence[HomePlan],
    found: Sequence[Credential],
    setting: Setting,
    road: Road,
    *,
    as_json: bool,
) -> str:
    """Run to the end; return in a sentence what was not done, empty if all was."""
    events = Events()
    tell, watchers = _print_line if as_json else events.add, Watchers()
    running = Running(World(plans, found, setting, watchers), found, road)

    def witness(happening: Happening) -> None:
        running.heard(happening)
        tell(happening)

    watchers.tell = witness
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if as_json:
        await running.run(stop)
    else:
        display = HomesDisplay(running, events, clock=road.clock, calendar=setting.calendar)
        await _run_shown(running, stop, display)
    return _left_undone(running, road)


async def _run_shown(running: Running, stop: asyncio.Event, display: HomesDisplay) -> None:
    console = Console()
    if not console.is_terminal:
        await running.run(stop)
        console.print(display)
        return
    # Refreshed here and not in a thread of its own, which would read what is being changed.
    with Live(display, console=console, auto_refresh=False) as live:
        async with asyncio.TaskGroup() as group:
            refreshing = group.create_task(_refresh(live))
            await running.run(stop)
            refreshing.cancel()
        live.refresh()


async def _refresh(live: Live) -> None:
    while True:
        live.refresh()
        await asyncio.sleep(FRAME_S * 2)


def _print_line(happening: Happening) -> None:
    line = {"at_ms": happening.at_ms, "device": happening.device, "what": happening.what}
    # A detail may be called `device` too: what an act is done with.
    details = {("with" if name == "device" else name): v for name, v in happening.details.items()}
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(msgspec.json.encode(line | details).decode() + "\n")
        sys.stdout.flush()


def _left_undone(running: Running, road: Road) -> str:
    radios = running.radios.values()
    never = [radio.trouble for radio in radios if not radio.ever_connected]
    if never:
        return f"{len(never)} of {len(radios)} devices never reached the broker: {never[0]}"
    if running.waiting and road.linger_s:
        return (
            f"{running.waiting} readings and events were not receipted by a hub within "
            f"{road.linger_s:g} s"
        )
    return ""


def _print_plan(plans: Sequence[HomePlan], setting: Setting, clock: SimulatedClock) -> None:
    """Print JSON lines: each home with its people and devices, then its day."""
    calendar, start_ms = setting.calendar, clock.now_ms()
    for plan in plans:
        people = [msgspec.to_builtins(one) for one in plan.people]
        typer.echo(encoding.dumps({"home": plan.number, "people": people, "devices": plan.slots}))
        names = [one.name for one in plan.people]
        for piece in furnished(setting.seed, plan.number, names, known=setting.garments).all:
            typer.echo(encoding.dumps({"home": plan.number, "garment": described(piece)}))
        routine = setting.scenario.routine
        acts = day_of(plan, calendar.day(start_ms), setting) if routine else []
        acts += setting.scenario.acts(plan.number, start_ms=start_ms, calendar=calendar)
        for act in sorted(acts, key=lambda act: act.at_ms):
            line = {"home": plan.number, "time": calendar.clock(act.at_ms), "do": act.do}
            line |= {"person": act.person, "device": act.device, "for_ms": act.for_ms, **act.more}
            typer.echo(encoding.dumps({k: v for k, v in line.items() if v not in (None, "")}))
