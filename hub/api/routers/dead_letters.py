"""What could not be handled, for operators."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from hub.api.bodies import Cursor, Limit, PageOf, Shown
from hub.api.gate import Operator, Parts, checked_id
from hub.api.once import KeepingRoute, OnceOnly
from hub.api.parts import ApiParts
from hub.api.problems import documented
from hub.api.times import moment
from hub.errors import RefusedError, UnknownError
from hub.model import DeadLetter

router = APIRouter(prefix="/dead-letters", tags=["operation"], route_class=KeepingRoute)


class DeadLetterShown(Shown):
    id: str
    device: str
    source: str
    topic: str
    at: datetime
    reason: str
    payload_hash: str
    excerpt: str | None
    """The beginning of what was refused; null where it may be what a device said of a person."""
    retryable: bool


@router.get("", summary="List dead letters", responses=documented(401, 403))
async def list_dead_letters(
    _: Operator,
    parts: Parts,
    limit: Limit = 100,
    cursor: Cursor = None,
    device: Annotated[str | None, Query(max_length=64)] = None,
) -> PageOf[DeadLetterShown]:
    """Newest first."""
    page = await parts.records.dead_letters(device=device, limit=limit, cursor=cursor)
    private: dict[str, bool] = {}
    for letter in page.items:
        if letter.device not in private:
            private[letter.device] = await _is_private(letter.device, parts=parts)
    items = [_shown(letter, private=private[letter.device]) for letter in page.items]
    return PageOf(items=items, next_cursor=page.next_cursor)


@router.post(
    "/{dead_letter}/retry",
    summary="Send a dead letter through again",
    status_code=204,
    response_class=Response,
    responses=documented(401, 403, 404, 409),
)
async def retry_dead_letter(_: Operator, parts: Parts, dead_letter: str, __: OnceOnly) -> None:
    """For when what was wrong has been mended; 409 where a retry cannot help."""
    letter = await parts.records.dead_letter(checked_id(dead_letter, what="dead letter"))
    if letter is None:
        raise UnknownError(what="dead letter", name=dead_letter)
    if not letter.payload:
        message = "nothing is left of it that could be sent through again"
        raise RefusedError(message)
    await parts.worker.retry(letter)


async def _is_private(device: str, *, parts: ApiParts) -> bool:
    """Return whether the device ever spoke of a person; operators see no readings of people."""
    return bool(await parts.records.bindings(device))


def _shown(letter: DeadLetter, *, private: bool) -> DeadLetterShown:
    return DeadLetterShown(
        id=letter.id,
        device=letter.device,
        source=letter.source,
        topic=letter.topic,
        at=moment(letter.at_ms),
        reason=letter.reason,
        payload_hash=letter.payload_hash,
        excerpt=None if private else letter.excerpt,
        retryable=bool(letter.payload),
    )
