"""The load generator: many devices' telemetry, as fast as the broker takes it or at a rate.

Runs as a process (`lines.Worker("load", …)`). Packets are written raw and in bulk, the broker's
PUBACKs are counted and not read: nothing else comes back on these connections.
"""

import selectors
import signal
import socket
import time
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from simulators.bench.lines import orders, orphaned, reply
from simulators.bench.wire import Login, come_in, length, string

IN_FLIGHT = 4000
"""Messages of all devices that the broker has not acknowledged, at most."""
AT_ONCE = 8
"""Messages of one device in one write, when there is no rate to keep."""
MIN_PACKETS = 4
GIVE_UP_S = 60.0
PEAK_EACH = 70
"""One message in so many of a device has a heart rate above its others: 77.5."""
BOOT = b"%x" % (time.time_ns() // 1_000_000_000)
"""Another one in each process: what has been numbered before would be a duplicate."""

_TELEMETRY = (
    b'{"ts":%d,"seq":%d,"boot":"%b","values":{"heart_rate":%d.5,"cadence":168.0,"speed":3.15,'
    b'"altitude":112.4,"steps":%d,"skin_temperature":33.1,"battery":81.0,"worn":true}}'
)


@dataclass(slots=True)
class Line:
    """One connection, and how many PUBACKs of it are still to come."""

    sock: socket.socket
    sent: int = 0
    acked_bytes: int = 0


@dataclass(slots=True)
class Speaker:
    """One device: what its next message says."""

    device: str
    line: Line
    topic: bytes
    number: int = 0
    newest_ms: int = 0
    size: int = field(default=0, init=False)

    def next(self, now_ms: int) -> bytes:
        """Return the next PUBLISH; heart rates stay under every limit and jump nowhere."""
        self.number += 1
        self.newest_ms = now_ms if now_ms > self.newest_ms else self.newest_ms + 1
        number = self.number
        peak = number % PEAK_EACH == PEAK_EACH - 1
        heart_rate = 70 + number % 7 + peak
        payload = _TELEMETRY % (self.newest_ms, number, BOOT, heart_rate, 10000 + number)
        self.size = len(payload)
        self.line.sent += 1
        identity = (self.line.sent % 65535 + 1).to_bytes(2, "big")
        return b"\x32%b%b%b%b" % (
            length(len(self.topic) + 2 + self.size),
            self.topic,
            identity,
            payload,
        )


class Load:
    def __init__(self, lines: list[Line], speakers: list[Speaker]) -> None:
        self._lines = lines
        self._speakers = speakers
        self._selector = selectors.DefaultSelector()
        for line in lines:
            line.sock.settimeout(0)
            self._selector.register(line.sock, selectors.EVENT_READ, line)
        self._sent = self._acked = 0
        self._stopped = False
        self._turn = cycle(speakers)
        self._newest = speakers[0]

    def send(self, *, count: int, rate: float, give_up_s: float = GIVE_UP_S) -> dict[str, object]:
        """Send so many messages, at so many a second (0: as fast as may be)."""
        self._sent = self._acked = 0
        self._stopped = False
        cpu, began = time.process_time(), time.perf_counter()
        if rate:
            self._pace(count, rate)
        else:
            self._rush(count)
        sent_s = time.perf_counter() - began
        while self._acked < self._sent and time.perf_counter() - began < sent_s + give_up_s:
            self._count(0.05)
        return {
            "sent": self._sent,
            "acked": self._acked,
            "total": sum(speaker.number for speaker in self._speakers),
            "seconds": time.perf_counter() - began,
            "cpu_s": time.process_time() - cpu,
            "bytes": self._newest.size,
            "device": self._newest.device,
            "at_ms": self._newest.newest_ms,
        }

    def stop(self, *_: object) -> None:
        """End the order that is being carried out, if it keeps a rate."""
        self._stopped = True

    def _rush(self, count: int) -> None:
        while self._sent < count:
            speaker = next(self._turn)
            some = min(AT_ONCE, count - self._sent)
            now_ms = time.time_ns() // 1_000_000
            self._write(speaker, b"".join([speaker.next(now_ms) for _ in range(some)]), some)
            while self._sent - self._acked > IN_FLIGHT:
                self._count(1.0)

    def _pace(self, count: int, rate: float) -> None:
        """Send what is due each millisecond, each from another device."""
        began = time.perf_counter()
        while self._sent < count and not self._stopped and not orphaned():
            due = min(count, int((time.perf_counter() - began) * rate) + 1)
            now_ms = time.time_ns() // 1_000_000
            while self._sent < due:
                speaker = next(self._turn)
                self._write(speaker, speaker.next(now_ms), 1)
            self._count(0)
            pause = self._sent / rate - (time.perf_counter() - began)
            if pause > 0:
                time.sleep(max(pause, 0.001))

    def _write(self, speaker: Speaker, data: bytes, messages: int) -> None:
        self._sent += messages
        self._newest = speaker
        view = memoryview(data)
        while view:
            try:
                view = view[speaker.line.sock.send(view) :]
            except BlockingIOError:
                self._count(0.01)

    def _count(self, timeout_s: float) -> None:
        for key, _ in self._selector.select(timeout_s):
            line: Line = key.data
            before = line.acked_bytes // MIN_PACKETS
            data = line.sock.recv(65536)
            if not data:
                message = "the broker ended a connection of the load generator"
                raise ConnectionError(message)
            line.acked_bytes += len(data)
            self._acked += line.acked_bytes // MIN_PACKETS - before


def _come_in(opening: dict[str, Any]) -> tuple[list[Line], list[Speaker]]:
    """Connect: each device by itself, or a few connections for all where anybody may speak."""
    address = (opening["host"], opening["port"])
    shared = [
        Line(come_in(address, Login(client=f"bench-load-{index}")))
        for index in range(opening.get("connections", 0))
    ]
    lines, speakers = list(shared), []
    for index, one in enumerate(opening["devices"]):
        if shared:
            line = shared[index % len(shared)]
        else:
            login = Login(client=one["device"], user=one["device"], password=one["token"])
            line = Line(come_in(address, login))
            lines.append(line)
        topic = string(f"{one['base']}/up/telemetry".encode())
        speakers.append(Speaker(one["device"], line, topic))
    return lines, speakers


def main() -> None:
    ordered = orders()
    lines, speakers = _come_in(next(ordered))
    load = Load(lines, speakers)
    signal.signal(signal.SIGUSR1, load.stop)
    reply(connections=len(lines), devices=len(speakers))
    for order in ordered:
        reply(**load.send(count=order["count"], rate=order.get("rate", 0)))


if __name__ == "__main__":
    main()
