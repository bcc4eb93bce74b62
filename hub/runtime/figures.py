"""What the runtime counts, a batch at a time."""

from typing import Protocol


class Figures(Protocol):
    """Where counts go; the composition root gives one that Prometheus can read."""

    def committed(self, *, messages: int, samples: int, seconds: float) -> None:
        """A group was committed: how many messages and samples, and how long it took."""

    def rejected(self, count: int) -> None: ...

    def sent(self, count: int) -> None:
        """So many commands were handed to the broker."""

    def stored(self, count: int) -> None:
        """So many samples reached the series store."""

    def backlog(self, samples: int) -> None: ...


class NoFigures:
    """Counts nothing."""

    def committed(self, *, messages: int, samples: int, seconds: float) -> None: ...
    def rejected(self, count: int) -> None: ...
    def sent(self, count: int) -> None: ...
    def stored(self, count: int) -> None: ...
    def backlog(self, samples: int) -> None: ...
