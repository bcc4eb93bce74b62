"""What one commit writes, and what the worker reads back."""

import asyncio
from dataclasses import replace

import pytest

from hub.model import (
    AlertMode,
    Amendment,
    Checkpoint,
    CommandStatus,
    Condition,
    Direction,
    Group,
    Haptic,
    Ladder,
    Level,
    Rule,
    RuleSpec,
    Schedule,
    Sound,
    Step,
)
from hub.ports import RecordStore
from tests.contracts.records.things import (
    NOW_MS,
    Opener,
    alarm,
    command,
    dead_letter,
    event,
    rule,
    sample,
    settle,
    state,
    timer,
)

DAY_MS = 86_400_000

WHOLE_RULE = Rule(
    id="r-whole",
    household="home",
    person=None,
    revision=7,
    spec=RuleSpec(
        name="심박수",
        property="heart_rate",
        devices=("w-1", "w-2"),
        direction=Direction.BELOW,
        limit=41.25,
        levels=(Level(name="under"), Level(name="far", offset=12.5, first_step=1)),
        hysteresis=2.5,
        dwell_s=4.0,
        no_data_s=90.0,
        schedule=Schedule(days=(0, 6), start_minute=1320, end_minute=360),
        ladder=Ladder(
            steps=(
                Step(
                    haptic=Haptic(pattern="single", amplitude=0.1),
                    sound=Sound(tone="soft", volume=0.2),
                    wait_s=3.5,
                ),
            )
        ),
        mode=AlertMode.TOUCH,
        max_amplitude=0.8,
        responders=("w-9",),
        contact="bob",
        enabled=False,
    ),
)


async def test_everything_in_a_group_is_there_after_the_commit(records: RecordStore) -> None:
    await settle(records, ["w-1"])
    group = Group(
        samples=(sample("w-1"),),
        states={"w-1": state("w-1", heard_ms=NOW_MS)},
        events=(event("w-1", 1),),
        dead_letters=(dead_letter("dl_1"),),
        commands=(command("c-1"),),
        alarms=(alarm("al_1"),),
        rules=(rule("r-1"),),
        timers=(timer("t-1", due_ms=NOW_MS),),
        amendments=(Amendment(rule="r-1", device="w-1", from_ms=NOW_MS),),
        checkpoints=(Checkpoint(rule="r-1", device="w-1", condition=Condition(head_ms=NOW_MS)),),
    )
    position = await records.commit(group)
    (waiting,) = await records.spooled(after=0)
    assert (waiting.position, waiting.samples) == (position, group.samples)
    assert (await records.load(["w-1"]))["w-1"].heard_ms == NOW_MS
    assert (await records.events(device="w-1")).items == group.events
    assert (await records.dead_letters()).items == group.dead_letters
    assert await records.open_commands() == list(group.commands)
    assert (await records.alarms()).items == group.alarms
    assert await records.rules() == list(group.rules)
    assert await records.due_timers(now_ms=NOW_MS) == list(group.timers)
    assert await records.amendments() == list(group.amendments)
    assert await records.checkpoint(rule="r-1", device="w-1", before_ms=NOW_MS + 1) is not None


async def test_a_group_that_cannot_be_written_leaves_nothing_behind(records: RecordStore) -> None:
    await settle(records, ["w-1"])
    poison = replace(timer("t-1", due_ms=NOW_MS), device=object())  # type: ignore[arg-type]  # no database takes it
    group = Group(
        samples=(sample("w-1"),),
        states={"w-1": state("w-1", heard_ms=NOW_MS)},
        events=(event("w-1", 1),),
        timers=(timer("t-0", due_ms=NOW_MS), poison),
    )
    with pytest.raises(Exception, match=r"type|expected str"):
        await records.commit(group)
    assert await records.spooled(after=0) == []
    assert await records.due_timers(now_ms=NOW_MS) == []
    assert (await records.events(device="w-1")).items == ()
    assert (await records.load(["w-1"]))["w-1"].heard_ms == 0
    assert await records.commit(replace(group, timers=())) > 0


async def test_a_group_committed_again_changes_nothing_but_the_spool(
    records: RecordStore,
) -> None:
    await settle(records, ["w-1"])
    group = Group(
        states={"w-1": state("w-1", heard_ms=NOW_MS)},
        events=(event("w-1", 1),),
        commands=(command("c-1"),),
        alarms=(alarm("al_1"),),
        dead_letters=(dead_letter("dl_1"),),
    )
    await records.commit(group)
    await records.commit(group)
    assert len((await records.events(device="w-1")).items) == 1
    assert len((await records.commands(device="w-1")).items) == 1
    assert len((await records.alarms()).items) == 1
    assert len((await records.dead_letters()).items) == 1


async def test_of_two_events_with_one_id_the_first_stays(records: RecordStore) -> None:
    first = event("w-1", 1)
    await records.commit(Group(events=(first, replace(first, type="double_tap"))))
    await records.commit(Group(events=(replace(first, data={"n": 2}),)))
    assert (await records.events(device="w-1")).items == (first,)


