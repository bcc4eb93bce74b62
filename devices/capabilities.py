"""Capabilities that several kinds share: touch, sound, words, presence, electric power."""

from hub.model import Argument, Capability, CommandSpec, Property, ValueType

_ALARM = Argument(name="alert", type="string", description="the alarm's id")
_WORDS = "words by language: `ko`, `en`"

_ALERTS = (
    CommandSpec(
        name="alert",
        description="Touch and sound, with what the device has of both, until `alert_end`.",
        arguments=(
            _ALARM,
            Argument(name="step", type="integer", description="step of the ladder, from 1"),
            Argument(
                name="haptic",
                type="object",
                description="`pattern`, `amplitude` (0 to 1), `repeat`; absent: no touch",
            ),
            Argument(
                name="sound",
                type="object",
                description="`tone`, `volume` (0 to 1); absent: silent",
            ),
            Argument(name="text", type="object", description=_WORDS),
        ),
    ),
    CommandSpec(
        name="alert_end",
        description="Stop touching and sounding for this alert.",
        arguments=(_ALARM,),
    ),
)
_PRESSES = ("acknowledge", "snooze")
"""What a person answers to an alert, with `alert`, and `minutes` for `snooze`."""
_PRESS_TITLES = {
    "acknowledge": ("알림 확인", "alert acknowledged"),
    "snooze": ("나중에 다시 알림", "alert snoozed"),
}

HAPTICS = Capability(name="haptics", events=_PRESSES, event_titles=_PRESS_TITLES, commands=_ALERTS)
"""Is felt; a device that sounds as well has `SOUNDER` too."""

SOUNDER = Capability(name="sounder", events=_PRESSES, event_titles=_PRESS_TITLES, commands=_ALERTS)
"""Is heard; without `HAPTICS` it leaves the touch of an alert out."""

WORDS = Capability(
    name="words",
    events=("answer",),
    event_titles={
        "answer": ("질문에 답함", "a question answered"),
    },
    commands=(
        CommandSpec(
            name="say",
            description="Show or speak one sentence to whoever is there.",
            arguments=(
                Argument(name="moment", type="string", description="the moment's id"),
                Argument(name="text", type="object", description=_WORDS),
                Argument(
                    name="ask",
                    type="boolean",
                    description="wait for yes or no: event `answer` with `moment` and `answer`",
                ),
            ),
        ),
    ),
)

IN_FRONT = Capability(
    name="in_front",
    properties=(
        Property(
            name="in_front",
            type=ValueType.STRING,
            max_length=64,
            title_en="Who is in front",
            title_ko="앞에 있는 사람",
        ),
    ),
)
"""Empty: nobody. `someone`: a person without a known device. Else the id of the watch or phone
that is nearest: whose it is, only the hub knows."""

PRESENCE = Capability(
    name="presence",
    properties=(
        Property(
            name="at_home",
            type=ValueType.BOOLEAN,
            title_en="At home",
            title_ko="집에 있음",
        ),
    ),
)

BATTERY = Capability(
    name="power",
    properties=(
        Property(
            name="battery", unit="%", minimum=0, maximum=100, title_en="Battery", title_ko="배터리"
        ),
    ),
)

POWER_METER = Capability(
    name="power_meter",
    properties=(
        Property(
            name="power",
            unit="W",
            minimum=0,
            maximum=5000,
            title_en="Power",
            title_ko="소비 전력",
        ),
        Property(
            name="energy",
            unit="kW.h",
            minimum=0,
            title_en="Energy so far",
            title_ko="누적 전력량",
        ),
    ),
)
