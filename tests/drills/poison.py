"""Broken, hostile and enormous input: refused or kept as dead letters, and the rest flows."""

import asyncio
import contextlib
import itertools
import json
import random
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.drills import poisons
from tests.drills.background import background, together
from tests.drills.report import Account, Report
from tests.drills.sites import Admission, Site, site
from tests.drills.watcher import Watcher
from tests.drills.wire import Heard, Line, dial

FLAT_MB = 25.0
"""What Python's allocator and SQLite's caches may take on the way."""
MAX_PAYLOAD = 128 * 1024
ENORMOUS = 50 * 1024 * 1024
BATCH = 500
SOON = {"HUB_BROKER__RECEIPT_INTERVAL_S": "0.02"}
"""Every piece of poison is followed by a good reading and its receipt."""
HANDLED_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    count: int = 10_000
    """Malformed payloads; the hostile ones come on top."""
    brokers: tuple[str, ...] = ("mosquitto", "embedded")
    seed: int = 1


async def drill(chosen: Plan, *, control: bool = True) -> Report:
    report = Report("poison", chosen.seed, asdict(chosen))
    for count in (0, chosen.count) if control else (chosen.count,):
        runs = [_at(broker, count, chosen.seed) for broker in chosen.brokers]
        report.accounts += await together(*runs)
    return report


async def _at(broker: str, count: int, seed: int) -> Account:
    name = f"{broker}, {'poison' if count else 'control'}"
    with TemporaryDirectory(prefix="drill-") as folder:
        async with site(Path(folder), broker=broker, series="sqlite", settings=SOON) as place:
            return await _run(name, count, seed, place)


async def _run(name: str, count: int, seed: int, place: Site) -> Account:
    account = Account(name)
    (admission,) = await place.admit(1)
    patient = Patient(admission, place)
    watcher = Watcher(hub=place.hub, every_s=0.5)
    async with background(watcher.run()):
        await patient.good()
        began = await watcher.warm()
        expected = await _poison(account, patient, count, seed) if count else 0
        for _ in range(5):
            await patient.good()
        ended = await watcher.warm()
    letters = await place.hub.pages("/dead-letters")
    account.equal("dead letters", expected, len(letters))
    account.equal("dead letters without a reason", 0, sum(not one["reason"] for one in letters))
    unclean = [one for one in letters if not _printable(one)]
    account.equal("dead letters with signs that a terminal acts on", 0, len(unclean))
    stored = await place.stored.points(admission.device, "heart_rate")
    account.equal("good readings sent and stored", len(patient.readings), len(stored))
    account.equal("stored and not sent", 0, len(set(stored) - set(patient.readings)))
    _judge_memory(account, watcher, began, ended)
    account.equal("faults of the hub's own in its log", 0, place.hub.log.count("Fault in the flow"))
    account.equal("tracebacks in its log", 0, place.hub.log.count("Traceback"))
    account.figures["connections ended by the broker"] = patient.cut
    account.end()
    return account


async def _poison(account: Account, patient: "Patient", count: int, seed: int) -> int:
    """Send all of it; return how many dead letters it has to make."""
    broken = itertools.islice(poisons.malformed(seed), count)
    hostile = list(poisons.hostile())
    sent = await patient.send(("telemetry", raw) for raw in broken)
    for leaf, payload in hostile:
        topic = f"{patient.admission.base}/up/{leaf}"
        sent += await patient.send_to(topic.encode(), payload)
    foreign = [topic.encode() for topic in poisons.foreign_topics(patient.admission.device)]
    for raw_topic in (*foreign, *poisons.deadly_topics(patient.admission.device)):
        await patient.send_to(raw_topic, b'{"heart_rate": 90}')
    for size in (MAX_PAYLOAD + 10_000, ENORMOUS):
        # Some brokers carry the smaller of the two; then the hub refuses it.
        sent += await patient.send_to(patient.telemetry.encode(), b"[" * size)
    await patient.garbage(random.Random(seed).randbytes(4096))  # noqa: S311 - to be repeatable
    account.figures["malformed, hostile"] = (count, len(hostile))
    return sent


class Patient:
    """A device that sends poison, and good readings in between."""

    def __init__(self, admission: Admission, place: Site) -> None:
        self.admission = admission
        self.telemetry = f"{admission.base}/up/telemetry"
        self.readings: list[tuple[int, float]] = []
        self.cut: list[bytes] = []
        self._place = place
        self._line: Line | None = None
        self._receipted = 0
        self._heard = asyncio.Event()

    async def good(self) -> None:
        """Measure something, and return when it is receipted."""
        at_ms = time.time_ns() // 1_000_000
        if self.readings:
            at_ms = max(at_ms, self.readings[-1][0] + 1)
        self.readings.append((at_ms, 90.0))
        seq = len(self.readings)
        content = {"ts": at_ms, "values": {"heart_rate": 90.0}, "seq": seq, "boot": "good"}
        payload = json.dumps(content).encode()
        async with asyncio.timeout(HANDLED_WITHIN_S):
            while self._receipted < seq:
                line = await self._connected()
                line.publish(self.telemetry, payload)
                self._heard.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(5):
                        await self._heard.wait()

    async def send(self, poison: Iterable[tuple[str, bytes]]) -> int:
        """Publish on topics of the device's own; return how many."""
        sent = 0
        for leaf, payload in poison:
            line = await self._connected()
            line.publish(f"{self.admission.base}/up/{leaf}", payload)
            sent += 1
            if sent % BATCH == 0:
                await line.acknowledged()
                await self.good()
        await (await self._connected()).acknowledged()
        await self.good()
        return sent

    async def send_to(self, topic: bytes, payload: bytes) -> bool:
        """Publish anywhere; return whether the broker still speaks to us."""
        line = await self._connected()
        line.publish(topic, payload)
        try:
            await line.ping()
        except TimeoutError:
            line.close()
        taken = line.alive
        if not taken:
            self.cut.append(topic[-40:])
        await self.good()
        return taken

    async def garbage(self, raw: bytes) -> None:
        """Send what is no MQTT at all."""
        line = await dial(self._place.port)
        line.send_raw(raw)
        await asyncio.wait((line.closed,), timeout=5)
        line.close()
        await self.good()

    async def _connected(self) -> Line:
        if self._line is None or not self._line.alive:
            mine = self.admission
            self._line = await dial(self._place.port, self._hear)
            await self._line.sign_in(
                mine.device, username=mine.device, password=mine.token, clean=True
            )
            await self._line.subscribe(f"{mine.base}/down/#")
        return self._line

    def _hear(self, heard: Heard) -> None:
        if heard.topic.endswith("/receipt"):
            content = json.loads(heard.payload)
            if content.get("boot") == "good":
                self._receipted = content["seq"]
                self._heard.set()


def _printable(letter: dict[str, object]) -> bool:
    shown = (letter["topic"], letter["reason"], letter["excerpt"] or "")
    return all(str(text).isprintable() for text in shown)


def _judge_memory(account: Account, watcher: Watcher, began: float, ended: float) -> None:
    samples = [mb for at, mb in watcher.rss_mb if began <= at <= ended]
    first = watcher.most_mb(0, began) or samples[0]
    most = max(samples)
    account.figures["hub rss MB, every tenth"] = [
        round(mb) for mb in samples[:: max(1, len(samples) // 10)]
    ]
    account.at_most("hub's memory grew by", FLAT_MB, most - first, unit=" MB")
