"""A hundred loads, a dryer that is off half of the time, and a load that is forgotten.

What each preset has to be is in the table of mixes, `tests/data/care/mixes.csv`, written by hand.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from hub.model import Haptic
from simulators.appliance import Appliance
from simulators.chance import chance
from simulators.clock import SimulatedClock, real_now_ms
from simulators.faults import Faults
from simulators.laundry import Dryer, Washer
from simulators.messages import Habits, Happening, Witnesses
from simulators.radio import Endpoint, Radio
from simulators.watch import Watch
from tests.drills.background import background
from tests.drills.report import Account, Report
from tests.drills.sites import Admission, Site, site
from tests.unit.care_table import Mix, mixes, rows

PATIENCE_S = 120.0
ON_S, OFF_S = (0.3, 2.0), (0.5, 2.6)
"""Seconds that the dryer is on, and off, each time; coming back takes some of the time on."""
STEPS = 3
"""Of the reminder, before somebody opens the door."""
LABEL = ("washing", "bleaching", "tumbling", "natural_drying", "ironing", "dry_cleaning")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    loads: int = 100
    apart_s: float = 0.5
    hub_kills: int = 3
    rate: float = 120.0
    """Of the clock, for the forgotten load: ten minutes in five seconds."""
    broker: str = "embedded"
    seed: int = 1


async def drill(chosen: Plan, *, control: bool = True) -> Report:
    report = Report("laundry", chosen.seed, asdict(chosen))
    runs = (("control", 0, False), ("dryer off, hub killed", chosen.hub_kills, True))
    for name, kills, off in runs if control else runs[1:]:
        with TemporaryDirectory(prefix="drill-") as folder:
            async with site(Path(folder), broker=chosen.broker, series="sqlite") as place:
                room = await Room.furnished(place, chosen)
                account = Account(name)
                await room.wash(account, kills=kills, dryer_goes_off=off)
                report.accounts.append(account)
    reminded = Account("a wet load forgotten")
    clock = SimulatedClock(rate=chosen.rate)
    fast = {"HUB_CLOCK__RATE": str(clock.rate), "HUB_CLOCK__ANCHOR_MS": str(clock.anchor_ms)}
    with TemporaryDirectory(prefix="drill-") as folder:
        async with site(
            Path(folder), broker=chosen.broker, series="sqlite", settings=fast
        ) as place:
            await _forget(reminded, place, clock, chosen)
    report.accounts.append(reminded)
    return report


# ------------------------------------------------------------------------------- a hundred loads


@dataclass(slots=True)
class Load:
    """One load, and what the table says has to become of it."""

    name: str
    mix: Mix
    garments: tuple[str, ...]
    """As the hub names them; without those that the washer leaves out."""
    hang: frozenset[str]

    @property
    def course(self) -> str:
        return self.mix.expected["dry"]


@dataclass(slots=True)
class Room:
    """A washer, a dryer and the link between them."""

    place: Site
    chosen: Plan
    washer: Admission
    dryer: Admission
    names: Mapping[str, str] = field(default_factory=dict)
    """The table's name of a garment -> the hub's."""
    off_s: float = 0.0
    pulls: int = 0

    @classmethod
    async def furnished(cls, place: Site, chosen: Plan) -> "Room":
        (washer,) = await place.admit(1, kind="washer", personal=False)
        (dryer,) = await place.admit(1, kind="dryer", personal=False)
        room = cls(place, chosen, washer, dryer)
        room.names = await room._hang_in_the_wardrobe()
        link = {
            "household": place.hub.household,
            "name": "Washer to dryer",
            "trigger": {"type": "event", "event": "cycle_finished", "device": washer.device},
            "actions": [{"type": "preset", "device": dryer.device}],
            # A hundred loads in a minute would be a link that runs away.
            "most": 100,
            "per_s": 10,
        }
        await place.hub.ask("POST", "/links", link)
        return room

    async def _hang_in_the_wardrobe(self) -> dict[str, str]:
        pieces = {row["key"]: row for row in rows("garments.csv")}
        wanted = {garment.id for mix in mixes() for garment in mix.garments}
        return {
            name: await self._garment(pieces[name.partition("#")[0]]) for name in sorted(wanted)
        }

    async def _garment(self, row: Mapping[str, str]) -> str:
        words = row["fibres"].split()
        label = {name: row[name] for name in LABEL if row[name]}
        if row["wet_cleaning"]:
            label["wet_cleaning"] = row["wet_cleaning"]
        body = {
            "household": self.place.hub.household,
            "name": row["en"],
            "fibres": dict(zip(words[::2], map(int, words[1::2]), strict=True)) or None,
            "label": label if row["washing"] else None,
            "colour": row["colour"] or None,
            "tags": row["tags"].split(),
        }
        made = await self.place.hub.ask("POST", "/garments", body)
        return str(made["id"])

    def loads(self) -> list[Load]:
        washable = [mix for mix in mixes() if mix.expected["dry"]]
        rng = chance("loads", self.chosen.seed)
        order = [rng.sample(washable, len(washable)) for _ in range(1 + self.chosen.loads // 50)]
        chosen = [mix for some in order for mix in some][: self.chosen.loads]
        return [self._load(f"ld-{number}", mix) for number, mix in enumerate(chosen, 1)]

    def _load(self, name: str, mix: Mix) -> Load:
        out = set(mix.keys("left_out"))
        return Load(
            name=name,
            mix=mix,
            garments=tuple(self.names[one.id] for one in mix.garments if one.id not in out),
            hang=frozenset(self.names[one] for one in mix.keys("hang")),
        )

    async def wash(self, account: Account, *, kills: int, dryer_goes_off: bool) -> None:
        rng = chance("laundry", self.chosen.seed)
        loads = self.loads()
        washer = Washer(self.washer.device, self.washer.base, boot="w0", rng=rng, habits=SOON)
        dryer = Dryer(self.dryer.device, self.dryer.base, boot="d0", rng=rng, habits=SOON)
        began = time.monotonic()
        async with (
            on_air(self.place, washer, self.washer),
            on_air(self.place, dryer, self.dryer) as plug,
        ):
            pulled = self._pull_now_and_then(plug, dryer, rng) if dryer_goes_off else _nothing()
            async with background(pulled):
                await self._finish_loads(washer, loads, kills=kills)
            washing_s = time.monotonic() - began
            dryer.plug_in(real_now_ms(), boot="d-last")
            plug.plug_in()
            await self._until_applied(len(loads))
        await self._compare(account, loads)
        if dryer_goes_off:
            share = round(self.off_s / washing_s, 2)
            account.at_least("share of the time that the dryer was off", 0.3, share)
            account.figures["plug pulled"] = self.pulls

    async def _finish_loads(self, washer: Washer, loads: Sequence[Load], *, kills: int) -> None:
        step = len(loads) // (kills + 1) if kills else len(loads) + 1
        for number, load in enumerate(loads, 1):
            data = {
                "load": load.name,
                "course": load.mix.expected["wash"],
                "garments": list(load.garments),
                "moisture": 55.0,
            }
            identity = f"finished-{load.name}"
            washer.happen("cycle_finished", real_now_ms(), identity=identity, data=data)
            if number % step == 0 and number < len(loads):
                await self.place.restart_hub()
            await asyncio.sleep(self.chosen.apart_s)

    async def _pull_now_and_then(self, plug: Radio, dryer: Dryer, rng: Random) -> None:
        while True:
            await asyncio.sleep(rng.uniform(*ON_S))
            self.pulls += 1
            dryer.unplug(real_now_ms())
            plug.unplug()
            off = time.monotonic()
            try:
                await asyncio.sleep(rng.uniform(*OFF_S))
            finally:
                self.off_s += time.monotonic() - off
            dryer.plug_in(real_now_ms(), boot=f"d{self.pulls}")
            plug.plug_in()

    async def _applied(self) -> list[dict[str, Any]]:
        events = await self.place.hub.pages(f"/devices/{self.dryer.device}/events")
        return [event["data"] for event in events if event["type"] == "preset_applied"]

    async def _presets(self) -> list[dict[str, Any]]:
        commands = await self.place.hub.pages(f"/devices/{self.dryer.device}/commands")
        return [one for one in commands if one["name"] == "preset"]

    async def _until_applied(self, count: int) -> None:
        """Wait until every preset is answered; an answer that the plug swallowed is asked again."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            answered = [one for one in await self._presets() if one["status"] == "succeeded"]
            if len(answered) == count:
                break
            await asyncio.sleep(0.5)
        # Whatever came twice would come now.
        await asyncio.sleep(2)

    async def _compare(self, account: Account, loads: Sequence[Load]) -> None:
        applied = await self._applied()
        times = Counter(str(data["load"]) for data in applied)
        course = {data["load"]: data["course"] for data in applied}
        account.equal("loads", self.chosen.loads, len(loads))
        account.equal("presets applied once", len(loads), sum(n == 1 for n in times.values()))
        account.equal("never", 0, sum(load.name not in times for load in loads))
        account.equal("more than once", 0, sum(n > 1 for n in times.values()))
        wrong = [load.mix.id for load in loads if course.get(load.name) != load.course]
        account.equal("with another course than the table's", [], wrong)
        order = [str(data["load"]) for data in applied][::-1]
        account.yes("in the order of the loads", order == [load.name for load in loads])
        sent = {one["args"]["load"]: one for one in await self._presets()}
        hang = {name: frozenset(one["args"]["hang"]) for name, one in sent.items()}
        hung = [load.mix.id for load in loads if hang.get(load.name) != load.hang]
        account.equal("with other pieces to hang up than the table's", [], hung)
        states = Counter(one["status"] for one in sent.values())
        account.equal("commands", {"succeeded": len(loads)}, dict(states))
        account.end()


