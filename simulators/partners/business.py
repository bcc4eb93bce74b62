"""What a sandbox server needs to know of the business behind it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import msgspec

Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_:~-][A-Za-z0-9_.:~-]{0,127}$")]
Text = Annotated[str, msgspec.Meta(max_length=500)]


class Request(msgspec.Struct, forbid_unknown_fields=True):
    """A body of the contract; a field that it does not name is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing a partner can be asked: path of the contract, form of the body, what is done."""

    method: str
    path: str
    body: type[Request]
    act: Callable[[Any, int], str]
    """(body, now ms) -> the order or listing; raises Problem."""
    status: int = 200


@dataclass(frozen=True, slots=True)
class Change:
    """A record changed; whether the partner tells by webhook."""

    subject: str
    tell: bool = True


class Record(msgspec.Struct):
    """What is kept of an order or listing."""

    id: str
    version: int
    at_ms: int


R = TypeVar("R", bound=Record)


class Business(ABC, Generic[R]):
    """Its records, what can be asked of it, and what happens by itself as time passes."""

    subject: str
    """`order` or `listing`: what its documents call the id."""
    record: type[R]

    def __init__(self) -> None:
        self.records: dict[str, R] = {}
        self.changes: list[Change] = []
        """Since they were last taken."""

    @property
    @abstractmethod
    def steps(self) -> tuple[Step, ...]: ...

    @property
    @abstractmethod
    def scripts(self) -> Mapping[str, tuple[type[Request], Callable[[Any, int], str]]]:
        """What a drill can make happen, by name."""

    @abstractmethod
    def document(self, subject: str) -> dict[str, object]:
        """Return what the contract says of it; raises Problem."""

    @abstractmethod
    def truth(self, subject: str) -> dict[str, object]:
        """Return what really happens to it, for drills only."""

    @abstractmethod
    def run_until(self, now_ms: int) -> None:
        """Let everything happen that is due."""

    @abstractmethod
    def next_due_ms(self) -> int | None: ...

    def take_changes(self) -> list[Change]:
        taken, self.changes = self.changes, []
        return taken
