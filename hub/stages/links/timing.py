"""The timers of links: one for the time of day, one while something has to last, one a wait."""

import msgspec

from hub.model import Link, Timer, Value
from hub.model.links import TimeTrigger
from hub.model.local_time import next_minute_ms

HOLD, WAIT, TIME = "link_hold", "link_wait", "link_time"


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What began and has to last."""

    link: str
    cause: str
    property: str
    before: Value
    chain: tuple[str, ...]
    due_ms: int


class Minute(msgspec.Struct, frozen=True, kw_only=True):
    link: str
    due_ms: int


def hold_id(link: str, device: str) -> str:
    return f"hold:{link}:{device}"


def minute_id(link: str) -> str:
    return f"minute:{link}"


def wait_timer(run: str, *, due_ms: int) -> Timer:
    return Timer(id=f"wait:{run}", due_ms=due_ms, kind=WAIT, device="", subject=run)


def hold_timer(held: Held, *, device: str, due_ms: int) -> Timer:
    subject = msgspec.json.encode(held).decode()
    return Timer(
        id=hold_id(held.link, device), due_ms=due_ms, kind=HOLD, device=device, subject=subject
    )


def minute_timer(link: Link, trigger: TimeTrigger, *, after_ms: int) -> Timer:
    """Return the timer of the next minute of the author's day at which the link is due."""
    due_ms = next_minute_ms(
        trigger.minute, trigger.days, after_ms=after_ms, time_zone=link.time_zone
    )
    subject = msgspec.json.encode(Minute(link=link.id, due_ms=due_ms)).decode()
    return Timer(id=minute_id(link.id), due_ms=due_ms, kind=TIME, device="", subject=subject)


def is_due(link: Link, trigger: TimeTrigger, at_ms: int) -> bool:
    """Return whether this is a minute of the author's day at which the link is due."""
    next_ms = next_minute_ms(
        trigger.minute, trigger.days, after_ms=at_ms - 1, time_zone=link.time_zone
    )
    return next_ms == at_ms


def held_of(subject: str) -> Held:
    return msgspec.json.decode(subject, type=Held)


def minute_of(subject: str) -> Minute:
    return msgspec.json.decode(subject, type=Minute)
