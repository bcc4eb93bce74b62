"""Whose a link or a scene is, who may see and change it, and whether it fits its home."""

import re
from collections.abc import Iterable, Iterator, Mapping

from hub.api.parts import ApiParts
from hub.errors import NotPermittedError, UnknownError
from hub.model import (
    AlarmCondition,
    AlarmTrigger,
    EventTrigger,
    ExpressionCondition,
    Link,
    PresenceCondition,
    PresenceTrigger,
    Reader,
    ReadingTrigger,
    Role,
    SayAction,
    Scene,
    SceneAction,
)
from hub.model.gate import GUARDIANS


class LinkRights:
    """Decides for one reader during one request; remembers what it looked up."""

    def __init__(self, parts: ApiParts, reader: Reader) -> None:
        self.parts = parts
        self.reader = reader
        self._roles: dict[str, Mapping[str, Role]] = {}

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
        """Return whether it looks at, or acts on, what is somebody's own."""
        trigger = link.spec.trigger
        people = [
            part.person
            for part in (trigger, *link.spec.conditions)
            if isinstance(part, PresenceTrigger | PresenceCondition)
        ]
        if any(people) or any(isinstance(a, SayAction) and a.private for a in link.spec.actions):
            return True
        if any(_cannot_tell(cel) for cel in _expressions(link)):
            return True
        rules = [self.parts.worker.rules.get(name) for name in _rules(link)]
        if any(rule is not None and rule.person is not None for rule in rules):
            return True
        states = [await self.parts.worker.state(device) for device in self._devices(link)]
        if any(state is not None and state.person is not None for state in states):
            return True
        kind = trigger.kind if isinstance(trigger, ReadingTrigger | EventTrigger) else None
        return kind is not None and await self._is_worn(kind, household=link.household)

    def _devices(self, link: Link) -> Iterator[str]:
        yield from named_devices(link)
        for cel in _expressions(link):
            yield from (found["one"] or found["other"] for found in _LOOKED_UP.finditer(cel))
        for action in link.spec.actions:
            if isinstance(action, SceneAction):
                scene = self.parts.worker.kept(Scene, action.scene)
                yield from scene.desired if scene is not None else ()

    async def _is_worn(self, kind: str, *, household: str) -> bool:
        cursor = None
        while True:
            page = await self.parts.records.devices(
                households=(household,), limit=500, cursor=cursor
            )
            for device in page.items:
                state = await self.parts.worker.state(device.id) if device.kind == kind else None
                if state is not None and state.person is not None:
                    return True
            cursor = page.next_cursor
            if cursor is None:
                return False

    async def names(self, links: Iterable[Link]) -> Mapping[str, str]:
        """Return the names of the devices of these links, by id."""
        wanted = {device for link in links for device in named_devices(link)}
        states = [await self.parts.worker.state(device) for device in sorted(wanted)]
        return {state.device.id: state.device.name for state in states if state is not None}


def named_devices(link: Link) -> Iterator[str]:
    """Yield the devices that the link names, but for those of its scenes."""
    for part in (link.spec.trigger, *link.spec.conditions, *link.spec.actions):
        device = getattr(part, "device", None)
        if isinstance(device, str):
            yield device


def _expressions(link: Link) -> Iterator[str]:
    for condition in link.spec.conditions:
        if isinstance(condition, ExpressionCondition):
            yield condition.cel


_LOOKED_UP = re.compile(
    r"""devices\s*\[\s*['"](?P<one>[A-Za-z0-9_-]+)['"]\s*\]"""
    r"""|['"](?P<other>[A-Za-z0-9_-]+)['"]\s+in\s+devices\b(?!\s*[.\[])"""
)
_ANYBODY = re.compile(r"""presence\s*(?:\.\s*anybody\b|\[\s*['"]anybody['"]\s*\])""")


def _cannot_tell(cel: str) -> bool:
    """Whether it may look at what is its author's own in a way that its text does not show."""
    left = _ANYBODY.sub("", _LOOKED_UP.sub("", cel))
    return "devices" in left or "presence" in left


def _rules(link: Link) -> Iterator[str]:
    for part in (link.spec.trigger, *link.spec.conditions):
        if isinstance(part, AlarmTrigger | AlarmCondition) and part.rule is not None:
            yield part.rule
