"""A device that has yet to say what it is, on `up/description`; it then becomes of that kind."""

from hub.model import UNDESCRIBED, DeviceKind

KIND = DeviceKind(
    name=UNDESCRIBED,
    title_en="A device that describes itself",
    title_ko="스스로 설명하는 기기",
    capabilities=(),
)
