"""The broker's questions and our signed answers: the JWTs of NATS' auth callout."""

import base64
import hashlib
import time
from typing import Any

import msgspec
import nkeys  # type: ignore[import-untyped]  # publishes no types

from hub.model import Topics

MARK = "#"
"""Between a device's id and its mark; no id has it."""

_HEADER = {"typ": "JWT", "alg": "ed25519-nkey"}


class ServerId(msgspec.Struct, frozen=True):
    id: str


class ClientInfo(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    mqtt_id: str = ""
    """Empty where the client does not speak MQTT."""


class ConnectOptions(msgspec.Struct, frozen=True, kw_only=True):
    user: str = ""
    password: str = msgspec.field(default="", name="pass")

    def __repr__(self) -> str:
        return f"ConnectOptions(user={self.user!r})"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """May this client in?"""

    server_id: ServerId
    user_nkey: str
    client_info: ClientInfo
    connect_opts: ConnectOptions


class _Request(msgspec.Struct, frozen=True):
    nats: Question


_decoder = msgspec.json.Decoder(_Request)


def read_question(token: bytes) -> Question:
    """Return the question; its signature adds nothing on a connection only the broker answers.

    Raises:
        ValueError: it is none.
    """
    _, claims, _ = token.split(b".")
    return _decoder.decode(base64.urlsafe_b64decode(claims + b"=" * (-len(claims) % 4))).nats


class Answers:
    """Signs what the broker believes."""

    def __init__(self, *, issuer_seed: str, account: str, topics: Topics) -> None:
        self._key = nkeys.from_seed(bytearray(issuer_seed, "ascii"))
        self._issuer = self._key.public_key.decode()
        self._account = account
        self._topics = topics

    def welcome(self, question: Question, *, device: str, mark: str) -> bytes:
        """Return the answer that lets the device in, to its own topics and no others.

        The broker shows `mark` beside the connection as long as it lives, also to a later hub.
        """
        base = subject(self._topics.base(device))
        user = {
            "sub": question.user_nkey,
            "aud": self._account,
            "name": f"{device}{MARK}{mark}",
            "nats": {
                "type": "user",
                "version": 2,
                "subs": -1,
                "data": -1,
                "payload": -1,
                "pub": {"allow": [f"{base}.up.>"]},
                # An MQTT filter `down/#` asks for the subject `down` as well. Over `$MQTT.sub` the
                # broker hands a session its QoS 1 messages; no MQTT client can subscribe to it.
                "sub": {"allow": [f"{base}.down", f"{base}.down.>", "$MQTT.sub.>"]},
            },
        }
        return self._answer(question, {"jwt": self._sign(user).decode()})

    def refusal(self, question: Question, reason: str) -> bytes:
        """Return the answer that shuts the client out; `reason` goes to the broker's log."""
        return self._answer(question, {"error": reason})

    def _answer(self, question: Question, content: dict[str, str]) -> bytes:
        return self._sign(
            {
                "sub": question.user_nkey,
                "aud": question.server_id.id,
                "nats": {"type": "authorization_response", "version": 2} | content,
            }
        )

    def _sign(self, claims: dict[str, Any]) -> bytes:
        claims |= {"iss": self._issuer, "iat": int(time.time())}
        claims["jti"] = hashlib.sha256(msgspec.json.encode(claims)).hexdigest()
        body = _encoded(msgspec.json.encode(_HEADER)) + b"." + _encoded(msgspec.json.encode(claims))
        return body + b"." + _encoded(self._key.sign(body))


def subject(topic: str) -> str:
    """Return the broker's own name for an MQTT topic without empty levels."""
    return ".".join(level.replace(".", "//") for level in topic.split("/"))


def _encoded(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")
