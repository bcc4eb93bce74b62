"""Signatures both ways: HMAC-SHA256 over `id.timestamp.raw body`, as Standard Webhooks has it.

Source: Standard Webhooks 1.0, https://www.standardwebhooks.com. Its library signs; checking is
done here, because the library compares with this machine's time and not with the hub's.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from standardwebhooks import Webhook

from hub.errors import InvalidInputError, RefusedError

TOLERANCE_S = 300
MAX_SIGNATURES = 10
MIN_SECRET_BYTES = 24
_PREFIX = "whsec_"
_ID = re.compile(r"[\x21-\x7e]{1,256}\Z")
_SECONDS = re.compile(r"[0-9]{1,11}\Z", re.ASCII)


class UnsignedError(RefusedError):
    """Nothing that this service signed, or nothing that it signed just now."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the signature does not hold: {reason}")


def sign(secret: str, *, message: str, at_ms: int, body: bytes) -> dict[str, str]:
    """Return the three headers; one signature for each secret, while two are in use."""
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    text = body.decode()
    signatures = [one.sign(message, at, text) for one in _signers(secret)]
    return {
        "webhook-id": message,
        "webhook-timestamp": str(at_ms // 1000),
        "webhook-signature": " ".join(signatures),
    }


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now_ms: int) -> str:
    """Return the message's id.

    `secret` may hold two, parted by a space, while one replaces the other.

    Raises:
        UnsignedError: a header is missing, too old or too new, or no signature is right.
    """
    given = {name.lower(): value for name, value in headers.items()}
    message = given.get("webhook-id", "")
    written = given.get("webhook-timestamp", "")
    if not _ID.match(message) or not _SECONDS.match(written):
        reason = "webhook-id or webhook-timestamp is missing or malformed"
        raise UnsignedError(reason)
    if abs(int(written) * 1000 - now_ms) > TOLERANCE_S * 1000:
        reason = f"webhook-timestamp is more than {TOLERANCE_S} s from the hub's time"
        raise UnsignedError(reason)
    if not _signed(secret, message, int(written), body, given.get("webhook-signature", "")):
        reason = "no signature is this service's"
        raise UnsignedError(reason)
    return message


def _signed(secret: str, message: str, at_s: int, body: bytes, header: str) -> bool:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    at = datetime.fromtimestamp(at_s, UTC)
    right = [one.sign(message, at, text).encode() for one in _signers(secret)]
    offered = [one.encode() for one in header.split(" ")[:MAX_SIGNATURES]]
    matches = [hmac.compare_digest(ours, theirs) for ours in right for theirs in offered]
    return any(matches)


def _signers(secret: str) -> list[Webhook]:
    signers = [Webhook(_key(one)) for one in secret.split()]
    if not signers:
        message = "the service has no secret: whsec_ and at least 24 bytes in Base64"
        raise InvalidInputError(message)
    return signers


def _key(secret: str) -> bytes:
    message = "a service's secret is whsec_ and at least 24 bytes in Base64"
    encoded = secret.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except binascii.Error:
        raise InvalidInputError(message) from None
    if not secret.startswith(_PREFIX) or len(key) < MIN_SECRET_BYTES:
        raise InvalidInputError(message)
    return key
