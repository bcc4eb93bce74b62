"""Who is told when a person does not answer an alarm: asked by the one, agreed by the other."""

from dataclasses import replace
from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import Field

from hub.api.bodies import Body, Id, PageOf, Shown
from hub.api.gate import Parts, People, checked_id
from hub.api.once import KeepingRoute, OnceOnly
from hub.api.parts import ApiParts
from hub.api.people_views import PeopleView
from hub.api.problems import documented
from hub.api.times import moment
from hub.errors import InvalidInputError, UnknownError
from hub.model import Contact

router = APIRouter(prefix="/contacts", tags=["people"], route_class=KeepingRoute)


class Ask(Body):
    person: Id = Field(examples=["p_41c2"])
    """A member of a household of yours."""


class ContactShown(Shown):
    person: str
    """Who might not answer."""
    contact: str
    """Who is then told."""
    asked_at: datetime
    agreed_at: datetime | None
    """Null until the contact agreed; nobody is told before."""


@router.get("", summary="List contacts", responses=documented(401))
async def list_contacts(view: People, parts: Parts) -> PageOf[ContactShown]:
    """Whom you asked, and who asked you; all of them on one page."""
    me = view.reader.person
    found = [*await parts.records.contacts(person=me), *await parts.records.contacts(contact=me)]
    return PageOf(items=[_shown(contact) for contact in found])


@router.post(
    "", summary="Ask somebody to be told", status_code=201, responses=documented(401, 404, 409)
)
async def ask(view: People, parts: Parts, wish: Ask, _: OnceOnly) -> ContactShown:
    """Ask a member of a household of yours; a rule may name them, and counts once they agree."""
    me = view.reader.person
    if wish.person == me:
        message = "you cannot be told of yourself"
        raise InvalidInputError(message)
    if not await _lives_with(view, parts, wish.person):
        raise UnknownError(what="person", name=wish.person)
    known = await _known(parts, person=me, contact=wish.person)
    if known is None:
        known = Contact(person=me, contact=wish.person, asked_ms=parts.clock.now_ms())
        await parts.records.put_contact(known)
    return _shown(known)


@router.post("/{person}/agree", summary="Agree to be told", responses=documented(401, 404))
async def agree(view: People, parts: Parts, person: str, _: OnceOnly) -> ContactShown:
    """Agree to be told when that person, who asked you, does not answer an alarm."""
    asked = checked_id(person, what="request")
    known = await _known(parts, person=asked, contact=view.reader.person)
    if known is None:
        raise UnknownError(what="request", name=person)
    if known.agreed_ms is None:
        known = replace(known, agreed_ms=parts.clock.now_ms())
        await parts.records.put_contact(known)
    await parts.worker.contacts_changed()
    return _shown(known)


@router.delete(
    "/{person}",
    summary="End a contact",
    status_code=204,
    response_class=Response,
    responses=documented(401, 404),
)
async def end(view: People, parts: Parts, person: str, _: OnceOnly) -> None:
    """End it in both directions, whoever asked; from then on nobody is told."""
    me, other = view.reader.person, checked_id(person, what="contact")
    known = [
        await _known(parts, person=me, contact=other),
        await _known(parts, person=other, contact=me),
    ]
    if not any(known):
        raise UnknownError(what="contact", name=person)
    for contact in known:
        if contact is not None:
            await parts.records.end_contact(person=contact.person, contact=contact.contact)
    await parts.worker.contacts_changed()


async def _known(parts: ApiParts, *, person: str, contact: str) -> Contact | None:
    found = await parts.records.contacts(person=person, contact=contact)
    return found[0] if found else None


async def _lives_with(view: PeopleView, parts: ApiParts, person: str) -> bool:
    theirs = await parts.records.memberships(person=person)
    return any(membership.household in view.reader.roles for membership in theirs)


def _shown(contact: Contact) -> ContactShown:
    agreed_ms = contact.agreed_ms
    return ContactShown(
        person=contact.person,
        contact=contact.contact,
        asked_at=moment(contact.asked_ms),
        agreed_at=None if agreed_ms is None else moment(agreed_ms),
    )
