"""The gatekeeper of the embedded broker, which asks it at every connection (auth callout).

`docs/decisions/0002-embedded-broker.md` says why it is asked rather than told.
"""

import asyncio
import hashlib
import logging
import time
from collections.abc import Sequence
from typing import Protocol

import nats.errors
from nats.aio.msg import Msg

from hub.adapters.gatekeeper.nats_claims import Answers, Question
from hub.adapters.gatekeeper.nats_control import Control
from hub.adapters.gatekeeper.sessions import Access, forget_client
from hub.adapters.gatekeeper.tokens import matches
from hub.errors import UnavailableError
from hub.model import DEVICE_ID, Topics
from hub.ports import Credential, Credentials

_logger = logging.getLogger(__name__)

WORKERS = 16
"""Questions answered at once: a slow look-up holds up nobody behind it."""
LOOKUP_S = 2.0
PATIENCE_S = 3.0
"""The broker waits this long for an answer; one that is older helps nobody."""
RETAINED = ("up/state", "up/status", "up/description", "down/desired")


class Entrance(Access, Protocol):
    """What the gatekeeper must know of the broker it stands before."""

    @property
    def gate_url(self) -> str: ...
    @property
    def gate_seed(self) -> str: ...
    @property
    def issuer_seed(self) -> str: ...
    @property
    def account(self) -> str: ...


class NatsGatekeeper:
    """Keeps no list of its own: the credentials are asked at each connection."""

    def __init__(self, entrance: Entrance, credentials: Credentials, topics: Topics) -> None:
        self._entrance = entrance
        self._credentials = credentials
        self._topics = topics
        self._questions: asyncio.Queue[tuple[float, Question, Msg]] = asyncio.Queue()
        self._serving: asyncio.Task[None] | None = None
        # Revoked in this run; holds also against a credential that was read just before.
        self._revoked: set[str] = set()
        # The mark of the token with which a device came in, in this run or an earlier one.
        self._entered: dict[str, str] = {}
        self._blind = False

    async def open(self) -> None:
        """Begin answering; `open` of the broker comes before.

        Raises:
            UnavailableError: the broker does not answer.
        """
        entrance = self._entrance
        self._answers = Answers(
            issuer_seed=entrance.issuer_seed, account=entrance.account, topics=self._topics
        )
        self._control = Control(entrance.gate_url, seed=entrance.gate_seed, ask=self._take)
        await self._control.connect()
        for visitor in await self._control.present():
            self._entered.setdefault(visitor.mqtt_client, visitor.mark)
        self._serving = asyncio.create_task(self._serve(), name="gatekeeper")

    async def admit(self, credentials: Sequence[Credential]) -> None:
        """Let these devices in; one that is in with an older token is put out.

        Raises:
            UnavailableError: they are admitted, but an older token's session may live on.
        """
        self._revoked.difference_update(credential.device for credential in credentials)
        await self._put_out_older(credentials)

    async def revoke(self, device: str) -> None:
        """Shut the device out, cut its live session, forget the kept one and what is retained.

        Raises:
            UnavailableError: it is shut out, but the broker did not confirm the rest; call again.
        """
        self._revoked.add(device)
        await self._put_out(device)

    async def sync(self, credentials: Sequence[Credential]) -> None:
        """Put out everybody who is in without one of these credentials.

        Raises:
            UnavailableError: the broker did not confirm it; call again.
        """
        admitted = {credential.device for credential in credentials}
        self._revoked -= admitted
        await self._put_out_older(credentials)
        for visitor in await self._control.present():
            device = visitor.mqtt_client
            if DEVICE_ID.match(device) and device not in admitted:
                await self.revoke(device)

    async def close(self) -> None:
        if self._serving is not None:
            self._serving.cancel()
            await asyncio.wait([self._serving])
            self._serving = None
            await self._control.close()

    async def _put_out_older(self, credentials: Sequence[Credential]) -> None:
        for credential in credentials:
            mark = _mark(credential)
            if self._entered.get(credential.device, mark) != mark:
                await self._control.kick(credential.device)
                self._entered.pop(credential.device, None)

    async def _put_out(self, device: str) -> None:
        base = self._topics.base(device)
        await self._control.kick(device)
        await forget_client(
            device, access=self._entrance, retained=[f"{base}/{leaf}" for leaf in RETAINED]
        )
        # One let in a moment before the word came may have stood up since.
        await self._control.kick(device)
        self._entered.pop(device, None)

    async def _serve(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._control.stay_connected())
            for _ in range(WORKERS):
                group.create_task(self._answer_questions())

    def _take(self, question: Question, message: Msg) -> None:
        self._questions.put_nowait((time.monotonic(), question, message))

    async def _answer_questions(self) -> None:
        while True:
            asked_s, question, message = await self._questions.get()
            if time.monotonic() - asked_s > PATIENCE_S:
                continue
            try:
                await message.respond(await self._answer(question))
            except nats.errors.Error as error:
                # The broker went away with its question.
                _logger.debug("a connection was not judged: %s", error)
            except Exception:  # one bad question must not lock everybody out
                _logger.exception("a connection was not judged")

    async def _answer(self, question: Question) -> bytes:
        device = question.connect_opts.user
        objection = _objection(question) or await self._objection_to_token(question)
        if objection is not None:
            _logger.debug("refused a connection as %.40r: %s", device, objection)
            return self._answers.refusal(question, objection)
        return self._answers.welcome(question, device=device, mark=self._entered[device])

    async def _objection_to_token(self, question: Question) -> str | None:
        device = question.connect_opts.user
        try:
            async with asyncio.timeout(LOOKUP_S):
                credential = await self._credentials.credential(device)
        except (UnavailableError, TimeoutError) as error:
            self._note_blindness(error)
            return "credentials cannot be read now"
        self._note_blindness(None)
        if credential is None or device in self._revoked:
            return "no such device"
        if not matches(question.connect_opts.password, credential):
            return "wrong token"
        self._entered[device] = _mark(credential)
        return None

    def _note_blindness(self, error: Exception | None) -> None:
        """Say once that no device can be looked up, and once that it is over."""
        if error is not None and not self._blind:
            _logger.warning("refusing all connections, credentials cannot be read: %r", error)
        elif error is None and self._blind:
            _logger.info("credentials can be read again")
        self._blind = error is not None


def _mark(credential: Credential) -> str:
    """Return what tells this token from the device's others, and no more of it."""
    return hashlib.sha256(credential.hash).hexdigest()[:16]


def _objection(question: Question) -> str | None:
    """Return what is wrong with the connection whatever its token."""
    device = question.connect_opts.user
    if not DEVICE_ID.match(device):
        return "the user name is not a device id"
    # The broker's own protocol has no client id: it would show a device the others' deliveries.
    if question.client_info.mqtt_id != device:
        return "the client id is not the user name"
    return None
