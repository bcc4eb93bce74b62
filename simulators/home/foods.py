"""What people keep in a fridge."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Food:
    """One kind of food; quantity and shelf life are assumed, they come from no source."""

    en: str
    ko: str
    unit: str
    """UCUM code."""
    quantity: float
    """Bought at once."""
    mass_kg: float
    """Of that quantity."""
    days: int
    """From shop to expiry."""

    def name(self, language: str) -> str:
        return self.ko if language == "ko" else self.en


def _food(  # noqa: PLR0913, PLR0917 - a table's columns
    en: str, ko: str, unit: str, quantity: float, mass_kg: float, days: int
) -> Food:
    return Food(en=en, ko=ko, unit=unit, quantity=quantity, mass_kg=mass_kg, days=days)


FOODS = (
    _food("Milk", "우유", "mL", 1000, 1.03, 9),
    _food("Eggs", "달걀", "{piece}", 10, 0.6, 25),
    _food("Tofu", "두부", "g", 300, 0.3, 10),
    _food("Kimchi", "김치", "g", 1500, 1.5, 60),
    _food("Spinach", "시금치", "g", 250, 0.25, 4),
    _food("Chicken breast", "닭가슴살", "g", 500, 0.5, 3),
    _food("Beef", "소고기", "g", 400, 0.4, 4),
    _food("Salmon", "연어", "g", 300, 0.3, 2),
    _food("Yoghurt", "요거트", "{piece}", 4, 0.5, 18),
    _food("Cheese", "치즈", "g", 200, 0.2, 40),
    _food("Butter", "버터", "g", 250, 0.25, 90),
    _food("Apples", "사과", "{piece}", 6, 1.2, 30),
    _food("Strawberries", "딸기", "g", 500, 0.5, 4),
    _food("Lettuce", "상추", "g", 200, 0.2, 6),
    _food("Carrots", "당근", "g", 500, 0.5, 25),
    _food("Spring onions", "대파", "g", 300, 0.3, 10),
    _food("Bean sprouts", "콩나물", "g", 300, 0.3, 3),
    _food("Orange juice", "오렌지 주스", "mL", 900, 0.95, 12),
    _food("Ham", "햄", "g", 200, 0.2, 14),
    _food("Leftover stew", "남은 찌개", "g", 600, 0.6, 3),
)
