"""What people do when a device touches, sounds or asks."""

from collections.abc import Iterator, Mapping

from simulators.appliance import Appliance
from simulators.chance import chance
from simulators.home.acts import Act, Do
from simulators.home.fridge import Fridge
from simulators.home.life import Life
from simulators.messages import Happening

HEEDS = 0.2
"""Share of touches of the first step that somebody acts on; assumed."""
HEEDS_MORE = 0.15
"""By each further step."""
ANSWERS = 0.6
SAYS_YES = 0.65
SOON_MS = (15_000, 90_000)
ANSWERS_WITHIN_MS = (10_000, 240_000)


class Reactions:
    """Each touch and question has chance of its own, so that the days stay as they are."""

    def __init__(
        self, seed: int, home: int, lives: Mapping[str, Life], devices: Mapping[str, Appliance]
    ) -> None:
        self._seed = seed
        self._home = home
        self._lives = lives
        self._slots = {device.device: slot for slot, device in devices.items()}
        self._devices = devices

    def to(self, happening: Happening) -> Iterator[Act]:
        """Return what somebody will do about it, if they do anything."""
        slot = self._slots.get(happening.device)
        if slot is None:
            return
        if happening.what == "felt" and happening.details.get("by") == "hub":
            yield from self._to_touch(slot, happening)
        elif happening.what == "said" and happening.details.get("ask"):
            yield from self._to_question(slot, happening)

    def _to_touch(self, slot: str, felt: Happening) -> Iterator[Act]:
        step = felt.details.get("step")
        rng = chance(self._seed, self._home, slot, felt.details.get("alert"), step)
        life = self._whoever(slot)
        heeds = HEEDS + HEEDS_MORE * (step if isinstance(step, int) else 1)
        if life is None or rng.random() >= heeds:
            return
        at_ms = felt.at_ms + rng.randint(*SOON_MS)
        yield Act(at_ms=felt.at_ms + SOON_MS[0] // 2, do=Do.ACKNOWLEDGE, device=slot)
        if life.at_home:
            yield from self._put_right(life.who.name, at_ms)

    def _put_right(self, person: str, at_ms: int) -> Iterator[Act]:
        """Close what stands open, and take out what waits."""
        fridge = self._devices.get("fridge")
        if isinstance(fridge, Fridge) and fridge.cold.fridge.open:
            yield Act(at_ms=at_ms, do=Do.CLOSE, device="fridge", person=person)
        if isinstance(fridge, Fridge) and fridge.cold.freezer.open:
            more = {"door": "freezer"}
            yield Act(at_ms=at_ms, do=Do.CLOSE, device="fridge", person=person, more=more)
        for slot, device in self._devices.items():
            if device.values.get("load_waiting") is True:
                yield Act(at_ms=at_ms + 30_000, do=Do.TAKE_LOAD, device=slot, person=person)

    def _to_question(self, slot: str, asked: Happening) -> Iterator[Act]:
        moment = asked.details.get("moment")
        rng = chance(self._seed, self._home, slot, moment)
        if self._whoever(slot) is None or rng.random() >= ANSWERS:
            return
        answer = "yes" if rng.random() < SAYS_YES else "no"
        at_ms = asked.at_ms + rng.randint(*ANSWERS_WITHIN_MS)
        more = {"moment": moment, "answer": answer}
        yield Act(at_ms=at_ms, do=Do.ANSWER, device=slot, more=more)

    def _whoever(self, slot: str) -> Life | None:
        """Return who feels or hears it: its owner, or for the home's devices who is there."""
        _, _, owner = slot.partition("/")
        if owner:
            life = self._lives.get(owner)
            return life if life is not None and not life.asleep else None
        here = (life for life in self._lives.values() if life.at_home and not life.asleep)
        return next(here, None)
