"""Runs a fleet for the command line: watched on a live display, or as JSON lines."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from rich.console import Console
from rich.live import Live

from simulators.chance import chance
from simulators.display import Display, Tally
from simulators.fleet import Course, Wearer, run_fleet
from simulators.identities import Credential
from simulators.messages import Happening
from simulators.recording import Recording
from simulators.runner import Runner, somebody
from simulators.sources import Measurement, Source

FRAME_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is worn and how it is shown."""

    again: bool = False
    """Replay the recording for ever."""
    obedience: float = 0.7
    json: bool = False
    language: str = "en"


async def wear(
    course: Course,
    identities: Sequence[Credential],
    measurements: Sequence[Measurement],
    look: Look,
) -> str:
    """Run the fleet to its end; return in a sentence what was not done, empty if all was.

    Without `measurements` of a recording everybody is a modelled runner.
    """
    tally = Tally()
    tell = _print_line if look.json else tally.add
    wearers = [
        Wearer(one, _source(one, course, measurements, look), course, tell=tell)
        for one in identities
    ]
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if look.json:
        await run_fleet(wearers, stop)
    else:
        display = Display(wearers, tally, clock=course.clock, language=look.language)
        await _run_shown(wearers, stop, display)
    return _left_undone(wearers, course)


def _source(
    identity: Credential, course: Course, measurements: Sequence[Measurement], look: Look
) -> Source:
    if measurements:
        return Recording(measurements, again=look.again)
    rng = chance(course.seed, identity.device, "runner")
    return Runner(somebody(rng, obedience=look.obedience), rng=rng)


async def _run_shown(wearers: Sequence[Wearer], stop: asyncio.Event, display: Display) -> None:
    console = Console()
    if not console.is_terminal:
        await run_fleet(wearers, stop)
        console.print(display)
        return
    # Refreshed here and not in a thread of its own, which would read what is being changed.
    with Live(display, console=console, auto_refresh=False) as live:
        async with asyncio.TaskGroup() as group:
            refreshing = group.create_task(_refresh(live))
            await run_fleet(wearers, stop)
            refreshing.cancel()
        live.refresh()


async def _refresh(live: Live) -> None:
    while True:
        live.refresh()
        await asyncio.sleep(FRAME_S)


def _print_line(happening: Happening) -> None:
    line = {"at_ms": happening.at_ms, "device": happening.device, "what": happening.what}
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(msgspec.json.encode(line | dict(happening.details)).decode() + "\n")
        sys.stdout.flush()


def _left_undone(wearers: Sequence[Wearer], course: Course) -> str:
    never = [wearer.radio.trouble for wearer in wearers if not wearer.radio.ever_connected]
    if never:
        return f"{len(never)} of {len(wearers)} watches never reached the broker: {never[0]}"
    waiting = sum(len(wearer.watch.outbox) for wearer in wearers)
    if waiting and course.linger_s and course.state_dir is None:
        return (
            f"{waiting} readings and events were not receipted by a hub within "
            f"{course.linger_s:g} s; --state-dir keeps them for the next start"
        )
    return ""
