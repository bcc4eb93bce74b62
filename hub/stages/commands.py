"""The life of a command: queued, in order, one in flight a device, never twice, never for ever."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from hub.errors import InvalidInputError, RefusedError, UnknownError
from hub.model import (
    CancelRequest,
    Command,
    CommandProgress,
    CommandRequest,
    CommandStatus,
    Connection,
    DeviceState,
    Reply,
)
from hub.model.arguments import check_arguments
from hub.model.changes import CommandChanged, CommandQueued
from hub.model.view import View

MAX_OPEN = 1000
"""Commands waiting for one device."""
ACCEPTED_MS = 24 * 3600 * 1000
"""How long a device may work on what it accepted, a long washing course for example."""
AGAIN_MS = 1000
MOST_AGAIN_MS = 10 * 60 * 1000
"""Between two tries of a command that must arrive; the wait doubles."""
UNANSWERED = frozenset({CommandStatus.SENT, CommandStatus.DELIVERED})
AWAY = frozenset({Connection.LOST, Connection.DISCONNECTED, Connection.SLEEPING})


def request(asked: CommandRequest, view: View) -> Iterable[CommandQueued]:
    """Queue what a person asks of a device.

    Raises:
        UnknownError: no such device.
        InvalidInputError: devices of this kind know no such command, or not with such arguments.
        RefusedError: too many commands wait for the device.
    """
    state = view.state(asked.device)
    if state is None:
        what = "device"
        raise UnknownError(what, asked.device)
    known = view.kind(state.device.kind).commands
    if asked.name not in known:
        message = (
            f"a {state.device.kind} knows {', '.join(known) or 'no command'}, not {asked.name!r}"
        )
        raise InvalidInputError(message)
    check_arguments(known[asked.name], asked.args)
    if len(state.commands) >= MAX_OPEN:
        message = f"{len(state.commands)} commands wait for {asked.device} already"
        raise RefusedError(message)
    command = Command(
        id=asked.command,
        device=asked.device,
        name=asked.name,
        args=asked.args,
        issued_ms=asked.now_ms,
        expires_ms=asked.expires_ms,
        author=asked.author,
    )
    return (CommandQueued(command),)


def queue(queued: CommandQueued, view: View) -> Iterable[CommandChanged]:
    """Put the command in the queue; one it replaces and that was not sent is cancelled."""
    command = queued.command
    state = view.state(command.device)
    if state is None or command.id in state.commands:
        return ()
    replaced = [
        CommandChanged(moved(old, CommandStatus.CANCELLED, "superseded", command.issued_ms))
        for old in state.commands.values()
        if command.key is not None and old.key == command.key and _waits(old, view)
    ]
    # What is on its way is not sent again behind the newer one: it would have the last word.
    overtaken = [
        CommandChanged(replace(old, insistent=False))
        for old in state.commands.values()
        if command.key is not None and old.key == command.key and old.insistent
        if not _waits(old, view)
    ]
    history = ((CommandStatus.QUEUED.value, command.issued_ms),)
    return (*replaced, *overtaken, CommandChanged(replace(command, history=history)))


def cancel(asked: CancelRequest, view: View) -> Iterable[CommandChanged]:
    """Take a command back that was not sent yet.

    Raises:
        UnknownError: no such open command.
        RefusedError: it is on its way already.
    """
    command = _open(view, asked.device, asked.command)
    if command is None:
        what = "open command"
        raise UnknownError(what, asked.command)
    if not _waits(command, view):
        message = "the command is on its way or answered already and cannot be taken back"
        raise RefusedError(message)
    return (CommandChanged(moved(command, CommandStatus.CANCELLED, "taken back", asked.now_ms)),)


def hear(reply: Reply, view: View) -> Iterable[CommandChanged]:
    command = _open(view, reply.device, reply.command)
    if command is None:
        return ()
    return _progress(command, CommandStatus(reply.status), reply.reason, reply.received_ms)


def progress(made: CommandProgress, view: View) -> Iterable[CommandChanged]:
    command = _open(view, made.device, made.command)
    return () if command is None else _progress(command, made.status, made.reason, made.now_ms)


def _waits(command: Command, view: View) -> bool:
    return command.status is CommandStatus.QUEUED and not view.on_its_way(command.id)


def _open(view: View, device: str, command: str) -> Command | None:
    state = view.state(device)
    return state.commands.get(command) if state else None


def _progress(
    command: Command, status: CommandStatus, reason: str, now_ms: int
) -> Iterable[CommandChanged]:
    """Move forward only: a late `sent` never undoes a reply that was quicker.

    But one that must arrive, and was not answered, waits in the queue again.
    """
    if status is CommandStatus.QUEUED and command.status in UNANSWERED:
        return (CommandChanged(_queued_again(command, reason, now_ms)),)
    if status.rank <= command.status.rank:
        return ()
    return (CommandChanged(moved(command, status, reason, now_ms)),)


def _queued_again(command: Command, reason: str, now_ms: int) -> Command:
    wait_ms = min(AGAIN_MS * 2**command.attempts, MOST_AGAIN_MS)
    again = replace(
        command,
        attempts=command.attempts + 1,
        not_before_ms=now_ms + wait_ms,
        # Its first two entries and this: a device may be silent for a day.
        history=command.history[:2],
    )
    return moved(again, CommandStatus.QUEUED, reason, now_ms)


def moved(command: Command, status: CommandStatus, reason: str, now_ms: int) -> Command:
    return replace(
        command,
        status=status,
        reason=reason,
        history=(*command.history, (status.value, now_ms)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What the sender does for one device now, and when to look again."""

    send: tuple[Command, ...] = ()
    gone: tuple[CommandProgress, ...] = ()
    look_again_ms: int | None = None


