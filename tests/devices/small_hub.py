"""The smallest hub a watch can talk to: it receipts, and alerts by the model's own rules."""

import asyncio
import json
from typing import Any, Self

import msgspec
from aiomqtt import Client

from hub.model import FELT, IDLE, Change, Condition, Sequence, Threshold, Transition, advance


class SmallHub:
    """Keeps every message it saw; use it as an async context manager."""

    def __init__(self, port: int, *, thresholds: tuple[Threshold, ...] = ()) -> None:
        self.client = Client("127.0.0.1", port, identifier="hub-small", clean_session=False)
        self.thresholds = {threshold.device: threshold for threshold in thresholds}
        self.receipting = True
        self.seen: list[tuple[str, str, Any]] = []
        """(device, leaf, payload) in order of arrival."""
        self.transitions: list[Transition] = []
        self._conditions: dict[str, Condition] = {}
        self._sequences: dict[tuple[str, str], Sequence] = {}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.client.__aenter__()
        for device, threshold in self.thresholds.items():
            values = {"alert_rules": [msgspec.to_builtins(threshold)]}
            await self.publish(device, "desired", {"values": values, "revision": 1}, retain=True)
        await self.client.subscribe("cx/1/main/+/up/+", qos=1)
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *error: object) -> None:
        while self._task is not None and not self._task.done():
            # More than once: aiomqtt can forget a cancellation on Python 3.11.
            self._task.cancel()
            await asyncio.wait([self._task], timeout=1)
        await self.client.__aexit__(None, None, None)

    async def publish(
        self, device: str, leaf: str, payload: object, *, retain: bool = False
    ) -> None:
        topic = f"cx/1/main/{device}/down/{leaf}"
        await self.client.publish(topic, json.dumps(payload), qos=1, retain=retain)

    def said(self, device: str, leaf: str) -> list[Any]:
        return [payload for who, what, payload in self.seen if (who, what) == (device, leaf)]

    def readings(self, device: str) -> list[Any]:
        """Return every element of its telemetry, in order of arrival, twice what came twice."""
        messages = self.said(device, "telemetry")
        return [e for one in messages for e in (one if isinstance(one, list) else [one])]

    async def _listen(self) -> None:
        async for message in self.client.messages:
            device, _, leaf = message.topic.value.removeprefix("cx/1/main/").partition("/up/")
            payload = json.loads(message.payload)
            self.seen.append((device, leaf, payload))
            if leaf == "telemetry":
                for reading in payload if isinstance(payload, list) else [payload]:
                    await self._reading(device, reading)
            elif leaf == "event" and self.receipting:
                await self.publish(device, "receipt", {"events": [payload["id"]]})

    async def _reading(self, device: str, reading: dict[str, Any]) -> None:
        key = (device, reading["boot"])
        sequence = self._sequences.get(key, Sequence())
        fresh = reading["seq"] not in sequence
        self._sequences[key] = sequence.add(reading["seq"], now_ms=0)
        if fresh and device in self.thresholds and "heart_rate" in reading.get("values", {}):
            await self._judge(device, reading)
        if self.receipting:
            upto = self._sequences[key].upto
            await self.publish(device, "receipt", {"boot": reading["boot"], "seq": upto})

    async def _judge(self, device: str, reading: dict[str, Any]) -> None:
        threshold = self.thresholds[device]
        condition = self._conditions.get(device, IDLE)
        if reading["ts"] <= condition.head_ms:
            return
        self._conditions[device], transitions = advance(
            threshold, condition, at_ms=reading["ts"], value=reading["values"]["heart_rate"]
        )
        self.transitions += transitions
        for change in transitions:
            identity = f"{change.alarm}-{change.at_ms}"
            if change.change in FELT:
                step = threshold.spec.ladder.steps[change.step]
                args = msgspec.to_builtins(step) | {
                    "alert": change.alarm,
                    "step": change.step + 1,
                    "text": {
                        "en": f"Heart rate {change.value:g}, limit {threshold.limit:g}: ease off",
                        "ko": f"심박수 {change.value:g}, 한도 {threshold.limit:g}: 천천히",
                    },
                }
                command = {"id": identity, "name": "alert", "args": args}
                await self.publish(device, "command", command)
            elif change.change is Change.CLEARED:
                args = {"alert": change.alarm}
                command = {"id": identity, "name": "alert_end", "args": args}
                await self.publish(device, "command", command)
