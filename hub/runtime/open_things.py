"""Reads all open things of one class, page by page, as an effect does when it begins."""

from hub.model import K
from hub.ports import RecordStore

PAGE = 500


async def open_things(records: RecordStore, kind: type[K]) -> list[K]:
    """Return them oldest first.

    Raises:
        UnavailableError: the records do not answer.
    """
    found: list[K] = []
    cursor: str | None = None
    while True:
        page = await records.things(kind, is_open=True, limit=PAGE, cursor=cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found[::-1]
