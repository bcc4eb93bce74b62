"""What washer, dryer and styler do alike: a load, a cycle, courses made ready by the hub."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random
from typing import Any

import msgspec

from hub.model import Value
from simulators.appliance import NOBODY, ORDINARY
from simulators.laundry.fabric import Piece
from simulators.laundry.presets import Preset, Presets
from simulators.laundry.telling import STANDBY_W, Telling
from simulators.messages import Habits, Note, Witnesses

STEP_MS = 10_000
STEP_S = STEP_MS / 1000
IDLE_MS = 300_000
"""How often a machine says how it is while nothing happens."""
MAX_IDENTITY = 64


class Machine(Telling):
    """One machine with a drum or a cabinet; time passes in `step`, people do the rest.

    A cut of the power holds the cycle, and it goes on when the power is back. What a person asks
    for returns an empty text, or why it cannot be.
    """

    def __init__(  # noqa: PLR0913 - who it is, and how it lives
        self,
        device: str,
        base: str,
        *,
        boot: str,
        rng: Random,
        witnesses: Witnesses = NOBODY,
        habits: Habits = ORDINARY,
        room_c: float = 22.0,
    ) -> None:
        super().__init__(
            device, base, boot=boot, rng=rng, witnesses=witnesses, habits=habits, room_c=room_c
        )
        self.pieces: list[Piece] = []
        self.load = ""
        """The id of what is inside."""
        self.state = "stopped"
        self.phase = "none"
        self.course = ""
        """The one that runs, or ran last."""
        self.remaining_s = 0.0
        self.error_code = ""
        self.waiting = False
        """Whether a finished load is inside and the door was not opened since."""
        self.presets = Presets()
        self._at_ms: int | None = None
        self._says_ms = rng.randrange(0, IDLE_MS, STEP_MS)
        self._unseen: list[Piece] = []
        self._furnish()

    # ---------------------------------------------------------------------- what each one does

    @abstractmethod
    def _furnish(self) -> None:
        """Begin life: settings of the factory, an empty drum."""

    @abstractmethod
    def unfit(self, course: str) -> str:
        """Return why this course cannot be begun; empty if it can."""

    @abstractmethod
    def begin(self) -> None:
        """Plan the cycle of `course` for what is inside."""

    @abstractmethod
    def run(self, seconds: float) -> bool:
        """Let the cycle go on so long; return whether it has ended."""

    @abstractmethod
    def rest(self, seconds: float) -> None:
        """Let time pass without the cycle."""

    def locked(self) -> str:
        """Return why the door does not open now; empty if it does."""
        return ""

    def ready(self, preset: Preset, now_ms: int) -> None:
        """Set the knobs as the preset of the load inside says."""
        self.set("course", preset.course, now_ms)

    def result(self) -> Mapping[str, object]:
        """Return what `cycle_finished` says besides load, course and garments."""
        return {}

    # ---------------------------------------------------------------------------------- time

    def step(self, now_ms: int) -> None:
        """Let time pass until now, in whole steps, and say what is due."""
        at_ms = self._begun(now_ms)
        while at_ms + STEP_MS <= now_ms:
            self._at_ms = at_ms = at_ms + STEP_MS
            self._live(at_ms)

    def _begun(self, now_ms: int) -> int:
        """Return how far time has passed for it; its first use begins it."""
        if self._at_ms is None:
            self._at_ms = now_ms - now_ms % STEP_MS
        return self._at_ms

    def _live(self, at_ms: int) -> None:
        if not self.powered:
            self.rest(STEP_S)
            return
        before_w, self.power_w = self.power_w, STANDBY_W
        running = self.state == "running"
        ended = running and self.run(STEP_S)
        if not running:
            self.rest(STEP_S)
        self.energy_kwh += self.power_w * STEP_S / 3_600_000
        if ended:
            self._finish(at_ms)
        elif at_ms % IDLE_MS == self._says_ms:
            self.say_state(at_ms, everything=True)
        elif running:
            self.say_state(at_ms, always={"power"})
        elif self.power_w != before_w:
            self.say_state(at_ms)

    def _finish(self, at_ms: int) -> None:
        self.state, self.remaining_s = "stopped", 0.0
        self.waiting = bool(self.pieces)
        garments = [piece.id for piece in self.pieces]
        data = {"load": self.load, "course": self.course, "garments": garments, **self.result()}
        self.say_state(at_ms)
        self.tell("cycle_finished", at_ms, data)

    def fail(self, code: str) -> None:
        """Stop with an error; it is said with the step that runs."""
        self.state, self.error_code = "error", code

    # -------------------------------------------------------------------------------- people

    def open(self, now_ms: int) -> str:
        """Open the door, if it gives way; a running cycle is paused by it."""
        problem = self.locked()
        if not problem and not self.door_open:
            self.waiting = False
            self.state = "paused" if self.state == "running" else self.state
            self.move_door(now_ms, to=True)
        return problem

    def close(self, now_ms: int) -> None:
        if self.door_open:
            self.move_door(now_ms, to=False)

    def add(self, now_ms: int, *, load: str, pieces: Iterable[Piece]) -> str:
        """Open, put pieces in, close; a load that is inside already keeps its id."""
        problem = self.open(now_ms)
        if problem:
            return problem
        fresh = list(pieces)
        self.load = self.load if self.pieces else load
        self.pieces += fresh
        self._saw(now_ms, fresh)
        preset = self.presets.of(self.load)
        if preset is not None:
            self.ready(preset, now_ms)
        self.close(now_ms)
        return ""

    def take_out(self, now_ms: int) -> list[Piece]:
        """Open and take everything out; nothing if the door does not open. The door stays open."""
        if self.open(now_ms):
            return []
        taken, self.pieces = self.pieces, []
        self.state, self.phase, self.remaining_s = "stopped", "none", 0.0
        if taken:
            self.say_taken(now_ms, taken)
        self.load, self._unseen = "", []
        self.say_state(now_ms)
        return taken

    def start(self, now_ms: int, *, course: str = "") -> str:
        """Begin a course, the preset or set one if none is named; or go on after a pause."""
        problem = self._cannot_start()
        if problem:
            return problem
        if self.state == "paused" and not course:
            self.state = "running"
            self.say_state(now_ms)
            return ""
        preset = self.presets.of(self.load)
        chosen = course or (preset.course if preset else str(self.settings["course"]))
        problem = self.unfit(chosen)
        if not problem:
            self._begin(chosen, now_ms)
        return problem

    def _begin(self, course: str, now_ms: int) -> None:
        self.set("course", course, now_ms)
        if self.presets.use(self.load) is not None:
            self.note({"preset_used": self.load})
        self._begun(now_ms)
        self.course, self.state = course, "running"
        self.begin()
        self.say_state(now_ms)
        self.tell("cycle_started", now_ms, {"load": self.load, "course": course})

    def _cannot_start(self) -> str:
        reasons = (
            ("it has no power", not self.powered),
            ("the door is open", self.door_open),
            (f"error {self.error_code}", bool(self.error_code)),
            ("it runs already", self.state == "running"),
            ("it is empty", not self.pieces),
        )
        return next((reason for reason, holds in reasons if holds), "")

    def pause(self, now_ms: int) -> str:
        if self.state != "running":
            return "it does not run"
        self.state = "paused"
        self.say_state(now_ms)
        return ""

    def stop(self, now_ms: int) -> str:
        """End the cycle where it is."""
        if self.state == "stopped":
            return "it does not run"
        self.state, self.phase, self.remaining_s = "stopped", "none", 0.0
        self.error_code = ""
        self.waiting = bool(self.pieces) and not self.door_open
        self.say_state(now_ms)
        return ""

    def mend(self, now_ms: int) -> None:
        """Somebody sets right what was wrong; `start` goes on."""
        if self.state == "error":
            self.state, self.error_code = "paused", ""
            self.say_state(now_ms)

    def plug_in(self, now_ms: int, *, boot: str) -> None:
        """Give it power again: it goes on where it was, and sees what was put in meanwhile."""
        super().plug_in(now_ms, boot=boot)
        self.say_state(now_ms, everything=True)
        if self._unseen:
            fresh, self._unseen = self._unseen, []
            self._saw(now_ms, fresh)

    def _saw(self, now_ms: int, fresh: list[Piece]) -> None:
        if self.powered:
            self.say_loaded(now_ms, fresh)
        else:
            self._unseen += fresh

    def say_loaded(self, now_ms: int, fresh: list[Piece]) -> None:
        garments = [piece.id for piece in fresh]
        self.tell("load_added", now_ms, {"load": self.load, "garments": garments})

    def say_taken(self, now_ms: int, taken: list[Piece]) -> None:  # noqa: ARG002 - the styler says of what
        self.tell("load_taken", now_ms, {"load": self.load})

    # ------------------------------------------------------------------------------- the hub

    def obey(self, name: str, args: Mapping[str, object], now_ms: int) -> tuple[str, str]:
        match name:
            case "preset":
                problem = self._preset(msgspec.convert(args, Preset), now_ms)
            case "start":
                problem = self.start(now_ms)
            case "pause":
                problem = self.pause(now_ms)
            case "stop":
                problem = self.stop(now_ms)
            case _:
                return super().obey(name, args, now_ms)
        return ("rejected", problem) if problem else ("succeeded", "")

    def _preset(self, preset: Preset, now_ms: int) -> str:
        if preset.course not in self.kind.properties["course"].choices:
            return f"a {self.kind.name} has no course {preset.course!r}"
        self.presets.keep(preset)
        self.note({"preset": msgspec.to_builtins(preset)})
        data = {"load": preset.load, "course": preset.course}
        # By the command's id: were the process to end before the reply is noted, the command would
        # come again, and its event would be the same event.
        identity = f"preset-{self.command}"[:MAX_IDENTITY]
        self.happen("preset_applied", now_ms, identity=identity, data=data)
        if preset.load == self.load and self.state == "stopped":
            self.ready(preset, now_ms)
        self.say_state(now_ms)
        return ""

    def restorers(self) -> dict[str, Callable[[Any], object]]:
        return super().restorers() | {
            "preset": lambda note: self.presets.keep(msgspec.convert(note, Preset)),
            "preset_used": self.presets.use,
        }

    def snapshot(self) -> Iterator[Note]:
        yield from super().snapshot()
        for preset in self.presets:
            yield {"preset": msgspec.to_builtins(preset)}

    # -------------------------------------------------------------------------------- saying

    def facts(self) -> dict[str, Value]:
        ready = self.presets.next
        return super().facts() | {
            "operational_state": self.state,
            "cycle_phase": self.phase,
            "remaining_time": float(round(self.remaining_s / 60) * 60),
            "error_code": self.error_code,
            "fault": bool(self.error_code),
            "next_course": ready.course if ready else "",
            "next_load": ready.load if ready else "",
        }
