"""One sandbox in the foreground, as the command `partner` wants it."""

import asyncio
import secrets
import signal
from base64 import b64encode
from dataclasses import dataclass
from json import dumps
from pathlib import Path
from typing import Any

from hub.errors import InvalidInputError
from simulators.partners.business import Business
from simulators.partners.dry_cleaner import DryCleaner
from simulators.partners.market import Market
from simulators.partners.plan import Odds
from simulators.partners.sandbox import Course, Sandbox
from simulators.partners.serving import serving


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the command line asked for besides the course."""

    kind: str
    port: int
    slip: float
    wobble: float
    turnaround_h: float
    others: int
    json: bool


def secret_in(path: Path) -> str:
    """Return the shared secret in this file; where there is none, a new one is written there."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"whsec_{b64encode(secrets.token_bytes(32)).decode()}\n")
    found = path.read_text().strip()
    if not found.startswith("whsec_"):
        message = f"{path} holds no secret: whsec_ and Base64"
        raise InvalidInputError(message)
    return found


def business(wish: Wish, *, seed: int) -> Business[Any]:
    if wish.kind == "dry_cleaner":
        odds = Odds(slip=wish.slip, wobble=wish.wobble)
        return DryCleaner(seed=seed, odds=odds, turnaround_h=wish.turnaround_h)
    if wish.kind == "market":
        return Market(seed=seed, others=wish.others)
    message = f"there is no partner {wish.kind!r}: dry_cleaner or market"
    raise InvalidInputError(message)


async def run(wish: Wish, course: Course) -> None:
    """Serve until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    sandbox = Sandbox(business(wish, seed=course.seed), course)
    async with serving(sandbox.app(), port=wish.port) as url:
        said = dumps({"kind": wish.kind, "url": url, "hook": course.hook})
        print(said if wish.json else f"{wish.kind} at {url}", flush=True)  # noqa: T201 - a command's own output
        await stop.wait()