async def test_events_are_known_by_device_and_id_together(records: RecordStore) -> None:
    await records.commit(Group(events=(event("w-1", 1), event("w-2", 2))))
    asked = [("w-1", "e1"), ("w-1", "e2"), ("w-2", "e2"), ("w-3", "e1")]
    assert set(await records.known_events(asked)) == {("w-1", "e1"), ("w-2", "e2")}
    assert set(await records.known_events([])) == set()


async def test_hundreds_of_events_are_known_at_once(records: RecordStore) -> None:
    recorded = tuple(event("w-1", n) for n in range(0, 350, 2))
    await records.commit(Group(events=recorded))
    known = await records.known_events([("w-1", f"e{n}") for n in range(350)])
    assert set(known) == {("w-1", e.id) for e in recorded}


async def test_event_data_of_any_json_survives(records: RecordStore) -> None:
    data = {"zero": "a\x00b", "big": 10**30, "nested": [{"심": [None, True, 1.0, 1]}], "": ""}
    odd = replace(event("w-1", 1), data=data)
    await records.commit(Group(events=(odd,)))
    assert (await records.events(device="w-1")).items == (odd,)


async def test_a_rule_comes_back_as_it_was(opened: Opener) -> None:
    records = await opened()
    await records.commit(Group(rules=(WHOLE_RULE, rule("r-plain"))))
    records = await opened()
    assert await records.rules() == [rule("r-plain"), WHOLE_RULE]


async def test_a_rule_is_replaced_and_ended(records: RecordStore) -> None:
    await records.commit(Group(rules=(WHOLE_RULE, rule("r-1"))))
    changed = replace(WHOLE_RULE, revision=8)
    await records.commit(Group(rules=(changed,), ended_rules=("r-1", "r-unknown")))
    assert await records.rules() == [changed]


async def test_the_order_of_issue_holds_over_restarts_and_changes(opened: Opener) -> None:
    records = await opened()
    await records.commit(Group(commands=(command("c-9"), command("c-5"))))
    records = await opened()
    await records.commit(Group(commands=(command("c-7"), command("c-1"))))
    sent = replace(command("c-9"), status=CommandStatus.SENT, attempts=1)
    await records.commit(Group(commands=(sent,)))
    records = await opened()
    assert [c.id for c in await records.open_commands()] == ["c-9", "c-5", "c-7", "c-1"]
    assert (await records.open_commands())[0] == sent


@pytest.mark.parametrize("status", list(CommandStatus))
async def test_open_commands_are_those_that_are_not_final(
    records: RecordStore, status: CommandStatus
) -> None:
    one = command("c-1", status=status)
    await records.commit(Group(commands=(one,)))
    assert await records.open_commands() == ([] if status.final else [one])


async def test_timers_come_due_oldest_first(records: RecordStore) -> None:
    timers = [timer(f"t-{n}", due_ms=NOW_MS - n) for n in range(5)]
    await records.commit(Group(timers=(*timers, timer("t-later", due_ms=NOW_MS + 1))))
    due = await records.due_timers(now_ms=NOW_MS, limit=3)
    assert [t.id for t in due] == ["t-4", "t-3", "t-2"]
    assert due[0] == timers[4]
    assert await records.next_timer_ms() == NOW_MS - 4


async def test_without_a_timer_there_is_no_next_one(records: RecordStore) -> None:
    assert await records.next_timer_ms() is None


async def test_a_timer_is_moved_and_ended(records: RecordStore) -> None:
    await records.commit(Group(timers=(timer("t-1", due_ms=NOW_MS), timer("t-2", due_ms=NOW_MS))))
    moved = timer("t-1", due_ms=NOW_MS + 5)
    await records.commit(Group(timers=(moved,), ended_timers=("t-2",)))
    assert await records.due_timers(now_ms=NOW_MS + 5) == [moved]


async def test_a_timer_ended_and_set_in_one_group_is_set(records: RecordStore) -> None:
    await records.commit(Group(timers=(timer("t-1", due_ms=NOW_MS),)))
    again = timer("t-1", due_ms=NOW_MS + 5)
    await records.commit(Group(timers=(again,), ended_timers=("t-1",)))
    assert await records.due_timers(now_ms=NOW_MS + 5) == [again]


async def test_an_amendment_keeps_the_earliest_time(records: RecordStore) -> None:
    late = Amendment(rule="r-1", device="w-1", from_ms=NOW_MS)
    later = replace(late, from_ms=NOW_MS + 500)
    earlier = replace(late, from_ms=NOW_MS - 500)
    await records.commit(Group(amendments=(late,)))
    await records.commit(Group(amendments=(later,)))
    assert await records.amendments() == [late]
    await records.commit(Group(amendments=(earlier, replace(late, device="w-2"))))
    assert await records.amendments() == [earlier, replace(late, device="w-2")]
    assert len(await records.amendments(limit=1)) == 1


async def test_an_amendment_ends_when_its_work_is_done(records: RecordStore) -> None:
    late = Amendment(rule="r-1", device="w-1", from_ms=NOW_MS)
    await records.commit(Group(amendments=(late, replace(late, rule="r-2"))))
    done, left = await records.amendments()
    await records.commit(Group(ended_amendments=(done,)))
    assert await records.amendments() == [left]


