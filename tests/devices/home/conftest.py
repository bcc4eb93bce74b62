import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from simulators.appliance import Appliance
from simulators.chance import chance
from simulators.home.fridge import Fridge
from simulators.messages import Happening
from simulators.world import HomePlan, Setting, Watchers, World, nameless, plan_homes

START_MS = 1_794_992_800_000
"""Wednesday 18 November 2026, 09:06:40 UTC."""


@pytest.fixture
def start_ms() -> int:
    return START_MS


@pytest.fixture
def fridge() -> Fridge:
    made = Fridge("f-1", "cx/1/main/f-1", boot="b1", rng=chance(1))
    made.step(START_MS)
    return made


@pytest.fixture
def make_world() -> Callable[..., World]:
    """Makes a world without a network, at the start of its first day."""

    def make(
        *,
        homes: int = 1,
        setting: Setting,
        plans: Sequence[HomePlan] | None = None,
        told: list[Happening] | None = None,
    ) -> World:
        plans = plans or plan_homes(homes, seed=setting.seed)
        boots = itertools.count()
        tell = (lambda _: None) if told is None else told.append
        watchers = Watchers(tell=tell, boot=lambda: f"b{next(boots)}")
        world = World(plans, nameless(plans), setting, watchers)
        world.begin(START_MS)
        return world

    return make


@pytest.fixture
def said() -> Callable[[Appliance], list[dict[str, Any]]]:
    """Returns what a device keeps for the hub: every reading and event, in order."""
    return lambda device: [content for _, content in device.outbox.contents()]
