"""What left the hub about a person: to whom, for what, field by field."""

from fastapi import APIRouter

from hub.api.bodies import Cursor, Limit, PageOf
from hub.api.gate import Errands
from hub.api.order_bodies import DisclosureShown, shown_disclosure
from hub.api.problems import documented

router = APIRouter(tags=["partners"])

DisclosurePage = PageOf[DisclosureShown]


@router.get("/me/disclosures", summary="What partners know of me", responses=documented(401))
async def list_my_disclosures(
    view: Errands, limit: Limit = 100, cursor: Cursor = None
) -> DisclosurePage:
    """Everything that was sent to any partner in an order or listing of yours, newest first."""
    page = await view.disclosures(about=None, limit=limit, cursor=cursor)
    items = [shown_disclosure(one) for one in page.items]
    return PageOf(items=items, next_cursor=page.next_cursor)
