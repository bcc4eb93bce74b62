"""What the hub can speak to."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from hub.api.bodies import PageOf, Shown
from hub.api.gate import Parts, SignedIn
from hub.api.parts import ApiParts
from hub.api.problems import documented
from hub.errors import UnknownError
from hub.model import (
    Capability,
    CommandSpec,
    DescribedKind,
    DeviceKind,
    Property,
    Reader,
    ValueType,
)

router = APIRouter(prefix="/kinds", tags=["kinds"])


class PropertyShown(Shown):
    name: str
    type: ValueType
    unit: str
    """UCUM code; empty where the value has none."""
    minimum: float | None
    maximum: float | None
    choices: list[str]
    max_length: int | None
    """Of a string, in characters."""
    settable: bool
    """Whether it can be given as `desired` of the twin."""
    needs: str | None
    """A boolean property without which a reading means nothing."""
    title_en: str
    title_ko: str


class ArgumentShown(Shown):
    name: str
    type: str
    description: str


class CommandShown(Shown):
    name: str
    description: str
    arguments: list[ArgumentShown]


class CapabilityShown(Shown):
    name: str
    properties: list[PropertyShown]
    events: list[str]
    commands: list[CommandShown]


class KindShown(Shown):
    name: str = Field(examples=["watch"])
    title_en: str
    title_ko: str
    capabilities: list[CapabilityShown]
    described: bool
    """Whether a device said it of itself while the hub ran."""


class KindWithPayload(KindShown):
    payload: dict[str, Any]
    """JSON Schema of what a device of this kind may publish on `up/telemetry`."""


@router.get("", summary="List the kinds of device", responses=documented(401))
async def list_kinds(parts: Parts, reader: SignedIn) -> PageOf[KindShown]:
    """All of them on one page, by name; of those that devices described, the ones you have."""
    seen = (kind for _, kind in sorted(parts.kinds.items()) if _may_see(parts, reader, kind.name))
    return PageOf(items=[KindShown(**_members(kind, parts)) for kind in seen])


@router.get("/{name}", summary="Show one kind of device", responses=documented(401, 404))
async def show_kind(name: str, parts: Parts, reader: SignedIn) -> KindWithPayload:
    kind = kind_of(parts, name)
    if not _may_see(parts, reader, name):
        raise UnknownError(what="device kind", name=name[:64])
    return KindWithPayload(
        **_members(kind, parts),
        payload=parts.payload_schema(kind),
    )


def _may_see(parts: ApiParts, reader: Reader, name: str) -> bool:
    """Return whether a plug-in declares the kind, or the reader's home has a device of it."""
    if reader.is_operator or parts.worker.kept(DescribedKind, name) is None:
        return True
    return any(name in parts.worker.kinds_in(home) for home in reader.roles)


def kind_of(parts: ApiParts, name: str) -> DeviceKind:
    """Return the kind.

    Raises:
        UnknownError: no plug-in declares it.
    """
    kind = parts.kinds.get(name)
    if kind is None:
        raise UnknownError(what="device kind", name=name[:64])
    return kind


def _members(kind: DeviceKind, parts: ApiParts) -> dict[str, Any]:
    return {
        "name": kind.name,
        "title_en": kind.title_en,
        "title_ko": kind.title_ko,
        "capabilities": [_capability(capability) for capability in kind.capabilities],
        "described": parts.worker.kept(DescribedKind, kind.name) is not None,
    }


def _capability(capability: Capability) -> CapabilityShown:
    return CapabilityShown(
        name=capability.name,
        properties=[_property(spec) for spec in capability.properties],
        events=list(capability.events),
        commands=[_command(spec) for spec in capability.commands],
    )


def _property(spec: Property) -> PropertyShown:
    return PropertyShown(
        name=spec.name,
        type=spec.type,
        unit=spec.unit,
        minimum=spec.minimum,
        maximum=spec.maximum,
        choices=list(spec.choices),
        max_length=spec.max_length if spec.type is ValueType.STRING else None,
        settable=spec.settable,
        needs=spec.needs,
        title_en=spec.title_en,
        title_ko=spec.title_ko,
    )


def _command(spec: CommandSpec) -> CommandShown:
    return CommandShown(
        name=spec.name,
        description=spec.description,
        arguments=[
            ArgumentShown(name=a.name, type=a.type, description=a.description)
            for a in spec.arguments
        ],
    )
