"""A request to a device, and how far it has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class CommandStatus(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    """The broker has it; says nothing about the device."""
    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    SUCCEEDED = "succeeded"
    REJECTED = "rejected"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    EXPIRED = "expired"
    CANCELLED = "cancelled"

    @property
    def rank(self) -> int:
        """Position in the life cycle; a command never moves to a lower one."""
        return _RANKS[self]

    @property
    def final(self) -> bool:
        return self.rank == _FINAL


_FINAL = 4
_RANKS = {
    CommandStatus.QUEUED: 0,
    CommandStatus.SENT: 1,
    CommandStatus.DELIVERED: 2,
    CommandStatus.ACCEPTED: 3,
} | dict.fromkeys(
    (
        CommandStatus.SUCCEEDED,
        CommandStatus.REJECTED,
        CommandStatus.FAILED,
        CommandStatus.TIMED_OUT,
        CommandStatus.EXPIRED,
        CommandStatus.CANCELLED,
    ),
    _FINAL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One request to a device; its id is derived from its cause, so that it exists once."""

    id: str
    device: str
    name: str
    args: Mapping[str, object]
    issued_ms: int
    expires_ms: int
    not_before_ms: int = 0
    key: str | None = None
    """A newer command of the same device and key takes the place of one not yet sent."""
    cause: str | None = None
    """The alarm that asked for it."""
    author: str | None = None
    """The person who asked for it."""
    recipient: str | None = None
    """Whom its words are for, or speak of: nobody else is shown it."""
    insistent: bool = False
    """Sent again under its id until it is answered or too old: a device obeys an id once."""
    status: CommandStatus = CommandStatus.QUEUED
    reason: str = ""
    attempts: int = 0
    history: tuple[tuple[str, int], ...] = ()
    """(status, hub time ms) in order."""
