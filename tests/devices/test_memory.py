from collections.abc import Callable
from pathlib import Path

import pytest

from simulators import memory
from simulators.memory import Memory
from simulators.messages import Witnesses
from simulators.watch import Watch

BASE = "cx/1/main/w-1"
ALERT = b'{"id": "c1", "name": "alert", "args": {"alert": "al_x", "step": 0}}'


def remembering(path: Path, boot: str) -> tuple[Watch, Memory]:
    kept = Memory(path)
    watch = Watch("w-1", BASE, boot=boot, witnesses=Witnesses(note=kept.write))
    return watch, kept.attach(watch)


def kill(path: Path) -> bytes:
    """Return what a killed process leaves: the file as it is, its end not tidied."""
    return path.read_bytes()


def test_keeps_boot_numbers_and_unreceipted_messages_over_a_kill(
    tmp_path: Path, desire: Callable[[Watch], None]
) -> None:
    path = tmp_path / "w-1.jsonl"
    watch, kept = remembering(path, "b1")
    with kept:
        desire(watch)
        watch.connect(0)
        watch.happen("workout_started", 0, identity="e1")
        for second in range(20):
            watch.measure(second * 1000, {"heart_rate": 155.0})
        watch.receive(f"{BASE}/down/receipt", b'{"boot": "b1", "seq": 12, "events": []}', 0)
        watch.receive(f"{BASE}/down/command", ALERT, 0)
        left = kill(path)
    path.write_bytes(left)
    again, _ = remembering(path, "b2")
    assert (again.outbox.boot, again.outbox.seq) == ("b1", 20)
    assert list(again.outbox.contents()) == list(watch.outbox.contents())
    assert again.alone.conditions == watch.alone.conditions
    assert again.alone.thresholds == watch.alone.thresholds
    again.receive(f"{BASE}/down/command", ALERT, 0)
    assert again.wrist.touches == 0


def test_leaves_out_a_line_that_was_being_written_when_the_process_died(tmp_path: Path) -> None:
    path = tmp_path / "w-1.jsonl"
    watch, kept = remembering(path, "b1")
    with kept:
        watch.measure(0, {"heart_rate": 100.0})
        watch.measure(1000, {"heart_rate": 100.0})
        left = kill(path)
    path.write_bytes(left[:-5])
    again, _ = remembering(path, "b2")
    assert [content["seq"] for _, content in again.outbox.contents()] == [1]


def test_the_file_stays_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "REWRITE_AFTER", 50)
    path = tmp_path / "w-1.jsonl"
    watch, kept = remembering(path, "b1")
    with kept:
        for second in range(200):
            watch.measure(second * 1000, {"heart_rate": 100.0})
            receipt = b'{"boot": "b1", "seq": %d, "events": []}' % (second + 1)
            watch.receive(f"{BASE}/down/receipt", receipt, 0)
        assert len(path.read_bytes().splitlines()) < 60
    again, _ = remembering(path, "b2")
    assert again.outbox.seq == 200
