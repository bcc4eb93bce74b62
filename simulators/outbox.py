"""What a device keeps until the hub has said that it is durable."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Content = dict[str, Any]
"""One element of `up/telemetry`, or one `up/event`, as it goes over the wire."""

MAX_ELEMENTS = 200
"""In one array: some 40 kB, far below the 128 kB that a message may have."""
RESENDS = 2
"""While the hub reads others; then a number that it cannot read is skipped."""


@dataclass(slots=True)
class Kept:
    """One reading or event that no receipt has named yet."""

    leaf: str
    """`telemetry` or `event`."""
    content: Content
    sent_ms: int = -1
    receipts: int = 0
    """Receipts heard before it was last sent."""
    resends: int = 0
    """As the oldest, on this connection, while the hub receipted something else."""

    def skip(self) -> None:
        """Give up a reading that the hub cannot read."""
        boot, seq = self.content["boot"], self.content["seq"]
        self.content = {"boot": boot, "seq": seq, "skipped": True}


class Outbox:
    """Unreceipted readings and events in the order in which they came to be."""

    def __init__(self, boot: str) -> None:
        self.boot = boot
        self.seq = 0
        self._receipts = 0
        self._kept: dict[tuple[str, int | str], Kept] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def begin(self, boot: str, *, seq: int = 0) -> None:
        """Number from `seq` on under this boot; what is kept under another one stays."""
        self.boot, self.seq = boot, seq

    def number(self, at_ms: int, values: Mapping[str, object]) -> Content:
        """Return a reading with the next sequence number; keep it by `keep_reading`."""
        return {"ts": at_ms, "values": dict(values), "seq": self.seq + 1, "boot": self.boot}

    def keep_reading(self, content: Content) -> Kept:
        if content["boot"] == self.boot:
            self.seq = max(self.seq, content["seq"])
        kept = self._kept[content["boot"], content["seq"]] = Kept("telemetry", content)
        return kept

    def keep_event(self, content: Content) -> Kept:
        return self._kept.setdefault(("event", content["id"]), Kept("event", content))

    def receipt(self, boot: str, seq: int, events: Sequence[str]) -> int:
        """Forget what the hub has made durable; return how many that were."""
        done: list[tuple[str, int | str]] = [("event", event) for event in events]
        for key, kept in self._kept.items():
            if kept.leaf == "telemetry" and key[0] == boot:
                if kept.content["seq"] > seq:
                    break
                done.append(key)
        before = len(self._kept)
        for key in done:
            self._kept.pop(key, None)
        self._receipts += 1
        return before - len(self._kept)

    def contents(self) -> Iterator[tuple[str, Content]]:
        """Return (leaf, content) of all that is kept, in order."""
        return ((kept.leaf, kept.content) for kept in self._kept.values())

    def due(self, now_ms: int, *, older_than_ms: int | None) -> Iterator[tuple[str, list[Content]]]:
        """Return (leaf, contents) for each message to send now, in order, and mark them sent.

        Due is what was last sent `older_than_ms` ago or earlier; None: everything. The oldest
        reading goes alone if the hub left it out, so that it does not hold up others.
        """
        bundle: list[Content] = []
        oldest = next((kept for kept in self._kept.values() if kept.leaf == "telemetry"), None)
        for kept in self._kept.values():
            if older_than_ms is not None and 0 <= kept.sent_ms > now_ms - older_than_ms:
                continue
            if older_than_ms is None:
                kept.resends = 0
            elif kept is oldest:
                self._doubt(kept)
            alone = kept.leaf == "event" or kept.resends > 0
            if bundle and (alone or len(bundle) == MAX_ELEMENTS):
                yield "telemetry", bundle
                bundle = []
            content = self.mark(kept, now_ms)
            if alone:
                yield kept.leaf, [content]
            else:
                bundle.append(content)
        if bundle:
            yield "telemetry", bundle

    def mark(self, kept: Kept, now_ms: int) -> Content:
        """Return what to send now."""
        kept.sent_ms, kept.receipts = now_ms, self._receipts
        return kept.content

    def _doubt(self, oldest: Kept) -> None:
        """Count a resend that tells something: the hub receipts others and stops at this one.

        Neither a new connection nor a hub that is silent or behind says that it cannot read it.
        """
        if oldest.sent_ms >= 0 and oldest.receipts < self._receipts:
            oldest.resends += 1
            if oldest.resends > RESENDS:
                oldest.skip()
