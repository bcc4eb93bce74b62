"""Which fault comes when: seeded, by how much has been receipted, not by the clock."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

HESITATION_S = 0.4
"""So that a fault does not always come right after a receipt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    at: int
    """When so many readings are receipted."""
    what: str
    delay_s: float


def plan(counts: Mapping[str, int], *, total: int, seed: int) -> Sequence[Fault]:
    """Return the faults in a seeded order, one in the first half of each stretch of the run."""
    chance = random.Random(seed)  # noqa: S311 - to be repeatable
    order = [what for what, count in counts.items() for _ in range(count)]
    chance.shuffle(order)
    length = total // (len(order) + 1)
    return [
        Fault(
            at=int((number + chance.uniform(0, 0.5)) * length),
            what=what,
            delay_s=chance.uniform(0, HESITATION_S),
        )
        for number, what in enumerate(order)
    ]


@dataclass(slots=True)
class Strikes:
    """Carries a plan out."""

    faults: Sequence[Fault]
    strike: Mapping[str, Callable[[], Awaitable[object]]]
    struck: Counter[str] = field(default_factory=Counter)
    seconds: list[tuple[str, float]] = field(default_factory=list)
    """What, and how long until the part was up again."""
    answers: dict[str, list[object]] = field(default_factory=dict)

    async def run(
        self, reached: Callable[[int], Awaitable[None]], *, open_gate: Callable[[int], None]
    ) -> None:
        """Strike; the devices do not get beyond a fault's stretch before it is over."""
        for number, fault in enumerate(self.faults, start=1):
            open_gate(number)
            await reached(fault.at)
            await asyncio.sleep(fault.delay_s)
            began = time.monotonic()
            answer = await self.strike[fault.what]()
            self.struck[fault.what] += 1
            self.seconds.append((fault.what, round(time.monotonic() - began, 2)))
            self.answers.setdefault(fault.what, []).append(answer)
        open_gate(len(self.faults) + 1)
