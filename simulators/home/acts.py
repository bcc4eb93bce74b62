"""What can be done in a home: the words that days and scenarios are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Do(StrEnum):
    """One word of the list that `docs/guides/simulators.md` explains."""

    WAKE = "wake"
    SLEEP = "sleep"
    LEAVE = "leave"
    COME_HOME = "come_home"
    STAND = "stand"
    STEP_AWAY = "step_away"
    OPEN = "open"
    CLOSE = "close"
    COOK = "cook"
    SHOP = "shop"
    PUT_IN = "put_in"
    TAKE_OUT = "take_out"
    RECOUNT = "recount"
    RUN = "run"
    STOP_RUN = "stop_run"
    CHARGE_WATCH = "charge_watch"
    WEAR_WATCH = "wear_watch"
    WASH = "wash"
    FORGET_LOAD = "forget_load"
    TAKE_LOAD = "take_load"
    DRY = "dry"
    HANG = "hang"
    UNPLUG = "unplug"
    PLUG_IN = "plug_in"
    FAULT = "fault"
    SET = "set"
    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that somebody does, or that happens, at one time in one home."""

    at_ms: int
    do: Do
    person: str = ""
    device: str = ""
    """A kind, or a kind and a person: `watch/Mina`."""
    for_ms: int | None = None
    more: Mapping[str, object] = field(default_factory=dict)
