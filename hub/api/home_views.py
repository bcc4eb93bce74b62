"""What a reader is shown of a home and the people in it; made by `hub.api.gate` alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hub.api.views import View
from hub.errors import NotPermittedError, UnknownError
from hub.model import (
    GUARDIANS,
    Garment,
    Membership,
    Moment,
    Presence,
    Role,
    Subject,
    presence_id,
    shares_home,
)
from hub.ports import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeView(View):
    """Presence, words and garments of the reader's homes."""

    def lives_in(self, household: str) -> Role:
        """Return the reader's role in a home of theirs.

        Raises:
            UnknownError: it is none of theirs.
            NotPermittedError: they are a guest there.
        """
        role = self.reader.roles.get(household)
        if role is None:
            raise UnknownError(what="household", name=household[:64])
        if role is Role.GUEST:
            message = "guests do not see how people live here"
            raise NotPermittedError(message)
        return role

    @property
    def homes(self) -> tuple[str, ...]:
        """Where the reader lives."""
        return tuple(home for home, role in self.reader.roles.items() if role is not Role.GUEST)

    # -- presence ------------------------------------------------------------------------------

    async def people(self, household: str) -> list[tuple[Membership, Presence | None]]:
        """Return those of the home whose presence the reader may see, and where they are."""
        self.lives_in(household)
        found: list[tuple[Membership, Presence | None]] = []
        for member in await self.state.parts.records.memberships(household=household):
            subject = Subject(household=household, person=member.person, role=member.role)
            if member.role is Role.GUEST or not shares_home(self.reader, subject).allowed:
                continue
            self.note(subject, what=f"presence {household}", allowed=True)
            found.append((member, self.presence(household, member.person)))
        return found

    def presence(self, household: str, person: str) -> Presence | None:
        return self.state.parts.worker.kept(Presence, presence_id(household, person))

    async def whom_to_speak_for(self, household: str, person: str | None) -> str:
        """Return of whom the reader says that they are at home: themselves, or a child.

        Raises:
            UnknownError: it is no home of theirs, or nobody of it.
            NotPermittedError: only that person themselves may say so.
        """
        role = self.lives_in(household)
        if person in (None, "me", self.reader.person):
            return self.reader.person
        for member in await self.state.parts.records.memberships(household=household):
            if member.person != person:
                continue
            if role in GUARDIANS and member.role is Role.CHILD:
                return member.person
            message = "adults say themselves whether they are at home"
            raise NotPermittedError(message)
        raise UnknownError(what="member", name=str(person)[:64])

    # -- words ---------------------------------------------------------------------------------

    async def moment(self, name: str) -> Moment:
        """Return a word that was meant for the reader, or for their home.

        Raises:
            UnknownError: there is none.
        """
        parts = self.state.parts
        found = parts.worker.kept(Moment, name) or await parts.records.thing(Moment, name)
        if found is None or not self._is_for_reader(found):
            raise UnknownError(what="moment", name=name)
        return found

    async def moments(
        self, *, is_open: bool | None, limit: int, cursor: str | None
    ) -> Page[Moment]:
        """Return those words of a page that were meant for the reader or their homes."""
        page = await self.state.parts.records.things(
            Moment, households=tuple(self.reader.roles), is_open=is_open, limit=limit, cursor=cursor
        )
        return replace(page, items=tuple(one for one in page.items if self._is_for_reader(one)))

    def _is_for_reader(self, moment: Moment) -> bool:
        if moment.person is not None:
            return moment.person == self.reader.person and moment.household in self.reader.roles
        return moment.household in self.homes

    # -- garments ------------------------------------------------------------------------------

    async def garment(self, name: str) -> Garment:
        """Return a garment of the reader's homes.

        Raises:
            UnknownError: there is none, or it is somebody else's.
        """
        parts = self.state.parts
        found = parts.worker.kept(Garment, name) or await parts.records.thing(Garment, name)
        if found is None or not self._may_see(found):
            raise UnknownError(what="garment", name=name)
        self._note_garment(found)
        return found

    async def garments(
        self, *, household: str | None, is_open: bool | None, limit: int, cursor: str | None
    ) -> Page[Garment]:
        """Return those garments of a page that the reader may see."""
        if household is not None:
            self.lives_in(household)
        homes: Sequence[str] = self.homes if household is None else (household,)
        page = await self.state.parts.records.things(
            Garment, households=homes, is_open=is_open, limit=limit, cursor=cursor
        )
        return replace(page, items=tuple(self._shown(page.items)))

    def _shown(self, garments: Sequence[Garment]) -> Iterator[Garment]:
        for garment in garments:
            if self._may_see(garment):
                self._note_garment(garment)
                yield garment

    def _may_see(self, garment: Garment) -> bool:
        return shares_home(self.reader, _wearer(garment)).allowed

    def _note_garment(self, garment: Garment) -> None:
        self.note(_wearer(garment), what=f"garments {garment.household}", allowed=True)

    async def check_wearer(self, household: str, owner: str | None) -> None:
        """Raise where a garment of this owner is not the reader's to add, change or remove.

        Raises:
            UnknownError: it is no home of theirs, or the owner is nobody of it.
            NotPermittedError: it is another adult's, or the reader is a child or guest.
        """
        role = self.lives_in(household)
        if owner == self.reader.person:
            return
        if role not in GUARDIANS:
            message = "only the adults of the home change what is not their own"
            raise NotPermittedError(message)
        if owner is None:
            return
        roles = {
            member.person: member.role
            for member in await self.state.parts.records.memberships(household=household)
        }
        if owner not in roles or roles[owner] is Role.GUEST:
            raise UnknownError(what="member", name=owner)
        if roles[owner] is not Role.CHILD:
            message = "another adult's garments are theirs to add, change and remove"
            raise NotPermittedError(message)


def _wearer(garment: Garment) -> Subject:
    return Subject(household=garment.household, person=garment.owner)
