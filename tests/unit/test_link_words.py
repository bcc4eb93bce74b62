"""Links say in Korean and English what they do, as people would."""

import pytest

from devices.fridge import KIND as FRIDGE
from devices.washer import KIND as WASHER
from devices.watch import KIND as WATCH
from hub.model import (
    AlarmCondition,
    AlarmTrigger,
    CommandAction,
    Comparison,
    DesiredAction,
    EventTrigger,
    ExpressionCondition,
    LinkSpec,
    NeedAction,
    OrderAction,
    PresenceCondition,
    PresenceTrigger,
    PropertyCondition,
    ReadingTrigger,
    SayAction,
    SceneAction,
    Schedule,
    TimeCondition,
    TimeTrigger,
)
from hub.model.korean import with_particle
from hub.model.link_gives import NEED_EN, LinkNames, condition_words, gives, trigger_words
from hub.model.link_words import compared
from hub.model.time_words import day_words, span_words

NAMES = LinkNames(
    devices={"f-1": "주방 냉장고", "wm-1": "Washer", "w-1": "Mina's watch"},
    kind_of={"f-1": "fridge", "wm-1": "washer", "w-1": "watch"},
    kinds={"fridge": FRIDGE, "washer": WASHER, "watch": WATCH},
    scenes={"sc-1": "Good night"},
    services={"sv-1": "Clean & Co"},
    rules={"r-1": "Too warm"},
    people={"p-mina": "미나"},
)
SAY = SayAction(text={"en": "so"})
WARM = {"device": "f-1", "property": "fridge_temperature", "value": 8.0}
OPEN = {"device": "f-1", "property": "door_open", "value": True}


@pytest.mark.parametrize(
    ("trigger", "ko", "en"),
    [
        (
            ReadingTrigger(**WARM, comparison=Comparison.ABOVE),  # type: ignore[arg-type]  # a table
            "주방 냉장고, 냉장실 온도: 8 °C보다 높아지면",
            "주방 냉장고: Fridge temperature rises above 8 °C",
        ),
        (
            ReadingTrigger(**WARM, comparison=Comparison.BELOW, for_s=90),  # type: ignore[arg-type]  # a table
            "주방 냉장고, 냉장실 온도: 8 °C보다 낮아진 채 1분 30초가 지나면",
            "주방 냉장고: Fridge temperature falls below 8 °C and stays so for 1 min 30 s",
        ),
        (
            ReadingTrigger(**OPEN),  # type: ignore[arg-type]  # a table
            "주방 냉장고, 냉장실 문: “열림”이 되면",
            "주방 냉장고: Fridge door becomes open",
        ),
        (
            ReadingTrigger(**OPEN, for_s=300),  # type: ignore[arg-type]  # a table
            "주방 냉장고, 냉장실 문: “열림”인 채 5분이 지나면",
            "주방 냉장고: Fridge door becomes open and stays so for 5 min",
        ),
        (
            ReadingTrigger(
                property="worn", kind="watch", comparison=Comparison.DIFFERS, value=False
            ),
            "모든 스포츠 워치, 착용: “아니요”가 아니게 되면",
            "any sports watch: Worn stops being no",
        ),
        (
            ReadingTrigger(property="course", device="wm-1", comparison=Comparison.DIFFERS),
            "Washer, 세탁 코스: 값이 바뀌면",
            "Washer: Course changes",
        ),
        (
            EventTrigger(event="cycle_finished", device="wm-1"),
            "Washer: “코스 종료” 소식이 오면",
            "Washer: cycle finished",
        ),
        (
            EventTrigger(event="its_own_word", kind="toaster"),
            "모든 toaster: “its own word” 소식이 오면",
            "any toaster: its own word",
        ),
        (AlarmTrigger(), "어느 알림이든 울리면", "any alarm begins"),
        (
            AlarmTrigger(rule="r-1", change="cleared"),
            "“Too warm” 알림이 끝나면",
            "the alarm “Too warm” is over",
        ),
        (TimeTrigger(minute=420), "매일 07:00에", "every day at 07:00"),
        (TimeTrigger(minute=1425, days=(0, 2)), "월·수요일 23:45에", "on Mon, Wed at 23:45"),
        (
            PresenceTrigger(change="arrives", person="p-mina"),
            "미나 님이 집에 오면",
            "미나 comes home",
        ),
        (PresenceTrigger(change="leaves"), "누군가 집을 나가면", "somebody leaves home"),
        (
            PresenceTrigger(change="first_in"),
            "빈집에 누군가 들어오면",
            "the first person comes home",
        ),
        (
            PresenceTrigger(change="last_out"),
            "마지막 사람이 집을 나가면",
            "the last person leaves home",
        ),
    ],
)
def test_says_what_sets_it_off(trigger: object, ko: str, en: str) -> None:
    assert trigger_words(trigger, NAMES) == {"ko": ko, "en": en}  # type: ignore[arg-type]  # a table


