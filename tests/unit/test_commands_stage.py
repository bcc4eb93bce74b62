"""The life of a command: the queue, whose turn it is, and how it ends."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from hub.errors import InvalidInputError, RefusedError, UnknownError
from hub.flow import Draft
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
from hub.model.changes import CommandQueued
from hub.stages.commands import MAX_OPEN, Turn, turn
from tests.unit.small_home import T0, draft, known, next_group, state

REPLY_TIMEOUT_MS = 10_000
NOTHING: Mapping[str, object] = {}


def command(name: str, *, key: str | None = None, not_before_ms: int = 0) -> Command:
    return Command(
        id=name,
        device="w-1",
        name="alert_end",
        args={},
        issued_ms=T0,
        expires_ms=T0 + 60_000,
        key=key,
        not_before_ms=not_before_ms,
    )


def queued(*commands: Command) -> Draft:
    seen = draft()
    for one in commands:
        seen.run(CommandQueued(one))
    return seen


def move(seen: Draft, name: str, status: CommandStatus, now_ms: int = T0) -> Draft:
    seen.run(CommandProgress(device="w-1", command=name, status=status, reason="", now_ms=now_ms))
    return seen


def now(seen: Draft | DeviceState, now_ms: int = T0) -> Turn:
    device = known(seen) if isinstance(seen, Draft) else seen
    return turn(device, now_ms=now_ms, reply_timeout_ms=REPLY_TIMEOUT_MS)


def sends(step: Turn) -> Sequence[str]:
    return [one.id for one in step.send]


def test_the_oldest_goes_first_and_alone() -> None:
    assert sends(now(queued(command("c-2"), command("c-1")))) == ["c-2"]


def test_what_a_device_works_on_holds_up_nothing_and_may_take_long() -> None:
    seen = move(queued(command("c-1"), command("c-2")), "c-1", CommandStatus.ACCEPTED)

    assert sends(now(seen)) == ["c-2"]
    assert now(seen).gone == ()


@pytest.mark.parametrize("status", ["sent", "delivered"])
def test_while_one_is_on_its_way_the_next_waits(status: str) -> None:
    seen = move(queued(command("c-1"), command("c-2")), "c-1", CommandStatus(status))
    assert sends(now(seen)) == []


@pytest.mark.parametrize("status", ["succeeded", "rejected", "failed"])
def test_the_next_goes_when_the_first_is_answered(status: str) -> None:
    seen = move(queued(command("c-1"), command("c-2")), "c-1", CommandStatus(status))
    assert sends(now(seen)) == ["c-2"]


def test_a_head_that_nobody_answers_is_given_up_and_the_next_goes() -> None:
    seen = move(queued(command("c-1"), command("c-2")), "c-1", CommandStatus.SENT)
    waiting = now(seen, T0 + REPLY_TIMEOUT_MS - 1)
    assert (waiting.gone, waiting.look_again_ms) == ((), T0 + REPLY_TIMEOUT_MS)
    late = now(seen, T0 + REPLY_TIMEOUT_MS)
    assert [step.status for step in late.gone] == [CommandStatus.TIMED_OUT]
    assert sends(late) == ["c-2"]


def test_what_was_sent_before_the_hub_was_back_has_its_time_to_be_answered() -> None:
    seen = move(queued(command("c-1")), "c-1", CommandStatus.SENT)
    back_ms = T0 + 3_600_000
    step = turn(
        known(seen), now_ms=back_ms, reply_timeout_ms=REPLY_TIMEOUT_MS, hearing_since_ms=back_ms
    )
    assert (step.gone, step.look_again_ms) == ((), back_ms + REPLY_TIMEOUT_MS)


def test_a_clock_set_back_by_an_hour_blocks_no_queue() -> None:
    seen = queued(command("c-1"), command("c-2"))
    move(seen, "c-1", CommandStatus.SENT, T0 + 3_600_000)
    step = now(seen)
    assert [one.status for one in step.gone] == [CommandStatus.TIMED_OUT]
    assert sends(step) == ["c-2"]


@pytest.mark.parametrize("word", ["lost", "disconnected", "sleeping"])
def test_nothing_goes_to_a_device_that_is_away_and_it_all_expires(word: str) -> None:
    away = replace(known(queued(command("c-1"))), connection=Connection(word))
    assert sends(now(away)) == []
    assert [step.status for step in now(away, T0 + 60_000).gone] == [CommandStatus.EXPIRED]


def test_what_is_too_old_is_never_sent() -> None:
    step = now(queued(command("c-1")), T0 + 60_000)
    assert (sends(step), [one.status for one in step.gone]) == ([], [CommandStatus.EXPIRED])


def test_one_whose_time_has_not_come_waits_and_holds_its_place() -> None:
    seen = queued(command("c-1", not_before_ms=T0 + 3000), command("c-2"))
    assert (sends(now(seen)), now(seen).look_again_ms) == ([], T0 + 3000)
    assert sends(now(seen, T0 + 3000)) == ["c-1"]


def test_one_of_the_same_key_takes_the_place_of_one_not_sent() -> None:
    seen = queued(command("c-1", key="k"), command("c-2", key="k"))
    assert seen.commands["c-1"].status is CommandStatus.CANCELLED
    assert sends(now(seen)) == ["c-2"]


def test_of_two_of_the_same_key_that_both_still_wait_only_the_newer_one_goes() -> None:
    both = {one.id: one for one in (command("c-1", key="k"), command("c-2", key="k"))}
    step = now(replace(state(), commands=both))
    assert (sends(step), [one.status for one in step.gone]) == (["c-2"], [CommandStatus.CANCELLED])


def test_one_of_the_same_key_does_not_wait_for_one_on_its_way() -> None:
    seen = move(queued(command("c-1", key="k")), "c-1", CommandStatus.SENT)
    seen.run(CommandQueued(command("c-2", key="k")))
    assert seen.commands["c-1"].status is CommandStatus.SENT
    assert sends(now(seen)) == ["c-2"]


def test_a_command_queued_twice_is_there_once() -> None:
    seen = queued(command("c-1"))
    after = next_group(move(seen, "c-1", CommandStatus.SENT))
    after.run(CommandQueued(command("c-1")))
    assert after.group().empty


def test_a_late_sent_does_not_undo_a_quicker_reply() -> None:
    seen = queued(command("c-1"))
    seen.run(Reply(device="w-1", command="c-1", status="delivered", reason="", received_ms=T0))
    move(seen, "c-1", CommandStatus.SENT)
    assert seen.commands["c-1"].status is CommandStatus.DELIVERED


def test_nothing_moves_what_has_ended() -> None:
    seen = move(queued(command("c-1")), "c-1", CommandStatus.SUCCEEDED)
    seen.run(Reply(device="w-1", command="c-1", status="failed", reason="", received_ms=T0))
    assert seen.commands["c-1"].status is CommandStatus.SUCCEEDED
    assert known(seen).commands == {}


def test_a_reply_to_anothers_command_changes_nothing() -> None:
    seen = draft(state(), state("w-2"))
    seen.run(CommandQueued(command("c-1")))
    seen.run(Reply(device="w-2", command="c-1", status="failed", reason="", received_ms=T0))
    assert seen.commands["c-1"].status is CommandStatus.QUEUED


# -------------------------------------------------------------------------------- people's wishes


def wish(
    name: str = "alert_end",
    *,
    device: str = "w-1",
    number: int = 1,
    args: Mapping[str, object] = NOTHING,
) -> CommandRequest:
    return CommandRequest(
        command=f"c-{number}",
        device=device,
        name=name,
        args=args,
        author="p-mina",
        now_ms=T0,
        expires_ms=T0 + 1000,
    )


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        pytest.param(wish(device="w-9"), UnknownError, id="no such device"),
        pytest.param(wish("dance"), InvalidInputError, id="no such command"),
        pytest.param(wish(args={"colour": "red"}), InvalidInputError, id="no such argument"),
        pytest.param(wish(args={"alert": 7}), InvalidInputError, id="another type"),
    ],
)
def test_what_cannot_be_asked_is_refused(asked: CommandRequest, error: type[Exception]) -> None:
    with pytest.raises(error):
        draft().run(asked)


def test_so_many_commands_wait_for_one_device_and_no_more() -> None:
    seen = draft()
    for number in range(MAX_OPEN):
        seen.run(wish(number=number))
    with pytest.raises(RefusedError):
        seen.run(wish(number=MAX_OPEN))


def test_a_command_can_be_taken_back_until_it_is_sent() -> None:
    back = CancelRequest(command="c-1", device="w-1", author="p-mina", now_ms=T0)
    seen = queued(command("c-1"))
    seen.run(back)
    assert seen.commands["c-1"].status is CommandStatus.CANCELLED
    with pytest.raises(RefusedError):
        move(queued(command("c-1")), "c-1", CommandStatus.SENT).run(back)
    with pytest.raises(UnknownError):
        draft().run(back)


def insisting(name: str = "c-1") -> Draft:
    return queued(replace(command(name), insistent=True, expires_ms=T0 + 3_600_000))


def unanswered(seen: Draft, now_ms: int) -> Draft:
    """Have the command of the queue's head sent, and not answered in time."""
    move(seen, "c-1", CommandStatus.SENT, now_ms)
    for step in now(seen, now_ms + REPLY_TIMEOUT_MS).gone:
        seen.run(step)
    return seen


