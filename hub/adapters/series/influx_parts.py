"""Lines on their way, and how a refused part is taken apart until the bad ones stand alone."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from hub.adapters.series.influx_http import BadRequestError
from hub.adapters.series.influx_lines import line
from hub.adapters.series.settling import Settled
from hub.model import Sample
from hub.ports import RefusedSample

_TYPE_CONFLICT = "field type conflict"


class Entry(NamedTuple):
    """What is new of a sample, and its line."""

    sample: Sample
    settled: Settled
    text: str


def entry(sample: Sample, settled: Settled) -> Entry:
    return Entry(sample, settled, line(sample, settled))


def body(part: Sequence[Entry]) -> bytes:
    return "\n".join([each.text for each in part]).encode()


def all_bad(part: Sequence[Entry], error: BadRequestError) -> bool:
    """Return whether the server's word means every value of this part.

    It says how many points it left out, but a point goes as a whole because of one field's type.
    """
    if _TYPE_CONFLICT in error.reason:
        return len(part) == 1 and len(part[0].settled.values) == 1
    return len(part) == 1 or error.dropped == len(part)


def halves(part: Sequence[Entry]) -> list[list[Entry]]:
    """Split by time, since what is too old stands together; a single line by its values."""
    if len(part) > 1:
        ordered = sorted(part, key=lambda each: each.sample.at_ms)
        middle = len(ordered) // 2
        return [ordered[:middle], ordered[middle:]]
    (whole,) = part
    values = list(whole.settled.values.items())
    middle = len(values) // 2
    return [
        [entry(whole.sample, whole.settled._replace(values=dict(some)))]
        for some in (values[:middle], values[middle:])
        if some
    ]


def refusals(part: Sequence[Entry], reason: str) -> list[RefusedSample]:
    return [
        RefusedSample(sample=replace(each.sample, values=each.settled.values), reason=reason)
        for each in part
    ]
