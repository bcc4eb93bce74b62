"""How long a point is kept, and in shards of what length."""

import re

_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S
_SHORT_DAYS = 2
_MEDIUM_DAYS = 180
_GO_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?\Z")


def retention_s(days: int) -> int:
    return days * _DAY_S


def shard_s(days: int) -> int:
    """Return the shard length that InfluxDB itself takes for this retention.

    It has to be named when a retention is made shorter than the shards there were.
    Source: https://docs.influxdata.com/influxdb/v1/query_language/manage-database/
    """
    if days < _SHORT_DAYS:
        return _HOUR_S
    return _DAY_S if days <= _MEDIUM_DAYS else 7 * _DAY_S


def go_duration_s(text: str) -> int:
    """Return the seconds of `168h0m0s`; 0 stands for ever."""
    found = _GO_DURATION.match(text)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    return hours * _HOUR_S + minutes * 60 + seconds
