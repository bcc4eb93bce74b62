"""A person's local day: when a window holds, and when a minute of it comes next."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hub.model.rules import Schedule

_MINUTES = 60


def local_time(at_ms: int, time_zone: str) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(time_zone))


def within(schedule: Schedule, at_ms: int, time_zone: str) -> bool:
    """Return whether the instant falls into the schedule's window of the person's local day."""
    local = local_time(at_ms, time_zone)
    minute = local.hour * _MINUTES + local.minute
    start, end = schedule.start_minute, schedule.end_minute
    if start <= end:
        return local.weekday() in schedule.days and start <= minute < end
    if minute >= start:
        return local.weekday() in schedule.days
    return minute < end and (local.weekday() - 1) % 7 in schedule.days


def next_minute_ms(minute: int, days: tuple[int, ...], *, after_ms: int, time_zone: str) -> int:
    """Return when this minute of the local day comes next on one of the days, ms since 1970 UTC.

    A minute that a change to summer time leaves out comes as late as the clocks went forward; one
    that comes twice counts the first time.
    """
    today = local_time(after_ms, time_zone).date()
    # A week and a day: today's minute may be over, and today next week the only day.
    for offset in range(9):
        day = today + timedelta(days=offset)
        if day.weekday() not in days:
            continue
        local = datetime(
            day.year,
            day.month,
            day.day,
            minute // _MINUTES,
            minute % _MINUTES,
            tzinfo=ZoneInfo(time_zone),
        )
        due_ms = round(local.timestamp() * 1000)
        if due_ms > after_ms:
            return due_ms
    message = f"minute {minute} never comes on days {days}"
    raise ValueError(message)
