"""Takes new devices in: records, broker and worker, all of it or nothing."""

import asyncio
import logging
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hub.api.parts import ApiParts
from hub.api.times import moment
from hub.errors import HubError
from hub.model import Binding, Device, DeviceKind, Rule
from hub.ports import Credential

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDevice:
    kind: DeviceKind
    name: str
    household: str
    person: str | None
    """Whom it is bound to from the beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    device: str
    token: str
    base: str


async def register(wanted: Sequence[NewDevice], *, parts: ApiParts) -> list[Admitted]:
    """Add the devices, let them in at the broker, and return their tokens: the only time.

    Raises:
        UnavailableError: none of them came in.
    """
    now = moment(parts.clock.now_ms())
    devices = [
        Device(
            id=_new_id(new.kind),
            kind=new.kind.name,
            name=new.name,
            household=new.household,
            cell=parts.topics.cell,
            created_at=now,
        )
        for new in wanted
    ]
    tokens = [parts.new_token() for _ in devices]
    credentials = await asyncio.to_thread(_hashed, devices, tokens, parts)
    rules = [
        rule
        for new, device in zip(wanted, devices, strict=True)
        for rule in default_rules(new.kind, device)
    ]
    try:
        await parts.records.add_devices(devices, credentials=credentials, rules=rules)
        for new, device in zip(wanted, devices, strict=True):
            if new.person is not None:
                binding = Binding(device=device.id, person=new.person, since_at=now)
                await parts.records.bind(binding)
        carried = zip(credentials, tokens, strict=True)
        await parts.gatekeeper.admit([replace(c, token=token) for c, token in carried])
        await parts.worker.refresh(*(device.id for device in devices))
    except HubError:
        await _take_back(devices, parts=parts)
        raise
    return [
        Admitted(device=device.id, token=token, base=parts.topics.base(device.id))
        for device, token in zip(devices, tokens, strict=True)
    ]


def default_rules(kind: DeviceKind, device: Device) -> list[Rule]:
    """Return the rules of the kind for this device, whomever it is bound to."""
    return [
        Rule(
            id=f"r_{secrets.token_hex(12)}",
            household=device.household,
            person=None,
            spec=replace(spec, kind=None, devices=(device.id,)),
        )
        for spec in kind.default_rules
    ]


def _new_id(kind: DeviceKind) -> str:
    """Return an id that every broker can carry: the kind's initial and 48 random bits."""
    initial = kind.name[:1].lower()
    return f"{initial if re.match('[a-z]', initial) else 'd'}-{secrets.token_hex(6)}"


def _hashed(devices: Sequence[Device], tokens: Sequence[str], parts: ApiParts) -> list[Credential]:
    pairs = zip(tokens, devices, strict=True)
    return [parts.hash_token(token, device.id) for token, device in pairs]


async def _take_back(devices: Sequence[Device], *, parts: ApiParts) -> None:
    """Shut out what came in halfway: its token was given to nobody."""
    try:
        for device in devices:
            if await parts.records.device(device.id) is not None:
                await parts.records.revoke(device.id, now_ms=parts.clock.now_ms())
    except HubError:
        logger.warning(
            "%d devices came in halfway and could not be shut out; nobody has their tokens",
            len(devices),
            extra={"action": "registration_torn"},
        )
