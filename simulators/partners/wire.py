"""What goes over the wire: times, problems, and signatures, written apart from the hub's."""

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

from standardwebhooks import Webhook

TOLERANCE_S = 300
REAL_TOLERANCE_S = 5
"""At least so much of real time, where simulated time runs fast."""


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """An answer that declines."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        super().__init__(detail)


def rfc3339(at_ms: int) -> str:
    moment = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def sign(secret: str, *, message: str, at_ms: int, body: bytes) -> dict[str, str]:
    signature = Webhook(secret.split(maxsplit=1)[0]).sign(
        message, datetime.fromtimestamp(at_ms // 1000, UTC), body.decode()
    )
    return {
        "webhook-id": message,
        "webhook-timestamp": str(at_ms // 1000),
        "webhook-signature": signature,
    }


def check(
    secret: str, headers: Mapping[str, str], body: bytes, *, now_ms: int, rate: float
) -> None:
    """Raise a Problem unless the hub signed this just now."""
    written = headers.get("webhook-timestamp", "")
    tolerance_ms = max(TOLERANCE_S, REAL_TOLERANCE_S * rate) * 1000
    if not written.isdecimal() or abs(int(written) * 1000 - now_ms) > tolerance_ms:
        raise Problem(401, "not_signed", "webhook-timestamp is missing, too old or too new")
    signed = f"{headers.get('webhook-id', '')}.{written}.".encode() + body
    offered = [one.encode() for one in headers.get("webhook-signature", "").split()[:10]]
    for one in secret.split():
        key = base64.b64decode(one.removeprefix("whsec_") + "==")
        right = b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256"))
        if any(hmac.compare_digest(right, given) for given in offered):
            return
    raise Problem(401, "not_signed", "no signature is the hub's")
