"""Leaves a partner alone that keeps failing, and tries with one call whether it is back."""

from dataclasses import dataclass

FAILURES = 5
"""In a row, after which nothing more is sent for a while."""
FIRST_PAUSE_MS = 30_000
LONGEST_PAUSE_MS = 300_000


@dataclass(slots=True)
class Breaker:
    """Of one service; open while it is left alone, half open while one call tries it."""

    failures: int = 0
    """In a row."""
    open_until_ms: int = 0
    pause_ms: int = FIRST_PAUSE_MS
    probing: bool = False
    reason: str = ""
    """Of the newest failure."""

    @property
    def state(self) -> str:
        if self.failures < FAILURES:
            return "closed"
        return "half_open" if self.probing else "open"

    def room(self, limit: int, *, now_ms: int) -> int:
        """Return how many calls may go now, of at most `limit`."""
        if self.failures < FAILURES:
            return limit
        return 0 if self.probing or now_ms < self.open_until_ms else 1

    def began(self) -> None:
        self.probing = self.failures >= FAILURES

    def worked(self) -> None:
        self.failures, self.probing, self.reason = 0, False, ""
        self.open_until_ms, self.pause_ms = 0, FIRST_PAUSE_MS

    def failed(self, reason: str, *, now_ms: int) -> None:
        """Count a failure; each probe that fails doubles the pause."""
        if self.probing:
            self.pause_ms = min(self.pause_ms * 2, LONGEST_PAUSE_MS)
        self.failures += 1
        self.probing = False
        self.reason = reason
        if self.failures >= FAILURES:
            self.open_until_ms = now_ms + self.pause_ms
