"""Ask a device for something, and follow what becomes of it."""

import math
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, Field, JsonValue

from hub.api.bodies import Body, Cursor, Limit, PageOf, Shown
from hub.api.gate import KnownDevice, Parts, SeenDevice, checked_id
from hub.api.once import KeepingRoute, OnceOnly
from hub.api.problems import documented
from hub.api.routers.kinds import kind_of
from hub.api.times import moment
from hub.api.worker import submit
from hub.errors import InvalidInputError, RefusedError
from hub.model import CancelRequest, Command, CommandRequest, CommandStatus, DeviceKind

router = APIRouter(prefix="/devices", tags=["commands"], route_class=KeepingRoute)

DEEPEST = 8
LARGEST = 2**53
WEEK_S = 7 * 86400


def _plain(value: JsonValue, depth: int = 0) -> JsonValue:
    """Refuse what not every reader of JSON takes."""
    if depth > DEEPEST:
        message = f"nested deeper than {DEEPEST}"
        raise ValueError(message)
    if isinstance(value, dict):
        for name, member in value.items():
            _plain(name)
            _plain(member, depth + 1)
    elif isinstance(value, list):
        for member in value:
            _plain(member, depth + 1)
    else:
        _check_plain(value)
    return value


def _check_plain(value: JsonValue) -> None:
    if isinstance(value, str):
        # Raises UnicodeEncodeError, which is a ValueError, for half of a surrogate pair.
        value.encode()
    elif isinstance(value, float) and not math.isfinite(value):
        message = "no NaN and no infinity"
        raise ValueError(message)
    elif isinstance(value, int) and abs(value) > LARGEST:
        message = "no integer beyond 2^53"
        raise ValueError(message)


class NewCommand(Body):
    name: str = Field(max_length=64, examples=["alert"])
    """One of the commands of the device's kind."""
    args: Annotated[dict[str, JsonValue], AfterValidator(_plain)] = Field(
        default_factory=dict, max_length=50, examples=[{}]
    )
    expires_in_s: float = Field(default=60, ge=1, le=WEEK_S)
    """A device that is not there within this time does not get it any more."""


class StatusAt(Shown):
    status: str
    at: datetime


class CommandShown(Shown):
    id: str
    device: str
    name: str
    args: dict[str, object]
    status: CommandStatus
    """`sent` says that the broker has it, nothing of the device."""
    reason: str
    issued_at: datetime
    expires_at: datetime
    attempts: int
    cause: str | None
    """The alarm that asked for it."""
    author: str | None
    """The person who asked for it."""
    history: list[StatusAt]


@router.get("/{device}/commands", summary="List commands", responses=documented(401, 403, 404))
async def list_commands(
    view: KnownDevice, limit: Limit = 100, cursor: Cursor = None
) -> PageOf[CommandShown]:
    """Newest first."""
    page = await view.commands(limit=limit, cursor=cursor)
    return PageOf(items=[_shown(found) for found in page.items], next_cursor=page.next_cursor)


@router.post(
    "/{device}/commands",
    summary="Send a command",
    status_code=201,
    responses=documented(401, 403, 404, 409),
)
async def send_command(
    view: SeenDevice, parts: Parts, wish: NewCommand, once: OnceOnly
) -> CommandShown:
    """Queue the command; it goes out at once or when the device is back, until it expires."""
    if view.device.revoked_at is not None:
        message = f"{view.device.id} is shut out"
        raise RefusedError(message)
    _check(kind_of(parts, view.device.kind), wish)
    now_ms = parts.clock.now_ms()
    request = CommandRequest(
        command=once.new_id("cmd"),
        device=view.device.id,
        name=wish.name,
        args=wish.args,
        author=view.reader.person,
        now_ms=now_ms,
        expires_ms=now_ms + round(wish.expires_in_s * 1000),
    )
    return _shown(await submit(parts.worker, request, answer=Command))


@router.get(
    "/{device}/commands/{command}",
    summary="Follow a command",
    responses=documented(401, 403, 404),
)
async def show_command(view: KnownDevice, command: str) -> CommandShown:
    return _shown(await view.command(checked_id(command, what="command")))


@router.delete(
    "/{device}/commands/{command}",
    summary="Cancel a command",
    responses=documented(401, 403, 404, 409),
)
async def cancel_command(view: SeenDevice, parts: Parts, command: str, _: OnceOnly) -> CommandShown:
    """Take it back while it is queued; 409 when it was sent."""
    found = await view.command(checked_id(command, what="command"))
    if found.status.final:
        message = f"the command is {found.status} already"
        raise RefusedError(message)
    request = CancelRequest(
        command=found.id,
        device=view.device.id,
        author=view.reader.person,
        now_ms=parts.clock.now_ms(),
    )
    return _shown(await submit(parts.worker, request, answer=Command))


def _check(kind: DeviceKind, wish: NewCommand) -> None:
    spec = kind.commands.get(wish.name)
    if spec is None:
        known = ", ".join(sorted(kind.commands)) or "none"
        message = f"a {kind.name} has no command {wish.name!r}; it has: {known}"
        raise InvalidInputError(message)
    unknown = sorted(set(wish.args) - {argument.name for argument in spec.arguments})
    if unknown:
        known = ", ".join(argument.name for argument in spec.arguments) or "no arguments"
        message = f"{wish.name} does not take {unknown[0][:64]!r}; it takes: {known}"
        raise InvalidInputError(message)


def _shown(command: Command) -> CommandShown:
    return CommandShown(
        id=command.id,
        device=command.device,
        name=command.name,
        args=dict(command.args),
        status=command.status,
        reason=command.reason,
        issued_at=moment(command.issued_ms),
        expires_at=moment(command.expires_ms),
        attempts=command.attempts,
        cause=command.cause,
        author=command.author,
        history=[StatusAt(status=status, at=moment(at)) for status, at in command.history],
    )
