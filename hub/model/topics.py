"""The topics of `cx/1/{cell}/{device}/…`: written and read in one place."""

import re
from dataclasses import dataclass
from functools import lru_cache

from hub.errors import InvalidInputError

DEVICE_ID = re.compile(r"(?!hub-)[a-z0-9-]{1,23}\Z", re.ASCII)
"""What every broker can carry as client id and user name."""

UP = frozenset({"telemetry", "event", "state", "status", "reply", "description"})
DOWN = frozenset({"command", "desired", "receipt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """The topics of one cell under one root."""

    root: str = "cx/1"
    cell: str = "main"

    @property
    def subscription(self) -> str:
        """What the hub subscribes: every device's every word, one level each.

        `#` would count twice against the embedded broker's window.
        """
        return f"{self.root}/{self.cell}/+/up/+"

    def base(self, device: str) -> str:
        """Return the device's topic base, which it treats as opaque."""
        return f"{self.root}/{self.cell}/{device}"

    def down(self, device: str, leaf: str) -> str:
        return f"{self.root}/{self.cell}/{device}/down/{leaf}"

    def parse_up(self, topic: str) -> tuple[str, str]:
        """Return (device id, leaf) of a topic a device wrote.

        Raises:
            InvalidInputError: not of this cell, not a device id, or no such leaf.
        """
        return _parse_up(self.root, self.cell, topic)


@lru_cache(maxsize=65_536)
def _parse_up(root: str, cell: str, topic: str) -> tuple[str, str]:
    """Kept, as the same devices write the same topics; what is refused is not kept."""
    prefix = f"{root}/{cell}/"
    device, _, rest = topic[len(prefix) :].partition("/up/")
    if not topic.startswith(prefix) or rest not in UP or not DEVICE_ID.match(device):
        message = f"not a topic that a device writes: {topic[:200]!r}"
        raise InvalidInputError(message)
    return device, rest
