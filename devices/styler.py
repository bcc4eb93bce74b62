"""A clothes styler: freshens what hangs in it, and its mirror sees what one wears."""

from devices.capabilities import IN_FRONT, POWER_METER, SOUNDER, WORDS
from devices.laundry import CYCLE, DOOR, PRESET, machine_error
from hub.model import Capability, DeviceKind, Property, ValueType
from hub.model.care import StylerCourse

PHASES = ("none", "steam", "dry", "dehumidify", "cool", "finish")

FRESHENING = Capability(
    name="freshening",
    properties=(
        Property(
            name="cycle_phase",
            type=ValueType.STRING,
            choices=PHASES,
            title_en="Phase",
            title_ko="단계",
        ),
        Property(
            name="course",
            type=ValueType.STRING,
            choices=tuple(map(str, StylerCourse)),
            settable=True,
            title_en="Course",
            title_ko="스타일러 코스",
        ),
        Property(
            name="dust",
            unit="ug/m3",
            minimum=0,
            maximum=10_000,
            title_en="Dust in the cabinet",
            title_ko="내부 먼지 농도",
        ),
        Property(
            name="dust_removed",
            unit="mg",
            minimum=0,
            title_en="Dust removed",
            title_ko="제거한 먼지",
        ),
        Property(
            name="virus_reduction",
            unit="%",
            minimum=0,
            maximum=100,
            title_en="Virus reduction",
            title_ko="바이러스 감소율",
        ),
        Property(
            name="humidity", unit="%", minimum=0, maximum=100, title_en="Humidity", title_ko="습도"
        ),
        Property(
            name="cabinet_temperature",
            unit="Cel",
            minimum=-10,
            maximum=120,
            title_en="Cabinet temperature",
            title_ko="내부 온도",
        ),
    ),
    events=("garments_hung", "garments_taken", "care_seen"),
    event_titles={
        "garments_hung": ("옷 걸림", "garments hung in"),
        "garments_taken": ("옷 꺼냄", "garments taken out"),
        "care_seen": ("집에서 세탁할 수 없는 옷", "a garment that home cannot clean"),
    },
)
"""`garments_hung` and `garments_taken`: `load`, `garments`. `care_seen`: `garment`, whose label
says that home cannot clean it."""

MIRROR = Capability(
    name="mirror",
    events=("look",),
    event_titles={"look": ("거울에 비친 차림", "a look in the mirror")},
)
"""`look`: `look` (its id), `tags`, `palette` (`#rrggbb`), `picture` (a reference to it only)."""

KIND = DeviceKind(
    name="styler",
    title_en="Clothes styler",
    title_ko="스타일러",
    capabilities=(CYCLE, FRESHENING, DOOR, PRESET, MIRROR, IN_FRONT, POWER_METER, SOUNDER, WORDS),
    default_rules=(machine_error("styler", name="Styler needs somebody"),),
)
