"""Who washes what in a home, who hangs it up, and who forgets it in the machine."""

from collections.abc import Callable, Mapping
from random import Random

from hub.model.care import Tumbling
from simulators.appliance import Appliance
from simulators.chance import chance
from simulators.home.acts import Act, Do
from simulators.home.labels import is_mistake, treatment, turn_knobs
from simulators.home.wardrobe import Wardrobe
from simulators.laundry import Machine, Piece

MINUTE_MS = 60_000
SOON_MIN = (2, 25)
FORGOTTEN_MIN = (150, 420)
LINE_MS = 12 * 60 * MINUTE_MS
"""How long things hang on the line."""
WASHED_SOIL = 0.02
KINDS = ("washer", "dryer", "styler")


class LaundryRoom:
    """The machines of one home and what is in and between them.

    What cannot be done is returned as a sentence; an empty one says that it was done.
    """

    def __init__(
        self, number: int, seed: int, devices: Mapping[str, Appliance], wardrobe: Wardrobe
    ) -> None:
        self.wardrobe = wardrobe
        self.line: list[tuple[int, Piece]] = []
        """What hangs, and since when."""
        self._number = number
        self._seed = seed
        self._machines = {
            kind: device for kind in KINDS if isinstance(device := devices.get(kind), Machine)
        }
        self._forgotten = False
        """Whether the next load to finish will be."""
        self._awaited: set[str] = set()
        """Loads that somebody will take out."""
        self._table: Mapping[Do, Callable[[Act], str]] = {
            Do.WASH: self._wash,
            Do.FORGET_LOAD: self._forget,
            Do.TAKE_LOAD: self._take,
            Do.DRY: self._dry,
            Do.HANG: self._hang,
            Do.OPEN: self._open,
            Do.CLOSE: self._close,
        }
        self._follow: list[Act] = []

    def look(self, now_ms: int) -> list[Act]:
        """Return what somebody will do about loads that are done, and what follows from acts."""
        self._take_down(now_ms)
        following, self._follow = self._follow, []
        for kind, machine in self._machines.items():
            if machine.waiting and machine.load not in self._awaited:
                self._awaited.add(machine.load)
                following.append(self._fetch(kind, machine.load, now_ms))
        return following

    def do(self, act: Act) -> str:
        """Do what has to do with clothes and their machines."""
        return self._table[act.do](act)

    # ---------------------------------------------------------------------------------- acts

    def _wash(self, act: Act) -> str:
        washer, problem = self._free("washer")
        if washer is None:
            return problem
        rng = self._rng("wash", act.at_ms)
        self.wardrobe.wear(rng)
        pieces = self._chosen(act) or self._sorted(self.wardrobe.load(rng))
        if "course" not in act.more:
            turn_knobs(washer, pieces, act.at_ms)
        return self._run(washer, pieces, act, load=f"ld-{self._number}-{act.at_ms // 1000:x}")

    def _forget(self, act: Act) -> str:
        del act
        self._forgotten = True
        return ""

    def _take(self, act: Act) -> str:
        machine = self._machines.get(act.device or "washer")
        if machine is None or not machine.pieces:
            return f"nothing is in the {act.device or 'washer'}"
        load, preset = machine.load, self._preset_of(machine.load)
        taken = machine.take_out(act.at_ms)
        self._awaited.discard(load)
        self._later(act, Do.CLOSE, minutes=1, device=act.device or "washer")
        if not taken:
            return machine.locked()
        if (act.device or "washer") == "washer":
            self._sort(taken, act, load=load, hang=preset)
        else:
            self._put_away(taken)
        return ""

    def _dry(self, act: Act) -> str:
        """Start what is in the dryer."""
        dryer = self._machines.get("dryer")
        if dryer is None:
            return "there is no dryer"
        return dryer.start(act.at_ms, course=str(act.more.get("course", "")))

    def _hang(self, act: Act) -> str:
        styler, problem = self._free("styler")
        if styler is None:
            return problem
        pieces = self._chosen(act) or self.wardrobe.to_freshen(self._rng("hang", act.at_ms))
        return self._run(styler, pieces, act, load=f"ld-{self._number}-{act.at_ms // 1000:x}s")

    def _open(self, act: Act) -> str:
        machine = self._machines.get(act.device)
        if machine is None:
            return f"there is no {act.device} with a door"
        if act.for_ms is not None:
            self._later(act, Do.CLOSE, minutes=act.for_ms / MINUTE_MS, device=act.device)
        return machine.open(act.at_ms)

    def _close(self, act: Act) -> str:
        machine = self._machines.get(act.device)
        if machine is None:
            return f"there is no {act.device} with a door"
        machine.close(act.at_ms)
        return ""

    # ------------------------------------------------------------------------------- details

    def _sorted(self, pieces: list[Piece]) -> list[Piece]:
        """Put back what does not go with the others, by the labels; a mistake goes unnoticed."""
        out = {one.garment for one in treatment(pieces).left_out}
        back = [one for one in pieces if one.id in out and not is_mistake(one)]
        self.wardrobe.put_back(back)
        return [one for one in pieces if one not in back]

    def _run(self, machine: Machine, pieces: list[Piece], act: Act, *, load: str) -> str:
        """Put pieces in and start; what cannot go in is put back."""
        if not pieces:
            return "nothing is there to put in"
        problem = machine.add(act.at_ms, load=load, pieces=pieces)
        if problem:
            self.wardrobe.put_back(pieces)
            return problem
        return machine.start(act.at_ms, course=str(act.more.get("course", "")))

    def _sort(self, taken: list[Piece], act: Act, *, load: str, hang: frozenset[str]) -> None:
        """Put into the dryer what may go in, and hang the rest; the hub's word goes first."""
        for piece in taken:
            piece.soil = min(piece.soil, WASHED_SOIL)
        dryer, _ = self._free("dryer")
        tumbled = [
            one
            for one in taken
            if dryer is not None
            and one.id not in hang
            and (hang or one.plan.label.tumbling is not Tumbling.NONE)
        ]
        self.line += [(act.at_ms, one) for one in taken if one not in tumbled]
        if dryer is None or not tumbled:
            return
        at_ms = act.at_ms + MINUTE_MS
        if dryer.add(at_ms, load=load, pieces=tumbled):
            self.line += [(at_ms, one) for one in tumbled]
        else:
            self._later(act, Do.DRY, minutes=2, device="dryer")

    def _preset_of(self, load: str) -> frozenset[str]:
        """Return what the dryer says must not go in with this load."""
        dryer = self._machines.get("dryer")
        preset = None if dryer is None or not dryer.powered else dryer.presets.of(load)
        return frozenset(preset.hang) if preset is not None else frozenset()

    def _put_away(self, pieces: list[Piece]) -> None:
        self.wardrobe.put_back(pieces)

    def _take_down(self, now_ms: int) -> None:
        dry = [piece for since_ms, piece in self.line if since_ms + LINE_MS <= now_ms]
        if dry:
            self.line = [(ms, piece) for ms, piece in self.line if ms + LINE_MS > now_ms]
            self._put_away(dry)

    def _fetch(self, kind: str, load: str, now_ms: int) -> Act:
        """Return when somebody will come for it, later if it is forgotten."""
        forgotten = kind == "washer" and self._forgotten
        if forgotten:
            self._forgotten = False
        minutes = self._rng("fetch", load).uniform(*(FORGOTTEN_MIN if forgotten else SOON_MIN))
        return Act(at_ms=now_ms + round(minutes * MINUTE_MS), do=Do.TAKE_LOAD, device=kind)

    def _free(self, kind: str) -> tuple[Machine | None, str]:
        machine = self._machines.get(kind)
        if machine is None:
            return None, f"there is no {kind}"
        if machine.pieces:
            return None, f"something is in the {kind} already"
        return (machine, "") if machine.powered else (None, f"the {kind} has no power")

    def _chosen(self, act: Act) -> list[Piece]:
        names = act.more.get("garments")
        return self.wardrobe.named(names) if isinstance(names, list) else []

    def _later(self, act: Act, do: Do, *, minutes: float, device: str) -> None:
        at_ms = act.at_ms + round(minutes * MINUTE_MS)
        self._follow.append(Act(at_ms=at_ms, do=do, device=device))

    def _rng(self, *words: object) -> Random:
        return chance(self._seed, self._number, "laundry room", *words)
