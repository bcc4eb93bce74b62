"""A phone: it is in a pocket, knows whether that pocket is at home, and can touch, sound, ask."""

from devices.capabilities import BATTERY, HAPTICS, PRESENCE, SOUNDER, WORDS
from hub.model import DeviceKind

KIND = DeviceKind(
    name="phone",
    title_en="Phone",
    title_ko="휴대전화",
    capabilities=(HAPTICS, SOUNDER, WORDS, PRESENCE, BATTERY),
)
