"""What a device may not: another's token, topics, client id, and anything after it was revoked."""

import asyncio
import itertools
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.drills.background import together
from tests.drills.report import Account, Report
from tests.drills.sites import Admission, Site, site
from tests.drills.wire import REFUSED, Heard, Line, RefusedConnectionError, dial

CUT_WITHIN_S = 5.0
SOON = {"HUB_BROKER__RECEIPT_INTERVAL_S": "0.05"}
QUIET_S = 1.0
"""What is delivered is delivered within this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    brokers: tuple[str, ...] = ("mosquitto", "embedded")
    seed: int = 1


async def drill(chosen: Plan) -> Report:
    """Every trial stands beside the same act by one who may: those are the control."""
    report = Report("rights", chosen.seed, asdict(chosen))
    report.accounts += await together(*[_at(broker) for broker in chosen.brokers])
    return report


async def _at(broker: str) -> Account:
    with TemporaryDirectory(prefix="drill-") as folder:
        async with site(Path(folder), broker=broker, series="sqlite", settings=SOON) as place:
            trial = Trial(Account(broker), place)
            await trial.run()
            return trial.account


_boots = itertools.count(1)


class Peer:
    """A device's session, and everything it heard."""

    def __init__(self, admission: Admission, line: Line, heard: list[Heard]) -> None:
        self.admission = admission
        self.line = line
        self.heard = heard
        self.numbers = 0
        self.boot = f"b{next(_boots)}"

    @property
    def foreign(self) -> list[str]:
        """Return the topics heard that are not its own."""
        own = f"{self.admission.base}/down/"
        return [heard.topic for heard in self.heard if not heard.topic.startswith(own)]

    def measure(self, topic: str | None = None) -> None:
        self.numbers += 1
        now_ms = time.time_ns() // 1_000_000
        content = {"ts": now_ms, "values": {"cadence": 80}, "seq": self.numbers, "boot": self.boot}
        payload = json.dumps(content).encode()
        self.line.publish(topic or f"{self.admission.base}/up/telemetry", payload)


