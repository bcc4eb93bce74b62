"""The gate of Mosquitto: dynamic security, changed while the broker runs.

Every change is a short connection of its own, under a client id of its own. Nothing is held open,
so there is nothing to lose between two claims.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from hub.adapters.broker.connection import connection
from hub.adapters.gatekeeper.dynsec_control import Answer, Command, DynsecControl
from hub.adapters.gatekeeper.dynsec_file import (
    DENIED,
    RightsDirectory,
    device_acls,
    device_role,
    gate_user,
)
from hub.adapters.gatekeeper.tokens import new_token
from hub.errors import InvalidInputError, MisconfiguredError, UnavailableError
from hub.model import Topics
from hub.ports import Credential
from hub.settings import MqttBroker

logger = logging.getLogger(__name__)

PAGE = 500
RETAINED_UP = ("state", "status", "description")


class MosquittoGatekeeper:
    """Only clients with the cell's device role are touched; others on the broker are left alone.

    Mosquitto takes a new device's token, not its hash, so `admit` needs `Credential.token`. Given
    `rights`, it writes the broker's file from the hashes where the broker has lost it.
    """

    def __init__(
        self, settings: MqttBroker, *, topics: Topics, rights: RightsDirectory | None = None
    ) -> None:
        self._settings = settings
        self._topics = topics
        self._rights = rights
        self._lock = asyncio.Lock()
        self._wanted: dict[str, Credential] = {}
        self._locked_out: frozenset[str] = frozenset()

    @property
    def locked_out(self) -> frozenset[str]:
        """Devices that belong in and that the broker does not know, as of the last `sync`."""
        return self._locked_out

    async def open(self) -> None:
        """Make sure that what is not allowed is denied.

        Raises:
            UnavailableError: the broker does not answer.
            MisconfiguredError: it refuses us, or has no dynamic security.
        """
        async with self._control() as control:
            await self._deny_by_default(control)
            await self._define_role(control)

    async def admit(self, credentials: Sequence[Credential]) -> None:
        """Let these in; each must carry its token.

        Raises:
            InvalidInputError: one has no token.
            UnavailableError: the broker does not answer.
        """
        async with self._control() as control:
            await self._admit(control, credentials)
        self._wanted |= {one.device: replace(one, token=None) for one in credentials}
        await self._stay_restored()

    async def revoke(self, device: str) -> None:
        """Shut the device out, end its session, and clear what the broker kept for it.

        Raises:
            UnavailableError: the broker does not answer; call again.
        """
        async with self._control() as control:
            await self._revoke(control, device)
        self._wanted.pop(device, None)
        self._locked_out -= {device}
        await self._stay_restored()

    async def sync(self, credentials: Sequence[Credential]) -> None:
        """Shut out devices that should not be in, and let in those that should.

        Of those that the broker does not know, a token lets one in at once. The others are in
        `locked_out`, and in the broker's file if we may write it, which it reads when it starts.
        """
        wanted = {credential.device: credential for credential in credentials}
        async with self._control() as control:
            known = await self._known(control)
            missing = [wanted[device] for device in wanted.keys() - known]
            await self._admit(control, [one for one in missing if one.token is not None])
            for device in sorted(known - wanted.keys()):
                await self._revoke(control, device)
        self._wanted = {device: replace(one, token=None) for device, one in wanted.items()}
        self._locked_out = frozenset(one.device for one in missing if one.token is None)
        await self._stay_restored()
        if self._locked_out:
            self._complain()

    async def close(self) -> None: ...

    async def _stay_restored(self) -> None:
        """Write the file for the broker's next start, again after whatever made it write its own.

        It reads it at no other time.
        """
        if self._locked_out and self._rights is not None:
            await asyncio.to_thread(self._rights.write, tuple(self._wanted.values()))

    def _complain(self) -> None:
        mend = "rotate their tokens" if self._rights is None else "restart it: its file is mended"
        logger.error(
            "the broker has lost the rights of %d devices; %s",
            len(self._locked_out),
            mend,
            extra={"action": "devices_locked_out", "count": len(self._locked_out)},
        )

    async def _admit(self, control: DynsecControl, credentials: Sequence[Credential]) -> None:
        commands: list[Command] = []
        for credential in credentials:
            # Deleting first replaces an older credential whole, and cuts who came in with it.
            commands += [
                {"command": "deleteClient", "username": credential.device},
                self._create(credential),
            ]
        answers = await control.order(commands)
        for answer in answers:
            if "error" in answer and answer["command"] != "deleteClient":
                message = f"the broker did not let a device in: {answer['error']}"
                raise UnavailableError(message)
        self._locked_out -= {credential.device for credential in credentials}

    def _create(self, credential: Credential) -> Command:
        if credential.token is None:
            message = f"Mosquitto needs the token of {credential.device!r}; rotate it"
            raise InvalidInputError(message)
        return {
            "command": "createClient",
            "username": credential.device,
            "clientid": credential.device,
            "password": credential.token,
            "roles": [{"rolename": device_role(self._topics)}],
        }

    async def _revoke(self, control: DynsecControl, device: str) -> None:
        # A password that only we know shuts the device out and cuts it, and lets us in once more
        # under its name: the only way to make Mosquitto forget its session and what waits there.
        password = new_token()
        answer = await control.ask("setClientPassword", username=device, password=password)
        if "error" in answer:
            return
        async with connection(
            self._settings, client_id=device, username=device, password=password
        ) as client:
            for leaf in RETAINED_UP:
                topic = f"{self._topics.base(device)}/up/{leaf}"
                await client.publish(topic, b"", qos=1, retain=True)
        await control.ask("deleteClient", username=device)
        await control.clear(self._topics.down(device, "desired"))

    async def _known(self, control: DynsecControl) -> frozenset[str]:
        """Return the devices of this cell that the broker has."""
        role = device_role(self._topics)
        known: set[str] = set()
        for offset in range(0, 2**31, PAGE):
            answer = await control.ask("listClients", verbose=True, count=PAGE, offset=offset)
            clients: Sequence[dict[str, Any]] = answer["data"]["clients"]
            known |= {one["username"] for one in clients if _has_role(one, role)}
            if len(clients) < PAGE:
                break
        return frozenset(known)

    async def _deny_by_default(self, control: DynsecControl) -> None:
        answer = await control.ask("getDefaultACLAccess")
        now = {one["acltype"]: one["allow"] for one in answer["data"]["acls"]}
        if now != DENIED:
            acls = [{"acltype": kind, "allow": allow} for kind, allow in DENIED.items()]
            await control.ask("setDefaultACLAccess", acls=acls)

    async def _define_role(self, control: DynsecControl) -> None:
        """Make the devices' role, or mend it; a change cuts all devices, so only if it differs."""
        role, acls = device_role(self._topics), device_acls(self._topics)
        answer = await control.ask("getRole", rolename=role)
        if "error" in answer:
            await control.ask("createRole", rolename=role, acls=acls)
        elif _as_set(answer["data"]["role"].get("acls", ())) != _as_set(acls):
            await control.ask("modifyRole", rolename=role, acls=acls)

    @asynccontextmanager
    async def _control(self) -> AsyncIterator[DynsecControl]:
        secret = self._settings.gatekeeper_password
        if secret is None:
            message = "HUB_BROKER__GATEKEEPER_PASSWORD is needed to let devices in at Mosquitto"
            raise MisconfiguredError(message)
        async with (
            self._lock,
            connection(
                self._settings,
                client_id=gate_user(self._topics),
                username=gate_user(self._topics),
                password=secret.get_secret_value(),
            ) as client,
        ):
            control = DynsecControl(client)
            await control.open()
            yield control


def _has_role(client: Answer, role: str) -> bool:
    return any(one["rolename"] == role for one in client.get("roles", ()))


def _as_set(acls: Sequence[Answer]) -> frozenset[tuple[str, str, int, bool]]:
    return frozenset(
        (one["acltype"], one["topic"], one.get("priority", 0), one["allow"]) for one in acls
    )
