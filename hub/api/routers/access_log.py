"""Who read what of me."""

from datetime import datetime

from fastapi import APIRouter

from hub.api.bodies import Cursor, Limit, PageOf, Shown
from hub.api.gate import People
from hub.api.problems import documented
from hub.api.times import moment

router = APIRouter(prefix="/access-log", tags=["people"])


class AccessShown(Shown):
    reader: str
    purpose: str
    what: str
    at: datetime
    allowed: bool
    """False where the gate kept it from them."""


@router.get("", summary="Who read my data", responses=documented(401))
async def list_accesses(
    view: People, limit: Limit = 100, cursor: Cursor = None
) -> PageOf[AccessShown]:
    """Newest first; the same reader reading the same thing again within a minute is one entry."""
    page = await view.accesses(limit=limit, cursor=cursor)
    items = [
        AccessShown(
            reader=access.reader,
            purpose=access.purpose,
            what=access.what,
            at=moment(access.at_ms),
            allowed=access.allowed,
        )
        for access in page.items
    ]
    return PageOf(items=items, next_cursor=page.next_cursor)
