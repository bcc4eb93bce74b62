"""A device that may say everything a kind can declare, and what intake makes of its words."""

import json
from collections.abc import Sequence

from hub.model import Capability, DeviceKind, Property, Rejected, Topics, ValueType
from hub.stages.intake import Arrival, Message, decode, speech

EVERYTHING = DeviceKind(
    name="everything",
    title_en="Everything",
    title_ko="전부",
    capabilities=(
        Capability(
            name="all",
            properties=(
                Property(name="ratio", minimum=-1.5, maximum=1.5),
                Property(name="anything"),
                Property(name="count", type=ValueType.INTEGER, minimum=-3, maximum=9),
                Property(name="total", type=ValueType.INTEGER),
                Property(name="open", type=ValueType.BOOLEAN),
                Property(name="mode", type=ValueType.STRING, choices=("eco", "빠름")),
                Property(name="note", type=ValueType.STRING, max_length=5),
            ),
            events=("tap", "opened"),
        ),
    ),
)
RECEIVED_MS = 1_795_000_000_000
DEVICE = "w-7f3a"
TOPICS = Topics()


def hear(
    payload: bytes,
    leaf: str = "telemetry",
    *,
    kind: DeviceKind = EVERYTHING,
    topic: str | None = None,
    retained: bool = False,
) -> Sequence[Message]:
    """Return what intake makes of a payload of the one device there is."""
    says = speech(kind)
    arrival = Arrival(
        topic=f"{TOPICS.base(DEVICE)}/up/{leaf}" if topic is None else topic,
        payload=payload,
        retained=retained,
        received_ms=RECEIVED_MS,
    )
    return list(
        decode(arrival, topics=TOPICS, speech_of=lambda name: says if name == DEVICE else None)
    )


def said(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()


def refused(messages: Sequence[Message]) -> Rejected:
    """Return the one refusal; fail if there is anything else."""
    (message,) = messages
    assert isinstance(message, Rejected)
    return message
