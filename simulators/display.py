"""Shows what the wrists feel: one large, a few as rows, a thousand as a summary and ten rows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from hub.model import Haptic
from simulators.clock import SimulatedClock
from simulators.fleet import Wearer
from simulators.messages import Happening
from simulators.signals import Touch

ROWS = 10
STEPS = 5
COLOURS = ("green", "yellow", "dark_orange", "orange_red1", "red", "bold red")
"""By step felt, counted from 1; the first is calm."""
PULSES = {"single": "●", "double": "●●", "triple": "●●●", "pulse": "∿∿∿", "continuous": "━━━"}
NONE = "\N{EN DASH}"
TIMES = "\N{MULTIPLICATION SIGN}"
BLOCKS = "▁▂▃▄▅▆▇█"
WIDTH = 112
_COLUMNS = {
    "": 1,
    "watch": 10,
    "heart": 5,
    "limit": 5,
    "step": 5,
    "touch": 12,
    "sound": 11,
    "waiting": 7,
    "words": 0,
}
"""The table's columns and their least widths; the words get what is left."""
WIDE = 60
"""Beats in the curve of a single watch."""


@dataclass(slots=True)
class Tally:
    """Counts what happens, for the summary."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, happening: Happening) -> None:
        match happening.details:
            case {"messages": list(messages)}:
                self.counts["sent"] += len(messages)
            case {"forgotten": int(forgotten)}:
                self.counts["receipted"] += forgotten
            case {"by": by}:
                self.counts[f"felt by {by}"] += 1
            case _:
                self.counts[happening.what] += 1


class Display:
    """Renders the fleet as it is when asked."""

    def __init__(
        self, wearers: Sequence[Wearer], tally: Tally, *, clock: SimulatedClock, language: str
    ) -> None:
        self._wearers = wearers
        self._tally = tally
        self._clock = clock
        self._language = language

    def __rich__(self) -> RenderableType:
        now_ms = self._clock.now_ms()
        if len(self._wearers) == 1:
            return self._large(self._wearers[0], now_ms)
        return Group(self._summary(now_ms), self._rows(now_ms), self._key())

    # -------------------------------------------------------------------------------- one

    def _large(self, wearer: Wearer, now_ms: int) -> RenderableType:
        watch = wearer.watch
        touch, urge = watch.wrist.felt(now_ms), watch.wrist.urge(now_ms)
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", justify="right")
        table.add_column()
        table.add_row("heart", _heart(wearer, urge))
        table.add_row("", _curve(list(wearer.beats)[-WIDE:], _limit(wearer)))
        table.add_row("step", _steps(urge))
        table.add_row("touch", _haptic(touch))
        table.add_row("sound", _sound(touch))
        table.add_row("words", self._words(watch.wrist.last))
        table.add_row("so far", self._so_far(len(watch.outbox)))
        title = Text.assemble(_link(wearer), " ", watch.device, f"  {_time(now_ms)}")
        return Panel(table, title=title, border_style=COLOURS[min(urge, STEPS)], width=84)

    def _so_far(self, waiting: int) -> Text:
        counts = self._tally.counts
        return Text(
            f"{counts['sent']} sent · {counts['receipted']} receipted · {waiting} waiting · "
            f"{counts['felt by hub']} touches by the hub, {counts['felt by watch']} alone"
        )

    def _words(self, touch: Touch | None) -> Text:
        if touch is None:
            return Text(NONE, style="dim")
        words = touch.text.get(self._language) or next(iter(touch.text.values()), "")
        return Text(words, overflow="ellipsis", no_wrap=True)

    # ------------------------------------------------------------------------------- many

    def _summary(self, now_ms: int) -> RenderableType:
        wearers = self._wearers
        connected = sum(wearer.watch.connected for wearer in wearers)
        waiting = sum(len(wearer.watch.outbox) for wearer in wearers)
        felt = Counter(wearer.watch.wrist.urge(now_ms) for wearer in wearers)
        line = Text(f"{connected} of {len(wearers)} connected · {self._so_far(waiting).plain}")
        bars = Text("on the wrists now  ")
        for step in range(STEPS + 1):
            name = f"step {step}" if step else "calm"
            bars.append(f"{name} {felt[step]}   ", style=COLOURS[step] if felt[step] else "dim")
        trouble = Counter(w.radio.trouble for w in wearers if w.radio.trouble).most_common(1)
        lines: list[RenderableType] = [line, bars]
        lines += [
            Text(f"{count} without a broker: {why}", style="red", no_wrap=True)
            for why, count in trouble
        ]
        return Panel(Group(*lines), title=f"{len(wearers)} watches  {_time(now_ms)}", width=WIDTH)

    def _rows(self, now_ms: int) -> RenderableType:
        table = Table(box=None, padding=(0, 1), width=WIDTH, header_style="dim")
        for name, least in _COLUMNS.items():
            right = name in {"heart", "limit", "waiting"}
            table.add_column(
                name, justify="right" if right else "left", no_wrap=True, min_width=least
            )
        for wearer in self._most_excited(now_ms):
            watch = wearer.watch
            touch, urge = watch.wrist.felt(now_ms), watch.wrist.urge(now_ms)
            table.add_row(
                _link(wearer),
                watch.device,
                Text(_number(watch.values.get("heart_rate")), style=COLOURS[min(urge, STEPS)]),
                _number(_limit(wearer)),
                _steps(urge),
                _haptic_short(touch),
                _sound_short(touch),
                str(len(watch.outbox)),
                self._words(touch),
            )
        return table

    def _most_excited(self, now_ms: int) -> Sequence[Wearer]:
        """Return the rows to show, the strongest touch first, then who is furthest over."""

        def excitement(wearer: Wearer) -> tuple[int, float]:
            beat, limit = wearer.watch.values.get("heart_rate"), _limit(wearer)
            over = float(beat) - limit if isinstance(beat, int | float) and limit else -1000.0
            return wearer.watch.wrist.urge(now_ms), over

        if len(self._wearers) <= ROWS:
            return self._wearers
        return sorted(self._wearers, key=excitement, reverse=True)[:ROWS]

    def _key(self) -> RenderableType:
        shown = min(ROWS, len(self._wearers))
        which = "all" if shown == len(self._wearers) else f"the {shown} most excited"
        return Text(f"  {which} · ● connected ○ alone · Ctrl-C ends", style="dim")


def _link(wearer: Wearer) -> Text:
    return Text("●", style="green") if wearer.watch.connected else Text("○", style="red")


def _time(now_ms: int) -> str:
    return f"{datetime.fromtimestamp(now_ms / 1000, UTC):%H:%M:%S} UTC"


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else NONE


def _limit(wearer: Wearer) -> float | None:
    limits = wearer.watch.alone.thresholds.values()
    return next((t.limit for t in limits if t.spec.property == "heart_rate"), None)


def _heart(wearer: Wearer, urge: int) -> Text:
    beat, limit = wearer.watch.values.get("heart_rate"), _limit(wearer)
    text = Text(f"♥ {_number(beat)}", style=f"bold {COLOURS[min(urge, STEPS)].split()[-1]}")
    if limit is None:
        return text.append("  no limit known yet", style="dim")
    text.append(f"  limit {limit:g}", style="dim")
    if isinstance(beat, int | float) and beat > limit:
        text.append(f"  {beat - limit:+g}")
    return text


def _curve(beats: Sequence[float], limit: float | None) -> Text:
    """Return the last beats as a curve, red where it is over the limit."""
    if not beats:
        return Text("")
    low, high = min(beats), max(beats)
    text = Text()
    for beat in beats:
        height = int((beat - low) / max(high - low, 1) * (len(BLOCKS) - 1))
        text.append(BLOCKS[height], style="red" if limit is not None and beat > limit else "green")
    return text.append(f"  {low:g}..{high:g}", style="dim")


def _steps(urge: int) -> Text:
    """Return the ladder as blocks, filled up to the step felt."""
    text = Text()
    for step in range(1, max(STEPS, urge) + 1):
        text.append("■" if step <= urge else "□", style=COLOURS[min(step, STEPS)])
    return text if urge else Text("□" * STEPS, style="dim")


def _bar(share: float, width: int) -> Text:
    full = round(share * width)
    return Text("▮" * full + "▯" * (width - full))


def _haptic(touch: Touch | None) -> Text:
    if touch is None or touch.haptic is None:
        return Text(NONE, style="dim")
    amplitude = touch.haptic.amplitude
    return Text.assemble(_bar(amplitude, 10), f" {amplitude:.2f} ", _pulses(touch.haptic))


def _haptic_short(touch: Touch | None) -> Text:
    if touch is None or touch.haptic is None:
        return Text(NONE, style="dim")
    return Text.assemble(_bar(touch.haptic.amplitude, 5), " ", _pulses(touch.haptic))


def _pulses(haptic: Haptic) -> str:
    return f"{PULSES.get(haptic.pattern, haptic.pattern):3} {TIMES}{haptic.repeat}"


def _sound(touch: Touch | None) -> Text:
    if touch is None or touch.sound is None:
        return Text(NONE, style="dim")
    volume = touch.sound.volume
    return Text.assemble(_bar(volume, 10), f" {volume:.2f} {touch.sound.tone}")


def _sound_short(touch: Touch | None) -> Text:
    if touch is None or touch.sound is None:
        return Text(NONE, style="dim")
    return Text.assemble(_bar(touch.sound.volume, 5), f" {touch.sound.tone}")