class Trial:
    def __init__(self, account: Account, place: Site) -> None:
        self.account = account
        self._place = place

    async def run(self) -> None:
        thief, owner = await self._place.admit(2)
        await self._try_tokens(thief, owner)
        await self._try_client_ids(thief, owner)
        await self._try_writing(thief, owner)
        await self._try_subscribing(thief, owner)
        await self._try_rotated(owner)
        await self._try_revoked(thief)
        self.account.end()

    async def _sign_in(
        self, admission: Admission, *, client: str = "", user: str = "", token: str = ""
    ) -> Peer:
        heard: list[Heard] = []
        line = await dial(self._place.port, heard.append)
        try:
            await line.sign_in(
                client or admission.device,
                username=user or admission.device,
                password=token or admission.token,
            )
        except (RefusedConnectionError, TimeoutError):
            line.close()
            raise
        return Peer(admission, line, heard)

    async def _refused(self, admission: Admission, **other: str) -> bool:
        try:
            peer = await self._sign_in(admission, **other)
        except RefusedConnectionError:
            return True
        peer.line.close()
        return False

    async def _at_home(self, admission: Admission) -> Peer:
        """Return a device as it should be: signed in and listening."""
        peer = await self._sign_in(admission)
        granted = await peer.line.subscribe(f"{admission.base}/down/#")
        assert granted != REFUSED, "a device may read what is for it"
        return peer

    async def _receipted(self, peer: Peer) -> bool:
        """Measure, and return whether the hub says that it has it."""
        before = len(peer.heard)
        peer.measure()
        end = time.monotonic() + 10
        while time.monotonic() < end:
            if any(heard.topic.endswith("/receipt") for heard in peer.heard[before:]):
                return True
            await asyncio.sleep(0.02)
        return False

    # -- the trials ----------------------------------------------------------------------------

    async def _try_tokens(self, thief: Admission, owner: Admission) -> None:
        account = self.account
        account.no("own token refused", await self._refused(owner))
        account.yes("another's token refused", await self._refused(owner, token=thief.token))
        account.yes("a made-up token refused", await self._refused(owner, token="x" * 43))
        account.yes("an empty token refused", await self._refused(owner, token=" "))
        account.yes(
            "a device that is none refused", await self._refused(owner, user="w-000000000000")
        )

    async def _try_client_ids(self, thief: Admission, owner: Admission) -> None:
        """A session belongs to its client id: whoever takes that takes the session."""
        account = self.account
        home = await self._at_home(owner)
        refused = await self._refused(thief, client=owner.device)
        works = home.line.alive and await self._receipted(home)
        account.yes("another's client id refused", refused)
        account.yes("and its owner works on", works)
        for name in ("hub-main", "hub-main-gate"):
            refused = await self._refused(thief, client=name)
            account.yes(f"client id {name} refused", refused)
        account.yes("the hub works on", await self._receipted(home))
        home.line.close()

    async def _try_writing(self, thief: Admission, owner: Admission) -> None:
        home, bad = await self._at_home(owner), await self._at_home(thief)
        account = self.account
        account.yes("own topic written and receipted", await self._receipted(bad))
        leaves = ("telemetry", "event", "state", "status", "reply")
        topics = [f"{owner.base}/up/{leaf}" for leaf in leaves]
        topics += [f"{owner.base}/down/{leaf}" for leaf in ("command", "desired", "receipt")]
        topics += [f"{thief.base}/down/command", "$SYS/REQ/x", "cx/1/main/x", "elsewhere"]
        before = len(home.heard)
        stored = await self._place.stored.points(owner.device, "cadence")
        for topic in topics:
            bad = bad if bad.line.alive else await self._at_home(thief)
            bad.measure(topic)
            await bad.line.ping()
        await asyncio.sleep(QUIET_S)
        reached = [heard.topic for heard in home.heard[before:]]
        account.equal("heard by the other device", [], reached)
        more = await self._place.stored.points(owner.device, "cadence")
        account.equal("stored in the other's name", 0, len(set(more) - set(stored)))
        letters = await self._place.hub.pages("/dead-letters")
        account.equal("reached the hub as something odd", [], [one["topic"] for one in letters])
        home.line.close()
        bad.line.close()

    async def _try_subscribing(self, thief: Admission, owner: Admission) -> None:
        """Refused is SUBACK 0x80, or nothing delivered."""
        home = await self._at_home(owner)
        wanted = (
            *("#", "+/#", "cx/#", "cx/1/main/#", "cx/1/main/+/up/+", "cx/1/main/+/up/#"),
            *("cx/1/main/+/down/#", "cx/1/main/+/down/command", "cx/+/+/+/down/+", "$SYS/#"),
            *(f"{owner.base}/up/#", f"{owner.base}/down/#", f"{owner.base}/down/command"),
            *("$share/g/cx/1/main/+/up/+", f"$share/g/{owner.base}/down/#"),
        )
        said: dict[str, str] = {}
        bad = await self._sign_in(thief)
        for topic in wanted:
            bad = bad if bad.line.alive else await self._sign_in(thief)
            said[topic] = await _subscribed(bad, topic)
        await self._stir(home)
        await asyncio.sleep(QUIET_S)
        self.account.equal("another's words heard by any of them", [], bad.foreign)
        self.account.figures["subscriptions"] = said
        bad.line.close()
        home.line.close()

    async def _stir(self, home: Peer) -> None:
        """Let something happen on the other's topics: up, and down by the hub's receipt."""
        assert await self._receipted(home), "no receipt came"
        ready = json.dumps({"status": "ready"}).encode()
        home.line.publish(f"{home.admission.base}/up/status", ready, retain=True)
        await home.line.ping()

    async def _try_rotated(self, owner: Admission) -> None:
        home = await self._at_home(owner)
        began = time.monotonic()
        answer = await self._place.hub.ask("POST", f"/devices/{owner.device}/token")
        await _cut(home.line)
        cut_s = time.monotonic() - began
        account = self.account
        account.at_most("session cut after a new token", CUT_WITHIN_S, cut_s, unit=" s")
        account.yes("the old token refused", await self._refused(owner))
        account.no("the new token refused", await self._refused(owner, token=answer["token"]))

    async def _try_revoked(self, thief: Admission) -> None:
        account, hub = self.account, self._place.hub
        bad = await self._at_home(thief)
        began = time.monotonic()
        await hub.ask("DELETE", f"/devices/{thief.device}")
        await _cut(bad.line)
        cut_s = time.monotonic() - began
        account.at_most("session cut after revocation was asked", CUT_WITHIN_S, cut_s, unit=" s")
        account.yes("a revoked device refused", await self._refused(thief))
        await self._place.restart_hub()
        account.yes("and after the hub was killed", await self._refused(thief))


async def _subscribed(peer: Peer, topic: str) -> str:
    try:
        return f"SUBACK {await peer.line.subscribe(topic):#04x}"
    except (ConnectionError, TimeoutError):
        return "connection ended"


async def _cut(line: Line) -> None:
    await asyncio.wait((line.closed,), timeout=4 * CUT_WITHIN_S)
