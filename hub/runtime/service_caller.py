"""Sends the calls of the outbox: in order for each order or listing, until each is answered.

That a call is tried is committed before it goes: what was never tried, no partner knows of. A hub
killed between an answer and its record sends the same call again, under the same id, and the
partner answers as before. One hub works on one data directory, so no call needs a lease.
"""

import asyncio
import logging
import random
from collections.abc import Mapping

from hub.errors import HubError, InvalidInputError, RefusedError, UnavailableError
from hub.model import Call, CallProgress, CallStatus, Service, Update
from hub.ports import Clock, Partner, RecordStore
from hub.runtime.breaker import FAILURES, Breaker
from hub.runtime.loop import Committed
from hub.runtime.open_things import open_things
from hub.runtime.outbox import Outbox
from hub.runtime.worker import Worker

logger = logging.getLogger(__name__)

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 300.0
SENSELESS = 8
"""Answers without sense in a row, after which a person has to look."""
LONGEST_ATTEMPT_S = 150.0
"""Of real time; an adapter's own time-out is shorter."""


class ServiceCaller:
    """`load` it after the worker, give `committed` to `Worker.listen`, and run `run`."""

    def __init__(
        self,
        *,
        worker: Worker,
        records: RecordStore,
        partner: Partner,
        clock: Clock,
        chance: random.Random | None = None,
    ) -> None:
        self._worker = worker
        self._records = records
        self._partner = partner
        self._clock = clock
        self._chance = chance or random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._outbox = Outbox()
        self._services: dict[str, Service] = {}
        self._senseless: dict[str, int] = {}
        """Call -> answers without sense in a row."""
        self._wake = asyncio.Event()

    @property
    def breakers(self) -> Mapping[str, Breaker]:
        """How each service that was called is doing."""
        return self._outbox.breakers

    @property
    def waits_for_nothing(self) -> bool:
        """Whether no call is on its way or due now."""
        now_ms = self._clock.now_ms()
        due = self._outbox.next_calls(self._services.values(), now_ms=now_ms)
        return not due and not self._outbox.busy

    async def load(self) -> None:
        """Take up what an earlier hub left.

        Raises:
            UnavailableError: the records do not answer.
        """
        for service in await open_things(self._records, Service):
            self._services[service.id] = service
        for call in await open_things(self._records, Call):
            self._outbox.put(call)
        self._wake.set()

    def committed(self, committed: Committed) -> None:
        for (kind, identity), thing in committed.draft.things.items():
            if isinstance(thing, Call):
                self._outbox.put(thing)
                self._wake.set()
            elif kind is Service:
                self._services.pop(identity, None)
                if isinstance(thing, Service):
                    self._services[identity] = thing
                self._wake.set()

    async def run(self) -> None:
        """Call until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._wake.clear()
                now_ms = self._clock.now_ms()
                services = self._services.values()
                for call in self._outbox.next_calls(services, now_ms=now_ms):
                    self._outbox.begin(call)
                    tasks.create_task(self._serve(call), name=f"call {call.operation}")
                await self._nap(self._outbox.look_ms(services, now_ms=now_ms))

    async def _nap(self, until_ms: int | None) -> None:
        """Wait until something changes, or until then by the hub's clock."""
        if until_ms is None:
            await self._wake.wait()
            return
        seconds = max(until_ms - self._clock.now_ms(), 1) / 1000
        sleep = asyncio.ensure_future(self._clock.sleep(seconds))
        woken = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait((sleep, woken), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleep.cancel()
            woken.cancel()

    async def _serve(self, call: Call) -> None:
        try:
            if call.expires_ms <= self._clock.now_ms():
                reason = call.reason or "it waited too long"
                await self._tell(call, CallStatus.DEAD, reason=f"given up: {reason}"[:500])
            elif await self._still_wanted(call):
                await self._attempt(call)
            if self._worker.kept(Call, call.id) == call:
                # A fault kept all of it from the records: due still, and not at once again.
                await self._clock.sleep(self._chance.uniform(FIRST_WAIT_S, LONGEST_WAIT_S))
        finally:
            self._outbox.end(call)
            self._wake.set()

    async def _still_wanted(self, call: Call) -> bool:
        """Commit that it is tried now; return whether nobody took it back meanwhile."""
        await self._tell(call, CallStatus.QUEUED, attempts=call.attempts + 1, reason=call.reason)
        known = self._worker.kept(Call, call.id)
        return known is not None and known.attempts == call.attempts + 1

    async def _attempt(self, call: Call) -> None:
        breaker = self._outbox.breaker(call.service)
        attempts = call.attempts + 1
        try:
            update = await self._sent(call)
        except RefusedError as error:
            self._well(breaker, call)
            await self._tell(call, CallStatus.REFUSED, attempts=attempts, reason=str(error))
        except InvalidInputError as error:
            await self._without_sense(call, breaker, str(error))
        except UnavailableError as error:
            self._badly(breaker, call, str(error))
            wait_s = self._wait_s(attempts, at_least_s=error.retry_after_s)
            await self._put_off(call, wait_s, reason=str(error))
        else:
            self._well(breaker, call)
            await self._tell(call, CallStatus.DONE, attempts=attempts, update=update)

    async def _sent(self, call: Call) -> Update:
        service = self._services.get(call.service)
        if service is None:
            message = f"{call.service} is no service any more"
            raise UnavailableError(message)
        try:
            async with asyncio.timeout(LONGEST_ATTEMPT_S):
                return await self._partner.send(service, call)
        except HubError:
            raise
        except TimeoutError:
            message = f"{service.id} did not answer within {LONGEST_ATTEMPT_S:g} s"
            raise UnavailableError(message) from None
        except Exception as error:
            # One call that an adapter stumbles over must not end the others.
            logger.exception("Fault while calling %s", service.id)
            message = "a fault of the hub; the log has the details"
            raise InvalidInputError(message) from error

    async def _without_sense(self, call: Call, breaker: Breaker, reason: str) -> None:
        """Try an answer without sense a few times more: a partner may be mended."""
        self._badly(breaker, call, reason)
        times = self._senseless.get(call.id, 0) + 1
        self._senseless[call.id] = times
        if times < SENSELESS:
            await self._put_off(call, self._wait_s(times, at_least_s=0), reason=reason)
            return
        del self._senseless[call.id]
        attempts = call.attempts + 1
        await self._tell(call, CallStatus.DEAD, attempts=attempts, reason=reason)

    def _wait_s(self, tries: int, *, at_least_s: float) -> float:
        """Return a random wait up to a bound that doubles: full jitter."""
        bound_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(tries, 10))
        return max(at_least_s, self._chance.uniform(0, bound_s))

    async def _put_off(self, call: Call, wait_s: float, *, reason: str) -> None:
        next_ms = self._clock.now_ms() + int(wait_s * 1000)
        await self._tell(
            call, CallStatus.QUEUED, attempts=call.attempts + 1, next_ms=next_ms, reason=reason
        )

    async def _tell(  # noqa: PLR0913 - what there is to say of a call
        self,
        call: Call,
        status: CallStatus,
        *,
        attempts: int | None = None,
        next_ms: int = 0,
        reason: str = "",
        update: Update | None = None,
    ) -> None:
        step = CallProgress(
            call=call.id,
            status=status,
            attempts=call.attempts if attempts is None else attempts,
            next_ms=next_ms,
            reason=reason[:500],
            update=update,
            now_ms=self._clock.now_ms(),
        )
        await self._worker.tell([step])

    def _well(self, breaker: Breaker, call: Call) -> None:
        self._senseless.pop(call.id, None)
        if breaker.failures >= FAILURES:
            logger.warning("%s answers again", call.service, extra={"action": "partner_back"})
        breaker.worked()

    def _badly(self, breaker: Breaker, call: Call, reason: str) -> None:
        breaker.failed(reason, now_ms=self._clock.now_ms())
        if breaker.failures == FAILURES:
            extra = {"action": "partner_away", "service": call.service}
            logger.warning("Leaving %s alone: %s", call.service, reason, extra=extra)
