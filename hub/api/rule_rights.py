"""Whom a rule concerns, and so who may see or change it."""

from collections.abc import Collection, Iterable

from hub.api.ownership import ownership_of, verdict
from hub.api.parts import ApiParts
from hub.errors import InvalidInputError, NotPermittedError
from hub.model import Device, DeviceKind, Reader, Role, Rule, RuleSpec, Subject, ValueType, manages

NUMERIC = frozenset({ValueType.NUMBER, ValueType.INTEGER, ValueType.BOOLEAN})
PERSONAL_LIMITS = frozenset({"heart_rate"})
"""Properties of which a person has a limit of their own."""


class RuleRights:
    """Decides for one reader during one request; remembers what it looked up."""

    def __init__(self, parts: ApiParts, reader: Reader) -> None:
        self.parts = parts
        self.reader = reader
        self._subjects: dict[str, Subject | None] = {}
        self._roles: dict[str, dict[str, Role]] = {}

    async def may_see(self, rule: Rule) -> bool:
        """Return whether all that the rule was made for is the reader's to see."""
        if rule.person is not None:
            concerned = [await self._person(rule.person, household=rule.household)]
        elif rule.spec.devices:
            concerned = await self._devices(rule.spec.devices, household=rule.household)
        else:
            concerned = [Subject(household=rule.household)]
        return bool(concerned) and all(verdict(self.reader, one).allowed for one in concerned)

    async def check_change(self, rule: Rule) -> None:
        """Raise NotPermittedError where the rule touches or tells on somebody else.

        A rule shows its responders when a limit is passed; so both whom it watches and whom it
        answers through must be the reader's to manage.
        """
        concerned = await self._watched(rule)
        concerned += await self._devices(rule.spec.responders, household=rule.household)
        for subject in concerned:
            found = manages(self.reader, subject)
            if not found.allowed:
                raise NotPermittedError(found.reason)

    async def check_spec(self, rule: Rule) -> None:
        """Raise InvalidInputError where the rule does not fit its devices, kinds and people."""
        spec = rule.spec
        for kind in await self._kinds(rule):
            _check_property(spec, kind)
        if spec.limit is None and spec.property not in PERSONAL_LIMITS:
            message = f"{spec.property} needs a limit; only {_PERSONAL} has a person's own"
            raise InvalidInputError(message)
        if any(level.first_step >= len(spec.ladder.steps) for level in spec.levels):
            message = f"the ladder has {len(spec.ladder.steps)} steps; a level begins beyond"
            raise InvalidInputError(message)
        for device in [await self._device(name, rule.household) for name in spec.responders]:
            answers = self.parts.kinds.get(device.kind)
            if answers is None or not (answers.can_vibrate or answers.can_sound):
                message = f"{device.id} can neither vibrate nor sound; it cannot respond"
                raise InvalidInputError(message)
        for person in (rule.person, spec.contact):
            await self._check_member(person, household=rule.household)

    async def _watched(self, rule: Rule) -> list[Subject]:
        subjects = [Subject(household=rule.household)]
        if rule.person is not None:
            subjects.append(await self._person(rule.person, household=rule.household))
        elif rule.spec.kind is not None:
            subjects += await self._of_kind(rule.spec.kind, household=rule.household)
        return subjects + await self._devices(rule.spec.devices, household=rule.household)

    async def _of_kind(self, kind: str, *, household: str) -> list[Subject]:
        found: list[str] = []
        cursor = None
        while True:
            page = await self.parts.records.devices(
                households=(household,), limit=500, cursor=cursor
            )
            found += [d.id for d in page.items if d.kind == kind and d.revoked_at is None]
            cursor = page.next_cursor
            if cursor is None:
                return await self._devices(found, household=household)

    async def _kinds(self, rule: Rule) -> list[DeviceKind]:
        if rule.spec.kind is not None:
            names = {rule.spec.kind}
        else:
            names = {(await self._device(one, rule.household)).kind for one in rule.spec.devices}
        for name in names - set(self.parts.kinds):
            message = f"there is no device kind {name!r}"
            raise InvalidInputError(message)
        return [self.parts.kinds[name] for name in sorted(names)]

    async def _device(self, device: str, household: str) -> Device:
        found = await self.parts.records.device(device)
        if found is None or found.household != household or found.revoked_at is not None:
            message = f"there is no device {device!r} in this household"
            raise InvalidInputError(message)
        return found

    async def _devices(self, devices: Iterable[str], *, household: str) -> list[Subject]:
        """Return of whom the devices speak now; those that are no more speak of nobody."""
        for name in devices:
            if name not in self._subjects:
                found = await self.parts.records.device(name)
                if found is None or found.household != household:
                    self._subjects[name] = None
                else:
                    ownership = await ownership_of(found, records=self.parts.records)
                    self._subjects[name] = ownership.now
        found_all = [self._subjects[name] for name in devices]
        return [subject for subject in found_all if subject is not None]

    async def _person(self, person: str, *, household: str) -> Subject:
        roles = await self._members(household)
        return Subject(household=household, person=person, role=roles.get(person))

    async def _check_member(self, person: str | None, *, household: str) -> None:
        guests: Collection[Role | None] = (None, Role.GUEST)
        if person is not None and (await self._members(household)).get(person) in guests:
            message = f"{person!r} is no member of this household, or a guest"
            raise InvalidInputError(message)

    async def _members(self, household: str) -> dict[str, Role]:
        if household not in self._roles:
            members = await self.parts.records.memberships(household=household)
            self._roles[household] = {m.person: m.role for m in members}
        return self._roles[household]


_PERSONAL = ", ".join(sorted(PERSONAL_LIMITS))


def _check_property(spec: RuleSpec, kind: DeviceKind) -> None:
    found = kind.properties.get(spec.property)
    if found is None or found.type not in NUMERIC:
        numeric = ", ".join(sorted(p.name for p in kind.properties.values() if p.type in NUMERIC))
        message = f"a {kind.name} has no numeric property {spec.property!r}; it has: {numeric}"
        raise InvalidInputError(message)