SOON = Habits(resend_ms=1500)


async def _nothing() -> None:
    """The dryer stays on."""


@asynccontextmanager
async def on_air(
    place: Site,
    appliance: Appliance,
    admission: Admission,
    *,
    clock: SimulatedClock | None = None,
) -> AsyncIterator[Radio]:
    """Keep the appliance connected within the block."""
    radio = Radio(
        appliance,
        Endpoint(url=f"mqtt://127.0.0.1:{place.port}", token=admission.token),
        clock=clock or SimulatedClock(),
        faults=Faults(),
        rng=chance("radio", appliance.device),
    )
    async with background(radio.run(), _waking(radio, appliance)):
        await until(lambda: appliance.connected)
        yield radio


async def _waking(radio: Radio, appliance: Appliance) -> None:
    while True:
        if appliance.has_outgoing:
            radio.wake()
        await asyncio.sleep(0.02)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.02)


# ---------------------------------------------------------------------------- the forgotten load


async def _forget(account: Account, place: Site, clock: SimulatedClock, chosen: Plan) -> None:
    """A wet load stays in the washer until somebody opens the door."""
    (washing,) = await place.admit(1, kind="washer", personal=False)
    (wrist,) = await place.admit(1)
    felt: list[Happening] = []
    watch = Watch(
        wrist.device,
        wrist.base,
        boot="v0",
        witnesses=Witnesses(note=lambda _: None, tell=felt.append),
    )
    washer = Washer(washing.device, washing.base, boot="w0", rng=chance(chosen.seed, "washer"))
    async with (
        on_air(place, watch, wrist, clock=clock),
        on_air(place, washer, washing, clock=clock),
    ):
        washer.waiting = True
        forgotten_ms = clock.now_ms()
        async with background(_saying(washer, clock)):
            await until(lambda: len(_touches(felt)) >= STEPS)
            opened_ms = clock.now_ms()
            washer.waiting = False
            await until(lambda: any(one.what == "ended" for one in felt))
            ended_ms = clock.now_ms()
            after = len(_touches(felt))
            await asyncio.sleep(20 * 60 / clock.rate)
        account.equal(
            "touches in twenty minutes behind the opened door", after, len(_touches(felt))
        )
    touches = _touches(felt)
    amplitudes = [_amplitude(one) for one in touches[:STEPS]]
    account.at_least("minutes until the first word", 10, _minutes(touches[0].at_ms - forgotten_ms))
    account.yes("each stronger than the one before", amplitudes == sorted(set(amplitudes)))
    account.at_most("minutes from the door to the end", 5, _minutes(ended_ms - opened_ms))
    account.figures["felt, minutes after the end of the cycle"] = [
        round(_minutes(one.at_ms - forgotten_ms), 1) for one in touches
    ]
    account.figures["amplitudes"] = amplitudes
    account.end()


async def _saying(washer: Washer, clock: SimulatedClock) -> None:
    """Have the washer say every ten simulated seconds whether a load waits in it."""
    while True:
        washer.measure(clock.now_ms(), {"load_waiting": washer.waiting})
        await asyncio.sleep(10 / clock.rate)


def _touches(felt: Sequence[Happening]) -> list[Happening]:
    return [one for one in felt if one.what == "felt"]


def _amplitude(felt: Happening) -> float:
    return msgspec.convert(felt.details["haptic"], Haptic).amplitude


def _minutes(ms: float) -> float:
    return ms / 60_000
