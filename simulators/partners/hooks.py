"""Tells the hub what happened: every webhook until it is taken, in order unless told otherwise."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import httpx2

from simulators.clock import SimulatedClock
from simulators.partners.journal import Hook
from simulators.partners.modes import Mode, Spell
from simulators.partners.wire import sign

FIRST_WAIT_S = 0.2
MAX_WAIT_S = 5.0
MAX_REFUSALS = 5
"""A webhook that the hub refuses so often is given up."""
TIMEOUT_S = 10.0
SHUFFLED = 4
"""So many webhooks are gathered, or the time of `GATHER_S`, and go in any order."""
GATHER_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How webhooks go."""

    url: str
    """Empty: nobody is told."""
    secret: str
    clock: SimulatedClock
    rng: Random


class Teller:
    def __init__(
        self, way: Way, *, spell: Callable[[], Spell], noted: Callable[[Hook], None]
    ) -> None:
        """`noted` is told of every webhook that was taken or given up."""
        self._way = way
        self._clock = way.clock
        self._rng = way.rng
        self._spell = spell
        self._noted = noted
        self._waiting: deque[Hook] = deque()
        self._more = asyncio.Event()
        self._client = httpx2.AsyncClient(trust_env=False, timeout=TIMEOUT_S)

    def add(self, hook: Hook) -> None:
        if self._way.url:
            self._waiting.append(hook)
            self._more.set()

    async def run(self) -> None:
        while True:
            while not self._waiting:
                self._more.clear()
                await self._more.wait()
            spell = self._spell()
            if spell.mode is Mode.DOWN:
                await asyncio.sleep(FIRST_WAIT_S)
                continue
            if spell.mode is Mode.OUT_OF_ORDER:
                await self._gather()
            hook = self._waiting.popleft()
            for _ in range(2 if spell.mode is Mode.TWICE else 1):
                await self._deliver(hook)
            hook.done_ms = self._clock.now_ms()
            self._noted(hook)

    async def close(self) -> None:
        await self._client.aclose()

    async def _gather(self) -> None:
        if len(self._waiting) < SHUFFLED:
            await asyncio.sleep(GATHER_S)
        shuffled = list(self._waiting)
        self._rng.shuffle(shuffled)
        self._waiting = deque(shuffled)

    async def _deliver(self, hook: Hook) -> None:
        wait_s, refusals = FIRST_WAIT_S, 0
        while refusals < MAX_REFUSALS:
            hook.tries += 1
            hook.status = await self._posted(hook)
            if hook.status is not None and hook.status < 300:  # noqa: PLR2004 - HTTP's own bound
                return
            refusals += hook.status is not None and hook.status < 500  # noqa: PLR2004 - as above
            await asyncio.sleep(wait_s * self._rng.uniform(0.5, 1))
            wait_s = min(wait_s * 2, MAX_WAIT_S)

    async def _posted(self, hook: Hook) -> int | None:
        body = hook.body.encode()
        signed = sign(self._way.secret, message=hook.id, at_ms=self._clock.now_ms(), body=body)
        headers = {"content-type": "application/json", **signed}
        try:
            answer = await self._client.post(self._way.url, content=body, headers=headers)
        except httpx2.RequestError:
            return None
        return answer.status_code
