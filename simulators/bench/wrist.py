"""Devices whose wearers cross their limit: how long until the wrist is told.

Runs as a process (`lines.Worker("wrist", …)`). A message over the limit is published; the time to
the arrival of the `alert` command is the answer. A message under it makes the next one possible.
"""

import heapq
import json
import random
import selectors
import socket
import time
from dataclasses import dataclass, field

from simulators.bench.lines import orders, orphaned, reply
from simulators.bench.wire import (
    Cutter,
    Login,
    Received,
    acknowledge_quickly,
    come_in,
    puback,
    publish_qos_1,
)

OVER, UNDER = 125.0, 115.0
"""Around a limit of 120: the kind's own rule begins at 150."""
EVERY_S = 0.02
SETTLE_S = 0.08
LOST_S = 10.0


@dataclass(slots=True)
class Wrist:
    sock: socket.socket
    base: str
    cutter: Cutter = field(default_factory=Cutter)
    number: int = 0
    newest_ms: int = 0
    crossed_at: float = 0.0
    """perf_counter of a crossing that is not answered yet, else 0."""

    def measure(self, heart_rate: float) -> None:
        self.number += 1
        self.newest_ms = max(time.time_ns() // 1_000_000, self.newest_ms + 1)
        sample = {"ts": self.newest_ms, "seq": self.number, "boot": "wrist"}
        content = {**sample, "values": {"heart_rate": heart_rate, "worn": True}}
        self.publish("telemetry", content)

    def publish(self, leaf: str, content: dict[str, object]) -> None:
        topic = f"{self.base}/up/{leaf}".encode()
        number = self.number % 65535 + 1
        self.sock.sendall(publish_qos_1(topic, json.dumps(content).encode(), number))


class Crossings:
    def __init__(self, wrists: list[Wrist]) -> None:
        self._selector = selectors.DefaultSelector()
        for wrist in wrists:
            self._selector.register(wrist.sock, selectors.EVENT_READ, wrist)
            wrist.measure(UNDER)
        self._free = list(wrists)
        self._later: list[tuple[float, int, Wrist, bool]] = []
        self._times: list[float] = []
        self._order = 0

    def run(self, count: int) -> dict[str, object]:
        """Cross so many times, at random moments; return the milliseconds until each alert."""
        self._times = []
        begun = lost = 0
        next_at = time.perf_counter()
        while len(self._times) + lost < count and not orphaned():
            now = time.perf_counter()
            lost += self._do_what_is_due(now)
            if begun < count and now >= next_at and self._free:
                self._cross(self._free.pop(0))
                begun += 1
                next_at = now + random.expovariate(1 / EVERY_S)
            waits = [next_at - now if begun < count else 0.05, 0.05]
            waits += [self._later[0][0] - now] if self._later else []
            self._hear(max(0.0, min(waits)))
        return {"ms": [round(one * 1000, 3) for one in self._times], "lost": lost}

    def _cross(self, wrist: Wrist) -> None:
        wrist.crossed_at = time.perf_counter()
        wrist.measure(OVER)
        self._at(wrist.crossed_at + LOST_S, wrist, is_end=True)

    def _at(self, when: float, wrist: Wrist, *, is_end: bool = False) -> None:
        self._order += 1
        heapq.heappush(self._later, (when, self._order, wrist, is_end))

    def _do_what_is_due(self, now: float) -> int:
        """Free wrists that have settled; return how many crossings are given up."""
        lost = 0
        while self._later and self._later[0][0] <= now:
            _, _, wrist, is_end = heapq.heappop(self._later)
            if not is_end:
                self._free.append(wrist)
            elif wrist.crossed_at and now - wrist.crossed_at >= LOST_S:
                lost += 1
                self._calm(wrist, now)
        return lost

    def _calm(self, wrist: Wrist, now: float) -> None:
        wrist.crossed_at = 0.0
        wrist.measure(UNDER)
        self._at(now + SETTLE_S + random.uniform(0, SETTLE_S), wrist)  # noqa: S311 - as above

    def _hear(self, timeout_s: float) -> None:
        for key, _ in self._selector.select(timeout_s):
            wrist: Wrist = key.data
            data = wrist.sock.recv(65536)
            now = time.perf_counter()
            acknowledge_quickly(wrist.sock)
            for one in wrist.cutter.cut(data):
                if one.topic:
                    self._take(wrist, one, now)

    def _take(self, wrist: Wrist, one: Received, now: float) -> None:
        if one.number:
            wrist.sock.sendall(puback(one.number))
        if not one.topic.endswith(b"/down/command"):
            return
        command = json.loads(one.payload)
        wrist.publish("reply", {"id": command["id"], "status": "succeeded"})
        if command["name"] == "alert" and wrist.crossed_at:
            self._times.append(now - wrist.crossed_at)
            self._calm(wrist, now)


def main() -> None:
    ordered = orders()
    opening = next(ordered)
    address = (opening["host"], opening["port"])
    wrists = []
    for one in opening["devices"]:
        login = Login(client=one["device"], user=one["device"], password=one["token"])
        sock = come_in(address, login, topic=f"{one['base']}/down/#")
        wrists.append(Wrist(sock, one["base"]))
    crossings = Crossings(wrists)
    reply(wrists=len(wrists))
    for order in ordered:
        reply(**crossings.run(order["count"]))


if __name__ == "__main__":
    main()
