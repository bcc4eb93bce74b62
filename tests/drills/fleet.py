"""Many devices at once, and the ledger they write."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence

from tests.drills.device import Device, Gate, Habits, heart_rates
from tests.drills.ledger import Ledger, Page
from tests.drills.sites import Admission

CROSSING_SHARE = 10
"""Every tenth device crosses its limit."""


class StalledError(AssertionError):
    """No receipt came for too long."""


class Fleet:
    def __init__(
        self,
        admissions: Sequence[Admission],
        *,
        port: int,
        seed: int,
        habits: Habits,
    ) -> None:
        self.gate = Gate(habits.count)
        self.ledger = Ledger([Page(admission.device) for admission in admissions])
        self.devices = [
            Device(
                admission,
                page=page,
                port=port,
                rates=heart_rates(f"{seed}:{number}", crossing=crosses(number)),
                habits=habits,
                gate=self.gate,
            )
            for number, (admission, page) in enumerate(
                zip(admissions, self.ledger.pages, strict=True)
            )
        ]

    @property
    def crossing(self) -> list[Device]:
        return [device for number, device in enumerate(self.devices) if crosses(number)]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(device.run()) for device in self.devices]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def until_receipted(self, count: int, *, stall_s: float = 180.0) -> None:
        """Return when so many readings are receipted.

        Raises:
            StalledError: nothing was for `stall_s`.
        """
        last, since = -1, time.monotonic()
        while (now := self.ledger.receipted) < count:
            if now != last:
                last, since = now, time.monotonic()
            elif time.monotonic() - since > stall_s:
                message = f"{now} of {count} receipted, and no more for {stall_s:.0f} s"
                raise StalledError(message)
            await asyncio.sleep(0.02)


def crosses(number: int) -> bool:
    return number % CROSSING_SHARE == 0
