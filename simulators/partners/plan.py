"""The real life of an order at the cleaner's: what was promised, and what slips."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

import msgspec

HOUR_MS = 3_600_000
PROMISE = {
    "picked_up": 0.0,
    "cleaning": 0.15,
    "ready": 0.75,
    "out_for_delivery": 0.9,
    "delivered": 1.0,
}
"""Share of the turn-around at which each stage is promised; `picked_up` at the slot's end."""
PLACES = {
    "picked_up": "with the courier",
    "cleaning": "at the works, Seongsu-dong",
    "ready": "at the works, Seongsu-dong",
    "out_for_delivery": "on the way to you",
    "delivered": "at your door",
}


class Slip(StrEnum):
    NONE = "none"
    ANNOUNCED = "announced"
    """It will be late, and the partner says so by webhook at once."""
    SILENT = "silent"
    """It will be late, and only who asks is told."""
    WOBBLE = "wobble"
    """A milestone is missed and caught up: delivered in time all the same."""


class Due(msgspec.Struct):
    """A milestone: this stage by then."""

    stage: str
    due_ms: int


class Happening(msgspec.Struct):
    """One thing that will happen to an order."""

    at_ms: int
    stage: str
    place: str
    expected_ms: int
    tell: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Odds:
    """How often orders slip."""

    slip: float = 0.0
    """Share that will be late; half of them silently."""
    wobble: float = 0.0


def promise(slot_start_ms: int, slot_end_ms: int, *, turnaround_h: float) -> list[Due]:
    whole_ms = turnaround_h * HOUR_MS
    return [
        Due(stage=stage, due_ms=max(slot_end_ms + round(share * whole_ms), slot_start_ms))
        for stage, share in PROMISE.items()
    ]


def choose(odds: Odds, rng: Random) -> Slip:
    drawn = rng.random()
    if drawn < odds.slip:
        return rng.choice((Slip.ANNOUNCED, Slip.SILENT))
    return Slip.WOBBLE if drawn < odds.slip + odds.wobble else Slip.NONE


def live(milestones: Sequence[Due], *, begin_ms: int, slip: Slip, rng: Random) -> list[Happening]:
    """Return everything that will happen, in order of time.

    `begin_ms`: from then on it can be picked up. A late order misses a milestone before its
    delivery's, so that whoever watches the milestones can know before the promised time.
    """
    at = list(_in_time(milestones, begin_ms=begin_ms, rng=rng))
    promised_ms = milestones[-1].due_ms
    if slip is Slip.NONE:
        return [_reached(one, at[number], promised_ms) for number, one in enumerate(milestones)]
    stalled = rng.randrange(len(milestones) - 1)
    if slip is Slip.WOBBLE:
        at[stalled] = _caught_up(milestones, stalled, rng)
        at = sorted(at)
        return [_reached(one, at[number], promised_ms) for number, one in enumerate(milestones)]
    return _late(milestones, at, stalled=stalled, tell=slip is Slip.ANNOUNCED, rng=rng)


def _in_time(milestones: Sequence[Due], *, begin_ms: int, rng: Random) -> Iterator[int]:
    before_ms = begin_ms
    for milestone in milestones:
        span_ms = milestone.due_ms - before_ms
        yield before_ms + round(span_ms * rng.uniform(0.3, 0.9))
        before_ms = milestone.due_ms


def _caught_up(milestones: Sequence[Due], stalled: int, rng: Random) -> int:
    """Return a time behind the missed milestone and before the next."""
    due_ms, next_ms = milestones[stalled].due_ms, milestones[stalled + 1].due_ms
    return due_ms + round((next_ms - due_ms) * rng.uniform(0.05, 0.25))


def _late(
    milestones: Sequence[Due], at: Sequence[int], *, stalled: int, tell: bool, rng: Random
) -> list[Happening]:
    whole_ms = milestones[-1].due_ms - milestones[0].due_ms
    delay_ms = whole_ms // 4 + round(whole_ms * rng.uniform(0, 0.75))
    expected_ms = milestones[-1].due_ms + delay_ms
    reached = [
        _reached(one, at[number], milestones[-1].due_ms)
        for number, one in enumerate(milestones[:stalled])
    ]
    before = milestones[stalled - 1].stage if stalled else "placed"
    # It is known before the milestone passes: who asks once it has passed hears the truth.
    word = Happening(
        at_ms=at[stalled],
        stage=before,
        place=PLACES.get(before, ""),
        expected_ms=expected_ms,
        tell=tell,
    )
    after = [
        _reached(one, at[number] + delay_ms, expected_ms)
        for number, one in enumerate(milestones)
        if number >= stalled
    ]
    return [*reached, word, *after]


def _reached(milestone: Due, at_ms: int, expected_ms: int) -> Happening:
    stage = milestone.stage
    return Happening(at_ms=at_ms, stage=stage, place=PLACES[stage], expected_ms=expected_ms)
