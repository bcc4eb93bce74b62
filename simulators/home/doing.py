"""How each thing that can be done in a home is done."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from simulators.appliance import Appliance
from simulators.home.acts import Act, Do
from simulators.home.fridge import Fridge
from simulators.home.laundry import LaundryRoom
from simulators.home.life import SOMEONE, CannotBeDoneError, Housing, Life
from simulators.home.sensors import SensorFault
from simulators.home.watch import Activity, DailyWatch
from simulators.settings import fitting

LINGERS_MS = 15_000
"""Somebody stands so long before a panel after they closed the door."""


class Doings:
    """Does one act at a time; what follows from it later is handed to `plan`."""

    def __init__(
        self,
        housing: Housing,
        lives: Mapping[str, Life],
        *,
        laundry: LaundryRoom,
        plan: Callable[[Iterable[Act]], None],
    ) -> None:
        self.number = housing.number
        self.devices = housing.devices
        self.lives = lives
        self.laundry = laundry
        self.plan = plan
        self._housing = housing
        self._table: Mapping[Do, Callable[[Act], None]] = self._acts()

    def do(self, act: Act) -> None:
        """Do it.

        Raises:
            CannotBeDoneError: it makes no sense now.
        """
        self._table[act.do](act)

    def _acts(self) -> Mapping[Do, Callable[[Act], None]]:
        return {
            Do.WAKE: self._wake,
            Do.SLEEP: self._sleep,
            Do.LEAVE: self._leave,
            Do.COME_HOME: self._come_home,
            Do.STAND: self._stand,
            Do.STEP_AWAY: self._step_away,
            Do.OPEN: self._open,
            Do.CLOSE: self._close,
            Do.COOK: self._cook,
            Do.SHOP: self._shop,
            Do.PUT_IN: self._put_in,
            Do.TAKE_OUT: self._take_out,
            Do.RECOUNT: lambda act: self._fridge().recount(act.at_ms),
            Do.RUN: self._run,
            Do.STOP_RUN: self._stop_run,
            Do.CHARGE_WATCH: lambda act: self._watch(act).take_off(act.at_ms),
            Do.WEAR_WATCH: lambda act: self._watch(act).wear(act.at_ms),
            Do.UNPLUG: self._unplug,
            Do.PLUG_IN: self._plug_in,
            Do.FAULT: self._break_sensor,
            Do.SET: self._set,
            Do.ACKNOWLEDGE: self._acknowledge,
            Do.ANSWER: self._answer,
            Do.WASH: self._launder,
            Do.FORGET_LOAD: self._launder,
            Do.TAKE_LOAD: self._launder,
            Do.DRY: self._launder,
            Do.HANG: self._launder,
        }

    def _wake(self, act: Act) -> None:
        life = self._life_of(act)
        slept_ms, life.slept_ms, life.asleep = life.slept_ms, None, False
        if life.watch is not None:
            life.watch.activity = Activity.MOVING
            if slept_ms is not None and life.watch.worn:
                life.watch.sleep_ended(slept_ms, act.at_ms)
        if life.phone is not None:
            life.phone.charging = False

    def _sleep(self, act: Act) -> None:
        life = self._life_of(act)
        life.asleep, life.slept_ms = True, act.at_ms
        if life.watch is not None:
            life.watch.activity = Activity.ASLEEP
        if life.phone is not None:
            life.phone.charging = True

    def _leave(self, act: Act) -> None:
        life = self._life_of(act)
        life.at_home = False
        if life.phone is not None:
            life.phone.leave(act.at_ms)
        if life.watch is not None:
            life.watch.activity = Activity.STILL
        if not any(one.at_home for one in self.lives.values()):
            self._step_away(replace(act, device=""))

    def _come_home(self, act: Act) -> None:
        life = self._life_of(act)
        life.at_home = True
        if life.phone is not None:
            life.phone.come_home(act.at_ms)
        if life.watch is not None:
            life.watch.activity = Activity.MOVING

    def _stand(self, act: Act) -> None:
        self._before(act, self._seen(act))
        if act.for_ms is not None:
            self.plan([replace(act, at_ms=act.at_ms + act.for_ms, do=Do.STEP_AWAY)])

    def _step_away(self, act: Act) -> None:
        self._before(act, "")

    def _before(self, act: Act, who: str) -> None:
        for slot, device in self.devices.items():
            if slot == act.device or not act.device:
                self._show(device, who, act.at_ms)

    @staticmethod
    def _show(device: Appliance, who: str, at_ms: int) -> None:
        seen = "in_front" in device.kind.properties and device.values.get("in_front", "") != who
        if seen and device.powered:
            device.measure(at_ms, {"in_front": who})

    def _open(self, act: Act) -> None:
        if act.device != "fridge":
            self._launder(act)
            return
        freezer = act.more.get("door") == "freezer"
        self._show(self._fridge(), self._seen(act), act.at_ms)
        self._fridge().open(act.at_ms, freezer=freezer)
        if act.for_ms is not None:
            self.plan([replace(act, at_ms=act.at_ms + act.for_ms, do=Do.CLOSE, for_ms=None)])

    def _close(self, act: Act) -> None:
        if act.device != "fridge":
            self._launder(act)
            return
        self._fridge().close(act.at_ms, freezer=act.more.get("door") == "freezer")
        self.plan([Act(at_ms=act.at_ms + LINGERS_MS, do=Do.STEP_AWAY, device="fridge")])

    def _cook(self, act: Act) -> None:
        self._open(replace(act, device="fridge", for_ms=act.for_ms or 20_000))
        self.plan(
            replace(act, at_ms=act.at_ms + 3000 * number, do=Do.TAKE_OUT, more={})
            for number in range(1, _number(act, "things", 1) + 1)
        )

    def _shop(self, act: Act) -> None:
        """Put away what was bought; the door is open the while."""
        things = act.more.get("items")
        names = things if isinstance(things, list) else [None] * _number(act, "things", 4)
        self._open(replace(act, device="fridge", for_ms=12_000 * (len(names) + 1)))
        self.plan(
            replace(
                act,
                at_ms=act.at_ms + 10_000 * number,
                do=Do.PUT_IN,
                more={"item": name} if name else {},
            )
            for number, name in enumerate(names, start=1)
        )

    def _put_in(self, act: Act) -> None:
        self._fridge().add(act.at_ms, name=_text(act, "item"))

    def _take_out(self, act: Act) -> None:
        if not self._fridge().take_food(act.at_ms, item=_text(act, "item")):
            message = "there is nothing of that in the fridge"
            raise CannotBeDoneError(message)

    def _run(self, act: Act) -> None:
        self._watch(act).start_run(act.at_ms)
        self.plan([replace(act, at_ms=act.at_ms + (act.for_ms or 1_800_000), do=Do.STOP_RUN)])

    def _stop_run(self, act: Act) -> None:
        self._watch(act).stop_run(act.at_ms)

    def _unplug(self, act: Act) -> None:
        device = self._device(act)
        if device.powered:
            device.unplug(act.at_ms)
        if act.for_ms is not None:
            self.plan([replace(act, at_ms=act.at_ms + act.for_ms, do=Do.PLUG_IN, for_ms=None)])

    def _plug_in(self, act: Act) -> None:
        device = self._device(act)
        if not device.powered:
            device.plug_in(act.at_ms, boot=self._housing.boot())

    def _break_sensor(self, act: Act) -> None:
        device = self._device(act)
        sensors = getattr(device, "sensors", None)
        if sensors is None:
            message = f"nothing is known to break in a {device.kind.name}"
            raise CannotBeDoneError(message)
        sensors.fault = SensorFault(str(act.more["fault"]))
        sensors.until_ms = None if act.for_ms is None else act.at_ms + act.for_ms

    def _set(self, act: Act) -> None:
        device, name = self._device(act), str(act.more["property"])
        spec = device.kind.properties.get(name)
        value = None if spec is None else fitting(spec, act.more["value"])
        if spec is None or not spec.settable or value is None:
            message = f"a {device.kind.name} cannot have {name} set to {act.more['value']!r}"
            raise CannotBeDoneError(message)
        device.set(name, value, act.at_ms)

    def _acknowledge(self, act: Act) -> None:
        if not self._device(act).acknowledge(act.at_ms):
            message = "nothing is felt there"
            raise CannotBeDoneError(message)

    def _answer(self, act: Act) -> None:
        device = self._device(act)
        asked = device.signals.asked
        moment = str(act.more.get("moment") or (asked[-1].moment if asked else ""))
        if not device.answer(moment, str(act.more.get("answer", "yes")), act.at_ms):
            message = "nothing was asked there"
            raise CannotBeDoneError(message)

    def _launder(self, act: Act) -> None:
        if act.person:
            self._life_of(act, needs_home=True)
        problem = self.laundry.do(act)
        if problem:
            raise CannotBeDoneError(problem)

    # ------------------------------------------------------------------------------- finding

    def device(self, slot: str) -> Appliance | None:
        """Return the device of a slot, or the only one of its kind."""
        if slot in self.devices:
            return self.devices[slot]
        alike = [one for name, one in self.devices.items() if name.partition("/")[0] == slot]
        return alike[0] if len(alike) == 1 else None

    def _device(self, act: Act) -> Appliance:
        slot = act.device or "watch"
        found = self.devices.get(f"{slot}/{act.person}") if act.person else None
        found = found or self.device(slot)
        if found is None:
            message = f"home {self.number} has no {slot}, or more than one"
            raise CannotBeDoneError(message)
        return found

    def _fridge(self) -> Fridge:
        found = self.device("fridge")
        if not isinstance(found, Fridge):
            message = f"home {self.number} has no fridge"
            raise CannotBeDoneError(message)
        return found

    def _watch(self, act: Act) -> DailyWatch:
        watch = self._life_of(act).watch
        if watch is None:
            message = f"{act.person or 'nobody in particular'} has no watch"
            raise CannotBeDoneError(message)
        return watch

    def _life_of(self, act: Act, *, needs_home: bool = False) -> Life:
        """Return who does it: the person named, else whoever is first."""
        name = act.person or next(iter(self.lives), "")
        life = self.lives.get(name)
        if life is None:
            message = f"nobody called {name!r} lives in home {self.number}"
            raise CannotBeDoneError(message)
        if needs_home and not life.at_home:
            message = f"{name} is not at home"
            raise CannotBeDoneError(message)
        return life

    def _seen(self, act: Act) -> str:
        """Return what a panel sees of whoever does it."""
        if act.person:
            return self._life_of(act, needs_home=True).carried
        return SOMEONE


def _text(act: Act, name: str) -> str | None:
    value = act.more.get(name)
    return value if isinstance(value, str) else None


def _number(act: Act, name: str, usual: int) -> int:
    value = act.more.get(name, usual)
    return value if isinstance(value, int) else usual
