"""Times and spans as people write them, in milliseconds inside."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

LATEST_MS = 7_258_118_400_000
"""The year 2200; what lies beyond is a mistake."""
EARLIEST_MS = -LATEST_MS

_UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd])\Z", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]{1,16}\Z", re.ASCII)


def instant_ms(text: object) -> int:
    """Return the time in ms since 1970 of ISO 8601 (UTC where it names no zone) or of ms."""
    written = str(text).strip()
    at_ms = int(written) if _WHOLE.match(written) else _iso_ms(written)
    if not EARLIEST_MS <= at_ms <= LATEST_MS:
        message = "a time between 1740 and 2200"
        raise ValueError(message)
    return at_ms


def _iso_ms(written: str) -> int:
    # A plus sign that nobody escaped arrives as a space: 2026-11-23T09:00:00 09:00.
    mended = written[:11] + written[11:].replace(" ", "+")
    try:
        moment = datetime.fromisoformat(mended)
    except ValueError:
        message = "ISO 8601 like 2026-11-23T09:00:00Z, or milliseconds since 1970"
        raise ValueError(message) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)


def span_ms(text: object) -> int:
    """Return the length in ms of `10s`, `1m`, `1h` or `1d`."""
    found = _SPAN.match(str(text))
    if found is None:
        message = "a span like 10s, 1m, 1h or 1d"
        raise ValueError(message)
    return int(found[1]) * _UNITS_MS[found[2]]


def moment(at_ms: int) -> datetime:
    """Return the time for people; a broken device clock is shown at the edge, not as an error."""
    bounded = min(max(at_ms, EARLIEST_MS), LATEST_MS)
    return datetime.fromtimestamp(bounded / 1000, UTC)


def moment_or_none(at_ms: int | None) -> datetime | None:
    return None if at_ms is None else moment(at_ms)


Instant = Annotated[
    int,
    BeforeValidator(instant_ms),
    WithJsonSchema({"type": "string", "examples": ["2026-11-23T09:00:00Z", "1795000000000"]}),
]
Span = Annotated[
    int,
    BeforeValidator(span_ms),
    WithJsonSchema(
        {"type": "string", "pattern": "^[1-9][0-9]{0,5}[smhd]$", "examples": ["10s", "1m", "1d"]}
    ),
]
