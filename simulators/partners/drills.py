"""What a drill asks of a sandbox, under `/_sandbox`: modes, happenings, ledger and truth."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.clock import SimulatedClock
from simulators.partners.business import Business
from simulators.partners.journal import Given, Hook
from simulators.partners.modes import Mode, Modes, Spell, Wrong
from simulators.partners.reading import refusal
from simulators.partners.wire import Problem


class _Wish(msgspec.Struct):
    mode: Mode
    for_s: float | None = None
    variant: Wrong | None = None


class Drilled(Protocol):
    """What a sandbox lets a drill see and move."""

    ledger: list[dict[str, object]]
    hooks: dict[str, Hook]
    modes: Modes
    clock: SimulatedClock
    business: Business[Any]

    def run_until_now(self) -> int: ...

    def settle(self, given: Mapping[str, Given]) -> None: ...


class Drills:
    def __init__(self, sandbox: Drilled) -> None:
        self._sandbox = sandbox

    def routes(self) -> Iterator[Route]:
        yield Route("/_sandbox/mode", self._set_mode, methods=["POST"])
        yield Route("/_sandbox/ledger", self._show_ledger)
        yield Route("/_sandbox/truth", self._show_truth)
        for name in self._sandbox.business.scripts:
            yield Route(f"/_sandbox/{name}", self._script(name), methods=["POST"])

    async def _set_mode(self, request: Request) -> Response:
        try:
            wish = msgspec.json.decode(await request.body(), type=_Wish)
        except msgspec.DecodeError as error:
            return refusal(Problem(422, "no_mode", str(error)))
        spell = Spell(mode=wish.mode, for_s=wish.for_s, variant=wish.variant)
        self._sandbox.modes.set((spell,), now_ms=self._sandbox.clock.now_ms())
        return JSONResponse({"mode": spell.mode})

    async def _show_ledger(self, _request: Request) -> Response:
        hooks = [
            {
                "id": hook.id,
                "subject": hook.subject,
                "version": hook.version,
                "tries": hook.tries,
                "done_ms": hook.done_ms,
                "status": hook.status,
            }
            for hook in self._sandbox.hooks.values()
        ]
        return JSONResponse({"requests": self._sandbox.ledger, "hooks": hooks})

    async def _show_truth(self, _request: Request) -> Response:
        self._sandbox.run_until_now()
        return JSONResponse(
            [self._sandbox.business.truth(one) for one in self._sandbox.business.records]
        )

    def _script(self, name: str) -> Any:  # noqa: ANN401 - Starlette's own word for an endpoint
        form, act = self._sandbox.business.scripts[name]

        async def happen(request: Request) -> Response:
            try:
                wish = msgspec.json.decode(await request.body(), type=form)
                subject = act(wish, self._sandbox.clock.now_ms())
            except msgspec.DecodeError as error:
                return refusal(Problem(422, "no_form", str(error)))
            except Problem as problem:
                return refusal(problem)
            self._sandbox.settle({})
            return JSONResponse(self._sandbox.business.document(subject))

        return happen
