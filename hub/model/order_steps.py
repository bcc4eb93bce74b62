"""What one occasion leads to for an order, and all that has to be answered for it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hub.model.changes import Keep, MomentRaised, TimerEnded
from hub.model.garments import Garment
from hub.model.home import Moment
from hub.model.order_watch import due_ms
from hub.model.orders import Listing, Order
from hub.model.services import Call, CallStatus
from hub.model.state import Timer
from hub.model.view import View

TIMER = "order"
"""The kind of an order's one timer."""
Told = Keep | MomentRaised | Timer | TimerEnded


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    order: Order
    calls: tuple[Call, ...] = ()
    """New ones."""
    words: tuple[Moment, ...] = ()
    garments: tuple[Garment, ...] = ()


def follow(step: Step, view: View, *, now_ms: int, answered: str = "") -> Iterator[Told]:
    """Answer with everything that the step changes; `answered` is the call it came from."""
    yield from (Keep(garment) for garment in step.garments)
    yield from (Keep(call) for call in step.calls)
    if step.order.status.final:
        yield from withdrawn(step.order, view, but=answered)
    yield Keep(step.order)
    for moment in step.words:
        yield MomentRaised(moment=moment, now_ms=now_ms)
    yield wound(step.order)


def withdrawn(about: Order | Listing, view: View, *, but: str) -> Iterator[Keep]:
    """Take back the calls that wait of what has ended."""
    for call in view.kept_in(Call, about.household):
        if call.key == about.id and call.open and call.id != but:
            yield Keep(replace(call, status=CallStatus.WITHDRAWN, reason="it has ended"))


def wound(order: Order) -> Timer | TimerEnded:
    """Return the order's timer as it stands."""
    name = f"{TIMER}:{order.id}"
    look_ms = due_ms(order)
    if look_ms is None:
        return TimerEnded(name)
    return Timer(id=name, due_ms=look_ms, kind=TIMER, device="", subject=order.id)


def home_zone(view: View, about: Order | Listing) -> str:
    """Return the person's time zone, as far as their devices tell it."""
    for device in view.devices_of(about.person):
        state = view.state(device)
        if state is not None and state.person is not None:
            return state.person.time_zone
    return "UTC"
