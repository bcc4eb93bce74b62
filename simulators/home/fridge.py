"""A fridge that warms when its door is open, knows its stock, and speaks from its panel."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from random import Random

import msgspec

from devices.fridge import KIND
from hub.model import Value
from simulators.appliance import NOBODY, ORDINARY, Appliance
from simulators.home.cold import ColdMachine
from simulators.home.sensors import BOUNCES, SensorFault, Sensors
from simulators.home.stock import Stock
from simulators.messages import Habits, Witnesses
from simulators.settings import within

STEP_MS = 10_000
SAYS_EVERY_MS = 30_000
SELDOM_MS = 1_800_000
"""How often it repeats what seldom changes."""
RAPID_MS = 9_000_000
"""Rapid cooling ends by itself."""
SHOPPED_C = 14.0
"""How warm food comes home from the shop."""


class ShownNeed(msgspec.Struct, frozen=True):
    """What somebody's body needs, by their link, until it is over."""

    link: str
    need: dict[str, object]
    until_ms: int


class Fridge(Appliance):
    """Time passes for it in `step`; people use it in between."""

    def __init__(  # noqa: PLR0913 - who it is, and how it lives
        self,
        device: str,
        base: str,
        *,
        boot: str,
        rng: Random,
        witnesses: Witnesses = NOBODY,
        habits: Habits = ORDINARY,
        room_c: float = 22.0,
        language: str = "en",
    ) -> None:
        super().__init__(device, base, kind=KIND, boot=boot, witnesses=witnesses, habits=habits)
        self.cold = ColdMachine(room_c=room_c)
        self.stock = Stock(rng=rng, prefix=device, language=language)
        self.sensors = Sensors(rng=rng)
        self._needs: dict[str, ShownNeed] = {}
        self.settings |= {"fridge_setpoint": 4.0, "freezer_setpoint": -18.0, "rapid_cool": False}
        self._zone = habits.zone
        self._rng = rng
        self._at_ms: int | None = None
        self._says_ms = rng.randrange(0, SAYS_EVERY_MS, STEP_MS)
        self._rapid_until_ms = 0
        self._events = 0

    # ---------------------------------------------------------------------------------- time

    def step(self, now_ms: int) -> None:
        """Let time pass until now, in whole steps, and say what is due."""
        if self._at_ms is None:
            self._at_ms = now_ms - now_ms % STEP_MS
        self._forget_needs(now_ms)
        while self._at_ms + STEP_MS <= now_ms:
            self._at_ms += STEP_MS
            self._turn()
            self.cold.step(STEP_MS / 1000)
            if self.powered and self._at_ms % SAYS_EVERY_MS == self._says_ms:
                self._say_state(self._at_ms)

    def _turn(self) -> None:
        """Have the machine do what the settings say."""
        at_ms = self._at_ms or 0
        if self.settings["rapid_cool"] and not self._rapid_until_ms:
            self._rapid_until_ms = at_ms + RAPID_MS
        if not self.settings["rapid_cool"] or at_ms >= self._rapid_until_ms > 0:
            self._rapid_until_ms = 0
            self.set("rapid_cool", value=False, now_ms=at_ms)
        self.cold.rapid = bool(self.settings["rapid_cool"])
        self.cold.fridge.setpoint_c = float(self.settings["fridge_setpoint"])
        self.cold.freezer.setpoint_c = float(self.settings["freezer_setpoint"])

    def _say_state(self, at_ms: int) -> None:
        truth: dict[str, Value] = {
            "fridge_temperature": round(self.cold.fridge.air_c + self._rng.gauss(0, 0.04), 2),
            "freezer_temperature": round(self.cold.freezer.air_c + self._rng.gauss(0, 0.04), 2),
            "power": round(self.cold.power_w, 1),
        }
        read = self.sensors.read(truth, said=self.values, now_ms=at_ms)
        values: dict[str, Value] = {
            name: within(KIND.properties[name], float(value)) for name, value in read.items()
        }
        values["door_open"] = self.cold.fridge.open
        values["freezer_door_open"] = self.cold.freezer.open
        if at_ms % SELDOM_MS < SAYS_EVERY_MS or "energy" not in self.values:
            values["energy"] = round(self.cold.energy_kwh, 4)
            values |= self._stock_values(at_ms)
        self.measure(at_ms, values)

    # -------------------------------------------------------------------------------- people

    def open(self, now_ms: int, *, freezer: bool = False) -> None:
        """Open a door."""
        self._move_door(now_ms, freezer=freezer, to=True)

    def close(self, now_ms: int, *, freezer: bool = False) -> None:
        """Close a door."""
        self._move_door(now_ms, freezer=freezer, to=False)

    @property
    def stands_open(self) -> bool:
        return self.cold.fridge.open or self.cold.freezer.open

    def stand_before(self, who: str, now_ms: int) -> None:
        """Somebody comes: the id of the device they carry, or `someone`; empty: nobody any more."""
        if self.powered and self.values.get("in_front", "") != who:
            self.measure(now_ms, {"in_front": who})

    def add(self, now_ms: int, *, name: str | None = None) -> None:
        """Put one thing in, as warm as it came home."""
        stored = self.stock.add(self._day(now_ms), name=name)
        self.cold.fridge.put_in(stored.mass_kg, at_c=SHOPPED_C)
        self._tell_stock("stock_added", now_ms, stored.told())

    def take_food(self, now_ms: int, *, item: str | None = None) -> bool:
        """Take some of what expires first, or of one item; return whether there was any."""
        taken = self.stock.take(item=item)
        if taken is None:
            return False
        self.cold.fridge.take_out(taken.mass_kg)
        data = {"item": taken.item, "quantity": taken.quantity}
        self._tell_stock("stock_taken", now_ms, data)
        return True

    def recount(self, now_ms: int) -> None:
        """Look at every shelf and tell the whole stock."""
        self._tell_stock("stock_counted", now_ms, {"items": self.stock.told()})

    def unplug(self, now_ms: int) -> None:
        """Take its power; what is in it goes on warming."""
        super().unplug(now_ms)
        self.cold.powered = False

    def plug_in(self, now_ms: int, *, boot: str) -> None:
        super().plug_in(now_ms, boot=boot)
        self.cold.powered = True

    # ------------------------------------------------------------------------------- the hub

    @property
    def needs(self) -> Mapping[str, Mapping[str, object]]:
        """What its panel may show of people's needs, by link."""
        return {link: shown.need for link, shown in self._needs.items()}

    def obey(self, name: str, args: Mapping[str, object], now_ms: int) -> tuple[str, str]:
        match name:
            case "need":
                shown = msgspec.convert(args, ShownNeed)
                self._needs[shown.link] = shown
                self._tell(now_ms, "need", link=shown.link, need=shown.need)
            case "need_end":
                link = msgspec.convert(args.get("link"), str)
                self._needs.pop(link, None)
                self._tell(now_ms, "need_end", link=link)
            case _:
                return super().obey(name, args, now_ms)
        return "succeeded", ""

    # ------------------------------------------------------------------------------- details

    def _forget_needs(self, now_ms: int) -> None:
        at_ms = self.own_ms(now_ms)
        self._needs = {k: shown for k, shown in self._needs.items() if shown.until_ms > at_ms}

    def _move_door(self, now_ms: int, *, freezer: bool, to: bool) -> None:
        part = self.cold.freezer if freezer else self.cold.fridge
        if part.open == to:
            return
        part.open = to
        if not self.powered:
            return
        name = "freezer_door_open" if freezer else "door_open"
        self.measure(now_ms, {name: to})
        if self.sensors.now(now_ms) is SensorFault.BOUNCE:
            for number, after_ms in enumerate(BOUNCES):
                self.measure(now_ms + after_ms, {name: to if number % 2 else not to})

    def _tell_stock(self, event: str, now_ms: int, data: Mapping[str, object]) -> None:
        if not self.powered:
            return
        self._events += 1
        identity = f"st-{self.outbox.boot}-{self._events}"
        self.happen(event, now_ms, identity=identity, data=data)
        self.measure(now_ms, self._stock_values(now_ms))

    def _stock_values(self, now_ms: int) -> dict[str, Value]:
        values: dict[str, Value] = {"stock_items": len(self.stock.items)}
        left = self.stock.days_left(self._day(now_ms))
        if left is not None:
            values["stock_next_expiry_days"] = float(left)
        return values

    def _day(self, now_ms: int) -> date:
        return datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(self._zone).date()
