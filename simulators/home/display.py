"""Shows a world of homes: a summary, and ten of them as rows."""

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from simulators.clock import SimulatedClock
from simulators.display import NONE, ROWS, WIDTH
from simulators.home.fridge import Fridge
from simulators.home.household import Home
from simulators.home.people import Calendar
from simulators.home.running import Running
from simulators.messages import Happening

COLUMNS = ("home", "people", "fridge", "door", "washer", "dryer", "styler", "last")
AT_WORK = frozenset({"running", "paused"})


class Events:
    """Counts what happens, and keeps each home's last act."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.last: dict[str, str] = {}

    def add(self, happening: Happening) -> None:
        details = happening.details
        match details:
            case {"messages": list(messages)}:
                self.counts["sent"] += len(messages)
            case {"forgotten": int(forgotten)}:
                self.counts["receipted"] += forgotten
            case _:
                self.counts[happening.what] += 1
        if happening.what == "act":
            words = (details.get("person"), details.get("do"), details.get("device"))
            self.last[happening.device] = " ".join(str(word) for word in words if word)


class HomesDisplay:
    """Renders the homes as they are when asked."""

    def __init__(
        self, running: Running, events: Events, *, clock: SimulatedClock, calendar: Calendar
    ) -> None:
        self._running = running
        self._events = events
        self._clock = clock
        self._calendar = calendar

    def __rich__(self) -> RenderableType:
        homes = self._running.world.homes
        panel = Panel(
            Group(*self._summary(homes)),
            title=f"{len(homes)} homes  {self._calendar.clock(self._clock.now_ms())}",
            width=WIDTH,
        )
        return Group(panel, self._rows(homes))

    def _summary(self, homes: Sequence[Home]) -> list[RenderableType]:
        devices = list(self._running.world.devices)
        counts = self._events.counts
        connected = sum(device.connected for device in devices)
        unplugged = sum(not device.powered for device in devices)
        lives = [life for home in homes for life in home.lives.values()]
        lines: list[RenderableType] = [
            Text(
                f"{connected} of {len(devices)} connected · {unplugged} unplugged · "
                f"{counts['sent']} sent · {counts['receipted']} receipted · "
                f"{self._running.waiting} waiting"
            ),
            Text(
                f"{sum(life.at_home for life in lives)} of {len(lives)} people at home, "
                f"{sum(life.asleep for life in lives)} asleep · {counts['act']} acts · "
                f"{counts['felt']} touches · {counts['said']} sentences · "
                f"{counts['answer']} answers"
            ),
        ]
        troubles = Counter(r.trouble for r in self._running.radios.values() if r.trouble)
        lines += [
            Text(f"{count} without a broker: {why}", style="red", no_wrap=True)
            for why, count in troubles.most_common(1)
        ]
        return lines

    def _rows(self, homes: Sequence[Home]) -> RenderableType:
        table = Table(box=None, padding=(0, 1), width=WIDTH, header_style="dim")
        for name in COLUMNS:
            table.add_column(name, no_wrap=True)
        for home in sorted(homes, key=_calm)[:ROWS]:
            fridge = home.devices.get("fridge")
            table.add_row(
                str(home.number),
                _people(home),
                _degrees(fridge.values) if fridge is not None else NONE,
                _door(fridge),
                *(_machine(home, kind) for kind in ("washer", "dryer", "styler")),
                self._events.last.get(f"home-{home.number}", NONE),
            )
        return table


def _calm(home: Home) -> tuple[bool, int]:
    """Sort homes where something goes on before the others."""
    fridge = home.devices.get("fridge")
    stands_open = isinstance(fridge, Fridge) and fridge.stands_open
    working = any(d.values.get("operational_state") in AT_WORK for d in home.devices.values())
    waits = any(d.values.get("load_waiting") is True for d in home.devices.values())
    return not (stands_open or working or waits), home.number


def _people(home: Home) -> Text:
    text = Text()
    for life in home.lives.values():
        style = "dim" if not life.at_home else "blue" if life.asleep else "green"
        text.append(life.who.name[:6] + " ", style=style)
    return text


def _degrees(values: Mapping[str, object]) -> str:
    pair = [values.get("fridge_temperature"), values.get("freezer_temperature")]
    return " ".join(f"{one:.1f}" if isinstance(one, float) else NONE for one in pair)


def _door(fridge: object) -> Text:
    if isinstance(fridge, Fridge) and fridge.stands_open:
        return Text("open", style="yellow")
    return Text("shut", style="dim")


def _machine(home: Home, kind: str) -> Text:
    device = home.devices.get(kind)
    if device is None:
        return Text(NONE, style="dim")
    if not device.powered:
        return Text("no power", style="red")
    if device.values.get("load_waiting") is True:
        return Text("waiting", style="yellow")
    state = str(device.values.get("operational_state", NONE))
    phase = device.values.get("cycle_phase")
    return Text(
        str(phase) if state == "running" else state, style="" if state in AT_WORK else "dim"
    )
