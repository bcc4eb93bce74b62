"""Two households and an operator on the real worker, with everything that leaks planted in it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from devices.described import KIND as DESCRIBED
from devices.fridge import STOCK
from devices.phone import KIND as PHONE
from devices.washer import KIND as WASHER
from devices.watch import KIND as WATCH
from hub.adapters.broker.memory import MemoryBroker
from hub.adapters.clock.manual import ManualClock
from hub.adapters.conditions.cel import Expressions
from hub.adapters.gatekeeper.memory import MemoryGatekeeper
from hub.adapters.gatekeeper.tokens import hash_token, new_token
from hub.adapters.partner.memory import MemoryPartner
from hub.adapters.partner.partners import Partners
from hub.adapters.records.sql import SqlRecords
from hub.adapters.series.memory import MemorySeries
from hub.api.app import ApiParts, create_app
from hub.api.identity import SignedToken, hash_of
from hub.kinds import payload_schema
from hub.model import (
    Argument,
    Binding,
    Capability,
    CommandSpec,
    DeadLetter,
    Device,
    DeviceKind,
    Garment,
    Group,
    Household,
    Membership,
    Moment,
    Person,
    Presence,
    Property,
    Role,
    Rule,
    RuleSpec,
    ServiceKind,
    Topics,
    ValueType,
)
from hub.ports import Access, Account, Session
from hub.runtime.figures import NoFigures
from hub.runtime.health import Health
from hub.runtime.series_writer import SeriesWriter
from hub.runtime.service_caller import ServiceCaller
from hub.runtime.worker import Worker
from hub.settings import Http

NOW_MS = 1_795_000_000_000
DAY_MS = 86_400_000
PASSWORD = "correct horse battery staple"
SIGNING_KEY = bytes(range(32))

FRIDGE = DeviceKind(
    name="fridge",
    title_en="Fridge",
    title_ko="냉장고",
    capabilities=(
        Capability(
            name="cold",
            properties=(
                Property(name="temperature", unit="Cel", minimum=-40, maximum=60),
                Property(name="target", unit="Cel", minimum=1, maximum=9, settable=True),
                Property(name="shelves", type=ValueType.INTEGER, minimum=0, settable=True),
                Property(name="open", type=ValueType.BOOLEAN),
                Property(
                    name="mode",
                    type=ValueType.STRING,
                    choices=("eco", "party"),
                    settable=True,
                ),
                Property(name="note", type=ValueType.STRING, max_length=20, settable=True),
            ),
            events=("door",),
            commands=(
                CommandSpec(
                    name="defrost",
                    description="Melt the ice.",
                    arguments=(Argument(name="minutes", type="number", description="how long"),),
                ),
            ),
        ),
        STOCK,
    ),
)

PEOPLE = {
    "alice": Role.OWNER,
    "adam": Role.ADULT,
    "chloe": Role.CHILD,
    "gus": Role.GUEST,
}
"""The people of the household `h_home`; Bob owns `h_other`, Olga operates, Rita signed out."""


@dataclass(slots=True)
class World:
    app: FastAPI
    parts: ApiParts
    records: SqlRecords
    series: MemorySeries
    broker: MemoryBroker
    gatekeeper: MemoryGatekeeper
    clock: ManualClock
    worker: Worker
    health: Health
    cleaner: MemoryPartner
    market: MemoryPartner
    caller: ServiceCaller
    clients: dict[str, httpx2.AsyncClient] = field(default_factory=dict)

    def anonymous(self, *, address: str = "192.0.2.1") -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(self.app, client=(address, 50000))
        return httpx2.AsyncClient(transport=transport, base_url="http://hub.test/api/v1")

    def on(self, **changed: Any) -> httpx2.AsyncClient:  # noqa: ANN401 - any part of `ApiParts`
        """Return a client of another API that has these parts changed; it gets 500 as an answer."""
        app = create_app(replace(self.parts, metrics=CollectorRegistry(), **changed))
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        return httpx2.AsyncClient(transport=transport, base_url="http://hub.test/api/v1")

    async def as_(self, person: str) -> httpx2.AsyncClient:
        """Return a client signed in as this person, without the cost of a password."""
        if person not in self.clients:
            client = self.anonymous()
            token = await self.access_token(person)
            client.headers["Authorization"] = f"Bearer {token}"
            self.clients[person] = client
        return self.clients[person]

    async def access_token(self, person: str) -> str:
        session = Session(
            token_hash=hash_of(f"refresh of {person}"),
            person=f"p_{person}",
            family=f"s_{person}",
            expires_ms=self.clock.now_ms() + 30 * DAY_MS,
        )
        await self.records.add_session(session)
        tokens = self.app.state.api.tokens
        return str(tokens.sign(SignedToken(person=f"p_{person}", family=session.family)))

    async def add_person(
        self, name: str, *, born: date | None = None, is_operator: bool = False
    ) -> Person:
        person = Person(id=f"p_{name}", name=name.title(), birth_date=born, is_operator=is_operator)
        account = Account(
            person=person.id, email=f"{name}@example.org", password_hash=_password_hash()
        )
        await self.records.add_person(person, account=account)
        return person

    async def add_device(
        self, name: str, *, kind: DeviceKind, household: str, person: str | None
    ) -> Device:
        now = _at(self.clock.now_ms())
        device = Device(
            id=name, kind=kind.name, name=f"the {name}", household=household, created_at=now
        )
        credential = hash_token(new_token(), name)
        await self.records.add_devices([device], credentials=[credential], rules=[])
        if person is not None:
            await self.bind(name, person)
        await self.gatekeeper.admit([credential])
        await self.worker.refresh(name)
        return device

    async def bind(self, device: str, person: str) -> None:
        since_at = _at(self.clock.now_ms())
        await self.records.bind(Binding(device=device, person=f"p_{person}", since_at=since_at))
        await self.worker.refresh(device)

    async def publish(self, device: str, leaf: str, payload: object) -> None:
        """Let the device publish, and wait until it is committed and in the series store."""
        self.broker.deliver(f"cx/1/main/{device}/up/{leaf}", json.dumps(payload).encode())

        async def committed() -> bool:
            return self.broker.unacknowledged == 0

        await until(committed)
        await self.drained()

    async def drained(self) -> None:
        async def empty() -> bool:
            waiting, _ = await self.records.spool_backlog()
            return waiting == 0

        await until(empty)

    async def noted(self) -> None:
        """Wait until the access log is written."""
        await self.app.state.api.notes.drain()


class Sleepless(ManualClock):
    """For a part that rests between two rounds: here it never does."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0))


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it holds, ten seconds at most."""
    async with asyncio.timeout(10):
        while not await holds():  # noqa: ASYNC110 - what we wait for tells nobody
            await asyncio.sleep(0.005)


@asynccontextmanager
async def opened(directory: Path) -> AsyncIterator[World]:
    """Open the world of this directory; an empty one where there is none."""
    clock = ManualClock(NOW_MS)
    health = Health()
    topics = Topics()
    records = SqlRecords(directory / "records.sqlite")
    series, broker, gatekeeper = MemorySeries(), MemoryBroker(), MemoryGatekeeper()
    expressions = Expressions()
    kinds = {kind.name: kind for kind in (WATCH, FRIDGE, PHONE, WASHER, DESCRIBED)}
    await records.open()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(records.close)
        await broker.open()
        worker = Worker(
            broker=broker,
            records=records,
            clock=clock,
            kinds=kinds,
            topics=topics,
            touch_gap_ms=3000,
            evaluate=expressions.holds,
            figures=NoFigures(),
            health=health,
        )
        writer = SeriesWriter(
            records=records,
            series=series,
            clock=Sleepless(clock.now_ms()),
            health=health,
            figures=NoFigures(),
            high_water=1_000_000,
            hold=worker.hold,
            resume=worker.resume,
        )
        cleaner = MemoryPartner(ServiceKind.DRY_CLEANER, clock=clock)
        market = MemoryPartner(ServiceKind.MARKET, clock=clock)
        partner = Partners({ServiceKind.DRY_CLEANER: cleaner, ServiceKind.MARKET: market})
        caller = ServiceCaller(worker=worker, records=records, partner=partner, clock=clock)
        await worker.load()
        await writer.load()
        await caller.load()
        await gatekeeper.sync(await records.credentials())
        worker.listen(writer.committed)
        worker.listen(caller.committed)
        parts = ApiParts(
            settings=Http(),
            records=records,
            series=series,
            gatekeeper=gatekeeper,
            kinds=worker.memory.kinds,
            worker=worker,
            clock=clock,
            topics=topics,
            broker_url="mqtt://hub.test:1883",
            signing_key=SIGNING_KEY,
            new_token=new_token,
            hash_token=hash_token,
            payload_schema=payload_schema,
            metrics=CollectorRegistry(),
            expressions=expressions,
            partner=partner,
            breakers=lambda: caller.breakers,
            live_recheck_s=0.05,
        )
        app = create_app(parts)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        tasks = [group.create_task(part.run()) for part in (worker, writer, caller)]
        stack.callback(lambda: [task.cancel() for task in tasks])
        await stack.enter_async_context(app.router.lifespan_context(app))
        world = World(
            app=app,
            parts=parts,
            records=records,
            series=series,
            broker=broker,
            gatekeeper=gatekeeper,
            clock=clock,
            worker=worker,
            health=health,
            cleaner=cleaner,
            market=market,
            caller=caller,
        )
        yield world
        for client in world.clients.values():
            await client.aclose()


async def settle(world: World) -> None:
    """Let two households, an operator, their devices and rules be there."""
    for name in (*PEOPLE, "bob", "rita", "olga"):
        born = date(2014, 5, 6) if name == "chloe" else None
        await world.add_person(name, born=born, is_operator=name == "olga")
    created_at = _at(NOW_MS)
    for household, owner in (("h_home", "alice"), ("h_other", "bob")):
        await world.records.add_household(
            Household(id=household, name=f"Home of {owner}", created_at=created_at),
            owner=f"p_{owner}",
        )
    for name, role in PEOPLE.items():
        await world.records.set_membership(
            Membership(household="h_home", person=f"p_{name}", role=role)
        )
    for name, person in (("w-alice", "alice"), ("w-chloe", "chloe")):
        await world.add_device(name, kind=WATCH, household="h_home", person=person)
    await world.add_device("f-home", kind=FRIDGE, household="h_home", person=None)
    await world.add_device("w-bob", kind=WATCH, household="h_other", person="bob")


async def add_alarm_rule(world: World, device: str, *, rule: str = "r_limit") -> Rule:
    """Watch the heart rate of one device with a limit of 150."""
    spec = RuleSpec(name="Limit", property="heart_rate", devices=(device,), limit=150)
    found = await world.worker.state(device)
    assert found is not None
    return await world.worker.put_rule(
        Rule(id=rule, household=found.device.household, person=None, spec=spec)
    )


async def add_dead_letter(world: World, name: str, *, device: str, payload: bytes) -> None:
    letter = DeadLetter(
        id=name,
        device=device,
        source="intake",
        topic=f"cx/1/main/{device}/up/telemetry",
        at_ms=NOW_MS,
        reason="not JSON",
        payload_hash="00" * 32,
        excerpt="PLANTED-EXCERPT",
        payload=payload,
    )
    await world.records.commit(Group(dead_letters=(letter,)))


async def add_access(world: World, *, reader: str, subject: str) -> None:
    await world.records.note_access(
        Access(
            reader=reader,
            subject=subject,
            purpose="household_view",
            what="PLANTED-ACCESS",
            at_ms=NOW_MS,
            allowed=False,
        )
    )


async def add_home_things(world: World) -> None:
    """Let Alice have a garment, a question that waits for her, and be at home."""
    text = {"ko": "PLANTED-MOMENT", "en": "PLANTED-MOMENT"}
    await world.worker.keep(
        Garment(id="gm_alice", household="h_home", name="PLANTED-GARMENT", owner="p_alice"),
        Moment(
            id="mo_alice",
            household="h_home",
            person="p_alice",
            text=text,
            cause="ru_planted",
            at_ms=NOW_MS,
            expires_ms=NOW_MS + DAY_MS,
            ask=True,
        ),
        Presence(
            id="h_home:p_alice",
            household="h_home",
            person="p_alice",
            at_home=True,
            since_ms=NOW_MS,
            source="person",
        ),
    )


def _at(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)


_hashes: list[str] = []


def _password_hash() -> str:
    """Return the hash of `PASSWORD`, made once: it is slow by design."""
    if not _hashes:
        from pwdlib import PasswordHash  # noqa: PLC0415 - only where a password is needed

        _hashes.append(PasswordHash.recommended().hash(PASSWORD))
    return _hashes[0]
