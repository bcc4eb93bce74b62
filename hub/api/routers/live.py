"""What happens, as it happens, to those who may know."""

import asyncio
from collections.abc import Mapping

from fastapi import APIRouter, WebSocket, WebSocketDisconnect, status
from pydantic_core import to_json

from hub.api.gate import NOT_SIGNED_IN, Live, reader_of
from hub.api.live_view import LiveView
from hub.api.parts import parts_of
from hub.api.problems import SignInError
from hub.api.worker import Subscription
from hub.errors import UnavailableError
from hub.model import FeedItem

router = APIRouter(tags=["live"])

SEND_S = 30.0
"""A listener that takes nothing for this long is gone."""


@router.websocket("/live")
async def live(socket: WebSocket, view: Live) -> None:
    """Tell readings, alarms, commands and status of what the listener may see, one a message.

    `{"kind": "reading", "device": …, "at_ms": …, "body": {…}}`; what a slow listener missed is
    told as `{"kind": "dropped", "count": n}`. The first message is `{"kind": "hello"}`.
    """
    try:
        async with (
            parts_of(socket).worker.subscribe() as subscription,
            asyncio.TaskGroup() as group,
        ):
            await _send(socket, {"kind": "hello", "person": view.reader.person})
            group.create_task(_tell(socket, view, subscription))
            group.create_task(_recheck(socket, view))
            group.create_task(_until_gone(socket))
    except* (WebSocketDisconnect, TimeoutError):
        pass
    except* SignInError as ended:
        await socket.close(NOT_SIGNED_IN, str(ended.exceptions[0]))
    except* UnavailableError:
        await socket.close(status.WS_1013_TRY_AGAIN_LATER, "the hub cannot look up your rights")


async def _tell(socket: WebSocket, view: LiveView, subscription: Subscription) -> None:
    told = 0
    async for items in subscription:
        for item in items:
            if await view.hears(item):
                await _send(socket, _shown(item))
        if subscription.dropped > told:
            await _send(socket, {"kind": "dropped", "count": subscription.dropped - told})
            told = subscription.dropped


async def _recheck(socket: WebSocket, view: LiveView) -> None:
    while True:
        await asyncio.sleep(parts_of(socket).live_recheck_s)
        view.forget(await reader_of(socket, view.token))


async def _until_gone(socket: WebSocket) -> None:
    """Read and pass over what the listener says, until they leave."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", status.WS_1000_NORMAL_CLOSURE))


async def _send(socket: WebSocket, message: Mapping[str, object]) -> None:
    async with asyncio.timeout(SEND_S):
        await socket.send_text(to_json(message).decode())


def _shown(item: FeedItem) -> dict[str, object]:
    return {"kind": item.kind, "device": item.device, "at_ms": item.at_ms, "body": item.body}
