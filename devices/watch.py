"""A sports watch: it measures its wearer and can touch and sound on the wrist."""

from devices.capabilities import BATTERY, HAPTICS, SOUNDER, WORDS
from hub.model import Capability, DeviceKind, Level, Property, RuleSpec, ValueType

HEART = Capability(
    name="heart",
    properties=(
        Property(
            name="heart_rate",
            unit="/min",
            minimum=25,
            maximum=240,
            # The steepest second in three hours of recorded sport rises by 8; an optical sensor
            # that slips or locks on to the cadence jumps by 40 and more.
            max_rate=25,
            needs="worn",
            title_en="Heart rate",
            title_ko="심박수",
        ),
        Property(
            name="spo2",
            unit="%",
            minimum=50,
            maximum=100,
            needs="worn",
            title_en="Blood oxygen",
            title_ko="산소포화도",
        ),
    ),
)

MOTION = Capability(
    name="motion",
    properties=(
        Property(
            name="cadence",
            unit="/min",
            minimum=0,
            maximum=300,
            title_en="Cadence",
            title_ko="케이던스",
        ),
        Property(
            name="speed", unit="m/s", minimum=0, maximum=50, title_en="Speed", title_ko="속도"
        ),
        Property(
            name="steps",
            type=ValueType.INTEGER,
            unit="{steps}",
            minimum=0,
            title_en="Steps",
            title_ko="걸음 수",
        ),
        Property(name="distance", unit="m", minimum=0, title_en="Distance", title_ko="거리"),
        Property(
            name="altitude",
            unit="m",
            minimum=-500,
            maximum=9000,
            title_en="Altitude",
            title_ko="고도",
        ),
    ),
)

SKIN = Capability(
    name="skin",
    properties=(
        Property(
            name="skin_temperature",
            unit="Cel",
            minimum=0,
            maximum=50,
            needs="worn",
            title_en="Skin temperature",
            title_ko="피부 온도",
        ),
    ),
)

WEAR = Capability(
    name="wear",
    properties=(Property(name="worn", type=ValueType.BOOLEAN, title_en="Worn", title_ko="착용"),),
)

WORKOUT = Capability(
    name="workout",
    events=("workout_started", "workout_stopped"),
    event_titles={
        "workout_started": ("운동 시작", "workout started"),
        "workout_stopped": ("운동 종료", "workout ended"),
    },
)
"""`workout_stopped` may sum up: `sport`, `duration_s`, `distance_m`, `energy_kcal`,
`mean_heart_rate`, `max_heart_rate`."""

SLEEP = Capability(
    name="sleep",
    events=("sleep_ended",),
    event_titles={"sleep_ended": ("잠에서 깸", "sleep ended")},
)
"""The night in one event: `start_ms`, `end_ms`, `asleep_min`, `deep_min`, `rem_min`, `awake_min`,
`resting_heart_rate`, `hrv_ms`."""

SELF_ALERT = Capability(
    name="self_alert",
    properties=(
        Property(
            name="alert_rules",
            type=ValueType.STRING,
            title_en="Limits it keeps by itself",
            title_ko="스스로 지키는 한도",
        ),
    ),
    events=("alert",),
    event_titles={
        "alert": ("스스로 알림", "alerted by itself"),
    },
)
"""Desired `alert_rules` is a list of thresholds; reported it is a short text, `rule=limit`."""

HEART_RATE_LIMIT = RuleSpec(
    name="Heart rate",
    kind="watch",
    property="heart_rate",
    levels=(
        Level(name="over"),
        Level(name="high", offset=10, first_step=1),
        Level(name="very_high", offset=20, first_step=3),
    ),
    hysteresis=5,
    dwell_s=4,
)

KIND = DeviceKind(
    name="watch",
    title_en="Sports watch",
    title_ko="스포츠 워치",
    capabilities=(
        HEART,
        MOTION,
        SKIN,
        BATTERY,
        WEAR,
        HAPTICS,
        SOUNDER,
        WORDS,
        WORKOUT,
        SLEEP,
        SELF_ALERT,
    ),
    default_rules=(HEART_RATE_LIMIT,),
)
