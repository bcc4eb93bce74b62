"""A tumble dryer: dries a load to the moisture that was asked for."""

from devices.capabilities import POWER_METER, SOUNDER, WORDS
from devices.laundry import CYCLE, DOOR, LOAD, PRESET, load_waiting, machine_error
from hub.model import Capability, DeviceKind, Property, ValueType
from hub.model.care import DryCourse, Dryness

PHASES = ("none", "weight_sensing", "drying", "cooling", "wrinkle_prevent", "finish")

DRYING = Capability(
    name="drying",
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
            choices=tuple(map(str, DryCourse)),
            settable=True,
            title_en="Course",
            title_ko="건조 코스",
        ),
        Property(
            name="dryness",
            type=ValueType.STRING,
            choices=tuple(map(str, Dryness)),
            settable=True,
            title_en="Dryness",
            title_ko="건조 정도",
        ),
        Property(
            name="moisture",
            unit="%",
            minimum=0,
            maximum=300,
            title_en="Moisture of the load",
            title_ko="세탁물 수분",
        ),
        Property(
            name="drum_temperature",
            unit="Cel",
            minimum=-10,
            maximum=150,
            title_en="Drum temperature",
            title_ko="드럼 온도",
        ),
    ),
)
"""`moisture` is a percentage of the load's dry mass."""

KIND = DeviceKind(
    name="dryer",
    title_en="Dryer",
    title_ko="건조기",
    capabilities=(CYCLE, DRYING, DOOR, LOAD, PRESET, POWER_METER, SOUNDER, WORDS),
    default_rules=(
        load_waiting("dryer", name="Dry load waiting"),
        machine_error("dryer", name="Dryer needs somebody"),
    ),
)
