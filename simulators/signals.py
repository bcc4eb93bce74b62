"""What a device makes people feel and hear: touches, sounds and sentences."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.model import Haptic, Sound

FADES_MS = 30_000
"""A touch that nothing follows is over after this long, also without `alert_end`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One touch and sound, as the command `alert` asks for it or a watch itself decides."""

    alert: str
    step: int
    """From 1."""
    haptic: Haptic | None = None
    sound: Sound | None = None
    text: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence to whoever is there, as the command `say` asks for it."""

    moment: str
    text: Mapping[str, str]
    ask: bool = False
    """Whether yes or no is waited for."""


class Signals:
    def __init__(self) -> None:
        self.touches = 0
        self.last: Touch | None = None
        self.said: Sentence | None = None
        """The last sentence."""
        self._felt: dict[str, tuple[int, Touch]] = {}
        self._asked: dict[str, Sentence] = {}

    def touch(self, touch: Touch, *, at_ms: int) -> None:
        self.touches += 1
        self.last = touch
        self._felt[touch.alert] = (at_ms, touch)

    def end(self, alert: str) -> bool:
        """Return whether this alert was felt."""
        return self._felt.pop(alert, None) is not None

    def felt(self, now_ms: int) -> Touch | None:
        """Return the strongest touch that has not faded."""
        alive = [touch for at_ms, touch in self._felt.values() if now_ms - at_ms < FADES_MS]
        return max(alive, key=lambda touch: touch.step, default=None)

    def urge(self, now_ms: int) -> int:
        """Return the step felt, counted from 1; 0 while all is calm."""
        touch = self.felt(now_ms)
        return 0 if touch is None else touch.step

    def say(self, sentence: Sentence) -> None:
        self.said = sentence
        if sentence.ask:
            self._asked[sentence.moment] = sentence

    def answer(self, moment: str) -> bool:
        """Return whether this moment was asked and not answered yet."""
        return self._asked.pop(moment, None) is not None

    @property
    def asked(self) -> list[Sentence]:
        """Questions that wait, the oldest first."""
        return list(self._asked.values())