def test_a_command_that_must_arrive_is_sent_again_under_its_id() -> None:
    seen = unanswered(insisting(), T0)
    again = known(seen).commands["c-1"]
    assert again.status is CommandStatus.QUEUED
    assert sends(now(seen, again.not_before_ms)) == ["c-1"]


def test_the_waits_between_its_tries_grow() -> None:
    seen = insisting()
    waits = []
    at_ms = T0
    for _ in range(4):
        unanswered(seen, at_ms)
        again = known(seen).commands["c-1"]
        waits.append(again.not_before_ms - at_ms - REPLY_TIMEOUT_MS)
        at_ms = again.not_before_ms
    assert waits == [1000, 2000, 4000, 8000]


def test_others_wait_behind_it() -> None:
    seen = insisting()
    seen.run(CommandQueued(command("c-2")))
    unanswered(seen, T0)
    assert sends(now(seen, T0 + REPLY_TIMEOUT_MS)) == []


def test_it_is_given_up_when_it_is_too_old() -> None:
    seen = insisting()
    move(seen, "c-1", CommandStatus.SENT)
    (step,) = now(seen, T0 + 3_600_000).gone
    assert step.status is CommandStatus.TIMED_OUT


def test_a_late_answer_counts_while_it_waits_again() -> None:
    seen = unanswered(insisting(), T0)
    seen.run(
        Reply(device="w-1", command="c-1", status="succeeded", reason="", received_ms=T0 + 20_000)
    )
    assert "c-1" not in known(seen).commands


def test_one_that_must_arrive_is_not_sent_again_behind_a_newer_one_of_its_key() -> None:
    need = replace(command("c-need", key="need:ln-1"), insistent=True)
    end = replace(command("c-end", key="need:ln-1"), insistent=True)
    seen = move(queued(need), "c-need", CommandStatus.SENT)
    seen.run(CommandQueued(end))
    move(seen, "c-end", CommandStatus.SENT)
    move(seen, "c-end", CommandStatus.SUCCEEDED)

    late = now(seen, T0 + REPLY_TIMEOUT_MS)
    assert sends(late) == []
    assert [(gone.command, gone.status) for gone in late.gone] == [
        ("c-need", CommandStatus.TIMED_OUT)
    ]
