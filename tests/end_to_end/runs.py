"""The runs that are played: who runs, over which limit, and what the account of it must say."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.end_to_end.account import Account, account
from tests.end_to_end.home import RECORDINGS, Home
from tests.end_to_end.watch_process import WatchProcess

TOUCHES_BETWEEN = 3
"""From one kill to the next."""
MOMENT_S = 0.01
LINGER_S = "120"
"""A hub that was killed may need a while to say that it has everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    name: str
    limit: float
    """Such that the heart crosses it several times."""
    options: Sequence[str] = ()
    seconds: int | None = None
    """Of the run's time; None: to the end of the recording."""
    crossings: int = 1
    """Alarms that it raises at least."""

    @property
    def arguments(self) -> list[str]:
        length = [] if self.seconds is None else ["--duration", str(self.seconds)]
        return [*self.options, *length, "--linger", LINGER_S]


def recorded(name: str, *, limit: float, crossings: int, seconds: int | None = None) -> Run:
    options = ("--recording", str(RECORDINGS / f"{name}.fit"))
    return Run(name=name, limit=limit, crossings=crossings, options=options, seconds=seconds)


def modelled(*, limit: float, seconds: int, seed: int = 1) -> Run:
    options = ("--runner", "--seed", str(seed), "--obedience", "0.5")
    return Run(name="runner", limit=limit, options=options, seconds=seconds)


SHORT = (
    recorded("indoor-pauses", limit=108, crossings=2, seconds=145),
    recorded("ride-watch", limit=123, crossings=2, seconds=175),
    modelled(limit=120, seconds=170),
)
KILLED = (
    # Over the limit for longer than a hub needs to start.
    recorded("ride-watch", limit=123, crossings=2, seconds=175),
    recorded("ride-strap", limit=165, crossings=1, seconds=175),
    modelled(limit=120, seconds=175),
)
FULL = (
    recorded("ride-watch", limit=138, crossings=6),
    recorded("ride-strap", limit=165, crossings=5),
    recorded("indoor-pauses", limit=106, crossings=2),
    modelled(limit=125, seconds=1200),
)


@dataclass(frozen=True, slots=True)
class Running:
    run: Run
    watch: WatchProcess
    rule: Mapping[str, Any]


@asynccontextmanager
async def running(home: Home, runs: Sequence[Run], **rule: object) -> AsyncIterator[list[Running]]:
    """Have all of them run at once, each with a watch and a limit of its own."""
    ready = []
    for run in runs:
        admission = await home.claim(run.name)
        limit = await home.limit(admission["device"], run.limit, **rule)
        ready.append((run, admission, limit))
    async with AsyncExitStack() as stack:
        yield [
            Running(run, await stack.enter_async_context(home.worn(who, *run.arguments)), limit)
            for run, who, limit in ready
        ]


async def killed(home: Home, runners: Sequence[Running], *, times: int) -> list[float]:
    """Kill the hub as soon as the wrists have felt more, and start it again at once.

    Returns how many real seconds each absence lasted.
    """
    away: list[float] = []
    for _ in range(times):
        felt = _felt(runners)
        while _felt(runners) < felt + TOUCHES_BETWEEN and _anybody_runs(runners):  # noqa: ASYNC110 - several processes
            await asyncio.sleep(MOMENT_S)
        began = time.monotonic()
        await home.site.restart_hub()
        away.append(time.monotonic() - began)
    return away


def _felt(runners: Sequence[Running]) -> int:
    return sum(len(one.watch.felt) for one in runners)


def _anybody_runs(runners: Sequence[Running]) -> bool:
    return any(one.watch.under_way for one in runners)


async def accounts(home: Home, runners: Sequence[Running]) -> list[tuple[Run, Account]]:
    """Wait until everybody is home and all has come to rest."""
    async with asyncio.TaskGroup() as group:
        for one in runners:
            group.create_task(one.watch.end())
    return [(one.run, await account(home, one.watch, one.rule)) for one in runners]
