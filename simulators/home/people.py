"""Who lives in a home, and what their days are made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from random import Random

from simulators.chance import chance
from simulators.home.acts import Act, Do

NAMES = (
    *("Mina", "Jun", "Sora", "Minho", "Hana", "Taeyang", "Yuna", "Dohyun", "Ara", "Seojun"),
    *("Jiwoo", "Eunji", "Hyun", "Nari", "Sungmin", "Bora", "Kyung", "Dami", "Woojin", "Ina"),
)
MINUTE_MS = 60_000
LEFT_OPEN = 0.03
"""Share of the times when a fridge is left open; assumed."""
SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    name: str
    child: bool = False
    works: bool = True
    """Leaves on weekdays, for work or school."""
    runs_a_week: float = 0.0
    person: str = ""
    """The hub's id of them, where they are known to it."""


def residents(rng: Random) -> tuple[Resident, ...]:
    """Return the people of a new home, one to four."""
    count = rng.choices((1, 2, 3, 4), weights=(40, 35, 15, 10))[0]
    names = rng.sample(NAMES, count)
    return tuple(resident(rng, name, child=number > 1) for number, name in enumerate(names))


def resident(rng: Random, name: str, *, child: bool, person: str = "") -> Resident:
    return Resident(
        name=name,
        child=child,
        works=child or rng.random() < 0.8,  # noqa: PLR2004 - assumed
        runs_a_week=0.0 if child else rng.choice((0, 0, 1, 2, 3, 4)),
        person=person,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Turns the times of a local day into ms since 1970."""

    zone: tzinfo

    def day(self, at_ms: int) -> date:
        return datetime.fromtimestamp(at_ms / 1000, self.zone).date()

    def clock(self, at_ms: int) -> str:
        return f"{datetime.fromtimestamp(at_ms / 1000, self.zone):%a %H:%M:%S}"

    def at(self, day: date, minute: float) -> int:
        """Return the time so many minutes after local midnight."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        return round((midnight + timedelta(minutes=minute)).timestamp() * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The days of one home; each day of each person has chance of its own."""

    seed: int
    home: int
    people: tuple[Resident, ...]
    calendar: Calendar

    def acts(self, day: date) -> list[Act]:
        """Return what happens from one morning to the night after it, in order of time."""
        found = [act for one in self.people for act in self._person(one, day)]
        found += self._laundry(day)
        return sorted(found, key=lambda act: (act.at_ms, act.do, act.person))

    # -------------------------------------------------------------------------------- a person

    def _person(self, who: Resident, day: date) -> Iterator[Act]:
        rng = chance(self.seed, self.home, who.name, day.isoformat())
        weekend = day.weekday() >= SATURDAY
        wake = rng.gauss(8 * 60 if weekend else 6.7 * 60, 25)
        sleep = rng.gauss(21.3 * 60 if who.child else 23.3 * 60, 30)
        yield self._act(day, wake, Do.WAKE, who)
        yield from self._kitchen(day, wake + rng.uniform(15, 40), who, rng)
        away = self._away(who, rng, weekend=weekend)
        if away is not None:
            leave, home = away
            yield self._act(day, leave, Do.LEAVE, who)
            yield self._act(day, home, Do.COME_HOME, who)
            yield from self._evening(day, max(home, rng.gauss(17.2 * 60, 20)), who, rng)
        else:
            yield from self._kitchen(day, rng.gauss(12.5 * 60, 20), who, rng)
            yield from self._evening(day, rng.gauss(17.5 * 60, 30), who, rng)
        yield self._act(day, sleep - rng.uniform(70, 90), Do.CHARGE_WATCH, who)
        yield self._act(day, sleep - rng.uniform(5, 25), Do.WEAR_WATCH, who)
        yield self._act(day, sleep, Do.SLEEP, who)

    @staticmethod
    def _away(who: Resident, rng: Random, *, weekend: bool) -> tuple[float, float] | None:
        """Return when they leave and come back, in minutes of the day; None: they stay."""
        if who.works and not weekend:
            return rng.gauss(8.2 * 60, 20), rng.gauss(15.7 * 60 if who.child else 18.3 * 60, 35)
        if rng.random() < 0.5:  # noqa: PLR2004 - every other free day
            leave = rng.uniform(9.5 * 60, 14 * 60)
            return leave, leave + rng.uniform(60, 240)
        return None

    def _evening(self, day: date, home: float, who: Resident, rng: Random) -> Iterator[Act]:
        if who == self.people[0] and rng.random() < 0.45:  # noqa: PLR2004 - some three times a week
            yield self._act(day, home + 4, Do.SHOP, who, things=rng.randint(3, 8))
        if rng.random() < 0.35:  # noqa: PLR2004 - a coat or suit now and then
            yield self._act(day, home + 12, Do.HANG, who)
        if rng.random() < who.runs_a_week / 7:
            start = home + rng.uniform(15, 30)
            minutes = rng.uniform(20, 45)
            yield self._act(day, start, Do.RUN, who, for_min=minutes)
            home = start + minutes
        if who == self.people[0]:
            yield from self._kitchen(day, home + rng.uniform(30, 50), who, rng, cooks=True)
        yield from self._kitchen(day, home + rng.uniform(80, 120), who, rng)

    def _kitchen(
        self, day: date, minute: float, who: Resident, rng: Random, *, cooks: bool = False
    ) -> Iterator[Act]:
        """Go to the fridge, for something to eat or to cook."""
        seconds = rng.uniform(8, 30)
        if rng.random() < LEFT_OPEN:
            seconds = rng.uniform(8, 40) * 60
        things = rng.randint(2, 4) if cooks else 1
        yield self._act(day, minute, Do.COOK, who, for_min=seconds / 60, things=things)
        if rng.random() < 0.15:  # noqa: PLR2004 - something frozen
            yield self._act(
                day, minute + 2, Do.OPEN, who, device="fridge", for_min=0.3, door="freezer"
            )

    # ------------------------------------------------------------------------------- the home

    def _laundry(self, day: date) -> Iterator[Act]:
        """A load or two on some days, when somebody is likely at home."""
        rng = chance(self.seed, self.home, "laundry", day.isoformat())
        weekend = day.weekday() >= SATURDAY
        usual = 0.25 + 0.1 * len(self.people)
        if rng.random() >= (0.75 if weekend else usual):
            return
        minute = rng.gauss(10.5 * 60 if weekend else 19.5 * 60, 40)
        if rng.random() < 0.25:  # noqa: PLR2004 - assumed
            yield self._act(day, minute - 1, Do.FORGET_LOAD, self.people[0])
        yield self._act(day, minute, Do.WASH, self.people[0])

    def _act(  # noqa: PLR0913, PLR0917 - a day's line: when, what, who, and what of it
        self,
        day: date,
        minute: float,
        do: Do,
        who: Resident,
        device: str = "",
        for_min: float | None = None,
        **more: object,
    ) -> Act:
        for_ms = None if for_min is None else round(for_min * MINUTE_MS)
        at_ms = self.calendar.at(day, minute)
        return Act(at_ms=at_ms, do=do, person=who.name, device=device, for_ms=for_ms, more=more)
