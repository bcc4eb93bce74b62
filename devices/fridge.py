"""A fridge with a freezer and a panel: doors, temperatures, what is in it and until when.

Names follow the Matter clusters Refrigerator, Temperature Control and Refrigerator Alarm.
"""

from devices.capabilities import IN_FRONT, POWER_METER, SOUNDER, WORDS
from hub.model import (
    Argument,
    Capability,
    CommandSpec,
    DeviceKind,
    Haptic,
    Ladder,
    Property,
    RuleSpec,
    Sound,
    Step,
    ValueType,
)

DOORS = Capability(
    name="doors",
    properties=(
        Property(
            name="door_open",
            type=ValueType.BOOLEAN,
            title_en="Fridge door",
            title_ko="냉장실 문",
        ),
        Property(
            name="freezer_door_open",
            type=ValueType.BOOLEAN,
            title_en="Freezer door",
            title_ko="냉동실 문",
        ),
    ),
)

COLD = Capability(
    name="cold",
    properties=(
        Property(
            name="fridge_temperature",
            unit="Cel",
            minimum=-10,
            maximum=50,
            # An open door warms the air by a few hundredths a second.
            max_rate=0.2,
            title_en="Fridge temperature",
            title_ko="냉장실 온도",
        ),
        Property(
            name="freezer_temperature",
            unit="Cel",
            minimum=-40,
            maximum=50,
            max_rate=0.3,
            title_en="Freezer temperature",
            title_ko="냉동실 온도",
        ),
        Property(
            name="fridge_setpoint",
            unit="Cel",
            minimum=1,
            maximum=8,
            settable=True,
            title_en="Fridge set to",
            title_ko="냉장실 설정 온도",
        ),
        Property(
            name="freezer_setpoint",
            unit="Cel",
            minimum=-24,
            maximum=-14,
            settable=True,
            title_en="Freezer set to",
            title_ko="냉동실 설정 온도",
        ),
        Property(
            name="rapid_cool",
            type=ValueType.BOOLEAN,
            settable=True,
            title_en="Rapid cooling",
            title_ko="급속 냉각",
        ),
    ),
)

STOCK = Capability(
    name="stock",
    properties=(
        Property(
            name="stock_items",
            type=ValueType.INTEGER,
            unit="{items}",
            minimum=0,
            title_en="Things in it",
            title_ko="보관 품목 수",
        ),
        Property(
            name="stock_next_expiry_days",
            unit="d",
            minimum=-3650,
            maximum=3650,
            title_en="Days until the next expires",
            title_ko="가장 가까운 소비 기한까지 남은 일수",
        ),
    ),
    events=("stock_added", "stock_taken", "stock_counted"),
    event_titles={
        "stock_added": ("식품 넣음", "food put in"),
        "stock_taken": ("식품 꺼냄", "food taken out"),
        "stock_counted": ("식품 다시 셈", "stock counted"),
    },
)
"""`stock_added`: `item` (its own id), `name`, `quantity`, `unit` (UCUM), `expires` (a date).
`stock_taken`: `item`, `quantity`. `stock_counted`: `items`, the whole stock after a recount."""

NEED = Capability(
    name="need",
    commands=(
        CommandSpec(
            name="need",
            description="Show what the body of the person in front needs, until its time is over.",
            arguments=(
                Argument(
                    name="link",
                    type="string",
                    description="the link it is of; a new need of it takes the place of the old",
                ),
                Argument(name="need", type="object", description="figures and words by name"),
                Argument(
                    name="until_ms",
                    type="integer",
                    description="when it is no need any more, ms since 1970 UTC",
                ),
            ),
        ),
        CommandSpec(
            name="need_end",
            description="Show this link's need no more; those of others stay.",
            arguments=(Argument(name="link", type="string", description="the link it was of"),),
        ),
    ),
)

GENTLE = Ladder(
    steps=(
        Step(
            haptic=Haptic(pattern="single", amplitude=0.25),
            sound=Sound(tone="soft", volume=0.15),
            wait_s=120,
        ),
        Step(
            haptic=Haptic(pattern="double", amplitude=0.4),
            sound=Sound(tone="rise", volume=0.3),
            wait_s=180,
        ),
        Step(
            haptic=Haptic(pattern="double", amplitude=0.6, repeat=2),
            sound=Sound(tone="rise", volume=0.45),
            wait_s=300,
        ),
        Step(
            haptic=Haptic(pattern="triple", amplitude=0.8, repeat=2),
            sound=Sound(tone="chime", volume=0.6),
            wait_s=600,
        ),
    )
)
"""Grows over minutes: food does not spoil in seconds."""

DOOR_LEFT_OPEN = RuleSpec(
    name="Fridge door left open",
    kind="fridge",
    property="door_open",
    limit=0.5,
    dwell_s=60,
    # A fridge says how it is every 30 s; one word may be lost on the way.
    gap_s=120,
    freshness_s=120,
    recurrence_s=600,
    ladder=GENTLE,
)
FREEZER_DOOR_LEFT_OPEN = RuleSpec(
    name="Freezer door left open",
    kind="fridge",
    property="freezer_door_open",
    limit=0.5,
    dwell_s=60,
    gap_s=120,
    freshness_s=120,
    recurrence_s=600,
    ladder=GENTLE,
)
TOO_WARM = RuleSpec(
    name="Fridge too warm",
    kind="fridge",
    property="fridge_temperature",
    limit=8,
    hysteresis=1,
    dwell_s=1800,
    gap_s=600,
    freshness_s=120,
    no_data_s=3600,
    ladder=GENTLE,
)
FREEZER_TOO_WARM = RuleSpec(
    name="Freezer too warm",
    kind="fridge",
    property="freezer_temperature",
    limit=-12,
    hysteresis=2,
    dwell_s=3600,
    gap_s=600,
    freshness_s=120,
    ladder=GENTLE,
)

KIND = DeviceKind(
    name="fridge",
    title_en="Fridge",
    title_ko="냉장고",
    capabilities=(DOORS, COLD, STOCK, NEED, POWER_METER, IN_FRONT, SOUNDER, WORDS),
    default_rules=(DOOR_LEFT_OPEN, FREEZER_DOOR_LEFT_OPEN, TOO_WARM, FREEZER_TOO_WARM),
)
