"""What washer, dryer and styler have in common: a cycle, a load that is told on, a door.

Names follow the Matter clusters Operational State, Laundry Washer Controls and Laundry Dryer
Controls, and the SmartThings capabilities `washerOperatingState` and `dryerOperatingState`.
"""

from hub.model import (
    Argument,
    Capability,
    CommandSpec,
    Haptic,
    Ladder,
    Property,
    RuleSpec,
    Sound,
    Step,
    ValueType,
)

STATES = ("stopped", "running", "paused", "error")

CYCLE = Capability(
    name="cycle",
    properties=(
        Property(
            name="operational_state",
            type=ValueType.STRING,
            choices=STATES,
            title_en="State",
            title_ko="상태",
        ),
        Property(
            name="remaining_time",
            unit="s",
            minimum=0,
            maximum=86_400,
            title_en="Time left",
            title_ko="남은 시간",
        ),
        Property(
            name="error_code",
            type=ValueType.STRING,
            max_length=16,
            title_en="Error",
            title_ko="오류",
        ),
        Property(name="fault", type=ValueType.BOOLEAN, title_en="Needs somebody", title_ko="고장"),
    ),
    events=("cycle_started", "cycle_finished"),
    event_titles={
        "cycle_started": ("코스 시작", "cycle started"),
        "cycle_finished": ("코스 종료", "cycle finished"),
    },
    commands=(
        CommandSpec(name="start", description="Begin the course, or go on after a pause."),
        CommandSpec(name="pause", description="Stop where it is; `start` goes on."),
        CommandSpec(name="stop", description="End the cycle; what is inside stays as it is."),
    ),
)
"""`cycle_started`: `load`, `course`. `cycle_finished`: `load`, `course`, `garments`, and from
washer and dryer `moisture`, percent of the dry mass. `fault`: `error_code` names something."""

DOOR = Capability(
    name="door",
    properties=(
        Property(
            name="door_open", type=ValueType.BOOLEAN, title_en="Door open", title_ko="문 열림"
        ),
    ),
)

LOAD = Capability(
    name="load",
    properties=(
        Property(
            name="load_mass",
            unit="kg",
            minimum=0,
            maximum=60,
            title_en="Mass of the load",
            title_ko="세탁물 무게",
        ),
        Property(
            name="load_waiting",
            type=ValueType.BOOLEAN,
            title_en="Load waits inside",
            title_ko="꺼내지 않은 세탁물",
        ),
    ),
    events=("load_added", "load_taken"),
    event_titles={
        "load_added": ("빨래 넣음", "load put in"),
        "load_taken": ("빨래 꺼냄", "load taken out"),
    },
)
"""`load_added`: `load`, `garments`. `load_taken`: `load`. `load_waiting` is true from the end of a
cycle until the door was opened."""

PRESET = Capability(
    name="preset",
    properties=(
        Property(
            name="next_course",
            type=ValueType.STRING,
            max_length=32,
            title_en="Course made ready",
            title_ko="준비된 코스",
        ),
        Property(
            name="next_load",
            type=ValueType.STRING,
            max_length=64,
            title_en="For which load",
            title_ko="준비된 세탁물",
        ),
    ),
    events=("preset_applied",),
    event_titles={
        "preset_applied": ("준비된 코스 적용", "course made ready was taken"),
    },
    commands=(
        CommandSpec(
            name="preset",
            description="Make a course ready for a load that is coming, and show it.",
            arguments=(
                Argument(name="load", type="string", description="the load's id"),
                Argument(name="course", type="string", description="one of the machine's courses"),
                Argument(name="garments", type="array", description="ids of what is in the load"),
                Argument(name="hang", type="array", description="ids of what must not go in"),
                Argument(name="reason", type="object", description="words by language: `ko`, `en`"),
            ),
        ),
    ),
)
"""Both empty while nothing is ready. `preset_applied`: `load`, `course`; once per command."""

PATIENT = Ladder(
    steps=(
        Step(
            haptic=Haptic(pattern="single", amplitude=0.2),
            sound=Sound(tone="soft", volume=0.1),
            wait_s=600,
        ),
        Step(
            haptic=Haptic(pattern="single", amplitude=0.35),
            sound=Sound(tone="soft", volume=0.2),
            wait_s=600,
        ),
        Step(
            haptic=Haptic(pattern="double", amplitude=0.5),
            sound=Sound(tone="rise", volume=0.35),
            wait_s=900,
        ),
        Step(
            haptic=Haptic(pattern="double", amplitude=0.7, repeat=2),
            sound=Sound(tone="chime", volume=0.5),
            wait_s=1800,
        ),
    )
)
"""Grows over tens of minutes: wet clothes begin to smell in hours."""

GAP_S = 900
"""An idle machine says how it is every five minutes; two words may be lost on the way."""


def load_waiting(kind: str, *, name: str) -> RuleSpec:
    """Return the rule that reminds of a finished load from ten minutes on, until the door opens."""
    return RuleSpec(
        name=name,
        kind=kind,
        property="load_waiting",
        limit=0.5,
        dwell_s=600,
        gap_s=GAP_S,
        freshness_s=300,
        # Another load forgotten on the same day is not the same forgetting.
        recurrence_s=0,
        ladder=PATIENT,
    )


def machine_error(kind: str, *, name: str) -> RuleSpec:
    """Return the rule that tells of a machine which stopped and needs somebody."""
    return RuleSpec(
        name=name,
        kind=kind,
        property="fault",
        limit=0.5,
        gap_s=GAP_S,
        freshness_s=300,
        ladder=PATIENT,
    )
