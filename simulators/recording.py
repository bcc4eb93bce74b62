"""Replays what a real watch recorded: a FIT file."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from fitdecode import FIT_FRAME_DATA, FitDataMessage, FitReader
from fitdecode.exceptions import FitError

from hub.errors import InvalidInputError
from hub.model import Value
from simulators.sources import Measurement

# The field of a FIT `record` and the property of a watch; units are the same. The temperature in
# the file is the watch's, not the skin's, and is left out.
_FIELDS = {
    "heart_rate": "heart_rate",
    "cadence": "cadence",
    "enhanced_speed": "speed",
    "distance": "distance",
    "enhanced_altitude": "altitude",
}


def read_fit(path: Path) -> Sequence[Measurement]:
    """Return the file's records, oldest first, the first at offset 0.

    Raises:
        InvalidInputError: not a FIT file, or none of its records has a heart rate.
    """
    try:
        with FitReader(path) as reader:
            records = [
                frame
                for frame in reader
                if frame.frame_type == FIT_FRAME_DATA and frame.name == "record"
            ]
    except (OSError, FitError) as error:
        message = f"{path} cannot be read as a FIT file: {error}"
        raise InvalidInputError(message) from error
    measurements = list(_measurements(records))
    if not any("heart_rate" in measurement.values for measurement in measurements):
        message = f"{path} has no heart rate in it"
        raise InvalidInputError(message)
    return measurements


def _measurements(records: Sequence[FitDataMessage]) -> Iterator[Measurement]:
    start: datetime | None = None
    last_ms = -1
    for record in records:
        at: datetime = record.get_value("timestamp")
        start = start or at
        offset_ms = round((at - start).total_seconds() * 1000)
        # Some devices write a second record within the same second after a pause.
        if offset_ms > last_ms:
            last_ms = offset_ms
            yield Measurement(offset_ms, _values(record))


def _values(record: FitDataMessage) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for field, name in _FIELDS.items():
        value = record.get_value(field, fallback=None)
        if isinstance(value, int | float):
            values[name] = round(float(value), 3)
    return values


class Recording:
    """A recording as a source; with `again` it begins anew a second after its end."""

    sport = "recorded"

    def __init__(self, measurements: Sequence[Measurement], *, again: bool = False) -> None:
        self._measurements = measurements
        self._again = again
        self._next = 0
        self._shift_ms = 0

    def measure(self, *, urge: int) -> Measurement | None:
        """Return the next record; what was recorded does not change for being urged."""
        del urge
        if self._next == len(self._measurements):
            if not self._again:
                return None
            self._shift_ms += self._measurements[-1].offset_ms + 1000
            self._next = 0
        measurement = self._measurements[self._next]
        self._next += 1
        return Measurement(measurement.offset_ms + self._shift_ms, measurement.values)