def turn(
    state: DeviceState, *, now_ms: int, reply_timeout_ms: int, hearing_since_ms: int = 0
) -> Turn:
    """Return the device's next step: expire what is too old, send what may go.

    One command is in flight at a time; one that replaces it (same key) does not wait for it. A
    head that is not answered in time is given up, so that it never blocks for ever; answers to
    what was sent before `hearing_since_ms` may still wait in the broker, so it counts from there.
    """
    gone: list[CommandProgress] = []
    send: list[Command] = []
    times: list[int] = []
    flying: Command | None = None
    # One that was on its way when a newer one came, and then was not taken, is still there.
    newest = {c.key: c.id for c in state.commands.values() if c.status is CommandStatus.QUEUED}
    for command in state.commands.values():
        if command.status is not CommandStatus.QUEUED:
            accepted = command.status is CommandStatus.ACCEPTED
            patience_ms = ACCEPTED_MS if accepted else reply_timeout_ms
            due_ms = max(command.history[-1][1], hearing_since_ms) + patience_ms
            # Later than it can be: the hub's clock was set back.
            if due_ms <= now_ms or due_ms > now_ms + patience_ms:
                again = command.insistent and not accepted and command.expires_ms > now_ms
                status = CommandStatus.QUEUED if again else CommandStatus.TIMED_OUT
                gone.append(_given_up(command, status, "no answer", now_ms))
                flying = flying or (command if again else None)
                continue
            times.append(due_ms)
            # What the device has accepted it works on by itself; others need not wait for it.
            flying = flying or (None if accepted else command)
        elif command.key is not None and newest[command.key] != command.id:
            gone.append(_given_up(command, CommandStatus.CANCELLED, "superseded", now_ms))
        elif command.expires_ms <= now_ms:
            gone.append(_given_up(command, CommandStatus.EXPIRED, "not sent in time", now_ms))
        else:
            times.append(command.expires_ms)
            if not _has_its_turn(command, state, flying):
                continue
            if command.not_before_ms > now_ms:
                times.append(command.not_before_ms)
            else:
                send.append(command)
            flying = command
    return Turn(send=tuple(send), gone=tuple(gone), look_again_ms=min(times, default=None))


def _has_its_turn(command: Command, state: DeviceState, flying: Command | None) -> bool:
    if state.connection in AWAY:
        return False
    return flying is None or (command.key is not None and flying.key == command.key)


def _given_up(command: Command, status: CommandStatus, reason: str, now_ms: int) -> CommandProgress:
    return CommandProgress(
        device=command.device, command=command.id, status=status, reason=reason, now_ms=now_ms
    )
