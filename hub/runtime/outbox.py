"""The calls that wait, in memory: which may go next, and when to look again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hub.model import Call, Operation, Service
from hub.runtime.breaker import Breaker

AT_ONCE = 4
"""Calls of one service on their way at one time."""


@dataclass(slots=True)
class Outbox:
    """Open calls by key, each key's in the order in which they were queued."""

    breakers: dict[str, Breaker] = field(default_factory=dict)
    _by_key: dict[str, dict[str, Call]] = field(default_factory=dict)
    _busy: dict[str, str] = field(default_factory=dict)
    """Key -> service of what is on its way."""

    @property
    def busy(self) -> bool:
        return bool(self._busy)

    def put(self, call: Call) -> None:
        """Hold the call as it is now, or forget it once it has ended."""
        waiting = self._by_key.setdefault(call.key, {})
        waiting.pop(call.id, None)
        if call.open:
            waiting[call.id] = call
        elif not waiting:
            del self._by_key[call.key]

    def breaker(self, service: str) -> Breaker:
        return self.breakers.setdefault(service, Breaker())

    def begin(self, call: Call) -> None:
        self._busy[call.key] = call.service
        self.breaker(call.service).began()

    def end(self, call: Call) -> None:
        self._busy.pop(call.key, None)
        self.breaker(call.service).probing = False

    def next_calls(self, services: Iterable[Service], *, now_ms: int) -> list[Call]:
        """Return what is to be sent or given up now; questions of how things stand come first."""
        return [call for service in services for call in self._of_service(service, now_ms=now_ms)]

    def _of_service(self, service: Service, *, now_ms: int) -> list[Call]:
        heads = list(self._heads(service.id))
        expired = [call for call in heads if call.expires_ms <= now_ms]
        if not service.enabled:
            return expired
        busy = sum(1 for name in self._busy.values() if name == service.id)
        room = max(self.breaker(service.id).room(AT_ONCE, now_ms=now_ms) - busy, 0)
        due = sorted(
            (call for call in heads if call.next_ms <= now_ms < call.expires_ms), key=_urgency
        )
        return [*expired, *due[:room]]

    def look_ms(self, services: Iterable[Service], *, now_ms: int) -> int | None:
        """Return when one of those that wait may be due; None where nothing waits for time."""
        times = [
            at_ms
            for service in services
            for call in self._heads(service.id)
            for at_ms in self._times(service, call, now_ms=now_ms)
        ]
        return min(times, default=None)

    def _times(self, service: Service, call: Call, *, now_ms: int) -> Iterator[int]:
        yield call.expires_ms
        at_ms = max(call.next_ms, self.breaker(service.id).open_until_ms)
        # What could go and does not waits for room: its end wakes the caller.
        if service.enabled and at_ms > now_ms:
            yield at_ms

    def _heads(self, service: str) -> Iterator[Call]:
        """Yield the first of each key that nothing of is on its way."""
        for key, waiting in self._by_key.items():
            if key in self._busy or not waiting:
                continue
            head = min(waiting.values(), key=lambda call: call.number)
            if head.service == service:
                yield head


def _urgency(call: Call) -> tuple[bool, int, int]:
    return (call.operation is not Operation.STATUS, call.queued_ms, call.number)
