"""How a sandbox behaves towards the hub, and until when."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from starlette.responses import Response

from hub.errors import InvalidInputError

JSON = "application/json"


class Mode(StrEnum):
    OK = "ok"
    SLOW = "slow"
    """Answers after `slow_s`."""
    DOWN = "down"
    """Answers 503 or hangs up, and says nothing by itself."""
    WRONG = "wrong"
    """Does what it is asked and answers something else."""
    TWICE = "twice"
    """The first answer to each key comes after `late_s`, and every webhook twice."""
    OUT_OF_ORDER = "out_of_order"
    """Webhooks are shuffled."""


class Wrong(StrEnum):
    GARBAGE = "garbage"
    TYPES = "types"
    STAGE = "stage"
    """A stage or status that no contract knows."""
    OTHER = "other"
    """About something that was not asked about."""
    PAGE = "page"
    """HTML with status 200."""
    HUGE = "huge"
    REDIRECT = "redirect"
    ERROR_AFTER = "error_after"
    """500, with the thing done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A mode for so long."""

    mode: Mode
    for_s: float | None = None
    """Simulated seconds; None: until further notice."""
    variant: Wrong | None = None
    """Of `wrong`: always this one instead of any."""


def parse_spells(text: str) -> tuple[Spell, ...]:
    """Return the spells of `ok:60,down:600,twice`.

    Raises:
        InvalidInputError: no such mode, or a length that is none.
    """
    spells = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, _, length = part.partition(":")
        try:
            spells.append(Spell(mode=Mode(name), for_s=float(length) if length else None))
        except ValueError:
            message = f"--mode {part}: one of {', '.join(Mode)}, and seconds behind a colon"
            raise InvalidInputError(message) from None
    return tuple(spells)


@dataclass(slots=True, kw_only=True)
class Modes:
    """The spells one after the other; after the last of them, ok."""

    rng: Random
    _spells: list[tuple[Spell, float | None]] = field(default_factory=list)
    """With the simulated time, ms, at which each ends."""

    def set(self, spells: Sequence[Spell], *, now_ms: int) -> None:
        self._spells = []
        end: float | None = now_ms
        for spell in spells:
            end = None if end is None or spell.for_s is None else end + spell.for_s * 1000
            self._spells.append((spell, end))
            if end is None:
                break

    def at(self, now_ms: int) -> Spell:
        for spell, end in self._spells:
            if end is None or now_ms < end:
                return spell
        return Spell(mode=Mode.OK)

    def spoil(self, spell: Spell, document: Mapping[str, object]) -> Response:
        """Return something other than the answer that is due."""
        wrong = spell.variant or self.rng.choice(list(Wrong))
        if wrong in _FIXED:
            return _FIXED[wrong]()
        stage = "stage" if "stage" in document else "status"
        subject = "order" if "order" in document else "listing"
        changes: dict[Wrong, dict[str, object]] = {
            Wrong.TYPES: {"version": "three"},
            Wrong.STAGE: {stage: "lost_in_space"},
            Wrong.OTHER: {subject: "somebody-elses"},
            Wrong.HUGE: {"reason": "x" * 1_000_000},
        }
        return _json({**document, **changes[wrong]})


_FIXED: Mapping[Wrong, Callable[[], Response]] = {
    Wrong.GARBAGE: lambda: Response('{"order": "or_1", "vers', media_type=JSON),
    Wrong.PAGE: lambda: Response("<html>Welcome</html>", media_type="text/html"),
    Wrong.REDIRECT: lambda: Response(status_code=307, headers={"location": "http://127.0.0.1:1/"}),
    Wrong.ERROR_AFTER: lambda: Response(status_code=500),
}


def _json(document: Mapping[str, object]) -> Response:
    return Response(json.dumps(document), media_type=JSON)
