"""A gate that somebody else keeps: the broker's rights are not the hub's to change."""

from collections.abc import Sequence

from hub.ports import Credential


class KeptElsewhere:
    async def open(self) -> None: ...

    async def admit(self, credentials: Sequence[Credential]) -> None: ...

    async def revoke(self, device: str) -> None: ...

    async def sync(self, credentials: Sequence[Credential]) -> None: ...

    async def close(self) -> None: ...
