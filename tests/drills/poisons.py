"""Seeded bad input, each certain to be bad and each different from the others."""

import json
import random
from collections.abc import Iterator

GOOD = '{"ts": 1795000000000, "values": {"heart_rate": 131.5, "cadence": 80}, "boot": "p", "n": %d}'


def malformed(seed: int) -> Iterator[bytes]:
    """Return bytes that Python's own decoder, made strict, does not take for JSON."""
    chance = random.Random(seed)  # noqa: S311 - to be repeatable
    number = 0
    while True:
        number += 1
        whole = (GOOD % number).encode()
        broken = chance.choice((_cut, _changed, _without, _with_garbage))(whole, chance)
        # The number at the end makes each different, wherever the damage was.
        broken += b"%d" % number
        if not _is_json(broken):
            yield broken


def _cut(whole: bytes, chance: random.Random) -> bytes:
    return whole[: chance.randrange(1, len(whole))]


def _changed(whole: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(whole))
    return whole[:at] + bytes((chance.randrange(256),)) + whole[at + 1 :]


def _without(whole: bytes, chance: random.Random) -> bytes:
    at = chance.choice([i for i, sign in enumerate(whole) if sign in b'{}":,'])
    return whole[:at] + whole[at + 1 :]


def _with_garbage(whole: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(whole))
    return whole[:at] + chance.randbytes(chance.randrange(1, 40)) + whole[at:]


def _is_json(raw: bytes) -> bool:
    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        json.loads(raw.decode(), parse_constant=refuse)
    except ValueError:
        return False
    return True


def hostile() -> Iterator[tuple[str, bytes]]:
    """Return (leaf, payload): what is JSON or nearly, and says what no device may say."""
    for value in (
        *("NaN", "Infinity", "-Infinity", "1e999", "-1e400", "1" * 400, '"131"', "true"),
        *("[]", "{}", "[131]", '{"a": 1}', '"\\u0000"', '"\\ud800"', "24.9", "240.1", "-0.5e309"),
    ):
        yield "telemetry", f'{{"heart_rate": {value}}}'.encode()
    for ts in ("1e30", '"now"', "99999999999999999999", "1.5", "true"):
        yield "telemetry", f'{{"ts": {ts}, "values": {{"heart_rate": 90}}}}'.encode()
    for seq in ("0", "-1", "1e30", '"7"', "9223372036854775808", "1.5"):
        content = f'{{"ts": 1795000000000, "values": {{"heart_rate": 90}}, "seq": {seq}}}'
        yield "telemetry", content.encode()
    for name in (
        "he\N{CYRILLIC SMALL LETTER A}rt_rate",
        "heart_rate\\u0000",
        "heart rate",
        "__proto__",
        "",
        "x" * 300,
    ):
        yield "telemetry", f'{{"values": {{"{name}": 90}}}}'.encode()
    for depth in (500, 20_000, 60_000):
        yield "telemetry", b"[" * depth + b"]" * depth
        yield "telemetry", b'{"a":' * (depth // 3) + b"1" + b"}" * (depth // 3)
    for raw in (b"\x00", b"\xff\xfe{", b"\xef\xbb\xbf", b"'", b"1", b'"', b"[1, 2]", b"\x1b[2J"):
        yield "telemetry", raw
    yield "telemetry", b'{"heart_rate": 90, "heart_rate": ' + b"9" * 100_000 + b"}"
    yield "event", b'{"id": "e-1", "type": "no-such-event", "data": {}}'
    yield "event", b'{"id": 7, "type": "workout_started"}'
    yield "reply", b'{"id": "cm_x", "status": "obeyed"}'
    yield "status", b'{"status": "\xf0\x9f\x98\x80"}'
    for leaf in (
        "telemetr\N{CYRILLIC SMALL LETTER U}",
        "Telemetry",
        "telemetry ",
        "nonsense",
        "\N{FULLWIDTH LATIN SMALL LETTER T}elemetry",
        "t\u202eele",
    ):
        yield leaf, b'{"heart_rate": 90}'


def foreign_topics(device: str) -> Iterator[str]:
    """Return topics that are nobody's, or somebody else's, or look like the device's own."""
    yield from (
        f"\N{CYRILLIC SMALL LETTER ES}x/1/main/{device}/up/telemetry",
        f"cx/1/m\N{CYRILLIC SMALL LETTER A}in/{device}/up/telemetry",
        f"cx/1/main/{device.upper()}/up/telemetry",
        f"cx/1/main/{device}\u200b/up/telemetry",
        f"cx/1/main/{device}/up",
        f"cx/1/main/{device}/up/telemetry/",
        f"cx/1/main/{device}/up/../../w-other/up/telemetry",
        f"/cx/1/main/{device}/up/telemetry",
        f"cx//1/main/{device}/up/telemetry",
        f"cx/1/main/{device}/down/command",
        "cx/1/main//up/telemetry",
        "cx/1/main/hub-main/up/telemetry",
        "cx/2/main/x/up/telemetry",
        "$SYS/broker/uptime",
        "$share/x/cx/1/main/+/up/+",
        "x" * 5000,
    )


def deadly_topics(device: str) -> Iterator[bytes]:
    """Return topics that MQTT forbids: the broker may end the connection."""
    yield from (
        f"cx/1/main/{device}/up/#".encode(),
        b"cx/1/main/+/up/telemetry",
        b"",
        f"cx/1/main/{device}/up/tele\x00metry".encode(),
        b"cx/1/main/" + device.encode() + b"/up/\xff\xfe",
        b"cx/1/main/" + device.encode() + b"/up/\xed\xa0\x80",
    )
