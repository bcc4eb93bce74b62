"""A gatekeeper that only remembers: for the memory broker, tests and trials."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from hub.adapters.gatekeeper.tokens import matches
from hub.ports import Credential


class MemoryGatekeeper:
    def __init__(self) -> None:
        self._credentials: dict[str, Credential] = {}

    @property
    def admitted(self) -> Mapping[str, Credential]:
        """The credentials of the devices that may connect, by device id."""
        return MappingProxyType(self._credentials)

    def lets_in(self, device: str, token: str, *, client_id: str | None = None) -> bool:
        """Return whether a broker would accept this; `client_id` is the device id if not given."""
        credential = self._credentials.get(device)
        if credential is None or client_id not in {None, device}:
            return False
        return matches(token, credential)

    async def open(self) -> None: ...

    async def admit(self, credentials: Sequence[Credential]) -> None:
        self._credentials |= {credential.device: credential for credential in credentials}

    async def revoke(self, device: str) -> None:
        self._credentials.pop(device, None)

    async def sync(self, credentials: Sequence[Credential]) -> None:
        self._credentials = {credential.device: credential for credential in credentials}

    async def close(self) -> None: ...
