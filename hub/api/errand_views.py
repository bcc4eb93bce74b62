"""What a reader is shown of orders and listings, and may decide; made by `hub.api.gate` alone."""

from dataclasses import dataclass, replace
from typing import TypeVar

from hub.api.ownership import verdict
from hub.api.views import View
from hub.errors import NotPermittedError, UnknownError
from hub.model import GUARDIANS, Disclosure, Garment, Listing, Order, Role, Subject
from hub.ports import Page

T = TypeVar("T", Order, Listing)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrandView(View):
    """An errand is its person's, and their guardians' where they are a child.

    One of pieces that belong to nobody in particular is every adult's of the home.
    """

    async def errand(self, kind: type[T], name: str) -> T:
        """Return an order or listing of the reader's, ended or not.

        Raises:
            UnknownError: there is none, or it is somebody else's.
        """
        parts = self.state.parts
        found = parts.worker.kept(kind, name) or await parts.records.thing(kind, name)
        if found is None or not await self._may_see(found):
            raise UnknownError(what=kind.__name__.lower(), name=name)
        return found

    async def errands(
        self, kind: type[T], *, is_open: bool | None, limit: int, cursor: str | None
    ) -> Page[T]:
        """Return those of a page that the reader may see."""
        page = await self.state.parts.records.things(
            kind,
            households=tuple(self.reader.roles),
            is_open=is_open,
            limit=limit,
            cursor=cursor,
        )
        items = [one for one in page.items if await self._may_see(one)]
        return replace(page, items=tuple(items))

    async def decided(self, kind: type[T], name: str) -> T:
        """Return an errand that the reader may say yes and no to.

        Raises:
            UnknownError: there is none, or it is somebody else's.
            NotPermittedError: the reader is a child, for whom a guardian decides.
        """
        found = await self.errand(kind, name)
        if self.reader.roles.get(found.household) not in GUARDIANS:
            message = "an adult of the home decides on this"
            raise NotPermittedError(message)
        return found

    async def hears(self, errand: Order | Listing) -> bool:
        """Return whether the reader may be told live of it."""
        return await self._may_see(errand)

    async def of_garments(self, household: str, names: list[str]) -> tuple[Garment, ...]:
        """Return garments that the reader may give away for cleaning or to a market.

        Raises:
            UnknownError: it is no home of theirs, or there is no such garment in it for them.
            NotPermittedError: the reader is a child or a guest.
        """
        role = self.reader.roles.get(household)
        if role is None:
            raise UnknownError(what="household", name=household[:64])
        if role not in GUARDIANS:
            message = "only the adults of the home order for it"
            raise NotPermittedError(message)
        found = tuple(self.state.parts.worker.kept(Garment, name) for name in names)
        roles = await self._roles(household)
        for name, garment in zip(names, found, strict=True):
            if (
                garment is None
                or garment.household != household
                or not self._may_give(garment, roles)
            ):
                raise UnknownError(what="garment", name=name)
        return tuple(garment for garment in found if garment is not None)

    async def disclosures(
        self, *, about: str | None, limit: int, cursor: str | None
    ) -> Page[Disclosure]:
        """Return what left the hub: about one errand of the reader's, or about the reader."""
        person = None if about else self.reader.person
        return await self.state.parts.records.things(
            Disclosure, subject=about, person=person, limit=limit, cursor=cursor
        )

    def _may_give(self, garment: Garment, roles: dict[str, Role]) -> bool:
        if garment.owner in (None, self.reader.person):
            return True
        return roles.get(garment.owner) is Role.CHILD

    async def _may_see(self, errand: Order | Listing) -> bool:
        if isinstance(errand, Order) and errand.shared:
            return self.reader.roles.get(errand.household) in GUARDIANS
        roles = await self._roles(errand.household)
        subject = Subject(
            household=errand.household, person=errand.person, role=roles.get(errand.person)
        )
        allowed = verdict(self.reader, subject).allowed
        if allowed:
            self.note(subject, what=f"errand {errand.id}", allowed=True)
        return allowed

    async def _roles(self, household: str) -> dict[str, Role]:
        members = await self.state.parts.records.memberships(household=household)
        return {member.person: member.role for member in members}
