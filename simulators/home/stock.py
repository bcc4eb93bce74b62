"""What is in a fridge: who bought how much of it, and until when it is good."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from simulators.home.foods import FOODS, Food


@dataclass(slots=True, kw_only=True)
class Stored:
    item: str
    food: Food
    name: str
    quantity: float
    expires: date

    @property
    def mass_kg(self) -> float:
        return self.food.mass_kg * self.quantity / self.food.quantity

    def told(self) -> Mapping[str, object]:
        return {
            "item": self.item,
            "name": self.name,
            "quantity": self.quantity,
            "unit": self.food.unit,
            "expires": self.expires.isoformat(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    item: str
    quantity: float
    mass_kg: float


class Stock:
    """The things of one fridge; ids are its own and never used twice."""

    def __init__(self, *, rng: Random, prefix: str, language: str) -> None:
        self._rng = rng
        self._prefix = prefix
        self._language = language
        self._made = 0
        self.items: list[Stored] = []

    def add(self, today: date, *, name: str | None = None) -> Stored:
        """Put one thing in: of this name (English or Korean), or what people happen to buy."""
        food = next((one for one in FOODS if name in {one.en, one.ko}), None)
        if food is None:
            food = self._rng.choice(FOODS)
        self._made += 1
        stored = Stored(
            item=f"it-{self._prefix}-{self._made}",
            food=food,
            name=name or food.name(self._language),
            quantity=food.quantity,
            expires=today + timedelta(days=food.days + self._rng.randint(-1, 2)),
        )
        self.items.append(stored)
        return stored

    def take(self, *, item: str | None = None) -> Taken | None:
        """Take some of what expires first, or of one item; None if there is none."""
        wanted = [one for one in self.items if item in {None, one.item, one.name}]
        if not wanted:
            return None
        stored = min(wanted, key=lambda one: one.expires)
        piece = 1.0 if stored.food.unit == "{piece}" else stored.food.quantity / 4
        quantity = min(stored.quantity, piece * self._rng.randint(1, 2))
        mass_kg = stored.mass_kg * quantity / stored.quantity
        stored.quantity = round(stored.quantity - quantity, 3)
        if stored.quantity <= 0:
            self.items.remove(stored)
        return Taken(item=stored.item, quantity=quantity, mass_kg=mass_kg)

    def days_left(self, today: date) -> int | None:
        """Return the days until the first thing expires; None with nothing in it."""
        return min(((one.expires - today).days for one in self.items), default=None)

    def told(self) -> list[Mapping[str, object]]:
        return [one.told() for one in self.items]
