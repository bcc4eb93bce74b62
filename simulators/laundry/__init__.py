"""Washer, dryer and styler with the physics behind them, and the garments that go through."""

from simulators.laundry.dryer import Dryer
from simulators.laundry.fabric import Piece
from simulators.laundry.machine import Machine
from simulators.laundry.plan import GarmentPlan
from simulators.laundry.presets import Preset
from simulators.laundry.styler import Styler
from simulators.laundry.wardrobe import make_wardrobe
from simulators.laundry.washer import Washer

__all__ = [
    "Dryer",
    "GarmentPlan",
    "Machine",
    "Piece",
    "Preset",
    "Styler",
    "Washer",
    "make_wardrobe",
]
