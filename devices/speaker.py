"""A speaker: it sounds and speaks to whoever is in the room."""

from devices.capabilities import SOUNDER, WORDS
from hub.model import Capability, DeviceKind, Property, ValueType

AUDIO = Capability(
    name="audio",
    properties=(
        Property(
            name="volume",
            unit="%",
            minimum=0,
            maximum=100,
            settable=True,
            title_en="Volume",
            title_ko="음량",
        ),
        Property(
            name="muted",
            type=ValueType.BOOLEAN,
            settable=True,
            title_en="Muted",
            title_ko="음소거",
        ),
    ),
)

KIND = DeviceKind(
    name="speaker",
    title_en="Speaker",
    title_ko="스피커",
    capabilities=(SOUNDER, WORDS, AUDIO),
)
