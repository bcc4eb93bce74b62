"""The advisory locks of a hub's database; their numbers are the same in every version of the hub.

They hold within one database of the server.
"""

from typing import Final

_HUB: Final = 0x6875_6200
COMMITS: Final = _HUB + 1
"""Held by the connection that commits, for as long as it lives: there is one such connection.

A server that hung and comes back may still run what was sent to it before the hub gave up. The new
connection gets the lock only when the old one has ended, so nothing old is written over newer.
"""
SMALL_WRITE: Final = _HUB + 2
"""Held for one small transaction, as SQLite's one writer is: what it read still holds."""
UPGRADE: Final = _HUB + 3
"""Held while the schema is changed."""
