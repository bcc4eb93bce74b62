"""What a hub should have recorded and sent, computed from `docs/alarms.md` and nothing of the hub.

Plain code over whole lists, made to be read beside the document and to share no idea with the
implementation. It takes plain data, so a drill can give it what it recorded on the wire:

    rule = {"limit": 150, "levels": [...], "gap_s": 30, "recurrence_s": 1800, "ladder": {...}}
    readings = with_worn([(at_ms, value), ...], [(at_ms, worn), ...])
    expected_record(rule, readings)                    # the alarms' entries, in event time
    arrivals = [Arrival(received_ms=..., at_ms=..., value=..., worn=...), ...]
    expected_commands(rule, arrivals, acts=[...])      # and who was touched, in the hub's time

`rule` has the names and the shape of a rule's JSON, and beside them `max_rate` of the property and
`time_zone` of the person where they matter. All times named `_ms` are ms since 1970 UTC.
"""

from tests.oracle.delivery_oracle import (
    Act,
    Arrival,
    ExpectedCommand,
    answering,
    expected_commands,
    readings_that_count,
)
from tests.oracle.record_oracle import (
    Entry,
    ExpectedAlarm,
    ReadingTuple,
    RuleParameters,
    expected_alarms,
    expected_record,
    with_worn,
)

__all__ = [
    "Act",
    "Arrival",
    "Entry",
    "ExpectedAlarm",
    "ExpectedCommand",
    "ReadingTuple",
    "RuleParameters",
    "answering",
    "expected_alarms",
    "expected_commands",
    "expected_record",
    "readings_that_count",
    "with_worn",
]