@pytest.mark.parametrize(
    ("condition", "ko", "en"),
    [
        (
            PropertyCondition(**WARM, comparison=Comparison.ABOVE),  # type: ignore[arg-type]  # a table
            "조건: 주방 냉장고, 냉장실 온도 값을 보고 8 °C보다 높을 때만",
            "looks at 주방 냉장고: only while Fridge temperature is above 8 °C",
        ),
        (
            PropertyCondition(**OPEN, comparison=Comparison.EQUALS),  # type: ignore[arg-type]  # a table
            "조건: 주방 냉장고, 냉장실 문 값을 보고 “열림”일 때만",
            "looks at 주방 냉장고: only while Fridge door is open",
        ),
        (
            TimeCondition(schedule=Schedule(days=(5, 6), start_minute=1320, end_minute=360)),
            "조건: 주말 22:00~06:00에만",
            "only at weekends from 22:00 to 06:00",
        ),
        (
            PresenceCondition(at_home=True, person="p-mina"),
            "조건: 미나 님이 집에 있을 때만",
            "only while 미나 is at home",
        ),
        (
            PresenceCondition(at_home=False),
            "조건: 집에 아무도 없을 때만",
            "only while nobody is at home",
        ),
        (
            AlarmCondition(rule="r-1", active=False),
            "조건: “Too warm” 알림이 울리지 않는 동안에만",
            "only while the alarm “Too warm” is not active",
        ),
        (
            ExpressionCondition(cel="hour >= 22"),
            "조건식이 참일 때만: hour >= 22",
            "only if this expression is true: hour >= 22",
        ),
    ],
)
def test_says_what_it_looks_at_besides(condition: object, ko: str, en: str) -> None:
    assert condition_words(condition, NAMES) == {"ko": ko, "en": en}  # type: ignore[arg-type]  # a table


@pytest.mark.parametrize(
    ("action", "ko", "en"),
    [
        (
            DesiredAction(device="f-1", values={"fridge_setpoint": 3, "rapid_cool": True}),
            "주방 냉장고 설정 (냉장실 설정 온도: 3 °C, 급속 냉각: 예)",
            "주방 냉장고: sets Fridge set to: 3 °C, Rapid cooling: yes",
        ),
        (
            CommandAction(device="wm-1", name="alert_end"),
            "Washer: “alert end” 명령",
            "Washer: the command “alert end”",
        ),
        (SceneAction(scene="sc-1"), "장면 “Good night” 적용", "the scene “Good night”"),
        (
            OrderAction(service="sv-1"),
            "“Clean & Co” 주문 제안(결정은 직접)",
            "proposes an order at Clean & Co; you decide",
        ),
        (
            NeedAction(device="f-1"),
            "주방 냉장고: 하루 동안 운동·수면 뒤 몸에 필요한 것(열량, 단백질, 수분, 휴식)",
            f"주방 냉장고: {NEED_EN}",
        ),
        (SAY, "집에 있는 사람에게 한마디", "a word to whoever is at home"),
        (
            SayAction(text={"en": "so"}, person="p-mina"),
            "미나 님에게 한마디",
            "a word to 미나",
        ),
    ],
)
def test_says_what_flows_where_by_the_names_people_know(action: object, ko: str, en: str) -> None:
    spec = LinkSpec(name="x", trigger=TimeTrigger(minute=0), actions=(action,))  # type: ignore[arg-type]  # a table
    (said,) = gives(spec, NAMES)
    assert said == {"ko": f"매일 00:00에 → {ko}", "en": f"every day at 00:00 → {en}"}


def test_says_how_long_it_waits() -> None:
    spec = LinkSpec(name="x", trigger=TimeTrigger(minute=0), actions=(SAY,), wait_s=5400)
    (said,) = gives(spec, NAMES)
    assert said["ko"].startswith("매일 00:00에, 1시간 30분 뒤 → ")
    assert said["en"].startswith("every day at 00:00, 1 h 30 min later → ")


@pytest.mark.parametrize(
    ("asked", "saw", "held", "ko", "en"),
    [
        (
            (Comparison.ABOVE, 8.0),
            4.5,
            False,
            "4.5 °C (8 °C보다 높지 않음)",
            "4.5 °C, not above 8 °C",
        ),
        ((Comparison.BELOW, 8.0), 4.5, True, "4.5 °C (8 °C보다 낮음)", "4.5 °C, below 8 °C"),
        ((Comparison.EQUALS, 4.5), 4.5, True, "4.5 °C (4.5 °C 맞음)", "4.5 °C"),
        ((Comparison.EQUALS, 8.0), 4.5, False, "4.5 °C (8 °C 아님)", "4.5 °C, not 8 °C"),
        ((Comparison.ABOVE, 8.0), None, False, "알 수 없음", "not known"),
    ],
)
def test_says_what_a_condition_saw(
    asked: tuple[Comparison, float],
    saw: object,
    held: bool,  # noqa: FBT001 - a table
    ko: str,
    en: str,
) -> None:
    comparison, value = asked
    condition = PropertyCondition(
        device="f-1", property="fridge_temperature", comparison=comparison, value=value
    )
    assert compared(condition, device="F", kind=FRIDGE, saw=saw, held=held) == {
        "ko": f"F, 냉장실 온도: {ko}",
        "en": f"F: Fridge temperature is {en}",
    }


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("문", "문이"),
        ("온도", "온도가"),
        ("8", "8이"),
        ("5", "5가"),
        ("“열림”", "“열림”이"),
        ("", "가"),
    ],
)
def test_particles_follow_how_a_word_ends(word: str, said: str) -> None:
    assert with_particle(word, "이", "가") == said


def test_spans_and_days_read_as_people_say_them() -> None:
    assert span_words(0)["en"] == "0 s"
    assert span_words(0.5)["ko"] == "0.5초"
    assert span_words(90_000) == {"ko": "1일 1시간", "en": "1 d 1 h"}
    assert day_words((4, 0, 1, 2, 3)) == {"ko": "평일", "en": "on weekdays"}
