"""What a wrist feels and hears."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.model import Haptic, Sound

FADES_MS = 30_000
"""A touch that nothing follows is over after this long, also without `alert_end`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One touch and sound, as the command `alert` asks for it or the watch itself decides."""

    alert: str
    step: int
    """From 1."""
    haptic: Haptic | None = None
    sound: Sound | None = None
    text: Mapping[str, str] = field(default_factory=dict)


class Wrist:
    def __init__(self) -> None:
        self.touches = 0
        self.last: Touch | None = None
        self._felt: dict[str, tuple[int, Touch]] = {}

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
        """Return the step felt, counted from 1; 0 while the wrist is calm."""
        touch = self.felt(now_ms)
        return 0 if touch is None else touch.step
