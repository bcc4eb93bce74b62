"""A watch, apart from its network: what it keeps, sends, obeys, feels and does alone.

Everything comes in by a call with the time and goes out through `take()`, so that a test needs no
broker. `simulators.radio` carries the messages.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from hub.errors import InvalidInputError
from hub.model import Change, Condition, Value
from simulators.alone import Own, SelfAlert
from simulators.messages import (
    CommandForm,
    DesiredForm,
    Habits,
    Happening,
    Note,
    Outgoing,
    ReceiptForm,
    Witnesses,
)
from simulators.outbox import Content, Kept, Outbox
from simulators.wrist import Touch, Wrist

REMEMBERED_COMMANDS = 256
"""The hub gives a command up long before this many others have come."""
MAX_TEXT = 256
"""Longest string a property takes."""
LOOKS = 6
"""Looks through the outbox in the time after which something is sent again."""
NOBODY = Witnesses()
ORDINARY = Habits()


class Watch:
    """The state of one watch.

    Times are ms since 1970 UTC of the simulated clock. `boot` is new at each start unless the
    memory of an earlier one is given to `restore`.
    """

    def __init__(
        self,
        device: str,
        base: str,
        *,
        boot: str,
        witnesses: Witnesses = NOBODY,
        habits: Habits = ORDINARY,
    ) -> None:
        self.device = device
        self.base = base
        self.wrist = Wrist()
        self.alone = SelfAlert(device, zone=habits.zone)
        self.outbox = Outbox(boot)
        self.connected = False
        self.values: dict[str, Value] = {}
        self._witnesses = witnesses
        self._resend_ms = habits.resend_ms
        self._looked_ms = -habits.resend_ms
        self._desired: Note = {"values": {}, "revision": 0}
        self._replies: dict[str, tuple[str, str]] = {}
        self._outgoing: list[Outgoing] = []

    # ------------------------------------------------------------------------------- network

    def take(self) -> list[Outgoing]:
        """Return what is to be published now, in order, and hand it over."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def connect(self, now_ms: int) -> None:
        """The broker has us: say so, and send all that no receipt has named, oldest first."""
        self.connected = True
        self._outgoing.clear()
        self._tell(now_ms, "connected", unreceipted=len(self.outbox))
        self._status("ready")
        self._report()
        self._resend(now_ms, older_than_ms=None)

    def disconnect(self, now_ms: int) -> None:
        """The network is gone; from now on the watch alerts by itself."""
        if self.connected:
            self._tell(now_ms, "offline", unreceipted=len(self.outbox))
        self.connected = False
        self._outgoing.clear()

    def part(self, status: str) -> None:
        """Say `sleeping` or `disconnected` as the last word before leaving on purpose."""
        self._status(status)

    def tick(self, now_ms: int) -> None:
        """Send again what has been without a receipt for too long."""
        if self.connected and now_ms - self._looked_ms >= self._resend_ms // LOOKS:
            self._looked_ms = now_ms
            self._resend(now_ms, older_than_ms=self._resend_ms)

    def receive(self, topic: str, payload: bytes, now_ms: int) -> None:
        """Take one message of the hub; one that cannot be read is told and left."""
        leaf = topic.removeprefix(f"{self.base}/down/")
        try:
            match leaf:
                case "receipt":
                    self._receipt(msgspec.json.decode(payload, type=ReceiptForm), now_ms)
                case "desired":
                    # An empty payload is how a broker says that the retained message is gone.
                    form = msgspec.json.decode(payload or b"{}", type=DesiredForm)
                    self._desire(form, now_ms)
                case "command":
                    self._command(msgspec.json.decode(payload, type=CommandForm), now_ms)
                case _:
                    self._tell(now_ms, "unreadable", topic=topic, reason="no such topic")
        except (msgspec.DecodeError, InvalidInputError) as error:
            self._tell(now_ms, "unreadable", topic=topic, reason=str(error))

    # --------------------------------------------------------------------------------- wrist

    def measure(self, at_ms: int, values: Mapping[str, Value]) -> None:
        """Keep and send one measurement, and feel what it asks for if nobody else can say."""
        self.values.update(values)
        content = self.outbox.number(at_ms, values)
        changes = self.alone.judge(at_ms, values)
        kept = self.outbox.keep_reading(content)
        note: Note = {"reading": content}
        if self.alone.conditions:
            note["conditions"] = msgspec.to_builtins(self.alone.conditions)
        self._witnesses.note(note)
        if not self.connected:
            self._alert_alone(changes, at_ms)
        self._send_fresh(kept, at_ms)

    def happen(
        self, event: str, at_ms: int, *, identity: str, data: Mapping[str, object] | None = None
    ) -> None:
        """Keep and send one event; its `identity` makes it once."""
        content = {"id": identity, "ts": at_ms, "type": event, "data": dict(data or {})}
        kept = self.outbox.keep_event(content)
        self._witnesses.note({"event": content})
        self._tell(at_ms, "event", event=content)
        self._send_fresh(kept, at_ms)

    def acknowledge(self, now_ms: int) -> bool:
        """The wearer presses: heard. Return whether there was anything to acknowledge."""
        touch = self.wrist.felt(now_ms)
        if touch is None:
            return False
        self.alone.acknowledge(touch.alert)
        self._end(touch.alert, now_ms)
        identity = f"ack-{touch.alert}-{now_ms}"
        self.happen("acknowledge", now_ms, identity=identity, data={"alert": touch.alert})
        return True

    def snooze(self, now_ms: int, *, minutes: int = 5) -> bool:
        """The wearer presses: later. Return whether there was anything to put off."""
        touch = self.wrist.felt(now_ms)
        if touch is None:
            return False
        self.alone.snooze(touch.alert, until_ms=now_ms + minutes * 60_000)
        self._end(touch.alert, now_ms)
        data = {"alert": touch.alert, "minutes": minutes}
        self.happen("snooze", now_ms, identity=f"zzz-{touch.alert}-{now_ms}", data=data)
        return True

    def _alert_alone(self, changes: list[Own], at_ms: int) -> None:
        for own in changes:
            if own.transition.change is Change.CLEARED:
                self._end(own.transition.alarm, at_ms)
        for own in self.alone.felt(changes, at_ms=at_ms):
            touch, change = own.touch, own.transition.change
            self._feel(touch, at_ms, by="watch")
            data = {"alert": touch.alert, "step": touch.step, "change": str(change)}
            self.happen("alert", at_ms, identity=f"{touch.alert}-{change}-{at_ms}", data=data)

    def _feel(self, touch: Touch, now_ms: int, *, by: str) -> None:
        self.wrist.touch(touch, at_ms=now_ms)
        self._tell(now_ms, "felt", by=by, **msgspec.to_builtins(touch))

    def _end(self, alert: str, now_ms: int) -> None:
        if self.wrist.end(alert):
            self._tell(now_ms, "ended", alert=alert)

    # ---------------------------------------------------------------------- the hub's words

    def _receipt(self, form: ReceiptForm, now_ms: int) -> None:
        forgotten = self.outbox.receipt(form.boot, form.seq, form.events)
        if forgotten:
            self._witnesses.note({"receipt": msgspec.to_builtins(form)})
            self._tell(now_ms, "receipt", boot=form.boot, seq=form.seq, forgotten=forgotten)

    def _desire(self, form: DesiredForm, now_ms: int) -> None:
        desired = msgspec.to_builtins(form)
        if desired == self._desired:
            return
        self.alone.set_rules(form.values.get("alert_rules", []))
        self._desired = desired
        self._witnesses.note({"desired": desired})
        self._tell(now_ms, "desired", revision=form.revision, alert_rules=self._rules_text())
        self._report()

    def _command(self, form: CommandForm, now_ms: int) -> None:
        """Obey once; a command that comes again is answered again and not felt again."""
        if form.id not in self._replies:
            if not form.expired(now_ms):
                self._reply(form.id, "delivered", "", now_ms)
            status, reason = self._obey(form, now_ms)
            self._replies[form.id] = (status, reason)
            if len(self._replies) > REMEMBERED_COMMANDS:
                del self._replies[next(iter(self._replies))]
            self._witnesses.note({"reply": [form.id, status, reason]})
        self._reply(form.id, *self._replies[form.id], now_ms)

    def _obey(self, form: CommandForm, now_ms: int) -> tuple[str, str]:
        if form.expired(now_ms):
            return "rejected", "expired"
        try:
            match form.name:
                case "alert":
                    touch = msgspec.convert(form.args, Touch)
                    self.alone.felt_elsewhere(touch.alert, at_ms=now_ms)
                    self._feel(touch, now_ms, by="hub")
                case "alert_end":
                    alert = msgspec.convert(form.args.get("alert"), str)
                    self.alone.forget(alert)
                    self._end(alert, now_ms)
                case _:
                    return "rejected", f"a watch has no command {form.name!r}"
        except msgspec.ValidationError as error:
            return "rejected", f"arguments: {error}"
        return "succeeded", ""

    # -------------------------------------------------------------------------------- memory

    def restore(self, notes: Iterable[Note]) -> None:
        """Come back to where the notes end; call before anything else."""
        restores: Mapping[str, Callable[[Any], object]] = {
            "boot": self._restore_boot,
            "desired": self._restore_desired,
            "conditions": self._restore_conditions,
            "reply": lambda reply: self._replies.update({reply[0]: (reply[1], reply[2])}),
            "reading": self.outbox.keep_reading,
            "event": self.outbox.keep_event,
            "receipt": lambda form: self.outbox.receipt(**form),
        }
        for note in notes:
            for name, content in note.items():
                restores[name](content)

    def _restore_boot(self, numbering: Note) -> None:
        self.outbox.boot, self.outbox.seq = numbering["id"], numbering["seq"]

    def _restore_desired(self, desired: Note) -> None:
        self._desired = desired
        self.alone.set_rules(desired["values"].get("alert_rules", []))

    def _restore_conditions(self, conditions: Note) -> None:
        self.alone.conditions |= msgspec.convert(conditions, dict[str, Condition])

    def snapshot(self) -> Iterator[Note]:
        """Return the shortest notes that lead to where the watch is now."""
        yield {"boot": {"id": self.outbox.boot, "seq": self.outbox.seq}}
        yield {"desired": self._desired}
        yield {"conditions": msgspec.to_builtins(self.alone.conditions)}
        for command, (status, reason) in self._replies.items():
            yield {"reply": [command, status, reason]}
        for leaf, content in self.outbox.contents():
            yield {"event" if leaf == "event" else "reading": content}

    # ------------------------------------------------------------------------------- sending

    def _send_fresh(self, kept: Kept, now_ms: int) -> None:
        if self.connected:
            self._send(kept.leaf, [self.outbox.mark(kept, now_ms)], now_ms)

    def _resend(self, now_ms: int, *, older_than_ms: int | None) -> None:
        for leaf, contents in self.outbox.due(now_ms, older_than_ms=older_than_ms):
            self._send(leaf, contents, now_ms)

    def _send(self, leaf: str, contents: list[Content], now_ms: int) -> None:
        self._publish(leaf, contents[0] if len(contents) == 1 else contents)
        self._tell(now_ms, "sent", leaf=leaf, messages=contents)

    def _reply(self, command: str, status: str, reason: str, now_ms: int) -> None:
        self._publish("reply", {"id": command, "status": status, "reason": reason})
        self._tell(now_ms, "reply", command=command, status=status, reason=reason)

    def _status(self, status: str) -> None:
        self._publish("status", {"status": status}, retain=True)

    def _report(self) -> None:
        values = {"alert_rules": self._rules_text()}
        report = {"values": values, "revision": self._desired["revision"]}
        self._publish("state", report, retain=True)

    def _rules_text(self) -> str:
        limits = self.alone.thresholds.values()
        return ",".join(f"{limit.rule}={limit.limit:g}" for limit in limits)[:MAX_TEXT]

    def _publish(self, leaf: str, payload: object, *, retain: bool = False) -> None:
        if self.connected:
            topic = f"{self.base}/up/{leaf}"
            self._outgoing.append(Outgoing(topic, msgspec.json.encode(payload), retain))

    def _tell(self, at_ms: int, what: str, **details: object) -> None:
        self._witnesses.tell(Happening(device=self.device, at_ms=at_ms, what=what, details=details))
