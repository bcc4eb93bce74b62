"""The momentary facts that a device told."""

from datetime import datetime

from fastapi import APIRouter

from hub.api.bodies import Cursor, Limit, PageOf, Shown
from hub.api.gate import KnownDevice
from hub.api.problems import documented
from hub.api.times import moment
from hub.model import DeviceEvent

router = APIRouter(prefix="/devices", tags=["events"])


class EventShown(Shown):
    id: str
    device: str
    type: str
    at: datetime
    """The device's time."""
    received_at: datetime
    data: dict[str, object]


@router.get("/{device}/events", summary="List events", responses=documented(401, 403, 404))
async def list_events(
    view: KnownDevice, limit: Limit = 100, cursor: Cursor = None
) -> PageOf[EventShown]:
    """Newest first."""
    page = await view.events(limit=limit, cursor=cursor)
    return PageOf(items=[_shown(event) for event in page.items], next_cursor=page.next_cursor)


def _shown(event: DeviceEvent) -> EventShown:
    return EventShown(
        id=event.id,
        device=event.device,
        type=event.type,
        at=moment(event.at_ms),
        received_at=moment(event.received_ms),
        data=dict(event.data),
    )
