"""What the API asks of the cell's worker; every change a person wishes goes through it."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

from hub.model import (
    AcknowledgeRequest,
    CallRetry,
    CancelRequest,
    CommandRequest,
    DeadLetter,
    DealAnswer,
    DesiredRequest,
    DeviceState,
    FeedItem,
    K,
    Kept,
    LinkEndRequest,
    LinkRequest,
    ListingRequest,
    ListingWithdrawal,
    MomentAnswer,
    OrderAcceptance,
    OrderCancellation,
    OrderRequest,
    PartnerWord,
    PresenceRequest,
    Rule,
    SceneRequest,
    SnoozeRequest,
)

Request = (
    CommandRequest
    | CancelRequest
    | DesiredRequest
    | AcknowledgeRequest
    | SnoozeRequest
    | PresenceRequest
    | LinkRequest
    | LinkEndRequest
    | SceneRequest
    | MomentAnswer
    | OrderRequest
    | OrderAcceptance
    | OrderCancellation
    | ListingRequest
    | ListingWithdrawal
    | DealAnswer
    | CallRetry
)

T = TypeVar("T")


class Subscription(Protocol):
    """What happened since the last look, for one listener; a slow one loses the oldest."""

    @property
    def dropped(self) -> int:
        """How many items were lost since the beginning."""

    def __aiter__(self) -> AsyncIterator[tuple[FeedItem, ...]]: ...


class HubWorker(Protocol):
    @property
    def rules(self) -> Mapping[str, Rule]:
        """Every rule in force, by id."""

    async def submit(self, request: Request) -> object:
        """Return what became of it, after the commit: a `Command`, `Twin`, `Alarm`, `Order`, ….

        A command whose id exists already is returned as it is.

        Raises:
            UnknownError: there is no such device, command or alarm.
            InvalidInputError: the request fits no property or command of the device.
            RefusedError: a stale revision, a command that was sent already, a cleared alarm.
            UnavailableError: nothing was committed.
        """

    async def hear(self, word: PartnerWord) -> None:
        """Take a partner's webhook, once; returns when it is committed.

        Raises:
            UnavailableError: nothing was committed.
        """

    async def keep(self, *things: Kept, dropped: Iterable[tuple[type[Kept], str]] = ()) -> None:
        """Keep things that nothing else follows from, and let others go.

        Raises:
            UnavailableError: nothing was committed.
        """

    async def revise(self, kind: type[K], identity: str, change: Callable[[K], K]) -> K:
        """Keep what `change` makes of an open thing, with nothing in between; return that.

        Raises:
            UnknownError: there is none, or none that is open.
            HubError: what `change` raised, or nothing was committed.
        """

    def kept(self, kind: type[K], identity: str) -> K | None:
        """Return a thing that is open; those that are not are in the records."""

    def kept_in(self, kind: type[K], household: str) -> Sequence[K]:
        """Return the household's open things."""

    def devices_of(self, person: str, *, household: str) -> Sequence[str]:
        """Return the household's devices that are bound to the person now."""

    def kinds_in(self, household: str) -> Collection[str]:
        """Return the kinds of the household's devices."""

    async def state(self, device: str) -> DeviceState | None: ...

    async def put_rule(self, rule: Rule) -> Rule: ...

    async def end_rule(self, rule: str) -> None: ...

    async def refresh(self, *devices: str) -> None:
        """Forget what is cached of the devices, their people and rules; the registry changed."""

    async def contacts_changed(self) -> None:
        """Learn anew who agreed to be told of whom."""

    async def retry(self, dead_letter: DeadLetter) -> None: ...

    def subscribe(self, *, limit: int = 1000) -> AbstractAsyncContextManager[Subscription]: ...

    def health(self) -> Mapping[str, object]:
        """Return `{"ready": bool, "parts": {name: {"ok": bool, "since": …, "detail": …}}}`."""


async def submit(worker: HubWorker, request: Request, *, answer: type[T]) -> T:
    """Return the worker's answer, which is an `answer`."""
    found = await worker.submit(request)
    if not isinstance(found, answer):
        message = f"{type(request).__name__} was answered by a {type(found).__name__}"
        raise TypeError(message)
    return found
