"""Whose a link or a scene is, who may see and change it, and whether it fits its home."""

from collections.abc import Iterable, Mapping

from hub.api.parts import ApiParts
from hub.errors import NotPermittedError, UnknownError
from hub.model import DeviceState, Link, LinkRun, Reader, Role, Scene
from hub.model.gate import GUARDIANS
from hub.model.link_sight import sight_of


class LinkRights:
    """Decides for one reader during one request; remembers what it looked up."""

    def __init__(self, parts: ApiParts, reader: Reader) -> None:
        self.parts = parts
        self.reader = reader
        self._roles: dict[str, Mapping[str, Role]] = {}
        self._bound: dict[str, list[DeviceState]] = {}

    # -- who -------------------------------------------------------------------------------------

    def member(self, household: str) -> Role:
        """Return the reader's role, which is not a guest's.

        Raises:
            UnknownError: not of this household.
            NotPermittedError: a guest.
        """
        role = self.reader.roles.get(household)
        if role is None:
            raise UnknownError(what="household", name=household[:64])
        if role is Role.GUEST:
            message = "guests neither see nor make links"
            raise NotPermittedError(message)
        return role

    async def author(self, person: str, *, household: str) -> str:
        """Return whose link the reader makes: their own, or that of a child of theirs.

        Raises:
            NotPermittedError: of somebody else.
        """
        self.member(household)
        if person in {"me", self.reader.person}:
            return self.reader.person
        if await self._guards(person, household=household):
            return person
        message = "a link is yours, or that of a child whose guardian you are"
        raise NotPermittedError(message)

    async def may_see(self, link: Link) -> bool:
        if self.reader.roles.get(link.household) in {None, Role.GUEST}:
            return False
        if await self.speaks_for(link):
            return True
        return not link.personal and not await self.is_personal(link)

    async def may_see_run(self, run: LinkRun) -> bool:
        """Return whether a run of a link that the reader may see is for them, too."""
        if run.person in {None, self.reader.person}:
            return True
        return await self._guards(run.person or "", household=run.household)

    async def may_see_scene(self, scene: Scene) -> bool:
        """A scene with somebody's own device in it is theirs alone."""
        if self.reader.roles.get(scene.household) in {None, Role.GUEST}:
            return False
        states = [await self.parts.worker.state(device) for device in scene.desired]
        people = {state.person.id for state in states if state is not None and state.person}
        return people <= {self.reader.person}

    def check_changer(self, author: str, *, household: str) -> None:
        """Raise NotPermittedError where this is another person's to change."""
        role = self.member(household)
        if author == self.reader.person or role in GUARDIANS:
            return
        message = "only its author, or an owner or adult of the home, may change this"
        raise NotPermittedError(message)

    async def speaks_for(self, link: Link) -> bool:
        """Return whether what the reader changes stays its author's: theirs, or their child's."""
        return link.author == self.reader.person or await self._guards(
            link.author, household=link.household
        )

    async def _guards(self, person: str, *, household: str) -> bool:
        roles = await self._members(household)
        guardian = self.reader.roles.get(household) in GUARDIANS
        return guardian and roles.get(person) is Role.CHILD

    async def _members(self, household: str) -> Mapping[str, Role]:
        if household not in self._roles:
            members = await self.parts.records.memberships(household=household)
            self._roles[household] = {member.person: member.role for member in members}
        return self._roles[household]

    # -- what it touches -------------------------------------------------------------------------

    async def is_personal(self, link: Link) -> bool:
        """Return whether it looks at, or acts on, what is somebody's own.

        What cannot be shown not to counts.
        """
        sight = sight_of(link.spec)
        if sight.author or await self._is_anyones((*sight.devices, *self._set_by(sight.scenes))):
            return True
        for rule in sight.rules:
            if await self._watches_somebody(rule):
                return True
        if sight.kind is not None and await self._is_worn(sight.kind, household=link.household):
            return True
        if not sight.any_alarm:
            return False
        worn = await self._worn_in(link.household)
        return any(state.person and state.person.id == link.author for state in worn)

    def _set_by(self, scenes: Iterable[str]) -> Iterable[str]:
        found = (self.parts.worker.kept(Scene, name) for name in scenes)
        return [device for scene in found if scene is not None for device in scene.desired]

    async def _is_anyones(self, devices: Iterable[str]) -> bool:
        states = [await self.parts.worker.state(device) for device in devices]
        return any(state is not None and state.person is not None for state in states)

    async def _watches_somebody(self, name: str) -> bool:
        rule = self.parts.worker.rules.get(name)
        if rule is None:
            return False
        if rule.person is not None or await self._is_anyones(rule.spec.devices):
            return True
        kind = rule.spec.kind
        return kind is not None and await self._is_worn(kind, household=rule.household)

    async def _is_worn(self, kind: str, *, household: str) -> bool:
        return any(state.device.kind == kind for state in await self._worn_in(household))

    async def _worn_in(self, household: str) -> list[DeviceState]:
        """Return the home's devices that are somebody's own."""
        if household not in self._bound:
            states: list[DeviceState] = []
            cursor = None
            while True:
                page = await self.parts.records.devices(
                    households=(household,), limit=500, cursor=cursor
                )
                found = [await self.parts.worker.state(device.id) for device in page.items]
                states += [one for one in found if one is not None and one.person is not None]
                cursor = page.next_cursor
                if cursor is None:
                    break
            self._bound[household] = states
        return self._bound[household]
