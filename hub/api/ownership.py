"""Whose a device's data is, at every moment: a device belongs to a person for an interval."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.model import Binding, Device, Reader, Role, Subject, Verdict, permits, purpose_of
from hub.ports import RecordStore

BEGINNING_MS = -(1 << 53)
END_MS = 1 << 53

CLAIM_SLACK_MS = 60_000
"""A binding so soon after the claim was made with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """From `start_ms` until before `end_ms` the device spoke of `subject`."""

    start_ms: int
    end_ms: int
    subject: Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """A device and whose it was, without gaps, oldest first."""

    device: Device
    tenures: tuple[Tenure, ...]

    @property
    def now(self) -> Subject:
        return self.tenures[-1].subject

    @property
    def since_ms(self) -> int:
        """When the device began to speak of whom it speaks now."""
        return self.tenures[-1].start_ms

    def of(self, person: str | None) -> Subject:
        """Return the subject that this person is here; None asks for the home."""
        for tenure in self.tenures:
            if tenure.subject.person == person:
                return tenure.subject
        return Subject(household=self.device.household, person=person)

    def at(self, at_ms: int) -> Subject:
        """Return whom the device spoke of at this time."""
        for tenure in reversed(self.tenures):
            if at_ms >= tenure.start_ms:
                return tenure.subject
        return self.tenures[0].subject

    def within(self, start_ms: int, end_ms: int) -> Iterator[Tenure]:
        """Return the tenures that overlap [start, end), cut to it."""
        for tenure in self.tenures:
            start, end = max(tenure.start_ms, start_ms), min(tenure.end_ms, end_ms)
            if start < end:
                yield Tenure(start_ms=start, end_ms=end, subject=tenure.subject)


def verdict(reader: Reader, subject: Subject) -> Verdict:
    """Return whether the reader may see the subject's data, for their own or the home's purpose."""
    return permits(purpose=purpose_of(reader, subject), reader=reader, subject=subject)


async def ownership_of(device: Device, *, records: RecordStore) -> Ownership:
    """Look up whose the device was and is, with the roles people have in its household now."""
    bindings = await records.bindings(device.id)
    members = await records.memberships(household=device.household)
    return ownership(device, bindings, roles={m.person: m.role for m in members})


def ownership(
    device: Device, bindings: Sequence[Binding], *, roles: Mapping[str, Role]
) -> Ownership:
    """Return the tenures of the device.

    What a device measured before its claim belongs to whom it was claimed for, not to the home.
    """
    tenures: list[Tenure] = []
    home = Subject(household=device.household)
    reached_ms = BEGINNING_MS
    for binding in bindings:
        start_ms = _ms(binding.since_at)
        if not tenures and start_ms <= _ms(device.created_at) + CLAIM_SLACK_MS:
            start_ms = BEGINNING_MS
        end_ms = _end_ms(binding, device)
        if start_ms > reached_ms:
            tenures.append(Tenure(start_ms=reached_ms, end_ms=start_ms, subject=home))
        person = Subject(
            household=device.household, person=binding.person, role=roles.get(binding.person)
        )
        tenures.append(Tenure(start_ms=start_ms, end_ms=end_ms, subject=person))
        reached_ms = end_ms
    if reached_ms < END_MS:
        tenures.append(Tenure(start_ms=reached_ms, end_ms=END_MS, subject=home))
    return Ownership(device=device, tenures=tuple(tenures))


def _end_ms(binding: Binding, device: Device) -> int:
    """Return when the binding ended; what a device says as it is shut out is its person's."""
    if binding.until_at is None:
        return END_MS
    if device.revoked_at is not None and binding.until_at >= device.revoked_at:
        return END_MS
    return _ms(binding.until_at)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
