from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from hub.errors import InvalidInputError
from simulators.home.acts import Do
from simulators.home.people import Calendar
from simulators.home.scenario import SHIPPED, parse_scenario, read_scenario
from simulators.home.tables import parse_duration

UTC_DAYS = Calendar(zone=UTC)


def acts(text: str, *, home: int = 1, start_ms: int, calendar: Calendar = UTC_DAYS) -> list[object]:
    scenario = parse_scenario(text, where="x.toml")
    found = scenario.acts(home, start_ms=start_ms, calendar=calendar)
    return [(act.at_ms - start_ms, act.do, act.device, act.for_ms) for act in found]


def test_does_the_next_time_it_is_that_late(start_ms: int) -> None:
    # The day begins at 09:06:40.
    text = '[[at]]\ntime = "09:10"\ndo = "open"\ndevice = "fridge"\nfor = "10min"\n'
    assert acts(text, start_ms=start_ms) == [(200_000, Do.OPEN, "fridge", 600_000)]
    late = text.replace("09:10", "09:00")
    assert acts(late, start_ms=start_ms) == [(86_000_000, Do.OPEN, "fridge", 600_000)]


def test_a_time_of_day_is_where_the_home_is(start_ms: int) -> None:
    text = '[[at]]\ntime = "18:10"\ndo = "recount"\n'
    seoul = Calendar(zone=ZoneInfo("Asia/Seoul"))
    assert acts(text, start_ms=start_ms, calendar=seoul) == [(200_000, Do.RECOUNT, "", None)]


def test_counts_days_from_the_first(start_ms: int) -> None:
    text = '[[at]]\ntime = "09:10"\nday = 2\ndo = "recount"\n'
    assert acts(text, start_ms=start_ms) == [(200_000 + 2 * 86_400_000, Do.RECOUNT, "", None)]


def test_happens_in_every_home_unless_one_is_named(start_ms: int) -> None:
    text = '[[at]]\nafter = "1min"\ndo = "recount"\n'
    named = text + "home = 2\n"
    assert [len(acts(text, home=home, start_ms=start_ms)) for home in (1, 2)] == [1, 1]
    assert [len(acts(named, home=home, start_ms=start_ms)) for home in (1, 2)] == [0, 1]


@pytest.mark.parametrize(
    ("text", "ms"), [("90s", 90_000), ("10 min", 600_000), ("1.5h", 5_400_000), ("1d", 86_400_000)]
)
def test_reads_durations(text: str, ms: int) -> None:
    assert parse_duration(text) == ms


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[at]\n", "x.toml: Expected"),
        ("[[at]]\nafter = '1min'\n", "x.toml, line 1: do is missing; there are wake,"),
        ("\n[[at]]\nafter='1min'\ndo = 'opn'\n", 'x.toml, line 4: do = "opn" is not known'),
        ("[[at]]\nafter='1min'\ndo = 'open'\n", 'line 3: do = "open" needs device'),
        ("[[at]]\ndo = 'recount'\n", "line 1: time or after: give one of the two"),
        ("[[at]]\ntime='7:10'\ndo='recount'\n", 'line 2: time = "7:10" is no time of day'),
        ("[[at]]\nafter='soon'\ndo='recount'\n", "line 2: after = 'soon' is no duration"),
        ("[[at]]\nafter=5\ndo='recount'\n", "line 2: after = 5 is not a text"),
        (
            "[[at]]\nafter='1min'\ndo='recount'\n[[at]]\nafter='1min'\ndo='dry'\nwho='Mina'\n",
            "line 7: who is not known here; there are after, course, day, do, home, person, time",
        ),
        (
            "[[at]]\nafter='1min'\ndo='open'\ndevice='oven'\n",
            'line 4: device = "oven" is not known',
        ),
        (
            "[[at]]\nafter='1min'\ndo='fault'\ndevice='fridge'\nfault='tired'\n",
            'line 5: fault = "tired" is none of stuck, noise, dropout, bounce',
        ),
        ("[[at]]\nafter='1min'\ndo='cook'\nthings=0\n", "line 4: things = 0 is not a whole number"),
        ("[[at]]\nafter='1min'\ndo='cook'\nhome=true\n", "line 4: home = True is not a whole"),
        ("[[at]]\nafter='1min'\ndo='shop'\nitems='milk'\n", "line 4: items = 'milk' is not a list"),
        ("[world]\nroutine='no'\n", "x.toml, [world]: routine = 'no' is neither true nor false"),
        ("[world]\nhomes=3\n", "homes is not known here; there are routine"),
        ("speed = 3\n", "speed is not known here"),
        ("at = 3\n", "`at` an array of tables"),
    ],
    ids=[
        *("syntax", "no do", "unknown do", "needs", "no time", "time", "after", "type"),
        *("unknown key", "device", "fault", "things", "home", "items"),
        *("routine", "world", "top", "at"),
    ],
)
def test_says_which_line_and_key_is_wrong(text: str, complaint: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_scenario(text, where="x.toml")
    assert complaint in str(caught.value)


def test_names_what_is_shipped_where_there_is_no_such_file() -> None:
    with pytest.raises(InvalidInputError, match="door_left_open, forgotten_load, power_cut"):
        read_scenario("no-such-scenario")


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_what_is_shipped_can_be_read(path: object) -> None:
    assert read_scenario(getattr(path, "stem", "")).entries
