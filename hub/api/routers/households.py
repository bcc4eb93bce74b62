"""Households and who belongs to them."""

from datetime import date
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import Field

from hub.api.bodies import Body, Id, Name, PageOf, Shown
from hub.api.gate import HouseholdRole, Parts, People, checked_id
from hub.api.link_care import end_links_of
from hub.api.once import KeepingRoute, Once, OnceOnly
from hub.api.parts import ApiParts
from hub.api.problems import documented
from hub.api.routers.me import MyHousehold
from hub.api.shutting_out import shut_out
from hub.api.times import moment
from hub.errors import InvalidInputError, NotPermittedError, RefusedError, UnknownError
from hub.model import Household, Membership, Person, Presence, Role, presence_id

router = APIRouter(prefix="/households", tags=["people"], route_class=KeepingRoute)

CHILD_YEARS = 18


class NewHousehold(Body):
    name: Name = Field(examples=["The Kims"])


class MemberShown(Shown):
    person: str
    name: str
    role: Role


class NewMember(Body):
    """Somebody with an account, who gave you their id (`GET /me`); or a child without one."""

    person: Id | None = Field(default=None, examples=["p_41c2"])
    name: Name | None = None
    """Of a child without an account."""
    birth_date: date | None = None
    """Of a child without an account."""
    role: Literal["owner", "adult", "child", "guest"] = "adult"


@router.get("", summary="List my households", responses=documented(401))
async def list_households(view: People, parts: Parts) -> PageOf[MyHousehold]:
    """All of them on one page."""
    items = []
    for name, role in sorted(view.reader.roles.items()):
        found = await parts.records.household(name)
        if found is not None:
            items.append(MyHousehold(id=name, name=found.name, role=role))
    return PageOf(items=items)


@router.post("", summary="Make a household", status_code=201, responses=documented(401, 409))
async def make_household(
    view: People, parts: Parts, wish: NewHousehold, once: OnceOnly
) -> MyHousehold:
    """Make a household that you own."""
    household = Household(
        id=once.new_id("h"), name=wish.name, created_at=moment(parts.clock.now_ms())
    )
    if await parts.records.household(household.id) is None:
        await parts.records.add_household(household, owner=view.reader.person)
    return MyHousehold(id=household.id, name=household.name, role=Role.OWNER)


@router.get("/{household}/members", summary="List members", responses=documented(401, 403, 404))
async def list_members(
    view: People, role: HouseholdRole, parts: Parts, household: str
) -> PageOf[MemberShown]:
    """All of them on one page; guests do not see it."""
    if role is Role.GUEST:
        message = "guests do not see who lives here"
        raise NotPermittedError(message)
    named = await view.named(await parts.records.memberships(household=household))
    return PageOf(items=[MemberShown(person=m.person, name=name, role=m.role) for m, name in named])


@router.post(
    "/{household}/members",
    summary="Add a member or change their role",
    status_code=201,
    responses=documented(401, 403, 404, 409),
)
async def add_member(  # noqa: PLR0913, PLR0917 - what FastAPI injects, one argument each
    view: People,
    role: HouseholdRole,
    parts: Parts,
    household: str,
    wish: NewMember,
    once: OnceOnly,
) -> MemberShown:
    """For owners. Guardians see what a child's devices say, so a child is one by birth date."""
    _owner_only(role)
    person = await _person(wish, parts=parts, once=once)
    if person.id == view.reader.person:
        message = "your own role is changed by another owner"
        raise RefusedError(message)
    member = Membership(household=household, person=person.id, role=Role(wish.role))
    if member.role is Role.CHILD and not _is_child(person, parts=parts):
        message = "a child has a birth date less than 18 years ago in their own record"
        raise RefusedError(message)
    if member.role is Role.GUEST:
        await _end_what_is_of(person.id, household=household, parts=parts)
    await parts.records.set_membership(member)
    if member.role is Role.GUEST:
        await _end_what_is_of(person.id, household=household, parts=parts)
    return MemberShown(person=person.id, name=person.name, role=member.role)


@router.delete(
    "/{household}/members/{person}",
    summary="End a membership",
    status_code=204,
    response_class=Response,
    responses=documented(401, 403, 404, 409),
)
async def end_member(
    view: People,
    role: HouseholdRole,
    parts: Parts,
    household: str,
    person: str,
    _: OnceOnly,
) -> None:
    """For owners, and for anybody about themselves; the last owner stays.

    What was bound to them is shut out of this home; they claim it in another.
    """
    if person != view.reader.person:
        _owner_only(role)
    members = await parts.records.memberships(household=household)
    roles = {member.person: member.role for member in members}
    if checked_id(person, what="member") not in roles:
        raise UnknownError(what="member", name=person)
    owners = [name for name, found in roles.items() if found is Role.OWNER]
    if owners == [person]:
        message = "the last owner stays; make somebody else an owner first"
        raise RefusedError(message)
    await _end_what_is_of(person, household=household, parts=parts)
    for device in parts.worker.devices_of(person, household=household):
        await shut_out(parts, device)
    await parts.records.end_membership(household=household, person=person)
    await _end_what_is_of(person, household=household, parts=parts)


async def _end_what_is_of(person: str, *, household: str, parts: ApiParts) -> None:
    """End the links, and forget the presence, of somebody who lives there no more.

    Before it is written down that they do not, so that nothing outlives a hub that ends in between;
    and behind it, for what came in between.
    """
    await end_links_of(parts, household=household, person=person)
    identity = presence_id(household, person)
    if parts.worker.kept(Presence, identity) is not None:
        await parts.worker.keep(dropped=((Presence, identity),))


def _owner_only(role: Role) -> None:
    if role is not Role.OWNER:
        message = "only an owner of the household may change who belongs to it"
        raise NotPermittedError(message)


async def _person(wish: NewMember, *, parts: ApiParts, once: Once) -> Person:
    if wish.person is not None:
        found = await parts.records.person(wish.person)
        if found is None:
            raise UnknownError(what="person", name=wish.person)
        return found
    if wish.role != "child" or wish.name is None or wish.birth_date is None:
        message = "give `person`; or for a child without an account `name` and `birth_date`"
        raise InvalidInputError(message)
    child = Person(id=once.new_id("p"), name=wish.name, birth_date=wish.birth_date)
    if not _is_child(child, parts=parts):
        message = "birth_date: a child was born less than 18 years ago"
        raise InvalidInputError(message)
    # A repeated request finds the child that it made before.
    known = await parts.records.person(child.id)
    if known is None:
        await parts.records.add_person(child)
    return known or child


def _is_child(person: Person, *, parts: ApiParts) -> bool:
    born, today = person.birth_date, moment(parts.clock.now_ms()).date()
    if born is None or born > today:
        return False
    birthday_to_come = (today.month, today.day) < (born.month, born.day)
    return today.year - born.year - birthday_to_come < CHILD_YEARS
