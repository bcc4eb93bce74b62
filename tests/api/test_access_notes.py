"""Who read whose data is written, whatever happens to the store meanwhile."""

import asyncio

import pytest

from hub.adapters.clock.manual import ManualClock
from hub.api.access_notes import AccessNotes
from hub.errors import UnavailableError
from hub.ports import Access


class Log:
    """Takes notes, but for the first few times."""

    def __init__(self, *, away: int = 0) -> None:
        self.written: list[Access] = []
        self._away = away

    async def note_access(self, access: Access) -> None:
        if self._away:
            self._away -= 1
            message = "locked"
            raise UnavailableError(message, retry_after_s=0)
        self.written.append(access)


def access(what: str, *, at_ms: int = 0) -> Access:
    return Access(
        reader="p_a", subject="p_b", purpose="household_view", what=what, at_ms=at_ms, allowed=True
    )


async def written(log: Log, *accesses: Access) -> list[Access]:
    notes = AccessNotes(log=log, clock=ManualClock(0))
    for one in accesses:
        notes.note(one)
    writing = asyncio.create_task(notes.run())
    async with asyncio.timeout(5):
        await notes.drain()
    writing.cancel()
    return log.written


async def test_writes_in_order() -> None:
    notes = [access("one"), access("two"), access("three")]

    assert await written(Log(), *notes) == notes


async def test_offers_again_what_the_store_did_not_take() -> None:
    notes = [access("one"), access("two")]

    assert await written(Log(away=3), *notes) == notes


async def test_the_same_within_a_minute_is_one() -> None:
    notes = [access("one", at_ms=at) for at in (0, 59_999, 60_000, 61_000)]

    assert [note.at_ms for note in await written(Log(), *notes)] == [0, 60_000]


async def test_nothing_is_read_when_too_many_notes_wait() -> None:
    notes = AccessNotes(log=Log(), clock=ManualClock(0), room=2)
    notes.note(access("one"))
    notes.note(access("two"))

    with pytest.raises(UnavailableError):
        notes.note(access("three"))
