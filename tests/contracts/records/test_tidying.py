"""What has ended is forgotten; what has not stays."""

from dataclasses import replace

import pytest

from hub.adapters.records import SqlRecords, housekeeping
from hub.model import DeadLetter, Group, LinkRun, Moment, RunOutcome
from hub.ports import Answer
from tests.contracts.records.things import NOW_MS as T0

DAY_MS = 86_400_000
LETTER = DeadLetter(
    id="dl-1",
    device="w-1",
    source="intake",
    topic="cx/1/main/w-1/up/telemetry",
    at_ms=T0,
    reason="not JSON",
    payload_hash="00",
    excerpt="{",
)


async def tidied(records: SqlRecords, *, now_ms: int) -> None:
    while await records.tidy(
        now_ms=now_ms,
        dead_letters_since_ms=now_ms - 30 * DAY_MS,
        history_since_ms=now_ms - 365 * DAY_MS,
    ):
        pass


async def ids(records: SqlRecords) -> list[str]:
    return [letter.id for letter in (await records.dead_letters()).items]


async def test_an_old_dead_letter_is_forgotten_and_a_young_one_stays(records: SqlRecords) -> None:
    young = replace(LETTER, id="dl-2", at_ms=T0 + 20 * DAY_MS)
    await records.commit(Group(dead_letters=(LETTER, young)))

    await tidied(records, now_ms=T0 + 31 * DAY_MS)

    assert await ids(records) == ["dl-2"]


async def test_beyond_the_bound_the_oldest_dead_letters_go(
    records: SqlRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "_MAX_DEAD_LETTERS", 3)
    letters = tuple(replace(LETTER, id=f"dl-{n}", at_ms=T0 + n) for n in range(5))
    await records.commit(Group(dead_letters=letters))

    await tidied(records, now_ms=T0 + 10)

    assert sorted(await ids(records)) == ["dl-2", "dl-3", "dl-4"]


async def test_an_answer_is_kept_for_a_week(records: SqlRecords) -> None:
    answer = Answer(key="k", person="p", request_hash="h", status=201, body=b"{}", at_ms=T0)
    await records.keep_answer(answer)

    await tidied(records, now_ms=T0 + 6 * DAY_MS)
    assert await records.answer(key="k", person="p") == answer

    await tidied(records, now_ms=T0 + 8 * DAY_MS)
    assert await records.answer(key="k", person="p") is None


def ran(name: str, *, at_ms: int) -> LinkRun:
    return LinkRun(
        id=name, link="li_1", household="home", at_ms=at_ms, outcome=RunOutcome.DONE, trigger={}
    )


async def test_the_history_of_links_is_kept_for_a_year(records: SqlRecords) -> None:
    old = [ran(f"ru_{number}", at_ms=T0 - 366 * DAY_MS) for number in range(1500)]
    young = ran("ru_young", at_ms=T0 - 364 * DAY_MS)
    await records.commit(Group(kept=(*old, young)))
    await tidied(records, now_ms=T0)
    assert [run.id for run in (await records.things(LinkRun)).items] == ["ru_young"]


async def test_what_still_waits_is_kept_however_old(records: SqlRecords) -> None:
    asked = Moment(
        id="mo_1",
        household="home",
        person="p-1",
        text={"en": "Pick it up?"},
        cause="or_1",
        at_ms=T0 - 400 * DAY_MS,
        expires_ms=T0,
        ask=True,
    )
    await records.commit(Group(kept=(asked, replace(asked, id="mo_2", answer="yes"))))
    await tidied(records, now_ms=T0)
    assert [moment.id for moment in (await records.things(Moment)).items] == ["mo_1"]


async def test_an_old_webhook_may_come_again(records: SqlRecords) -> None:
    fresh, old = T0 - 59 * DAY_MS, T0 - 61 * DAY_MS
    await records.commit(Group(hooks=(("sv_1", "fresh", fresh), ("sv_1", "old", old))))
    await tidied(records, now_ms=T0)
    assert await records.known_hook("sv_1", "fresh")
    assert not await records.known_hook("sv_1", "old")
