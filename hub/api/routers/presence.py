"""Who is at home."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from hub.api.bodies import Body, Id, PageOf, Shown
from hub.api.gate import Home, Parts
from hub.api.once import KeepingRoute, OnceOnly
from hub.api.problems import documented
from hub.api.times import moment
from hub.api.worker import submit
from hub.model import Presence, PresenceRequest

router = APIRouter(prefix="/households", tags=["home"], route_class=KeepingRoute)

Household = Annotated[str, Path(description="The household's id.", examples=["h_5d0c"])]


class PresenceShown(Shown):
    person: str
    at_home: bool | None
    """Null where nobody has said."""
    since: datetime | None
    said_by: str | None
    """`person` themselves, or a `device`: their phone, or one of the home that they stood at."""


class PresenceWish(Body):
    at_home: bool
    person: Id | None = Field(default=None, examples=["me"])
    """Yourself where left out, or a child of the home."""


@router.get("/{household}/presence", summary="Who is at home", responses=documented(401, 403, 404))
async def show_presence(view: Home, household: Household) -> PageOf[PresenceShown]:
    """The adults of a home see everybody's, a child its own, guests nobody's."""
    people = await view.people(household)
    return PageOf(items=[_shown(member.person, found) for member, found in people])


@router.put(
    "/{household}/presence",
    summary="Say that you are at home, or away",
    responses=documented(401, 403, 404, 409),
)
async def say_presence(
    view: Home, parts: Parts, household: Household, wish: PresenceWish, _: OnceOnly
) -> PresenceShown:
    """It holds until your phone newly says something else; guardians say it for a child."""
    person = await view.whom_to_speak_for(household, wish.person)
    request = PresenceRequest(
        household=household, person=person, at_home=wish.at_home, now_ms=parts.clock.now_ms()
    )
    return _shown(person, await submit(parts.worker, request, answer=Presence))


def _shown(person: str, presence: Presence | None) -> PresenceShown:
    if presence is None:
        return PresenceShown(person=person, at_home=None, since=None, said_by=None)
    return PresenceShown(
        person=person,
        at_home=presence.at_home,
        since=moment(presence.since_ms),
        said_by="person" if presence.source == "person" else "device",
    )
