"""Conditions that hold or held, and what people do about them."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from hub.api.bodies import Body, Cursor, Limit, PageOf, Shown
from hub.api.gate import Alarms, Parts, People, checked_id
from hub.api.once import KeepingRoute, OnceOnly
from hub.api.problems import documented
from hub.api.times import moment, moment_or_none
from hub.api.worker import submit
from hub.model import AcknowledgeRequest, Alarm, Cause, Change, SnoozeRequest

router = APIRouter(prefix="/alarms", tags=["alarms"], route_class=KeepingRoute)

DAY_MINUTES = 1440


class TransitionShown(Shown):
    change: Change
    at: datetime
    value: float
    level: int
    step: int
    """From 1."""


class AlarmShown(Shown):
    id: str
    rule: str
    device: str
    person: str | None
    property: str
    cause: Cause
    limit: float | None
    active: bool
    since: datetime
    """When the value went beyond the limit."""
    opened_at: datetime
    cleared_at: datetime | None
    peak: float | None
    """The value furthest beyond the limit."""
    level: int
    step: int
    """From 1."""
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    snoozed_until: datetime | None
    snoozed_by: str | None
    suppressed: bool
    """Outside of the rule's schedule."""
    felt: bool
    """Somebody was touched because of it."""
    transitions: list[TransitionShown]
    """Its record, in the device's time."""


class Snooze(Body):
    minutes: int = Field(ge=1, le=DAY_MINUTES, examples=[30])


@router.get("", summary="List alarms", responses=documented(401))
async def list_alarms(
    view: Alarms,
    people: People,
    limit: Limit = 100,
    cursor: Cursor = None,
    *,
    active: bool | None = None,
) -> PageOf[AlarmShown]:
    """Newest first; with `active` only those that hold, or only those that held."""
    devices = await people.device_ids()
    page = await view.many(devices=devices, active=active, limit=limit, cursor=cursor)
    return PageOf(items=[_shown(alarm) for alarm in page.items], next_cursor=page.next_cursor)


@router.get("/{alarm}", summary="Show one alarm", responses=documented(401, 404))
async def show_alarm(view: Alarms, alarm: str) -> AlarmShown:
    return _shown(await view.one(checked_id(alarm, what="alarm")))


@router.post(
    "/{alarm}/acknowledge", summary="Acknowledge an alarm", responses=documented(401, 404, 409)
)
async def acknowledge_alarm(view: Alarms, parts: Parts, alarm: str, _: OnceOnly) -> AlarmShown:
    """Say that you know; you hear no more of it until it rises to a higher level."""
    found = await view.one(checked_id(alarm, what="alarm"))
    request = AcknowledgeRequest(
        alarm=found.id,
        device=found.device,
        author=view.reader.person,
        now_ms=parts.clock.now_ms(),
    )
    return _shown(await submit(parts.worker, request, answer=Alarm))


@router.post("/{alarm}/snooze", summary="Snooze an alarm", responses=documented(401, 404, 409))
async def snooze_alarm(
    view: Alarms, parts: Parts, alarm: str, wish: Snooze, _: OnceOnly
) -> AlarmShown:
    """Be left alone by it for so many minutes; the record goes on."""
    found = await view.one(checked_id(alarm, what="alarm"))
    now_ms = parts.clock.now_ms()
    request = SnoozeRequest(
        alarm=found.id,
        device=found.device,
        author=view.reader.person,
        until_ms=now_ms + wish.minutes * 60_000,
        now_ms=now_ms,
    )
    return _shown(await submit(parts.worker, request, answer=Alarm))


def _shown(alarm: Alarm) -> AlarmShown:
    return AlarmShown(
        id=alarm.id,
        rule=alarm.rule,
        device=alarm.device,
        person=alarm.person,
        property=alarm.property_name,
        cause=alarm.cause,
        limit=alarm.limit,
        active=alarm.active,
        since=moment(alarm.since_ms),
        opened_at=moment(alarm.opened_ms),
        cleared_at=moment_or_none(alarm.cleared_ms),
        peak=alarm.peak,
        level=alarm.level,
        step=alarm.step + 1,
        acknowledged_at=moment_or_none(alarm.acknowledged_ms),
        acknowledged_by=alarm.acknowledged_by,
        snoozed_until=moment_or_none(alarm.snoozed_until_ms),
        snoozed_by=alarm.snoozed_by,
        suppressed=alarm.suppressed,
        felt=alarm.felt,
        transitions=[
            TransitionShown(
                change=t.change, at=moment(t.at_ms), value=t.value, level=t.level, step=t.step + 1
            )
            for t in alarm.transitions
        ],
    )
