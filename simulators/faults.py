"""What goes wrong with a watch and its network, by chance and by seed."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from random import Random

from hub.errors import InvalidInputError
from simulators.messages import Outgoing

LATE_MS = (40_000, 120_000)
"""How long a late message is under way: too long to touch anybody for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """`sleep`, `loss` and `loose` happen so often a minute; the others to this share of messages.

    Raises:
        InvalidInputError: a number below 0, or a share above 1.
    """

    sleep: float = 0.0
    loss: float = 0.0
    loose: float = 0.0
    late: float = 0.0
    twice: float = 0.0
    disorder: float = 0.0

    def __post_init__(self) -> None:
        shares = (self.late, self.twice, self.disorder)
        if min(*shares, self.sleep, self.loss, self.loose) < 0 or max(shares) > 1:
            message = "a fault's number is not negative, and a share is at most 1"
            raise InvalidInputError(message)


_USUAL = {
    "sleep": 0.2,
    "loss": 0.2,
    "loose": 0.3,
    "late": 0.02,
    "twice": 0.05,
    "disorder": 0.05,
}


def parse_faults(text: str) -> Faults:
    """Return the faults of `sleep,loss=0.5,twice`; one without a number is as often as usual.

    Raises:
        InvalidInputError: there is no such fault, or its number makes no sense.
    """
    rates: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, rate = part.partition("=")
        if name not in _USUAL:
            known = ", ".join(field.name for field in fields(Faults))
            message = f"there is no fault {name!r}; there are {known}"
            raise InvalidInputError(message)
        try:
            rates[name] = float(rate) if rate else _USUAL[name]
        except ValueError:
            message = f"{part!r}: the number after {name} cannot be read"
            raise InvalidInputError(message) from None
    return Faults(**rates)


class Air:
    """What lies between watch and broker: it delays, doubles and swaps telemetry."""

    def __init__(self, faults: Faults, *, rng: Random) -> None:
        self._faults = faults
        self._rng = rng
        self._late: list[tuple[int, Outgoing]] = []
        self._swapped: Outgoing | None = None

    def carry(self, messages: Sequence[Outgoing], now_ms: int) -> list[Outgoing]:
        """Return what arrives now, of these messages and of those still under way."""
        arriving = [message for due_ms, message in self._late if due_ms <= now_ms]
        self._late = [(due_ms, message) for due_ms, message in self._late if due_ms > now_ms]
        for message in messages:
            if message.topic.endswith("/telemetry"):
                arriving += self._disturb(message, now_ms)
            else:
                arriving.append(message)
        return arriving

    def clear(self) -> None:
        """The connection is gone, and what was under way with it."""
        self._late.clear()
        self._swapped = None

    def _disturb(self, message: Outgoing, now_ms: int) -> list[Outgoing]:
        if self._rng.random() < self._faults.late:
            self._late.append((now_ms + self._rng.randint(*LATE_MS), message))
            return []
        if self._swapped is None and self._rng.random() < self._faults.disorder:
            self._swapped = message
            return []
        copies = [message, message] if self._rng.random() < self._faults.twice else [message]
        if self._swapped is not None:
            copies.append(self._swapped)
            self._swapped = None
        return copies
