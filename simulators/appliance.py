"""What every simulated device does with the hub; a subclass adds what it measures and obeys.

Everything comes in by a call with the time and goes out through `take()`, so that a test needs no
broker. `simulators.radio` carries the messages.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from hub.errors import InvalidInputError
from hub.model import DeviceKind, Value
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
from simulators.settings import fitting
from simulators.signals import Sentence, Signals, Touch

REMEMBERED_COMMANDS = 256
"""The hub gives a command up long before this many others have come."""
LOOKS = 6
"""Looks through the outbox in the time after which something is sent again."""
NOBODY = Witnesses()
ORDINARY = Habits()


class Appliance:
    """The state of one device of a kind.

    Times are ms since 1970 UTC of the simulated clock. `boot` is new at each start unless the
    memory of an earlier one is given to `restore`.
    """

    def __init__(  # noqa: PLR0913 - who it is, and how it lives
        self,
        device: str,
        base: str,
        *,
        kind: DeviceKind,
        boot: str,
        witnesses: Witnesses = NOBODY,
        habits: Habits = ORDINARY,
    ) -> None:
        self.device = device
        self.base = base
        self.kind = kind
        self.signals = Signals()
        self.outbox = Outbox(boot)
        self.connected = False
        self.powered = True
        self.clock_off_ms = 0
        """How far its clock is ahead of the true time."""
        self.values: dict[str, Value] = {}
        """What it last measured."""
        self.settings: dict[str, Value] = {}
        """Its settable properties as they are; a subclass begins with those of the factory."""
        self.command = ""
        """The id of the command that is being obeyed, or was last."""
        self._witnesses = witnesses
        self._habits = habits
        self._looked_ms = -habits.resend_ms
        self._desired: Note = {"values": {}, "revision": 0}
        self._replies: dict[str, tuple[str, str]] = {}
        self._outgoing: list[Outgoing] = []
        self._fresh: list[Content] = []

    # ------------------------------------------------------------- what a subclass may change

    def step(self, now_ms: int) -> None:
        """Let time pass until now, and measure what is due."""

    def unplug(self, now_ms: int) -> None:
        """Lose the power amid whatever it does; it goes on being stepped."""
        self.powered = False
        self._tell(now_ms, "unplugged")

    def plug_in(self, now_ms: int, *, boot: str) -> None:
        """Start again: settings and what was kept are still there, numbers begin anew."""
        self.powered = True
        self.outbox.begin(boot)
        self.note({"boot": {"id": boot, "seq": 0}})
        self._tell(now_ms, "plugged_in", boot=boot)

    def obey(self, name: str, args: Mapping[str, object], now_ms: int) -> tuple[str, str]:
        """Do what a command asks, once; return the reply's status and its reason.

        A `msgspec.ValidationError` is answered with `rejected`.
        """
        match name:
            case "alert":
                self.feel(msgspec.convert(args, Touch), now_ms, by="hub")
            case "alert_end":
                self.end(msgspec.convert(args.get("alert"), str), now_ms)
            case "say":
                self.say(msgspec.convert(args, Sentence), now_ms)
            case _:
                return "rejected", f"a {self.kind.name} has no command {name!r}"
        return "succeeded", ""

    def desired_changed(self, values: Mapping[str, object], now_ms: int) -> None:
        """Take what is desired over into `settings`; what does not fit is told and left.

        Raises:
            InvalidInputError: the device keeps what was desired before.
        """
        for name, value in values.items():
            spec = self.kind.properties.get(name)
            fit = None if spec is None or not spec.settable else fitting(spec, value)
            if fit is None:
                self._tell(now_ms, "unfit", name=name, value=value)
            else:
                self.settings[name] = fit

    def reported(self) -> Mapping[str, Value]:
        """Return what `up/state` says."""
        return self.settings

    def noted_with_reading(self) -> Note:
        """Return what its memory keeps together with each reading."""
        return {}

    def restorers(self) -> dict[str, Callable[[Any], object]]:
        """Return, by the name of a note, what takes its content back."""
        return {
            "boot": self._restore_boot,
            "desired": self._restore_desired,
            "settings": self.settings.update,
            "reply": lambda reply: self._replies.update({reply[0]: (reply[1], reply[2])}),
            "reading": self.outbox.keep_reading,
            "event": self.outbox.keep_event,
            "receipt": lambda form: self.outbox.receipt(**form),
        }

    def snapshot(self) -> Iterator[Note]:
        """Return the shortest notes that lead to where the device is now."""
        yield {"boot": {"id": self.outbox.boot, "seq": self.outbox.seq}}
        yield {"desired": self._desired}
        yield {"settings": dict(self.settings)}
        for command, (status, reason) in self._replies.items():
            yield {"reply": [command, status, reason]}
        for leaf, content in self.outbox.contents():
            yield {"event" if leaf == "event" else "reading": content}

    # ------------------------------------------------------------------------------- network

    def take(self) -> list[Outgoing]:
        """Return what is to be published now, in order, and hand it over."""
        self._flush()
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    @property
    def has_outgoing(self) -> bool:
        return bool(self._outgoing or self._fresh)

    def connect(self, now_ms: int) -> None:
        """The broker has us: say so, and send all that no receipt has named, oldest first."""
        self.connected = True
        self._hold()
        self._tell(now_ms, "connected", unreceipted=len(self.outbox))
        self._status("ready")
        self._report()
        self._resend(now_ms, older_than_ms=None)

    def disconnect(self, now_ms: int) -> None:
        """The network is gone; what is measured from now on waits."""
        if self.connected:
            self._tell(now_ms, "offline", unreceipted=len(self.outbox))
        self.connected = False
        self._hold()

    def part(self, status: str) -> None:
        """Say `sleeping` or `disconnected` as the last word before leaving on purpose."""
        self._status(status)

    def tick(self, now_ms: int) -> None:
        """Send again what has been without a receipt for too long."""
        if self.connected and now_ms - self._looked_ms >= self._habits.resend_ms // LOOKS:
            self._looked_ms = now_ms
            self._resend(now_ms, older_than_ms=self._habits.resend_ms)

    def receive(self, topic: str, payload: bytes, now_ms: int) -> None:
        """Take one message of the hub; one that cannot be read is told and left."""
        if not self.powered:
            return
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

    # ------------------------------------------------------------------------ what it notices

    def measure(self, at_ms: int, values: Mapping[str, Value]) -> None:
        """Keep and send one measurement."""
        self.values.update(values)
        kept = self.outbox.keep_reading(self.outbox.number(self.own_ms(at_ms), values))
        self.note({"reading": kept.content} | self.noted_with_reading())
        self._send_fresh(kept, at_ms)

    def happen(
        self, event: str, at_ms: int, *, identity: str, data: Mapping[str, object] | None = None
    ) -> None:
        """Keep and send one event; its `identity` makes it once."""
        own_ms = self.own_ms(at_ms)
        content = {"id": identity, "ts": own_ms, "type": event, "data": dict(data or {})}
        kept = self.outbox.keep_event(content)
        self.note({"event": content})
        self._tell(at_ms, "event", event=content)
        self._send_fresh(kept, at_ms)

    def set(self, name: str, value: Value, now_ms: int) -> None:
        """Somebody turns a knob: change a setting at the device itself, and report it."""
        if self.settings.get(name) != value:
            self.settings[name] = value
            self.note({"settings": {name: value}})
            self._tell(now_ms, "set", name=name, value=value)
            self._report()

    def own_ms(self, at_ms: int) -> int:
        """Return what its own clock says at a true time."""
        return at_ms + self.clock_off_ms

    def note(self, note: Note) -> None:
        """Write a line into its memory; `restorers` read it."""
        self._witnesses.note(note)

    # ------------------------------------------------------------------------- touch and words

    def feel(self, touch: Touch, now_ms: int, *, by: str) -> None:
        """Touch and sound."""
        self.signals.touch(touch, at_ms=now_ms)
        self._tell(now_ms, "felt", by=by, **msgspec.to_builtins(touch))

    def end(self, alert: str, now_ms: int) -> None:
        """Stop touching and sounding for this alert."""
        if self.signals.end(alert):
            self._tell(now_ms, "ended", alert=alert)

    def say(self, sentence: Sentence, now_ms: int) -> None:
        """Show or speak a sentence."""
        self.signals.say(sentence)
        self._tell(now_ms, "said", **msgspec.to_builtins(sentence))

    def acknowledge(self, now_ms: int) -> bool:
        """Somebody presses: heard. Return whether there was anything to acknowledge."""
        touch = self.signals.felt(now_ms)
        if touch is None:
            return False
        self.end(touch.alert, now_ms)
        identity = f"ack-{touch.alert}-{now_ms}"
        self.happen("acknowledge", now_ms, identity=identity, data={"alert": touch.alert})
        return True

    def snooze(self, now_ms: int, *, minutes: int = 5) -> bool:
        """Somebody presses: later. Return whether there was anything to put off."""
        touch = self.signals.felt(now_ms)
        if touch is None:
            return False
        self.end(touch.alert, now_ms)
        data = {"alert": touch.alert, "minutes": minutes}
        self.happen("snooze", now_ms, identity=f"zzz-{touch.alert}-{now_ms}", data=data)
        return True

    def answer(self, moment: str, answer: str, now_ms: int) -> bool:
        """Somebody says `yes` or `no`. Return whether this moment was asked."""
        if not self.signals.answer(moment):
            return False
        data = {"moment": moment, "answer": answer}
        self.happen("answer", now_ms, identity=f"ans-{moment}", data=data)
        return True

    # ---------------------------------------------------------------------- the hub's words

    def _receipt(self, form: ReceiptForm, now_ms: int) -> None:
        forgotten = self.outbox.receipt(form.boot, form.seq, form.events)
        if forgotten:
            self.note({"receipt": msgspec.to_builtins(form)})
            self._tell(now_ms, "receipt", boot=form.boot, seq=form.seq, forgotten=forgotten)

    def _desire(self, form: DesiredForm, now_ms: int) -> None:
        desired = msgspec.to_builtins(form)
        if desired == self._desired:
            return
        self.desired_changed(form.values, now_ms)
        self._desired = desired
        self.note({"desired": desired, "settings": dict(self.settings)})
        self._tell(now_ms, "desired", revision=form.revision, **self.reported())
        self._report()

    def _command(self, form: CommandForm, now_ms: int) -> None:
        """Obey once; a command that comes again is answered again and not obeyed again."""
        if form.id not in self._replies:
            if not form.expired(self.own_ms(now_ms)):
                self._reply(form.id, "delivered", "", now_ms)
            status, reason = self._obey(form, now_ms)
            self._replies[form.id] = (status, reason)
            if len(self._replies) > REMEMBERED_COMMANDS:
                del self._replies[next(iter(self._replies))]
            self.note({"reply": [form.id, status, reason]})
        self._reply(form.id, *self._replies[form.id], now_ms)

    def _obey(self, form: CommandForm, now_ms: int) -> tuple[str, str]:
        if form.expired(self.own_ms(now_ms)):
            return "rejected", "expired"
        if form.name not in self.kind.commands:
            return "rejected", f"a {self.kind.name} has no command {form.name!r}"
        self.command = form.id
        try:
            return self.obey(form.name, form.args, now_ms)
        except msgspec.ValidationError as error:
            return "rejected", f"arguments: {error}"

    # -------------------------------------------------------------------------------- memory

    def restore(self, notes: Iterable[Note]) -> None:
        """Come back to where the notes end; call before anything else."""
        restorers = self.restorers()
        for note in notes:
            for name, content in note.items():
                restorers[name](content)

    def _restore_boot(self, numbering: Note) -> None:
        self.outbox.begin(numbering["id"], seq=numbering["seq"])

    def _restore_desired(self, desired: Note) -> None:
        self._desired = desired

    # ------------------------------------------------------------------------------- sending

    def _send_fresh(self, kept: Kept, now_ms: int) -> None:
        if not self.connected:
            return
        content = self.outbox.mark(kept, now_ms)
        if kept.leaf == "telemetry" and self._habits.bundle > 1:
            self._fresh.append(content)
            if len(self._fresh) >= self._habits.bundle:
                self._flush()
        else:
            self._send(kept.leaf, [content], now_ms)

    def _flush(self) -> None:
        """Send the readings that waited for one another, as one message."""
        if self._fresh:
            fresh, self._fresh = self._fresh, []
            self._send("telemetry", fresh, fresh[-1]["ts"])

    def _hold(self) -> None:
        """Forget what was to be published: the outbox has it still."""
        self._outgoing.clear()
        self._fresh.clear()

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
        report = {"values": dict(self.reported()), "revision": self._desired["revision"]}
        self._publish("state", report, retain=True)

    def _publish(self, leaf: str, payload: object, *, retain: bool = False) -> None:
        if self.connected:
            # What was measured before goes before.
            self._flush()
            topic = f"{self.base}/up/{leaf}"
            self._outgoing.append(Outgoing(topic, msgspec.json.encode(payload), retain))

    def _tell(self, at_ms: int, what: str, **details: object) -> None:
        self._witnesses.tell(Happening(device=self.device, at_ms=at_ms, what=what, details=details))
