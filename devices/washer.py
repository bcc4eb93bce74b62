"""A washer: weighs, heats, rinses and spins a load, and says which garments it was."""

from devices.capabilities import POWER_METER, SOUNDER, WORDS
from devices.laundry import CYCLE, DOOR, LOAD, PRESET, load_waiting, machine_error
from hub.model import Capability, DeviceKind, Property, ValueType
from hub.model.care import WashCourse

PHASES = ("none", "weight_sensing", "pre_wash", "wash", "rinse", "spin", "finish")

WASHING = Capability(
    name="washing",
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
            choices=tuple(map(str, WashCourse)),
            settable=True,
            title_en="Course",
            title_ko="세탁 코스",
        ),
        Property(
            name="wash_temperature",
            unit="Cel",
            minimum=20,
            maximum=95,
            settable=True,
            title_en="Temperature set",
            title_ko="설정 온도",
        ),
        Property(
            name="spin_speed",
            unit="/min",
            minimum=0,
            maximum=1600,
            settable=True,
            title_en="Spin speed",
            title_ko="탈수 속도",
        ),
        Property(
            name="water_temperature",
            unit="Cel",
            minimum=0,
            maximum=100,
            title_en="Water temperature",
            title_ko="물 온도",
        ),
        Property(
            name="soil", unit="%", minimum=0, maximum=100, title_en="Turbidity", title_ko="탁도"
        ),
        Property(
            name="door_locked",
            type=ValueType.BOOLEAN,
            title_en="Door locked",
            title_ko="문 잠김",
        ),
    ),
)

KIND = DeviceKind(
    name="washer",
    title_en="Washer",
    title_ko="세탁기",
    capabilities=(CYCLE, WASHING, DOOR, LOAD, PRESET, POWER_METER, SOUNDER, WORDS),
    default_rules=(
        load_waiting("washer", name="Wet load waiting"),
        machine_error("washer", name="Washer needs somebody"),
    ),
)
