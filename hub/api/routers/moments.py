"""What the hub said, or wanted to say, to a person or to a home; and their answers."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from hub.api import times
from hub.api.bodies import Body, Cursor, Limit, PageOf, Shown
from hub.api.gate import Home, Parts, checked_id
from hub.api.once import KeepingRoute, OnceOnly
from hub.api.problems import documented
from hub.api.worker import submit
from hub.model import Moment, MomentAnswer

router = APIRouter(prefix="/moments", tags=["home"], route_class=KeepingRoute)


class MomentShown(Shown):
    id: str
    household: str
    person: str | None
    """You; null: whoever is at home."""
    text: dict[str, str]
    """By language: `ko`, `en`."""
    cause: str
    """The link's run, the order or the listing it is about."""
    at: datetime
    expires_at: datetime
    private: bool
    """Said only where you are alone."""
    ask: bool
    """Whether yes or no is waited for."""
    answer: str | None
    """`yes`, `no`, `none` where nobody answered in time; null while it is open."""
    answered_at: datetime | None
    devices: list[str]
    """Where it was said; none: only here."""


class MomentReply(Body):
    answer: Literal["yes", "no"]


@router.get("", summary="What the hub told me", responses=documented(401))
async def list_moments(
    view: Home,
    limit: Limit = 100,
    cursor: Cursor = None,
    is_open: Annotated[
        bool | None, Query(alias="open", description="Only those that wait for an answer.")
    ] = None,
) -> PageOf[MomentShown]:
    """Newest first: what was meant for you, and for the homes you live in."""
    page = await view.moments(is_open=is_open, limit=limit, cursor=cursor)
    return PageOf(items=[_shown(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("/{moment}/answer", summary="Say yes or no", responses=documented(401, 404, 409))
async def answer_moment(
    view: Home, parts: Parts, moment: str, reply: MomentReply, _: OnceOnly
) -> MomentShown:
    """The first answer counts, here or on a device; 409 where none is waited for any more."""
    found = await view.moment(checked_id(moment, what="moment"))
    request = MomentAnswer(
        moment=found.id,
        answer=reply.answer,
        author=view.reader.person,
        now_ms=parts.clock.now_ms(),
    )
    return _shown(await submit(parts.worker, request, answer=Moment))


def _shown(found: Moment) -> MomentShown:
    return MomentShown(
        id=found.id,
        household=found.household,
        person=found.person,
        text=dict(found.text),
        cause=found.cause,
        at=times.moment(found.at_ms),
        expires_at=times.moment(found.expires_ms),
        private=found.private,
        ask=found.ask,
        answer=found.answer or None,
        answered_at=times.moment_or_none(found.answered_ms),
        devices=list(found.devices),
    )
