"""The person who asks."""

from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

from fastapi import APIRouter
from pydantic import AfterValidator, Field

from hub.api.bodies import Body, Name, Shown
from hub.api.gate import Parts, People
from hub.api.link_care import follow_time_zone
from hub.api.once import KeepingRoute, OnceOnly
from hub.api.parts import ApiParts
from hub.api.people_views import PeopleView
from hub.api.problems import documented
from hub.api.times import moment
from hub.errors import InvalidInputError
from hub.model import Person, Role, heart_rate_limit

router = APIRouter(prefix="/me", tags=["people"], route_class=KeepingRoute)

OLDEST_YEARS = 130


class MyHousehold(Shown):
    id: str
    name: str
    role: Role


class HeartRateLimit(Shown):
    value: float
    """Beats a minute."""
    reason: str
    """`override`, `zone`, `reserve`, `maximum` or `default`; `docs/alarms.md` gives the order."""


class Me(Shown):
    id: str
    """Give it to whoever should add you to their household."""
    name: str
    language: str
    time_zone: str
    birth_date: date | None
    resting_heart_rate: float | None
    heart_rate_limit: float | None
    """Your own override."""
    zone: str | None
    is_operator: bool
    limit: HeartRateLimit
    """The limit in force, from what is known of you. Wellness, not diagnosis."""
    households: list[MyHousehold]


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _time_zone(name: str) -> str:
    if name not in _time_zones():
        message = "an IANA time zone like Asia/Seoul"
        raise ValueError(message)
    return name


class MeChange(Body):
    """Leave out what stays; null takes a value back."""

    name: Name | None = None
    language: Literal["en", "ko"] | None = None
    time_zone: Annotated[str, AfterValidator(_time_zone)] | None = Field(
        default=None, examples=["Asia/Seoul"]
    )
    birth_date: date | None = Field(default=None, examples=["1985-04-12"])
    resting_heart_rate: float | None = Field(default=None, ge=25, le=120, examples=[58])
    """Beats a minute."""
    heart_rate_limit: float | None = Field(default=None, ge=60, le=230, examples=[150])
    """Your own limit, beats a minute; null lets the hub work it out."""
    zone: Literal["easy", "moderate", "hard", "maximum"] | None = None
    """The hardest zone you plan to stay in."""


@router.get("", summary="Who am I", responses=documented(401))
async def show_me(view: People, parts: Parts) -> Me:
    return await _shown(view, parts, await view.oneself())


@router.patch("", summary="Change what the hub knows of me", responses=documented(401, 409))
async def change_me(view: People, parts: Parts, change: MeChange, _: OnceOnly) -> Me:
    """Change some of it; the limit follows at once, on your devices too."""
    person = await view.oneself()
    changed = _changed(person, change, today=moment(parts.clock.now_ms()).date())
    await parts.records.update_person(changed)
    await parts.worker.refresh(*await view.worn())
    if changed.time_zone != person.time_zone:
        await follow_time_zone(parts, person=person.id, time_zone=changed.time_zone)
    return await _shown(view, parts, changed)


def _changed(person: Person, change: MeChange, *, today: date) -> Person:
    given = {name: getattr(change, name) for name in change.model_fields_set}
    for name in ("name", "language", "time_zone"):
        if name in given and given[name] is None:
            message = f"{name} can be changed, not taken back"
            raise InvalidInputError(message)
    born = change.birth_date
    if born is not None and not today - timedelta(days=OLDEST_YEARS * 366) < born <= today:
        message = "birth_date is a day in the past that a living person was born on"
        raise InvalidInputError(message)
    return replace(person, **given)


async def _shown(view: PeopleView, parts: ApiParts, person: Person) -> Me:
    households = []
    for household, role in sorted(view.reader.roles.items()):
        found = await parts.records.household(household)
        if found is not None:
            households.append(MyHousehold(id=household, name=found.name, role=role))
    limit = heart_rate_limit(person, today=moment(parts.clock.now_ms()).date())
    return Me(
        id=person.id,
        name=person.name,
        language=person.language,
        time_zone=person.time_zone,
        birth_date=person.birth_date,
        resting_heart_rate=person.resting_heart_rate,
        heart_rate_limit=person.heart_rate_limit,
        zone=person.zone,
        is_operator=person.is_operator,
        limit=HeartRateLimit(value=limit.limit, reason=limit.reason),
        households=households,
    )
