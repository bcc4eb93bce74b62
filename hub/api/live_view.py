"""What a listener hears live; made by `hub.api.gate` alone."""

from dataclasses import dataclass, field

from hub.api.errand_views import ErrandView
from hub.api.identity import SignedToken
from hub.api.ownership import Ownership, ownership_of, verdict
from hub.api.parts import ApiState
from hub.api.views import DeviceView, View
from hub.model import (
    FeedItem,
    Reader,
    Subject,
)


@dataclass(slots=True, kw_only=True)
class LiveView:
    """What one listener may hear; remembers it for a moment, as it is asked for every item."""

    state: ApiState
    reader: Reader
    token: SignedToken
    _known: dict[str, tuple[str | None, Ownership] | None] = field(default_factory=dict)
    """Device -> whom it was bound to when looked up, and whose it was; None: not theirs."""

    def forget(self, reader: Reader) -> None:
        """Begin anew with the roles people have now."""
        self.reader = reader
        self._known.clear()

    async def hears(self, item: FeedItem) -> bool:
        """Return whether the item is theirs to hear."""
        if item.errand is not None:
            return await ErrandView(state=self.state, reader=self.reader).hears(item.errand)
        if item.device in self._known and self._known[item.device] is None:
            return False
        if item.body.get("recipient") not in {None, self.reader.person}:
            return False
        ownership = await self._ownership(item.device)
        if ownership is None:
            return False
        subject = _subject_of(item, ownership)
        allowed = verdict(self.reader, subject).allowed
        if allowed:
            view = View(state=self.state, reader=self.reader)
            view.note(subject, what=f"live {item.device}", allowed=True)
        return allowed

    async def _ownership(self, device: str) -> Ownership | None:
        now = await self.state.parts.worker.state(device)
        person = now.person.id if now is not None and now.person is not None else None
        known = self._known.get(device)
        if known is None or known[0] != person:
            ownership = None
            if now is not None:
                ownership = await ownership_of(now.device, records=self.state.parts.records)
            if (
                ownership is None
                or not DeviceView(state=self.state, reader=self.reader, ownership=ownership).known
            ):
                self._known[device] = None
                return None
            known = self._known[device] = (person, ownership)
        return known[1]


def _subject_of(item: FeedItem, ownership: Ownership) -> Subject:
    """Return whom the item speaks of; an alarm says so itself, however late it changed."""
    if item.kind == "alarm":
        person = item.body.get("person")
        return ownership.of(person if isinstance(person, str) else None)
    return ownership.at(item.at_ms)
