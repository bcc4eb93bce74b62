from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from hub.model.care import CareLabel, Colour, Composition, Fibre, Ironing, Tumbling, Washing
from simulators.chance import chance
from simulators.laundry import Dryer, GarmentPlan, Machine, Piece, Styler, Washer

COTTON = CareLabel(washing=Washing.W60, tumbling=Tumbling.NORMAL, ironing=Ironing.HIGH)
WOOL = CareLabel(washing=Washing.W40_VERY_MILD, tumbling=Tumbling.LOW, ironing=Ironing.MEDIUM)
SILK = CareLabel(washing=Washing.NONE, tumbling=Tumbling.NONE, ironing=Ironing.LOW)
LABELS = {Fibre.COTTON: COTTON, Fibre.WOOL: WOOL, Fibre.SILK: SILK, Fibre.POLYESTER: COTTON}

MakePiece = Callable[..., Piece]
Events = Callable[[Machine, str], list[Any]]
Finish = Callable[[Machine, int], int]
Command = Callable[[Machine, str, str, object, int], tuple[str, str]]


@pytest.fixture
def piece() -> MakePiece:
    """Makes a piece of one fibre, `grams` heavy."""
    made = 0

    def make(fibre: Fibre = Fibre.COTTON, *, grams: int = 400, soil: float = 0.5) -> Piece:
        nonlocal made
        made += 1
        plan = GarmentPlan(
            names={"ko": "옷", "en": "piece"},
            fibres=Composition.of({fibre: 100}),
            label=LABELS[fibre],
            colour=Colour.DARK,
            rgb="#1d1d20",
            mass_kg=grams / 1000,
        )
        return Piece(id=f"gm_{made}", plan=plan, soil=soil)

    return make


@pytest.fixture
def washer() -> Washer:
    return Washer("d-w", "cx/1/main/d-w", boot="b1", rng=chance("washer"))


@pytest.fixture
def dryer() -> Dryer:
    return Dryer("d-d", "cx/1/main/d-d", boot="b1", rng=chance("dryer"))


@pytest.fixture
def styler() -> Styler:
    return Styler("d-s", "cx/1/main/d-s", boot="b1", rng=chance("styler"))


def _events(machine: Machine, name: str) -> list[Any]:
    return [
        content["data"]
        for leaf, content in machine.outbox.contents()
        if leaf == "event" and content["type"] == name
    ]


@pytest.fixture
def events() -> Events:
    """Returns the data of a machine's unreceipted events of one type, in order."""
    return _events


@pytest.fixture
def finish() -> Finish:
    """Lets a machine run until it stops, fails or has run for a day; returns when that was."""

    def run(machine: Machine, now_ms: int) -> int:
        end_ms = now_ms + 86_400_000
        while machine.state == "running" and now_ms < end_ms:
            now_ms += 10_000
            machine.step(now_ms)
        return now_ms

    return run


@pytest.fixture
def command() -> Command:
    """Sends a command as the hub does; returns the last reply's status and reason."""

    def send(
        machine: Machine, identity: str, name: str, args: object, now_ms: int
    ) -> tuple[str, str]:
        form = {"id": identity, "name": name, "args": args}
        machine.take()
        topic = f"{machine.base}/down/command"
        machine.receive(topic, msgspec.json.encode(form), now_ms)
        replies = [
            msgspec.json.decode(one.payload)
            for one in machine.take()
            if one.topic.endswith("/up/reply")
        ]
        return replies[-1]["status"], replies[-1]["reason"]

    return send
