"""The server: signatures, idempotency and modes in front of a business, and its ledger."""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulators.chance import chance
from simulators.clock import SimulatedClock
from simulators.partners.business import Business, Change, Record, Step
from simulators.partners.drills import Drills
from simulators.partners.hooks import Teller, Way
from simulators.partners.journal import Given, Hook, Journal, Line
from simulators.partners.modes import JSON, Mode, Modes, Spell
from simulators.partners.reading import decoded, field_paths, problem_document
from simulators.partners.wire import Problem, check, rfc3339

KEPT_MS = 30 * 86_400_000
TICK_S = 0.05
IDLE_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a sandbox is run."""

    clock: SimulatedClock
    secret: str
    hook: str = ""
    """Where webhooks go; empty: nowhere."""
    seed: int = 1
    spells: tuple[Spell, ...] = ()
    slow_s: float = 2.0
    late_s: float = 20.0
    """Real seconds: longer than the hub waits for an answer."""
    state: Path | None = None


class Sandbox:
    def __init__(self, business: Business[Any], course: Course) -> None:
        self.ledger: list[dict[str, object]] = []
        """Every request of the contract, as it came."""
        self.hooks: dict[str, Hook] = {}
        self.business = business
        self._course = course
        self.clock = course.clock
        self._given: dict[str, Given] = {}
        self._late: set[str] = set()
        """Keys whose first answer was held back."""
        self.modes = Modes(rng=chance(course.seed, "wrong"))
        self.modes.set(course.spells, now_ms=self.clock.now_ms())
        self._journal = Journal(course.state)
        way = Way(
            url=course.hook,
            secret=course.secret,
            clock=course.clock,
            rng=chance(course.seed, "hooks"),
        )
        self._teller = Teller(way, spell=self._spell, noted=self._noted)
        self._remember()

    def app(self) -> Starlette:
        routes = [
            Route(step.path, self._endpoint(step), methods=[step.method])
            for step in self.business.steps
        ]
        return Starlette(routes=[*routes, *Drills(self).routes()], lifespan=self._lifespan)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._teller.run()), group.create_task(self._live())]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
        await self._teller.close()
        self._journal.close()

    # --------------------------------------------------------------------------------- the contract

    def _endpoint(self, step: Step) -> Any:  # noqa: ANN401 - Starlette's own word for an endpoint
        async def answer(request: Request) -> Response:
            body = await request.body()
            now_ms, spell = self.clock.now_ms(), self._spell()
            entry = self._entered(request, body, spell)
            self.ledger.append(entry)
            if spell.mode is Mode.DOWN:
                return self._away()
            given, fresh = self._settled(step, request, body, now_ms=now_ms)
            entry |= {"status": given.status, "replayed": not fresh}
            await self._hold(request.headers.get("idempotency-key", ""), spell)
            return self._response(given, spell)

        return answer

    def _settled(
        self, step: Step, request: Request, body: bytes, *, now_ms: int
    ) -> tuple[Given, bool]:
        """Return the answer to this request, and whether it was carried out just now."""
        key = request.headers.get("idempotency-key", "")
        asked = f"{request.method} {request.url.path}\n".encode() + body
        digest = hashlib.sha256(asked).hexdigest()
        try:
            self._authentic(request, body, key=key, now_ms=now_ms)
            known = self._known(key, digest, now_ms)
            if known is not None and step.method != "GET":
                return known, False
            self.business.run_until(now_ms)
            subject = step.act(decoded(step, request, body), now_ms)
            said, status = self.business.document(subject), step.status
        except Problem as problem:
            said, status = problem_document(problem), problem.status
        given = Given(request=digest, status=status, body=json.dumps(said), at_ms=now_ms)
        # What was never signed or makes no sense leaves no trace: it may come right with this key.
        keep = step.method != "GET" and (status < 400 or status in {404, 409})  # noqa: PLR2004 - HTTP
        self.settle({key: given} if keep else {})
        return given, True

    def _authentic(self, request: Request, body: bytes, *, key: str, now_ms: int) -> None:
        check(self._course.secret, request.headers, body, now_ms=now_ms, rate=self.clock.rate)
        if not key or request.headers.get("webhook-id") != key:
            raise Problem(400, "no_key", "Idempotency-Key is missing, or webhook-id is another")

    def _known(self, key: str, digest: str, now_ms: int) -> Given | None:
        known = self._given.get(key)
        if known is None or now_ms - known.at_ms > KEPT_MS:
            return None
        if known.request != digest:
            raise Problem(422, "key_reused", "this key came with another request")
        return known

    async def _hold(self, key: str, spell: Spell) -> None:
        if spell.mode is Mode.SLOW:
            await asyncio.sleep(self._course.slow_s)
        if spell.mode is Mode.TWICE and key not in self._late:
            self._late.add(key)
            await asyncio.sleep(self._course.late_s)

    def _response(self, given: Given, spell: Spell) -> Response:
        if spell.mode is Mode.WRONG:
            return self.modes.spoil(spell, json.loads(given.body))
        kind = JSON if given.status < 400 else "application/problem+json"  # noqa: PLR2004 - HTTP
        return Response(given.body, status_code=given.status, media_type=kind)

    def _away(self) -> Response:
        if len(self.ledger) % 2:
            return Response(status_code=503, headers={"retry-after": "2"})
        # Promises a body and hangs up.
        return Response(status_code=200, headers={"content-length": "1000"}, media_type=JSON)

    def _entered(self, request: Request, body: bytes, spell: Spell) -> dict[str, object]:
        return {
            "n": len(self.ledger) + 1,
            "at": rfc3339(self.clock.now_ms()),
            "method": request.method,
            "path": request.url.path,
            "key": request.headers.get("idempotency-key", ""),
            "body_sha256": hashlib.sha256(body).hexdigest(),
            "fields": field_paths(body),
            "mode": spell.mode,
        }

    # ------------------------------------------------------------------------------------- its life

    async def _live(self) -> None:
        while True:
            now_ms = self.run_until_now()
            next_ms = self.business.next_due_ms()
            left_s = IDLE_S if next_ms is None else (next_ms - now_ms) / 1000 / self.clock.rate
            await asyncio.sleep(min(max(left_s, TICK_S), IDLE_S))

    def run_until_now(self) -> int:
        """Let everything happen that is due; return the time, ms."""
        now_ms = self.clock.now_ms()
        self.business.run_until(now_ms)
        self.settle({})
        return now_ms

    def settle(self, given: Mapping[str, Given]) -> None:
        """Keep what changed, then let it be told: a killed sandbox has either all or nothing."""
        changes = self.business.take_changes()
        if not changes and not given:
            return
        self._given.update(given)
        hooks = [self._hook(change) for change in changes if change.tell]
        records = {change.subject: self.business.records[change.subject] for change in changes}
        self._journal.write(Line(records=records, given=dict(given), hooks=hooks))
        for hook in hooks:
            self.hooks[hook.id] = hook
            self._teller.add(hook)

    def _hook(self, change: Change) -> Hook:
        record: Record = self.business.records[change.subject]
        said = {
            "type": f"{self.business.subject}.updated",
            "timestamp": rfc3339(self.clock.now_ms()),
            "data": self.business.document(change.subject),
        }
        return Hook(
            id=f"hk-{record.id}-{record.version}",
            subject=record.id,
            version=record.version,
            body=json.dumps(said),
        )

    def _noted(self, hook: Hook) -> None:
        self._journal.write(Line(hooks=[hook]))

    def _remember(self) -> None:
        for line in self._journal.lines():
            for subject, record in line.records.items():
                made = msgspec.convert(record, type=self.business.record)
                self.business.records[subject] = made
            self._given.update(line.given)
            self.hooks.update({hook.id: hook for hook in line.hooks})
        for hook in self.hooks.values():
            if hook.done_ms is None:
                self._teller.add(hook)

    def _spell(self) -> Spell:
        return self.modes.at(self.clock.now_ms())