@pytest.mark.parametrize("shift_ms", [-500, 0, 500], ids=["earlier", "same", "later"])
async def test_a_reading_that_comes_late_during_the_work_is_amended_too(
    records: RecordStore, shift_ms: int
) -> None:
    late = Amendment(rule="r-1", device="w-1", from_ms=NOW_MS)
    await records.commit(Group(amendments=(late,)))
    (at_work,) = await records.amendments()
    await records.commit(Group(amendments=(replace(late, from_ms=NOW_MS + shift_ms),)))
    await records.commit(Group(ended_amendments=(at_work,)))
    (left,) = await records.amendments()
    assert left.from_ms == min(NOW_MS, NOW_MS + shift_ms)
    await records.commit(Group(ended_amendments=(left,)))
    assert await records.amendments() == []


async def test_alarms_of_a_rule_are_those_active_then_or_opened_later(
    records: RecordStore,
) -> None:
    before = alarm("al_before", opened_ms=NOW_MS - 900, cleared_ms=NOW_MS - 800)
    just = alarm("al_just", opened_ms=NOW_MS - 700, cleared_ms=NOW_MS)
    then = alarm("al_then", opened_ms=NOW_MS - 500, cleared_ms=NOW_MS + 1)
    still = alarm("al_still", opened_ms=NOW_MS - 400)
    later = alarm("al_later", opened_ms=NOW_MS + 100, cleared_ms=NOW_MS + 200)
    never = replace(alarm("al_never", opened_ms=NOW_MS + 300), withdrawn=True)
    elsewhere = alarm("al_elsewhere", device="w-2")
    other = replace(alarm("al_other"), rule="r-2")
    await records.commit(Group(alarms=(later, never, before, just, then, still, elsewhere, other)))
    found = await records.alarms_of(rule="r-1", device="w-1", from_ms=NOW_MS)
    assert found == [then, still, later, never]


def checkpoint(head_ms: int, *, rule: str = "r-1") -> Checkpoint:
    condition = Condition(head_ms=head_ms, value=131.5, alarm="al_1", felt_excess=-0.1)
    return Checkpoint(rule=rule, device="w-1", condition=condition)


async def heads(records: RecordStore) -> list[int]:
    """Return the heads of all checkpoints of rule r-1, newest first."""
    found = []
    before_ms = NOW_MS + DAY_MS
    while kept := await records.checkpoint(rule="r-1", device="w-1", before_ms=before_ms):
        before_ms = kept.head_ms
        found.append(kept.head_ms - NOW_MS)
    return found


async def test_the_newest_checkpoint_before_a_time_is_found(records: RecordStore) -> None:
    await records.commit(Group(checkpoints=tuple(checkpoint(NOW_MS + n) for n in (10, 20, 30))))
    assert await records.checkpoint(rule="r-1", device="w-1", before_ms=NOW_MS + 10) is None
    found = await records.checkpoint(rule="r-1", device="w-1", before_ms=NOW_MS + 30)
    assert found == checkpoint(NOW_MS + 20).condition
    assert await records.checkpoint(rule="r-2", device="w-1", before_ms=NOW_MS + 30) is None


@pytest.mark.parametrize(
    ("groups", "left"),
    [
        ([[10, 20, 30], [15]], [15, 10]),
        ([[10, 20, 30, 15]], [15, 10]),
        ([[10, 20, 30, 15, 40]], [40, 15, 10]),
        ([[10], [20], [20]], [20, 10]),
        ([[10, 20], [5, 25]], [25, 5]),
    ],
)
async def test_a_checkpoint_makes_those_with_a_later_head_void(
    records: RecordStore, groups: list[list[int]], left: list[int]
) -> None:
    other = checkpoint(NOW_MS + 99, rule="r-2")
    await records.commit(Group(checkpoints=(other,)))
    for group in groups:
        kept = tuple(checkpoint(NOW_MS + head) for head in group)
        await records.commit(Group(checkpoints=kept))
    assert await heads(records) == left
    found = await records.checkpoint(rule="r-2", device="w-1", before_ms=NOW_MS + 100)
    assert found == other.condition


async def test_checkpoints_too_old_for_any_amendment_are_forgotten(records: RecordStore) -> None:
    for days in (-9, -7, 0):
        await records.commit(Group(checkpoints=(checkpoint(NOW_MS + days * DAY_MS),)))
    assert await heads(records) == [0, -7 * DAY_MS]


async def test_commits_and_other_writes_at_once_never_find_the_records_locked(
    records: RecordStore,
) -> None:
    await settle(records, ["w-1"])

    async def commit_all() -> list[int]:
        return [await records.commit(Group(samples=(sample("w-1"),))) for _ in range(200)]

    async with asyncio.TaskGroup() as tasks:
        commits = tasks.create_task(commit_all())
        for number in range(100):
            tasks.create_task(records.rename("w-1", f"name {number}"))
            tasks.create_task(records.load(["w-1"]))
    positions = commits.result()
    assert positions == sorted(set(positions))
    assert sum(len(g.samples) for g in await records.spooled(after=0, limit=500)) == 200
