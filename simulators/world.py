"""Many homes from one seed: who lives there, what they own, and their devices."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, tzinfo
from random import Random
from typing import Protocol

from simulators.appliance import Appliance
from simulators.chance import chance
from simulators.home.acts import Act
from simulators.home.fridge import Fridge
from simulators.home.household import Home
from simulators.home.laundry import LaundryRoom
from simulators.home.life import Housing
from simulators.home.people import Calendar, Days, Resident, residents
from simulators.home.scenario import Scenario
from simulators.home.troubles import BadDays, Troubles
from simulators.home.voices import Phone, Speaker
from simulators.home.wardrobe import furnished
from simulators.home.watch import DailyWatch
from simulators.identities import Credential
from simulators.laundry import Dryer, Styler, Washer
from simulators.messages import Habits, Happening, Witnesses

BUNDLE = 120
"""Readings of one device that go as one message."""
HOME_KINDS = ("fridge", "washer", "dryer", "styler", "speaker")
PERSONAL_KINDS = ("watch", "phone")
NO_TROUBLES = Troubles()
EVERYDAY = Scenario()


class Maker(Protocol):
    """Makes a device of one kind."""

    def __call__(  # noqa: PLR0913 - who it is, and how it lives
        self,
        device: str,
        base: str,
        *,
        boot: str,
        rng: Random,
        witnesses: Witnesses,
        habits: Habits,
    ) -> Appliance: ...


MAKERS: Mapping[str, Maker] = {
    "fridge": Fridge,
    "washer": Washer,
    "dryer": Dryer,
    "styler": Styler,
    "speaker": Speaker,
    "phone": Phone,
    "watch": DailyWatch,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePlan:
    """One home before anything in it has an identity."""

    number: int
    """From 1."""
    people: tuple[Resident, ...]

    @property
    def slots(self) -> tuple[str, ...]:
        """What it owns: `fridge`, `watch/Mina`."""
        personal = (f"{kind}/{one.name}" for one in self.people for kind in PERSONAL_KINDS)
        return (*(kind for kind in HOME_KINDS if kind in MAKERS), *personal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Everything that makes a world what it is."""

    seed: int = 1
    zone: tzinfo = UTC
    language: str = "en"
    troubles: Troubles = NO_TROUBLES
    scenario: Scenario = EVERYDAY
    garments: Mapping[str, str] = field(default_factory=dict)
    """The hub's ids of garments, by those that the seed gives them."""
    resend_ms: int = 30_000

    @property
    def calendar(self) -> Calendar:
        return Calendar(zone=self.zone)


def plan_homes(count: int, *, seed: int) -> list[HomePlan]:
    """Return the homes of a seed; the first ten are the same whether there are ten or fifty."""
    return [
        HomePlan(number=number, people=residents(chance(seed, number, "people")))
        for number in range(1, count + 1)
    ]


def day_of(plan: HomePlan, day: date, setting: Setting) -> list[Act]:
    """Return what happens in a home from one morning to the night after it."""
    calendar = setting.calendar
    days = Days(seed=setting.seed, home=plan.number, people=plan.people, calendar=calendar)
    bad = BadDays(
        troubles=setting.troubles,
        seed=setting.seed,
        home=plan.number,
        slots=plan.slots,
        calendar=calendar,
    )
    return sorted([*days.acts(day), *bad.acts(day)], key=lambda act: act.at_ms)


def nameless(plans: Iterable[HomePlan]) -> list[Credential]:
    """Return identities for a broker that asks nobody who they are."""
    return [
        Credential(device=name, base=f"cx/1/main/{name}", home=plan.number, kind=kind, person=owner)
        for plan in plans
        for slot in plan.slots
        for kind, _, owner in [slot.partition("/")]
        for name in [f"h{plan.number:03}-{slot.replace('/', '-').lower()}"]
    ]


def slot_of(credential: Credential) -> str:
    return credential.kind + (f"/{credential.person}" if credential.person else "")


@dataclass(slots=True, kw_only=True)
class Watchers:
    """Who is told what happens in a world."""

    tell: Callable[[Happening], None] = lambda _: None
    boot: Callable[[], str] = field(default=lambda: secrets.token_hex(4))
    """Makes boot ids; never by the seed, as one that came back would make new readings old."""


class World:
    """The homes of a seed with their devices; time passes in `advance`."""

    def __init__(
        self,
        plans: Sequence[HomePlan],
        credentials: Iterable[Credential],
        setting: Setting,
        watchers: Watchers,
    ) -> None:
        self.setting = setting
        self._watchers = watchers
        self._home_of: dict[str, Home] = {}
        by_home: dict[int, list[Credential]] = {}
        for one in credentials:
            by_home.setdefault(one.home, []).append(one)
        self.homes = [self._home(plan, by_home.get(plan.number, [])) for plan in plans]

    @property
    def devices(self) -> Iterator[Appliance]:
        return (device for home in self.homes for device in home.devices.values())

    def begin(self, now_ms: int) -> None:
        """Put everybody where they are at this time, and take the scenario up."""
        setting = self.setting
        for home in self.homes:
            home.begin(now_ms)
            acts = setting.scenario.acts(home.number, start_ms=now_ms, calendar=setting.calendar)
            home.plan(acts)

    def advance(self, to_ms: int) -> None:
        """Let time pass in every home."""
        for home in self.homes:
            home.advance(to_ms)

    def _home(self, plan: HomePlan, credentials: Sequence[Credential]) -> Home:
        setting, watchers = self.setting, self._watchers
        devices = {slot_of(one): self._device(plan, one) for one in credentials}
        housing = Housing(
            number=plan.number,
            seed=setting.seed,
            people=plan.people,
            devices=devices,
            days=lambda day: day_of(plan, day, setting),
            calendar=setting.calendar,
            routine=setting.scenario.routine,
            boot=watchers.boot,
            tell=self._tell,
        )
        wardrobe = furnished(
            setting.seed, plan.number, (one.name for one in plan.people), known=setting.garments
        )
        home = Home(housing, laundry=LaundryRoom(plan.number, setting.seed, devices, wardrobe))
        self._home_of |= {device.device: home for device in devices.values()}
        return home

    def _device(self, plan: HomePlan, credential: Credential) -> Appliance:
        setting, slot = self.setting, slot_of(credential)
        device = MAKERS[credential.kind](
            credential.device,
            credential.base,
            boot=self._watchers.boot(),
            rng=chance(setting.seed, plan.number, slot),
            witnesses=Witnesses(tell=self._witness),
            habits=Habits(zone=setting.zone, resend_ms=setting.resend_ms, bundle=BUNDLE),
        )
        rng = chance(setting.seed, plan.number, slot, "clock")
        device.clock_off_ms = setting.troubles.clock_off_ms(rng)
        return device

    def _tell(self, happening: Happening) -> None:
        self._watchers.tell(happening)

    def _witness(self, happening: Happening) -> None:
        self._tell(happening)
        home = self._home_of.get(happening.device)
        if home is not None:
            home.react(happening)
