"""One home and its time: days, scenarios and devices, in order of simulated time."""

import heapq
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import count

from simulators.home.acts import Act, Do
from simulators.home.doing import Doings
from simulators.home.fridge import Fridge
from simulators.home.laundry import LaundryRoom
from simulators.home.life import CannotBeDoneError, Housing, Life
from simulators.home.people import Resident
from simulators.home.reactions import Reactions
from simulators.home.voices import Phone
from simulators.home.watch import Activity, DailyWatch
from simulators.messages import Happening

GRID_MS = 5000
"""Devices are stepped on these times, whenever that is computed: so a seed is one history."""


class Home:
    """Everything in it happens in `advance`, in order of simulated time."""

    def __init__(self, housing: Housing, *, laundry: LaundryRoom) -> None:
        self.number = housing.number
        self.devices = housing.devices
        self._housing = housing
        self.lives = {one.name: self._life(one) for one in housing.people}
        self.laundry = laundry
        self._doings = Doings(housing, self.lives, laundry=laundry, plan=self.plan)
        self._reactions = Reactions(housing.seed, housing.number, self.lives, housing.devices)
        self._queue: list[tuple[int, int, Act]] = []
        self._order = count()
        self._grid_ms = 0
        self._planned: date | None = None

    # ---------------------------------------------------------------------------------- time

    def begin(self, now_ms: int) -> None:
        """Put everybody where they are at this time of day."""
        self._grid_ms = now_ms - now_ms % GRID_MS
        day = self._housing.calendar.day(now_ms)
        if self._housing.routine:
            for act in [
                *self._housing.days(day - timedelta(days=1)),
                *self._housing.days(day),
            ]:
                if act.at_ms >= now_ms:
                    self.plan([act])
                else:
                    self._remember(act)
            self._planned = day
        for life in self.lives.values():
            if life.phone is not None:
                life.phone.at_home = life.at_home
            if life.watch is not None:
                life.watch.activity = Activity.ASLEEP if life.asleep else Activity.STILL
        self._fill_fridge(now_ms)

    def plan(self, acts: Iterable[Act]) -> None:
        """Have these things happen when it is time."""
        for act in acts:
            heapq.heappush(self._queue, (act.at_ms, next(self._order), act))

    def advance(self, to_ms: int) -> None:
        """Let time pass; returns with everything done that is due, each thing at its time."""
        self._plan_days(to_ms)
        while True:
            grid_ms = self._grid_ms + GRID_MS
            if self._queue and self._queue[0][0] < min(grid_ms, to_ms + 1):
                self._do(heapq.heappop(self._queue)[2])
            elif grid_ms <= to_ms:
                self._turn(grid_ms)
            else:
                return

    def _turn(self, grid_ms: int) -> None:
        self._grid_ms = grid_ms
        for device in self.devices.values():
            device.step(grid_ms)
        self.plan(self.laundry.look(grid_ms))

    def _plan_days(self, to_ms: int) -> None:
        """Know the next day before it begins."""
        day = self._housing.calendar.day(to_ms)
        while self._planned is not None and self._planned <= day:
            self._planned += timedelta(days=1)
            self.plan(self._housing.days(self._planned))

    def _remember(self, act: Act) -> None:
        life = self.lives.get(act.person)
        if life is None:
            return
        if act.do in {Do.LEAVE, Do.COME_HOME}:
            life.at_home = act.do is Do.COME_HOME
        elif act.do in {Do.WAKE, Do.SLEEP}:
            life.asleep = act.do is Do.SLEEP
            life.slept_ms = act.at_ms if life.asleep else None

    def _do(self, act: Act) -> None:
        try:
            self._doings.do(act)
        except CannotBeDoneError as error:
            self._tell(act, "left_out", reason=str(error))
        else:
            self._tell(act, "act")

    def react(self, happening: Happening) -> None:
        """Let people do something about what they felt or heard."""
        self.plan(self._reactions.to(happening))

    def _life(self, who: Resident) -> Life:
        watch = self._housing.devices.get(f"watch/{who.name}")
        phone = self._housing.devices.get(f"phone/{who.name}")
        return Life(
            who=who,
            watch=watch if isinstance(watch, DailyWatch) else None,
            phone=phone if isinstance(phone, Phone) else None,
        )

    def _fill_fridge(self, now_ms: int) -> None:
        fridge = self.devices.get("fridge")
        if isinstance(fridge, Fridge):
            for _ in range(6 + 2 * len(self.lives)):
                fridge.stock.add(self._housing.calendar.day(now_ms))
            fridge.recount(now_ms)

    def _tell(self, act: Act, what: str, **details: object) -> None:
        about = {
            "home": self.number,
            "do": str(act.do),
            "person": act.person,
            "device": act.device,
            **act.more,
            **details,
        }
        home = f"home-{self.number}"
        self._housing.tell(Happening(device=home, at_ms=act.at_ms, what=what, details=about))
