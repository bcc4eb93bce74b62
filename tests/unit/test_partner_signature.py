"""Signatures as Standard Webhooks has them."""

import base64
import time

import pytest
from standardwebhooks import Webhook

from hub.adapters.partner.signature import UnsignedError, sign, verify
from hub.errors import InvalidInputError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_b3RoZXItc2VjcmV0LW90aGVyLXNlY3JldC1vdGhlcg=="
NOW_MS = 1_614_265_330_000
BODY = b'{"test": 2432232314}'


def test_signs_the_published_example_as_published() -> None:
    headers = sign(SECRET, message="msg_p5jXN8AQM9LWM0D4loKWxJek", at_ms=NOW_MS, body=BODY)
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert verify(SECRET, headers, BODY, now_ms=NOW_MS) == "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_the_librarys_own_check_takes_what_the_hub_signs() -> None:
    now_ms = time.time_ns() // 1_000_000
    headers = sign(SECRET, message="cl-1", at_ms=now_ms, body=b'{"order":"or_1"}')
    assert Webhook(SECRET).verify(b'{"order":"or_1"}', headers) == {"order": "or_1"}


@pytest.mark.parametrize(
    ("off_s", "holds"),
    [(-300, True), (300, True), (-301, False), (301, False), (0, True)],
)
def test_a_signature_holds_for_five_minutes_either_way(off_s: int, *, holds: bool) -> None:
    headers = sign(SECRET, message="m", at_ms=NOW_MS, body=BODY)
    now_ms = NOW_MS + off_s * 1000
    if holds:
        assert verify(SECRET, headers, BODY, now_ms=now_ms) == "m"
        return
    with pytest.raises(UnsignedError):
        verify(SECRET, headers, BODY, now_ms=now_ms)


def test_signs_with_both_secrets_while_one_replaces_the_other() -> None:
    headers = sign(f"{SECRET} {OTHER}", message="m", at_ms=NOW_MS, body=BODY)
    for secret in (SECRET, OTHER, f"{OTHER} {SECRET}"):
        assert verify(secret, headers, BODY, now_ms=NOW_MS) == "m"


@pytest.mark.parametrize("place", range(len(BODY)))
def test_a_body_altered_by_one_bit_is_refused(place: int) -> None:
    headers = sign(SECRET, message="m", at_ms=NOW_MS, body=BODY)
    altered = BODY[:place] + bytes([BODY[place] ^ 0x80]) + BODY[place + 1 :]
    with pytest.raises(UnsignedError):
        verify(SECRET, headers, altered, now_ms=NOW_MS)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "n"},
        {"webhook-id": ""},
        {"webhook-id": "m m"},
        {"webhook-timestamp": "1614265331"},
        {"webhook-timestamp": "-1614265330"},
        {"webhook-timestamp": "1614265330.0"},
        {"webhook-timestamp": "١٦١٤٢٦٥٣٣٠"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,é"},
        {"webhook-signature": "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook-signature": "not a signature"},
    ],
    ids=str,
)
def test_headers_that_are_not_as_signed_are_refused(change: dict[str, str]) -> None:
    headers = sign(SECRET, message="m", at_ms=NOW_MS, body=BODY) | change
    with pytest.raises(UnsignedError):
        verify(SECRET, headers, BODY, now_ms=NOW_MS)


def test_header_names_may_be_written_as_anybody_likes() -> None:
    signed = sign(SECRET, message="m", at_ms=NOW_MS, body=BODY)
    headers = {name.title(): value for name, value in signed.items()}
    assert verify(SECRET, headers, BODY, now_ms=NOW_MS) == "m"


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "   ",
        "whsec_",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_" + base64.b64encode(b"short").decode(),
        "whsec_***not base64***",
    ],
)
def test_a_secret_that_is_none_signs_nothing(secret: str) -> None:
    with pytest.raises(InvalidInputError):
        sign(secret, message="m", at_ms=NOW_MS, body=BODY)
    signed = sign(SECRET, message="m", at_ms=NOW_MS, body=BODY)
    with pytest.raises(InvalidInputError):
        verify(secret, signed, BODY, now_ms=NOW_MS)
