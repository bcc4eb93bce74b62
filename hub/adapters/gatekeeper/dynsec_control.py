"""Orders to Mosquitto's dynamic security, over MQTT (`$CONTROL/dynamic-security/v1`)."""

import asyncio
import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import aiomqtt

from hub.adapters.broker.connection import ANSWER_WITHIN_S
from hub.errors import UnavailableError

TOPIC = "$CONTROL/dynamic-security/v1"

# The broker does nothing else while it works through a request and rewrites its file for every
# command: twenty at once held everybody's messages for 0.1 s with a thousand devices.
COMMANDS_AT_ONCE = 20

Command = Mapping[str, object]
Answer = Mapping[str, Any]


class DynsecControl:
    """The plugin as seen from one connection of its administrator."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self._numbers = itertools.count()

    async def open(self) -> None:
        await self._client.subscribe(f"{TOPIC}/response")

    async def order(self, commands: Sequence[Command]) -> Sequence[Answer]:
        """Return an answer a command, in order; one with `error` was refused.

        Raises:
            UnavailableError: no answer in time; some of the commands may have been done.
        """
        answers: list[Answer] = []
        for start in range(0, len(commands), COMMANDS_AT_ONCE):
            answers += await self._request(commands[start : start + COMMANDS_AT_ONCE])
        return answers

    async def ask(self, command: str, **arguments: object) -> Answer:
        """Return one command's answer."""
        return (await self.order([{"command": command, **arguments}]))[0]

    async def clear(self, topic: str) -> None:
        """Have the broker forget the retained message of a topic."""
        await self._client.publish(topic, b"", qos=1, retain=True)

    async def _request(self, commands: Sequence[Command]) -> Sequence[Answer]:
        mark = str(next(self._numbers))
        marked = [{**command, "correlationData": mark} for command in commands]
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                # QoS 0: the answer is the acknowledgement, and behind a PUBACK it would wait 40 ms
                # for our kernel's.
                await self._client.publish(TOPIC, json.dumps({"commands": marked}))
                return await self._answers(mark)
        except TimeoutError:
            message = (
                "the broker did not answer about its rights: is the dynamic-security plugin "
                "loaded, and may this user administer it?"
            )
            raise UnavailableError(message) from None

    async def _answers(self, mark: str) -> Sequence[Answer]:
        async for message in self._client.messages:
            answers: Sequence[Answer] = json.loads(bytes(message.payload))["responses"]
            if all(answer.get("correlationData") == mark for answer in answers):
                return answers
        return ()
