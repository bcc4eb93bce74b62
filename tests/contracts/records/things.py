"""Things to put into a record store, with what a test does not care about filled in."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

from hub.model import (
    Alarm,
    Cause,
    Command,
    CommandStatus,
    DeadLetter,
    Device,
    DeviceEvent,
    DeviceState,
    Household,
    Person,
    Rule,
    RuleSpec,
    Sample,
    Timer,
)
from hub.ports import Claim, Credential, RecordStore, Session

Opener = Callable[[], Awaitable[RecordStore]]

NOW_MS = 1_795_000_000_000
NOW = datetime.fromtimestamp(NOW_MS / 1000, tz=UTC) + timedelta(microseconds=7)
ADA = Person(id="ada", name="Ada")
HOME = Household(id="home", name="Home", created_at=NOW)


def device(name: str, *, household: str = "home") -> Device:
    return Device(id=name, kind="watch", name=f"The {name}", household=household, created_at=NOW)


def credential(name: str, *, text: str = "first") -> Credential:
    digest = hashlib.sha512(text.encode()).digest()
    return Credential(device=name, salt=b"\x00salt\xff" * 2, iterations=101, hash=digest)


async def settle(records: RecordStore, devices: Sequence[str] = ()) -> None:
    """Let Ada live in a home with these devices."""
    await records.add_person(ADA)
    await records.add_household(HOME, owner=ADA.id)
    await records.add_devices(
        [device(name) for name in devices],
        credentials=[credential(name) for name in devices],
        rules=[],
    )


def state(name: str, **kept: object) -> DeviceState:
    return DeviceState(device=device(name), **kept)  # type: ignore[arg-type]  # a test names what it keeps


def sample(name: str, *, at_ms: int = NOW_MS, value: float = 131.5) -> Sample:
    return Sample(name, "watch", at_ms, at_ms + 40, {"heart_rate": value}, "b1", 7)


def event(name: str, number: int, *, at_ms: int = NOW_MS) -> DeviceEvent:
    return DeviceEvent(
        device=name, id=f"e{number}", at_ms=at_ms, received_ms=at_ms, type="tap", data={"n": number}
    )


def command(name: str, *, to: str = "w-1", status: CommandStatus = CommandStatus.QUEUED) -> Command:
    return Command(
        id=name,
        device=to,
        name="alert",
        args={"step": 2, "haptic": {"amplitude": 0.6, "repeat": 3}, "text": {"ko": "심박수"}},
        issued_ms=NOW_MS,
        expires_ms=NOW_MS + 30_000,
        status=status,
        history=(("queued", NOW_MS),),
    )


def alarm(
    name: str, *, device: str = "w-1", opened_ms: int = NOW_MS, cleared_ms: int | None = None
) -> Alarm:
    return Alarm(
        id=name,
        rule="r-1",
        device=device,
        household="home",
        person="ada",
        property_name="heart_rate",
        cause=Cause.THRESHOLD,
        limit=150.0,
        since_ms=opened_ms,
        opened_ms=opened_ms,
        cleared_ms=cleared_ms,
    )


def rule(name: str, *, household: str = "home") -> Rule:
    spec = RuleSpec(name="Heart", property="heart_rate", kind="watch")
    return Rule(id=name, household=household, person="ada", spec=spec)


def dead_letter(name: str, *, device: str = "w-1", at_ms: int = NOW_MS) -> DeadLetter:
    return DeadLetter(
        id=name,
        device=device,
        source="intake",
        topic="cx/1/main/w-1/up/telemetry",
        at_ms=at_ms,
        reason="no JSON",
        payload_hash="00ff",
        excerpt="{\\x00",
        payload=b"\x00\xff{",
    )


def timer(name: str, *, due_ms: int) -> Timer:
    return Timer(id=name, due_ms=due_ms, kind="no_data", device="w-1", subject="r-1")


def claim(code: str, *, expires_ms: int = NOW_MS + 600_000) -> Claim:
    return Claim(
        code_hash=hashlib.sha256(code.encode()).hexdigest(),
        kind="watch",
        household="home",
        person=None,
        name="My watch",
        created_by="ada",
        expires_ms=expires_ms,
    )


def session(token: str, *, family: str = "f1", expires_ms: int = NOW_MS + 1000) -> Session:
    return Session(token_hash=token, person="ada", family=family, expires_ms=expires_ms)
