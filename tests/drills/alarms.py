"""The alarms a fleet should have raised, by the oracle, beside those in the hub's records."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from devices.watch import KIND
from tests.drills.hub_process import HubProcess
from tests.drills.ledger import Page
from tests.oracle import ladder_oracle

PERSONAL_LIMIT = 150.0
"""Of a person of whom nothing is known; `docs/alarms.md`."""

Entry = tuple[str, int, float, int]
"""(change, time ms, value, step from 0)."""
Record = dict[tuple[str, str, int], tuple[Entry, ...]]
"""(rule, device, start of the crossing) -> what happened."""


async def make_rule(hub: HubProcess) -> None:
    """Watch every watch of the home beside the rules that come with the kind."""
    await hub.ask(
        "POST",
        "/rules",
        {
            "household": hub.household,
            "name": "Drill",
            "kind": "watch",
            "property": "heart_rate",
            "limit": 160,
            "levels": [{"name": "over"}, {"name": "high", "offset": 6, "first_step": 2}],
            "hysteresis": 4,
        },
    )


async def recorded(hub: HubProcess) -> tuple[Record, int]:
    """Return the hub's record, and how many alarms stand in it twice."""
    record: Record = {}
    twice = 0
    for alarm in await hub.pages("/alarms"):
        key = (alarm["rule"], alarm["device"], _ms(alarm["since"]))
        twice += key in record
        record[key] = tuple(
            (entry["change"], _ms(entry["at"]), entry["value"], entry["step"] - 1)
            for entry in alarm["transitions"]
        )
    return record, twice


async def expected(hub: HubProcess, pages: Sequence[Page]) -> Record:
    rules = await hub.pages("/rules")
    by_device = {page.device: page for page in pages}
    record: Record = {}
    for rule in rules:
        watched = rule["devices"] or list(by_device)
        for device in set(watched) & by_device.keys():
            record |= _of_one(rule, by_device[device])
    return record


def _of_one(rule: Mapping[str, Any], page: Page) -> Record:
    spec = {
        **rule,
        "limit": rule["limit"] if rule["limit"] is not None else PERSONAL_LIMIT,
        "levels": [{**level, "first_step": level["first_step"] - 1} for level in rule["levels"]],
        "max_rate": KIND.max_rates.get(rule["property"]),
    }
    readings = [(at_ms, value, True) for at_ms, value in page.readings]
    return {
        (rule["id"], page.device, alarm.since_ms): tuple(
            (entry.change, entry.at_ms, entry.value, entry.step) for entry in alarm.entries
        )
        for alarm in ladder_oracle.expected_alarms(spec, readings)
    }


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
